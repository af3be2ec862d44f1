"""What the bot owes to chats, and every way in which a row of it may change.

A row is written in the step that makes it owed and closed only with Telegram's answer in hand::

    owe → open → take → sending → close → sent
           │ ↖           │  │
           │  put_back ──┘  └ doubt: in doubt until it is found or put back
           ├ hold → held → release → open
           └ drop → dropped                     held for too long → dead

Holding and releasing are in ``holding``, what a start or age does to it in ``outbox_upkeep``.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    func,
    select,
    update,
)

from bot.storage import chats, jobs
from bot.storage.database import Transaction
from bot.storage.records import PENDING, Kind, OutboxState, Owed, Rank, Way
from bot.storage.schema import outbox

_LOOKED_AT = 40
"""Rows of a chat that are looked at together for the next ones."""
_QUESTION_FOR = timedelta(hours=1)
ALIVE = (OutboxState.OPEN, OutboxState.SENDING, OutboxState.HELD)
_REPLACED = (Kind.EDIT, Kind.REACT)
"""Kinds of which only the latest wish counts."""
ABOUT_MESSAGES = (Kind.EDIT, Kind.TIDY, Kind.REACT, Kind.DO)
"""Kinds that are about a message which is there; in a group that moved there is none any more."""


async def owe(
    tx: Transaction,
    key: str,
    kind: Kind,
    rank: Rank,
    chat_id: int,
    *,
    body: dict[str, Any] | None = None,
    thread_id: int | None = None,
    reply_to: int | None = None,
    target: int | None = None,
    person: str | None = None,
    job_id: int | None = None,
    turn: int = 0,
    waits: Iterable[int] = (),
    not_before: datetime | None = None,
) -> int | None:
    """Owe a chat something.

    Args:
        tx: The step that makes it owed.
        key: What it is. A message that has this key is owed once; a change takes the place of an
            earlier one.
        kind: What it is.
        rank: What goes first.
        chat_id: The chat.
        body: ``text`` and what is under it.
        thread_id: The forum topic, or None.
        reply_to: The message that it answers.
        target: The message that it changes or removes.
        person: Whose it is.
        job_id: The job that it belongs to.
        turn: Place among rows of the same rank.
        waits: Rows that must be closed before.
        not_before: When it may be sent.

    Returns:
        The row's number, or None if it was owed before, or cannot be any more.
    """
    current_id = await chats.current(tx, chat_id)
    if current_id != chat_id:
        # The group became a supergroup; its messages have no numbers there.
        if kind in ABOUT_MESSAGES:
            return None
        chat_id, reply_to = current_id, None
    values: dict[str, Any] = {
        "kind": kind,
        "rank": rank,
        "chat_id": chat_id,
        "thread_id": thread_id,
        "job_id": job_id,
        "person": person,
        "turn": turn,
        "waits": list(waits) or None,
        "body": body or {},
        "reply_to": reply_to,
        "target": target,
        "state": OutboxState.OPEN,
        "not_before": not_before,
    }
    tx.changes.chats.add(chat_id)
    row = await tx.insert_new(outbox, key=key, created_at=tx.now, **values)
    if row is None and kind in _REPLACED:
        await tx.run(
            update(outbox)
            .where(tx.mine(outbox), outbox.c.key == key)
            .values(
                **values,
                version=outbox.c.version + 1,
                plainness=0,
                tries=0,
                reason=None,
                closed_at=None,
            )
        )
    return None if row is None else int(row.id)


async def owe_reaction(
    tx: Transaction,
    key: str,
    chat_id: int,
    target: int | None,
    emoji: str | None,
    *,
    person: str | None = None,
    job_id: int | None = None,
    waits: Iterable[int] = (),
) -> None:
    """Owe a reaction on a message; None takes it away."""
    await owe(
        tx,
        key,
        Kind.REACT,
        Rank.CHANGE,
        chat_id,
        body={"emoji": emoji},
        target=target,
        person=person,
        job_id=job_id,
        waits=waits,
    )


async def owe_alone(
    tx: Transaction, key: str, person: str, ways: Sequence[Way], waits: Iterable[int] = ()
) -> None:
    """Owe somebody an answer by the first way that Telegram lets through.

    Args:
        tx: The step.
        key: What it is; owed once.
        person: Whose it is.
        ways: At least one, the best first.
        waits: Rows that must be closed before.
    """
    way, *others = ways
    body = dict(way.body)
    if others:
        body["otherwise"] = [asdict(other) for other in others]
    row_id = await owe(
        tx,
        key,
        Kind.ANSWER,
        Rank.ANSWER,
        way.chat_id,
        body=body,
        thread_id=way.thread_id,
        reply_to=way.reply_to,
        person=person,
        waits=waits,
    )
    if row_id is None:
        return
    if way.for_s is not None:
        await owe_removal(tx, key, way.chat_id, row_id, person, after_s=way.for_s)
    if way.sign is not None:
        await owe_reaction(tx, f"{key}:sign", person=person, **way.sign)


async def owe_removal(
    tx: Transaction, key: str, chat_id: int, row_id: int, person: str | None, *, after_s: float
) -> None:
    """Owe the removal of a message some time after it came."""
    await owe(
        tx,
        f"{key}:tidy",
        Kind.TIDY,
        Rank.TIDY,
        chat_id,
        person=person,
        waits=[row_id],
        not_before=tx.now + timedelta(seconds=after_s),
    )


async def go_another_way(tx: Transaction, row: Owed, reason: str) -> None:
    """Telegram refuses a row that can be said otherwise."""
    await drop_all(tx, outbox.c.id == row.id, reason=reason)
    ways = [Way(**way) for way in row.body["otherwise"]]
    await owe_alone(tx, f"{row.key}+", row.person or "", ways)


async def get(tx: Transaction, row_id: int) -> Owed | None:
    """One row."""
    row = await tx.first(select(outbox).where(outbox.c.id == row_id))
    return None if row is None else as_owed(row)


async def by_key(tx: Transaction, key: str) -> Owed | None:
    """The row that was owed under a key."""
    row = await tx.first(select(outbox).where(tx.mine(outbox), outbox.c.key == key))
    return None if row is None else as_owed(row)


async def live_board(tx: Transaction, chat_id: int) -> Owed | None:
    """The board of a chat, if it has one."""
    row = await tx.first(select(outbox).where(*_live_boards(tx), outbox.c.chat_id == chat_id))
    return None if row is None else as_owed(row)


async def chats_with_board(tx: Transaction) -> list[int]:
    """Chats that have a board."""
    query = select(outbox.c.chat_id).where(*_live_boards(tx)).distinct()
    return [row.chat_id for row in await tx.rows(query)]


async def retire_board(tx: Transaction, row: Owed) -> None:
    """A board says nothing new any more, and no earlier change of it is owed."""
    await tx.run(update(outbox).where(outbox.c.id == row.id).values(is_wanted=False))
    left = (outbox.c.id == row.id) & (outbox.c.state != OutboxState.SENDING)
    its = left | (outbox.c.key == f"{row.key}:edit")
    await drop_all(tx, tx.mine(outbox), its, reason="retired")


def _live_boards(tx: Transaction) -> list[ColumnElement[bool]]:
    states = (OutboxState.OPEN, OutboxState.SENDING, OutboxState.SENT, OutboxState.HELD)
    is_board = outbox.c.kind == Kind.BOARD
    return [tx.mine(outbox), is_board, outbox.c.is_wanted.is_(True), outbox.c.state.in_(states)]


async def of_job(tx: Transaction, job_id: int, *kinds: Kind) -> list[Owed]:
    """Rows of a job, of some kinds or of all, in order."""
    query = select(outbox).where(tx.mine(outbox), outbox.c.job_id == job_id)
    if kinds:
        query = query.where(outbox.c.kind.in_(kinds))
    return [as_owed(row) for row in await tx.rows(query.order_by(outbox.c.id))]


async def pending_chats(tx: Transaction) -> list[int]:
    """Chats to which something can be sent."""
    query = select(outbox.c.chat_id).where(tx.mine(outbox), outbox.c.state.in_(PENDING)).distinct()
    return [row.chat_id for row in await tx.rows(query)]


async def ready(tx: Transaction, chat_id: int) -> tuple[list[Owed], datetime | None]:
    """What may go to a chat now, what comes first at the head.

    Returns:
        Rows whose time has come and that wait for no other, and when to look again if there are
        others.
    """
    query = (
        select(outbox)
        .where(tx.mine(outbox), outbox.c.chat_id == chat_id, outbox.c.state.in_(PENDING))
        .where(outbox.c.kind != Kind.REACT)
        .order_by(outbox.c.rank, outbox.c.turn, outbox.c.id)
        .limit(_LOOKED_AT)
    )
    later: list[datetime] = []
    for page in count():
        rows = [as_owed(row) for row in await tx.rows(query.offset(page * _LOOKED_AT))]
        closed = await _closed(tx, {number for row in rows for number in row.waits})
        free = [row for row in rows if closed.issuperset(row.waits)]
        due = [row for row in free if row.not_before is None or row.not_before <= tx.now]
        later += [row.not_before for row in free if row.not_before and row.not_before > tx.now]
        # Many that wait for one another must not hide what comes behind them.
        if due or len(rows) < _LOOKED_AT:
            break
    return due, min(later, default=None)


async def reactions(tx: Transaction, chat_id: int) -> tuple[list[Owed], datetime | None]:
    """Reactions that may go to a chat now, and when to look again if there are others."""
    query = (
        select(outbox)
        .where(
            tx.mine(outbox),
            outbox.c.chat_id == chat_id,
            outbox.c.kind == Kind.REACT,
            outbox.c.state == OutboxState.OPEN,
        )
        .order_by(outbox.c.id)
    )
    rows = [as_owed(row) for row in await tx.rows(query)]
    closed = await _closed(tx, {number for row in rows for number in row.waits})
    free = [row for row in rows if closed.issuperset(row.waits)]
    due = [row for row in free if row.not_before is None or row.not_before <= tx.now]
    later = [row.not_before for row in free if row.not_before and row.not_before > tx.now]
    return due, min(later, default=None)


async def refuse_reactions(tx: Transaction, chat_id: int) -> None:
    """A chat takes no reactions: nobody is owed one there any more."""
    its = (tx.mine(outbox), outbox.c.chat_id == chat_id, outbox.c.kind == Kind.REACT)
    await drop_all(tx, *its, reason="refused")


async def _closed(tx: Transaction, numbers: Collection[int]) -> set[int]:
    """Which of these rows are closed; a row that was deleted is."""
    if not numbers:
        return set()
    alive = await tx.rows(
        select(outbox.c.id).where(outbox.c.id.in_(numbers), outbox.c.state.in_(ALIVE))
    )
    return set(numbers) - {row.id for row in alive}


async def take(tx: Transaction, rows: list[Owed], until: datetime | None = None) -> list[Owed]:
    """Note that rows are about to leave in one message, before its request does.

    Above the greatest number known now it will be found if its answer is lost.

    Args:
        tx: The step.
        rows: What is in the message.
        until: When it is in doubt, if nothing is known of it by then.

    Returns:
        Those that may leave, as they are then.
    """
    known = await chats.last_number(tx, rows[0].chat_id)
    base = max(known, *(row.reply_to or 0 for row in rows))
    taken: list[Owed] = []
    for row in rows:
        bundle = (taken[0].id if taken else row.id) if len(rows) > 1 else None
        result = await tx.first(
            update(outbox)
            .where(
                outbox.c.id == row.id,
                outbox.c.state == OutboxState.OPEN,
                outbox.c.version == row.version,
            )
            .values(
                state=OutboxState.SENDING,
                base=base,
                bundle=bundle,
                probed=None,
                tries=outbox.c.tries + 1,
                not_before=until,
            )
            .returning(outbox)
        )
        if result is not None:
            taken.append(as_owed(result))
    return taken


async def together(tx: Transaction, row: Owed) -> list[Owed]:
    """The rows that left in one message with this one, it included, in order."""
    if row.bundle is None:
        found = await get(tx, row.id)
        return [row if found is None else found]
    query = select(outbox).where(
        tx.mine(outbox), outbox.c.bundle == row.bundle, outbox.c.state == OutboxState.SENDING
    )
    return [as_owed(one) for one in await tx.rows(query.order_by(outbox.c.id))] or [row]


async def close(tx: Transaction, rows: list[Owed], message_id: int | None = None) -> None:
    """Telegram did what rows ask for in one request.

    Args:
        tx: The step.
        rows: As they were when their request was made; a change that came since stays owed.
        message_id: The number of the message, or None if it has none.
    """
    for row in rows:
        result = await tx.run(
            update(outbox)
            .where(outbox.c.id == row.id, outbox.c.state.in_(PENDING))
            .where(outbox.c.version == row.version)
            .values(
                state=OutboxState.SENT,
                body=None,
                message_id=message_id,
                closed_at=tx.now,
                not_before=None,
                reason=None,
            )
        )
        tx.changes.chats.add(row.chat_id)
        if result.rowcount == 0:
            continue
        if message_id is not None:
            await chats.saw(tx, row.chat_id, message_id)
        await _settle_job(tx, row)


async def drop(tx: Transaction, row: Owed, reason: str) -> None:
    """Nobody needs a row any more, or it can never be done."""
    await drop_all(tx, outbox.c.id == row.id, reason=reason)
    await _settle_job(tx, row)


async def put_back(
    tx: Transaction,
    rows: list[Owed],
    *,
    not_before: datetime | None = None,
    plainness: int = 0,
    is_try: bool = False,
) -> None:
    """Telegram certainly did not do it: they are open again, or dropped if nobody wants them.

    Args:
        tx: The step.
        rows: What was asked for in one request.
        not_before: When to ask again.
        plainness: What to leave out then, besides what was left out before.
        is_try: Whether to count a request; those for messages are counted when they leave.
    """
    for row in rows:
        if not row.is_wanted:
            await drop(tx, row, "unwanted")
            continue
        await tx.run(
            update(outbox)
            .where(outbox.c.id == row.id, outbox.c.state.in_(PENDING))
            .values(
                state=OutboxState.OPEN,
                base=None,
                bundle=None,
                probed=None,
                not_before=not_before,
                reason=None,
                plainness=row.plainness | plainness,
                tries=outbox.c.tries + int(is_try),
            )
        )
        # Meanwhile somebody may have stopped wanting it.
        await drop_all(
            tx,
            outbox.c.id == row.id,
            outbox.c.is_wanted.is_(False),
            outbox.c.state == OutboxState.OPEN,
            reason="unwanted",
        )
        tx.changes.chats.add(row.chat_id)


async def pieces_until(tx: Transaction, job_id: int) -> tuple[int, int] | None:
    """The chat to which a job owes a piece, and how many pieces leave there until its first has.

    None if it owes none that may leave.
    """
    is_piece = (outbox.c.kind == Kind.PIECE, outbox.c.state.in_(PENDING))
    query = select(outbox).where(tx.mine(outbox), outbox.c.job_id == job_id, *is_piece)
    own = await tx.first(query.order_by(outbox.c.id).limit(1))
    if own is None:
        return None
    before = (outbox.c.turn < own.turn) | ((outbox.c.turn == own.turn) & (outbox.c.id <= own.id))
    count = await tx.value(
        select(func.count()).where(
            tx.mine(outbox), outbox.c.chat_id == own.chat_id, *is_piece, before
        )
    )
    return own.chat_id, int(count or 0)


async def sent_together(tx: Transaction, row: Owed) -> list[Owed]:
    """The rows whose essays stand in one message with this one's, it included, in order."""
    query = select(outbox).where(
        tx.mine(outbox), outbox.c.bundle == row.bundle, outbox.c.state == OutboxState.SENT
    )
    return [as_owed(one) for one in await tx.rows(query.order_by(outbox.c.id))]


