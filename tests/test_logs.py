"""Logs as JSON: a line each, without the token, and without what people write."""

import io
import json
import logging

from bot.logs import JsonFormatter, TokenFilter, log_unexpected


def test_a_record_is_a_line_of_json_without_secrets():
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(TokenFilter("1:secret"))
    logger = logging.getLogger("bot.x")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.info("wait %.1f s\nand «more» of %s", 2, "1:secret")
    words = "El mar de 1:secret"
    try:
        int(words)
    except ValueError as error:
        log_unexpected(logger, error)
        logger.exception("it failed")
    logger.removeHandler(handler)
    first, unexpected, failed = map(json.loads, written.getvalue().splitlines())
    assert first.keys() == {"time", "level", "logger", "message"}
    assert first["time"].endswith("+00:00")
    assert (first["level"], first["logger"]) == ("INFO", "bot.x")
    assert first["message"] == "wait 2.0 s\nand «more» of <token>"
    assert "ValueError" in unexpected["message"]
    assert "El mar" not in unexpected["message"]
    assert "ValueError" in failed["traceback"]
    assert "1:secret" not in written.getvalue()
