"""Parameter types that several methods share.

Values come as JSON, or as strings from forms and query strings, in which the Bot API expects
objects and lists to be JSON themselves. Telegram ignores unknown parameters; the playground
refuses them by name, so that a bot's mistake shows.
"""

import json
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.playground.model import Json
from bot.playground.refusals import bad_request

MAX_CALLBACK_DATA_BYTES = 64


class Upload(BaseModel):
    """A file that came as a part of a multipart request."""

    model_config = ConfigDict(frozen=True)

    file_name: str
    mime_type: str
    data: bytes


def with_attachments(values: dict[str, object]) -> dict[str, object]:
    """Replace ``attach://NAME`` by the uploaded part ``NAME``, which is no parameter then."""
    used = set()

    def resolved(value: object) -> object:
        if isinstance(value, dict):
            return {name: resolved(inner) for name, inner in value.items()}
        if isinstance(value, str) and value.startswith("{") and "attach://" in value:
            return resolved(_decoded(value))
        name = value.removeprefix("attach://") if isinstance(value, str) else ""
        if name != value and isinstance(values.get(name), Upload):
            used.add(name)
            return values[name]
        return value

    replaced = {name: resolved(value) for name, value in values.items()}
    return {name: value for name, value in replaced.items() if name not in used}


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError("can't parse JSON") from error


def _there(value: object) -> object:
    if isinstance(value, str) and value.startswith("attach://"):
        raise ValueError(f"there is no file {value!r} in the request")
    return value


T = TypeVar("T")
FromJson = Annotated[T, BeforeValidator(_decoded)]
"""A nested object or list, which forms carry as a JSON string."""
File = Annotated[Upload | str, BeforeValidator(_there)]
"""A new file, or one that Telegram has already, by its ``file_id``."""


class Object(BaseModel):
    """An object of the Bot API."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Entity(Object):
    """``MessageEntity``."""

    type: str
    offset: int
    length: int
    url: str | None = None
    user: Json | None = None
    language: str | None = None
    custom_emoji_id: str | None = None


class ReplyParameters(Object):
    """``ReplyParameters``, within the same chat."""

    message_id: int | None = None
    chat_id: int | None = None
    allow_sending_without_reply: bool = False
    ephemeral_message_id: int | None = None


class EphemeralParameters(Object):
    """``EphemeralMessageParameters``: who alone gets a message, and the press that asked."""

    receiver_user_id: int
    callback_query_id: str | None = None


class CopyText(Object):
    """``CopyTextButton``."""

    text: str = Field(min_length=1, max_length=256)


class InlineButton(Object):
    """``InlineKeyboardButton``: tells the bot, opens a link or copies a text."""

    text: str
    url: str | None = None
    callback_data: str | None = None
    copy_text: CopyText | None = None
    style: Literal["danger", "success", "primary"] | None = None


class InlineKeyboard(Object):
    """``InlineKeyboardMarkup``."""

    inline_keyboard: list[list[InlineButton]]


class ForceReply(Object):
    """``ForceReply``."""

    force_reply: Literal[True]
    input_field_placeholder: str | None = Field(default=None, max_length=64)
    selective: bool = False


class Sending(Object):
    """What every method takes that puts a message of the bot's own into a chat."""

    chat_id: int
    message_thread_id: int | None = None
    disable_notification: bool = False
    reply_parameters: FromJson[ReplyParameters] | None = None
    reply_markup: FromJson[InlineKeyboard | ForceReply] | None = None
    ephemeral_message_parameters: FromJson[EphemeralParameters] | None = None


def inline_keyboard_json(markup: InlineKeyboard | None) -> Json | None:
    """Check an inline keyboard and return it as JSON; an empty one counts as none.

    Raises:
        ApiRefusal: 400 in Telegram's words.
    """
    rows = [row for row in markup.inline_keyboard if row] if markup else []
    for row in rows:
        for button in row:
            _check_button(button)
    buttons = [[button.model_dump(exclude_none=True) for button in row] for row in rows]
    return {"inline_keyboard": buttons} if buttons else None


def _check_button(button: InlineButton) -> None:
    if not button.text.strip():
        raise bad_request('can\'t parse inline keyboard button: field "text" must be non-empty')
    actions = {"url", "callback_data", "copy_text"} & button.model_dump(exclude_none=True).keys()
    if not actions:
        raise bad_request(
            "can't parse inline keyboard button: text buttons are unallowed in the inline keyboard"
        )
    if len(actions) > 1:
        raise bad_request("BUTTON_TYPE_INVALID")
    data = button.callback_data
    if data is not None and not 1 <= len(data.encode()) <= MAX_CALLBACK_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if button.url is not None and not button.url.startswith(("http://", "https://", "tg://")):
        raise bad_request(f"inline keyboard button URL '{button.url}' is invalid: Wrong HTTP URL")
