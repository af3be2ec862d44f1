"""An update of Telegram, read: what it is, who sent it, and what came with it."""

from dataclasses import dataclass, field
from enum import StrEnum

from bot.classroom.names import short_name
from bot.storage.records import Address, Preferences
from bot.texts import TEXTS, Texts


class What(StrEnum):
    """What an update is. Commands have the keys of ``menu.COMMANDS``."""

    WRITE = "write"
    AGAIN = "again"
    CONTINUE = "continue"
    CANCEL = "cancel"
    QUEUE = "queue"
    CONFIG = "config"
    HELP = "help"
    PRIVACY = "privacy"
    ERASE = "erase"
    START = "start"
    TOPIC = "topic"
    """A plain message in private."""
    REPLY = "reply"
    """A plain message in a group that answers one of the bot's."""
    UNKNOWN_COMMAND = "unknown command"
    NOT_TEXT = "not text"
    JOB_BUTTON = "job button"
    CONFIG_BUTTON = "config button"
    ERASE_BUTTON = "erase button"
    CARE_BUTTON = "care button"
    """Of somebody who needs a person."""
    ATTEND_BUTTON = "attend button"
    """Of the teacher who hears of them."""
    READER_BUTTON = "reader button"
    """Of whoever objects to an essay, and of the teacher who decides."""
    OLD_BUTTON = "old button"
    """A button that this version does not know."""
    DRAFT_STOPPED = "draft stopped"
    """Telegram's own stop button beside a draft."""
    MEMBERSHIP = "membership"
    """The bot comes into a group or leaves it."""
    MIGRATED = "migrated"
    """A group became a supergroup."""
    STRANGER = "stranger"
    """Somebody who may not use the bot."""
    NOTHING = "nothing"
    """Nothing that concerns the bot."""


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed button.

    Attributes:
        query_id: What its answer names.
        parts: What it carries.
        message_id: The message that it is under, or None if Telegram does not say any more, or if
            only one person sees it.
        said: Its text.
        is_owner: Whether whoever pressed it is the person whose button it is.
        is_admin: Whether they run the chat that it is in; looked up only for other people's.
    """

    query_id: str
    parts: tuple[str, ...]
    message_id: int | None
    is_owner: bool
    is_admin: bool
    said: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the bot's place in a group, or of the group's number.

    Attributes:
        was_in: Whether the bot was in the group.
        is_in: Whether it is now.
        old_id: The group's number before.
        new_id: Its number now.
    """

    was_in: bool = False
    is_in: bool = False
    old_id: int = 0
    new_id: int = 0


@dataclass(frozen=True, slots=True)
class Visit:
    """An update, read.

    Attributes:
        what: What it is.
        update_id: Its number.
        person: ``user:ID``, or ``chat:ID`` for an anonymous admin or a channel; None if nobody.
        address: Where an answer goes, or None.
        preferences: The person's, or those of somebody new who reads their app's language.
        is_admitted: Whether they may use the bot.
        is_open: Whether everybody may.
        text: The words after a command, or a plain message.
        quoted: The text of the message replied to, or the part of it that was quoted.
        answers: The number of the bot's message that this one replies to, or None.
        press: The pressed button, or None.
        change: The change of a group, or None.
        draft_id: The draft that was stopped, or None.
        names: First name and surname, or none.
        bot_username: The bot's, for links to its private chat.
    """

    what: What
    update_id: int
    person: str | None = None
    address: Address | None = None
    preferences: Preferences = field(default_factory=Preferences)
    is_admitted: bool = False
    is_open: bool = False
    text: str = ""
    quoted: str = ""
    answers: int | None = None
    press: Press | None = None
    change: Change | None = None
    draft_id: int | None = None
    names: tuple[str, ...] = ()
    bot_username: str = ""

    @property
    def texts(self) -> Texts:
        """What the bot says to this person."""
        return TEXTS[self.preferences.language]

    @property
    def name(self) -> str:
        """What the person is called, with the surname's initial; empty for nobody."""
        return short_name(*self.names) if self.names else ""
