"""Inbox, jobs and outbox that change together; rows carry their bot's number."""

import json
import secrets
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from bot.storage.schema import metadata

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OLD = ("updates", "people", "owner", "admitted_chats", "awaited_topics", "jobs")
_SUPERGROUPS_BELOW = -1_000_000_000_000
_ERASED_BEFORE = 1_000_000
"""Numbers of jobs that may have been given out and erased before; they are skipped."""


def upgrade() -> None:
    """Go one step forward: make the new tables, fill them, drop the old ones."""
    connection = op.get_bind()
    bot_id: int = context.config.attributes["bot_id"]
    for name in _OLD:
        op.rename_table(name, f"{name}_old")
    for index in ("jobs_by_person", "jobs_by_request", "jobs_by_state"):
        op.execute(f"DROP INDEX IF EXISTS {index}")
    if connection.dialect.name == "postgresql":
        # A renamed table keeps the names of its constraints and sequence.
        op.execute("ALTER TABLE jobs_old RENAME CONSTRAINT jobs_pkey TO jobs_old_pkey")
        op.execute("ALTER TABLE people_old RENAME CONSTRAINT people_pkey TO people_old_pkey")
        op.execute("ALTER SEQUENCE jobs_id_seq RENAME TO jobs_old_id_seq")
    metadata.create_all(connection)
    old = sa.MetaData()
    old.reflect(connection, only=[f"{name}_old" for name in _OLD])
    _fill(connection, {name: old.tables[f"{name}_old"] for name in _OLD}, bot_id)
    for name in _OLD:
        op.drop_table(f"{name}_old")


def _fill(connection: sa.Connection, old: dict[str, sa.Table], bot_id: int) -> None:
    new = metadata.tables
    for row in connection.execute(sa.select(old["updates"])):
        connection.execute(
            new["inbox"]
            .insert()
            .values(
                bot_id=bot_id,
                update_id=row.update_id,
                payload=row.payload,
                state="done" if row.payload is None else "new",
                received_at=row.received_at,
            )
        )
    for row in connection.execute(sa.select(old["people"])):
        connection.execute(
            new["people"]
            .insert()
            .values(
                bot_id=bot_id,
                person=row.person,
                preferences=_plain(row.preferences),
                updated_at=row.updated_at,
            )
        )
    for row in connection.execute(sa.select(old["owner"])):
        connection.execute(
            new["owners"].insert().values(bot_id=bot_id, code=row.code, person=row.person)
        )
    for row in connection.execute(sa.select(old["admitted_chats"])):
        connection.execute(
            new["chats"]
            .insert()
            .values(
                bot_id=bot_id,
                chat_id=row.chat_id,
                admitted_by=row.admitted_by,
                admitted_at=row.admitted_at,
                last_number=0,
            )
        )
    _fill_questions(connection, old["awaited_topics"], bot_id)
    _fill_jobs(connection, old["jobs"], bot_id)


def _fill_questions(connection: sa.Connection, old: sa.Table, bot_id: int) -> None:
    for number, row in enumerate(connection.execute(sa.select(old)), start=1):
        connection.execute(
            metadata.tables["outbox"]
            .insert()
            .values(
                bot_id=bot_id,
                key=f"question:{number}",
                kind="question",
                rank=0,
                chat_id=row.chat_id,
                person=row.person,
                state="sent",
                message_id=row.prompt_message_id,
                created_at=row.asked_at,
                closed_at=row.asked_at,
            )
        )


def _fill_jobs(connection: sa.Connection, old: sa.Table, bot_id: int) -> None:
    new = metadata.tables
    greatest: dict[int, int] = {}
    turns: dict[str, int] = {}
    last_id = 0
    for row in connection.execute(sa.select(old).order_by(old.c.id)):
        is_open = row.state in ("waiting", "running")
        turn = turns.get(row.person, 0)
        if is_open:
            turns[row.person] = turn + 1
        last_id = row.id
        connection.execute(
            new["jobs"]
            .insert()
            .values(
                id=row.id,
                token=secrets.token_urlsafe(9),
                bot_id=bot_id,
                update_id=None,
                part=0,
                kind="essay",
                person=row.person,
                chat_id=row.chat_id,
                thread_id=row.thread_id,
                message_id=row.message_id,
                is_private=row.is_private,
                topic=row.topic,
                preferences=_plain(row.preferences),
                continued_from=row.continued_from,
                seed=row.seed,
                state="waiting" if is_open else row.state,
                turn=turn if is_open else 0,
                attempts=0,
                text=row.text,
                created_at=row.created_at,
                started_at=None,
                ended_at=None if is_open else row.updated_at,
            )
        )
        connection.execute(
            new["jobs_0001"]
            .insert()
            .values(
                job_id=row.id,
                bot_id=bot_id,
                state=row.state,
                placeholder_id=row.placeholder_id,
                delivered_chunks=row.delivered_chunks,
                sending_after=row.sending_after,
            )
        )
        numbering = row.chat_id if row.chat_id < _SUPERGROUPS_BELOW else 0
        numbers = (row.message_id, row.placeholder_id or 0, row.sending_after or 0)
        greatest[numbering] = max(greatest.get(numbering, 0), *numbers)
    for chat_id, number in greatest.items():
        chats = new["chats"]
        changed = connection.execute(
            chats.update()
            .where(chats.c.bot_id == bot_id, chats.c.chat_id == chat_id)
            .values(last_number=number)
        )
        if not changed.rowcount:
            connection.execute(
                chats.insert().values(bot_id=bot_id, chat_id=chat_id, last_number=number)
            )
    _skip_numbers(connection, last_id)