async def doubt(
    tx: Transaction, rows: list[Owed], *, not_before: datetime, probed: int | None = None
) -> None:
    """A message may be there or not: look again then, behind the last number looked at."""
    values: dict[str, Any] = {"not_before": not_before, "reason": None}
    if probed is not None:
        values["probed"] = probed
    await tx.run(
        update(outbox)
        .where(outbox.c.id.in_([row.id for row in rows]), outbox.c.state == OutboxState.SENDING)
        .values(**values)
    )
    tx.changes.chats.update(row.chat_id for row in rows)


async def aim(tx: Transaction, rows: list[Owed]) -> list[Owed]:
    """Find the placeholders that removals are about; a removal without one is dropped."""
    aimed = []
    for row in rows:
        target = row.target
        if target is None and row.waits:
            # The last row that it waits for is the placeholder.
            target = await number_of(tx, row.waits[-1])
        if target is None:
            await drop(tx, row, "nothing to remove")
            continue
        await tx.run(update(outbox).where(outbox.c.id == row.id).values(target=target))
        aimed.append(replace(row, target=target))
    return aimed


async def number_of(tx: Transaction, row_id: int) -> int | None:
    """The number of a row's message, if it is there."""
    number: int | None = await tx.value(select(outbox.c.message_id).where(outbox.c.id == row_id))
    return number


