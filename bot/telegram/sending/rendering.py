"""From a row of the outbox to a request of the Bot API. Plain text, no link previews."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from telegram import Bot, InputFile, InputMediaPhoto

from bot.classroom.explaining import pictures
from bot.essays.messages import TELEGRAM_LIMIT_UNITS, mention, shorten, utf16_units
from bot.logs import log_unexpected
from bot.storage.records import Kind, Owed, user_id_of
from bot.telegram import keyboards
from bot.telegram.sending.answers import Answer, Meaning, Plain, read_error
from bot.texts import TEXTS, Texts

logger = logging.getLogger(__name__)

_NO_PREVIEW = {"is_disabled": True}
_CAPTION_UNITS = 1024
MAKING_MESSAGES = ("sendMessage", "sendDocument", "sendPhoto", "sendPoll", "sendRichMessage")
"""Methods that put a message into a chat, and so are answered by its number."""
_SHEAF_TITLE = 40


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the Bot API.

    Attributes:
        method: Its name.
        parameters: Plain values.
        picture: What is drawn when it leaves, and is its photo.
    """

    method: str
    parameters: dict[str, Any]
    picture: Mapping[str, Any] | None = None


async def ask(bot: Bot, request: Request, timeout_s: float) -> Answer:
    """Make a request and read its answer, whatever it is.

    Args:
        bot: Telegram's methods.
        request: What is asked.
        timeout_s: How long the answer may take.
    """
    parameters = request.parameters
    if request.picture is not None:
        try:
            parameters = await asyncio.to_thread(_with_photo, request)
        except Exception as error:  # noqa: BLE001 - the words under it say the same
            log_unexpected(logger, error)
            return Answer(Meaning.PLAINER, plain=Plain.PICTURE)
    try:
        result = await bot.do_api_request(request.method, parameters, read_timeout=timeout_s)
    except Exception as error:  # noqa: BLE001 - whatever it is, it means something
        return read_error(error)
    if request.method not in MAKING_MESSAGES:
        return Answer(Meaning.DONE)
    message_id = result.get("message_id") if isinstance(result, dict) else None
    if not isinstance(message_id, int):
        return Answer(Meaning.DOUBT, reason="an answer without a number")
    # What only one person sees has the number 0.
    return Answer(Meaning.DONE, message_id=message_id or None)


def _with_photo(request: Request) -> dict[str, Any]:
    """The parameters of a request with its picture, drawn."""
    assert request.picture is not None  # mypy: only such requests come here
    png = pictures.draw(pictures.from_json(request.picture))
    if request.method == "sendPhoto":
        return {**request.parameters, "photo": InputFile(png, filename="picture.png")}
    others = dict(request.parameters)
    media = InputMediaPhoto(png, filename="picture.png", caption=others.pop("caption"))
    return {**others, "media": media}


def request_of(row: Owed) -> Request:
    """What a row that is a message, or a change of one, asks for."""
    if row.kind is Kind.EDIT:
        assert row.target is not None  # mypy: a change has a message
        if "rows" in row.body:
            row = in_one([replace(row, **one) for one in row.body["rows"]]) or row
        return edit(row, row.target or 0)
    if row.kind in (Kind.REACT, Kind.DO):
        return _deed(row)
    method, parameters = _making(row)
    if row.thread_id is not None and not row.plainness & Plain.TOPIC:
        parameters["message_thread_id"] = row.thread_id
    if row.reply_to is not None and not row.plainness & Plain.REPLY:
        # A request that was deleted meanwhile is no hindrance.
        parameters["reply_parameters"] = {
            "message_id": row.reply_to,
            "allow_sending_without_reply": True,
        }
    markup = _markup(row)
    if markup is not None:
        parameters["reply_markup"] = markup
    if "only_for" in row.body:
        parameters["ephemeral_message_parameters"] = row.body["only_for"]
    if "reply_to_ephemeral" in row.body:
        answered = {"ephemeral_message_id": row.body["reply_to_ephemeral"]}
        parameters["reply_parameters"] = answered
    return Request(method, parameters, _picture(row))


