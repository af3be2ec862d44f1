"""Last touches on written text: contractions, `e` and `u`, capitals."""

from __future__ import annotations

import re

_CONTRACTION = re.compile(r"\b([Dd]e|[Aa]) el (?=[\wáéíóúñ«])")
_AND = re.compile(r"\b([yY]) (?=(?:i|hi(?!e)|I|Hi(?!e))[a-záéíóúñ])")
_OR = re.compile(r"\b([oO]) (?=h?[oóOÓ][a-záéíóúñ])")
_SENTENCE = re.compile(r"(^|[.!?]»? |[.]»? ?—|^[«—])([¿¡«]*)([a-záéíóúñ])", re.MULTILINE)
_AFTER_QUOTED_QUESTION = re.compile(r"[!?]» $")


def _capital(match: re.Match[str]) -> str:
    if _AFTER_QUOTED_QUESTION.search(match.group(1)):
        return match.group(0)
    return match.group(1) + match.group(2) + match.group(3).upper()


def _joined(match: re.Match[str]) -> str:
    word = match.group(1)
    return (word[0] if len(word) == 2 else word) + ("el " if len(word) == 2 else "l ")


def contract(text: str) -> str:
    """Joins `de el` and `a el`, and turns *y*, *o* into *e*, *u* before the same sound."""
    text = _CONTRACTION.sub(_joined, text)
    text = _AND.sub(lambda match: "e " if match.group(1) == "y" else "E ", text)
    return _OR.sub(lambda match: "u " if match.group(1) == "o" else "U ", text)


def finish(text: str) -> str:
    """Makes rendered frames print-ready: contractions, and a capital at the start of every sentence."""
    text = text.replace("  ", " ").replace(" \n", "\n").replace(" .", ".").replace(" ,", ",").rstrip()
    return _SENTENCE.sub(_capital, contract(text))
