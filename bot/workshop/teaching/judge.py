"""Judges a model by what it writes freely on topics that it has learnt, in wordings that are new.

The loss cannot tell whether an essay keeps to its topic: what leads into a text is a hundredth of
it. So a hundred topics are asked for in ways that training never showed, and each sentence is
given to the card whose words it shares most.
"""

import math
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.workshop.teaching.writing import Written
from bot.workshop.texts.cards import Card
from bot.workshop.texts.headers import header
from bot.workshop.texts.ideas import stem
from bot.workshop.texts.kinds import Kind
from bot.workshop.texts.slots import Noun
from bot.workshop.texts.wording import UNSEEN_ASKING, ask_for, is_noun_phrase, vary

KEEPS_SHARE = 0.8
"""An essay keeps to its topic where so many of its sentences do."""

_NEAR_ENOUGH = 0.9
_TELLING = 3.0
_SENTENCE_END = re.compile(r"(?<=[.!?…»])\s+|\n+")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """A topic asked for in an unseen wording.

    Attributes:
        card: The card that it stands on.
        prompt: The header.
    """

    card: Card
    prompt: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found.

    Attributes:
        essays: How many were read.
        keeping: Share of essays that keep to their topic in four sentences of five.
        sentences: Share of sentences that keep to their topic, those that tell nothing left out.
        whole_lines: Share of sentences that are parts of lines of their own card, word for word.
        ended: Share of essays that ended by themselves.
        words: Mean length.
    """

    essays: int
    keeping: float
    sentences: float
    whole_lines: float
    ended: float
    words: float


def ask_learnt(cards: Sequence[Card], count: int, seed: int, words: int = 250) -> list[Asked]:
    """Draw topics of cards and ask for them in unseen wordings."""
    rng = random.Random(seed)
    fitting = [card for card in cards if is_noun_phrase(card.topic)]
    return [
        Asked(card, header("ensayo", ask_for(card.topic, rng.choice(UNSEEN_ASKING)), words))
        for card in rng.sample(fitting, min(count, len(fitting)))
    ]


class TopicReader:
    """Gives sentences to cards by the rare words that they share."""

    def __init__(self, cards: Sequence[Card]) -> None:
        """Count on how many cards each word stands."""
        self._words = {
            card.topic: frozenset(
                _stems(
                    " ".join([*card.topics, *(x for lines in card.lines.values() for x in lines)])
                )
            )
            for card in cards
        }
        self._cards = Counter(word for words in self._words.values() for word in words)

    def keeps(self, sentence: str, topic: str) -> bool | None:
        """Whether a sentence belongs to a topic's card rather than another; None if none tells."""
        weights = {
            word: math.log(len(self._words) / self._cards[word])
            for word in _stems(sentence)
            if word in self._cards
        }
        scores = {
            card: sum(weight for word, weight in weights.items() if word in words)
            for card, words in self._words.items()
        }
        best = max(scores.values(), default=0.0)
        if best < _TELLING:
            return None
        return scores[topic] >= _NEAR_ENOUGH * best


def judge(asked: Sequence[Asked], written: Sequence[Written], reader: TopicReader) -> Verdict:
    """Read essays on learnt topics."""
    keeping: list[bool] = []
    kept: list[bool] = []
    whole: list[bool] = []
    for request, text in zip(asked, written, strict=True):
        lines = " ".join(line for lines in request.card.lines.values() for line in lines)
        found = sentences_of(text.essay)
        verdicts = [reader.keeps(sentence, request.card.topic) for sentence in found]
        told = [verdict for verdict in verdicts if verdict is not None]
        kept += told
        whole += [sentence in lines for sentence in found]
        keeping.append(bool(told) and sum(told) >= KEEPS_SHARE * len(told))
    return Verdict(
        len(written),
        _share(keeping),
        _share(kept),
        _share(whole),
        _share([text.ended for text in written]),
        sum(len(text.essay.split()) for text in written) / max(1, len(written)),
    )


@dataclass(frozen=True, slots=True)
class AskedNoun:
    """A noun that no text of the training is about.

    Attributes:
        kind: What it is one of.
        noun: The noun.
        prompt: The header.
    """

    kind: Kind
    noun: Noun
    prompt: str


@dataclass(frozen=True, slots=True)
class KindVerdict:
    """What was made of new nouns.

    Attributes:
        essays: How many were read.
        naming: Share of essays that name their noun twice or more.
        own_kind: Share of sentences that are lines of the noun's own kind, word for word.
        other_kind: Share of sentences that are lines of another kind.
        in_kind: Share of essays with more of the former than of the latter.
    """

    essays: int
    naming: float
    own_kind: float
    other_kind: float
    in_kind: float


def ask_unseen(kinds: Sequence[Kind], count: int, seed: int, words: int = 250) -> list[AskedNoun]:
    """Draw nouns that were kept out of training, and ask for them in ways that it had."""
    rng = random.Random(seed)
    every = [(kind, noun) for kind in kinds for noun in kind.unseen]
    return [
        AskedNoun(kind, noun, header("ensayo", vary(noun.phrase, rng, hasty=False), words))
        for kind, noun in rng.sample(every, min(count, len(every)))
    ]


def judge_unseen(
    asked: Sequence[AskedNoun], written: Sequence[Written], kinds: Sequence[Kind]
) -> KindVerdict:
    """Read essays on new nouns."""
    naming: list[bool] = []
    own: list[bool] = []
    other: list[bool] = []
    in_kind: list[bool] = []
    for request, text in zip(asked, written, strict=True):
        lines = {kind.name: _sentences_about(kind, request.noun) for kind in kinds}
        found = sentences_of(text.essay)
        mine = [sentence in lines[request.kind.name] for sentence in found]
        theirs = [
            not is_mine and any(sentence in others for others in lines.values())
            for sentence, is_mine in zip(found, mine, strict=True)
        ]
        naming.append(text.essay.lower().count(request.noun.words.lower()) > 1)
        own, other = own + mine, other + theirs
        in_kind.append(sum(mine) > sum(theirs))
    return KindVerdict(len(written), *map(_share, (naming, own, other, in_kind)))


def _sentences_about(kind: Kind, noun: Noun) -> set[str]:
    card = kind.card(noun)
    return {part for lines in card.lines.values() for line in lines for part in sentences_of(line)}


def sentences_of(text: str) -> list[str]:
    """Part a text into its sentences."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def _stems(text: str) -> set[str]:
    return {stem(word) for word in _WORD.findall(text) if len(word) > 2}


def _share(values: Sequence[bool]) -> float:
    return round(sum(values) / max(1, len(values)), 3)
