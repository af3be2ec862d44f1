"""How much of what a model writes stands word for word in its training text.

The essays are indexed and the training text streams by, so a gigabyte of it needs no index. Words
are compared in lower case, without marks. Runs of words are hashed by sums of random 64-bit
numbers times powers of an odd base, modulo 2**64, so that the hash of any run is a difference of
two prefix sums.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\w+")
_BASE = np.uint64(0x9E3779B97F4A7C15)
_BATCH_TEXTS = 4000
SHARE_WORDS = 8

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Verbatim:
    """What of one essay stands in the training text.

    Attributes:
        longest_words: Words of the longest run that the essay shares with a training text.
        longest: That run.
        share: Share of the essay's runs of eight words that a training text holds, 0 to 1.
    """

    longest_words: int
    longest: str
    share: float


def words_of(text: str) -> list[str]:
    """Return a text's words in lower case."""
    return _WORD.findall(unicodedata.normalize("NFC", text).lower())


class _Words:
    """Numbers words and gives each a random value; unknown ones of a stream get fresh numbers."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def numbers(self, words: Iterable[str]) -> NDArray[np.int64]:
        numbers = self._numbers
        return np.array([numbers.setdefault(word, len(numbers)) for word in words], dtype=np.int64)

    @staticmethod
    def values(numbers: NDArray[np.int64]) -> Hashes:
        """Mix numbers into values that look random (the finaliser of splitmix64)."""
        x = (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed: Hashes = x ^ (x >> np.uint64(31))
        return mixed


class _Runs:
    """Hashes of the runs of words in a row of texts."""

    def __init__(self, numbers: Sequence[NDArray[np.int64]]) -> None:
        lengths = np.array([len(text) for text in numbers], dtype=np.int64)
        joined = np.concatenate([*numbers, np.zeros(0, dtype=np.int64)])
        self.text_ends = np.repeat(np.cumsum(lengths), lengths)
        size = len(joined)
        powers = np.full(size + 1, _BASE, dtype=np.uint64)
        powers[0] = 1
        powers = np.cumprod(powers, dtype=np.uint64)
        inverse = np.full(size + 1, np.uint64(pow(int(_BASE), -1, 2**64)), dtype=np.uint64)
        inverse[0] = 1
        self._inverse = np.cumprod(inverse, dtype=np.uint64)
        terms = _Words.values(joined) * powers[:size]
        self._sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(terms)])

    def starts(self, length: int, among: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Return the positions at which a run of that length stays inside its text."""
        if among is None:
            among = np.arange(len(self.text_ends))
        return among[among + length <= self.text_ends[among]]

    def hashes(self, starts: NDArray[np.int64], length: int) -> Hashes:
        """Return the hashes of the runs that begin at positions."""
        found: Hashes = (self._sums[starts + length] - self._sums[starts]) * self._inverse[starts]
        return found


def verbatim(essays: Sequence[str], training: Iterable[str]) -> list[Verbatim]:
    """Compare essays with all training texts.

    Args:
        essays: What a model wrote, without its prompts.
        training: The training texts; read once.

    Returns:
        One answer for each essay, in order.
    """
    words = _Words()
    split = [words_of(essay) for essay in essays]
    own = _Runs([words.numbers(essay) for essay in split])
    owners = np.repeat(np.arange(len(essays)), [len(essay) for essay in split])
    longest = np.zeros(len(owners), dtype=np.int64)
    iterator = iter(training)
    while batch := list(islice(iterator, _BATCH_TEXTS)):
        runs = _Runs([words.numbers(words_of(text)) for text in batch])
        _extend(own, runs, longest)
    return [_answer(split[index], longest[owners == index]) for index in range(len(essays))]


def _extend(own: _Runs, runs: _Runs, longest: NDArray[np.int64]) -> None:
    """Raise ``longest`` (by start in the essays) to the longest runs that a batch holds.

    The runs of one word more are looked for only where those of one word fewer were found.
    """
    alive_own: NDArray[np.int64] | None = None
    alive: NDArray[np.int64] | None = None
    length = SHARE_WORDS
    while True:
        own_starts = own.starts(length, alive_own)
        starts = runs.starts(length, alive)
        if not len(own_starts) or not len(starts):
            return
        own_hashes = own.hashes(own_starts, length)
        index = np.unique(own_hashes)
        hashes = runs.hashes(starts, length)
        place = np.minimum(np.searchsorted(index, hashes), len(index) - 1)
        is_found = index[place] == hashes
        alive = starts[is_found]
        met = np.unique(hashes[is_found])
        if not len(met):
            return
        place = np.minimum(np.searchsorted(met, own_hashes), len(met) - 1)
        alive_own = own_starts[met[place] == own_hashes]
        longest[alive_own] = np.maximum(longest[alive_own], length)
        length += 1


def _answer(words: list[str], longest: NDArray[np.int64]) -> Verbatim:
    runs = len(words) - SHARE_WORDS + 1
    if runs <= 0 or not len(longest):
        return Verbatim(0, "", 0.0)
    start = int(longest.argmax())
    length = int(longest[start])
    share = float((longest >= SHARE_WORDS).sum()) / runs
    return Verbatim(length, " ".join(words[start : start + length]), share)
