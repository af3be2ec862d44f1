"""Files: sending documents, and getting files to download them."""

from typing import Annotated

from pydantic import BeforeValidator

from bot.playground.methods.parameters import (
    Entity,
    FromJson,
    Parameters,
    Unsupported,
    Upload,
)
from bot.playground.methods.registry import Result, serves
from bot.playground.methods.sending import SendingParameters, destination, formatted, post
from bot.playground.model import StoredFile
from bot.playground.refusals import bad_request
from bot.playground.text import MAX_CAPTION_UTF16
from bot.playground.wire import file_path
from bot.playground.world import World

MAX_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024


def _document(value: object) -> object:
    if isinstance(value, str) and value.startswith("attach://"):
        raise ValueError(f"there is no file {value!r} in the request")
    return value


class SendDocument(SendingParameters):
    """Parameters of ``sendDocument``."""

    document: Annotated[Upload | str, BeforeValidator(_document)]
    caption: str = ""
    caption_entities: FromJson[list[Entity]] | None = None
    disable_content_type_detection: bool = False
    thumbnail: Unsupported = None


@serves(SendDocument)
def send_document(world: World, p: SendDocument) -> Result:
    """Send a file: a new one, or one that Telegram has already, by its ``file_id``."""
    place = destination(world, p, "documents")
    content = formatted(
        p.caption,
        p.caption_entities,
        limit=MAX_CAPTION_UTF16,
        too_long="message caption is too long",
    )
    return post(world, p, place, content, _stored(world, p.document))


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
