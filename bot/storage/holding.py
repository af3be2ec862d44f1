"""What Telegram refuses for now is held, and offered again when its chat can be written to."""

from datetime import timedelta

from sqlalchemy import ColumnElement, func, select, update

from bot.storage.database import Transaction
from bot.storage.outbox import drop_all, of_job, owe
from bot.storage.records import PENDING, Kind, OutboxState, Owed, Rank
from bot.storage.schema import outbox

_STALE_AFTER = timedelta(hours=1)
"""An answer that was held for longer is of no use any more."""
_OFFERED_AFTER = timedelta(days=1)
"""An essay that comes so much later is not sent unasked."""
_OFFERED = "offered"
"""The reason of pieces that wait for their person to ask for them."""
_HOLD_FIRST, _HOLD_LONGEST = timedelta(minutes=15), timedelta(hours=6)
_WORTH_HOLDING = (
    Kind.PIECE,
    Kind.WORD,
    Kind.ANSWER,
    Kind.QUESTION,
    Kind.BOARD,
    Kind.TIDY,
)
_REFUSED = "refused"
"""The reason of a doubt that cannot be looked into while its chat refuses."""


async def hold(tx: Transaction, rows: list[Owed], reason: str) -> int:
    """Telegram refuses these for now: they wait until their chat can be written to.

    An acknowledgement or a change is not worth waiting for, and is dropped.

    Returns:
        How many are held by this.
    """
    return await _hold(
        tx, outbox.c.id.in_([row.id for row in rows]), max(row.tries for row in rows), reason
    )


async def hold_around(tx: Transaction, row: Owed, reason: str, *, only_topic: bool) -> int:
    """Telegram refuses the chat of a row, or its topic: all that is owed there waits.

    What is in doubt there stays in doubt, and is looked for afterwards.

    Returns:
        How many rows are held by this.
    """
    there = outbox.c.chat_id == row.chat_id
    if only_topic:
        there &= outbox.c.thread_id == row.thread_id
    await tx.run(
        update(outbox)
        .where(tx.mine(outbox), there, outbox.c.state == OutboxState.SENDING)
        .values(not_before=tx.now + _hold_for(row.tries), reason=_REFUSED)
    )
    return await _hold(tx, there & (outbox.c.state == OutboxState.OPEN), row.tries, reason)


async def _hold(tx: Transaction, which: ColumnElement[bool], tries: int, reason: str) -> int:
    where = [tx.mine(outbox), which, outbox.c.state.in_(PENDING)]
    doomed = outbox.c.kind.not_in(_WORTH_HOLDING) | outbox.c.is_wanted.is_(False)
    await drop_all(tx, *where, doomed, reason=reason)
    result = await tx.run(
        update(outbox)
        .where(*where)
        .values(
            state=OutboxState.HELD,
            reason=reason[:48],
            base=None,
            bundle=None,
            probed=None,
            not_before=tx.now + _hold_for(tries),
        )
    )
    return result.rowcount


def _hold_for(tries: int) -> timedelta:
    doublings = min(max(tries - 1, 0), 8)
    return min(_HOLD_FIRST * int(2**doublings), _HOLD_LONGEST)


async def release_chat(tx: Transaction, chat_id: int) -> None:
    """A chat was heard from: offer it what was held."""
    await _release(tx, outbox.c.chat_id == chat_id)
    looked_for = await tx.run(
        update(outbox)
        .where(
            tx.mine(outbox),
            outbox.c.chat_id == chat_id,
            outbox.c.state == OutboxState.SENDING,
            outbox.c.reason == _REFUSED,
        )
        .values(not_before=None, reason=None)
    )
    if looked_for.rowcount:
        tx.changes.chats.add(chat_id)


async def is_any_due(tx: Transaction) -> bool:
    """Whether something was held for long enough."""
    query = select(outbox.c.id).where(
        tx.mine(outbox), outbox.c.state == OutboxState.HELD, outbox.c.not_before <= tx.now
    )
    return await tx.first(query.limit(1)) is not None


async def release_due(tx: Transaction) -> None:
    """Offer again what was held for long enough."""
    await _release(tx, outbox.c.not_before <= tx.now)


async def _release(tx: Transaction, where: ColumnElement[bool]) -> None:
    held = [
        tx.mine(outbox),
        outbox.c.state == OutboxState.HELD,
        outbox.c.reason != _OFFERED,
        where,
    ]
    chats_held = await tx.rows(select(outbox.c.chat_id).where(*held).distinct())
    if not chats_held:
        return
    stale = outbox.c.kind.in_((Kind.ANSWER, Kind.QUESTION))
    await drop_all(tx, *held, stale, outbox.c.created_at < tx.now - _STALE_AFTER, reason="stale")
    late = select(outbox.c.job_id).where(
        *held,
        outbox.c.kind == Kind.PIECE,
        outbox.c.job_id.is_not(None),
        outbox.c.created_at < tx.now - _OFFERED_AFTER,
    )
    for row in await tx.rows(late.distinct()):
        await _offer(tx, row.job_id)
    await tx.run(
        update(outbox).where(*held).values(state=OutboxState.OPEN, not_before=None, reason=None)
    )
    tx.changes.chats.update(row.chat_id for row in chats_held)


async def _offer(tx: Transaction, job_id: int) -> None:
    """Keep what is left of an essay, and owe a button with which its person gets it."""
    pieces = [
        row
        for row in await of_job(tx, job_id, Kind.PIECE)
        if row.state in (OutboxState.OPEN, OutboxState.HELD)
    ]
    await tx.run(
        update(outbox)
        .where(outbox.c.id.in_([row.id for row in pieces]))
        .values(state=OutboxState.HELD, reason=_OFFERED, not_before=None)
    )
    first = pieces[0]
    await owe(
        tx,
        f"j{job_id}:kept:{int(tx.now.timestamp())}",
        Kind.WORD,
        Rank.ANSWER,
        first.chat_id,
        body={"buttons": "kept", "token": first.body["token"], "lang": first.body["lang"]},
        thread_id=first.thread_id,
        reply_to=first.reply_to,
        person=first.person,
        job_id=job_id,
    )


async def receive(tx: Transaction, job_id: int) -> bool:
    """A person asks for the essay that was kept for them; False if there is nothing left of it."""
    rows = await tx.rows(
        update(outbox)
        .where(
            tx.mine(outbox),
            outbox.c.job_id == job_id,
            outbox.c.state == OutboxState.HELD,
            outbox.c.reason == _OFFERED,
        )
        .values(state=OutboxState.OPEN, reason=None, created_at=tx.now)
        .returning(outbox.c.chat_id)
    )
    tx.changes.chats.update(row.chat_id for row in rows)
    return bool(rows)


async def held(tx: Transaction, person: str | None = None) -> dict[str, int]:
    """How many messages are held, by reason; of a person or of all."""
    query = select(outbox.c.reason, func.count().label("number")).where(
        tx.mine(outbox), outbox.c.state == OutboxState.HELD, outbox.c.kind != Kind.TIDY
    )
    if person is not None:
        query = query.where(outbox.c.person == person)
    rows = await tx.rows(query.group_by(outbox.c.reason))
    return {row.reason: row.number for row in rows}
