"""Jobs from the request to the delivery, on a real database and a scripted service."""

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.errors import (
    EmptyTopicError,
    FailureReason,
    GenerationError,
    QueueFullError,
    RedactorError,
    ShuttingDownError,
    TooManyWaitingError,
    TopicTooLongError,
)
from bot.essays.dispatcher import Dispatcher, Limits
from bot.essays.finishing import count_words
from bot.essays.job import Address, EssayRequest, Job, JobState
from bot.essays.preferences import Preferences
from bot.essays.speed import Place
from bot.essays.writing import Writer
from bot.storage import Database, JobStore
from tests.essays.scripted_service import ScriptedService


@dataclass
class Notices:
    """An observer that writes down what it was told and wakes who waits for it."""

    told: list[tuple[str, int]] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    errors: dict[int, RedactorError] = field(default_factory=dict)
    places: dict[int, Place] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    delivery_error: Exception | None = None

    async def _note(self, kind: str, job: Job) -> None:
        self.told.append((kind, job.id))
        async with self.changed:
            self.changed.notify_all()

    async def until(self, kind: str, job: Job) -> None:
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: (kind, job.id) in self.told)

    async def queued(self, job: Job, place: Place) -> None:
        self.places[job.id] = place

    async def started(self, job: Job) -> None:
        await self._note("started", job)

    async def progressed(self, job: Job, text: str) -> None:
        self.texts[job.id] = text
        if ("progressed", job.id) not in self.told:
            await self._note("progressed", job)

    async def written(self, job: Job, text: str) -> None:
        if self.delivery_error:
            raise self.delivery_error
        self.texts[job.id] = text
        await self._note("written", job)

    async def failed(self, job: Job, error: RedactorError) -> None:
        self.errors[job.id] = error
        await self._note("failed", job)

    async def cancelled(self, job: Job, text: str) -> None:
        self.texts[job.id] = text
        await self._note("cancelled", job)


@pytest.fixture
def jobs(tmp_path):
    database = Database.open(f"sqlite:///{tmp_path / 'redactor.db'}")
    yield JobStore(database)
    database.close()


@pytest.fixture
def service():
    service = ScriptedService()
    service.gate.set()
    return service


@pytest.fixture
def notices():
    return Notices()


@pytest.fixture
async def dispatcher(jobs, service, notices):
    dispatcher = Dispatcher(
        Writer(service),
        jobs,
        notices,
        Limits(running=2, waiting=4, waiting_per_person=2, topic_characters=40),
        pause_s=0,
    )
    await dispatcher.start()
    yield dispatcher
    await dispatcher.stop(5)


def asks(person: str, topic: str = "El mar", words: int = 30, message_id: int = 1, **changes):
    return EssayRequest(
        person=f"user:{person}",
        address=Address(10, None, message_id, is_private=True),
        topic=topic,
        preferences=Preferences(words=words, seed=1),
        **changes,
    )


def state_of(jobs: JobStore, job: Job) -> JobState:
    stored = jobs.get(job.id)
    assert stored is not None
    return stored.state


async def settle(notices: Notices, jobs: JobStore, job: Job, state: JobState) -> None:
    async with asyncio.timeout(10):
        while state_of(jobs, job) is not state:
            await asyncio.sleep(0)


async def test_an_essay_is_written_and_delivered(dispatcher, jobs, notices, service):
    job, place = await dispatcher.submit(asks("ana", words=40))
    assert (place.position, place.ahead_words) == (1, 0)
    assert state_of(jobs, job) is JobState.WAITING
    await notices.until("written", job)
    await settle(notices, jobs, job, JobState.DELIVERED)
    text = notices.texts[job.id]
    assert text.startswith("El mar. El mar trae")
    assert text.endswith(".")
    assert 36 <= count_words(text) <= 48
    assert [kind for kind, _ in notices.told] == ["started", "progressed", "written"]
    assert service.open_streams == 0
    stored = jobs.get(job.id)
    assert stored.text == text


