"""Changing and deleting messages that are there."""

from typing import Literal

from bot.playground.methods.messages import captioned, stored_photo
from bot.playground.methods.parameters import (
    Entity,
    File,
    FromJson,
    InlineKeyboard,
    Object,
    inline_keyboard_json,
)
from bot.playground.methods.registry import Result, serves
from bot.playground.methods.sending import formatted
from bot.playground.model import Chat, Json, Message, MessageFields
from bot.playground.refusals import bad_request
from bot.playground.text import MAX_TEXT_UTF16
from bot.playground.wire import message_json
from bot.playground.world import World

DELETABLE_FOR_S = 48 * 3600
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the "
    "same as a current content and reply markup of the message"
)


class InputPhoto(Object):
    """``InputMediaPhoto``."""

    type: Literal["photo"]
    media: File
    caption: str = ""
    caption_entities: list[Entity] | None = None


@serves
def edit_message_text(
    world: World,
    *,
    chat_id: int | None = None,
    message_id: int | None = None,
    text: str = "",
    entities: FromJson[list[Entity]] | None = None,
    link_preview_options: FromJson[Json] | None = None,
    reply_markup: FromJson[InlineKeyboard] | None = None,
) -> Result:
    """Change the text of a message of the bot; a keyboard that isn't given again goes away."""
    del link_preview_options
    message = own_message(world, chat_id, message_id)
    return _edited(world, message, reply_markup, _new_text(message, text, entities))


@serves
def edit_message_caption(
    world: World,
    *,
    chat_id: int | None = None,
    message_id: int | None = None,
    caption: str = "",
    caption_entities: FromJson[list[Entity]] | None = None,
    reply_markup: FromJson[InlineKeyboard] | None = None,
) -> Result:
    """Change what stands under a document or photo of the bot."""
    message = own_message(world, chat_id, message_id)
    if message.document is None and message.photo is None:
        raise bad_request("there is no caption in the message to edit")
    return _edited(world, message, reply_markup, captioned(caption, caption_entities))


@serves
def edit_message_media(
    world: World,
    *,
    chat_id: int | None = None,
    message_id: int | None = None,
    media: FromJson[InputPhoto],
    reply_markup: FromJson[InlineKeyboard] | None = None,
) -> Result:
    """Put another photo in the place of a photo of the bot."""
    message = own_message(world, chat_id, message_id)
    return _edited(world, message, reply_markup, _new_photo(world, message, media))


@serves
def edit_message_reply_markup(
    world: World,
    *,
    chat_id: int | None = None,
    message_id: int | None = None,
    reply_markup: FromJson[InlineKeyboard] | None = None,
) -> Result:
    """Change the keyboard under a message of the bot, or take it away."""
    return _edited(world, own_message(world, chat_id, message_id), reply_markup, {})


# The same for messages that only one person sees. Telegram doesn't say whether that person got it.


@serves
def edit_ephemeral_message_text(
    world: World,
    *,
    chat_id: int,
    receiver_user_id: int,
    ephemeral_message_id: int,
    text: str = "",
    entities: FromJson[list[Entity]] | None = None,
    link_preview_options: FromJson[Json] | None = None,
    reply_markup: FromJson[InlineKeyboard] | None = None,
) -> Result:
    """Change the text of an ephemeral message."""
    del link_preview_options
    message = _ephemeral(world, chat_id, receiver_user_id, ephemeral_message_id)
    _edited(world, message, reply_markup, _new_text(message, text, entities))
    return True


@serves
def edit_ephemeral_message_media(
    world: World,
    *,
    chat_id: int,
    receiver_user_id: int,
    ephemeral_message_id: int,
    media: FromJson[InputPhoto],
    reply_markup: FromJson[InlineKeyboard] | None = None,
) -> Result:
    """Put another photo in the place of an ephemeral one."""
    message = _ephemeral(world, chat_id, receiver_user_id, ephemeral_message_id)
    _edited(world, message, reply_markup, _new_photo(world, message, media))
    return True


