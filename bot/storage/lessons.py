"""Lessons of a class, the essays asked for in them, and what readers say of those."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, or_, select, update

from bot.storage import jobs
from bot.storage.database import Transaction
from bot.storage.records import Job
from bot.storage.schema import classes, complaints, lessons, votes
from bot.storage.schema import jobs as jobs_table
from bot.storage.schema import marks as marks_table


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson.

    Attributes:
        id: Its number.
        class_id: Whose.
        title: What it is called; may be empty.
        topic: The topic for everybody, or None.
        is_only_topic: Whether no other topic is written.
        is_paused: Whether topics are kept and nothing is written.
        started_at: When it began, UTC.
        ended_at: When it ended, or None.
    """

    id: int
    class_id: int
    title: str
    topic: str | None
    is_only_topic: bool
    is_paused: bool
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Complaint:
    """What readers object to in an essay.

    Attributes:
        job: The essay.
        reasons: How many gave each reason.
    """

    job: Job
    reasons: dict[str, int]


async def begin(tx: Transaction, class_id: int, title: str) -> Lesson:
    """Begin a lesson; while one is open that one stays."""
    found = await current(tx, class_id)
    if found is not None:
        return found
    row = await tx.insert_new(
        lessons, class_id=class_id, title=title.strip()[:64], started_at=tx.now
    )
    assert row is not None  # mypy: nothing of it is unique
    return _lesson(row)


async def current(tx: Transaction, class_id: int) -> Lesson | None:
    """The lesson of a class that is open."""
    return await _first(tx, lessons.c.class_id == class_id, lessons.c.ended_at.is_(None))


async def groups(tx: Transaction) -> list[int]:
    """Groups in which a lesson is open."""
    query = (
        select(classes.c.chat_id)
        .join(lessons, lessons.c.class_id == classes.c.id)
        .where(tx.mine(lessons), lessons.c.ended_at.is_(None), classes.c.chat_id.is_not(None))
    )
    return [row.chat_id for row in await tx.rows(query.distinct())]


async def last(tx: Transaction, class_id: int) -> Lesson | None:
    """The latest lesson of a class, open or not."""
    return await _first(tx, lessons.c.class_id == class_id)


async def get(tx: Transaction, lesson_id: int) -> Lesson | None:
    """One lesson."""
    return await _first(tx, lessons.c.id == lesson_id)


async def change(tx: Transaction, lesson_id: int, **values: Any) -> None:
    """Change fields of an open lesson."""
    await tx.run(
        update(lessons)
        .where(tx.mine(lessons), lessons.c.id == lesson_id, lessons.c.ended_at.is_(None))
        .values(**values)
    )
    tx.changes.has_jobs = True


async def end(tx: Transaction, lesson_id: int) -> None:
    """End a lesson; what was asked for in it is still written."""
    await change(tx, lesson_id, ended_at=tx.now, is_paused=False)


async def essays(tx: Transaction, lesson_id: int) -> list[Job]:
    """Essays asked for in a lesson, in the order of the requests."""
    query = select(jobs_table).where(tx.mine(jobs_table), jobs_table.c.lesson_id == lesson_id)
    return [jobs.job_of(row) for row in await tx.rows(query.order_by(jobs_table.c.id))]


async def vote(tx: Transaction, job_id: int, person: str) -> bool:
    """Vote for an essay, or take one's vote back; whether it is there now."""
    if await tx.insert_new(votes, job_id=job_id, person=person) is not None:
        return True
    await tx.run(
        delete(votes).where(tx.mine(votes), votes.c.job_id == job_id, votes.c.person == person)
    )
    return False


async def vote_counts(tx: Transaction, job_ids: Collection[int]) -> dict[int, int]:
    """Votes by essay; none for one without."""
    query = (
        select(votes.c.job_id, func.count().label("number"))
        .where(tx.mine(votes), votes.c.job_id.in_(list(job_ids)))
        .group_by(votes.c.job_id)
    )
    return {row.job_id: row.number for row in await tx.rows(query)}


async def mark(tx: Transaction, job_id: int, person: str, sentence: int, kind: str) -> bool:
    """Mark a sentence in place of an earlier mark, or take the same one back; whether it is there.

    Args:
        tx: The step.
        job_id: The essay.
        person: Who.
        sentence: Its number, from 1.
        kind: What they think of it.
    """
    key = {"job_id": job_id, "person": person, "sentence": sentence}
    its = [tx.mine(marks_table), *(marks_table.c[name] == value for name, value in key.items())]
    result = await tx.run(delete(marks_table).where(*its, marks_table.c.kind == kind))
    if result.rowcount:
        return False
    await tx.upsert(marks_table, key, kind=kind)
    return True


