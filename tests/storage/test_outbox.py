"""What is owed: taken before it leaves, closed with an answer in hand, in order."""

from datetime import timedelta

import pytest

from bot.storage import chats, holding, jobs, outbox, outbox_upkeep, upkeep
from bot.storage.records import JobState, Kind, OutboxState, Rank
from tests.storage.requests import a_request

OPEN, SENDING, SENT, HELD, DROPPED = (
    OutboxState.OPEN,
    OutboxState.SENDING,
    OutboxState.SENT,
    OutboxState.HELD,
    OutboxState.DROPPED,
)
NEW_ID = -1_002_000_000_000


@pytest.fixture
def owe(step):
    numbers = iter(range(1000))

    async def owe(kind=Kind.ANSWER, rank=Rank.ANSWER, chat_id=10, key=None, **more):
        values = {"body": {"text": "Hola"}, "person": "user:1", **more}
        key = key or f"k{next(numbers)}"
        row_id = await step(outbox.owe, key, kind, rank, chat_id, **values)
        return None if row_id is None else await step(outbox.get, row_id)

    return owe


@pytest.fixture
def state(step):
    async def state(row):
        return (await step(outbox.get, row.id)).state

    return state


async def ready(step, chat_id=10):
    due, _ = await step(outbox.ready, chat_id)
    return [row.id for row in due]


async def test_a_message_is_owed_once_by_its_key(step, owe):
    row = await owe(key="u1:answer")
    assert await owe(key="u1:answer", body={"text": "Otra cosa"}) is None
    assert (await step(outbox.get, row.id)).body == {"text": "Hola"}


async def test_a_change_takes_the_place_of_an_earlier_one(step, owe):
    change = {"kind": Kind.EDIT, "key": "c10:m5", "target": 5}
    first = await owe(**change)
    assert await owe(**change, body={"text": "Luego"}) is None
    latest = await step(outbox.get, first.id)
    assert (latest.body, latest.version) == ({"text": "Luego"}, 1)
    # The request for the first one was answered; the second is still owed.
    await step(outbox.close, [first])
    assert (await step(outbox.get, first.id)).state is OPEN
    await step(outbox.close, [latest])
    assert (await step(outbox.get, first.id)).state is SENT
    await owe(**change, body={"text": "Otra vez"})
    assert (await step(outbox.get, first.id)).state is OPEN


async def test_what_waits_comes_after_what_it_waits_for(step, owe):
    first = await owe(Kind.PIECE, Rank.PIECE)
    second = await owe(Kind.PIECE, Rank.PIECE, waits=[first.id])
    assert await ready(step) == [first.id]
    await step(outbox.take, [first])
    assert await ready(step) == [first.id]
    await step(outbox.close, [first], 100)
    assert await ready(step) == [second.id]


async def test_ranks_and_turns_go_first(step, owe):
    late = await owe(Kind.PIECE, Rank.PIECE, turn=3)
    early = await owe(Kind.PIECE, Rank.PIECE, turn=1)
    answer = await owe()
    assert await ready(step) == [answer.id, early.id, late.id]


async def test_forty_that_wait_hide_nothing(step, owe):
    first = await owe(Kind.PIECE, Rank.PIECE, turn=9)
    for _ in range(50):
        await owe(Kind.PIECE, Rank.PIECE, waits=[first.id])
    assert await ready(step) == [first.id]


async def test_what_is_not_due_yet_says_when(step, owe, clock):
    at = clock.now + timedelta(seconds=5)
    row = await owe(not_before=at)
    assert await step(outbox.ready, 10) == ([], at)
    clock.advance(seconds=5)
    assert await ready(step) == [row.id]


async def test_a_row_is_taken_once_and_knows_the_number_below_its_own(step, owe, state):
    await step(chats.saw, 10, 70)
    row = await owe(reply_to=75)
    (left,) = await step(outbox.take, [row])
    assert left.base == 75
    assert await step(outbox.take, [row]) == []
    taken = await step(outbox.get, row.id)
    assert (taken.state, taken.base, taken.tries) == (SENDING, 75, 1)
    await step(outbox.close, [taken], 80)
    assert await state(row) is SENT
    assert await step(chats.last_number, 10) == 80


async def test_the_last_piece_delivers_the_essay(step, owe):
    job = await step(jobs.add, a_request(), update_id=1, seed=1)
    await step(jobs.start_next)
    await step(jobs.finish, job.id, "Fin.")
    pieces = [await owe(Kind.PIECE, Rank.PIECE, job_id=job.id) for _ in range(2)]
    await step(outbox.close, [pieces[0]], 100)
    assert (await step(jobs.get, job.id)).state is JobState.WRITTEN
    await step(outbox.close, [pieces[1]], 101)
    assert (await step(jobs.get, job.id)).state is JobState.DELIVERED


