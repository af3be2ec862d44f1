"""The form of every refusal: OpenAI's error object, without text that a person wrote."""

from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from bot.errors import (
    EngineBusyError,
    InvalidParameterError,
    PromptTooLongError,
)

# Our names for what the protocol names otherwise.
_PROTOCOL_NAMES = {"max_new_tokens": "max_tokens", "min_new_tokens": "min_tokens"}


class ProtocolError(Exception):
    """A refusal in the protocol's form.

    Attributes:
        status: The HTTP status.
        body: The protocol's error object, without text that a person wrote.
        headers: Further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        param: str | None = None,
        kind: str = "invalid_request_error",
        headers: Mapping[str, str] | None = None,
        **details: float | None,
    ) -> None:
        self.status = status
        self.body: dict[str, Any] = {
            "message": message,
            "type": kind,
            "param": param,
            "code": code,
            **details,
        }
        self.headers = dict(headers or {})
        super().__init__(message)

    def response(self) -> JSONResponse:
        """Return the HTTP answer."""
        return JSONResponse({"error": self.body}, self.status, self.headers)


def invalid(param: str, message: str) -> ProtocolError:
    """Return the refusal of a parameter's value."""
    return ProtocolError(400, message, code="invalid_value", param=param)


def unsupported(param: str) -> ProtocolError:
    """Return the refusal of a parameter that the protocol has and this service has not."""
    message = f"{param} is not supported by this service"
    return ProtocolError(400, message, code="unsupported_parameter", param=param)


def from_validation(error: RequestValidationError) -> ProtocolError:
    """Say what is wrong with a body, without repeating what was in it."""
    problems = error.errors()
    first = problems[0]
    path = [str(part) for part in first["loc"][1:]]
    if first["type"] == "json_invalid" or not path:
        return ProtocolError(400, "the body is not a JSON object", code="invalid_json")
    if first["type"] == "missing":
        param = ".".join(path)
        return ProtocolError(400, f"{param} is required", code="missing_parameter", param=param)
    # Below a parameter, the path names the branches of a union of types.
    param = path[0]
    message = f"{param}: wrong type" if len(problems) > 1 else f"{param}: {first['msg']}"
    return invalid(param, message)


def from_error(error: Exception, retry_after_s: int = 5) -> ProtocolError:
    """Put one of our own errors into the protocol's form.

    Args:
        error: What went wrong.
        retry_after_s: When a busy service is likely to take another request.
    """
    match error:
        case ProtocolError():
            return error
        case InvalidParameterError():
            return ProtocolError(
                400,
                _range_message(error),
                code="invalid_value",
                param=_PROTOCOL_NAMES.get(error.name, error.name),
                minimum=error.minimum,
                maximum=error.maximum,
            )
        case PromptTooLongError():
            return ProtocolError(
                400,
                f"the prompt has {error.tokens} tokens; at most {error.limit} fit",
                code="context_length_exceeded",
                param="prompt",
                tokens=error.tokens,
                limit=error.limit,
            )
        case EngineBusyError():
            return ProtocolError(
                429,
                f"all {error.limit} places are taken; try again later",
                code="engine_busy",
                kind="rate_limit_error",
                headers={"Retry-After": str(retry_after_s)},
                limit=error.limit,
            )
        case _:
            return ProtocolError(
                500, "the service failed", code="internal_error", kind="server_error"
            )


def unavailable(message: str, code: str, retry_after_s: int) -> ProtocolError:
    """Return a refusal for now: loading, stopping, stalled."""
    return ProtocolError(
        503,
        message,
        code=code,
        kind="server_error",
        headers={"Retry-After": str(retry_after_s)},
    )


def _range_message(error: InvalidParameterError) -> str:
    name = _PROTOCOL_NAMES.get(error.name, error.name)
    if error.minimum is not None and error.maximum is not None:
        return f"{name} must be between {error.minimum:g} and {error.maximum:g}"
    return f"{name} has a wrong value"
