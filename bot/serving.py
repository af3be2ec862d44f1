"""What all HTTP servers here share: opening a port, ending, noticing that nobody waits."""

import asyncio
import errno
import os
import socket
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import uvicorn
from starlette.types import Receive

from bot.errors import PortTakenError, SettingsError

_T = TypeVar("_T")

BACKLOG = 2048  # connections that may wait to be accepted: a class begins all at once


class InnerServer(uvicorn.Server):
    """A server that leaves the process's signals to the program around it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


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
    listener = socket.socket(family, socket.SOCK_STREAM)
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
