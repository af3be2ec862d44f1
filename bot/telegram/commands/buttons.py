"""The buttons under placeholders and essays."""

from dataclasses import replace

from bot.essays.desk import Desk
from bot.storage import chats, holding, jobs, outbox
from bot.storage.database import Transaction
from bot.storage.records import Job, JobState, Kind, Rank, Style
from bot.telegram import keyboards
from bot.telegram.commands.answering import settle
from bot.telegram.commands.writing import ask_ideas, submit
from bot.telegram.visit import Visit


async def press(tx: Transaction, visit: Visit, desk: Desk) -> str | None:
    """Cancel, another, continue, retry, receive, a style: for the author, or an admin who cancels.

    A button acts only in the chat that its essay belongs to; what was asked alone in private too.
    """
    texts = visit.texts.chat
    assert visit.press is not None  # mypy: the handler is for buttons
    assert visit.address is not None  # mypy: a button is in a chat
    kind, token, *rest = visit.press.parts
    job = await jobs.by_token(tx, token)
    here = await chats.current(tx, visit.address.chat_id)
    # What was asked for in a group may have come in private.
    if job is None or here not in await _places(tx, job, kind):
        return texts.button_gone
    # An anonymous admin or a channel presses no buttons: then any admin of the group may.
    can_admins = kind == keyboards.CANCEL or job.request.person.startswith("chat:")
    if not visit.press.is_owner and not (can_admins and visit.press.is_admin):
        return texts.not_yours
    if kind == keyboards.CANCEL:
        return await _cancel(tx, visit, desk, job)
    if kind == keyboards.RECEIVE:
        await _remove(tx, visit, job)
        return texts.started_toast if await holding.receive(tx, job.id) else texts.already_finished
    if kind in (keyboards.SWAP, keyboards.KEEP):
        return await _swap(tx, visit, desk, job, is_wanted=kind == keyboards.SWAP)
    if kind == keyboards.STYLE:
        return await _write_in_style(tx, visit, desk, job, rest[0])
    if kind == keyboards.IDEAS:
        await ask_ideas(tx, visit, job)
        return None
    await _write_more(tx, visit, desk, job, kind)
    return texts.started_toast


async def _write_in_style(
    tx: Transaction, visit: Visit, desk: Desk, job: Job, style: str
) -> str | None:
    """Write a serious topic in the style that was chosen for it, or leave it."""
    texts = visit.texts.safety
    if style not in texts.button_styles:
        return await settle(tx, visit, texts.other)
    preferences = replace(job.request.preferences, style=Style(style))
    await desk.accept(tx, replace(job.request, preferences=preferences), visit.update_id)
    return await settle(tx, visit, texts.chosen(texts.button_styles[style].lower()))


async def _swap(
    tx: Transaction, visit: Visit, desk: Desk, job: Job, *, is_wanted: bool
) -> str | None:
    """Write about a mended topic in place of what it was before, or leave it."""
    address = job.request.address
    if not is_wanted or address.message_id is None:
        return await settle(tx, visit, visit.texts.chat.kept_topic)
    before = await jobs.of_request(tx, job.request.person, address.chat_id, address.message_id)
    if before is not None and before.state in (JobState.WAITING, JobState.RUNNING):
        # Nobody wants the beginning of it.
        desk.drafts.pop(before.id, None)
        await desk.cancel(tx, before, is_answered=True)
    await submit(tx, visit, desk, job.request)
    return await settle(tx, visit, visit.texts.chat.started_toast)


async def stopped_by_telegram(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """Telegram's own stop button beside a draft, whose number is that of the essay."""
    if visit.draft_id is None or visit.address is None:
        return
    job = await jobs.get(tx, visit.draft_id)
    # Drafts exist in private chats only, so whoever pressed is the author.
    if job is not None and job.request.address.chat_id == visit.address.chat_id:
        await desk.cancel(tx, job)


async def gone(_tx: Transaction, visit: Visit, _desk: Desk) -> str:
    """A button that this version does not know."""
    return visit.texts.chat.button_gone


async def _places(tx: Transaction, job: Job, kind: str) -> set[int]:
    """The chats in which a button of a job acts: its own, and where its essay came."""
    places = {job.request.address.chat_id}
    places |= {row.chat_id for row in await outbox.of_job(tx, job.id, Kind.PIECE)}
    asked_alone = (keyboards.STYLE, keyboards.SWAP, keyboards.KEEP)
    if kind in asked_alone and job.request.person.startswith("user:"):
        places.add(int(job.request.person.removeprefix("user:")))
    return places


async def _cancel(tx: Transaction, visit: Visit, desk: Desk, job: Job) -> str:
    texts = visit.texts.chat
    if await desk.cancel(tx, job) is not None:
        return texts.stopped
    if job.state is not JobState.DELIVERED:
        return texts.already_finished
    # The placeholder is there though its essay is: whatever kept it, it is removed now.
    await _remove(tx, visit, job)
    return texts.already_finished


async def _remove(tx: Transaction, visit: Visit, job: Job) -> None:
    """Owe the removal of the message whose button was pressed."""
    assert visit.press is not None  # mypy: the handler is for buttons
    if visit.press.message_id is None:
        return
    await outbox.owe(
        tx,
        f"u{visit.update_id}:tidy",
        Kind.TIDY,
        Rank.TIDY,
        job.request.address.chat_id,
        body={"lang": visit.preferences.language},
        target=visit.press.message_id,
    )


async def _write_more(tx: Transaction, visit: Visit, desk: Desk, job: Job, kind: str) -> None:
    # It answers the request that it repeats, so that its author is notified.
    request = job.request
    if kind == keyboards.AGAIN:
        preferences = replace(visit.ruled, seed=None)
        request = replace(request, preferences=preferences, continued_from=None, ideas=())
    elif kind == keyboards.CONTINUE:
        request = replace(request, preferences=visit.ruled, continued_from=job.id, ideas=())
    await submit(tx, visit, desk, request)
