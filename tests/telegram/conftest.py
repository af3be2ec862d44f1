import asyncio
import shutil

import pytest
from sqlalchemy import make_url

from bot.storage.migrating import migrate
from tests.telegram.classroom import BOT_ID, Classroom
from tests.telegram.virtual_time import VirtualTimeLoop


def pytest_asyncio_loop_factories(config, item):
    """Only the tests against a real server wait for real time."""
    if item.path.name == "test_local_api.py":
        return {"real": asyncio.new_event_loop}
    return {"virtual": VirtualTimeLoop}


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """A new database; migrating one for each test would take most of the time."""
    path = tmp_path_factory.mktemp("database") / "redactor.db"
    migrate(make_url(f"sqlite:///{path}"), BOT_ID)
    return path


@pytest.fixture
def url(tmp_path, migrated):
    return f"sqlite:///{shutil.copy(migrated, tmp_path)}"


@pytest.fixture
async def classroom(url):
    async with Classroom(url) as classroom:
        yield classroom
