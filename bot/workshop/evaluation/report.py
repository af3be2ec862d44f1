"""The embedded model's figures, and the generated sections of ``docs/embedded-model.md``."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from bot.training.bpe import end_of_text_id
from bot.training.corpus import read_file, read_folder
from bot.workshop.evaluation.bits import (
    Scorer,
    bits_per_byte,
    gpt2_scorer,
    uniform_scorer,
)
from bot.workshop.evaluation.essays import (
    EssayFigures,
    after_first_paragraph,
    content_words,
    figures_of,
    load_dictionary,
    mean,
    names_any,
    stem,
)
from bot.workshop.evaluation.held_out import HeldOut, held_out_texts, split_heading
from bot.workshop.evaluation.ngram import KneserNey
from bot.workshop.evaluation.verbatim import Verbatim, verbatim, words_of
from bot.workshop.evaluation.written import WrittenEssay

_NGRAM_CHARACTERS = 80_000_000


@dataclass(frozen=True, slots=True)
class EssayResult:
    """One essay with its figures.

    Attributes:
        essay: The text.
        figures: What can be counted in it; None without a dictionary.
        verbatim: What of it stands in the training text.
    """

    essay: WrittenEssay
    figures: EssayFigures | None
    verbatim: Verbatim


def measure_bits(
    build: Path, models: dict[str, Path], *, texts_a_kind: int, with_ngram: bool
) -> dict[str, dict[str, float]]:
    """Return held-out bits per byte: for each model, for each kind of text.

    Args:
        build: A built corpus, with ``train`` and ``heldout``.
        models: Folders by name; the first one's tokens serve the baselines.
        texts_a_kind: Texts of each kind.
        with_ngram: Whether to count a 5-gram model too.
    """
    held_out = held_out_texts(build / "heldout", texts_a_kind)
    tokenizer = AutoTokenizer.from_pretrained(next(iter(models.values())))
    end = end_of_text_id(tokenizer)
    table = {"uniform": _row(held_out, tokenizer, uniform_scorer(len(tokenizer)))}
    if with_ngram:
        ngram = KneserNey(_sample(build / "train", tokenizer), len(tokenizer), end)
        table["5-gram"] = _row(held_out, tokenizer, ngram.nats)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    for name, folder in models.items():
        own = AutoTokenizer.from_pretrained(folder)
        model = cast("Any", AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32))
        model.to(device)
        table[name] = _row(held_out, own, gpt2_scorer(model, end_of_text_id(own)))
    return table


def _row(
    held_out: Sequence[HeldOut], tokenizer: PreTrainedTokenizerBase, scorer: Scorer
) -> dict[str, float]:
    return {part.kind: bits_per_byte(part.texts, tokenizer, scorer) for part in held_out}


def _sample(train: Path, tokenizer: PreTrainedTokenizerBase) -> list[NDArray[np.int64]]:
    """Tokenise training texts for the 5-gram model: half natural, half synthetic at most."""
    chosen: list[str] = []
    for pattern in ("natural_*.txt", "essays_*.txt"):
        room = _NGRAM_CHARACTERS // 2
        for path in sorted(train.glob(pattern)):
            for record in read_file(path, train):
                chosen.append(record.text)
                room -= len(record.text)
            if room <= 0:
                break
    encoded = tokenizer.backend_tokenizer.encode_batch_fast(chosen, add_special_tokens=False)
    return [np.array(item.ids, dtype=np.int64) for item in encoded]


def training_texts(build: Path) -> Iterator[str]:
    """Read the texts that the recipe trained on, without their headings."""
    for record in read_folder(build / "train"):
        yield split_heading(record.text)[1]


def judge_essays(
    essays: Sequence[WrittenEssay], training: Iterable[str], *, with_dictionary: bool = True
) -> list[EssayResult]:
    """Count what can be counted in essays.

    Args:
        essays: What the model wrote.
        training: The training texts; read once.
        with_dictionary: Whether hunspell's Spanish dictionary is there.
    """
    found = verbatim([essay.text for essay in essays], training)
    is_word = load_dictionary() if with_dictionary else None
    return [
        EssayResult(
            essay, figures_of(essay.text, essay.topic, is_word) if is_word else None, shared
        )
        for essay, shared in zip(essays, found, strict=True)
    ]


def count_topic_words(topics: Sequence[str], training: Iterable[str]) -> dict[str, int]:
    """Return how often the content words of topics, by stem, stand in the training texts."""
    stems = {stem(word): 0 for topic in topics for word in content_words(topic)}
    seen: dict[str, str] = {}
    for text in training:
        for word in words_of(text):
            key = seen.get(word)
            if key is None:
                key = seen[word] = stem(word)
            if key in stems:
                stems[key] += 1
    return {word: stems[stem(word)] for topic in topics for word in content_words(topic)}


def summarise(results: Sequence[EssayResult]) -> dict[str, float]:
    """Return the means of the figures of essays."""
    figures = [result.figures for result in results if result.figures is not None]
    longest = max(results, key=lambda result: result.verbatim.longest_words)
    return {
        "essays": len(results),
        "words": mean([figure.words for figure in figures]),
        "in dictionary": mean([figure.in_dictionary for figure in figures]),
        "repeated 4-grams": mean([figure.repeated_4grams for figure in figures]),
        "names the topic again": mean([figure.names_topic_again for figure in figures]),
        "ends on a mark": mean([figure.ends_on_a_mark for figure in figures]),
        "ended by itself": mean([result.essay.ended for result in results]),
        "8-grams verbatim": mean([result.verbatim.share for result in results]),
        "longest verbatim run, mean": mean([result.verbatim.longest_words for result in results]),
        "longest verbatim run": longest.verbatim.longest_words,
    }


def share_naming_new_words(
    results: Sequence[EssayResult], counts: Mapping[str, int]
) -> float | None:
    """Return how many essays name a word again that no training text has.

    Args:
        results: Essays; those whose topic has no such word don't count.
        counts: From ``count_topic_words``.

    Returns:
        A share, 0 to 1, of the essays that take up such a word of their topic after their first
        paragraph; None if no topic has one.
    """
    named = []
    for result in results:
        new = [word for word in content_words(result.essay.topic) if not counts[word]]
        if new:
            named.append(names_any(new, after_first_paragraph(result.essay.text)))
    return mean(named) if named else None


def write_json(value: object, path: Path) -> None:
    """Write facts for later, readable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def as_facts(results: Sequence[EssayResult]) -> list[dict[str, Any]]:
    """Return essays and figures as plain values."""
    return [asdict(result) for result in results]
