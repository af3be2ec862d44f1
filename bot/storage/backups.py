"""Copies of the database: made while the bot runs, put back while it does not.

SQLite's file is copied as it was at one moment, by SQLite itself; PostgreSQL's own programs do the
same there. A copy replaces an older one only when it is whole, and only its owner may read it.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, func, make_url, select, update
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import BackupError, BackupProblem, DatabaseError, LeaseLostError
from bot.storage.engines import blocking_engine, file_of, is_broken, protect, reason_of
from bot.storage.leases import hold_all_locks
from bot.storage.migrating import hold_migrations
from bot.storage.schema import leases


def back_up(url: str, file: Path) -> None:
    """Copy a database into a file, whether the bot runs or not.

    Args:
        url: Of the database.
        file: Where the copy goes; what it held before stays until the copy is whole.

    Raises:
        BackupError: There is nothing to copy, or it cannot be copied.
        DatabaseError: The address is wrong.
    """
    parsed = _parse(url)
    source = file_of(parsed)
    if source is not None and not source.exists():
        raise BackupError(BackupProblem.NO_DATABASE, str(source))
    if source is not None and file.exists() and source.samefile(file):
        raise BackupError(BackupProblem.IS_THE_DATABASE, str(file))
    try:
        with _replacing(file) as copy:
            if source is None:
                _run("pg_dump", "--format=custom", f"--file={copy}", url=parsed)
            else:
                _copy_file(source, copy)
    except (sqlite3.Error, OSError) as error:
        raise BackupError(BackupProblem.FAILED, str(error)) from None


def restore(url: str, file: Path) -> None:
    """Put a copy in a database's place, all of it or, where that fails, nothing.

    Args:
        url: Of the database; an SQLite file is made where there is none.
        file: What ``back_up`` made of a database of the same kind.

    Raises:
        LeaseLostError: The bot runs.
        BackupError: The file is no such copy, or cannot be put back.
        DatabaseError: The address is wrong, or the server cannot be reached.
    """
    parsed = _parse(url)
    target = file_of(parsed)
    try:
        if target is None:
            _restore_postgres(parsed, file)
            return
        if target.exists() and target.samefile(file):
            raise BackupError(BackupProblem.IS_THE_DATABASE, str(file))
        _restore_file(target, file)
    except (sqlite3.Error, OSError) as error:
        raise BackupError(BackupProblem.FAILED, str(error)) from None
    except SQLAlchemyError as error:
        raise DatabaseError(safe(url), reason_of(error)) from None


def safe(url: str) -> str:
    """A database's address, without its password."""
    return _parse(url).render_as_string(hide_password=True)


def has_something(url: str) -> bool:
    """Whether restoring may overwrite something; of a server that cannot be told."""
    file = file_of(_parse(url))
    return file is None or file.exists()


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except (SQLAlchemyError, ValueError) as error:
        raise DatabaseError("REDACTOR_DATABASE_URL", str(error)) from None


@contextmanager
def _replacing(file: Path) -> Iterator[Path]:
    """Give a new file beside another, which takes its place if the block ends well."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # mode 600
    os.close(descriptor)
    new = Path(name)
    try:
        yield new
        with new.open("rb") as written:
            os.fsync(written.fileno())
        new.replace(file.resolve())
    finally:
        new.unlink(missing_ok=True)


def _copy_file(source: Path, copy: Path) -> None:
    # Writers go on meanwhile: a reader of the write-ahead log stands in nobody's way.
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as live,
        closing(sqlite3.connect(copy)) as new,
    ):
        live.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")  # one file, with none beside it
        _check(new, copy)


def _check(copy: sqlite3.Connection, file: Path) -> None:
    """Find out whether a file is a whole database of this program."""
    try:
        (verdict,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        copy.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    if verdict != "ok":
        raise BackupError(BackupProblem.NOT_A_BACKUP, str(file))


def _restore_file(target: Path, file: Path) -> None:
    with (
        closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as copy,
        hold_all_locks(target),
    ):
        _check(copy, file)
        protect(target)
        try:
            _overwrite(copy, target)
        except sqlite3.Error as error:
            if not is_broken(error):
                raise
            # What is damaged is kept: somebody may read it yet.
            for suffix in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    target.with_name(target.name + suffix).rename(f"{target}.broken{suffix}")
            protect(target)
            _overwrite(copy, target)


def _overwrite(copy: sqlite3.Connection, target: Path) -> None:
    """Write a copy over a database in one transaction, so that no stop leaves half of it."""
    with closing(sqlite3.connect(target)) as database:
        copy.backup(database)


def _restore_postgres(url: URL, file: Path) -> None:
    if " alembic_version " not in _run("pg_restore", "--list", str(file)):
        raise BackupError(BackupProblem.NOT_A_BACKUP, str(file))
    engine = blocking_engine(url)
    try:
        # A bot that starts waits there, before it takes its lease.
        with hold_migrations(engine), engine.connect() as connection:
            newest = 0
            if connection.dialect.has_table(connection, leases.name):
                held = select(leases.c.bot_id).where(leases.c.expires_at > func.now())
                if connection.execute(held).first() is not None:
                    raise LeaseLostError
                newest = connection.scalar(select(func.max(leases.c.epoch))) or 0
            connection.rollback()
            _run("pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges",
                 "--single-transaction", str(file), url=url)  # fmt: skip
            # A bot that slept since before must not take its old lease for a new one.
            epoch = leases.c.epoch + newest + 1
            connection.execute(update(leases).values(epoch=epoch, expires_at=func.now()))
            connection.commit()
    finally:
        engine.dispose()


def _run(program: str, *arguments: str, url: URL | None = None) -> str:
    """Run one of PostgreSQL's programs; return what it prints."""
    path = shutil.which(program)
    if path is None:
        raise BackupError(BackupProblem.NO_PROGRAM, program)
    environment = dict(os.environ)
    if url is not None:
        # Everybody on this machine sees a process's arguments, nobody its environment.
        address = url.set(drivername="postgresql", password=None).render_as_string()
        arguments = (f"--dbname={address}", *arguments)
        environment |= {"PGPASSWORD": url.password or environment.get("PGPASSWORD", "")}
    done = subprocess.run(
        [path, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        # Further lines may quote rows, and those are what people wrote.
        first = next(iter(done.stderr.splitlines()), f"exit code {done.returncode}")
        raise BackupError(BackupProblem.FAILED, first)
    return done.stdout
