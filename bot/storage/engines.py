"""Connections to SQLite and PostgreSQL, what their errors mean, and who may read the files."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

_SQLITE_BUSY_MS = 2000
_POSTGRES_OPTIONS = (
    "-c statement_timeout=10000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=15000"
)
_POSTGRES: dict[str, Any] = {
    "connect_args": {"connect_timeout": 5, "options": _POSTGRES_OPTIONS},
    "pool_pre_ping": True,
}
# A write-ahead log lets readers go on while one writes; FULL makes a commit survive a power cut,
# and an acknowledged update must. What is deleted is overwritten.
_PRAGMAS: tuple[str, ...] = (
    f"busy_timeout={_SQLITE_BUSY_MS}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "secure_delete=ON",
)
_WRONG = ("no such ", "syntax error", "has no column", "does not exist")
_BROKEN = ("malformed", "not a database", "disk image")
_FOR_A_PERSON = ("unable to open database", "authentication failed", "permission denied")
"""What no waiting mends when the program starts."""


def is_sqlite(url: URL) -> bool:
    """Whether a database is a file of SQLite."""
    return url.get_backend_name() == "sqlite"


def file_of(url: URL) -> Path | None:
    """The file of a database, or None if it has none."""
    is_file = is_sqlite(url) and url.database not in (None, "", ":memory:")
    return Path(str(url.database)) if is_file else None


def async_engine(url: URL, size: int) -> AsyncEngine:
    """Connections of the bot: one that writes, or some that read.

    Args:
        url: The database.
        size: How many.
    """
    driver = "sqlite+aiosqlite" if is_sqlite(url) else "postgresql+psycopg"
    engine = create_async_engine(
        url.set(drivername=driver),
        # A statement that fails is logged without what people wrote.
        hide_parameters=True,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=5,
        **({} if is_sqlite(url) else _POSTGRES),
    )
    if is_sqlite(url):
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def blocking_engine(url: URL) -> Engine:
    """Connections that migrate, outside the event loop."""
    if is_sqlite(url):
        engine = create_engine(url, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        connect_args={"connect_timeout": 5},
    )


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # Whoever opens a transaction begins it; the driver would begin it too late to be immediate.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def protect(file: Path) -> None:
    """Make a database file and its folder where needed, for nobody's eyes but the owner's.

    SQLite gives the files beside it the same rights.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    # Whatever of it is there, with its log and copies of it: `redactor.db-wal`, `redactor.db.old`.
    for one in file.parent.glob(f"{file.name}*"):
        keep_private(one, 0o600)


def protect_folder(folder: Path) -> None:
    """Make the bot's own folder, for nobody's eyes but the owner's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keep_private(folder, 0o700)


def keep_private(path: Path, mode: int) -> None:
    """Take rights of others away, where that is ours to do; a shared folder like /tmp is not."""
    with suppress(OSError):
        status = path.stat()
        is_shared = bool(status.st_mode & 0o1000)
        if status.st_mode & 0o777 & ~mode and not is_shared:
            path.chmod(status.st_mode & mode)


def is_broken(error: BaseException) -> bool:
    """Whether the database file itself is damaged."""
    driver_error = getattr(error, "orig", None) or error
    return isinstance(driver_error, sqlite3.Error) and any(
        mark in reason_of(error).lower() for mark in _BROKEN
    )


def is_passing(error: BaseException) -> bool:
    """Whether the same statement may work later: locked, full, read-only, server away."""
    if isinstance(error, TimeoutError | PoolTimeoutError | OSError):
        return True
    # A statement that the schema contradicts is a fault of the program.
    if is_broken(error) or any(mark in reason_of(error).lower() for mark in _WRONG):
        return False
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or type(error).__name__ in (
            "OperationalError",
            "InterfaceError",
            "InternalError",
        )
    return isinstance(error, sqlite3.OperationalError)


def is_worth_waiting(error: BaseException) -> bool:
    """Whether a database that cannot be opened may be opened soon, without anybody's help."""
    for_a_person = any(mark in reason_of(error).lower() for mark in _FOR_A_PERSON)
    is_path = isinstance(error, OSError) and not isinstance(error, TimeoutError)
    return is_passing(error) and not for_a_person and not is_path


def kind_of(error: BaseException) -> str:
    """The class of what the driver raised."""
    return type(getattr(error, "orig", None) or error).__name__


def reason_of(error: BaseException) -> str:
    """What the driver said, without the statement and its values."""
    return str(getattr(error, "orig", None) or error)
