"""Takes over what the first version left on its way: once, at the first start of this one.

It kept with each job the number of its placeholder, how many messages had arrived, and the last
known number before one that was on its way. What this version would have owed is owed instead.
"""

from datetime import timedelta

from bot.essays.owing import owe_end, owe_essay, owe_placeholder, owe_tidy
from bot.storage import jobs, legacy, outbox, outbox_upkeep
from bot.storage.database import Database, Transaction
from bot.storage.legacy import OldDelivery
from bot.storage.records import Job, JobState, Kind

_PLACEHOLDERS_FOR = timedelta(hours=48)
"""Telegram deletes nothing older; placeholders of older jobs stay."""


async def adopt_old_deliveries(database: Database) -> int:
    """Owe what the first version owed, one job a step.

    Returns:
        How many jobs those were.
    """
    count = 0
    while await database.step("adopt", _adopt_next):
        count += 1
    return count


async def _adopt_next(tx: Transaction) -> bool:
    old = await legacy.next_delivery(tx)
    if old is None:
        return False
    job = await jobs.get(tx, old.job_id)
    if job is not None:
        await _adopt(tx, job, old)
    await legacy.done(tx, old.job_id)
    return True


async def _adopt(tx: Transaction, job: Job, old: OldDelivery) -> None:
    if job.state is JobState.WAITING:
        await owe_placeholder(tx, job)
        await _take_ack(tx, job, old)
    elif job.state is JobState.WRITTEN:
        await owe_placeholder(tx, job)
        await _take_ack(tx, job, OldDelivery(job.id, old.state, old.placeholder_id, 0, None))
        await owe_essay(tx, job, job.text)
        pieces = await outbox.of_job(tx, job.id, Kind.PIECE)
        for piece in pieces[: old.delivered_chunks]:
            await outbox_upkeep.adopt(tx, piece, message_id=None)
        if old.sending_after is not None and old.delivered_chunks < len(pieces):
            await outbox_upkeep.adopt_taken(tx, pieces[old.delivered_chunks], old.sending_after)
    elif tx.now - job.created_at < _PLACEHOLDERS_FOR:
        await _adopt_ended(tx, job, old)


async def _adopt_ended(tx: Transaction, job: Job, old: OldDelivery) -> None:
    """Whatever kept its placeholder: it must not outlive its essay.

    The first version wrote the end of a job that brought no essay into its placeholder. It says
    the same again: where it stands there already nothing changes.
    """
    if old.placeholder_id is not None and job.state is not JobState.DELIVERED:
        await owe_end(tx, job, old.placeholder_id)
    elif old.placeholder_id is not None or old.sending_after is not None:
        await owe_placeholder(tx, job)
        await _take_ack(tx, job, old)
        await owe_tidy(tx, job, [])


async def _take_ack(tx: Transaction, job: Job, old: OldDelivery) -> None:
    (ack,) = await outbox.of_job(tx, job.id, Kind.ACK)
    if old.placeholder_id is not None:
        await outbox_upkeep.adopt(tx, ack, message_id=old.placeholder_id)
    elif old.sending_after is not None:
        await outbox_upkeep.adopt_taken(tx, ack, old.sending_after)
