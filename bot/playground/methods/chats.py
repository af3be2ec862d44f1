"""Chats, their members, what is pinned in them, and the topics of forums."""

from bot.playground import members
from bot.playground.methods.registry import Result, serves
from bot.playground.model import Chat
from bot.playground.refusals import bad_request
from bot.playground.wire import member_json, message_json
from bot.playground.world import World


@serves
def get_chat_member(world: World, *, chat_id: int, user_id: int) -> Result:
    """Return what a user is in a chat; who never came has left."""
    chat = world.chat_for_bot(chat_id)
    if user_id not in world.users:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return member_json(world.users[user_id], chat.member(user_id))


@serves
def leave_chat(world: World, *, chat_id: int) -> Result:
    """Leave a group."""
    chat = world.chat_for_bot(chat_id)
    members.set_status(world, chat, world.bot.id, "left", actor_id=world.bot.id)
    return True


@serves
def pin_chat_message(
    world: World, *, chat_id: int, message_id: int, disable_notification: bool = False
) -> Result:
    """Pin a message; in a group only as an administrator."""
    del disable_notification  # nothing sounds here
    chat = _chat_to_pin_in(world, chat_id)
    message = chat.standing(message_id)
    if message is None:
        raise bad_request("message to pin not found")
    if message.id in chat.pinned:
        chat.pinned.remove(message.id)
    chat.pinned.append(message.id)
    world.post(
        chat,
        world.bot.id,
        thread_id=message.thread_id if message.is_topic_message else None,
        service={"pinned_message": message_json(message, with_reply=False)},
    )
    world.publish_chat(chat)
    return True


@serves
def unpin_chat_message(world: World, *, chat_id: int, message_id: int | None = None) -> Result:
    """Unpin one message, by default the newest."""
    chat = _chat_to_pin_in(world, chat_id)
    if message_id is None and chat.pinned:
        message_id = chat.pinned[-1]
    if message_id is None or message_id not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(message_id)
    world.publish_chat(chat)
    return True


@serves
def close_forum_topic(world: World, *, chat_id: int, message_thread_id: int) -> Result:
    """Close a topic."""
    return _set_closed(world, chat_id, message_thread_id, is_closed=True)


@serves
def reopen_forum_topic(world: World, *, chat_id: int, message_thread_id: int) -> Result:
    """Reopen a topic."""
    return _set_closed(world, chat_id, message_thread_id, is_closed=False)


def _chat_to_pin_in(world: World, chat_id: int) -> Chat:
    chat = world.chat_for_bot(chat_id)
    if chat.type != "private" and not chat.member(world.bot.id).is_administrator:
        raise bad_request("not enough rights to manage pinned messages in the chat")
    return chat


def _set_closed(world: World, chat_id: int, thread_id: int, *, is_closed: bool) -> bool:
    chat = world.chat_for_bot(chat_id)
    if not chat.is_forum:
        raise bad_request("the chat is not a forum")
    if not chat.member(world.bot.id).is_administrator:
        raise bad_request("not enough rights to manage topics")
    topic = chat.topics.get(thread_id)
    if topic is None:
        raise bad_request("TOPIC_ID_INVALID")
    members.close_topic(world, chat, world.bot.id, topic, is_closed=is_closed)
    return True
