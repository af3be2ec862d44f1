"""One text of an answer while it is written."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from bot.errors import FailureReason, GenerationError
from bot.generation.engine import Generation, TokenEvent
from bot.generation.parameters import SamplingParameters
from bot.generation.server.host import LoadedModel
from bot.generation.server.text import Detokenizer, StopFinder


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text; the last one has a reason.

    Attributes:
        text: Whole characters; may be empty in the last piece.
        token_ids: Tokens since the piece before.
        finish_reason: ``stop`` or ``length``, or None while more follows.
    """

    text: str
    token_ids: list[int]
    finish_reason: str | None


@dataclass(slots=True)
class Choice:
    """One text of an answer while it is written.

    Attributes:
        prompt: What it continues, as text.
        prompt_token_ids: The same in tokens.
        generation: The engine's side of it.
        text: What was written so far.
        token_ids: The same in tokens; those of a stop sequence too.
        finish_reason: Why it ended, or None.
    """

    prompt: str
    prompt_token_ids: list[int]
    generation: Generation
    text: str = ""
    token_ids: list[int] = field(default_factory=list)
    finish_reason: str | None = None


class ChoiceReader:
    """Turns the engine's events of one text into pieces and keeps the choice up to date."""

    def __init__(self, choice: Choice, model: LoadedModel, parameters: SamplingParameters) -> None:
        self._choice = choice
        self._detokenizer = Detokenizer(
            model.engine.tokenizer.backend_tokenizer, choice.prompt_token_ids
        )
        self._stop = StopFinder(parameters.stop)
        self._stop_from = parameters.min_new_tokens
        self._unsent: list[int] = []

    def take(self, events: list[TokenEvent]) -> Piece:
        """Return what the engine's next events add; its text may be empty.

        Raises:
            GenerationError: The engine gave the text up.
        """
        choice = self._choice
        text = ""
        for event in events:
            if event.token_id is not None:
                text += self._push(event.token_id)
            if not self._stop.has_stopped and event.finish_reason is not None:
                if event.finish_reason == "abort":
                    raise GenerationError(FailureReason.AWAY, "the engine gave the text up")
                choice.finish_reason = event.finish_reason
                text += self._stop.push(self._detokenizer.finish()) + self._stop.finish()
            if self._stop.has_stopped:
                choice.generation.cancel()
                choice.finish_reason = "stop"
                break
        choice.text += text
        if not text and choice.finish_reason is None:
            return Piece("", [], None)
        token_ids, self._unsent = self._unsent, []
        return Piece(text, token_ids, choice.finish_reason)

    def _push(self, token_id: int) -> str:
        self._choice.token_ids.append(token_id)
        self._unsent.append(token_id)
        text = self._detokenizer.push(token_id)
        # Like vLLM: what comes before min_tokens cannot end the text.
        if len(self._choice.token_ids) <= self._stop_from:
            return text
        return self._stop.push(text)


async def merge(
    sources: list[AsyncGenerator[Piece, None]],
) -> AsyncGenerator[tuple[int, Piece], None]:
    """Yield the pieces of several texts as they come, each with its text's number."""
    if len(sources) == 1:
        async for piece in sources[0]:
            yield 0, piece
        return
    waiting = {asyncio.ensure_future(anext(source, None)): i for i, source in enumerate(sources)}
    try:
        while waiting:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for future in done:
                i = waiting.pop(future)
                found = future.result()
                if found is not None:
                    waiting[asyncio.ensure_future(anext(sources[i], None))] = i
                    yield i, found
    finally:
        for future in waiting:
            future.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
