"""Where essays are asked for and called off: each in one step, with what it owes the chat."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.errors import (
    EmptyTopicError,
    QueueFullError,
    RequestError,
    TooManyWaitingError,
    TopicTooLongError,
)
from bot.essays import finishing
from bot.essays.apologies import failure_text
from bot.essays.pieces import (
    TELEGRAM_LIMIT_UNITS,
    marked,
    shorten,
    split_text,
    without_mentions,
)
from bot.essays.speed import Place, SpeedMeter
from bot.storage import chats, jobs, outbox
from bot.storage.database import Transaction
from bot.storage.records import EssayRequest, Job, JobState, Kind, Rank
from bot.texts import TEXTS, Texts

_INTERLEAVED = 3
"""Pieces after which an essay gives way to the next one, so that a long one holds nobody up."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken on.

    Attributes:
        running: Essays written at once; one person has at most one of them.
        waiting: Essays in the queue.
        waiting_per_person: Essays of one person in the queue.
        topic_characters: Greatest length of a topic.
    """

    running: int = 32
    waiting: int = 100
    waiting_per_person: int = 3
    topic_characters: int = 600


@dataclass(frozen=True, slots=True)
class QueueView:
    """The queue at one moment.

    Attributes:
        running: Essays being written.
        waiting: Essays in the queue.
        own: The place of the person who asks, or None if nothing of theirs waits.
        held: Messages to that person that their chat refuses for now.
    """

    running: int
    waiting: int
    own: Place | None
    held: int


class Desk:
    """Takes essays in and calls them off.

    Nothing here decides from memory: the drafts and the measured speed only make an answer better.

    Args:
        limits: How much is taken on.
        clock: Seconds, growing.

    Attributes:
        limits: The same.
        meter: How fast essays are written.
        drafts: What is written so far of the jobs that are running, by their number.
        told: What the placeholders of unfinished jobs say, as far as this run knows.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self.limits = limits
        self.meter = SpeedMeter(clock)
        self.drafts: dict[int, str] = {}
        self.told: dict[int, str] = {}

    async def accept(
        self, tx: Transaction, request: EssayRequest, update_id: int | None
    ) -> Job | None:
        """Take an essay in, and owe the person an acknowledgement.

        Args:
            tx: The step.
            request: What is asked.
            update_id: The update that asks. Taken twice, it makes one job.

        Returns:
            The job, or None if this update made one before.

        Raises:
            EmptyTopicError: There is no letter or digit in the topic.
            TopicTooLongError: The topic is too long.
            TooManyWaitingError: The person has too many essays waiting.
            QueueFullError: The queue is full.
        """
        address = request.address
        current_id = await chats.current(tx, address.chat_id)
        if current_id != address.chat_id:
            # The group became a supergroup since; the message has no number there.
            address = replace(address, chat_id=current_id, message_id=None)
            request = replace(request, address=address)
        self._ensure_topic(request.topic)
        running = await jobs.in_state(tx, JobState.RUNNING)
        waiting = await jobs.in_state(tx, JobState.WAITING)
        self._ensure_room(request.person, running, waiting)
        seed = request.preferences.seed
        job = await jobs.add(
            tx,
            request,
            update_id=update_id,
            seed=secrets.randbits(32) if seed is None else seed,
        )
        if job is None:
            return None
        waiting = sorted([*waiting, job], key=lambda one: (one.turn, one.id))
        place = self.meter.places(running, waiting, self.limits.running)[job.id]
        text = self.acknowledgement(job, place, [*running, *waiting])
        await owe_placeholder(tx, job, text)
        self.told[job.id] = text
        return job

    def acknowledgement(self, job: Job, place: Place, unfinished: list[Job]) -> str:
        """What the placeholder of a waiting job says."""
        is_busy = any(
            other.request.person == job.request.person and other.id < job.id
            for other in unfinished
        )
        number = place.position if place.ahead_words or is_busy else 0
        return texts_of(job).chat.acknowledged(number, place.estimate_s)

    async def cancel(
        self, tx: Transaction, job: Job, *, is_answered: bool = False
    ) -> list[int] | None:
        """Stop an essay, wherever it is before its last piece has arrived.

        Args:
            tx: The step.
            job: The essay.
            is_answered: Whether the person gets an answer of its own, so that an essay of which
                nothing was written needs no word.

        Returns:
            Messages of it that are on their way, which an answer waits for; None if it had ended.
        """
        draft = self.drafts.get(job.id, "")
        ends = finishing.sentence_ends(draft)
        text = finishing.finish(draft) if ends else finishing.clean(draft)
        if not await jobs.cancel(tx, job.id, text):
            return None
        leaving = await outbox.retract(tx, job.id, Kind.PIECE)
        chat = texts_of(job).chat
        if text:
            word = _stopped_with(job, text)
            await _owe(
                tx, job, Kind.WORD, "word", Rank.ANSWER, word, buttons="essay", waits=leaving
            )
        elif not is_answered:
            await _owe(tx, job, Kind.WORD, "word", Rank.ANSWER, chat.stopped, waits=leaving)
        await owe_tidy(tx, job, leaving)
        return leaving

    async def queue(self, tx: Transaction, person: str | None) -> QueueView:
        """What is being written and what waits, as one person sees it."""
        running = await jobs.in_state(tx, JobState.RUNNING)
        waiting = await jobs.in_state(tx, JobState.WAITING)
        places = self.meter.places(running, waiting, self.limits.running)
        own = next((job for job in waiting if job.request.person == person), None)
        held = await outbox.held(tx, person) if person else {}
        return QueueView(
            running=len(running),
            waiting=len(waiting),
            own=places[own.id] if own else None,
            held=sum(held.values()),
        )

    def _ensure_topic(self, topic: str) -> None:
        if not any(character.isalnum() for character in topic):
            raise EmptyTopicError
        if len(topic) > self.limits.topic_characters:
            raise TopicTooLongError(len(topic), self.limits.topic_characters)

    def _ensure_room(self, person: str, running: list[Job], waiting: list[Job]) -> None:
        """Room for one more; whoever has nothing running is about to begin with one."""
        limits = self.limits
        own = sum(job.request.person == person for job in [*running, *waiting])
        if own > limits.waiting_per_person:
            raise TooManyWaitingError(limits.waiting_per_person)
        free = max(0, limits.running - len(running))
        if len(waiting) >= limits.waiting + free:
            raise QueueFullError(limits.waiting)


