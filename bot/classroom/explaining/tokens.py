"""How the model cuts a text, and what its numbers say."""

import re

from bot.classroom.explaining.showing import Button, Page, Shown, readable
from bot.storage.inquiries import Inquiry
from bot.texts import Texts

_SHOWN = 40
_COPIED_UNITS = 256
_NUMBERS = re.compile(r"\d{1,7}([\s,;]+\d{1,7})*")


def numbers_in(text: str) -> list[int] | None:
    """The numbers of pieces that a text consists of; None if it has anything else in it."""
    if not _NUMBERS.fullmatch(text.strip()):
        return None
    return [int(number) for number in re.findall(r"\d+", text)]


def shown(inquiry: Inquiry, texts: Texts) -> Shown:
    """The pieces of a text with their numbers, or the text of numbers."""
    words, found = texts.explaining.tokens, inquiry.found or {}
    if "reading" in found:
        if found["reading"] is None:
            return Shown(words.not_numbers)
        numbers = " ".join(str(number) for number in found["ids"])
        return Shown(words.reading(numbers, found["reading"]))
    if not found.get("pieces"):
        return Shown(words.not_shown)
    rows = [
        (readable(piece, texts), str(number))
        for piece, number in zip(found["pieces"], found["ids"], strict=True)
    ]
    lines, width = rows[:_SHOWN], max(len(piece) for piece, _ in rows[:_SHOWN])
    page = Page()
    page.add(words.heading(len(inquiry.text), len(rows)))
    page.add("\n")
    page.add("\n".join(f"{piece:<{width}}  {number:>5}" for piece, number in lines), "pre")
    if len(rows) > _SHOWN:
        page.add(f"\n{words.others(len(rows) - _SHOWN)}")
    page.add(f"\n{words.note}")
    copied = f"/tokens {' '.join(number for _, number in lines)}"[:_COPIED_UNITS].rsplit(" ", 1)
    whole = " ".join(copied) if len(" ".join(copied)) < _COPIED_UNITS else copied[0]
    return Shown(page.text, tuple(page.entities), ((Button(words.button, copied=whole),),))
