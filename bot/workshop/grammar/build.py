"""Builds the training corpus of the embedded model: shards of essays and of natural passages."""

from __future__ import annotations

import json
import multiprocessing
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.workshop.grammar.drills import write_drill
from bot.workshop.grammar.heldout import (
    HELD_OUT_KEYS,
    HELD_OUT_TOPICS,
    UNSEEN_TOPICS,
    names_unseen,
    same_topic,
)
from bot.workshop.grammar.lexicon import Lexicon
from bot.workshop.grammar.natural import (
    SOURCES,
    Source,
    Vocabulary,
    count_words,
    headed_passages,
)
from bot.workshop.grammar.parting import held_out_grammar, nouns_of, training_grammar

SEPARATOR = "\n\f\n"
GROUPS = ("redacciones", "textbooks", "fiction")
_SHARD_ESSAYS = 10_000
_ESSAYS_A_DRILL = 4


@dataclass(frozen=True, slots=True)
class CorpusReport:
    """What was built.

    Attributes:
        essays: Synthetic records for training.
        essay_bytes: Their size.
        drills: Rows of repeated words.
        passages: Natural records for training, by group, repetitions included.
        natural_bytes: Their size.
        held_out: Held-out records by file.
    """

    essays: int
    essay_bytes: int
    drills: int
    passages: dict[str, int]
    natural_bytes: int
    held_out: dict[str, int]

    @property
    def natural_share(self) -> float:
        """Share of the natural text by bytes, 0 to 1."""
        return self.natural_bytes / max(1, self.natural_bytes + self.essay_bytes)


@dataclass(frozen=True, slots=True)
class _Shard:
    """A file of essays to write, by its name, its size and the seed of its own."""

    path: Path
    essays: int
    seed: str


@dataclass(frozen=True, slots=True)
class _NaturalShard:
    """A file of natural passages to write from one source."""

    path: Path
    corpus_dir: Path
    source: Source
    vocabulary: Vocabulary
    times: int
    seed: str


@dataclass(frozen=True, slots=True)
class _Passages:
    """What of a source was written, and the records that were kept back to measure with."""

    group: str
    written: int
    held_out: list[str]


