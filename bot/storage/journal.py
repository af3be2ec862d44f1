"""Updates that were received, so that none is lost and none is handled twice."""

from datetime import timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.storage.database import Database
from bot.storage.schema import updates, utc_now


class UpdateJournal:
    """A write-ahead log of Telegram's updates.

    The payload is dropped as soon as the update is handled; its number stays for a day, as long
    as Telegram may send it again.
    """

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    def record(self, update_id: int, payload_json: str) -> bool:
        """Write an update down; False if it was seen before. It is on disk at the return."""
        try:
            with self._engine.begin() as connection:
                connection.execute(
                    insert(updates).values(update_id=update_id, payload=payload_json)
                )
        except IntegrityError:
            return False
        return True

    def done(self, update_id: int) -> None:
        """An update has been handled: forget what it said."""
        with self._engine.begin() as connection:
            connection.execute(
                update(updates).where(updates.c.update_id == update_id).values(payload=None)
            )

    def pending(self) -> list[str]:
        """Payloads of updates received and not handled, oldest first."""
        query = (
            select(updates.c.payload)
            .where(updates.c.payload.is_not(None))
            .order_by(updates.c.update_id)
        )
        with self._engine.connect() as connection:
            return [payload for payload in connection.execute(query).scalars() if payload]

    def prune(self, older_than: timedelta = timedelta(days=2)) -> None:
        """Forget the numbers of handled updates that Telegram cannot send again."""
        with self._engine.begin() as connection:
            connection.execute(
                delete(updates).where(
                    updates.c.payload.is_(None), updates.c.received_at < utc_now() - older_than
                )
            )
