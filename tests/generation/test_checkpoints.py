"""Other people's checkpoints: each gives the tokens of `transformers`, or a clear refusal."""

import ast
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from bot.errors import ModelNotFoundError
from bot.generation.engine.tokenizing import check_chat_template, load_tokenizer
from tests.generation.checkpoints import CASES, SAME, TABLE, outcome
from tests.generation.engine.conftest import save_gpt2

BOT = Path(__file__).parents[2] / "bot"


@pytest.mark.parametrize("name", CASES)
def test_every_checkpoint_is_understood_or_refused(name: str, tmp_path: Path) -> None:
    make, expected = CASES[name]
    make(tmp_path / "model")
    found = outcome(tmp_path / "model")
    assert expected in found
    row = f"| {name} | {SAME if found == SAME else f'refused: {found}'} |"
    assert row in TABLE.read_text("utf-8"), "python -m tests.generation.checkpoints writes it"


@pytest.mark.parametrize("name", [name for name, (_, found) in CASES.items() if found != SAME])
def test_the_fast_arithmetic_refuses_the_same(name: str, tmp_path: Path) -> None:
    make, expected = CASES[name]
    make(tmp_path / "model")
    assert expected in outcome(tmp_path / "model", dtype="int8")


def test_saved_cutting_and_padding_are_switched_off(tmp_path: Path) -> None:
    folder = save_gpt2(tmp_path / "model")
    path = folder / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=24, pad_id=0, pad_token="!")
    tokenizer.save(str(path))
    assert len(load_tokenizer(folder).encode("The sea")) == 7
    assert len(load_tokenizer(folder).encode("The sea is beautiful")) == 20


def chat_model(folder: Path, template: str) -> Path:
    save_gpt2(folder)
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return folder


def test_a_chat_template_is_tried_first(tmp_path: Path) -> None:
    template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<bot>"
    check_chat_template(chat_model(tmp_path / "model", template))


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ messages[0].content.missing.more }}", "UndefinedError"),
        ("{% for i in range(10**9) %}x{% endfor %}", "OverflowError"),
        ("{% for i in range(90000) %}xxxxxxxxxxxxxxx{% endfor %}", "it writes too much"),
    ],
)
def test_a_chat_template_that_fails_is_refused(tmp_path: Path, template: str, reason: str) -> None:
    with pytest.raises(ModelNotFoundError, match=reason):
        check_chat_template(chat_model(tmp_path / "model", template))


def test_a_chat_template_without_end_is_ended(tmp_path: Path) -> None:
    loops = "".join(f"{{% for {name} in range(90000) %}}" for name in "abc")
    folder = chat_model(tmp_path / "model", loops + "x" + "{% endfor %}" * 3)
    with pytest.raises(ModelNotFoundError, match="does not end"):
        check_chat_template(folder, limit_s=0.5)


def calls() -> list[tuple[str, str, dict[str, object]]]:
    """Return the calls in the program that read a model: where, what, constant arguments."""
    found = []
    for path in sorted(BOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            called = f"{ast.unparse(node.func.value)}.{node.func.attr}"
            given: dict[str, object] = {}
            for keyword in node.keywords:
                if isinstance(keyword.value, ast.Constant):
                    given[str(keyword.arg)] = keyword.value.value
            found.append((f"{path.relative_to(BOT)}:{node.lineno}", called, given))
    return found


def test_no_loading_path_runs_code_or_reads_pickles() -> None:
    loading = [call for call in calls() if call[1].endswith(".from_pretrained")]
    assert len(loading) > 3
    for where, called, given in loading:
        # A class of ours or one named by its architecture runs no code of a model's folder.
        if called.startswith("Auto"):
            assert given.get("trust_remote_code") is False, f"{where}: {called}"
        if "Tokenizer" not in called:
            assert given.get("use_safetensors") is True, f"{where}: {called}"
    for where, called, given in calls():
        if called == "torch.load":
            assert given.get("weights_only") is True, where
        assert called not in {"pickle.load", "pickle.loads", "joblib.load"}, where
