"""Updates that were received: on disk before Telegram is told so, and none handled twice."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from bot.storage import chats, holding
from bot.storage.database import Transaction
from bot.storage.schema import inbox

NEW, DONE, ASIDE = "new", "done", "aside"
_GREATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Received:
    """An update as it came.

    Attributes:
        update_id: Its number.
        person: Who sent it, or None.
        chat_id: Where, or None.
        message_id: Somebody's message in it, or None.
        thread_id: The forum topic, or None.
        payload: All of it, as parsed JSON.
        sent_at_s: When it was sent, seconds since the epoch, where it says so.
    """

    update_id: int
    person: str | None
    chat_id: int | None
    message_id: int | None
    thread_id: int | None
    payload: dict[str, Any]
    sent_at_s: int | None = None


def received(payload: dict[str, Any]) -> Received:
    """Find in an update what order and numbering need, whatever else it holds.

    Raises:
        ValueError: It has no number.
    """
    update_id = _number(payload.get("update_id"))
    if update_id is None:
        raise ValueError("an update without a number")
    content = next((value for name, value in payload.items() if name != "update_id"), None)
    content = content if isinstance(content, dict) else {}
    message = content.get("message") if "callback_query" in payload else content
    message = message if isinstance(message, dict) else {}
    chat_id = _id_in(message.get("chat"))
    is_press = "callback_query" in payload
    sender_chat = None if is_press else _id_in(message.get("sender_chat"))
    user = _id_in(content.get("from"))
    person: str | None
    if sender_chat is not None:
        person = f"chat:{sender_chat}"
    else:
        # A draft's stop button names the private chat only, which is the person's.
        owner = user if user is not None else chat_id
        person = None if owner is None else f"user:{owner}"
    thread = message.get("message_thread_id") if message.get("is_topic_message") else None
    return Received(
        update_id,
        person,
        chat_id,
        # A pressed message is the bot's own, and may be the very one that is looked for; its date
        # is not that of the press.
        None if is_press else _number(message.get("message_id")),
        _number(thread),
        payload,
        None if is_press else _number(content.get("edit_date", content.get("date"))),
    )


def _id_in(value: object) -> int | None:
    return _number(value.get("id")) if isinstance(value, dict) else None


def _number(value: object) -> int | None:
    """A number that a column can hold."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if abs(value) <= _GREATEST else None


async def record(tx: Transaction, batch: list[Received]) -> list[Received]:
    """Write updates down.

    Whoever is heard from can be written to: what was held for their chat is offered again.

    Returns:
        Those that are new, in order.
    """
    new = []
    for one in batch:
        row = await tx.insert_new(
            inbox,
            update_id=one.update_id,
            person=one.person,
            chat_id=one.chat_id,
            message_id=one.message_id,
            # As ASCII: half a character cannot be stored, and must not keep the others out.
            payload=json.dumps(one.payload),
            state=NEW,
            received_at=tx.now,
        )
        if row is None:
            continue
        new.append(one)
        if one.chat_id is not None:
            if one.message_id is not None:
                await chats.saw(tx, one.chat_id, one.message_id)
            await holding.release_chat(tx, one.chat_id)
            if one.chat_id > 0 and one.message_id is not None:
                await chats.note_open(tx, one.chat_id)
    return new


async def pending(tx: Transaction) -> list[Received]:
    """What was received and not handled, oldest first."""
    query = (
        select(inbox.c.payload)
        .where(tx.mine(inbox), inbox.c.state == NEW)
        .order_by(inbox.c.update_id)
    )
    return [received(json.loads(row.payload)) for row in await tx.rows(query)]


async def is_new(tx: Transaction, update_id: int) -> bool:
    """Whether an update is still to be handled."""
    state = await tx.value(
        select(inbox.c.state).where(tx.mine(inbox), inbox.c.update_id == update_id)
    )
    return bool(state == NEW)


async def done(tx: Transaction, update_id: int) -> None:
    """An update has been handled: forget what it said."""
    await _close(tx, update_id, DONE)


async def set_aside(tx: Transaction, update_id: int) -> None:
    """An update cannot be handled, now or later."""
    await _close(tx, update_id, ASIDE)


async def _close(tx: Transaction, update_id: int, state: str) -> None:
    await tx.run(
        update(inbox)
        .where(tx.mine(inbox), inbox.c.update_id == update_id)
        .values(payload=None, state=state)
    )


async def forget_person(tx: Transaction, person: str, private_chat_id: int | None) -> None:
    """Keep the numbers of a person's updates, which tell repeats, but not whose they were."""
    await tx.run(update(inbox).where(tx.mine(inbox), inbox.c.person == person).values(person=None))
    if private_chat_id is not None:
        await tx.run(
            update(inbox)
            .where(tx.mine(inbox), inbox.c.chat_id == private_chat_id, inbox.c.state != NEW)
            .values(chat_id=None)
        )


async def prune(tx: Transaction, before: datetime, limit: int) -> int:
    """Forget the numbers of handled updates that Telegram cannot send again."""
    old = (
        select(inbox.c.update_id)
        .where(tx.mine(inbox), inbox.c.state != NEW, inbox.c.received_at < before)
        .limit(limit)
    )
    result = await tx.run(
        delete(inbox).where(tx.mine(inbox), inbox.c.update_id.in_(old.scalar_subquery()))
    )
    return result.rowcount
