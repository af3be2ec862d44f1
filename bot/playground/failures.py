"""Failures on purpose: answers that go wrong, limits that bite, connections that break."""

import math
from collections import deque
from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.playground.refusals import ApiRefusal, forbidden, too_many_requests

FailureKind = Literal[
    "flood", "forbidden", "bad_request", "bad_gateway", "delay", "drop_before", "drop_after"
]


class Failure(BaseModel):
    """A failure that is due for some coming calls.

    Attributes:
        kind: ``flood`` answers 429 with ``retry_after_s``; ``forbidden`` 403, ``bad_request``
            400 with ``description``; ``bad_gateway`` 502 without JSON; ``delay`` waits
            ``delay_s`` and then goes on; ``drop_before`` cuts the connection without doing
            anything, ``drop_after`` does everything and then cuts it.
        method: A method's name, or ``*`` for all but ``getUpdates``.
        chat_id: Only calls with this ``chat_id``; None means any.
        times: How many calls fail; 0 means until removed.
        skip: How many matching calls pass before that.
    """

    model_config = ConfigDict(extra="forbid")

    kind: FailureKind
    method: str = "*"
    chat_id: int | None = None
    times: int = Field(default=1, ge=0)
    skip: int = Field(default=0, ge=0)
    retry_after_s: int = Field(default=1, ge=1)
    description: str = ""
    delay_s: float = Field(default=0.0, ge=0.0)

    def matches(self, method: str, chat_id: object) -> bool:
        """Return whether a call is one that this failure is meant for."""
        if self.method == "*":
            if method.lower() == "getupdates":
                return False
        elif self.method.lower() != method.lower():
            return False
        return self.chat_id is None or str(self.chat_id) == str(chat_id)

    def refusal(self) -> ApiRefusal | None:
        """Return the answer that the call gets instead of its own, if it is one in JSON."""
        if self.kind == "flood":
            return too_many_requests(self.retry_after_s)
        if self.kind == "forbidden":
            return forbidden(self.description or "bot was blocked by the user")
        if self.kind == "bad_request":
            return ApiRefusal(400, f"Bad Request: {self.description or 'chat not found'}")
        return None


class FailurePlan:
    """The failures that are still due, oldest first."""

    def __init__(self) -> None:
        self._due: list[Failure] = []

    @property
    def due(self) -> list[Failure]:
        """The failures that are still due, with what is left of their counts."""
        return list(self._due)

    def add(self, failure: Failure) -> None:
        """Plan a failure."""
        self._due.append(failure.model_copy())

    def clear(self) -> None:
        """Forget all failures."""
        self._due.clear()

    def take(self, method: str, chat_id: object) -> Failure | None:
        """Return the failure for a call and count it down; None when the call may pass."""
        for failure in self._due:
            if not failure.matches(method, chat_id):
                continue
            if failure.skip > 0:
                failure.skip -= 1
                continue
            if failure.times == 1:
                self._due.remove(failure)
            elif failure.times > 1:
                failure.times -= 1
            return failure
        return None


class RateLimits:
    """Telegram's published limits, as sliding windows: 1/s a chat, 20/min a group, 30/s in all.

    The one-a-second limit allows short bursts, as Telegram's does. Off until ``is_on``.

    Args:
        clock: Seconds; only differences count.
    """

    COUNTED = frozenset(
        {
            "sendmessage",
            "editmessagetext",
            "editmessagecaption",
            "editmessagereplymarkup",
            "senddocument",
            "deletemessage",
        }
    )
    CHAT_WINDOW = (5.0, 5)
    GROUP_WINDOW = (60.0, 20)
    OVERALL_WINDOW = (1.0, 30)

    def __init__(self, clock: Callable[[], float]) -> None:
        self.is_on = False
        self._clock = clock
        self._sent: dict[object, deque[float]] = {}

    def check(self, method: str, chat_id: object) -> None:
        """Count a call.

        Raises:
            ApiRefusal: 429 when a window is full; the call isn't counted then.
        """
        if not self.is_on or method.lower() not in self.COUNTED:
            return
        now = self._clock()
        windows = [("all", self.OVERALL_WINDOW), (chat_id, self.CHAT_WINDOW)]
        if str(chat_id).startswith("-"):
            windows.append((("group", chat_id), self.GROUP_WINDOW))
        wait_s = max(self._wait_s(key, window, now) for key, window in windows)
        if wait_s > 0:
            raise too_many_requests(max(1, math.ceil(wait_s)))
        for key, _ in windows:
            self._sent.setdefault(key, deque()).append(now)

    def _wait_s(self, key: object, window: tuple[float, int], now: float) -> float:
        length_s, count = window
        sent = self._sent.setdefault(key, deque())
        while sent and sent[0] <= now - length_s:
            sent.popleft()
        return sent[0] + length_s - now if len(sent) >= count else 0.0
