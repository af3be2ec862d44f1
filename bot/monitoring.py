"""The bot's own health and metrics, for an operator's monitoring; off unless a port is set."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import __version__
from bot.essays.dispatcher import Dispatcher
from bot.serving import InnerServer, listen


@asynccontextmanager
async def serve_monitoring(port: int, dispatcher: Dispatcher) -> AsyncIterator[None]:
    """Serve ``/health`` and ``/metrics`` while the block runs.

    Args:
        port: On all addresses, since a monitoring system is rarely on the same machine.
        dispatcher: Whose queue is shown.

    Raises:
        PortTakenError: Another program listens there.
    """
    registry = _metrics(dispatcher)

    async def health(_request: Request) -> Response:
        view = dispatcher.queue()
        return JSONResponse(
            {
                "status": "ok",
                "version": __version__,
                "running": len(view.running),
                "waiting": len(view.waiting),
            }
        )

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    listener = listen("0.0.0.0", port)
    application = Starlette(routes=[Route("/health", health), Route("/metrics", metrics)])
    server = InnerServer(
        uvicorn.Config(application, log_config=None, access_log=False, lifespan="off")
    )
    serving = asyncio.create_task(server.serve([listener]), name="monitoring")
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def _metrics(dispatcher: Dispatcher) -> CollectorRegistry:
    registry = CollectorRegistry()
    running = Gauge("redactor_essays_running", "Essays being written.", registry=registry)
    running.set_function(lambda: len(dispatcher.queue().running))
    waiting = Gauge("redactor_essays_waiting", "Essays in the queue.", registry=registry)
    waiting.set_function(lambda: len(dispatcher.queue().waiting))
    speed = Gauge(
        "redactor_words_per_second", "Words written, all essays together.", registry=registry
    )
    speed.set_function(lambda: dispatcher.words_per_s() or 0.0)
    for outcome in dispatcher.outcomes:
        total = Gauge(
            f"redactor_essays_{outcome}_total",
            f"Essays {outcome} since the start.",
            registry=registry,
        )
        total.set_function(partial(dispatcher.outcomes.__getitem__, outcome))
    return registry
