"""Faults on purpose: answers that go wrong, limits that bite, connections that break."""

import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from bot.playground.methods import METHODS
from bot.playground.model import Json
from bot.playground.refusals import ApiRefusal, too_many_requests

FaultKind = Literal[
    "refusal", "late", "reset", "cut", "html", "braces", "empty", "no_result", "hang"
]

_ROUNDING_S = 0.001
"""What a clock that counts from 1970 may be wrong by, and more."""
_PREFIXES = {400: "Bad Request: ", 403: "Forbidden: ", 409: "Conflict: "}
_DESCRIPTIONS = {
    400: "chat not found",
    401: "Unauthorized",
    403: "bot was blocked by the user",
    404: "Not Found",
    409: "terminated by other getUpdates request; make sure that only one bot instance is running",
    500: "Internal Server Error",
    502: "Bad Gateway",
    504: "Gateway Timeout",
}


class Fault(BaseModel):
    """Something that goes wrong with some coming calls.

    Attributes:
        kind: What the bot gets instead of the call's own answer.

            - ``refusal``: ``ok: false`` with ``status``, ``description`` and ``parameters``;
            - ``late``: its own answer, after ``delay_s`` (504 when the call doesn't act);
            - ``reset``: nothing, the connection breaks;
            - ``cut``: the first half of its own answer, then the connection breaks;
            - ``html``: a page with ``status``, as a proxy would send;
            - ``braces``, ``empty``, ``no_result``: ``{}``, no byte, ``{"ok": true}`` with 200;
            - ``hang``: nothing, and the connection stays open.
        method: A method's name, or ``*`` for all but ``getUpdates``.
        chat_id: Only calls with this ``chat_id``; None means any.
        times: How many calls fail; 0 means until removed.
        skip: How many matching calls pass before that.
        lasts_s: Instead of ``times``: all calls from the first that fails until so much later. The
            ``retry_after`` of a refusal with 429 is then what is left of it.
        acts: Whether Telegram carries the call out nevertheless: ``no``, ``first`` (before the
            delay) or ``last`` (after it). By default ``first`` if late, else ``no``.
        delay_s: How long the answer takes.
        status: The HTTP status of ``refusal`` and ``html``.
        description: What follows ``Bad Request:`` and the like; by default something usual.
        retry_after: Whole seconds, for 429; None says nothing of it.
        retry_after_in: Where it stands: also in ``parameters``, or in the description alone.
        parameters: Other ``ResponseParameters``, such as ``migrate_to_chat_id``.
    """

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind = "refusal"
    method: str = "*"
    chat_id: int | None = None
    times: int = Field(default=1, ge=0)
    skip: int = Field(default=0, ge=0)
    lasts_s: float | None = Field(default=None, gt=0)
    acts: Literal["no", "first", "last"] = "no"
    delay_s: float = Field(default=0.0, ge=0.0)
    status: int = 502
    description: str = ""
    retry_after: int | None = Field(default=None, ge=0)
    retry_after_in: Literal["parameters", "description"] = "parameters"
    parameters: Json = Field(default_factory=dict)
    _ends_at: float | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if "acts" not in self.model_fields_set and self.kind == "late":
            self.acts = "first"
        if self.method != "*" and self.method.lower() not in METHODS:
            raise ValueError(f"no method is called {self.method!r}")
        return self

    def matches(self, method: str, chat_id: object) -> bool:
        """Return whether a call is one that this fault is meant for."""
        if self.method == "*":
            if method.lower() == "getupdates":
                return False
        elif self.method.lower() != method.lower():
            return False
        return self.chat_id is None or str(self.chat_id) == str(chat_id)

    def left_s(self, now: float) -> float:
        """Return how much of ``lasts_s`` is left; the first call of this starts it."""
        if self._ends_at is None:
            self._ends_at = now + (self.lasts_s or 0)
        return self._ends_at - now

    def refusal(self) -> ApiRefusal:
        """Return the answer of a fault of the kind ``refusal``."""
        parameters = dict(self.parameters)
        if self.status == 429:
            description = "Too Many Requests"
            if self.retry_after is not None:
                description += f": retry after {self.retry_after}"
                if self.retry_after_in == "parameters":
                    parameters["retry_after"] = self.retry_after
        else:
            description = self.description or _DESCRIPTIONS.get(self.status, "Unknown")
            description = _PREFIXES.get(self.status, "") + description
        return ApiRefusal(self.status, description, parameters or None)


