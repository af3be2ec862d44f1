"""When a request may go out: counts in sliding windows, and pauses that Telegram asked for."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.storage.records import Rank

_KEPT_CHATS = 1000
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_MOST_DOUBLINGS = 16
_STRETCH = 5
"""Bursts one after another may not add up to more than the average over so many messages."""
_UNKNOWN_IN_GROUP = 8
"""Requests of the last run that a group's closed rows may not tell of: growing texts, mostly."""


@dataclass(frozen=True, slots=True)
class DeliveryLimits:
    """What Telegram allows, as its FAQ says, and how this bot spends it.

    Attributes:
        chat_per_s: Messages and edits a second in one chat, on average.
        chat_burst: How many of them may come at once; Telegram tolerates short bursts.
        group_per_minute: Messages and edits in one group in any minute.
        all_per_s: Messages and edits over all chats in any second.
        private_preview_interval_s: Least time between two previews in a private chat.
        group_preview_interval_s: The same in a group.
    """

    chat_per_s: float = 1.0
    chat_burst: int = 3
    group_per_minute: int = 20
    all_per_s: float = 30.0
    private_preview_interval_s: float = 1.0
    group_preview_interval_s: float = 6.0


_LEFT_FREE: Mapping[Rank, float] = {
    Rank.ANSWER: 0.0,
    Rank.PIECE: 0.1,
    Rank.LATE: 0.5,
    Rank.CHANGE: 0.4,
    Rank.TIDY: 0.4,
    Rank.PREVIEW: 0.6,
}
"""Share of a group's minute that each rank leaves to the ranks before it."""


class Window:
    """At most so many events in any stretch of so many seconds.

    Args:
        count: Events allowed, at least 1.
        span_s: Length of the stretch in seconds.
    """

    def __init__(self, count: int, span_s: float) -> None:
        self.count = max(1, count)
        self.span_s = span_s
        self._times_s: deque[float] = deque()

    def note(self, now_s: float) -> None:
        """An event happens now."""
        self._times_s.append(now_s)

    def wait_s(self, now_s: float, reserve: int = 0) -> float:
        """Seconds until one more event is allowed; 0 if it is allowed now.

        Args:
            now_s: The time, in the same seconds as those of :meth:`note`.
            reserve: Events to leave to others; one is always allowed in an empty window.
        """
        while self._times_s and now_s - self._times_s[0] >= self.span_s:
            self._times_s.popleft()
        allowed = max(1, self.count - reserve)
        excess = len(self._times_s) - allowed
        if excess < 0:
            return 0.0
        return max(0.0, self._times_s[excess] + self.span_s - now_s)

    def free(self, now_s: float) -> int:
        """How many more events are allowed now, if none is remembered that is over."""
        return self.count - sum(now_s - time_s < self.span_s for time_s in self._times_s)

    def is_empty(self, now_s: float) -> bool:
        """Whether no event is remembered."""
        return not self._times_s or now_s - self._times_s[-1] >= self.span_s


class _ChatBudget:
    """What was sent to one chat lately."""

    def __init__(self, chat_id: int, limits: DeliveryLimits) -> None:
        self.is_group = chat_id < 0
        stretch = max(limits.chat_burst, _STRETCH)
        self.burst = Window(limits.chat_burst, limits.chat_burst / limits.chat_per_s)
        self.stretch = Window(stretch, stretch / limits.chat_per_s)
        self.minute = Window(limits.group_per_minute, 60.0) if self.is_group else None
        self.previews = Window(
            1,
            limits.group_preview_interval_s
            if self.is_group
            else limits.private_preview_interval_s,
        )
        self.paused_until_s = 0.0
        self.failures = 0

    def wait_s(self, rank: Rank, now_s: float) -> float:
        leaves_room = (self.is_group and rank > Rank.PIECE) or rank is Rank.PREVIEW
        waits = [
            self.paused_until_s - now_s,
            self.burst.wait_s(now_s, 1 if leaves_room else 0),
            self.stretch.wait_s(now_s),
        ]
        if self.minute is not None:
            reserve = int(self.minute.count * _LEFT_FREE[rank])
            waits.append(self.minute.wait_s(now_s, reserve))
        if rank is Rank.PREVIEW:
            waits.append(self.previews.wait_s(now_s))
        return max(waits)

    def free(self, now_s: float) -> int:
        if self.minute is None:
            return self.stretch.count
        return self.minute.free(now_s) - int(self.minute.count * _LEFT_FREE[Rank.PIECE])

    def note(self, rank: Rank, now_s: float) -> None:
        self.burst.note(now_s)
        self.stretch.note(now_s)
        if self.minute is not None:
            self.minute.note(now_s)
        if rank is Rank.PREVIEW:
            self.previews.note(now_s)

    def is_idle(self, now_s: float) -> bool:
        windows = (self.stretch, self.minute or self.burst)
        return self.paused_until_s <= now_s and all(one.is_empty(now_s) for one in windows)


