"""A school's setting at once: two bots, one with a standby, two services, one PostgreSQL.

Everything dies in the middle of the classes' writing: a service and a front are killed, PostgreSQL
is restarted. `make test-scale` is the long form: many classes, and nothing is hurried.
"""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from bot.playground import PlaygroundServer
from bot.playground.people import People
from bot.playground.seed import seed_classroom
from bot.playground.world import World
from bot.serving import listen
from bot.storage import people
from bot.storage.database import Database, Transaction
from bot.storage.records import Preferences
from bot.texts import SPANISH
from tests.e2e.conftest import PATIENCE_S, Bot
from tests.storage.front.postgres import PostgresServer, find_binaries, running

BINARIES = find_binaries()
CLASSES = int(os.environ.get("SCALE_CLASSES", "2"))
STUDENTS = 6
SLOTS = 4
IS_LONG = CLASSES > 2
BOT_IDS = (7_000_000_001, 7_000_000_002)
_RECIPE = re.compile(r"^Receta (\w{5}), \d+ palabras$", re.MULTILINE)
_TOPICS = ("El mar", "La luna", "Los ríos", "La escuela", "El pan", "La lluvia")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(1800 if IS_LONG else 300),
    pytest.mark.skipif(
        BINARIES is None, reason="no PostgreSQL here: install Debian's `postgresql`"
    ),
]


class Service:
    """A generation service in a process of its own."""

    def __init__(self, folder: Path) -> None:
        with listen("127.0.0.1", 0) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        settings = {
            "REDACTOR_DATA_DIR": str(self._folder),
            "REDACTOR_THREADS": "1",
            "REDACTOR_MAX_BATCH_SIZE": str(SLOTS),
        }
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve", "--port", str(self.port)),
            env={**os.environ, **settings},
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def until_ready(self) -> None:
        async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient() as http:
            while True:
                try:
                    if (await http.get(f"{self.url}/health")).is_success:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)

    async def text(self, seed: int) -> str:
        async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
            asked = {"model": "embedded", "prompt": "El mar", "max_tokens": 24, "seed": seed}
            answer = await http.post(f"{self.url}/v1/completions", json=asked)
            return str(answer.json()["choices"][0]["text"])

    async def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


async def prefer_short_ones(tx: Transaction, students: list[int]) -> None:
    for student in students:
        short = Preferences(words=60, candidates=1)
        await people.save_preferences(tx, f"user:{student}", short)


class School:
    """Classes in groups, half of them with one bot and half with the other.

    Attributes:
        fronts: A process a bot.
        groups: Of each bot: a class's group, and who is in it.
        asked: Topics of each bot so far.
    """

    def __init__(self, fronts: list[Bot]) -> None:
        self.fronts = fronts
        self.groups: list[list[tuple[int, list[int]]]] = [[], []]
        self.asked = [0, 0]
        for number in range(CLASSES):
            world = fronts[number % 2].server.world
            students = [world.add_user(f"Alumno{one}").id for one in range(STUDENTS)]
            group = People(world).create_chat("group", f"Clase {number}", students[0], students)
            self.groups[number % 2].append((group.id, students))

    async def want_short_ones(self, url: str) -> None:
        """Every student prefers what is written soon."""
        for front, groups in zip(self.fronts, self.groups, strict=True):
            students = [student for _, members in groups for student in members]
            database = await Database.open(url, front.server.world.bot.id)
            await database.step("prefer", partial(prefer_short_ones, students=students))
            await database.close()

    def write(self) -> None:
        """Every student asks for an essay."""
        for number, front in enumerate(self.fronts):
            for group, students in self.groups[number]:
                for student, topic in zip(students, _TOPICS, strict=True):
                    front.send(group, student, f"/redactar@redactor_bot {topic}")
                    self.asked[number] += 1

    def recipes(self, number: int) -> list[str]:
        """Of each essay that a bot's classes see, its recipe."""
        front = self.fronts[number]
        texts = [m.text or "" for group, _ in self.groups[number] for m in front.answers(group)]
        return [code for text in texts for code in _RECIPE.findall(text)]

    async def until_arrived(self, share: float) -> None:
        """Wait until such a share of each bot's essays has arrived."""
        async with asyncio.timeout(1500 if IS_LONG else PATIENCE_S):
            while any(len(self.recipes(n)) < share * self.asked[n] for n in range(2)):
                await asyncio.sleep(0.05)


