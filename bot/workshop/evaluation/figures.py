"""What can be counted in essays without reading them."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.workshop.evaluation.writing import Essay
from bot.workshop.texts.ideas import stem
from bot.workshop.texts.slots import SLOT

RUN_WORDS = 8
"""Length of the runs of words that are looked for in the training texts."""

_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_END = re.compile(r"(?<=[.!?…»])\s+|\n+")
_OPENING_WORDS = 4
_FEWEST_WORDS = 4
_LOOP_WORDS = 4
_LOOP_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted in one essay.

    Attributes:
        words: Its length.
        loops: Whether a sentence comes twice, or a tenth of its runs of four words does.
        unknown: Share of words that neither the dictionary nor a training text knows.
        own_words: How many different words of the topic's own list it has.
        elsewhere: Share of sentences that stand, the topic's words masked, in an essay on another
            topic.
        verbatim: Share of its runs of eight words that stand in a training text.
        whole_sentences: Share of its sentences that stand in a training text, word for word.
        same_opening: Whether an essay on another topic opens with the same words.
    """

    words: int
    loops: bool
    unknown: float
    own_words: int
    elsewhere: float
    verbatim: float
    whole_sentences: float
    same_opening: bool


class TrainingTexts:
    """The runs of words and the sentences of everything that was taught."""

    def __init__(self, texts: Iterable[str], patterns: Iterable[str] = ()) -> None:
        """Read the texts once.

        Args:
            texts: As they were taught.
            patterns: Lines with slots in braces, which were taught with many words in them.
        """
        slotted = [part for line in patterns for part in sentences_of(line)]
        self._patterns = re.compile("|".join(map(_pattern_of, slotted)) or r"(?!)")
        texts = [*texts, *(part for line in slotted for part in SLOT.split(line)[::2])]
        self.words: set[str] = set()
        self._runs: set[int] = set()
        self._sentences: set[int] = set()
        for text in texts:
            words = words_of(text)
            self.words.update(words)
            self._runs.update(map(hash, runs_of(words, RUN_WORDS)))
            self._sentences.update(hash(tuple(words_of(part))) for part in sentences_of(text))

    def share_of_runs(self, text: str) -> float:
        """Share of a text's runs of eight words that stand here, 0 to 1."""
        return _share(hash(run) in self._runs for run in runs_of(words_of(text), RUN_WORDS))

    def share_of_sentences(self, text: str) -> float:
        """Share of a text's sentences that stand here whole, 0 to 1."""
        return _share(
            hash(tuple(words_of(part))) in self._sentences
            or self._patterns.fullmatch(part.lower()) is not None
            for part in sentences_of(text)
        )


def _pattern_of(line: str) -> str:
    """Return an expression for a line, in small letters, with anything in its slots."""
    return ".*".join(re.escape(part) for part in SLOT.split(line.lower())[::2])


def count(
    essays: Sequence[Essay],
    own_words: Mapping[str, Sequence[str]],
    training: TrainingTexts,
    is_word: Callable[[str], bool],
) -> list[Figures]:
    """Count what can be counted, in each essay beside all others.

    Args:
        essays: Of one model.
        own_words: By topic, the words that belong to it, in plain forms.
        training: What the model was taught.
        is_word: A dictionary.
    """
    openings: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    masked: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for essay in essays:
        openings[_opening(essay)].add(essay.topic)
        for sentence in _masked_sentences(essay):
            masked[sentence].add(essay.topic)
    return [
        Figures(
            words=len(words := words_of(essay.text)),
            loops=_loops(essay.text),
            unknown=_share(not is_word(word) and word not in training.words for word in words),
            own_words=_own_words(words, own_words[essay.topic]),
            elsewhere=_share(len(masked[sentence]) > 1 for sentence in _masked_sentences(essay)),
            verbatim=training.share_of_runs(essay.text),
            whole_sentences=training.share_of_sentences(essay.text),
            same_opening=len(openings[_opening(essay)]) > 1,
        )
        for essay in essays
    ]


def words_of(text: str) -> list[str]:
    """Return a text's words in lower case, figures left out."""
    return _WORD.findall(text.lower())


def sentences_of(text: str) -> list[str]:
    """Return a text's sentences of four words and more."""
    parts = (part.strip() for part in _SENTENCE_END.split(text))
    return [part for part in parts if len(_WORD.findall(part)) >= _FEWEST_WORDS]


def runs_of(words: Sequence[str], length: int) -> list[tuple[str, ...]]:
    """Return all runs of so many words, in order."""
    return list(zip(*(words[at:] for at in range(length)), strict=False))


def _loops(text: str) -> bool:
    sentences = Counter(tuple(words_of(sentence)) for sentence in sentences_of(text))
    runs = runs_of(words_of(text), _LOOP_WORDS)
    repeated = len(runs) - len(set(runs))
    return max(sentences.values(), default=0) > 1 or repeated > _LOOP_SHARE * len(runs)


def _own_words(words: Sequence[str], wanted: Sequence[str]) -> int:
    stems = {stem(word) for word in words}
    return sum(stem(word) in stems for word in wanted)


def _masked_sentences(essay: Essay) -> list[tuple[str, ...]]:
    return [_masked(sentence, essay.topic) for sentence in sentences_of(essay.text)]


def _opening(essay: Essay) -> tuple[str, ...]:
    return _masked(essay.text[:200], essay.topic)[:_OPENING_WORDS]


def _masked(text: str, topic: str) -> tuple[str, ...]:
    about = {stem(word) for word in words_of(topic) if len(word) > 2}
    return tuple("…" if stem(word) in about else word for word in words_of(text))


def _share(values: Iterable[bool]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0
