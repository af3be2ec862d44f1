"""Several services as if they were one: each request goes to the one with the fewest open."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import count

import httpx

from bot.generation.client_errors import retry_after_s

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 2.0
_LOOK_TIMEOUT_S = 5.0
_REMEMBERED_S = 30.0
_REFUSALS = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, slots=True)
class ServiceState:
    """How one service is doing, as its client sees it.

    Attributes:
        address: Host and port.
        open: Requests whose answers are not over.
        slots: Texts that it writes at once; None where it does not say.
        is_full: Whether it asked to be left alone for now.
        away_since: Since when it takes no requests, in UTC; None while it does.
    """

    address: str
    open: int
    slots: int | None
    is_full: bool
    away_since: datetime | None


class _Service:
    def __init__(self, url: str) -> None:
        self.url = httpx.URL(url.strip().rstrip("/").removesuffix("/v1"))
        self.address = self.url.netloc.decode("ascii")  # without user and password
        self.open = 0
        self.last_asked = 0
        self.away_since: datetime | None = None
        self._has_answered = False
        self._full_until_s = 0.0
        # Behind one address several may stand; each look sees one of them.
        self._slots_of: dict[str, tuple[int, float]] = {}

    @property
    def is_full(self) -> bool:
        return asyncio.get_running_loop().time() < self._full_until_s

    @property
    def slots(self) -> int | None:
        since_s = asyncio.get_running_loop().time() - _REMEMBERED_S
        known = [slots for slots, seen_s in self._slots_of.values() if seen_s > since_s]
        return sum(known) if known else None

    @property
    def room(self) -> int | None:
        """Texts that it takes at once now: no more than it has, while it takes none."""
        return self.open if self.away_since or self.is_full else self.slots

    def note_slots(self, slots: int, instance: str) -> None:
        self._slots_of[instance] = slots, asyncio.get_running_loop().time()

    def note_away(self, reason: str) -> None:
        if self.away_since is None:
            if self._has_answered:  # else it is still starting, which others tell
                _log.info("the service at %s is away: %s", self.address, reason)
            self.away_since = datetime.now(UTC)
            self._slots_of.clear()

    def note(self, response: httpx.Response) -> None:
        """Learn from an answer whether it takes requests, and when again."""
        self._has_answered = True
        if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            self.note_away(f"status {response.status_code}")
        else:
            self.away_since = None
        if response.status_code in _REFUSALS:
            wait_s = retry_after_s(response) or 0.0
            self._full_until_s = asyncio.get_running_loop().time() + wait_s

    def addressed(self, request: httpx.Request) -> httpx.Request:
        """A request as this service gets it; its body can be sent more than once."""
        path = self.url.raw_path.rstrip(b"/") + request.url.raw_path
        headers = request.headers.copy()
        headers["Host"] = self.address
        sent = httpx.Request(
            request.method,
            self.url.copy_with(raw_path=path),
            headers=headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        if self.url.userinfo:
            sent = next(httpx.BasicAuth(self.url.username, self.url.password).auth_flow(sent))
        return sent


class BalancedTransport(httpx.AsyncBaseTransport):
    """HTTP to whichever of several services has the fewest requests open.

    A service that cannot be reached, or that refuses for now (503, 429), is passed over as long as
    there are others, and a request that it did not take goes to the next one.
    """

    def __init__(self, urls: Sequence[str], inner: httpx.AsyncBaseTransport) -> None:
        """Prepare; nothing is sent yet.

        Args:
            urls: Of the services.
            inner: Sends a request to one of them.
        """
        self._services = [_Service(url) for url in urls]
        self._inner = inner
        self._turns = count(1)

    @property
    def states(self) -> tuple[ServiceState, ...]:
        """How each service is doing."""
        return tuple(
            ServiceState(one.address, one.open, one.slots, one.is_full, one.away_since)
            for one in self._services
        )

    @property
    def slots(self) -> int | None:
        """Texts that they take at once now, 1 at least; None where one does not say."""
        rooms = [one.room for one in self._services]
        known = [room for room in rooms if room is not None]
        return max(1, sum(known)) if len(known) == len(rooms) else None

    async def watch(self) -> None:
        """Ask for the services' health again and again, until cancelled."""
        while True:
            await asyncio.gather(*(self._look(one) for one in self._services))
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _look(self, service: _Service) -> None:
        request = httpx.Request(
            "GET",
            "http://service/health",
            headers={"Connection": "close"},  # the next look may see another one
            extensions={"timeout": httpx.Timeout(_LOOK_TIMEOUT_S).as_dict()},
        )
        # It is away, which is noted, or tells nothing of the kind.
        with suppress(httpx.HTTPError, OSError, ValueError, TypeError, LookupError):
            answer = await self._send(service, request)
            await answer.aread()
            report = answer.json()
            service.note_slots(int(report["slots"]), str(report.get("instance")))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to one service after another, until one takes it.

        Raises:
            httpx.TransportError: None can be reached, or the connection broke.
        """
        refusal: httpx.Response | None = None
        failure: httpx.TransportError | None = None
        for service in sorted(
            self._services,
            key=lambda one: (bool(one.away_since) or one.is_full, one.open, one.last_asked),
        ):
            try:
                response = await self._send_counted(service, request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
                continue
            if response.status_code not in _REFUSALS:
                return response
            await response.aread()  # so that its connection is free
            refusal = response
        if refusal is not None:
            return refusal
        assert failure is not None
        raise failure

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def _send_counted(self, service: _Service, request: httpx.Request) -> httpx.Response:
        service.last_asked = next(self._turns)
        service.open += 1
        try:
            response = await self._send(service, request)
        except BaseException:
            service.open -= 1
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _CountedStream(response.stream, service)
        return response

    async def _send(self, service: _Service, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._inner.handle_async_request(service.addressed(request))
        except httpx.TransportError as error:
            service.note_away(type(error).__name__)
            raise
        service.note(response)
        return response


class _CountedStream(httpx.AsyncByteStream):
    """An answer that counts as open until it is closed."""

    def __init__(self, stream: httpx.AsyncByteStream, service: _Service) -> None:
        self._stream = stream
        self._service: _Service | None = service

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk

    async def aclose(self) -> None:
        if self._service is not None:
            self._service.open -= 1
            self._service = None
        await self._stream.aclose()
