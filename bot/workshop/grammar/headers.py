"""The lines that a text starts with: they ask the model for a topic, a style and a length."""

from __future__ import annotations

import re

_KINDS = {
    "ensayo": "Ensayo",
    "cuento": "Cuento",
    "descripcion": "Descripción",
    "argumentacion": "Argumentación",
    "poema": "Poema",
}

FRAMES: dict[str, dict[str, str]] = {
    style: {
        "prompt": kind + " de {words} palabras.\nTema: {topic}\n\n",
        # The topic opens the text, as in a plain GPT-2; here it stands above it.
        "opening": "{topic}\n\n",
    }
    for style, kind in _KINDS.items()
}
"""`redactor.json`'s frames by style: what the model is asked with, what of it the reader sees."""

TEXT_PROMPT = "Texto de {words} palabras.\nTema: {topic}\n\n"
"""The header of natural passages, which are of none of the styles."""

_HEADER = re.compile(r"(\w+) de (\d+) palabras\.\nTema: ([^\n]+)\n\n")
_STYLES = {frame["prompt"].split(" ")[0]: style for style, frame in FRAMES.items()} | {
    "Texto": "texto"
}


def round_words(words: int) -> int:
    """Rounds a number of words to the nearest 50, at least 50."""
    return max(50, (words + 25) // 50 * 50)


def frame_prompt(style: str, topic: str, words: int) -> str:
    """Writes the header for a topic.

    Args:
        style: A key of `FRAMES`, or `texto`.
        topic: One line, as a student types it.
        words: Wanted length; rounded to 50.

    Raises:
        KeyError: If the style is unknown.
    """
    prompt = TEXT_PROMPT if style == "texto" else FRAMES[style]["prompt"]
    return prompt.format(topic=" ".join(topic.split()), words=round_words(words))


def parse_prompt(text: str) -> tuple[str, str, int, str] | None:
    """Splits a training record into style, topic, words and body; None if it has no header."""
    match = _HEADER.match(text)
    if match is None or match.group(1) not in _STYLES:
        return None
    return _STYLES[match.group(1)], match.group(3), int(match.group(2)), text[match.end() :]
