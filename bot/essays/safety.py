"""What a topic or a sentence is, where minors write: fit, serious, refused, or a cry for help.

The words are in ``safety.toml``, which tells how they are written. A text and every pattern are
first put into one key, so that accents, capitals, stretched, spaced or numbered letters and the
commonest misspellings of Spanish make no difference.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from bot.errors import RequestError
from bot.storage.class_settings import ClassSettings
from bot.storage.records import EssayRequest, Style

SOBER_STYLES = (Style.EXPLANATION, Style.ARGUMENT, Style.NEWS)
"""What serious topics are written in."""

_LISTS = Path(__file__).with_suffix(".toml")

_LETTERS_FOR_DIGITS = str.maketrans("0134578@$", "oieastbas")
_SPACED = re.compile(r"(?<!\w)\w(?:[ .\-_*·]\w(?!\w)){2,}")
_WORD = re.compile(r"[\w@$]+")
_STRETCHED = re.compile(r"(\w)\1{2,}")
_DOUBLE_CONSONANT = re.compile(r"([bcdfghjklmnpqrstvwxyz])\1")
_WITH_H = re.compile(r"h(?:at|ate|ates|ated|er|im|is|it|its|itting|arm|arms|urt|urts|igh|ell|"
                     r"ow|ot|ome|ide|ook|orny|ang)\Z")  # fmt: skip
_ABBREVIATIONS = {"q": "que", "k": "que", "xq": "por que", "pq": "por que", "x": "por",
                  "d": "de", "tb": "tambien", "u": "you", "xxx": "porno"}  # fmt: skip
_SLIP_LETTERS, _SLIP_LIKENESS = 7, 0.9
_HIDDEN_VOWEL = re.compile(r"(?<=\w)[*#](?=\w)")


class Verdict(StrEnum):
    """What becomes of a topic."""

    FIT = "fit"
    SERIOUS = "serious"
    """Written, but only in a sober style."""
    REFUSED = "refused"
    DISTRESS = "distress"
    """No topic: somebody needs a person, not a text."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found in a text.

    Attributes:
        verdict: What becomes of it.
        kind: The group of a topic, or the kind of distress (``self``, ``harmed``, ``friend``,
            ``sad``); empty for a fit one.
    """

    verdict: Verdict
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Filters:
    """A class's own choices. Distress is looked for whatever they say.

    Attributes:
        groups: By group of topics, how it is treated instead of as the lists say.
        added: Words and phrases that are refused too.
        removed: Words and phrases that nothing is to be found in.
    """

    groups: Mapping[str, Verdict] = field(default_factory=dict)
    added: Sequence[str] = ()
    removed: Sequence[str] = ()


class UnfitTopicError(RequestError):
    """A topic is not written, or not in this style. Says nothing of the topic by itself.

    Attributes:
        finding: Why.
        request: What was asked for.
    """

    def __init__(self, finding: Finding, request: EssayRequest) -> None:
        self.finding = finding
        self.request = request
        super().__init__(finding.verdict)


_FIT = Finding(Verdict.FIT)


def prepare() -> None:
    """Read the lists, which takes a second."""
    _lists()


def filters_of(settings: ClassSettings) -> Filters:
    """The choices among a class's settings."""
    return Filters(
        groups={name: Verdict(value) for name, value in settings.filters.items()},
        added=settings.refused_words,
        removed=settings.allowed_words,
    )


def names_teacher(text: str) -> bool:
    """Whether a text speaks of somebody who teaches."""
    return any(map(_lists().teacher.search, _readings(text)))


def judge(text: str, filters: Filters | None = None) -> Finding:
    """Say what a topic is.

    Args:
        text: As it was typed.
        filters: The class's choices.
    """
    filters = filters or Filters()
    lists = _lists()
    readings = [_without(reading, filters.removed) for reading in _readings(text)]
    for kind, pattern in lists.distress:
        if any(map(pattern.search, readings)):
            return Finding(Verdict.DISTRESS, kind)
    if any(_plain(word).search(reading) for word in filters.added for reading in readings):
        return Finding(Verdict.REFUSED, "added")
    for group in lists.groups:
        verdict = filters.groups.get(group.name, group.verdict)
        if verdict != Verdict.FIT and any(map(group.has, readings)):
            return Finding(verdict, group.name)
    return _FIT


def is_fit_to_read(sentence: str, filters: Filters | None = None) -> bool:
    """Whether a sentence of an essay may stay: nothing in it that a topic would be refused for."""
    return judge(sentence, filters).verdict not in {Verdict.REFUSED, Verdict.DISTRESS}


def groups() -> Mapping[str, Verdict]:
    """The groups of topics that a teacher can treat otherwise, and how the lists treat them."""
    return {group.name: group.verdict for group in _lists().groups}


@dataclass(frozen=True, slots=True)
class _Group:
    name: str
    verdict: Verdict
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None

    def has(self, reading: str) -> bool:
        if self.pattern.search(reading) is None:
            return False
        return self.unless is None or self.unless.search(reading) is None


@dataclass(frozen=True, slots=True)
class _Lists:
    slips: Mapping[str, Sequence[str]]
    innocent: re.Pattern[str]
    teacher: re.Pattern[str]
    distress: Sequence[tuple[str, re.Pattern[str]]]
    groups: Sequence[_Group]