async def open_answers(tx: Transaction, chat_id: int, person: str) -> list[Owed]:
    """Answers to a person in a chat that are to come."""
    query = select(outbox).where(
        tx.mine(outbox),
        outbox.c.chat_id == chat_id,
        outbox.c.person == person,
        outbox.c.kind == Kind.ANSWER,
        outbox.c.is_wanted.is_(True),
        outbox.c.state.in_(PENDING),
    )
    return [as_owed(row) for row in await tx.rows(query)]


async def was_owed(
    tx: Transaction,
    key: str,
    *,
    since: datetime,
    chat_id: int | None = None,
    person: str | None = None,
) -> bool:
    """Whether something whose key begins so became owed since then.

    One of chat and person must be named, by which it is found however many rows there are.
    """
    whose = outbox.c.person == person if chat_id is None else outbox.c.chat_id == chat_id
    begins = outbox.c.key.startswith(key, autoescape=True)
    query = select(outbox.c.id).where(tx.mine(outbox), whose, begins, outbox.c.created_at > since)
    return await tx.first(query.limit(1)) is not None


async def count_in_doubt(tx: Transaction) -> int:
    """How many messages are on their way or in doubt, over all chats."""
    return int(
        await tx.value(
            select(func.count()).where(tx.mine(outbox), outbox.c.state == OutboxState.SENDING)
        )
        or 0
    )


