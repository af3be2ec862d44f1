"""What everybody in a class may press: take part, when is it my turn, I like it."""

from bot.essays.desk import Desk
from bot.storage import chats, jobs, lessons
from bot.storage.database import Transaction
from bot.storage.records import Address, EssayRequest, Job, JobState
from bot.telegram import keyboards
from bot.telegram.commands import correcting
from bot.telegram.commands.writing import submit
from bot.telegram.visit import Visit


async def press(tx: Transaction, visit: Visit, desk: Desk) -> str | None:
    """A button that anybody in the class may press."""
    assert visit.press is not None  # mypy: the handler is for buttons
    kind, *rest = visit.press.parts
    if visit.person is None or visit.address is None:
        return visit.texts.chat.button_gone
    if kind == keyboards.JOIN:
        return await _join(tx, visit, desk, int(rest[0]))
    if kind == keyboards.WHEN:
        return await _when(tx, visit, desk)
    job = await jobs.by_token(tx, rest[0])
    if job is None or not await _can_see(tx, visit, job):
        return visit.texts.chat.button_gone
    if kind == keyboards.MARK:
        return await correcting.mark(tx, visit, job, *rest[1:])
    is_there = await lessons.vote(tx, job.id, visit.person)
    return visit.texts.desk.voted if is_there else visit.texts.desk.vote_gone


async def _can_see(tx: Transaction, visit: Visit, job: Job) -> bool:
    """Whether an essay stands in this chat, or was asked for in the class of whoever presses."""
    assert visit.address is not None  # mypy: asked before
    here = await chats.current(tx, visit.address.chat_id)
    return job.request.address.chat_id == here or job.request.person == visit.person


async def _join(tx: Transaction, visit: Visit, desk: Desk, lesson_id: int) -> str:
    said = visit.texts.desk
    lesson = visit.lesson
    if lesson is None or lesson.id != lesson_id or lesson.topic is None:
        return said.over
    assert visit.person is not None  # mypy: asked before
    assert visit.address is not None  # mypy: the same
    for job in await lessons.essays(tx, lesson.id):
        is_it = job.request.person == visit.person and job.request.topic == lesson.topic
        if is_it and job.state in (JobState.WRITTEN, JobState.DELIVERED):
            return said.has_own(job.code or "")
        if is_it and job.state in (JobState.WAITING, JobState.RUNNING):
            return await _when(tx, visit, desk)
    # There is no message of theirs to answer.
    address = Address(visit.address.chat_id, visit.address.thread_id, None, is_private=False)
    request = EssayRequest(visit.person, address, lesson.topic, visit.ruled)
    job_made = await submit(tx, visit, desk, request)
    if lesson.is_paused:
        return said.waits_pause
    view = await desk.queue(tx, visit.person)
    return said.joined(view.own.estimate_s if job_made and view.own else None)


async def _when(tx: Transaction, visit: Visit, desk: Desk) -> str:
    said = visit.texts.desk
    view = await desk.queue(tx, visit.person)
    if view.own is None:
        return said.waits_not
    if visit.lesson is not None and visit.lesson.is_paused:
        return said.waits_pause
    return said.waits(view.own.position, view.own.estimate_s)
