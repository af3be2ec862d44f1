"""Tells whether a word is Spanish, by Debian's dictionary for hunspell."""

import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

DICTIONARY = Path("/usr/share/hunspell/es_ES")
"""Debian's ``hunspell-es``, without its suffix."""


def load_dictionary(stem: Path = DICTIONARY) -> Callable[[str], bool]:
    """Return a function that tells whether a word is Spanish.

    A word at the start of a sentence and a name count too: it is looked up as it stands and in
    lower case.

    Args:
        stem: Path of a hunspell dictionary without ``.dic``.

    Raises:
        FileNotFoundError: It is not installed.
    """
    from spylls.hunspell import Dictionary

    with warnings.catch_warnings():
        # spylls leaves its files to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        dictionary = Dictionary.from_files(str(stem))

    @cache
    def knows(word: str) -> bool:
        return bool(dictionary.lookup(word) or dictionary.lookup(word.lower()))

    return knows
