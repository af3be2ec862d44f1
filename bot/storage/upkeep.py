"""What goes through all tables at once: a person leaves, a chat moves, old rows go."""

import logging
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.storage import chats, classes, inbox, inquiries, jobs, lessons, outbox_upkeep, people
from bot.storage.database import Database, Transaction

logger = logging.getLogger(__name__)

_INBOX_FOR = timedelta(days=2)
"""Telegram repeats an update for a day at most."""
_ROWS_A_STEP = 500
_JUMP_S = 60.0
_DOUBTFUL_FOR_S = 3600.0


class ClockWatch:
    """Tells whether the clock can be believed when it says how old something is.

    A clock that jumps, or that was wrong when the machine started, must not have anything deleted.

    Args:
        clock: The time, UTC.
        monotonic: Seconds that never jump.
    """

    def __init__(self, clock: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._offset_s = self._look_s()
        self._looked_s = monotonic()
        self._doubtful_until_s = -math.inf

    def is_doubtful(self) -> bool:
        """Whether within the last hour the clock jumped, or something spoke against it.

        To be asked every minute or so: in between a jump there and back is not seen.
        """
        now_s, offset_s = self._monotonic(), self._look_s()
        if abs(offset_s - self._offset_s) > _JUMP_S:
            logger.warning("the clock jumped; nothing old is deleted for an hour")
            self.doubt()
            self._offset_s, self._looked_s = offset_s, now_s
        elif now_s - self._looked_s > _DOUBTFUL_FOR_S:
            self._offset_s, self._looked_s = offset_s, now_s
        return now_s < self._doubtful_until_s

    def doubt(self) -> None:
        """Something speaks against the clock."""
        self._doubtful_until_s = self._monotonic() + _DOUBTFUL_FOR_S

    def _look_s(self) -> float:
        return self._clock().astimezone(UTC).timestamp() - self._monotonic()


async def forget_person(tx: Transaction, person: str) -> list[int]:
    """Delete everything kept about a person: settings, questions, topics, essays, rosters, votes.

    Returns:
        Rows of the outbox that are on their way; nothing more comes once they are closed.
    """
    private_chat_id = int(person.removeprefix("user:")) if person.startswith("user:") else None
    await people.forget(tx, person)
    if private_chat_id is not None:
        await chats.forget(tx, private_chat_id)
    await classes.forget(tx, person)
    await inquiries.forget(tx, person)
    job_ids = await jobs.forget(tx, person)
    await lessons.forget(tx, person, job_ids)
    await inbox.forget_person(tx, person, private_chat_id)
    return await outbox_upkeep.forget(tx, person, job_ids)


async def migrate_chat(tx: Transaction, old_id: int, new_id: int) -> None:
    """Follow a group that became a supergroup, whoever tells it first and however often."""
    if old_id == new_id:
        return
    await chats.move(tx, old_id, new_id)
    # Also when the move is known: what was owed before may still be owed to the old number.
    await classes.move(tx, old_id, new_id)
    await inquiries.move(tx, old_id, new_id)
    await jobs.move(tx, old_id, new_id)
    await outbox_upkeep.move(tx, old_id, new_id)


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
        + await outbox_upkeep.prune(tx, before, _ROWS_A_STEP)
        + await jobs.prune(tx, before, _ROWS_A_STEP)
        + await classes.prune(tx, before)
        + await inquiries.prune(tx, before)
        + await lessons.prune(tx, before)
        + await chats.prune(tx)
    )