def _skip_numbers(connection: sa.Connection, last_id: int) -> None:
    """Begin above every number that an erased job may have had."""
    start = last_id + _ERASED_BEFORE if last_id else 0
    if connection.dialect.name == "postgresql":
        if start:
            connection.execute(sa.text(f"SELECT setval('jobs_id_seq', {start})"))
        return
    connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'jobs'"))
    connection.execute(
        sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('jobs', :seq)"), {"seq": start}
    )


def _plain(value: str | dict[str, Any]) -> dict[str, Any]:
    """A JSON column, which reflection does not know as one in SQLite."""
    plain: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return plain


def downgrade() -> None:
    """Go one step back, with an idle database only: owed messages have no place in the old one."""
    connection = op.get_bind()
    bot_id: int = context.config.attributes["bot_id"]
    owed = connection.execute(
        sa.text("SELECT count(*) FROM outbox WHERE state IN ('open', 'sending', 'held')")
    ).scalar()
    unfinished = connection.execute(
        sa.text(
            "SELECT count(*) FROM jobs WHERE state IN ('waiting', 'running', 'written') "
            "OR id IN (SELECT job_id FROM jobs_0001)"
        )
    ).scalar()
    others = connection.execute(
        sa.text("SELECT count(*) FROM people WHERE bot_id != :bot"), {"bot": bot_id}
    ).scalar()
    if owed or unfinished or others:
        raise RuntimeError(
            f"{owed} messages and {unfinished} essays are still to come, and {others} people are "
            "of other bots: let the bot finish them before going back"
        )
    kept = {
        name: [row._mapping for row in connection.execute(sa.select(*_columns(connection, name)))]
        for name in ("inbox", "people", "owners", "chats", "jobs")
    }
    metadata.drop_all(connection)
    _first_tables().upgrade()
    _refill(connection, kept)


def _columns(connection: sa.Connection, name: str) -> list[sa.Column[Any]]:
    """The columns of a table that there are; later versions have more."""
    there = {column["name"] for column in sa.inspect(connection).get_columns(name)}
    return [column for column in metadata.tables[name].c if column.name in there]


def _first_tables() -> ModuleType:
    """The revision that made the first tables."""
    script = context.script.get_revision("0001")
    assert script is not None  # mypy: it lies beside this one
    return script.module


def _refill(connection: sa.Connection, kept: dict[str, list[Any]]) -> None:
    old = sa.MetaData()
    old.reflect(connection, only=["updates", "people", "owner", "admitted_chats", "jobs"])

    def put(table: str, rows: list[Any], **renamed: str) -> None:
        columns = old.tables[table].c
        for row in rows:
            values = {name: row[name] for name in row if name in columns}
            values |= {name: row[source] for name, source in renamed.items()}
            connection.execute(old.tables[table].insert().values(**values))

    # What is not handled yet is handled by the first version, which reads the same JSON.
    put("updates", kept["inbox"])
    put("people", kept["people"])
    for row in kept["owners"]:
        owner = {"id": 1, "code": row["code"], "person": row["person"]}
        connection.execute(old.tables["owner"].insert().values(**owner))
    put("admitted_chats", [row for row in kept["chats"] if row["admitted_at"] is not None])
    for row in kept["jobs"]:
        values = {name: row[name] for name in row if name in old.tables["jobs"].c}
        values |= {
            "message_id": row["message_id"] or 0,
            "delivered_chunks": 0,
            "updated_at": row["ended_at"] or row["created_at"],
        }
        connection.execute(old.tables["jobs"].insert().values(**values))
    if connection.dialect.name == "postgresql" and kept["jobs"]:
        last_id = max(row["id"] for row in kept["jobs"])
        connection.execute(sa.text(f"SELECT setval('jobs_id_seq', {last_id})"))
