"""Where a piece looks: the weights of attention, of one head or their mean."""

from collections.abc import Sequence
from typing import Any

from bot.classroom.explaining.pictures import Gaze
from bot.classroom.explaining.showing import CLOSE, Button, Buttons, Shown, Turn, readable, spoken
from bot.storage.inquiries import Inquiry
from bot.texts import Texts

PIECES = 30
"""The longest text that fits into the picture."""
_RANKED = 5
_LEAST_SHARE = 0.03
"""Smaller shares are not written into a box."""

Weights = Sequence[Sequence[Sequence[float]]]


def shown(inquiry: Inquiry, texts: Texts) -> Shown:
    """The picture of where the piece that is looked from looks."""
    words, found = texts.explaining.attention, inquiry.found or {}
    if not found.get("weights"):
        return Shown(words.not_shown)
    view, pieces = inquiry.view, found["pieces"][: found["upto"]]
    shares = shares_of(found["weights"], view.get("layer"), view.get("head"))
    ranked = ranking(shares)
    share_text = texts.explaining.share
    figures = [
        share_text(share) if share >= _LEAST_SHARE or number in ranked else ""
        for number, share in enumerate(shares)
    ]
    picture = Gaze(
        title=words.title(spoken(pieces[-1], texts)),
        axis=words.axis,
        pieces=[readable(piece, texts) for piece in pieces],
        shares=shares,
        figures=figures,
        ranked=ranked,
    )
    caption = words.alone
    if ranked:
        top = ranked[0]
        caption = words.caption(
            spoken(pieces[-1], texts), spoken(pieces[top], texts), share_text(shares[top])
        )
    if found["is_cut"]:
        caption = f"{caption} {words.shortened(len(found['pieces']))}"
    return Shown(caption, buttons=_buttons(view, texts), picture=picture)


def pressed(inquiry: Inquiry, action: str) -> Turn:
    """``p-`` and ``p+`` from another piece, ``l`` the next layer, ``h`` the next head.

    Raises:
        ValueError: It is none of these.
    """
    found, view = inquiry.found or {}, inquiry.view
    weights = found["weights"]
    if action in ("p-", "p+"):
        count = len(found["pieces"])
        now = view.get("upto") or count
        upto = (now - 1 + (1 if action == "p+" else -1)) % count + 1
        return Turn({**view, "upto": upto}, is_new=True)
    if action == "l":
        return Turn({**view, "layer": _next(view.get("layer"), len(weights))})
    if action == "h":
        return Turn({**view, "head": _next(view.get("head"), len(weights[0]))})
    raise ValueError(action)


def shares_of(weights: Weights, layer: int | None, head: int | None) -> list[float]:
    """How much each piece is looked at.

    Args:
        weights: ``weights[layer][head][piece]``.
        layer: A number from 1, or None for the mean of all.
        head: The same.
    """
    layers = weights if layer is None else [weights[layer - 1]]
    rows = [row for heads in layers for row in (heads if head is None else [heads[head - 1]])]
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def ranking(shares: Sequence[float]) -> list[int]:
    """The pieces that are looked at most, neither the first nor the one that looks.

    The first is looked at from everywhere, whatever it says (Xiao et al., 2023, "attention sink").
    """
    others = range(1, len(shares) - 1)
    return sorted(others, key=lambda number: -shares[number])[:_RANKED]


def _next(now: int | None, count: int) -> int | None:
    following = (now or 0) + 1
    return following if following <= count else None


def _buttons(view: dict[str, Any], texts: Texts) -> Buttons:
    words = texts.explaining.attention
    return (
        (Button(words.before, "p-"), Button(words.after, "p+")),
        (
            Button(words.layer(view.get("layer")), "l"),
            Button(words.head(view.get("head")), "h"),
        ),
        (Button(texts.explaining.close, CLOSE),),
    )