async def test_what_is_retracted_does_not_leave_and_what_left_is_not_sent_again(step, owe, state):
    job = await step(jobs.add, a_request(), update_id=1, seed=1)
    sent, taken, left = [await owe(Kind.PIECE, Rank.PIECE, job_id=job.id) for _ in range(3)]
    await step(outbox.close, [sent], 100)
    await step(outbox.take, [taken])
    assert await step(outbox.retract, job.id, Kind.PIECE) == [taken.id]
    assert [await state(row) for row in (sent, taken, left)] == [SENT, SENDING, DROPPED]
    # It certainly did not arrive, so nobody is owed it any more; and if it did, that is all.
    await step(outbox.put_back, [await step(outbox.get, taken.id)])
    assert await state(taken) is DROPPED


async def test_a_refusal_that_meets_a_retraction_sends_nothing(step, owe, state):
    job = await step(jobs.add, a_request(), update_id=1, seed=1)
    row = await owe(Kind.PIECE, Rank.PIECE, job_id=job.id)
    await step(outbox.take, [row])
    as_it_was = await step(outbox.get, row.id)
    await step(outbox.retract, job.id, Kind.PIECE)
    await step(outbox.put_back, [as_it_was])
    assert await state(row) is DROPPED


async def test_held_answers_get_stale_and_essays_do_not(step, owe, state, clock):
    piece, answer = await owe(Kind.PIECE, Rank.PIECE), await owe()
    await step(holding.hold_around, answer, "bot was blocked", only_topic=False)
    assert [await state(row) for row in (piece, answer)] == [HELD, HELD]
    assert await step(holding.held) == {"bot was blocked": 2}
    assert await step(holding.held, "user:2") == {}
    clock.advance(hours=2)
    await step(holding.release_chat, 10)
    assert [await state(row) for row in (piece, answer)] == [OPEN, DROPPED]


async def test_held_rows_are_offered_again_by_themselves(step, owe, state, clock):
    piece = await owe(Kind.PIECE, Rank.PIECE)
    await step(outbox.take, [piece])
    await step(holding.hold, [piece], "chat not found")
    await step(holding.release_due)
    assert await state(piece) is HELD
    assert not await step(holding.is_any_due)
    clock.advance(minutes=15)
    assert await step(holding.is_any_due)
    await step(holding.release_due)
    assert await state(piece) is OPEN
    assert not await step(holding.is_any_due)


async def test_a_closed_topic_holds_nothing_of_others(step, owe, state):
    here = await owe(thread_id=3, chat_id=NEW_ID)
    there = await owe(thread_id=4, chat_id=NEW_ID)
    general = await owe(chat_id=NEW_ID)
    await step(holding.hold_around, here, "TOPIC_CLOSED", only_topic=True)
    assert [await state(row) for row in (here, there, general)] == [HELD, OPEN, OPEN]


async def test_questions_are_open_for_an_hour_until_they_are_answered(step, owe, clock):
    first, second = [await owe(Kind.QUESTION) for _ in range(2)]
    await step(outbox.close, [first], 100)

    async def asked(person="user:1", chat_id=10):
        return [row.id for row in await step(outbox.open_questions, person, chat_id)]

    assert await asked() == [first.id, second.id]
    assert await asked("user:2") == await asked(chat_id=11) == []
    await step(outbox.answer_question, first)
    assert await asked() == [second.id]
    clock.advance(minutes=61)
    assert await asked() == []


async def test_a_moved_chat_gets_what_it_is_owed_and_no_changes(step, owe, state):
    piece = await owe(Kind.PIECE, Rank.PIECE, -5, reply_to=3)
    change = await owe(Kind.EDIT, Rank.ANSWER, -5, target=9)
    await step(upkeep.migrate_chat, -5, NEW_ID)
    moved = await step(outbox.get, piece.id)
    assert (moved.chat_id, moved.reply_to, moved.state) == (NEW_ID, None, OPEN)
    assert await state(change) is DROPPED
    # What becomes owed to the old number goes to the new one.
    late = await owe(chat_id=-5, reply_to=3)
    assert (late.chat_id, late.reply_to) == (NEW_ID, None)


async def test_numbers_are_never_used_again(step, owe):
    row = await owe()
    await step(upkeep.forget_person, "user:1")
    assert await step(outbox.get, row.id) is None
    assert (await owe()).id > row.id


async def test_what_is_held_for_too_long_is_dead(step, owe, state, clock):
    row = await owe(Kind.PIECE, Rank.PIECE)
    await step(outbox.take, [row])
    await step(holding.hold, [row], "chat not found")
    clock.advance(days=31)
    await step(outbox_upkeep.prune, clock.now - timedelta(days=30), 500)
    assert await state(row) is OutboxState.DEAD
    assert (await step(outbox.get, row.id)).body == {}