def _making(row: Owed) -> tuple[str, dict[str, Any]]:
    """The method that makes a message, and what it says."""
    parameters: dict[str, Any] = {"chat_id": row.chat_id}
    if "poll" in row.body:
        return "sendPoll", {**parameters, **row.body["poll"]}
    if is_rich(row):
        # What a model wrote is no link and nobody's name.
        rich = {"blocks": row.body["rich"], "skip_entity_detection": True}
        return "sendRichMessage", {**parameters, "rich_message": rich}
    parameters |= _content(row)
    if _is_file(row):
        file = row.body["file"]
        document = InputFile(file["text"].encode(), filename=file["name"])
        return "sendDocument", {**parameters, "document": document}
    if _picture(row) is not None:
        return "sendPhoto", parameters
    return "sendMessage", {**parameters, "link_preview_options": _NO_PREVIEW}


def plainer(row: Owed) -> Plain:
    """What can be left out next, where Telegram does not say what it minds; nothing if all is."""
    parameters = request_of(row).parameters
    if "rich_message" in parameters:
        return Plain.RICH
    if "reply_parameters" in parameters:
        return Plain.REPLY
    if "message_thread_id" in parameters:
        return Plain.TOPIC
    if _picture(row) is not None:
        return Plain.PICTURE
    if "entities" in parameters or "caption_entities" in parameters:
        return Plain.ENTITIES
    return Plain.MARKUP if "reply_markup" in parameters else Plain.NOTHING


def edit(row: Owed, message_id: int) -> Request:
    """Make a message say what a row says."""
    request, picture = probe(row, message_id), _picture(row)
    if picture is None:
        return request
    return Request("editMessageMedia", request.parameters, picture)


def probe(row: Owed, message_id: int) -> Request:
    """How a text is looked for that may be there; of a picture it is the words under it."""
    parameters: dict[str, Any] = {
        "chat_id": row.chat_id,
        "message_id": message_id,
        **_content(row),
    }
    markup = _markup(row)
    if markup is not None and "inline_keyboard" in markup:
        parameters["reply_markup"] = markup
    if _is_file(row) or _picture(row) is not None:
        return Request("editMessageCaption", parameters)
    parameters["link_preview_options"] = _NO_PREVIEW
    if "only_for" in row.body:
        parameters["ephemeral_message_id"] = parameters.pop("message_id")
        return Request("editEphemeralMessageText", parameters | row.body["only_for"])
    return Request("editMessageText", parameters)


def _content(row: Owed) -> dict[str, Any]:
    """What is to be read, and how it is set; under a file or a picture it is a caption."""
    body = row.body
    if _picture(row) is not None:
        return {"caption": shorten(body["text"], _CAPTION_UNITS)}
    if body.get("buttons") == "kept":
        return {"text": TEXTS[body["lang"]].chat.kept}
    words, marks = ("caption", "caption_entities") if _is_file(row) else ("text", "entities")
    content: dict[str, Any] = {words: body["text"]}
    if body.get("entities") and not row.plainness & Plain.ENTITIES:
        content[marks] = body["entities"]
    return content


def _picture(row: Owed) -> dict[str, Any] | None:
    picture: dict[str, Any] | None = row.body.get("picture")
    return None if row.plainness & Plain.PICTURE else picture


def is_rich(row: Owed) -> bool:
    """Whether it goes as a rich message."""
    is_offer = row.body.get("buttons") == "kept"
    return "rich" in row.body and not row.plainness & Plain.RICH and not is_offer


def _is_file(row: Owed) -> bool:
    return "file" in row.body and row.body.get("buttons") != "kept"


def _deed(row: Owed) -> Request:
    if row.kind is Kind.DO:
        about = {"message_id": row.target} if row.target else {}
        more = row.body.get("more", {})
        return Request(row.body["method"], {"chat_id": row.chat_id, **about, **more})
    emoji = row.body.get("emoji")
    reaction = [{"type": "emoji", "emoji": emoji}] if emoji else []
    return Request(
        "setMessageReaction",
        {"chat_id": row.chat_id, "message_id": row.target, "reaction": reaction},
    )


def may_share(row: Owed) -> bool:
    """Whether an essay may share its message with others."""
    return "sheaf" in row.body and row.body["buttons"] == "essay" and not row.plainness


