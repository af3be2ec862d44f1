"""What the first version kept of deliveries, until the first start of this one takes it over."""

from dataclasses import dataclass

from sqlalchemy import delete, select

from bot.storage.database import Transaction
from bot.storage.schema import jobs_0001


@dataclass(frozen=True, slots=True)
class OldDelivery:
    """How far the first version was with a job.

    Attributes:
        job_id: The job.
        state: Its state then.
        placeholder_id: The message that acknowledged it, or None.
        delivered_chunks: Messages of its essay that had arrived.
        sending_after: While a message was on its way, the last number known before; else None.
    """

    job_id: int
    state: str
    placeholder_id: int | None
    delivered_chunks: int
    sending_after: int | None


async def next_delivery(tx: Transaction) -> OldDelivery | None:
    """One that is not taken over yet."""
    row = await tx.first(
        select(jobs_0001).where(tx.mine(jobs_0001)).order_by(jobs_0001.c.job_id).limit(1)
    )
    if row is None:
        return None
    return OldDelivery(
        row.job_id, row.state, row.placeholder_id, row.delivered_chunks, row.sending_after
    )


async def done(tx: Transaction, job_id: int) -> None:
    """It is taken over."""
    await tx.run(delete(jobs_0001).where(tx.mine(jobs_0001), jobs_0001.c.job_id == job_id))
