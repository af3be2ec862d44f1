"""The OpenAI completions protocol: what comes in, and the form of every refusal."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bot.errors import (
    EngineBusyError,
    InvalidParameterError,
    PromptTooLongError,
    ShuttingDownError,
)
from bot.generation.parameters import SamplingParameters

GREATEST_CANDIDATES = 20  # OpenAI's own limit on best_of
GREATEST_PROMPTS = 64

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


class StreamOptions(BaseModel):
    """``stream_options`` of a request."""

    model_config = ConfigDict(extra="forbid", strict=True)

    include_usage: bool | None = None


class CompletionRequest(BaseModel):
    """The body of ``POST /v1/completions``; ``None`` means the default, as with OpenAI.

    OpenAI's names first, then vLLM's, then our own. Ranges that ``SamplingParameters`` knows are
    checked there.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    model: str
    prompt: str | list[int] | list[str] | list[list[int]]
    best_of: Annotated[int, Field(ge=1, le=GREATEST_CANDIDATES)] | None = None
    echo: bool | None = None
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: int | None = None
    max_tokens: int | None = None
    n: Annotated[int, Field(ge=1, le=GREATEST_CANDIDATES)] | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    suffix: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    user: str | None = None

    top_k: int | None = None
    repetition_penalty: float | None = None
    min_tokens: int | None = None
    ignore_eos: bool | None = None
    truncate_prompt_tokens: Annotated[int, Field(ge=-1)] | None = None
    return_token_ids: bool | None = None

    no_repeat_ngram_size: int | None = None

    def check(self) -> None:
        """Refuse what the protocol has and this service has not, and what contradicts itself.

        Raises:
            ProtocolError: With the parameter's name.
        """
        for name in ("logprobs", "logit_bias", "suffix", "frequency_penalty", "presence_penalty"):
            if getattr(self, name):  # 0, empty and false ask for nothing
                raise _unsupported(name)
        if self.stream_options is not None and not self.stream:
            raise _invalid("stream_options", "stream_options goes with stream = true")
        if self.truncate_prompt_tokens == 0:
            raise _invalid(
                "truncate_prompt_tokens", "truncate_prompt_tokens must be -1 or above 0"
            )
        if self.candidates < self.answers:
            raise _invalid("best_of", "best_of must not be less than n")
        if self.stream and self.candidates > self.answers:
            raise _invalid("best_of", "with best_of above n there is nothing to stream")

    @property
    def answers(self) -> int:
        """How many texts to give for each prompt."""
        return self.n or 1

    @property
    def candidates(self) -> int:
        """How many texts to write for each prompt."""
        return self.best_of or self.answers

    @property
    def prompts(self) -> Sequence[str | Sequence[int]]:
        """The prompts, each a text or token ids, at least one.

        Raises:
            ProtocolError: There is none, or too many.
        """
        if isinstance(self.prompt, str):
            return [self.prompt]
        if not self.prompt:
            raise _invalid("prompt", "prompt is empty")
        if isinstance(self.prompt[0], int):
            return [[token_id for token_id in self.prompt if isinstance(token_id, int)]]
        if len(self.prompt) > GREATEST_PROMPTS:
            raise _invalid("prompt", f"at most {GREATEST_PROMPTS} prompts at once")
        return [one for one in self.prompt if not isinstance(one, int)]

    def sampling_parameters(self) -> SamplingParameters:
        """Return how to write, with OpenAI's defaults (16 tokens, temperature 1).

        Raises:
            InvalidParameterError: A value is outside its range.
        """
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        if "" in stop:
            raise _invalid("stop", "a stop sequence must not be empty")
        given = {
            "max_new_tokens": 16 if self.max_tokens is None else self.max_tokens,
            "min_new_tokens": self.min_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "top_k": 0 if self.top_k == -1 else self.top_k,  # vLLM's way to say all
            "repetition_penalty": self.repetition_penalty,
            "no_repeat_ngram_size": self.no_repeat_ngram_size,
            "seed": self.seed,
            "ignore_eos": self.ignore_eos,
            "stop": tuple(stop),
        }
        chosen: dict[str, Any] = {
            name: value for name, value in given.items() if value is not None
        }
        return SamplingParameters(**chosen)


def _invalid(param: str, message: str) -> ProtocolError:
    return ProtocolError(400, message, code="invalid_value", param=param)


def _unsupported(param: str) -> ProtocolError:
    message = f"{param} is not supported by this service"
    return ProtocolError(400, message, code="unsupported_parameter", param=param)


def from_validation(error: RequestValidationError) -> ProtocolError:
    """Say what is wrong with a body, without repeating what was in it."""
    problems = error.errors()
    first = problems[0]
    path = [str(part) for part in first["loc"][1:]]
    if first["type"] == "json_invalid" or not path:
        return ProtocolError(400, "the body is not a JSON object", code="invalid_json")
    if first["type"] == "extra_forbidden":
        param = ".".join(path)
        return ProtocolError(
            400, f"unknown parameter {param[:80]}", code="unknown_parameter", param=param[:80]
        )
    if first["type"] == "missing":
        param = ".".join(path)
        return ProtocolError(400, f"{param} is required", code="missing_parameter", param=param)
    # Below a parameter, the path names the branches of a union of types.
    param = path[0]
    message = f"{param}: wrong type" if len(problems) > 1 else f"{param}: {first['msg']}"
    return _invalid(param, message)


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
        case ShuttingDownError():
            return unavailable("the service is stopping", "shutting_down", retry_after_s)
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
