"""Every kind of wrong answer, and what python-telegram-bot makes of it, however it came."""

from typing import Any

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

WRONG_ANSWERS: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"status": 429, "retry_after": 7}, RetryAfter),
    ({"status": 429, "retry_after": 7, "retry_after_in": "description"}, NetworkError),
    ({"status": 429, "retry_after": 0}, NetworkError),
    ({"status": 429}, NetworkError),
    ({"status": 400, "description": "CHAT_RESTRICTED"}, BadRequest),
    ({"status": 400, "parameters": {"migrate_to_chat_id": -1001}}, ChatMigrated),
    ({"status": 401}, InvalidToken),
    ({"status": 403}, Forbidden),
    ({"status": 404}, InvalidToken),
    ({"status": 409}, Conflict),
    ({"status": 500}, NetworkError),
    ({"status": 502}, NetworkError),
    ({"status": 504, "delay_s": 4}, NetworkError),
    ({"kind": "reset"}, NetworkError),
    ({"kind": "cut"}, NetworkError),
    ({"kind": "html"}, NetworkError),
    ({"kind": "html", "status": 200}, TelegramError),
    ({"kind": "braces"}, KeyError),
    ({"kind": "empty"}, TelegramError),
    ({"kind": "no_result"}, KeyError),
    ({"kind": "hang"}, TimedOut),
    ({"kind": "late", "delay_s": 40}, TimedOut),
]
"""Fields of :class:`bot.playground.faults.Fault`, and the error."""
