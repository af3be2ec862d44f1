"""Files: sending documents, and getting files to download them."""

from typing import Annotated

from pydantic import BeforeValidator

from bot.playground.methods.parameters import (
    AnyMarkup,
    ChatReference,
    Entity,
    FromJson,
    Parameters,
    ReplyParameters,
    Unsupported,
    Upload,
)
from bot.playground.methods.registry import Result, serves
from bot.playground.methods.sending import destination, formatted, markups
from bot.playground.model import StoredFile
from bot.playground.refusals import bad_request
from bot.playground.text import MAX_CAPTION_UTF16
from bot.playground.wire import file_path, message_json
from bot.playground.world import World

MAX_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024


def _document(value: object) -> object:
    if isinstance(value, str) and value.startswith("attach://"):
        raise ValueError(f"there is no file {value!r} in the request")
    return value


class SendDocument(Parameters):
    """Parameters of ``sendDocument``."""

    chat_id: ChatReference
    document: Annotated[Upload | str, BeforeValidator(_document)]
    message_thread_id: int | None = None
    caption: str = ""
    parse_mode: str | None = None
    caption_entities: FromJson[list[Entity]] | None = None
    disable_content_type_detection: bool = False
    disable_notification: bool = False
    protect_content: bool = False
    allow_paid_broadcast: bool = False
    message_effect_id: str | None = None
    reply_parameters: FromJson[ReplyParameters] | None = None
    reply_markup: FromJson[AnyMarkup] | None = None
    thumbnail: Unsupported = None
    business_connection_id: Unsupported = None
    direct_messages_topic_id: Unsupported = None
    suggested_post_parameters: Unsupported = None
    ephemeral_message_parameters: Unsupported = None


@serves(SendDocument)
def send_document(world: World, p: SendDocument) -> Result:
    """Send a file: a new one, or one that Telegram has already, by its ``file_id``."""
    place = destination(world, p.chat_id, p.message_thread_id, p.reply_parameters)
    content = formatted(
        p.caption,
        p.parse_mode,
        p.caption_entities,
        limit=MAX_CAPTION_UTF16,
        too_long="message caption is too long",
    )
    inline, other = markups(p.reply_markup)
    message = world.post(
        place.chat,
        world.bot.id,
        text=content.text or None,
        entities=content.entities,
        document=_stored(world, p.document),
        thread_id=place.thread_id,
        reply_to=place.reply_to,
        quote=place.quote,
        markup=inline,
        page_markup=other,
        is_protected=p.protect_content,
    )
    return message_json(world, message)


def _stored(world: World, document: Upload | str) -> StoredFile:
    if isinstance(document, str):
        file = world.files.get(document)
        if file is None:
            # Telegram would also fetch a web address; the playground calls nobody.
            raise bad_request("wrong file identifier/HTTP URL specified")
        return file
    if not document.data:
        raise bad_request("file must be non-empty")
    if len(document.data) > MAX_UPLOAD_BYTES:
        raise bad_request("file is too big")
    return world.add_file(document.data, document.file_name, document.mime_type)


class GetFile(Parameters):
    """Parameters of ``getFile``."""

    file_id: str


@serves(GetFile)
def get_file(world: World, p: GetFile) -> Result:
    """Return where to download a file from."""
    file = world.files.get(p.file_id)
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
