"""What comes in: OpenAI's completions and chat completions, with vLLM's additions and our own.

``None`` means the default, as with OpenAI. What a field means that nobody here knows is ignored,
as the servers do that clients are written for. Ranges that ``SamplingParameters`` knows are
checked there.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from bot.generation.parameters import SamplingParameters
from bot.generation.server.refusals import invalid, unsupported

GREATEST_CANDIDATES = 20  # OpenAI's own limit on best_of
GREATEST_PROMPTS = 64
DEFAULT_MAX_TOKENS = 16  # OpenAI's, of completions

Prompt = str | list[int]


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class StreamOptions(_Body):
    """``stream_options`` of a request; with the second, every piece tells the usage so far."""

    include_usage: bool | None = None
    continuous_usage_stats: bool | None = None


class WritingRequest(_Body):
    """What completions and chat completions share: OpenAI's fields, vLLM's, our own.

    ``sentence_candidates`` (1 to what ``/v1/models`` tells) draws so many continuations to the end
    of each sentence and goes on with the best; a streamed answer then comes by sentences. What is
    best: likely, without an unlikely stretch, not said before in the answer, the prompt or
    ``preceding``, and naming one of the ``keywords`` now and then.
    """

    model: str
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    max_tokens: int | None = None
    n: Annotated[int, Field(ge=1, le=GREATEST_CANDIDATES)] | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None

    top_k: int | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    min_tokens: int | None = None
    ignore_eos: bool | None = None
    stop_token_ids: list[int] | None = None
    truncate_prompt_tokens: Annotated[int, Field(ge=-1)] | None = None
    return_token_ids: bool | None = None

    no_repeat_ngram_size: int | None = None
    sentence_candidates: int | None = None
    keywords: list[str] | None = None
    preceding: str | None = None

    def check(self) -> None:
        """Refuse what the protocol has and this service has not, and what contradicts itself.

        Raises:
            ProtocolError: With the parameter's name.
        """
        if self.stream_options is not None and not self.stream:
            raise invalid("stream_options", "stream_options goes with stream = true")
        if self.truncate_prompt_tokens == 0:
            raise invalid("truncate_prompt_tokens", "truncate_prompt_tokens must be -1 or above 0")
        if self.max_tokens == 0 and not self.has_echo:
            raise invalid("max_tokens", "max_tokens must be above 0, or 0 with echo")

    @property
    def answers(self) -> int:
        """How many texts to give for each prompt."""
        return self.n or 1

    @property
    def candidates(self) -> int:
        """How many texts to write for each prompt."""
        return self.answers

    @property
    def has_echo(self) -> bool:
        """Whether the answer repeats the prompt."""
        return False

    @property
    def wanted_logprobs(self) -> int | None:
        """How many likeliest tokens to tell with each token; None tells no probabilities."""
        return None

    def sampling_parameters(self, vocabulary_size: int, default_tokens: int) -> SamplingParameters:
        """Return how to write, with OpenAI's defaults (temperature 1).

        Args:
            vocabulary_size: Token ids are below this.
            default_tokens: Where the request does not say how many to write.

        Raises:
            InvalidParameterError: A value is outside its range.
            ProtocolError: So is a token id, or a stop sequence is empty.
        """
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        if "" in stop:
            raise invalid("stop", "a stop sequence must not be empty")
        biases = _token_biases(self.logit_bias or {})
        stop_ids = self.stop_token_ids or []
        for name, ids in (
            ("logit_bias", [one for one, _ in biases]),
            ("stop_token_ids", stop_ids),
        ):
            if not all(0 <= token_id < vocabulary_size for token_id in ids):
                raise invalid(name, f"token ids go from 0 to {vocabulary_size - 1}")
        given = {
            "max_new_tokens": default_tokens if self.max_tokens is None else self.max_tokens,
            "min_new_tokens": self.min_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "top_k": 0 if self.top_k == -1 else self.top_k,  # vLLM's way to say all
            "min_p": self.min_p,
            "repetition_penalty": self.repetition_penalty,
            "presence_penalty": self.presence_penalty,
            "frequency_penalty": self.frequency_penalty,
            "no_repeat_ngram_size": self.no_repeat_ngram_size,
            "seed": self.seed,
            "ignore_eos": self.ignore_eos,
            "stop": tuple(stop),
            "sentence_candidates": self.sentence_candidates,
            "keywords": tuple(self.keywords or ()),
            "preceding": self.preceding,
            "stop_token_ids": tuple(stop_ids),
            "logit_bias": tuple(biases),
            "logprobs": self.wanted_logprobs,
            "scores_prompt": self.has_echo and self.wanted_logprobs is not None,
        }
        chosen: dict[str, Any] = {
            name: value for name, value in given.items() if value is not None
        }
        return SamplingParameters(**chosen)


class CompletionRequest(WritingRequest):
    """The body of ``POST /v1/completions``."""

    prompt: str | list[int] | list[str] | list[list[int]]
    best_of: Annotated[int, Field(ge=1, le=GREATEST_CANDIDATES)] | None = None
    echo: bool | None = None
    logprobs: int | None = None
    suffix: str | None = None

    def check(self) -> None:
        """See the class above."""
        super().check()
        if self.suffix:
            raise unsupported("suffix")
        if self.candidates < self.answers:
            raise invalid("best_of", "best_of must not be less than n")
        if self.stream and self.candidates > self.answers:
            raise invalid("best_of", "with best_of above n there is nothing to stream")

    @property
    def candidates(self) -> int:
        """How many texts to write for each prompt."""
        return self.best_of or self.answers

    @property
    def has_echo(self) -> bool:
        """Whether the answer repeats the prompt."""
        return bool(self.echo)

    @property
    def wanted_logprobs(self) -> int | None:
        """How many likeliest tokens to tell with each token; None tells no probabilities."""
        return self.logprobs

    @property
    def prompts(self) -> Sequence[Prompt]:
        """The prompts, each a text or token ids, at least one.

        Raises:
            ProtocolError: There is none, or too many.
        """
        if isinstance(self.prompt, str):
            return [self.prompt]
        if not self.prompt:
            raise invalid("prompt", "prompt is empty")
        if isinstance(self.prompt[0], int):
            return [[token_id for token_id in self.prompt if isinstance(token_id, int)]]
        if len(self.prompt) > GREATEST_PROMPTS:
            raise invalid("prompt", f"at most {GREATEST_PROMPTS} prompts at once")
        return [one for one in self.prompt if not isinstance(one, int)]


class ContentPart(_Body):
    """A part of a message; only those of text are understood."""

    type: str
    text: str | None = None


class ChatMessage(_Body):
    """One turn of a conversation."""

    role: str
    content: str | list[ContentPart] | None = None

    @property
    def text(self) -> str:
        """What was said.

        Raises:
            ProtocolError: It is a picture, a sound or a file.
        """
        if isinstance(self.content, list):
            if any(part.type != "text" for part in self.content):
                raise invalid("messages", "only text is understood")
            return "".join(part.text or "" for part in self.content)
        return self.content or ""


class ChatRequest(WritingRequest):
    """The body of ``POST /v1/chat/completions``."""

    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    logprobs: bool | None = None
    max_completion_tokens: int | None = None
    response_format: dict[str, Any] | None = None
    top_logprobs: int | None = None

    def model_post_init(self, _context: object) -> None:
        """Take the newer name of ``max_tokens``."""
        if self.max_completion_tokens is not None:
            self.max_tokens = self.max_completion_tokens

    def check(self) -> None:
        """See the class above."""
        super().check()
        if (self.response_format or {}).get("type", "text") != "text":
            raise unsupported("response_format")

    @property
    def wanted_logprobs(self) -> int | None:
        """How many likeliest tokens to tell with each token; None tells no probabilities."""
        return (self.top_logprobs or 0) if self.logprobs else None


class TokenizeRequest(_Body):
    """The body of ``POST /tokenize``, as vLLM has it."""

    prompt: str
    add_special_tokens: bool = True
    return_token_strs: bool | None = None


class DetokenizeRequest(_Body):
    """The body of ``POST /detokenize``, as vLLM has it."""

    tokens: list[int]


class AttentionRequest(_Body):
    """The body of ``POST /v1/attention``, our own."""

    model: str
    prompt: Prompt


def _token_biases(given: dict[str, float]) -> list[tuple[int, float]]:
    try:
        return [(int(token_id), bias) for token_id, bias in given.items()]
    except ValueError:
        raise invalid("logit_bias", "the keys of logit_bias are token ids") from None
