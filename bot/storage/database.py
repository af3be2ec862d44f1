"""Open the database and bring its tables up to date."""

from pathlib import Path
from typing import Self

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import DatabaseError

_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """A migrated database, shared by all stores.

    Attributes:
        engine: SQLAlchemy's engine; the stores open a short transaction on it for each call.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Connect, make the file and its folder where needed, and migrate.

        Args:
            url: SQLAlchemy URL, such as ``sqlite:////data/redactor.db``.

        Raises:
            DatabaseError: The address is wrong, or the database cannot be opened or migrated.
        """
        try:
            parsed = make_url(url)
            safe_url = parsed.render_as_string(hide_password=True)
        except (SQLAlchemyError, ValueError) as error:
            raise DatabaseError("REDACTOR_DATABASE_URL", str(error)) from None
        try:
            is_sqlite = parsed.get_backend_name() == "sqlite"
            if is_sqlite and parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(parsed, pool_pre_ping=not is_sqlite)
            if is_sqlite:
                event.listen(engine, "connect", _prepare_sqlite)
            _migrate(engine)
        except (SQLAlchemyError, CommandError, OSError, ImportError) as error:
            raise DatabaseError(safe_url, str(getattr(error, "orig", None) or error)) from error
        return cls(engine)

    def close(self) -> None:
        """Close every connection; SQLite folds its log into the file."""
        self.engine.dispose()


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    # A write-ahead log lets readers go on while one writes; FULL makes a commit survive a power
    # cut, and an acknowledged update must.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
