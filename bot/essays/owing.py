"""What a job owes its chat: a sign, its messages, how it ended, and that its signs go."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.errors import RequestError
from bot.essays import messages
from bot.essays.apologies import failure_text
from bot.essays.messages import TELEGRAM_LIMIT_UNITS, shorten, title_of, without_mentions
from bot.storage import chats, classes, jobs, lessons, outbox
from bot.storage.class_settings import ClassSettings, LongTexts
from bot.storage.database import Transaction
from bot.storage.records import Address, Job, JobState, Kind, Owed, Rank, Way, user_id_of
from bot.texts import TEXTS, Texts

ACCEPTED = "✍"
"""The bot's reaction on a request that it has; taken away when the essay is there."""
_LATE_AFTER_S = 8.0
_INTERLEAVED = 3
"""Pieces after which an essay gives way to the next one, so that a long one holds nobody up."""


def texts_of(job: Job) -> Texts:
    """The texts of the language of whoever asked."""
    return TEXTS[job.request.preferences.language]


def _stopped_with(job: Job, text: str) -> str:
    head = texts_of(job).chat.stopped_with_text + "\n\n"
    return head + shorten(without_mentions(text), TELEGRAM_LIMIT_UNITS - len(head))


async def owe_placeholder(tx: Transaction, job: Job, text: str | None = None) -> None:
    """Owe the acknowledgement of a job, with a button to cancel it."""
    text = text or texts_of(job).chat.writing
    await _owe(tx, job, Kind.ACK, "ack", Rank.ANSWER, text, buttons="cancel")


async def owe_sign(tx: Transaction, job: Job, estimate_s: float | None) -> None:
    """Owe a group the sign that a request was taken in, and word of it should that take long.

    Where reactions are refused a message names all who wait, and no such word is needed.
    """
    address = job.request.address
    if not await chats.takes_reactions(tx, address.chat_id):
        return
    if address.message_id is not None:
        await _owe_reaction(tx, job, ACCEPTED, [])
    late = tx.now + timedelta(seconds=_LATE_AFTER_S)
    text = texts_of(job).chat.have_topic(estimate_s)
    await _owe(tx, job, Kind.ACK, "ack", Rank.LATE, text, buttons="cancel", not_before=late)


async def owe_no_sign(tx: Transaction, job: Job, waits: list[int]) -> None:
    """Owe that the sign on a request goes, once what it stood for is there."""
    if await outbox.of_job(tx, job.id, Kind.REACT):
        await _owe_reaction(tx, job, None, waits)


async def _owe_reaction(tx: Transaction, job: Job, emoji: str | None, waits: list[int]) -> None:
    address = job.request.address
    if address.message_id is None:
        return
    await outbox.owe_reaction(
        tx,
        f"j{job.id}:react",
        address.chat_id,
        address.message_id,
        emoji,
        person=job.request.person,
        job_id=job.id,
        waits=waits,
    )


