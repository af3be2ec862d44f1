import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from bot.training.options import TrainingOptions, TrainingResult
from bot.training.run import train

SUBJECTS = ("el mar", "la luna", "mi abuela", "el perro", "la escuela", "el río", "la montaña")
VERBS = ("canta", "sueña", "crece", "espera", "vuelve", "enseña", "escucha")
PLACES = ("en la playa", "cada mañana", "con sus amigos", "junto al fuego", "bajo la lluvia")


def essay(seed: int) -> str:
    """A text of a tiny language that a tiny model can learn."""
    draw = random.Random(seed)
    subject = draw.choice(SUBJECTS)
    sentences = [
        f"{subject.capitalize()} {draw.choice(VERBS)} {draw.choice(PLACES)}." for _ in range(12)
    ]
    return f"{subject.capitalize()}\n\n" + " ".join(sentences)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    for part in range(3):
        records = "\n\f\n".join(essay(100 * part + number) for number in range(40))
        (folder / f"part{part}.txt").write_text(records, encoding="utf-8")
    return folder


def tiny(texts: Path, out: Path, **changes: Any) -> TrainingOptions:
    """Options for a model that trains in seconds."""
    values: dict[str, Any] = {
        "texts": texts,
        "out": out,
        "size": "1x32",
        "vocabulary_size": 400,
        "context_tokens": 64,
        "minutes": None,
        "steps": 12,
        "batch_tokens": 256,
        "evaluations": 3,
        "device": "cpu",
    }
    return TrainingOptions(**{**values, **changes})


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


@pytest.fixture
def train_tiny(texts: Path, console: Console) -> Callable[..., TrainingResult]:
    def run(out: Path, **changes: Any) -> TrainingResult:
        options = tiny(changes.pop("texts", texts), out, **changes)
        return train(options, console=console)

    return run


@pytest.fixture(scope="session")
def base(texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that knows the tiny language a little."""
    out = tmp_path_factory.mktemp("base") / "base"
    options = tiny(texts, out, steps=60, learning_rate=5e-3)
    train(options, console=Console(file=io.StringIO()))
    return out
