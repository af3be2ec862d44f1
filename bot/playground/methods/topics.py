"""Closing and reopening the topics of forums."""

from bot.playground import members
from bot.playground.methods.parameters import Parameters
from bot.playground.methods.registry import Result, serves
from bot.playground.model import Chat, Topic
from bot.playground.refusals import bad_request
from bot.playground.world import World


class CloseForumTopic(Parameters):
    """Parameters of ``closeForumTopic``."""

    chat_id: int
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

    chat_id: int
    message_thread_id: int


@serves(ReopenForumTopic)
def reopen_forum_topic(world: World, p: ReopenForumTopic) -> Result:
    """Reopen a topic."""
    chat = _forum(world, p.chat_id)
    topic = _topic(chat, p.message_thread_id)
    members.close_topic(world, chat, world.bot.id, topic, is_closed=False)
    return True


def _forum(world: World, chat_id: int) -> Chat:
    chat = world.chat_for_bot(chat_id)
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
