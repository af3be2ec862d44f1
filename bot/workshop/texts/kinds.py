"""Kinds of things, and kinds of sentences: what can be said of any bird, of any proverb.

A card tells of one topic. There are more topics than anybody writes cards for: of a bird without
a card the model writes what holds of birds, and behind a proverb that it never read it writes
around the words that it was given.
"""

import random
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.workshop.texts.cards import LINES_OF, Card
from bot.workshop.texts.slots import Noun, fill, slots_of

KINDS = Path(__file__).parent / "kinds"
SENTENCES = Path(__file__).parent / "sentences"

_UNCOUNTABLE = "uncountable"
_UNSEEN_EVERY = 25
_PLURALS = 0.22
_BY_NAME = 0.55

Lines = Mapping[str, tuple[str, ...]]


class KindFormError(ValueError):
    """A file of a kind is not of the form."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing.

    Attributes:
        name: Of its file.
        nouns: What is of this kind.
        unseen: The same, kept out of training, to see what is made of a noun that is new.
        plurals: The nouns in the plural, where they can be counted.
        askings: Ways of asking for one of them, with slots.
        lines: The lines of each group, with slots.
    """

    name: str
    nouns: tuple[Noun, ...]
    unseen: tuple[Noun, ...]
    plurals: tuple[Noun, ...]
    askings: tuple[str, ...]
    lines: Lines

    def card(self, noun: Noun) -> Card:
        """Return the lines as the card of one noun."""
        slots = noun.slots()
        lines = {x: tuple(fill(line, slots) for line in lines) for x, lines in self.lines.items()}
        return Card((noun.phrase,) * 3, lines, self.name)

    def draw(self, rng: random.Random) -> tuple[Noun, str]:
        """Return a noun and a way of asking for it."""
        many = self.plurals and rng.random() < _PLURALS
        noun = rng.choice(self.plurals if many else self.nouns)
        if rng.random() < _BY_NAME or not self.askings:
            return noun, noun.phrase
        return noun, fill(rng.choice(self.askings), noun.slots())


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that is a topic.

    Attributes:
        text: The sentence.
        things: One or two noun phrases that stand in it, with their articles.
    """

    text: str
    things: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SentenceKind:
    """A kind of sentence.

    Attributes:
        name: Of its file.
        sentences: What is of this kind; none where they are invented.
        voices: Ways of writing about any of them: the lines of each group, with slots.
    """

    name: str
    sentences: tuple[Sentence, ...]
    voices: tuple[Lines, ...]

    def draw(self, rng: random.Random) -> tuple[Card, str]:
        """Return the card of a sentence in one voice, and the sentence."""
        sentence = rng.choice(self.sentences)
        return self.card(sentence, rng.choice(self.voices)), sentence.text

    def card(self, sentence: Sentence, voice: Lines) -> Card:
        """Return a voice's lines on a sentence, without those on a second thing that it lacks."""
        slots = {"t": sentence.text.rstrip(".")}
        slots |= {str(at): thing for at, thing in enumerate(sentence.things, 1)}
        lines = {
            x: tuple(fill(line, slots) for line in lines if slots_of(line) <= slots.keys())
            for x, lines in voice.items()
        }
        return Card((sentence.text,) * 3, lines, self.name)


def parse_kind(text: str, name: str) -> Kind:
    """Read the file of a kind of thing.

    Raises:
        KindFormError: A line has no letter of the form, or a group lacks lines.
        SlotError: A noun has no article, or a line a slot that does not exist.
    """
    found = _read(text, name, "NT")
    every = [Noun.parse(part) for part in ", ".join(found.pop("N")).split(",") if part.strip()]
    nouns = tuple(noun for noun in every if not _is_unseen(noun))
    unseen = tuple(noun for noun in every if _is_unseen(noun))
    plurals = tuple(filter(None, (noun.plural() for noun in nouns))) if _is_countable(text) else ()
    askings, lines = found.pop("T"), _complete(found, name)
    if not nouns:
        raise KindFormError(f"{name}: no nouns")
    for line in (*askings, *(line for group in lines.values() for line in group)):
        fill(line, nouns[0].slots())
    return Kind(name, nouns, unseen, plurals, tuple(askings), lines)


def parse_sentences(text: str, name: str) -> SentenceKind:
    """Read the file of a kind of sentence.

    Raises:
        KindFormError: A line has no letter of the form, or a voice lacks a group.
        SlotError: A line has a slot that does not exist.
    """
    beginning, *voices = re.split(r"^## .*$", text, flags=re.MULTILINE)
    sentences = [
        Sentence(parts[0], tuple(parts[1:3]))
        for line in _read(beginning, name, "S")["S"]
        for parts in [[part.strip() for part in line.split("|")]]
    ]
    lines = tuple(_complete(_read(voice, name, ""), name) for voice in voices)
    known = {"t", "1", "2"} if sentences else {"t"}
    for line in (line for voice in lines for group in voice.values() for line in group):
        fill(line, dict.fromkeys(known, "x"))
    return SentenceKind(name, tuple(sentences), lines)


def _is_countable(text: str) -> bool:
    return _UNCOUNTABLE not in text.splitlines()


def _is_unseen(noun: Noun) -> bool:
    return zlib.crc32(noun.words.encode()) % _UNSEEN_EVERY == 0


def _read(text: str, name: str, others: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {letter: [] for letter in (*others, *LINES_OF)}
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("# ") or line == _UNCOUNTABLE:
            continue
        letter, colon, words = line.partition(":")
        if not colon or letter not in found:
            raise KindFormError(f"{name}: a line without its letter: {line[:40]!r}")
        found[letter].append(words.strip())
    return found


def _complete(found: Mapping[str, Sequence[str]], name: str) -> Lines:
    for letter, fewest in LINES_OF.items():
        if len(found[letter]) < fewest:
            raise KindFormError(f"{name}: {len(found[letter])} lines {letter}, not {fewest}")
    return {letter: tuple(found[letter]) for letter in LINES_OF}


def load_kinds(folder: Path = KINDS) -> list[Kind]:
    """Read all kinds of things, in the order of their names."""
    return [
        parse_kind(p.read_text(encoding="utf-8"), p.stem) for p in sorted(folder.glob("*.txt"))
    ]


def load_sentences(folder: Path = SENTENCES) -> list[SentenceKind]:
    """Read all kinds of sentences, in the order of their names."""
    return [
        parse_sentences(path.read_text(encoding="utf-8"), path.stem)
        for path in sorted(folder.glob("*.txt"))
    ]
