"""``/borrar``: delete what the bot keeps about a person."""

from telegram import Update

from bot.telegram.context import FrontContext, person_of
from bot.telegram.keyboards import erase_keyboard, unpacked


async def ask(update: Update, context: FrontContext) -> None:
    """Ask first."""
    person = person_of(update)
    if person is not None:
        texts = context.texts(update).chat
        context.answer(update, texts.erase_ask, erase_keyboard(person, texts))


async def answer(update: Update, context: FrontContext) -> None:
    """Delete, or not."""
    texts = context.texts(update).chat
    _, owner, choice = context.callback_parts(update)
    person = unpacked(owner)
    if not await context.may_press(update, person):
        context.toast(update, texts.not_yours)
        return
    if choice == "yes":
        # What is being written for them would otherwise arrive after all.
        context.front.dispatcher.cancel_person(person)
        context.front.people.forget(person)
    context.toast(update)
    context.change(update, texts.erased if choice == "yes" else texts.erase_kept)
