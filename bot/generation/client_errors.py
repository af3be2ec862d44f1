"""What the failures and refusals of a completions service mean to the bot."""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx
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

BROKEN_ANSWER = (ValueError, TypeError, AttributeError, LookupError)
"""What reading an answer raises that is not of the protocol's form: no JSON, no UTF-8, no choices.
Such errors may quote the answer, so they are never chained."""

_GREATEST_WAIT_S = 60.0
_OUR_NAMES = {"max_tokens": "max_new_tokens", "min_tokens": "min_new_tokens"}
_CODE = re.compile(r"[\w.-]{1,60}", re.ASCII)
# vLLM: "This model's maximum context length is 1024 tokens. However, ... 1200 ..."
_CONTEXT_LENGTH = re.compile(r"maximum context length is (\d+) tokens\D+(\d+)")

_REASONS: dict[int, FailureReason] = {
    HTTPStatus.UNAUTHORIZED: FailureReason.MISCONFIGURED,
    HTTPStatus.FORBIDDEN: FailureReason.MISCONFIGURED,
    HTTPStatus.NOT_FOUND: FailureReason.MISCONFIGURED,
    HTTPStatus.METHOD_NOT_ALLOWED: FailureReason.MISCONFIGURED,
    HTTPStatus.GONE: FailureReason.MISCONFIGURED,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: FailureReason.MISCONFIGURED,
    HTTPStatus.REQUEST_TIMEOUT: FailureReason.TIMEOUT,
    HTTPStatus.GATEWAY_TIMEOUT: FailureReason.TIMEOUT,
    HTTPStatus.CONFLICT: FailureReason.AWAY,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: FailureReason.TOO_LONG,
}


def translate(error: Exception, parameters: SamplingParameters | None = None) -> RequestError:
    """Return the project's own error for one of the client library's, of HTTP or of reading.

    Args:
        error: What was raised.
        parameters: What was asked for, to tell the value that was refused.
    """
    name = type(error).__name__
    match error:
        case RequestError():
            return error
        case openai.APIStatusError():
            return _from_status(error.status_code, _details(error), parameters)
        case openai.APIConnectionError():
            return _from_connection(error.__cause__ or error)
        case openai.APIResponseValidationError():
            return GenerationError(FailureReason.AWAY, f"broken answer: {name}")
        case openai.APIError():  # an error in the middle of a stream
            code = _code(_details(error))
            return GenerationError(FailureReason.AWAY, f"failed while writing: {code}")
        case httpx.HTTPError() | OSError():
            return _from_connection(error)
        case _:
            return GenerationError(FailureReason.AWAY, f"broken answer: {name}")


def retry_after_s(response: httpx.Response) -> float | None:
    """Return in how many seconds a service may be asked again; None if it does not say.

    It is a minute at most, whatever a full service asks for.
    """
    said = response.headers.get("retry-after", "")
    try:
        wait_s = float(said)
    except ValueError:
        try:
            wait_s = parsedate_to_datetime(said).timestamp() - time.time()
        except (ValueError, TypeError):
            return None
    return min(max(0.0, wait_s), _GREATEST_WAIT_S)


def _from_connection(error: BaseException) -> GenerationError:
    name = type(error).__name__
    is_connecting = isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout)
    is_silent = isinstance(error, httpx.TimeoutException | openai.APITimeoutError)
    if is_silent and not is_connecting:
        return GenerationError(FailureReason.TIMEOUT, f"silent for too long: {name}")
    return GenerationError(FailureReason.AWAY, f"no connection: {name}")


def _details(error: openai.APIError) -> Mapping[str, Any]:
    body = error.body
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
        body = body["error"]
    return body if isinstance(body, Mapping) else {}


def _from_status(
    status: int, details: Mapping[str, Any], parameters: SamplingParameters | None
) -> RequestError:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return EngineBusyError(_number(details.get("limit")))
    if status == HTTPStatus.BAD_REQUEST:
        known = _too_long(details) or _invalid_parameter(details, parameters)
        if known is not None:
            return known
    return GenerationError(_reason_of(status), f"status {status}: {_code(details)}")


def _code(details: Mapping[str, Any]) -> str:
    """Return the error's code, if it looks like one: other text may quote the prompt."""
    code = details.get("code") or details.get("type")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "no code"


def _reason_of(status: int) -> FailureReason:
    known = _REASONS.get(status)
    if known is not None:
        return known
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return FailureReason.AWAY
    if status < HTTPStatus.BAD_REQUEST:  # it wants us to go elsewhere
        return FailureReason.MISCONFIGURED
    return FailureReason.REFUSED


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
