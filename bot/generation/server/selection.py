"""Which of several candidates for one text is the best: on its topic, without repeating itself."""

import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"\w+")
_GRAM = 4  # words; a run of four that comes again is a loop, rarely style
_CONTENT_LETTERS = 4  # shorter words of a topic are mostly articles and prepositions


def rank(prompt: str, candidates: Sequence[tuple[str, bool]]) -> list[int]:
    """Order candidates from best to worst; equal ones keep their order.

    Args:
        prompt: What they continue.
        candidates: Each a text and whether it came to an end of its own.

    Returns:
        Their numbers.
    """
    topic = {word for word in _words(prompt) if len(word) >= _CONTENT_LETTERS}

    def score(number: int) -> float:
        text, has_ended = candidates[number]
        words = _words(text)
        return _share_named(topic, words) - 2.0 * repeated_share(words) + 0.1 * has_ended

    return sorted(range(len(candidates)), key=score, reverse=True)


def repeated_share(words: Sequence[str]) -> float:
    """Return the share of runs of four words that came before, 0 to 1."""
    grams = Counter(zip(*(words[i:] for i in range(_GRAM)), strict=False))
    total = sum(grams.values())
    return (total - len(grams)) / total if total else 0.0


def _share_named(topic: set[str], words: Sequence[str]) -> float:
    return len(topic & set(words)) / len(topic) if topic else 0.0


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
