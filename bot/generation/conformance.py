"""What a completions service can do, found out by asking it as the bot does."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.errors import RequestError
from bot.generation.client import GenerationClient
from bot.generation.parameters import SamplingParameters

_PROMPT = "El mar es grande y"
_GREEDY = SamplingParameters(max_new_tokens=24, temperature=0.0, ignore_eos=True)
_LONG = SamplingParameters(max_new_tokens=700, ignore_eos=True)
_STOPS_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.2
_RUNNING = ("vllm:num_requests_running", "llamacpp:requests_processing")
"""Where services count what they write, in ``/metrics``."""


class Capability(StrEnum):
    """Something that the bot makes use of."""

    STREAMING = "streaming"
    """The text comes while it is written."""
    SEED = "seed"
    """The same seed gives the same text, another one another."""
    STOP = "stop"
    """Writing ends before a given text."""
    TOP_K = "top_k"
    """Only the likeliest tokens are drawn from."""
    LOGPROBS = "logprobs"
    """It tells what could come next, and how likely."""
    CANCELLATION = "cancellation"
    """It ends writing when nobody listens any more."""
    TOKENS = "tokens"
    """It shows how it cuts a text."""
    SENTENCE_CANDIDATES = "sentence_candidates"
    """It draws several continuations of a sentence and keeps the best."""


@dataclass(frozen=True, slots=True)
class Conformance:
    """What was found out.

    Attributes:
        model: What the service serves.
        can: For each capability whether it is there; None where it cannot be seen from outside.
    """

    model: str
    can: dict[Capability, bool | None]


async def examine(
    url: str, *, api_key: str | None = None, model: str | None = None
) -> Conformance:
    """Ask a service for a dozen short texts and one that is broken off.

    Args:
        url: Of the service.
        api_key: Sent as a bearer token.
        model: Which of the served models; None takes the first.

    Raises:
        GenerationError: It has no model that can be asked, or does not write at all.
    """
    async with GenerationClient(url, api_key=api_key, model=model) as client:
        return await _examine(client)


async def _examine(client: GenerationClient) -> Conformance:
    served = await client.describe(fresh=True)
    pieces = await _write(client, _GREEDY)
    greedy = "".join(pieces)
    can: dict[Capability, bool | None] = {
        Capability.STREAMING: len(pieces) > 1,
        Capability.SENTENCE_CANDIDATES: served.sentence_candidates > 1,
    }
    looks: dict[Capability, Callable[[], Awaitable[bool | None]]] = {
        Capability.SEED: lambda: _has_seed(client),
        Capability.STOP: lambda: _stops(client, greedy),
        Capability.TOP_K: lambda: _has_top_k(client, greedy),
        Capability.LOGPROBS: lambda: _has(client.likely_pieces(_PROMPT, 3)),
        Capability.CANCELLATION: lambda: _cancels(client),
        Capability.TOKENS: lambda: _has(client.cut(_PROMPT)),
    }
    for capability, look in looks.items():
        try:
            can[capability] = await look()
        except RequestError:
            can[capability] = False
    return Conformance(served.id, can)


async def _write(client: GenerationClient, parameters: SamplingParameters) -> list[str]:
    return [piece async for piece in client.stream(_PROMPT, parameters)]


async def _has(answer: Awaitable[object]) -> bool:
    return await answer is not None


async def _has_seed(client: GenerationClient) -> bool:
    drawn = replace(_GREEDY, temperature=1.0)
    first, again, other = [
        "".join(await _write(client, replace(drawn, seed=seed))) for seed in (7, 7, 8)
    ]
    return first == again != other


async def _stops(client: GenerationClient, greedy: str) -> bool:
    words = greedy.split()
    stop = words[len(words) // 2]
    written = "".join(await _write(client, replace(_GREEDY, stop=(stop,))))
    return stop not in written and greedy.startswith(written)


async def _has_top_k(client: GenerationClient, greedy: str) -> bool:
    # As hot as it gets, the one likeliest token is still the likeliest.
    hot = replace(_GREEDY, temperature=2.0, top_k=1)
    return "".join(await _write(client, hot)) == greedy


async def _cancels(client: GenerationClient) -> bool | None:
    if await _running(client) is None:
        return None
    async with aclosing(client.stream(_PROMPT, _LONG)) as pieces:
        async for _ in pieces:
            break
    with suppress(TimeoutError):
        async with asyncio.timeout(_STOPS_WITHIN_S):
            while await _running(client):  # noqa: ASYNC110 - it is elsewhere
                await asyncio.sleep(_LOOK_EVERY_S)
            return True
    return False


async def _running(client: GenerationClient) -> float | None:
    """Read how many texts a service writes; None where it does not tell."""
    for line in (await client.metrics()).splitlines():
        if line.startswith(_RUNNING):
            return float(line.rpartition(" ")[2])
    return None
