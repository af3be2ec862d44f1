"""What became of a request to Telegram, and how its refusals are read."""

from dataclasses import dataclass
from enum import StrEnum

import httpx
from telegram.error import NetworkError, TimedOut


class Refusal(StrEnum):
    """Why a request was given up."""

    FORBIDDEN = "forbidden"
    """The person blocked the bot, or it was removed from the group, or may not write there."""
    GONE = "gone"
    """The message, topic or chat does not exist any more."""
    EMPTY = "empty"
    """Telegram saw nothing to show in the text."""
    REFUSED = "refused"
    """Telegram refuses the request as it is; asking again does not help."""
    UNREACHABLE = "unreachable"
    """The network failed too often."""
    SUPERSEDED = "superseded"
    """A newer request took its place, or nobody needs it any more."""
    STOPPED = "stopped"
    """The bot is stopping."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The end of one request.

    Attributes:
        message_id: The message that was sent or changed, if there is one.
        refusal: Why nothing was sent, or None after success.
    """

    message_id: int | None = None
    refusal: Refusal | None = None


NOT_MODIFIED = "message is not modified"

_FORBIDDEN = (
    "not enough rights",
    "have no rights to send",
    "need administrator rights",
    "chat_write_forbidden",
    "chat_restricted",
    "user_is_blocked",
    "bot was kicked",
    "topic_closed",
)
_GONE = (
    "message to edit not found",
    "message can't be edited",
    "message to delete not found",
    "message can't be deleted",
    "message identifier is not specified",
    "message_id_invalid",
    "chat not found",
    "peer_id_invalid",
    "topic_deleted",
)
_EMPTY = ("message text is empty", "text must be non-empty", "message must be non-empty")
_NO_THREAD = ("message thread not found", "topic_deleted", "topic_id_invalid")


def refusal_of(description: str) -> Refusal:
    """Sort a ``400 Bad Request`` by its description, the only thing that tells them apart."""
    words = description.lower()
    for refusal, marks in (
        (Refusal.FORBIDDEN, _FORBIDDEN),
        (Refusal.GONE, _GONE),
        (Refusal.EMPTY, _EMPTY),
    ):
        if any(mark in words for mark in marks):
            return refusal
    return Refusal.REFUSED


def lacks_thread(description: str) -> bool:
    """Whether the forum topic is gone, so that the message may go without it."""
    return any(mark in description.lower() for mark in _NO_THREAD)


def may_have_arrived(error: NetworkError) -> bool:
    """Whether a request that failed on the way may have been carried out all the same.

    A refused connection never carried the request, and a gateway that answers with an error says
    that nobody worked on it. A connection that broke or fell silent afterwards leaves it open.
    """
    cause = error.__cause__
    if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return False
    return isinstance(cause, httpx.HTTPError) or isinstance(error, TimedOut)
