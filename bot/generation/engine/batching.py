"""The batching loop: texts join and leave at every step of one decoder.

::

    submit -> waiting -> (room) -> active: prompt slices ... one token a step ... -> end

Every step runs, in one call of the decoder, one token of each text being written (of each of its
candidates, see ``text``) and slices of prompts up to a budget, so that a long prompt delays the
others by a bounded time.

A text has room when fewer than ``text_limit`` run and as many blocks are left as it can ever need,
its candidates' included. Texts begin in the order in which they came, so that none with many
candidates waits for ever behind smaller ones.
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
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bot.errors import EngineBusyError, InvalidParameterError, PromptTooLongError
from bot.generation.engine.blocks import BlockPool
from bot.generation.engine.decoder import Decoder, Slice, Tokens
from bot.generation.engine.generation import Generation, TokenEvent
from bot.generation.engine.sentences import SENTENCE_TOKENS, Judge, sentence_ends
from bot.generation.engine.sequence import Sequence
from bot.generation.engine.text import Text, Vocabulary, finish_reason
from bot.generation.engine.tokenizing import TextTokenizer
from bot.generation.logs import log_failure
from bot.generation.parameters import (
    GREATEST_SEED,
    GREATEST_SENTENCE_CANDIDATES,
    SamplingParameters,
)

_log = logging.getLogger(__name__)

DEFAULT_WAITING_LIMIT = 256
DEFAULT_PROMPT_TOKENS_PER_STEP = 256

_ABORT = [TokenEvent(None, "abort")]


@dataclass(frozen=True, slots=True)
class EngineLoad:
    """What an engine is doing now, and did so far.

    Attributes:
        running: Texts that are being written.
        waiting: Texts that wait for room.
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
        text_limit: int,
        revision: str,
        eos_token_ids: AbstractSequence[int],
        waiting_limit: int = DEFAULT_WAITING_LIMIT,
        prompt_tokens_per_step: int = DEFAULT_PROMPT_TOKENS_PER_STEP,
    ) -> None:
        """Take over a decoder.

        Args:
            decoder: Used by this engine's thread only, from :meth:`start` to :meth:`close`.
            tokenizer: Given to the engine's users.
            text_limit: Texts that run at once, at most.
            revision: See the class.
            eos_token_ids: See the class.
            waiting_limit: Texts that are held until there is room, at most.
            prompt_tokens_per_step: Prompt tokens run in one step, at most, all texts together.
        """
        self.revision = revision
        self.tokenizer = tokenizer
        self.eos_token_ids = tuple(eos_token_ids)
        self._decoder = decoder
        self._pool = BlockPool(decoder)
        self._text_limit = text_limit
        self._sentence_tokens = max(1, min(SENTENCE_TOKENS, decoder.context_tokens // 4))
        self._vocabulary = Vocabulary(
            np.array(self.eos_token_ids, np.int32), lambda: self._sentence_ends
        )
        self._waiting_limit = waiting_limit
        self._prompt_tokens_per_step = prompt_tokens_per_step
        self._changed = threading.Condition()
        self._waiting: list[Text] = []
        self._active: list[Text] = []
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
    def sentence_candidates(self) -> int:
        """Candidates for a sentence that a text can have here, at most."""
        windows = self._blocks(self.context_tokens)
        affordable = (self._decoder.block_count - windows) // self._blocks_of_candidate(windows)
        return min(1 + affordable, GREATEST_SENTENCE_CANDIDATES)

    def _blocks(self, tokens: int) -> int:
        return -(-min(tokens, self.context_tokens) // self._decoder.block_tokens)

    def _blocks_of_candidate(self, text_blocks: int) -> int:
        """Return how many blocks a candidate may have to itself; it may begin in mid-block."""
        most = self._decoder.block_tokens - 1 + self._sentence_tokens
        return min(text_blocks, self._blocks(most))

    @cached_property
    def _sentence_ends(self) -> NDArray[np.bool_]:
        return sentence_ends(self.tokenizer, self.vocabulary_size)

    @property
    def load(self) -> EngineLoad:
        """What the engine is doing now."""
        return EngineLoad(
            running=len(self._active),
            waiting=len(self._waiting),
            slots=self._text_limit,
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
            InvalidParameterError: It wants more candidates for a sentence than there is room for.
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
            InvalidParameterError, PromptTooLongError: As for :meth:`submit`.
            EngineBusyError: Too many texts wait already; none of these was taken.
        """
        if parameters.sentence_candidates > self.sentence_candidates:
            raise InvalidParameterError(
                "sentence_candidates", parameters.sentence_candidates, 1, self.sentence_candidates
            )
        prompt = self._checked_prompt(prompt_token_ids)
        limit = self._waiting_limit if client is None else self._waiting_limit // 2
        first_seed = parameters.seed
        if first_seed is None:
            first_seed = secrets.randbelow(GREATEST_SEED)
        texts: list[Text] = []
        for i in range(count):
            seed = (first_seed + i) % (GREATEST_SEED + 1)
            generation = Generation(replace(parameters, seed=seed), seed, prompt.size, client)
            texts.append(self._text(prompt, generation, texts[0] if texts else None))
        with self._changed:
            own = sum(client in (None, one.generation.client) for one in self._waiting)
            is_full = len(self._waiting) + count > self._waiting_limit
            if self._is_closing or is_full or own + count > limit:
                raise EngineBusyError(limit)
            self._waiting += texts
            self._changed.notify()
        return [text.generation for text in texts]

    def _text(self, prompt: Tokens, generation: Generation, parent: Text | None) -> Text:
        asked = generation.parameters
        judge = None
        blocks = self._blocks(prompt.size + asked.max_new_tokens)
        if asked.sentence_candidates > 1:
            before = f"{asked.preceding}\n{self.tokenizer.decode(prompt.tolist())}"
            judge = Judge(self.tokenizer, before, asked.keywords)
        return Text(
            generation,
            [Sequence.begin(asked, generation.seed, prompt)],
            self._vocabulary,
            blocks + (asked.sentence_candidates - 1) * self._blocks_of_candidate(blocks),
            self._sentence_tokens,
            judge,
            parent,
        )

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
                ended = [(text, _ABORT) for text in self._active]
            self._finish(ended)
            self._busy_s += time.perf_counter() - started_s
        self._finish([(text, _ABORT) for text in [*self._active, *self._waiting]])
        self._waiting.clear()
        self._decoder.close()

    def _step(self) -> list[tuple[Text, list[TokenEvent]]]:
        """Run one step; return the texts that ended in it, each with its last events."""
        self._finish(self._drop_cancelled())
        self._admit()
        scheduled = self._schedule()
        if not scheduled:
            return []
        logits = self._decoder.process([piece for _, _, piece in scheduled])
        for _, sequence, piece in scheduled:
            sequence.processed += piece.token_ids.size
        writing = [(text, sequence) for text, sequence, piece in scheduled if piece.wants_logits]
        ended = []
        readers = []
        for text in dict.fromkeys(text for text, _ in writing):
            text.generation.steps += 1
            text.generation.batch_tokens += len(writing)
        for (text, sequence), row in zip(writing, logits, strict=True):
            events = text.take(sequence, row, self._pool)
            self._tokens += sum(event.token_id is not None for event in events)
            if finish_reason(events):
                ended.append((text, events))
            elif events:
                text.generation.put(events)
                readers.append(text.generation)
        self._steps += 1
        _wake(readers)
        return ended

    def _drop_cancelled(self) -> list[tuple[Text, list[TokenEvent]]]:
        with self._changed:
            cancelled = [
                text for text in [*self._active, *self._waiting] if text.generation.is_cancelled
            ]
            if cancelled:
                self._waiting = [s for s in self._waiting if not s.generation.is_cancelled]
        return [(text, _ABORT) for text in cancelled]

    def _admit(self) -> None:
        """Begin waiting texts in their order, while there is room, first of those with few."""
        with self._changed:
            for share in (max(1, self._text_limit // 2), self._text_limit):
                still_waiting: list[Text] = []
                held = Counter(one.generation.client for one in self._active)
                is_full = False
                for text in self._waiting:
                    client = text.generation.client
                    if held[client] < share:
                        is_full = is_full or not self._has_room(text)
                    if is_full or held[client] >= share or _waits_for_parent(text):
                        still_waiting.append(text)
                    else:
                        self._begin(text)
                        held[client] += 1
                self._waiting = still_waiting

    def _has_room(self, text: Text) -> bool:
        reserved = sum(other.reserved_blocks for other in self._active)
        return (
            len(self._active) < self._text_limit
            and reserved + text.reserved_blocks <= self._decoder.block_count
        )

    def _begin(self, text: Text) -> None:
        text.generation.started_s = time.monotonic()
        parent = text.parent
        if parent is not None and parent.has_processed_prompt:
            # All but the last prompt token, which has to be run for its logits.
            text.first.processed = text.first.length - 1
            text.first.blocks = self._pool.fork(parent.first.blocks, text.first.processed)
            text.generation.prompt_logprobs = parent.generation.prompt_logprobs
        text.parent = None
        self._active.append(text)

    def _schedule(self) -> list[tuple[Text, Sequence, Slice]]:
        """Return this step's slices: every row being written, and prompts up to the budget."""
        budget = self._prompt_tokens_per_step
        scheduled = []
        for text in self._active:
            text.slide(self._pool, self.context_tokens)
            for sequence in text.waiting_sequences():
                limit = 1 if sequence.pending == 1 else budget
                if sequence.is_scored:
                    scheduled.append((text, sequence, sequence.next_scored_slice(self._pool)))
                elif limit > 0:
                    piece = sequence.next_slice(self._pool, limit)
                    budget -= piece.token_ids.size if sequence.pending > 1 else 0
                    scheduled.append((text, sequence, piece))
        return scheduled

    def _finish(self, ended: list[tuple[Text, list[TokenEvent]]]) -> None:
        """Free the blocks of texts that ended and tell their readers."""
        if not ended:
            return
        gone = {id(text) for text, _ in ended}
        self._active = [text for text in self._active if id(text) not in gone]
        for text, events in ended:
            text.leave(self._pool)
            text.generation.finished_s = time.monotonic()
            text.generation.put(events)
        self._pool.trim()
        _wake([text.generation for text, _ in ended])


def _waits_for_parent(text: Text) -> bool:
    """Whether a text with the same prompt is still reading it."""
    parent = text.parent
    if parent is None or parent.generation.finished_s is not None:
        return False
    return not parent.has_processed_prompt and parent.first.window_start == 0


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
