"""What the tables hold, as values: preferences, requests, jobs, and messages owed to a chat."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any

from bot.errors import InvalidParameterError


class Style(StrEnum):
    """What kind of text is asked for. The value is the name of the frame in ``redactor.json``."""

    ESSAY = "ensayo"
    STORY = "cuento"
    DESCRIPTION = "descripcion"
    ARGUMENT = "argumentacion"
    POEM = "poema"
    LETTER = "carta"
    NEWS = "noticia"
    EXPLANATION = "explicacion"


class Language(StrEnum):
    """The language in which the bot speaks; essays are in the model's own."""

    SPANISH = "es"
    ENGLISH = "en"


RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "words": (30, 3000),
        "temperature": (0.0, 2.0),
        "top_p": (0.05, 1.0),
        "top_k": (0, 1000),
        "repetition_penalty": (1.0, 2.0),
        "seed": (0, 2**32 - 1),
        "chunk_units": (200, 4096),
        "candidates": (1, 8),
    }
)
"""Least and greatest value of every number in :class:`Preferences`, both allowed."""

LENGTHS: Mapping[str, int] = MappingProxyType(
    {"corto": 120, "medio": 250, "largo": 500, "muy_largo": 1000}
)
"""The named lengths, in words."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """One person's settings; the defaults are what a new person gets.

    Attributes:
        words: Length aimed at; the text ends by itself at 60 to 130 % of it.
        style: The kind of text.
        temperature: Creativity; 0 takes the likeliest token each time.
        top_p: Share of the probability that may be drawn from.
        top_k: Number of tokens that may be drawn from; 0 is all.
        repetition_penalty: Divides the score of tokens already written; 1 is off.
        seed: Fixed seed, or None for a new one each time.
        chunk_units: Greatest length of one message, in UTF-16 units.
        live_preview: Whether the text grows before the reader's eyes.
        ideas: Whether the ideas of an essay are shown above it in private.
        candidates: Drafts of each sentence, of which the best is kept.
        language: Language of the bot's own sentences.

    Raises:
        InvalidParameterError: A number is outside :data:`RANGES`.
    """

    words: int = 250
    style: Style = Style.ESSAY
    temperature: float = 0.5
    top_p: float = 0.95
    top_k: int = 50
    repetition_penalty: float = 1.0
    seed: int | None = None
    chunk_units: int = 4096
    live_preview: bool = True
    ideas: bool = True
    candidates: int = 4
    language: Language = Language.SPANISH

    def __post_init__(self) -> None:
        for name, (minimum, maximum) in RANGES.items():
            value = getattr(self, name)
            if value is None:
                continue
            if not math.isfinite(value) or not minimum <= value <= maximum:
                raise InvalidParameterError(name, value, minimum, maximum)


def user_id_of(person: str | None) -> int | None:
    """The number of a person's account; None of a channel, an anonymous admin, or nobody."""
    kind, _, number = (person or "").partition(":")
    return int(number) if kind == "user" else None


@dataclass(frozen=True, slots=True)
class Address:
    """Where an answer goes.

    Attributes:
        chat_id: The chat.
        thread_id: The forum topic in it, or None.
        message_id: The request, which the answer replies to; None if there is no such message.
        is_private: Whether the chat is a private one.
    """

    chat_id: int
    thread_id: int | None
    message_id: int | None
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
        name: What the person is called, as others see it.
        lesson_id: The lesson in which they ask, or None.
        ideas: Their own ideas for it; where there are none, a model with a plan has its own.
    """

    person: str
    address: Address
    topic: str
    preferences: Preferences
    continued_from: int | None = None
    name: str = ""
    lesson_id: int | None = None
    ideas: tuple[str, ...] = ()


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    """In the queue."""
    RUNNING = "running"
    """Being written."""
    WRITTEN = "written"
    """The text is stored and its pieces are owed."""
    DELIVERED = "delivered"
    """The last piece has arrived."""
    CANCELLED = "cancelled"
    """Stopped by the person."""
    FAILED = "failed"
    """Given up after an error that the person is told about."""
    ASKED = "asked"
    """Not written so: its person may choose another style, which makes another job."""


UNFINISHED = (JobState.WAITING, JobState.RUNNING, JobState.WRITTEN)
"""States in which something is still to come."""


@dataclass(frozen=True, slots=True)
class Job:
    """One request in the queue or behind it.

    Attributes:
        id: Its number, never used twice.
        token: What its buttons carry: random, so that no button can mean another job.
        update_id: The update that asked for it, or None for a job of the first version.
        request: What was asked.
        seed: Seed of its random draws; with the request and the model it decides the text.
        state: How far it is.
        turn: Its place among the turns of all people; lower ones are written first.
        attempts: Times that its writing broke off after a piece of it had come.
        text: The finished text, empty before.
        created_at: When it was asked for, UTC.
        plan: The ideas that it was written from; none before, or if the model has no plan.
        code: What people call its recipe by; None for a job of an earlier version.
        model: The model that wrote it and its revision; empty before, or if that is not known.
        ended_at: When it was written, or given up, or None.
    """

    id: int
    token: str
    update_id: int | None
    request: EssayRequest
    seed: int
    state: JobState
    turn: int
    attempts: int
    text: str
    created_at: datetime
    plan: tuple[str, ...] = ()
    code: str | None = None
    model: str = ""
    ended_at: datetime | None = None


class Rank(IntEnum):
    """What goes to a chat first."""

    ANSWER = 0
    """What somebody waits for right now: answers, questions, the end of a job."""
    PIECE = 1
    """Essays."""
    LATE = 2
    """Word to somebody in a group whose essay takes long, if there is room for it."""
    CHANGE = 3
    """A message of the bot says something else from now on."""
    TIDY = 4
    """A placeholder is removed."""
    PREVIEW = 5
    """The text so far; never in the outbox."""


class Kind(StrEnum):
    """What a row of the outbox is."""

    ACK = "ack"
    """The placeholder that acknowledges a request."""
    PIECE = "piece"
    """One message of an essay."""
    WORD = "word"
    """How a job ended, where it did not end with an essay."""
    ANSWER = "answer"
    """The answer to a command."""
    QUESTION = "question"
    """The question for a topic, which waits for its answer."""
    BOARD = "board"
    """The message of a group that says who waits, changed again and again."""
    EDIT = "edit"
    """A change of a message that is there."""
    TIDY = "tidy"
    """The removal of a placeholder."""
    REACT = "react"
    """The bot's reaction on a request, or its removal."""
    DO = "do"
    """Something that is nice to have and given up at the first refusal: a message is pinned, or
    not any more, or a group left."""


