"""Whose turn it is, how many at once, what is tried again, and how it ends."""

import asyncio
from contextlib import suppress
from random import Random

from sqlalchemy import select

from bot.errors import FailureReason, GenerationError, TooManyWaitingError
from bot.essays.desk import Limits
from bot.essays.finishing import count_words
from bot.essays.scheduler import _Written
from bot.storage import jobs, outbox, upkeep
from bot.storage.records import JobState, Kind
from bot.storage.schema import jobs as table
from bot.texts import SPANISH
from tests.essays.office import Office
from tests.telegram.classroom import PacedService

FAILURES = SPANISH.failures


def breaks(reason=FailureReason.AWAY):
    """What a service that breaks off in the middle of a text is heard of."""
    return GenerationError(reason, has_begun=True)


async def test_an_essay_is_written_and_its_pieces_are_owed(office):
    job = await office.ask("ana", words=40)
    written = await office.until(job, JobState.WRITTEN)
    assert written.text.startswith("El mar. El mar trae")
    assert written.text.endswith(".")
    assert 36 <= count_words(written.text) <= 48
    # The title says the topic already.
    shown = written.text.removeprefix("El mar. ")
    foot = f"Receta {written.code}, {count_words(shown)} palabras"
    assert await office.owed(job, Kind.PIECE) == [f"El mar\n{shown}\n{foot}"]
    await asyncio.sleep(1)
    assert office.service.open_streams == 0
    assert office.desk.drafts == {}
    assert office.desk.told == {}


async def test_one_person_has_one_essay_running(office):
    office.service.gate.clear()
    first, second = [await office.ask("ana") for _ in range(2)]
    third = await office.ask("luis")
    await asyncio.sleep(1)
    assert await office.in_state(JobState.RUNNING) == [first.id, third.id]
    assert await office.in_state(JobState.WAITING) == [second.id]


async def test_as_many_are_written_at_once_as_may_be(url):
    limits = Limits(running=3, waiting=20)
    async with Office(url, limits=limits) as office:
        office.service.gate.clear()
        for number in range(8):
            await office.ask(f"p{number}")
        await asyncio.sleep(60)
        assert len(await office.in_state(JobState.RUNNING)) == 3
        assert office.service.open_streams == 3
        office.service.gate.set()
        while len(await office.in_state(JobState.WRITTEN)) < 8:
            assert len(await office.in_state(JobState.RUNNING)) <= 3
            await asyncio.sleep(0.05)


async def test_no_more_are_written_at_once_than_the_service_takes(url):
    async with Office(url, limits=Limits(running=5, waiting=20)) as office:
        office.service.gate.clear()
        for room, running in ((2, 2), (4, 4), (1, 4), (None, 5), (9, 5)):
            office.service.room = room
            await office.ask(f"p{room}")
            await office.ask(f"q{room}")
            await asyncio.sleep(10)
            assert len(await office.in_state(JobState.RUNNING)) == running
            assert office.service.open_streams == running


async def test_forty_people_with_three_essays_each_take_turns(url):
    """Nobody's first essay starts after another's third that was asked for later."""
    draw = Random(1)
    limits = Limits(running=4, waiting=200, waiting_per_person=3)
    async with Office(url, limits=limits, service=PacedService()) as office:
        askers = [f"p{number}" for number in range(40)] * 3
        draw.shuffle(askers)
        number_of, person_of, asked = {}, {}, []
        for person in askers:
            job = await office.ask(person)
            number_of[job.id] = sum(other == person for other in person_of.values()) + 1
            person_of[job.id] = person
            asked.append(job.id)
            if draw.random() < 0.3:
                await asyncio.sleep(draw.uniform(0, 5))
        while len(await office.in_state(JobState.WRITTEN)) < len(askers):
            await asyncio.sleep(5)
        rows = await office.database.read(lambda tx: tx.rows(started_order()))
        order = [row.id for row in rows]
        assert sorted(order) == sorted(asked)
        for first in (job for job in asked if number_of[job] == 1):
            for third in (job for job in asked if number_of[job] == 3):
                if third > first:
                    assert order.index(first) < order.index(third)
        for person in set(askers):
            theirs = [job for job in order if person_of[job] == person]
            assert theirs == sorted(theirs)


