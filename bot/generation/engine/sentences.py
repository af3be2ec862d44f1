"""Which of several candidates for a text's next sentence is the best."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bot.generation.engine.generation import TokenEvent
from bot.generation.engine.tokenizing import TextTokenizer

SENTENCE_TOKENS = 96
"""A candidate that has not come to an end then is judged as it is."""

_FEWEST_TOKENS = 5
"""Shorter ones are an abbreviation, a number of a list or an exclamation: the next joins them."""

_END = re.compile(r"[.!?…。！？][\"'»”’)\]]*\s*$|\n")
_WORD = re.compile(r"\w+")
_GRAM = 4
_STRETCH = 3
_STEM_LETTERS = 5

_STRETCH_WEIGHT = 0.25
_REPEAT_WEIGHT = 4.0
_NAMING_WEIGHT = 0.3
_NAMING_EVERY = 3
"""Sentences after which the topic should be named again."""


def sentence_ends(tokenizer: TextTokenizer, vocabulary_size: int) -> NDArray[np.bool_]:
    """Tell of each token whether a sentence may end with it, shape [vocabulary]."""
    token_ids = [[token_id] for token_id in range(vocabulary_size)]
    texts = tokenizer.backend_tokenizer.decode_batch(token_ids, skip_special_tokens=True)
    return np.array([bool(_END.search(text)) for text in texts])


@dataclass(slots=True)
class Candidate:
    """One continuation up to the end of a sentence.

    Attributes:
        token_ids: What was drawn.
        log_probabilities: Of each, at temperature 1 and before any penalty; the end of the text
            has one, too.
        events: What its reader would get.
        is_whole: Whether it came to the end of a sentence or of the text.
    """

    token_ids: list[int] = field(default_factory=list)
    log_probabilities: list[float] = field(default_factory=list)
    events: list[TokenEvent] = field(default_factory=list)
    is_whole: bool = False

    @property
    def ends_text(self) -> bool:
        """Whether nothing comes before the end of the text."""
        return self.is_whole and not self.token_ids

    @property
    def may_end(self) -> bool:
        """Whether it is long enough to be a sentence."""
        return len(self.token_ids) >= _FEWEST_TOKENS


class Judge:
    """Judges the candidates of one text, whose earlier sentences it remembers."""

    def __init__(self, tokenizer: TextTokenizer, before: str, keywords: Iterable[str]) -> None:
        """Remember what stands already.

        Args:
            tokenizer: Of the candidates.
            before: What stands before the first sentence.
            keywords: Words that are to be named now and then.
        """
        self._tokenizer = tokenizer
        self._keywords = {_stem(word) for text in keywords for word in _WORD.findall(text)}
        self._said: set[tuple[str, ...]] = set()
        self._last_words: list[str] = []
        self._unnamed = 0
        self._remember(_words(before))

    def best(self, candidates: Sequence[Candidate]) -> tuple[int, bool]:
        """Return the number of the best candidate, and whether most of it was said before.

        The first candidate alone decides whether the text ends before another sentence: among
        several, one would nearly always want to.
        """
        if candidates[0].ends_text:
            return 0, False
        words = [_words(self._tokenizer.decode(one.token_ids)) for one in candidates]
        repeated = [self._repeated_share(some) for some in words]
        scores = [
            self._score(candidate, some, share) if not candidate.ends_text else -np.inf
            for candidate, some, share in zip(candidates, words, repeated, strict=True)
        ]
        best = int(np.argmax(scores))
        return best, repeated[best] > 0.5

    def remember(self, candidate: Candidate) -> None:
        """Take a candidate for the text's next sentence."""
        words = _words(self._tokenizer.decode(candidate.token_ids))
        self._unnamed = 0 if self._names_topic(words) else self._unnamed + 1
        self._remember(words)

    def _score(self, candidate: Candidate, words: list[str], repeated_share: float) -> float:
        chances = np.array(candidate.log_probabilities)
        stretches = np.convolve(chances, np.ones(_STRETCH) / _STRETCH, "valid")
        score = chances.mean() + _STRETCH_WEIGHT * stretches.min(initial=chances.mean())
        score -= _REPEAT_WEIGHT * repeated_share
        if self._unnamed >= _NAMING_EVERY and self._names_topic(words):
            score += _NAMING_WEIGHT
        return float(score)

    def _remember(self, words: list[str]) -> None:
        self._said.update(self._grams(words))
        self._last_words = [*self._last_words, *words][-(_GRAM - 1) :]

    def _repeated_share(self, words: list[str]) -> float:
        """Share of runs of four words that were there before, in the text or in these words."""
        grams = self._grams(words)
        before = sum(gram in self._said for gram in grams) + len(grams) - len(set(grams))
        return before / max(1, len(grams))

    def _grams(self, words: list[str]) -> list[tuple[str, ...]]:
        """Return runs of four words; a long topic may be quoted, so its own are left out."""
        words = [*self._last_words, *words]
        runs = zip(*(words[i:] for i in range(_GRAM)), strict=False)
        return [run for run in runs if not {_stem(word) for word in run} <= self._keywords]

    def _names_topic(self, words: list[str]) -> bool:
        return any(_stem(word) in self._keywords for word in words)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _stem(word: str) -> str:
    """Return the beginning of a word without accents, the same for most of its forms."""
    plain = unicodedata.normalize("NFD", word.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = plain[:_STEM_LETTERS].removesuffix("s")
    return plain[:-1] if len(plain) > 2 and plain[-1] in "aeo" else plain
