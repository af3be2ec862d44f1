"""First contact, help, privacy, strangers, and what the bot does not understand."""

from datetime import timedelta

from bot.essays.desk import Desk
from bot.storage import outbox, people
from bot.storage.database import Transaction
from bot.storage.records import Kind, Rank
from bot.telegram.commands import care
from bot.telegram.commands.answering import answer
from bot.telegram.menu import help_text
from bot.telegram.visit import Visit

_TOLD_EVERY = timedelta(hours=1)


async def start(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """``/start``, or a link, which is ``/start CODE``: the owner's, or one that was said alone."""
    texts = visit.texts.chat
    is_private = visit.address is not None and visit.address.is_private
    if not visit.text or visit.person is None or not is_private:
        await answer(tx, visit, texts.welcome)
    elif await care.reopen(tx, visit, desk):
        return
    elif await people.claim(tx, visit.person, visit.text.split()[0]):
        await answer(tx, visit, texts.owner_welcome)
    elif visit.is_admitted:
        await answer(tx, visit, texts.welcome)
    else:
        await answer(tx, visit, texts.owner_code_wrong)


async def show_help(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """``/ayuda``."""
    await answer(tx, visit, help_text(visit.texts.chat))


async def show_privacy(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """``/privacidad``."""
    await answer(tx, visit, visit.texts.chat.privacy)


async def unknown_command(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """A command of another bot, or a slip of the pen."""
    await answer(tx, visit, visit.texts.chat.unknown_command)


async def not_text(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """A photo, a voice message, a sticker: say kindly that it takes words.

    Raises:
        UnfitTopicError: What stands under it is a cry for help.
    """
    care.ensure_no_cry(visit)
    await answer(tx, visit, visit.texts.chat.not_text)


async def turn_away(tx: Transaction, visit: Visit, _desk: Desk) -> str | None:
    """Tell a stranger so, once an hour at most.

    Raises:
        UnfitTopicError: It is a cry for help, which nobody is turned away with.
    """
    care.ensure_no_cry(visit)
    texts, address = visit.texts.chat, visit.address
    if visit.press is not None:
        return texts.stranger_toast
    if address is None:
        return None
    if not address.is_private:
        text = texts.group_closed
    elif await people.owner(tx) is None:
        text = texts.unclaimed
    else:
        text = texts.stranger
    key = f"stranger:{address.chat_id}:"
    if await outbox.was_owed(tx, key, since=tx.now - _TOLD_EVERY):
        return None
    await outbox.owe(
        tx,
        f"{key}u{visit.update_id}",
        Kind.ANSWER,
        Rank.ANSWER,
        address.chat_id,
        body={"text": text},
        thread_id=address.thread_id,
        reply_to=None if address.is_private else address.message_id,
        person=visit.person,
    )
    return None


async def ignore(_tx: Transaction, _visit: Visit, _desk: Desk) -> None:
    """Nothing that concerns the bot."""
