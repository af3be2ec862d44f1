"""What the bot remembers of people: their settings, and who owns the bot."""

import hmac
import secrets
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import delete, select, update

from bot.errors import InvalidParameterError
from bot.storage.database import Transaction
from bot.storage.records import Language, Preferences, Style
from bot.storage.schema import owners, people


def preferences_from_json(stored: dict[str, Any]) -> Preferences:
    """Preferences from stored values; what this version does not know or allow is left out."""
    known = {field.name for field in fields(Preferences)}
    values = {name: value for name, value in stored.items() if name in known}
    try:
        return Preferences(
            **{
                **values,
                "style": Style(values.get("style", Style.ESSAY)),
                "language": Language(values.get("language", Language.SPANISH)),
            }
        )
    except (InvalidParameterError, TypeError, ValueError):
        # Stored by a version with other ranges: the defaults are better than no answer.
        return Preferences()


async def preferences(tx: Transaction, person: str) -> Preferences | None:
    """A person's preferences, or None for someone new."""
    stored = await tx.value(
        select(people.c.preferences).where(tx.mine(people), people.c.person == person)
    )
    return None if stored is None else preferences_from_json(stored)


async def save_preferences(tx: Transaction, person: str, wanted: Preferences) -> None:
    """Keep a person's preferences."""
    await tx.upsert(
        people,
        {"person": person},
        preferences=asdict(wanted),
        updated_at=tx.now,
    )


async def forget(tx: Transaction, person: str) -> None:
    """Delete a person's settings."""
    await tx.run(delete(people).where(tx.mine(people), people.c.person == person))


async def owner(tx: Transaction) -> str | None:
    """The person who owns the bot, or None before anyone claimed it."""
    person: str | None = await tx.value(select(owners.c.person).where(tx.mine(owners)))
    return person


async def owner_code(tx: Transaction) -> str | None:
    """The code that makes its bearer the owner; made at the first call, None once used.

    Returns:
        22 characters of ``A-Za-z0-9_-``, fit for a deep link.
    """
    row = await tx.insert_new(owners, code=secrets.token_urlsafe(16))
    if row is None:
        row = await tx.first(select(owners).where(tx.mine(owners)))
    code: str | None = None if row is None else row.code
    return code


async def claim(tx: Transaction, person: str, code: str) -> bool:
    """Make a person the owner if the code is right; the code then is spent."""
    row = await tx.first(select(owners).where(tx.mine(owners)))
    if row is None or row.code is None:
        return False
    if not hmac.compare_digest(row.code.encode(), code.encode()):
        return False
    await tx.run(update(owners).where(tx.mine(owners)).values(code=None, person=person))
    return True
