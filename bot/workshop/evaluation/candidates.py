"""What candidates for each sentence bring and cost: two classes of thirty, asked at once.

One class asks for topics that the model has learnt, in wordings that are new to it, the other for
topics that no text holds. Each essay is counted, and the time that its class waited.
"""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from pathlib import Path
from statistics import mean

from bot.essays.finishing import MOST_SHARE, count_words, loop_start, sentence_ends
from bot.essays.writing import topic_words
from bot.generation.engine import Engine, load_engine
from bot.generation.parameters import SamplingParameters
from bot.workshop.teaching.judge import ask_learnt
from bot.workshop.texts.cards import load_cards
from bot.workshop.texts.headers import header
from bot.workshop.texts.held_out import load_held_out
from bot.workshop.texts.ideas import stem

STUDENTS = 30
TOKENS_PER_WORD = 1.35
_SPARE_TOKENS = 64
_TOLD_WORDS = 4
_NAMED = 2
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one class fared.

    Attributes:
        candidates: Drafts of each sentence.
        temperature: Of the sampling.
        topics: ``learnt`` or ``held out``.
        words: Mean length.
        ended: Share of essays that the model ended.
        loops: Share of essays with a loop.
        repeats: Share of sentences of four words and more that their essay had said before.
        naming: Share of essays that name their topic at least twice.
        class_s: Until the last of the class had an essay.
        first_s: Until the last of the class saw a first sentence.
        alone_s: Of the first topic, asked alone.
    """

    candidates: int
    temperature: float
    topics: str
    words: float
    ended: float
    loops: float
    repeats: float
    naming: float
    class_s: float
    first_s: float
    alone_s: float


def measure(
    model: Path,
    temperatures: Sequence[float],
    candidates: Sequence[int],
    students: int = STUDENTS,
    words: int = 250,
) -> Iterator[Outcome]:
    """Let both classes ask with each temperature and number of candidates.

    Args:
        model: Folder of a model that knows this project's headers.
        temperatures: Of the sampling.
        candidates: Drafts of each sentence.
        students: In each class.
        words: That each asks for.
    """
    asked = ask_learnt(load_cards(), students, 1, words)
    new = load_held_out()
    classes = {
        "learnt": [(one.card.topic, one.prompt) for one in asked],
        "held out": [
            (topic.text, header("ensayo", topic.text, words))
            for topic in new[:: len(new) // students][:students]
        ],
    }
    engine = load_engine(model, max_batch_size=students)
    engine.start()
    try:
        for temperature, count in product(temperatures, candidates):
            for name, topics in classes.items():
                yield _ask(engine, name, topics, _sampling(words, temperature, count))
    finally:
        engine.close()


def _sampling(words: int, temperature: float, candidates: int) -> SamplingParameters:
    return SamplingParameters(
        max_new_tokens=round(words * MOST_SHARE * TOKENS_PER_WORD) + _SPARE_TOKENS,
        temperature=temperature,
        top_p=0.95,
        top_k=50,
        no_repeat_ngram_size=24,
        sentence_candidates=candidates,
    )


def _ask(
    engine: Engine, name: str, topics: Sequence[tuple[str, str]], sampling: SamplingParameters
) -> Outcome:
    [alone] = asyncio.run(_write(engine, topics[:1], sampling))
    essays = asyncio.run(_write(engine, topics, sampling))
    sentences = [_sentences(essay.text) for essay in essays]
    return Outcome(
        sampling.sentence_candidates,
        sampling.temperature,
        name,
        words=mean(count_words(essay.text) for essay in essays),
        ended=mean(essay.has_ended for essay in essays),
        loops=mean(_loops(essay.text) for essay in essays),
        repeats=1 - sum(len(set(some)) for some in sentences) / max(1, sum(map(len, sentences))),
        naming=mean(
            _names(essay.text, topic) for essay, (topic, _) in zip(essays, topics, strict=True)
        ),
        class_s=max(essay.last_s for essay in essays),
        first_s=max(essay.first_s for essay in essays),
        alone_s=alone.last_s,
    )


@dataclass(frozen=True, slots=True)
class _Essay:
    text: str
    has_ended: bool
    first_s: float
    last_s: float


async def _write(
    engine: Engine, topics: Sequence[tuple[str, str]], sampling: SamplingParameters
) -> list[_Essay]:
    begun_s = time.monotonic()

    async def write(seed: int, topic: str, prompt: str) -> _Essay:
        parameters = replace(sampling, seed=seed, keywords=topic_words(topic))
        generation = engine.submit(engine.tokenizer.encode(prompt), parameters)
        events = await generation.next_events()
        first_s = time.monotonic() - begun_s
        while more := await generation.next_events():
            events += more
        token_ids = [event.token_id for event in events if event.token_id is not None]
        text = engine.tokenizer.decode(token_ids)
        if text.startswith("Ideas:"):
            text = text.partition("\n\n")[2]
        has_ended = events[-1].finish_reason == "stop"
        return _Essay(text, has_ended, first_s, time.monotonic() - begun_s)

    return await asyncio.gather(*(write(seed, *one) for seed, one in enumerate(topics)))


def _sentences(text: str) -> list[tuple[str, ...]]:
    """Return the words of each sentence of four words and more."""
    parts = (text[start:end].lower() for start, end in pairwise([0, *sentence_ends(text)]))
    words = [tuple(_WORD.findall(part)) for part in parts]
    return [some for some in words if len(some) >= _TOLD_WORDS]


def _loops(text: str) -> bool:
    return any(loop_start(text[:end]) is not None for end in sentence_ends(text))


def _names(text: str, topic: str) -> bool:
    words = {stem(word) for word in topic_words(topic)}
    return sum(stem(word) in words for word in _WORD.findall(text)) >= _NAMED


HEAD = (
    "topics", "temperature", "candidates", "words", "end by themselves", "loop",
    "sentences said twice", "name the topic twice", "one student", "class of 30",
    "its first sentences",
)  # fmt: skip


def as_row(one: Outcome) -> tuple[str, ...]:
    """Return an outcome as it stands under ``HEAD``."""
    return (
        one.topics, f"{one.temperature:g}", str(one.candidates), f"{one.words:.0f}",
        f"{one.ended:.0%}", f"{one.loops:.0%}", f"{one.repeats:.1%}", f"{one.naming:.0%}",
        f"{one.alone_s:.1f} s", f"{one.class_s:.0f} s", f"{one.first_s:.1f} s",
    )  # fmt: skip
