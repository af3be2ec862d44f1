"""Classes: a group, or a roster that people join by a code, with its teachers and settings."""

import hmac
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, select, update

from bot.storage.class_settings import ClassSettings, settings_from_json, settings_to_json
from bot.storage.codes import CLASS_LENGTH, new_code
from bot.storage.database import Transaction
from bot.storage.schema import classes, invitations, members, teachers, wrong_codes

_WRONG_CODES = 5
_WRONG_CODES_FOR = timedelta(hours=1)
_INVITED_FOR = timedelta(days=1)
_NAME_CHARACTERS = 20
"""So that thirty names fit into one message."""


@dataclass(frozen=True, slots=True)
class Class:
    """A class.

    Attributes:
        id: Its number.
        chat_id: Its group, or None if it meets in private chats only.
        name: What it is called.
        teacher: Who made it, or None if they were forgotten.
        settings: What was decided for it.
        code: What lets people in, or None.
        code_expires_at: Until when, or None.
    """

    id: int
    chat_id: int | None
    name: str
    teacher: str | None
    settings: ClassSettings
    code: str | None
    code_expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a class.

    Attributes:
        person: Who.
        name: What they are called there.
        by_code: Whether they came with the code.
    """

    person: str
    name: str
    by_code: bool


def short_name(first: str, last: str = "") -> str:
    """A first name, cut; behind it the surname's initial, by which equal ones are told apart."""
    first = " ".join(first.split())[:_NAME_CHARACTERS].rstrip()
    last = " ".join(last.split())
    return f"{first} {last[0]}." if last else first


def first_name(name: str) -> str:
    """The first name alone of what :func:`short_name` made."""
    head, _, tail = name.rpartition(" ")
    return head if head and len(tail) == 2 and tail.endswith(".") else name


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """First names alone where nobody else has the same, else with the surname's initial.

    Args:
        names: From people to what :func:`short_name` made.
    """
    firsts = {person: first_name(name) for person, name in names.items()}
    counts = Counter(firsts.values())
    return {
        person: name if counts[firsts[person]] > 1 else firsts[person]
        for person, name in names.items()
    }


async def make(tx: Transaction, *, chat_id: int | None, name: str, teacher: str) -> Class:
    """Make a class; a group has one, whoever makes it first."""
    row = await tx.insert_new(
        classes,
        chat_id=chat_id,
        name=name.strip()[:64],
        teacher=teacher,
        settings={},
        created_at=tx.now,
    )
    if row is not None:
        return _class(row)
    found = None if chat_id is None else await of_chat(tx, chat_id)
    assert found is not None  # mypy: only the group's own class was in the way
    return found


async def get(tx: Transaction, class_id: int) -> Class | None:
    """One class."""
    return await _first(tx, classes.c.id == class_id)


async def of_chat(tx: Transaction, chat_id: int) -> Class | None:
    """The class of a group."""
    return await _first(tx, classes.c.chat_id == chat_id)


async def by_code(tx: Transaction, code: str) -> Class | None:
    """The class that a code lets into, whether or not it still does."""
    return await _first(tx, classes.c.code == code)


async def taught_by(tx: Transaction, person: str) -> list[Class]:
    """The classes that somebody made, oldest first."""
    query = select(classes).where(tx.mine(classes), classes.c.teacher == person)
    return [_class(row) for row in await tx.rows(query.order_by(classes.c.id))]


async def of_member(tx: Transaction, person: str) -> Class | None:
    """The class whose code somebody used last, if they are still in it."""
    return await _first(
        tx,
        classes.c.id.in_(
            select(members.c.class_id)
            .where(
                tx.mine(members),
                members.c.person == person,
                members.c.by_code.is_(True),
                members.c.is_removed.is_(False),
            )
            .order_by(members.c.seen_at.desc())
            .limit(1)
            .scalar_subquery()
        ),
    )


async def of_person(tx: Transaction, person: str, chat_id: int) -> Class | None:
    """The class in which somebody writes: the group's; in private, that of their code."""
    return await of_chat(tx, chat_id) or await of_member(tx, person)


