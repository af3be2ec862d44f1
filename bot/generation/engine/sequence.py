"""The engine's own account of one text: its tokens, what of them was run, and the next choice."""

from dataclasses import dataclass, field

import numpy as np

from bot.generation.engine import sampling
from bot.generation.engine.decoder import Slice, Tokens
from bot.generation.engine.generation import Generation, TokenLogprobs

NO_SLOT = -1


@dataclass(slots=True, eq=False)
class Sequence:
    """One text in the engine. Only the engine's thread touches it.

    Attributes:
        generation: What its reader holds.
        token_ids: Prompt and new tokens, in a buffer with room for all of them.
        length: Tokens in the buffer.
        slot: Where its keys and values are, or ``NO_SLOT``.
        window_start: Index in ``token_ids`` of the token at position 0 of the slot.
        processed: Tokens, counted from ``window_start``, whose keys and values are in the slot.
        parent: A text with the same prompt, submitted before it, whose slot it may copy.
    """

    generation: Generation
    token_ids: Tokens
    length: int
    slot: int = NO_SLOT
    window_start: int = 0
    processed: int = 0
    parent: "Sequence | None" = None
    _random_seed: np.uint64 = field(default=np.uint64(0))

    @classmethod
    def begin(
        cls, generation: Generation, prompt: Tokens, parent: "Sequence | None"
    ) -> "Sequence":
        """Make the account of a text that has not got a slot."""
        token_ids = np.empty(prompt.size + generation.parameters.max_new_tokens, np.int32)
        token_ids[: prompt.size] = prompt
        seed = np.uint64(generation.seed)
        return cls(generation, token_ids, prompt.size, parent=parent, _random_seed=seed)

    @property
    def pending(self) -> int:
        """Tokens that the model has not seen in this slot."""
        return self.length - self.window_start - self.processed

    @property
    def has_processed_prompt(self) -> bool:
        """Whether the slot holds all of the prompt from its start."""
        return (
            self.slot != NO_SLOT
            and self.window_start == 0
            and self.processed >= self.generation.prompt_tokens
        )

    def slide(self, context_tokens: int) -> None:
        """Make room in a full window: begin again with the newer half of it.

        Positions are absolute in GPT-2, so the half that stays has to be run again. Doing that
        once every half window costs one extra token of prompt processing per token written.
        """
        if self.processed >= context_tokens:
            self.window_start = self.length - max(context_tokens // 2, 1)
            self.processed = 0

    def next_slice(self, limit: int) -> Slice:
        """Return up to ``limit`` of the pending tokens as a slice."""
        start = self.window_start + self.processed
        end = min(start + limit, self.length)
        return Slice(self.slot, self.processed, self.token_ids[start:end], end == self.length)

    @property
    def is_scored(self) -> bool:
        """Whether the next token of the prompt is to be scored."""
        generation = self.generation
        return (
            generation.parameters.scores_prompt and generation.new_tokens == 0 and self.pending > 1
        )

    def next_scored_slice(self) -> Slice:
        """Return the next pending token as a slice whose logits tell of the one after it."""
        start = self.window_start + self.processed
        return Slice(self.slot, self.processed, self.token_ids[start : start + 1], True)

    def score(self, logits: np.ndarray) -> None:
        """Note how likely one row of logits makes the prompt's next token."""
        asked = self.generation.parameters
        token_id = int(self.token_ids[self.window_start + self.processed])
        scores = sampling.log_probabilities(logits, token_id, asked.logprobs or 0)
        self.generation.prompt_logprobs.append(TokenLogprobs(*scores))

    def choose(self, logits: np.ndarray, eos_token_ids: Tokens) -> int:
        """Choose the next token from one row of logits, which is written to."""
        asked = self.generation.parameters
        history = self.token_ids[: self.length]
        written = self.generation.new_tokens
        if asked.repetition_penalty != 1.0:
            sampling.penalise_repetition(logits, history, np.float32(asked.repetition_penalty))
        if asked.no_repeat_ngram_size:
            sampling.forbid_repeated_ngrams(logits, history, asked.no_repeat_ngram_size)
        if asked.presence_penalty or asked.frequency_penalty:
            sampling.penalise_presence(
                logits,
                history[self.length - written :],
                asked.presence_penalty,
                asked.frequency_penalty,
            )
        for token_id, bias in asked.logit_bias:
            logits[token_id] += bias
        if written < asked.min_new_tokens:
            logits[eos_token_ids] = -np.inf
            logits[list(asked.stop_token_ids)] = -np.inf
        if asked.min_p:
            sampling.forbid_unlikely(logits, asked.min_p, asked.temperature)
        chance = sampling.uniform(self._random_seed, np.uint64(written))
        return int(
            sampling.choose_token(logits, asked.temperature, asked.top_k, asked.top_p, chance)
        )

    def append(self, token_id: int) -> None:
        """Add a chosen token."""
        self.token_ids[self.length] = token_id
        self.length += 1
