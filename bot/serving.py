"""What all HTTP servers of the project have in common: how a port is opened, how they end."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from bot.errors import PortTakenError, SettingsError

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
