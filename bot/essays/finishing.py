"""From a model's raw text to one that a person likes to read.

Pure functions on strings: cleaning white space, finding sentence ends, noticing loops, and
cutting the text where it should end.
"""

import re

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
_SENTENCE_TURNS = 3
_ENOUGH = 0.95


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
    words = [(match.group().casefold(), match.start()) for match in _WORD.finditer(text, begin)]
    tail = [word for word, _ in words]
    for period in range(1, len(tail) // _LOOP_TURNS + 1):
        turns = max(_LOOP_TURNS, -(-_LEAST_LOOP_WORDS * _LOOP_TURNS // period))
        if period * turns > len(tail):
            continue
        last = tail[-period:]
        if all(tail[-period * (turn + 1) : -period * turn] == last for turn in range(1, turns)):
            first = len(words) - period * turns
            while first >= period and [w for w, _ in words[first - period : first]] == last:
                first -= period
            return words[first + period][1]
    return _third_sentence(text)


def _third_sentence(text: str) -> int | None:
    begin = max(0, len(text) - _REPEAT_CHARACTERS)
    ends = [begin + end for end in sentence_ends(text[begin:])]
    if len(ends) < _SENTENCE_TURNS or ends[-1] != len(text.rstrip()):
        return None
    starts = [begin, *ends[:-1]]
    sentences = [
        " ".join(word.casefold() for word in _WORD.findall(text[start:end]))
        for start, end in zip(starts, ends, strict=True)
    ]
    last = sentences[-1]
    if len(last.split()) < 4 or sentences.count(last) < _SENTENCE_TURNS:
        return None
    second = [index for index, sentence in enumerate(sentences) if sentence == last][1]
    return starts[second]


def is_long_enough(text: str, words: int) -> bool:
    """Whether the whole sentences of a growing text have reached its length."""
    ends = sentence_ends(text)
    return bool(ends) and count_words(text[: ends[-1]]) >= words * _ENOUGH


def finish(text: str, words: int | None = None) -> str:
    """Make a text end well: clean, not looping, at a sentence end near its length.

    Args:
        text: Raw text, perhaps cut in the middle of a word.
        words: Length aimed at; of the sentence ends the one nearest to it is taken. None keeps
            everything up to the last sentence end.

    Returns:
        The finished text. One without any sentence end gets an ellipsis after its last word.
    """
    text = clean(text)
    start = loop_start(text)
    if start is not None:
        text = text[:start].rstrip()
    ends = sentence_ends(text)
    if not ends:
        return text and text.rstrip(" ,;:-—–(«¿¡") + "…"
    if words is None or count_words(text) <= words:
        return text[: ends[-1]]
    counts = [(abs(count_words(text[:end]) - words), end) for end in ends]
    return text[: min(counts)[1]]
