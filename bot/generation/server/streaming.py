"""Answers that end when their reader has gone.

A text that waits for its place in the batch, or that holds back what may be a stop sequence, sends
nothing; so the connection is watched, not only written to. Starlette's ``StreamingResponse`` does
that for answers that are streamed, :func:`bot.serving.unless_disconnected` for those that are not.
"""

from collections.abc import AsyncGenerator
from typing import TypeVar

from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

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
