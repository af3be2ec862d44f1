import asyncio
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from bot.storage.database import Database

BOT_ID = 7


class Clock:
    """The time of the database, which the test moves."""

    now = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """A new database; migrating one for each test would take most of the time."""
    path = tmp_path_factory.mktemp("database") / "redactor.db"

    async def make():
        await (await Database.open(f"sqlite:///{path}", BOT_ID)).close()

    asyncio.run(make())
    return path


@pytest.fixture
def url(tmp_path, migrated):
    return f"sqlite:///{shutil.copy(migrated, tmp_path)}"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def database(url, clock):
    database = await Database.open(url, BOT_ID, clock)
    yield database
    await database.close()


@pytest.fixture
def step(database):
    """Call a function of a store in a step of its own."""

    async def do(function, *arguments, **options):
        return await database.step("test", lambda tx: function(tx, *arguments, **options))

    return do
