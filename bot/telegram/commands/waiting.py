"""The queue: look at it, leave it."""

from bot.essays.desk import Desk
from bot.storage import jobs
from bot.storage.database import Transaction
from bot.telegram.commands.answering import answer_alone
from bot.telegram.visit import Visit


async def cancel(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """``/cancelar``: stop one's own essays, wherever they are before their last message."""
    texts = visit.texts.chat
    count = 0
    leaving: list[int] = []
    if visit.person is not None:
        for job in await jobs.unfinished_of(tx, visit.person):
            theirs = await desk.cancel(tx, job, is_answered=True)
            if theirs is not None:
                count += 1
                leaving += theirs
    text = texts.cancelled(count) if count else texts.nothing_to_cancel
    # What is on its way may still land before the answer, and never after it.
    await answer_alone(tx, visit, text, waits=leaving)


async def show_queue(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """``/cola``: how many, and one's own place; nobody's name or topic."""
    texts = visit.texts.chat
    view = await desk.queue(tx, visit.person)
    lines = []
    if view.running or view.waiting:
        own = (view.own.position, view.own.estimate_s) if view.own else None
        lines.append(texts.queue(view.running, view.waiting, own))
    else:
        lines.append(texts.greeting_empty_queue)
    if view.arrives_s is not None:
        lines.append(texts.arrives(view.arrives_s))
    if view.held:
        lines.append(texts.held(view.held))
    await answer_alone(tx, visit, "\n".join(lines))