async def marks(tx: Transaction, job_id: int) -> tuple[int, dict[tuple[int, str], int]]:
    """How many people marked sentences of an essay, and how often each was marked as what."""
    rows = await tx.rows(
        select(marks_table).where(tx.mine(marks_table), marks_table.c.job_id == job_id)
    )
    return len({row.person for row in rows}), Counter((row.sentence, row.kind) for row in rows)


async def complain(tx: Transaction, job_id: int, person: str, reason: str | None) -> None:
    """Object to an essay, once a person; a further reason takes the place of the first.

    Args:
        tx: The step.
        job_id: The essay.
        person: Who.
        reason: What is wrong with it, or None for nothing after all.
    """
    theirs = (
        tx.mine(complaints) & (complaints.c.job_id == job_id) & (complaints.c.person == person)
    )
    if reason is None:
        await tx.run(delete(complaints).where(theirs, complaints.c.is_settled.is_(False)))
    elif await tx.insert_new(complaints, job_id=job_id, person=person, reason=reason) is None:
        await tx.run(
            update(complaints)
            .where(theirs, complaints.c.is_settled.is_(False))
            .values(reason=reason)
        )


async def open_complaints(tx: Transaction, class_id: int, chat_id: int | None) -> list[Complaint]:
    """What no teacher has seen to yet in a class: in its lessons, and in its group."""
    its = select(lessons.c.id).where(tx.mine(lessons), lessons.c.class_id == class_id)
    query = (
        select(complaints.c.job_id, complaints.c.reason, func.count().label("number"))
        .join(jobs_table, jobs_table.c.id == complaints.c.job_id)
        .where(tx.mine(complaints), complaints.c.is_settled.is_(False))
        .where(or_(jobs_table.c.lesson_id.in_(its), jobs_table.c.chat_id == chat_id))
        .group_by(complaints.c.job_id, complaints.c.reason)
        .order_by(complaints.c.job_id)
    )
    found: dict[int, dict[str, int]] = {}
    for row in await tx.rows(query):
        found.setdefault(row.job_id, {})[row.reason] = row.number
    read = [(await jobs.get(tx, job_id), reasons) for job_id, reasons in found.items()]
    return [Complaint(job, reasons) for job, reasons in read if job is not None]


async def reasons_of(tx: Transaction, job_id: int) -> dict[str, int] | None:
    """How many gave each reason against an essay; None once a teacher has seen to it."""
    query = select(complaints.c.reason, complaints.c.is_settled, func.count().label("number"))
    query = query.where(tx.mine(complaints), complaints.c.job_id == job_id)
    rows = await tx.rows(query.group_by(complaints.c.reason, complaints.c.is_settled))
    if any(row.is_settled for row in rows):
        return None
    return {row.reason: row.number for row in rows}


async def settle(tx: Transaction, job_id: int) -> None:
    """A teacher has seen to it: nobody hears of this essay again."""
    await tx.run(
        update(complaints)
        .where(tx.mine(complaints), complaints.c.job_id == job_id)
        .values(is_settled=True)
    )


async def forget(tx: Transaction, person: str, job_ids: Collection[int]) -> None:
    """Delete what somebody said of essays, and what others said of theirs."""
    for table in (votes, complaints, marks_table):
        await tx.run(
            delete(table).where(
                tx.mine(table),
                (table.c.person == person) | table.c.job_id.in_(list(job_ids)),
            )
        )


async def prune(tx: Transaction, before: datetime) -> int:
    """Delete lessons that ended long ago, and what was said of essays that are gone."""
    there = select(jobs_table.c.id)
    counted = 0
    for old in (
        delete(lessons).where(tx.mine(lessons), lessons.c.ended_at < before),
        delete(votes).where(tx.mine(votes), votes.c.job_id.not_in(there)),
        delete(marks_table).where(tx.mine(marks_table), marks_table.c.job_id.not_in(there)),
        delete(complaints).where(tx.mine(complaints), complaints.c.job_id.not_in(there)),
    ):
        counted += (await tx.run(old)).rowcount
    return counted


async def _first(tx: Transaction, *conditions: ColumnElement[bool]) -> Lesson | None:
    row = await tx.first(
        select(lessons).where(tx.mine(lessons), *conditions).order_by(lessons.c.id.desc()).limit(1)
    )
    return None if row is None else _lesson(row)


def _lesson(row: Row[Any]) -> Lesson:
    return Lesson(
        id=row.id,
        class_id=row.class_id,
        title=row.title,
        topic=row.topic,
        is_only_topic=row.is_only_topic,
        is_paused=row.is_paused,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
