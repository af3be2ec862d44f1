"""The log of everything that the page shows, in order, for several readers at once."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bot.playground.model import Json

KEPT_CHANGES = 20_000


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened.

    Attributes:
        seq: Its place; the first change has 1 and no number is left out.
        kind: ``message``, ``edited``, ``deleted``, ``draft``, ``action``, ``callback_answer``,
            ``reaction``, ``chat``, ``user`` or ``commands``.
        data: The JSON that the page gets.
        at: When, in seconds of the world's clock.
    """

    seq: int
    kind: str
    data: Json
    at: float

    def as_json(self) -> Json:
        """Return the change as one JSON object."""
        return {"seq": self.seq, "kind": self.kind, **self.data}


class ChangeLog:
    """The last changes; readers remember how far they read.

    Args:
        clock: Seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._changes: deque[Change] = deque(maxlen=KEPT_CHANGES)
        self._last_seq = 0
        self._is_closed = False
        self._news = asyncio.Event()

    @property
    def last_seq(self) -> int:
        """The number of the newest change, 0 before the first."""
        return self._last_seq

    @property
    def is_closed(self) -> bool:
        """Whether no change will follow."""
        return self._is_closed

    def add(self, kind: str, data: Json) -> None:
        """Append a change and wake all readers."""
        self._last_seq += 1
        self._changes.append(Change(self._last_seq, kind, data, self._clock()))
        self._wake()

    def after(self, seq: int) -> list[Change]:
        """Return the changes that came after number ``seq`` and are still kept."""
        newer = self._last_seq - seq
        if newer <= 0:
            return []
        return list(self._changes)[-newer:]

    async def wait(self, seq: int, timeout_s: float) -> list[Change]:
        """Return the changes after ``seq``, waiting up to ``timeout_s`` for the first one."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while not (changes := self.after(seq)) and not self._is_closed:
            left_s = deadline - asyncio.get_running_loop().time()
            if left_s <= 0:
                return []
            news = self._news
            try:
                await asyncio.wait_for(news.wait(), left_s)
            except TimeoutError:
                return []
        return changes

    def close(self) -> None:
        """Wake all readers for the last time."""
        self._is_closed = True
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
