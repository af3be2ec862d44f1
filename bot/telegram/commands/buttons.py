"""The buttons under placeholders and essays."""

from dataclasses import replace

from telegram import Update

from bot.essays.job import Job, JobState
from bot.telegram import keyboards
from bot.telegram.commands.writing import submit
from bot.telegram.context import FrontContext


async def press(update: Update, context: FrontContext) -> None:
    """Cancel, another, continue or retry: only the author may press, or an admin to cancel."""
    texts = context.texts(update).chat
    kind, number = context.callback_parts(update)
    job = context.front.jobs.get(int(number))
    if job is None:
        context.toast(update, texts.button_gone)
        return
    can_admins = kind == keyboards.CANCEL
    if not await context.may_press(update, job.request.person, can_admins=can_admins):
        context.toast(update, texts.not_yours)
        return
    if kind == keyboards.CANCEL:
        is_stopped = context.front.dispatcher.cancel(job.id)
        context.toast(update, texts.stopped if is_stopped else texts.already_finished)
        if job.state is JobState.DELIVERED:
            # The bot was killed before it could remove this placeholder.
            context.remove(update)
        return
    await _write_more(update, context, job, kind)
    context.toast(update, texts.started_toast)


async def stopped_by_telegram(update: Update, context: FrontContext) -> None:
    """Telegram's own stop button beside a draft, whose number is that of the essay."""
    stopped = (update.api_kwargs or {}).get("stopped_message_generation")
    if not isinstance(stopped, dict):
        return
    draft_id = stopped.get("draft_id")
    job = context.front.jobs.get(draft_id) if isinstance(draft_id, int) else None
    # Drafts exist in private chats only, so whoever pressed is the author.
    if job is not None and job.request.address.chat_id == stopped.get("chat", {}).get("id"):
        context.front.dispatcher.cancel(job.id)


async def gone(update: Update, context: FrontContext) -> None:
    """A button that this version does not know."""
    context.toast(update, context.texts(update).chat.button_gone)


async def _write_more(update: Update, context: FrontContext, job: Job, kind: str) -> None:
    # It answers the request that it repeats, so that its author is notified.
    request = job.request
    if kind == keyboards.AGAIN:
        preferences = replace(context.preferences(update), seed=None)
        request = replace(request, preferences=preferences)
    elif kind == keyboards.CONTINUE:
        preferences = context.preferences(update)
        request = replace(request, preferences=preferences, continued_from=job.id)
    await submit(context, request)
