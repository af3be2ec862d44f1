"""Answers that end when their reader has gone."""

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

KEEP_ALIVE_S = 10.0

_T = TypeVar("_T")


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


class EventStream(Response):
    """Server-sent events.

    Starlette's own streaming would notice a reader's end only when it sends; a text that waits for
    its place in the batch, or that holds back what may be a stop sequence, sends nothing. Where
    nothing is sent for a while, a comment keeps the connection from looking dead.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._events = events
        self._sent_s = time.monotonic()

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until they end or the reader goes."""
        headers = self.raw_headers
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        pulse = asyncio.create_task(self._keep_alive(send))
        try:
            await unless_disconnected(receive, self._send_all(send))
        except DisconnectedError:
            pass
        finally:
            pulse.cancel()

    async def _send_all(self, send: Send) -> None:
        async with aclosing(self._events) as events:
            async for event in events:
                await self._send(send, event)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send, body: bytes) -> None:
        self._sent_s = time.monotonic()
        await send({"type": "http.response.body", "body": body, "more_body": True})

    async def _keep_alive(self, send: Send) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE_S)
            if time.monotonic() - self._sent_s >= KEEP_ALIVE_S:
                await self._send(send, b": writing\n\n")