@cache
def _lists() -> _Lists:
    read: dict[str, Any] = tomllib.loads(_LISTS.read_text("utf-8"))
    sets: Mapping[str, Sequence[str]] = read["sets"]

    def compiled(patterns: Sequence[str]) -> re.Pattern[str]:
        return re.compile(rf"(?<!\w)(?:{_any_of(patterns, sets)})(?!\w)")

    slips: dict[str, list[str]] = {}
    for word in map(_key, read["slips"]):
        slips.setdefault(word[0], []).append(word)
    return _Lists(
        slips=slips,
        innocent=compiled(read["innocent"]),
        teacher=compiled(sets["teacher"]),
        distress=[(item["kind"], compiled(item["patterns"])) for item in read["distress"]],
        groups=[
            _Group(
                item["name"],
                Verdict.REFUSED if item["refused"] else Verdict.SERIOUS,
                compiled(item["patterns"]),
                compiled(item["unless"]) if "unless" in item else None,
            )
            for item in read["group"]
        ],
    )


_TOKEN = re.compile(
    r"(?P<set>\{\w+\})|(?P<gap> ?(?:…|\.\.) ?)|(?P<optional>(?:^|(?<=[ (|]))\[[^\]]*\] )|"
    r"(?P<tail> \[[^\]]*\](?=$|[|)]))|(?P<maybe>\[[^\]]*\])|(?P<star>\*)|(?P<letters>[^\W_]+)|"
    r"(?P<other>.)"
)


def _any_of(patterns: Sequence[str], sets: Mapping[str, Sequence[str]]) -> str:
    return "|".join(_regex(pattern, sets) for pattern in patterns)


def _regex(pattern: str, sets: Mapping[str, Sequence[str]]) -> str:
    """Write a pattern of the lists as a regular expression over the key."""
    parts: list[str] = []
    for match in _TOKEN.finditer(pattern):
        kind, token = match.lastgroup, match.group()
        if kind == "set":
            parts.append(f"(?:{_any_of(sets[token[1:-1]], sets)})")
        elif kind == "gap":
            most = 2 if ".." in token else 4
            before, after = token.startswith(" "), token.endswith(" ")
            parts.append((" " if before and after else "") + f"(?:\\w+ ){{0,{most}}}?"
                         if after else f"(?: \\w+){{0,{most}}}")  # fmt: skip
        elif kind == "optional":
            parts.append(f"(?:(?:{_regex(token[1:-2], sets)}) )?")
        elif kind == "tail":
            parts.append(f"(?: (?:{_regex(token[2:-1], sets)}))?")
        elif kind == "maybe":
            parts.append(f"(?:{_regex(token[1:-1], sets)})?")
        elif kind == "star":
            parts.append(r"\w*")
        elif kind == "letters":
            parts.append(_key(_plain_letters(token)))
        else:
            parts.append({"(": "(?:", ")": ")", "|": "|", "'": " "}.get(token, re.escape(token)))
    return "".join(parts)


def _plain(phrase: str) -> re.Pattern[str]:
    """Find a teacher's own word or phrase; a star stands for any letters."""
    cleaned = re.sub(r"[^\w\s*]", " ", _plain_letters(phrase)).split()
    if not any(word.strip("*") for word in cleaned):
        return re.compile(r"(?!)")
    return re.compile(rf"(?<!\w){' '.join(_regex(word, {}) for word in cleaned)}(?!\w)")


def _without(reading: str, removed: Sequence[str]) -> str:
    """Blank out what is innocent, so that nothing is found in it or across it."""
    for pattern in (_lists().innocent, *map(_plain, removed)):
        reading = pattern.sub("·", reading)
    return reading


def _readings(text: str) -> list[str]:
    """The text in the key; more than one where a star may hide any vowel."""
    text = _plain_letters(text)
    found = [text]
    if _HIDDEN_VOWEL.search(text):
        found = [_HIDDEN_VOWEL.sub(vowel, text) for vowel in "aeiou"]
    return [_keyed(one) for one in found]


def _keyed(text: str) -> str:
    text = _SPACED.sub(lambda match: re.sub(r"[\W_]", "", match.group()), text)
    words = (_key(_ABBREVIATIONS.get(word, word)) for word in _WORD.findall(text))
    return " ".join(map(_mend, words))


def _mend(word: str) -> str:
    """Take a slip of the finger out of a word that matters."""
    if len(word) < _SLIP_LETTERS:
        return word
    near = get_close_matches(word, _lists().slips.get(word[0], ()), 1, _SLIP_LIKENESS)
    # "asesina" is no slip of "asesinar".
    return near[0] if near and not near[0].startswith(word) else word


def _plain_letters(text: str) -> str:
    """Lower case without accents, tildes and apostrophes."""
    letters = unicodedata.normalize("NFKD", text.lower())
    return "".join(x for x in letters if not unicodedata.combining(x) and x not in "'’")


def _key(word: str) -> str:
    """Spell a word so that the usual misspellings of it are spelt alike."""
    if any(letter.isalpha() for letter in word):
        word = word.translate(_LETTERS_FOR_DIGITS)
    word = _STRETCHED.sub(r"\1", word)
    if not _WITH_H.match(word):
        word = re.sub(r"(?<![cspt])h(?=[aeiou])", "", word)
    word = re.sub(r"qu(?=[ei])", "k", word)
    word = re.sub(r"c(?=[ei])", "s", word)
    word = re.sub(r"c(?!h)|q", "k", word)
    word = re.sub(r"g(?=[ei])", "j", word)
    word = re.sub(r"n(?=[bpv])", "m", word)
    word = word.replace("z", "s").replace("v", "b").replace("ph", "f").replace("y", "i")
    return _DOUBLE_CONSONANT.sub(r"\1", word)
