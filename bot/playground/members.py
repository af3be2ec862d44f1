"""Who is in which chat: joining, leaving, promoting, blocking, and what the bot hears of it."""

from dataclasses import replace

from bot.playground import wire
from bot.playground.model import TOPIC_COLOR, Chat, Json, Member, Status, Topic
from bot.playground.refusals import bad_request
from bot.playground.world import World


def set_status(
    world: World,
    chat: Chat,
    user_id: int,
    status: Status,
    *,
    actor_id: int,
    is_anonymous: bool = False,
) -> None:
    """Change what a user is in a group, with the service message and update that follow.

    Args:
        world: The world that holds the chat.
        chat: A group, supergroup or channel.
        user_id: Whose status changes; may be the bot.
        status: The new status.
        actor_id: Who changes it.
        is_anonymous: Whether an administrator writes in the group's name.
    """
    old = replace(chat.member(user_id))
    new = Member(user_id, status, is_anonymous and status in ("creator", "administrator"))
    if old == new and user_id in chat.members:
        return
    leaves = old.is_present and not new.is_present
    if leaves and chat.type != "channel":
        # Posted before the change: the bot is told of its own leaving, too.
        world.post(
            chat, actor_id, service={"left_chat_member": wire.user_json(world.users[user_id])}
        )
    chat.members[user_id] = new
    _tell_bot(world, chat, actor_id, old, new)
    if new.is_present and not old.is_present and chat.type != "channel":
        world.post(
            chat, actor_id, service={"new_chat_members": [wire.user_json(world.users[user_id])]}
        )
    world.publish_chat(chat)


def set_muted(world: World, chat: Chat, user_id: int, *, actor_id: int, is_muted: bool) -> None:
    """Forbid or allow an ordinary member of a group to write."""
    old = chat.member(user_id)
    if not old.is_present or old.is_muted == is_muted:
        return
    new = replace(old, is_muted=is_muted)
    chat.members[user_id] = new
    # A basic group has no rights of single members: everybody's change, and no bot is told.
    if chat.type == "supergroup":
        _tell_bot(world, chat, actor_id, old, new)
    world.publish_chat(chat)


def set_blocked(world: World, user_id: int, *, is_blocked: bool) -> None:
    """Block or unblock the bot in a person's private chat."""
    user = world.users[user_id]
    if user.has_blocked_bot == is_blocked:
        return
    user.has_blocked_bot = is_blocked
    chat = world.chats[user_id]
    member, kicked = Member(world.bot.id), Member(world.bot.id, "kicked")
    old, new = (member, kicked) if is_blocked else (kicked, member)
    _tell_bot(world, chat, user_id, old, new)
    world.publish_chat(chat)


def create_topic(world: World, chat: Chat, actor_id: int, name: str) -> Topic:
    """Open a topic in a forum.

    Raises:
        ApiRefusal: 400 when the chat is no forum or the name is empty or over 128 characters.
    """
    if not chat.is_forum:
        raise bad_request("the chat is not a forum")
    if not 1 <= len(name) <= 128:
        raise bad_request("TOPIC_TITLE_INVALID" if name else "topic name must be non-empty")
    created = {"name": name, "icon_color": TOPIC_COLOR}
    message = world.post(chat, actor_id, service={"forum_topic_created": created})
    topic = Topic(message.id, name)
    chat.topics[topic.thread_id] = topic
    world.publish_chat(chat)
    return topic


def close_topic(world: World, chat: Chat, actor_id: int, topic: Topic, *, is_closed: bool) -> None:
    """Close or reopen a topic of a forum."""
    if topic.is_closed == is_closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.is_closed = is_closed
    name = "forum_topic_closed" if is_closed else "forum_topic_reopened"
    world.post(chat, actor_id, thread_id=topic.thread_id, service={name: {}})
    world.publish_chat(chat)


def delete_topic(world: World, chat: Chat, topic: Topic) -> None:
    """Delete a topic with all its messages; no bot is told of it."""
    for message in [m for m in chat.messages.values() if m.thread_id == topic.thread_id]:
        world.remove(chat, message)
    del chat.topics[topic.thread_id]
    world.publish_chat(chat)


def migrate_to_supergroup(world: World, chat: Chat, actor_id: int) -> Chat:
    """Turn a basic group into a supergroup, as Telegram does when it grows.

    The members move along; the messages stay behind, and so do their ids.

    Raises:
        ApiRefusal: 400 when the chat is no basic group any more.
    """
    if chat.type != "group" or chat.migrated_to is not None:
        raise bad_request("only a basic group can become a supergroup")
    new = world.add_chat("supergroup", chat.title or "")
    new.members = {user_id: replace(member) for user_id, member in chat.members.items()}
    world.post(chat, actor_id, service={"migrate_to_chat_id": new.id})
    chat.migrated_to = new.id
    world.publish_chat(chat)
    world.publish_chat(new)
    world.post(new, actor_id, service={"migrate_from_chat_id": chat.id})
    return new


def _tell_bot(world: World, chat: Chat, actor_id: int, old: Member, new: Member) -> None:
    is_me = new.user_id == world.bot.id
    if not is_me and not chat.member(world.bot.id).is_administrator:
        return
    user = world.users[new.user_id]
    update: Json = {
        "chat": wire.chat_json(chat),
        "from": wire.user_json(world.users[actor_id]),
        "date": int(world.now()),
        "old_chat_member": wire.member_json(user, old),
        "new_chat_member": wire.member_json(user, new),
    }
    world.updates.push("my_chat_member" if is_me else "chat_member", update)
