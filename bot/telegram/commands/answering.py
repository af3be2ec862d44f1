"""What handlers owe: answers in the same chat and topic, and changes of a pressed message."""

from collections.abc import Iterable
from typing import Any

from bot.storage import outbox
from bot.storage.database import Transaction
from bot.storage.records import Kind, Rank
from bot.telegram.keyboards import Keyboard
from bot.telegram.visit import Visit


async def answer(
    tx: Transaction,
    visit: Visit,
    text: str,
    markup: Keyboard | None = None,
    *,
    waits: Iterable[int] = (),
) -> None:
    """Owe an answer; in a group as a reply.

    The same answer to the same person is owed once until it is there: for the photos of an album,
    say, or a command sent again and again.
    """
    address, person = visit.address, visit.person
    if address is None:
        return
    body: dict[str, Any] = {"text": text}
    if markup is not None:
        body["markup"] = markup
    waits = list(waits)
    if person is not None and not waits:
        for other in await outbox.open_answers(tx, address.chat_id, person):
            if other.body == body and other.thread_id == address.thread_id:
                return
    await outbox.owe(
        tx,
        f"u{visit.update_id}:answer",
        Kind.ANSWER,
        Rank.ANSWER,
        address.chat_id,
        body=body,
        thread_id=address.thread_id,
        reply_to=None if address.is_private else address.message_id,
        person=person,
        waits=waits,
    )


async def ask(tx: Transaction, visit: Visit, text: str, hint: str) -> None:
    """Owe a question, which an answer in words is expected to."""
    if visit.address is None:
        return
    await outbox.owe(
        tx,
        f"u{visit.update_id}:question",
        Kind.QUESTION,
        Rank.ANSWER,
        visit.address.chat_id,
        body={"text": text, "hint": hint},
        thread_id=visit.address.thread_id,
        reply_to=visit.address.message_id,
        person=visit.person,
    )


async def change(
    tx: Transaction,
    visit: Visit,
    text: str,
    markup: Keyboard | None = None,
    *,
    waits: Iterable[int] = (),
) -> None:
    """Owe a change of the message whose button was pressed; of several the latest counts."""
    address = visit.address
    if address is None or visit.press is None or visit.press.message_id is None:
        return
    body: dict[str, Any] = {"text": text}
    if markup is not None:
        body["markup"] = markup
    await outbox.owe(
        tx,
        f"c{address.chat_id}:m{visit.press.message_id}",
        Kind.EDIT,
        Rank.ANSWER,
        address.chat_id,
        body=body,
        thread_id=address.thread_id,
        target=visit.press.message_id,
        person=visit.person,
        waits=waits,
    )
