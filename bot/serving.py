"""HTTP servers inside the running event loop: the chat page's, and the one for monitoring."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from bot.errors import PortTakenError


class InnerServer(uvicorn.Server):
    """A server that leaves the process's signals to the program around it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """Open a listening TCP socket.

    Args:
        host: Address to listen on.
        port: 0 takes a free one.

    Raises:
        PortTakenError: Another program listens there, or the port is not ours to take.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortTakenError(port) from error
        raise
    listener.setblocking(False)
    return listener
