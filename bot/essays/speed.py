"""How fast the service writes, and how long a person will wait."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.storage.records import Job


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
