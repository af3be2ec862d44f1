"""The embedded model's figures, and the generated sections of ``docs/embedded-model.md``."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from bot.generation.training.bpe import end_of_text_id
from bot.generation.training.corpus import position_of, read_folder
from bot.generation.training.evaluation.bits import (
    Scorer,
    bits_per_byte,
    gpt2_scorer,
    uniform_scorer,
)
from bot.generation.training.evaluation.essays import (
    EssayFigures,
    content_words,
    figures_of,
    load_dictionary,
    mean,
    stem,
)
from bot.generation.training.evaluation.held_out import HeldOut, held_out_texts, split_heading
from bot.generation.training.evaluation.ngram import KneserNey
from bot.generation.training.evaluation.verbatim import Verbatim, verbatim, words_of
from bot.generation.training.evaluation.writing import WrittenEssay

_NGRAM_TOKENS = 30_000_000


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
    corpus: Path, share: float, models: dict[str, Path], *, texts_a_kind: int, with_ngram: bool
) -> dict[str, dict[str, float]]:
    """Return held-out bits per byte: for each model, for each kind of text.

    Args:
        corpus: The folder that the recipe trained on.
        share: Its held-out share.
        models: Folders by name; the first one's tokens serve the baselines.
        texts_a_kind: Texts of each kind.
        with_ngram: Whether to count a 5-gram model too.
    """
    held_out = held_out_texts(corpus, share, texts_a_kind)
    tokenizer = AutoTokenizer.from_pretrained(next(iter(models.values())))
    end = end_of_text_id(tokenizer)
    table = {"uniform": _row(held_out, tokenizer, uniform_scorer(len(tokenizer)))}
    if with_ngram:
        ngram = KneserNey(_sample(corpus, share, tokenizer), len(tokenizer), end)
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


def _sample(
    corpus: Path, share: float, tokenizer: PreTrainedTokenizerBase
) -> list[np.ndarray[Any, np.dtype[np.int64]]]:
    """Tokenise training texts for the 5-gram model, the same share of every file's."""
    total = sum(path.stat().st_size for path in corpus.rglob("*.txt"))
    keep = min(1.0, _NGRAM_TOKENS * 3.5 / max(1, total))
    texts = [
        record.text
        for record in read_folder(corpus)
        # Held-out texts lie below the share; the sample begins right above it.
        if share <= position_of(record.text) < share + keep
    ]
    encoded = tokenizer.backend_tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return [np.array(item.ids, dtype=np.int64) for item in encoded]


def training_texts(corpus: Path, share: float) -> Iterator[str]:
    """Read the texts that the recipe trained on, without their headings."""
    for record in read_folder(corpus):
        if position_of(record.text) >= share:
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


def write_json(value: object, path: Path) -> None:
    """Write facts for later, readable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def as_facts(results: Sequence[EssayResult]) -> list[dict[str, Any]]:
    """Return essays and figures as plain values."""
    return [asdict(result) for result in results]


def replace_section(document: str, name: str, body: str) -> str:
    """Put a generated section into a document.

    Args:
        document: Markdown with ``<!-- generated NAME -->`` and ``<!-- end NAME -->``.
        name: Which section.
        body: What to put between the two marks.

    Raises:
        ValueError: The document has no such section.
    """
    pattern = re.compile(
        rf"(<!-- generated {re.escape(name)} -->\n).*?(<!-- end {re.escape(name)} -->)", re.DOTALL
    )
    replaced, count = pattern.subn(
        lambda match: f"{match[1]}\n{body.strip()}\n\n{match[2]}", document
    )
    if not count:
        raise ValueError(f"no section {name!r}")
    return replaced