def build_corpus(
    corpus_dir: Path,
    out_dir: Path,
    *,
    essays: int = 300_000,
    held_out_essays: int = 2_000,
    natural_times: int = 2,
    seed: int = 1,
    workers: int = 1,
) -> CorpusReport:
    """Writes `train/*.txt`, `heldout/*.txt`, the held-out topics and `corpus.json`.

    Records are parted by a line with a form feed. The result depends on the texts, the data files
    and the seed only, not on the number of workers.

    Args:
        corpus_dir: Folder with the natural texts of `natural.SOURCES`.
        out_dir: Created if need be; files of the same names are replaced.
        essays: How many essays to write for training.
        held_out_essays: How many essays about held-out nouns to write.
        natural_times: Multiplies how often each natural source is used, newly cut and headed.
        seed: Of everything random.
        workers: Processes.

    Returns:
        Numbers and sizes, as in `corpus.json`.
    """
    train, held_out = out_dir / "train", out_dir / "heldout"
    train.mkdir(parents=True, exist_ok=True)
    held_out.mkdir(exist_ok=True)
    drills = essays // _ESSAYS_A_DRILL
    _write_drills(train / "drills.txt", drills, seed)
    shards = _shards(train, essays, seed)
    natural_shards = _natural_shards(train, corpus_dir, natural_times, seed)
    with multiprocessing.get_context("spawn").Pool(max(1, workers)) as pool:
        natural = pool.map_async(_write_natural, natural_shards, chunksize=1)
        pool.map(_write_essays, shards, chunksize=1)
        passages = natural.get()
    _write_topics(out_dir)
    report = CorpusReport(
        essays=sum(shard.essays for shard in shards),
        essay_bytes=_size(shards),
        drills=drills,
        passages=_by_group(passages),
        natural_bytes=_size(natural_shards),
        held_out={
            **_write_held_out_passages(held_out, passages),
            **_write_held_out_essays(held_out, held_out_essays, seed),
        },
    )
    summary = {**asdict(report), "natural_share": round(report.natural_share, 4)}
    (out_dir / "corpus.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return report


def _shards(train: Path, essays: int, seed: int) -> list[_Shard]:
    return [
        _Shard(
            train / f"essays_{number:03d}.txt",
            min(_SHARD_ESSAYS, essays - first),
            f"essays {seed} {number}",
        )
        for number, first in enumerate(range(0, essays, _SHARD_ESSAYS))
    ]


def _natural_shards(train: Path, corpus_dir: Path, times: int, seed: int) -> list[_NaturalShard]:
    vocabulary = count_words(corpus_dir)
    return [
        _NaturalShard(
            path=train / f"natural_{source.name.split('.')[0]}.txt",
            corpus_dir=corpus_dir,
            source=source,
            vocabulary=vocabulary,
            times=times,
            seed=f"natural {seed} {source.name}",
        )
        for source in SOURCES
    ]


def _write_essays(shard: _Shard) -> None:
    grammar = training_grammar()
    rng = random.Random(shard.seed)
    written = 0
    with shard.path.open("w", encoding="utf-8") as file:
        while written < shard.essays:
            essay = grammar.write_essay(rng)
            if same_topic(essay.topic) in HELD_OUT_KEYS or names_unseen(essay.record):
                continue
            file.write(essay.record + SEPARATOR)
            written += 1


def _write_drills(path: Path, count: int, seed: int) -> None:
    lexicon = nouns_of(Lexicon.load(), held_out=False)
    rng = random.Random(f"drills {seed}")
    with path.open("w", encoding="utf-8") as file:
        for _ in range(count):
            file.write(write_drill(rng, lexicon) + SEPARATOR)


def _write_natural(shard: _NaturalShard) -> _Passages:
    held_out: list[str] = []
    written = 0
    with shard.path.open("w", encoding="utf-8") as file:
        for passage in headed_passages(
            shard.corpus_dir,
            random.Random(shard.seed),
            sources=(shard.source,),
            vocabulary=shard.vocabulary,
            times=shard.times,
        ):
            if passage.held_out:
                held_out.append(passage.record)
            else:
                file.write(passage.record + SEPARATOR)
                written += 1
    return _Passages(shard.source.group, written, held_out)


def _write_held_out_passages(folder: Path, passages: Sequence[_Passages]) -> dict[str, int]:
    """Writes one file for each group; returns the number of records by file."""
    counts = {}
    for group in GROUPS:
        records = [record for one in passages if one.group == group for record in one.held_out]
        path = folder / f"heldout_{group}.txt"
        path.write_text("".join(record + SEPARATOR for record in records), encoding="utf-8")
        counts[path.name] = len(records)
    return counts


def _write_held_out_essays(folder: Path, count: int, seed: int) -> dict[str, int]:
    """Writes essays about held-out nouns; returns their number by file."""
    path = folder / "heldout_essays.txt"
    grammar = held_out_grammar()
    rng = random.Random(f"heldout {seed}")
    with path.open("w", encoding="utf-8") as file:
        for _ in range(count):
            file.write(grammar.write_essay(rng).record + SEPARATOR)
    return {path.name: count}


def _write_topics(out_dir: Path) -> None:
    for name, topics in (
        ("topics_heldout.txt", (*HELD_OUT_TOPICS, *UNSEEN_TOPICS)),
        ("topics_unseen.txt", UNSEEN_TOPICS),
    ):
        (out_dir / name).write_text("\n".join(topics) + "\n", encoding="utf-8")


def _by_group(passages: Sequence[_Passages]) -> dict[str, int]:
    return {group: sum(one.written for one in passages if one.group == group) for group in GROUPS}


def _size(shards: Sequence[_Shard] | Sequence[_NaturalShard]) -> int:
    return sum(shard.path.stat().st_size for shard in shards)
