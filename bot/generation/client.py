"""The bot's way to a generation service: its own, or any that speaks the completions protocol."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import httpx
import openai
from openai import AsyncStream
from openai.types import Completion, CompletionUsage

from bot.errors import FailureReason, GenerationError
from bot.generation.client_errors import translate
from bot.generation.frames import Frames
from bot.generation.parameters import SamplingParameters
from bot.generation.served_model import ServedModel, completion_arguments, read_served_model

_POLL_S = 0.25

__all__ = ["GenerationClient", "ServedModel", "TextStream", "Usage"]


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost, in tokens."""

    prompt_tokens: int
    completion_tokens: int


class TextStream(AsyncGenerator[str, None]):
    """The pieces of one text as they come; closing it stops the writing.

    Attributes:
        finish_reason: ``stop`` or ``length`` after the last piece, else None.
        usage: After the last piece, where the service tells.
    """

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self.usage: Usage | None = None
        self._pieces: AsyncGenerator[str, None] | None = None

    @classmethod
    def of(cls, write: "Callable[[TextStream], AsyncGenerator[str, None]]") -> Self:
        """Return a stream of the pieces that ``write`` yields; it begins at the first one read."""
        stream = cls()
        stream._pieces = write(stream)
        return stream

    def _inner(self) -> AsyncGenerator[str, None]:
        assert self._pieces is not None
        return self._pieces

    async def asend(self, value: None) -> str:
        """Return the next piece."""
        return await self._inner().asend(value)

    async def athrow(self, *error: Any) -> str:
        """Raise an error where the next piece would have come."""
        return await self._inner().athrow(*error)

    async def aclose(self) -> None:
        """Stop: the connection is closed, and the service frees the slot at its next step."""
        await self._inner().aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


