"""What happens when a handler fails."""

import logging

from telegram import Update
from telegram.constants import CallbackQueryLimit
from telegram.error import Conflict, TelegramError

from bot.errors import RequestError
from bot.telegram.apologies import failure_text
from bot.telegram.context import FrontContext
from bot.telegram.logs import log_unexpected

logger = logging.getLogger(__name__)

_TOAST_CHARACTERS = CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH


async def handle_error(update: object, context: FrontContext) -> None:
    """Log what nobody expected, then tell the person."""
    error = context.error
    assert error is not None  # mypy: error handlers get one
    if isinstance(error, Conflict):
        logger.warning("another program polls with the same token")
        return
    if isinstance(error, TelegramError):
        # Nothing that a handler itself asks of Telegram is needed for its answer.
        logger.warning("Telegram: %s", type(error).__name__)
        return
    if not isinstance(error, RequestError):
        log_unexpected(logger, error)
    if isinstance(update, Update):
        text = failure_text(error, context.texts(update).failures)
        if update.callback_query is not None:
            context.toast(update, text[:_TOAST_CHARACTERS])
        else:
            context.answer(update, text)
