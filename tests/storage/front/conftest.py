import asyncio

import pytest

from tests.telegram.classroom import Classroom
from tests.telegram.virtual_time import VirtualTimeLoop

_IN_REAL_TIME = ("test_leases.py", "test_loop.py", "test_postgres.py")
"""Tests with other processes, which a clock that jumps would leave behind."""


def pytest_asyncio_loop_factories(config, item):
    if item.path.name in _IN_REAL_TIME:
        return {"real": asyncio.new_event_loop}
    return {"virtual": VirtualTimeLoop}


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'data' / 'redactor.db'}"


@pytest.fixture
async def classroom(url):
    async with Classroom(url) as classroom:
        yield classroom
