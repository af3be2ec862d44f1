"""The texts that no training of the recipe has seen, by kind."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bot.training.corpus import read_file
from bot.workshop.grammar.headers import parse_prompt

KINDS = (
    ("essays", "heldout_essays.txt"),
    ("learner essays", "heldout_redacciones.txt"),
    ("fiction", "heldout_fiction.txt"),
    ("textbooks", "heldout_textbooks.txt"),
)
"""Kinds of text, and the file of ``build_corpus`` that holds each."""


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


def held_out_texts(folder: Path, most: int) -> list[HeldOut]:
    """Read held-out texts.

    Args:
        folder: ``heldout`` of a built corpus.
        most: Texts of a kind at most, the first ones.

    Raises:
        UnreadableTextError: A file is missing or damaged.
    """
    return [
        HeldOut(
            kind,
            tuple(
                split_heading(record.text)
                for record in islice(read_file(folder / name, folder), most)
            ),
        )
        for kind, name in KINDS
    ]
