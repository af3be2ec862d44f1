"""What is taken in, what is called off, and what is owed for it in the same step."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.errors import (
    EmptyTopicError,
    QueueFullError,
    TooManyWaitingError,
    TopicTooLongError,
)
from bot.essays.desk import Limits
from bot.essays.finishing import count_words
from bot.storage import holding, outbox, upkeep
from bot.storage.records import Address, JobState, Kind, OutboxState
from bot.texts import SPANISH
from tests.essays.office import Office

CHAT = SPANISH.chat


async def test_a_request_is_owed_an_acknowledgement(office):
    office.service.gate.clear()
    job = await office.ask("ana")
    (ack,) = await office.database.read(lambda tx: outbox.of_job(tx, job.id))
    assert (ack.kind, ack.body["text"]) == (Kind.ACK, CHAT.acknowledged(0, None))
    assert ack.reply_to == job.request.address.message_id
    assert ack.body["token"] == job.token


@pytest.mark.parametrize(
    ("topic", "error"),
    [("¿…?", EmptyTopicError), ("", EmptyTopicError), ("a" * 41, TopicTooLongError)],
)
async def test_a_bad_topic_is_refused_and_leaves_nothing(office, topic, error):
    with pytest.raises(error):
        await office.ask("ana", topic=topic)
    for state in JobState:
        assert await office.in_state(state) == []
    assert await office.database.read(outbox.pending_chats) == []


async def test_an_update_taken_twice_is_one_job(office):
    request = office.request("ana")
    taken = [
        await office.database.step("ask", lambda tx: office.desk.accept(tx, request, 99))
        for _ in range(2)
    ]
    assert [job is None for job in taken] == [False, True]


async def test_limits_hold_and_say_which(office):
    office.service.gate.clear()
    for person in ("ana", "luis"):
        await office.until(await office.ask(person), JobState.RUNNING)
    await office.ask("ana")
    await office.ask("ana")
    with pytest.raises(TooManyWaitingError):
        await office.ask("ana")
    await office.ask("eva")
    await office.ask("eva")
    with pytest.raises(QueueFullError):
        await office.ask("sol")


async def test_limits_hold_for_requests_that_come_at_once(office):
    office.service.gate.clear()
    results = await asyncio.gather(
        *(office.ask(f"p{number}") for number in range(20)), return_exceptions=True
    )
    refused = [one for one in results if isinstance(one, QueueFullError)]
    # Two are begun, four wait.
    assert len(refused) == 14


async def test_cancelling_a_waiting_essay(office):
    office.service.gate.clear()
    running = await office.ask("ana")
    waiting = await office.ask("ana")
    await office.until(running, JobState.RUNNING)
    assert await office.cancel(waiting) == []
    assert await office.cancel(waiting) is None
    assert (await office.job(waiting)).state is JobState.CANCELLED
    assert (await office.job(running)).state is JobState.RUNNING
    assert await office.owed(waiting, Kind.WORD) == [CHAT.stopped]
    # The acknowledgement had not left, so that there is nothing to remove.
    assert await office.owed(waiting, Kind.ACK, Kind.TIDY) == []


async def test_cancelling_what_the_person_is_told_of_anyhow_owes_no_second_word(office):
    office.service.gate.clear()
    job = await office.ask("ana")
    await office.cancel(job, is_answered=True)
    assert await office.owed(job) == []


async def test_cancelling_a_running_essay_frees_the_service_and_keeps_the_text(office):
    office.service.sentences = 100_000
    job = await office.ask("ana", words=3000)
    while count_words(office.desk.drafts.get(job.id, "")) < 40:
        await asyncio.sleep(0)
    office.service.gate.clear()
    await office.cancel(job)
    stored = await office.job(job)
    assert stored.state is JobState.CANCELLED
    assert stored.text.startswith("El mar.")
    assert stored.text.endswith(".")
    (word,) = await office.owed(job, Kind.WORD)
    assert word == f"{CHAT.stopped_with_text}\n\n{stored.text}"
    await asyncio.sleep(1)
    assert office.service.open_streams == 0
    assert await office.in_state(JobState.RUNNING) == []


async def test_a_long_text_of_a_cancelled_essay_fits_into_one_message(office):
    job = await office.ask("ana", words=3000)
    office.service.gate.clear()
    await office.until(job, JobState.RUNNING)
    office.desk.drafts[job.id] = "El mar es hondo y azul. " * 400
    await office.cancel(job)
    (word,) = await office.owed(job, Kind.WORD)
    assert 4000 < len(word) <= 4096


async def test_cancelling_a_written_essay_takes_back_what_has_not_left(office):
    job = await office.ask("ana", words=200)
    await office.until(job, JobState.WRITTEN)
    await office.cancel(job)
    stored = await office.job(job)
    assert stored.state is JobState.CANCELLED
    assert stored.text
    pieces = await office.database.read(lambda tx: outbox.of_job(tx, job.id, Kind.PIECE))
    assert {piece.state for piece in pieces} == {OutboxState.DROPPED}
    assert await office.owed(job, Kind.WORD) == [CHAT.stopped]


async def test_the_word_waits_for_a_piece_that_is_on_its_way(office):
    job = await office.ask("ana")
    await office.until(job, JobState.WRITTEN)
    (piece,) = await office.database.read(lambda tx: outbox.of_job(tx, job.id, Kind.PIECE))
    await office.database.step("take", lambda tx: outbox.take(tx, [piece]))
    assert await office.cancel(job) == [piece.id]
    (word,) = await office.database.read(lambda tx: outbox.of_job(tx, job.id, Kind.WORD))
    assert word.waits == (piece.id,)


async def test_a_request_from_a_group_that_has_moved_goes_to_the_new_one(office):
    new_id = -1_002_000_000_000
    await office.database.step("move", lambda tx: upkeep.migrate_chat(tx, -5, new_id))
    job = await office.ask("ana", address=Address(-5, None, 3, is_private=False))
    assert job.request.address == Address(new_id, None, None, is_private=False)


async def test_the_place_counts_the_words_ahead(office):
    office.service.gate.clear()
    for person in ("ana", "luis"):
        await office.until(await office.ask(person, words=100), JobState.RUNNING)
    await office.ask("eva", words=50)
    await office.ask("sol", words=50)
    view = await office.database.read(lambda tx: office.desk.queue(tx, "user:sol"))
    assert (view.running, view.waiting, view.held) == (2, 2, 0)
    assert (view.own.position, view.own.ahead_words, view.own.estimate_s) == (2, 250, None)
    view = await office.database.read(lambda tx: office.desk.queue(tx, "user:ana"))
    assert view.own is None


async def test_what_is_held_is_told(office):
    job = await office.ask("ana")
    await office.until(job, JobState.WRITTEN)
    (piece,) = await office.database.read(lambda tx: outbox.of_job(tx, job.id, Kind.PIECE))
    await office.database.step("hold", lambda tx: holding.hold(tx, [piece], "chat not found"))
    view = await office.database.read(lambda tx: office.desk.queue(tx, "user:ana"))
    assert view.held == 1


async def test_nobody_may_have_any_waiting(url):
    async with Office(url, limits=Limits(waiting_per_person=0)) as office:
        office.service.gate.clear()
        await office.ask("ana")
        with pytest.raises(TooManyWaitingError):
            await office.ask("ana")


async def test_the_time_of_a_request_is_the_clock_s(office):
    job = await office.ask("ana")
    now = datetime.fromtimestamp(asyncio.get_running_loop().time(), UTC)
    assert abs((now - job.created_at).total_seconds()) < 1
