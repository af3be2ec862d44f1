"""The bot comes into a group, leaves it, or the group becomes a supergroup."""

from datetime import timedelta
from typing import Any

from bot.classroom import acts
from bot.essays.desk import Desk
from bot.storage import chats, classes, outbox, people, upkeep
from bot.storage.database import Transaction
from bot.storage.records import Kind, Rank
from bot.telegram.commands.answering import change, tell_stranger
from bot.telegram.keyboards import LEAVE, OPEN, rows
from bot.telegram.visit import Visit

_ASKED_EVERY = timedelta(hours=1)
_GREETS_AFTER = timedelta(seconds=5)
"""A group that becomes a supergroup at this moment must not be greeted as a new one."""


async def membership_changed(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """Open or close the bot to a group, and greet it once."""
    assert visit.change is not None  # mypy: the handler is for changes
    assert visit.address is not None  # mypy: of a group
    chat_id = visit.address.chat_id
    # As an administrator it may say things to one person alone.
    await chats.allow_ephemeral(tx, chat_id)
    if visit.change.was_in and not visit.change.is_in:
        await chats.close(tx, chat_id)
    elif visit.change.is_in and not visit.change.was_in:
        # Whoever may open it did so by adding the bot (`open_for`).
        is_open = visit.opens or visit.is_open or chat_id in await chats.admitted(tx)
        not_before = tx.now + _GREETS_AFTER
        if not is_open:
            await _ask_owner(tx, visit)
            await tell_stranger(tx, visit, await closed(tx, visit), not_before=not_before)
            return
        await outbox.owe(
            tx,
            f"greeting:u{visit.update_id}",
            Kind.ANSWER,
            Rank.ANSWER,
            chat_id,
            body={"text": visit.texts.chat.group_greeting},
            not_before=not_before,
        )


async def closed(tx: Transaction, visit: Visit) -> dict[str, Any]:
    """That a group is not open, and the button with which whoever may can open it."""
    said = visit.texts.desk
    has_owner = await people.owner(tx) is not None
    text = said.closed_group if has_owner else said.ownerless_group
    return {"text": text, "markup": rows([(said.labels["open"], OPEN)])}


async def _ask_owner(tx: Transaction, visit: Visit) -> None:
    """Ask the owner in private whether a group that somebody added the bot to is to be opened."""
    assert visit.address is not None  # mypy: of a group
    private = await chats.open_private(tx, await people.owner(tx))
    key, since = f"added:{visit.person}:", tx.now - _ASKED_EVERY
    # Whoever adds the bot to many groups must not fill the owner's chat.
    if private is None or await outbox.was_owed(tx, key, since=since, chat_id=private):
        return
    said, chat_id = visit.texts.desk, visit.address.chat_id
    choices = [
        (said.labels["open"], f"{OPEN}:{chat_id}"),
        (said.labels["leave"], f"{LEAVE}:{chat_id}"),
    ]
    text = said.added(visit.name, visit.group_name)
    await acts.tell(tx, f"{key}u{visit.update_id}", private, text, markup=rows(choices))


async def _decide(tx: Transaction, visit: Visit, action: str, chat_id: int) -> str | None:
    """What the owner decides in private about a group."""
    if visit.person != await people.owner(tx) or visit.person is None:
        return visit.texts.desk.not_opener
    chat_id, said = await chats.current(tx, chat_id), visit.texts.desk
    if action == LEAVE:
        await chats.close(tx, chat_id)
        key, body = f"u{visit.update_id}:leave", {"method": "leaveChat"}
        await outbox.owe(tx, key, Kind.DO, Rank.ANSWER, chat_id, body=body)
        await change(tx, visit, said.left)
        return None
    name = visit.press.said.partition("«")[2].partition("»")[0] if visit.press else ""
    await chats.admit(tx, chat_id, visit.person)
    await classes.make(tx, chat_id=chat_id, name=name, teacher=visit.person)
    await change(tx, visit, said.opened_owner(name))
    return None


async def open_for(tx: Transaction, visit: Visit) -> None:
    """Open a group because whoever may do that spoke in it, added the bot or promoted it."""
    assert visit.address is not None  # mypy: of a group
    assert visit.person is not None  # mypy: somebody opens it
    chat_id = await chats.current(tx, visit.address.chat_id)
    await chats.admit(tx, chat_id, visit.person)
    await classes.make(tx, chat_id=chat_id, name=visit.group_name, teacher=visit.person)
    private = await chats.open_private(tx, visit.person)
    if private is not None:
        text = visit.texts.desk.opened_owner(visit.group_name)
        await acts.tell(tx, f"u{visit.update_id}:opened", private, text)


async def press_open(tx: Transaction, visit: Visit, _desk: Desk) -> str | None:
    """The button that opens a group."""
    assert visit.press is not None  # mypy: the handler is for buttons
    if not visit.is_teacher:
        return visit.texts.desk.not_opener
    action, *group = visit.press.parts
    if group:
        return await _decide(tx, visit, action, int(group[0]))
    await open_for(tx, visit)
    await change(tx, visit, visit.texts.desk.opened)
    return None


async def migrated(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """Follow a group to its new number; Telegram says so in the old group and in the new one."""
    assert visit.change is not None  # mypy: the handler is for changes
    await upkeep.migrate_chat(tx, visit.change.old_id, visit.change.new_id)
