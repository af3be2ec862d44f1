"""The tables. Migrations in ``migrations/`` bring a database to this shape; a test compares."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()


def utc_now() -> datetime:
    """The time now, with its zone."""
    return datetime.now(UTC)


_Id = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts rows up only for a column of type INTEGER."""

people = Table(
    "people",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("preferences", JSON, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False, default=utc_now),
)

awaited_topics = Table(
    "awaited_topics",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("prompt_message_id", BigInteger, nullable=True),
    Column("asked_at", DateTime(timezone=True), nullable=False, default=utc_now),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("person", String(64), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger, nullable=True),
    Column("message_id", BigInteger, nullable=False),
    Column("is_private", Boolean, nullable=False),
    Column("topic", Text, nullable=False),
    Column("preferences", JSON, nullable=False),
    Column("continued_from", BigInteger, nullable=True),
    Column("seed", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("placeholder_id", BigInteger, nullable=True),
    Column("text", Text, nullable=False, default=""),
    Column("delivered_chunks", Integer, nullable=False, default=0),
    Column("sending_after", BigInteger, nullable=True),
    Column("created_at", DateTime(timezone=True), nullable=False, default=utc_now),
    Column("updated_at", DateTime(timezone=True), nullable=False, default=utc_now),
    Index("jobs_by_state", "state"),
    Index("jobs_by_request", "chat_id", "message_id"),
    Index("jobs_by_person", "person", "id"),
)

updates = Table(
    "updates",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("payload", Text, nullable=True),
    Column("received_at", DateTime(timezone=True), nullable=False, default=utc_now),
)

owner = Table(
    "owner",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("code", String(64), nullable=True),
    Column("person", String(64), nullable=True),
)

admitted_chats = Table(
    "admitted_chats",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("admitted_by", String(64), nullable=False),
    Column("admitted_at", DateTime(timezone=True), nullable=False, default=utc_now),
)
