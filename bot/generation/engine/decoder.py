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
        slot: Where the text's keys and values are kept, 0 to ``slot_count - 1``.
        start: Position of the first token in the window. Positions 0 to ``start - 1`` of the slot
            were run before.
        token_ids: The tokens, shape [tokens], at least one.
        wants_logits: Whether the logits after the last token are needed.
    """

    slot: int
    start: int
    token_ids: Tokens
    wants_logits: bool


class Decoder(Protocol):
    """A model with a fixed number of slots. Used by one thread at a time.

    Attributes:
        vocabulary_size: Width of the logits.
        context_tokens: Positions that a slot has.
        slot_count: Texts that can be kept at once.
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
    def slot_count(self) -> int:
        """See the class."""
        ...

    def process(self, slices: Sequence[Slice]) -> Logits:
        """Run the slices, each of another slot.

        Returns:
            Logits, shape [slices that want them, vocabulary_size], in the slices' order. The
            caller may write into them; they are valid until the next call.
        """
        ...

    def copy_prefix(self, source: int, target: int, tokens: int) -> None:
        """Give slot ``target`` the first ``tokens`` positions of slot ``source``."""
        ...

    def release(self, slot: int) -> None:
        """Forget a slot; its memory may go back to the system."""
        ...

    def close(self) -> None:
        """Stop threads and give memory back. The decoder is not used afterwards."""
        ...
