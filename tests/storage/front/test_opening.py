"""Opening a database that is not well: what waiting mends is waited for, the rest is said."""

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.errors import DatabaseError
from bot.storage import engines, jobs, people
from bot.storage.database import Database
from bot.storage.engines import protect_folder
from bot.storage.leases import hold_lock
from tests.telegram.classroom import BOT_ID


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """What a statement waits by itself passes in real time."""
    monkeypatch.setattr(engines, "_PRAGMAS", (*engines._PRAGMAS, "busy_timeout=20"))


async def lock(url):
    """Somebody else writes to the file."""
    await (await Database.open(url, BOT_ID)).close()
    other = sqlite3.connect(make_url(url).database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


async def test_a_lock_that_ends_in_time_is_waited_for(url):
    other = await lock(url)
    opening = asyncio.create_task(Database.open(url, BOT_ID))
    await asyncio.sleep(20)
    assert not opening.done()
    other.execute("ROLLBACK")
    other.close()
    await (await opening).close()


async def test_a_lock_of_half_a_minute_ends_the_start_for_now(url):
    other = await lock(url)
    began_s = asyncio.get_running_loop().time()
    with pytest.raises(DatabaseError) as caught:
        await Database.open(url, BOT_ID)
    assert (caught.value.exit_code, caught.value.reason) == (75, "database is locked")
    assert 25 < asyncio.get_running_loop().time() - began_s < 40
    other.close()


def write(url, content):
    """Put something where the database is."""
    path = Path(make_url(url).database)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def read(url):
    return Path(make_url(url).database).read_bytes()


@pytest.mark.parametrize("content", [b"no database " * 1000, os.urandom(20_000)])
async def test_a_file_that_is_no_database_is_final(url, content):
    write(url, content)
    with pytest.raises(DatabaseError) as caught:
        await Database.open(url, BOT_ID)
    assert caught.value.exit_code == 68
    assert read(url) == content


async def test_a_damaged_page_is_final(url):
    await (await Database.open(url, BOT_ID)).close()
    content = read(url)
    write(url, content[:4096] + os.urandom(len(content) - 4096))
    with pytest.raises(DatabaseError) as caught:
        await use(url)
    assert caught.value.exit_code == 68


async def use(url):
    """Open a database and look into it, until it is given up."""
    database = await Database.open(url, BOT_ID)
    reading = asyncio.create_task(database.read(jobs.counts))
    error = await database.wait_until_failed()
    reading.cancel()
    await database.close()
    raise error


async def test_a_place_that_cannot_be_is_final(tmp_path):
    (tmp_path / "file").touch()
    for place in ("/proc/nowhere/redactor.db", f"{tmp_path}/file/redactor.db", str(tmp_path)):
        with pytest.raises(DatabaseError) as caught:
            await Database.open(f"sqlite:///{place}", BOT_ID)
        assert caught.value.exit_code == 68


async def test_the_files_are_for_their_owners_eyes_only(tmp_path):
    folder = tmp_path / "data"
    old = os.umask(0)
    try:
        protect_folder(folder)
        copy = folder / "redactor.db.old"
        copy.write_bytes(b"what people wrote")
        url = f"sqlite:///{folder / 'redactor.db'}"
        with hold_lock(url, BOT_ID):
            database = await Database.open(url, BOT_ID)
            await database.step("write", lambda tx: people.owner_code(tx))
            modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
            await database.close()
    finally:
        os.umask(old)
    assert {"redactor.db", "redactor.db-wal", "redactor.db.old"} < set(modes)
    assert set(modes.values()) == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