def started_order():
    return select(table.c.id).order_by(table.c.started_at, table.c.turn, table.c.id)


async def test_cancelling_before_the_first_instruction_frees_the_place(url):
    """After a restart ``/redactar`` and ``/cancelar`` may come in one batch."""
    async with Office(url, limits=Limits(running=1)) as office:
        office.service.gate.clear()
        for _ in range(5):
            job = await office.ask("ana")
            while (await office.job(job)).state is not JobState.RUNNING:
                await asyncio.sleep(0)
            await office.cancel(job)
        office.service.gate.set()
        await office.until(await office.ask("luis"), JobState.WRITTEN)


async def test_a_task_cancelled_before_it_runs_frees_its_place(office):
    office.running.cancel()
    job = await office.ask("ana")
    await office.database.step("start", jobs.start_next)
    office.scheduler._launch(job)
    office.scheduler._tasks[job.id].cancel()
    await asyncio.sleep(0.1)
    assert office.scheduler._tasks == {}
    assert office.service.calls == []


async def test_a_crash_of_the_service_costs_nothing_but_time(office):
    office.service.failures = [breaks(), breaks()]
    job = await office.until(await office.ask("ana"), JobState.WRITTEN)
    assert job.attempts == 2
    assert len(office.service.calls) == 3
    assert office.service.waited_for_ready == 3
    assert office.service.calls[0] == office.service.calls[2]


async def test_a_text_that_breaks_off_again_and_again_is_given_up(office):
    office.service.failures = [breaks() for _ in range(20)]
    job = await office.until(await office.ask("ana"), JobState.FAILED)
    assert job.attempts == 4
    assert len(office.service.calls) == 4
    assert await office.owed(job, Kind.WORD) == [FAILURES.generation_away]


async def test_a_service_that_is_away_costs_no_attempt(office, monkeypatch):
    describe = office.service.describe
    refusals = iter([GenerationError(FailureReason.AWAY) for _ in range(6)])

    async def describe_later():
        for refusal in refusals:
            raise refusal
        return await describe()

    monkeypatch.setattr(office.service, "describe", describe_later)
    for job in [await office.ask("ana") for _ in range(2)]:
        assert (await office.until(job, JobState.WRITTEN)).attempts == 0
    assert next(refusals, None) is None


async def test_a_lasting_failure_is_told_once_and_the_next_essay_is_written(office, caplog):
    office.service.failures = [GenerationError(FailureReason.REFUSED), ValueError("un secreto")]
    first = await office.ask("ana")
    second = await office.ask("luis")
    for job in (first, second):
        await office.until(job, JobState.FAILED)
    await office.until(await office.ask("eva"), JobState.WRITTEN)
    words = {(await office.owed(job, Kind.WORD))[0] for job in (first, second)}
    assert words == {FAILURES.generation_refused, FAILURES.generation_away}
    assert "unexpected ValueError" in caplog.text
    assert "secreto" not in caplog.text


async def test_an_essay_that_takes_too_long_ends_with_its_whole_sentences(url):
    service = PacedService(pause_s=10)
    async with Office(url, service=service, essay_timeout_s=35) as office:
        job = await office.until(await office.ask("ana", words=500), JobState.WRITTEN)
        assert job.text.startswith("El mar. El mar trae palabras nuevas cada día número 0.")
        assert job.text.endswith("número 2.")
        (piece,) = await office.owed(job, Kind.PIECE)
        shown = job.text.removeprefix("El mar. ")
        assert piece.startswith(f"El mar\n{shown}\n{SPANISH.chat.out_of_time}\n")
        await asyncio.sleep(1)
        assert service.open_streams == 0
        # Going on from it does not take the note for a part of the essay.
        more = office.request("ana", continued_from=job.id)
        before = await office.database.read(lambda tx: jobs.text_before(tx, more))
        assert before == job.text


