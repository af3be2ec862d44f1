"""What tests share: how hypothesis searches, the code that the engine compiles, a database."""

import os
import shutil

import pytest
from hypothesis import settings
from sqlalchemy import make_url

from bot.storage import engines
from bot.storage.migrating import migrate
from tests import compiled as compiled

# Nothing asserts a time, so no deadline. Where a change is judged, the same examples every time.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

# No test cuts the power, and the disk takes most of a step's time. What processes of their own
# write is written as always.
engines._PRAGMAS = (*engines._PRAGMAS, "synchronous=OFF")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """A new database; migrating one for each test would take most of the time."""
    path = tmp_path_factory.mktemp("database") / "redactor.db"
    migrate(make_url(f"sqlite:///{path}"), bot_id=7)
    return path


@pytest.fixture
def url(tmp_path, migrated):
    return f"sqlite:///{shutil.copy(migrated, tmp_path)}"
