import json
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from bot.training import errors, run, session
from bot.training.options import TrainingResult
from bot.training.run import train
from tests.training.conftest import essay, tiny

Train = Callable[..., TrainingResult]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def assert_same_weights(one: Path, other: Path) -> None:
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def stop_after(monkeypatch: pytest.MonkeyPatch, steps: int, act: Callable[[object], None]) -> None:
    """Let something happen after a number of steps, as a person's Ctrl-C would."""
    original = session.Session._step
    done = 0

    def step(self: session.Session, rate: float) -> None:
        nonlocal done
        original(self, rate)
        done += 1
        if done == steps:
            act(self)

    monkeypatch.setattr(session.Session, "_step", step)


def test_the_result_is_a_plain_checkpoint(base: Path) -> None:
    model: Any = AutoModelForCausalLM.from_pretrained(base)
    tokenizer = AutoTokenizer.from_pretrained(base)
    assert type(model).__name__ == "GPT2LMHeadModel"
    assert 257 < model.config.vocab_size == len(tokenizer) <= 400
    assert model.config.activation_function == "gelu_new"
    assert tokenizer.eos_token == tokenizer.bos_token == tokenizer.pad_token == "<|endoftext|>"
    assert model.config.eos_token_id == tokenizer.eos_token_id
    ids = tokenizer("El mar", return_tensors="pt")
    output = model.generate(**ids, max_new_tokens=5, do_sample=False)
    assert str(tokenizer.decode(output[0])).startswith("El mar")


