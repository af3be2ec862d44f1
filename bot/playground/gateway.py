"""One call of the Bot API from its token to its answer, without HTTP."""

import asyncio
import json
import re
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.playground.failures import Failure, FailurePlan, RateLimits
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
        body: The JSON body, or plain text for a failing gateway.
        is_dropped: Cut the connection instead of answering.
    """

    status: int
    body: Json | str
    is_dropped: bool = False


@dataclass(slots=True)
class Call:
    """One line of the log of calls.

    Attributes:
        started_at: Seconds since the epoch.
        finished_at: The same, None while the call waits.
        status: The HTTP status of the answer; 0 for a cut connection.
        description: Why it was refused.
    """

    seq: int
    method: str
    parameters: Json
    started_at: float
    finished_at: float | None = None
    status: int | None = None
    description: str | None = None
    result: object = field(default=None, repr=False)

    def as_json(self) -> Json:
        """Return the call as JSON."""
        return {
            "seq": self.seq,
            "method": self.method,
            "parameters": self.parameters,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "status": self.status,
            "description": self.description,
            "result": self.result,
        }


class Gateway:
    """The Bot API of one bot.

    Attributes:
        token: The bot's token.
        failures: What goes wrong on purpose.
        limits: The rate limits, off at first.
        calls: The last calls, oldest first.
    """

    def __init__(self, world: World, token: str) -> None:
        self._world = world
        self.token = token
        self.failures = FailurePlan()
        self.limits = RateLimits(world.now)
        self.calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self._seq = 0

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
            return self._refused(entry, refusal)
        entry = self._log(method.name, raw)
        try:
            return await self._serve(entry, method, raw)
        finally:
            entry.finished_at = self._world.now()

    async def _serve(self, entry: Call, method: Method, raw: Mapping[str, object]) -> Answer:
        failure = self.failures.take(method.name, raw.get("chat_id"))
        if failure is not None:
            early = await self._fail_early(entry, failure)
            if early is not None:
                return early
        try:
            self.limits.check(method.name, raw.get("chat_id"))
            result = await method.call(self._world, raw)
        except ApiRefusal as refusal:
            return self._refused(entry, refusal)
        entry.status, entry.result = 200, result
        if method.name == "getUpdates":
            entry.result = None  # the updates would fill the log
        if failure is not None and failure.kind == "drop_after":
            return self._dropped(entry)
        return Answer(200, {"ok": True, "result": result})

    async def _fail_early(self, entry: Call, failure: Failure) -> Answer | None:
        if failure.delay_s:
            await asyncio.sleep(failure.delay_s)
        refusal = failure.refusal()
        if refusal is not None:
            return self._refused(entry, refusal)
        if failure.kind == "bad_gateway":
            entry.status, entry.description = 502, "Bad Gateway"
            return Answer(502, "<html><body><h1>502 Bad Gateway</h1></body></html>")
        if failure.kind == "drop_before":
            return self._dropped(entry)
        return None

    def _refused(self, entry: Call, refusal: ApiRefusal) -> Answer:
        entry.status, entry.description = refusal.status, refusal.description
        entry.finished_at = self._world.now()
        return Answer(refusal.status, refusal.as_json())

    def _dropped(self, entry: Call) -> Answer:
        entry.status = 0
        return Answer(200, "", is_dropped=True)

    def _log(self, method: str, raw: Mapping[str, object]) -> Call:
        self._seq += 1
        parameters = {name: _loggable(name, value) for name, value in raw.items()}
        call = Call(self._seq, method, parameters, self._world.now())
        self.calls.append(call)
        return call


def _loggable(name: str, value: object) -> object:
    """Return a parameter as JSON; strings that hold JSON objects or lists are opened."""
    if isinstance(value, Upload):
        return {
            "file_name": value.file_name,
            "mime_type": value.mime_type,
            "size": len(value.data),
        }
    if isinstance(value, str) and value[:1] in ("{", "[") and name not in ("text", "caption"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