MESSAGES = (Kind.ACK, Kind.PIECE, Kind.WORD, Kind.ANSWER, Kind.QUESTION, Kind.BOARD)
"""Kinds that put a new message into the chat, which must not come twice."""


class OutboxState(StrEnum):
    """How far an owed message is."""

    OPEN = "open"
    """Nothing of it has left."""
    SENDING = "sending"
    """A request left; until its answer is known, the message may be there."""
    SENT = "sent"
    """Telegram said so."""
    HELD = "held"
    """Telegram refuses for now; it is offered again when the chat can be written to."""
    DROPPED = "dropped"
    """Nobody is owed it any more."""
    DEAD = "dead"
    """Held for longer than anything is kept."""


PENDING = (OutboxState.OPEN, OutboxState.SENDING)
"""States that the sender works on."""


SHOWN_FOR_S = 60.0
"""How long all see what concerns one person, where nothing else is possible."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to tell somebody something.

    Attributes:
        chat_id: Where.
        body: As in :class:`Owed`.
        thread_id: The forum topic, or None.
        reply_to: The message that it answers, or None.
        for_s: Seconds after which it is removed again, or None.
        sign: The reaction that is owed elsewhere if it goes this way (``chat_id``, ``target`` and
            ``emoji``), or None.
    """

    chat_id: int
    body: dict[str, Any]
    thread_id: int | None = None
    reply_to: int | None = None
    for_s: float | None = None
    sign: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """A row of the outbox: something that the bot owes a chat.

    Attributes:
        id: Its number, never used twice.
        key: What it is, unique: ``u{update}:{n}`` or ``j{job}:ack``, ``j{job}:p3``.
        kind: What it is.
        rank: What goes first.
        turn: Place among rows of the same rank.
        chat_id: The chat.
        thread_id: The forum topic, or None.
        job_id: The job that it belongs to, or None.
        person: Whose it is, or None once that is forgotten.
        waits: Rows that must be closed before.
        body: ``text`` and its ``entities``; ``buttons``, ``token`` and ``lang`` or a whole
            ``markup``; ``file`` for what comes as one under the text, ``rich`` for the
            blocks that say all of that in its place, ``picture`` for what is drawn above a text
            when it leaves; ``poll`` for a poll in its place; ``method`` for what is
            done to a message or its chat; ``sheaf`` for an essay that may share a message,
            ``rows`` for several that do; ``emoji`` for a reaction, None to take it away;
            ``only_for`` whom it is shown, ``reply_to_ephemeral`` for the message of theirs, seen
            by nobody else, that it answers; ``press``, which is answered once it is
            done; ``otherwise``, other ways to say it, should this one be refused.
        reply_to: The message that it answers, or None.
        target: The message that it changes or removes, or None.
        state: How far it is.
        is_wanted: False: look whether it arrived, but do not send it again.
        version: Grows with every change of the body.
        plainness: How much was left out because Telegram refused it.
        tries: Requests that left for it.
        not_before: When it may be tried (again), or None.
        base: The greatest message number known before the first request left.
        probed: The last number at which it was looked for, or None.
        message_id: Its number, once it is there.
        created_at: When it was owed, UTC.
        reason: Why it is held, or None.
        bundle: The first of the rows that left together in one message, or None.
    """

    id: int
    key: str
    kind: Kind
    rank: int
    turn: int
    chat_id: int
    thread_id: int | None
    job_id: int | None
    person: str | None
    waits: tuple[int, ...]
    body: dict[str, Any]
    reply_to: int | None
    target: int | None
    state: OutboxState
    is_wanted: bool
    version: int
    plainness: int
    tries: int
    not_before: datetime | None
    base: int | None
    probed: int | None
    message_id: int | None
    created_at: datetime
    reason: str | None = None
    bundle: int | None = None
