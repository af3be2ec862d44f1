"""The world of the playground: who is there, what was said, and who is told of it.

Pure state: no HTTP and no threads. Telegram's side (:mod:`bot.playground.methods`) and the
people's side (:mod:`bot.playground.people`) both work on one :class:`World`.
"""

import hashlib
import time
from collections.abc import Callable
from typing import Unpack

from bot.playground import wire
from bot.playground.changes import ChangeLog
from bot.playground.model import (
    ANONYMOUS_ADMIN_ID,
    CHANNEL_BOT_ID,
    CallbackQuery,
    Chat,
    ChatType,
    Draft,
    Json,
    Member,
    Message,
    MessageFields,
    StoredFile,
    User,
)
from bot.playground.pictures import picture_size
from bot.playground.privacy import reaches_bot
from bot.playground.refusals import bad_request, forbidden, migrated
from bot.playground.updates import UpdateQueue

DRAFT_LIFE_S = 30.0
_EPOCH_S = 1_600_000_000
_FIRST_SUPERGROUP = 1_002_000_000_000


class World:
    """Everything that exists, with the rules that hold for both sides.

    Args:
        bot_id: The number before the colon of the bot's token.
        bot_username: Without ``@``.
        bot_name: The name that people see.
        clock: Seconds since the epoch.

    Attributes:
        users: By id; includes the bot and Telegram's two stand-in accounts.
        chats: By id; a private chat exists as soon as its person does.
        updates: What the bot has not confirmed yet.
        changes: What the page shows.
        queries: Pressed buttons by callback query id.
        files: By ``file_id``.
        commands: What people are offered, by scope (as a key of
            :func:`bot.playground.methods.commands.scope_key`) and language ("" is the default).
        reads_all_group_messages: Privacy mode switched off.
        ignores_ephemeral: Telegram as before there were messages for one person alone.
    """

    def __init__(
        self,
        *,
        bot_id: int = 7_000_000_001,
        bot_username: str = "redactor_bot",
        bot_name: str = "Redactor",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._next_user_id = 5_100_000_001
        self._next_group_id = 4_200_000_001
        self._next_supergroup_id = _FIRST_SUPERGROUP + 1
        # Numbers grow from one run to the next, as Telegram's do: bots remember those they saw.
        age_s = max(0, int(clock()) - _EPOCH_S)
        self._first_message_id = 1 + age_s // 2
        self._next_message_id: dict[int, int] = {}
        self._next_serial = 1
        self.users: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, StoredFile] = {}
        self.queries: dict[str, CallbackQuery] = {}
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.reads_all_group_messages = False
        self.ignores_ephemeral = False
        self.updates = UpdateQueue(first_id=1 + 4 * age_s)
        self.changes = ChangeLog(clock)
        self.bot = User(bot_id, bot_name, is_bot=True, username=bot_username)
        for user in (
            self.bot,
            User(ANONYMOUS_ADMIN_ID, "Group", is_bot=True, username="GroupAnonymousBot"),
            User(CHANNEL_BOT_ID, "Channel", is_bot=True, username="Channel_Bot"),
        ):
            self.users[user.id] = user

    def now(self) -> float:
        """Return the time, in seconds since the epoch."""
        return self._clock()

    def serial(self) -> int:
        """Return a number that was never returned before."""
        self._next_serial += 1
        return self._next_serial

    # Things come into being.

    def add_user(
        self,
        first_name: str,
        *,
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = "es",
        is_bot: bool = False,
    ) -> User:
        """Create a person with a private chat, not started yet, or another bot without one."""
        user = User(self._next_user_id, first_name, is_bot, last_name, username, language_code)
        self._next_user_id += 1
        self.users[user.id] = user
        if not is_bot:
            chat = Chat(user.id, "private", person=user, is_started=False)
            chat.members = {user.id: Member(user.id), self.bot.id: Member(self.bot.id)}
            self.chats[chat.id] = chat
        self.changes.add("user", {"user": wire.user_json(user)})
        return user

    def add_chat(self, kind: ChatType, title: str, *, is_forum: bool = False) -> Chat:
        """Create an empty group, supergroup or channel."""
        if kind == "group":
            chat_id = -self._next_group_id
            self._next_group_id += 1
        else:
            chat_id = -self._next_supergroup_id
            self._next_supergroup_id += 1
        chat = Chat(chat_id, kind, title, is_forum=is_forum)
        self.chats[chat_id] = chat
        return chat

    def add_file(self, data: bytes, file_name: str, mime_type: str) -> StoredFile:
        """Store a file that somebody sends."""
        serial = self.serial()
        digest = hashlib.sha256(data + serial.to_bytes(8, "big")).hexdigest()
        file = StoredFile(
            f"BQACAgQAAxkDAA{digest[:40]}",
            f"AgAD{digest[40:52]}",
            file_name,
            mime_type,
            data,
            picture_size(data),
        )
        self.files[file.file_id] = file
        return file

    # Look-ups with Telegram's refusals.

    def chat(self, chat_id: int) -> Chat:
        """Return a chat.

        Raises:
            ApiRefusal: 400 ``chat not found``.
        """
        found = self.chats.get(chat_id)
        if found is None:
            raise bad_request("chat not found")
        return found

    def chat_for_bot(self, chat_id: int) -> Chat:
        """Return a chat in which the bot may act.

        Raises:
            ApiRefusal: 400 when it doesn't exist or became a supergroup, 403 when the bot was
                blocked, is no member, or was never spoken to.
        """
        chat = self.chat(chat_id)
        if chat.person is not None:
            if not chat.is_started:
                raise forbidden("bot can't initiate conversation with a user")
            if chat.person.has_blocked_bot:
                raise forbidden("bot was blocked by the user")
            return chat
        if chat.migrated_to is not None:
            raise migrated(chat.migrated_to)
        me = chat.member(self.bot.id)
        if me.status == "kicked":
            raise forbidden(f"bot was kicked from the {chat.type} chat")
        if not me.is_present:
            raise forbidden(f"bot is not a member of the {chat.type} chat")
        return chat

    def open_query(self, query_id: str) -> CallbackQuery:
        """Return a press that still waits for its answer.

        Raises:
            ApiRefusal: 400 when it is answered, too old or unknown.
        """
        query = self.queries.get(query_id)
        if query is None or query.is_answered or query.expires_at < self.now():
            raise bad_request(
                "query is too old and response timeout expired or query ID is invalid"
            )
        return query

    # Messages.

    def post(self, chat: Chat, sender_id: int, **fields: Unpack[MessageFields]) -> Message:
        """Add a message to a chat and tell the page, and the bot when it may know.

        ``fields`` are those of :class:`~bot.playground.model.Message`.
        """
        sender = self.users[sender_id]
        is_ephemeral = fields.get("receiver") is not None
        message_id = -self.serial() if is_ephemeral else self._take_message_id(chat)
        message = Message(message_id, chat, int(self.now()), sender, **fields)
        _place_in_thread(message)
        chat.messages[message.id] = message
        if sender.is_bot and sender_id not in (ANONYMOUS_ADMIN_ID, CHANNEL_BOT_ID):
            if not message.service and not is_ephemeral:
                chat.last_bot_id = sender_id
            if sender_id == self.bot.id:
                chat.draft = None
            # Bots never see what other bots write.
            message.is_seen_by_bot = sender_id == self.bot.id
        else:
            message.is_seen_by_bot = self.reaches_bot(message)
        self.changes.add("message", {"message": wire.page_message_json(message)})
        if message.is_seen_by_bot and sender_id != self.bot.id:
            kind = "channel_post" if chat.type == "channel" else "message"
            self.updates.push(kind, wire.message_json(message))
        return message

    def reaches_bot(self, message: Message) -> bool:
        """Return whether the bot is told of a message that somebody else wrote."""
        return reaches_bot(message, self.bot, reads_everything=self.reads_all_group_messages)

    def publish_edit(self, message: Message) -> None:
        """Tell the page that a message changed."""
        self.changes.add("edited", {"message": wire.page_message_json(message)})

    def remove(self, chat: Chat, message: Message) -> None:
        """Delete a message for everybody. The Bot API tells bots nothing of it."""
        del chat.messages[message.id]
        if message.id in chat.pinned:
            chat.pinned.remove(message.id)
        self.changes.add("deleted", {"chat_id": chat.id, "message_id": message.id})

    def show_draft(self, chat: Chat, draft: Draft | None) -> None:
        """Show, replace or remove what the bot is writing in a private chat."""
        chat.draft = draft
        data: Json = {"chat_id": chat.id, "draft": wire.draft_json(draft) if draft else None}
        self.changes.add("draft", data)

    def publish_chat(self, chat: Chat) -> None:
        """Tell the page that members, topics or the title of a chat changed."""
        self.changes.add("chat", {"chat": wire.page_chat_json(chat, self.now())})

    def _take_message_id(self, chat: Chat) -> int:
        # Private chats and basic groups share one counter, supergroups have their own.
        counter = chat.id if chat.type in ("supergroup", "channel") else 0
        message_id = self._next_message_id.get(counter, self._first_message_id)
        self._next_message_id[counter] = message_id + 1
        return message_id


def _place_in_thread(message: Message) -> None:
    """Give topic messages, and replies in supergroups, their ``message_thread_id``."""
    replied = message.replied
    if message.chat.is_forum:
        if "forum_topic_created" in message.service:
            message.thread_id = message.id
        if message.thread_id is None and replied is not None and replied.is_topic_message:
            message.thread_id = replied.thread_id
        message.is_topic_message = message.thread_id is not None
    elif message.chat.type == "supergroup" and replied is not None and message.thread_id is None:
        message.thread_id = replied.thread_id or replied.id
