"""An event loop whose clock jumps to the next timer instead of waiting for it."""

import asyncio
import contextlib
import selectors

import aiosqlite


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

    @contextlib.contextmanager
    def busy(self):
        """A thread works for the loop while the block runs."""
        self._jumping.busy += 1
        try:
            yield
        finally:
            self._jumping.busy -= 1

    def run_in_executor(self, executor, function, *arguments):
        future = super().run_in_executor(executor, function, *arguments)
        self._jumping.busy += 1
        future.add_done_callback(self._one_less)
        return future

    def _one_less(self, _future) -> None:
        self._jumping.busy -= 1


def _noted(method):
    """A coroutine of an SQLite connection, which its thread carries out."""

    async def noted(*arguments, **options):
        loop = asyncio.get_running_loop()
        busy = loop.busy() if isinstance(loop, VirtualTimeLoop) else contextlib.nullcontext()
        with busy:
            return await method(*arguments, **options)

    return noted


for _name in ("_execute", "_connect", "close"):
    setattr(aiosqlite.Connection, _name, _noted(getattr(aiosqlite.Connection, _name)))
