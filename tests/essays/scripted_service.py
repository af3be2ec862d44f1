"""A generation service that writes what the test lets it write, when it lets it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from bot.generation.balancing import ServiceState
from bot.generation.client import ServedModel
from bot.generation.frames import Frames
from bot.generation.inspection import Attention, Cut, LikelyPiece
from bot.generation.parameters import SamplingParameters

SENTENCE = " El mar trae palabras nuevas cada día número {}."


@dataclass
class ScriptedService:
    """Writes numbered sentences for ever; ``gate`` holds all streams back while it is closed.

    Attributes:
        failures: Raised one after the other by the next streams, after their first sentence.
        calls: Prompt and parameters of every stream.
        open_streams: Streams begun and not closed.
        shows_inside: Whether it tells pieces, probabilities and attention.
        looked: Calls that asked for those.
        room: Texts that it takes at once, or None if it does not say.
    """

    failures: list[Exception] = field(default_factory=list)
    calls: list[tuple[str, SamplingParameters]] = field(default_factory=list)
    open_streams: int = 0
    sentences: int = 10_000
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waited_for_ready: int = 0
    shows_inside: bool = True
    looked: int = 0
    room: int | None = None

    def slots(self) -> int | None:
        return self.room

    @property
    def services(self) -> tuple[ServiceState, ...]:
        return ()

    async def describe(self) -> ServedModel:
        return ServedModel(
            id="scripted",
            revision="1",
            context_tokens=256,
            frames=Frames.plain({"ensayo": "{topic}."}),
            tokens_per_word=1.5,
            max_batch_size=8,
        )

    async def wait_until_ready(self, timeout_s: float) -> None:
        self.waited_for_ready += 1

    async def stream(
        self,
        prompt: str,
        parameters: SamplingParameters,
        *,
        keep_last_tokens: int | None = None,
    ) -> AsyncGenerator[str]:
        self.calls.append((prompt, parameters))
        self.open_streams += 1
        try:
            for number in range(self.sentences):
                await self.gate.wait()
                for word in SENTENCE.format(number).split(" ")[1:]:
                    await asyncio.sleep(0)
                    yield f" {word}"
                if self.failures:
                    raise self.failures.pop(0)
        finally:
            self.open_streams -= 1

    async def cut(self, text: str) -> Cut | None:
        await self._look()
        pieces = [word if i == 0 else f" {word}" for i, word in enumerate(text.split(" "))]
        return Cut(range(100, 100 + len(pieces)), pieces) if self.shows_inside else None

    async def text_of(self, token_ids: Sequence[int]) -> str | None:
        await self._look()
        return " mar es" if self.shows_inside and max(token_ids) < 1000 else None

    async def likely_pieces(self, prompt: str, count: int) -> list[LikelyPiece] | None:
        await self._look()
        shares = {" un": 0.5, " azul": 0.25, f" {len(prompt)}": 0.25}
        pieces = [LikelyPiece(text, share) for text, share in shares.items()]
        return pieces[:count] if self.shows_inside else None

    async def attention(self, prompt: str | Sequence[int]) -> Attention | None:
        await self._look()
        weights = [0.5, *[0.5 / (len(prompt) - 1)] * (len(prompt) - 1)] if len(prompt) > 1 else [1]
        return Attention([str(one) for one in prompt], [[weights] * 3] * 2)

    async def _look(self) -> None:
        self.looked += 1
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
