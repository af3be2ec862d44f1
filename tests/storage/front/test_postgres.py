"""PostgreSQL through the same code, on a real server."""

import asyncio
import gc
import re
import warnings
from datetime import UTC, datetime

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, make_url, text

from bot.errors import BackupError, LeaseLostError
from bot.storage import backups, people
from bot.storage.database import Database
from bot.storage.leases import hold_lease
from bot.storage.migrating import migrate
from bot.storage.records import JobState, Preferences
from bot.storage.schema import metadata
from tests.storage.front.postgres import find_binaries, running
from tests.telegram.classroom import BOT_ID, Classroom

BINARIES = find_binaries()
pytestmark = pytest.mark.skipif(
    BINARIES is None, reason="no PostgreSQL here: install Debian's `postgresql`"
)
WORDS = "El mar trae palabras"


@pytest.fixture(autouse=True)
def connections_that_their_server_left():
    """A connection whose server was killed under it is dropped by its driver, with a warning."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module")
def server():
    assert BINARIES is not None
    with running(BINARIES) as server:
        yield server


@pytest.fixture
def url(server, request):
    return server.create_database(re.sub(r"\W", "_", request.node.name))


@pytest.fixture
async def classroom(url):
    async with quick(url) as classroom:
        yield classroom


def quick(url, **options):
    """A classroom in real time that does not dawdle."""
    room = RealTimeClassroom(url, **options)
    room.service.pause_s = 0.02
    return room


class RealTimeClassroom(Classroom):
    def now(self):
        return datetime.now(UTC)


def pieces(room, chat_id):
    return [text for text in room.telegram.texts(chat_id) if WORDS in text]


def assert_whole(room, chat_id):
    texts = pieces(room, chat_id)
    marks = [mark[1] for text in texts if (mark := re.search(r"\((\d+/\d+)\)$", text))]
    assert marks == [f"{number}/{len(texts)}" for number in range(1, len(marks) + 1)]
    numbers = [int(number) for text in texts for number in re.findall(r"número (\d+)\.", text)]
    assert numbers == list(range(len(numbers)))
    assert numbers


def test_migrations_lead_to_the_schema_and_back(url):
    parsed = make_url(url)
    tables = {}
    for revision in ("0001", "head", "0001", "head"):
        migrate(parsed, BOT_ID, revision)
        engine = create_engine(parsed.set(drivername="postgresql+psycopg"))
        with engine.connect() as connection:
            context = MigrationContext.configure(connection)
            if revision == "head":
                assert compare_metadata(context, metadata) == []
            names = set(engine.dialect.get_table_names(connection))
            assert tables.setdefault(revision, names) == names
        engine.dispose()
    assert "awaited_topics" in tables["0001"]
    assert "outbox" in tables["head"]


def test_rows_of_the_first_version_are_taken_over(url):
    parsed = make_url(url)
    migrate(parsed, BOT_ID, "0001")
    with psycopg.connect(url) as connection:
        for number, state in enumerate(("delivered", "waiting"), start=1):
            connection.execute(
                "INSERT INTO jobs (person, chat_id, message_id, is_private, topic, preferences,"
                " seed, state, text, delivered_chunks, created_at, updated_at)"
                " VALUES ('user:1', 1, %s, true, 'El mar', '{}', 7, %s, '', 0, now(), now())",
                (number, state),
            )
    migrate(parsed, BOT_ID)
    with pytest.raises(RuntimeError, match="still to come"):
        migrate(parsed, BOT_ID, "0001")
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT id, state FROM jobs ORDER BY id").fetchall()
        assert rows == [(1, "delivered"), (2, "waiting")]
        assert connection.execute("SELECT nextval('jobs_id_seq')").fetchone()[0] > 1_000_000
        connection.execute("UPDATE jobs SET state = 'delivered'")
        connection.execute("DELETE FROM jobs_0001")
    migrate(parsed, BOT_ID, "0001")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT nextval('jobs_id_seq')").fetchone()[0] == 3


async def test_a_lesson(classroom):
    room = classroom
    await room.prefer(words=120, chunk_units=400)
    await room.say("El faro")
    await room.say(f"/redactar@{room.bot.username} El tren", room.mateo, room.group)
    await room.finish()
    assert_whole(room, room.lucia)
    assert_whole(room, room.group)
    # One that is cancelled, one that is repeated.
    room.service.gate.clear()
    await room.say("La nieve")
    await room.settle()
    await room.press("Cancelar")
    await room.settle()
    assert "Cancelado." in room.telegram.texts(room.lucia)
    await room.say("/otra")
    await room.finish()
    states = [job.state for job in await room.jobs()]
    assert sorted(states) == [JobState.CANCELLED, *[JobState.DELIVERED] * 3]
    # Whoever leaves leaves nothing.
    await room.say("/borrar")
    await room.settle()
    await room.press("Sí")
    await room.telegram.until(
        lambda: any(text.startswith("Hecho") for text in room.telegram.texts(room.lucia))
    )
    assert [job.request.person for job in await room.jobs()] == [f"user:{room.mateo}"]
    assert await room.preferences() is None


async def test_a_kill_in_the_middle(url):
    room = quick(url)
    await room.start()
    await room.prefer(words=200, chunk_units=400)
    await room.say("El faro")
    room.service.gate.set()
    await room.telegram.until(lambda: pieces(room, room.lucia), timeout_s=60)
    await room.kill()
    await room.start()
    await room.finish()
    assert_whole(room, room.lucia)
    await room.stop()
    await room.telegram.close()


async def test_what_waits_in_a_copy_arrives_once_where_it_is_restored(server, url, tmp_path):
    copy = tmp_path / "redactor.backup"
    room = quick(url)
    await room.start()
    await room.say("El faro")
    async with hold_lease(room.database):
        await asyncio.to_thread(backups.back_up, url, copy)
        with pytest.raises(LeaseLostError):
            await asyncio.to_thread(backups.restore, url, copy)
        assert len(await room.unfinished()) == 1
    await room.kill()
    room.url = server.create_database("restored")
    for _ in range(2):  # into nothing, and over what is there
        await asyncio.to_thread(backups.restore, room.url, copy)
    with psycopg.connect(room.url) as connection:
        assert connection.execute("SELECT epoch > 1, expires_at <= now() FROM leases").fetchall()
    await room.start()
    async with hold_lease(room.database):
        await room.finish()
    assert_whole(room, room.lucia)
    assert len(await room.jobs()) == 1
    copy.write_bytes(copy.read_bytes()[:-100])
    with pytest.raises(BackupError):
        await asyncio.to_thread(backups.restore, room.url, copy)
    assert len(await room.jobs()) == 1
    await room.stop()
    await room.telegram.close()


@pytest.mark.parametrize("moment", ["writing", "delivering"])
async def test_the_server_stops_and_comes_back(moment, server, url, caplog):
    async with quick(url) as room:
        room.service.pause_s = 0.15
        await room.prefer(words=200, chunk_units=400)
        await room.say("El faro")
        await room.settle()
        room.service.gate.set()
        seen = {
            "writing": lambda: room.telegram.draft(room.lucia),
            "delivering": lambda: pieces(room, room.lucia),
        }[moment]
        await room.telegram.until(seen, timeout_s=60)
        await asyncio.to_thread(server.stop)
        room.telegram.write(room.mateo, "El tren")
        await asyncio.sleep(3)
        assert (await room.front.status()).database_away_since is not None
        await asyncio.to_thread(server.start)
        await room.telegram.until(lambda: room.telegram.texts(room.mateo), timeout_s=60)
        await room.finish()
        assert (await room.front.status()).database_away_since is None
        assert_whole(room, room.lucia)
        assert_whole(room, room.mateo)
        assert len(await room.jobs()) == 2
    assert "El faro" not in caplog.text


async def test_a_second_front_stands_by_until_the_first_is_gone(url):
    first, second = await Database.open(url, BOT_ID), await Database.open(url, BOT_ID)
    stands_by, acts = asyncio.Event(), asyncio.Event()

    async def act():
        async with hold_lease(second, stands_by.set):
            acts.set()
            await second.step("save", lambda tx: people.save_preferences(tx, "a", Preferences()))

    async with hold_lease(first):
        acting = asyncio.create_task(act())
        await stands_by.wait()
        # Another bot has a lease of its own.
        other = await Database.open(url, BOT_ID + 1)
        async with hold_lease(other):
            pass
        await other.close()
        assert not acts.is_set()
    await acting
    await first.close()
    await second.close()


async def test_a_front_that_slept_writes_nothing_after_another_took_over(url):
    slept, awake = await Database.open(url, BOT_ID), await Database.open(url, BOT_ID)
    async with hold_lease(slept):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("UPDATE leases SET expires_at = now() - interval '1 second'")
        async with hold_lease(awake):
            with pytest.raises(LeaseLostError):
                await slept.step(
                    "save", lambda tx: people.save_preferences(tx, "a", Preferences())
                )
            assert (await slept.wait_until_failed()).exit_code == 75
            assert await awake.read(lambda tx: people.preferences(tx, "a")) is None
            await awake.step("save", lambda tx: people.save_preferences(tx, "b", Preferences()))
    await slept.close()
    await awake.close()


async def test_a_server_that_is_not_there_is_waited_for_and_may_be_later(server):
    from bot.errors import DatabaseError

    with pytest.raises(DatabaseError) as caught:
        await Database.open("postgresql://redactor@127.0.0.1:1/x", BOT_ID, patience_s=1)
    assert caught.value.exit_code == 75
    with pytest.raises(DatabaseError) as caught:
        await Database.open(f"postgresql://redactor@127.0.0.1:{server.port}/missing", BOT_ID)
    assert caught.value.exit_code == 68


async def test_overwriting_what_was_erased_holds_no_step_up(url):
    database = await Database.open(url, BOT_ID)
    with psycopg.connect(url) as other:
        # As long as this lasts, as a big table might.
        other.execute("LOCK TABLE inbox IN SHARE UPDATE EXCLUSIVE MODE")
        scrubbing = asyncio.create_task(database.scrub(30))
        await asyncio.sleep(0.5)
        await database.step("save", lambda tx: people.save_preferences(tx, "a", Preferences()))
        assert not scrubbing.done()
        other.rollback()
        assert await scrubbing

    async def timeout(tx):
        await asyncio.sleep(0.1)
        return await tx.value(text("SHOW statement_timeout"))

    timeouts = await asyncio.gather(*(database.read(timeout) for _ in range(3)))
    assert timeouts == ["10s"] * 3
    await database.close()
