"""What stands before a text: style, length and topic, and the line of ideas that plans it."""

from collections.abc import Sequence

KINDS = {
    "ensayo": "Ensayo",
    "cuento": "Cuento",
    "descripcion": "Descripción",
    "argumentacion": "Argumentación",
    "poema": "Poema",
    "carta": "Carta",
    "noticia": "Noticia",
    "explicacion": "Explicación",
}
"""The word for each style, by the style's name in requests."""

WORDS_STEP = 50
"""Lengths are asked for in multiples of this."""

IDEAS = "Ideas: {ideas}.\n\n"
"""The plan of a text, the first thing that the model writes, or is given."""

FRAMES = {
    style: {
        "prompt": kind + " de {words} palabras.\nTema: {topic}\n\n",
        "opening": "{topic}\n\n",
    }
    for style, kind in KINDS.items()
}
"""`redactor.json`'s frames by style: what the model is asked with, what of it the reader sees."""


def header(style: str, topic: str, words: int) -> str:
    """Return what the model is asked with.

    Args:
        style: One of `KINDS`.
        topic: As somebody would type it.
        words: Length of the text; rounded to `WORDS_STEP`.
    """
    rounded = max(WORDS_STEP, round(words / WORDS_STEP) * WORDS_STEP)
    prompt = FRAMES[style]["prompt"]
    return prompt.replace("{words}", str(rounded)).replace("{topic}", topic)


def ideas_line(ideas: Sequence[str]) -> str:
    """Return the plan of a text, with the blank line behind it; "" for no ideas."""
    return IDEAS.replace("{ideas}", ", ".join(ideas)) if ideas else ""
