"""Buttons and what they carry: at most 64 bytes, and everything needed after a restart.

A button's data is ``KIND:OWNER:ARGUMENT…``, where the owner is the person who may press it, or
``KIND:NUMBER`` for an essay, whose author the database knows.
"""

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import InlineKeyboardButtonLimit

from bot.texts import ChatTexts

CANCEL = "stop"
AGAIN = "again"
CONTINUE = "more"
RETRY = "retry"
ERASE = "erase"
CONFIG = "cfg"


def data(*parts: object) -> str:
    """Join the parts of a button's data.

    Raises:
        ValueError: They do not fit into 64 bytes.
    """
    joined = ":".join(str(part) for part in parts)
    if len(joined.encode()) > InlineKeyboardButtonLimit.MAX_CALLBACK_DATA:
        raise ValueError(f"callback data of {len(joined.encode())} bytes")
    return joined


def packed(person: str) -> str:
    """A person's key in fewer bytes and without a colon: ``u123``, ``c-100123``."""
    kind, _, number = person.partition(":")
    return kind[0] + number


def unpacked(owner: str) -> str:
    """The person's key again."""
    return {"u": "user", "c": "chat"}[owner[0]] + ":" + owner[1:]


def rows(*lines: list[tuple[str, str]]) -> InlineKeyboardMarkup:
    """A keyboard of lines of (label, data)."""
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(label, callback_data=value) for label, value in line]
            for line in lines
        ]
    )


def cancel_keyboard(job_id: int, texts: ChatTexts) -> InlineKeyboardMarkup:
    """Under the placeholder of an essay."""
    return rows([(texts.button_cancel, data(CANCEL, job_id))])


def essay_keyboard(job_id: int, texts: ChatTexts) -> InlineKeyboardMarkup:
    """Under the last message of an essay."""
    return rows(
        [
            (texts.button_again, data(AGAIN, job_id)),
            (texts.button_continue, data(CONTINUE, job_id)),
        ]
    )


def retry_keyboard(job_id: int, texts: ChatTexts) -> InlineKeyboardMarkup:
    """Under the news that an essay failed."""
    return rows([(texts.button_retry, data(RETRY, job_id))])


def erase_keyboard(person: str, texts: ChatTexts) -> InlineKeyboardMarkup:
    """Under the question whether everything is to be deleted."""
    owner = packed(person)
    return rows(
        [
            (texts.button_erase, data(ERASE, owner, "yes")),
            (texts.button_keep, data(ERASE, owner, "no")),
        ]
    )
