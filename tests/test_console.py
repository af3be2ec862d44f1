"""``redactor write`` against services and files that misbehave: a sentence each."""

import asyncio
import io
import os
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from starlette.responses import JSONResponse, RedirectResponse, Response

from bot import console as module
from bot.console import write_essays
from bot.generation import client
from bot.serving import listen
from bot.settings import Settings
from bot.texts import texts_for
from tests.generation.foreign import DONE, OLLAMA, Foreign, event, serving

TEXTS = texts_for("es")
ESSAY = (
    " es grande y azul. Las barcas salen temprano y vuelven tarde, cuando el sol ya se ha puesto. "
    "Nadie tiene prisa, y menos que nadie los viejos, que han visto muchas tardes como esta."
)
ESCAPES = "\x1b[2J\x1b]0;hola\x07\x9b31m\x08\r\x00"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_UNREACHABLE_S", 0.05)
    monkeypatch.setattr(module, "_SLOW_S", 0.5)
    monkeypatch.setattr(client, "_FOREIGN_SILENCE", 0.03)


async def write(url: str, out: Path | None = None, **settings: Any) -> tuple[bool, str]:
    """Write an essay; return whether it was written and what was said."""
    said = io.StringIO()
    console = Console(file=said, width=200)
    chosen = Settings.load(generation_url=url, **settings)
    is_done = await write_essays(chosen, TEXTS, console, "El mar", {"words": 30}, out)
    return is_done, said.getvalue()


def writing(text: str = ESSAY) -> Foreign:
    return Foreign(OLLAMA, event(text), event("", "stop"), DONE)


class Silent(Foreign):
    """Answers, and then never says a word."""

    async def stream(self) -> Any:
        await asyncio.sleep(60)
        yield b""


@pytest.mark.parametrize(
    "model",
    [
        Response("<html>Sign in</html>", media_type="text/html"),
        Response("no", 500),
        Response("\x1b[2J", 401),
        Response("no", 404),
        RedirectResponse("http://192.0.2.1/"),
        JSONResponse({"data": []}),
        JSONResponse({"data": [{"id": 5}]}),
        JSONResponse([1]),
    ],
    ids=["portal", "500", "401", "404", "302", "empty", "nameless", "list"],
)
async def test_something_else_is_at_the_address(
    model: Response, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving(Foreign(model)) as url:
        is_done, said = await write(url.replace("http://", "http://user:secret@"))
    assert not is_done
    assert "no contesta como debe" in said
    assert "secret" not in said
    assert "\x1b" not in said + capsys.readouterr().out


async def test_nobody_is_at_the_address() -> None:
    with closing(listen("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    is_done, said = await write(f"http://127.0.0.1:{port}")
    assert not is_done
    assert f"El servicio de 127.0.0.1:{port} no contesta como debe" in said


@pytest.mark.parametrize(
    ("foreign", "sentence"),
    [
        (Silent(OLLAMA), "no contesta como debe"),
        (Foreign(OLLAMA, event("Hola"), b"data: {\n\n"), "no contesta como debe"),
        (Foreign(OLLAMA, event("Hola")), "no contesta como debe"),
        (Foreign(OLLAMA, event("", "stop"), DONE), TEXTS.failures.generation_empty),
        (Foreign(OLLAMA, event(7), DONE), "no contesta como debe"),
    ],
    ids=["silent", "broken", "unfinished", "empty", "number"],
)
async def test_answer_that_is_none(foreign: Foreign, sentence: str) -> None:
    async with serving(foreign) as url:
        is_done, said = await write(url)
    assert not is_done
    assert sentence in said
    assert TEXTS.console.service_slow in said or not isinstance(foreign, Silent)


@pytest.mark.parametrize("status", [400, 401, 413, 500])
async def test_refusal_whose_words_are_not_shown(status: int) -> None:
    foreign = Foreign(OLLAMA)
    foreign.refusals = [
        JSONResponse({"error": {"message": "\x1b[31m[/b] x", "code": "\x1b"}}, status)
    ]
    async with serving(foreign) as url:
        is_done, said = await write(url)
    assert not is_done
    assert said.strip().count("\n") <= 1
    assert "\x1b" not in said


async def test_control_characters_never_reach_the_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "essay.txt"
    async with serving(writing(f"{ESCAPES} es {ESCAPES}grande.{ESCAPES} Es azul. {ESSAY}")) as url:
        is_done, said = await write(url, out)
    assert is_done
    shown = capsys.readouterr().out
    assert "grande." in shown
    written = shown + said + out.read_text("utf-8")
    assert all(character.isprintable() or character == "\n" for character in written)


async def test_file_is_replaced_once_there_is_an_essay(tmp_path: Path) -> None:
    out = tmp_path / "essay.txt"
    out.write_text("before")
    out.chmod(0o640)
    link = tmp_path / "link.txt"
    link.symlink_to(out)
    async with serving(Foreign(OLLAMA, event("", "stop"), DONE)) as url:
        assert not (await write(url, link))[0]
    assert out.read_text() == "before"
    async with serving(writing()) as url:
        is_done, said = await write(url, link)
    assert is_done
    assert str(link) in said
    assert out.read_text("utf-8").startswith("El mar es grande y azul.")
    assert link.is_symlink()
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert {*tmp_path.iterdir()} == {out, link}  # noqa: ASYNC240


@pytest.fixture
def bad_files(tmp_path: Path) -> list[Path]:
    (tmp_path / "file").touch()
    found = [tmp_path, tmp_path / "none" / "essay.txt", tmp_path / "file" / "essay.txt"]
    if os.geteuid():
        (tmp_path / "closed").mkdir(mode=0o500)
        found.append(tmp_path / "closed" / "essay.txt")
    return found


async def test_wrong_file_is_known_before_anything_is_asked(bad_files: list[Path]) -> None:
    foreign = writing()
    async with serving(foreign) as url:
        for out in bad_files:
            is_done, said = await write(url, out)
            assert not is_done
            assert said.startswith(f"No se puede guardar en {out}: ")
    assert foreign.asked == []


async def test_essay_into_a_device(capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(writing()) as url:
        assert (await write(url, Path(os.devnull)))[0]
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)  # noqa: ASYNC240
