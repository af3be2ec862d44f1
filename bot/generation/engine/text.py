"""A text being written: one sequence, or several that contend for its next sentence.

::

    prompt -> a row of logits -> candidates, each with blocks of its own -> all whole -> the best
                    ^                                                                       |
                    +-- its last token runs ------------------------------------------------+
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bot.generation.engine import sampling
from bot.generation.engine.blocks import BlockPool
from bot.generation.engine.decoder import Logits, Tokens
from bot.generation.engine.generation import FinishReason, Generation, TokenEvent
from bot.generation.engine.sentences import Candidate, Judge
from bot.generation.engine.sequence import Sequence

_ROUNDS = 3
"""Times that candidates are drawn where all of them say what was said before."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the loop knows of tokens.

    Attributes:
        eos: Tokens that end a text.
        sentence_ends: Whether a sentence may end with it, for each token; made when first asked.
    """

    eos: Tokens
    sentence_ends: Callable[[], NDArray[np.bool_]]


@dataclass(slots=True, eq=False)
class Text:
    """One text. Only the engine's thread touches it.

    Attributes:
        generation: What its reader holds.
        sequences: The text itself, or its candidates while a sentence is drawn.
        vocabulary: Of the model.
        reserved_blocks: How many blocks it may take, all sequences together.
        sentence_tokens: Of a candidate, at most.
        judge: Chooses among candidates; None where each token is final.
        parent: A text with the same prompt, submitted before it, whose blocks it may share.
    """

    generation: Generation
    sequences: list[Sequence]
    vocabulary: Vocabulary
    reserved_blocks: int
    sentence_tokens: int
    judge: Judge | None = None
    parent: "Text | None" = None
    _candidates: list[Candidate] = field(default_factory=list)
    _round: int = 0

    @property
    def first(self) -> Sequence:
        """The sequence that is always there."""
        return self.sequences[0]

    @property
    def has_processed_prompt(self) -> bool:
        """Whether the first sequence's blocks hold all of the prompt from its start."""
        first = self.first
        has_all = first.window_start == 0 and first.processed >= first.prompt_tokens
        return has_all and bool(first.blocks)

    def slide(self, pool: BlockPool, context_tokens: int) -> None:
        """Make room for what is drawn next; candidates had theirs when they began."""
        if not self._candidates:
            room = self.sentence_tokens if self.judge else 1
            self.first.slide(pool, context_tokens, room)

    def waiting_sequences(self) -> list[Sequence]:
        """Return the sequences that have something to run."""
        if not self._candidates:
            return self.sequences
        pairs = zip(self.sequences, self._candidates, strict=True)
        return [sequence for sequence, candidate in pairs if not candidate.is_whole]

    def take(self, sequence: Sequence, logits: Logits, pool: BlockPool) -> list[TokenEvent]:
        """Go on with one of the sequences; return what is final by that.

        Args:
            sequence: Whose logits these are.
            logits: One row, which is written to.
            pool: Of the blocks.
        """
        if sequence.pending:
            self.generation.prompt_logprobs.append(sequence.score(logits))
            return []
        if self.generation.parameters.max_new_tokens == 0:
            return [TokenEvent(None, "length")]
        if self.judge is None:
            return [self._final(self._draw(sequence, logits))]
        if not self._candidates:
            self._begin_sentence(logits, pool)
        else:
            number = self.sequences.index(sequence)
            self._draw_candidate(number, logits)
        if not all(candidate.is_whole for candidate in self._candidates):
            return []
        return self._end_sentence(self.judge, pool)

    def leave(self, pool: BlockPool) -> None:
        """Give all blocks back."""
        for sequence in self.sequences:
            pool.drop(sequence.blocks)

    def _draw(self, sequence: Sequence, logits: Logits, stream: int = 0) -> TokenEvent:
        """Draw a token and append it, unless it ends the text."""
        asked = sequence.asked
        raw = None if asked.logprobs is None else logits.copy()
        token_id = sequence.draw(logits, self.vocabulary.eos, stream)
        is_end = token_id in self.vocabulary.eos and not asked.ignore_eos
        if is_end or token_id in asked.stop_token_ids:
            return TokenEvent(None, "stop")
        sequence.append(token_id)
        logprobs = None if raw is None else sequence.logprobs(raw, token_id)
        return TokenEvent(token_id, None, logprobs)

    def _final(self, event: TokenEvent) -> TokenEvent:
        """Count a token that the reader gets."""
        if event.token_id is None:
            return event
        generation = self.generation
        generation.new_tokens += 1
        is_full = generation.new_tokens >= generation.parameters.max_new_tokens
        return replace(event, finish_reason="length") if is_full else event

    def _begin_sentence(self, logits: Logits, pool: BlockPool) -> None:
        """Let every candidate draw its first token from the same row."""
        count = self.first.asked.sentence_candidates
        self.sequences += [self.first.fork(pool) for _ in range(count - 1)]
        self._candidates = [Candidate() for _ in range(count)]
        for number in range(count):
            self._draw_candidate(number, logits)

    def _draw_candidate(self, number: int, logits: Logits) -> None:
        sequence, candidate = self.sequences[number], self._candidates[number]
        stream = number + self._round * len(self.sequences)
        event = self._draw(sequence, logits.copy(), stream)
        token_id = event.token_id
        chance = logits[self.vocabulary.eos].max(initial=-np.inf)
        if token_id is not None:
            chance = logits[token_id]
            candidate.token_ids.append(token_id)
        candidate.events.append(event)
        candidate.log_probabilities.append(float(chance) - sampling.log_total(logits))
        candidate.is_whole = (
            token_id is None
            or sequence.new_tokens >= sequence.asked.max_new_tokens
            or len(candidate.token_ids) >= self.sentence_tokens
            or (candidate.may_end and bool(self.vocabulary.sentence_ends()[token_id]))
        )

    def _end_sentence(self, judge: Judge, pool: BlockPool) -> list[TokenEvent]:
        """Keep the best candidate, or have all drawn again if nothing in them is new."""
        best, is_repeated = judge.best(self._candidates)
        chosen, sequence = self._candidates[best], self.sequences[best]
        self._candidates = []
        if is_repeated and self._round < _ROUNDS - 1:
            self._round += 1
            self._keep(self.first, pool)
            self.first.rewind(self.generation.prompt_tokens + self.generation.new_tokens)
            return []
        self._round = 0
        self._keep(sequence, pool)
        judge.remember(chosen)
        return [self._final(event) for event in chosen.events]

    def _keep(self, kept: Sequence, pool: BlockPool) -> None:
        for sequence in self.sequences:
            if sequence is not kept:
                pool.drop(sequence.blocks)
        self.sequences = [kept]


def finish_reason(events: list[TokenEvent]) -> FinishReason | None:
    """Return why a text ended with these events, or None if it goes on."""
    return events[-1].finish_reason if events else None