@serves
def edit_ephemeral_message_reply_markup(
    world: World,
    *,
    chat_id: int,
    receiver_user_id: int,
    ephemeral_message_id: int,
    reply_markup: FromJson[InlineKeyboard] | None = None,
) -> Result:
    """Change the keyboard under an ephemeral message."""
    message = _ephemeral(world, chat_id, receiver_user_id, ephemeral_message_id)
    _edited(world, message, reply_markup, {})
    return True


@serves
def delete_ephemeral_message(
    world: World, *, chat_id: int, receiver_user_id: int, ephemeral_message_id: int
) -> Result:
    """Take an ephemeral message away."""
    message = _ephemeral(world, chat_id, receiver_user_id, ephemeral_message_id)
    world.remove(message.chat, message)
    return True


@serves
def delete_message(world: World, *, chat_id: int, message_id: int) -> Result:
    """Delete one message."""
    chat = world.chat_for_bot(chat_id)
    message = chat.standing(message_id)
    if message is None:
        raise bad_request("message to delete not found")
    if not _is_deletable(world, chat, message):
        raise bad_request("message can't be deleted for everyone")
    world.remove(chat, message)
    return True


@serves
def delete_messages(world: World, *, chat_id: int, message_ids: FromJson[list[int]]) -> Result:
    """Delete up to 100 messages; those that are gone are skipped."""
    chat = world.chat_for_bot(chat_id)
    if not message_ids:
        raise bad_request("message identifiers are not specified")
    if len(message_ids) > 100:
        raise bad_request("too many message identifiers specified")
    found = [message for i in dict.fromkeys(message_ids) if (message := chat.standing(i))]
    if not all(_is_deletable(world, chat, message) for message in found):
        raise bad_request("message can't be deleted for everyone")
    for message in found:
        world.remove(chat, message)
    return True


def own_message(world: World, chat_id: int | None, message_id: int | None) -> Message:
    """Return a message of the bot that everybody sees.

    Raises:
        ApiRefusal: 400 when it isn't there or isn't the bot's.
    """
    if chat_id is None:
        raise bad_request("chat_id is empty")
    chat = world.chat_for_bot(chat_id)
    if message_id is None:
        raise bad_request("message identifier is not specified")
    message = chat.standing(message_id)
    if message is None:
        raise bad_request("message to edit not found")
    if message.sender_id != world.bot.id or message.service:
        raise bad_request("message can't be edited")
    return message


def _ephemeral(world: World, chat_id: int, receiver_id: int, number: int) -> Message:
    message = world.chat_for_bot(chat_id).messages.get(-number)
    if message is None or message.receiver is None or message.receiver.id != receiver_id:
        raise bad_request("MESSAGE_ID_INVALID")
    return message


def _new_text(message: Message, text: str, entities: list[Entity] | None) -> MessageFields:
    text, marked = formatted(text, entities, limit=MAX_TEXT_UTF16, too_long="MESSAGE_TOO_LONG")
    if not text:
        raise bad_request("message text is empty")
    if message.document is not None or message.photo is not None or message.poll is not None:
        raise bad_request("there is no text in the message to edit")
    return {"text": text, "entities": marked}


def _new_photo(world: World, message: Message, media: InputPhoto) -> MessageFields:
    if message.photo is None:
        raise bad_request("there is no media in the message to edit")
    file = stored_photo(world, media.media)
    return {"photo": file, **captioned(media.caption, media.caption_entities)}


def _edited(
    world: World, message: Message, markup: InlineKeyboard | None, content: MessageFields
) -> Json:
    keyboard = inline_keyboard_json(markup)
    changed = {name: new for name, new in content.items() if new != getattr(message, name)}
    if not changed and keyboard == message.markup:
        raise bad_request(_NOT_MODIFIED)
    if changed:
        message.edit_date = int(world.now())
    for name, value in changed.items():
        setattr(message, name, value)
    message.markup = keyboard
    world.publish_edit(message)
    return message_json(message)


def _is_deletable(world: World, chat: Chat, message: Message) -> bool:
    if "forum_topic_created" in message.service:
        return False
    if chat.member(world.bot.id).is_administrator:
        return True
    if world.now() - message.date > DELETABLE_FOR_S:
        return False
    return message.sender_id == world.bot.id or chat.type == "private"
