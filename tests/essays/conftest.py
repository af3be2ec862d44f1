import pytest

from tests.essays.office import Office
from tests.telegram.virtual_time import VirtualTimeLoop


def pytest_asyncio_loop_factories(config, item):
    return {"virtual": VirtualTimeLoop}


@pytest.fixture
async def office(url):
    async with Office(url) as office:
        yield office
