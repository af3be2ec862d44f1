"""From a row of the outbox to a request of the Bot API. Plain text, no link previews."""

from dataclasses import dataclass
from typing import Any

from telegram import Bot

from bot.storage.records import Kind, Owed
from bot.telegram import keyboards
from bot.telegram.sending.answers import Answer, Meaning, Plain, read_error
from bot.texts import TEXTS, ChatTexts

_NO_PREVIEW = {"is_disabled": True}


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the Bot API.

    Attributes:
        method: Its name.
        parameters: Plain values.
    """

    method: str
    parameters: dict[str, Any]


async def ask(bot: Bot, request: Request, timeout_s: float) -> Answer:
    """Make a request and read its answer, whatever it is.

    Args:
        bot: Telegram's methods.
        request: What is asked.
        timeout_s: How long the answer may take.
    """
    try:
        result = await bot.do_api_request(
            request.method, request.parameters, read_timeout=timeout_s
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, it means something
        return read_error(error)
    if request.method != "sendMessage":
        return Answer(Meaning.DONE)
    message_id = result.get("message_id") if isinstance(result, dict) else None
    if not isinstance(message_id, int):
        return Answer(Meaning.DOUBT, reason="an answer without a number")
    # What only one person sees has the number 0.
    return Answer(Meaning.DONE, message_id=message_id or None)


def request_of(row: Owed) -> Request:
    """What a row that is a message, a change or a removal of one asks for."""
    if row.kind is Kind.EDIT:
        assert row.target is not None  # mypy: a change has a message
        return edit(row, row.target)
    parameters: dict[str, Any] = {
        "chat_id": row.chat_id,
        "text": _text(row),
        "link_preview_options": _NO_PREVIEW,
    }
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
    return Request("sendMessage", parameters)


def plainer(row: Owed) -> Plain:
    """What can be left out next, where Telegram does not say what it minds; nothing if all is."""
    parameters = request_of(row).parameters
    if "reply_parameters" in parameters:
        return Plain.REPLY
    if "message_thread_id" in parameters:
        return Plain.TOPIC
    return Plain.MARKUP if "reply_markup" in parameters else Plain.NOTHING


def edit(row: Owed, message_id: int) -> Request:
    """Make a message say what a row says; also how a text is looked for that may be there."""
    parameters: dict[str, Any] = {
        "chat_id": row.chat_id,
        "message_id": message_id,
        "text": _text(row),
        "link_preview_options": _NO_PREVIEW,
    }
    markup = _markup(row)
    if markup is not None and "inline_keyboard" in markup:
        parameters["reply_markup"] = markup
    return Request("editMessageText", parameters)


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

    It takes the form of an answer away, and what only one person sees has no number.
    """
    return row.kind is not Kind.QUESTION and bool(row.body) and "only_for" not in row.body


def _text(row: Owed) -> str:
    if row.body.get("buttons") == "kept":
        return TEXTS[row.body["lang"]].chat.kept
    text: str = row.body["text"]
    return text


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
    return job_keyboard(name, body["token"], TEXTS[body["lang"]].chat)


def job_keyboard(name: str, token: str, texts: ChatTexts) -> keyboards.Keyboard:
    """The buttons of a job.

    Args:
        name: ``cancel`` under its placeholder, ``essay`` under its last message, ``retry`` under
            the news that it failed, ``kept`` where it is offered a day late.
        token: The job's.
        texts: Labels.
    """
    labels = {
        "cancel": {keyboards.CANCEL: texts.button_cancel},
        "essay": {
            keyboards.AGAIN: texts.button_again,
            keyboards.CONTINUE: texts.button_continue,
            keyboards.REPORT: texts.button_report,
        },
        "retry": {keyboards.RETRY: texts.button_retry},
        "kept": {keyboards.RECEIVE: texts.button_receive},
    }[name]
    buttons = [
        {"text": label, "callback_data": f"{kind}:{token}"} for kind, label in labels.items()
    ]
    return {"inline_keyboard": [buttons]}
