"""The benchmark as `make bench` runs it, on a model so small that it takes seconds."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.workshop.benchmark.cells import Request
from bot.workshop.benchmark.contenders import Name
from bot.workshop.benchmark.run import quicker, run_cell

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmark")


@pytest.fixture(scope="module")
def trial(work: Path) -> tuple[str, dict[str, Any]]:
    """What a trial with the engine alone prints, and its figures."""
    figures = work / "figures.json"
    arguments = ["run", "--trial", "--only", Name.ENGINE, "--threads", "1", "--work", str(work)]
    done = subprocess.run(
        [sys.executable, "-m", "bot.workshop.benchmark", *arguments, "--figures", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(figures.read_text("utf-8"))


def test_a_trial_measures_everything(trial: tuple[str, dict[str, Any]]) -> None:
    _, figures = trial
    speed = figures["speed"]["engine"]
    assert speed["tokens_per_s"].keys() == {"1", "2"}
    assert all(rate > 0 for rate in speed["tokens_per_s"].values())
    assert figures["shape"] == "gpt2-tiny"
    assert figures["limit_tokens_per_s"] > figures["bandwidth_gbs"] > 0
    start = figures["start"]["engine, gpt2-tiny"]
    assert 0 < start["loaded_s"] <= start["first_token_s"]
    assert start["peak_memory_mb"] > 20


def test_a_class_asks_the_real_service(trial: tuple[str, dict[str, Any]]) -> None:
    classes = trial[1]["classes"]
    assert [lesson["candidates"] for lesson in classes] == [1, 4, 8]
    for lesson in classes:
        assert lesson["students"] == 30
        earliest, latest = lesson["first_token_s"]
        assert 0 < earliest <= latest <= lesson["seconds"]
        assert lesson["tokens_per_s"] == pytest.approx(30 * 8 / lesson["seconds"])


def test_a_trial_prints_its_tables(trial: tuple[str, dict[str, Any]]) -> None:
    printed, figures = trial
    rate = figures["speed"]["engine"]["tokens_per_s"]["2"]
    assert f"| {rate:.1f} |" in printed
    assert "gpt2-tiny" in printed
    assert figures["command"] in printed
    assert "| 1 stream / bandwidth limit |" in printed


def test_a_contender_that_fails_is_missing_with_its_reason(work: Path) -> None:
    request = Request(
        kind="speed",
        contender=Name.ENGINE,
        folder=str(work / "nothing-here"),
        work=str(work),
        threads=1,
        streams=(1,),
        prompt_tokens=4,
        new_tokens=2,
        repeats=1,
        limit_s=1.0,
    )
    answer = run_cell(request)
    assert answer.keys() == {"missing"}
    assert "nothing-here" in answer["missing"]


def test_the_earlier_first_token_counts() -> None:
    slow, fast, missing = {"first_token_s": 2.0}, {"first_token_s": 1.0}, {"missing": "no"}
    assert quicker(slow, fast) is fast
    assert quicker(fast, slow) is fast
    assert quicker(missing, slow) is slow
    assert quicker(fast, missing) is fast
    assert quicker(missing, missing) is missing
