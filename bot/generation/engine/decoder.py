"""What the batching loop asks of a model: run slices of several texts, give back logits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int32]
Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Slice:
    """Consecutive tokens of one text, to be run through the model in one step.

    A text that is being written has a slice of one token; a prompt comes in longer ones.

    Attributes:
        blocks: Where the text's keys and values are kept, in the order of its tokens; as many as
            the slice's last token needs.
        start: Position of the first token in the window. Positions 0 to ``start - 1`` were run
            before.
        token_ids: The tokens, shape [tokens], at least one.
        wants_logits: Whether the logits after the last token are needed.
    """

    blocks: Sequence[int]
    start: int
    token_ids: Tokens
    wants_logits: bool


class Decoder(Protocol):
    """A model, and memory for keys and values in blocks. Used by one thread at a time.

    Attributes:
        vocabulary_size: Width of the logits.
        context_tokens: Positions that the model knows.
        block_tokens: Tokens whose keys and values a block holds.
        block_count: Blocks that there are, numbered from 0.
    """

    @property
    def vocabulary_size(self) -> int:
        """See the class."""
        ...

    @property
    def context_tokens(self) -> int:
        """See the class."""
        ...

    @property
    def block_tokens(self) -> int:
        """See the class."""
        ...

    @property
    def block_count(self) -> int:
        """See the class."""
        ...

    def process(self, slices: Sequence[Slice]) -> Logits:
        """Run the slices, no two of which write to one block.

        Returns:
            Logits, shape [slices that want them, vocabulary_size], in the slices' order. The
            caller may write into them; they are valid until the next call.
        """
        ...

    def copy_block(self, source: int, target: int, tokens: int) -> None:
        """Give block ``target`` the first ``tokens`` tokens of block ``source``."""
        ...

    def release(self, block: int) -> None:
        """Forget a block; its memory may go back to the system."""
        ...

    def close(self) -> None:
        """Stop threads and give memory back. The decoder is not used afterwards."""
        ...
