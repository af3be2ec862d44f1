"""Nouns of which nothing is known but their agreement, and nouns that do not exist.

A model that meets each topic thousands of times recites it; one that meets thousands of topics,
some of them nowhere else, has to copy. The list was drawn from article and noun pairs in
public-domain and free texts and by hand; the invented nouns come from syllables, so no two essays
need share one.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

from bot.workshop.grammar.nouns import Noun, parse_noun

_LIST = Path(__file__).parent / "lexicon.txt"

_KNOWN_SHARE = 0.6

_ONSETS = [
    "b",
    "c",
    "d",
    "f",
    "g",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "b",
    "c",
    "d",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "m",
    "p",
    "t",
    "c",
    "l",
    "s",
    "ch",
    "j",
    "ll",
    "br",
    "cr",
    "tr",
    "pr",
    "gr",
    "pl",
    "fl",
    "z",
]
_LAST_ONSETS = [
    "b",
    "d",
    "f",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "l",
    "n",
    "r",
    "t",
    "d",
    "m",
    "n",
    "br",
    "tr",
    "dr",
    "ll",
    "ch",
]
_VOWELS = ("a", "a", "a", "a", "e", "e", "e", "o", "o", "o", "i", "i", "u", "ue", "ie", "ia")
_CODAS = ("", "", "", "", "", "", "n", "r", "s", "l")
_UNWANTED = re.compile(
    "put[ao]|cul[aoi]|coñ|mierd|caca|caga|teta|pene|pen[eé]|verg|poll|jode|sex|mari[cq]|pedo|chot|bicho|concha"
    "|conej|pij|pinch|follo|follar|mam[ao]|negr|nazi|mata|muert|violad|ramer|zorr|perra|guar|chich|ching|pis[ao]$"
)
_SINGULAR_ENDINGS = (
    ("o", 0), ("o", 0), ("ero", 0), ("ajo", 0), ("ón", 0), ("al", 0), ("or", 0), ("ín", 0),
    ("a", 1), ("a", 1), ("era", 1), ("ada", 1), ("ura", 1), ("ina", 1), ("eza", 1),
    ("idad", 1), ("ción", 1), ("illa", 1),
)  # fmt: skip
_PLURAL_ENDINGS = (
    ("os", 2), ("eros", 2), ("ones", 2), ("ales", 2), ("ores", 2), ("ines", 2), ("anos", 2),
    ("as", 3), ("eras", 3), ("adas", 3), ("ejas", 3), ("inas", 3), ("illas", 3), ("elas", 3),
)  # fmt: skip
_SYLLABLE_END = re.compile(r"(?<=[^aeiouáéíóú])[aeiou](?=[^aeiouáéíóúhxy][aeiouáéíóúrl])")
_SYLLABLE_START = re.compile(r"(?<=[aeiouáéíóúnrsl])[bcdfglmnpqrstvzjñ](?=[aeiouáéíóú])")
_ACCENT = re.compile("[áéíóú]")
_INVENTED_KINDS = (
    "cosa", "cosa", "animal", "animal", "planta", "lugar", "gente", "actividad", "comida", "arte",
    "tecnica", "idea", "saber", "cualquiera", "cualquiera", "cualquiera",
)  # fmt: skip
_GIVEN = (
    ("Ana", 1), ("Luis", 0), ("Berta", 1), ("Elisa", 1), ("Jorge", 0), ("Raquel", 1),
    ("Ismael", 0), ("Sofía", 1), ("Óscar", 0), ("Amparo", 1), ("Leonor", 1), ("Hernán", 0),
    ("Eugenia", 1), ("Abel", 0), ("Rita", 1), ("Ernesto", 0), ("Dolores", 1), ("Fermín", 0),
    ("Isidora", 1), ("Aníbal", 0),
)  # fmt: skip


def _syllable(rng: random.Random) -> str:
    while True:
        onset = _ONSETS[int(rng.random() * len(_ONSETS))]
        vowel = _VOWELS[int(rng.random() * len(_VOWELS))]
        if onset == "z" and vowel[0] in "ei":
            continue
        return onset + vowel


def invented_stem(rng: random.Random) -> str:
    """Makes two or three syllables, the last without its vowel, so that an ending fits."""
    while True:
        parts: list[str] = []
        if rng.random() < 0.25:
            parts.append(
                _VOWELS[int(rng.random() * 12)] + ("", "r", "l", "n", "s")[int(rng.random() * 5)]
            )
        else:
            parts.append(_syllable(rng) + _CODAS[int(rng.random() * len(_CODAS))])
        if rng.random() < 0.45:
            parts.append(_syllable(rng))
        parts.append(_LAST_ONSETS[int(rng.random() * len(_LAST_ONSETS))])
        stem = "".join(parts)
        if len(stem) > 2 and not _UNWANTED.search(stem + "a") and not _UNWANTED.search(stem + "o"):
            return stem


_ADJECTIVE_ENDINGS = ("oso", "ado", "ivo", "ible", "ico", "al", "ente", "ero", "iz", "ino")


def invented_adjective(rng: random.Random) -> str:
    """Makes an adjective that looks Spanish, in the masculine singular."""
    ending = _ADJECTIVE_ENDINGS[int(rng.random() * len(_ADJECTIVE_ENDINGS))]
    return invented_stem(rng) + ending


def invented_noun(rng: random.Random) -> Noun:
    """Makes a noun that looks Spanish, of a random kind; one in twelve is a person's name."""
    draw = rng.random()
    if draw < 0.06:
        given, agreement = _GIVEN[int(rng.random() * len(_GIVEN))]
        ending = ("ez", "era", "ales", "oso", "ano", "eda", "al", "o")[int(rng.random() * 8)]
        return Noun(f"{given} {invented_stem(rng).capitalize()}{ending}", agreement, "persona")
    if draw < 0.11:
        ending = ("a", "o", "ías", "eda", "al", "ares", "ora")[int(rng.random() * 7)]
        return Noun(f"{invented_stem(rng).capitalize()}{ending}", 0, "ciudad")
    plural = rng.random() < 0.45
    endings = _PLURAL_ENDINGS if plural else _SINGULAR_ENDINGS
    ending, agreement = endings[int(rng.random() * len(endings))]
    kind = _INVENTED_KINDS[int(rng.random() * len(_INVENTED_KINDS))]
    if kind in {"gente", "animal"} and not plural:
        kind = "cosa"
    if ending in {"eza", "idad", "ción"}:
        kind = "idea"
    return Noun(invented_stem(rng) + ending, agreement, kind)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Nouns without a domain: those of a known kind, and the rest.

    Attributes:
        known: Everyday nouns with their kind.
        plain: Nouns of kind `cualquiera`.
        people: Those of the known that are kinds of people, in the plural.
    """

    known: tuple[Noun, ...]
    plain: tuple[Noun, ...]
    people: tuple[Noun, ...]

    @classmethod
    def load(cls, path: Path = _LIST) -> Lexicon:
        """Reads a list of nouns, one a line, written like the topics of a domain."""
        nouns = [
            parse_noun(line) for line in path.read_text(encoding="utf-8").splitlines() if line
        ]
        return cls.of(nouns)

    @classmethod
    def of(cls, nouns: list[Noun]) -> Lexicon:
        """Sorts nouns by what is known of them."""
        return cls(
            tuple(noun for noun in nouns if noun.kind != "cualquiera"),
            tuple(noun for noun in nouns if noun.kind == "cualquiera"),
            tuple(noun for noun in nouns if noun.kind == "gente" and noun.agreement > 1),
        )

    def blend(self, rng: random.Random) -> Noun:
        """Invents a noun from the head of one word and the tail of another (`mari` + `mingo`)."""
        while True:
            first = self.plain[int(rng.random() * len(self.plain))]
            second = self.plain[int(rng.random() * len(self.plain))]
            if second.takes_el:
                continue
            heads = [match.end() for match in _SYLLABLE_END.finditer(first.bare)]
            tails = [match.start() for match in _SYLLABLE_START.finditer(second.bare, 1)]
            if not heads or not tails:
                continue
            head = first.bare[: heads[int(rng.random() * len(heads))]]
            tail = second.bare[tails[int(rng.random() * len(tails))] :]
            bare = head + tail
            if (
                len(tail) > 2
                and 5 <= len(bare) <= 13
                and not _UNWANTED.search(bare)
                and not (_ACCENT.search(head) or bare in (first.bare, second.bare))
            ):
                kind = _INVENTED_KINDS[int(rng.random() * len(_INVENTED_KINDS))]
                if kind in {"gente", "animal"} and second.agreement < 2:
                    kind = "cosa"
                return Noun(bare, second.agreement, kind)

    def draw_people(self, rng: random.Random) -> str:
        """Draws a kind of people, plural and with article."""
        people = self.people
        return people[int(rng.random() * len(people))].definite

    def draw(self, rng: random.Random) -> Noun:
        """Draws a noun, more often one of known kind."""
        nouns = self.known if rng.random() < _KNOWN_SHARE else self.plain
        return nouns[int(rng.random() * len(nouns))]
