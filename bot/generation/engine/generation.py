"""One text being written, as its reader sees it: a stream of token events, and a way to stop."""

import asyncio
import queue
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bot.generation.parameters import SamplingParameters

FinishReason = Literal["stop", "length", "abort"]


@dataclass(frozen=True, slots=True)
class TokenLogprobs:
    """How likely the model found a token: natural logarithms.

    Attributes:
        chosen: Of the token itself.
        top: ``(token id, log-probability)`` of the likeliest ones, likeliest first.
    """

    chosen: float
    top: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class TokenEvent:
    """One step of a text.

    Attributes:
        token_id: The token, or None where the end itself is the news.
        finish_reason: None while more follows. ``stop``: the model ended the text. ``length``:
            as many tokens as asked for. ``abort``: cancelled, or the engine failed or closed.
        logprobs: Of the token, if they were asked for.
    """

    token_id: int | None
    finish_reason: FinishReason | None
    logprobs: TokenLogprobs | None = None


class Generation:
    """A text being written; iterate over it, with ``async for`` or ``for``, to the last event.

    Attributes:
        parameters: What was asked for.
        seed: Of the random stream, drawn if none was given.
        prompt_tokens: Length of the prompt.
        new_tokens: Tokens written so far.
        submitted_s: When it was handed in, on the ``time.monotonic`` clock, as the next two.
        started_s: When it began to run, or None.
        finished_s: When the last event was made, or None.
        steps: Steps of the engine that it took part in since its prompt was read.
        batch_tokens: Sum, over these steps, of the rows in the batch; divided by ``steps`` it is
            the mean batch size.
        prompt_logprobs: Of the prompt's tokens but the first, if they were asked for; complete
            when the first event comes.
        client: Who asked, or None; see :meth:`Engine.submit_candidates`.
    """

    def __init__(
        self,
        parameters: SamplingParameters,
        seed: int,
        prompt_tokens: int,
        client: str | None = None,
    ) -> None:
        self.parameters = parameters
        self.seed = seed
        self.prompt_tokens = prompt_tokens
        self.new_tokens = 0
        self.submitted_s = time.monotonic()
        self.started_s: float | None = None
        self.finished_s: float | None = None
        self.steps = 0
        self.batch_tokens = 0
        self.prompt_logprobs: list[TokenLogprobs] = []
        self.client = client
        self.is_cancelled = False
        self._events: queue.SimpleQueue[TokenEvent] = queue.SimpleQueue()
        self._has_ended = False
        self._loop = _running_loop()
        self._arrived = asyncio.Event()

    def cancel(self) -> None:
        """Stop writing: its place is free at the next step. The last event says ``abort``.

        Any thread may call this, any number of times.
        """
        self.is_cancelled = True

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop of whoever handed the text in; it is woken when events arrive."""
        return self._loop

    def put(self, events: Iterable[TokenEvent]) -> None:
        """Add events (for the engine's thread, which then wakes the reader)."""
        for event in events:
            self._events.put(event)

    def wake(self) -> None:
        """Tell an asynchronous reader that events arrived (runs on the reader's loop)."""
        self._arrived.set()

    def ready_events(self) -> list[TokenEvent]:
        """Take the events that are there now, without waiting.

        A reader that writes several tokens at once, under load, has less to do per token.
        """
        events: list[TokenEvent] = []
        while not self._has_ended:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                break
            self._has_ended = event.finish_reason is not None
            events.append(event)
        return events

    async def next_events(self) -> list[TokenEvent]:
        """Wait for at least one event and take all that are there; empty after the last."""
        while not self._has_ended:
            self._arrived.clear()
            events = self.ready_events()
            if events:
                return events
            await self._arrived.wait()
        return []

    async def __aiter__(self) -> AsyncIterator[TokenEvent]:
        while events := await self.next_events():
            for event in events:
                yield event

    def __iter__(self) -> Iterator[TokenEvent]:
        while not self._has_ended:
            event = self._events.get()
            self._has_ended = event.finish_reason is not None
            yield event


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