async def until_jobs(url: str, bot_id: int, state: str, wanted: int) -> None:
    """Wait until so many essays of a bot are in a state."""
    count = "SELECT count(*) >= %s FROM jobs WHERE state = %s AND bot_id = %s"
    async with asyncio.timeout(PATIENCE_S):
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            while True:
                found = await connection.execute(count, (wanted, state, bot_id))
                if await found.fetchone() == (True,):
                    return
                await asyncio.sleep(0.02)


async def until_open(port: int) -> None:
    """Wait until the first service writes for the front that tells its health there."""
    async with asyncio.timeout(PATIENCE_S):
        while not (await health(port))["services"][0]["open"]:
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    assert BINARIES is not None
    with running(BINARIES) as server:
        yield server


@asynccontextmanager
async def front(
    settings: dict[str, str], folder: Path, server: PlaygroundServer
) -> AsyncIterator[Bot]:
    bot = Bot(server, folder, settings)
    yield bot
    await bot.stop(signal.SIGKILL)


async def health(port: int) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
        return dict((await http.get(f"http://127.0.0.1:{port}/health")).json())


async def test_every_essay_arrives_once_whatever_dies(postgres, tmp_path):
    url = postgres.create_database("school")
    async with AsyncExitStack() as stack:
        services = [Service(tmp_path / "services") for _ in range(2)]
        for service in services:
            await service.start()
            stack.push_async_callback(service.kill)
        with listen("127.0.0.1", 0) as free:
            port = free.getsockname()[1]
        settings = {
            "REDACTOR_DATABASE_URL": url,
            "REDACTOR_GENERATION_URL": ", ".join(service.url for service in services),
            # What holds within Telegram's limits is tried where time can jump.
            "REDACTOR_GROUP_MESSAGES_PER_MINUTE": "1000",
            "REDACTOR_CHAT_MESSAGES_PER_S": "30",
            "REDACTOR_MAX_WAITING": "1000",
            # A connection that its server left is dropped with a warning.
            "PYTHONWARNINGS": "default",
        }
        servers = []
        for bot_id in BOT_IDS:
            world = World(bot_id=bot_id)
            seed_classroom(world)
            servers.append(await stack.enter_async_context(PlaygroundServer(world=world)))
        first, second, standby = [
            await stack.enter_async_context(front({**settings, **more}, tmp_path / name, server))
            for name, server, more in (
                ("first", servers[0], {}),
                ("second", servers[1], {"REDACTOR_METRICS_PORT": str(port)}),
                ("standby", servers[0], {}),
            )
        ]
        await asyncio.gather(first.start(), second.start())
        await standby.launch()
        await asyncio.gather(
            standby.until(lambda: any(SPANISH.console.standing_by in one for one in standby.log)),
            *(service.until_ready() for service in services),
        )
        # Whichever service is asked, the same recipe is the same text.
        assert await services[0].text(7) == await services[1].text(7)

        school = School([first, second])
        await school.want_short_ones(url)
        school.write()
        await until_open(port)
        await services[0].kill()
        await school.until_arrived(0.4)
        school.write()
        await until_jobs(url, BOT_IDS[0], "running", 1)
        await first.stop(signal.SIGKILL)
        if not IS_LONG:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(
                    "UPDATE leases SET expires_at = now() WHERE bot_id = %s", BOT_IDS[:1]
                )
        school.fronts[0] = standby
        await until_jobs(url, BOT_IDS[0], "running", 1)
        await asyncio.to_thread(postgres.stop)
        await asyncio.sleep(1)
        await asyncio.to_thread(postgres.start)
        told = await health(port)
        assert [bool(one["away_since"]) for one in told["services"]] == [True, False]
        assert [one["slots"] for one in told["services"]] == [None, SLOTS]
        await school.until_arrived(1)

        for number, bot_id in enumerate(BOT_IDS):
            # The last one's arrival is written down a moment after it is seen.
            await until_jobs(url, bot_id, "delivered", school.asked[number])
            recipes = school.recipes(number)
            assert len(recipes) == len(set(recipes)) == school.asked[number]
        for one in (second, standby):
            assert await one.stop() == 0
            assert "Traceback" not in "\n".join(one.log)
