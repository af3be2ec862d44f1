"""What happens to whole parts of the outbox: starts, groups that move, people who leave, age."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import String, cast, delete, literal, select, update

from bot.storage import jobs
from bot.storage.database import Transaction
from bot.storage.outbox import (
    ABOUT_MESSAGES,
    ALIVE,
    as_owed,
    close,
    drop_all,
    owe,
    owe_reaction,
    pending_chats,
)
from bot.storage.records import PENDING, Kind, OutboxState, Owed, Rank
from bot.storage.schema import outbox


async def move(tx: Transaction, old_id: int, new_id: int) -> None:
    """Follow a group that became a supergroup.

    Nothing of the old group can be changed any more, and nothing is known of the new one's
    numbers, so that what was on its way is sent again.
    """
    there = [tx.mine(outbox), outbox.c.chat_id == old_id, outbox.c.state.in_(ALIVE)]
    await drop_all(tx, *there, outbox.c.kind.in_(ABOUT_MESSAGES), reason="moved")
    await drop_all(tx, *there, outbox.c.key.like("greeting:%"), reason="moved")
    await drop_all(tx, *there, outbox.c.is_wanted.is_(False), reason="moved")
    await tx.run(
        update(outbox)
        .where(*there)
        .values(
            chat_id=new_id,
            reply_to=None,
            state=OutboxState.OPEN,
            base=None,
            bundle=None,
            probed=None,
            not_before=None,
            reason=None,
        )
    )
    tx.changes.chats.update((old_id, new_id))


async def forget(tx: Transaction, person: str, job_ids: Collection[int]) -> list[int]:
    """Delete what is owed to a person who wants to be forgotten.

    Removals stay, without a name, and so does what is on its way, without its text, until it is
    clear that nothing more will come of it.

    Returns:
        Rows that are on their way.
    """
    theirs = (outbox.c.person == person) | outbox.c.job_id.in_(list(job_ids))
    mine = [tx.mine(outbox), theirs]
    await _take_signs_away(tx, job_ids)
    tidy = outbox.c.kind == Kind.TIDY
    await _tidy_after(tx, job_ids)
    taken = await tx.rows(select(outbox.c.id).where(*mine, outbox.c.state == OutboxState.SENDING))
    # The numbers of messages stay: whoever looks for another must not take these for it.
    is_nothing = (outbox.c.state != OutboxState.SENDING) & outbox.c.message_id.is_(None)
    await tx.run(delete(outbox).where(*mine, is_nothing, ~tidy))
    # An acknowledgement names no topic, and its text is needed to find it.
    await tx.run(update(outbox).where(*mine, outbox.c.kind != Kind.ACK, ~tidy).values(body=None))
    # Nor does its key name anybody.
    nobody = literal("gone:") + cast(outbox.c.id, String)
    await tx.run(update(outbox).where(*mine, ~tidy).values(is_wanted=False, key=nobody))
    await tx.run(update(outbox).where(*mine).values(person=None, job_id=None))
    return [row.id for row in taken]


async def _take_signs_away(tx: Transaction, job_ids: Collection[int]) -> None:
    """Owe the removal of every reaction on the requests of these jobs, without a name."""
    query = select(outbox).where(
        tx.mine(outbox), outbox.c.job_id.in_(list(job_ids)), outbox.c.kind == Kind.REACT
    )
    for sign in [as_owed(row) for row in await tx.rows(query)]:
        await tx.run(delete(outbox).where(outbox.c.id == sign.id))
        await owe_reaction(tx, f"gone:{sign.id}", sign.chat_id, sign.target, None)


async def _tidy_after(tx: Transaction, job_ids: Collection[int]) -> None:
    """Owe the removal of every placeholder of these jobs that may be there."""
    tidied = select(outbox.c.job_id).where(tx.mine(outbox), outbox.c.kind == Kind.TIDY)
    query = select(outbox).where(
        tx.mine(outbox),
        outbox.c.job_id.in_(list(job_ids)),
        outbox.c.kind == Kind.ACK,
        outbox.c.state.in_((OutboxState.SENDING, OutboxState.SENT)),
        outbox.c.job_id.not_in(tidied),
    )
    for ack in [as_owed(row) for row in await tx.rows(query)]:
        await owe(
            tx,
            f"j{ack.job_id}:tidy",
            Kind.TIDY,
            Rank.TIDY,
            ack.chat_id,
            body={"lang": ack.body["lang"]} if "lang" in ack.body else {},
            job_id=ack.job_id,
            target=ack.message_id,
            waits=[ack.id],
        )


async def adopt(tx: Transaction, row: Owed, message_id: int | None) -> None:
    """The first version had this delivered."""
    await tx.run(update(outbox).where(outbox.c.id == row.id).values(state=OutboxState.SENDING))
    await close(tx, [row], message_id)


async def adopt_taken(tx: Transaction, row: Owed, base: int) -> None:
    """The first version had this on its way when it was killed."""
    await tx.run(
        update(outbox)
        .where(outbox.c.id == row.id)
        .values(state=OutboxState.SENDING, base=base, tries=1)
    )


async def recover(tx: Transaction) -> None:
    """After a start what was on its way is in doubt, and looked for at once."""
    await tx.run(
        update(outbox).where(tx.mine(outbox), outbox.c.state.in_(PENDING)).values(not_before=None)
    )
    tx.changes.chats.update(await pending_chats(tx))


async def prune(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete rows closed long ago, and give up what was held for as long."""
    dead = await tx.rows(
        update(outbox)
        .where(
            tx.mine(outbox),
            outbox.c.state == OutboxState.HELD,
            outbox.c.created_at < before,
        )
        .values(state=OutboxState.DEAD, body=None, person=None, closed_at=tx.now)
        .returning(outbox.c.kind, outbox.c.job_id)
    )
    for job_id in {row.job_id for row in dead if row.kind == Kind.PIECE}:
        await jobs.give_up(tx, job_id)
    old = select(outbox.c.id).where(tx.mine(outbox), outbox.c.closed_at < before).limit(limit)
    result = await tx.run(delete(outbox).where(outbox.c.id.in_(old.scalar_subquery())))
    return result.rowcount
