"""What all methods that put a message into a chat have in common."""

from bot.playground.methods.parameters import (
    Entity,
    EphemeralParameters,
    InlineKeyboard,
    ReplyParameters,
    Sending,
    inline_keyboard_json,
)
from bot.playground.model import (
    EPHEMERAL_WAY_S,
    GENERAL_TOPIC_ID,
    Chat,
    Json,
    Message,
    MessageFields,
    User,
)
from bot.playground.refusals import bad_request
from bot.playground.text import (
    check_entities,
    clean,
    detect_entities,
    merge_entities,
    trimmed,
    utf16_length,
)
from bot.playground.wire import message_json
from bot.playground.world import World


def formatted(
    text: str, entities: list[Entity] | None, *, limit: int, too_long: str
) -> tuple[str, list[Json]]:
    """Return the text that Telegram would keep, which may be empty, and its entities.

    Args:
        text: As the bot sent it.
        entities: How the bot marked it.
        limit: The longest text allowed, in UTF-16 units.
        too_long: The reason of the refusal beyond that.

    Raises:
        ApiRefusal: 400.
    """
    given = [entity.model_dump(exclude_none=True) for entity in entities or []]
    check_entities(text, given)
    # Cleaning would move the entities; with them only the ends are cut.
    plain, given = trimmed(text, given) if given else (clean(text), given)
    if utf16_length(plain) > limit:
        raise bad_request(too_long)
    return plain, merge_entities(given, detect_entities(plain))


def post(world: World, to: Sending, what: str, content: MessageFields) -> Json:
    """Put a message of the bot where it belongs and return it as Telegram would.

    Args:
        world: Where its chat is.
        to: Where the bot wants it.
        what: Which messages a chat may forbid: ``text messages``, ``documents``, …
        content: The fields that are its content.

    Raises:
        ApiRefusal: 403 where the bot may not be; 400 where it may not write, for an unknown chat
            or topic, a bad keyboard, or a message to reply to that is gone (without
            ``allow_sending_without_reply``).
    """
    chat = world.chat_for_bot(to.chat_id)
    me = chat.member(world.bot.id)
    if chat.type == "channel" and not me.is_administrator:
        raise bad_request("need administrator rights in the channel chat")
    if me.is_muted:
        raise bad_request(f"not enough rights to send {what} to the chat")
    replied = _replied(world, chat, to.reply_parameters)
    thread_id = to.message_thread_id
    if replied is not None and thread_id is None and chat.is_forum:
        thread_id = replied.thread_id
    if thread_id is not None:
        check_topic(world, chat, thread_id)
    fields: MessageFields = {
        "receiver": _receiver(world, chat, to.ephemeral_message_parameters, replied),
        "thread_id": thread_id,
        "reply_to": None if replied is None else replied.id,
        **content,
    }
    if isinstance(to.reply_markup, InlineKeyboard):
        fields["markup"] = inline_keyboard_json(to.reply_markup)
    elif to.reply_markup is not None:
        fields["forced_reply"] = to.reply_markup.model_dump(exclude_none=True)
    return message_json(world.post(chat, world.bot.id, **fields))


def check_topic(world: World, chat: Chat, thread_id: int) -> None:
    """Refuse to write in a topic that doesn't exist or is closed.

    The general topic has no id to write to: its messages go without ``message_thread_id``.
    """
    topic = chat.topics.get(thread_id)
    if topic is None or thread_id == GENERAL_TOPIC_ID:
        raise bad_request("message thread not found")
    if topic.is_closed and not chat.member(world.bot.id).is_administrator:
        raise bad_request("TOPIC_CLOSED")


def _replied(world: World, chat: Chat, reply: ReplyParameters | None) -> Message | None:
    if reply is None:
        return None
    if reply.chat_id is not None and world.chat(reply.chat_id) is not chat:
        raise bad_request("the playground doesn't support replies to other chats")
    if reply.ephemeral_message_id is not None:
        found = chat.messages.get(-reply.ephemeral_message_id)
    else:
        found = chat.standing(reply.message_id or 0)
    if found is None and not reply.allow_sending_without_reply:
        raise bad_request("message to be replied not found")
    return found


def _receiver(
    world: World, chat: Chat, only_for: EphemeralParameters | None, replied: Message | None
) -> User | None:
    """Return who alone gets a message.

    An administrator may write so at any time; another bot only soon after that person pressed one
    of its buttons or sent it an ephemeral command.
    """
    if only_for is None or world.ignores_ephemeral:
        if replied is not None and replied.receiver is not None:
            raise bad_request("a reply to an ephemeral message must be ephemeral")
        return None
    if chat.type not in ("group", "supergroup"):
        raise bad_request("ephemeral messages can be sent only to groups and supergroups")
    user = world.users.get(only_for.receiver_user_id)
    if user is None or user.is_bot or not chat.member(user.id).is_present:
        raise bad_request("USER_ID_INVALID")
    asked_at = -EPHEMERAL_WAY_S
    if only_for.callback_query_id is not None:
        query = world.open_query(only_for.callback_query_id)
        if (query.user_id, query.chat_id) != (user.id, chat.id):
            raise bad_request("QUERY_ID_INVALID")
        asked_at = query.pressed_at
    elif replied is not None and replied.receiver is world.bot and replied.sender is user:
        asked_at = replied.date
    if world.now() - asked_at > EPHEMERAL_WAY_S and not chat.member(world.bot.id).is_administrator:
        raise bad_request("not enough rights to send ephemeral messages to the chat")
    return user