class Pacing:
    """Says how long a request has to wait.

    Args:
        limits: What Telegram allows.
        clock: Seconds, growing.
    """

    def __init__(self, limits: DeliveryLimits, clock: Callable[[], float]) -> None:
        self.floods = 0
        self._limits = limits
        self._clock = clock
        self._all = Window(max(1, round(limits.all_per_s)), 1.0)
        self._chats: dict[int, _ChatBudget] = {}

    def wait_s(self, chat_id: int, rank: Rank) -> float:
        """Seconds until a request of this rank may go to a chat; 0 if it may now."""
        now_s = self._clock()
        reserve = self._all.count // 3 if rank is Rank.PREVIEW else 0
        return max(self._chat(chat_id).wait_s(rank, now_s), self._all.wait_s(now_s, reserve), 0.0)

    def claim(self, chat_id: int, rank: Rank) -> float:
        """Take the place of a request that leaves for a chat now, if there is one.

        Returns:
            0, or seconds after which to try again.
        """
        wait_s = self.wait_s(chat_id, rank)
        if wait_s == 0:
            now_s = self._clock()
            self._chat(chat_id).note(rank, now_s)
            self._all.note(now_s)
        return wait_s

    def claim_beside(self) -> float:
        """The same for a request that counts in no chat, such as a reaction; it gives way."""
        now_s = self._clock()
        wait_s = self._all.wait_s(now_s, self._all.count // 3)
        if wait_s == 0:
            self._all.note(now_s)
        return wait_s

    def free(self, chat_id: int) -> int:
        """How many essays could still leave for a chat within this minute."""
        return self._chat(chat_id).free(self._clock())

    def span_s(self, chat_id: int, messages: int) -> float:
        """Seconds until so many essays have left for a chat, if nothing else does."""
        now_s = self._clock()
        budget = self._chat(chat_id)
        spare = budget.free(now_s)
        within_s = max(0.0, messages - self._limits.chat_burst) / self._limits.chat_per_s
        minutes = max(0, messages - spare + self._limits.group_per_minute - 1)
        minutes //= self._limits.group_per_minute
        pause_s = max(0.0, budget.paused_until_s - now_s)
        return pause_s + max(within_s, 60.0 * minutes if budget.is_group else 0.0)

    def pause(self, chat_id: int, pause_s: float) -> None:
        """Leave a chat alone for so long: something failed there."""
        budget = self._chat(chat_id)
        budget.failures += 1
        budget.paused_until_s = max(budget.paused_until_s, self._clock() + pause_s)

    def back_off(
        self, chat_id: int, first_s: float = _FIRST_PAUSE_S, longest_s: float = _LONGEST_PAUSE_S
    ) -> float:
        """Leave a chat alone for a span that doubles with each failure in a row.

        Returns:
            For how many seconds.
        """
        doublings = min(self._chat(chat_id).failures, _MOST_DOUBLINGS)
        pause_s: float = min(first_s * 2**doublings, longest_s)
        self.pause(chat_id, pause_s)
        return pause_s

    def forget_failures(self, chat_id: int) -> None:
        """Something worked there."""
        self._chat(chat_id).failures = 0

    def restore(
        self,
        sent: Iterable[tuple[int, float]],
        pauses: Mapping[int, float],
        troubled: Iterable[int] = (),
    ) -> None:
        """Take up the windows of the last run.

        Args:
            sent: Chats and how many seconds ago something was sent there, oldest first.
            pauses: Chats and for how many seconds more they are to be left alone.
            troubled: Chats to which more may have been sent lately.
        """
        now_s = self._clock()
        for chat_id, age_s in sent:
            self._chat(chat_id).note(Rank.PIECE, now_s - age_s)
            self._all.note(now_s - age_s)
        for chat_id in troubled:
            budget = self._chat(chat_id)
            for _ in range(_UNKNOWN_IN_GROUP if budget.is_group else self._limits.chat_burst):
                budget.note(Rank.PIECE, now_s)
        for chat_id, pause_s in pauses.items():
            self._chat(chat_id).paused_until_s = now_s + pause_s

    def _chat(self, chat_id: int) -> _ChatBudget:
        budget = self._chats.get(chat_id)
        if budget is None:
            if len(self._chats) >= _KEPT_CHATS:
                now_s = self._clock()
                self._chats = {
                    other_id: other
                    for other_id, other in self._chats.items()
                    if not other.is_idle(now_s)
                }
            budget = self._chats[chat_id] = _ChatBudget(chat_id, self._limits)
        return budget
