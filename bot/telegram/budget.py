"""How many requests Telegram takes: counts in sliding windows. No clock of its own."""

from collections import deque
from dataclasses import dataclass


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
        group_preview_reserve: Share of a group's minute that previews leave to everything else.
    """

    chat_per_s: float = 1.0
    chat_burst: int = 3
    group_per_minute: int = 20
    all_per_s: float = 30.0
    private_preview_interval_s: float = 1.0
    group_preview_interval_s: float = 6.0
    group_preview_reserve: float = 0.6


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

    def is_empty(self, now_s: float) -> bool:
        """Whether no event is remembered."""
        return not self._times_s or now_s - self._times_s[-1] >= self.span_s
