"""Sending texts, files, photos and polls; drafts; showing that the bot is busy; reactions."""

from typing import Literal

from bot.playground.methods.parameters import Entity, File, FromJson, Object, Sending, Upload
from bot.playground.methods.registry import Result, serves
from bot.playground.methods.sending import check_topic, formatted, post
from bot.playground.model import GENERAL_TOPIC_ID, Draft, Json, MessageFields, StoredFile
from bot.playground.refusals import bad_request
from bot.playground.text import MAX_CAPTION_UTF16, MAX_TEXT_UTF16, utf16_length
from bot.playground.wire import file_path
from bot.playground.world import DRAFT_LIFE_S, World

_SET_AS = {"heading": "bold", "expandable_blockquote": "expandable_blockquote"}
MAX_RICH_UTF16 = 32_768
MAX_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024


@serves
def send_message(
    world: World,
    *,
    to: Sending,
    text: str,
    entities: FromJson[list[Entity]] | None = None,
    link_preview_options: FromJson[Json] | None = None,
) -> Result:
    """Write a text."""
    del link_preview_options  # nothing is previewed here
    text, marked = formatted(text, entities, limit=MAX_TEXT_UTF16, too_long="message is too long")
    if not text:
        raise bad_request("message text is empty")
    return post(world, to, "text messages", {"text": text, "entities": marked})


class RichBlock(Object):
    """An ``InputRichBlock`` of a kind that the page can show."""

    type: Literal["heading", "paragraph", "expandable_blockquote", "footer"]
    text: str
    size: int | None = None


class RichMessage(Object):
    """``InputRichMessage``, of blocks."""

    blocks: list[RichBlock]
    skip_entity_detection: bool = False


@serves
def send_rich_message(world: World, *, to: Sending, rich_message: FromJson[RichMessage]) -> Result:
    """Write a text of blocks; the page shows them as one, below each other."""
    text, entities = "", []
    for block in rich_message.blocks:
        kind = _SET_AS.get(block.type)
        if kind is not None:
            place = {"offset": utf16_length(text), "length": utf16_length(block.text)}
            entities.append({"type": kind, **place})
        text += f"{block.text}\n"
    if not text.strip():
        raise bad_request("message text is empty")
    if utf16_length(text) > MAX_RICH_UTF16:
        raise bad_request("MESSAGE_TOO_LONG")
    blocks = [block.model_dump(exclude_none=True) for block in rich_message.blocks]
    content: MessageFields = {"text": text.rstrip(), "entities": entities, "rich": blocks}
    return post(world, to, "text messages", content)


@serves
def send_document(
    world: World,
    *,
    to: Sending,
    document: File,
    caption: str = "",
    caption_entities: FromJson[list[Entity]] | None = None,
    disable_content_type_detection: bool = False,
) -> Result:
    """Send a file."""
    del disable_content_type_detection  # nothing is detected here
    file = stored(world, document, MAX_UPLOAD_BYTES)
    content: MessageFields = {"document": file, **captioned(caption, caption_entities)}
    return post(world, to, "documents", content)


@serves
def send_photo(
    world: World,
    *,
    to: Sending,
    photo: File,
    caption: str = "",
    caption_entities: FromJson[list[Entity]] | None = None,
) -> Result:
    """Send a picture."""
    file = stored_photo(world, photo)
    content: MessageFields = {"photo": file, **captioned(caption, caption_entities)}
    return post(world, to, "photos", content)


def captioned(caption: str, entities: list[Entity] | None) -> MessageFields:
    """Return the fields of a checked caption.

    Raises:
        ApiRefusal: 400.
    """
    text, marked = formatted(
        caption, entities, limit=MAX_CAPTION_UTF16, too_long="message caption is too long"
    )
    return {"text": text or None, "entities": marked}


def stored(world: World, given: Upload | str, max_bytes: int) -> StoredFile:
    """Return a file as Telegram keeps it.

    Raises:
        ApiRefusal: 400 for an unknown ``file_id``, an empty or a too big file.
    """
    if isinstance(given, str):
        file = world.files.get(given)
        if file is None:
            # Telegram would also fetch a web address; the playground calls nobody.
            raise bad_request("wrong file identifier/HTTP URL specified")
        return file
    if not given.data:
        raise bad_request("file must be non-empty")
    if len(given.data) > max_bytes:
        raise bad_request("file is too big")
    return world.add_file(given.data, given.file_name, given.mime_type)


def stored_photo(world: World, given: Upload | str) -> StoredFile:
    """Return a picture as Telegram keeps it.

    Raises:
        ApiRefusal: 400, also for what is no picture or has a shape that Telegram refuses.
    """
    file = stored(world, given, MAX_PHOTO_BYTES)
    if file.size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    width, height = file.size
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return file


@serves
def get_file(world: World, *, file_id: str) -> Result:
    """Return where to download a file from."""
    file = world.files.get(file_id)
    if file is None:
        raise bad_request("invalid file_id")
    if len(file.data) > MAX_DOWNLOAD_BYTES:
        raise bad_request("file is too big")
    return {
        "file_id": file.file_id,
        "file_unique_id": file.file_unique_id,
        "file_size": len(file.data),
        "file_path": file_path(file),
    }


@serves
def send_message_draft(
    world: World,
    *,
    chat_id: int,
    draft_id: int,
    text: str = "",
    message_thread_id: int | None = None,
    entities: FromJson[list[Entity]] | None = None,
    can_stop: bool = False,
    keep_on_stop: bool = False,
) -> Result:
    """Show what the bot is writing, for half a minute, in a private chat only."""
    chat = world.chat_for_bot(chat_id)
    if chat.type != "private":
        raise bad_request("TEXTDRAFT_PEER_INVALID")
    if draft_id == 0:
        raise bad_request("draft_id must be non-zero")
    if message_thread_id is not None:
        check_topic(world, chat, message_thread_id)
    text, marked = formatted(text, entities, limit=MAX_TEXT_UTF16, too_long="message is too long")
    expires_at = world.now() + DRAFT_LIFE_S
    world.show_draft(
        chat, Draft(draft_id, text, marked, expires_at, message_thread_id, can_stop, keep_on_stop)
    )
    return True


@serves
def send_chat_action(
    world: World, *, chat_id: int, action: str, message_thread_id: int | None = None
) -> Result:
    """Show for five seconds that the bot is busy."""
    chat = world.chat_for_bot(chat_id)
    if action not in ("typing", "upload_photo", "upload_document"):
        raise bad_request("wrong parameter action in request")
    # Unlike messages, actions may name the general topic.
    is_general = chat.is_forum and message_thread_id == GENERAL_TOPIC_ID
    if message_thread_id is not None and not is_general:
        check_topic(world, chat, message_thread_id)
    shown = {"chat_id": chat.id, "message_thread_id": message_thread_id, "action": action}
    world.changes.add("action", shown)
    return True


class Reaction(Object):
    """``ReactionType``; a bot may use ordinary emoji."""

    type: str
    emoji: str | None = None


@serves
def set_message_reaction(
    world: World,
    *,
    chat_id: int,
    message_id: int,
    reaction: FromJson[list[Reaction]] | None = None,
    is_big: bool = False,
) -> Result:
    """Put the bot's one reaction on a message, or take it away."""
    del is_big
    message = world.chat_for_bot(chat_id).standing(message_id)
    if message is None:
        raise bad_request("message to react not found")
    reactions = reaction or []
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if message.service or any(
        r.type != "emoji" or r.emoji not in REACTION_EMOJI for r in reactions
    ):
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
