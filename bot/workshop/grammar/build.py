"""Builds the training corpus of the embedded model: shards of essays and of natural passages."""

from __future__ import annotations

import json
import multiprocessing
import random
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.workshop.grammar.drills import write_drill
from bot.workshop.grammar.heldout import (
    HELD_OUT_KEYS,
    HELD_OUT_TOPICS,
    UNSEEN_TOPICS,
    is_held_out,
    names_unseen,
    same_topic,
)
from bot.workshop.grammar.lexicon import Lexicon
from bot.workshop.grammar.library import Domain, Numbering, load_domains, load_generic
from bot.workshop.grammar.natural import (
    SOURCES,
    Source,
    Vocabulary,
    count_words,
    headed_passages,
)
from bot.workshop.grammar.nouns import Noun
from bot.workshop.grammar.writer import EssayGrammar

SEPARATOR = "\n\f\n"
_HELD_OUT_FRAMES_PER_THOUSAND = 50
_HELD_OUT_NOUNS_PER_THOUSAND = 30
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


def _is_held_out_noun(noun: Noun) -> bool:
    return names_unseen(noun.bare) or is_held_out(noun.bare.lower(), _HELD_OUT_NOUNS_PER_THOUSAND)


def _without_unseen(domain: Domain) -> Domain:
    """Drops from a domain every piece that names an unseen word."""
    lists = {
        key: tuple(item for item in items if not names_unseen(item))
        for key, items in domain.lists.items()
    }
    frames = {
        key: tuple(frame for frame in frames if not names_unseen(frame.source))
        for key, frames in domain.frames.items()
    }
    return Domain(domain.name, domain.themes, {k: v for k, v in lists.items() if v}, frames)


def _load() -> tuple[Domain, list[Domain], Lexicon]:
    numbering = Numbering()
    return load_generic(numbering), load_domains(numbering), Lexicon.load()


def _nouns(lexicon: Lexicon, *, held_out: bool) -> Lexicon:
    everything = (*lexicon.known, *lexicon.plain)
    return Lexicon.of([noun for noun in everything if _is_held_out_noun(noun) is held_out])


def training_grammar() -> EssayGrammar:
    """Loads the grammar without the held-out nouns and frames."""
    generic, domains, lexicon = _load()
    kept: list[Domain] = []
    for domain in map(_without_unseen, domains):
        domain.themes = tuple(noun for noun in domain.themes if not _is_held_out_noun(noun))
        kept.append(domain)
    barred = frozenset(
        frame.number
        for domain in (generic, *domains)
        for key, frames in domain.frames.items()
        for frame in frames
        if len(frames) > 5
        and not key.startswith("tema_")
        and is_held_out(frame.source, _HELD_OUT_FRAMES_PER_THOUSAND)
    )
    nouns = _nouns(lexicon, held_out=False)
    return EssayGrammar(_without_unseen(generic), kept, nouns, barred)


def held_out_grammar() -> EssayGrammar:
    """Loads the grammar with held-out nouns only, and with every frame."""
    generic, domains, lexicon = _load()
    for domain in domains:
        domain.themes = tuple(noun for noun in domain.themes if _is_held_out_noun(noun))
    nouns = _nouns(lexicon, held_out=True)
    return EssayGrammar(generic, domains, nouns, shares=(0.4, 0.6, 0.0))


def _write_shard(task: tuple[str, int, str]) -> tuple[int, int]:
    """Writes one shard of essays; returns how many, and their bytes."""
    path, count, seed = task
    grammar = training_grammar()
    rng = random.Random(seed)
    written = size = 0
    with Path(path).open("w", encoding="utf-8") as file:
        while written < count:
            essay = grammar.write_essay(rng)
            if same_topic(essay.topic) in HELD_OUT_KEYS or names_unseen(essay.record):
                continue
            size += file.write(essay.record + SEPARATOR)
            written += 1
    return written, Path(path).stat().st_size


