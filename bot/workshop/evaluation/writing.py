"""Essays on the held-out topics, from outside: asked of the service as the bot asks."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.essays.writing import Writer
from bot.generation.supervisor import GenerationSupervisor
from bot.storage.records import Preferences

_TOGETHER = 8
_START_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Essay:
    """What one request brought.

    Attributes:
        topic: As it was asked for.
        seed: Of the random draws.
        text: What a person would get, the topic above it left out.
    """

    topic: str
    seed: int
    text: str


def write_essays(
    model: Path,
    topics: Sequence[str],
    seeds: Sequence[int],
    preferences: Preferences,
    on_written: Callable[[], None],
) -> list[Essay]:
    """Have a service of its own write on every topic with every seed.

    Args:
        model: Its folder.
        topics: What to write about.
        seeds: One essay on each topic for each.
        preferences: Length, style and sampling; everything else as a new person has it.
        on_written: Told of each that is there.

    Raises:
        StartupError: The model cannot be loaded.
    """
    wanted = [(topic, seed) for topic in topics for seed in seeds]
    return asyncio.run(_write_all(model, wanted, preferences, on_written))


async def _write_all(
    model: Path,
    wanted: Sequence[tuple[str, int]],
    preferences: Preferences,
    on_written: Callable[[], None],
) -> list[Essay]:
    command = [sys.executable, "-m", "bot", "serve", "--model", str(model)]
    places = asyncio.Semaphore(_TOGETHER)
    async with GenerationSupervisor(command, model=str(model)) as supervisor:
        await supervisor.wait_until_ready(_START_TIMEOUT_S, lambda _: None)
        async with supervisor.client() as client:
            writer = Writer(client)

            async def write(topic: str, seed: int) -> Essay:
                async with places:
                    *_, last = [d async for d in writer.write(topic, preferences, seed)]
                on_written()
                return Essay(topic, seed, last.text.removeprefix(topic).strip())

            return list(await asyncio.gather(*(write(*one) for one in wanted)))
