"""One call of the Bot API from its token to its answer, without HTTP."""

import asyncio
import contextlib
import json
import re
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from bot.playground.faults import Fault, FaultPlan, RateLimits
from bot.playground.methods import Method, find_method
from bot.playground.methods.parameters import Upload
from bot.playground.model import Json
from bot.playground.refusals import ApiRefusal
from bot.playground.world import World

KEPT_CALLS = 20_000
_TOKEN = re.compile(r"\d{1,19}:[A-Za-z0-9_-]{3,}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP.

    Attributes:
        status: The HTTP status.
        body: The JSON body, or text for what is no answer of the Bot API.
        arrives: ``whole``; ``half``, and then the connection breaks; ``never``: it breaks before.
    """

    status: int
    body: Json | str
    arrives: Literal["whole", "half", "never"] = "whole"

    @property
    def media_type(self) -> str:
        """The type of the body."""
        return "text/html" if isinstance(self.body, str) else "application/json"

    @property
    def content(self) -> bytes:
        """The body as it is sent."""
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, separators=(",", ":")).encode()


@dataclass(slots=True)
class Call:
    """One line of the log of calls.

    Attributes:
        seq: Its place; the first call has 1.
        method: As the Bot API spells it.
        parameters: As they came, nested JSON opened.
        started_at: Seconds of the world's clock.
        finished_at: The same, None while the call waits.
        status: The HTTP status of the answer; 0 for a broken connection, None while it waits.
        description: Why it was refused.
        acted: Whether it was carried out, whatever its answer says.
        fault: The kind of the planned fault that it met; a 429 without one is a full limit's.
        result: What the call returned, or would have.
    """

    seq: int
    method: str
    parameters: Json
    started_at: float
    finished_at: float | None = None
    status: int | None = None
    description: str | None = None
    acted: bool = False
    fault: str | None = None
    result: object = field(default=None, repr=False)

    def as_json(self) -> Json:
        """Return the call as JSON."""
        return asdict(self)


class Gateway:
    """The Bot API of one bot.

    Attributes:
        token: The bot's token.
        faults: What goes wrong on purpose.
        limits: The rate limits, off at first.
        calls: The last calls, oldest first.
        watchers: Told of every call twice: when it comes, and when its answer goes back (its
            ``status`` is set then).
    """

    def __init__(self, world: World, token: str) -> None:
        self._world = world
        self.token = token
        self.faults = FaultPlan(world.now)
        self.limits = RateLimits(world.now)
        self.calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self.watchers: list[Callable[[Call], None]] = []
        self._seq = 0
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Let no call wait any longer: the server stops."""
        self._closing.set()

    def check_token(self, token: str) -> None:
        """Refuse other tokens: 404 when malformed, 401 when unknown."""
        if not _TOKEN.fullmatch(token):
            raise ApiRefusal(404, "Not Found")
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            raise ApiRefusal(401, "Unauthorized")

    async def call(self, token: str, method_name: str, raw: Mapping[str, object]) -> Answer:
        """Serve one call and write it into the log."""
        try:
            self.check_token(token)
            method = find_method(method_name)
        except ApiRefusal as refusal:
            entry = self._log(method_name, raw)
            return self._answered(entry, Answer(refusal.status, refusal.as_json()))
        entry = self._log(method.name, raw)
        try:
            answer = await self._serve(entry, method, raw)
        finally:  # a poll may be given up
            entry.finished_at = self._world.now()
        return self._answered(entry, answer)

    async def _serve(self, entry: Call, method: Method, raw: Mapping[str, object]) -> Answer:
        fault = self.faults.take(method.name, raw.get("chat_id"))
        if fault is None:
            return await self._act(entry, method, raw)
        entry.fault = fault.kind
        own = Answer(504, Fault(status=504).refusal().as_json())
        if fault.acts == "first":
            own = await self._act(entry, method, raw)
        await self._pause(fault.delay_s)
        if fault.acts == "last":
            own = await self._act(entry, method, raw)
        if fault.kind == "hang":
            await self._closing.wait()
        return faulty(fault, own)

    async def _act(self, entry: Call, method: Method, raw: Mapping[str, object]) -> Answer:
        """Carry a call out, unless Telegram refuses it, and return its own answer."""
        try:
            self.limits.check(method.name, raw)
            result = await method.call(self._world, raw)
        except ApiRefusal as refusal:
            return Answer(refusal.status, refusal.as_json())
        entry.acted = True
        if method.name != "getUpdates":  # the updates would fill the log
            entry.result = result
        return Answer(200, {"ok": True, "result": result})

    async def _pause(self, delay_s: float) -> None:
        if delay_s:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), delay_s)

    def _answered(self, entry: Call, answer: Answer) -> Answer:
        entry.status = answer.status if answer.arrives == "whole" else 0
        entry.finished_at = self._world.now()
        if isinstance(answer.body, dict):
            entry.description = answer.body.get("description")
        for watch in list(self.watchers):
            watch(entry)
        return answer

    def _log(self, method: str, raw: Mapping[str, object]) -> Call:
        self._seq += 1
        parameters = {name: _loggable(name, value) for name, value in raw.items()}
        call = Call(self._seq, method, parameters, self._world.now())
        self.calls.append(call)
        for watch in list(self.watchers):
            watch(call)
        return call


def faulty(fault: Fault, own: Answer) -> Answer:
    """Return what the bot gets because of a fault instead of the call's ``own`` answer."""
    if fault.kind == "refusal":
        refusal = fault.refusal()
        return Answer(refusal.status, refusal.as_json())
    if fault.kind == "html":
        return Answer(fault.status, f"<html><body><h1>{fault.status}</h1></body></html>")
    if fault.kind in ("reset", "hang"):
        return replace(own, arrives="never")
    if fault.kind == "cut":
        return replace(own, arrives="half")
    bodies: dict[str, Json | str] = {"braces": {}, "empty": "", "no_result": {"ok": True}}
    return Answer(200, bodies[fault.kind]) if fault.kind in bodies else own


def _loggable(name: str, value: object) -> object:
    """Return a parameter as JSON; strings that hold JSON objects or lists are opened."""
    if isinstance(value, Upload):
        return {
            "file_name": value.file_name,
            "mime_type": value.mime_type,
            "size": len(value.data),
        }
    if isinstance(value, dict):
        return {key: _loggable(name, inner) for key, inner in value.items()}
    if isinstance(value, str) and value[:1] in ("{", "[") and name not in ("text", "caption"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
