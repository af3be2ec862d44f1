"""The playground over HTTP on the local machine, inside the running event loop."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.playground import bot_api
from bot.playground.api import PeopleApi
from bot.playground.gateway import Gateway
from bot.playground.model import Json
from bot.playground.people import People
from bot.playground.seed import Classroom, seed_classroom
from bot.playground.world import World
from bot.serving import InnerServer, listen

HOST = "127.0.0.1"
DEFAULT_TOKEN_SECRET = "PLAYGROUND-not-a-real-token-0123456"
_PAGE = Path(__file__).with_name("page")
_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
)


class PlaygroundServer:
    """A playground that serves while the ``async with`` block runs.

    Args:
        port: On 127.0.0.1; 0 takes a free one.
        bot_username: Without ``@``.
        bot_name: What people see.
        bot_token: ``NUMBER:SECRET``; a fixed one that opens nothing outside.
        world: Use this world instead of a new one with a seeded classroom.
        clock: Seconds since the epoch, for a new world.

    Attributes:
        world: The state; tests may look into it and change it from the same event loop.
        people: Acts as the world's people.
        gateway: Faults, limits and the log of calls.
        classroom: The ids of the seeded people and chats, None for a given world.

    Raises:
        PortTakenError: On entering, when another program listens on the port.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        bot_username: str = "redactor_bot",
        bot_name: str = "Redactor",
        bot_token: str = f"7000000001:{DEFAULT_TOKEN_SECRET}",
        world: World | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._port = port
        self.token = bot_token
        self.classroom: Classroom | None = None
        if world is None:
            bot_id = int(bot_token.partition(":")[0])
            clocked = {} if clock is None else {"clock": clock}
            world = World(bot_id=bot_id, bot_username=bot_username, bot_name=bot_name, **clocked)
            self.classroom = seed_classroom(world)
        self.world = world
        self.people = People(world)
        self.gateway = Gateway(world, bot_token)
        self._connections: dict[tuple[str, int], asyncio.Transport] = {}
        self._server: _Server | None = None
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
        listener = listen(HOST, self._port)
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._application(),
            http=self._protocol(),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=2,
        )
        self._server = _Server(config)
        self._serving = asyncio.create_task(
            self._server.serve(sockets=[listener]), name="playground"
        )
        ready = asyncio.create_task(self._server.is_ready.wait(), name="playground-ready")
        await asyncio.wait({ready, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._serving.done():
            self._serving.result()
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
        api = PeopleApi(self.world, self.gateway, self._extras())

        async def method(request: Request) -> Response:
            return await bot_api.serve_method(request, self.gateway)

        async def file(request: Request) -> Response:
            return await bot_api.serve_file(request, self.gateway, self.world)

        routes = [
            Route("/bot{token}/{method}", method, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", file, methods=["GET"]),
            *api.routes(),
            Mount("/", _Page(directory=_PAGE, html=True)),
        ]
        return _OwnSiteOnly(_Breakable(Starlette(routes=routes), self._connections))

    def _extras(self) -> Json:
        if self.classroom is None:
            return {}
        room = self.classroom
        return {
            "classroom": {
                "students": list(room.students),
                "teacher": room.teacher,
                "group": room.group,
                "forum": room.forum,
                "topics": list(room.topic_ids),
            }
        }

    def _protocol(self) -> type[H11Protocol]:
        connections = self._connections

        class Protocol(H11Protocol):
            """Remembers its connection, so that a planned fault can break it."""

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                connections[transport.get_extra_info("peername")[:2]] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                connections.pop(self.transport.get_extra_info("peername")[:2], None)
                super().connection_lost(exc)

        return Protocol


class _Server(InnerServer):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_ready.set()


class _Page(StaticFiles):
    """The page's files; nothing from elsewhere may be loaded into it."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        response.headers["content-security-policy"] = _CONTENT_SECURITY_POLICY
        response.headers["x-content-type-options"] = "nosniff"
        return response


class _OwnSiteOnly:
    """Keeps other web sites, open in the same browser, from using the playground."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
            host = headers.get(b"host", "")
            origin = headers.get(b"origin")
            name = urlsplit(f"//{host}").hostname
            if name not in (HOST, "localhost") or (
                origin is not None and urlsplit(origin).netloc != host
            ):
                await PlainTextResponse("Forbidden", 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class _Breakable:
    """Lets an answer break its own connection; see :class:`bot_api.BrokenResponse`."""

    def __init__(
        self, app: ASGIApp, connections: dict[tuple[str, int], asyncio.Transport]
    ) -> None:
        self._app = app
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        def abort() -> None:
            connection = self._connections.get(tuple(scope["client"]))
            if connection is not None:  # the client may have left already
                connection.abort()

        await self._app({**scope, bot_api.ABORT: abort}, receive, send)
