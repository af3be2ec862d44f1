"""What a person may do, and in whose name."""

from bot.playground.model import ANONYMOUS_ADMIN_ID, CHANNEL_BOT_ID, Chat, Message, Topic
from bot.playground.world import World


class PersonError(Exception):
    """Something that a person can't do.

    Attributes:
        reason: A word for programs, such as ``no_such_message``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def chat_of(world: World, chat_id: int, user_id: int) -> Chat:
    """Return a chat in which somebody may act.

    Raises:
        PersonError: ``no_such_chat`` or ``not_a_member``.
    """
    chat = world.chats.get(chat_id)
    if chat is None or chat.migrated_to is not None:
        raise PersonError("no_such_chat")
    if not chat.member(user_id).is_present:
        raise PersonError("not_a_member")
    return chat


def message_in(chat: Chat, message_id: int, user_id: int) -> Message:
    """Return a message that stands in a chat for somebody.

    Raises:
        PersonError: ``no_such_message``.
    """
    message = chat.messages.get(message_id)
    if message is None or not message.is_seen_by(user_id):
        raise PersonError("no_such_message")
    return message


def topic_in(chat: Chat, thread_id: int) -> Topic:
    """Return a topic of a forum.

    Raises:
        PersonError: ``no_such_topic``.
    """
    topic = chat.topics.get(thread_id)
    if topic is None:
        raise PersonError("no_such_topic")
    return topic


def check_topic(chat: Chat, thread_id: int | None, user_id: int) -> None:
    """Let nobody but administrators write in a closed topic.

    Raises:
        PersonError: ``no_such_topic`` or ``topic_closed``.
    """
    if thread_id is None:
        return
    topic = topic_in(chat, thread_id)
    if topic.is_closed and not chat.member(user_id).is_administrator:
        raise PersonError("topic_closed")


def author_of(
    world: World, chat: Chat, user_id: int, sender_chat_id: int | None
) -> tuple[int, Chat | None]:
    """Return who a message seems to be from, and the chat that it was written as.

    Raises:
        PersonError: ``no_such_chat`` when ``sender_chat_id`` is no channel of this person.
    """
    if sender_chat_id is not None:
        channel = world.chats.get(sender_chat_id)
        if channel is None or not channel.member(user_id).is_administrator:
            raise PersonError("no_such_chat")
        return CHANNEL_BOT_ID, channel
    if chat.member(user_id).is_anonymous:
        return ANONYMOUS_ADMIN_ID, chat
    if chat.type == "channel":
        return CHANNEL_BOT_ID, chat
    return user_id, None


def is_mine(message: Message, user_id: int) -> bool:
    """Return whether somebody wrote a message, in whatever name."""
    if message.sender_chat is not None:
        return message.sender_chat.member(user_id).is_administrator
    return message.sender_id == user_id
