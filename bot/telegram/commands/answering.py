"""What handlers owe: answers in the same chat and topic, and changes of a pressed message."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from bot.storage import chats, outbox
from bot.storage.database import Transaction
from bot.storage.records import Kind, Rank, Way
from bot.telegram.keyboards import Keyboard
from bot.telegram.visit import Visit

LATER = "later"
"""In the place of a toast: the press is answered once what it brings has been said."""
_SHOWN_FOR_S = 60.0
"""How long everybody sees what concerns one person, where nothing else is possible."""
_STRANGERS_EVERY = timedelta(hours=1)
ANSWERED = "👌"
"""The bot's reaction on what it answered in private."""


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
    body = _body(text, markup)
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


async def tell_stranger(
    tx: Transaction, visit: Visit, body: dict[str, Any], *, not_before: datetime | None = None
) -> None:
    """Owe a stranger, or a group that is not open, one sentence; once an hour at most."""
    address = visit.address
    if address is None:
        return
    key, since = f"stranger:{address.chat_id}:", tx.now - _STRANGERS_EVERY
    if await outbox.was_owed(tx, key, since=since, chat_id=address.chat_id):
        return
    await outbox.owe(
        tx,
        f"{key}u{visit.update_id}",
        Kind.ANSWER,
        Rank.ANSWER,
        address.chat_id,
        body=body,
        thread_id=address.thread_id,
        reply_to=None if address.is_private else address.message_id,
        person=visit.person,
        not_before=not_before,
    )


async def answer_alone(
    tx: Transaction,
    visit: Visit,
    text: str,
    markup: Keyboard | None = None,
    *,
    waits: Iterable[int] = (),
) -> None:
    """Owe an answer that concerns one person, where nobody else need read it if that can be.

    In a group it goes to their private chat, and their message gets a sign; where that chat is
    not open, or the person is an anonymous administrator, it is a reply in the group.
    """
    address = visit.address
    if address is None:
        return
    chat_id = None if address.is_private else await chats.open_private(tx, visit.person)
    if chat_id is None:
        await answer(tx, visit, text, markup, waits=waits)
        return
    body = _body(text, markup)
    await outbox.owe(
        tx,
        f"u{visit.update_id}:answer",
        Kind.ANSWER,
        Rank.ANSWER,
        chat_id,
        body=body,
        person=visit.person,
        waits=waits,
    )
    await sign_answered(tx, visit)


async def sign_answered(tx: Transaction, visit: Visit) -> None:
    """Owe a message in a group the sign that it is answered in private."""
    address = visit.address
    if address is None or address.message_id is None:
        return
    if await chats.takes_reactions(tx, address.chat_id):
        await outbox.owe(
            tx,
            f"u{visit.update_id}:sign",
            Kind.REACT,
            Rank.CHANGE,
            address.chat_id,
            body={"emoji": ANSWERED},
            target=address.message_id,
            person=visit.person,
        )


async def ask(
    tx: Transaction, visit: Visit, text: str, hint: str, about: str = ":question"
) -> None:
    """Owe a question, which an answer in words is expected to; its key tells what it is about."""
    if visit.address is None:
        return
    await outbox.owe(
        tx,
        f"u{visit.update_id}{about}",
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
    body = _body(text, markup)
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


async def tell_alone(
    tx: Transaction,
    visit: Visit,
    text: str,
    markup: Keyboard | None = None,
    *,
    in_public: bool = True,
) -> bool:
    """Owe an answer that concerns one person: in a group to that person alone, if possible.

    Args:
        tx: The step.
        visit: What is answered.
        text: What is said.
        markup: What is under it.
        in_public: Whether it is said before all, for a minute, where it cannot be said otherwise.

    Returns:
        Whether the press that asked must not be answered before that is said (``LATER``).
    """
    address, person = visit.address, visit.person
    if address is None or person is None:
        return False
    body = _body(text, markup)
    user_id = person.removeprefix("user:")
    if address.is_private:
        await answer(tx, visit, text, markup)
        return False
    only_for: dict[str, Any] = {}
    ways = []
    if user_id.isdecimal():
        only_for = {"receiver_user_id": int(user_id)}
        if visit.press is not None:
            only_for["callback_query_id"] = visit.press.query_id
        ways.append(Way(address.chat_id, {**body, "only_for": only_for}, address.thread_id))
        ways.append(Way(int(user_id), body))
    if in_public:
        reply_to = address.message_id
        ways.append(Way(address.chat_id, body, address.thread_id, reply_to, _SHOWN_FOR_S))
    if ways:
        await outbox.owe_alone(tx, f"u{visit.update_id}:alone", person, ways)
    return "callback_query_id" in only_for


async def settle(tx: Transaction, visit: Visit, text: str) -> str | None:
    """Let a pressed message say what came of it, without buttons; else say it in a toast."""
    if visit.press is None or visit.press.message_id is None:
        return text
    await change(tx, visit, text)
    return None


def _body(text: str, markup: Keyboard | None) -> dict[str, Any]:
    return {"text": text} if markup is None else {"text": text, "markup": markup}