class FaultPlan:
    """The faults that are still due, oldest first.

    Args:
        clock: Seconds; only differences count.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._due: list[Fault] = []

    @property
    def due(self) -> list[Fault]:
        """The faults that are still due, with what is left of their counts."""
        return list(self._due)

    def add(self, fault: Fault) -> None:
        """Plan a fault."""
        self._due.append(fault.model_copy())

    def clear(self) -> None:
        """Forget all faults."""
        self._due.clear()

    def take(self, method: str, chat_id: object) -> Fault | None:
        """Return the fault for a call and count it down; None when the call may pass."""
        for fault in list(self._due):
            if not fault.matches(method, chat_id):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.lasts_s is not None:
                left_s = fault.left_s(self._clock())
                if left_s > 0:
                    return _with_wait(fault, left_s)
                self._due.remove(fault)
                continue
            if fault.times == 1:
                self._due.remove(fault)
            elif fault.times > 1:
                fault.times -= 1
            return fault
        return None


def _with_wait(fault: Fault, left_s: float) -> Fault:
    if fault.retry_after is None:
        return fault
    return fault.model_copy(update={"retry_after": math.ceil(left_s)})


class RateLimits:
    """Telegram's published limits: 1/s a chat with short bursts, 20/min a group, 30/s in all.

    Edits and deletions count like messages. Off until ``is_on``.

    Args:
        clock: Seconds; only differences count.

    Attributes:
        is_on: Whether they hold.
        counts_reactions: Whether a reaction counts like a message; nobody outside Telegram knows.
        counts_ephemeral: The same of a message that only one person sees.
    """

    CHAT_PER_S = 1.0
    CHAT_BURST = 5
    GROUP_WINDOW = (60.0, 20)
    OVERALL_WINDOW = (1.0, 30)

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: dict[str, deque[float]] = {}
        self._buckets: dict[str, tuple[float, float]] = {}
        """By chat, how many calls it could take at which time."""
        self.set(is_on=False)

    def set(
        self, *, is_on: bool, counts_reactions: bool = False, counts_ephemeral: bool = False
    ) -> None:
        """Switch the limits, from the next call on."""
        self.is_on = is_on
        self.counts_reactions = counts_reactions
        self.counts_ephemeral = counts_ephemeral

    def check(self, method: str, parameters: Mapping[str, object]) -> None:
        """Count a call.

        Raises:
            ApiRefusal: 429 when a limit is reached; the call isn't counted then.
        """
        if not self.is_on or not self._counts(method, parameters):
            return
        now, chat = self._clock(), str(parameters.get("chat_id"))
        windows = [("all", self.OVERALL_WINDOW)]
        if chat.startswith("-"):
            windows.append((chat, self.GROUP_WINDOW))
        free = self._free(chat, now)
        wait_s = max(
            (1 - free) / self.CHAT_PER_S,
            *(self._wait_s(key, window, now) for key, window in windows),
        )
        if wait_s > _ROUNDING_S:
            raise too_many_requests(max(1, math.ceil(wait_s)))
        self._buckets[chat] = (free - 1, now)
        for key, _ in windows:
            self._windows[key].append(now)

    def _counts(self, method: str, parameters: Mapping[str, object]) -> bool:
        if method == "setMessageReaction":
            return self.counts_reactions
        if method in ("sendChatAction", "sendMessageDraft"):
            return False
        if "Ephemeral" in method or "ephemeral_message_parameters" in parameters:
            return self.counts_ephemeral
        return method.startswith(("send", "edit", "deleteMessage", "stopPoll", "pin"))

    def _free(self, chat: str, now: float) -> float:
        free, at = self._buckets.get(chat, (float(self.CHAT_BURST), now))
        return min(self.CHAT_BURST, free + (now - at) * self.CHAT_PER_S)

    def _wait_s(self, key: str, window: tuple[float, int], now: float) -> float:
        length_s, count = window
        sent = self._windows.setdefault(key, deque())
        while sent and sent[0] <= now - length_s:
            sent.popleft()
        return sent[0] + length_s - now if len(sent) >= count else 0.0
