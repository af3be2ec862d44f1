"""What could come next, and what temperature, top-k and top-p leave of it."""

import random
from collections.abc import Sequence
from itertools import accumulate

from bot.classroom.explaining.pictures import Bar, Bars
from bot.classroom.explaining.showing import CLOSE, Button, Buttons, Shown, Turn, readable, spoken
from bot.essays.messages import shorten
from bot.storage.inquiries import Inquiry
from bot.texts import Texts

PIECES = 100
"""How many the service is asked for: enough that any usual top-k is exact."""
_SHOWN = 10
_NO_TEXT = ("<|", "bytes:")
"""Beginnings of pieces that nothing can be written after: the end, and parts of a character."""
_TITLE_UNITS = 26
_CAPTION_UNITS = 200
_LOW, _MIDDLE, _HIGH = 0.2, 0.7, 1.3


def shown(inquiry: Inquiry, texts: Texts) -> Shown:
    """The picture of what could come after a text."""
    words, found = texts.explaining.probabilities, inquiry.found or {}
    if not found.get("pieces"):
        return Shown(words.not_shown)
    pieces, shares = zip(*found["pieces"], strict=True)
    preferences, temperature = inquiry.preferences, inquiry.view["temperature"]
    drawn = drawn_shares(shares, temperature, preferences.top_k, preferences.top_p)
    bars = [
        Bar(readable(piece, texts), share, chance, texts.explaining.share(share))
        for piece, share, chance in zip(pieces[:_SHOWN], shares, drawn, strict=False)
    ]
    number = texts.explaining.number
    settings = words.settings(
        number(temperature),
        str(preferences.top_k or ""),
        number(preferences.top_p) if preferences.top_p < 1 else "",
    )
    is_cut = any(bar.is_cut for bar in bars)
    bar_words, dot_words, cut_words = words.legend(settings)
    picture = Bars(
        title=words.title(shorten(inquiry.text, _TITLE_UNITS, keep_end=True)),
        axis=words.axis,
        bars=bars,
        cut=_cut(drawn, preferences.top_k, preferences.top_p, temperature, texts),
        legend=(bar_words, dot_words, cut_words if is_cut else ""),
    )
    caption = words.caption(
        shorten(inquiry.text, _CAPTION_UNITS, keep_end=True),
        settings,
        is_cut,
        spoken(pieces[0], texts),
        texts.explaining.share(shares[0]),
        len(bars),
        texts.explaining.share(sum(shares[:_SHOWN])),
    )
    return Shown(caption, buttons=_buttons(inquiry, texts), picture=picture)


def pressed(inquiry: Inquiry, action: str, texts: Texts) -> Turn:
    """``t:0.7`` another temperature, ``d`` draw a piece and go on from there.

    Raises:
        ValueError: It is none of these.
    """
    if action != "d":
        kind, _, value = action.partition(":")
        if kind != "t" or float(value) not in _temperatures(inquiry):
            raise ValueError(action)
        return Turn({**inquiry.view, "temperature": float(value)})
    pieces, shares = zip(*(inquiry.found or {})["pieces"], strict=True)
    preferences = inquiry.preferences
    drawn = drawn_shares(shares, inquiry.view["temperature"], preferences.top_k, preferences.top_p)
    # Two presses at once draw the same.
    chance = random.Random(f"{inquiry.token}{inquiry.version}").random()
    number = drawn_number(drawn, chance)
    share = texts.explaining.share(shares[number])
    piece = pieces[number]
    toast = texts.explaining.probabilities.drawn(spoken(piece, texts), share)
    if piece.startswith(_NO_TEXT):
        return Turn(inquiry.view, toast=toast)
    return Turn(inquiry.view, text=inquiry.text + piece, is_new=True, toast=toast)


def drawn_shares(
    shares: Sequence[float], temperature: float, top_k: int, top_p: float
) -> list[float]:
    """With what probability each piece is drawn.

    As the engine does it: temperature, then top-k, then top-p of what that leaves.

    Args:
        shares: The model's own probabilities, the greatest first. What they lack to 1 belongs to
            pieces that are taken to be as likely as the last one.
        temperature: 0 takes the likeliest.
        top_k: 0 is off.
        top_p: 1 is off.
    """
    if temperature == 0 or top_k == 1:
        return [1.0] + [0.0] * (len(shares) - 1)
    weights = [(share / shares[0]) ** (1 / temperature) for share in shares]
    has_all = 0 < top_k <= len(shares)
    if has_all:
        weights = weights[:top_k]
    rest = max(0.0, 1 - sum(shares))
    others = 0.0 if has_all or not shares[-1] else rest / shares[-1] * weights[-1]
    wanted = top_p * (sum(weights) + others)
    kept = len(weights)
    if top_p < 1:
        reached = (number for number, sum_ in enumerate(accumulate(weights), 1) if sum_ >= wanted)
        kept = next(reached, kept)
        others = 0.0 if kept < len(weights) or has_all else others
    total = sum(weights[:kept]) + others
    return [weight / total for weight in weights[:kept]] + [0.0] * (len(shares) - kept)


def drawn_number(drawn: Sequence[float], chance: float) -> int:
    """Which piece a chance of 0 to 1 falls on, among those that are known."""
    reached = chance * sum(drawn)
    return next(
        number for number, sum_ in enumerate(accumulate(drawn)) if sum_ > reached or sum_ >= 1
    )


def _cut(
    drawn: Sequence[float], top_k: int, top_p: float, temperature: float, texts: Texts
) -> str:
    words = texts.explaining.probabilities
    count = sum(chance > 0 for chance in drawn)
    is_by_count = temperature == 0 or count == top_k or top_p == 1
    return (
        words.cut_by_count(count)
        if is_by_count
        else words.cut_by_share(texts.explaining.share(top_p))
    )


def _temperatures(inquiry: Inquiry) -> list[float]:
    own = inquiry.preferences.temperature
    return sorted({_LOW, _MIDDLE if own in (_LOW, _HIGH) else own, _HIGH})


def _buttons(inquiry: Inquiry, texts: Texts) -> Buttons:
    now = inquiry.view["temperature"]
    knobs = [
        Button(("✓ " if value == now else "") + texts.explaining.number(value), f"t:{value}")
        for value in _temperatures(inquiry)
    ]
    words = texts.explaining
    return (
        tuple(knobs),
        (Button(words.probabilities.draw_one, "d"), Button(words.close, CLOSE)),
    )
