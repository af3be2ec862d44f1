"""What handlers owe: answers in the same chat and topic, and changes of a pressed message."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from bot.storage import chats, outbox
from bot.storage.database import Transaction
from bot.storage.records import SHOWN_FOR_S, Address, Kind, Rank, Way, user_id_of
from bot.telegram.keyboards import Keyboard
from bot.telegram.visit import Visit

LATER = "later"
"""In the place of a toast: the press is answered once what it brings has been said."""
_PAGE_FOR_S = 300.0
"""How long all see a page with buttons that concerns one person, where need be."""
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
    address = visit.address
    if address is None:
        return
    body = _body(text, markup)
    waits = list(waits)
    if not waits and await _is_owed(tx, visit, body, address.chat_id):
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
        person=visit.person,
        waits=waits,
    )


async def answer_alone(
    tx: Transaction,
    visit: Visit,
    text: str,
    markup: Keyboard | None = None,
    *,
    waits: Iterable[int] = (),
    in_public: bool = True,
) -> bool:
    """Owe an answer that concerns one person: in a group to that person alone, if possible.

    By the first way that Telegram lets through: a message that only they see; their private chat,
    with a sign on what they wrote; a reply before all, which is removed again.

    Args:
        tx: The step.
        visit: What is answered.
        text: What is said.
        markup: What is under it.
        waits: Rows that must be closed before.
        in_public: Whether all may see it where it cannot be said otherwise.

    Returns:
        Whether the press that asked must not be answered before that is said (``LATER``).
    """
    address, user_id = visit.address, user_id_of(visit.person)
    if address is None or visit.person is None:
        return False
    if address.is_private or user_id is None:
        if address.is_private or in_public:
            await answer(tx, visit, text, markup, waits=waits)
        return False
    body, waits = _body(text, markup), list(waits)
    if not waits and await _is_owed(tx, visit, body, address.chat_id, user_id):
        return False
    ways = await _ways(tx, visit, address, user_id, body, in_public=in_public)
    await outbox.owe_alone(tx, f"u{visit.update_id}:answer", visit.person, ways, waits)
    return "callback_query_id" in ways[0].body.get("only_for", {})


async def _ways(
    tx: Transaction,
    visit: Visit,
    address: Address,
    user_id: int,
    body: dict[str, Any],
    *,
    in_public: bool,
) -> list[Way]:
    """How something can be said to one person in a group, the best way first."""
    ways = []
    # Soon after a press, or a command of that kind, any bot may; else only administrators.
    was_asked = visit.press is not None or visit.ephemeral_id is not None
    if was_asked or await chats.takes_ephemeral(tx, address.chat_id):
        only_for: dict[str, Any] = {"receiver_user_id": user_id}
        alone = {**body, "only_for": only_for}
        if visit.press is not None:
            only_for["callback_query_id"] = visit.press.query_id
        elif visit.ephemeral_id is not None:
            alone["reply_to_ephemeral"] = visit.ephemeral_id
        ways.append(Way(address.chat_id, alone, address.thread_id))
    # What nobody else saw asked is not answered before them.
    in_public = in_public and visit.ephemeral_id is None
    if not in_public or await chats.is_open(tx, user_id):
        ways.append(Way(user_id, body, sign=await _sign(tx, visit, address)))
    if in_public:
        shown_for_s = _PAGE_FOR_S if "markup" in body else SHOWN_FOR_S
        for_s = None if visit.is_teacher else shown_for_s
        ways.append(Way(address.chat_id, body, address.thread_id, address.message_id, for_s))
    return ways


async def _sign(tx: Transaction, visit: Visit, address: Address) -> dict[str, Any] | None:
    """The sign that a message in a group is answered in private."""
    is_message = address.message_id is not None and visit.press is None
    if not is_message or not await chats.takes_reactions(tx, address.chat_id):
        return None
    return {"chat_id": address.chat_id, "target": address.message_id, "emoji": ANSWERED}


async def _is_owed(tx: Transaction, visit: Visit, body: dict[str, Any], *chat_ids: int) -> bool:
    """Whether a person is owed the same already in one of these chats."""
    if visit.person is None or visit.address is None:
        return False
    theirs = [
        other
        for chat_id in chat_ids
        for other in await outbox.open_answers(tx, chat_id, visit.person)
        if other.thread_id in (visit.address.thread_id, None)
    ]
    return any(other.body | body == other.body for other in theirs)


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


async def sign_answered(tx: Transaction, visit: Visit) -> None:
    """Owe a message in a group the sign that it is answered in private."""
    address = visit.address
    sign = None if address is None else await _sign(tx, visit, address)
    if sign is not None:
        await outbox.owe_reaction(tx, f"u{visit.update_id}:sign", person=visit.person, **sign)


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
) -> str | None:
    """Owe a change of the message whose button was pressed; of several the latest counts.

    Returns:
        ``LATER`` for one that only the person sees: should it be gone, the press opens the way to
        another one. Else None.
    """
    address, user_id = visit.address, user_id_of(visit.person)
    if address is None or visit.press is None or not visit.shows_page:
        return None
    body, number = _body(text, markup), visit.press.message_id
    key, is_alone = f"c{address.chat_id}:m{number}", number is None and user_id is not None
    if is_alone:
        assert user_id is not None  # mypy: asked just before
        ways = await _ways(tx, visit, address, user_id, body, in_public=False)
        body["only_for"] = {"receiver_user_id": user_id}
        body |= {"press": visit.press.query_id, "otherwise": [asdict(way) for way in ways]}
        key = f"u{visit.update_id}:change"
    await outbox.owe(
        tx,
        key,
        Kind.EDIT,
        Rank.ANSWER,
        address.chat_id,
        body=body,
        thread_id=address.thread_id,
        target=number or visit.ephemeral_id,
        person=visit.person,
        waits=waits,
    )
    return LATER if is_alone else None


async def settle(tx: Transaction, visit: Visit, text: str) -> str | None:
    """Let a pressed message say what came of it, without buttons; else say it in a toast."""
    if not visit.shows_page:
        return text
    return await change(tx, visit, text)


def _body(text: str, markup: Keyboard | None) -> dict[str, Any]:
    return {"text": text} if markup is None else {"text": text, "markup": markup}
