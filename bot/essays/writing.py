"""From a topic to an essay: the prompt, the stream, the end.

The chat and the console both write with :class:`Writer`.
"""

import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from bot.essays import finishing
from bot.generation.client import GenerationClient, ServedModel
from bot.generation.parameters import SamplingParameters
from bot.storage.records import Preferences

_SPARE_SHARE = 1.3
_SPARE_TOKENS = 64
"""Room beyond the length aimed at, so that the last sentence can end."""

_LEAST_SHARE = 0.7
"""The model may not end before this share of the length aimed at."""

_NO_REPEAT_TOKENS = 24
"""Longest run of tokens that may come twice; long enough for a topic to be quoted whole."""

_LOOK_CHARACTERS = 16
_LOOK_SHARE = 0.02
"""Growth after which the text is looked at again. A look reads all of it, so that looks at a
long text are rarer and the whole costs no more than a few readings of it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The essay so far.

    Attributes:
        text: Clean text, the opening included; whole sentences once ``is_final``.
        is_final: Whether this is the finished essay.
    """

    text: str
    is_final: bool = False


class Writer:
    """Writes essays with the generation service."""

    def __init__(self, client: GenerationClient) -> None:
        self._client = client

    async def wait_until_ready(self, timeout_s: float) -> None:
        """Wait for the service to have loaded its model.

        Raises:
            GenerationError: It did not within the time.
        """
        await self._client.wait_until_ready(timeout_s)

    async def write(
        self, topic: str, preferences: Preferences, seed: int, preceding: str = ""
    ) -> AsyncGenerator[Draft]:
        """Write one essay, or what follows a given text.

        Args:
            topic: What it is about.
            preferences: Length, style and sampling.
            seed: Seed of the random draws.
            preceding: An essay on the same topic to go on from; the result does not repeat it.

        Yields:
            The growing essay, and last the finished one, never empty.

        Raises:
            GenerationError: The service failed or wrote nothing.
            PromptTooLongError: The topic does not fit into the model's window.
        """
        model = await self._client.describe()
        prompt, opening = _prompt(model, topic, preferences, preceding)
        stream = self._client.stream(
            prompt,
            _parameters(model, preferences, seed),
            candidates=preferences.candidates,
            keep_last_tokens=model.context_tokens // 2 if preceding else None,
        )
        raw = opening
        next_look = 0
        async with aclosing(stream):
            async for piece in stream:
                raw += piece
                if len(raw) < next_look:
                    continue
                next_look = len(raw) + _LOOK_CHARACTERS + int(len(raw) * _LOOK_SHARE)
                text = finishing.clean(raw)
                if _may_stop(text, preferences.words):
                    break
                yield Draft(text)
        yield Draft(finishing.finish(raw, preferences.words), is_final=True)


def _may_stop(text: str, words: int) -> bool:
    return finishing.is_long_enough(text, words) or finishing.loop_start(text) is not None


def _prompt(
    model: ServedModel, topic: str, preferences: Preferences, preceding: str
) -> tuple[str, str]:
    """What the model is asked with, and what of it the reader sees before the answer."""
    frame = model.frames.of(preferences.style)
    words = model.frames.asked_words(preferences.words)
    prompt = frame.prompt_for(topic, words, model.frames.special_tokens)
    opening = frame.opening_for(topic, words)
    if not preceding:
        return prompt, opening
    return prompt + preceding.removeprefix(opening), ""


def _parameters(model: ServedModel, preferences: Preferences, seed: int) -> SamplingParameters:
    tokens = preferences.words * model.tokens_per_word
    return SamplingParameters(
        max_new_tokens=math.ceil(tokens * _SPARE_SHARE) + _SPARE_TOKENS,
        min_new_tokens=int(tokens * _LEAST_SHARE),
        temperature=preferences.temperature,
        top_p=preferences.top_p,
        top_k=preferences.top_k,
        repetition_penalty=preferences.repetition_penalty,
        no_repeat_ngram_size=_NO_REPEAT_TOKENS,
        seed=seed,
    )
