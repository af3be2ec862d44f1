"""Topics of forums."""

from bot.playground import members
from bot.playground.methods.parameters import ChatReference, Parameters, Unsupported
from bot.playground.methods.registry import Result, serves
from bot.playground.model import Chat, Topic
from bot.playground.refusals import bad_request
from bot.playground.wire import topic_json
from bot.playground.world import World

ICON_COLORS = frozenset({0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F})


class CreateForumTopic(Parameters):
    """Parameters of ``createForumTopic``."""

    chat_id: ChatReference
    name: str
    icon_color: int | None = None
    icon_custom_emoji_id: Unsupported = None


@serves(CreateForumTopic)
def create_forum_topic(world: World, p: CreateForumTopic) -> Result:
    """Open a topic, as an administrator of a forum."""
    chat = _forum(world, p.chat_id)
    if p.icon_color is not None and p.icon_color not in ICON_COLORS:
        raise bad_request("TOPIC_ICON_COLOR_INVALID")
    return topic_json(members.create_topic(world, chat, world.bot.id, p.name, p.icon_color))


class EditForumTopic(Parameters):
    """Parameters of ``editForumTopic``."""

    chat_id: ChatReference
    message_thread_id: int
    name: str | None = None
    icon_custom_emoji_id: Unsupported = None


@serves(EditForumTopic)
def edit_forum_topic(world: World, p: EditForumTopic) -> Result:
    """Rename a topic."""
    chat = _forum(world, p.chat_id)
    topic = _topic(chat, p.message_thread_id)
    if not p.name or p.name == topic.name:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.name = p.name
    world.post(
        chat,
        world.bot.id,
        thread_id=topic.thread_id,
        service={"forum_topic_edited": {"name": p.name}},
    )
    world.publish_chat(chat)
    return True


class CloseForumTopic(Parameters):
    """Parameters of ``closeForumTopic``."""

    chat_id: ChatReference
    message_thread_id: int


@serves(CloseForumTopic)
def close_forum_topic(world: World, p: CloseForumTopic) -> Result:
    """Close a topic."""
    chat = _forum(world, p.chat_id)
    topic = _topic(chat, p.message_thread_id)
    members.close_topic(world, chat, world.bot.id, topic, is_closed=True)
    return True


class ReopenForumTopic(Parameters):
    """Parameters of ``reopenForumTopic``."""

    chat_id: ChatReference
    message_thread_id: int


@serves(ReopenForumTopic)
def reopen_forum_topic(world: World, p: ReopenForumTopic) -> Result:
    """Reopen a topic."""
    chat = _forum(world, p.chat_id)
    topic = _topic(chat, p.message_thread_id)
    members.close_topic(world, chat, world.bot.id, topic, is_closed=False)
    return True


class DeleteForumTopic(Parameters):
    """Parameters of ``deleteForumTopic``."""

    chat_id: ChatReference
    message_thread_id: int


@serves(DeleteForumTopic)
def delete_forum_topic(world: World, p: DeleteForumTopic) -> Result:
    """Delete a topic with all its messages."""
    chat = _forum(world, p.chat_id)
    members.delete_topic(world, chat, _topic(chat, p.message_thread_id))
    return True


def _forum(world: World, reference: int | str) -> Chat:
    chat = world.chat_for_bot(reference)
    if not chat.is_forum:
        raise bad_request("the chat is not a forum")
    if not chat.member(world.bot.id).is_administrator:
        raise bad_request("not enough rights to manage topics")
    return chat


def _topic(chat: Chat, thread_id: int) -> Topic:
    topic = chat.topics.get(thread_id)
    if topic is None:
        raise bad_request("TOPIC_ID_INVALID")
    return topic
