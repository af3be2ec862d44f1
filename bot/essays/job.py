"""One essay on its way: who asked, where to answer, and how far it is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.essays.preferences import Preferences


@dataclass(frozen=True, slots=True)
class Address:
    """Where an answer goes.

    Attributes:
        chat_id: The chat.
        thread_id: The forum topic in it, or None.
        message_id: The request, which the answer replies to.
        is_private: Whether the chat is a private one.
    """

    chat_id: int
    thread_id: int | None
    message_id: int
    is_private: bool


@dataclass(frozen=True, slots=True)
class EssayRequest:
    """What a person asks for.

    Attributes:
        person: ``user:ID``, or ``chat:ID`` for an anonymous admin or a channel.
        address: Where the essay goes.
        topic: What it is about, cleaned of surrounding white space.
        preferences: The person's settings when they asked.
        continued_from: The job whose text this one goes on from, or None for a new essay.
    """

    person: str
    address: Address
    topic: str
    preferences: Preferences
    continued_from: int | None = None


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    """In the queue."""
    RUNNING = "running"
    """Being written."""
    WRITTEN = "written"
    """The text is stored and on its way to the chat."""
    DELIVERED = "delivered"
    """The last chunk has arrived."""
    CANCELLED = "cancelled"
    """Stopped by the person."""
    FAILED = "failed"
    """Given up after an error that the person was told about."""


@dataclass(frozen=True, slots=True)
class Job:
    """One request in the queue or behind it.

    Attributes:
        id: Its number in the database, growing.
        request: What was asked.
        seed: Seed of its random draws; with the request and the model it decides the text.
        state: How far it is.
        placeholder_id: The message that acknowledged it, or None before that was sent.
        text: The finished text, empty before.
        delivered_chunks: Chunks of the text that have arrived in the chat.
        created_at: When it was asked for, UTC.
        sending_after: While a message of the job is on its way, the last message number that was
            known in the chat before; None otherwise. What was on its way when the bot was killed
            can so be found again.
    """

    id: int
    request: EssayRequest
    seed: int
    state: JobState
    placeholder_id: int | None
    text: str
    delivered_chunks: int
    created_at: datetime
    sending_after: int | None = None
