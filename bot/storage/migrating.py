"""Brings a database to the shape that this version knows, once, whoever starts first."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Engine

from bot.storage.engines import blocking_engine, file_of, is_sqlite, protect

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 7265646163
"""Number of PostgreSQL's advisory lock: ``redac`` in bytes."""
_CLEAN = 2
"""SQLite's ``user_version`` of a file without leftovers of the first version."""


def migrate(url: URL, bot_id: int, revision: str = "head") -> None:
    """Bring a database to a revision, in one transaction.

    Args:
        url: Its address.
        bot_id: Whose rows of the first version are; it knew one bot only.
        revision: Where to go; ``head`` is the newest.

    Raises:
        RuntimeError: It cannot go back; the message says why.
        sqlite3.DatabaseError: The file is damaged.
    """
    file = file_of(url)
    if file is not None:
        protect(file)
    engine = blocking_engine(url)
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("path_separator", "os")
    config.attributes["bot_id"] = bot_id
    try:
        with engine.begin() as connection:
            lock = f"SELECT pg_advisory_xact_lock({_LOCK})"
            connection.exec_driver_sql("BEGIN IMMEDIATE" if is_sqlite(url) else lock)
            config.attributes["connection"] = connection
            current = MigrationContext.configure(connection).get_current_revision()
            if current is None or revision == "head" or revision > current:
                command.upgrade(config, revision)
            else:
                command.downgrade(config, revision)
        if file is not None:
            with closing(engine.raw_connection()) as raw:
                driver = raw.driver_connection
                assert isinstance(driver, sqlite3.Connection)  # mypy: the file's driver
                _check_sqlite(driver)
                _tidy_sqlite(driver)
    finally:
        engine.dispose()


@contextmanager
def hold_migrations(engine: Engine) -> Iterator[None]:
    """Keep everybody from migrating a database of PostgreSQL, and so from opening it."""
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        yield


def _check_sqlite(connection: sqlite3.Connection) -> None:
    """Find a damaged page now, not when somebody's essay stands on it."""
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError("database disk image is malformed")


def _tidy_sqlite(connection: sqlite3.Connection) -> None:
    """Once after the first version: what it deleted still stands in free pages."""
    cursor = connection.cursor()
    if cursor.execute("PRAGMA user_version").fetchone()[0] < _CLEAN:
        cursor.execute("VACUUM")
        cursor.execute(f"PRAGMA user_version={_CLEAN}")
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    cursor.close()
