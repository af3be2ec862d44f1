"""Puts an essay together from a card: a plan, lines in paragraphs, connecting words that fit."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from bot.workshop.texts.cards import Card
from bot.workshop.texts.wording import contract, is_noun_phrase

MOST_LINES = 4
"""Lines of a paragraph."""

_ORDERS: Mapping[str, tuple[str, ...]] = {
    "ensayo": (
        "AQ PL UE DB MO F", "AE QP LU DBM OF", "AP QD LU E BMO F", "AL QP U E DM BOF",
        "A QP LUE BD MO F", "AQP L UE D BM OF", "AQ DP LE U MB OF", "AU QPL E D MBO F",
        "AQL PE U DB MO F", "AO QP LE UD B MF",
    ),
    "descripcion": ("AQ P LE F", "AP L QE OF", "AL P UE OF", "A PL QE BF", "AP LQ UE F"),
    "explicacion": ("AQ P L U DB MF", "AD Q PL U BM F", "Q DP L U BM OF", "A QP UL D MB F"),
    "argumentacion": ("AO B D UE M F", "AQ BD MO E F", "AM B UE D OF", "AB D M LE OF"),
    "carta": ("A PL UE MO", "AE L QB UO", "AO P LE DB", "AB U PE MO"),
}  # fmt: skip
"""In what order the groups come and where paragraphs end; a scene (E) always ends its paragraph,
since the line behind it may leave out its subject."""

_SHARES: Mapping[str, Mapping[str, float]] = {
    "descripcion": {"P": 4, "L": 3, "Q": 2},
    "explicacion": {"Q": 3, "D": 4, "U": 3, "O": 0.3, "E": 0.1},
    "argumentacion": {"B": 5, "M": 5, "O": 5, "P": 0.4},
    "carta": {"E": 3, "O": 3},
}
"""How much more a style takes of a group than its share."""

STYLES = tuple(_ORDERS)
"""The styles in which a card can be written up."""

_MORE = {"P": ("Además, ",), "L": ("Además, ",), "U": ("Además, ", "Por otra parte, "),
         "D": ("Además, ", "Otra curiosidad: "), "B": ("Además, ", "Por otra parte, "),
         "M": ("Además, ", "Por otra parte, "), "O": ()}  # fmt: skip
_AGAINST = {"BM": ("Sin embargo, ", "En cambio, ", "Eso sí, ", "Pero "),
            "DM": ("Sin embargo, ", "Eso sí, "),
            "MB": ("A pesar de todo, ", "Aun así, ", "Por otra parte, ")}  # fmt: skip
_CONNECTING_SHARE = 0.25

_SMALL = """
el la los las un una unos unas en con al por para hay se su sus cuando cada durante es son
muchos muchas algunos algunas quien si de del desde sobre dentro entre tiene puede sirve
permite lleva suele hace huele suena cualquier sin bajo tras gracias nadie ningún
"""
_LOWERABLE = frozenset(_SMALL.split())
"""First words that may be written small behind a connecting word; names never are among them."""

_GREETINGS = (("Querida {}:", "f"), ("Querido {}:", "m"), ("Hola, {}:", "f"), ("Hola, {}:", "m"))
_NAMES = {
    "f": ("abuela", "Ana", "Lucía", "tía Rosa", "Carmen", "Marina", "Julia", "profesora", "Elena"),
    "m": ("abuelo", "Pablo", "Andrés", "tío Luis", "Tomás", "Diego", "Martín", "profesor", "Hugo"),
}
_FAREWELLS = ("Un abrazo,", "Muchos besos,", "Hasta pronto,", "Con cariño,", "Un beso,")
_SIGNED = ("Lucía", "Mateo", "Nuria", "Bruno", "Sara", "Leo", "Clara", "Iván", "Alba", "Darío")
_SUBJECTS = (
    "Te escribo para hablarte de {}.",
    "Hoy quiero contarte algo sobre {}.",
    "En clase hemos hablado de {} y me he acordado de ti.",
    "Me pediste que te contara cosas de {}, y aquí van.",
)


@dataclass(frozen=True, slots=True)
class Essay:
    """What was put together.

    Attributes:
        style: Its style.
        lines: The card's lines in the order in which they stand.
        text: The whole, paragraphs parted by a blank line.
    """

    style: str
    lines: tuple[str, ...]
    text: str

    @property
    def words(self) -> int:
        """Its length."""
        return len(self.text.split())


def compose(
    card: Card, rng: random.Random, words: int, style: str = "ensayo", wanted: str | None = None
) -> Essay:
    """Put an essay together.

    Args:
        card: Its lines are taken at most once each.
        rng: Decides about everything.
        words: The length that is asked for. The essay comes within a line of it, where the card
            has so much.
        style: One of `STYLES`.
        wanted: A line that is to stand at the beginning, right behind the opening.
    """
    order = rng.choice(_ORDERS[style])
    chosen = _choose(card, rng, words, order, _SHARES.get(style, {}))
    if wanted is not None:
        chosen = {x: [line for line in lines if line != wanted] for x, lines in chosen.items()}
    groups = [[(x, line) for x in group for line in chosen[x]] for group in order.split()]
    if wanted is not None:
        opening = next((item for item in groups[0] if item[0] == "A"), None)
        groups[0] = [item for item in groups[0] if item is not opening]
        first = [opening] if opening is not None else []
        groups.insert(0, [*first, (card.letter_of(wanted), wanted)])
    paragraphs = _in_paragraphs([group for group in groups if group], rng)
    texts = [_join(paragraph, rng) for paragraph in paragraphs]
    lines = tuple(line for paragraph in paragraphs for _, line in paragraph)
    if style == "carta":
        texts = _as_letter(texts, card, rng)
    return Essay(style, lines, "\n\n".join(texts))


def _choose(
    card: Card, rng: random.Random, words: int, order: str, shares: Mapping[str, float]
) -> dict[str, list[str]]:
    """Draw lines until there are words enough: an opening and an ending first."""
    chosen: dict[str, list[str]] = {letter: [] for letter in card.lines}
    length = 0
    for letter in "AF":
        if letter in order:
            chosen[letter] = [rng.choice(card.lines[letter])]
            length += len(chosen[letter][0].split())
    rest = [
        (rng.random() ** (1 / shares.get(letter, 1.0)), letter, line)
        for letter in card.lines
        if letter in order and letter not in "AF"
        for line in card.lines[letter]
    ]
    for _, letter, line in sorted(rest, reverse=True):
        size = len(line.split())
        if length + size / 2 > words:
            break
        chosen[letter].append(line)
        length += size
    for lines in chosen.values():
        rng.shuffle(lines)
    return chosen


_Paragraph = list[tuple[str, str]]


def _in_paragraphs(groups: list[_Paragraph], rng: random.Random) -> list[_Paragraph]:
    """Join the groups that are too short for a paragraph and part those that are too long."""
    paragraphs: list[_Paragraph] = []
    for group in groups:
        before = paragraphs[-1] if paragraphs else []
        joins = bool(before) and before[-1][0] != "E" and len(before) + len(group) <= 3
        if joins and rng.random() < 0.7:
            before.extend(group)
            continue
        while len(group) > MOST_LINES or _scene_inside(group):
            scene = _scene_inside(group)
            at = scene if 0 < scene <= MOST_LINES else rng.randint(2, MOST_LINES - 1)
            paragraphs.append(group[:at])
            group = group[at:]
        paragraphs.append(group)
    return paragraphs


def _scene_inside(group: _Paragraph) -> int:
    """Where a paragraph has to end because a scene does; 0 for nowhere."""
    ends = [at for at, (letter, _) in enumerate(group[:-1], 1) if letter == "E"]
    return ends[0] if ends else 0


def _join(paragraph: _Paragraph, rng: random.Random) -> str:
    parts = [paragraph[0][1]]
    connected = False
    for (before, _), (letter, line) in pairwise(paragraph):
        words = _MORE.get(letter, ()) if before == letter else _AGAINST.get(before + letter, ())
        first = line.split()[0]
        fits = words and not connected and first.lower() in _LOWERABLE
        connected = bool(fits) and rng.random() < _CONNECTING_SHARE
        parts.append(rng.choice(words) + line[0].lower() + line[1:] if connected else line)
    return " ".join(parts)


def _as_letter(texts: list[str], card: Card, rng: random.Random) -> list[str]:
    greeting, gender = rng.choice(_GREETINGS)
    if is_noun_phrase(card.topic) and rng.random() < 0.7:
        subject = contract(rng.choice(_SUBJECTS).format(card.topic))
        texts = [f"{subject} {texts[0]}", *texts[1:]]
    name = rng.choice(_NAMES[gender])
    return [greeting.format(name), *texts, f"{rng.choice(_FAREWELLS)}\n{rng.choice(_SIGNED)}"]
