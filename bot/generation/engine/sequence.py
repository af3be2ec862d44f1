"""The engine's own account of one row of the batch: its tokens, what of them was run, the next."""

from dataclasses import dataclass, field, replace

import numpy as np

from bot.generation.engine import sampling
from bot.generation.engine.blocks import BlockPool
from bot.generation.engine.decoder import Logits, Slice, Tokens
from bot.generation.engine.generation import TokenLogprobs
from bot.generation.parameters import SamplingParameters


@dataclass(slots=True, eq=False)
class Sequence:
    """One row of the batch. Only the engine's thread touches it.

    Attributes:
        asked: How it is continued.
        seed: Of its random stream.
        token_ids: Prompt and new tokens, in a buffer with room for all of them.
        length: Tokens in the buffer.
        prompt_tokens: Those of the prompt.
        blocks: Where the keys and values of the tokens that were run are.
        window_start: Index in ``token_ids`` of the token at position 0 of the window.
        processed: Tokens, counted from ``window_start``, whose keys and values are in the blocks.
    """

    asked: SamplingParameters
    seed: int
    token_ids: Tokens
    length: int
    prompt_tokens: int
    blocks: list[int] = field(default_factory=list)
    window_start: int = 0
    processed: int = 0

    @classmethod
    def begin(cls, asked: SamplingParameters, seed: int, prompt: Tokens) -> "Sequence":
        """Make the account of a text of which nothing was run."""
        token_ids = np.empty(prompt.size + asked.max_new_tokens, np.int32)
        token_ids[: prompt.size] = prompt
        return cls(asked, seed, token_ids, prompt.size, prompt.size)

    @property
    def new_tokens(self) -> int:
        """Tokens behind the prompt."""
        return self.length - self.prompt_tokens

    @property
    def pending(self) -> int:
        """Tokens that the model has not seen in this window."""
        return self.length - self.window_start - self.processed

    def slide(self, pool: BlockPool, context_tokens: int, room: int) -> None:
        """Where a window has not room for so many tokens, begin again with the newer half of it.

        Positions are absolute in GPT-2, so the half that stays has to be run again. Doing that
        once every half window costs one extra token of prompt processing per token written.
        """
        if self.length - self.window_start + room - 1 > context_tokens:
            self.window_start = self.length - max(context_tokens // 2, 1)
            self.processed = 0
            pool.drop(self.blocks)

    def next_slice(self, pool: BlockPool, limit: int) -> Slice:
        """Return up to ``limit`` of the pending tokens as a slice, with blocks to put them."""
        start = self.window_start + self.processed
        end = min(start + limit, self.length)
        pool.extend(self.blocks, end - self.window_start)
        wants_logits = end == self.length
        return Slice(self.blocks, self.processed, self.token_ids[start:end], wants_logits)

    @property
    def is_scored(self) -> bool:
        """Whether the next token of the prompt is to be scored."""
        return self.asked.scores_prompt and self.new_tokens == 0 and self.pending > 1

    def next_scored_slice(self, pool: BlockPool) -> Slice:
        """Return the next pending token as a slice whose logits tell of the one after it."""
        piece = self.next_slice(pool, 1)
        return replace(piece, wants_logits=True)

    def score(self, logits: Logits) -> TokenLogprobs:
        """Tell how likely one row of logits makes the prompt's next token."""
        token_id = int(self.token_ids[self.window_start + self.processed])
        return self.logprobs(logits, token_id)

    def logprobs(self, logits: Logits, token_id: int) -> TokenLogprobs:
        """Tell how likely one row of logits makes a token."""
        scores = sampling.log_probabilities(logits, token_id, self.asked.logprobs or 0)
        return TokenLogprobs(*scores)

    def draw(self, logits: Logits, eos_token_ids: Tokens, stream: int = 0) -> int:
        """Draw the next token from one row of logits, which is written to.

        Args:
            logits: What the model thinks.
            eos_token_ids: Forbidden before ``min_new_tokens``.
            stream: Which of the seed's independent streams the random number is taken from.
        """
        asked = self.asked
        history = self.token_ids[: self.length]
        if asked.repetition_penalty != 1.0:
            sampling.penalise_repetition(logits, history, np.float32(asked.repetition_penalty))
        if asked.no_repeat_ngram_size:
            sampling.forbid_repeated_ngrams(logits, history, asked.no_repeat_ngram_size)
        if asked.presence_penalty or asked.frequency_penalty:
            written = history[self.prompt_tokens :]
            sampling.penalise_presence(
                logits, written, asked.presence_penalty, asked.frequency_penalty
            )
        for token_id, bias in asked.logit_bias:
            logits[token_id] += bias
        if self.new_tokens < asked.min_new_tokens:
            logits[eos_token_ids] = -np.inf
            logits[list(asked.stop_token_ids)] = -np.inf
        if asked.min_p:
            sampling.forbid_unlikely(logits, asked.min_p, asked.temperature)
        position = np.uint64((stream << 32) + self.new_tokens)
        chance = sampling.uniform(np.uint64(self.seed), position)
        return int(
            sampling.choose_token(logits, asked.temperature, asked.top_k, asked.top_p, chance)
        )

    def append(self, token_id: int) -> None:
        """Add a drawn token."""
        self.token_ids[self.length] = token_id
        self.length += 1

    def fork(self, pool: BlockPool) -> "Sequence":
        """Return another that goes on from the same tokens and shares what was run of them."""
        blocks = pool.fork(self.blocks, self.processed)
        return Sequence(
            self.asked,
            self.seed,
            self.token_ids.copy(),
            self.length,
            self.prompt_tokens,
            blocks,
            self.window_start,
            self.processed,
        )

    def rewind(self, length: int) -> None:
        """Take back the newest tokens; the last of those that stay is to be run again."""
        self.length = length
        self.processed = length - 1 - self.window_start
