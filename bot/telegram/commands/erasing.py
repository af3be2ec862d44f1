"""``/borrar``: delete what the bot keeps about a person."""

from datetime import timedelta
from typing import Any

from bot.essays.desk import Desk
from bot.storage import outbox, upkeep
from bot.storage.database import Database, Transaction
from bot.storage.records import Kind, Rank
from bot.telegram.commands.answering import answer as owe_answer
from bot.telegram.commands.answering import change
from bot.telegram.commands.config_fields import folded
from bot.telegram.keyboards import erase_keyboard, unpacked
from bot.telegram.visit import Visit

_AT_LAST_AFTER = timedelta(minutes=15)


async def ask(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """Ask first."""
    person, texts = visit.person, visit.texts.chat
    if person is None:
        return
    if not visit.is_channel:
        await owe_answer(tx, visit, texts.erase_ask, erase_keyboard(person, texts))
    elif folded(visit.text.strip(" .!")) == folded(texts.erase_word):
        assert visit.address is not None  # mypy: a command is in a chat
        await _forget(tx, visit, person, Kind.ANSWER, reply_to=visit.address.message_id)
    else:
        # Nobody presses a button as a channel.
        await owe_answer(tx, visit, f"{texts.erase_ask}\n\n{texts.erase_in_words}")


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
    if visit.address is None or visit.press.message_id is None:
        return texts.button_gone
    await _forget(tx, visit, unpacked(owner), Kind.EDIT, target=visit.press.message_id)
    return None


async def _forget(tx: Transaction, visit: Visit, person: str, kind: Kind, **where: Any) -> None:
    # The word comes when nothing of the person can come any more, and no byte of them is left in
    # the file (`finish`); should that take long, then at last without.
    assert visit.address is not None  # mypy: its callers answered there
    leaving = await upkeep.forget_person(tx, person)
    await outbox.owe(
        tx,
        _key(visit),
        kind,
        Rank.ANSWER,
        visit.address.chat_id,
        body={"text": visit.texts.chat.erased},
        thread_id=visit.address.thread_id,
        waits=leaving,
        not_before=tx.now + _AT_LAST_AFTER,
        **where,
    )


async def finish(database: Database, visit: Visit) -> None:
    """Leave no byte of whoever was forgotten, then let the word go."""
    await database.scrub()
    await database.step("hasten", lambda tx: outbox.hasten(tx, _key(visit)))


def _key(visit: Visit) -> str:
    return f"u{visit.update_id}:erased"
