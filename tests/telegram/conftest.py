import pytest

from tests.telegram.classroom import Classroom
from tests.telegram.virtual_time import VirtualTimeLoop


def pytest_asyncio_loop_factories(config, item):
    """No test of this folder waits for real time."""
    return {"virtual": VirtualTimeLoop}


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'redactor.db'}"


@pytest.fixture
async def classroom(url):
    async with Classroom(url) as classroom:
        yield classroom
