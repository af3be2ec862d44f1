"""What goes through all tables at once: a person leaves, a chat moves, old rows go."""

from datetime import datetime, timedelta

from bot.storage import chats, inbox, jobs, outbox, people
from bot.storage.database import Database, Transaction

_INBOX_FOR = timedelta(days=2)
"""Telegram repeats an update for a day at most."""
_ROWS_A_STEP = 500


async def forget_person(tx: Transaction, person: str) -> list[int]:
    """Delete everything kept about a person: settings, questions, topics and essays.

    Returns:
        Rows of the outbox that are on their way; nothing more comes once they are closed.
    """
    private_chat_id = int(person.removeprefix("user:")) if person.startswith("user:") else None
    await people.forget(tx, person)
    job_ids = await jobs.forget(tx, person)
    await inbox.forget_person(tx, person, private_chat_id)
    return await outbox.forget(tx, person, job_ids)


async def migrate_chat(tx: Transaction, old_id: int, new_id: int) -> None:
    """Follow a group that became a supergroup, whoever tells it first and however often."""
    if old_id == new_id:
        return
    await chats.move(tx, old_id, new_id)
    # Also when the move is known: what was owed before may still be owed to the old number.
    await jobs.move(tx, old_id, new_id)
    await outbox.move(tx, old_id, new_id)


async def prune(database: Database, keep_for: timedelta) -> int:
    """Delete what is older than anything is kept, a few rows a step.

    Returns:
        How many rows went.
    """
    count = 0
    while deleted := await database.step("prune", lambda tx: _prune(tx, tx.now - keep_for)):
        count += deleted
    await database.scrub()
    return count


async def _prune(tx: Transaction, before: datetime) -> int:
    return (
        await inbox.prune(tx, tx.now - _INBOX_FOR, _ROWS_A_STEP)
        + await jobs.prune(tx, before, _ROWS_A_STEP)
        + await outbox.prune(tx, before, _ROWS_A_STEP)
    )
