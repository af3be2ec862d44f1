"""Jobs and the essays that came of them."""

from collections.abc import Iterable
from datetime import UTC
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from bot.essays.job import Address, EssayRequest, Job, JobState
from bot.storage.database import Database
from bot.storage.people import preferences_from_json, preferences_to_json
from bot.storage.schema import jobs, utc_now

_UNFINISHED = (JobState.WAITING, JobState.RUNNING, JobState.WRITTEN)
_WITH_TEXT = (JobState.WRITTEN, JobState.DELIVERED, JobState.CANCELLED)


class JobStore:
    """Every job, from the request to the delivered essay."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    def add(self, request: EssayRequest, seed: int) -> Job:
        """Write a new job down; it is on disk at the return."""
        address = request.address
        with self._engine.begin() as connection:
            row = connection.execute(
                insert(jobs)
                .values(
                    person=request.person,
                    chat_id=address.chat_id,
                    thread_id=address.thread_id,
                    message_id=address.message_id,
                    is_private=address.is_private,
                    topic=request.topic,
                    preferences=preferences_to_json(request.preferences),
                    continued_from=request.continued_from,
                    seed=seed,
                    state=JobState.WAITING,
                )
                .returning(jobs)
            ).one()
        return _job(row)

    def get(self, job_id: int) -> Job | None:
        """One job, or None if there is none of that number."""
        return self._first(jobs.c.id == job_id)

    def update(self, job_id: int, **changes: Any) -> None:
        """Change fields of a job: its state, its text, how much of it has arrived."""
        with self._engine.begin() as connection:
            connection.execute(
                update(jobs).where(jobs.c.id == job_id).values(**changes, updated_at=utc_now())
            )

    def unfinished(self) -> list[Job]:
        """Jobs to take up again after a start, oldest first."""
        query = select(jobs).where(jobs.c.state.in_(_UNFINISHED)).order_by(jobs.c.id)
        with self._engine.connect() as connection:
            return [_job(row) for row in connection.execute(query)]

    def last_of(self, person: str, chat_id: int) -> Job | None:
        """A person's latest job in a chat, whatever became of it."""
        return self._first(jobs.c.person == person, jobs.c.chat_id == chat_id)

    def last_essay_of(self, person: str, chat_id: int) -> Job | None:
        """A person's latest job in a chat that has a text."""
        return self._first(
            jobs.c.person == person,
            jobs.c.chat_id == chat_id,
            jobs.c.state.in_(_WITH_TEXT),
            jobs.c.text != "",
        )

    def find(self, chat_id: int, message_id: int) -> Job | None:
        """The job that a message asked for, if it did."""
        return self._first(jobs.c.chat_id == chat_id, jobs.c.message_id == message_id)

    def migrate_chat(self, old_id: int, new_id: int) -> None:
        """Follow a group that became a supergroup; its messages got new numbers there."""
        with self._engine.begin() as connection:
            connection.execute(
                update(jobs)
                .where(jobs.c.chat_id == old_id)
                .values(chat_id=new_id, placeholder_id=None, sending_after=None)
            )

    def delete(self, job_ids: Iterable[int]) -> None:
        """Forget jobs with their topics and texts."""
        with self._engine.begin() as connection:
            connection.execute(delete(jobs).where(jobs.c.id.in_(list(job_ids))))

    def _first(self, *conditions: ColumnElement[bool]) -> Job | None:
        query = select(jobs).where(*conditions).order_by(jobs.c.id.desc()).limit(1)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _job(row)


def _job(row: Row[Any]) -> Job:
    # SQLite keeps no zone; every time in the tables is UTC.
    created_at = row.created_at if row.created_at.tzinfo else row.created_at.replace(tzinfo=UTC)
    return Job(
        id=row.id,
        request=EssayRequest(
            person=row.person,
            address=Address(row.chat_id, row.thread_id, row.message_id, row.is_private),
            topic=row.topic,
            preferences=preferences_from_json(row.preferences),
            continued_from=row.continued_from,
        ),
        seed=row.seed,
        state=JobState(row.state),
        placeholder_id=row.placeholder_id,
        text=row.text,
        delivered_chunks=row.delivered_chunks,
        created_at=created_at,
        sending_after=row.sending_after,
    )
