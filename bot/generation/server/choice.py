"""One text of an answer while it is written."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from itertools import zip_longest

from bot.errors import FailureReason, GenerationError
from bot.generation.engine import Generation, TokenEvent, TokenLogprobs
from bot.generation.server.host import LoadedModel
from bot.generation.server.prompts import ReadPrompt
from bot.generation.server.text import Detokenizer, StopFinder


@dataclass(frozen=True, slots=True)
class WrittenToken:
    """A token and, if asked for, how likely it was; a prompt's first token never tells."""

    token_id: int
    logprobs: TokenLogprobs | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text; the last one has a reason.

    Attributes:
        text: Whole characters; may be empty in the last piece.
        tokens: Those since the piece before.
        finish_reason: ``stop`` or ``length``, or None while more follows.
        offset: Characters of the answer before this piece.
        echoed: How many of the tokens are the prompt's.
    """

    text: str
    tokens: list[WrittenToken]
    finish_reason: str | None
    offset: int = 0
    echoed: int = 0


@dataclass(slots=True)
class Choice:
    """One text of an answer while it is written.

    Attributes:
        prompt: What it continues.
        generation: The engine's side of it.
        text: What was written so far.
        tokens: The same in tokens; those of a stop sequence too.
        finish_reason: Why it ended, or None.
    """

    prompt: ReadPrompt
    generation: Generation
    text: str = ""
    tokens: list[WrittenToken] = field(default_factory=list)
    finish_reason: str | None = None

    def echo(self) -> Piece:
        """Return the prompt as a piece; its probabilities are known once the writing began."""
        scores = [None, *self.generation.prompt_logprobs]
        tokens = [
            WrittenToken(token_id, score)
            for token_id, score in zip_longest(self.prompt.token_ids, scores)
            if token_id is not None
        ]
        return Piece(self.prompt.text, tokens, None, echoed=len(tokens))

    def whole(self, *, has_echo: bool) -> Piece:
        """Return all that was written as one piece, after the prompt if that is wanted."""
        before = self.echo() if has_echo else Piece("", [], None)
        text, tokens = before.text + self.text, before.tokens + self.tokens
        return Piece(text, tokens, self.finish_reason, echoed=before.echoed)


class ChoiceReader:
    """Turns the engine's events of one text into pieces and keeps the choice up to date."""

    def __init__(self, choice: Choice, model: LoadedModel) -> None:
        self._choice = choice
        self._detokenizer = Detokenizer(
            model.engine.tokenizer.backend_tokenizer, choice.prompt.token_ids
        )
        parameters = choice.generation.parameters
        self._stop = StopFinder(parameters.stop)
        self._stop_from = parameters.min_new_tokens
        self._sent = 0  # tokens

    def take(self, events: list[TokenEvent]) -> Piece:
        """Return what the engine's next events add; its text may be empty.

        Raises:
            GenerationError: The engine gave the text up.
        """
        choice = self._choice
        text = ""
        for event in events:
            if event.token_id is not None:
                choice.tokens.append(WrittenToken(event.token_id, event.logprobs))
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
        offset = len(choice.text)
        choice.text += text
        if not text and choice.finish_reason is None:
            return Piece("", [], None)
        tokens = choice.tokens[self._sent :]
        self._sent = len(choice.tokens)
        return Piece(text, tokens, choice.finish_reason, offset)

    def _push(self, token_id: int) -> str:
        text = self._detokenizer.push(token_id)
        # Like vLLM: what comes before min_tokens cannot end the text.
        if len(self._choice.tokens) <= self._stop_from:
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
