"""The way of a request from python-telegram-bot to the playground, and back."""

import asyncio
import re
from collections import deque

import httpx
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.playground.gateway import Answer, Gateway
from bot.playground.methods.parameters import Upload, with_attachments
from bot.playground.wire import file_path
from bot.playground.world import World

_METHOD = re.compile(r".*/bot(?P<token>[^/]+)/(?P<method>\w+)")
_FILE = re.compile(r".*/file/bot[^/]+/(?P<path>.+)")


class Line:
    """What lies between bots and the Bot API.

    Attributes:
        gateway: The Bot API.
        latency_s: How long a request is on its way, and how long its answer.
        broken: What the next requests meet instead, by method or ``*``.
    """

    def __init__(self, gateway: Gateway, latency_s: float) -> None:
        self.gateway = gateway
        self.latency_s = latency_s
        self.broken: deque[tuple[str, httpx.TransportError]] = deque()
        self._serving: set[asyncio.Task[Answer]] = set()

    async def close(self) -> None:
        """Wait for what is still being served."""
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def serve(self, token: str, method: str, parameters: dict[str, object]) -> Answer:
        """Carry a request out and return its answer, whether somebody waits for it or not."""
        self._break(method)
        serving = asyncio.create_task(self._serve(token, method, parameters))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        try:
            return await asyncio.shield(serving)
        except asyncio.CancelledError:
            if method == "getUpdates":
                # Telegram notices that nobody waits any more.
                serving.cancel()
            raise

    async def _serve(self, token: str, method: str, parameters: dict[str, object]) -> Answer:
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        answer = await self.gateway.call(token, method, parameters)
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        return answer

    def _break(self, method: str) -> None:
        for broken in self.broken:
            if broken[0] in (method, "*") and (broken[0] == method or method != "getUpdates"):
                self.broken.remove(broken)
                raise broken[1]


class InProcessRequest(BaseRequest):
    """A connection of python-telegram-bot to the Telegram of the tests.

    Fails as the library's own one over httpx does: with the same errors and causes.
    """

    def __init__(self, line: Line, world: World, read_timeout_s: float) -> None:
        self._line = line
        self._world = world
        self._read_timeout_s = read_timeout_s

    @property
    def read_timeout(self) -> float | None:
        """How long an answer may take, in seconds."""
        return self._read_timeout_s

    async def initialize(self) -> None:
        """Do nothing: there is no connection to open."""

    async def shutdown(self) -> None:
        """Do nothing: there is no connection to close."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Hand a request over and return status and body of its answer."""
        del method, write_timeout, connect_timeout, pool_timeout
        if file := _FILE.fullmatch(url):
            return self._download(file["path"])
        called = _METHOD.fullmatch(url)
        assert called is not None, url
        patience_s = (
            read_timeout
            if isinstance(read_timeout, int | float) or read_timeout is None
            else self._read_timeout_s
        )
        try:
            async with asyncio.timeout(patience_s) as patience:
                answer = await self._line.serve(
                    called["token"], called["method"], _parameters(request_data)
                )
        except TimeoutError:
            assert patience.expired()
            raise TimedOut from httpx.ReadTimeout("")
        except httpx.PoolTimeout as error:
            raise TimedOut("Pool timeout: Request was *not* sent to Telegram.") from error
        except httpx.TimeoutException as error:
            raise TimedOut from error
        except httpx.TransportError as error:
            raise NetworkError(f"httpx.{type(error).__name__}: {error}") from error
        if answer.arrives == "whole":
            return answer.status, answer.content
        lost: httpx.TransportError = httpx.ReadError("")
        if answer.arrives == "half":
            lost = httpx.RemoteProtocolError("peer closed connection without sending all")
        raise NetworkError(f"httpx.{type(lost).__name__}: {lost}") from lost

    def _download(self, path: str) -> tuple[int, bytes]:
        for file in self._world.files.values():
            if file_path(file) == path:
                return 200, file.data
        return 404, b'{"ok":false,"error_code":404,"description":"Not Found"}'


def _parameters(request_data: RequestData | None) -> dict[str, object]:
    """Return the parameters as a server reads them from a form or from its parts."""
    if request_data is None:
        return {}
    values: dict[str, object] = dict(request_data.json_parameters)
    for name, (file_name, data, mime_type) in request_data.multipart_data.items():
        assert isinstance(data, bytes)
        values[name] = Upload(file_name=file_name, mime_type=mime_type, data=data)
    return with_attachments(values)
