"""Jobs, and every way in which their state may change. Nobody else writes this table.

::

    add → waiting → running → written → delivered
              ↑  ↖    │  ╲        ╲
              │   recover  ╲        cancel → cancelled
              cancel ──┘    fail → failed ← give_up (written)

    add → asked: the topic is kept until its person has chosen a style, which makes another job

Each change says which state it leaves, so that a repeated or late one changes nothing.
"""

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, update

from bot.storage.codes import RECIPE_LENGTH, new_code
from bot.storage.database import Transaction
from bot.storage.people import preferences_from_json
from bot.storage.records import (
    UNFINISHED,
    Address,
    EssayRequest,
    Job,
    JobState,
)
from bot.storage.schema import jobs, lessons, outbox

_TOKEN_BYTES = 9
_WITH_TEXT = (JobState.WRITTEN, JobState.DELIVERED, JobState.CANCELLED)


async def add(
    tx: Transaction,
    request: EssayRequest,
    *,
    update_id: int | None,
    seed: int,
    part: int = 0,
    state: JobState = JobState.WAITING,
) -> Job | None:
    """Put a job into the queue, behind whoever had fewer turns.

    The turn is a start tag of start-time fair queuing (Goyal et al., 1996): not before the
    greatest turn that was started, and not before one's own last turn is over. So turns go round
    over people, and leaving and coming back gains nothing.

    Args:
        tx: The step.
        request: What is asked.
        update_id: The update that asks; one update makes one job, however often it is taken.
        seed: Seed of the random draws.
        part: Which of an update's several jobs.
        state: ``WAITING``, or ``ASKED`` for one whose style is still to be chosen.

    Returns:
        The job, or None if this update made it before.
    """
    started = select(func.max(jobs.c.turn)).where(tx.mine(jobs), jobs.c.started_at.is_not(None))
    own = select(func.max(jobs.c.turn)).where(
        tx.mine(jobs), jobs.c.person == request.person, jobs.c.state != JobState.ASKED
    )
    own_last = await tx.value(own)
    address = request.address
    row = await tx.insert_new(
        jobs,
        token=secrets.token_urlsafe(_TOKEN_BYTES),
        update_id=update_id,
        part=part,
        person=request.person,
        chat_id=address.chat_id,
        thread_id=address.thread_id,
        message_id=address.message_id,
        is_private=address.is_private,
        topic=request.topic,
        ideas=list(request.ideas) or None,
        preferences=asdict(request.preferences),
        continued_from=request.continued_from,
        name=request.name,
        lesson_id=request.lesson_id,
        code=await _free_code(tx),
        seed=seed,
        state=state,
        ended_at=None if state is JobState.WAITING else tx.now,
        turn=max(await tx.value(started) or 0, 0 if own_last is None else own_last + 1),
        created_at=tx.now,
    )
    tx.changes.has_jobs = True
    return None if row is None else job_of(row)


async def get(tx: Transaction, job_id: int) -> Job | None:
    """One job, or None if there is none of that number."""
    return await _first(tx, jobs.c.id == job_id)


async def by_token(tx: Transaction, token: str) -> Job | None:
    """The job that a button names; buttons of the first version carry its number."""
    if token.isdecimal() and len(token) < 19:
        return await _first(tx, jobs.c.id == int(token), jobs.c.update_id.is_(None))
    return await _first(tx, jobs.c.token == token)


async def by_code(tx: Transaction, code: str) -> Job | None:
    """The job whose recipe has a code."""
    return await _first(tx, jobs.c.code == code)


async def of_message(
    tx: Transaction, chat_id: int, message_id: int, person: str | None = None
) -> Job | None:
    """The job of which a message is a piece; of several jobs in one message the person's own."""
    where = (outbox.c.chat_id == chat_id, outbox.c.message_id == message_id)
    query = select(outbox.c.job_id).where(
        tx.mine(outbox), *where, outbox.c.kind == "piece", outbox.c.job_id.is_not(None)
    )
    found = [await get(tx, job_id) for job_id in {row.job_id for row in await tx.rows(query)}]
    if len(found) > 1:
        found = [job for job in found if job is not None and job.request.person == person]
    return found[0] if len(found) == 1 else None


