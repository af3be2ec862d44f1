"""Buttons and what they carry: at most 64 bytes, and everything needed after a restart.

A button's data is ``KIND:OWNER:ARGUMENT…``, where the owner is the person who may press it, or
``KIND:TOKEN…`` for an essay or an inquiry, whose author and chat the database knows.
"""

import re
from typing import Any

from telegram.constants import InlineKeyboardButtonLimit

from bot.texts import ChatTexts

CANCEL = "stop"
AGAIN = "again"
CONTINUE = "more"
RETRY = "retry"
RECEIVE = "get"
ERASE = "erase"
CONFIG = "cfg"
CARE = "care"
ATTEND = "seen"
STYLE, NO_STYLE = "as", "no"
SWAP, KEEP = "swap", "keep"
IDEAS = "ideas"
REPORT, REASON = "flag", "why"
VIEW, REMOVE, FINE = "view", "drop", "fine"
LOOK = "look"

_TOKEN = r"[A-Za-z0-9_-]{1,18}"
_OWNER = r"(u\d{1,19}|c-?\d{1,19})"
JOB = re.compile(
    rf"({CANCEL}|{AGAIN}|{CONTINUE}|{RETRY}|{RECEIVE}|{SWAP}|{KEEP}|{IDEAS}):{_TOKEN}|{STYLE}:{_TOKEN}:[a-z]+"
)
"""A button of an essay."""
READER = re.compile(rf"({REPORT}|{VIEW}|{REMOVE}|{FINE}):{_TOKEN}|{REASON}:{_TOKEN}:[a-z]+")
"""A button of whoever reads an essay."""
OWNED = re.compile(
    rf"{ERASE}:{_OWNER}:(yes|no)|{CONFIG}:{_OWNER}:[^:]+(:[^:]+){{0,2}}"
    rf"|{CARE}:{_OWNER}:(no|talk:-?\d{{1,19}})|{ATTEND}:{_OWNER}:(seen|how:[^:]+)"
)
"""A button that carries its owner."""

CARE_LINK = re.compile(r"c([0-4])([01])_(\d{1,19})_(-\d{1,19})")
"""Behind ``/start``: what was said to somebody before others, to whom, in which group."""
_TALK = re.compile(rf"{CARE}:\w+:talk:(-\d{{1,19}})")

CLASS = "cls"
JOIN = "join"
WHEN = "when"
VOTE, MARK = "vote", "mark"
OPEN, LEAVE = "open", "leave"
GATE = re.compile(rf"{OPEN}(:-\d{{1,19}})?|{LEAVE}:-\d{{1,19}}")
"""A button that opens a group, or has the bot leave it; in private it names the group."""

CLASSES = re.compile(rf"{CLASS}:\d{{1,12}}:[a-z]{{1,6}}(:[A-Za-z0-9_.-]{{1,20}})?")
"""A button of the teacher's desk, which carries the number of its class."""
LESSONS = re.compile(
    rf"{JOIN}:\d{{1,12}}|{WHEN}|{VOTE}:{_TOKEN}|{MARK}:{_TOKEN}:\d{{1,2}}:[a-z]{{1,8}}"
)
"""A button for everybody in a class."""
INQUIRY = re.compile(rf"{LOOK}:[A-Za-z0-9_-]{{1,16}}:[a-z0-9_:.+-]{{1,24}}")
"""A button of what is shown of the model: ``look:TOKEN:ACTION``."""

Keyboard = dict[str, Any]
"""``InlineKeyboardMarkup`` as plain values, as it is stored and sent."""


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


def named_group(said: str) -> int | None:
    """The group that a button or a link names, for somebody who needs a person."""
    found = _TALK.fullmatch(said) or CARE_LINK.fullmatch(said)
    return None if found is None else int(found.groups()[-1])


def rows(*lines: list[tuple[str, str]]) -> Keyboard:
    """A keyboard of lines of (label, data)."""
    return {
        "inline_keyboard": [
            [{"text": label, "callback_data": value} for label, value in line] for line in lines
        ]
    }


def erase_keyboard(person: str, texts: ChatTexts) -> Keyboard:
    """Under the question whether everything is to be deleted."""
    owner = packed(person)
    return rows(
        [
            (texts.button_erase, data(ERASE, owner, "yes")),
            (texts.button_keep, data(ERASE, owner, "no")),
        ]
    )
