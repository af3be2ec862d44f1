"""Figures of essays: words that exist, repetition, staying on the topic, a proper end."""

import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_WORD = re.compile(r"[^\W\d_]+")
_END = re.compile(r"[.!?…][»\"”’)]*$")
_GRAM_WORDS = 4
_SHORTEST_CONTENT_WORD = 3
_FUNCTION_WORDS = frozenset(
    [
        "los", "las", "del", "que", "por", "con", "una", "uno", "sin", "más", "muy", "sus", "mis",
        "tus", "nos", "les", "hay", "fue", "ser", "son", "era", "eso", "esa", "ese", "así", "aún",
        "tan", "dos", "tres", "han", "qué", "ver", "dan", "hoy", "xxi", "don", "vez", "ida",
        "sobre", "para", "pero", "como", "cuando", "donde", "desde", "hasta", "entre", "hacia",
        "porque", "aunque", "mientras", "según", "contra", "durante", "todo", "toda", "todos",
        "todas", "otro", "otra", "otros", "otras", "este", "esta", "estos", "estas", "esto",
        "ellos", "ellas", "ella", "nosotros", "nuestro", "nuestra", "nuestros", "nuestras",
        "tiene", "tienen", "debe", "debería", "deberían", "puede", "pueden", "haber", "hacer",
        "estar", "están", "mucho", "mucha", "muchos", "muchas", "menos", "siempre", "nunca",
        "también", "todavía", "cada", "cual", "quien", "unos", "unas", "aquel", "aquella",
        "importa", "importan", "mejor", "peor", "vida", "mundo",
    ]
)  # fmt: skip
DICTIONARY = Path("/usr/share/hunspell/es_ES")
"""Debian's ``hunspell-es``, without its suffix."""


@dataclass(frozen=True, slots=True)
class EssayFigures:
    """What can be counted in one essay.

    Attributes:
        words: Its length.
        in_dictionary: Share of its words that a Spanish dictionary knows, 0 to 1.
        repeated_4grams: Share of its runs of four words that stood in it before, 0 to 1.
        names_topic_again: Whether a content word of the topic comes after the first paragraph.
        ends_on_a_mark: Whether it ends on a full stop or another mark that ends a sentence.
    """

    words: int
    in_dictionary: float
    repeated_4grams: float
    names_topic_again: bool
    ends_on_a_mark: bool


def load_dictionary(stem: Path = DICTIONARY) -> Callable[[str], bool]:
    """Return a function that tells whether a word is Spanish.

    A word at the start of a sentence and a name count too: it is looked up as it stands and in
    lower case.

    Args:
        stem: Path of a hunspell dictionary without ``.dic``.

    Raises:
        FileNotFoundError: It is not installed.
    """
    from spylls.hunspell import Dictionary

    with warnings.catch_warnings():
        # spylls leaves its files to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        dictionary = Dictionary.from_files(str(stem))

    @cache
    def knows(word: str) -> bool:
        return bool(dictionary.lookup(word) or dictionary.lookup(word.lower()))

    return knows


def stem(word: str) -> str:
    """Return a word without accents and endings of number and gender.

    >>> stem("pescadores") == stem("pescador") and stem("ríos") == stem("río")
    True
    """
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFD", word.lower())
        if not unicodedata.combining(letter)
    )
    for ending in ("es", "s"):
        if plain.endswith(ending) and len(plain) - len(ending) >= 3:
            plain = plain.removesuffix(ending)
            break
    return plain.rstrip("aeo") if len(plain.rstrip("aeo")) >= 2 else plain


def content_words(topic: str) -> tuple[str, ...]:
    """Return the words of a topic that say what it is about, in order.

    Words of three letters and more that are no function words; if there are none, its longest.
    """
    words = _WORD.findall(topic.lower())
    content = tuple(
        word
        for word in words
        if len(word) >= _SHORTEST_CONTENT_WORD and word not in _FUNCTION_WORDS
    )
    return content or tuple(sorted(words, key=len)[-1:])


def after_first_paragraph(essay: str) -> str:
    """Return an essay without its first paragraph; "" where it has only one."""
    paragraphs = [part for part in essay.split("\n") if part.strip()]
    return "\n".join(paragraphs[1:])


def names_topic(topic: str, text: str) -> bool:
    """Tell whether a text has a content word of a topic, in any number or gender."""
    return names_any(content_words(topic), text)


def names_any(words: Iterable[str], text: str) -> bool:
    """Tell whether a text has one of some words, in any number or gender."""
    wanted = {stem(word) for word in words}
    return any(stem(word) in wanted for word in _WORD.findall(text.lower()))


def figures_of(essay: str, topic: str, is_word: Callable[[str], bool]) -> EssayFigures:
    """Count what can be counted.

    Args:
        essay: What the model wrote, without its prompt.
        topic: What it was asked for.
        is_word: From ``load_dictionary``.
    """
    words = _WORD.findall(essay)
    lower = [word.lower() for word in words]
    grams = [tuple(lower[at : at + _GRAM_WORDS]) for at in range(len(lower) - _GRAM_WORDS + 1)]
    return EssayFigures(
        words=len(words),
        in_dictionary=sum(map(is_word, words)) / max(1, len(words)),
        repeated_4grams=1 - len(set(grams)) / len(grams) if grams else 0.0,
        names_topic_again=names_topic(topic, after_first_paragraph(essay)),
        ends_on_a_mark=_END.search(essay.strip()) is not None,
    )


def mean(values: Sequence[float]) -> float:
    """Return the mean, or 0 for no values."""
    return sum(values) / len(values) if values else 0.0
