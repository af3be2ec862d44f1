"""One topic, written several times with one knob turned."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.classroom.explaining.showing import Button, Page, Shown, Turn
from bot.essays.messages import shorten, without_mentions
from bot.storage.inquiries import Inquiry
from bot.storage.records import Preferences, Style
from bot.texts import Texts

WORDS = 80
_TEXT_UNITS = 600
_VALUES: Mapping[str, tuple[Any, ...]] = {
    "temperature": (0.2, 0.7, 1.3),
    "top_k": (1, 10, 0),
    "top_p": (0.3, 0.8, 1.0),
    "style": (Style.ESSAY, Style.STORY, Style.POEM),
}
FIRST_KNOB = "temperature"


def knob_and_topic(text: str, texts: Texts) -> tuple[str, str]:
    """What is to be turned, named by the first word or left open, and the topic."""
    first, _, rest = text.partition(" ")
    knob = texts.explaining.comparison.words.get(first.casefold().strip(":"))
    return (knob, rest.strip()) if knob else (FIRST_KNOB, text)


def variants(preferences: Preferences, knob: str) -> list[Preferences]:
    """The settings of the texts: short ones, alike in all but the knob."""
    short = replace(preferences, words=WORDS, candidates=1)
    if knob in ("top_k", "top_p"):
        # Other limits would hide what this one does.
        short = replace(short, temperature=max(short.temperature, 1.0), top_k=0, top_p=1.0)
    return [replace(short, **{knob: value}) for value in _VALUES[knob]]


def shown(inquiry: Inquiry, texts: Texts) -> Shown:
    """The texts side by side, and what there is to see."""
    words, knob = texts.explaining.comparison, inquiry.view["knob"]
    written = (inquiry.found or {})["texts"]
    page = Page()
    page.add(words.heading(without_mentions(shorten(inquiry.text, 60)), len(written)), "bold")
    page.add(f"\n{words.only(words.knobs[knob])}\n")
    for value, text in zip(_VALUES[knob], written, strict=True):
        page.add("\n")
        page.add(_label(knob, value, texts), "bold")
        page.add("\n")
        page.add(without_mentions(shorten(text, _TEXT_UNITS)), "expandable_blockquote")
        page.add("\n")
    page.add(f"\n{words.notice[knob]}")
    names = [
        Button(("✓ " if name == knob else "") + words.buttons[name], f"k:{name}")
        for name in _VALUES
    ]
    rows = (tuple(names[:2]), tuple(names[2:]), (Button(words.other_seed, "s"),))
    return Shown(page.text, tuple(page.entities), rows)


def pressed(inquiry: Inquiry, action: str) -> Turn:
    """``k:top_k`` another knob, ``s`` another seed.

    Raises:
        ValueError: It is none of these.
    """
    view = inquiry.view
    if action == "s":
        return Turn({**view, "seed": (view["seed"] * 48271 + 1) % 2**31}, is_new=True)
    kind, _, knob = action.partition(":")
    if kind != "k" or knob not in _VALUES:
        raise ValueError(action)
    return Turn({**view, "knob": knob}, is_new=knob != view["knob"])


def _label(knob: str, value: Any, texts: Texts) -> str:  # noqa: ANN401, of any knob
    if knob == "style":
        return texts.config.styles[value]
    if knob == "top_k":
        return str(value) if value else texts.explaining.comparison.all_pieces
    return texts.explaining.number(value)
