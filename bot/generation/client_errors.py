"""What the refusals of a completions service mean to the bot."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import openai

from bot.errors import (
    EngineBusyError,
    FailureReason,
    GenerationError,
    InvalidParameterError,
    PromptTooLongError,
    RequestError,
)
from bot.generation.parameters import SamplingParameters

_OUR_NAMES = {"max_tokens": "max_new_tokens", "min_tokens": "min_new_tokens"}
# vLLM: "This model's maximum context length is 1024 tokens. However, ... 1200 ..."
_CONTEXT_LENGTH = re.compile(r"maximum context length is (\d+) tokens\D+(\d+)")

_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT})


def translate(
    error: openai.OpenAIError, parameters: SamplingParameters | None = None
) -> RequestError:
    """Return the project's own error for one of the client library's.

    Args:
        error: What the library raised.
        parameters: What was asked for, to tell the value that was refused.
    """
    if isinstance(error, openai.APIStatusError):
        return _from_status(error.status_code, _details(error), parameters)
    if isinstance(error, openai.APIConnectionError):  # a timeout is one
        return GenerationError(FailureReason.AWAY, f"no connection: {type(error).__name__}")
    if isinstance(error, openai.APIError):  # an error in the middle of a stream
        return GenerationError(
            FailureReason.AWAY, f"failed while writing: {_details(error).get('code')}"
        )
    return GenerationError(FailureReason.REFUSED, type(error).__name__)


def _details(error: openai.APIError) -> Mapping[str, Any]:
    body = error.body
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
        body = body["error"]
    return body if isinstance(body, Mapping) else {}


def _from_status(
    status: int, details: Mapping[str, Any], parameters: SamplingParameters | None
) -> RequestError:
    reason = f"status {status}: {details.get('code') or details.get('type')}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return EngineBusyError(_number(details.get("limit")))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING:
        return GenerationError(FailureReason.AWAY, reason)
    if status == HTTPStatus.BAD_REQUEST:
        known = _too_long(details) or _invalid_parameter(details, parameters)
        if known is not None:
            return known
    return GenerationError(FailureReason.REFUSED, reason)


def _too_long(details: Mapping[str, Any]) -> PromptTooLongError | None:
    """Recognise our own service's refusal, llama.cpp's and vLLM's."""
    if details.get("code") == "context_length_exceeded" and "tokens" in details:
        return PromptTooLongError(_number(details["tokens"]), _number(details.get("limit")))
    if details.get("type") == "exceed_context_size_error":
        tokens, limit = details.get("n_prompt_tokens"), details.get("n_ctx")
        return PromptTooLongError(_number(tokens), _number(limit))
    found = _CONTEXT_LENGTH.search(str(details.get("message", "")))
    if found is None:
        return None
    return PromptTooLongError(int(found[2]), int(found[1]))


def _invalid_parameter(
    details: Mapping[str, Any], parameters: SamplingParameters | None
) -> InvalidParameterError | None:
    name = details.get("param")
    if not isinstance(name, str):
        return None
    name = _OUR_NAMES.get(name, name)
    value = getattr(parameters, name, None)
    return InvalidParameterError(name, value, details.get("minimum"), details.get("maximum"))


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
