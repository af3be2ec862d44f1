"""How the service logs what went wrong: what people wrote never reaches the log."""

import asyncio
import logging
from typing import Any

from bot.logs import log_unexpected


def log_failure(logger: logging.Logger, message: str, error: BaseException) -> None:
    """Log an error's class and the places it went through, without its words.

    The words of an error may repeat a prompt or a text; so may those of its causes.

    Args:
        logger: Where to.
        message: What failed, without what it failed with.
        error: Why.
    """
    log_unexpected(logger, error, f"{message}:")


def log_loop_failure(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody awaited; for ``set_exception_handler``, whose default logs the words."""
    logger = logging.getLogger("asyncio")
    error = context.get("exception")
    if isinstance(error, BaseException):
        log_failure(logger, context["message"], error)
    else:
        logger.error("%s", context["message"])