async def decide(tx: Transaction, class_id: int, settings: ClassSettings) -> None:
    """Keep what was decided for a class."""
    values = settings_to_json(settings)
    await tx.run(
        update(classes).where(tx.mine(classes), classes.c.id == class_id).values(settings=values)
    )


async def renew_code(tx: Transaction, class_id: int, expires_at: datetime) -> str:
    """Give a class a code, in the place of any that it had."""
    code = new_code(CLASS_LENGTH)
    while await by_code(tx, code) is not None:
        code = new_code(CLASS_LENGTH)
    await _set_code(tx, class_id, code=code, code_expires_at=expires_at)
    return code


async def extend_code(tx: Transaction, class_id: int, expires_at: datetime) -> None:
    """Let a code hold until another day."""
    await _set_code(tx, class_id, code_expires_at=expires_at)


async def revoke_code(tx: Transaction, class_id: int) -> None:
    """Let nobody in by the code any more; it is known, so that its bearers can be told."""
    await _set_code(tx, class_id, code_expires_at=tx.now)


async def _set_code(tx: Transaction, class_id: int, **values: Any) -> None:
    await tx.run(update(classes).where(tx.mine(classes), classes.c.id == class_id).values(values))


async def join(tx: Transaction, class_id: int, person: str, name: str) -> bool:
    """Somebody comes in by the code.

    Returns:
        False if the teacher has taken them off the roster.
    """
    await saw(tx, class_id, person, name)
    await tx.run(
        update(members)
        .where(_member(tx, class_id, person), members.c.is_removed.is_(False))
        .values(by_code=True)
    )
    return not await is_removed(tx, class_id, person)


async def saw(tx: Transaction, class_id: int, person: str, name: str) -> None:
    """Somebody did something in a class, and so belongs to it."""
    values = {"name": name[:64], "seen_at": tx.now}
    row = await tx.insert_new(members, class_id=class_id, person=person, by_code=False, **values)
    if row is None:
        await tx.run(update(members).where(_member(tx, class_id, person)).values(values))


async def remove(tx: Transaction, class_id: int, person: str) -> None:
    """Take somebody off the roster; they hear of it at their next request."""
    await tx.run(update(members).where(_member(tx, class_id, person)).values(is_removed=True))


async def remove_by_code(tx: Transaction, class_id: int) -> None:
    """Take everybody off the roster who came by its code, because that got into wrong hands."""
    came = members.c.by_code.is_(True) & (members.c.class_id == class_id)
    await tx.run(update(members).where(tx.mine(members), came).values(is_removed=True))


async def is_removed(tx: Transaction, class_id: int, person: str) -> bool:
    """Whether somebody was taken off a roster."""
    query = select(members.c.is_removed).where(_member(tx, class_id, person))
    return bool(await tx.value(query))


async def removed_from(tx: Transaction, person: str) -> Class | None:
    """A class that somebody was taken off, if they are in no other."""
    gone = select(members.c.class_id).where(
        tx.mine(members), members.c.person == person, members.c.is_removed.is_(True)
    )
    return None if await of_member(tx, person) else await _first(tx, classes.c.id.in_(gone))


async def roster(tx: Transaction, class_id: int) -> list[Member]:
    """Who is in a class, by name."""
    query = (
        select(members)
        .where(tx.mine(members), members.c.class_id == class_id, members.c.is_removed.is_(False))
        .order_by(members.c.name, members.c.person)
    )
    rows = await tx.rows(query)
    names = told_apart({row.person: row.name for row in rows})
    return [Member(row.person, names[row.person], row.by_code) for row in rows]


async def called(tx: Transaction, person: str, name: str, chat_id: int) -> str:
    """What somebody is called where they write: by the first name, told apart in their class."""
    its_class = await of_person(tx, person, chat_id)
    others = [] if its_class is None else await roster(tx, its_class.id)
    return told_apart({**{one.person: one.name for one in others}, person: name})[person]


