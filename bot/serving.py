"""What all HTTP servers here share: a port, an end to every wait, noticing that nobody waits."""

import asyncio
import errno
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar, cast

import uvicorn
from starlette.types import Receive
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.errors import PortTakenError, SettingsError
from bot.logs import SeldomFilter

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

BACKLOG = 2048  # connections that may wait to be accepted: a class begins all at once
REQUEST_TIMEOUT_S = 30.0
"""For a whole request: since the connection was opened, or since the answer before."""
READER_TIMEOUT_S = 60.0
"""For a client that does not read its answer."""
KEEP_ALIVE_S = (
    15  # longer than clients keep a connection for later, or they would run into its end
)
_GRACE_S = 2
_ACCEPTED_AT_ONCE = 32
_MOST_CONNECTIONS = 4096

# What strangers can make these say is said once a minute.
_log.addFilter(SeldomFilter())
logging.getLogger("uvicorn.error").addFilter(SeldomFilter())
logging.getLogger("asyncio").addFilter(SeldomFilter("socket.accept() out of system resource"))


class BoundedProtocol(H11Protocol):
    """Uvicorn's HTTP, which waits for nobody without end and holds a limited number of clients.

    Where there is one too many, the one that has kept us waiting longest goes, so that silent or
    slow connections cannot shut out those that ask for something.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait(REQUEST_TIMEOUT_S)
        if len(self.connections) >= (self.limit_concurrency or _MOST_CONNECTIONS):
            self._longest_waiting().give_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Stop to wait once a request is here as a whole."""
        super().handle_events()
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._wait(REQUEST_TIMEOUT_S)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Begin to wait for a reader."""
        super().pause_writing()
        self._wait(READER_TIMEOUT_S)

    def resume_writing(self) -> None:
        """Stop to wait for a reader; after the answer's end, a request is what is waited for."""
        super().resume_writing()
        self._stop_waiting()
        if self.cycle is None or self.cycle.response_complete:
            self._wait(REQUEST_TIMEOUT_S)

    def give_up(self) -> None:
        """Close the connection at once."""
        _log.warning("closing connections that ask for nothing, or do not read the answer")
        self._stop_waiting()
        self.transport.abort()

    def _longest_waiting(self) -> "BoundedProtocol":
        # Never empty: whoever has just come is among them.
        protocols = cast("set[BoundedProtocol]", self.connections)
        waiting = [(one._deadline.when(), id(one), one) for one in protocols if one._deadline]
        return min(waiting)[-1]

    def _wait(self, timeout_s: float) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(timeout_s, self.give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Server(uvicorn.Server):
    """A server on a socket that is open already, with bounds.

    Args:
        app: The ASGI application.
        connections: Clients at once.
        **options: Further ones of ``uvicorn.Config``.
    """

    def __init__(self, app: Any, connections: int, **options: Any) -> None:  # noqa: ANN401
        settings: dict[str, Any] = {
            "http": BoundedProtocol,
            "ws": "none",
            "lifespan": "off",
            "limit_concurrency": connections,
            "backlog": _ACCEPTED_AT_ONCE,
            "timeout_keep_alive": KEEP_ALIVE_S,
            "log_config": None,
            "log_level": logging.WARNING,
            "access_log": False,
            "server_header": False,
        }
        super().__init__(uvicorn.Config(app, **(settings | options)))

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer until told to exit, or cancelled."""
        try:
            await super().serve(sockets)
        finally:
            # A cancelled server does not. Closed behind the loop's back, a socket's number stays
            # among those that it watches, and whatever gets that number next is never heard.
            for listening in getattr(self, "servers", ()):
                listening.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        # asyncio accepts as many at once as it lets wait: more files than there may be.
        for listener in sockets or []:
            listener.listen(BACKLOG)


class InnerServer(Server):
    """A server that leaves the process's signals to the program around it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@asynccontextmanager
async def serve_beside(app: Any, host: str, port: int, connections: int) -> AsyncIterator[None]:  # noqa: ANN401
    """Serve an application on TCP while the block runs.

    Args:
        app: The ASGI application.
        host: Address to listen on.
        port: 0 takes a free one.
        connections: Clients at once.

    Raises:
        PortTakenError: Another program listens there.
        SettingsError: This computer has no such address.
    """
    with listen(host, port) as listener:
        # What waits for the database, say, must not hold the program's end up.
        server = InnerServer(app, connections, timeout_graceful_shutdown=_GRACE_S)
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving


def greatest_connections() -> int:
    """Allow this process as many open files as it may have; return how many clients that fits."""
    if sys.platform == "win32":
        return 512
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * _MOST_CONNECTIONS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted // 2
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # a system that knows better, or a filter of system calls
        return soft // 2
    return wanted // 2


def listen(host: str, port: int) -> socket.socket:
    """Open a listening TCP socket.

    Args:
        host: Address to listen on, of IPv4 or IPv6.
        port: 0 takes a free one.

    Raises:
        PortTakenError: Another program listens there, or the port is not ours to take.
        SettingsError: This computer has no such address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol's number, or asyncio would not take it for TCP and let small answers wait
    # for the client's acknowledgement: 40 ms each.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name != "nt":  # there it would let two programs share the port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortTakenError(port) from error
        raise SettingsError([("host", f"{host}: {error.strerror}")]) from error
    listener.setblocking(False)
    return listener


class DisconnectedError(Exception):
    """The client closed the connection."""


async def unless_disconnected(receive: Receive, work: Coroutine[Any, Any, _T]) -> _T:
    """Run some work, and cancel it as soon as the client closes the connection.

    Args:
        receive: Of the request, whose body was read.
        work: What to do.

    Raises:
        DisconnectedError: The client went first.
    """
    working = asyncio.create_task(work)
    watching = asyncio.create_task(_disconnected(receive))
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise DisconnectedError
    finally:
        working.cancel()
        watching.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
