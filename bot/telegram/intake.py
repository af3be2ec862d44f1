"""Updates are on disk before Telegram is told that they arrived, and handled in order per person.

Asking for the next updates confirms the last ones, whatever became of them. So the queue writes an
update down before its ``put`` returns, and marks it as done when its handlers have returned; what
is not marked is handled again at the next start.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable
from inspect import iscoroutine
from typing import Any

from telegram import Bot, Update
from telegram.error import NetworkError
from telegram.ext import BaseUpdateProcessor

from bot.storage import UpdateJournal
from bot.telegram.context import person_of
from bot.telegram.logs import log_unexpected

logger = logging.getLogger(__name__)

ALLOWED_UPDATES = ("message", "callback_query", "my_chat_member", "stopped_message_generation")
"""What the bot asks Telegram for. Edits are not among them: an edited request stays what it was.
The last one is newer than the library, which therefore does not list it."""

_CONCURRENT_UPDATES = 512
_PRUNE_EVERY = 1000
"""Handled updates after which the journal forgets old numbers."""


class DurableUpdateQueue(asyncio.Queue[object]):
    """An update queue whose ``put`` returns when the update is on disk.

    Args:
        journal: Keeps the updates.
    """

    def __init__(self, journal: UpdateJournal) -> None:
        super().__init__()
        self._journal = journal
        self._handled = 0

    def put_nowait(self, item: object) -> None:
        """Write an update down and queue it, unless it was seen before.

        Raises:
            NetworkError: It could not be written down. That is the kind of error after which the
                updater asks again, without confirming what it has.
        """
        if isinstance(item, Update):
            try:
                is_new = self._journal.record(item.update_id, item.to_json())
            except Exception as error:  # whatever failed, the update must not be confirmed
                log_unexpected(logger, error)
                raise NetworkError("the update journal cannot be written") from error
            if not is_new:
                return
        super().put_nowait(item)

    def replay(self, bot: Bot) -> int:
        """Queue what the last run received and did not finish.

        Returns:
            How many updates that were.
        """
        count = 0
        for payload in self._journal.pending():
            fields: dict[str, Any] = json.loads(payload)
            try:
                update = Update.de_json(fields, bot)
            except (TypeError, KeyError, ValueError, AttributeError):
                logger.warning("update %s cannot be read again", fields["update_id"])
                self._journal.done(fields["update_id"])
                continue
            super().put_nowait(update)
            count += 1
        self._journal.prune()
        return count

    def done(self, update: Update) -> None:
        """An update has been handled."""
        self._journal.done(update.update_id)
        self._handled += 1
        if self._handled % _PRUNE_EVERY == 0:
            self._journal.prune()


class OrderedUpdateProcessor(BaseUpdateProcessor):
    """Handles the updates of one person in order, and those of different people side by side.

    Args:
        queue: Is told when an update has been handled.
    """

    def __init__(self, queue: DurableUpdateQueue) -> None:
        super().__init__(_CONCURRENT_UPDATES)
        self._queue = queue
        self._locks: dict[str, asyncio.Lock] = {}
        self._waiting: dict[str, int] = {}

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Run an update's handlers when it is its turn."""
        if not isinstance(update, Update):
            await coroutine
            return
        key = person_of(update) or ""
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._waiting[key] = self._waiting.get(key, 0) + 1
        try:
            async with lock:
                await coroutine
                self._queue.done(update)
        finally:
            if iscoroutine(coroutine):
                coroutine.close()
            self._waiting[key] -= 1
            if self._waiting[key] == 0:
                del self._waiting[key], self._locks[key]

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to release."""
