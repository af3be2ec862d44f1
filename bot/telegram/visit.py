"""An update of Telegram, read: what it is, who sent it, and what came with it."""

from dataclasses import dataclass, field
from enum import StrEnum

from bot.storage.class_settings import rules
from bot.storage.classes import Class
from bot.storage.lessons import Lesson
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
    CLASS = "class"
    RECIPE = "recipe"
    REPEAT = "repeat"
    COMPARE = "compare"
    TOKENS = "tokens"
    PROBABILITIES = "probabilities"
    ATTENTION = "attention"
    EXPLAIN = "explain"
    TOPIC = "topic"
    """A plain message in private."""
    TALK = "talk"
    """A plain message in private that is no topic: a greeting, thanks."""
    REPLY = "reply"
    """A plain message in a group that answers one of the bot's."""
    EDITED = "edited"
    """A topic was mended soon after it was sent."""
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
    CLASS_BUTTON = "class button"
    """Only a teacher may press it."""
    LESSON_BUTTON = "lesson button"
    """Anybody in the class may press it."""
    OPEN_BUTTON = "open button"
    """Opens a group; only a teacher may."""
    LOOK_BUTTON = "look button"
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
        message_id: The message that it is under, or None if Telegram does not show it any more, or
            if only one person sees it.
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
        is_caption: Whether they stand under a picture or a file.
        quoted: The text of the message replied to, or the part of it that was quoted.
        answers: The number of the bot's message that this one replies to, or None.
        press: The pressed button, or None.
        change: The change of a group, or None.
        draft_id: The draft that was stopped, or None.
        name: What others may call the person.
        group_name: What the group is called; empty in private.
        its_class: The class of the group; in private, the one whose code the person used; or None.
        lesson: The lesson of that class that is open, or None.
        is_teacher: Whether they may lead that class, or make one; looked up only for what a
            teacher does.
        bot_username: The bot's, for links to its private chat.
        opens: Whether the person opens the group, which was not open, by being heard in it.
        named_group: The group that a button or a link names in private, if the person is in it.
        ephemeral_id: The number of what only the person and the bot see in a group: their command,
            or the message whose button they pressed; or None.
    """

    what: What
    update_id: int
    person: str | None = None
    address: Address | None = None
    preferences: Preferences = field(default_factory=Preferences)
    is_admitted: bool = False
    is_open: bool = False
    text: str = ""
    is_caption: bool = False
    quoted: str = ""
    answers: int | None = None
    press: Press | None = None
    change: Change | None = None
    draft_id: int | None = None
    name: str = ""
    group_name: str = ""
    its_class: Class | None = None
    lesson: Lesson | None = None
    is_teacher: bool = False
    bot_username: str = ""
    opens: bool = False
    named_group: int | None = None
    ephemeral_id: int | None = None

    @property
    def shows_page(self) -> bool:
        """Whether the message whose button was pressed is there and can be changed."""
        is_ephemeral = self.ephemeral_id is not None
        return self.press is not None and (is_ephemeral or self.press.message_id is not None)

    @property
    def texts(self) -> Texts:
        """What the bot says to this person; a group's language stands above theirs."""
        return TEXTS[self.ruled.language]

    @property
    def is_channel(self) -> bool:
        """Whether somebody writes as a channel; an anonymous admin is the group itself."""
        is_chat = self.person is not None and self.person.startswith("chat:")
        return (
            is_chat and self.address is not None and self.person != f"chat:{self.address.chat_id}"
        )

    @property
    def link(self) -> str:
        """Opens the bot's private chat; a code may follow."""
        return f"https://t.me/{self.bot_username}?start="

    @property
    def ruled(self) -> Preferences:
        """The person's preferences as their class allows them."""
        settings = None if self.its_class is None else self.its_class.settings
        return self.preferences if settings is None else rules(self.preferences, settings)
