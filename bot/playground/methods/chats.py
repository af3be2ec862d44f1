"""Chats, their members, and what is pinned in them."""

from bot.playground.methods.parameters import Parameters, Unsupported
from bot.playground.methods.registry import Result, serves
from bot.playground.model import Chat
from bot.playground.refusals import bad_request
from bot.playground.wire import chat_full_json, member_json, message_json
from bot.playground.world import World


class GetChat(Parameters):
    """Parameters of ``getChat``."""

    chat_id: int


@serves(GetChat)
def get_chat(world: World, p: GetChat) -> Result:
    """Return what is known of a chat."""
    return chat_full_json(world.chat_for_bot(p.chat_id))


class GetChatMember(Parameters):
    """Parameters of ``getChatMember``."""

    chat_id: int
    user_id: int


@serves(GetChatMember)
def get_chat_member(world: World, p: GetChatMember) -> Result:
    """Return what a user is in a chat; who never came has left."""
    chat = world.chat_for_bot(p.chat_id)
    if p.user_id not in world.users:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return member_json(world.users[p.user_id], chat.member(p.user_id))


class GetChatAdministrators(Parameters):
    """Parameters of ``getChatAdministrators``."""

    chat_id: int
    return_bots: bool = False


@serves(GetChatAdministrators)
def get_chat_administrators(world: World, p: GetChatAdministrators) -> Result:
    """Return the administrators that are people, and this bot if it is one."""
    chat = world.chat_for_bot(p.chat_id)
    if chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    return [
        member_json(world.users[member.user_id], member)
        for member in chat.members.values()
        if member.is_administrator
        and (
            p.return_bots
            or not world.users[member.user_id].is_bot
            or member.user_id == world.bot.id
        )
    ]


class PinChatMessage(Parameters):
    """Parameters of ``pinChatMessage``."""

    chat_id: int
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
        service={"pinned_message": message_json(message, with_reply=False)},
    )
    world.publish_chat(chat)
    return True


class UnpinChatMessage(Parameters):
    """Parameters of ``unpinChatMessage``."""

    chat_id: int
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


def _chat_to_pin_in(world: World, chat_id: int) -> Chat:
    chat = world.chat_for_bot(chat_id)
    if chat.type != "private" and not chat.member(world.bot.id).is_administrator:
        raise bad_request("not enough rights to manage pinned messages in the chat")
    return chat
