"""Chats: which are open to the bot, what numbers their messages have, and where they went."""

from datetime import datetime

from sqlalchemy import Column, String, cast, delete, exists, select, update

from bot.storage.database import Transaction
from bot.storage.records import user_id_of
from bot.storage.schema import (
    chats,
    classes,
    inbox,
    jobs,
    members,
    outbox,
    owners,
    people,
    teachers,
)

_SUPERGROUPS_BELOW = -1_000_000_000_000
_SHARED = 0
"""The row that holds the numbering of all private chats and basic groups together."""


def has_own_numbers(chat_id: int) -> bool:
    """Whether a chat is a supergroup or a channel, whose messages are counted by themselves."""
    return chat_id < _SUPERGROUPS_BELOW


def _numbering(chat_id: int) -> int:
    return chat_id if has_own_numbers(chat_id) else _SHARED


async def saw(tx: Transaction, chat_id: int, message_id: int) -> None:
    """A message has this number; so one of ours whose answer was lost has another."""
    numbering = _numbering(chat_id)
    changed = await tx.run(
        update(chats)
        .where(tx.mine(chats), chats.c.chat_id == numbering, chats.c.last_number < message_id)
        .values(last_number=message_id)
    )
    if changed.rowcount == 0:
        await tx.insert_new(chats, chat_id=numbering, last_number=message_id)


async def last_number(tx: Transaction, chat_id: int) -> int:
    """The greatest message number known in a chat's numbering; 0 before any."""
    number = await tx.value(
        select(chats.c.last_number).where(tx.mine(chats), chats.c.chat_id == _numbering(chat_id))
    )
    return int(number or 0)


async def known_numbers(tx: Transaction, chat_id: int, above: int) -> set[int]:
    """Numbers above one that somebody accounts for."""
    known: set[int] = set()
    for table in (inbox, outbox):
        where = (
            table.c.chat_id == chat_id
            if has_own_numbers(chat_id)
            else table.c.chat_id > _SUPERGROUPS_BELOW
        )
        query = select(table.c.message_id).where(tx.mine(table), where, table.c.message_id > above)
        known.update(row.message_id for row in await tx.rows(query))
    return known


async def admit(tx: Transaction, chat_id: int, by_person: str) -> None:
    """Open the bot to the members of a chat."""
    await tx.upsert(chats, {"chat_id": chat_id}, admitted_by=by_person, admitted_at=tx.now)


async def close(tx: Transaction, chat_id: int) -> None:
    """Close the bot to a chat."""
    await tx.run(
        update(chats)
        .where(tx.mine(chats), chats.c.chat_id == chat_id)
        .values(admitted_by=None, admitted_at=None)
    )


async def admitted(tx: Transaction) -> list[int]:
    """The chats whose members may use the bot, oldest first."""
    query = (
        select(chats.c.chat_id)
        .where(tx.mine(chats), chats.c.admitted_at.is_not(None))
        .order_by(chats.c.admitted_at)
    )
    return [row.chat_id for row in await tx.rows(query)]


async def current(tx: Transaction, chat_id: int) -> int:
    """Where a chat is now: a group that became a supergroup has another number."""
    for _ in range(3):
        moved = await tx.value(
            select(chats.c.migrated_to).where(tx.mine(chats), chats.c.chat_id == chat_id)
        )
        if moved is None:
            break
        chat_id = moved
    return chat_id


async def note_open(tx: Transaction, chat_id: int) -> None:
    """Somebody wrote in their private chat, so that the bot may write there too."""
    await tx.insert_new(chats, chat_id=chat_id)


async def is_open(tx: Transaction, chat_id: int) -> bool:
    """Whether the bot may write to a private chat, as far as is known."""
    query = select(chats.c.chat_id).where(tx.mine(chats), chats.c.chat_id == chat_id)
    return await tx.value(query) is not None


async def open_private(tx: Transaction, person: str | None) -> int | None:
    """The private chat of a person, if they opened it."""
    user_id = user_id_of(person)
    return user_id if user_id is not None and await is_open(tx, user_id) else None


async def forget(tx: Transaction, chat_id: int) -> None:
    """Forget a private chat."""
    await tx.run(delete(chats).where(tx.mine(chats), chats.c.chat_id == chat_id))


async def refuse_reactions(tx: Transaction, chat_id: int, until: datetime) -> None:
    """Telegram lets the bot not react there, or counts what it does."""
    await tx.upsert(chats, {"chat_id": chat_id}, no_reactions_until=until)


async def takes_reactions(tx: Transaction, chat_id: int) -> bool:
    """Whether the bot may show by reactions there what it has."""
    return await _is_past(tx, chat_id, chats.c.no_reactions_until)


async def refuse_ephemeral(tx: Transaction, chat_id: int, until: datetime) -> None:
    """Telegram lets the bot not say anything there that one person alone sees."""
    await tx.upsert(chats, {"chat_id": chat_id}, no_ephemeral_until=until)


async def allow_ephemeral(tx: Transaction, chat_id: int) -> None:
    """It may let the bot now."""
    here = (tx.mine(chats), chats.c.chat_id == chat_id)
    await tx.run(update(chats).where(*here).values(no_ephemeral_until=None))


async def takes_ephemeral(tx: Transaction, chat_id: int) -> bool:
    """Whether the bot may say something there that one person alone sees, as far as is known."""
    return await _is_past(tx, chat_id, chats.c.no_ephemeral_until)


async def _is_past(tx: Transaction, chat_id: int, until: Column[datetime]) -> bool:
    """Whether what a chat refuses until some time is not refused now."""
    query = select(until).where(tx.mine(chats), chats.c.chat_id == chat_id)
    refused_until = await tx.value(query)
    return refused_until is None or refused_until <= tx.now


async def pause(tx: Transaction, chat_id: int, until: datetime) -> None:
    """Telegram asked not to be written to there until then."""
    await tx.upsert(chats, {"chat_id": chat_id}, paused_until=until)


async def pauses(tx: Transaction) -> dict[int, datetime]:
    """Chats that Telegram still asks to leave alone, and until when."""
    query = select(chats.c.chat_id, chats.c.paused_until).where(
        tx.mine(chats), chats.c.paused_until > tx.now
    )
    return {row.chat_id: row.paused_until for row in await tx.rows(query)}


async def move(tx: Transaction, old_id: int, new_id: int) -> None:
    """Note that a group became a supergroup, with its admission."""
    row = await tx.first(select(chats).where(tx.mine(chats), chats.c.chat_id == old_id))
    if row is not None and row.migrated_to == new_id:
        return
    await tx.upsert(
        chats,
        {"chat_id": old_id},
        migrated_to=new_id,
        admitted_by=None,
        admitted_at=None,
        paused_until=None,
    )
    if row is not None and row.admitted_at is not None:
        await admit(tx, new_id, row.admitted_by)


async def prune(tx: Transaction) -> int:
    """Forget chats of which nothing else is kept: of strangers, mostly."""
    person = "user:" + cast(chats.c.chat_id, String)
    traces = [
        *((table, table.c.chat_id == chats.c.chat_id) for table in (inbox, outbox, jobs, classes)),
        *((table, table.c.person == person) for table in (people, members, owners, teachers)),
        (classes, classes.c.teacher == person),
    ]
    result = await tx.run(
        delete(chats).where(
            tx.mine(chats),
            chats.c.chat_id != _SHARED,
            chats.c.admitted_at.is_(None),
            chats.c.migrated_to.is_(None),
            *(~exists().where(tx.mine(table), is_one) for table, is_one in traces),
        )
    )
    return result.rowcount
