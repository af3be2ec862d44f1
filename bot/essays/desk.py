"""Where essays are asked for and called off: each in one step, with what it owes the chat."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.errors import (
    EmptyTopicError,
    QueueFullError,
    TooManyWaitingError,
    TopicTooLongError,
)
from bot.essays import finishing, safety
from bot.essays.owing import (
    owe_no_sign,
    owe_placeholder,
    owe_removal,
    owe_sign,
    owe_stop,
    owe_tidy,
    texts_of,
)
from bot.essays.safety import UnfitTopicError, Verdict
from bot.storage import chats, classes, holding, jobs, outbox
from bot.storage.database import Transaction
from bot.storage.records import EssayRequest, Job, JobState, Kind

_SLOTS = 32
"""Essays written at once by a service that does not say how many it takes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken on.

    Attributes:
        running: Essays written at once, at most; one person has at most one of them. None is as
            many as the service has room for.
        waiting: Essays in the queue.
        waiting_per_person: Essays of one person in the queue.
        topic_characters: Greatest length of a topic.
        group_messages: Messages of one essay in a group; what is longer comes as a file.
        retention_days: How long what people asked for is kept.
    """

    running: int | None = None
    waiting: int = 100
    waiting_per_person: int = 3
    topic_characters: int = 600
    group_messages: int = 2
    retention_days: int = 30


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job stands.

    Attributes:
        position: 1 for the next one to be started.
        ahead_words: Words still to be written before it starts.
        estimate_s: Seconds until its essay is finished, or None before anything was measured.
    """

    position: int
    ahead_words: int
    estimate_s: float | None


@dataclass(frozen=True, slots=True)
class QueueView:
    """The queue at one moment.

    Attributes:
        running: Essays being written.
        waiting: Essays in the queue.
        own: The place of the person who asks, or None if nothing of theirs waits.
        held: Messages to that person that their chat refuses for now.
        arrives_s: Seconds until a text of theirs that is written arrives, or None if none is.
    """

    running: int
    waiting: int
    own: Place | None
    held: int
    arrives_s: float | None = None


class SpeedMeter:
    """Words a second over all essays, while there is something to write.

    An exponential average over busy time, so that the estimate follows a machine that gets
    slower or faster, and idle time counts for nothing.

    Args:
        clock: Seconds, growing.
        memory_s: Busy seconds after which a measurement has lost two thirds of its weight.
    """

    def __init__(self, clock: Callable[[], float], memory_s: float = 60.0) -> None:
        self._clock = clock
        self._memory_s = memory_s
        self._words = 0.0
        self._busy_s = 0.0
        self._since: float | None = None
        self._written: dict[int, int] = {}

    def begin(self, job_id: int) -> None:
        """A job is being written from now on."""
        self._age()
        self._written[job_id] = 0
        if self._since is None:
            self._since = self._clock()

    def note(self, job_id: int, words: int) -> None:
        """A job has so many words now."""
        self._age()
        self._words += max(0, words - self._written.get(job_id, 0))
        self._written[job_id] = max(words, self._written.get(job_id, 0))

    def end(self, job_id: int) -> None:
        """A job is not being written any more."""
        self._age()
        self._written.pop(job_id, None)
        if not self._written:
            self._since = None

    def words_per_s(self) -> float | None:
        """Speed over all essays together, or None before it is known."""
        self._age()
        if self._busy_s < 1.0 or self._words < 1:
            return None
        return self._words / self._busy_s

    def places(
        self, running: Iterable[Job], waiting: Sequence[Job], limit: int
    ) -> dict[int, Place]:
        """Where each waiting job stands.

        Args:
            running: Jobs being written.
            waiting: Jobs in the order in which they will start.
            limit: Jobs written at once.
        """
        speed = self.words_per_s()
        running = list(running)
        ahead = 0
        if len(running) >= limit:
            ahead = sum(
                max(0, job.request.preferences.words - self._written.get(job.id, 0))
                for job in running
            )
        places = {}
        for position, job in enumerate(waiting, start=1):
            words = job.request.preferences.words
            # While the job is written it shares the machine with whatever else is there.
            share = max(1, min(len(running) + position, limit))
            estimate_s = None if speed is None else (ahead + words * share) / speed
            places[job.id] = Place(position, ahead, estimate_s)
            ahead += words
        return places

    def _age(self) -> None:
        if self._since is None:
            return
        now = self._clock()
        elapsed, self._since = now - self._since, now
        keep = 2.0 ** (-1.5 * elapsed / self._memory_s)
        self._words *= keep
        self._busy_s = self._busy_s * keep + elapsed


