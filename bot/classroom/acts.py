"""What a teacher does with a lesson and with its essays; each is part of one step."""

from dataclasses import replace
from typing import Any

from bot.classroom import report
from bot.classroom.names import names_in
from bot.classroom.report import Report
from bot.essays.desk import Desk
from bot.essays.owing import texts_of
from bot.storage import classes, lessons, outbox
from bot.storage.class_settings import ClassSettings
from bot.storage.classes import Class
from bot.storage.database import Transaction
from bot.storage.lessons import Lesson
from bot.storage.records import Job, JobState, Kind, Rank
from bot.texts import Texts


async def tell(
    tx: Transaction,
    key: str,
    chat_id: int | None,
    text: str,
    *,
    thread_id: int | None = None,
    **body: Any,
) -> None:
    """Owe a group, or somebody's private chat, a sentence; nobody if there is no such chat."""
    if chat_id is not None:
        said = {"text": text, **body}
        await outbox.owe(
            tx, key, Kind.ANSWER, Rank.ANSWER, chat_id, body=said, thread_id=thread_id
        )


async def tell_class(tx: Transaction, key: str, its_class: Class, text: str, **body: Any) -> None:
    """Owe a class a sentence, where it works; nobody if it has no group."""
    thread_id = its_class.settings.thread_id
    await tell(tx, key, its_class.chat_id, text, thread_id=thread_id, **body)


async def pause(
    tx: Transaction, key: str, its_class: Class, lesson: Lesson, texts: Texts, *, is_paused: bool
) -> None:
    """Keep topics without writing, or go on; the group hears of it once."""
    if lesson.is_paused == is_paused:
        return
    await lessons.change(tx, lesson.id, is_paused=is_paused)
    said = texts.classroom.board
    await tell_class(tx, key, its_class, said.paused if is_paused else said.resumed)


async def waiting(tx: Transaction, lesson: Lesson) -> list[Job]:
    """Essays of a lesson that nobody has begun to write."""
    found = await lessons.essays(tx, lesson.id)
    return [job for job in found if job.state is JobState.WAITING]


async def clear(tx: Transaction, desk: Desk, lesson: Lesson, *, with_running: bool) -> int:
    """Take what waits out of the queue, or what is being written too, and tell its authors.

    Returns:
        How many essays that were.
    """
    states = (JobState.WAITING, JobState.RUNNING) if with_running else (JobState.WAITING,)
    count = 0
    for job in await lessons.essays(tx, lesson.id):
        if job.state not in states:
            continue
        if await desk.cancel(tx, job, is_answered=True) is None:
            continue
        count += 1
        address = job.request.address
        await outbox.owe(
            tx,
            f"j{job.id}:cleared",
            Kind.WORD,
            Rank.ANSWER,
            address.chat_id,
            body={"text": texts_of(job).desk.cleared_student},
            thread_id=address.thread_id,
            reply_to=address.message_id,
            person=job.request.person,
        )
    return count


async def decide(tx: Transaction, its_class: Class, **changes: Any) -> Class:
    """Change settings of a class.

    Raises:
        InvalidParameterError: A value is outside its range.
    """
    settings = replace(its_class.settings, **changes)
    await classes.decide(tx, its_class.id, settings)
    return replace(its_class, settings=settings)


def with_fixed(settings: ClassSettings, name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401
    """The change of settings that fixes a field of ``Preferences``, or frees it with None."""
    fixed = {one: known for one, known in settings.fixed.items() if one != name}
    return {"fixed": fixed if value is None else {**fixed, name: value}}


async def report_of(
    tx: Transaction, its_class: Class, lesson: Lesson, texts: Texts, retention_days: int
) -> Report | None:
    """Everything for the report of a lesson; None if nothing was written in it."""
    asked = await lessons.essays(tx, lesson.id)
    written = [
        job for job in asked if job.text and job.state in (JobState.WRITTEN, JobState.DELIVERED)
    ]
    if not written:
        return None
    has_names = its_class.settings.has_names
    open_ones = await lessons.open_complaints(tx, its_class.id, its_class.chat_id)
    return Report(
        lesson=lesson,
        class_name=its_class.name,
        essays=written,
        names=names_in(lesson, asked, texts.classroom.report.pseudonyms, has_names=has_names),
        has_names=has_names,
        votes=await lessons.vote_counts(tx, [job.id for job in written]),
        complaints={one.job.id: sum(one.reasons.values()) for one in open_ones},
        retention_days=retention_days,
        now=tx.now,
    )


async def send_report(
    tx: Transaction, key: str, chat_id: int, whole: Report, texts: Texts, person: str | None
) -> None:
    """Owe a private chat the report: for reading, and for a spreadsheet."""
    caption = texts.desk.report_caption(whole.lesson.title)
    for ending, content, text in (
        ("html", report.as_html(whole, texts), caption),
        ("csv", report.as_csv(whole, texts), ""),
    ):
        await outbox.owe(
            tx,
            f"{key}:{ending}",
            Kind.ANSWER,
            Rank.ANSWER,
            chat_id,
            body={
                "text": text,
                "file": {"name": report.file_name(whole, ending), "text": content},
            },
            person=person,
        )
