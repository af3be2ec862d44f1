"""How one person wants their essays."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bot.errors import InvalidParameterError


class Style(StrEnum):
    """What kind of text is asked for. The value is the name of the frame in ``redactor.json``."""

    ESSAY = "ensayo"
    STORY = "cuento"
    DESCRIPTION = "descripcion"
    ARGUMENT = "argumentacion"
    POEM = "poema"


class Language(StrEnum):
    """The language in which the bot speaks; essays are in the model's own."""

    SPANISH = "es"
    ENGLISH = "en"


RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "words": (30, 3000),
        "temperature": (0.0, 2.0),
        "top_p": (0.05, 1.0),
        "top_k": (0, 1000),
        "repetition_penalty": (1.0, 2.0),
        "seed": (0, 2**32 - 1),
        "chunk_units": (200, 4096),
        "candidates": (1, 8),
    }
)
"""Least and greatest value of every number in :class:`Preferences`, both allowed."""

LENGTHS: Mapping[str, int] = MappingProxyType(
    {"corto": 120, "medio": 250, "largo": 500, "muy_largo": 1000}
)
"""The named lengths, in words."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """One person's settings; the defaults are what a new person gets.

    Attributes:
        words: Length aimed at; the text ends at the sentence end nearest to it.
        style: The kind of text.
        temperature: Creativity; 0 takes the likeliest token each time.
        top_p: Share of the probability that may be drawn from.
        top_k: Number of tokens that may be drawn from; 0 is all.
        repetition_penalty: Divides the score of tokens already written; 1 is off.
        seed: Fixed seed, or None for a new one each time.
        chunk_units: Greatest length of one message, in UTF-16 units.
        live_preview: Whether the text grows before the reader's eyes.
        candidates: Texts written side by side, of which the best is kept.
        language: Language of the bot's own sentences.

    Raises:
        InvalidParameterError: A number is outside :data:`RANGES`.
    """

    words: int = 250
    style: Style = Style.ESSAY
    temperature: float = 0.5
    top_p: float = 0.95
    top_k: int = 50
    repetition_penalty: float = 1.0
    seed: int | None = None
    chunk_units: int = 4096
    live_preview: bool = True
    candidates: int = 1
    language: Language = Language.SPANISH

    def __post_init__(self) -> None:
        for name, (minimum, maximum) in RANGES.items():
            value = getattr(self, name)
            if value is None:
                continue
            if not math.isfinite(value) or not minimum <= value <= maximum:
                raise InvalidParameterError(name, value, minimum, maximum)
