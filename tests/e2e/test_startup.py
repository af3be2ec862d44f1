"""What cannot start says why in one sentence and ends with its own code."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.playground import PlaygroundServer

pytestmark = pytest.mark.e2e


def run(
    *arguments: str, stdin: str = "", cwd: Path | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("REDACTOR_", "LC_", "LANG"))}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        env={**clean, **settings},
        input=stdin,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def folder(tmp_path):
    return {"REDACTOR_DATA_DIR": str(tmp_path)}


def test_a_wrong_setting(folder):
    done = run("run", REDACTOR_MAX_WAITING="many", **folder)
    assert done.returncode == 64
    assert "REDACTOR_MAX_WAITING" in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_wrong_token(folder):
    async with PlaygroundServer() as server:
        import asyncio

        done = await asyncio.to_thread(
            run,
            "run",
            REDACTOR_TELEGRAM_TOKEN="123456789:wrong-but-well-formed",
            REDACTOR_TELEGRAM_API_URL=server.api_base_url,
            **folder,
        )
    assert done.returncode == 65
    assert "@BotFather" in done.stderr
    assert "wrong-but-well-formed" not in done.stderr


def test_a_port_that_is_taken(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("run", REDACTOR_PLAYGROUND_PORT=port, **folder)
    assert done.returncode == 66
    assert port in done.stderr


def test_a_model_that_is_not_there(folder, tmp_path):
    env = tmp_path / ".env"
    env.write_text("REDACTOR_MODEL=no-such-folder\n")
    env.chmod(0o644)
    done = run("run", REDACTOR_PLAYGROUND_PORT="0", cwd=tmp_path, **folder)
    # It may hold a token.
    assert env.stat().st_mode & 0o777 == 0o600
    assert done.returncode == 67
    assert "no-such-folder" in done.stderr
    assert "redactor models" in done.stderr


def test_a_database_that_cannot_be_opened(folder):
    done = run("run", REDACTOR_DATABASE_URL="sqlite:////proc/nowhere/x.db", **folder)
    assert done.returncode == 68


def test_write_streams_an_essay_and_saves_it(folder, tmp_path):
    out = tmp_path / "essay.txt"
    topic = "El mar es hermoso"
    done = run("write", topic, "--words", "60", "--seed", "7", "--out", str(out), **folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == out.read_text("utf-8").strip()
    assert done.stdout.strip()[-1] in ".!?…»"
    again = run("write", topic, "--words", "60", "--seed", "7", **folder)
    assert again.stdout == done.stdout


def test_write_reads_topics_from_standard_input(folder):
    done = run("write", "--words", "30", stdin="La lluvia\n\nEl sol\n", **folder)
    assert done.returncode == 0, done.stderr
    assert "lluvia" in done.stdout.lower()
    assert "sol" in done.stdout.lower()


def test_write_without_a_topic_or_with_a_wrong_number_says_so(folder):
    assert run("write", **folder).returncode == 1
    done = run("write", "El mar", "--temperature", "9", **folder)
    assert done.returncode == 1
    assert "--temperature" in done.stderr


def test_models_lists_the_embedded_one(folder):
    done = run("models", **folder)
    assert done.returncode == 0
    assert "embedded" in done.stdout
    assert run("models", "remove", "embedded", **folder).returncode == 1


def test_the_bot_s_own_process_never_loads_torch():
    code = "import sys, bot.app; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
