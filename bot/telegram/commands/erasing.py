"""``/borrar``: delete what the bot keeps about a person."""

from bot.essays.desk import Desk
from bot.storage import upkeep
from bot.storage.database import Transaction
from bot.telegram.access import Visit
from bot.telegram.commands.answering import answer as owe_answer
from bot.telegram.commands.answering import change
from bot.telegram.keyboards import erase_keyboard, unpacked


async def ask(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """Ask first."""
    if visit.person is not None:
        texts = visit.texts.chat
        await owe_answer(tx, visit, texts.erase_ask, erase_keyboard(visit.person, texts))


async def answer(tx: Transaction, visit: Visit, _desk: Desk) -> str | None:
    """Delete, or not. What is being written is not running any more, and so ends unheard."""
    texts = visit.texts.chat
    assert visit.press is not None  # mypy: the handler is for buttons
    _, owner, choice = visit.press.parts
    if not visit.press.is_owner and not visit.press.is_admin:
        return texts.not_yours
    if visit.press.is_admin and not owner.startswith("c"):
        return texts.not_yours
    if choice != "yes":
        await change(tx, visit, texts.erase_kept)
        return None
    # The answer comes when nothing of the person can come any more.
    leaving = await upkeep.forget_person(tx, unpacked(owner))
    tx.changes.has_erased = True
    await change(tx, visit, texts.erased, waits=leaving)
    return None
