"""Everything that the bot sends to a chat goes through here: one lane per chat, paced.

Within a lane texts come first, then changes of status, then tidying up, then previews. A request
may have a key: a newer one with the same key takes the place of one that still waits, so that of
many previews only the latest is sent. A flood limit stops the lane it was met in and no other.

A request that fails on the way may have been carried out. Edits, deletions and drafts are simply
repeated, for they do the same thing twice. A text may be there already: message numbers grow, so
those after the last known one that nothing accounts for are tried with an edit that says the same.
If Telegram answers "message is not modified", the text has arrived and is not sent again. If none
is found it is sent again: a text twice is better than a text lost.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.telegram.budget import DeliveryLimits, Window
from bot.telegram.lane import Call, Lane, Probe, Rank, Request
from bot.telegram.logs import log_unexpected
from bot.telegram.message_numbers import MessageNumbers, has_own_counter
from bot.telegram.receipts import (
    NOT_MODIFIED,
    Receipt,
    Refusal,
    lacks_thread,
    may_have_arrived,
    refusal_of,
)

logger = logging.getLogger(__name__)

_ANSWER_ATTEMPTS = 6
"""Times that an answer is tried while the network fails; an essay is tried until the bot stops."""
_LONGEST_PAUSE_S = 30.0
_PROBES = 5
"""Message numbers tried when a text may have arrived; others may have written in between."""
_KEPT_LANES = 1000


class Delivery:
    """Sends requests to chats within Telegram's limits.

    Time is the event loop's own.

    Args:
        limits: What Telegram allows.
        on_migrated: Told the old and the new number of a group that became a supergroup.
    """

    def __init__(
        self,
        limits: DeliveryLimits | None = None,
        on_migrated: Callable[[int, int], None] | None = None,
    ) -> None:
        self._limits = limits or DeliveryLimits()
        self._on_migrated = on_migrated
        self._all = Window(max(1, round(self._limits.all_per_s)), 1.0)
        self._lanes: dict[int, Lane] = {}
        self._shared_numbers = MessageNumbers()
        self._moved: dict[int, int] = {}
        self._others: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    def submit(
        self,
        chat_id: int,
        call: Call,
        rank: Rank,
        *,
        key: object | None = None,
        is_lasting: bool = False,
        probe: Probe | None = None,
        on_start: Callable[[int], None] | None = None,
        on_done: Callable[[Receipt], None] | None = None,
        resumed_after: int | None = None,
    ) -> asyncio.Future[Receipt]:
        """Put a request into its chat's lane.

        Args:
            chat_id: The chat.
            call: Makes the request.
            rank: What goes first.
            key: It takes the place of one with this key, of the same rank or a later one.
            is_lasting: Whether it is tried until the bot stops.
            probe: For texts: looks whether one has arrived.
            on_start: Called with the last message number known before the first attempt.
            on_done: Called with the receipt in the same step as the success.
            resumed_after: What ``on_start`` was told when another run of the bot began to send
                this; it may have arrived since.

        Returns:
            The receipt to come. It never raises and need not be awaited.
        """
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        request = Request(call, rank, key, is_lasting, probe, on_done, future, on_start)
        if resumed_after is not None:
            request.base_number = resumed_after
            request.may_have_arrived = True
        if key is None:
            request.key = request
        if self._is_stopping:
            request.finish(Receipt(refusal=Refusal.STOPPED))
            return future
        lane = self._lane(chat_id)
        replaced = lane.waiting[rank].get(request.key)
        lane.waiting[rank][request.key] = request
        for less_urgent in Rank:
            if less_urgent > rank:
                # It would come later and undo what this one does.
                replaced = lane.waiting[less_urgent].pop(request.key, None) or replaced
        if replaced is not None:
            replaced.finish(Receipt(refusal=Refusal.SUPERSEDED))
        self._rouse(lane)
        return future

    def drop(self, chat_id: int, key: object) -> bool:
        """Take back a request that still waits; False if it was sent or is being sent."""
        lane = self._lane(chat_id)
        for requests in lane.waiting.values():
            request = requests.pop(key, None)
            if request is not None:
                request.finish(Receipt(refusal=Refusal.SUPERSEDED))
                return True
        return False

    def beside(self, request: Coroutine[Any, Any, object]) -> None:
        """Send a request that counts towards no chat, such as the answer to a button."""
        task = asyncio.create_task(_quietly(request))
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    def saw(self, chat_id: int, message_id: int) -> None:
        """A message of this number is in the chat; so ours, if lost, has another number."""
        self._lane(chat_id).numbers.saw(message_id)

    def migrate(self, old_id: int, new_id: int) -> None:
        """Follow a group that became a supergroup."""
        if old_id == new_id or self._moved.get(old_id) == new_id:
            return
        self._moved[old_id] = new_id
        if self._on_migrated is not None:
            self._on_migrated(old_id, new_id)
        old = self._lanes.pop(old_id, None)
        if old is None:
            return
        lane = self._lane(new_id)
        for rank, requests in old.waiting.items():
            lane.waiting[rank].update(requests)
            requests.clear()
        old.wake.set()
        self._rouse(lane)

    async def drain(self) -> None:
        """Wait until nothing is left to send."""
        while tasks := [*self._others, *self._workers()]:
            await asyncio.wait(tasks)

    async def stop(self, timeout_s: float) -> None:
        """Send what waits, without previews, for so long; then give the rest up."""
        self._is_stopping = True
        for lane in self._lanes.values():
            for request in list(lane.waiting[Rank.PREVIEW].values()):
                self.drop(lane.chat_id, request.key)
        workers = self._workers()
        if tasks := [*workers, *self._others]:
            await asyncio.wait(tasks, timeout=max(timeout_s, 0.0))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for lane in self._lanes.values():
            for requests in lane.waiting.values():
                for request in requests.values():
                    request.finish(Receipt(refusal=Refusal.STOPPED))
                requests.clear()

    def _workers(self) -> list[asyncio.Task[None]]:
        return [lane.worker for lane in self._lanes.values() if lane.worker is not None]

    def _lane(self, chat_id: int) -> Lane:
        while chat_id in self._moved:
            chat_id = self._moved[chat_id]
        lane = self._lanes.get(chat_id)
        if lane is None:
            if len(self._lanes) >= _KEPT_LANES:
                self._forget_idle_lanes()
            numbers = MessageNumbers() if has_own_counter(chat_id) else self._shared_numbers
            lane = self._lanes[chat_id] = Lane(chat_id, self._limits, numbers)
        return lane

    def _forget_idle_lanes(self) -> None:
        now_s = asyncio.get_running_loop().time()
        self._lanes = {
            chat_id: lane
            for chat_id, lane in self._lanes.items()
            if lane.worker is not None
            or lane.paused_until_s > now_s
            or not all(window.is_empty(now_s) for window in lane.windows)
        }

    def _rouse(self, lane: Lane) -> None:
        lane.wake.set()
        if lane.worker is None:
            lane.worker = asyncio.create_task(self._work(lane))

    async def _work(self, lane: Lane) -> None:
        loop = asyncio.get_running_loop()
        try:
            while (request := lane.first()) is not None:
                now_s = loop.time()
                wait_s = max(lane.wait_s(request.rank, now_s), self._wait_s(request.rank, now_s))
                if wait_s > 0:
                    # Something that goes first may come while this one waits.
                    lane.wake.clear()
                    await _event_or_timeout(lane.wake, wait_s)
                    continue
                del lane.waiting[request.rank][request.key]
                self._note(lane, request.rank)
                try:
                    await self._perform(lane, request)
                except Exception as error:  # noqa: BLE001 - one broken request must not stop its lane
                    log_unexpected(logger, error)
                    request.finish(Receipt(refusal=Refusal.REFUSED))
        finally:
            lane.worker = None

    def _wait_s(self, rank: Rank, now_s: float) -> float:
        return self._all.wait_s(now_s, self._all.count // 3 if rank is Rank.PREVIEW else 0)

    def _note(self, lane: Lane, rank: Rank) -> None:
        now_s = asyncio.get_running_loop().time()
        lane.note(rank, now_s)
        self._all.note(now_s)

    async def _perform(self, lane: Lane, request: Request) -> None:
        request.attempts += 1
        if request.base_number is None:
            self._begin(lane, request)
        assert request.base_number is not None  # mypy: it was set one line above
        try:
            if request.may_have_arrived and request.probe is not None:
                found = await self._find(lane, request.probe, request.base_number)
                if found is not None:
                    self._succeed(lane, request, found)
                    return
                request.may_have_arrived = False
                if lane.numbers.last > request.base_number:
                    self._begin(lane, request)
                self._note(lane, request.rank)
            message_id = await request.call(lane.chat_id, with_thread=request.with_thread)
        except asyncio.CancelledError:
            request.finish(Receipt(refusal=Refusal.STOPPED))
            raise
        except TelegramError as error:
            self._on_error(lane, request, error)
        else:
            self._succeed(lane, request, message_id)

    def _begin(self, lane: Lane, request: Request) -> None:
        """Remember after which number the message will be found if its answer is lost."""
        request.base_number = lane.numbers.last
        if request.on_start is not None:
            request.on_start(request.base_number)

    def _succeed(self, lane: Lane, request: Request, message_id: int | None) -> None:
        if message_id is not None:
            lane.numbers.saw(message_id)
        request.finish(Receipt(message_id=message_id))

    def _on_error(self, lane: Lane, request: Request, error: TelegramError) -> None:
        """Decide by class and reason; BadRequest is a NetworkError, so it comes before it."""
        if isinstance(error, RetryAfter):
            pause_s = _seconds(error.retry_after)
            logger.info("chat %d asks to wait %.0f s", lane.chat_id, pause_s)
            self._pause(lane, pause_s)
            self._again(lane, request)
        elif isinstance(error, ChatMigrated):
            old_id = lane.chat_id
            self.migrate(old_id, error.new_chat_id)
            self._again(self._lane(error.new_chat_id), request)
        elif isinstance(error, Forbidden):
            request.finish(Receipt(refusal=Refusal.FORBIDDEN))
        elif isinstance(error, BadRequest):
            self._on_bad_request(lane, request, error)
        elif isinstance(error, NetworkError):
            self._on_network_error(lane, request, error)
        else:
            logger.warning("chat %d: %s", lane.chat_id, type(error).__name__)
            request.finish(Receipt(refusal=Refusal.REFUSED))

    def _on_bad_request(self, lane: Lane, request: Request, error: BadRequest) -> None:
        if NOT_MODIFIED in str(error).lower():
            request.finish(Receipt())
        elif lacks_thread(str(error)) and request.with_thread:
            request.with_thread = False
            self._again(lane, request)
        else:
            refusal = refusal_of(str(error))
            if refusal is Refusal.REFUSED:
                logger.warning("chat %d: Telegram refuses: %s", lane.chat_id, error)
            request.finish(Receipt(refusal=refusal))

    def _on_network_error(self, lane: Lane, request: Request, error: NetworkError) -> None:
        if request.rank is Rank.PREVIEW or (
            not request.is_lasting and request.attempts >= _ANSWER_ATTEMPTS
        ):
            request.finish(Receipt(refusal=Refusal.UNREACHABLE))
            return
        request.may_have_arrived = request.may_have_arrived or may_have_arrived(error)
        self._pause(lane, min(_LONGEST_PAUSE_S, 0.5 * 2 ** (request.attempts - 1)))
        self._again(lane, request)

    def _pause(self, lane: Lane, pause_s: float) -> None:
        until_s = asyncio.get_running_loop().time() + pause_s
        lane.paused_until_s = max(lane.paused_until_s, until_s)

    def _again(self, lane: Lane, request: Request) -> None:
        """Put a request back where it stood, unless a newer one came for it meanwhile.

        A preview is never put back: by then the essay may be there, and the next one is newer.
        """
        is_outdated = any(request.key in requests for requests in lane.waiting.values())
        if is_outdated or request.rank is Rank.PREVIEW:
            request.finish(Receipt(refusal=Refusal.SUPERSEDED))
        else:
            lane.waiting[request.rank][request.key] = request
            lane.waiting[request.rank].move_to_end(request.key, last=False)
            self._rouse(lane)

    async def _find(self, lane: Lane, probe: Probe, base_number: int) -> int | None:
        """Look for a text that may have arrived among the numbers that nothing accounts for.

        Only this lane sends to the chat, one request after another, so that a message of the bot
        after the last known one can be no other; and it can edit nobody else's.
        """
        for message_id in lane.numbers.unknown_after(base_number, _PROBES):
            self._note(lane, Rank.TEXT)
            try:
                await probe(lane.chat_id, message_id)
            except BadRequest as error:
                if NOT_MODIFIED in str(error).lower():
                    return message_id
            else:
                return message_id
        return None


async def _quietly(request: Coroutine[Any, Any, object]) -> None:
    try:
        await request
    except TelegramError as error:
        # A button that was pressed long ago cannot be answered any more, and need not be.
        logger.debug("a side request failed: %s", type(error).__name__)


async def _event_or_timeout(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        pass


def _seconds(span: int | float | timedelta) -> float:
    return span.total_seconds() if isinstance(span, timedelta) else float(span)
