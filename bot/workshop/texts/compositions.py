"""Whole school compositions, each with the wordings in which pupils would ask for it."""

import re
from dataclasses import dataclass
from pathlib import Path

from bot.workshop.texts.headers import KINDS

FOLDER = Path(__file__).parent / "compositions"

_RECORD = re.compile(r"^### ", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")


class CompositionFormError(ValueError):
    """A composition is not of the form; the message names it."""


@dataclass(frozen=True, slots=True)
class Composition:
    """One text.

    Attributes:
        style: One of the styles of `headers.KINDS`.
        topics: The same request in several wordings; the first is what the text was written for.
        paragraphs: Without blank lines; the lines of a stanza are parted by line ends.
        source: Name of its file.
    """

    style: str
    topics: tuple[str, ...]
    paragraphs: tuple[str, ...]
    source: str

    @property
    def text(self) -> str:
        """The whole text, its paragraphs parted by a blank line."""
        return "\n\n".join(self.paragraphs)


def parse_compositions(text: str, source: str) -> list[Composition]:
    """Read the compositions of a file.

    Raises:
        CompositionFormError: One has no known style, no topic or no text.
    """
    return [_parse(block, source) for block in _RECORD.split(text)[1:]]


def _parse(block: str, source: str) -> Composition:
    heading, _, body = block.partition("\n")
    style, *topics = (part.strip() for part in heading.split("|"))
    paragraphs = tuple(part.strip() for part in _BLANK_LINE.split(body.strip()) if part.strip())
    if style not in KINDS or not topics or not all(topics) or not paragraphs:
        raise CompositionFormError(f"{source}: {heading}")
    return Composition(style, tuple(topics), paragraphs, source)


def load_compositions(folder: Path = FOLDER) -> list[Composition]:
    """Read all compositions, in the order of their files' names.

    Raises:
        CompositionFormError: One is not of the form.
    """
    return [
        composition
        for path in sorted(folder.glob("*.txt"))
        for composition in parse_compositions(path.read_text(encoding="utf-8"), path.name)
    ]