async def retract(tx: Transaction, job_id: int, *kinds: Kind) -> list[int]:
    """Take back what a job owes: what has not left is dropped, the rest is not wanted any more.

    Returns:
        Rows that are on their way, whose end others may have to wait for.
    """
    of_it = [tx.mine(outbox), outbox.c.job_id == job_id, outbox.c.kind.in_(kinds)]
    await drop_all(
        tx, *of_it, outbox.c.state.in_((OutboxState.OPEN, OutboxState.HELD)), reason="retracted"
    )
    await tx.run(
        update(outbox).where(*of_it, outbox.c.state == OutboxState.SENDING).values(is_wanted=False)
    )
    rows = await tx.rows(select(outbox.c.id).where(*of_it, outbox.c.state == OutboxState.SENDING))
    return [row.id for row in rows]


async def open_questions(tx: Transaction, person: str, chat_id: int) -> list[Owed]:
    """Questions for a topic that a person was asked in a chat within the hour."""
    query = select(outbox).where(
        tx.mine(outbox),
        outbox.c.person == person,
        outbox.c.chat_id == chat_id,
        outbox.c.kind == Kind.QUESTION,
        outbox.c.is_wanted.is_(True),
        outbox.c.state.in_((*PENDING, OutboxState.SENT)),
        outbox.c.created_at > tx.now - _QUESTION_FOR,
    )
    return [as_owed(row) for row in await tx.rows(query.order_by(outbox.c.id))]


