"""Refuses a text that must not teach: ill-formed, double, misspelt, unfit, or on a held-out topic.

`python -m bot.workshop.texts.checking` tells every fault of the cards and the compositions.
`known_words.txt` lists words that are right and that the dictionary does not know.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bot.workshop.texts.cards import Card, load_cards
from bot.workshop.texts.compositions import Composition, load_compositions
from bot.workshop.texts.forms import Form, load_forms
from bot.workshop.texts.held_out import HeldOutTopic, load_held_out
from bot.workshop.texts.kinds import Kind, SentenceKind, load_kinds, load_sentences
from bot.workshop.texts.slots import Noun, fill
from bot.workshop.texts.spelling import DICTIONARY, load_dictionary
from bot.workshop.texts.wording import drop_accents

KNOWN_WORDS = Path(__file__).parent / "known_words.txt"
"""Words that are right though the dictionary lacks them, one a line."""

_UNFIT = re.compile(
    r"(?<!\w)(?:suicid|violaci[oó]n sexual|prostit|burdel|pornogr|orgasm|sexual|puta\b|putas\b|"
    r"coño|mierda|carajo|cabr[oó]n|maric(?:a|ón|as|ones)\b|negrata|sudaca|cocaín|marihuan|"
    r"degoll|descuartiz|imbécil|subnormal)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_MARKS = ".!?…»"
_LINE_ENDS = tuple(_SENTENCE_MARKS)
_OPENS = {"¿": "?", "¡": "!", "«": "»", "(": ")"}
_FUNCTION_WORDS = frozenset(
    drop_accents(word)
    for word in (
        "el", "la", "los", "las", "un", "una", "unos", "unas", "de", "del", "al", "a", "en", "con",
        "sin", "por", "para", "que", "y", "o", "mi", "mis", "su", "tu", "se", "no", "como", "es",
        "cuando", "escribe", "sobre", "hay", "son", "más", "cada", "qué", "cómo", "quiénes",
        "fueron", "hicieron", "una", "desde", "ser", "mucho",
    )
)  # fmt: skip
_SAME_SHARE = 0.75
_FEWEST_WORDS = 6


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong with a text.

    Attributes:
        source: Its file.
        topic: Its topic.
        kind: ``form``, ``double``, ``unfit``, ``spelling`` or ``held out``.
        what: The words concerned.
    """

    source: str
    topic: str
    kind: str
    what: str


def check_form(cards: Sequence[Card], compositions: Sequence[Composition]) -> Iterator[Fault]:
    """Yield lines that don't begin or end as a sentence does, and marks without their partner."""
    for card in cards:
        for line in _lines_of(card):
            begins = line.lstrip("¿¡«—(")[:1]
            if not (begins.isupper() or begins.isdigit()) or not line.endswith(_LINE_ENDS):
                yield Fault(card.source, card.topic, "form", line)
    for source, topic, text in _texts(cards, compositions):
        for opening, closing in _OPENS.items():
            if text.count(opening) != text.count(closing):
                yield Fault(source, topic, "form", f"{opening} without {closing}")
        for wrong in re.findall(r"\S* {2,}\S*|\S+ [,.;:]|\b(?:de el|a el) [a-zñ]+", text):
            yield Fault(source, topic, "form", wrong)


def check_doubles(cards: Sequence[Card], compositions: Sequence[Composition]) -> Iterator[Fault]:
    """Yield what stands twice: topics of cards, lines, and whole paragraphs of compositions."""
    topics = Counter(card.topic.lower() for card in cards)
    owners: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for card in cards:
        if topics[card.topic.lower()] > 1 and card.topics[1].lower() == card.topic.lower():
            yield Fault(card.source, card.topic, "double", "topic")
        for line in _lines_of(card):
            owners[line].append((card.source, card.topic))
    for composition in compositions:
        for paragraph in composition.paragraphs:
            if len(paragraph.split()) > _FEWEST_WORDS:
                owners[paragraph].append((composition.source, composition.topics[0]))
    for text, places in owners.items():
        for source, topic in places[1:]:
            yield Fault(source, topic, "double", text)


def check_fitness(cards: Sequence[Card], compositions: Sequence[Composition]) -> Iterator[Fault]:
    """Yield words that have no place in a text for pupils."""
    for source, topic, text in _texts(cards, compositions):
        for found in _UNFIT.finditer(text):
            yield Fault(source, topic, "unfit", text[found.start() : found.end() + 12])


def check_held_out(
    cards: Sequence[Card], compositions: Sequence[Composition], held_out: Sequence[HeldOutTopic]
) -> Iterator[Fault]:
    """Yield records whose topic is a held-out one, or nearly."""
    barred = [(topic.text, _content(topic.text)) for topic in held_out]
    records = [(card.source, card.topics) for card in cards]
    records += [(text.source, text.topics) for text in compositions]
    for source, topics in records:
        for topic in topics:
            words = _content(topic)
            for text, wanted in barred:
                if _is_nearly(words, wanted):
                    yield Fault(source, topic, "held out", text)


