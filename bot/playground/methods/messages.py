"""Texts: sending, drafting; showing that the bot is busy; reacting."""

from bot.playground.methods.parameters import (
    Entity,
    FromJson,
    Parameters,
    Unsupported,
)
from bot.playground.methods.registry import Result, serves
from bot.playground.methods.sending import (
    SendingParameters,
    check_topic,
    destination,
    formatted,
    post,
)
from bot.playground.model import GENERAL_TOPIC_ID, Draft, Json
from bot.playground.refusals import bad_request
from bot.playground.text import MAX_TEXT_UTF16
from bot.playground.world import DRAFT_LIFE_S, World

ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


class SendMessage(SendingParameters):
    """Parameters of ``sendMessage``."""

    text: str
    entities: FromJson[list[Entity]] | None = None
    link_preview_options: FromJson[Json] | None = None


@serves(SendMessage)
def send_message(world: World, p: SendMessage) -> Result:
    """Write a text."""
    place = destination(world, p, "text messages")
    content = formatted(p.text, p.entities, limit=MAX_TEXT_UTF16, too_long="message is too long")
    if not content.text:
        raise bad_request("message text is empty")
    return post(world, p, place, content)


class SendMessageDraft(Parameters):
    """Parameters of ``sendMessageDraft``."""

    chat_id: int
    draft_id: int
    text: str = ""
    message_thread_id: int | None = None
    parse_mode: Unsupported = None
    entities: FromJson[list[Entity]] | None = None
    can_stop: bool = False
    keep_on_stop: bool = False


@serves(SendMessageDraft)
def send_message_draft(world: World, p: SendMessageDraft) -> Result:
    """Show what the bot is writing, for half a minute, in a private chat only."""
    chat = world.chat_for_bot(p.chat_id)
    if chat.type != "private":
        raise bad_request("TEXTDRAFT_PEER_INVALID")
    if p.draft_id == 0:
        raise bad_request("draft_id must be non-zero")
    if p.message_thread_id is not None:
        check_topic(world, chat, p.message_thread_id)
    content = formatted(p.text, p.entities, limit=MAX_TEXT_UTF16, too_long="message is too long")
    world.show_draft(
        chat,
        Draft(
            p.draft_id,
            content.text,
            content.entities,
            world.now() + DRAFT_LIFE_S,
            p.message_thread_id,
            p.can_stop,
            p.keep_on_stop,
        ),
    )
    return True


class SendChatAction(Parameters):
    """Parameters of ``sendChatAction``."""

    chat_id: int
    action: str
    message_thread_id: int | None = None
    business_connection_id: Unsupported = None


@serves(SendChatAction)
def send_chat_action(world: World, p: SendChatAction) -> Result:
    """Show for five seconds that the bot is busy."""
    chat = world.chat_for_bot(p.chat_id)
    if p.action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    # Unlike messages, actions may name the general topic.
    if p.message_thread_id is not None and not (
        chat.is_forum and p.message_thread_id == GENERAL_TOPIC_ID
    ):
        check_topic(world, chat, p.message_thread_id)
    world.changes.add(
        "action",
        {"chat_id": chat.id, "message_thread_id": p.message_thread_id, "action": p.action},
    )
    return True


class Reaction(Parameters):
    """``ReactionType``; a bot may use ordinary emoji."""

    type: str
    emoji: str | None = None
    custom_emoji_id: Unsupported = None


class SetMessageReaction(Parameters):
    """Parameters of ``setMessageReaction``."""

    chat_id: int
    message_id: int
    reaction: FromJson[list[Reaction]] | None = None
    is_big: bool = False


@serves(SetMessageReaction)
def set_message_reaction(world: World, p: SetMessageReaction) -> Result:
    """Put the bot's one reaction on a message, or take it away."""
    chat = world.chat_for_bot(p.chat_id)
    message = chat.messages.get(p.message_id)
    if message is None:
        raise bad_request("message to react not found")
    if message.service:
        raise bad_request("REACTION_INVALID")
    reactions = p.reaction or []
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if any(r.type != "emoji" or r.emoji not in REACTION_EMOJI for r in reactions):
        raise bad_request("REACTION_INVALID")
    if reactions:
        message.reactions[world.bot.id] = [r.model_dump(exclude_none=True) for r in reactions]
    elif message.reactions.pop(world.bot.id, None) is None:
        raise bad_request("REACTION_EMPTY")
    world.publish_edit(message)
    return True


# fmt: off
REACTION_EMOJI = frozenset({
    "❤", "👍", "👎", "🔥", "🥰", "👏", "😁", "🤔", "🤯", "😱", "🤬", "😢",
    "🎉", "🤩", "🤮", "💩", "🙏", "👌", "🕊", "🤡", "🥱", "🥴", "😍", "🐳",
    "❤‍🔥", "🌚", "🌭", "💯", "🤣", "⚡", "🍌", "🏆", "💔", "🤨", "😐", "🍓",
    "🍾", "💋", "🖕", "😈", "😴", "😭", "🤓", "👻", "👨‍💻", "👀", "🎃", "🙈",
    "😇", "😨", "🤝", "✍", "🤗", "🫡", "🎅", "🎄", "☃", "💅", "🤪", "🗿",
    "🆒", "💘", "🙉", "🦄", "😘", "💊", "🙊", "😎", "👾", "🤷‍♂", "🤷", "🤷‍♀",
    "😡",
})
# fmt: on
"""The emoji that Telegram allows as reactions."""