def in_one(rows: list[Owed]) -> Owed | None:
    """Several essays in one message, each under the name of whoever asked for it.

    Args:
        rows: The essays, in order; at least one.

    Returns:
        A row that says them all; the first one itself if it is alone; None if they do not fit.
    """
    shown = [row for row in rows if "sheaf" in row.body]
    if len(rows) == 1 or not shown:
        return rows[0]
    text, entities, lines, votes = "", [], [], []
    for number, row in enumerate(shown, start=1):
        sheaf = row.body["sheaf"]
        head = f"{number}. "
        name = sheaf["name"]
        title = shorten(sheaf["title"], _SHEAF_TITLE)
        start = utf16_units(text + head)
        user_id = user_id_of(row.person)
        if name and user_id is not None and "mention" not in sheaf:
            entities.append(mention(name, user_id, start))
        if name:
            head += f"{name}: "
        start = utf16_units(text + head)
        entities.append({"type": "bold", "offset": start, "length": utf16_units(title)})
        start = utf16_units(f"{text}{head}{title}\n")
        entities.append(
            {
                "type": "expandable_blockquote",
                "offset": start,
                "length": utf16_units(sheaf["text"]),
            }
        )
        text += f"{head}{title}\n{sheaf['text']}\n{sheaf['foot']}\n\n"
        texts = TEXTS[row.body["lang"]]
        buttons = job_buttons("essay", row.body["token"], texts)
        buttons[0]["text"] = f"{number}: {buttons[0]['text'].lower()}"
        lines.append(buttons)
        if "votes" in row.body:
            votes.append(_vote_button(row.body["token"], texts, f" {number}"))
    lines += [votes] if votes else []
    text = text.rstrip()
    if utf16_units(text) > TELEGRAM_LIMIT_UNITS:
        return None
    body = {"text": text, "entities": entities, "markup": {"inline_keyboard": lines}}
    return replace(rows[0], body=body, reply_to=None)


def removal(chat_id: int, message_ids: list[int]) -> Request:
    """Delete up to a hundred of the bot's messages."""
    return Request("deleteMessages", {"chat_id": chat_id, "message_ids": message_ids})


def closing_word(row: Owed) -> Request:
    """Make a message that cannot be deleted say that it is over, without its buttons."""
    over = TEXTS[row.body.get("lang", "es")].chat.placeholder_over
    return Request(
        "editMessageText",
        {
            "chat_id": row.chat_id,
            "message_id": row.target,
            "text": row.body.get("closing", over),
        },
    )


def can_be_found(row: Owed) -> bool:
    """Whether an edit that says the same would find it.

    It takes the form of an answer away, and the blocks of a rich message; a poll has no text, and
    what only one person sees has no number.
    """
    is_plain = not {"only_for", "poll"} & row.body.keys() and not is_rich(row)
    return row.kind is not Kind.QUESTION and bool(row.body) and is_plain


def _markup(row: Owed) -> dict[str, Any] | None:
    body = row.body
    if row.plainness & Plain.MARKUP:
        return None
    if "hint" in body:
        # Selective: only the person who is replied to sees the input field open.
        return {
            "force_reply": True,
            "selective": True,
            "input_field_placeholder": body["hint"],
        }
    if "markup" in body:
        markup: dict[str, Any] | None = body["markup"]
        return markup
    name = body.get("buttons")
    if not name:
        return None
    texts = TEXTS[body["lang"]]
    lines = [job_buttons(name, body["token"], texts)]
    if "ideas" in body:
        ideas = f"{keyboards.IDEAS}:{body['token']}"
        lines.append([{"text": texts.chat.button_ideas, "callback_data": ideas}])
    if "votes" in body:
        lines.append([_vote_button(body["token"], texts)])
    return {"inline_keyboard": lines}


def _vote_button(token: str, texts: Texts, which: str = "") -> dict[str, str]:
    label = texts.desk.labels["like"] + which
    return {"text": label, "callback_data": f"{keyboards.VOTE}:{token}"}


def job_buttons(name: str, token: str, texts: Texts) -> list[dict[str, str]]:
    """The buttons of a job.

    Args:
        name: ``cancel`` under its placeholder, ``essay`` under its last message, ``retry`` under
            the news that it failed, ``kept`` where it is offered a day late.
        token: The job's.
        texts: The language of the labels.
    """
    chat = texts.chat
    labels = {
        "cancel": {keyboards.CANCEL: chat.button_cancel},
        "essay": {
            keyboards.AGAIN: chat.button_again,
            keyboards.CONTINUE: chat.button_continue,
            keyboards.REPORT: chat.button_report,
        },
        "retry": {keyboards.RETRY: chat.button_retry},
        "kept": {keyboards.RECEIVE: chat.button_receive},
    }[name]
    return [{"text": label, "callback_data": f"{kind}:{token}"} for kind, label in labels.items()]
