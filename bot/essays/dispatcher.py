"""Takes essays in, has them written in a fair order, and hands them over for delivery."""

import asyncio
import itertools
import logging
import secrets
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from bot.errors import (
    EmptyTopicError,
    FailureReason,
    GenerationError,
    RedactorError,
    ShuttingDownError,
    TopicTooLongError,
)
from bot.essays import finishing
from bot.essays.fair_queue import FairQueue
from bot.essays.job import EssayRequest, Job, JobState
from bot.essays.speed import Place, SpeedMeter
from bot.essays.writing import Writer

logger = logging.getLogger(__name__)

_ATTEMPTS = 4
"""Times that one essay is begun before it is given up; a crash of the service costs one."""

_READY_TIMEOUT_S = 600.0


class EssayObserver(Protocol):
    """Tells people how their essay is doing. It survives the chat's failures by itself."""

    async def queued(self, job: Job, place: Place) -> None:
        """A waiting job has a new place; called often, so only the latest matters."""

    async def started(self, job: Job) -> None:
        """The model began to write."""

    async def progressed(self, job: Job, text: str) -> None:
        """The whole clean text so far; called often and expected to return at once."""

    async def written(self, job: Job, text: str) -> None:
        """Deliver the essay; returns when that is done or given up."""

    async def failed(self, job: Job, error: RedactorError) -> None:
        """The essay was given up."""

    async def cancelled(self, job: Job, text: str) -> None:
        """The person stopped it; the text so far may be empty."""


class JobLog(Protocol):
    """Where jobs are written down; ``bot.storage.JobStore`` is one."""

    def add(self, request: EssayRequest, seed: int) -> Job:
        """Write a new job down."""

    def get(self, job_id: int) -> Job | None:
        """One job."""

    def update(self, job_id: int, **changes: Any) -> None:
        """Change fields of a job."""

    def unfinished(self) -> list[Job]:
        """Jobs to take up again, oldest first."""