def check_spelling(
    cards: Sequence[Card], compositions: Sequence[Composition], knows: Callable[[str], bool]
) -> Iterator[Fault]:
    """Yield words in small letters that neither the dictionary nor `KNOWN_WORDS` has.

    Words that are always written with a capital are taken for names.
    """
    known = frozenset(KNOWN_WORDS.read_text(encoding="utf-8").split())
    for source, topic, text in _texts(cards, compositions):
        for word in dict.fromkeys(_WORD.findall(text)):
            if word.islower() and len(word) > 1 and word not in known and not knows(word):
                yield Fault(source, topic, "spelling", word)


def check_all(knows: Callable[[str], bool] | None = None) -> list[Fault]:
    """Return every fault of the texts; spelling where there is a dictionary."""
    kinds, sentences = load_kinds(), load_sentences()
    cards = [*load_cards(), *example_cards(kinds, sentences)]
    compositions = [*load_compositions(), *example_compositions(kinds, load_forms())]
    held_out = load_held_out()
    faults = [
        *check_form(cards, compositions),
        *check_doubles(load_cards(), load_compositions()),
        *check_fitness(cards, compositions),
        *check_held_out(cards, compositions, held_out),
        *check_topics(kinds, sentences, held_out),
    ]
    if knows is not None:
        faults += check_spelling(cards, compositions, knows)
    return faults


def example_cards(kinds: Sequence[Kind], sentences: Sequence[SentenceKind]) -> list[Card]:
    """Return the lines of kinds as cards: of a noun of each gender and number, of a sentence."""
    examples: list[Card] = []
    for kind in kinds:
        examples += map(kind.card, _one_of_each(kind))
    for read in sentences:
        longest = sorted(read.sentences, key=lambda sentence: -len(sentence.things))[:1]
        examples += [read.card(sentence, voice) for sentence in longest for voice in read.voices]
    return examples


def example_compositions(kinds: Sequence[Kind], forms: Sequence[Form]) -> list[Composition]:
    """Return every variant of every form with a noun of each gender and number."""
    return [
        Composition(
            form.style,
            (f"{form.name}: {noun.phrase}",),
            tuple(fill(text, noun.slots()) for step in form.steps for text in step.variants),
            form.name,
        )
        for form in forms
        for kind in [next(kind for kind in kinds if kind.name in form.kinds)]
        for noun in _one_of_each(kind)
    ]


def _one_of_each(kind: Kind) -> Sequence[Noun]:
    """Return a noun of each gender and number."""
    firsts: dict[tuple[bool, bool], Noun] = {}
    for noun in (*kind.nouns, *kind.plurals):
        firsts.setdefault((noun.feminine, noun.is_plural), noun)
    return list(firsts.values())


def check_topics(
    kinds: Sequence[Kind], sentences: Sequence[SentenceKind], held_out: Sequence[HeldOutTopic]
) -> Iterator[Fault]:
    """Yield nouns and sentences that are held-out topics, or stand twice in their kind."""
    named = [(kind.name, noun.phrase) for kind in kinds for noun in (*kind.nouns, *kind.unseen)]
    named += [(kind.name, sentence.text) for kind in sentences for sentence in kind.sentences]
    wanted = [(topic.text, _content(topic.text), _content(topic.about)) for topic in held_out]
    for (source, topic), count in Counter(named).items():
        if count > 1:
            yield Fault(source, topic, "double", "topic")
        words = _content(topic)
        for text, barred, about in wanted:
            if about & words or _is_nearly(words, barred):
                yield Fault(source, topic, "held out", text)


def _lines_of(card: Card) -> list[str]:
    return [line for lines in card.lines.values() for line in lines]


def _texts(
    cards: Sequence[Card], compositions: Sequence[Composition]
) -> Iterator[tuple[str, str, str]]:
    for card in cards:
        for line in _lines_of(card):
            yield card.source, card.topic, line
    for composition in compositions:
        yield composition.source, composition.topics[0], composition.text


def _is_nearly(words: frozenset[str], barred: frozenset[str]) -> bool:
    """Whether the content words of a topic are those of another, or nearly."""
    return len(words & barred) >= max(1, _SAME_SHARE * len(barred))


def _content(topic: str) -> frozenset[str]:
    words = (drop_accents(word.lower()) for word in _WORD.findall(topic))
    return frozenset(
        word.rstrip("s").rstrip("aeo") for word in words if word not in _FUNCTION_WORDS
    )


def main() -> int:
    """Tell every fault; the exit status is 1 if there is one."""
    tell = Console(markup=False, highlight=False, soft_wrap=True).print
    has_dictionary = DICTIONARY.with_suffix(".dic").exists()
    if not has_dictionary:
        tell("The spelling is not checked: Debian's hunspell-es is not installed.")
    faults = check_all(load_dictionary() if has_dictionary else None)
    for fault in faults:
        tell(f"{fault.source}: {fault.topic}: {fault.kind}: {fault.what}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