class Desk:
    """Takes essays in and calls them off.

    Nothing here decides from memory: the drafts and the measured speed only make an answer better.

    Args:
        limits: How much is taken on.
        clock: Seconds, growing.
        help: Where to find help.

    Attributes:
        limits: The same.
        help: Where to find help, by the names in ``HELP_FIELDS``, where a class does not say.
        meter: How fast essays are written.
        drafts: What is written so far of the jobs that are running, by their number.
        delivery_s: From a chat and a number of messages to the seconds until they have left.
        slots: Tells how many essays the service takes at once now, or None if it does not say.
        refusals: How many essays had no room, by whose was missing.
        told: What the placeholders of unfinished jobs say, as far as this run knows.
    """

    def __init__(
        self,
        limits: Limits,
        clock: Callable[[], float],
        help: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.limits = limits
        self.help = help
        self.meter = SpeedMeter(clock)
        self.refusals = {"person": 0, "queue": 0}
        self.drafts: dict[int, str] = {}
        self.told: dict[int, str] = {}
        self.delivery_s: Callable[[int, int], float] = lambda _chat_id, _messages: 0.0
        self.slots: Callable[[], int | None] = lambda: None

    @property
    def most_running(self) -> int:
        """Essays that may be written at once now."""
        slots = self.slots() or _SLOTS
        return min(slots, self.limits.running or slots)

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
            UnfitTopicError: It is not written, or not in this style.
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
        request = await _fit(tx, request)
        self.ensure_topic(request.topic)
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
        place = self.meter.places(running, waiting, self.most_running)[job.id]
        if job.request.address.is_private:
            text = self.acknowledgement(job, place, [*running, *waiting])
            await owe_placeholder(tx, job, text)
            self.told[job.id] = text
        else:
            await owe_sign(tx, job, place.estimate_s)
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
        if text or not is_answered:
            await owe_stop(tx, job, text, leaving)
        await owe_tidy(tx, job, leaving)
        await owe_no_sign(tx, job, leaving)
        return leaving

    async def remove(self, tx: Transaction, job: Job) -> None:
        """Take an essay away from its chat and from its recipe; its author alone is told."""
        leaving = await self.cancel(tx, job, is_answered=True)
        await jobs.withdraw(tx, job.id)
        await owe_removal(tx, job, leaving or [])

    async def queue(self, tx: Transaction, person: str | None) -> QueueView:
        """What is being written and what waits, as one person sees it."""
        running = await jobs.in_state(tx, JobState.RUNNING)
        waiting = await jobs.in_state(tx, JobState.WAITING)
        places = self.meter.places(running, waiting, self.most_running)
        own = next((job for job in waiting if job.request.person == person), None)
        held = await holding.held(tx, person) if person else {}
        return QueueView(
            running=len(running),
            waiting=len(waiting),
            own=places[own.id] if own else None,
            held=sum(held.values()),
            arrives_s=await self._arrives_s(tx, person),
        )

    async def _arrives_s(self, tx: Transaction, person: str | None) -> float | None:
        """When a written essay of a person is there: what leaves before it takes its time."""
        if person is None:
            return None
        for job in await jobs.unfinished_of(tx, person):
            if job.state is JobState.WRITTEN:
                ahead = await outbox.pieces_until(tx, job.id)
                if ahead is not None:
                    return self.delivery_s(*ahead)
        return None

    def ensure_topic(self, topic: str) -> None:
        """Let a topic pass that can be written about.

        Raises:
            EmptyTopicError: There is no letter or digit in it.
            TopicTooLongError: It is too long.
        """
        if not any(character.isalnum() for character in topic):
            raise EmptyTopicError
        if len(topic) > self.limits.topic_characters:
            raise TopicTooLongError(len(topic), self.limits.topic_characters)

    def _ensure_room(self, person: str, running: list[Job], waiting: list[Job]) -> None:
        """Room for one more; whoever has nothing running is about to begin with one."""
        limits = self.limits
        own = sum(job.request.person == person for job in [*running, *waiting])
        if own > limits.waiting_per_person:
            self.refusals["person"] += 1
            raise TooManyWaitingError(limits.waiting_per_person)
        free = max(0, self.most_running - len(running))
        if len(waiting) >= limits.waiting + free:
            self.refusals["queue"] += 1
            raise QueueFullError(limits.waiting)


async def _fit(tx: Transaction, request: EssayRequest) -> EssayRequest:
    """The request as it may be written: a serious topic in the sober style chosen for it.

    Raises:
        UnfitTopicError: It may not, or its person has to choose a style first.
    """
    chat_id, preferences = request.address.chat_id, request.preferences
    in_class = await classes.of_person(tx, request.person, chat_id)
    filters = safety.filters_of(in_class.settings) if in_class else None
    finding = safety.judge(". ".join((request.topic, *request.ideas)), filters)
    if finding.verdict is Verdict.FIT:
        return request
    if finding.verdict is Verdict.SERIOUS:
        styles = [preferences.style]
        last = await jobs.last_of(tx, request.person, chat_id)
        if last is not None and last.request.topic == request.topic:
            styles.append(last.request.preferences.style)
        for style in styles:
            if style in safety.SOBER_STYLES:
                return replace(request, preferences=replace(preferences, style=style))
    raise UnfitTopicError(finding, request)
