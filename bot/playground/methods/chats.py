"""Chats and their members."""

from bot.playground import members
from bot.playground.methods.parameters import ChatReference, Parameters, Unsupported
from bot.playground.methods.registry import Result, serves
from bot.playground.model import Chat
from bot.playground.refusals import bad_request
from bot.playground.wire import chat_full_json, member_json, message_json
from bot.playground.world import World


class GetChat(Parameters):
    """Parameters of ``getChat``."""

    chat_id: ChatReference


@serves(GetChat)
def get_chat(world: World, p: GetChat) -> Result:
    """Return what is known of a chat."""
    return chat_full_json(world, world.chat_for_bot(p.chat_id))


class GetChatMember(Parameters):
    """Parameters of ``getChatMember``."""

    chat_id: ChatReference
    user_id: int


@serves(GetChatMember)
def get_chat_member(world: World, p: GetChatMember) -> Result:
    """Return what a user is in a chat; who never came has left."""
    chat = world.chat_for_bot(p.chat_id)
    if p.user_id not in world.users:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return member_json(world, chat.member(p.user_id))


class GetChatAdministrators(Parameters):
    """Parameters of ``getChatAdministrators``."""

    chat_id: ChatReference
    return_bots: bool = False


@serves(GetChatAdministrators)
def get_chat_administrators(world: World, p: GetChatAdministrators) -> Result:
    """Return the administrators that are people, and this bot if it is one."""
    chat = world.chat_for_bot(p.chat_id)
    if chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    return [
        member_json(world, member)
        for member in chat.members.values()
        if member.is_administrator
        and (
            p.return_bots
            or not world.users[member.user_id].is_bot
            or member.user_id == world.bot.id
        )
    ]


class GetChatMemberCount(Parameters):
    """Parameters of ``getChatMemberCount``."""

    chat_id: ChatReference


@serves(GetChatMemberCount)
def get_chat_member_count(world: World, p: GetChatMemberCount) -> Result:
    """Return how many users are in a chat, the bot included."""
    chat = world.chat_for_bot(p.chat_id)
    return sum(member.is_present for member in chat.members.values())


class LeaveChat(Parameters):
    """Parameters of ``leaveChat``."""

    chat_id: ChatReference


@serves(LeaveChat)
def leave_chat(world: World, p: LeaveChat) -> Result:
    """Leave a group."""
    chat = world.chat_for_bot(p.chat_id)
    if chat.type == "private":
        raise bad_request("chat member status can't be changed in private chats")
    members.set_status(world, chat, world.bot.id, "left", actor_id=world.bot.id)
    return True


class PinChatMessage(Parameters):
    """Parameters of ``pinChatMessage``."""

    chat_id: ChatReference
    message_id: int
    disable_notification: bool = False
    business_connection_id: Unsupported = None


@serves(PinChatMessage)
def pin_chat_message(world: World, p: PinChatMessage) -> Result:
    """Pin a message; in a group only as an administrator."""
    chat = _chat_to_pin_in(world, p.chat_id)
    message = chat.messages.get(p.message_id)
    if message is None:
        raise bad_request("message to pin not found")
    if message.id in chat.pinned:
        chat.pinned.remove(message.id)
    chat.pinned.append(message.id)
    world.post(
        chat,
        world.bot.id,
        thread_id=message.thread_id if message.is_topic_message else None,
        service={"pinned_message": message_json(world, message, with_reply=False)},
    )
    world.publish_chat(chat)
    return True


class UnpinChatMessage(Parameters):
    """Parameters of ``unpinChatMessage``."""

    chat_id: ChatReference
    message_id: int | None = None
    business_connection_id: Unsupported = None


@serves(UnpinChatMessage)
def unpin_chat_message(world: World, p: UnpinChatMessage) -> Result:
    """Unpin one message, by default the newest."""
    chat = _chat_to_pin_in(world, p.chat_id)
    message_id = p.message_id
    if message_id is None and chat.pinned:
        message_id = chat.pinned[-1]
    if message_id is None or message_id not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(message_id)
    world.publish_chat(chat)
    return True


class UnpinAllChatMessages(Parameters):
    """Parameters of ``unpinAllChatMessages``."""

    chat_id: ChatReference


@serves(UnpinAllChatMessages)
def unpin_all_chat_messages(world: World, p: UnpinAllChatMessages) -> Result:
    """Unpin all messages."""
    chat = _chat_to_pin_in(world, p.chat_id)
    chat.pinned.clear()
    world.publish_chat(chat)
    return True


def _chat_to_pin_in(world: World, reference: int | str) -> Chat:
    chat = world.chat_for_bot(reference)
    if chat.type != "private" and not chat.member(world.bot.id).is_administrator:
        raise bad_request("not enough rights to manage pinned messages in the chat")
    return chat
