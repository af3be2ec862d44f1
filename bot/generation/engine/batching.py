"""The batching loop: texts join and leave at every step of one decoder.

::

    submit -> waiting -> (free slot) -> active: prompt slices ... one token a step ... -> end

Every step runs, in one call of the decoder, one token of each text being written and slices of
prompts up to a budget, so that a long prompt delays the others by a bounded time.
"""

import asyncio
import contextlib
import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Sequence as AbstractSequence
from dataclasses import dataclass, replace

import numpy as np

from bot.errors import EngineBusyError, PromptTooLongError
from bot.generation.engine import sampling
from bot.generation.engine.decoder import Decoder, Slice, Tokens
from bot.generation.engine.generation import (
    FinishReason,
    Generation,
    TokenEvent,
    TokenLogprobs,
)
from bot.generation.engine.sequence import NO_SLOT, Sequence
from bot.generation.engine.tokenizing import TextTokenizer
from bot.generation.logs import log_failure
from bot.generation.parameters import GREATEST_SEED, SamplingParameters

_log = logging.getLogger(__name__)

DEFAULT_WAITING_LIMIT = 256
DEFAULT_PROMPT_TOKENS_PER_STEP = 256


@dataclass(frozen=True, slots=True)
class EngineLoad:
    """What an engine is doing now, and did so far.

    Attributes:
        running: Texts that have a slot.
        waiting: Texts that wait for one.
        slots: Texts that can run at once.
        steps: Steps so far.
        tokens: New tokens so far, of all texts.
        busy_s: Time spent in steps so far.
    """

    running: int
    waiting: int
    slots: int
    steps: int
    tokens: int
    busy_s: float


