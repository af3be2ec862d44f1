"""From measurements to tables, promises and documents."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from bot.workshop.benchmark.report import (
    BEGIN,
    END,
    Target,
    as_markdown,
    targets,
    write_documents,
)

START = {"loaded_s": 0.5, "first_token_s": 0.6, "tokens_per_s": 150.0, "peak_memory_mb": 200.0}
RESULTS: dict[str, Any] = {
    "date": "2026-11-23",
    "machine": "a processor",
    "command": "make bench",
    "versions": {},
    "shape": "gpt2-small",
    "threads": 2,
    "prompt_tokens": 24,
    "new_tokens": 200,
    "streams": [1, 8],
    "bandwidth_gbs": 20.0,
    "limit_tokens_per_s": 320.0,
    "speed": {
        "engine": {"tokens_per_s": {"1": 160.0, "8": 640.0}, "peak_memory_mb": 300.0},
        "transformers fp32": {"tokens_per_s": {"1": 16.0}, "peak_memory_mb": 900.0},
        "CTranslate2 int8": {"tokens_per_s": {"1": 64.0, "8": 300.0}, "peak_memory_mb": 300.0},
        "llama.cpp Q8_0": {"missing": "does not build here"},
    },
    "classes": [
        {
            "students": 30,
            "candidates": 1,
            "seconds": 8.0,
            "tokens_per_s": 750.0,
            "first_token_s": [0.2, 0.4],
            "memory_after_mb": 500.0,
            "peak_memory_mb": 520.0,
        }
    ],
    "start": {
        "engine, gpt2-small": START,
        "transformers fp32, gpt2-small": {**START, "loaded_s": 2.0},
        "engine, gpt2-xl, cold cache": {**START, "peak_memory_mb": 2500.0},
        "CTranslate2 int8, gpt2-small": {"missing": "no module"},
    },
}


def changed(**parts: Any) -> dict[str, Any]:
    return {**copy.deepcopy(RESULTS), **parts}


def test_ratios_are_of_what_they_say() -> None:
    found = {target.name: target for target in targets(RESULTS)}
    assert {name: target.value for name, target in found.items()} == pytest.approx(
        {
            "1 stream / transformers fp32": 10.0,
            "1 stream / CTranslate2 int8": 2.5,
            "1 stream / bandwidth limit": 0.5,
            "class of 30 / transformers fp32 one after another": 750 / 16,
            "class of 30 / CTranslate2 int8 at its best batch": 2.5,
            "service after 30 essays, MiB": 500.0,
            "start to first token / transformers fp32 loading": 0.3,
            "XL peak with a cold cache, MiB": 2500.0,
        }
    )
    assert {name for name, target in found.items() if not target.is_met} == {
        "1 stream / CTranslate2 int8",
        "service after 30 essays, MiB",
        "XL peak with a cold cache, MiB",
    }


def test_a_limit_is_kept_from_below_and_a_promise_from_above() -> None:
    assert Target("speed", 8.0, 8.0).is_met
    assert not Target("speed", 7.9, 8.0).is_met
    assert Target("memory", 450.0, 450.0, is_limit=True).is_met
    assert not Target("memory", 451.0, 450.0, is_limit=True).is_met


def test_what_was_not_measured_promises_nothing() -> None:
    results = changed(speed={}, start={})
    results["classes"] = [{"missing": "the service does not start"}]
    assert targets(results) == []
    assert "the service does not start" in as_markdown(results)


def test_the_tables_show_rates_gaps_and_reasons() -> None:
    lines = as_markdown(RESULTS).splitlines()
    assert "|  | 1 at once | 8 at once |" in lines
    assert "| engine | 160.0 | 640.0 |" in lines
    assert "| transformers fp32 | 16.0 | – |" in lines
    assert "| llama.cpp Q8_0 | missing: does not build here | – |" in lines
    assert "| 1 | 8.0 s | 750 | 0.20 to 0.40 s | 500 MiB | 520 MiB |" in lines
    assert "| engine, gpt2-small | 0.50 s | 0.60 s | 150.0 | 200 MiB |" in lines
    assert "| CTranslate2 int8, gpt2-small | missing: no module |  |  |  |" in lines
    assert "| service after 30 essays, MiB | 500 | at most 450 | **no** |" in lines


def test_figures_go_between_the_marks_and_nowhere_else(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"# Before\n\n{BEGIN}\nold figures\n{END}\n\nAfter.\n", "utf-8")
    write_documents(RESULTS, tmp_path)
    text = page.read_text("utf-8")
    assert text.startswith(f"# Before\n\n{BEGIN}\n\nMeasured 2026-11-23 on a processor")
    assert text.endswith(f"{END}\n\nAfter.\n")
    assert "old figures" not in text
    assert json.loads((tmp_path / "performance.json").read_text("utf-8")) == RESULTS
    chart = (tmp_path / "performance.svg").read_text("utf-8")
    assert "gpt2-small on 2 threads of a processor" in chart

    write_documents(RESULTS, tmp_path)
    assert page.read_text("utf-8") == text
    assert (tmp_path / "performance.svg").read_text("utf-8") == chart