def test_the_result_has_card_chart_and_curve(base: Path) -> None:
    card = (base / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlanguage: es")
    assert "120 texts" in card
    assert "| steps | 60 |" in card
    assert "held-out bits a byte" in card
    assert str(base.parent) not in card
    assert (base / "training.png").read_bytes().startswith(b"\x89PNG")
    curve = json.loads((base / "training.json").read_text())
    assert curve[-1]["step"] == 60
    measured = [point["held_out"] for point in curve if point["held_out"] is not None]
    assert len(measured) == 3
    assert measured[-1] < measured[0]


def test_fine_tuning_lowers_the_loss_on_held_out_texts(
    base: Path, train_tiny: Train, tmp_path: Path
) -> None:
    new_language = tmp_path / "texts"
    new_language.mkdir()
    for number in range(60):
        text = essay(number).replace("a", "o").replace("canta", "baila")
        (new_language / f"{number}.txt").write_text(text, encoding="utf-8")
    result = train_tiny(
        tmp_path / "out", texts=new_language, base=str(base), steps=40, learning_rate=3e-3
    )
    assert result.finished
    assert result.held_out < result.first_held_out - 0.3
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert model.config.n_layer == 1


@pytest.mark.parametrize("mode", ["new", "base", "adapters"])
def test_interrupted_and_resumed_is_the_same_as_unbroken(
    mode: str,
    base: Path,
    texts: Path,
    train_tiny: Train,
    console: Console,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changes: dict[str, object] = {}
    if mode != "new":
        changes["base"] = str(base)
    if mode == "adapters":
        changes["lora"] = True
    train_tiny(tmp_path / "unbroken", **changes)
    with monkeypatch.context() as patch:
        stop_after(patch, 5, lambda running: running.stop())  # type: ignore[attr-defined]
        broken = train_tiny(tmp_path / "broken", **changes)
    assert not broken.finished
    assert broken.steps == 5
    assert not (tmp_path / "broken").exists()
    torch.manual_seed(12345)  # another process has other random streams
    resumed = train_tiny(tmp_path / "broken", resume=True, **changes)
    assert resumed.finished
    assert resumed.steps == 12
    assert_same_weights(tmp_path / "unbroken", tmp_path / "broken")
    assert not resumed.work.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_says_how_to_go_on(
    number: signal.Signals,
    train_tiny: Train,
    console: Console,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert threading.current_thread() is threading.main_thread()
    before = signal.getsignal(number)
    stop_after(monkeypatch, 3, lambda _: signal.raise_signal(number))
    result = train_tiny(tmp_path / "out")
    assert not result.finished
    assert result.steps == 3
    assert signal.getsignal(number) is before
    assert "--resume" in console.file.getvalue()  # type: ignore[attr-defined]
    with pytest.raises(errors.UnfinishedTrainingError):
        train_tiny(tmp_path / "out")
    assert train_tiny(tmp_path / "out", restart=True, steps=2).steps == 2


def test_minutes_end_the_training(train_tiny: Train, tmp_path: Path) -> None:
    result = train_tiny(tmp_path / "out", minutes=0.02, steps=None)
    assert result.finished
    rates = [point.learning_rate for point in result.history]
    assert rates[-1] < max(rates)


def test_adapters_are_merged(base: Path, train_tiny: Train, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = train_tiny(out, base=str(base), lora=True, learning_rate=1e-2)
    assert weights(out).keys() == weights(base).keys()
    changed = {
        name for name, value in weights(out).items() if not torch.equal(value, weights(base)[name])
    }
    assert changed == {
        f"transformer.h.0.{name}.weight"
        for name in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
    }
    assert result.parameters == sum(value.numel() for value in weights(base).values())


def test_frames_are_kept_and_teach_the_prompt(train_tiny: Train, tmp_path: Path) -> None:
    frames: dict[str, object] = {
        "frames": {"ensayo": {"prompt": "{topic}.\n", "opening": "{topic}.\n\n"}}
    }
    out = tmp_path / "framed"
    train_tiny(out, frames=frames, steps=2, evaluations=1)
    assert json.loads((out / "redactor.json").read_text()) == frames
    again = tmp_path / "again"
    train_tiny(again, base=str(out), steps=2, evaluations=1)
    assert json.loads((again / "redactor.json").read_text()) == frames


def test_it_says_what_it_will_reach_before_it_starts(
    train_tiny: Train, console: Console, tmp_path: Path
) -> None:
    train_tiny(tmp_path / "long", steps=60, evaluations=1)
    train_tiny(tmp_path / "short", steps=1, evaluations=1)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "leerá cada texto unas" in said
    assert "no llega a leer cada texto entero" in said
    assert said.index("tokens por segundo") < said.index("Paso 60")


def test_a_class_that_hands_in_documents_is_told(
    train_tiny: Train, console: Console, tmp_path: Path
) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "trabajo.docx").write_bytes(b"x")
    for number in range(4):
        (folder / f"{number}.txt").write_text(essay(number) * 2, encoding="utf-8")
    train_tiny(tmp_path / "out", texts=folder, steps=1, evaluations=1)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "No leo trabajo.docx" in said
    assert "4 textos" in said
    assert "aprendo de 3" in said


def test_the_texts_of_a_class_are_headed_in_several_ways(
    train_tiny: Train, tmp_path: Path
) -> None:
    frames: dict[str, object] = {
        "frames": {"ensayo": {"prompt": "Ensayo de {words} palabras.\nTema: {topic}\n\n"}},
        "ideas": "Ideas: {ideas}.\n\n",
    }
    result = train_tiny(tmp_path / "out", frames=frames, context_tokens=256, steps=2)
    card = (result.out / "README.md").read_text(encoding="utf-8")
    assert "each headed in 4 ways" in card


def test_an_existing_result_is_never_touched(train_tiny: Train, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "homework.txt").write_text("mío")
    with pytest.raises(errors.ResultExistsError):
        train_tiny(out)
    with pytest.raises(errors.ResultExistsError):
        train_tiny(out, restart=True)
    assert [path.name for path in out.iterdir()] == ["homework.txt"]


def test_resuming_needs_a_checkpoint_of_the_same_training(
    train_tiny: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(errors.NothingToResumeError):
        train_tiny(tmp_path / "out", resume=True)
    stop_after(monkeypatch, 2, lambda running: running.stop())  # type: ignore[attr-defined]
    train_tiny(tmp_path / "out")
    with pytest.raises(errors.ChangedTrainingError) as caught:
        train_tiny(tmp_path / "out", resume=True, seed=2, learning_rate=0.5)
    assert caught.value.names == ("learning_rate", "seed")


def test_a_diverging_training_says_so(
    train_tiny: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "CLIP", 1e6)
    monkeypatch.setattr(run, "WEIGHT_DECAY", 10.0)
    with pytest.raises(errors.DivergedError):
        train_tiny(tmp_path / "out", learning_rate=1.0, steps=300, size="4x64")


def test_a_base_must_be_a_gpt2(train_tiny: Train, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(errors.BaseModelError):
        train_tiny(tmp_path / "out", base=str(tmp_path / "nothing"))


def test_a_full_disk_is_told(
    texts: Path, console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(errors.NotEnoughDiskError) as caught:
        train(tiny(texts, tmp_path / "out"), console=console)
    assert caught.value.free_bytes == 1000
    assert not (tmp_path / "out").exists()
