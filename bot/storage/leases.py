"""One front a bot: whoever holds the lease acts for it, and nobody else.

Beside an SQLite file it is a lock that the kernel frees the moment its process dies. In
PostgreSQL it is a row that is renewed while its holder lives. Another front that starts meanwhile
stands by, perhaps on another machine, and takes it when it is given back or lapses: that raises
its epoch, and every step of the former holder then fails, so that one that slept cannot act.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import func, make_url, select, update
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import LeaseLostError
from bot.storage.database import Database, Transaction
from bot.storage.engines import file_of
from bot.storage.schema import leases

_LASTS = timedelta(seconds=15)
_RENEW_EVERY_S = 5.0
_FREE_S = 2.0
_STAND_BY_S = 1.0


@contextmanager
def hold_lock(url: str, bot_id: int) -> Iterator[None]:
    """Be the only front of a bot on an SQLite file while the block runs; nothing elsewhere.

    To be held before the file is opened: two that migrate it would stand in each other's way.

    Args:
        url: The database.
        bot_id: The bot.

    Raises:
        LeaseLostError: Another process is.
    """
    with ExitStack() as stack:
        # Whoever opens the database then says what is wrong with its address.
        with suppress(SQLAlchemyError, ValueError, OSError):
            file = file_of(make_url(url))
            if file is not None:
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                stack.enter_context(_locked(lock_path(file, bot_id)))
        yield


@contextmanager
def hold_all_locks(file: Path) -> Iterator[None]:
    """Keep every bot of an SQLite file from running while the block does.

    Raises:
        LeaseLostError: One runs.
    """
    with ExitStack() as stack:
        for path in file.parent.glob(f"{file.name}.*.lock"):
            stack.enter_context(_locked(path))
        yield


@asynccontextmanager
async def hold_lease(
    database: Database, on_standby: Callable[[], None] = lambda: None
) -> AsyncIterator[None]:
    """Be the only front of the database's bot while the block runs; with SQLite the lock is that.

    Args:
        database: The bot's.
        on_standby: Told that another process is, and that it is waited for.
    """
    if database.file is not None:
        yield
        return
    holder = secrets.token_hex(8)
    epoch = await database.step("take lease", lambda tx: _take(tx, holder))
    if epoch is None:
        on_standby()
    while epoch is None:
        await asyncio.sleep(_STAND_BY_S)
        epoch = await database.step("take lease", lambda tx: _take(tx, holder))

    async def ensure_held(tx: Transaction) -> None:
        held = select(leases.c.epoch).where(tx.mine(leases), leases.c.epoch == epoch)
        if await tx.value(held.with_for_update(read=True)) is None:
            database.fail(LeaseLostError())
            raise LeaseLostError

    database.guard_steps(ensure_held)
    renewing = asyncio.create_task(_renew_for_ever(database, epoch), name="lease")
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        # Where the database is away it lapses by itself; where it is lost there is none to free.
        with suppress(TimeoutError, LeaseLostError):
            async with asyncio.timeout(_FREE_S):
                await database.step("free lease", lambda tx: _extend(tx, epoch, timedelta()))


def lock_path(database_file: Path, bot_id: int) -> Path:
    """The lock beside a database file."""
    return database_file.with_name(f"{database_file.name}.{bot_id}.lock")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        _lock(file)
        yield


def _lock(file: IO[bytes]) -> None:
    """Lock a file until it is closed or the process dies."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise LeaseLostError from None


async def _take(tx: Transaction, holder: str) -> int | None:
    now = await tx.value(select(func.now()))  # the server's clock, which all fronts share
    row = await tx.insert_new(leases, holder=holder, epoch=1, expires_at=now + _LASTS)
    if row is not None:
        return 1
    result = await tx.first(
        update(leases)
        .where(tx.mine(leases), (leases.c.expires_at <= now) | (leases.c.holder == holder))
        .values(holder=holder, epoch=leases.c.epoch + 1, expires_at=now + _LASTS)
        .returning(leases.c.epoch)
    )
    return None if result is None else int(result.epoch)


async def _renew_for_ever(database: Database, epoch: int) -> None:
    while True:
        await asyncio.sleep(_RENEW_EVERY_S)
        await database.step("renew lease", lambda tx: _extend(tx, epoch, _LASTS))


async def _extend(tx: Transaction, epoch: int, span: timedelta) -> None:
    now = await tx.value(select(func.now()))
    await tx.run(
        update(leases)
        .where(tx.mine(leases), leases.c.epoch == epoch)
        .values(expires_at=now + span)
    )
