"""First contact, help, privacy, and what the bot does not understand."""

from telegram import Update
from telegram.constants import ChatType

from bot.telegram.context import FrontContext, person_of
from bot.telegram.menu import help_text


async def start(update: Update, context: FrontContext) -> None:
    """``/start``, or the owner's link, which is ``/start CODE``."""
    texts = context.texts(update).chat
    person, chat = person_of(update), update.effective_chat
    gate = context.front.gate
    if not context.args or person is None or chat is None or chat.type != ChatType.PRIVATE:
        context.answer(update, texts.welcome)
    elif gate.store.claim(person, context.args[0]):
        context.answer(update, texts.owner_welcome)
    elif await gate.admits(update, person):
        context.answer(update, texts.welcome)
    else:
        context.answer(update, texts.owner_code_wrong)


async def show_help(update: Update, context: FrontContext) -> None:
    """``/ayuda``."""
    context.answer(update, help_text(context.texts(update).chat))


async def show_privacy(update: Update, context: FrontContext) -> None:
    """``/privacidad``."""
    context.answer(update, context.texts(update).chat.privacy)


async def unknown_command(update: Update, context: FrontContext) -> None:
    """A command of another bot, or a slip of the pen."""
    context.answer(update, context.texts(update).chat.unknown_command)


async def not_text(update: Update, context: FrontContext) -> None:
    """A photo, a voice message, a sticker: say kindly that it takes words."""
    context.answer(update, context.texts(update).chat.not_text)
