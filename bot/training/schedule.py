"""How long a training goes on, and its learning rate on the way."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schedule:
    """Linear warm-up by steps, then a cosine over the share that is done.

    Attributes:
        peak: Greatest learning rate.
        final_share: The last learning rate, as a share of the peak.
        warmup_steps: Steps of warm-up. Steps even where the clock ends the training: the first
            step of a compiled model takes a minute.
        steps: Steps after which the training ends, or None.
        seconds: Time after which it ends, or None. One of the two is given.
    """

    peak: float
    final_share: float
    warmup_steps: int
    steps: int | None
    seconds: float | None

    def done(self, step: int, elapsed_s: float) -> float:
        """Return the share of the training that is done, from 0; 1 or more ends it."""
        by_steps = step / self.steps if self.steps else 0.0
        by_time = elapsed_s / self.seconds if self.seconds else 0.0
        return max(by_steps, by_time)

    def rate(self, step: int, done: float) -> float:
        """Return the learning rate of a step.

        Args:
            step: Steps done before it.
            done: Share that is done before it.
        """
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
        rate = self.peak * (self.final_share + (1 - self.final_share) * cosine)
        if step < self.warmup_steps:
            return rate * (step + 1) / (self.warmup_steps + 1)
        return rate

    def remaining_s(self, step: int, elapsed_s: float) -> float | None:
        """Return an estimate of the seconds left, or None before the first step."""
        done = self.done(step, elapsed_s)
        if done <= 0:
            return None
        return max(0.0, elapsed_s * (1 - done) / done)
