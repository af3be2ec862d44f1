"""The bot's way to a generation service: its own, or any that speaks the completions protocol."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import httpx
import openai
from openai import AsyncStream
from openai.types import Completion

from bot.errors import (
    EngineBusyError,
    FailureReason,
    GenerationError,
    PromptTooLongError,
    RequestError,
)
from bot.generation.balancing import BalancedTransport, ServiceState
from bot.generation.bounded_transport import BoundedTransport
from bot.generation.client_errors import BROKEN_ANSWER, retry_after_s, translate
from bot.generation.frames import Frames
from bot.generation.inspection import (
    Attention,
    Cut,
    LikelyPiece,
    read_attention,
    read_cut,
    read_likely_pieces,
)
from bot.generation.parameters import SamplingParameters
from bot.generation.served_model import ServedModel, completion_arguments, read_served_model

# Their lines at DEBUG are whole requests and answers, at whatever level the bot logs.
for _name in ("openai._base_client", "openai._legacy_response", "openai._response"):
    logging.getLogger(_name).disabled = True

_FAILURES = (openai.OpenAIError, httpx.HTTPError, OSError, *BROKEN_ANSWER)

_POLL_S = 0.25
_DESCRIBE_TIMEOUT_S = 20.0
_FOREIGN_SILENCE = 3  # times our own service's

_ROOT = "http://service"
"""Whichever of the services is asked: the transport puts its address there."""

_TIMES_TURNED_AWAY = 5

__all__ = ["GenerationClient", "ServedModel"]


class GenerationClient:
    """Asks a generation service for texts. One for the whole program; it keeps connections open.

    Works with this project's own service and, with what they understand, with vLLM, llama.cpp's
    server, Ollama and others that have ``/v1/completions``. Several that serve the same model are
    asked as if they were one.

    Attributes:
        away_since: Since when the service is away, in UTC; None when it last answered.
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
            base_url: Of the service, or of several, separated by commas; ``/v1`` is added unless
                it is there.
            uds: Path of a Unix socket to go through instead of TCP.
            api_key: Sent as a bearer token.
            model: Which of the served models; None takes the first.
            frames: For services that do not tell theirs; None is GPT-2's plain way.
            connect_timeout_s: For opening a connection.
            silence_timeout_s: Longest silence of this project's own service, which sends a sign of
                life every ten seconds, before it counts as lost. Others get three times as long.
        """
        self.away_since: datetime | None = None
        self._model_wanted = model
        self._default_frames = frames or Frames.plain({})
        self._silence_timeout_s = silence_timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._served: ServedModel | None = None
        self._watching: asyncio.Task[None] | None = None
        bounded = BoundedTransport(
            uds=str(uds) if uds is not None else None,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=32),
        )
        self._balanced = BalancedTransport(base_url.split(","), bounded)
        # Trust of proxy variables would send loopback traffic through a school's proxy.
        self._http = httpx.AsyncClient(
            transport=self._balanced,
            trust_env=False,
            timeout=self._timeout(silence_timeout_s),
        )
        self._openai = openai.AsyncOpenAI(
            base_url=f"{_ROOT}/v1",
            api_key=api_key or "none",
            max_retries=0,  # the scheduler decides what is tried again
            http_client=cast("Any", self._http),  # openai 3 is typed for httpx2, takes both
        )

    def _timeout(self, silence_s: float) -> httpx.Timeout:
        return httpx.Timeout(silence_s, connect=self._connect_timeout_s)

    @property
    def services(self) -> tuple[ServiceState, ...]:
        """How each of the services is doing."""
        return self._balanced.states

    def slots(self) -> int | None:
        """Return how many texts the services take at once now; None where one does not say."""
        return self._balanced.slots

    async def aclose(self) -> None:
        """Close the connections."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        self._watching = asyncio.create_task(self._balanced.watch(), name="services' health")
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
        with self._translated():
            page = await self._openai.models.list(timeout=_DESCRIBE_TIMEOUT_S)
            models = [model for model in page.data if self._model_wanted in {None, model.id}]
            first = models[0].model_dump(warnings=False) if models else None
            served = first and read_served_model(first, self._default_frames)
        if not served:
            raise GenerationError(FailureReason.MISCONFIGURED, "the service has no such model")
        self.away_since = None
        self._served = served
        return served

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what the libraries raise into the project's own errors."""
        try:
            yield
        except _FAILURES as error:
            raise self._noted(translate(error)) from None

    def _noted(self, error: RequestError) -> RequestError:
        """Remember that the service is away; it may come back with another model."""
        is_busy = isinstance(error, EngineBusyError)
        if isinstance(error, GenerationError) and error.is_passing and not is_busy:
            self._served = None
            self.away_since = self.away_since or datetime.now(UTC)
        return error

    async def stream(
        self,
        prompt: str,
        parameters: SamplingParameters,
        *,
        keep_last_tokens: int | None = None,
    ) -> AsyncGenerator[str, None]:
        """Ask for the text that follows a prompt. Closing the generator stops the writing.

        A full service that says when to come again is asked again then, a few times.

        Args:
            prompt: What is continued; the answer does not repeat it.
            parameters: How to write. Candidates for a sentence are drawn by services that can.
            keep_last_tokens: Of a longer prompt, only so many tokens at its end are used; -1 keeps
                as many as fit. None: a prompt that is too long is an error.

        Yields:
            The pieces. What was written before a failure comes before its error.

        Raises:
            GenerationError: With the reason; ``PromptTooLongError`` and ``EngineBusyError`` are
                such. ``has_begun`` tells whether a piece had come.
            InvalidParameterError: The service refuses a value.
        """
        has_begun = False
        try:
            async with aclosing(self._answer(prompt, parameters, keep_last_tokens)) as pieces:
                async for piece in pieces:
                    has_begun = True
                    self.away_since = None
                    yield piece
        except (GenerationError, *_FAILURES) as error:
            failure = self._noted(translate(error, parameters))
            if isinstance(failure, GenerationError):
                failure.has_begun = has_begun
            raise failure from None

    async def likely_pieces(self, prompt: str, count: int) -> list[LikelyPiece] | None:
        """Return what the model finds likeliest to follow a prompt, likeliest first.

        Args:
            prompt: At its end the pieces would follow.
            count: Pieces, 1 to 100; the service may give fewer.

        Returns:
            The pieces; None where the service does not tell.

        Raises:
            GenerationError: It failed; ``PromptTooLongError`` is such.
        """
        served = await self.describe()
        extra = {"ignore_eos": True} if served.takes_extended else {}
        with self._translated():
            answer: Completion = await self._ask(
                model=served.id, prompt=prompt, max_tokens=1, logprobs=count, extra_body=extra
            )
            pieces = read_likely_pieces(answer.choices[0])
            return pieces and pieces[:count]

    async def attention(self, prompt: str | Sequence[int]) -> Attention | None:
        """Return where the model looks from the end of a text; None where it does not tell.

        Args:
            prompt: The text, or its tokens.

        Raises:
            GenerationError: It failed; ``PromptTooLongError`` is such.
        """
        served = await self.describe()
        if not served.is_own:
            return None
        body = {"model": served.id, "prompt": prompt}
        answer = await self._post("/attention", body)
        with self._translated():
            return None if answer is None else read_attention(answer)

    async def cut(self, text: str) -> Cut | None:
        """Return a text in the model's pieces; None where the service does not tell.

        Raises:
            GenerationError: It failed.
        """
        served = await self.describe()
        body = {"model": served.id, "prompt": text, "add_special_tokens": False}
        answer = await self._post(f"{_ROOT}/tokenize", {**body, "return_token_strs": True})
        with self._translated():
            return None if answer is None else read_cut(answer)

    async def text_of(self, token_ids: Sequence[int]) -> str | None:
        """Return the text of tokens; None where the service does not tell, or knows none such.

        Raises:
            GenerationError: It failed.
        """
        served = await self.describe()
        body = {"model": served.id, "tokens": list(token_ids)}
        answer = await self._post(f"{_ROOT}/detokenize", body)
        with self._translated():
            return None if answer is None else _text(answer["prompt"])

    async def metrics(self) -> str:
        """Return what the service tells Prometheus; nothing where it does not.

        Raises:
            GenerationError: It cannot be reached.
        """
        with self._translated():
            answer = await self._http.get(f"{_ROOT}/metrics", timeout=_DESCRIBE_TIMEOUT_S)
        return answer.text if answer.is_success else ""

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Ask what not every service has; None where it is refused or not there."""
        with self._translated():
            try:
                return await self._openai.post(path, body=body, cast_to=dict[str, Any])
            except (openai.NotFoundError, openai.BadRequestError) as error:
                failure = translate(error)
                if isinstance(failure, PromptTooLongError):
                    raise failure from None
                return None

    async def _answer(
        self,
        prompt: str,
        parameters: SamplingParameters,
        keep_last_tokens: int | None,
    ) -> AsyncGenerator[str, None]:
        served = await self.describe()
        request = completion_arguments(served, prompt, parameters, keep_last_tokens)
        silence_s = self._silence_timeout_s * (1 if served.is_own else _FOREIGN_SILENCE)
        has_text = False
        async with aclosing(self._pieces(request, silence_s)) as pieces:
            async for piece in pieces:
                has_text = has_text or bool(piece.strip())
                yield piece
        if not has_text:
            raise GenerationError(FailureReason.EMPTY)

    async def _pieces(
        self, request: dict[str, Any], silence_s: float
    ) -> AsyncGenerator[str, None]:
        answer: AsyncStream[Completion] = await self._ask(
            **request, stream=True, timeout=self._timeout(silence_s)
        )
        is_whole = False
        try:
            async for chunk in answer:
                for choice in chunk.choices:
                    is_whole = is_whole or bool(choice.finish_reason)
                    if choice.text:
                        yield _text(choice.text)
        finally:
            await answer.close()
        if not is_whole:
            raise GenerationError(FailureReason.AWAY, "the answer broke off")

    async def _ask(self, **request: Any) -> Any:  # noqa: ANN401, openai's overloads decide
        for _ in range(_TIMES_TURNED_AWAY):
            try:
                return await self._openai.completions.create(**request)
            except openai.RateLimitError as error:
                wait_s = retry_after_s(cast("httpx.Response", error.response))
                if wait_s is None:
                    raise
                await asyncio.sleep(wait_s)
        return await self._openai.completions.create(**request)

    async def wait_until_ready(
        self,
        timeout_s: float,
        on_progress: Callable[[float | None], None] = lambda _: None,
        *,
        unreachable_timeout_s: float | None = None,
    ) -> ServedModel:
        """Wait until the service takes requests.

        Args:
            timeout_s: For how long at most.
            on_progress: Told now and then how far loading got, 0 to 1, or None if unknown.
            unreachable_timeout_s: For how long at most without a word that it is loading; None is
                the same.

        Raises:
            GenerationError: It was not ready in time, or refuses this client.
        """
        reason = "no answer yet"
        loop = asyncio.get_running_loop()
        allowed_s = timeout_s if unreachable_timeout_s is None else unreachable_timeout_s
        give_up_s = loop.time() + allowed_s
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    try:
                        if await self._is_loading(on_progress):
                            reason = "the service is loading"
                            give_up_s = loop.time() + allowed_s
                        else:
                            return await self.describe(fresh=True)
                    except GenerationError as error:
                        if not error.is_passing or loop.time() > give_up_s:
                            raise
                        reason = error.detail
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            detail = f"not ready after {timeout_s:.0f} s: {reason}"
            raise GenerationError(FailureReason.AWAY, detail) from None

    async def _is_loading(self, on_progress: Callable[[float | None], None]) -> bool:
        """Look at ``/health``, which our service, vLLM and llama.cpp have; Ollama has not."""
        with self._translated():
            answer = await self._http.get(f"{_ROOT}/health", timeout=self._connect_timeout_s)
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            return False
        try:
            report = answer.json()
        except ValueError:
            report = {}
        progress = report.get("progress") if isinstance(report, dict) else None
        on_progress(progress if isinstance(progress, float) else None)
        self._noted(GenerationError(FailureReason.AWAY))
        return True


def _text(value: object) -> str:
    """Return what should be a text: openai's library takes any answer that is JSON."""
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
