"""Desk and scheduler on a real database; the service writes what the test lets it write."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from bot.essays.desk import Desk, Limits
from bot.essays.scheduler import Scheduler
from bot.essays.writing import Writer
from bot.storage import jobs, outbox
from bot.storage.database import Database
from bot.storage.records import Address, EssayRequest, Job, JobState, Kind, Preferences
from tests.essays.scripted_service import ScriptedService

BOT_ID = 7


@dataclass
class Office:
    """One run after another on one database.

    Attributes:
        url: The database.
        service: Writes while its gate is open, as it is at first.
        shown: What nobody is owed: statuses and drafts, by job.
        started: Numbers of jobs in the order in which the service began to write them.
    """

    url: str
    limits: Limits = field(
        default_factory=lambda: Limits(
            running=2, waiting=4, waiting_per_person=2, topic_characters=40
        )
    )
    service: ScriptedService = field(default_factory=ScriptedService)
    essay_timeout_s: float = 1800.0
    shown: list[tuple[int, str]] = field(default_factory=list)
    updates: Iterator[int] = field(default_factory=lambda: count(1))

    async def __aenter__(self) -> "Office":
        self.service.gate.set()
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start as the program does."""
        loop = asyncio.get_running_loop()
        self.database = await Database.open(
            self.url, BOT_ID, lambda: datetime.fromtimestamp(loop.time(), UTC)
        )
        await self.database.step("recover", jobs.recover)
        self.desk = Desk(self.limits, loop.time)
        self.desk.slots = self.service.slots
        self.scheduler = Scheduler(
            self.database,
            Writer(self.service),  # type: ignore[arg-type]
            self.desk,
            show_status=lambda job, text: self.shown.append((job.id, text)),
            show_draft=lambda job, text: self.shown.append((job.id, text)),
            essay_timeout_s=self.essay_timeout_s,
        )
        self.running = asyncio.create_task(self.scheduler.run())

    async def stop(self) -> None:
        """Stop, or be killed: the scheduler sees no difference."""
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self.database.close()

    def request(
        self, person: str, topic: str = "El mar", words: int = 30, **changes
    ) -> EssayRequest:
        number = next(self.updates)
        values: dict[str, Any] = {
            "person": f"user:{person}",
            "address": Address(10, None, number, is_private=True),
            "topic": topic,
            "preferences": Preferences(words=words, seed=1),
        }
        return EssayRequest(**{**values, **changes})

    async def ask(self, person: str, *arguments: Any, **changes: Any) -> Job:
        """Somebody asks for an essay."""
        request = self.request(person, *arguments, **changes)
        update_id = next(self.updates)
        job = await self.database.step("ask", lambda tx: self.desk.accept(tx, request, update_id))
        assert job is not None
        return job

    async def cancel(self, job: Job, **options: Any) -> list[int] | None:
        """Somebody stops an essay."""
        return await self.database.step("cancel", lambda tx: self.desk.cancel(tx, job, **options))

    async def job(self, job: Job) -> Job:
        """A job as it is now."""
        found = await self.database.read(lambda tx: jobs.get(tx, job.id))
        assert found is not None
        return found

    async def until(self, job: Job, state: JobState) -> Job:
        """Wait until a job is in a state."""
        async with asyncio.timeout(5000):
            while (found := await self.job(job)).state is not state:
                await asyncio.sleep(0.2)
        return found

    async def in_state(self, state: JobState) -> list[int]:
        """Numbers of the jobs in a state, in the order of their turns."""
        found = await self.database.read(lambda tx: jobs.in_state(tx, state))
        return [job.id for job in found]

    async def owed(self, job: Job, *kinds: Kind) -> list[str]:
        """Texts of what is owed for a job."""
        rows = await self.database.read(lambda tx: outbox.of_job(tx, job.id, *kinds))
        return [row.body.get("text", "") for row in rows if row.is_wanted and row.body]
