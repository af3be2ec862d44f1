"""What can be seen of Windows and macOS without them: imports, files, signals, sockets."""

import ast
import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import _stop_signal
from bot.generation.supervisor import GenerationSupervisor

ROOT = Path(__file__).parents[1]
ONLY_POSIX = {"fcntl", "grp", "pty", "pwd", "resource", "termios"}
ONLY_WINDOWS = {"msvcrt", "winreg", "_winapi"}
WINDOWS_PATH = 260


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "bot").rglob("*.py")):
        if "workshop" not in path.parts:
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_modules_of_one_system_are_imported_where_they_are_used() -> None:
    for path, tree in modules():
        for node in tree.body:
            names = {alias.name for alias in getattr(node, "names", ())}
            names.add(getattr(node, "module", None) or "")
            assert not names & (ONLY_POSIX | ONLY_WINDOWS), path


def test_texts_are_read_and_written_in_a_named_encoding() -> None:
    """Elsewhere the default is the system's, in which accents are other bytes."""
    for path, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in ("read_text", "write_text"):
                named = any(one.arg == "encoding" for one in node.keywords)
                assert named or len(node.args) > (node.func.attr == "write_text"), (
                    path,
                    node.lineno,
                )


def test_names_of_files_are_good_everywhere() -> None:
    seen: dict[str, Path] = {}
    reserved = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
    for top in ("bot", "tests", "deploy", "docs"):
        for path in (ROOT / top).rglob("*"):
            if "__pycache__" in path.parts:
                continue
            name = path.relative_to(ROOT).as_posix()
            assert not re.search(r'[<>:"|?*\\]|[ .]$', path.name), name
            assert not reserved.fullmatch(path.name), name
            assert len(name) < WINDOWS_PATH - 100, name
            # On both systems two names that differ in case only are one file.
            assert seen.setdefault(name.casefold(), path) == path, name


@pytest.mark.skipif(os.name != "posix", reason="raises a signal at this process")
async def test_a_loop_without_signal_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows' loops have none."""

    def refuse(*_: object) -> None:
        raise NotImplementedError

    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", refuse)
    try:
        stop = _stop_signal()
        assert not stop.is_set()
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(stop.wait(), 10)
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


async def test_the_service_where_there_are_no_unix_sockets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    async with GenerationSupervisor(command, model="none", stop_timeout_s=5) as child:
        assert child.uds is None
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+.*", child.base_url)
