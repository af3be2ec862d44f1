"""How fast the service writes, and how long a person will wait."""

from collections.abc import Callable
from dataclasses import dataclass


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

    def resume(self) -> None:
        """Something is being written from now on."""
        if self._since is None:
            self._since = self._clock()

    def pause(self) -> None:
        """Nothing is being written from now on."""
        self._age()
        self._since = None

    def add(self, words: int) -> None:
        """So many words were just written."""
        self._age()
        self._words += words

    def words_per_s(self) -> float | None:
        """Speed over all essays together, or None before it is known."""
        self._age()
        if self._busy_s < 1.0 or self._words < 1:
            return None
        return self._words / self._busy_s

    def _age(self) -> None:
        if self._since is None:
            return
        now = self._clock()
        elapsed, self._since = now - self._since, now
        keep = 2.0 ** (-1.5 * elapsed / self._memory_s)
        self._words *= keep
        self._busy_s = self._busy_s * keep + elapsed
