"""Rows of tokens on disk: records packed so that each begins a row or follows an end of text."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bot.training.corpus import weight_of
from bot.training.tokens import EncodedFile

_SMALL_CORPUS_RECORDS = 2000
_COUNTED_ROWS = 4096


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of tokens that belong together.

    Attributes:
        tokens: One array of tokens for each piece.
        is_open: Whether a piece's record goes on in another; such a piece ends its row.
    """

    tokens: list[NDArray[Any]]
    is_open: NDArray[np.bool_]


def held_out_records(files: Sequence[EncodedFile], share: float) -> list[NDArray[np.bool_]]:
    """Choose the records to measure with, for each file.

    In a large corpus those whose position is below the share; in a small one the lowest
    positions, so that there is at least one, and one is left to learn from.
    """
    positions = np.concatenate([file.positions for file in files])
    threshold = share
    if len(positions) < _SMALL_CORPUS_RECORDS:
        wanted = min(max(1, round(share * len(positions))), len(positions) - 1)
        threshold = float(np.sort(positions)[wanted]) if wanted > 0 else 0.0
    return [file.positions < threshold for file in files]


def assign_rows(
    lengths: NDArray[np.int32], is_open: NDArray[np.bool_], room: int, seed: int
) -> list[list[int]]:
    """Pack pieces into rows: best fit, longest first.

    Args:
        lengths: Tokens of each piece, 1 to ``room``.
        is_open: Pieces after which nothing may stand in their row.
        room: Tokens of a row.
        seed: Order of the pieces within their rows.

    Returns:
        For each row its pieces in order; each piece stands in exactly one row.
    """
    rows: list[list[int]] = []
    with_room = _RowsByRoom(room)
    # Open pieces come first, so that each begins a row of its own and ends it in the end.
    for piece in np.lexsort((-lengths, ~is_open)).tolist():
        length = int(lengths[piece])
        found = None if is_open[piece] else with_room.take(length)
        if found is None:
            found = len(rows), room
            rows.append([])
        row, left = found
        rows[row].append(piece)
        with_room.put(row, left - length)
    _shuffle(rows, is_open, seed)
    return rows


class _RowsByRoom:
    """Rows that are not full, by the tokens of room left in them.

    Bit *r* of a number says whether there is a row with *r* tokens of room, so the tightest fit
    is found without a search.
    """

    def __init__(self, room: int) -> None:
        self._rows: list[list[int]] = [[] for _ in range(room + 1)]
        self._rooms = 0

    def put(self, row: int, left: int) -> None:
        if left:
            self._rows[left].append(row)
            self._rooms |= 1 << left

    def take(self, length: int) -> tuple[int, int] | None:
        """Take out the row with the least room that holds a piece; return it and its room."""
        fitting = self._rooms >> length
        if not fitting:
            return None
        lowest_bit = (fitting & -fitting).bit_length() - 1
        left = length + lowest_bit
        row = self._rows[left].pop()
        if not self._rows[left]:
            self._rooms &= ~(1 << left)
        return row, left


def _shuffle(rows: list[list[int]], is_open: NDArray[np.bool_], seed: int) -> None:
    """Shuffle the rows and the pieces within them, an open piece staying the last."""
    random = np.random.default_rng(seed)
    for pieces in rows:
        last = [piece for piece in pieces if is_open[piece]]
        first = [piece for piece in pieces if not is_open[piece]]
        random.shuffle(first)
        pieces[:] = first + last
    random.shuffle(rows)


