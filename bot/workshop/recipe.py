"""The embedded model's recipe, from the corpus folder to the finished folder.

Corpus (synthetic essays and natural passages) → vocabulary → tokens → training → folder, with
figures. ``make train-embedded`` runs it.
"""

import shutil
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bot.training.options import (
    CardFacts,
    DataSource,
    TrainingOptions,
    TrainingResult,
)
from bot.training.run import train
from bot.workshop.grammar.build import build_corpus
from bot.workshop.grammar.headers import FRAMES, frame_prompt
from bot.workshop.grammar.heldout import HELD_OUT_TOPICS, UNSEEN_TOPICS

SAMPLING_DEFAULTS: dict[str, float] = {
    "temperature": 0.5,
    "top_p": 0.95,
    "top_k": 50,
    "no_repeat_ngram_size": 24,
}
"""As the bot asks by default: ``bot.storage.preferences`` and ``bot.essays.writing``."""
SAMPLE_WORDS = 200
WARMUP_STEPS = 200
MOST_WORDS = 500
"""Few essays of the grammar are longer."""

CARD = CardFacts(
    description=(
        "A small Spanish GPT-2 that writes school essays on everyday topics. It comes with the "
        "Redactor bot, so that it can write without downloading anything."
    ),
    licence="mit",
    sources=(
        DataSource("Essays made by the grammar in `bot/workshop/grammar`", "MIT"),
        DataSource("Corrected essays by learners of Spanish (COWS-L2H)", "Apache-2.0"),
        DataSource("Textbooks of physics, chemistry and statistics (OpenStax)", "CC-BY 4.0"),
        DataSource(
            "Stories and novels 1840-1940 (CLiGS textbox, ELTeC-spa)",
            "texts in the public domain, markup CC-BY 4.0",
        ),
        DataSource(
            "Spanish-American novels of the 19th century (CoNHA19)", "Public Domain Mark 1.0"
        ),
    ),
    limits=(
        "It takes up a word that it never read, but a topic of an unusual form may lead it "
        "astray, and now and then it gets caught in one word.",
        "Most of what it read was made by a grammar: its essays have the plan and the phrases of "
        "that grammar, and it knows little of the world beyond it.",
        "What it writes sounds like facts and is not checked: it is for writing exercises.",
        "Its prose passages are a hundred years old; passages with violence, sensuality or "
        "contempt for people were left out by a list of words, which misses some.",
    ),
)


@dataclass(frozen=True, slots=True)
class RecipeOptions:
    """The recipe's numbers.

    Attributes:
        corpus: Folder of natural texts.
        build: Work folder for the built corpus; kept, and used again if complete.
        out: Folder of the result; must not exist.
        essays: Synthetic essays to write.
        size: Of the model.
        vocabulary_size: Of its tokenizer.
        context_tokens: Its window.
        minutes: Time of the whole training loop.
        pause_after_minutes: Time of this session's training loop.
        natural_weight: How often a pass holds the natural passages.
        drill_weight: How often a pass holds the rows of repeated words.
        batch_tokens: Tokens a step; None = by device.
        learning_rate: Peak; None = by size.
        workers: Processes.
        resume: Go on from a checkpoint.
        restart: Throw a checkpoint away.
        compile_model: Use ``torch.compile``; None = on a GPU.
        max_shard_mb: Greatest size of one weights file.
        evaluations: Times that the held-out loss is measured.
        seed: Of everything random.
    """

    corpus: Path
    build: Path
    out: Path
    essays: int = 1_000_000
    size: str = "medium"
    vocabulary_size: int = 10_240
    context_tokens: int = 1024
    minutes: float = 17.0
    pause_after_minutes: float | None = None
    natural_weight: float = 2.0
    drill_weight: float = 2.0
    batch_tokens: int | None = None
    learning_rate: float | None = None
    workers: int = 1
    resume: bool = False
    restart: bool = False
    compile_model: bool | None = None
    max_shard_mb: int = 2000
    evaluations: int = 12
    seed: int = 1


def run_recipe(options: RecipeOptions, *, console: Console) -> TrainingResult:
    """Build the corpus unless it is there, and train.

    Raises:
        TrainingError: The training cannot start or go on.
    """
    if not (options.build / "corpus.json").exists():
        began_s = time.monotonic()
        report = build_corpus(
            options.corpus,
            options.build,
            essays=options.essays,
            seed=options.seed,
            workers=options.workers,
        )
        console.print(report, f"{time.monotonic() - began_s:.0f} s", highlight=False)
    return train(training_options(options), console=console)


def training_options(options: RecipeOptions) -> TrainingOptions:
    """Return the training that the recipe runs on its built corpus."""
    return TrainingOptions(
        texts=options.build / "train",
        held_out=options.build / "heldout",
        out=options.out,
        size=options.size,
        vocabulary_size=options.vocabulary_size,
        context_tokens=options.context_tokens,
        minutes=options.minutes,
        pause_after_minutes=options.pause_after_minutes,
        learning_rate=options.learning_rate,
        final_learning_rate_share=0.02,
        warmup_steps=WARMUP_STEPS,
        batch_tokens=options.batch_tokens,
        weights=(
            ("natural_*", options.natural_weight),
            ("drills*", options.drill_weight),
        ),
        heading=False,
        frames={
            "frames": FRAMES,
            "words_step": 50,
            "most_words": MOST_WORDS,
            "defaults": SAMPLING_DEFAULTS,
        },
        sample_prompts=tuple(
            frame_prompt("ensayo", topic, SAMPLE_WORDS)
            for topic in (UNSEEN_TOPICS[-1], HELD_OUT_TOPICS[-1])
        ),
        seed=options.seed,
        workers=options.workers,
        resume=options.resume,
        restart=options.restart,
        compile_model=options.compile_model,
        max_shard_mb=options.max_shard_mb,
        evaluations=options.evaluations,
        card=CARD,
    )


def bundle(result: Path, target: Path) -> None:
    """Copy a result for a transfer of few, small files: shards as they are, the rest in one.

    Args:
        result: A finished folder.
        target: An existing folder; gets the shards and ``model.tar.gz``.
    """
    rest = []
    for path in sorted(result.iterdir()):
        if path.suffix == ".safetensors":
            shutil.copy(path, target / path.name)
        else:
            rest.append(path)
    with tarfile.open(target / "model.tar.gz", "w:gz") as archive:
        for path in rest:
            archive.add(path, arcname=path.name)