async def owe_essay(
    tx: Transaction, job: Job, text: str, note: str = "", group_messages: int = 2
) -> None:
    """Owe the chat an essay: its messages one after another, then the end of its signs.

    Args:
        tx: The step.
        job: The essay.
        text: What was written.
        note: What is to be said under it.
        group_messages: The most messages that it may have in a group.
    """
    job = await _as_called(tx, job)
    settings = await _settings_of(tx, job)
    place = job
    if settings is not None and settings.is_private:
        place = await _in_private(tx, job)
    is_private = place.request.address.is_private
    wants_ideas = job.request.preferences.ideas
    has_ideas = wants_ideas if is_private else settings is not None and settings.has_ideas
    texts, shown = texts_of(job), without_mentions(text)
    pages = messages.pages(place, shown, texts, note, has_ideas=has_ideas)
    if settings is not None and settings.long_texts is not LongTexts.MESSAGES:
        group_messages = 1
    if not place.request.address.is_private and len(pages) > group_messages:
        is_rich = settings is not None and settings.long_texts is LongTexts.RICH
        pages = [(messages.as_rich if is_rich else messages.as_file)(job, text, texts, note)]
        if settings is not None and settings.long_texts is LongTexts.PRIVATE:
            place = await _in_private(tx, job)
            if place.request.address.is_private:
                pages = messages.pages(place, shown, texts, note, has_ideas=wants_ideas)
    has_names = settings is None or settings.has_names
    if not place.request.address.is_private and not (has_names and job.request.address.message_id):
        # Nothing that it could answer tells whose it is.
        user_id = user_id_of(job.request.person) if has_names else None
        pages[0] = pages[0].under_name(job.request.name, user_id)
    is_in_lesson = settings is not None and job.request.lesson_id is not None
    has_votes = is_in_lesson and settings is not None and settings.has_votes
    is_private = place.request.address.is_private
    more = {"votes": has_votes and not is_private, "ideas": is_private and has_ideas and job.plan}
    more = {name: True for name, is_there in more.items() if is_there}
    waits: list[int] = []
    for number, page in enumerate(pages, start=1):
        row_id = await _owe(
            tx,
            place,
            Kind.PIECE,
            f"p{number}",
            Rank.PIECE,
            page.text,
            buttons="essay" if number == len(pages) else None,
            turn=job.turn + (number - 1) // _INTERLEAVED,
            waits=waits,
            more={**page.extras(), **(more if number == len(pages) else {})},
            is_reply=has_names,
        )
        waits = [] if row_id is None else [row_id]
    await owe_tidy(tx, job, waits)
    await owe_no_sign(tx, job, waits)


async def _as_called(tx: Transaction, job: Job) -> Job:
    """The same job under the name that its class reads."""
    request = job.request
    name = await classes.called(tx, request.person, request.name, request.address.chat_id)
    return replace(job, request=replace(request, name=name))


async def _settings_of(tx: Transaction, job: Job) -> ClassSettings | None:
    """What was decided for the class of a group, or for that in whose lesson it was asked."""
    its_class = await classes.of_chat(tx, job.request.address.chat_id)
    if its_class is None and job.request.lesson_id is not None:
        lesson = await lessons.get(tx, job.request.lesson_id)
        its_class = None if lesson is None else await classes.get(tx, lesson.class_id)
    return None if its_class is None else its_class.settings


async def _in_private(tx: Transaction, job: Job) -> Job:
    """The same job as if it had been asked for in the person's private chat, if that is open."""
    chat_id = await chats.open_private(tx, job.request.person)
    if chat_id is None:
        return job
    address = Address(chat_id, None, None, is_private=True)
    return replace(job, request=replace(job.request, address=address))


async def owe_stop(tx: Transaction, job: Job, text: str, waits: list[int]) -> None:
    """Owe the person the word that a job is stopped, with what was written of it."""
    word, buttons = texts_of(job).chat.stopped, None
    if text:
        word, buttons = _stopped_with(job, text), "essay"
    await _owe(tx, job, Kind.WORD, "word", Rank.ANSWER, word, buttons=buttons, waits=waits)


async def owe_failure(tx: Transaction, job: Job, error: RequestError) -> None:
    """Owe the person what went wrong, with a button to try again."""
    text = failure_text(error, texts_of(job).failures)
    await _owe(tx, job, Kind.WORD, "word", Rank.ANSWER, text, buttons="retry")
    await owe_tidy(tx, job, [])
    await owe_no_sign(tx, job, [])


async def owe_end(tx: Transaction, job: Job, placeholder_id: int) -> None:
    """Owe that a placeholder says how its job ended, where that was not with an essay."""
    texts = texts_of(job)
    text, buttons = texts.chat.stopped, None
    if job.state is JobState.FAILED:
        text, buttons = texts.failures.unknown, "retry"
    elif job.text:
        text, buttons = _stopped_with(job, job.text), "essay"
    await _owe(
        tx, job, Kind.EDIT, "end", Rank.CHANGE, text, buttons=buttons, target=placeholder_id
    )