class RowWriter:
    """Writes rows of tokens and their lengths; ``RowStore`` reads them.

    Args:
        folder: An existing folder.
        name: Beginning of the files' names.
        context_tokens: Tokens of a row.
        end_of_text: What fills a row behind its last piece.
        dtype: ``uint16`` or ``uint32``.
    """

    def __init__(
        self, folder: Path, name: str, context_tokens: int, end_of_text: int, dtype: str
    ) -> None:
        self._folder = folder
        self._name = name
        self._context_tokens = context_tokens
        self._end_of_text = end_of_text
        self._dtype = np.dtype(dtype)
        self._lengths: list[int] = []
        self._groups: list[tuple[int, float]] = []

    def write(self, groups: Sequence[tuple[Pieces, float]], seed: int) -> None:
        """Pack and write all rows.

        Args:
            groups: Pieces that are packed together, and how often a pass holds their rows.
            seed: Order of rows and pieces.

        Raises:
            OSError: The disk is full, say.
        """
        with (self._folder / f"{self._name}.bin").open("wb") as file:
            for pieces, weight in groups:
                lengths = np.array([len(piece) for piece in pieces.tokens], dtype=np.int32)
                rows = assign_rows(lengths, pieces.is_open, self._context_tokens, seed)
                self._groups.append((len(rows), weight))
                for row in rows:
                    self._write_row(file.write, [pieces.tokens[piece] for piece in row])
        np.save(
            self._folder / f"{self._name}.lengths.npy", np.array(self._lengths, dtype=np.int32)
        )
        facts = {
            "context_tokens": self._context_tokens,
            "dtype": self._dtype.name,
            "groups": self._groups,
        }
        (self._folder / f"{self._name}.json").write_text(json.dumps(facts))

    def _write_row(self, write: Callable[[Any], object], parts: list[NDArray[Any]]) -> None:
        values = np.full(self._context_tokens, self._end_of_text, dtype=self._dtype)
        used = np.concatenate(parts)
        values[: len(used)] = used
        write(values.tobytes())
        self._lengths.append(len(used))


class RowStore:
    """Rows of tokens in memory-mapped files.

    Attributes:
        tokens: Rows × context, uint16 or uint32, not to be written to.
        lengths: Tokens of each row that count; the rest is padding.
    """

    def __init__(self, folder: Path, name: str) -> None:
        facts = json.loads((folder / f"{name}.json").read_text())
        self.lengths: NDArray[np.int32] = np.load(folder / f"{name}.lengths.npy")
        self._groups: list[tuple[int, float]] = [(rows, times) for rows, times in facts["groups"]]
        shape = (len(self.lengths), facts["context_tokens"])
        self.tokens = np.memmap(
            folder / f"{name}.bin", dtype=facts["dtype"], mode="r", shape=shape
        )

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def rows_per_pass(self) -> int:
        """Rows that one pass holds, heavier ones counted as often as they come."""
        return sum(round(rows * times) for rows, times in self._groups)

    def token_counts(self, vocabulary_size: int) -> Tensor:
        """Return how often each token comes in a sample spread over all rows."""
        sampled = range(0, len(self), max(1, len(self) // _COUNTED_ROWS))
        parts = [self.tokens[row, : self.lengths[row]] for row in sampled]
        return torch.bincount(
            torch.from_numpy(np.concatenate(parts).astype(np.int64)), minlength=vocabulary_size
        )

    def pass_order(self, number: int, seed: int) -> NDArray[np.int64]:
        """Return the rows of one pass in the order in which they are learnt.

        It depends on the arguments alone, so a resumed training goes on in the same order.

        Args:
            number: The pass, from 0.
            seed: The training's seed.
        """
        random = np.random.default_rng([seed, number])
        chosen = []
        first = 0
        for rows, times in self._groups:
            whole, rest = divmod(round(rows * times), rows) if rows else (0, 0)
            chosen += [np.arange(first, first + rows)] * whole
            chosen.append(first + random.permutation(rows)[:rest])
            first += rows
        order = np.concatenate(chosen)
        random.shuffle(order)
        return order


def group_pieces(
    files: Sequence[EncodedFile],
    chosen: Sequence[NDArray[np.bool_]],
    weights: Sequence[tuple[str, float]],
) -> list[tuple[Pieces, float]]:
    """Gather the pieces of chosen records, files of one weight together.

    Args:
        files: Tokenised files.
        chosen: For each file, which of its records to take.
        weights: Patterns of file names and how often a pass holds their rows; 0 leaves out.
    """
    groups: dict[float, tuple[list[NDArray[Any]], list[NDArray[np.bool_]]]] = {}
    for file, records in zip(files, chosen, strict=True):
        weight = weight_of(file.source, weights)
        if weight <= 0 or not len(file.piece_lengths):
            continue
        mask = records[file.piece_records]
        ends = np.cumsum(file.piece_lengths)
        tokens, is_open = groups.setdefault(weight, ([], []))
        for index in np.flatnonzero(mask).tolist():
            end = int(ends[index])
            tokens.append(file.tokens[end - int(file.piece_lengths[index]) : end])
        is_open.append(file.piece_is_open[mask])
    return [
        (Pieces(tokens, np.concatenate(flags)), weight)
        for weight, (tokens, flags) in sorted(groups.items())
        if tokens
    ]