async def of_request(tx: Transaction, person: str, chat_id: int, message_id: int) -> Job | None:
    """The latest job that a person's message asked for."""
    return await _first(
        tx,
        jobs.c.person == person,
        jobs.c.chat_id == chat_id,
        jobs.c.message_id == message_id,
        jobs.c.state != JobState.ASKED,
    )


async def last_of(tx: Transaction, person: str, chat_id: int) -> Job | None:
    """A person's latest job in a chat, whatever became of it."""
    return await _first(tx, jobs.c.person == person, jobs.c.chat_id == chat_id)


async def last_essay_of(tx: Transaction, person: str, chat_id: int) -> Job | None:
    """A person's latest job in a chat that has a text."""
    return await _first(
        tx,
        jobs.c.person == person,
        jobs.c.chat_id == chat_id,
        jobs.c.state.in_(_WITH_TEXT),
        jobs.c.text != "",
    )


async def text_before(tx: Transaction, request: EssayRequest) -> str:
    """The essay that a request goes on from, with all that it went on from itself."""
    texts: list[str] = []
    earlier_id = request.continued_from
    while earlier_id is not None:
        earlier = await get(tx, earlier_id)
        if earlier is None:
            break
        texts.append(earlier.text)
        earlier_id = earlier.request.continued_from
    return " ".join(reversed(texts))


async def in_state(tx: Transaction, *states: JobState) -> list[Job]:
    """Jobs in these states, in the order of their turns."""
    query = (
        select(jobs)
        .where(tx.mine(jobs), jobs.c.state.in_(states))
        .order_by(jobs.c.turn, jobs.c.id)
    )
    return [job_of(row) for row in await tx.rows(query)]


async def unfinished_of(tx: Transaction, person: str) -> list[Job]:
    """A person's jobs of which something is still to come, in their order."""
    query = (
        select(jobs)
        .where(tx.mine(jobs), jobs.c.person == person, jobs.c.state.in_(UNFINISHED))
        .order_by(jobs.c.turn, jobs.c.id)
    )
    return [job_of(row) for row in await tx.rows(query)]


async def unfinished_in(tx: Transaction, chat_id: int) -> list[Job]:
    """Jobs of a chat of which something is still to come, in their order."""
    query = (
        select(jobs)
        .where(tx.mine(jobs), jobs.c.chat_id == chat_id, jobs.c.state.in_(UNFINISHED))
        .order_by(jobs.c.turn, jobs.c.id)
    )
    return [job_of(row) for row in await tx.rows(query)]


async def count_in_lesson(tx: Transaction, lesson_id: int, person: str) -> int:
    """Essays that somebody asked for in a lesson and that did not fail or end unwritten."""
    query = select(func.count()).where(
        tx.mine(jobs),
        jobs.c.lesson_id == lesson_id,
        jobs.c.person == person,
        jobs.c.state.in_((*UNFINISHED, JobState.DELIVERED)),
    )
    return int(await tx.value(query) or 0)


async def is_alone(tx: Transaction, job: Job) -> bool:
    """Whether no other essay of the chat is on its way, so that there is budget to spare."""
    query = select(func.count()).where(
        tx.mine(jobs),
        jobs.c.chat_id == job.request.address.chat_id,
        jobs.c.state.in_(UNFINISHED),
        jobs.c.id != job.id,
    )
    return not await tx.value(query)


