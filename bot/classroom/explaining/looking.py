"""Has inquiries answered: one of each person at a time, a few at once, none lost, none twice.

An inquiry waits in the database until, in one step, it has its answer and the message that shows
it is owed. Nothing in memory decides, as with essays (``essays/scheduler.py``).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.classroom.explaining.finding import Finder
from bot.errors import FailureReason, GenerationError, RequestError
from bot.logs import log_unexpected
from bot.storage import inquiries
from bot.storage.database import Changes, Database, Transaction
from bot.storage.inquiries import Inquiry

logger = logging.getLogger(__name__)

_AT_ONCE = 4
_LOOK_EVERY_S = 5.0
"""A wake-up may be lost; so it also looks by itself."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_TRIES = 4

Owe = Callable[[Transaction, Inquiry], Awaitable[None]]
OweFailure = Callable[[Transaction, Inquiry, RequestError], Awaitable[None]]


class Guide:
    """Answers what waits.

    Args:
        database: Where the inquiries are.
        finder: Asks the service.
        owe: Owes the message that shows an inquiry.
        owe_failure: Owes the news that there is nothing to show.
    """

    def __init__(
        self, database: Database, finder: Finder, owe: Owe, owe_failure: OweFailure
    ) -> None:
        self._database = database
        self._finder = finder
        self._owe = owe
        self._owe_failure = owe_failure
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        database.listen(self._on_changes)

    async def run(self) -> None:
        """Answer until cancelled; then what is being looked up is left to the next start."""
        try:
            while True:
                self._wake.clear()
                for inquiry in await self._database.read(inquiries.waiting):
                    if len(self._tasks) < _AT_ONCE and inquiry.id not in self._tasks:
                        self._launch(inquiry)
                try:
                    async with asyncio.timeout(_LOOK_EVERY_S):
                        await self._wake.wait()
                except TimeoutError:
                    pass
        finally:
            for task in list(self._tasks.values()):
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _on_changes(self, changes: Changes) -> None:
        if changes.has_inquiries:
            self._wake.set()

    def _launch(self, inquiry: Inquiry) -> None:
        task = asyncio.create_task(self._answer(inquiry), name=f"inquiry {inquiry.id}")
        self._tasks[inquiry.id] = task
        task.add_done_callback(lambda _: self._free(inquiry.id))

    def _free(self, inquiry_id: int) -> None:
        self._tasks.pop(inquiry_id, None)
        self._wake.set()

    async def _answer(self, inquiry: Inquiry) -> None:
        try:
            found = await self._find(inquiry)
        except RequestError as error:
            logger.warning("inquiry %d ! %s", inquiry.id, error)
            await self._end_failed(inquiry, error)
            return
        except Exception as error:  # noqa: BLE001 - one broken inquiry must not stop the others
            log_unexpected(logger, error)
            await self._end_failed(inquiry, GenerationError(FailureReason.AWAY))
            return

        async def end(tx: Transaction) -> None:
            if await inquiries.answer(tx, inquiry, found):
                # The chat may have moved since.
                now = await inquiries.get(tx, inquiry.id)
                if now is not None:
                    await self._owe(tx, now)

        await self._database.step("answer inquiry", end)

    async def _find(self, inquiry: Inquiry) -> dict[str, object]:
        """Ask the service, again if it breaks down; waiting for one that is away costs nothing."""
        pause_s, tries = _FIRST_PAUSE_S, 0
        while True:
            try:
                return await self._finder.find(inquiry)
            except GenerationError as error:
                tries += error.has_begun
                if not error.is_passing or tries >= _TRIES:
                    raise
                logger.info("inquiry %d ↻ %s", inquiry.id, error.reason)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _end_failed(self, inquiry: Inquiry, error: RequestError) -> None:
        async def end(tx: Transaction) -> None:
            if await inquiries.answer(tx, inquiry, {}):
                await self._owe_failure(tx, inquiry, error)

        await self._database.step("inquiry failed", end)
