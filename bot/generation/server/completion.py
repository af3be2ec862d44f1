"""One request being answered: its texts, from tokens to pieces of text."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from typing import Any

from bot.errors import GenerationError
from bot.generation.server.choice import Choice, ChoiceReader, Piece, merge
from bot.generation.server.host import EngineHost, LoadedModel, State
from bot.generation.server.metrics import ServiceMetrics
from bot.generation.server.protocol import CompletionRequest, ProtocolError, unavailable
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
        request: CompletionRequest,
        host: EngineHost,
        metrics: ServiceMetrics,
    ) -> None:
        """Hand every text of the request to the engine, or none of them.

        Raises:
            ProtocolError: The service is not ready, or the request is wrong.
            PromptTooLongError, EngineBusyError, InvalidParameterError: See there.
        """
        self.id = request_id
        self._request = request
        self._host = host
        self._metrics = metrics
        self._model = host.model()
        self._created_s = int(time.time())
        self._parameters = request.sampling_parameters()
        self.choices: list[Choice] = []
        self._prompt_tokens = 0
        prompts = [(one, self._prompt_token_ids(one)) for one in request.prompts]
        try:
            for prompt, token_ids in prompts:
                self._submit(prompt, token_ids)
        except BaseException:
            self.cancel()
            raise
        metrics.prompt_tokens.inc(self._prompt_tokens)

    def _submit(self, prompt: str | Sequence[int], token_ids: list[int]) -> None:
        engine = self._model.engine
        text = prompt if isinstance(prompt, str) else engine.tokenizer.decode(token_ids)
        candidates = engine.submit_candidates(
            token_ids, self._parameters, self._request.candidates
        )
        self.choices += [Choice(text, token_ids, generation) for generation in candidates]
        self._prompt_tokens += len(token_ids)

    def _prompt_token_ids(self, prompt: str | Sequence[int]) -> list[int]:
        token_ids = prompt_token_ids(self._model, prompt)
        keep = self._request.truncate_prompt_tokens
        if keep is not None:
            room = self._model.engine.context_tokens - 1
            token_ids = token_ids[-(room if keep == -1 else keep) :]
        return token_ids

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
        chosen = [choice for group in self._groups() for choice in self._best(group)]
        body = self._body([self._choice_body(i, choice) for i, choice in enumerate(chosen)])
        body["usage"] = self._usage()
        return body

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
        order = rank(group[0].prompt, [(one.text, one.finish_reason == "stop") for one in group])
        return [group[i] for i in order[: self._request.answers]]

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Yield the answer as server-sent events, to ``[DONE]``; an error is an event, too."""
        asked = self._request.stream_options
        include_usage = asked is not None and bool(asked.include_usage)
        usage: dict[str, Any] = {"usage": None} if include_usage else {}
        try:
            with self._accounted():
                if self._request.echo:
                    for i, choice in enumerate(self.choices):
                        echo = Piece(choice.prompt, [], None)
                        yield _event(self._body([self._piece_body(i, echo)]) | usage)
                async for i, piece in merge([self._pieces(one) for one in self.choices]):
                    if piece.text or piece.finish_reason:
                        yield _event(self._body([self._piece_body(i, piece)]) | usage)
                    else:
                        yield _PULSE
        except ProtocolError as error:
            yield _event({"error": error.body})
        else:
            if include_usage:
                yield _event(self._body([]) | {"usage": self._usage()})
        yield b"data: [DONE]\n\n"

    async def _pieces(self, choice: Choice) -> AsyncGenerator[Piece, None]:
        """Yield what is written, and an empty piece after every ``PULSE_S`` without a text."""
        reader = ChoiceReader(choice, self._model, self._parameters)
        loop = asyncio.get_running_loop()
        pulse_s = loop.time() + PULSE_S
        while choice.finish_reason is None:
            try:
                async with asyncio.timeout_at(pulse_s):
                    events = await choice.generation.next_events()
            except TimeoutError:
                pulse_s = loop.time() + PULSE_S
                yield Piece("", [], None)
                continue
            if not choice.token_ids:
                self._metrics.first_token(time.monotonic() - choice.generation.submitted_s)
            piece = reader.take(events)
            if piece.text or piece.finish_reason:
                pulse_s = loop.time() + PULSE_S
                yield piece

    def _account(self, outcome: str) -> None:
        generations = [choice.generation for choice in self.choices]
        self._metrics.requests.labels(outcome).inc()
        self._metrics.finished(generations)
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
            sum(len(choice.token_ids) for choice in self.choices),
            started_s - first.submitted_s,
            time.monotonic() - started_s,
            first.batch_tokens / max(1, first.new_tokens),
        )

    def _body(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "text_completion",
            "created": self._created_s,
            "model": self._model.name,
            "system_fingerprint": self._model.engine.revision,
            "choices": choices,
        }

    def _choice_body(self, index: int, choice: Choice) -> dict[str, Any]:
        text = choice.prompt + choice.text if self._request.echo else choice.text
        return self._piece_body(index, Piece(text, choice.token_ids, choice.finish_reason))

    def _piece_body(self, index: int, piece: Piece) -> dict[str, Any]:
        body = {
            "index": index,
            "text": piece.text,
            "logprobs": None,
            "finish_reason": piece.finish_reason,
        }
        if self._request.return_token_ids:
            body["token_ids"] = piece.token_ids
        return body

    def _usage(self) -> dict[str, int]:
        written = sum(len(choice.token_ids) for choice in self.choices)
        return {
            "prompt_tokens": self._prompt_tokens,
            "completion_tokens": written,
            "total_tokens": self._prompt_tokens + written,
        }


def prompt_token_ids(model: LoadedModel, prompt: str | Sequence[int]) -> list[int]:
    """Return a prompt's tokens.

    Raises:
        ProtocolError: It is empty, or a token is not in the vocabulary.
    """
    engine = model.engine
    if isinstance(prompt, str):
        if not _is_unicode(prompt):
            raise ProtocolError(
                400, "the prompt is not valid Unicode", code="invalid_value", param="prompt"
            )
        token_ids = engine.tokenizer.encode(prompt)
    else:
        token_ids = list(prompt)
    size = engine.vocabulary_size
    if not token_ids:
        raise ProtocolError(400, "the prompt is empty", code="invalid_value", param="prompt")
    if not all(0 <= token_id < size for token_id in token_ids):
        raise ProtocolError(
            400, f"token ids go from 0 to {size - 1}", code="invalid_value", param="prompt"
        )
    return token_ids


def _is_unicode(text: str) -> bool:
    """Say whether there is no half of a surrogate pair, which JSON can spell, in a text."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _event(body: dict[str, Any]) -> bytes:
    # ASCII only: some clients split lines at U+2028, too.
    return b"data: " + json.dumps(body, separators=(",", ":")).encode("ascii") + b"\n\n"
