"""Answers that end when their reader has gone.

A text that waits for its place in the batch, or that holds back what may be a stop sequence, sends
nothing; so the connection is watched, not only written to. Starlette's ``StreamingResponse`` does
that for answers that are streamed, ``unless_disconnected`` for those that are not.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar

from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse
from starlette.types import Receive

_T = TypeVar("_T")


def event_stream(events: AsyncGenerator[bytes, None]) -> StreamingResponse:
    """Return an answer of server-sent events, which are closed when the reader goes."""

    async def close() -> None:
        await events.aclose()

    return StreamingResponse(
        events,
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        # A reader that goes between two events would leave them open till they are collected.
        background=BackgroundTask(close),
    )


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
