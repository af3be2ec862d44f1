"""What people see in a chat, and what they saw."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.playground.changes import Change
from bot.playground.model import Json, Message
from bot.playground.wire import poll_json


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as people see it at a moment.

    Attributes:
        id: Its number in the chat; below 0 when only ``receiver`` sees it.
        author: Whose; the bot's own id for the bot's.
        is_bots: Whether the bot under test wrote it.
        text: The text, or the caption of a file; empty for a service message.
        entities: Offsets and lengths count UTF-16 units.
        buttons: Of the inline keyboard: what stands on them, and their data (or address, or what
            they copy).
        forces_reply: Whether it asks people to answer it.
        reply_to: The number of the message that it answers.
        reactions: Emoji by user.
        thread_id: Its topic.
        document: The bytes of a file.
        photo: The bytes of a picture.
        poll: A poll as the Bot API gives it.
        receiver: Who alone sees it, beside its author; None for what all see.
        service: The fields of a service message, such as ``{"pinned_message": …}``.
        date: When it was written, seconds since the epoch.
        edit_date: When its text last changed.
    """

    id: int
    author: int
    is_bots: bool
    text: str
    entities: tuple[Json, ...]
    buttons: dict[str, str]
    forces_reply: bool
    reply_to: int | None
    reactions: dict[int, str]
    thread_id: int | None
    document: bytes | None
    photo: bytes | None
    poll: Json | None
    receiver: int | None
    service: Json
    date: int
    edit_date: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a message.

    Attributes:
        at: When, in seconds since the epoch.
        kind: ``message`` (it came), ``edited`` (also by a reaction) or ``deleted``.
        message_id: Which.
        is_bots: Whether the bot under test wrote that message.
        text: What it said then; of a deleted one, what it said last.
    """

    at: float
    kind: str
    message_id: int
    is_bots: bool
    text: str


def events(changes: Iterable[Change], chat_id: int, bot_id: int) -> list[Event]:
    """Return what happened to the messages of a chat, in order."""
    happened: dict[int, Event] = {}
    found = []
    for change in changes:
        data = change.data
        if change.kind in ("message", "edited") and data["message"]["chat"]["id"] == chat_id:
            message = data["message"]
            text = message.get("text") or message.get("caption") or ""
            is_bots = message["from"]["id"] == bot_id
            event = Event(change.at, change.kind, message["message_id"], is_bots, text)
        elif change.kind == "deleted" and data["chat_id"] == chat_id:
            event = replace(happened[data["message_id"]], at=change.at, kind="deleted")
        else:
            continue
        happened[event.message_id] = event
        found.append(event)
    return found


def _effect(button: Json) -> str:
    copied = button.get("copy_text", {}).get("text", "")
    return str(button.get("callback_data") or button.get("url") or copied)


def shown(message: Message, bot_id: int) -> Shown:
    """Take a picture of a message."""
    rows = (message.markup or {}).get("inline_keyboard", [])
    return Shown(
        id=message.id,
        author=message.sender_id,
        is_bots=message.sender_id == bot_id,
        text=message.text or "",
        entities=tuple(message.entities),
        buttons={b["text"]: _effect(b) for row in rows for b in row},
        forces_reply=message.forced_reply is not None,
        reply_to=message.reply_to,
        reactions={u: r[0]["emoji"] for u, r in message.reactions.items() if r},
        thread_id=message.thread_id,
        document=message.document.data if message.document else None,
        photo=message.photo.data if message.photo else None,
        poll=poll_json(message.poll) if message.poll else None,
        receiver=message.receiver.id if message.receiver else None,
        service=dict(message.service),
        date=message.date,
        edit_date=message.edit_date,
    )
