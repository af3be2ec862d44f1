"""One chat's requests in the order in which they go out, and when the next one may."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from bot.telegram.budget import DeliveryLimits, Window
from bot.telegram.message_numbers import MessageNumbers
from bot.telegram.receipts import Receipt


class Rank(IntEnum):
    """What goes first."""

    TEXT = 0
    """Essays and answers, in the order in which they were asked for."""
    STATUS = 1
    """A placeholder says something new."""
    TIDY = 2
    """A placeholder is removed."""
    PREVIEW = 3
    """The text so far."""


class Call(Protocol):
    """One request to Telegram, for whatever number the chat has by then."""

    def __call__(self, chat_id: int, *, with_thread: bool) -> Awaitable[int | None]:
        """Send it; the number of the message, if there is one."""


Probe = Callable[[int, int], Awaitable[object]]
"""Edits message (chat, number) so that it would say what was to be sent."""


@dataclass(slots=True, eq=False)
class Request:
    """A request on its way.

    Attributes:
        call: Does it.
        rank: What goes first.
        key: Newer ones with this key take its place; its own identity if None was given.
        is_lasting: Whether it is tried until the bot stops.
        probe: For texts: looks whether one has arrived.
        base_number: The last message number known before the first attempt.
        on_start: Called with that number before the first attempt.
        on_done: Called with the receipt at once, in the same step as the success, so that
            nothing can come between a message and the note that it was sent.
        receipt: Resolves with the end of it; never raises.
    """

    call: Call
    rank: Rank
    key: object
    is_lasting: bool
    probe: Probe | None
    on_done: Callable[[Receipt], None] | None
    receipt: asyncio.Future[Receipt]
    on_start: Callable[[int], None] | None = None
    attempts: int = 0
    with_thread: bool = True
    may_have_arrived: bool = False
    base_number: int | None = None
    is_finished: bool = False

    def finish(self, receipt: Receipt) -> None:
        """Tell whoever waits; only the first call counts."""
        if self.is_finished:
            return
        self.is_finished = True
        # Whoever waited may have been cancelled meanwhile; what happened is noted all the same.
        if not self.receipt.done():
            self.receipt.set_result(receipt)
        if self.on_done is not None:
            self.on_done(receipt)


@dataclass(slots=True, eq=False)
class Lane:
    """What waits for one chat, and what was sent there lately.

    Attributes:
        chat_id: The chat; groups have negative numbers.
        limits: What Telegram allows.
        windows: Budgets of this chat.
        previews: Budget of its previews.
        waiting: Requests by rank and key, in order.
        wake: Set when something new waits.
        worker: Sends the requests, while there are any.
        paused_until_s: Flood limit or failing network, in seconds of the event loop.
        numbers: What is known of the numbers of messages in the chat.
    """

    chat_id: int
    limits: DeliveryLimits
    numbers: MessageNumbers
    windows: list[Window] = field(init=False)
    previews: Window = field(init=False)
    waiting: dict[Rank, OrderedDict[object, Request]] = field(init=False)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    worker: asyncio.Task[None] | None = None
    paused_until_s: float = 0.0

    def __post_init__(self) -> None:
        limits = self.limits
        self.windows = [Window(limits.chat_burst, limits.chat_burst / limits.chat_per_s)]
        if self.is_group:
            self.windows.append(Window(limits.group_per_minute, 60.0))
        interval_s = (
            limits.group_preview_interval_s if self.is_group else limits.private_preview_interval_s
        )
        self.previews = Window(1, interval_s)
        self.waiting = {rank: OrderedDict() for rank in Rank}

    @property
    def is_group(self) -> bool:
        """Whether the limits of groups hold."""
        return self.chat_id < 0

    def first(self) -> Request | None:
        """The request that goes next."""
        for requests in self.waiting.values():
            if requests:
                return next(iter(requests.values()))
        return None

    def wait_s(self, rank: Rank, now_s: float) -> float:
        """Seconds until a request of this rank may be sent here."""
        waits = [self.paused_until_s - now_s, 0.0]
        if rank is Rank.PREVIEW:
            waits.append(self.previews.wait_s(now_s))
        for window in self.windows:
            reserve = 0
            if rank is Rank.PREVIEW:
                reserve = max(1, int(window.count * self.limits.group_preview_reserve))
            elif rank is not Rank.TEXT and self.is_group:
                reserve = max(1, window.count // 4)
            waits.append(window.wait_s(now_s, reserve))
        return max(waits)

    def note(self, rank: Rank, now_s: float) -> None:
        """A request of this rank is sent now."""
        for window in self.windows:
            window.note(now_s)
        if rank is Rank.PREVIEW:
            self.previews.note(now_s)