@pytest.mark.parametrize(
    ("topic", "error"),
    [("¿…?", EmptyTopicError), ("", EmptyTopicError), ("a" * 41, TopicTooLongError)],
)
async def test_a_bad_topic_is_refused_and_leaves_nothing(dispatcher, jobs, topic, error):
    with pytest.raises(error):
        await dispatcher.submit(asks("ana", topic=topic))
    assert jobs.unfinished() == []


async def test_limits_hold_and_say_which(dispatcher, service):
    service.gate.clear()
    for person in ("ana", "luis"):
        await dispatcher.submit(asks(person))
    await asyncio.sleep(0)
    assert len(dispatcher.queue().running) == 2
    await dispatcher.submit(asks("ana"))
    await dispatcher.submit(asks("ana"))
    with pytest.raises(TooManyWaitingError):
        await dispatcher.submit(asks("ana"))
    await dispatcher.submit(asks("eva"))
    await dispatcher.submit(asks("eva"))
    with pytest.raises(QueueFullError):
        await dispatcher.submit(asks("sol"))


async def test_one_person_has_one_essay_running(dispatcher, service):
    service.gate.clear()
    first, _ = await dispatcher.submit(asks("ana"))
    second, _ = await dispatcher.submit(asks("ana"))
    await asyncio.sleep(0)
    assert [job.id for job in dispatcher.queue().running] == [first.id]
    assert [job.id for job in dispatcher.queue().waiting] == [second.id]
    third, _ = await dispatcher.submit(asks("luis"))
    await asyncio.sleep(0)
    assert {job.id for job in dispatcher.queue().running} == {first.id, third.id}


async def test_cancelling_a_waiting_essay(dispatcher, jobs, notices, service):
    service.gate.clear()
    running, _ = await dispatcher.submit(asks("ana"))
    waiting, _ = await dispatcher.submit(asks("ana"))
    await notices.until("started", running)
    assert dispatcher.place_of(waiting.id) is not None
    assert dispatcher.cancel(waiting.id)
    assert not dispatcher.cancel(waiting.id)
    await notices.until("cancelled", waiting)
    assert dispatcher.place_of(waiting.id) is None
    assert state_of(jobs, waiting) is JobState.CANCELLED
    assert state_of(jobs, running) is JobState.RUNNING


async def test_cancelling_a_running_essay_frees_the_service_and_keeps_the_text(
    dispatcher, jobs, notices, service
):
    service.sentences = 100_000
    job, _ = await dispatcher.submit(asks("ana", words=3000))
    await notices.until("progressed", job)
    service.gate.clear()
    assert dispatcher.cancel(job.id)
    assert not dispatcher.cancel(job.id)
    await notices.until("cancelled", job)
    assert service.open_streams == 0
    assert notices.texts[job.id].startswith("El mar.")
    stored = jobs.get(job.id)
    assert (stored.state, stored.text) == (JobState.CANCELLED, notices.texts[job.id])
    assert dispatcher.queue().running == ()


async def test_cancelling_everything_of_one_person(dispatcher, notices, service):
    service.gate.clear()
    mine = [(await dispatcher.submit(asks("ana")))[0] for _ in range(2)]
    other, _ = await dispatcher.submit(asks("luis"))
    await notices.until("started", mine[0])
    assert sorted(dispatcher.cancel_person("user:ana")) == [job.id for job in mine]
    for job in mine:
        await notices.until("cancelled", job)
    assert [job.id for job in dispatcher.queue().running] == [other.id]


async def test_a_crash_of_the_service_costs_nothing_but_time(dispatcher, jobs, notices, service):
    service.failures = [GenerationError(FailureReason.AWAY), GenerationError(FailureReason.AWAY)]
    job, _ = await dispatcher.submit(asks("ana"))
    await notices.until("written", job)
    assert len(service.calls) == 3
    assert service.waited_for_ready == 3
    assert service.calls[0] == service.calls[2]


