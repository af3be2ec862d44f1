"""What Telegram's answers mean, by their class and by their words.

``400 Bad Request`` is told apart by its description, the only thing that does. Whatever leaves
open whether Telegram acted is a doubt; what certainly was not done is tried again, plainer, or
held.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import IntFlag, StrEnum

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)


class Meaning(StrEnum):
    """What became of a request."""

    DONE = "done"
    """It was carried out."""
    UNCHANGED = "unchanged"
    """The message says that already."""
    GONE = "gone"
    """The message that was to be changed is not there, or never was."""
    FIXED = "fixed"
    """The message is there and cannot be changed."""
    PAUSE = "pause"
    """Not now: too many requests."""
    AGAIN = "again"
    """It did not leave, or somebody else is at work; the same later."""
    PLAINER = "plainer"
    """Not like this: something has to be left out."""
    HOLD_TOPIC = "hold_topic"
    """Not in this topic, for now."""
    HOLD_CHAT = "hold_chat"
    """Not in this chat, for now."""
    MIGRATED = "migrated"
    """The chat has another number."""
    UNKNOWN_BOT = "unknown_bot"
    """Telegram does not know the token, or the method."""
    DOUBT = "doubt"
    """It may have been carried out or not."""


class Plain(IntFlag):
    """What is left out of a message because Telegram refused it."""

    NOTHING = 0
    REPLY = 1
    TOPIC = 2
    MARKUP = 4
    ENTITIES = 8
    COMPANY = 16
    """It shares its message with no other essay."""
    PICTURE = 32
    RICH = 64
    """A file comes in the place of a rich message."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, read.

    Attributes:
        meaning: What became of the request.
        message_id: The message that was sent.
        pause_s: How long to wait, where Telegram says so.
        chat_id: The chat's new number.
        plain: What to leave out; none if Telegram does not say.
        reason: The description, for the log; it quotes nothing that people wrote.
        is_late: Whether the answer did not come in time.
    """

    meaning: Meaning
    message_id: int | None = None
    pause_s: float | None = None
    chat_id: int | None = None
    plain: Plain = Plain.NOTHING
    reason: str = ""
    is_late: bool = False


_TOO_MANY = "too many requests"
_SECONDS = re.compile(r"retry after (\d+)")
_DESCRIPTIONS: tuple[tuple[str, Meaning, Plain], ...] = (
    ("message is not modified", Meaning.UNCHANGED, Plain.NOTHING),
    ("reaction_empty", Meaning.UNCHANGED, Plain.NOTHING),
    ("message to be replied not found", Meaning.PLAINER, Plain.REPLY),
    ("replied message not found", Meaning.PLAINER, Plain.REPLY),
    ("reply message not found", Meaning.PLAINER, Plain.REPLY),
    ("message thread not found", Meaning.PLAINER, Plain.TOPIC),
    ("topic_deleted", Meaning.PLAINER, Plain.TOPIC),
    ("topic_id_invalid", Meaning.PLAINER, Plain.TOPIC),
    ("topic_closed", Meaning.HOLD_TOPIC, Plain.NOTHING),
    ("message to edit not found", Meaning.GONE, Plain.NOTHING),
    ("message to delete not found", Meaning.GONE, Plain.NOTHING),
    ("message to react not found", Meaning.GONE, Plain.NOTHING),
    ("message identifier is not specified", Meaning.GONE, Plain.NOTHING),
    ("message_id_invalid", Meaning.GONE, Plain.NOTHING),
    ("message can't be edited", Meaning.FIXED, Plain.NOTHING),
    ("message can't be deleted", Meaning.FIXED, Plain.NOTHING),
    ("not enough rights to send photos", Meaning.PLAINER, Plain.PICTURE),
    ("there is no media in the message", Meaning.PLAINER, Plain.PICTURE),
    ("image_process_failed", Meaning.PLAINER, Plain.PICTURE),
    ("not enough rights", Meaning.HOLD_CHAT, Plain.NOTHING),
    ("have no rights to send", Meaning.HOLD_CHAT, Plain.NOTHING),
    ("need administrator rights", Meaning.HOLD_CHAT, Plain.NOTHING),
    ("chat_write_forbidden", Meaning.HOLD_CHAT, Plain.NOTHING),
    ("chat_restricted", Meaning.HOLD_CHAT, Plain.NOTHING),
    ("chat not found", Meaning.HOLD_CHAT, Plain.NOTHING),
    ("peer_id_invalid", Meaning.HOLD_CHAT, Plain.NOTHING),
    ("user_is_blocked", Meaning.HOLD_CHAT, Plain.NOTHING),
    ("bot was kicked", Meaning.HOLD_CHAT, Plain.NOTHING),
    ("button", Meaning.PLAINER, Plain.MARKUP),
    ("reply markup", Meaning.PLAINER, Plain.MARKUP),
)


def read_error(error: Exception) -> Answer:
    """Read what PTB raised; BadRequest is a NetworkError there, so it comes before it."""
    match error:
        case RetryAfter():
            return Answer(Meaning.PAUSE, pause_s=_seconds(error.retry_after))
        case ChatMigrated():
            return Answer(Meaning.MIGRATED, chat_id=error.new_chat_id)
        case EndPointNotFound() | InvalidToken():
            return Answer(Meaning.UNKNOWN_BOT, reason=type(error).__name__)
        case Conflict():
            return Answer(Meaning.AGAIN, reason="conflict")
        case Forbidden() | BadRequest() if isinstance(error.__cause__, TelegramError):
            # Not Telegram's words: a proxy's page.
            return Answer(Meaning.DOUBT, reason="no answer of Telegram")
        case Forbidden():
            return Answer(Meaning.HOLD_CHAT, reason=str(error))
        case BadRequest():
            return _read_bad_request(str(error))
        case NetworkError():
            return _read_network_error(error)
    # No JSON, no result, anything that nobody foresaw: Telegram may have acted.
    return Answer(Meaning.DOUBT, reason=type(error).__name__)


def _read_bad_request(description: str) -> Answer:
    words = description.lower()
    for mark, meaning, plain in _DESCRIPTIONS:
        if mark in words:
            return Answer(meaning, plain=plain, reason=description)
    return Answer(Meaning.PLAINER, reason=description)


def _read_network_error(error: NetworkError) -> Answer:
    words = str(error).lower()
    if _TOO_MANY in words or "(429)" in words:
        seconds = _SECONDS.search(words)
        # Told to wait no time at all, one waits as if nothing had been said.
        pause_s = float(seconds[1]) or None if seconds else None
        return Answer(Meaning.PAUSE, pause_s=pause_s)
    cause = error.__cause__
    # A refused connection never carried the request.
    if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return Answer(Meaning.AGAIN, reason=type(cause).__name__)
    return Answer(Meaning.DOUBT, reason=type(error).__name__, is_late=isinstance(error, TimedOut))


def _seconds(span: int | float | timedelta) -> float:
    return span.total_seconds() if isinstance(span, timedelta) else float(span)
