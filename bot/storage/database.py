"""The database, and the one way to write to it: a step, which is one transaction.

A step that fails decides nothing. It is repeated with a pause until it works, so whatever calls it
may wait, with an essay in memory, until the disk has room or the server is back. For that a step
must be harmless when repeated, also when only the answer to its COMMIT was lost: its changes are
guarded by the state they leave, and it keeps nothing outside its transaction.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import (
    URL,
    ColumnElement,
    CursorResult,
    Executable,
    Row,
    Table,
    create_engine,
    event,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from bot.errors import DatabaseError, LeaseLostError, StartupError
from bot.storage.schema import leases, metadata, utc_now

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_MIGRATIONS = Path(__file__).parent / "migrations"
_READERS = 3
_SCRUBS = 20
"""Times that the write-ahead log is tried to be cut, while somebody reads."""
_STEP_TIMEOUT_S = 15.0
"""Longer than any lock that a statement waits for by itself."""
_CLOSE_S = 2.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0
_SQLITE_BUSY_MS = 2000
_POSTGRES_OPTIONS = (
    "-c statement_timeout=10000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=15000"
)
_WRONG = ("no such ", "syntax error", "has no column", "does not exist")
_BROKEN = ("malformed", "not a database", "disk image")


@dataclass(slots=True)
class Changes:
    """What a commit changed, so that whoever works on it looks at once.

    Attributes:
        chats: Chats whose outbox changed.
        has_jobs: Whether jobs changed.
        has_erased: Whether somebody was forgotten, of whom no byte may stay in the file.
    """

    chats: set[int] = field(default_factory=set)
    has_jobs: bool = False
    has_erased: bool = False


class Transaction:
    """One step of one bot: reads and writes that become true together or not at all.

    Attributes:
        bot_id: The bot; every statement is about its rows only.
        now: The time of the step, UTC.
        changes: What wakes whom after the commit.
    """

    def __init__(self, connection: AsyncConnection, bot_id: int, now: datetime) -> None:
        self.bot_id = bot_id
        self.now = now
        self.changes = Changes()
        self._connection = connection

    async def run(self, statement: Executable) -> CursorResult[Any]:
        """Execute a statement."""
        return await self._connection.execute(statement)

    async def rows(self, statement: Executable) -> list[Row[Any]]:
        """All rows of a query."""
        return list((await self._connection.execute(statement)).all())

    async def first(self, statement: Executable) -> Row[Any] | None:
        """The first row of a query, or None."""
        return (await self._connection.execute(statement)).first()

    async def value(self, statement: Executable) -> Any:  # noqa: ANN401 - a column's value
        """The first column of the first row, or None."""
        return (await self._connection.execute(statement)).scalar()

    async def insert_new(self, table: Table, **values: Any) -> Row[Any] | None:
        """Insert a row unless one with its keys is there; the row, or None if it was."""
        dialect = sqlite if self._connection.dialect.name == "sqlite" else postgresql
        statement = dialect.insert(table).values(bot_id=self.bot_id, **values)
        return await self.first(statement.on_conflict_do_nothing().returning(table))

    async def upsert(self, table: Table, keys: Mapping[str, Any], **values: Any) -> None:
        """Insert a row, or change the one with these keys."""
        dialect = sqlite if self._connection.dialect.name == "sqlite" else postgresql
        all_keys = {"bot_id": self.bot_id, **keys}
        statement = dialect.insert(table).values(**all_keys, **values)
        await self.run(statement.on_conflict_do_update(index_elements=list(all_keys), set_=values))

    def mine(self, table: Table) -> ColumnElement[bool]:
        """The condition that a row is this bot's."""
        return table.c.bot_id == self.bot_id


