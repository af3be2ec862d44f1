"""What somebody might ask for, to be answered from a card: far more than its own name.

A pupil asks for a sled and means the winter, or sends a whole sentence. So a card is also asked
for by a sentence of its own, by something that one of its lines names, or together with another.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.workshop.texts.cards import Card
from bot.workshop.texts.ideas import NounFinder, stem
from bot.workshop.texts.wording import is_noun_phrase

_TOLD_BY_NAME, _TOLD_BY_LINE, _TOLD_BY_THING = 0.62, 0.2, 0.1
_FEWEST_WORDS, _MOST_WORDS = 4, 14
_LEAST_WEIGHT = 4.5
_PAIRS = ("{} y {}", "{} y {}", "{} o {}", "¿{} o {}?", "{} y {}: dos mundos", "{} contra {}")
_THINGS = (
    "{}", "{}", "{}", "mi {n}", "un texto con {}", "{} y {card}", "{} de mi abuelo",
    "una tarde con {}", "¿Qué pasa con {}?", "no hay nada como {}", "historias de {}",
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Request:
    """A wish, and the card that answers it.

    Attributes:
        card: What the essay is put together from.
        topic: The wish.
        wanted: A line that has to come early, because it names what is wished for.
    """

    card: Card
    topic: str
    wanted: str | None = None


def draw_request(cards: Sequence[Card], finder: NounFinder, rng: random.Random) -> Request:
    """Draw a wish."""
    card = rng.choice(cards)
    draw = rng.random()
    if draw < _TOLD_BY_NAME:
        return Request(card, rng.choice(card.topics))
    if draw < _TOLD_BY_NAME + _TOLD_BY_LINE:
        return _by_line(card, rng)
    if draw < _TOLD_BY_NAME + _TOLD_BY_LINE + _TOLD_BY_THING:
        return _by_thing(card, finder, rng)
    return _by_pair(card, rng.choice(cards), rng)


def _by_line(card: Card, rng: random.Random) -> Request:
    """A sentence of the card is the wish, and does not come again in the essay."""
    short = [
        (letter, line)
        for letter, lines in card.lines.items()
        for line in lines
        if letter not in "EF" and _FEWEST_WORDS <= len(line.split()) <= _MOST_WORDS
    ]
    if not short:
        return Request(card, card.topic)
    _, line = rng.choice(short)
    kept = {x: tuple(other for other in lines if other != line) for x, lines in card.lines.items()}
    topic = line.rstrip(".") if rng.random() < 0.8 else line
    return Request(Card(card.topics, kept, card.source), topic)


def _by_thing(card: Card, finder: NounFinder, rng: random.Random) -> Request:
    """Something that a line names is the wish, and the line comes first."""
    letter = rng.choice("APPLUUUED")
    line = rng.choice(card.lines[letter])
    own = {stem(word) for word in _WORD.findall(card.topic)}
    phrases = [
        phrase
        for phrase in finder.phrases(line, _LEAST_WEIGHT)
        if not own & {stem(word) for word in _WORD.findall(phrase)[1:]}
    ]
    if not phrases:
        return Request(card, rng.choice(card.topics))
    phrase = rng.choice(phrases)
    noun = phrase.split()[1]
    topic = rng.choice(_THINGS).format(phrase, n=noun, card=card.topic)
    return Request(card, topic, None if letter == "A" else line)


def _by_pair(card: Card, other: Card, rng: random.Random) -> Request:
    """Two things are the wish; only lines that say which of them they are about are kept."""
    if card is other or not (is_noun_phrase(card.topic) and is_noun_phrase(other.topic)):
        return Request(card, rng.choice(card.topics))
    both: Mapping[str, tuple[str, ...]] = {
        letter: (*_naming(card, letter), *_naming(other, letter)) for letter in card.lines
    }
    if not both["A"] or not both["F"]:
        return Request(card, rng.choice(card.topics))
    topic = rng.choice(_PAIRS).format(card.topic, other.topic)
    return Request(Card((topic, topic, topic), both, ""), topic)


def _naming(card: Card, letter: str) -> tuple[str, ...]:
    own = {stem(word) for word in _WORD.findall(card.topic)[1:] if len(word) > 3}
    return tuple(
        line for line in card.lines[letter] if own & {stem(word) for word in _WORD.findall(line)}
    )
