"""What exists in the playground's world: people, chats, messages, files.

Plain mutable records without behaviour. :mod:`bot.playground.world` changes them and
:mod:`bot.playground.wire` turns them into the JSON of the Bot API.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

ChatType = Literal["private", "group", "supergroup", "channel"]
Json = dict[str, Any]
"""A JSON object as the Bot API sends and receives it."""

Status = Literal["creator", "administrator", "member", "left", "kicked"]

ANONYMOUS_ADMIN_ID = 1087968824
"""Telegram's own @GroupAnonymousBot: the author of what anonymous administrators write."""
CHANNEL_BOT_ID = 136817688
"""Telegram's own @Channel_Bot: the author of what people write in a group as a channel."""
EPHEMERAL_WAY_S = 15.0
"""How long a press or an ephemeral command lets a bot that is no administrator answer it so."""
TOPIC_COLOR = 0x6FB9F0
"""The colour of the icon of every topic, one of those that Telegram has."""
GENERAL_TOPIC_ID = 1
"""The topic of a forum that always exists; its messages carry no ``message_thread_id``."""


@dataclass(slots=True)
class User:
    """A person or a bot."""

    id: int
    first_name: str
    is_bot: bool = False
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    has_blocked_bot: bool = False


@dataclass(slots=True)
class Member:
    """What a user is in one chat."""

    user_id: int
    status: Status = "member"
    is_anonymous: bool = False
    is_muted: bool = False

    @property
    def is_present(self) -> bool:
        """Whether the user is in the chat now."""
        return self.status in ("creator", "administrator", "member")

    @property
    def is_administrator(self) -> bool:
        """Whether the user has the rights of an administrator."""
        return self.status in ("creator", "administrator")


@dataclass(slots=True)
class Topic:
    """A topic of a forum; its id is the id of the message that created it."""

    thread_id: int
    name: str
    is_closed: bool = False


@dataclass(slots=True)
class StoredFile:
    """A file that somebody sent.

    Attributes:
        file_id: What bots know it by.
        size: Width and height in pixels, of a picture.
    """

    file_id: str
    file_unique_id: str
    file_name: str
    mime_type: str
    data: bytes
    size: tuple[int, int] | None = None


@dataclass(slots=True)
class Poll:
    """A question with answers to tap; ``votes`` has the chosen options by user."""

    id: str
    question: str
    options: list[str]
    is_anonymous: bool = True
    allows_multiple_answers: bool = False
    hides_results: bool = False
    is_closed: bool = False
    votes: dict[int, list[int]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Message:
    """One message of one chat, a service message included.

    ``text`` is the caption of a document or photo. ``entities`` and ``markup``, an inline
    keyboard, are kept as the JSON that the Bot API uses; offsets and lengths count UTF-16 units.
    ``rich`` are the blocks of a rich message, whose ``text`` only the page is told.
    ``service`` holds the fields of a service message, such as ``{"group_chat_created": True}``.
    ``forced_reply`` is what the Bot API never sends back but clients act on. An ephemeral message
    is seen by its sender and its ``receiver`` alone; its id is the negative of the number that
    Telegram calls ``ephemeral_message_id``.
    """

    id: int
    chat: "Chat" = field(repr=False)
    date: int
    sender: User
    sender_chat: "Chat | None" = field(default=None, repr=False)
    text: str | None = None
    entities: list[Json] = field(default_factory=list)
    document: StoredFile | None = None
    photo: StoredFile | None = None
    poll: Poll | None = None
    rich: list[Json] | None = None
    receiver: User | None = None
    reply_to: int | None = None
    quote: Json | None = None
    thread_id: int | None = None
    is_topic_message: bool = False
    edit_date: int | None = None
    markup: Json | None = None
    forced_reply: Json | None = None
    service: Json = field(default_factory=dict)
    reactions: dict[int, list[Json]] = field(default_factory=dict)
    is_seen_by_bot: bool = True

    @property
    def chat_id(self) -> int:
        """The id of its chat."""
        return self.chat.id

    @property
    def sender_id(self) -> int:
        """The id of who wrote it."""
        return self.sender.id

    @property
    def replied(self) -> "Message | None":
        """The message that it answers, while that one stands."""
        return None if self.reply_to is None else self.chat.messages.get(self.reply_to)

    def is_seen_by(self, user_id: int) -> bool:
        """Whether somebody in the chat may see it."""
        return self.receiver is None or user_id in (self.receiver.id, self.sender_id)


class MessageFields(TypedDict, total=False):
    """The fields of :class:`Message` that the one who posts it chooses."""

    sender_chat: "Chat | None"
    text: str | None
    entities: list[Json]
    document: StoredFile | None
    photo: StoredFile | None
    poll: Poll | None
    rich: list[Json] | None
    receiver: User | None
    reply_to: int | None
    quote: Json | None
    thread_id: int | None
    markup: Json | None
    forced_reply: Json | None
    service: Json


@dataclass(slots=True)
class Draft:
    """A message that the bot is still writing, shown for a while in a private chat."""

    draft_id: int
    text: str
    entities: list[Json]
    expires_at: float
    thread_id: int | None = None
    can_stop: bool = False
    keep_on_stop: bool = False


@dataclass(slots=True, eq=False)
class Chat:
    """A chat of any kind. A private one has the id of its ``person``, who talks with the bot."""

    id: int
    type: ChatType
    title: str | None = None
    person: User | None = None
    is_forum: bool = False
    is_started: bool = True
    migrated_to: int | None = None
    pinned: list[int] = field(default_factory=list)
    members: dict[int, Member] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    draft: Draft | None = None
    last_bot_id: int | None = None

    def member(self, user_id: int) -> Member:
        """Return what the user is here; somebody who never came counts as having left."""
        return self.members.get(user_id, Member(user_id, "left"))

    def standing(self, message_id: int) -> Message | None:
        """Return a message that everybody sees, by its number."""
        message = self.messages.get(message_id)
        return None if message is None or message.receiver is not None else message


@dataclass(slots=True)
class CallbackQuery:
    """A pressed inline button that waits for ``answerCallbackQuery``; times are of the world."""

    id: str
    user_id: int
    chat_id: int
    message_id: int
    data: str
    pressed_at: float
    expires_at: float
    is_answered: bool = False
