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
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from alembic.util import CommandError
from sqlalchemy import (
    URL,
    ColumnElement,
    CursorResult,
    DateTime,
    Dialect,
    Executable,
    Row,
    Table,
    TypeDecorator,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.errors import DatabaseError, StartupError
from bot.storage.engines import (
    async_engine,
    file_of,
    is_broken,
    is_passing,
    is_sqlite,
    is_worth_waiting,
    kind_of,
    reason_of,
)
from bot.storage.migrating import migrate

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_READERS = 3
_STEP_TIMEOUT_S = 15.0
"""Longer than any lock that a statement waits for by itself."""
_CLOSE_S = 2.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0
_OPEN_FOR_S = 30.0
"""How long a database may be locked or away when the program starts."""
_SCRUB_FOR_S = 600.0
_SCRUB_BUSY_MS = 200
_FAULTS = (SQLAlchemyError, OSError, TimeoutError, sqlite3.Error)


class UtcTime(TypeDecorator[datetime]):
    """A time with its zone; SQLite keeps none, and every time in the tables is UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give a stored time its zone back."""
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


def utc_now() -> datetime:
    """The time now, with its zone."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Changes:
    """What a commit changed, so that whoever works on it looks at once.

    Attributes:
        chats: Chats whose outbox changed.
        has_jobs: Whether jobs changed.
        has_inquiries: Whether something is to be found out.
    """

    chats: set[int] = field(default_factory=set)
    has_jobs: bool = False
    has_inquiries: bool = False


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
        clock: The time, UTC.
        file: The file of SQLite, or None.
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
        self.clock = clock
        self.file = file_of(url)
        self._away: dict[AsyncEngine, datetime] = {}
        self._writer = writer
        self._readers = readers
        self._lock = asyncio.Lock()
        self._steps: set[asyncio.Task[Any]] = set()
        self._listeners: list[Callable[[Changes], None]] = []
        self._failure: asyncio.Future[StartupError] = asyncio.get_running_loop().create_future()
        self._guard: Callable[[Transaction], Awaitable[None]] | None = None
        # SQLAlchemy leaves the beginning of a transaction in SQLite to the driver, which would
        # begin too late for one that writes.
        self._begin = {writer: "BEGIN IMMEDIATE", readers: "BEGIN"} if is_sqlite(url) else {}

    @classmethod
    async def open(
        cls,
        url: str,
        bot_id: int,
        clock: Callable[[], datetime] = utc_now,
        *,
        patience_s: float = _OPEN_FOR_S,
    ) -> Self:
        """Connect, make the file and its folder where needed, and migrate.

        Args:
            url: SQLAlchemy URL, such as ``sqlite:////data/redactor.db``.
            bot_id: The number before the colon of the bot's token.
            clock: The time, UTC.
            patience_s: How long it may be locked, or its server away.

        Raises:
            DatabaseError: The address is wrong, or the database cannot be opened or migrated.
        """
        try:
            parsed = make_url(url)
            safe_url = parsed.render_as_string(hide_password=True)
        except (SQLAlchemyError, ValueError) as error:
            raise DatabaseError("REDACTOR_DATABASE_URL", str(error)) from None
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + patience_s
        while True:
            try:
                await asyncio.to_thread(migrate, parsed, bot_id)
                writer, readers = async_engine(parsed, 1), async_engine(parsed, _READERS)
            except (*_FAULTS, CommandError, ImportError, RuntimeError) as error:
                is_soon = is_worth_waiting(error)
                if not is_soon or loop.time() >= deadline_s:
                    raise DatabaseError(safe_url, reason_of(error), is_passing=is_soon) from None
                await asyncio.sleep(1.0)
            else:
                return cls(parsed, writer, readers, bot_id, clock)

    @property
    def away_since(self) -> datetime | None:
        """When reading or writing began to fail, or None while all is well."""
        return min(self._away.values(), default=None)

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

    def guard_steps(self, guard: Callable[[Transaction], Awaitable[None]]) -> None:
        """From now on begin every step with a look at whether it may be made; it raises if not."""
        self._guard = guard

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
        result, _ = await self._undisturbed("read", self._persist("read", self._readers, work))
        return result

    async def _undisturbed(self, name: str, work: Coroutine[Any, Any, Result]) -> Result:
        """Finish some work though whoever waits for it is cancelled.

        A commit is not torn in two for that, and no connection is left in the middle.
        """
        task = asyncio.create_task(work, name=name)
        self._steps.add(task)
        task.add_done_callback(self._steps.discard)
        return await asyncio.shield(task)

    async def scrub(self, for_s: float = _SCRUB_FOR_S) -> bool:
        """Leave no byte of what was deleted, in the file or in what lies beside it.

        Args:
            for_s: How long to try: whoever looks at an old state of the file, a backup say, keeps
                the write-ahead log from being cut.

        Returns:
            Whether that was done.
        """
        loop = asyncio.get_running_loop()
        deadline_s, pause_s = loop.time() + for_s, _FIRST_PAUSE_S
        while not await self._try_to_scrub():
            if loop.time() >= deadline_s:
                logger.warning("a reader keeps deleted rows in the log of the database")
                return False
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        return True

    async def _try_to_scrub(self) -> bool:
        with suppress(*_FAULTS):
            if self.file is None:
                await self._vacuum()
                return True
            async with (
                self._lock,
                asyncio.timeout(_STEP_TIMEOUT_S),
                self._writer.connect() as connection,
            ):
                raw = await connection.get_raw_connection()
                return await _cut_log(raw.driver_connection)
        return False

    async def _vacuum(self) -> None:
        """Have PostgreSQL overwrite what was deleted, for as long as that takes, beside steps."""
        async with asyncio.timeout(_SCRUB_FOR_S), self._readers.connect() as connection:
            alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await alone.execute(text("SET statement_timeout = 0"))
            try:
                await alone.execute(text("VACUUM inbox, jobs, outbox, people"))
            finally:
                await alone.execute(text("RESET statement_timeout"))

    async def _repeat(self, name: str, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        async with self._lock:
            result, changes = await self._persist(name, self._writer, work)
        if changes.chats or changes.has_jobs or changes.has_inquiries:
            for listener in self._listeners:
                listener(changes)
        return result

    async def _persist(
        self, name: str, engine: AsyncEngine, work: Callable[[Transaction], Awaitable[Result]]
    ) -> tuple[Result, Changes]:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                async with asyncio.timeout(_STEP_TIMEOUT_S):
                    done = await self._once(engine, work)
            except _FAULTS as error:
                if is_broken(error):
                    self.fail(DatabaseError(self.url, reason_of(error)))
                elif not is_passing(error):
                    raise
                if engine not in self._away:
                    self._away[engine] = self.clock()
                    logger.warning("step %s waits for the database: %s", name, kind_of(error))
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            else:
                if self._away.pop(engine, None) is not None:
                    logger.info("the database is back")
                return done

    async def _once(
        self, engine: AsyncEngine, work: Callable[[Transaction], Awaitable[Result]]
    ) -> tuple[Result, Changes]:
        async with engine.begin() as connection:
            if engine in self._begin:
                await connection.exec_driver_sql(self._begin[engine])
            transaction = Transaction(connection, self.bot_id, self.clock())
            if self._guard is not None and engine is self._writer:
                await self._guard(transaction)
            return await work(transaction), transaction.changes


async def _cut_log(driver: Any) -> bool:  # noqa: ANN401 - aiosqlite's connection
    """Move SQLite's write-ahead log into the file and empty it; False while somebody reads it."""
    busy_ms = await _pragma(driver, "busy_timeout")
    await _pragma(driver, f"busy_timeout={_SCRUB_BUSY_MS}")
    try:
        return not await _pragma(driver, "wal_checkpoint(TRUNCATE)")
    finally:
        await _pragma(driver, f"busy_timeout={busy_ms}")


async def _pragma(driver: Any, pragma: str) -> int:  # noqa: ANN401 - aiosqlite's connection
    async with driver.execute(f"PRAGMA {pragma}") as cursor:
        row = await cursor.fetchone()
    return int(row[0])