async def test_a_lasting_failure_is_told_once_and_the_next_essay_is_written(
    dispatcher, jobs, notices, service
):
    service.failures = [GenerationError(FailureReason.REFUSED), ValueError("bug")]
    first, _ = await dispatcher.submit(asks("ana"))
    second, _ = await dispatcher.submit(asks("luis"))
    third, _ = await dispatcher.submit(asks("eva"))
    await notices.until("failed", first)
    await notices.until("failed", second)
    await notices.until("written", third)
    assert state_of(jobs, first) is JobState.FAILED
    assert isinstance(notices.errors[second.id], GenerationError)


async def test_an_essay_that_takes_too_long_is_given_up(jobs, service, notices):
    service.gate.clear()
    dispatcher = Dispatcher(Writer(service), jobs, notices, Limits(essay_timeout_s=0.01))
    job, _ = await dispatcher.submit(asks("ana"))
    await notices.until("failed", job)
    assert service.open_streams == 0
    await dispatcher.stop(1)


async def test_a_text_without_letters_is_a_failure(jobs, service, notices):
    service.sentences = 0
    dispatcher = Dispatcher(Writer(service), jobs, notices, pause_s=0)
    job, _ = await dispatcher.submit(asks("ana", continued_from=None))
    await notices.until("written", job)
    assert notices.texts[job.id] == "El mar."
    again, _ = await dispatcher.submit(asks("ana", continued_from=job.id))
    await notices.until("failed", again)
    await dispatcher.stop(1)


async def test_continuing_goes_on_from_the_whole_text(dispatcher, jobs, notices, service):
    first, _ = await dispatcher.submit(asks("ana"))
    await notices.until("written", first)
    second, _ = await dispatcher.submit(asks("ana", continued_from=first.id))
    await notices.until("written", second)
    third, _ = await dispatcher.submit(asks("ana", continued_from=second.id))
    await notices.until("written", third)
    prompts = [prompt for prompt, _ in service.calls]
    assert prompts[1] == notices.texts[first.id]
    assert prompts[2] == f"{notices.texts[first.id]} {notices.texts[second.id]}"
    assert not notices.texts[third.id].startswith("El mar.")


async def test_stopping_keeps_the_work_for_the_next_start(jobs, service, notices):
    service.gate.clear()
    limits = Limits(running=1)
    first_run = Dispatcher(Writer(service), jobs, notices, limits)
    await first_run.start()
    running, _ = await first_run.submit(asks("ana", message_id=1))
    waiting, _ = await first_run.submit(asks("luis", message_id=2))
    await notices.until("started", running)
    written = jobs.add(asks("eva", message_id=3), seed=9)
    jobs.update(written.id, state=JobState.WRITTEN, text="Fin.", delivered_chunks=1)
    await first_run.stop(1)
    with pytest.raises(ShuttingDownError):
        await first_run.submit(asks("sol"))
    assert service.open_streams == 0
    assert [job.id for job in jobs.unfinished()] == [running.id, waiting.id, written.id]

    notices.told.clear()
    service.gate.set()
    second_run = Dispatcher(Writer(service), jobs, notices, limits)
    await second_run.start()
    for job in (written, running, waiting):
        await notices.until("written", job)
        await settle(notices, jobs, job, JobState.DELIVERED)
    assert notices.texts[written.id] == "Fin."
    assert jobs.unfinished() == []
    await second_run.stop(1)


async def test_a_delivery_that_breaks_is_kept_for_the_next_start(dispatcher, jobs, notices):
    notices.delivery_error = ValueError("bug")
    job, _ = await dispatcher.submit(asks("ana"))
    await settle(notices, jobs, job, JobState.WRITTEN)
    await dispatcher.stop(5)
    assert [left.id for left in jobs.unfinished()] == [job.id]


async def test_the_place_counts_the_words_ahead(dispatcher, service, notices):
    service.gate.clear()
    for person in ("ana", "luis"):
        await dispatcher.submit(asks(person, words=100))
    await asyncio.sleep(0)
    _, place = await dispatcher.submit(asks("eva", words=50))
    assert (place.position, place.ahead_words, place.estimate_s) == (1, 200, None)
    _, place = await dispatcher.submit(asks("sol", words=50))
    assert (place.position, place.ahead_words) == (2, 250)
