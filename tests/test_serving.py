"""What every HTTP server of the house does about silent, slow and too many clients."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from bot import serving
from bot.errors import PortTakenError, SettingsError
from bot.serving import InnerServer, listen

CONNECTIONS = 8
PATIENCE_S = 60.0
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
BIG = 2**24
MAY_ANSWER: list[asyncio.Event] = []


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body, then say its length; to /big say much, to /late wait until it may."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    if scope["path"] == "/late":
        await MAY_ANSWER[-1].wait()
    body = bytes(BIG) if scope["path"] == "/big" else str(length).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body"})


@asynccontextmanager
async def running() -> AsyncIterator[tuple[InnerServer, tuple[str, int]]]:
    listener = listen("127.0.0.1", 0)
    server = InnerServer(answer, CONNECTIONS, timeout_graceful_shutdown=1)
    task = asyncio.create_task(server.serve([listener]))
    address = listener.getsockname()
    try:
        yield server, address
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def server() -> AsyncIterator[tuple[InnerServer, tuple[str, int]]]:
    async with running() as found:
        yield found


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What is logged, with nothing said in the minute before."""
    for name in ("bot.serving", "uvicorn.error"):
        for one in logging.getLogger(name).filters:
            one._seen.clear()  # type: ignore[union-attr]
    return caplog


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def ask(streams: Streams, request: bytes = REQUEST) -> bytes:
    """Send a request; return the end of the answer."""
    reader, writer = streams
    writer.write(request)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
    length = next(
        line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    return await reader.readexactly(int(length.partition(b":")[2]))


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """Wait until the other side closes."""
    try:
        while await asyncio.wait_for(reader.read(2**16), PATIENCE_S):
            pass
    except ConnectionError:
        pass
    return True


async def test_silent_connections_make_room(
    server: tuple[InnerServer, tuple[str, int]], log: pytest.LogCaptureFixture
) -> None:
    running_server, address = server
    busy = await asyncio.open_connection(*address)
    assert await ask(busy) == b"0"
    silent = []
    for _ in range(10 * CONNECTIONS):
        silent.append(await asyncio.open_connection(*address))
        with closing((await asyncio.open_connection(*address))[1]):
            pass
    asking = await asyncio.open_connection(*address)
    assert await ask(asking) == b"0"
    assert len(running_server.server_state.connections) <= CONNECTIONS
    assert await is_closed(silent[0][0])  # who had waited longest
    lines = [one for one in log.records if one.name in ("bot.serving", "uvicorn.error")]
    assert len(lines) == 1
    for _, writer in [busy, asking, *silent]:
        writer.close()


async def test_requests_that_are_being_answered_stay(
    server: tuple[InnerServer, tuple[str, int]],
) -> None:
    """A newcomer goes where all others have asked for something."""
    _, address = server
    MAY_ANSWER.append(asyncio.Event())
    late = b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n"
    waiting = [await asyncio.open_connection(*address) for _ in range(CONNECTIONS - 1)]
    answers = [asyncio.create_task(ask(streams, late)) for streams in waiting]
    await asyncio.sleep(0.05)
    newcomers = [await asyncio.open_connection(*address) for _ in range(3)]
    for reader, _ in newcomers:
        assert await is_closed(reader)
    MAY_ANSWER[-1].set()
    assert await asyncio.gather(*answers) == [b"0"] * len(answers)
    for _, writer in [*waiting, *newcomers]:
        writer.close()


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        REQUEST,
        REQUEST + b"G",
        REQUEST + b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
    ],
)
async def test_request_that_never_ends_is_given_up(
    begun: bytes, monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serving, "REQUEST_TIMEOUT_S", 0.05)
    async with running() as (_, address):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(begun)
        assert await is_closed(reader)
        writer.close()
    assert len(log.records) <= 1


async def test_drop_by_drop_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "REQUEST_TIMEOUT_S", 0.1)
    async with running() as (_, address):
        reader, writer = await asyncio.open_connection(*address)
        closing_time = asyncio.create_task(is_closed(reader))
        while not closing_time.done():
            writer.write(b"x")
            await asyncio.sleep(0.01)
        writer.close()


async def test_reader_that_does_not_read_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "READER_TIMEOUT_S", 0.05)
    async with running() as (server, address):
        _, writer = await asyncio.open_connection(*address, limit=1)
        writer.write(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            while not server.server_state.connections:
                await asyncio.sleep(0.005)
            while server.server_state.connections:
                await asyncio.sleep(0.005)
        writer.close()


async def test_patient_client_is_served(server: tuple[InnerServer, tuple[str, int]]) -> None:
    _, address = server
    streams = await asyncio.open_connection(*address)
    for _ in range(3):
        assert await ask(streams) == b"0"
        assert len(await ask(streams, b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")) == BIG
    assert await ask(streams, REQUEST + REQUEST) == b"0"
    assert await ask(streams, b"") == b"0"
    body = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n" + bytes(70_000)
    assert await ask(streams, body) == b"70000"
    streams[1].close()


async def test_answers_are_not_held_back(server: tuple[InnerServer, tuple[str, int]]) -> None:
    running_server, address = server
    streams = await asyncio.open_connection(*address)
    await ask(streams)
    [connection] = running_server.server_state.connections
    found = connection.transport.get_extra_info("socket")
    assert found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    streams[1].close()


async def test_nonsense_is_logged_once(
    server: tuple[InnerServer, tuple[str, int]], log: pytest.LogCaptureFixture
) -> None:
    _, address = server
    for _ in range(20):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"\x16\x03\x01 hola\r\n\r\n")
        assert await is_closed(reader)
        writer.close()
    assert len(log.records) == 1


CROWDED = """
import asyncio, logging, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
from bot.serving import Server, greatest_connections, listen
from tests.test_serving import answer
logging.basicConfig()
listener = listen("127.0.0.1", 0)
print(listener.getsockname()[1], flush=True)
Server(answer, greatest_connections()).run([listener])
"""


@pytest.mark.skipif(os.name != "posix", reason="limits of files")
async def test_more_silent_connections_than_files(tmp_path: Path) -> None:
    """A process that may open 1,024 files answers beside 1,100 connections that say nothing."""
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CROWDED, stdout=subprocess.PIPE, stderr=file
        )
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(1100)]
        for _ in range(3):
            streams = await asyncio.open_connection("127.0.0.1", port)
            assert await ask(streams) == b"0"
            streams[1].close()
        for one in silent:
            one.close()
        process.terminate()
        assert await process.wait() in (0, -15)
    assert log.stat().st_size < 1000


@pytest.mark.parametrize("host", ["wrong.invalid", "192.0.2.1", "1.2.3", "::zz", "0.0.0.0:80"])
def test_wrong_address_is_no_taken_port(host: str) -> None:
    with pytest.raises(SettingsError, match="host: "):
        listen(host, 0)


def test_taken_port() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortTakenError):
            listen("127.0.0.1", port)


async def test_cancelled_server_leaves_nothing_that_the_loop_watches() -> None:
    with listen("127.0.0.1", 0) as listener:
        number = listener.fileno()
        server = InnerServer(answer, CONNECTIONS)
        task = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert not asyncio.get_running_loop().remove_reader(number)
