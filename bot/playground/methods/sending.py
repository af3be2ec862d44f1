"""What all methods that put a message into a chat have in common."""

from dataclasses import dataclass

from bot.playground.methods.parameters import (
    AnyMarkup,
    Entity,
    FromJson,
    InlineKeyboard,
    Parameters,
    ReplyParameters,
    Unsupported,
    inline_keyboard_json,
)
from bot.playground.model import GENERAL_TOPIC_ID, Chat, Json, StoredFile
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


class SendingParameters(Parameters):
    """Parameters of every method that puts a message of its own into a chat."""

    chat_id: int
    message_thread_id: int | None = None
    parse_mode: Unsupported = None
    disable_notification: bool = False
    reply_parameters: FromJson[ReplyParameters] | None = None
    reply_markup: FromJson[AnyMarkup] | None = None
    business_connection_id: Unsupported = None
    direct_messages_topic_id: Unsupported = None
    suggested_post_parameters: Unsupported = None
    ephemeral_message_parameters: Unsupported = None
    protect_content: Unsupported = None
    allow_paid_broadcast: Unsupported = None
    message_effect_id: Unsupported = None


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text as it will be kept, with its entities."""

    text: str
    entities: list[Json]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a message goes: the chat, the topic and the message that it answers."""

    chat: Chat
    thread_id: int | None
    reply_to: int | None


def formatted(text: str, entities: list[Entity] | None, *, limit: int, too_long: str) -> Formatted:
    """Return the text that Telegram would keep; it may be empty.

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
    return Formatted(plain, merge_entities(given, detect_entities(plain)))


def destination(world: World, p: SendingParameters, what: str) -> Destination:
    """Find out where a message of the bot goes.

    Args:
        world: Where its chat is.
        p: What the bot asks for.
        what: Which messages a chat may forbid: ``text messages`` or ``documents``.

    Raises:
        ApiRefusal: 403 where the bot may not be; 400 where it may not write, for an unknown chat
            or topic, or a message to reply to that is gone (without
            ``allow_sending_without_reply``).
    """
    chat = world.chat_for_bot(p.chat_id)
    me = chat.member(world.bot.id)
    if chat.type == "channel" and not me.is_administrator:
        raise bad_request("need administrator rights in the channel chat")
    if me.is_muted:
        raise bad_request(f"not enough rights to send {what} to the chat")
    reply_to = _reply(world, chat, p.reply_parameters)
    thread_id = p.message_thread_id
    if reply_to is not None and thread_id is None and chat.is_forum:
        thread_id = chat.messages[reply_to].thread_id
    if thread_id is not None:
        check_topic(world, chat, thread_id)
    return Destination(chat, thread_id, reply_to)


def check_topic(world: World, chat: Chat, thread_id: int) -> None:
    """Refuse to write in a topic that doesn't exist or is closed.

    The general topic has no id to write to: its messages go without ``message_thread_id``.
    """
    topic = chat.topics.get(thread_id)
    if topic is None or thread_id == GENERAL_TOPIC_ID:
        raise bad_request("message thread not found")
    if topic.is_closed and not chat.member(world.bot.id).is_administrator:
        raise bad_request("TOPIC_CLOSED")


def markups(markup: AnyMarkup | None) -> tuple[Json | None, Json | None]:
    """Split ``reply_markup`` into an inline keyboard and a forced reply.

    Raises:
        ApiRefusal: 400 for a bad keyboard.
    """
    if markup is None:
        return None, None
    if isinstance(markup, InlineKeyboard):
        return inline_keyboard_json(markup), None
    return None, markup.model_dump(exclude_none=True)


def _reply(world: World, chat: Chat, reply: ReplyParameters | None) -> int | None:
    if reply is None:
        return None
    if reply.chat_id is not None and world.chat(reply.chat_id) is not chat:
        raise bad_request("the playground doesn't support replies to other chats")
    if reply.message_id in chat.messages:
        return reply.message_id
    if reply.allow_sending_without_reply:
        return None
    raise bad_request("message to be replied not found")


def post(
    world: World,
    p: SendingParameters,
    place: Destination,
    content: Formatted,
    document: StoredFile | None = None,
) -> Json:
    """Put the bot's message into its place and return it as Telegram would."""
    inline, forced = markups(p.reply_markup)
    message = world.post(
        place.chat,
        world.bot.id,
        text=content.text or None,
        entities=content.entities,
        document=document,
        thread_id=place.thread_id,
        reply_to=place.reply_to,
        markup=inline,
        forced_reply=forced,
    )
    return message_json(message)
