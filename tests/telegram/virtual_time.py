"""An event loop whose clock jumps to the next timer instead of waiting for it."""

import asyncio
import selectors
from queue import SimpleQueue

import aiosqlite.core


class _JumpingSelector(selectors.DefaultSelector):
    """Jumps when nothing can happen but the passing of time.

    Work that threads do for the loop takes no time of its clock: while there is some, it waits.

    Attributes:
        now_s: The loop's clock.
        busy: Calls that threads work on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0
        self.busy = 0

    def select(self, timeout=None):
        events = super().select(0)
        if events:
            return events
        if timeout is None or (self.busy and timeout > 0):
            # Nothing is scheduled, or a thread is at work: only it can go on.
            events = super().select(30)
            if not events:
                raise RuntimeError("the test waits for something that never happens")
            return events
        self.now_s += max(timeout, 0)
        return events


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop without real waiting, for code whose only waiting is for time and for SQLite."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        # Timers within the clock's resolution fire at once, which keeps rounding from spinning.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._jumping.now_s

    def count(self, future) -> None:
        """A thread works on something for the loop until the future is done."""
        self._jumping.busy += 1
        future.add_done_callback(self._one_less)

    def run_in_executor(self, executor, function, *arguments):
        future = super().run_in_executor(executor, function, *arguments)
        self.count(future)
        return future

    def _one_less(self, _future) -> None:
        self._jumping.busy -= 1


class _InlineQueue(SimpleQueue):  # type: ignore[type-arg]
    """What the thread of an SQLite connection is given to do; done at once on a virtual loop.

    Going to a thread and back takes longer than the query. The result comes in the loop's next
    round, so that others still get their turn in between, and always the same ones.
    """

    def put_nowait(self, item):
        future, function = item
        loop = None if future is None else future.get_loop()
        if not isinstance(loop, VirtualTimeLoop):
            super().put_nowait(item)
            return
        try:
            result, settle = function(), aiosqlite.core.set_result
        except BaseException as error:  # noqa: BLE001 - whoever awaits it gets it
            result, settle = error, aiosqlite.core.set_exception
        loop.call_soon(settle, future, result)
        if result is aiosqlite.core._STOP_RUNNING_SENTINEL:
            super().put_nowait((None, lambda: result))


aiosqlite.core.SimpleQueue = _InlineQueue  # type: ignore[attr-defined]
