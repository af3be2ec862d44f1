"""What is deleted with time, and when a clock is not believed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot.storage import holding, inbox, jobs, outbox, outbox_upkeep, upkeep
from bot.storage.inbox import received
from bot.storage.records import JobState, Kind, OutboxState, Rank
from bot.storage.schema import inbox as inbox_table
from bot.storage.schema import outbox as outbox_table
from bot.storage.upkeep import ClockWatch
from tests.storage.requests import a_request

KEEP = timedelta(days=30)


async def an_essay(step, number, chat_id=10):
    """From the update to the last piece."""
    await step(inbox.record, [received({"update_id": number})])
    job = await step(jobs.add, a_request(message_id=number), update_id=number, seed=1)
    await step(inbox.done, number)
    await step(jobs.start_next)
    await step(jobs.finish, job.id, "El mar es hermoso. " * 40)
    await step(
        outbox.owe,
        f"j{job.id}:p1",
        Kind.PIECE,
        Rank.PIECE,
        chat_id,
        body={"text": "El mar es hermoso. " * 40},
        job_id=job.id,
        person=job.request.person,
    )
    (row,) = await step(outbox.of_job, job.id)
    await step(outbox.take, [row])
    await step(outbox.close, [row], number)
    return job


async def count(database, table):
    return await database.read(lambda tx: tx.value(select(func.count()).select_from(table)))


async def test_what_is_old_goes_and_what_is_not_stays(database, step, clock):
    old = await an_essay(step, 1)
    clock.advance(days=3)
    assert await upkeep.prune(database, KEEP) == 1
    # The number of an update that Telegram cannot send again is of no use; its essay is.
    assert await count(database, inbox_table) == 0
    assert (await step(jobs.get, old.id)).state is JobState.DELIVERED
    clock.advance(days=28)
    new = await an_essay(step, 2)
    assert await upkeep.prune(database, KEEP) == 2
    assert await step(jobs.get, old.id) is None
    assert (await step(jobs.get, new.id)).state is JobState.DELIVERED
    assert await count(database, outbox_table) == 1
    assert await count(database, inbox_table) == 1


async def test_what_is_unfinished_is_kept_however_old(database, step, clock):
    await step(inbox.record, [received({"update_id": 1})])
    waiting = await step(jobs.add, a_request(), update_id=1, seed=1)
    await step(outbox.owe, "u1:answer", Kind.ANSWER, Rank.ANSWER, 10, body={"text": "Hola"})
    clock.advance(days=365)
    assert await upkeep.prune(database, KEEP) == 0
    assert (await step(jobs.get, waiting.id)).state is JobState.WAITING
    assert [one.update_id for one in await step(inbox.pending)] == [1]
    assert await step(outbox.pending_chats) == [10]


async def test_what_no_chat_took_for_so_long_becomes_a_dead_letter(database, step, clock):
    await step(
        outbox.owe, "u1:p", Kind.PIECE, Rank.PIECE, 10, body={"text": "El mar"}, person="user:1"
    )
    (row,) = (await step(outbox.ready, 10))[0]
    await step(holding.hold, [row], "kicked")
    clock.advance(days=31)
    await upkeep.prune(database, KEEP)
    dead = await step(outbox.get, row.id)
    assert (dead.state, dead.body, dead.person, dead.reason) == (
        OutboxState.DEAD, {}, None, "kicked",
    )  # fmt: skip
    clock.advance(days=31)
    await upkeep.prune(database, KEEP)
    assert await step(outbox.get, row.id) is None


async def test_an_essay_that_no_chat_took_is_deleted_with_its_pieces(database, step, clock):
    job = await step(jobs.add, a_request(), update_id=1, seed=1)
    await step(jobs.start_next)
    await step(jobs.finish, job.id, "El mar.")
    await step(
        outbox.owe, "j1:p1", Kind.PIECE, Rank.PIECE, 10, body={"text": "El mar."}, job_id=job.id
    )
    clock.advance(days=20)
    (row,) = await step(outbox.of_job, job.id)
    await step(holding.hold, [row], "kicked")
    await upkeep.prune(database, KEEP)
    assert (await step(jobs.get, job.id)).state is JobState.WRITTEN
    clock.advance(days=11)
    await upkeep.prune(database, KEEP)
    assert await step(jobs.get, job.id) is None


async def test_many_rows_go_a_few_at_a_time(database, step, clock):
    async def fill(tx):
        await inbox.record(tx, [received({"update_id": number}) for number in range(1200)])
        for number in range(1200):
            await inbox.done(tx, number)

    await database.step("fill", fill)
    clock.advance(days=3)
    assert await upkeep.prune(database, KEEP) == 1200


async def test_the_log_beside_the_file_stays_small(database, step, url):
    """SQLite folds it into the file by itself, as long as no reader keeps an old state open."""
    wal = database.file.with_name(f"{database.file.name}-wal")
    greatest = 0
    for number in range(1, 151):
        await an_essay(step, number)
        await database.read(jobs.counts)
        greatest = max(greatest, wal.stat().st_size)
    # A thousand pages, and what one transaction adds.
    assert greatest < 5_000_000
    await database.scrub()
    assert wal.stat().st_size == 0


class Clocks:
    """One that people set, and one that never jumps."""

    def __init__(self):
        self.utc = datetime(2026, 3, 2, 9, tzinfo=UTC)
        self.monotonic_s = 100.0
        self.watch = ClockWatch(lambda: self.utc, lambda: self.monotonic_s)

    def pass_time(self, minutes, drift_s=0.0):
        """Look every minute, as the program does; whether it was ever doubtful."""
        doubts = []
        for _ in range(minutes):
            self.monotonic_s += 60
            self.utc += timedelta(seconds=60 + drift_s)
            doubts.append(self.watch.is_doubtful())
        return any(doubts)


def test_a_clock_that_goes_on_is_believed():
    assert not Clocks().pass_time(300)


@pytest.mark.parametrize("jump", [timedelta(days=4000), timedelta(minutes=2), -timedelta(days=1)])
def test_a_clock_that_jumped_is_doubted_for_an_hour(jump):
    clocks = Clocks()
    clocks.pass_time(5)
    clocks.utc += jump
    assert clocks.watch.is_doubtful()
    clocks.pass_time(58)
    assert clocks.watch.is_doubtful()
    clocks.pass_time(3)
    assert not clocks.watch.is_doubtful()


def test_a_clock_that_drifts_by_a_minute_in_an_hour_is_doubted():
    assert Clocks().pass_time(60, drift_s=2.0)
    assert not Clocks().pass_time(60, drift_s=0.1)


def test_what_speaks_against_the_clock_is_believed_for_an_hour():
    clocks = Clocks()
    clocks.watch.doubt()
    assert clocks.pass_time(59)
    assert clocks.watch.is_doubtful()
    clocks.pass_time(2)
    assert not clocks.watch.is_doubtful()


def test_only_a_message_says_when_it_was_sent():
    message = {"message_id": 1, "date": 77, "chat": {"id": 5}}
    assert received({"update_id": 1, "message": message}).sent_at_s == 77
    # A button may be pressed years after its message was written.
    pressed = {"id": "1", "from": {"id": 5}, "message": message}
    assert received({"update_id": 1, "callback_query": pressed}).sent_at_s is None
    assert received({"update_id": 1, "message": {"date": "soon"}}).sent_at_s is None


async def test_an_essay_of_which_a_piece_is_dead_is_not_waited_for(database, step, clock):
    job = await step(jobs.add, a_request(), update_id=1, seed=1)
    await step(jobs.start_next)
    clock.advance(days=20)
    await step(jobs.finish, job.id, "El mar.")
    await step(
        outbox.owe, "j1:p1", Kind.PIECE, Rank.PIECE, 10, body={"text": "El mar."}, job_id=job.id
    )
    (row,) = await step(outbox.of_job, job.id)
    await step(holding.hold, [row], "kicked")
    await database.step(
        "age", lambda tx: outbox_upkeep.prune(tx, clock.now + timedelta(days=1), 0)
    )
    assert (await step(jobs.get, job.id)).state is JobState.FAILED
    assert await step(jobs.unfinished_of, "user:1") == []
