"""An event loop whose clock jumps to the next timer instead of waiting for it."""

import asyncio
import selectors


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0

    def select(self, timeout=None):
        events = super().select(0)
        if events:
            return events
        if timeout is None:
            # Nothing is scheduled and nothing can happen: the test would hang.
            events = super().select(5)
            if not events:
                raise RuntimeError("the test waits for something that never happens")
            return events
        self.now_s += max(timeout, 0)
        return events


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop without real waiting, for code whose only waiting is for time."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        # Timers within the clock's resolution fire at once, which keeps rounding from spinning.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._jumping.now_s
