"""Which of the good models a machine is told of."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot import __main__ as program
from bot.generation import models, recommended
from bot.generation.recommended import GOOD_MODELS, best_model, measure_bandwidth
from bot.settings import Settings

GIGABYTE = 10**9


def test_the_list_is_plausible() -> None:
    assert len({model.name for model in GOOD_MODELS}) == len(GOOD_MODELS)
    for model in GOOD_MODELS:
        assert 1.5 <= model.download_bytes / model.parameters <= 5  # two bytes a weight or four
        assert models._HUB_ID.fullmatch(model.name)


@pytest.mark.parametrize(
    ("language", "free", "bandwidth", "expected"),
    [
        ("es", 4, 20, "Qwen/Qwen2.5-0.5B-Instruct"),
        ("es", 32, 200, "BSC-LT/salamandra-2b-instruct"),
        ("es", 2, 20, None),
        ("es", 32, 2, None),
        ("en", 2, 10, "openai-community/gpt2-large"),
        ("en", 1, 10, "distilbert/distilgpt2"),
    ],
)
def test_a_machine_gets_the_best_that_it_can_run(
    language: str, free: int, bandwidth: int, expected: str | None
) -> None:
    best = best_model(language, free * GIGABYTE, bandwidth * GIGABYTE)
    assert (best.name if best else None) == expected


def test_memory_is_measured() -> None:
    assert measure_bandwidth(0.001) > 0.05 * GIGABYTE


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """A terminal before a machine with much memory; the models that are fetched."""
    fetched: list[str] = []
    monkeypatch.setenv("REDACTOR_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(program, "models_download", fetched.append)
    monkeypatch.setattr(models, "hub_answers", lambda: True)
    monkeypatch.setattr(recommended, "free_memory_bytes", lambda: 4 * GIGABYTE)
    monkeypatch.setattr(recommended, "measure_bandwidth", lambda: 20.0 * GIGABYTE)
    return fetched


def offer(answer: str) -> str:
    app = typer.Typer()
    app.command()(lambda: program._offer_model(Settings.load()))
    return CliRunner().invoke(app, input=answer).output


def test_it_is_offered_once(terminal: list[str]) -> None:
    assert "Qwen/Qwen2.5-0.5B-Instruct" in offer("n\n")
    assert terminal == []
    assert offer("y\n") == ""
    assert terminal == []


def test_yes_fetches_it(terminal: list[str]) -> None:
    offer("y\n")
    assert terminal == ["Qwen/Qwen2.5-0.5B-Instruct"]


@pytest.mark.parametrize("setting", ["REDACTOR_MODEL", "REDACTOR_GENERATION_URL"])
def test_who_has_chosen_is_not_asked(
    terminal: list[str], monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv(setting, "http://127.0.0.1:1/v1")
    assert offer("y\n") == ""


def test_without_the_hub_nothing_is_offered_and_later_it_is(
    terminal: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(models, "hub_answers", lambda: False)
        assert offer("y\n") == ""
    offer("y\n")
    assert terminal == ["Qwen/Qwen2.5-0.5B-Instruct"]


def test_whether_the_hub_answers() -> None:
    assert not models.hub_answers("http://127.0.0.1:1")
    assert not models.hub_answers("no address")
