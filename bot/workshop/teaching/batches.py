"""The endless stream of exposures as batches of tokens.

The stream is parted into shards. What a shard holds depends on the seed and its number only, so
that a place in the stream is a shard's number and a batch's number in it: a training goes on
exactly where it stopped, whatever the number of processes. Each row holds one text from its first
token on, as the model will be asked, and rows of like length share a batch.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bot.workshop.texts.cards import load_cards
from bot.workshop.texts.compositions import load_compositions
from bot.workshop.texts.exposures import Exposures, Mixture
from bot.workshop.texts.forms import load_forms
from bot.workshop.texts.kinds import load_kinds, load_sentences

TOKENIZER = "tokenizer.json"
PASSAGES = "passages.txt"
SEPARATOR = "\n\f\n"

_WIDTHS = (128, 192, 256, 320, 384, 448, 512, 640, 768, 1024)
_BATCHES_A_SHARD = 16
_TOKENS_A_TEXT = 300


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts of one step.

    Attributes:
        ids: Rows × width, filled up with 0.
        lengths: Tokens of each row, its end of text included.
        starts: How many first tokens of each row are the header, which is not to be learnt.
    """

    ids: NDArray[np.uint16]
    lengths: NDArray[np.int64]
    starts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the stream.

    Attributes:
        shard: Number of the shard.
        batch: Number of the next batch in it.
    """

    shard: int = 0
    batch: int = 0


@dataclass(frozen=True, slots=True)
class Stream:
    """What the batches are made of.

    Attributes:
        folder: Holds the tokenizer and, perhaps, the natural passages.
        mixture: In what shares texts are drawn.
        batch_tokens: Tokens of a batch, padding included.
        text_tokens: A longer text is cut.
        seed: Of the stream.
        processes: How many make shards; 0 makes them in this one.
    """

    folder: Path
    mixture: Mixture
    batch_tokens: int
    text_tokens: int
    seed: str
    processes: int = 0

    def batches(self, start: Place) -> Iterator[tuple[Batch, Place]]:
        """Yield each batch from a place on, with the place behind it; never ends."""
        for number, shard in self._shards(start.shard):
            first = start.batch if number == start.shard else 0
            for at in range(first, len(shard)):
                last = at + 1 == len(shard)
                yield shard[at], Place(number + 1) if last else Place(number, at + 1)

    def _shards(self, first: int) -> Iterator[tuple[int, list[Batch]]]:
        numbers = iter(range(first, 2**62))
        if not self.processes:
            for number in numbers:
                yield number, self.shard(number)
        context = get_context("spawn")
        with context.Pool(self.processes) as pool:
            # A few shards ahead and no more: imap would run through the numbers without end.
            ahead = [
                (number, pool.apply_async(self.shard, (number,)))
                for number, _ in zip(numbers, range(2 * self.processes), strict=False)
            ]
            while True:
                number, result = ahead.pop(0)
                following = next(numbers)
                ahead.append((following, pool.apply_async(self.shard, (following,))))
                yield number, result.get()

    def shard(self, number: int) -> list[Batch]:
        """Return the batches of a shard, in their order."""
        rng = random.Random(f"{self.seed} {number}")
        exposures, tokenizer = load_exposures(self.folder), load_tokenizer(self.folder)
        count = max(1, _BATCHES_A_SHARD * self.batch_tokens // _TOKENS_A_TEXT)
        texts = [exposures.draw(rng, self.mixture) for _ in range(count)]
        rows = encode(tokenizer, texts, self.text_tokens)
        batches = list(pack(rows, self.batch_tokens))
        rng.shuffle(batches)
        return batches


@cache
def load_exposures(folder: Path) -> Exposures:
    """Read all texts, once for each process."""
    path = folder / PASSAGES
    passages = path.read_text(encoding="utf-8").split(SEPARATOR) if path.exists() else []
    return Exposures.of(
        load_cards(), load_compositions(), passages, load_kinds(), load_sentences(), load_forms()
    )


@cache
def load_tokenizer(folder: Path) -> Tokenizer:
    """Read the tokenizer, once for each process."""
    return Tokenizer.from_file(str(folder / TOKENIZER))


Row = tuple[NDArray[np.uint16], int]


def encode(tokenizer: Tokenizer, texts: list[str], text_tokens: int) -> list[Row]:
    """Return each text's tokens with an end of text, and how many of them are its header."""
    end = tokenizer.token_to_id("<|endoftext|>")
    heads = [header_of(text) for text in texts]
    whole = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    begun = tokenizer.encode_batch_fast(heads, add_special_tokens=False)
    return [
        (np.array([*item.ids, end][:text_tokens], dtype=np.uint16), len(head.ids))
        for item, head in zip(whole, begun, strict=True)
    ]


def header_of(text: str) -> str:
    """Return the header of a text with the blank line behind it; "" where it has none."""
    first, _, rest = text.partition("\n")
    if not first.endswith(" palabras.") or not rest.startswith("Tema: "):
        return ""
    return text[: text.index("\n\n") + 2]


def pack(rows: list[Row], batch_tokens: int) -> Iterator[Batch]:
    """Put rows of like length into batches of at most so many tokens, the shortest rows first."""
    waiting: list[Row] = []
    for row in sorted(rows, key=lambda row: len(row[0])):
        if waiting and (len(waiting) + 1) * _width(len(row[0])) > batch_tokens:
            yield _batch(waiting)
            waiting = []
        waiting.append(row)
    if waiting:
        yield _batch(waiting)


def _width(tokens: int) -> int:
    return next((width for width in _WIDTHS if width >= tokens), tokens)


def _batch(rows: list[Row]) -> Batch:
    width = _width(max(len(ids) for ids, _ in rows))
    ids = np.zeros((len(rows), width), dtype=np.uint16)
    for row, (tokens, _) in zip(ids, rows, strict=True):
        row[: len(tokens)] = tokens
    lengths = np.array([len(tokens) for tokens, _ in rows], dtype=np.int64)
    return Batch(ids, lengths, np.array([start for _, start in rows], dtype=np.int64))
