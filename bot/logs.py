"""Keeps the bot token and what people write out of the log."""

import json
import logging
import time
import traceback
from datetime import UTC, datetime

_HIDDEN = "<token>"
_QUIET = ("httpx", "httpcore", "aiosqlite")
"""At DEBUG these print addresses with the token, or statements with what people wrote."""


class TokenFilter(logging.Filter):
    """Takes the bot token out of every record, its traceback included.

    It belongs on handlers, not on loggers: a logger's filter does not see the records of the
    loggers below it.

    Args:
        token: The secret.
    """

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record where it holds the token; never drop it."""
        if not self._token:
            return True
        message = record.getMessage()
        if self._token in message:
            record.msg = message.replace(self._token, _HIDDEN)
            record.args = None
        if record.exc_info is not None and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text and self._token in record.exc_text:
            record.exc_text = record.exc_text.replace(self._token, _HIDDEN)
        return True


def hide_token(token: str) -> None:
    """Keep the token out of what the root logger's handlers write, and quiet what prints it."""
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # A gateway's error page is no JSON; the error that follows is dealt with where it is raised.
    logging.getLogger("telegram.request.BaseRequest").setLevel(logging.CRITICAL)
    # At DEBUG the library prints whole updates, and those are what people write.
    logging.getLogger("telegram").setLevel(logging.INFO)
    for handler in logging.getLogger().handlers:
        handler.addFilter(TokenFilter(token))


def log_unexpected(
    logger: logging.Logger, error: BaseException, message: str = "unexpected"
) -> None:
    """Log where an error arose but not its words: they may quote what people wrote.

    Args:
        logger: Where to.
        error: Why; its class is logged.
        message: What comes before the class.
    """
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s %s\n%s", message, type(error).__name__, frames.rstrip())


class JsonFormatter(logging.Formatter):
    """Writes each record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        # What a filter wrote there holds no secret any more.
        if record.exc_text:
            line["traceback"] = record.exc_text
        elif record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class SeldomFilter(logging.Filter):
    """Lets the same words through once a minute, and then says how often they were meant.

    For loggers whose lines strangers can cause at will.

    Args:
        beginning: Of the lines that this is about; others pass.
    """

    _EVERY_S = 60.0
    _MOST_KINDS = 256

    def __init__(self, beginning: str = "") -> None:
        super().__init__()
        self._beginning = beginning
        self._seen: dict[str, tuple[float, int]] = {}  # when said last, how often kept since

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether the record is to be written."""
        words = record.getMessage()
        if not words.startswith(self._beginning):
            return True
        said_s, kept = self._seen.get(words, (-self._EVERY_S, 0))
        now_s = time.monotonic()
        if now_s - said_s < self._EVERY_S:
            self._seen[words] = (said_s, kept + 1)
            return False
        if len(self._seen) >= self._MOST_KINDS:
            self._seen.clear()
        self._seen[words] = (now_s, 0)
        if kept:
            record.msg, record.args = f"{words} (and {kept} times before)", None
        return True