class GenerationClient:
    """Asks a generation service for texts. One for the whole program; it keeps connections open.

    Works with this project's own service and, with what they understand, with vLLM, llama.cpp's
    server, Ollama and others that have ``/v1/completions``.
    """

    def __init__(
        self,
        base_url: str = "http://localhost",
        *,
        uds: Path | None = None,
        api_key: str | None = None,
        model: str | None = None,
        frames: Frames | None = None,
        connect_timeout_s: float = 5.0,
        silence_timeout_s: float = 60.0,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            base_url: Of the service; ``/v1`` is added unless it is there.
            uds: Path of a Unix socket to go through instead of TCP.
            api_key: Sent as a bearer token.
            model: Which of the served models; None takes the first.
            frames: For services that do not tell theirs; None is GPT-2's plain way.
            connect_timeout_s: For opening a connection.
            silence_timeout_s: Longest silence of this project's own service, which sends a sign of
                life every ten seconds, before it counts as lost. Others get ten times as long.
        """
        self._model_wanted = model
        self._default_frames = frames or Frames.plain({})
        self._silence_timeout_s = silence_timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._root = base_url.rstrip("/").removesuffix("/v1")
        self._served: ServedModel | None = None
        # Trust of proxy variables would send loopback traffic through a school's proxy.
        self._http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(
                uds=str(uds) if uds is not None else None,
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=32),
            ),
            trust_env=False,
            timeout=self._timeout(silence_timeout_s),
        )
        self._openai = openai.AsyncOpenAI(
            base_url=f"{self._root}/v1",
            api_key=api_key or "none",
            max_retries=0,  # the dispatcher decides what is tried again
            http_client=cast("Any", self._http),  # openai 3 is typed for httpx2, takes both
        )

    def _timeout(self, silence_s: float) -> httpx.Timeout:
        return httpx.Timeout(silence_s, connect=self._connect_timeout_s)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def describe(self, *, fresh: bool = False) -> ServedModel:
        """Return what is served; asked once and remembered until a connection fails.

        Args:
            fresh: Ask again.

        Raises:
            GenerationError: The service cannot be reached, or has no such model.
        """
        if self._served is not None and not fresh:
            return self._served
        try:
            page = await self._openai.models.list()
        except openai.OpenAIError as error:
            raise translate(error) from error
        models = [model for model in page.data if self._model_wanted in {None, model.id}]
        if not models:
            raise GenerationError(FailureReason.MISCONFIGURED, "the service has no such model")
        self._served = read_served_model(models[0].model_dump(), self._default_frames)
        return self._served

    def stream(
        self,
        prompt: str,
        parameters: SamplingParameters,
        *,
        candidates: int = 1,
        keep_last_tokens: int | None = None,
        request_id: str | None = None,
    ) -> TextStream:
        """Ask for the text that follows a prompt.

        Args:
            prompt: What is continued; the answer does not repeat it.
            parameters: How to write.
            candidates: Texts to write, of which the best is given. With more than one it comes as
                a single piece, at the end. Services other than our own write one.
            keep_last_tokens: Of a longer prompt, only so many tokens at its end are used; -1 keeps
                as many as fit. None: a prompt that is too long is an error.
            request_id: Appears in the service's log.

        Returns:
            The pieces. The request is sent when the first one is asked for. Reading raises
            GenerationError, PromptTooLongError, EngineBusyError or InvalidParameterError.
        """

        def write(stream: TextStream) -> AsyncGenerator[str, None]:
            return self._write(
                stream, prompt, parameters, candidates, keep_last_tokens, request_id
            )

        return TextStream.of(write)

    async def _write(
        self,
        stream: TextStream,
        prompt: str,
        parameters: SamplingParameters,
        candidates: int,
        keep_last_tokens: int | None,
        request_id: str | None,
    ) -> AsyncGenerator[str, None]:
        try:
            served = await self.describe()
            request = completion_arguments(
                served, prompt, parameters, candidates, keep_last_tokens
            )
            silence_s = self._silence_timeout_s * (1 if served.is_own else 10)
            request["timeout"] = self._timeout(silence_s)
            if request_id is not None:
                request["extra_headers"] = {"X-Request-Id": request_id}
            answer = self._whole if "best_of" in request else self._pieces
            async with aclosing(answer(stream, request)) as texts:
                async for text in texts:
                    yield text
        except openai.OpenAIError as error:
            if not isinstance(error, openai.APIStatusError):
                self._served = None  # it may come back with another model
            raise translate(error, parameters) from error
        except (httpx.HTTPError, OSError) as error:
            self._served = None
            raise GenerationError(
                FailureReason.AWAY, f"connection lost: {type(error).__name__}"
            ) from error
        if stream.finish_reason is None:
            raise GenerationError(FailureReason.AWAY, "the answer broke off")

    async def _pieces(
        self, stream: TextStream, request: dict[str, Any]
    ) -> AsyncGenerator[str, None]:
        answer: AsyncStream[Completion] = await self._openai.completions.create(
            **request, stream=True, stream_options={"include_usage": True}
        )
        try:
            async for chunk in answer:
                stream.usage = _usage(chunk.usage) or stream.usage
                for choice in chunk.choices:
                    if choice.finish_reason:
                        stream.finish_reason = choice.finish_reason
                    if choice.text:
                        yield choice.text
        finally:
            await answer.close()

    async def _whole(
        self, stream: TextStream, request: dict[str, Any]
    ) -> AsyncGenerator[str, None]:
        # A single answer comes when all is written, without signs of life before.
        request["timeout"] = httpx.Timeout(None, connect=self._connect_timeout_s)
        answer: Completion = await self._openai.completions.create(**request)
        choice = answer.choices[0]
        stream.finish_reason = choice.finish_reason
        stream.usage = _usage(answer.usage)
        yield choice.text

    async def wait_until_ready(
        self,
        timeout_s: float,
        on_progress: Callable[[float | None], None] = lambda _: None,
    ) -> ServedModel:
        """Wait until the service takes requests.

        Args:
            timeout_s: For how long at most.
            on_progress: Told now and then how far loading got, 0 to 1, or None if unknown.

        Raises:
            GenerationError: It was not ready in time, or refuses this client.
        """
        deadline_s = time.monotonic() + timeout_s
        while True:
            try:
                await self._check_health(on_progress)
                return await self.describe(fresh=True)
            except (httpx.HTTPError, OSError) as error:
                reason = type(error).__name__
            except GenerationError as error:
                if not error.is_passing:
                    raise
                reason = error.detail
            if time.monotonic() + _POLL_S > deadline_s:
                raise GenerationError(
                    FailureReason.AWAY, f"not ready after {timeout_s:.0f} s: {reason}"
                )
            await asyncio.sleep(_POLL_S)

    async def _check_health(self, on_progress: Callable[[float | None], None]) -> None:
        """Look at ``/health``, which our service, vLLM and llama.cpp have; Ollama has not."""
        answer = await self._http.get(f"{self._root}/health", timeout=self._connect_timeout_s)
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            return
        try:
            report = answer.json()
        except ValueError:
            report = {}
        progress = report.get("progress") if isinstance(report, dict) else None
        on_progress(progress if isinstance(progress, float) else None)
        raise GenerationError(FailureReason.AWAY, "the service is loading")


def _usage(usage: CompletionUsage | None) -> Usage | None:
    return Usage(usage.prompt_tokens, usage.completion_tokens) if usage is not None else None