async def owe_removal(tx: Transaction, job: Job, waits: list[int]) -> None:
    """Owe that an essay is taken away from its chat, and that its author hears of it alone."""
    texts, request = texts_of(job).safety, job.request
    for row in await outbox.of_job(tx, job.id, Kind.PIECE, Kind.WORD):
        if row.message_id is None:
            continue
        if row.bundle is not None:
            await _owe_others_again(tx, job, row, texts.removed_for_all)
            continue
        await outbox.owe(
            tx,
            f"j{job.id}:gone{row.id}",
            Kind.TIDY,
            Rank.ANSWER,
            row.chat_id,
            body={"closing": texts.removed_for_all},
            job_id=job.id,
            person=request.person,
            target=row.message_id,
            waits=waits,
        )
    text, address = texts.removed_for_author(title_of(job, 40)), request.address
    ways = [Way(address.chat_id, {"text": text}, address.thread_id, address.message_id)]
    user_id = request.person.removeprefix("user:")
    if not address.is_private and user_id.isdecimal():
        whisper = {"text": text, "only_for": {"receiver_user_id": int(user_id)}}
        private = Way(int(user_id), {"text": text})
        ways = [private, Way(address.chat_id, whisper, address.thread_id), *ways]
    await outbox.owe_alone(tx, f"j{job.id}:removed", request.person, ways)


async def _owe_others_again(tx: Transaction, job: Job, row: Owed, instead: str) -> None:
    """Owe that a message of several essays says the others again, and that this one is gone."""
    rows = []
    for other in await outbox.sent_together(tx, row):
        found = None if other.job_id is None else await jobs.get(tx, other.job_id)
        if found is None:
            continue
        found = await _as_called(tx, found)
        text = without_mentions(found.text) if found.id != job.id else instead
        page = messages.pages(found, text or instead, texts_of(found))[0]
        language = found.request.preferences.language
        body = {
            "text": page.text,
            "entities": page.entities,
            "sheaf": page.sheaf,
            "buttons": "essay",
            "token": found.token,
            "lang": language,
        }
        rows.append({"person": found.request.person, "body": body})
    await outbox.owe(
        tx,
        f"b{row.bundle}:again",
        Kind.EDIT,
        Rank.ANSWER,
        row.chat_id,
        body={"rows": rows},
        target=row.message_id,
    )


async def owe_tidy(tx: Transaction, job: Job, waits: list[int]) -> None:
    """Owe the removal of a job's placeholder, if it is there or may come to be."""
    for ack in await outbox.of_job(tx, job.id, Kind.ACK):
        if ack.message_id is None:
            # What has not left is taken back; what may be there is looked for before.
            leaving = await outbox.retract(tx, job.id, Kind.ACK)
            if not leaving:
                return
        await outbox.owe(
            tx,
            f"j{job.id}:tidy",
            Kind.TIDY,
            Rank.TIDY,
            ack.chat_id,
            body={"lang": job.request.preferences.language},
            job_id=job.id,
            person=job.request.person,
            target=ack.message_id,
            waits=[*waits, ack.id],
        )


async def _owe(
    tx: Transaction,
    job: Job,
    kind: Kind,
    name: str,
    rank: Rank,
    text: str,
    *,
    buttons: str | None = None,
    turn: int = 0,
    waits: list[int] | tuple[int, ...] = (),
    target: int | None = None,
    not_before: datetime | None = None,
    more: dict[str, Any] | None = None,
    is_reply: bool = True,
) -> int | None:
    address = job.request.address
    return await outbox.owe(
        tx,
        f"j{job.id}:{name}",
        kind,
        rank,
        address.chat_id,
        body={
            "text": text,
            "buttons": buttons,
            "token": job.token,
            "lang": job.request.preferences.language,
            **(more or {}),
        },
        thread_id=address.thread_id,
        reply_to=address.message_id if is_reply else None,
        target=target,
        person=job.request.person,
        job_id=job.id,
        turn=turn,
        waits=waits,
        not_before=not_before,
    )
