import asyncio
import struct
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from telegram import Bot

from bot.playground import PlaygroundServer
from bot.playground.bot_api import OWN_HEADER
from bot.playground.people import People
from bot.playground.seed import Classroom, seed_classroom
from bot.playground.world import World
from tests.telegram.virtual_time import VirtualTimeLoop

from . import oracle


def pytest_asyncio_loop_factories(config, item):
    """Whatever uses sockets waits for real time."""
    is_virtual = item.path.name == "test_in_process.py"
    return {"virtual": VirtualTimeLoop} if is_virtual else {"real": asyncio.new_event_loop}


OWN = {OWN_HEADER: "tests"}


def png(width: int, height: int) -> bytes:
    """A white picture."""
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0),
        b"IDAT": zlib.compress((b"\0" + b"\xff" * width) * height),
        b"IEND": b"",
    }
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts.items()
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> Iterator[World]:
    world = World(clock=clock)
    pushed = record_updates(world)
    yield world
    for update in pushed:
        oracle.check_update(update)


@pytest.fixture
def room(world: World) -> Classroom:
    return seed_classroom(world)


@pytest.fixture
def people(world: World) -> People:
    return People(world)


@pytest.fixture
async def server() -> AsyncIterator[PlaygroundServer]:
    """A running playground; whatever is said over its Bot API is compared with the oracle."""
    async with PlaygroundServer() as server:
        pushed = record_updates(server.world)
        yield server
        oracle.check_calls(list(server.gateway.calls))
        for update in pushed:
            oracle.check_update(update)


@pytest.fixture
async def http(server: PlaygroundServer) -> AsyncIterator[httpx.AsyncClient]:
    base = f"{server.api_base_url}{server.token}/"
    async with httpx.AsyncClient(base_url=base, headers=OWN, trust_env=False) as client:
        yield client


@pytest.fixture
async def bot(server: PlaygroundServer) -> AsyncIterator[Bot]:
    """python-telegram-bot's own client."""
    bot = Bot(server.token, base_url=server.api_base_url, base_file_url=server.file_base_url)
    async with bot:
        yield bot


def room_of(server: PlaygroundServer) -> Classroom:
    assert server.classroom is not None
    return server.classroom


def pending(world: World) -> list[dict[str, Any]]:
    """The updates that wait for the bot, without confirming any."""
    return list(world.updates._pending)


def record_updates(world: World) -> list[dict[str, Any]]:
    """Return a list that grows with every update that the world produces."""
    recorded: list[dict[str, Any]] = []
    world.updates.watchers.append(recorded.append)
    return recorded