def _write_drills(path: Path, count: int, seed: int) -> None:
    lexicon = _nouns(Lexicon.load(), held_out=False)
    rng = random.Random(f"drills {seed}")
    with path.open("w", encoding="utf-8") as file:
        for _ in range(count):
            file.write(write_drill(rng, lexicon) + SEPARATOR)


def _write_natural(
    task: tuple[Path, Path, int, int, Source, Vocabulary],
) -> tuple[int, int, list[str]]:
    """Writes one natural shard; returns its number of records, its bytes, and what is held out."""
    corpus_dir, path, seed, times, source, vocabulary = task
    rng = random.Random(f"natural {seed} {source.name}")
    held_out: list[str] = []
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for passage in headed_passages(
            corpus_dir, rng, sources=(source,), vocabulary=vocabulary, times=times
        ):
            if passage.held_out:
                held_out.append(passage.record)
            else:
                file.write(passage.record + SEPARATOR)
                count += 1
    return count, path.stat().st_size, held_out


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
    (out_dir / "train").mkdir(parents=True, exist_ok=True)
    (out_dir / "heldout").mkdir(exist_ok=True)
    tasks = [
        (
            str(out_dir / "train" / f"essays_{at:03d}.txt"),
            min(_SHARD_ESSAYS, essays - at * _SHARD_ESSAYS),
            f"essays {seed} {at}",
        )
        for at in range((essays + _SHARD_ESSAYS - 1) // _SHARD_ESSAYS)
    ]
    drills = essays // _ESSAYS_A_DRILL
    _write_drills(out_dir / "train" / "drills.txt", drills, seed)
    vocabulary = count_words(corpus_dir)
    natural_tasks = [
        (
            corpus_dir,
            out_dir / "train" / f"natural_{source.name.split('.')[0]}.txt",
            seed,
            natural_times,
            source,
            vocabulary,
        )
        for source in SOURCES
    ]
    with multiprocessing.get_context("spawn").Pool(max(1, workers)) as pool:
        natural = pool.map_async(_write_natural, natural_tasks, chunksize=1)
        written = pool.map(_write_shard, tasks, chunksize=1)
        shards = natural.get()
    passages: Counter[str] = Counter()
    held_out: Counter[str] = Counter()
    for group in ("redacciones", "textbooks", "fiction"):
        records: list[str] = []
        for source, (count, _, held) in zip(SOURCES, shards, strict=True):
            if source.group == group:
                passages[group] += count
                records += held
        held_path = out_dir / "heldout" / f"heldout_{group}.txt"
        held_path.write_text("".join(record + SEPARATOR for record in records), encoding="utf-8")
        held_out[held_path.name] = len(records)
    natural_bytes = sum(size for _, size, _ in shards)
    rng = random.Random(f"heldout {seed}")
    grammar = held_out_grammar()
    with (out_dir / "heldout" / "heldout_essays.txt").open("w", encoding="utf-8") as file:
        for _ in range(held_out_essays):
            file.write(grammar.write_essay(rng).record + SEPARATOR)
    held_out["heldout_essays.txt"] = held_out_essays
    topics = "\n".join((*HELD_OUT_TOPICS, *UNSEEN_TOPICS)) + "\n"
    (out_dir / "topics_heldout.txt").write_text(topics, encoding="utf-8")
    (out_dir / "topics_unseen.txt").write_text("\n".join(UNSEEN_TOPICS) + "\n", encoding="utf-8")
    report = CorpusReport(
        sum(count for count, _ in written),
        sum(size for _, size in written),
        drills,
        dict(passages),
        natural_bytes,
        dict(held_out),
    )
    summary = {**asdict(report), "natural_share": round(report.natural_share, 4)}
    (out_dir / "corpus.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return report


def find_unseen(out_dir: Path) -> list[str]:
    """Gives every line of the training text that names an unseen word; empty if all is well."""
    return [
        line
        for path in sorted((out_dir / "train").glob("*.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if names_unseen(line)
    ]
