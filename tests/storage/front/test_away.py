"""The database away while essays are asked for, written and delivered: each arrives, once.

A full disk is a small file system of the test's own where root may mount one, else SQLite's limit
of pages. "Read-only" is SQLite's own refusal, since root may write to every file.
"""

import asyncio
import logging
import os
import re
import sqlite3
import subprocess
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.logs import hide_token
from bot.storage import engines
from tests.telegram.classroom import Classroom
from tests.telegram_in_process import TOKEN

TOPIC, OTHER = "El faro de mi abuela", "La verbena de Mateo"
WORDS = "El mar trae palabras"
AWAY_S = 20.0


@pytest.fixture
def disk(tmp_path):
    """A folder on a disk that can be filled; None where that cannot be had."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    try:
        is_mounted = (
            os.name == "posix" and not subprocess.run(mount, capture_output=True).returncode
        )
    except FileNotFoundError:
        is_mounted = False
    yield folder if is_mounted else None
    if is_mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@asynccontextmanager
async def locked(room, _disk):
    """Another connection writes, for long."""
    other = sqlite3.connect(make_url(room.url).database, isolation_level=None)
    async with room.database._lock:
        other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


@asynccontextmanager
async def full(room, disk):
    """No room on the disk."""
    if disk is None:
        pages = await pragma(room, "page_count")
        await pragma(room, f"max_page_count={pages}")
        yield
        await pragma(room, "max_page_count=1000000")
        return
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    yield
    filler.unlink()


@asynccontextmanager
async def read_only(room, _disk):
    """The file may not be written to."""
    await pragma(room, "query_only=ON")
    yield
    await pragma(room, "query_only=OFF")


async def pragma(room, setting):
    """Set something on the one connection that writes, beside any step that waits."""
    async with room.database._writer.connect() as connection:
        raw = await connection.get_raw_connection()
        async with raw.driver_connection.execute(f"PRAGMA {setting}") as cursor:
            row = await cursor.fetchone()
        return row and row[0]


def pieces(room, chat_id):
    return [text for text in room.telegram.texts(chat_id) if WORDS in text]


def assert_whole(room, chat_id, topic):
    """One essay, its pieces in order, none missing or twice, and nothing else."""
    texts = pieces(room, chat_id)
    marks = [mark[1] for text in texts if (mark := re.search(r"\((\d+/\d+)\)$", text))]
    assert marks == [f"{number}/{len(texts)}" for number in range(1, len(texts) + 1)]
    assert texts[0].startswith(topic)
    numbers = [int(number) for text in texts for number in re.findall(r"número (\d+)\.", text)]
    assert numbers == list(range(len(numbers)))
    assert not any("Cancelar" in message.buttons for message in room.telegram.from_bot(chat_id))


@pytest.mark.parametrize("fault", [locked, full, read_only], ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("moment", ["asking", "writing", "delivering"])
async def test_every_essay_arrives_once(moment, fault, tmp_path, disk, monkeypatch, caplog):
    # What a statement waits by itself passes in real time.
    monkeypatch.setattr(engines, "_PRAGMAS", (*engines._PRAGMAS, "busy_timeout=20"))
    caplog.set_level(logging.DEBUG)
    hide_token(TOKEN)
    if fault is full:
        print("full:", "a small file system" if disk else "max_page_count")
    url = f"sqlite:///{(disk if fault is full and disk else tmp_path) / 'redactor.db'}"
    async with Classroom(url) as room:
        sofia = room.telegram.room.sofia
        await room.prefer(words=200, chunk_units=400)
        await room.prefer(room.mateo, words=200, chunk_units=400)
        group = f"/redactar@{room.bot.username} {OTHER}"
        if moment != "asking":
            await room.say(TOPIC)
            await room.say(group, room.mateo, room.group)
            await room.settle()
        room.service.gate.set()
        if moment == "writing":
            await room.telegram.until(lambda: room.telegram.draft(room.lucia))
        elif moment == "delivering":
            await room.telegram.until(lambda: len(pieces(room, room.lucia)) > 1)
        async with fault(room, disk):
            if moment == "asking":
                room.telegram.write(room.lucia, TOPIC)
                room.telegram.write(room.mateo, group, room.group)
            room.telegram.write(sofia, "/ayuda")
            began = room.now()
            await asyncio.sleep(AWAY_S / 2)
            since = (await room.front.status()).database_away_since
            assert since is not None
            await asyncio.sleep(AWAY_S / 2)
            # Readers come and go meanwhile, and do not make it look well.
            assert (await room.front.status()).database_away_since == since
            assert 0 <= (since - began).total_seconds() < AWAY_S
        await asyncio.sleep(10)
        await room.finish()
        assert (await room.front.status()).database_away_since is None
        assert_whole(room, room.lucia, TOPIC)
        assert_whole(room, room.group, OTHER)
        assert len(await room.jobs()) == 2
        assert len(room.telegram.texts(sofia)) == 1
    for word in (TOPIC, OTHER, WORDS, "parameters"):
        assert word not in caplog.text


def break_file(path):
    """Overwrite a database."""
    path.write_bytes(os.urandom(path.stat().st_size))
    os.truncate(f"{path}-wal", 0)


async def test_a_file_that_breaks_while_the_bot_runs_ends_it(url):
    async with Classroom(url) as room:
        await room.prefer(words=40)
        break_file(Path(make_url(url).database))
        room.telegram.write(room.lucia, TOPIC)
        async with asyncio.timeout(60):
            error = await room.database.wait_until_failed()
        assert error.exit_code == 68
        assert TOPIC not in str(error)