async def answer_question(tx: Transaction, question: Owed) -> None:
    """A question was answered, or is of no use any more."""
    await tx.run(update(outbox).where(outbox.c.id == question.id).values(is_wanted=False))
    await drop_all(
        tx, outbox.c.id == question.id, outbox.c.state == OutboxState.OPEN, reason="answered"
    )


async def backlog(tx: Transaction) -> tuple[int, float]:
    """How many rows are to be sent, and the age of the oldest in seconds."""
    row = await tx.first(
        select(func.count().label("number"), func.min(outbox.c.created_at).label("oldest")).where(
            tx.mine(outbox), outbox.c.state.in_(PENDING)
        )
    )
    if row is None or row.oldest is None:
        return 0, 0.0
    return row.number, (tx.now - row.oldest).total_seconds()


async def sent_since(tx: Transaction, since: datetime) -> list[tuple[int, datetime]]:
    """Chat and time of every request that Telegram counted lately, oldest first."""
    query = (
        select(outbox.c.id, outbox.c.kind, outbox.c.chat_id, outbox.c.closed_at, outbox.c.bundle)
        .where(tx.mine(outbox), outbox.c.closed_at > since, outbox.c.state == OutboxState.SENT)
        .where(outbox.c.kind != Kind.REACT)
        .order_by(outbox.c.closed_at)
    )
    # Removals that were closed together were one request, and so were the essays of a sheaf.
    requests = {
        (row.chat_id, row.closed_at, None if row.kind == Kind.TIDY else row.bundle or row.id): row
        for row in await tx.rows(query)
    }
    return [(row.chat_id, row.closed_at) for row in requests.values()]


