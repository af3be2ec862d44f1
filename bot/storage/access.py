"""Who owns the bot and which groups are admitted."""

import hmac
import secrets

from sqlalchemy import delete, insert, select, update

from bot.storage.database import Database
from bot.storage.schema import admitted_chats, owner

_ROW = 1
"""There is one owner, so the table has one row."""


class AccessStore:
    """The owner, their one-time code and the chats that they opened to the bot."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    def owner(self) -> str | None:
        """The person who owns the bot, or None before anyone claimed it."""
        with self._engine.connect() as connection:
            return connection.execute(select(owner.c.person)).scalar_one_or_none()

    def owner_code(self) -> str | None:
        """The code that makes its bearer the owner; made at the first call, None once used.

        Returns:
            22 characters of ``A-Za-z0-9_-``, fit for a deep link.
        """
        with self._engine.begin() as connection:
            row = connection.execute(select(owner)).one_or_none()
            if row is not None:
                code: str | None = row.code
                return code
            code = secrets.token_urlsafe(16)
            connection.execute(insert(owner).values(id=_ROW, code=code))
            return code

    def claim(self, person: str, code: str) -> bool:
        """Make a person the owner if the code is right; the code then is spent."""
        with self._engine.begin() as connection:
            row = connection.execute(select(owner)).one_or_none()
            if row is None or row.code is None:
                return False
            if not hmac.compare_digest(row.code.encode(), code.encode()):
                return False
            connection.execute(update(owner).values(code=None, person=person))
            return True

    def admit_chat(self, chat_id: int, by_person: str) -> None:
        """Open the bot to the members of a chat."""
        with self._engine.begin() as connection:
            connection.execute(delete(admitted_chats).where(admitted_chats.c.chat_id == chat_id))
            connection.execute(
                insert(admitted_chats).values(chat_id=chat_id, admitted_by=by_person)
            )

    def is_admitted_chat(self, chat_id: int) -> bool:
        """Whether the members of a chat may use the bot there."""
        query = select(admitted_chats.c.chat_id).where(admitted_chats.c.chat_id == chat_id)
        with self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    def admitted_chats(self) -> list[int]:
        """The chats whose members may use the bot, oldest first."""
        query = select(admitted_chats.c.chat_id).order_by(admitted_chats.c.admitted_at)
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def remove_chat(self, chat_id: int) -> None:
        """Close the bot to a chat."""
        with self._engine.begin() as connection:
            connection.execute(delete(admitted_chats).where(admitted_chats.c.chat_id == chat_id))

    def migrate_chat(self, old_id: int, new_id: int) -> None:
        """Follow a group that became a supergroup under a new id."""
        with self._engine.begin() as connection:
            connection.execute(delete(admitted_chats).where(admitted_chats.c.chat_id == new_id))
            connection.execute(
                update(admitted_chats)
                .where(admitted_chats.c.chat_id == old_id)
                .values(chat_id=new_id)
            )
