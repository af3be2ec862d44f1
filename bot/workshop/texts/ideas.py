"""The line of ideas of a text: a few concrete nouns, in the order in which they come."""

import math
import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise

from bot.workshop.texts.wording import drop_accents

FEWEST, MOST = 4, 7

_WORD = re.compile(r"[^\W\d_]+|[^\w\s]")
_DETERMINING = """
el la los las un una unos unas al del mi mis su sus nuestro nuestra nuestros nuestras muchos
muchas algunos algunas varios varias dos tres cuatro este esta estos estas
"""
_DETERMINERS = frozenset(_DETERMINING.split())
_EMPTY = """
mismo misma mismos mismas otro otra otros otras primer primera primero segundo segunda gran
mayor mejor peor cual cuales que vez veces cosa cosas manera modo forma parte partes tipo hecho
lado caso punto poco mucho todo toda todos todas demás momento cabo más menos final principio
pequeño pequeña pequeños pequeñas grande grandes viejo vieja viejos viejas antiguo antigua
antiguos antiguas nuevo nueva nuevos nuevas buen buena buenos buenas mal mala único única
última último últimos últimas tercera tercer verdadero verdadera propia propio años año día
días nombre gente persona personas mundo vida tiempo falta mitad resto casi tan dos tres fondo
primeros primeras cuarto millones mil cien través alrededor medio
"""
_NOT_NOUNS = frozenset(_EMPTY.split())
_ARTICLES = {"el": "el", "la": "la", "los": "los", "las": "las", "un": "un", "una": "una",
             "unos": "los", "unas": "las", "del": "el", "al": "el"}  # fmt: skip
_PHRASE = re.compile(
    r"\b(el|la|los|las|un|una|unos|unas|del|al) ([^\W\d_]+)"
    r"(?:( de(?:l| la| los| las)?) ([^\W\d_]+))?",
    re.IGNORECASE,
)
_LEAST_SHARE = 0.3
_LEAST_COUNT = 3


class NounFinder:
    """Tells nouns by the company that they keep: how often a determiner stands before them."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Count the words of the texts, each of which is one document."""
        self._documents: Counter[str] = Counter()
        words: Counter[str] = Counter()
        determined: Counter[str] = Counter()
        self._number = 0
        for text in texts:
            self._number += 1
            found = _WORD.findall(text.lower())
            words.update(found)
            determined.update(b for a, b in pairwise(found) if a in _DETERMINERS)
            self._documents.update(set(found))
        self._nouns = frozenset(
            word
            for word, count in determined.items()
            if count >= _LEAST_COUNT
            and count >= _LEAST_SHARE * words[word]
            and len(word) > 2
            and word not in _NOT_NOUNS
            and word not in _DETERMINERS
        )

    def nouns_of(self, text: str) -> list[str]:
        """Return the nouns of a text in their order, each once."""
        found = _WORD.findall(text)
        nouns = [
            word.lower()
            for before, word in zip(["", *found], found, strict=False)
            if word.lower() in self._nouns and (word[0].islower() or before in ("", "."))
        ]
        return list(dict.fromkeys(nouns))

    def weight(self, noun: str) -> float:
        """How much a noun tells: 0 for one that stands in every text."""
        return math.log(self._number / max(1, self._documents[noun]))

    def phrases(self, text: str, least_weight: float) -> list[str]:
        """Return the telling noun phrases of a text: article, noun and perhaps "de …".

        Args:
            text: Where they are looked for.
            least_weight: What `weight` of the first noun has to reach.
        """
        found: list[str] = []
        for article, noun, of, second in _PHRASE.findall(text):
            if noun not in self._nouns or self.weight(noun) < least_weight:
                continue
            phrase = f"{_ARTICLES[article.lower()]} {noun}"
            found.append(phrase)
            if second in self._nouns:
                found.append(f"{phrase}{of} {second}")
        return found

    def ideas(self, lines: Sequence[str], topic: str, rng: random.Random) -> list[str]:
        """Choose the ideas of a text.

        Args:
            lines: The text's lines or sentences, in their order.
            topic: Its words are no ideas.
            rng: Decides how many and, among telling nouns, which.

        Returns:
            Four to seven nouns as they stand in the text, in its order; [] where it has too few.
        """
        barred = {stem(word) for word in _WORD.findall(topic.lower())}
        best: dict[str, tuple[float, int]] = {}
        for at, line in enumerate(lines):
            for noun in self.nouns_of(line):
                if stem(noun) not in barred and noun not in best:
                    best[noun] = (self.weight(noun) * (0.5 + rng.random()), at)
        wanted = rng.randint(FEWEST, MOST)
        chosen: dict[str, int] = {}
        for one_a_line in (True, False):
            for noun, (_, at) in sorted(best.items(), key=lambda item: -item[1][0]):
                taken = at in chosen.values() or stem(noun) in {stem(word) for word in chosen}
                if len(chosen) < wanted and noun not in chosen and not (one_a_line and taken):
                    chosen[noun] = at
        ideas = [noun for noun in best if noun in chosen]
        return ideas if len(ideas) >= FEWEST else []


@cache
def stem(word: str) -> str:
    """Return the beginning of a word, the same for singular and plural."""
    return drop_accents(word.lower())[:5].rstrip("aeos")
