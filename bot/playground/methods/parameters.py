"""Parameter types that several methods share.

Values come as JSON, or as strings from forms and query strings, in which the Bot API expects
objects and lists to be JSON themselves.
"""

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

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
    resolved = dict(values)
    for name, value in values.items():
        if isinstance(value, str) and value.startswith("attach://"):
            part = value.removeprefix("attach://")
            if isinstance(values.get(part), Upload):
                resolved[name] = values[part]
                used.add(part)
    return {name: value for name, value in resolved.items() if name not in used}


class Parameters(BaseModel):
    """Parameters of one method. Telegram ignores unknown ones; the playground refuses them."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError("can't parse JSON") from error


def _absent(value: object) -> None:
    if value not in (None, ""):
        raise ValueError("the playground doesn't support this parameter")


T = TypeVar("T")
FromJson = Annotated[T, BeforeValidator(_decoded)]
"""A nested object or list, which forms carry as a JSON string."""
Unsupported = Annotated[Any, PlainValidator(_absent)]
"""A parameter that exists in Telegram but not here; giving it is refused."""


class Entity(Parameters):
    """``MessageEntity``."""

    type: str
    offset: int
    length: int
    url: str | None = None
    user: Json | None = None
    language: str | None = None
    custom_emoji_id: str | None = None


class ReplyParameters(Parameters):
    """``ReplyParameters``, within the same chat."""

    message_id: int
    chat_id: int | None = None
    allow_sending_without_reply: bool = False
    quote: Unsupported = None
    quote_parse_mode: Unsupported = None
    quote_entities: Unsupported = None
    quote_position: Unsupported = None
    checklist_task_id: Unsupported = None
    poll_option_id: Unsupported = None
    ephemeral_message_id: Unsupported = None


class InlineButton(Parameters):
    """``InlineKeyboardButton``; one that tells the bot of it, or one that opens a link."""

    text: str
    url: str | None = None
    callback_data: str | None = None
    style: Literal["danger", "success", "primary"] | None = None


class InlineKeyboard(Parameters):
    """``InlineKeyboardMarkup``."""

    inline_keyboard: list[list[InlineButton]]


class ForceReply(Parameters):
    """``ForceReply``."""

    force_reply: Literal[True]
    input_field_placeholder: str | None = Field(default=None, max_length=64)
    selective: bool = False


AnyMarkup = InlineKeyboard | ForceReply
"""What ``reply_markup`` may be when a message is sent."""


def inline_keyboard_json(markup: InlineKeyboard | None) -> Json | None:
    """Check an inline keyboard and return it as JSON; an empty one counts as none.

    Raises:
        ApiRefusal: 400 in Telegram's words.
    """
    if markup is None:
        return None
    rows = [row for row in markup.inline_keyboard if row]
    for row in rows:
        for button in row:
            _check_button(button)
    if not rows:
        return None
    return {
        "inline_keyboard": [
            [button.model_dump(exclude_none=True) for button in row] for row in rows
        ]
    }


def _check_button(button: InlineButton) -> None:
    if not button.text.strip():
        raise bad_request('can\'t parse inline keyboard button: field "text" must be non-empty')
    actions = [value for value in (button.url, button.callback_data) if value is not None]
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
