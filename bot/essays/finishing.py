"""From a model's raw text to one that a person likes to read.

Pure functions on strings: cleaning white space, finding sentence ends, noticing loops, and
cutting the text where it should end.
"""

import re
from itertools import pairwise

_SENTENCE_END = re.compile(r"(?:[.!?…]+)[\"'»”’)\]]*(?=\s|$)")
_ABBREVIATION = re.compile(
    r"\b(?:[A-ZÁÉÍÓÚÑ]|[Ss]r|[Ss]ra|[Ss]rta|[Dd]r|[Dd]ra|[Pp]rof|[Uu]ds?|p\. ?ej|[Pp]ág|núm)\.$"
)
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]"
)
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_LEAST_LOOP_WORDS = 3
_LOOP_TURNS = 3
_LOOP_CHARACTERS = 800
_REPEAT_CHARACTERS = 6000
_TOLD_WORDS = 4

MOST_SHARE = 1.3
"""A text may run to this share of the length asked for."""


def clean(text: str) -> str:
    """Tidy white space: single spaces, at most one empty line, none before a comma.

    Characters that cannot be seen, and halves of characters that a model left, are dropped.
    """
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    text = re.sub(r"[^\S\n]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    text = re.sub(r"\n{3,}", "\n\n", text)
    text = re.sub(r" +([,.;:!?…»)])", r"\1", text)
    text = re.sub(r"([¿¡«(]) +", r"\1", text)
    return text.strip()


def count_words(text: str) -> int:
    """Number of words, hyphenated ones counted once."""
    return sum(1 for _ in _WORD.finditer(text))


def sentence_ends(text: str) -> list[int]:
    """Offsets just after each sentence, abbreviations left out, in growing order."""
    return [
        match.end()
        for match in _SENTENCE_END.finditer(text)
        if not _ABBREVIATION.search(text[max(0, match.start() - 8) : match.start() + 1])
    ]


def loop_start(text: str) -> int | None:
    """Where a text begins to go round in circles, or None if it does not.

    A loop is a run of words said three times in a row, or a sentence of four words or more said
    for the third time. Only the last pages are looked at, since the text is watched as it grows.

    Returns:
        Offset at which the second turn begins, so that the first stays.
    """
    begin = max(0, len(text) - _LOOP_CHARACTERS)
    starts = [match.start() for match in _WORD.finditer(text, begin)]
    words = _words(text[begin:])
    for period in range(1, len(words) // _LOOP_TURNS + 1):
        # A short run has to be said more often: "no, no, no" is no loop.
        least = max(_LOOP_TURNS, -(-_LEAST_LOOP_WORDS * _LOOP_TURNS // period))
        first = len(words) - period
        while first >= period and words[first - period : first] == words[-period:]:
            first -= period
        if len(words) - first >= least * period:
            return starts[first + period]
    return _third_sentence(text)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _sentences(text: str, begin: int = 0) -> list[tuple[int, int, list[str]]]:
    """Return beginning, end and words of each whole sentence from an offset on."""
    ends = [begin + end for end in sentence_ends(text[begin:])]
    bounds = pairwise([begin, *ends])
    return [(start, end, _words(text[start:end])) for start, end in bounds]


def _third_sentence(text: str) -> int | None:
    sentences = _sentences(text, max(0, len(text) - _REPEAT_CHARACTERS))
    if not sentences or sentences[-1][1] != len(text.rstrip()):
        return None
    last = sentences[-1][2]
    starts = [start for start, _, words in sentences if words == last]
    return starts[1] if len(last) >= _TOLD_WORDS and len(starts) >= _LOOP_TURNS else None


def say_once(text: str) -> str:
    """Leave out each sentence of four words or more that the text has said before."""
    said: set[tuple[str, ...]] = set()
    kept = []
    end = 0
    for start, end, words in _sentences(text):
        if len(words) < _TOLD_WORDS or tuple(words) not in said:
            kept.append(text[start:end])
        elif "\n\n" in text[start:end]:
            kept.append("\n\n")
        said.add(tuple(words))
    return clean("".join([*kept, text[end:]]))


def finish(text: str, words: int | None = None) -> str:
    """Make a text end well: clean, at the end of a sentence.

    Args:
        text: Raw text, perhaps cut in the middle of a word.
        words: Length aimed at. A text beyond 130 % of it ends before that, with a paragraph where
            one ends in time. None keeps everything up to the last sentence end.

    Returns:
        The finished text. One without any sentence end gets an ellipsis after its last word.
    """
    text = clean(text)
    ends = sentence_ends(text)
    if not ends:
        return text and text.rstrip(" ,;:-—–(«¿¡") + "…"
    if words is None or count_words(text) < MOST_SHARE * words:
        return text[: ends[-1]]
    counts = {end: count_words(text[:end]) for end in ends}
    fitting = [end for end in ends if counts[end] <= MOST_SHARE * words] or ends[:1]
    paragraphs = [end for end in fitting if counts[end] >= words and text.startswith("\n\n", end)]
    return text[: (paragraphs or fitting)[-1]]
