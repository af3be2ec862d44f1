import json
from dataclasses import asdict
from pathlib import Path

import pytest

from bot.essays import writing
from bot.generation.models import EMBEDDED_FOLDER
from bot.storage.preferences import Preferences
from bot.workshop.evaluation.documents import replace_section
from bot.workshop.evaluation.run import (
    EvaluationOptions,
    evaluate,
    update_document,
)
from bot.workshop.recipe import SAMPLING_DEFAULTS
from tests.training.conftest import essay

NAMES = ("bits", "figures", "known", "unseen")


def built_corpus(folder: Path) -> Path:
    """A corpus of the recipe's shape, of the tiny language."""
    (folder / "train").mkdir(parents=True)
    (folder / "heldout").mkdir()
    for number, name in enumerate(("essays_000", "natural_00")):
        texts = "\n\f\n".join(essay(100 * number + index) for index in range(30))
        (folder / "train" / f"{name}.txt").write_text(texts, encoding="utf-8")
    for number, kind in enumerate(("essays", "redacciones", "fiction", "textbooks")):
        header = "Ensayo de 50 palabras.\nTema: La luna\n\n" if kind == "essays" else ""
        (folder / "heldout" / f"heldout_{kind}.txt").write_text(
            header + essay(5000 + number), encoding="utf-8"
        )
    return folder


@pytest.mark.parametrize("by_engine", [False, True])
def test_a_model_is_measured_and_documented(base: Path, tmp_path: Path, by_engine: bool) -> None:
    figures = tmp_path / "figures.json"
    options = EvaluationOptions(
        model=base,
        build=built_corpus(tmp_path / "corpus"),
        figures=figures,
        texts_a_kind=2,
        topics=2,
        essays_a_topic=2,
        by_engine=by_engine,
    )
    said: list[str] = []
    facts = evaluate(options, said.append)
    assert said
    assert list(facts["bits"]) == ["uniform", "5-gram", "embedded"]
    assert facts["bits"]["embedded"]["fiction"] < facts["bits"]["uniform"]["fiction"]
    assert facts["known"]["summary"]["essays"] == 4
    assert json.loads(figures.read_text())["bits"] == facts["bits"]
    first = tmp_path / "first.json"
    bits = {"first": facts["bits"]["embedded"]}
    first.write_text(json.dumps({**facts, "model": "first", "bits": bits}))
    document = tmp_path / "doc.md"
    marks = (f"<!-- generated {name} -->\n<!-- end {name} -->" for name in NAMES)
    document.write_text("\n".join(marks))
    update_document(document, figures, (first,))
    text = document.read_text(encoding="utf-8")
    assert "| 5-gram |" in text
    assert "| first |" in text
    assert "El mar es hermoso, pero esclavo para los pescadores" in text
    assert text.count("longest verbatim run ") >= 8
    update_document(document, figures, (first,))
    assert document.read_text(encoding="utf-8") == text


def test_a_missing_section_is_an_error() -> None:
    with pytest.raises(ValueError, match="bits"):
        replace_section("# T", "bits", "x")


def test_essays_are_measured_at_what_the_bot_asks_by_default() -> None:
    asked = {**asdict(Preferences()), "no_repeat_ngram_size": writing._NO_REPEAT_TOKENS}
    assert {name: asked[name] for name in SAMPLING_DEFAULTS} == SAMPLING_DEFAULTS
    assert asked["repetition_penalty"] == 1.0
    shipped = json.loads((EMBEDDED_FOLDER / "redactor.json").read_text())
    assert shipped["defaults"] == SAMPLING_DEFAULTS
