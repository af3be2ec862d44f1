"""Texts as rows of tokens on disk: each row begins with a text or with a sentence of one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

_SENTENCE_END = re.compile(r"(?<=[.!?…»\"])\s+|\n+")
_COUNTED_ROWS = 4096

Tokens = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of texts that fit into a row.

    Attributes:
        tokens: One array of tokens for each piece.
        is_open: Whether a piece's text goes on in another; such a piece ends its row.
    """

    tokens: list[Tokens]
    is_open: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Encoding:
    """How text becomes tokens.

    Attributes:
        tokenizer: That of the model.
        end_of_text: Id of the token that ends a text.
        context_tokens: The window.
    """

    tokenizer: Tokenizer
    end_of_text: int
    context_tokens: int

    @property
    def dtype(self) -> str:
        """The smallest type that holds every token."""
        return "uint16" if self.tokenizer.get_vocab_size() <= 2**16 else "uint32"

    def encode(self, texts: Sequence[str]) -> Pieces:
        """Return the texts as tokens, each ended, long ones cut at sentences."""
        tokens: list[Tokens] = []
        is_open: list[bool] = []
        for text, ids in zip(texts, self._ids(texts), strict=True):
            parts = self._parts(text, ids)
            tokens += parts
            is_open += [True] * (len(parts) - 1) + [False]
        return Pieces(tokens, np.array(is_open, dtype=np.bool_))

    def _ids(self, texts: Sequence[str]) -> list[Tokens]:
        encoded = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [np.array(item.ids, dtype=self.dtype) for item in encoded]

    def _parts(self, text: str, ids: Tokens) -> list[Tokens]:
        end = np.array([self.end_of_text], dtype=self.dtype)
        room = self.context_tokens
        if len(ids) < room:
            return [np.concatenate([ids, end])]
        parts = self._ids(cut_at_sentences(text, int(0.85 * room * len(text) / len(ids))))
        cut = [part[at : at + room] for part in parts for at in range(0, len(part), room)]
        if len(cut[-1]) < room:
            cut[-1] = np.concatenate([cut[-1], end])
        else:
            cut.append(end)
        return cut


def cut_at_sentences(text: str, limit: int) -> list[str]:
    """Cut a text into parts that begin with a sentence or a line.

    Args:
        text: What to cut.
        limit: Characters of a part; only a single sentence may be longer.
    """
    parts: list[str] = []
    begin = end = 0
    for match in [*_SENTENCE_END.finditer(text), None]:
        stop = match.start() if match else len(text)
        if end > begin and stop - begin > limit:
            parts.append(text[begin:end].strip())
            begin = end
        end = match.end() if match else len(text)
    parts.append(text[begin:end].strip())
    return [part for part in parts if part]


def assign_rows(
    lengths: NDArray[np.int32], is_open: NDArray[np.bool_], room: int, seed: int
) -> list[list[int]]:
    """Pack pieces into rows: best fit, longest first.

    Args:
        lengths: Tokens of each piece, 1 to ``room``.
        is_open: Pieces after which nothing may stand in their row.
        room: Tokens of a row.
        seed: Order of the rows, and of the pieces within them.

    Returns:
        For each row its pieces in order; each piece stands in exactly one row.
    """
    rows: list[list[int]] = []
    by_room: list[list[int]] = [[] for _ in range(room)]
    rooms = 0  # bit r says whether there is a row with r tokens of room
    # Open pieces come first, so that each begins a row of its own and ends it in the end.
    for piece in np.lexsort((-lengths, ~is_open)).tolist():
        length = int(lengths[piece])
        fitting = 0 if is_open[piece] else rooms >> length
        if fitting:
            left = length + (fitting & -fitting).bit_length() - 1
            row = by_room[left].pop()
            if not by_room[left]:
                rooms &= ~(1 << left)
        else:
            row, left = len(rows), room
            rows.append([])
        rows[row].append(piece)
        if left > length:
            by_room[left - length].append(row)
            rooms |= 1 << (left - length)
    random = np.random.default_rng(seed)
    for pieces in rows:
        last = [piece for piece in pieces if is_open[piece]]
        first = [piece for piece in pieces if not is_open[piece]]
        random.shuffle(first)
        pieces[:] = first + last
    random.shuffle(rows)
    return rows


def write_rows(folder: Path, name: str, pieces: Pieces, encoding: Encoding, seed: int) -> None:
    """Pack pieces into rows and write them; ``RowStore`` reads them.

    Raises:
        OSError: The disk is full, say.
    """
    lengths = np.array([len(piece) for piece in pieces.tokens], dtype=np.int32)
    packed = assign_rows(lengths, pieces.is_open, encoding.context_tokens, seed)
    rows = np.full((len(packed), encoding.context_tokens), encoding.end_of_text, encoding.dtype)
    used = np.zeros(len(packed), dtype=np.int32)
    for number, row in enumerate(packed):
        joined = np.concatenate([pieces.tokens[piece] for piece in row])
        used[number] = len(joined)
        rows[number, : len(joined)] = joined
    np.save(folder / f"{name}.npy", rows)
    np.save(folder / f"{name}.lengths.npy", used)


class RowStore:
    """Rows of tokens in memory-mapped files.

    Attributes:
        tokens: Rows × context, uint16 or uint32, not to be written to.
        lengths: Tokens of each row that count; the rest is padding.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.tokens: Tokens = np.load(folder / f"{name}.npy", mmap_mode="r")
        self.lengths: NDArray[np.int32] = np.load(folder / f"{name}.lengths.npy")

    def __len__(self) -> int:
        return len(self.lengths)

    def token_counts(self, vocabulary_size: int) -> Tensor:
        """Return how often each token comes in a sample spread over all rows."""
        sampled = range(0, len(self), max(1, len(self) // _COUNTED_ROWS))
        parts = [self.tokens[row, : self.lengths[row]] for row in sampled]
        joined = torch.from_numpy(np.concatenate(parts).astype(np.int64))
        return torch.bincount(joined, minlength=vocabulary_size)

    def pass_order(self, number: int, seed: int) -> NDArray[np.int64]:
        """Return the rows of one pass in the order in which they are learnt.

        It depends on the arguments alone, so a resumed training goes on in the same order.
        """
        return np.random.default_rng([seed, number]).permutation(len(self))