class Engine:
    """Writes many texts at once with one decoder, in its own thread.

    Attributes:
        revision: Hash of the weights, the configuration and the arithmetic: texts with the same
            recipe and revision are the same.
        tokenizer: Text to tokens and back.
        eos_token_ids: Tokens that end a text.
    """

    def __init__(
        self,
        decoder: Decoder,
        tokenizer: TextTokenizer,
        *,
        revision: str,
        eos_token_ids: AbstractSequence[int],
        waiting_limit: int = DEFAULT_WAITING_LIMIT,
        prompt_tokens_per_step: int = DEFAULT_PROMPT_TOKENS_PER_STEP,
    ) -> None:
        """Take over a decoder.

        Args:
            decoder: Used by this engine's thread only, from :meth:`start` to :meth:`close`.
            tokenizer: Given to the engine's users.
            revision: See the class.
            eos_token_ids: See the class.
            waiting_limit: Texts without a slot that are held, at most.
            prompt_tokens_per_step: Prompt tokens run in one step, at most, all texts together.
        """
        self.revision = revision
        self.tokenizer = tokenizer
        self.eos_token_ids = tuple(eos_token_ids)
        self._decoder = decoder
        self._eos: Tokens = np.array(self.eos_token_ids, np.int32)
        self._waiting_limit = waiting_limit
        self._prompt_tokens_per_step = prompt_tokens_per_step
        self._changed = threading.Condition()
        self._waiting: list[Sequence] = []
        self._active: list[Sequence] = []
        self._free_slots = list(range(decoder.slot_count))[::-1]
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._steps = 0
        self._tokens = 0
        self._busy_s = 0.0

    @property
    def context_tokens(self) -> int:
        """Tokens that the model sees at once."""
        return self._decoder.context_tokens

    @property
    def vocabulary_size(self) -> int:
        """Tokens that the model knows; every prompt token is below this."""
        return self._decoder.vocabulary_size

    @property
    def load(self) -> EngineLoad:
        """What the engine is doing now."""
        return EngineLoad(
            running=len(self._active),
            waiting=len(self._waiting),
            slots=self._decoder.slot_count,
            steps=self._steps,
            tokens=self._tokens,
            busy_s=self._busy_s,
        )

    def start(self) -> None:
        """Start the engine's thread."""
        self._thread.start()

    def close(self) -> None:
        """Abort every text, stop the thread and free the decoder. May be called twice."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def submit(
        self, prompt_token_ids: AbstractSequence[int], parameters: SamplingParameters
    ) -> Generation:
        """Hand in one text.

        Args:
            prompt_token_ids: At least one token, fewer than ``context_tokens``.
            parameters: How to go on from it.

        Returns:
            The text's events. Those of one ``submit`` arrive whether they are read or not, so a
            reader that has gone must :meth:`Generation.cancel`.

        Raises:
            PromptTooLongError: The prompt fills the window.
            EngineBusyError: Too many texts wait already.
        """
        return self.submit_candidates(prompt_token_ids, parameters, 1)[0]

    def submit_candidates(
        self,
        prompt_token_ids: AbstractSequence[int],
        parameters: SamplingParameters,
        count: int,
        client: str | None = None,
    ) -> list[Generation]:
        """Hand in ``count`` texts that go on from one prompt, which is run once.

        The first has the seed asked for, the next ones the seeds that follow it, so that each is
        the very text that :meth:`submit` would give for its seed.

        Args:
            prompt_token_ids: See :meth:`submit`.
            parameters: How to go on from it.
            count: Texts.
            client: One of several who ask. None of them may fill more than half of the waiting
                places, nor keep more than half of the batch while another's text waits.

        Raises:
            PromptTooLongError: The prompt fills the window.
            EngineBusyError: Too many texts wait already; none of these was taken.
        """
        prompt = self._checked_prompt(prompt_token_ids)
        limit = self._waiting_limit if client is None else self._waiting_limit // 2
        first_seed = parameters.seed
        if first_seed is None:
            first_seed = secrets.randbelow(GREATEST_SEED)
        generations = []
        with self._changed:
            own = sum(client in (None, one.generation.client) for one in self._waiting)
            is_full = len(self._waiting) + count > self._waiting_limit
            if self._is_closing or is_full or own + count > limit:
                raise EngineBusyError(limit)
            parent: Sequence | None = None
            for i in range(count):
                seed = (first_seed + i) % (GREATEST_SEED + 1)
                asked = replace(parameters, seed=seed)
                generation = Generation(asked, seed, prompt.size, client)
                sequence = Sequence.begin(generation, prompt, parent)
                self._waiting.append(sequence)
                generations.append(generation)
                parent = parent or sequence
            self._changed.notify()
        return generations

    def _checked_prompt(self, prompt_token_ids: AbstractSequence[int]) -> Tokens:
        prompt = np.array(prompt_token_ids, np.int32)
        limit = self.context_tokens - 1
        if prompt.size > limit:
            raise PromptTooLongError(prompt.size, limit)
        if prompt.size == 0 or prompt.min() < 0 or prompt.max() >= self.vocabulary_size:
            raise ValueError("a prompt has at least one token, each within the vocabulary")
        return prompt

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._is_closing or self._waiting or self._active):
                    self._changed.wait()
                if self._is_closing:
                    break
            started_s = time.perf_counter()
            try:
                ended = self._step()
            except Exception as error:  # noqa: BLE001 - a failed step ends its texts; others come
                log_failure(_log, f"a step failed with {len(self._active)} texts", error)
                ended = [(sequence, TokenEvent(None, "abort")) for sequence in self._active]
            self._finish(ended)
            self._busy_s += time.perf_counter() - started_s
        self._finish([(s, TokenEvent(None, "abort")) for s in [*self._active, *self._waiting]])
        self._waiting.clear()
        self._decoder.close()

    def _step(self) -> list[tuple[Sequence, TokenEvent]]:
        """Run one step; return the texts that ended in it, each with its last event."""
        ended = self._drop_cancelled()
        self._finish(ended)
        self._admit()
        scheduled = self._schedule()
        if not scheduled:
            return []
        logits = self._decoder.process([piece for _, piece in scheduled])
        ended = []
        batch_size = sum(piece.wants_logits for _, piece in scheduled)
        row = 0
        readers = []
        for sequence, piece in scheduled:
            sequence.processed += piece.token_ids.size
            if not piece.wants_logits:
                continue
            generation = sequence.generation
            if sequence.pending:
                sequence.score(logits[row])
                row += 1
                continue
            event = self._choose(sequence, logits[row])
            row += 1
            generation.batch_tokens += batch_size
            if event.finish_reason is None:
                generation.put(event)
                readers.append(generation)
            else:
                ended.append((sequence, event))
        self._steps += 1
        _wake(readers)
        return ended

    def _choose(self, sequence: Sequence, logits: np.ndarray) -> TokenEvent:
        generation = sequence.generation
        asked = generation.parameters
        if asked.max_new_tokens == 0:
            return TokenEvent(None, "length")
        raw = None if asked.logprobs is None else logits.copy()
        token_id = sequence.choose(logits, self._eos)
        if token_id in asked.stop_token_ids:
            return TokenEvent(None, "stop")
        if token_id in self.eos_token_ids and not asked.ignore_eos:
            return TokenEvent(None, "stop")
        sequence.append(token_id)
        generation.new_tokens += 1
        self._tokens += 1
        reason: FinishReason | None = None
        if generation.new_tokens >= asked.max_new_tokens:
            reason = "length"
        logprobs = None
        if raw is not None:
            scores = sampling.log_probabilities(raw, token_id, asked.logprobs or 0)
            logprobs = TokenLogprobs(*scores)
        return TokenEvent(token_id, reason, logprobs)

    def _drop_cancelled(self) -> list[tuple[Sequence, TokenEvent]]:
        with self._changed:
            candidates = [*self._active, *self._waiting]
            cancelled = [s for s in candidates if s.generation.is_cancelled]
            if cancelled:
                self._waiting = [s for s in self._waiting if not s.generation.is_cancelled]
        return [(sequence, TokenEvent(None, "abort")) for sequence in cancelled]

    def _admit(self) -> None:
        """Give free slots to waiting texts in their order, first to clients with few of them."""
        with self._changed:
            for share in (max(1, self._decoder.slot_count // 2), self._decoder.slot_count):
                still_waiting = []
                held = Counter(one.generation.client for one in self._active)
                for sequence in self._waiting:
                    client = sequence.generation.client
                    has_room = self._free_slots and held[client] < share
                    if has_room and not self._waits_for_parent(sequence):
                        self._begin(sequence)
                        held[client] += 1
                    else:
                        still_waiting.append(sequence)
                self._waiting = still_waiting

    @staticmethod
    def _waits_for_parent(sequence: Sequence) -> bool:
        parent = sequence.parent
        if parent is None or parent.generation.finished_s is not None:
            return False
        return not parent.has_processed_prompt and parent.window_start == 0

    def _begin(self, sequence: Sequence) -> None:
        sequence.slot = self._free_slots.pop()
        sequence.generation.started_s = time.monotonic()
        parent = sequence.parent
        if parent is not None and parent.has_processed_prompt:
            # All but the last prompt token, which has to be run for its logits.
            sequence.processed = sequence.length - 1
            self._decoder.copy_prefix(parent.slot, sequence.slot, sequence.processed)
            sequence.generation.prompt_logprobs = parent.generation.prompt_logprobs
        sequence.parent = None
        self._active.append(sequence)

    def _schedule(self) -> list[tuple[Sequence, Slice]]:
        """Return this step's slices: every text being written, and prompts up to the budget."""
        budget = self._prompt_tokens_per_step
        scheduled = []
        for sequence in self._active:
            sequence.slide(self.context_tokens)
            if sequence.is_scored:
                scheduled.append((sequence, sequence.next_scored_slice()))
            elif sequence.pending == 1:
                scheduled.append((sequence, sequence.next_slice(1)))
            elif budget > 0:
                piece = sequence.next_slice(budget)
                budget -= piece.token_ids.size
                scheduled.append((sequence, piece))
        return scheduled

    def _finish(self, ended: list[tuple[Sequence, TokenEvent]]) -> None:
        """Free the slots of texts that ended and tell their readers."""
        if not ended:
            return
        gone = {id(sequence) for sequence, _ in ended}
        self._active = [s for s in self._active if id(s) not in gone]
        for sequence, event in ended:
            if sequence.slot != NO_SLOT:
                self._decoder.release(sequence.slot)
                self._free_slots.append(sequence.slot)
                sequence.slot = NO_SLOT
            sequence.generation.finished_s = time.monotonic()
            sequence.generation.put(event)
        _wake([sequence.generation for sequence, _ in ended])


def _wake(generations: list[Generation]) -> None:
    """Wake the readers, once for each event loop."""
    readers: dict[asyncio.AbstractEventLoop, list[Generation]] = {}
    for generation in generations:
        if generation.loop is not None:
            readers.setdefault(generation.loop, []).append(generation)
    for loop, group in readers.items():
        # A reader's loop may have closed without reading to the end; nobody is left to tell.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_wake_all, group)


def _wake_all(generations: list[Generation]) -> None:
    for generation in generations:
        generation.wake()