async def left(tx: Transaction, chat_id: int) -> tuple[int, int]:
    """Essays of a chat that are to come, and those of them that are not written yet."""
    query = (
        select(jobs.c.state, func.count().label("number"))
        .where(tx.mine(jobs), jobs.c.chat_id == chat_id, jobs.c.state.in_(UNFINISHED))
        .group_by(jobs.c.state)
    )
    counted = {row.state: row.number for row in await tx.rows(query)}
    whole = sum(counted.values())
    return whole, whole - counted.get(JobState.WRITTEN, 0)


async def start_next(tx: Transaction) -> Job | None:
    """Begin the job whose turn it is, of somebody who has none running, in no paused lesson."""
    busy = select(jobs.c.person).where(tx.mine(jobs), jobs.c.state == JobState.RUNNING)
    paused = select(lessons.c.id).where(tx.mine(lessons), lessons.c.is_paused.is_(True))
    row = await tx.first(
        select(jobs)
        .where(
            tx.mine(jobs),
            jobs.c.state == JobState.WAITING,
            jobs.c.person.not_in(busy),
            jobs.c.lesson_id.is_(None) | jobs.c.lesson_id.not_in(paused),
        )
        .order_by(jobs.c.turn, jobs.c.id)
        .limit(1)
    )
    if row is None:
        return None
    await _change(tx, row.id, (JobState.WAITING,), state=JobState.RUNNING, started_at=tx.now)
    return job_of(row)


async def note_attempt(tx: Transaction, job_id: int) -> int:
    """The writing of a job broke off after a piece of it had come.

    Returns:
        How often that happened to it.
    """
    await _change(tx, job_id, (JobState.RUNNING,), attempts=jobs.c.attempts + 1)
    return int(await tx.value(select(jobs.c.attempts).where(jobs.c.id == job_id)) or 0)


async def finish(
    tx: Transaction, job_id: int, text: str, model: str = "", plan: Sequence[str] = ()
) -> bool:
    """A running job is written, by a model, from a plan; False if it is not running any more."""
    return await _change(
        tx,
        job_id,
        (JobState.RUNNING,),
        state=JobState.WRITTEN,
        text=text,
        plan=list(plan) or None,
        model=model[:160],
        ended_at=tx.now,
    )


async def fail(tx: Transaction, job_id: int, failure: str) -> bool:
    """A running job is given up; False if it is not running any more."""
    return await _change(
        tx, job_id, (JobState.RUNNING,), state=JobState.FAILED, failure=failure, ended_at=tx.now
    )


async def cancel(tx: Transaction, job_id: int, text: str) -> bool:
    """A job is stopped by its person; False if it has ended before.

    Args:
        tx: The step.
        job_id: The job.
        text: What was written of it, for one that is running; a written one keeps its text.
    """
    ended = {"state": JobState.CANCELLED, "ended_at": tx.now}
    return await _change(tx, job_id, (JobState.WRITTEN,), **ended) or await _change(
        tx, job_id, (JobState.WAITING, JobState.RUNNING), text=text, **ended
    )


async def withdraw(tx: Transaction, job_id: int) -> bool:
    """A teacher takes an essay away; False if it is gone already."""
    return await _change(
        tx, job_id, _WITH_TEXT, state=JobState.CANCELLED, text="", plan=None, ended_at=tx.now
    )


async def deliver(tx: Transaction, job_id: int) -> bool:
    """The last piece of a written job has arrived, and only now it has ended for its reader."""
    return await _change(
        tx, job_id, (JobState.WRITTEN,), state=JobState.DELIVERED, ended_at=tx.now
    )


async def give_up(tx: Transaction, job_id: int) -> bool:
    """A written job's pieces were held for too long."""
    ended = {"state": JobState.FAILED, "failure": "undelivered"}
    return await _change(tx, job_id, (JobState.WRITTEN,), **ended)


async def chats_of_begun(tx: Transaction) -> list[int]:
    """Groups in which an essay was begun and is not written, and may have been shown growing."""
    query = select(jobs.c.chat_id).where(
        tx.mine(jobs),
        jobs.c.state.in_((JobState.WAITING, JobState.RUNNING)),
        jobs.c.started_at.is_not(None),
        jobs.c.is_private.is_(False),
    )
    return [row.chat_id for row in await tx.rows(query.distinct())]