async def test_an_essay_without_a_sentence_in_time_is_a_failure(url):
    async with Office(url, essay_timeout_s=35) as office:
        office.service.gate.clear()
        job = await office.until(await office.ask("ana"), JobState.FAILED)
        assert await office.owed(job, Kind.WORD) == [FAILURES.generation_timeout]


async def test_a_text_without_letters_is_a_failure(office):
    office.service.sentences = 0
    job = await office.until(await office.ask("ana"), JobState.FAILED)
    assert await office.owed(job, Kind.WORD) == [FAILURES.generation_empty]


async def test_continuing_goes_on_from_the_whole_text(office):
    texts, earlier = [], None
    for _ in range(3):
        job = await office.ask("ana", continued_from=earlier)
        texts.append((await office.until(job, JobState.WRITTEN)).text)
        earlier = job.id
    prompts = [prompt for prompt, _ in office.service.calls]
    assert prompts[1] == texts[0]
    assert prompts[2] == f"{texts[0]} {texts[1]}"
    assert not texts[2].startswith("El mar.")


async def test_a_late_end_after_a_cancellation_is_thrown_away(office):
    office.service.gate.clear()
    job = await office.ask("ana")
    await office.until(job, JobState.RUNNING)
    await office.cancel(job)
    # As if the last word had come just before the stream was closed.
    await office.scheduler._end_written(job, _Written("Un texto.", ""))
    await office.scheduler._end_failed(job, GenerationError(FailureReason.REFUSED))
    assert (await office.job(job)).state is JobState.CANCELLED
    assert await office.owed(job, Kind.PIECE) == []
    assert await office.owed(job, Kind.WORD) == [SPANISH.chat.stopped]


async def test_erasing_ends_what_is_being_written(office):
    office.service.gate.clear()
    job = await office.ask("1")
    await office.until(job, JobState.RUNNING)
    await office.database.step("erase", lambda tx: upkeep.forget_person(tx, "user:1"))
    await asyncio.sleep(1)
    assert office.service.open_streams == 0
    office.service.gate.set()
    await asyncio.sleep(60)
    for state in JobState:
        assert await office.in_state(state) == []
    assert await office.database.read(outbox.pending_chats) == []


async def test_stopping_keeps_the_work_for_the_next_start(url):
    async with Office(url, limits=Limits(running=1)) as office:
        office.service.gate.clear()
        running = await office.ask("ana")
        waiting = await office.ask("luis")
        await office.until(running, JobState.RUNNING)
        await office.stop()
        assert office.service.open_streams == 0
        await office.start()
        office.service.gate.set()
        for job in (running, waiting):
            again = await office.until(job, JobState.WRITTEN)
            assert (again.seed, again.attempts) == (job.seed, 0)
        assert office.service.calls[0][0] == office.service.calls[1][0]


async def test_nobody_waits_while_there_is_room(url):
    """Whatever is stopped, however it ends: somebody who waits is written next."""
    draw = Random(5)
    async with Office(url, limits=Limits(running=2, waiting=50), service=PacedService()) as office:
        asked = []
        for number in range(30):
            with suppress(TooManyWaitingError):
                asked.append(await office.ask(f"p{draw.randrange(12)}"))
            if number % 3 == 0:
                await office.cancel(draw.choice(asked))
            if number % 7 == 0:
                office.service.failures.append(breaks(draw.choice(list(FailureReason))))
            await asyncio.sleep(draw.uniform(0, 1))
        async with asyncio.timeout(1000):
            while await office.in_state(JobState.WAITING) or await office.in_state(
                JobState.RUNNING
            ):
                await asyncio.sleep(1)
        assert office.service.open_streams == 0
        assert office.scheduler._tasks == {}
