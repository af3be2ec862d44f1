"""One request being answered: its texts, from tokens to pieces of text."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from typing import Any

from bot.errors import GenerationError
from bot.generation.server.answers import ChatAnswer, TextAnswer
from bot.generation.server.choice import Choice, ChoiceReader, Piece, merge
from bot.generation.server.host import EngineHost, State
from bot.generation.server.metrics import ServiceMetrics
from bot.generation.server.prompts import ReadPrompt
from bot.generation.server.protocol import StreamOptions, WritingRequest
from bot.generation.server.refusals import ProtocolError, unavailable
from bot.generation.server.selection import rank

_log = logging.getLogger(__name__)

PULSE_S = 10.0
"""Silence after which a stream sends a comment, so that the connection does not look dead."""
_PULSE = b": writing\n\n"


class Completion:
    """One request being answered.

    Attributes:
        id: Of the request, in the answer and in the log.
        choices: The candidates, those of the first prompt first.
    """

    def __init__(
        self,
        request_id: str,
        request: WritingRequest,
        answer: TextAnswer | ChatAnswer,
        host: EngineHost,
        metrics: ServiceMetrics,
    ) -> None:
        """Take a request; :meth:`submit` has it written.

        Raises:
            ProtocolError: The service is not ready.
        """
        self.id = f"{answer.id_prefix}-{request_id}"
        self._request = request
        self._answer = answer
        self._host = host
        self._metrics = metrics
        self._model = host.model()
        self._created_s = int(time.time())
        self.choices: list[Choice] = []
        self._prompt_tokens = 0

    def submit(
        self, prompts: Sequence[ReadPrompt], default_tokens: int, client: str | None
    ) -> None:
        """Hand every text of the request to the engine, or none of them.

        Args:
            prompts: What is continued.
            default_tokens: How many tokens to write where the request does not say.
            client: See :meth:`Engine.submit_candidates`.

        Raises:
            ProtocolError, InvalidParameterError: The request is wrong.
            PromptTooLongError, EngineBusyError: See there.
        """
        engine = self._model.engine
        request = self._request
        parameters = request.sampling_parameters(engine.vocabulary_size, default_tokens)
        try:
            for prompt in prompts:
                generations = engine.submit_candidates(
                    prompt.token_ids, parameters, request.candidates, client
                )
                self.choices += [Choice(prompt, generation) for generation in generations]
                self._prompt_tokens += len(prompt.token_ids)
        except BaseException:
            self.cancel()
            raise
        self._metrics.prompts_read(self._prompt_tokens)

    def cancel(self) -> None:
        """Free the slots of the texts that are still being written."""
        for choice in self.choices:
            if choice.finish_reason is None:
                choice.generation.cancel()

    async def collect(self) -> dict[str, Any]:
        """Write all texts and return the answer's body.

        Raises:
            ProtocolError: The engine gave a text up.
        """
        with self._accounted():
            async for _ in merge([self._pieces(choice) for choice in self.choices]):
                pass
        has_echo = self._request.has_echo
        chosen = [choice for group in self._groups() for choice in self._best(group)]
        pieces = [choice.whole(has_echo=has_echo) for choice in chosen]
        bodies = [
            self._choice_body(i, one, self._answer.whole(one)) for i, one in enumerate(pieces)
        ]
        return self._body(self._answer.kind, bodies) | {"usage": self._usage()}

    @contextlib.contextmanager
    def _accounted(self) -> Iterator[None]:
        """Free the slots and write the account, however the writing ends."""
        outcome = "cancelled"
        try:
            yield
            outcome = "ok"
        except GenerationError as error:
            outcome = "failed"
            if self._host.observe() is State.STOPPING:
                raise unavailable("the service is stopping", "shutting_down", 5) from error
            raise ProtocolError(
                500, "the engine failed", code="engine_failed", kind="server_error"
            ) from error
        except Exception:
            outcome = "failed"
            raise
        finally:
            self.cancel()
            self._account(outcome)

    def _groups(self) -> Iterable[list[Choice]]:
        size = self._request.candidates
        for start in range(0, len(self.choices), size):
            yield self.choices[start : start + size]

    def _best(self, group: list[Choice]) -> list[Choice]:
        if len(group) == self._request.answers:
            return group
        texts = [(one.text, one.finish_reason == "stop") for one in group]
        order = rank(group[0].prompt.text, texts)
        return [group[i] for i in order[: self._request.answers]]

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Yield the answer as server-sent events, to ``[DONE]``; an error is an event, too."""
        asked = self._request.stream_options or StreamOptions()
        usage: dict[str, Any] = {"usage": None} if asked.include_usage else {}
        try:
            with self._accounted():
                for i, _ in enumerate(self.choices):
                    for opening in self._answer.opening():
                        yield self._event({**opening, "index": i, "finish_reason": None}, usage)
                async for i, piece in merge([self._pieces(one) for one in self.choices]):
                    if asked.continuous_usage_stats:
                        usage = {"usage": self._usage()}
                    if piece.text or piece.finish_reason:
                        body = self._answer.piece(piece)
                        yield self._event(self._choice_body(i, piece, body), usage)
                    else:
                        yield _PULSE
        except ProtocolError as error:
            yield _event({"error": error.body})
        else:
            if asked.include_usage:
                yield self._event(None, {"usage": self._usage()})
        yield b"data: [DONE]\n\n"

    async def _pieces(self, choice: Choice) -> AsyncGenerator[Piece, None]:
        """Yield what is written, and an empty piece after every ``PULSE_S`` without a text."""
        reader = ChoiceReader(choice, self._model)
        loop = asyncio.get_running_loop()
        pulse_s = loop.time() + PULSE_S
        echo = choice.echo if self._request.has_echo else None
        while choice.finish_reason is None:
            try:
                async with asyncio.timeout_at(pulse_s):
                    events = await choice.generation.next_events()
            except TimeoutError:
                pulse_s = loop.time() + PULSE_S
                yield Piece("", [], None)
                continue
            if not choice.tokens:
                self._metrics.first_token(time.monotonic() - choice.generation.submitted_s)
            if echo is not None:
                yield echo()
                echo = None
            piece = reader.take(events)
            if piece.text or piece.finish_reason:
                pulse_s = loop.time() + PULSE_S
                yield piece

    def _account(self, outcome: str) -> None:
        generations = [choice.generation for choice in self.choices]
        self._metrics.requests.labels(outcome).inc()
        self._metrics.finished(generations)
        for choice in self.choices:
            self._metrics.ended(choice.finish_reason)
        for generation in generations:
            if generation.started_s is not None:
                self._host.note_run(time.monotonic() - generation.started_s)
        first = generations[0]
        started_s = first.started_s or time.monotonic()
        _log.info(
            "%s %s: %d texts, %d prompt tokens, %d new, wait %.2f s, run %.2f s, batch %.1f",
            self.id,
            outcome,
            len(generations),
            self._prompt_tokens,
            sum(len(choice.tokens) for choice in self.choices),
            started_s - first.submitted_s,
            time.monotonic() - started_s,
            first.batch_tokens / max(1, first.steps),
        )

    def _body(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self._created_s,
            "model": self._model.name,
            "system_fingerprint": self._model.engine.revision,
            "choices": choices,
        }

    def _choice_body(self, index: int, piece: Piece, body: dict[str, Any]) -> dict[str, Any]:
        body = {"index": index, **body, "finish_reason": piece.finish_reason}
        if self._request.return_token_ids:
            body["token_ids"] = [token.token_id for token in piece.tokens[piece.echoed :]]
        return body

    def _event(self, choice: dict[str, Any] | None, usage: dict[str, Any]) -> bytes:
        choices = [] if choice is None else [choice]
        return _event(self._body(self._answer.piece_kind, choices) | usage)

    def _usage(self) -> dict[str, int]:
        written = sum(len(choice.tokens) for choice in self.choices)
        return {
            "prompt_tokens": self._prompt_tokens,
            "completion_tokens": written,
            "total_tokens": self._prompt_tokens + written,
        }


def _event(body: dict[str, Any]) -> bytes:
    # ASCII only: some clients split lines at U+2028, too.
    return b"data: " + json.dumps(body, separators=(",", ":")).encode("ascii") + b"\n\n"
