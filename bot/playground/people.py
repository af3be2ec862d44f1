"""What people do in the playground: write, answer, edit, delete, press, react, come and go.

The page and the tests act through this class; bots act through the Bot API only.
"""

from bot.playground import members, wire
from bot.playground.model import (
    CallbackQuery,
    Chat,
    ChatType,
    Json,
    Message,
    Status,
    StoredFile,
    Topic,
)
from bot.playground.permissions import (
    PersonError,
    author_of,
    chat_of,
    check_topic,
    is_mine,
    message_in,
    topic_in,
)
from bot.playground.queries import query_of
from bot.playground.text import (
    MAX_TEXT_UTF16,
    clean,
    detect_entities,
    merge_entities,
    quote_of,
    utf16_length,
)
from bot.playground.world import World


class People:
    """The people of a :class:`~bot.playground.world.World`."""

    def __init__(self, world: World) -> None:
        self._world = world

    # Writing.

    def send(
        self,
        chat_id: int,
        user_id: int,
        text: str = "",
        *,
        document: StoredFile | None = None,
        photo: StoredFile | None = None,
        entities: list[Json] | None = None,
        reply_to: int | None = None,
        quote: str | None = None,
        thread_id: int | None = None,
        sender_chat_id: int | None = None,
        is_ephemeral: bool = False,
    ) -> Message:
        """Write a message as a person.

        Args:
            chat_id: Where; the first message to the bot in private starts that chat.
            user_id: Who. An anonymous administrator's message arrives in the group's name.
            text: What; also the caption of a document or photo.
            document: A file made with :meth:`World.add_file`.
            photo: The same, with a size.
            entities: What is marked in the text, beside what Telegram finds by itself.
            reply_to: The id of the message that it answers.
            quote: The part of that message that it quotes.
            thread_id: The topic, in a forum; None is the general one.
            sender_chat_id: Write in a group as this channel.
            is_ephemeral: For the bot alone, as apps send commands that the bot set so.

        Raises:
            PersonError: ``no_such_chat``, ``not_a_member``, ``empty``, ``too_long``,
                ``no_such_message``, ``no_such_quote``, ``no_such_topic``, ``topic_closed`` or
                ``blocked``.
        """
        chat = chat_of(self._world, chat_id, user_id)
        text = clean(text)
        if not text and document is None and photo is None:
            raise PersonError("empty")
        if utf16_length(text) > MAX_TEXT_UTF16:
            raise PersonError("too_long")
        replied = None if reply_to is None else message_in(chat, reply_to, user_id)
        quoted = None if quote is None else quote_of((replied and replied.text) or "", quote)
        if quote is not None and quoted is None:
            raise PersonError("no_such_quote")
        check_topic(chat, thread_id, user_id)
        if chat.type == "private":
            if self._world.users[user_id].has_blocked_bot:
                raise PersonError("blocked")
            if not chat.is_started:
                chat.is_started = True
                self._world.publish_chat(chat)
        author_id, written_as = author_of(self._world, chat, user_id, sender_chat_id)
        return self._world.post(
            chat,
            author_id,
            sender_chat=written_as,
            text=text or None,
            entities=merge_entities(entities or [], detect_entities(text)),
            document=document,
            photo=photo,
            receiver=self._world.bot if is_ephemeral and chat.type != "private" else None,
            reply_to=reply_to,
            quote=quoted,
            thread_id=thread_id,
        )

    def start(self, user_id: int, payload: str = "") -> Message:
        """Open the bot by its link ``t.me/<bot>?start=PAYLOAD``, unblocking it if needed."""
        self.unblock(user_id)
        return self.send(user_id, user_id, f"/start {payload}")

    def edit(self, chat_id: int, user_id: int, message_id: int, text: str) -> Message:
        """Change one's own message.

        Raises:
            PersonError: ``no_such_message``, ``not_yours``, ``empty`` or ``not_modified``.
        """
        chat = chat_of(self._world, chat_id, user_id)
        message = message_in(chat, message_id, user_id)
        if not is_mine(message, user_id):
            raise PersonError("not_yours")
        text = clean(text)
        if not text:
            raise PersonError("empty")
        if text == message.text:
            raise PersonError("not_modified")
        message.text, message.entities = text, detect_entities(text)
        message.edit_date = int(self._world.now())
        self._world.publish_edit(message)
        if message.is_seen_by_bot or self._world.reaches_bot(message):
            message.is_seen_by_bot = True
            kind = "edited_channel_post" if chat.type == "channel" else "edited_message"
            self._world.updates.push(kind, wire.message_json(message))
        return message

    def delete(self, chat_id: int, user_id: int, message_id: int) -> None:
        """Delete a message for everybody: one's own, any in private, any as administrator.

        Raises:
            PersonError: ``no_such_message`` or ``not_yours``.
        """
        chat = chat_of(self._world, chat_id, user_id)
        message = message_in(chat, message_id, user_id)
        may = (
            chat.type == "private"
            or chat.member(user_id).is_administrator
            or is_mine(message, user_id)
        )
        if not may:
            raise PersonError("not_yours")
        self._world.remove(chat, message)

    def press(self, chat_id: int, user_id: int, message_id: int, data: str) -> CallbackQuery:
        """Press the inline button that carries ``data``.

        Returns:
            The query; its answer appears among the changes as ``callback_answer``.

        Raises:
            PersonError: ``no_such_message`` or ``no_such_button``.
        """
        chat = chat_of(self._world, chat_id, user_id)
        message = message_in(chat, message_id, user_id)
        rows = (message.markup or {}).get("inline_keyboard", [])
        if not any(button.get("callback_data") == data for row in rows for button in row):
            raise PersonError("no_such_button")
        return query_of(self._world, chat, user_id, message.id, data)

    def react(self, chat_id: int, user_id: int, message_id: int, emoji: str | None) -> None:
        """Set one's reaction to a message, or take it back with None."""
        chat = chat_of(self._world, chat_id, user_id)
        message = message_in(chat, message_id, user_id)
        old = message.reactions.pop(user_id, [])
        new: list[Json] = [{"type": "emoji", "emoji": emoji}] if emoji else []
        if new:
            message.reactions[user_id] = new
        self._world.publish_edit(message)
        if chat.type == "private" or chat.member(self._world.bot.id).is_administrator:
            self._world.updates.push(
                "message_reaction",
                {
                    "chat": wire.chat_json(chat),
                    "message_id": message.id,
                    "user": wire.user_json(self._world.users[user_id]),
                    "date": int(self._world.now()),
                    "old_reaction": old,
                    "new_reaction": new,
                },
            )

    def vote(self, chat_id: int, user_id: int, message_id: int, options: list[int]) -> None:
        """Choose options of a poll by their places from 0 on; none takes the vote back.

        Raises:
            PersonError: ``no_such_message``, ``no_poll``, ``poll_closed`` or ``no_such_option``.
        """
        message = message_in(chat_of(self._world, chat_id, user_id), message_id, user_id)
        poll = message.poll
        if poll is None or poll.is_closed:
            raise PersonError("no_poll" if poll is None else "poll_closed")
        most = len(poll.options) if poll.allows_multiple_answers else 1
        if len(options) > most or not set(options) <= set(range(len(poll.options))):
            raise PersonError("no_such_option")
        poll.votes.pop(user_id, None)
        if options:
            poll.votes[user_id] = options
        self._world.publish_edit(message)
        self._world.updates.push("poll", wire.poll_json(poll))
        if not poll.is_anonymous:
            self._world.updates.push(
                "poll_answer",
                {
                    "poll_id": poll.id,
                    "user": wire.user_json(self._world.users[user_id]),
                    "option_ids": options,
                    "option_persistent_ids": [str(option) for option in options],
                },
            )

    def stop_draft(self, user_id: int) -> None:
        """Press the stop button under the draft that the bot is writing.

        Raises:
            PersonError: ``no_draft`` when none is shown, or it can't be stopped.
        """
        chat = chat_of(self._world, user_id, user_id)
        draft = chat.draft
        if draft is None or not draft.can_stop or draft.expires_at <= self._world.now():
            raise PersonError("no_draft")
        if not draft.keep_on_stop:
            self._world.show_draft(chat, None)
        self._world.updates.push(
            "stopped_message_generation",
            {"chat": wire.chat_json(chat), "draft_id": draft.draft_id},
        )

    # Coming and going.

    def create_chat(
        self,
        kind: ChatType,
        title: str,
        creator_id: int,
        member_ids: list[int],
        *,
        is_forum: bool = False,
        with_bot: bool = True,
    ) -> Chat:
        """Create a group, supergroup, forum or channel.

        Raises:
            PersonError: ``wrong_kind`` for a private chat or a forum that is no supergroup.
        """
        if kind == "private" or (is_forum and kind != "supergroup"):
            raise PersonError("wrong_kind")
        chat = self._world.add_chat(kind, title, is_forum=is_forum)
        members.set_status(self._world, chat, creator_id, "creator", actor_id=creator_id)
        # The first "joined" is the creation itself.
        chat.messages.clear()
        for member_id in member_ids:
            members.set_status(self._world, chat, member_id, "member", actor_id=creator_id)
        if with_bot:
            members.set_status(
                self._world, chat, self._world.bot.id, "member", actor_id=creator_id
            )
        return chat

    def create_topic(self, chat_id: int, user_id: int, name: str) -> Topic:
        """Open a topic in a forum."""
        return members.create_topic(
            self._world, chat_of(self._world, chat_id, user_id), user_id, name
        )

    def close_topic(
        self, chat_id: int, user_id: int, thread_id: int, *, is_closed: bool = True
    ) -> None:
        """Close or reopen a topic.

        Raises:
            PersonError: ``no_such_topic``.
        """
        chat = chat_of(self._world, chat_id, user_id)
        topic = topic_in(chat, thread_id)
        members.close_topic(self._world, chat, user_id, topic, is_closed=is_closed)

    def delete_topic(self, chat_id: int, user_id: int, thread_id: int) -> None:
        """Delete a topic with all its messages.

        Raises:
            PersonError: ``no_such_topic``.
        """
        chat = chat_of(self._world, chat_id, user_id)
        members.delete_topic(self._world, chat, topic_in(chat, thread_id))

    def mute_bot(self, chat_id: int, user_id: int, *, is_muted: bool = True) -> None:
        """Forbid the bot to write in a group, or allow it again."""
        chat, bot = chat_of(self._world, chat_id, user_id), self._world.bot
        members.set_muted(self._world, chat, bot.id, actor_id=user_id, is_muted=is_muted)

    def set_status(
        self,
        chat_id: int,
        actor_id: int,
        user_id: int,
        status: Status,
        *,
        is_anonymous: bool = False,
    ) -> None:
        """Add, promote, demote, remove or ban a user; the bot too.

        Raises:
            PersonError: ``no_such_chat`` or ``no_such_user``.
        """
        chat = self._world.chats.get(chat_id)
        if chat is None or chat.type == "private":
            raise PersonError("no_such_chat")
        if user_id not in self._world.users or actor_id not in self._world.users:
            raise PersonError("no_such_user")
        members.set_status(
            self._world, chat, user_id, status, actor_id=actor_id, is_anonymous=is_anonymous
        )

    def migrate(self, chat_id: int, user_id: int) -> Chat:
        """Turn a basic group into a supergroup; returns the new chat."""
        return members.migrate_to_supergroup(
            self._world, chat_of(self._world, chat_id, user_id), user_id
        )

    def block(self, user_id: int) -> None:
        """Block the bot."""
        members.set_blocked(self._world, user_id, is_blocked=True)

    def unblock(self, user_id: int) -> None:
        """Unblock the bot."""
        members.set_blocked(self._world, user_id, is_blocked=False)
