"""What a message that explains something consists of, and what a press of its buttons does."""

from dataclasses import dataclass, field
from typing import Any

from bot.classroom.explaining.pictures import Picture
from bot.essays.messages import utf16_units
from bot.storage.inquiries import Subject
from bot.texts import Texts

CLOSE = "x"
_SIGNS = {"\n": "↵", "\t": "⇥", "\r": "↵"}


@dataclass(frozen=True, slots=True)
class Button:
    """One button.

    Attributes:
        label: What stands on it.
        action: What a press means to its message, at most 24 bytes; empty if it copies.
        copied: What a press copies.
    """

    label: str
    action: str = ""
    copied: str = ""


Buttons = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A message: a text, or a picture with the text under it.

    Attributes:
        text: All of it.
        entities: How it is set, with offsets in UTF-16 units.
        buttons: In rows.
        picture: What is above it, or None.
    """

    text: str
    entities: tuple[dict[str, Any], ...] = ()
    buttons: Buttons = ()
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What a press does.

    Attributes:
        view: How its inquiry is looked at from now on.
        text: The words that it is about from now on, if those change.
        is_new: Whether the service must be asked again.
        toast: What the person is told at once.
        closes: Whether the buttons go.
        opens: Another inquiry about the same words, or None.
    """

    view: dict[str, Any]
    text: str | None = None
    is_new: bool = False
    toast: str | None = None
    closes: bool = False
    opens: Subject | None = None


@dataclass(slots=True)
class Page:
    """A text that is put together with its entities."""

    text: str = ""
    entities: list[dict[str, Any]] = field(default_factory=list)

    def add(self, words: str, kind: str = "") -> None:
        """Add words, set in a way that the Bot API knows (``bold``, ``pre``, …)."""
        if kind:
            offset = utf16_units(self.text)
            self.entities.append({"type": kind, "offset": offset, "length": utf16_units(words)})
        self.text += words


def readable(piece: str, texts: Texts) -> str:
    """A piece as people can read it: a dot for a space, signs for what cannot be seen."""
    if piece.startswith("<|") and piece.endswith("|>"):
        return texts.explaining.end
    if piece.startswith("bytes:"):
        return "▯"
    start = len(piece) - len(piece.lstrip(" "))
    shown = "·" * start + piece[start:]
    return "".join(_SIGNS.get(one, one) for one in shown)


def spoken(piece: str, texts: Texts) -> str:
    """A piece within a sentence, without its space."""
    return readable(piece.strip(" ") or piece, texts)
