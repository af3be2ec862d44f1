"""Answers to pressed buttons."""

from bot.playground.methods.parameters import Parameters
from bot.playground.methods.registry import Result, serves
from bot.playground.refusals import bad_request
from bot.playground.world import World

MAX_ANSWER_CHARACTERS = 200


class AnswerCallbackQuery(Parameters):
    """Parameters of ``answerCallbackQuery``."""

    callback_query_id: str
    text: str | None = None
    show_alert: bool = False
    url: str | None = None
    cache_time: int = 0


@serves(AnswerCallbackQuery)
def answer_callback_query(world: World, p: AnswerCallbackQuery) -> Result:
    """Stop the button's waiting, with a short note or an alert when there is a text."""
    query = world.queries.get(p.callback_query_id)
    if query is None or query.is_answered or query.expires_at < world.now():
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if p.text is not None and len(p.text) > MAX_ANSWER_CHARACTERS:
        raise bad_request("MESSAGE_TOO_LONG")
    if p.url is not None and not p.url.startswith(f"https://t.me/{world.bot.username}?start="):
        raise bad_request("URL_INVALID")
    query.is_answered = True
    world.changes.add(
        "callback_answer",
        {
            "query_id": query.id,
            "user_id": query.user_id,
            "chat_id": query.chat_id,
            "message_id": query.message_id,
            "text": p.text,
            "show_alert": p.show_alert,
            "url": p.url,
        },
    )
    return True