async def may_try_code(tx: Transaction, person: str) -> bool:
    """Whether somebody may name a code: not after five wrong ones within an hour."""
    row = await tx.first(
        select(wrong_codes).where(tx.mine(wrong_codes), wrong_codes.c.person == person)
    )
    is_fresh = row is not None and row.since > tx.now - _WRONG_CODES_FOR
    return row is None or not is_fresh or row.tries < _WRONG_CODES


async def note_wrong_code(tx: Transaction, person: str) -> None:
    """Somebody named a code that there is not."""
    await tx.run(
        delete(wrong_codes).where(
            tx.mine(wrong_codes), wrong_codes.c.since <= tx.now - _WRONG_CODES_FOR
        )
    )
    if await tx.insert_new(wrong_codes, person=person, tries=1, since=tx.now) is None:
        await tx.run(
            update(wrong_codes)
            .where(tx.mine(wrong_codes), wrong_codes.c.person == person)
            .values(tries=wrong_codes.c.tries + 1)
        )


async def is_teacher(tx: Transaction, person: str) -> bool:
    """Whether the owner made somebody a teacher."""
    query = select(teachers.c.person).where(tx.mine(teachers), teachers.c.person == person)
    return await tx.value(query) is not None


async def invite_teacher(tx: Transaction) -> str:
    """A code that makes one person a teacher within a day; fit for a deep link."""
    code = f"d{secrets.token_urlsafe(12)}"
    await tx.insert_new(invitations, code=code, expires_at=tx.now + _INVITED_FOR)
    return code


async def become_teacher(tx: Transaction, person: str, code: str) -> bool:
    """Make somebody a teacher if their invitation is right and not used; then it is."""
    for row in await tx.rows(
        select(invitations).where(tx.mine(invitations), invitations.c.expires_at > tx.now)
    ):
        if hmac.compare_digest(row.code.encode(), code.encode()):
            await tx.run(
                delete(invitations).where(tx.mine(invitations), invitations.c.code == row.code)
            )
            await tx.insert_new(teachers, person=person, named_at=tx.now)
            return True
    return False


async def move(tx: Transaction, old_id: int, new_id: int) -> None:
    """Follow a group that became a supergroup."""
    if await of_chat(tx, new_id) is None:
        await tx.run(
            update(classes)
            .where(tx.mine(classes), classes.c.chat_id == old_id)
            .values(chat_id=new_id)
        )


async def forget(tx: Transaction, person: str) -> None:
    """Take somebody off every roster."""
    for table in (members, teachers, wrong_codes):
        await tx.run(delete(table).where(tx.mine(table), table.c.person == person))
    await tx.run(
        update(classes).where(tx.mine(classes), classes.c.teacher == person).values(teacher=None)
    )


async def prune(tx: Transaction, before: datetime) -> int:
    """Delete what is not needed any more: members of groups unseen for long, spent invitations."""
    counted = 0
    for old in (
        delete(members).where(
            tx.mine(members), members.c.by_code.is_(False), members.c.seen_at < before
        ),
        delete(invitations).where(tx.mine(invitations), invitations.c.expires_at < tx.now),
        delete(wrong_codes).where(
            tx.mine(wrong_codes), wrong_codes.c.since < tx.now - _WRONG_CODES_FOR
        ),
    ):
        counted += (await tx.run(old)).rowcount
    return counted


def _member(tx: Transaction, class_id: int, person: str) -> ColumnElement[bool]:
    return tx.mine(members) & (members.c.class_id == class_id) & (members.c.person == person)


async def _first(tx: Transaction, *conditions: ColumnElement[bool]) -> Class | None:
    row = await tx.first(select(classes).where(tx.mine(classes), *conditions).limit(1))
    return None if row is None else _class(row)


def _class(row: Row[Any]) -> Class:
    return Class(
        id=row.id,
        chat_id=row.chat_id,
        name=row.name,
        teacher=row.teacher,
        settings=settings_from_json(row.settings),
        code=row.code,
        code_expires_at=row.code_expires_at,
    )
