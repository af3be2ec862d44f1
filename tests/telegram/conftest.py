import asyncio

import pytest

from tests.telegram.classroom import Classroom
from tests.telegram.virtual_time import VirtualTimeLoop


def pytest_asyncio_loop_factories(config, item):
    """Only the tests against a real server wait for real time."""
    if item.path.name in ("test_local_api.py", "test_webhook.py"):
        return {"real": asyncio.new_event_loop}
    return {"virtual": VirtualTimeLoop}


@pytest.fixture
async def classroom(url):
    async with Classroom(url) as classroom:
        yield classroom
