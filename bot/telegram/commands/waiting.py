"""The queue: look at it, leave it."""

from telegram import Update

from bot.telegram.context import FrontContext, person_of


async def cancel(update: Update, context: FrontContext) -> None:
    """``/cancelar``: stop one's own running and waiting essays."""
    texts = context.texts(update).chat
    person = person_of(update)
    stopped = context.front.dispatcher.cancel_person(person) if person else []
    context.answer(update, texts.cancelled(len(stopped)) if stopped else texts.nothing_to_cancel)


async def show_queue(update: Update, context: FrontContext) -> None:
    """``/cola``: how many, and one's own place; nobody's name or topic."""
    texts = context.texts(update).chat
    view = context.front.dispatcher.queue()
    if not view.running and not view.waiting:
        context.answer(update, texts.greeting_empty_queue)
        return
    person = person_of(update)
    own = next((job for job in view.waiting if job.request.person == person), None)
    place = context.front.dispatcher.place_of(own.id) if own else None
    mine = (place.position, place.estimate_s) if place else None
    context.answer(update, texts.queue(len(view.running), len(view.waiting), mine))
