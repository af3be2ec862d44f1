import asyncio
import shutil

import pytest

from bot.storage.database import Database
from tests.essays.office import BOT_ID, Office
from tests.telegram.virtual_time import VirtualTimeLoop


def pytest_asyncio_loop_factories(config, item):
    return {"virtual": VirtualTimeLoop}


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
async def office(url):
    async with Office(url) as office:
        yield office
