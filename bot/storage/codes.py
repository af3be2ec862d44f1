"""Short codes that people read aloud and copy by hand: of recipes and of classes."""

import secrets

ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXZ"
"""Digits and consonants, so that no code spells a word; 0 and 1 look like letters."""

RECIPE_LENGTH, CLASS_LENGTH = 5, 6


def new_code(length: int) -> str:
    """A code drawn at random."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def as_typed(text: str, length: int) -> str | None:
    """The code that somebody typed, without case, spaces and hyphens; None if it is none."""
    code = "".join(text.upper().replace("-", "").split())
    return code if len(code) == length and set(code) <= set(ALPHABET) else None
