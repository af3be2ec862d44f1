"""Topic cards: lines of one topic from which very many different essays are put together."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "cards"

LINES_OF: Mapping[str, int] = {
    "A": 3, "Q": 3, "P": 4, "L": 3, "U": 5, "E": 3, "D": 2, "B": 2, "M": 2, "O": 2, "F": 3,
}  # fmt: skip
"""How many lines of each group a card has.

A openings, Q what it is, P parts and senses, L where and when, U uses and people, E small scenes,
D facts, B good, M problem or contrary view, O opinion with its reason, F endings.
"""

_CARD = re.compile(r"^### ", re.MULTILINE)


class CardFormError(ValueError):
    """A card is not of the form.

    Attributes:
        topic: Its first line.
        problem: What is wrong.
    """

    def __init__(self, topic: str, problem: str) -> None:
        super().__init__(f"{topic}: {problem}")
        self.topic = topic
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Card:
    """One topic.

    Attributes:
        topics: Three wordings of it, the plainest first.
        lines: The lines of each group, in the order of `LINES_OF`. Each stands by itself.
        source: Name of its file.
    """

    topics: tuple[str, ...]
    lines: Mapping[str, tuple[str, ...]]
    source: str

    @property
    def topic(self) -> str:
        """The plainest wording."""
        return self.topics[0]

    def letter_of(self, line: str) -> str:
        """Return the group of one of its lines."""
        return next(letter for letter, lines in self.lines.items() if line in lines)


def parse_cards(text: str, source: str) -> list[Card]:
    """Read the cards of a file.

    Raises:
        CardFormError: A card lacks a line, has one too many, or one without its letter.
    """
    return [_parse_card(block, source) for block in _CARD.split(text)[1:]]


def _parse_card(block: str, source: str) -> Card:
    heading, _, body = block.partition("\n")
    topics = tuple(topic.strip() for topic in heading.split("|"))
    if len(topics) != 3 or not all(topics):
        raise CardFormError(heading, "three wordings are wanted")
    found: dict[str, list[str]] = {letter: [] for letter in LINES_OF}
    for line in filter(None, map(str.strip, body.splitlines())):
        letter, colon, words = line.partition(": ")
        if not colon or letter not in found:
            raise CardFormError(topics[0], f"a line without its letter: {line[:40]!r}")
        found[letter].append(words)
    for letter, count in LINES_OF.items():
        if len(found[letter]) != count:
            raise CardFormError(topics[0], f"{len(found[letter])} lines {letter}, not {count}")
    return Card(topics, {letter: tuple(lines) for letter, lines in found.items()}, source)


def load_cards(folder: Path = FOLDER) -> list[Card]:
    """Read all cards, in the order of their files' names.

    Raises:
        CardFormError: One is not of the form.
    """
    return [
        card
        for path in sorted(folder.glob("*.txt"))
        for card in parse_cards(path.read_text(encoding="utf-8"), path.name)
    ]