async def recover(tx: Transaction) -> int:
    """After a start nothing is being written: what was begins again, in its turn.

    Returns:
        How many jobs that are.
    """
    result = await tx.run(
        update(jobs)
        .where(tx.mine(jobs), jobs.c.state == JobState.RUNNING)
        .values(state=JobState.WAITING)
    )
    tx.changes.has_jobs = True
    return result.rowcount


async def move(tx: Transaction, old_id: int, new_id: int) -> None:
    """Follow a group that became a supergroup; the requests have no numbers there."""
    await tx.run(
        update(jobs)
        .where(tx.mine(jobs), jobs.c.chat_id == old_id)
        .values(chat_id=new_id, message_id=None)
    )
    tx.changes.has_jobs = True


async def forget(tx: Transaction, person: str) -> list[int]:
    """Delete a person's jobs with their topics and texts; their numbers."""
    ids = [
        row.id
        for row in await tx.rows(select(jobs.c.id).where(tx.mine(jobs), jobs.c.person == person))
    ]
    await tx.run(delete(jobs).where(tx.mine(jobs), jobs.c.person == person))
    tx.changes.has_jobs = True
    return ids


async def prune(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete jobs that ended long ago, those apart of which something is still to come."""
    owed = select(outbox.c.job_id).where(
        tx.mine(outbox), outbox.c.job_id.is_not(None), outbox.c.closed_at.is_(None)
    )
    old = (
        select(jobs.c.id)
        .where(
            tx.mine(jobs),
            jobs.c.ended_at < before,
            (jobs.c.state != JobState.WRITTEN) | jobs.c.id.not_in(owed),
        )
        .limit(limit)
    )
    result = await tx.run(delete(jobs).where(jobs.c.id.in_(old.scalar_subquery())))
    return result.rowcount


async def counts(tx: Transaction) -> dict[JobState, int]:
    """How many jobs are in each state."""
    query = (
        select(jobs.c.state, func.count().label("number"))
        .where(tx.mine(jobs))
        .group_by(jobs.c.state)
    )
    return {JobState(row.state): row.number for row in await tx.rows(query)}


async def _free_code(tx: Transaction) -> str:
    while True:
        code = new_code(RECIPE_LENGTH)
        if await by_code(tx, code) is None:
            return code


async def _change(
    tx: Transaction, job_id: int, leaves: tuple[JobState, ...], **values: Any
) -> bool:
    result = await tx.run(
        update(jobs)
        .where(tx.mine(jobs), jobs.c.id == job_id, jobs.c.state.in_(leaves))
        .values(**values)
    )
    tx.changes.has_jobs = True
    return result.rowcount == 1


async def _first(tx: Transaction, *conditions: ColumnElement[bool]) -> Job | None:
    row = await tx.first(
        select(jobs).where(tx.mine(jobs), *conditions).order_by(jobs.c.id.desc()).limit(1)
    )
    return None if row is None else job_of(row)


def job_of(row: Row[Any]) -> Job:
    """The job of a row."""
    return Job(
        id=row.id,
        token=row.token,
        update_id=row.update_id,
        request=EssayRequest(
            person=row.person,
            address=Address(row.chat_id, row.thread_id, row.message_id, row.is_private),
            topic=row.topic,
            ideas=tuple(row.ideas or ()),
            preferences=preferences_from_json(row.preferences),
            continued_from=row.continued_from,
            name=row.name,
            lesson_id=row.lesson_id,
        ),
        seed=row.seed,
        state=JobState(row.state),
        turn=row.turn,
        attempts=row.attempts,
        text=row.text,
        plan=tuple(row.plan or ()),
        created_at=row.created_at,
        code=row.code,
        model=row.model or "",
        ended_at=row.ended_at,
    )
