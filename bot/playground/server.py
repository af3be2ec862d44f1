"""The playground over HTTP on the local machine, inside the running event loop."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.playground import bot_api
from bot.playground.api import PeopleApi
from bot.playground.gateway import Gateway
from bot.playground.people import People
from bot.playground.seed import Classroom, seed_classroom
from bot.playground.world import World
from bot.serving import BoundedProtocol, InnerServer, listen

HOST = "127.0.0.1"
_MOST_CONNECTIONS = 512
_PAGE = Path(__file__).with_name("page")
_HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class PlaygroundServer:
    """A playground that serves while the ``async with`` block runs.

    Args:
        port: On 127.0.0.1; 0 takes a free one.
        world: Use this world instead of a new one with a seeded classroom.
        clock: Seconds since the epoch, for a new world.

    Attributes:
        token: The bot's, another one at each start.
        world: The state; tests may look into it and change it from the same event loop.
        people: Acts as the world's people.
        gateway: Faults, limits and the log of calls.
        api: What the page asks; ``api.inside`` looks into a model.
        classroom: The ids of the seeded people and chats, None for a given world.

    Raises:
        PortTakenError: On entering, when another program listens on the port.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        world: World | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._port = port
        self.classroom: Classroom | None = None
        if world is None:
            world = World(clock=clock)
            self.classroom = seed_classroom(world)
        self.token = f"{world.bot.id}:{secrets.token_urlsafe(26)}"
        self.world = world
        self.people = People(world)
        self.gateway = Gateway(world, self.token)
        room = {} if self.classroom is None else {"classroom": asdict(self.classroom)}
        self.api = PeopleApi(world, self.gateway, room)
        self._server: InnerServer | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port, once the server runs."""
        return self._port

    @property
    def url(self) -> str:
        """The address of the page, without a slash at its end."""
        return f"http://{HOST}:{self._port}"

    @property
    def api_base_url(self) -> str:
        """The Bot API's base address, up to and including ``/bot``."""
        return f"{self.url}/bot"

    @property
    def file_base_url(self) -> str:
        """The base address of downloads, up to and including ``/file/bot``."""
        return f"{self.url}/file/bot"

    async def __aenter__(self) -> Self:
        # It takes connections from now on, and answers as soon as the loop comes to it.
        listener = listen(HOST, self._port)
        self._port = listener.getsockname()[1]
        self._server = InnerServer(
            self._application(), _MOST_CONNECTIONS, http=_Protocol, timeout_graceful_shutdown=2
        )
        self._serving = asyncio.create_task(
            self._server.serve(sockets=[listener]), name="playground"
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None  # mypy; __aenter__ ran
        assert self._serving is not None  # mypy
        # Long polls and event streams would otherwise keep their connections open.
        self.world.updates.close()
        self.world.changes.close()
        self.gateway.close()
        self._server.should_exit = True
        await self._serving

    def _application(self) -> ASGIApp:
        async def method(request: Request) -> Response:
            return await bot_api.serve_method(request, self.gateway)

        async def file(request: Request) -> Response:
            return await bot_api.serve_file(request, self.gateway, self.world)

        routes = [
            Route("/bot{token}/{method}", method, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", file, methods=["GET"]),
            *self.api.routes(),
            Mount("/", StaticFiles(directory=_PAGE, html=True)),
        ]
        guards = [
            Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"]),
            Middleware(_OwnSiteOnly),
        ]
        return Starlette(routes=routes, middleware=guards)


class _Protocol(BoundedProtocol):
    """Hands its connection to the requests, so that a planned fault can break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {"abort": transport.abort}


class _OwnSiteOnly:
    """Keeps other web sites, open in the same browser, from using or framing the playground."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        is_foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site")
        # Somebody may follow a link to the page, but not one that says or does something.
        follows = scope["path"] == "/" and not scope["query_string"]
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{headers.get('host')}":
            is_foreign, follows = True, False
        if is_foreign and not follows:
            await PlainTextResponse("Forbidden", 403)(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, guarded)
