"""The texts that no training of the recipe has seen, by kind."""

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bot.generation.training.corpus import position_of, read_file, text_files
from bot.generation.training.grammar.headers import parse_prompt

KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("essays", ("*sintetic*", "*grammar*", "*essays*")),
    ("learner essays", ("*redacciones*",)),
    ("fiction", ("*cuentos*", "*novelas*")),
    ("textbooks", ("*manual*",)),
    ("speeches", ("*discursos*",)),
)
"""Kinds of text by patterns of their files' names; the first match counts."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Held-out texts of one kind.

    Attributes:
        kind: A name of ``KINDS``.
        texts: Heading and body of each.
    """

    kind: str
    texts: tuple[tuple[str, str], ...]


def split_heading(text: str) -> tuple[str, str]:
    """Part a record into its heading, "" where it has none, and its body."""
    parsed = parse_prompt(text)
    if parsed is None:
        return "", text
    body = parsed[3]
    return text[: len(text) - len(body)], body


def kind_of(source: str) -> str | None:
    """Return the kind of a file's texts, or None."""
    for kind, patterns in KINDS:
        if any(fnmatch.fnmatch(source, pattern) for pattern in patterns):
            return kind
    return None


def held_out_texts(corpus: Path, share: float, most: int) -> list[HeldOut]:
    """Read held-out texts.

    Args:
        corpus: The folder that the recipe trained on.
        share: The training's ``held_out_share``.
        most: Texts of a kind at most, spread evenly over its files.
    """
    by_kind: dict[str, list[list[tuple[str, str]]]] = {}
    for path in text_files(corpus):
        kind = kind_of(path.relative_to(corpus).as_posix())
        if kind is not None:
            of_file = islice(_held_out(path, corpus, share), most)
            by_kind.setdefault(kind, []).append(list(of_file))
    found = []
    for kind, _ in KINDS:
        files = by_kind.get(kind, [])
        alternating = [file[index] for index in range(most) for file in files if index < len(file)]
        if alternating:
            found.append(HeldOut(kind, tuple(alternating[:most])))
    return found


def _held_out(path: Path, corpus: Path, share: float) -> Iterator[tuple[str, str]]:
    for record in read_file(path, corpus):
        if position_of(record.text) < share:
            yield split_heading(record.text)
