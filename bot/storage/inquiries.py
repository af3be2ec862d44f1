"""What people want to see of how the model works, from the question to the message that shows it.

::

    add → waiting → (found) → shown ⇄ waiting again, when a button wants something else found

An inquiry stays as long as its message may be pressed; it goes with all else that is old.
"""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, update

from bot.storage import chats
from bot.storage.database import Transaction
from bot.storage.people import preferences_from_json
from bot.storage.records import Address, Preferences
from bot.storage.schema import inquiries

_TOKEN_BYTES = 9


class Subject(StrEnum):
    """What is to be seen."""

    COMPARISON = "comparison"
    TOKENS = "tokens"
    PROBABILITIES = "probabilities"
    ATTENTION = "attention"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One thing that somebody wants to see.

    Attributes:
        id: Its number.
        token: What its buttons carry.
        person: Who asked.
        address: Where it is shown.
        subject: What is to be seen.
        text: The words that it is about.
        preferences: The person's settings when they asked.
        view: How it is looked at; each subject has its own keys.
        found: What the service said, or None while it has not been asked.
        target: The message that shows it, once a button was pressed there.
        version: Grows whenever something else is to be found.
    """

    id: int
    token: str
    person: str
    address: Address
    subject: Subject
    text: str
    preferences: Preferences
    view: dict[str, Any]
    found: dict[str, Any] | None
    target: int | None
    version: int


async def add(
    tx: Transaction,
    subject: Subject,
    *,
    person: str,
    address: Address,
    text: str,
    preferences: Preferences,
    view: dict[str, Any],
    update_id: int,
) -> Inquiry | None:
    """Note what somebody wants to see; None if this update asked before.

    Args:
        tx: The step.
        subject: What is to be seen.
        person: Who asks.
        address: Where it will be shown.
        text: The words that it is about.
        preferences: The person's settings.
        view: How it is looked at first.
        update_id: The update that asks.
    """
    row = await tx.insert_new(
        inquiries,
        token=secrets.token_urlsafe(_TOKEN_BYTES),
        update_id=update_id,
        person=person,
        chat_id=await chats.current(tx, address.chat_id),
        thread_id=address.thread_id,
        message_id=address.message_id,
        is_private=address.is_private,
        subject=subject,
        text=text,
        preferences=asdict(preferences),
        view=view,
        is_waiting=True,
        created_at=tx.now,
    )
    tx.changes.has_inquiries = True
    return None if row is None else _inquiry(row)


async def get(tx: Transaction, inquiry_id: int) -> Inquiry | None:
    """One inquiry."""
    return await _first(tx, inquiries.c.id == inquiry_id)


async def by_token(tx: Transaction, token: str) -> Inquiry | None:
    """The inquiry that a button names."""
    return await _first(tx, inquiries.c.token == token)


async def count_waiting(tx: Transaction, person: str | None = None) -> int:
    """How many inquiries wait for the service: a person's, or all."""
    query = select(func.count()).where(tx.mine(inquiries), inquiries.c.is_waiting.is_(True))
    if person is not None:
        query = query.where(inquiries.c.person == person)
    return int(await tx.value(query) or 0)


async def waiting(tx: Transaction) -> list[Inquiry]:
    """What waits for the service: of each person the oldest, in the order of asking."""
    query = (
        select(inquiries)
        .where(tx.mine(inquiries), inquiries.c.is_waiting.is_(True))
        .order_by(inquiries.c.id)
    )
    first: dict[str, Inquiry] = {}
    for row in await tx.rows(query):
        first.setdefault(row.person, _inquiry(row))
    return list(first.values())


async def turn(
    tx: Transaction, inquiry: Inquiry, view: dict[str, Any], text: str, *, target: int | None
) -> None:
    """Have something else found for an inquiry, and shown in its message."""
    await tx.run(
        update(inquiries)
        .where(inquiries.c.id == inquiry.id)
        .values(
            view=view,
            text=text,
            target=target,
            is_waiting=True,
            version=inquiries.c.version + 1,
        )
    )
    tx.changes.has_inquiries = True


async def look_otherwise(tx: Transaction, inquiry: Inquiry, view: dict[str, Any]) -> None:
    """Look at what was found in another way."""
    await tx.run(update(inquiries).where(inquiries.c.id == inquiry.id).values(view=view))


async def answer(tx: Transaction, inquiry: Inquiry, found: dict[str, Any]) -> bool:
    """The service has answered; False if that is not wanted any more, or something else is."""
    result = await tx.run(
        update(inquiries)
        .where(
            inquiries.c.id == inquiry.id,
            inquiries.c.is_waiting.is_(True),
            inquiries.c.version == inquiry.version,
        )
        .values(found=found, is_waiting=False)
    )
    return result.rowcount == 1


async def move(tx: Transaction, old_id: int, new_id: int) -> None:
    """Follow a group that became a supergroup; its messages have no numbers there."""
    await tx.run(
        update(inquiries)
        .where(tx.mine(inquiries), inquiries.c.chat_id == old_id)
        .values(chat_id=new_id, message_id=None, target=None)
    )


async def forget(tx: Transaction, person: str) -> None:
    """Delete a person's inquiries."""
    await tx.run(delete(inquiries).where(tx.mine(inquiries), inquiries.c.person == person))


async def prune(tx: Transaction, before: datetime) -> int:
    """Delete inquiries that were made long ago."""
    result = await tx.run(
        delete(inquiries).where(tx.mine(inquiries), inquiries.c.created_at < before)
    )
    return result.rowcount


async def _first(tx: Transaction, condition: ColumnElement[bool]) -> Inquiry | None:
    row = await tx.first(select(inquiries).where(tx.mine(inquiries), condition))
    return None if row is None else _inquiry(row)


def _inquiry(row: Row[Any]) -> Inquiry:
    return Inquiry(
        id=row.id,
        token=row.token,
        person=row.person,
        address=Address(row.chat_id, row.thread_id, row.message_id, row.is_private),
        subject=Subject(row.subject),
        text=row.text,
        preferences=preferences_from_json(row.preferences),
        view=row.view,
        found=row.found,
        target=row.target,
        version=row.version,
    )
