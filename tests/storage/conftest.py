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
