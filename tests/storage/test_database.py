"""Steps on real SQLite: whole or not at all, and again until they are done."""

import asyncio
import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy import text as sql

from bot.errors import DatabaseError
from bot.storage import inbox, jobs, people, upkeep
from bot.storage.database import Database
from bot.storage.records import JobState, Preferences
from bot.storage.schema import metadata
from tests.storage.conftest import BOT_ID
from tests.storage.requests import a_request


async def test_migrations_lead_to_the_schema(database, url):
    engine = create_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


async def test_opening_twice_keeps_what_is_there(tmp_path):
    url = f"sqlite:///{tmp_path / 'folder' / 'redactor.db'}"
    wanted = Preferences(words=99)
    for kept in (None, wanted):
        database = await Database.open(url, BOT_ID)
        assert await database.read(lambda tx: people.preferences(tx, "user:1")) == kept
        await database.step("save", lambda tx: people.save_preferences(tx, "user:1", wanted))
        await database.close()


async def test_another_bot_sees_nothing_of_it(url, database, step):
    await step(people.save_preferences, "user:1", Preferences(words=99))
    job = await step(jobs.add, a_request(), update_id=1, seed=1)
    other = await Database.open(url, BOT_ID + 1)
    assert await other.read(lambda tx: people.preferences(tx, "user:1")) is None
    assert await other.read(lambda tx: jobs.get(tx, job.id)) is None
    # Its updates have numbers of their own.
    theirs = await other.step("add", lambda tx: jobs.add(tx, a_request(), update_id=1, seed=1))
    assert theirs is not None
    await other.close()


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////proc/nowhere/redactor.db"])
async def test_a_database_that_cannot_be_opened_is_a_startup_error(url):
    with pytest.raises(DatabaseError):
        await Database.open(url, BOT_ID)


async def test_the_password_is_not_in_the_error():
    with pytest.raises(DatabaseError) as caught:
        await Database.open(
            "postgresql+psycopg://teacher:s3cret@127.0.0.1:1/redactor", BOT_ID, patience_s=0
        )
    assert "s3cret" not in str(caught.value)


async def test_a_step_that_raises_writes_nothing(database):
    async def work(tx):
        await people.save_preferences(tx, "user:1", Preferences())
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        await database.step("bug", work)
    assert await database.read(lambda tx: people.preferences(tx, "user:1")) is None


async def test_a_step_is_repeated_while_another_locks_the_database(database, url, caplog):
    """Longer than a statement waits for the lock by itself, in real time."""
    other = sqlite3.connect(url.removeprefix("sqlite:///"), check_same_thread=False)
    other.isolation_level = None
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(3.5, lambda: other.execute("ROLLBACK"))
    release.start()
    request = a_request(topic="Un secreto muy mío")
    step = asyncio.create_task(
        database.step("add", lambda tx: jobs.add(tx, request, update_id=1, seed=1))
    )
    while database.away_since is None:
        await asyncio.sleep(0.05)
    # Readers go on, and nobody is told anything false.
    assert await database.read(jobs.counts) == {}
    assert not step.done()
    job = await step
    release.join()
    other.close()
    assert database.away_since is None
    assert await database.read(lambda tx: jobs.get(tx, job.id)) == job
    assert await database.read(jobs.counts) == {JobState.WAITING: 1}
    assert "step add waits for the database: OperationalError" in caplog.text
    assert "secreto" not in caplog.text


async def test_a_step_whose_commit_may_have_been_lost_is_harmless(database):
    """The answer to the first COMMIT is lost: the work runs once more, on what it left."""
    seen = []

    async def work(tx):
        seen.append(await jobs.add(tx, a_request(), update_id=1, seed=1))
        if len(seen) == 1:
            await tx.run(sql("COMMIT"))
            raise sqlite3.OperationalError("disk I/O error")

    await database.step("add", work)
    assert seen[0] is not None
    assert seen[1] is None
    assert await database.read(jobs.counts) == {JobState.WAITING: 1}


async def test_whoever_is_cancelled_does_not_tear_a_step_in_two(database):
    entered, leave = asyncio.Event(), asyncio.Event()

    async def work(tx):
        await people.save_preferences(tx, "user:1", Preferences(words=99))
        entered.set()
        await leave.wait()

    caller = asyncio.create_task(database.step("slow", work))
    await entered.wait()
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    leave.set()
    # Steps follow one another, so that the slow one has ended.
    await database.step("next", jobs.counts)
    assert await database.read(lambda tx: people.preferences(tx, "user:1")) is not None


async def test_what_people_write_is_in_no_error(database):
    statement = sql("INSERT INTO people (person) VALUES (:topic)").bindparams(topic="Un secreto")
    with pytest.raises(Exception, match="NOT NULL") as caught:
        await database.step("bad", lambda tx: tx.run(statement))
    assert "secreto" not in str(caught.value)


async def test_listeners_are_told_after_the_commit(database, step):
    told = []
    database.listen(told.append)
    await step(people.save_preferences, "user:1", Preferences())
    assert told == []
    await step(jobs.add, a_request(), update_id=1, seed=1)
    assert [changes.has_jobs for changes in told] == [True]


@pytest.fixture
def damaged(url):
    path = Path(url.removeprefix("sqlite:///"))
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 4 * 4096] = b"!" * 4096
    path.write_bytes(content)
    return url


async def test_a_damaged_page_is_found_at_the_start(damaged):
    with pytest.raises(DatabaseError):
        await Database.open(damaged, BOT_ID)


async def test_a_damaged_file_ends_the_process(database):
    async def work(tx):
        raise sqlite3.DatabaseError("database disk image is malformed")

    step = asyncio.create_task(database.step("bad", work))
    error = await database.wait_until_failed()
    assert isinstance(error, DatabaseError)
    step.cancel()


async def test_no_byte_of_what_is_forgotten_stays(database, step):
    topic, text = "Un tema inconfundible", "Un texto inconfundible." * 400
    job = await step(jobs.add, a_request(topic=topic), update_id=1, seed=1)
    payload = {"update_id": 1, "message": {"from": {"id": 1}, "text": topic}}
    await step(inbox.record, [inbox.received(payload)])
    await step(inbox.done, 1)
    await step(jobs.start_next)
    await step(jobs.finish, job.id, text)
    await step(upkeep.forget_person, "user:1")
    assert await database.scrub()
    for name in ("redactor.db", "redactor.db-wal"):
        assert b"inconfundible" not in database.file.with_name(name).read_bytes()


async def test_old_rows_go_and_young_ones_stay(database, step, clock):
    old = await step(jobs.add, a_request(), update_id=1, seed=1)
    waiting = await step(jobs.add, a_request(person="user:2"), update_id=2, seed=1)
    await step(jobs.cancel, old.id, "")
    payload = {"update_id": 1, "message": {"from": {"id": 1}}}
    await step(inbox.record, [inbox.received(payload)])
    await step(inbox.done, 1)
    clock.advance(days=29)
    assert await upkeep.prune(database, timedelta(days=30)) == 1  # the update's number
    young = await step(jobs.add, a_request(), update_id=3, seed=1)
    await step(jobs.cancel, young.id, "")
    clock.advance(days=2)
    assert await upkeep.prune(database, timedelta(days=30)) == 1
    left = await step(jobs.in_state, *JobState)
    assert {job.id for job in left} == {waiting.id, young.id}
