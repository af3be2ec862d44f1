"""Copies of the database: what waits in one arrives, once, where it is put back."""

import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner

from bot.__main__ import CONSOLE_TEXTS, cli, explain
from bot.errors import BackupError, BackupProblem, LeaseLostError
from bot.storage import backups
from bot.storage.leases import hold_lock
from bot.storage.migrating import migrate
from bot.texts.console import ENGLISH, SPANISH
from tests.telegram.classroom import BOT_ID, Classroom


@pytest.fixture
def copy(tmp_path):
    return tmp_path / "copy" / "redactor.backup"


@pytest.fixture(autouse=True)
def folder(copy):
    copy.parent.mkdir()


def essays(room, chat_id):
    return [text for text in room.telegram.texts(chat_id) if "El mar trae palabras" in text]


async def test_what_waits_in_a_copy_arrives_once_where_it_is_restored(url, copy, tmp_path):
    room = Classroom(url)
    await room.start()
    await room.prefer(words=200, chunk_units=400)
    await room.say("El faro")
    room.service.gate.set()
    # The first of several messages is there, the others are owed; another essay waits.
    await room.telegram.until(lambda: essays(room, room.lucia))
    room.service.gate.clear()
    await room.say("El tren", room.mateo)
    backups.back_up(url, copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    before = essays(room, room.lucia)
    assert len(await room.unfinished()) == 2
    await room.kill()

    room.url = f"sqlite:///{tmp_path / 'elsewhere' / 'redactor.db'}"
    backups.restore(room.url, copy)
    await room.start()
    await room.finish()
    assert not await room.unfinished()
    whole = essays(room, room.lucia)
    assert whole[: len(before)] == before
    assert len(whole) > len(before)
    assert len(set(whole)) == len(whole)
    assert len(essays(room, room.mateo)) == 1
    await room.stop()
    await room.telegram.close()


def test_nothing_is_restored_under_a_bot_that_runs(url, copy):
    migrate(make_url(url), BOT_ID)
    backups.back_up(url, copy)
    with hold_lock(url, BOT_ID + 1), pytest.raises(LeaseLostError):
        backups.restore(url, copy)
    backups.restore(url, copy)


def test_a_damaged_database_is_kept_beside_what_is_restored(url, copy):
    migrate(make_url(url), BOT_ID)
    backups.back_up(url, copy)
    file = Path(make_url(url).database)
    file.write_bytes(b"This is no database at all, only words. " * 200)
    with pytest.raises(BackupError):
        backups.back_up(url, copy)
    backups.restore(url, copy)
    migrate(make_url(url), BOT_ID)
    assert Path(f"{file}.broken").read_bytes().startswith(b"This is no database")


def test_a_copy_stays_until_there_is_another_whole_one(url, copy):
    migrate(make_url(url), BOT_ID)
    copy.write_text("yesterday's")
    file = Path(make_url(url).database)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupError):
        backups.back_up(url, copy)
    assert copy.read_text() == "yesterday's"
    assert list(copy.parent.iterdir()) == [copy]


def test_what_is_no_copy_changes_nothing(url, copy, monkeypatch):
    file = Path(make_url(url).database)
    with pytest.raises(BackupError) as caught:
        backups.back_up(url, copy)
    assert caught.value.problem is BackupProblem.NO_DATABASE
    migrate(make_url(url), BOT_ID)
    before = file.read_bytes()
    with sqlite3.connect(copy) as other:
        other.execute("CREATE TABLE notes (words TEXT)")
    other.close()
    for content in (copy.read_bytes(), b"PGDMP", b""):
        copy.write_bytes(content)
        with pytest.raises(BackupError) as caught:
            backups.restore(url, copy)
        assert caught.value.problem is BackupProblem.NOT_A_BACKUP
    for work in (backups.back_up, backups.restore):
        with pytest.raises(BackupError) as caught:
            work(url, file)
        assert caught.value.problem is BackupProblem.IS_THE_DATABASE
    assert file.read_bytes() == before
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BackupError) as caught:
        backups.back_up("postgresql://nobody@127.0.0.1:1/x", copy)
    assert explain(caught.value) == CONSOLE_TEXTS.backup_failed(
        BackupProblem.NO_PROGRAM, "pg_dump"
    )


def test_the_commands_ask_before_they_overwrite(url, copy, tmp_path, monkeypatch):
    migrate(make_url(url), BOT_ID)
    for name, value in (("DATABASE_URL", url), ("DATA_DIR", str(tmp_path))):
        monkeypatch.setenv(f"REDACTOR_{name}", value)
    run = CliRunner().invoke
    assert run(cli, ["backup", str(copy)]).output.strip() == CONSOLE_TEXTS.backup_made(str(copy))
    refused = run(cli, ["restore", str(copy)], input="n\n")
    assert refused.exit_code == 1
    assert CONSOLE_TEXTS.backup_not_restored in refused.output
    done = run(cli, ["restore", "--yes", str(copy)])
    assert done.output.strip() == CONSOLE_TEXTS.backup_restored(str(copy))


@pytest.mark.parametrize("texts", [SPANISH, ENGLISH])
def test_every_problem_has_its_sentence(texts):
    assert all("x.db" in texts.backup_failed(problem, "x.db") for problem in BackupProblem)
