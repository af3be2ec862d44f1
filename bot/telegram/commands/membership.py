"""The bot comes into a group, leaves it, or the group becomes a supergroup."""

from datetime import timedelta

from bot.essays.desk import Desk
from bot.storage import chats, outbox, people, upkeep
from bot.storage.database import Transaction
from bot.storage.records import Kind, Rank
from bot.telegram.visit import Visit

_GREETS_AFTER = timedelta(seconds=5)
"""A group that becomes a supergroup at this moment must not be greeted as a new one."""


async def membership_changed(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """Open or close the bot to a group, and greet it once."""
    assert visit.change is not None  # mypy: the handler is for changes
    assert visit.address is not None  # mypy: of a group
    chat_id = visit.address.chat_id
    if visit.change.was_in and not visit.change.is_in:
        await chats.close(tx, chat_id)
    elif visit.change.is_in and not visit.change.was_in:
        is_owner = visit.person is not None and visit.person == await people.owner(tx)
        if is_owner and visit.person is not None:
            await chats.admit(tx, chat_id, visit.person)
        texts = visit.texts.chat
        is_open = is_owner or visit.is_open
        await outbox.owe(
            tx,
            f"greeting:u{visit.update_id}",
            Kind.ANSWER,
            Rank.ANSWER,
            chat_id,
            body={"text": texts.group_greeting if is_open else texts.group_closed},
            not_before=tx.now + _GREETS_AFTER,
        )


async def migrated(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """Follow a group to its new number; Telegram says so in the old group and in the new one."""
    assert visit.change is not None  # mypy: the handler is for changes
    await upkeep.migrate_chat(tx, visit.change.old_id, visit.change.new_id)