class Database:
    """A migrated database and one bot's steps in it.

    Attributes:
        bot_id: The bot.
        url: Its address, without a password.
        away_since: When a step began to fail, or None while all is well.
    """

    def __init__(
        self,
        url: URL,
        writer: AsyncEngine,
        readers: AsyncEngine,
        bot_id: int,
        clock: Callable[[], datetime],
    ) -> None:
        self.bot_id = bot_id
        self.url = url.render_as_string(hide_password=True)
        self.away_since: datetime | None = None
        self.clock = clock
        self.file = _file_of(url)
        self._writer = writer
        self._readers = readers
        self._lock = asyncio.Lock()
        self._steps: set[asyncio.Task[Any]] = set()
        self._listeners: list[Callable[[Changes], None]] = []
        self._failure: asyncio.Future[StartupError] = asyncio.get_running_loop().create_future()
        self._epoch: int | None = None

    @classmethod
    async def open(cls, url: str, bot_id: int, clock: Callable[[], datetime] = utc_now) -> Self:
        """Connect, make the file and its folder where needed, and migrate.

        Args:
            url: SQLAlchemy URL, such as ``sqlite:////data/redactor.db``.
            bot_id: The number before the colon of the bot's token.
            clock: The time, UTC.

        Raises:
            DatabaseError: The address is wrong, or the database cannot be opened or migrated.
        """
        try:
            parsed = make_url(url)
            safe_url = parsed.render_as_string(hide_password=True)
        except (SQLAlchemyError, ValueError) as error:
            raise DatabaseError("REDACTOR_DATABASE_URL", str(error)) from None
        try:
            await asyncio.to_thread(migrate, parsed, bot_id)
            writer, readers = _engine(parsed, 1), _engine(parsed, _READERS)
        except (SQLAlchemyError, CommandError, OSError, ImportError, sqlite3.Error) as error:
            raise DatabaseError(
                safe_url, reason_of(error), is_passing=_is_passing(error)
            ) from None
        return cls(parsed, writer, readers, bot_id, clock)

    async def close(self) -> None:
        """Let steps in progress end, those apart that wait for the database; then disconnect."""
        if self._steps:
            await asyncio.wait(set(self._steps), timeout=_CLOSE_S)
        for task in list(self._steps):
            task.cancel()
        await asyncio.gather(*self._steps, return_exceptions=True)
        await self._readers.dispose()
        await self._writer.dispose()

    def listen(self, listener: Callable[[Changes], None]) -> None:
        """Call somebody after every commit that changed something."""
        self._listeners.append(listener)

    def hold_lease(self, epoch: int) -> None:
        """From now on a step is only made while this lease is the latest."""
        self._epoch = epoch

    async def wait_until_failed(self) -> StartupError:
        """Wait for a fault that no repetition mends."""
        return await asyncio.shield(self._failure)

    def fail(self, error: StartupError) -> None:
        """End the process with an error: going on would do harm."""
        if not self._failure.done():
            self._failure.set_result(error)

    async def step(self, name: str, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Do some work in one transaction, again and again until it is committed.

        Args:
            name: What it is, for the log.
            work: Reads and writes; it may be run more than once.

        Returns:
            What the work of the committed run returned.

        Raises:
            Exception: What the work itself raised; then nothing was written.
        """
        return await self._undisturbed(name, self._repeat(name, work))

    async def read(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Look at one moment of the database, beside any step."""
        reading = self._persist("read", lambda: self._once(self._readers, work))
        return await self._undisturbed("read", reading)

    async def settle(self) -> None:
        """Wait until no step is in progress."""
        while self._steps:
            await asyncio.wait(set(self._steps))

    async def _undisturbed(self, name: str, work: Coroutine[Any, Any, Result]) -> Result:
        """Finish some work though whoever waits for it is cancelled.

        A commit is not torn in two for that, and no connection is left in the middle.
        """
        task = asyncio.create_task(work, name=name)
        self._steps.add(task)
        task.add_done_callback(self._steps.discard)
        return await asyncio.shield(task)

    async def _repeat(self, name: str, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        async with self._lock:
            return await self._persist(name, lambda: self._once(self._writer, work))

    async def _persist(
        self, name: str, attempt: Callable[[], Coroutine[Any, Any, Result]]
    ) -> Result:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                async with asyncio.timeout(_STEP_TIMEOUT_S):
                    result = await attempt()
            except (SQLAlchemyError, OSError, TimeoutError, sqlite3.Error) as error:
                if is_broken(error):
                    self.fail(DatabaseError(self.url, reason_of(error)))
                elif not _is_passing(error):
                    raise
                if self.away_since is None:
                    self.away_since = self.clock()
                    logger.warning("step %s waits for the database: %s", name, _kind_of(error))
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            else:
                if self.away_since is not None:
                    logger.info("the database is back")
                    self.away_since = None
                return result

    async def _once(
        self, engine: AsyncEngine, work: Callable[[Transaction], Awaitable[Result]]
    ) -> Result:
        async with engine.begin() as connection:
            transaction = Transaction(connection, self.bot_id, self.clock())
            if self._epoch is not None and engine is self._writer:
                await self._ensure_lease(transaction)
            result = await work(transaction)
        changes = transaction.changes
        if changes.has_erased:
            await self._scrub()
        if changes.chats or changes.has_jobs:
            for listener in self._listeners:
                listener(changes)
        return result

    async def _ensure_lease(self, transaction: Transaction) -> None:
        held = await transaction.value(
            select(leases.c.epoch)
            .where(transaction.mine(leases), leases.c.epoch == self._epoch)
            .with_for_update(read=True)
        )
        if held is None:
            error = LeaseLostError()
            self.fail(error)
            raise error

    async def scrub(self) -> None:
        """Leave no byte of what was deleted in the write-ahead log."""
        async with self._lock:
            await self._scrub()

    async def _scrub(self) -> None:
        if self.file is None:
            return
        for _ in range(_SCRUBS):
            # An idle reader that once saw the old pages keeps the log from being cut.
            await self._readers.dispose()
            with suppress(SQLAlchemyError):
                async with self._writer.connect() as connection:
                    raw = await connection.get_raw_connection()
                    driver: Any = raw.driver_connection
                    async with driver.execute("PRAGMA wal_checkpoint(TRUNCATE)") as cursor:
                        is_busy, *_ = await cursor.fetchone()
                    if not is_busy:
                        return
            await asyncio.sleep(_FIRST_PAUSE_S)
        logger.warning("a reader keeps the write-ahead log; the next start cuts it")


def _engine(url: URL, size: int) -> AsyncEngine:
    is_sqlite = url.get_backend_name() == "sqlite"
    options: dict[str, Any] = {}
    if is_sqlite:
        url = url.set(drivername="sqlite+aiosqlite")
    else:
        url = url.set(drivername="postgresql+psycopg")
        options["connect_args"] = {"connect_timeout": 5, "options": _POSTGRES_OPTIONS}
        options["pool_pre_ping"] = True
    engine = create_async_engine(
        url,
        # A statement that fails is logged without what people wrote.
        hide_parameters=True,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=5,
        **options,
    )
    if is_sqlite:
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        begin = "BEGIN IMMEDIATE" if size == 1 else "BEGIN"
        event.listen(
            engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(begin)
        )
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # SQLAlchemy begins transactions itself; the driver would begin them too late to be immediate.
    connection.isolation_level = None
    cursor = connection.cursor()
    # A write-ahead log lets readers go on while one writes; FULL makes a commit survive a power
    # cut, and an acknowledged update must. What is deleted is overwritten.
    for setting in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        f"busy_timeout={_SQLITE_BUSY_MS}",
    ):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def migrate(url: URL, bot_id: int, revision: str = "head") -> None:
    """Bring a database to a revision; PostgreSQL under a lock, so that one process does it.

    Args:
        url: Its address.
        bot_id: Whose rows of the first version are; it knew one bot only.
        revision: Where to go; ``head`` is the newest.
    """
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    if not is_sqlite:
        url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url, hide_parameters=True)
    if is_sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["bot_id"] = bot_id
    try:
        with engine.begin() as connection:
            if not is_sqlite:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7265646163)")
            config.attributes["connection"] = connection
            if revision == "head" or revision > "0001":
                command.upgrade(config, revision)
            else:
                command.downgrade(config, revision)
        if is_sqlite:
            with closing(engine.raw_connection()) as raw:
                driver = raw.driver_connection
                assert isinstance(driver, sqlite3.Connection)  # mypy: the file's driver
                _tidy_sqlite(driver)
    finally:
        engine.dispose()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _tidy_sqlite(connection: sqlite3.Connection) -> None:
    """Once after the first version: what it deleted still stands in free pages."""
    cursor = connection.cursor()
    if cursor.execute("PRAGMA user_version").fetchone()[0] < 2:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA user_version=2")
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    cursor.close()


def _file_of(url: URL) -> Path | None:
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(str(url.database)) if is_file else None


def is_broken(error: BaseException) -> bool:
    """Whether the database file itself is damaged."""
    return any(mark in reason_of(error).lower() for mark in _BROKEN)


def _is_passing(error: BaseException) -> bool:
    """Whether the same statement may work later: locked, full, read-only, server away."""
    if isinstance(error, TimeoutError | PoolTimeoutError | OSError):
        return True
    # A statement that the schema contradicts is a fault of the program.
    if any(mark in reason_of(error).lower() for mark in _WRONG):
        return False
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or type(error).__name__ in (
            "OperationalError",
            "InterfaceError",
            "InternalError",
        )
    return isinstance(error, sqlite3.OperationalError)


def _kind_of(error: BaseException) -> str:
    return type(getattr(error, "orig", None) or error).__name__


def reason_of(error: BaseException) -> str:
    """What the driver said, without the statement and its values."""
    return str(getattr(error, "orig", None) or error)


__all__ = ["Changes", "Database", "Transaction", "metadata", "migrate"]