def texts_of(job: Job) -> Texts:
    """The texts of the language of whoever asked."""
    return TEXTS[job.request.preferences.language]


def _stopped_with(job: Job, text: str) -> str:
    head = texts_of(job).chat.stopped_with_text + "\n\n"
    return head + shorten(without_mentions(text), TELEGRAM_LIMIT_UNITS - len(head))


async def owe_placeholder(tx: Transaction, job: Job, text: str | None = None) -> None:
    """Owe the acknowledgement of a job, with a button to cancel it."""
    text = text or texts_of(job).chat.writing
    await _owe(tx, job, Kind.ACK, "ack", Rank.ANSWER, text, buttons="cancel")


async def owe_essay(tx: Transaction, job: Job, text: str) -> None:
    """Owe the chat an essay: its messages one after another, then the placeholder's removal."""
    preferences = job.request.preferences
    pieces = marked(split_text(without_mentions(text), preferences.chunk_units))
    waits: list[int] = []
    for number, piece in enumerate(pieces, start=1):
        row_id = await _owe(
            tx,
            job,
            Kind.PIECE,
            f"p{number}",
            Rank.PIECE,
            piece,
            buttons="essay" if number == len(pieces) else None,
            turn=job.turn + (number - 1) // _INTERLEAVED,
            waits=waits,
        )
        waits = [] if row_id is None else [row_id]
    await owe_tidy(tx, job, waits)


async def owe_failure(tx: Transaction, job: Job, error: RequestError) -> None:
    """Owe the person what went wrong, with a button to try again."""
    text = failure_text(error, texts_of(job).failures)
    await _owe(tx, job, Kind.WORD, "word", Rank.ANSWER, text, buttons="retry")
    await owe_tidy(tx, job, [])


async def owe_end(tx: Transaction, job: Job, placeholder_id: int) -> None:
    """Owe that a placeholder says how its job ended, where that was not with an essay."""
    texts = texts_of(job)
    text, buttons = texts.chat.stopped, None
    if job.state is JobState.FAILED:
        text, buttons = texts.failures.unknown, "retry"
    elif job.text:
        text, buttons = _stopped_with(job, job.text), "essay"
    await _owe(
        tx, job, Kind.EDIT, "end", Rank.CHANGE, text, buttons=buttons, target=placeholder_id
    )


async def owe_tidy(tx: Transaction, job: Job, waits: list[int]) -> None:
    """Owe the removal of a job's placeholder, if it is there or may come to be."""
    for ack in await outbox.of_job(tx, job.id, Kind.ACK):
        if ack.message_id is None:
            # What has not left is taken back; what may be there is looked for before.
            leaving = await outbox.retract(tx, job.id, Kind.ACK)
            if not leaving:
                return
        await outbox.owe(
            tx,
            f"j{job.id}:tidy",
            Kind.TIDY,
            Rank.TIDY,
            ack.chat_id,
            body={"lang": job.request.preferences.language},
            job_id=job.id,
            person=job.request.person,
            target=ack.message_id,
            waits=[*waits, ack.id],
        )


async def _owe(
    tx: Transaction,
    job: Job,
    kind: Kind,
    name: str,
    rank: Rank,
    text: str,
    *,
    buttons: str | None = None,
    turn: int = 0,
    waits: list[int] | tuple[int, ...] = (),
    target: int | None = None,
) -> int | None:
    address = job.request.address
    return await outbox.owe(
        tx,
        f"j{job.id}:{name}",
        kind,
        rank,
        address.chat_id,
        body={
            "text": text,
            "buttons": buttons,
            "token": job.token,
            "lang": job.request.preferences.language,
        },
        thread_id=address.thread_id,
        reply_to=address.message_id,
        target=target,
        person=job.request.person,
        job_id=job.id,
        turn=turn,
        waits=waits,
    )
