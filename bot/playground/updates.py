"""The queue of updates that ``getUpdates`` reads, with Telegram's semantics.

An update stays until a request with a higher ``offset`` confirms it; a second poller ends the
first one's wait with 409. Everything happens on one event loop.
"""

import asyncio
from collections.abc import Callable

from bot.playground.model import Json
from bot.playground.refusals import conflict

KINDS_LEFT_OUT_BY_DEFAULT = frozenset(
    {"chat_member", "message_reaction", "message_reaction_count"}
)
"""Kinds that a bot gets only after naming them in ``allowed_updates``."""
MAX_TIMEOUT_S = 50
MAX_LIMIT = 100

_OTHER_POLLER = (
    "terminated by other getUpdates request; make sure that only one bot instance is running"
)


class UpdateQueue:
    """Updates that wait for the bot, in order.

    Attributes:
        allowed_kinds: The last ``allowed_updates``; None means the default selection.
        watchers: Told of every update that is queued.
    """

    def __init__(self, first_id: int = 1) -> None:
        self._next_id = first_id
        self._pending: list[Json] = []
        self._waiting: asyncio.Future[None] | None = None
        self._is_closed = False
        self.allowed_kinds: frozenset[str] | None = None
        self.watchers: list[Callable[[Json], None]] = []

    def __len__(self) -> int:
        return len(self._pending)

    def wants(self, kind: str) -> bool:
        """Return whether updates of this kind are kept for the bot."""
        if self.allowed_kinds is None:
            return kind not in KINDS_LEFT_OUT_BY_DEFAULT
        return kind in self.allowed_kinds

    def push(self, kind: str, payload: Json) -> None:
        """Add an update and wake the poller; kinds that the bot didn't ask for are dropped."""
        if not self.wants(kind):
            return
        self.put({"update_id": self._next_id, kind: payload})

    def put(self, update: Json) -> None:
        """Add an update as it is, whatever it holds; without an ``update_id`` it gets the next."""
        update = {"update_id": self._next_id, **update}
        self._next_id = max(self._next_id, update["update_id"] + 1)
        self._pending.append(update)
        for watch in self.watchers:
            watch(update)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def drop_all(self) -> None:
        """Forget every pending update."""
        self._pending.clear()

    def confirm(self, offset: int) -> None:
        """Forget what ``offset`` confirms.

        A positive offset forgets all updates with a lower id; a negative one keeps only the last
        ``-offset`` updates; zero forgets nothing.
        """
        if offset > 0:
            self._pending = [update for update in self._pending if update["update_id"] >= offset]
        elif offset < 0:
            self._pending = self._pending[offset:]

    async def poll(self, offset: int, limit: int, timeout_s: float) -> list[Json]:
        """Confirm, then return up to ``limit`` updates, waiting ``timeout_s`` for the first.

        Raises:
            ApiRefusal: 409, when another poll began while this one waited.
        """
        self.terminate_poll(_OTHER_POLLER)
        self.confirm(offset)
        if not self._pending and timeout_s > 0 and not self._is_closed:
            await self._wait(timeout_s)
        return self._pending[:limit]

    def terminate_poll(self, reason: str) -> None:
        """End a waiting poll with 409."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(conflict(reason))

    def close(self) -> None:
        """Answer a waiting poll with nothing and let no other wait: the server stops."""
        self._is_closed = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def _wait(self, timeout_s: float) -> None:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = waiting
        try:
            done, _ = await asyncio.wait({waiting}, timeout=timeout_s)
        finally:
            if self._waiting is waiting:
                self._waiting = None
        if done:
            waiting.result()
