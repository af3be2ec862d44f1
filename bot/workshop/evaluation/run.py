"""Measuring the embedded model: from its folder and the built corpus to facts and documents."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.workshop.evaluation.documents import render
from bot.workshop.evaluation.essays import DICTIONARY, content_words
from bot.workshop.evaluation.report import (
    as_facts,
    count_topic_words,
    judge_essays,
    measure_bits,
    share_naming_new_words,
    summarise,
    training_texts,
    write_json,
)
from bot.workshop.evaluation.written import (
    WrittenEssay,
    write_essays,
    write_essays_plainly,
)
from bot.workshop.grammar.heldout import HELD_OUT_TOPICS, UNSEEN_TOPICS

TOPICS = 10
ESSAYS_A_TOPIC = 5


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """What to measure.

    Attributes:
        model: The model's folder.
        build: The corpus that it learnt from, with ``train`` and ``heldout``.
        figures: JSON file for the facts.
        name: The model's row in tables.
        others: More models for the table of bits per byte: name and folder.
        texts_a_kind: Held-out texts of each kind.
        with_ngram: Whether to count a 5-gram model too.
        by_engine: Whether the bot's engine writes the essays; else ``transformers``.
        topics: Known and unseen topics to write about, each.
        essays_a_topic: Essays for each topic.
    """

    model: Path
    build: Path
    figures: Path
    name: str = "embedded"
    others: tuple[tuple[str, Path], ...] = ()
    texts_a_kind: int = 200
    with_ngram: bool = True
    by_engine: bool = True
    topics: int = TOPICS
    essays_a_topic: int = ESSAYS_A_TOPIC


def evaluate(options: EvaluationOptions, say: Callable[[str], object]) -> dict[str, Any]:
    """Measure a model and write the facts.

    Args:
        options: What to measure.
        say: Told what is going on, in English.

    Returns:
        The facts, as in the file: ``bits`` by model and kind of text; ``known`` and ``unseen``,
        each with ``summary``, ``essays`` and ``topic_words``.
    """
    facts: dict[str, Any] = {"model": options.name}
    say("essays")
    write = write_essays if options.by_engine else write_essays_plainly
    topics = {
        "known": HELD_OUT_TOPICS[: options.topics],
        "unseen": UNSEEN_TOPICS[: options.topics],
    }
    essays = {
        kind: write(options.model, asked, options.essays_a_topic)
        for kind, asked in topics.items()
        if asked
    }
    facts |= _judge(essays, options, say)
    say("bits per byte")
    facts["bits"] = measure_bits(
        options.build,
        {options.name: options.model, **dict(options.others)},
        texts_a_kind=options.texts_a_kind,
        with_ngram=options.with_ngram,
    )
    write_json(facts, options.figures)
    return facts


def _judge(
    essays: dict[str, list[WrittenEssay]],
    options: EvaluationOptions,
    say: Callable[[str], object],
) -> dict[str, Any]:
    say("training texts: what of the essays stands there")
    together = [essay for part in essays.values() for essay in part]
    has_dictionary = DICTIONARY.with_suffix(".dic").exists()
    judged = judge_essays(together, training_texts(options.build), with_dictionary=has_dictionary)
    say("training texts: the topics' words")
    counts = count_topic_words([essay.topic for essay in together], training_texts(options.build))
    facts = {}
    for kind, part in essays.items():
        results = judged[: len(part)]
        judged = judged[len(part) :]
        summary: dict[str, float | None] = {**summarise(results)}
        summary["names its new noun again"] = share_naming_new_words(results, counts)
        facts[kind] = {
            "summary": summary,
            "essays": as_facts(results),
            "topic_words": {essay.topic: _words_of(essay.topic, counts) for essay in part},
        }
    return facts


def _words_of(topic: str, counts: dict[str, int]) -> dict[str, int]:
    return {word: counts[word] for word in content_words(topic)}


def update_document(document: Path, figures: Path, other_figures: tuple[Path, ...]) -> None:
    """Write the generated sections of ``docs/embedded-model.md`` anew.

    Args:
        document: With the sections' marks; changed in place.
        figures: Facts of the embedded model.
        other_figures: Facts of other models, whose bits per byte and summaries join the tables.
    """
    facts = json.loads(figures.read_text(encoding="utf-8"))
    others = [json.loads(path.read_text(encoding="utf-8")) for path in other_figures]
    text = render(document.read_text(encoding="utf-8"), facts, others)
    document.write_text(text, encoding="utf-8")
