"""Slots in a line that stands for many: a noun's article, endings and contractions.

A line such as ``{El} vuela{n} baj{o} y nadie {lo} oye.`` becomes right for any noun, whatever its
gender and number.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from bot.workshop.texts.wording import contract

SLOT = re.compile(r"\{(\w+)\}")
"""Parts a line into the words between its slots and the names of these."""
_NOUN = re.compile(r"^(?:(el|la|los|las) )?(.+?)( \(f\))?$")
_VOWELS = "aeiouáéíóú"
_BARE = str.maketrans("áéíóú", "aeiou")
_ENDS_OPEN = re.compile(r"[aeiouáéíóú]$")
_STRESSED_END = re.compile(r"[áéíóú][ns]$")
_ONE_SYLLABLE = re.compile(rf"^[^{_VOWELS}]*[{_VOWELS}]{{1,2}}[^{_VOWELS}]*$")


class SlotError(ValueError):
    """A noun or a line is not of the form."""


@dataclass(frozen=True, slots=True)
class Noun:
    """What stands in the slots.

    Attributes:
        words: The noun without its article, perhaps with what belongs to it.
        article: ``el``, ``la``, ``los``, ``las``, or "" for a name that has none.
        feminine: Its gender, which ``el águila`` does not tell.
    """

    words: str
    article: str
    feminine: bool

    @classmethod
    def parse(cls, text: str) -> "Noun":
        """Read ``la urraca``, ``el águila (f)``, or a name: ``España (f)``.

        Raises:
            SlotError: There is no article, and it is no name.
        """
        found = _NOUN.match(text.strip())
        if found is None or not (found[1] or found[2][:1].isupper()):
            raise SlotError(f"a noun without its article: {text!r}")
        article, words, is_feminine = found.groups()
        return cls(words, article or "", bool(is_feminine) or article in ("la", "las"))

    @property
    def is_plural(self) -> bool:
        """Whether it stands for several."""
        return self.article in ("los", "las")

    @property
    def phrase(self) -> str:
        """The noun with its article."""
        return f"{self.article} {self.words}".lstrip()

    def plural(self) -> "Noun | None":
        """Return its plural; None where the rules don't tell it, and for more than one word."""
        is_one = self.article in ("el", "la") and " " not in self.words
        words = plural_of(self.words) if is_one else None
        return (
            None
            if words is None
            else Noun(words, _article(self.feminine, many=True), self.feminine)
        )

    def slots(self) -> Mapping[str, str]:
        """Return what each slot becomes."""
        many, ending = self.is_plural, ("a" if self.feminine else "o") + "s" * self.is_plural
        un = _UN[self.feminine, many] if self.article != "el" else "un"
        este = _ESTE[self.feminine, many]
        if not self.article:
            un = este = ""
        return {
            "el": self.phrase,
            "El": f"{self.article.capitalize()} {self.words}".lstrip(),
            "un": f"{un} {self.words}".lstrip(),
            "Un": f"{un.capitalize()} {self.words}".lstrip(),
            "del": f"de {self.phrase}",
            "al": f"a {self.phrase}",
            "Del": "D" + contract(f"de {self.phrase}")[1:],
            "Al": "A" + contract(f"a {self.phrase}")[1:],
            "x": self.words,
            "lo": _article(self.feminine, many) if self.feminine or many else "lo",
            "le": "les" if many else "le",
            "o": ending,
            "s": "s" if many else "",
            "n": "n" if many else "",
            "es": "son" if many else "es",
            "Es": "Son" if many else "Es",
            "está": "están" if many else "está",
            "Está": "Están" if many else "Está",
            "ha": "han" if many else "ha",
            "Ha": "Han" if many else "Ha",
            "este": f"{este} {self.words}".lstrip(),
            "Este": f"{este.capitalize()} {self.words}".lstrip(),
        }


_UN = {(False, False): "un", (True, False): "una", (False, True): "unos", (True, True): "unas"}
_ESTE = {(False, False): "este", (True, False): "esta", (False, True): "estos",
         (True, True): "estas"}  # fmt: skip


def _article(feminine: bool, many: bool) -> str:
    return ("las" if feminine else "los") if many else ("la" if feminine else "el")


def plural_of(word: str) -> str | None:
    """Return the plural of a noun; None where the rules don't tell it."""
    last = word[-1]
    if _ENDS_OPEN.search(word):
        return word + "s"
    if last == "z":
        return word[:-1] + "ces"
    if _STRESSED_END.search(word):
        return word[:-2] + word[-2].translate(_BARE) + last + "es"
    if last in "ns" and not _ONE_SYLLABLE.match(word):
        return word if last == "s" else None
    return word + "es" if last in "dlrnsjy" else None


def fill(line: str, slots: Mapping[str, str]) -> str:
    """Put the words into a line.

    Raises:
        SlotError: The line has a slot that is not there.
    """
    words, names = _parsed(line)
    try:
        filled = "".join(
            [words[0], *(slots[x] + after for x, after in zip(names, words[1:], strict=True))]
        )
    except KeyError as error:
        raise SlotError(f"no such slot {error} in {line!r}") from None
    if "e el " in filled or "a el " in filled or "A el " in filled:
        filled = contract(filled)
    first = len(filled) - len(filled.lstrip("¿¡«—("))
    return filled[:first] + filled[first : first + 1].upper() + filled[first + 1 :]


@cache
def _parsed(line: str) -> tuple[list[str], list[str]]:
    """Return the words between a line's slots, and the names of the slots."""
    parts = SLOT.split(line)
    if any("{" in words or "}" in words for words in parts[::2]):
        raise SlotError(f"a brace that is no slot in {line!r}")
    return parts[::2], parts[1::2]


def slots_of(line: str) -> frozenset[str]:
    """Return the names of a line's slots."""
    return frozenset(_parsed(line)[1])