async def troubled_chats(tx: Transaction) -> list[int]:
    """Chats to which requests left that no closed row tells of: lost, refused, or for show."""
    refused = outbox.c.state.in_(PENDING) & (outbox.c.tries > 0)
    rows = await tx.rows(select(outbox.c.chat_id).where(tx.mine(outbox), refused).distinct())
    return sorted({*(row.chat_id for row in rows), *await jobs.chats_of_begun(tx)})


async def placeholder_of(tx: Transaction, job_id: int) -> int | None:
    """The message that acknowledges a job, if it is there."""
    number: int | None = await tx.value(
        select(outbox.c.message_id).where(
            tx.mine(outbox), outbox.c.job_id == job_id, outbox.c.kind == Kind.ACK
        )
    )
    return number


async def hasten(tx: Transaction, key: str) -> None:
    """What had to wait for some time need not wait any longer."""
    row = await tx.first(
        update(outbox)
        .where(tx.mine(outbox), outbox.c.key == key, outbox.c.state == OutboxState.OPEN)
        .values(not_before=None)
        .returning(outbox.c.chat_id)
    )
    if row is not None:
        tx.changes.chats.add(row.chat_id)


async def _settle_job(tx: Transaction, row: Owed) -> None:
    """A written job is delivered as soon as no piece of it is left."""
    if row.kind is not Kind.PIECE or row.job_id is None:
        return
    left = await tx.value(
        select(func.count()).where(
            tx.mine(outbox),
            outbox.c.job_id == row.job_id,
            outbox.c.kind == Kind.PIECE,
            outbox.c.state.in_(ALIVE),
        )
    )
    if not left:
        await jobs.deliver(tx, row.job_id)


async def drop_all(tx: Transaction, *where: ColumnElement[bool], reason: str) -> None:
    """Close rows of which nothing is to come any more; what was in them is gone."""
    await tx.run(
        update(outbox)
        .where(*where, outbox.c.state.in_(ALIVE))
        .values(
            state=OutboxState.DROPPED,
            body=None,
            reason=reason[:48],
            closed_at=tx.now,
            not_before=None,
        )
    )


def as_owed(row: Row[Any]) -> Owed:
    """A row of the table as a value."""
    values = {field.name: getattr(row, field.name) for field in fields(Owed)}
    values["kind"], values["state"] = Kind(row.kind), OutboxState(row.state)
    values["waits"], values["body"] = tuple(row.waits or ()), row.body or {}
    return Owed(**values)
