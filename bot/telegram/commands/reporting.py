"""``Avisar``: a reader objects to an essay; a teacher sees it, without who it was, and decides."""

from collections.abc import Mapping

from bot.essays.desk import Desk
from bot.essays.messages import split_text, title_of, without_mentions
from bot.storage import chats, classes, jobs, lessons, outbox, people
from bot.storage.database import Transaction
from bot.storage.records import Job, Kind, Rank, Way
from bot.telegram import keyboards
from bot.telegram.commands.answering import LATER, answer_alone, settle
from bot.telegram.commands.care import teacher_of
from bot.telegram.keyboards import data, rows
from bot.telegram.visit import Visit
from bot.texts import TEXTS

_NO_ALARM = ("false", "nothing")
"""What no teacher is told of at once."""


async def press(tx: Transaction, visit: Visit, desk: Desk) -> str | None:
    """A button of a report: anybody's who sees the essay, or the teacher's."""
    assert visit.press is not None  # mypy: the handler is for buttons
    kind, token, *rest = visit.press.parts
    job = await jobs.by_token(tx, token)
    if job is None or not job.text:
        return visit.texts.safety.gone
    if kind in (keyboards.REPORT, keyboards.REASON):
        if not await _can_read(tx, visit, job):
            return visit.texts.chat.button_gone
        if kind == keyboards.REPORT:
            return await _ask_reason(tx, visit, job)
        return await _take_reason(tx, visit, job, rest[0] if rest else "")
    if visit.person is None or visit.person != await _teacher_of(tx, job):
        return visit.texts.chat.not_yours
    return await _decide(tx, visit, desk, job, kind)


async def _can_read(tx: Transaction, visit: Visit, job: Job) -> bool:
    """Whether the button is in the essay's chat, or in the private chat where it was asked on."""
    if visit.address is None:
        return False
    here = await chats.current(tx, visit.address.chat_id)
    is_asked = visit.address.is_private and not job.request.address.is_private
    return here == job.request.address.chat_id or is_asked


async def _ask_reason(tx: Transaction, visit: Visit, job: Job) -> str | None:
    texts = visit.texts.safety
    markup = rows(
        *(
            [(label, data(keyboards.REASON, job.token, reason))]
            for reason, label in texts.reasons.items()
        )
    )
    is_later = await answer_alone(tx, visit, texts.ask_reason, markup, in_public=False)
    return LATER if is_later else None


async def _take_reason(tx: Transaction, visit: Visit, job: Job, reason: str) -> str | None:
    texts = visit.texts.safety
    if visit.person is None or reason not in texts.reasons:
        return visit.texts.chat.button_gone
    if await lessons.reasons_of(tx, job.id) is not None:
        stored = None if reason == "nothing" else reason
        await lessons.complain(tx, job.id, visit.person, stored)
        if reason not in _NO_ALARM:
            await _tell_teacher(tx, visit, job)
    return await settle(tx, visit, texts.thanks[reason])


async def _tell_teacher(tx: Transaction, visit: Visit, job: Job) -> None:
    """Tell a teacher what readers say of an essay, in one message that grows with them."""
    teacher = await _teacher_of(tx, job)
    counts = await lessons.reasons_of(tx, job.id)
    if teacher is None or counts is None:
        return
    theirs = await people.preferences(tx, teacher)
    texts = TEXTS[(theirs or visit.preferences).language].safety
    said: Mapping[str, int] = {
        reason: count for reason, count in counts.items() if reason not in _NO_ALARM
    }
    title = title_of(job)
    request = job.request
    name = await classes.called(tx, request.person, request.name, request.address.chat_id)
    text = texts.reported(job.code or "", title, name, said)
    markup = rows(
        [
            (texts.button_view, data(keyboards.VIEW, job.token)),
            (texts.button_remove, data(keyboards.REMOVE, job.token)),
        ],
        [(texts.button_fine, data(keyboards.FINE, job.token))],
    )
    body = {"text": text, "markup": markup}
    chat_id, key = int(teacher.removeprefix("user:")), f"report:j{job.id}"
    # It is the author's, so that it goes with whatever else is kept of them.
    await outbox.owe_alone(tx, key, job.request.person, [Way(chat_id, body)])
    told = await outbox.by_key(tx, key)
    if told is not None and told.message_id is not None:
        await outbox.owe(
            tx,
            f"c{chat_id}:m{told.message_id}",
            Kind.EDIT,
            Rank.CHANGE,
            chat_id,
            body=body,
            target=told.message_id,
            person=job.request.person,
        )


async def _decide(tx: Transaction, visit: Visit, desk: Desk, job: Job, kind: str) -> str | None:
    texts = visit.texts.safety
    if kind == keyboards.VIEW:
        await _show(tx, visit, job)
        return None
    await lessons.settle(tx, job.id)
    if kind == keyboards.REMOVE:
        await desk.remove(tx, job)
        return await settle(tx, visit, texts.removed)
    return await settle(tx, visit, texts.fine)


async def _show(tx: Transaction, visit: Visit, job: Job) -> None:
    """The whole text, to the teacher."""
    assert visit.address is not None  # mypy: a button is in a chat
    for number, piece in enumerate(split_text(without_mentions(job.text))):
        await outbox.owe(
            tx,
            f"u{visit.update_id}:text{number}",
            Kind.ANSWER,
            Rank.ANSWER,
            visit.address.chat_id,
            body={"text": piece},
            turn=number,
            person=job.request.person,
        )


async def _teacher_of(tx: Transaction, job: Job) -> str | None:
    request = job.request
    in_class = None
    if request.lesson_id is not None:
        lesson = await lessons.get(tx, request.lesson_id)
        in_class = await classes.get(tx, lesson.class_id) if lesson else None
    in_class = in_class or await classes.of_person(tx, request.person, request.address.chat_id)
    return await teacher_of(tx, in_class)