@dataclass(frozen=True, slots=True)
class QueueView:
    """The queue at one moment.

    Attributes:
        running: Jobs being written.
        waiting: Jobs in the order in which they will start.
    """

    running: tuple[Job, ...]
    waiting: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the dispatcher takes on.

    Attributes:
        running: Essays written at once; one person has at most one of them.
        waiting: Essays in the queue.
        waiting_per_person: Essays of one person in the queue.
        topic_characters: Greatest length of a topic.
        essay_timeout_s: Seconds after which an essay is given up.
    """

    running: int = 32
    waiting: int = 100
    waiting_per_person: int = 3
    topic_characters: int = 600
    essay_timeout_s: float = 1800.0


class Dispatcher:
    """The class's essays, from the request to the delivery.

    A job is on disk before :meth:`submit` returns, and every later state too, so that the next
    start takes up what this one could not finish.

    Args:
        writer: Writes one essay.
        jobs: Where jobs are written down.
        observer: Tells people.
        limits: How much to take on.
        clock: Seconds, growing.
        pause_s: Pause before a second attempt; it doubles with each further one.

    Attributes:
        outcomes: Essays ``delivered``, ``cancelled`` and ``failed`` since the start.
    """

    def __init__(
        self,
        writer: Writer,
        jobs: JobLog,
        observer: EssayObserver,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        pause_s: float = 0.5,
    ) -> None:
        self._writer = writer
        self._jobs = jobs
        self._observer = observer
        self._limits = limits or Limits()
        self._clock = clock
        self._pause_s = pause_s
        self._queue: FairQueue[int] = FairQueue(
            self._limits.waiting, self._limits.waiting_per_person
        )
        self._waiting: dict[int, Job] = {}
        self._running: dict[int, Job] = {}
        self._drafts: dict[int, str] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._cancelled: set[int] = set()
        self._notices: set[asyncio.Task[None]] = set()
        self._meter = SpeedMeter(clock)
        self._is_stopping = False
        self._is_service_ready = False
        self.outcomes = {"delivered": 0, "cancelled": 0, "failed": 0}

    def words_per_s(self) -> float | None:
        """Speed over all essays together, or None before it was measured."""
        return self._meter.words_per_s()

    async def start(self) -> None:
        """Take up the jobs that the last run left unfinished."""
        for job in self._jobs.unfinished():
            if job.state is JobState.WRITTEN:
                self._tasks[job.id] = asyncio.create_task(self._deliver(job, job.text))
            else:
                self._waiting[job.id] = job
                self._queue.restore(job.request.person, job.id)
        self._start_next()

    async def stop(self, timeout_s: float) -> None:
        """Stop writing, give deliveries some time, and leave the rest to the next start."""
        self._is_stopping = True
        for job_id in list(self._running):
            self._tasks[job_id].cancel()
        tasks = [*self._tasks.values(), *self._notices]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=max(timeout_s, 0.1))
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def submit(self, request: EssayRequest) -> tuple[Job, Place]:
        """Take an essay in.

        Returns:
            The job, on disk, and its place in the queue.

        Raises:
            EmptyTopicError: There is no letter or digit in the topic.
            TopicTooLongError: The topic is too long.
            TooManyWaitingError: The person has too many essays waiting.
            QueueFullError: The queue is full.
            ShuttingDownError: The bot is stopping.
        """
        if self._is_stopping:
            raise ShuttingDownError
        if not any(character.isalnum() for character in request.topic):
            raise EmptyTopicError
        if len(request.topic) > self._limits.topic_characters:
            raise TopicTooLongError(len(request.topic), self._limits.topic_characters)
        self._queue.ensure_room(request.person)
        seed = request.preferences.seed
        job = self._jobs.add(request, secrets.randbits(32) if seed is None else seed)
        self._waiting[job.id] = job
        self._queue.push(request.person, job.id)
        place = self.place_of(job.id)
        assert place is not None  # mypy: it was put there one line above
        # The caller acknowledges first: the job starts when the caller next gives way.
        asyncio.get_running_loop().call_soon(self._start_next)
        return job, place

    def cancel(self, job_id: int) -> bool:
        """Stop one essay, waiting or running; False if it is neither."""
        job = self._waiting.pop(job_id, None)
        if job is not None:
            self._queue.remove(job_id)
            self._jobs.update(job_id, state=JobState.CANCELLED)
            self.outcomes["cancelled"] += 1
            self._tell(self._observer.cancelled(job, ""))
            self._tell_places()
            return True
        if job_id in self._running and job_id not in self._cancelled:
            self._cancelled.add(job_id)
            self._tasks[job_id].cancel()
            return True
        return False

    def cancel_person(self, person: str) -> list[int]:
        """Stop all essays of a person.

        Returns:
            The jobs that were stopped.
        """
        theirs = [
            job.id
            for job in [*self._running.values(), *self._waiting.values()]
            if job.request.person == person
        ]
        return [job_id for job_id in theirs if self.cancel(job_id)]

    def queue(self) -> QueueView:
        """What is being written and what waits."""
        return QueueView(
            running=tuple(self._running.values()),
            waiting=tuple(self._waiting[job_id] for job_id in self._queue),
        )

    def place_of(self, job_id: int) -> Place | None:
        """Where a waiting job stands, or None if it does not wait."""
        if job_id not in self._waiting:
            return None
        return self._places()[job_id]

    def _places(self) -> dict[int, Place]:
        speed = self._meter.words_per_s()
        left = sum(
            max(job.request.preferences.words - finishing.count_words(self._drafts[job_id]), 0)
            for job_id, job in self._running.items()
        )
        is_full = len(self._running) >= self._limits.running
        places = {}
        ahead = left if is_full else 0
        for position, job_id in enumerate(self._queue, start=1):
            words = self._waiting[job_id].request.preferences.words
            # While the job is written it shares the machine with whatever else is there.
            share = max(1, min(len(self._running) + position, self._limits.running))
            estimate_s = None if speed is None else (ahead + words * share) / speed
            places[job_id] = Place(position, ahead, estimate_s)
            ahead += words
        return places

    def _start_next(self) -> None:
        has_started = False
        while not self._is_stopping and len(self._running) < self._limits.running:
            busy = {job.request.person for job in self._running.values()}
            job_id = self._queue.pop(busy)
            if job_id is None:
                break
            job = self._waiting.pop(job_id)
            self._running[job_id] = job
            self._drafts[job_id] = ""
            self._meter.resume()
            self._tasks[job_id] = asyncio.create_task(self._run(job))
            has_started = True
        if has_started:
            self._tell_places()

    def _tell_places(self) -> None:
        for job_id, place in self._places().items():
            self._tell(self._observer.queued(self._waiting[job_id], place))

    def _tell(self, notice: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(notice)
        self._notices.add(task)
        task.add_done_callback(self._notices.discard)

    async def _run(self, job: Job) -> None:
        started_s = self._clock()
        try:
            text = await self._write(job)
        except asyncio.CancelledError:
            self._release(job)
            if job.id in self._cancelled:
                self._cancelled.discard(job.id)
                await self._end_cancelled(job)
            # Otherwise the bot is stopping, and the next start takes the job up again.
        except RedactorError as error:
            self._release(job)
            logger.warning("job %d ! %s", job.id, type(error).__name__)
            await self._end_failed(job, error)
        except Exception as error:  # one broken job must not stop the others
            self._release(job)
            logger.exception("job %d ! unexpected", job.id)
            await self._end_failed(job, GenerationError(FailureReason.AWAY, type(error).__name__))
        else:
            self._release(job)
            logger.info(
                "job %d → %d words in %.1f s after %.1f s, %d others at once",
                job.id,
                finishing.count_words(text),
                self._clock() - started_s,
                max(0.0, time.time() - job.created_at.timestamp() - self._clock() + started_s),
                len(self._running),
            )
            self._jobs.update(job.id, state=JobState.WRITTEN, text=text)
            await self._deliver(job, text)
        finally:
            self._drafts.pop(job.id, None)
            self._tasks.pop(job.id, None)

    async def _write(self, job: Job) -> str:
        """Have the essay written, beginning again if the service breaks down on the way."""
        self._jobs.update(job.id, state=JobState.RUNNING)
        await self._observer.started(job)
        try:
            async with asyncio.timeout(self._limits.essay_timeout_s):
                return await self._write_patiently(job)
        except TimeoutError:
            raise GenerationError(FailureReason.TIMEOUT) from None

    async def _write_patiently(self, job: Job) -> str:
        for attempt in itertools.count(1):
            try:
                if not self._is_service_ready:
                    await self._writer.wait_until_ready(_READY_TIMEOUT_S)
                    self._is_service_ready = True
                return await self._attempt(job)
            except GenerationError as error:
                self._is_service_ready = False
                if not error.is_passing or attempt == _ATTEMPTS:
                    raise
                logger.info("job %d ↻ attempt %d: %s", job.id, attempt, type(error).__name__)
                await asyncio.sleep(self._pause_s * 2**attempt)
        raise AssertionError("the loop returns or raises")

    async def _attempt(self, job: Job) -> str:
        request = job.request
        self._drafts[job.id] = ""
        words = 0
        drafts = self._writer.write(
            request.topic, request.preferences, job.seed, self._preceding(request)
        )
        async with aclosing(drafts):
            async for draft in drafts:
                self._drafts[job.id] = draft.text
                grown = finishing.count_words(draft.text)
                self._meter.add(max(0, grown - words))
                words = max(words, grown)
                if draft.is_final:
                    break
                await self._observer.progressed(job, draft.text)
        text = self._drafts[job.id]
        if not any(character.isalnum() for character in text):
            raise GenerationError(FailureReason.EMPTY)
        return text

    def _preceding(self, request: EssayRequest) -> str:
        """The essay that a request goes on from, with all that it went on from itself."""
        texts: list[str] = []
        earlier_id = request.continued_from
        while earlier_id is not None:
            earlier = self._jobs.get(earlier_id)
            if earlier is None:
                break
            texts.append(earlier.text)
            earlier_id = earlier.request.continued_from
        return " ".join(reversed(texts))

    async def _end_failed(self, job: Job, error: RedactorError) -> None:
        self._jobs.update(job.id, state=JobState.FAILED)
        self.outcomes["failed"] += 1
        await self._observer.failed(job, error)

    async def _end_cancelled(self, job: Job) -> None:
        text = self._drafts[job.id]
        text = finishing.finish(text) if finishing.sentence_ends(text) else finishing.clean(text)
        self._jobs.update(job.id, state=JobState.CANCELLED, text=text)
        self.outcomes["cancelled"] += 1
        logger.info("job %d ⊘ cancelled", job.id)
        await self._observer.cancelled(job, text)

    async def _deliver(self, job: Job, text: str) -> None:
        try:
            await self._observer.written(job, text)
            self._jobs.update(job.id, state=JobState.DELIVERED)
            self.outcomes["delivered"] += 1
        except ShuttingDownError:
            logger.info("job %d … its delivery is left to the next start", job.id)
        except Exception:  # one broken delivery must not stop the others; it stays WRITTEN
            logger.exception("job %d ! not delivered", job.id)
        finally:
            self._drafts.pop(job.id, None)
            self._tasks.pop(job.id, None)

    def _release(self, job: Job) -> None:
        """Give the job's place among the running ones to the next."""
        self._running.pop(job.id, None)
        if not self._running:
            self._meter.pause()
        with suppress(RuntimeError):
            asyncio.get_running_loop().call_soon(self._start_next)
