"""Has essays written: whose turn it is, how many at once, what is tried again, and how it ends.

The tasks that write decide nothing. Every end is a change of the job's row, made only while the
row says that it is running; whoever cancels or erases changes the row, and the scheduler, woken by
the commit, closes the streams of jobs that are not running any more.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from bot.errors import FailureReason, GenerationError, RequestError
from bot.essays import finishing, messages
from bot.essays.desk import Desk
from bot.essays.owing import owe_essay, owe_failure, texts_of
from bot.essays.safety import Filters, filters_of, is_fit_to_read
from bot.essays.writing import Writer
from bot.logs import log_unexpected
from bot.storage import classes, jobs
from bot.storage.database import Changes, Database, Transaction
from bot.storage.records import Job, JobState

logger = logging.getLogger(__name__)

_ATTEMPTS = 4
"""Times that the writing of one essay may break off before it is given up."""
_LOOK_EVERY_S = 5.0
"""A wake-up may be lost; so the scheduler also looks by itself."""
_READY_TIMEOUT_S = 600.0
_LONGEST_PAUSE_S = 30.0

Show = Callable[[Job, str], None]


@dataclass(frozen=True, slots=True)
class _Written:
    """An essay, what is to be said under it, and the ideas that it was written from."""

    text: str
    note: str
    plan: tuple[str, ...] = ()


class Scheduler:
    """Writes what waits.

    Args:
        database: Where the jobs are.
        writer: Writes one essay.
        desk: Its meter and drafts are kept here.
        show_status: Puts a new text into a private job's placeholder; nobody is owed it.
        show_draft: Shows the text so far; nobody is owed it.
        essay_timeout_s: Seconds after which an essay ends where it is.
        pause_s: Pause before a second attempt; it doubles with each further one.
    """

    def __init__(
        self,
        database: Database,
        writer: Writer,
        desk: Desk,
        *,
        show_status: Show,
        show_draft: Show,
        essay_timeout_s: float = 1800.0,
        pause_s: float = 0.5,
    ) -> None:
        self._database = database
        self._writer = writer
        self._desk = desk
        self._show_status = show_status
        self._show_draft = show_draft
        self._essay_timeout_s = essay_timeout_s
        self._pause_s = pause_s
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._ending: set[int] = set()
        self._wake = asyncio.Event()
        self._is_service_ready = False
        database.listen(self._on_changes)

    async def run(self) -> None:
        """Write until cancelled; then what is being written is left to the next start."""
        try:
            while True:
                self._wake.clear()
                await self._look()
                try:
                    async with asyncio.timeout(_LOOK_EVERY_S):
                        await self._wake.wait()
                except TimeoutError:
                    pass
        finally:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _on_changes(self, changes: Changes) -> None:
        if changes.has_jobs:
            self._wake.set()

    async def _look(self) -> None:
        running, waiting = await self._database.read(_open_jobs)
        theirs = {job.id for job in running}
        for job_id, task in self._tasks.items():
            if job_id not in theirs and job_id not in self._ending:
                task.cancel()
        has_started = False
        while waiting and len(self._tasks) < self._desk.most_running:
            job = await self._database.step("start", jobs.start_next)
            if job is None:
                break
            has_started = True
            self._launch(job)
        if has_started:
            await self._tell_places()

    def _launch(self, job: Job) -> None:
        task = asyncio.create_task(self._run(job), name=f"job {job.id}")
        self._tasks[job.id] = task
        self._desk.meter.begin(job.id)
        # In a callback, so that a task that is cancelled before its first instruction frees its
        # place too.
        task.add_done_callback(lambda _: self._free(job.id))
        chat = texts_of(job).chat
        # Whoever was told that it begins at once need not be told that it did.
        if not self._desk.told.get(job.id, "").startswith(chat.acknowledged(0, None)):
            self._tell(job, chat.writing)

    def _free(self, job_id: int) -> None:
        self._tasks.pop(job_id, None)
        self._ending.discard(job_id)
        self._desk.told.pop(job_id, None)
        self._desk.drafts.pop(job_id, None)
        self._desk.meter.end(job_id)
        self._wake.set()

    async def _tell_places(self) -> None:
        """Keep the placeholders of those who wait in private true; in a group /cola tells."""
        running, waiting = await self._database.read(_open_jobs)
        places = self._desk.meter.places(running, waiting, self._desk.most_running)
        for job in waiting:
            text = self._desk.acknowledgement(job, places[job.id], [*running, *waiting])
            self._tell(job, text)
        unfinished = {job.id for job in [*running, *waiting]}
        for job_id in self._desk.told.keys() - unfinished:
            del self._desk.told[job_id]

    def _tell(self, job: Job, text: str) -> None:
        if job.request.address.is_private and self._desk.told.get(job.id) != text:
            self._desk.told[job.id] = text
            self._show_status(job, text)

    async def _run(self, job: Job) -> None:
        started_s = asyncio.get_running_loop().time()
        try:
            written = await self._write(job)
        except RequestError as error:
            logger.warning("job %d ! %s", job.id, error)
            await self._end_failed(job, error)
        except Exception as error:  # noqa: BLE001 - one broken job must not stop the others
            log_unexpected(logger, error)
            await self._end_failed(job, GenerationError(FailureReason.AWAY))
        else:
            await self._end_written(job, written)
            logger.info(
                "job %d → %d words in %.1f s, %d others at once",
                job.id,
                finishing.count_words(written.text),
                asyncio.get_running_loop().time() - started_s,
                len(self._tasks) - 1,
            )

    async def _end_written(self, job: Job, written: _Written) -> None:
        text, note = written.text, written.note

        async def finish(tx: Transaction) -> None:
            # The note is no part of the text, which may be gone on from.
            if await jobs.finish(tx, job.id, text, plan=written.plan):
                # The chat may have moved since the job was started.
                found = await jobs.get(tx, job.id) or job
                await owe_essay(tx, found, text, note, self._desk.limits.group_messages)

        self._ending.add(job.id)
        await self._database.step("finish", finish)

    async def _end_failed(self, job: Job, error: RequestError) -> None:
        failure = error.reason if isinstance(error, GenerationError) else type(error).__name__

        async def fail(tx: Transaction) -> None:
            if await jobs.fail(tx, job.id, failure):
                await owe_failure(tx, await jobs.get(tx, job.id) or job, error)

        self._ending.add(job.id)
        await self._database.step("fail", fail)

    async def _write(self, job: Job) -> _Written:
        """Have the essay written, again if the service breaks down on the way.

        Waiting for a service that is away costs nothing; a text that broke off costs an attempt.
        """
        preceding, filters = await self._database.read(lambda tx: _before(tx, job))
        pause_s = self._pause_s
        while True:
            try:
                if not self._is_service_ready:
                    await self._writer.wait_until_ready(_READY_TIMEOUT_S)
                    self._is_service_ready = True
                    self._wake.set()  # it has room for others, too
                async with asyncio.timeout(self._essay_timeout_s):
                    return await self._attempt(job, preceding, filters)
            except TimeoutError:
                return _Written(self._what_there_is(job), texts_of(job).chat.out_of_time)
            except GenerationError as error:
                self._is_service_ready = False
                if not error.is_passing:
                    raise
                has_begun = error.has_begun or bool(self._desk.drafts.get(job.id))
                if has_begun:
                    attempts = await self._database.step(
                        "note attempt", lambda tx: jobs.note_attempt(tx, job.id)
                    )
                    if attempts >= _ATTEMPTS:
                        raise
                logger.info("job %d ↻ %s", job.id, error.reason)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _attempt(self, job: Job, preceding: str, filters: Filters) -> _Written:
        request = job.request
        self._desk.drafts[job.id] = ""
        note = ""
        plan: tuple[str, ...] = ()
        drafts = self._writer.write(
            request.topic,
            request.preferences,
            job.seed,
            preceding,
            request.ideas,
            is_fit=lambda sentence: is_fit_to_read(sentence, filters),
        )
        async with aclosing(drafts):
            async for draft in drafts:
                self._desk.drafts[job.id] = draft.text
                self._desk.meter.note(job.id, finishing.count_words(draft.text))
                plan = tuple(idea for section in draft.ideas for idea in section)
                if draft.has_gap:
                    note = texts_of(job).safety.removed_sentence
                if draft.is_final:
                    break
                self._show_draft(job, messages.with_ideas(draft.text, plan, job, texts_of(job)))
        text = self._desk.drafts[job.id]
        if not any(character.isalnum() for character in text):
            raise GenerationError(FailureReason.EMPTY)
        return _Written(text, note, plan)

    def _what_there_is(self, job: Job) -> str:
        """The whole sentences of an essay that took too long.

        Raises:
            GenerationError: There are none.
        """
        draft = self._desk.drafts.get(job.id, "")
        if not finishing.sentence_ends(draft):
            raise GenerationError(FailureReason.TIMEOUT)
        return finishing.finish(draft)


async def _before(tx: Transaction, job: Job) -> tuple[str, Filters]:
    """The text that a job goes on from, and what its class wants nobody to read."""
    request = job.request
    in_class = await classes.of_person(tx, request.person, request.address.chat_id)
    filters = filters_of(in_class.settings) if in_class else Filters()
    return await jobs.text_before(tx, request), filters


async def _open_jobs(tx: Transaction) -> tuple[list[Job], list[Job]]:
    return (
        await jobs.in_state(tx, JobState.RUNNING),
        await jobs.in_state(tx, JobState.WAITING),
    )
