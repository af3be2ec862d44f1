"""Changing and deleting messages that are there."""

from bot.playground.methods.parameters import (
    Entity,
    FromJson,
    InlineKeyboard,
    Parameters,
    Unsupported,
    inline_keyboard_json,
)
from bot.playground.methods.registry import Result, serves
from bot.playground.methods.sending import formatted
from bot.playground.model import Chat, Json, Message
from bot.playground.refusals import bad_request
from bot.playground.text import MAX_CAPTION_UTF16, MAX_TEXT_UTF16
from bot.playground.wire import message_json
from bot.playground.world import World

DELETABLE_FOR_S = 48 * 3600
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the "
    "same as a current content and reply markup of the message"
)


class EditMessageText(Parameters):
    """Parameters of ``editMessageText``."""

    chat_id: int | None = None
    message_id: int | None = None
    text: str = ""
    parse_mode: Unsupported = None
    entities: FromJson[list[Entity]] | None = None
    link_preview_options: FromJson[Json] | None = None
    reply_markup: FromJson[InlineKeyboard] | None = None
    business_connection_id: Unsupported = None
    inline_message_id: Unsupported = None
    rich_message: Unsupported = None


@serves(EditMessageText)
def edit_message_text(world: World, p: EditMessageText) -> Result:
    """Change the text of a message of the bot; a keyboard that isn't given again goes away."""
    chat, message = _own_message(world, p.chat_id, p.message_id)
    content = formatted(p.text, p.entities, limit=MAX_TEXT_UTF16, too_long="MESSAGE_TOO_LONG")
    if not content.text:
        raise bad_request("message text is empty")
    if message.document is not None:
        raise bad_request("there is no text in the message to edit")
    markup = inline_keyboard_json(p.reply_markup)
    return _edited(world, chat, message, content.text, content.entities, markup)


class EditMessageCaption(Parameters):
    """Parameters of ``editMessageCaption``."""

    chat_id: int | None = None
    message_id: int | None = None
    caption: str = ""
    parse_mode: Unsupported = None
    caption_entities: FromJson[list[Entity]] | None = None
    show_caption_above_media: bool = False
    reply_markup: FromJson[InlineKeyboard] | None = None
    business_connection_id: Unsupported = None
    inline_message_id: Unsupported = None


@serves(EditMessageCaption)
def edit_message_caption(world: World, p: EditMessageCaption) -> Result:
    """Change the caption of a document of the bot."""
    chat, message = _own_message(world, p.chat_id, p.message_id)
    content = formatted(
        p.caption,
        p.caption_entities,
        limit=MAX_CAPTION_UTF16,
        too_long="message caption is too long",
    )
    if message.document is None:
        raise bad_request("there is no caption in the message to edit")
    markup = inline_keyboard_json(p.reply_markup)
    return _edited(world, chat, message, content.text or None, content.entities, markup)


class DeleteMessage(Parameters):
    """Parameters of ``deleteMessage``."""

    chat_id: int
    message_id: int


@serves(DeleteMessage)
def delete_message(world: World, p: DeleteMessage) -> Result:
    """Delete one message."""
    chat = world.chat_for_bot(p.chat_id)
    message = chat.messages.get(p.message_id)
    if message is None:
        raise bad_request("message to delete not found")
    if not _is_deletable(world, chat, message):
        raise bad_request("message can't be deleted for everyone")
    world.remove(chat, message)
    return True


class DeleteMessages(Parameters):
    """Parameters of ``deleteMessages``."""

    chat_id: int
    message_ids: FromJson[list[int]]


@serves(DeleteMessages)
def delete_messages(world: World, p: DeleteMessages) -> Result:
    """Delete up to 100 messages; those that are gone are skipped."""
    chat = world.chat_for_bot(p.chat_id)
    if not 1 <= len(p.message_ids) <= 100:
        raise bad_request(
            "message identifiers are not specified"
            if not p.message_ids
            else "too many message identifiers specified"
        )
    messages = [chat.messages[i] for i in dict.fromkeys(p.message_ids) if i in chat.messages]
    if not all(_is_deletable(world, chat, message) for message in messages):
        raise bad_request("message can't be deleted for everyone")
    for message in messages:
        world.remove(chat, message)
    return True


def _own_message(
    world: World, chat_id: int | None, message_id: int | None
) -> tuple[Chat, Message]:
    if chat_id is None:
        raise bad_request("chat_id is empty")
    chat = world.chat_for_bot(chat_id)
    if message_id is None:
        raise bad_request("message identifier is not specified")
    message = chat.messages.get(message_id)
    if message is None:
        raise bad_request("message to edit not found")
    if message.sender_id != world.bot.id or message.service:
        raise bad_request("message can't be edited")
    return chat, message


def _edited(
    world: World,
    chat: Chat,
    message: Message,
    text: str | None,
    entities: list[Json],
    markup: Json | None,
) -> Json:
    if (text, entities, markup) == (message.text, message.entities, message.markup):
        raise bad_request(_NOT_MODIFIED)
    if (text, entities) != (message.text, message.entities):
        message.edit_date = int(world.now())
    message.text, message.entities, message.markup = text, entities, markup
    world.publish_edit(message)
    return message_json(chat.messages[message.id])


def _is_deletable(world: World, chat: Chat, message: Message) -> bool:
    if {"supergroup_chat_created", "forum_topic_created"} & message.service.keys():
        return False
    if chat.member(world.bot.id).is_administrator:
        return True
    if world.now() - message.date > DELETABLE_FOR_S:
        return False
    return message.sender_id == world.bot.id or chat.type == "private"
