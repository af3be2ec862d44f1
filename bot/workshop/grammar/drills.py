"""Rows of words said two or three times: they teach a model to repeat words that it never saw."""

from __future__ import annotations

import random

from bot.workshop.grammar.heldout import names_unseen
from bot.workshop.grammar.lexicon import Lexicon, invented_adjective, invented_noun

_FEWEST_WORDS = 8
_MOST_WORDS = 36
_INVENTED_SHARE = 0.7


def _draw_word(rng: random.Random, lexicon: Lexicon) -> str:
    draw = rng.random()
    if draw > _INVENTED_SHARE:
        return lexicon.draw(rng).bare
    if draw < 0.1:
        return invented_adjective(rng)
    if draw < 0.35:
        return invented_noun(rng).bare
    return lexicon.blend(rng).bare


def write_drill(rng: random.Random, lexicon: Lexicon) -> str:
    """Writes some words, most of them invented, then the same words again in the same order.

    An essay repeats its topic every few lines; here every second word is a repetition, which
    teaches the same skill with far less text.
    """
    while True:
        count = rng.randint(_FEWEST_WORDS, _MOST_WORDS)
        words = " ".join(_draw_word(rng, lexicon) for _ in range(count))
        if not names_unseen(words):
            return " ".join([words] * rng.choice((2, 2, 3)))
