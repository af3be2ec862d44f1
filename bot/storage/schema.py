"""The tables. Migrations in ``migrations/`` bring a database to this shape; a test compares.

Every row carries the number of its bot: people, chats and messages mean something only within one.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.storage.database import UtcTime

metadata = MetaData()


_Number = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts rows up only for a column of type INTEGER."""


def _partial(name: str, *columns: str, where: str) -> Index:
    """An index of some rows only."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


inbox = Table(
    "inbox",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person", String(64), nullable=True),
    Column("chat_id", BigInteger, nullable=True),
    Column("message_id", BigInteger, nullable=True),
    Column("payload", Text, nullable=True),
    Column("state", String(8), nullable=False),
    Column("received_at", UtcTime, nullable=False),
    _partial("inbox_new", "bot_id", "update_id", where="state = 'new'"),
    Index("inbox_numbers", "bot_id", "chat_id", "message_id"),
    Index("inbox_by_age", "bot_id", "received_at"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("token", String(16), nullable=False, unique=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("update_id", BigInteger, nullable=True),
    Column("part", Integer, nullable=False, default=0),
    Column("kind", String(12), nullable=False, default="essay"),
    Column("person", String(64), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger, nullable=True),
    Column("message_id", BigInteger, nullable=True),
    Column("is_private", Boolean, nullable=False),
    Column("topic", Text, nullable=False),
    Column("ideas", JSON(none_as_null=True), nullable=True),
    Column("preferences", JSON, nullable=False),
    Column("continued_from", BigInteger, nullable=True),
    Column("seed", BigInteger, nullable=False),
    Column("state", String(12), nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("failure", String(24), nullable=True),
    Column("text", Text, nullable=False, default=""),
    Column("plan", JSON(none_as_null=True), nullable=True),
    Column("code", String(5), nullable=True),
    Column("model", String(160), nullable=True),
    Column("name", String(64), nullable=False, default="", server_default=""),
    Column("lesson_id", BigInteger, nullable=True),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime, nullable=True),
    Column("ended_at", UtcTime, nullable=True),
    UniqueConstraint("bot_id", "update_id", "part", name="jobs_once_per_update"),
    _partial(
        "jobs_unfinished",
        "bot_id",
        "turn",
        "id",
        where="state IN ('waiting', 'running', 'written')",
    ),
    Index("jobs_by_person", "bot_id", "person", "chat_id", "id"),
    _partial("jobs_started", "bot_id", "turn", where="started_at IS NOT NULL"),
    Index("jobs_by_end", "bot_id", "ended_at"),
    Index("jobs_by_code", "bot_id", "code", unique=True),
    Index("jobs_by_lesson", "lesson_id"),
    # Numbers of deleted jobs and messages are never given to others.
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("key", String(80), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger, nullable=True),
    Column("job_id", BigInteger, nullable=True),
    Column("person", String(64), nullable=True),
    Column("kind", String(12), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("turn", BigInteger, nullable=False, default=0),
    Column("waits", JSON(none_as_null=True), nullable=True),
    Column("body", JSON(none_as_null=True), nullable=True),
    Column("reply_to", BigInteger, nullable=True),
    Column("target", BigInteger, nullable=True),
    Column("state", String(8), nullable=False),
    Column("is_wanted", Boolean, nullable=False, default=True),
    Column("version", Integer, nullable=False, default=0),
    Column("bundle", BigInteger, nullable=True),
    Column("plainness", Integer, nullable=False, default=0),
    Column("tries", Integer, nullable=False, default=0),
    Column("not_before", UtcTime, nullable=True),
    Column("reason", String(48), nullable=True),
    Column("base", BigInteger, nullable=True),
    Column("probed", BigInteger, nullable=True),
    Column("message_id", BigInteger, nullable=True),
    Column("created_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime, nullable=True),
    UniqueConstraint("bot_id", "key", name="outbox_once_per_key"),
    _partial(
        "outbox_pending",
        "bot_id",
        "chat_id",
        "rank",
        "turn",
        "id",
        where="state IN ('open', 'sending')",
    ),
    _partial("outbox_held", "bot_id", "chat_id", where="state = 'held'"),
    Index("outbox_by_job", "job_id"),
    Index("outbox_by_person", "bot_id", "person"),
    Index("outbox_numbers", "bot_id", "chat_id", "message_id"),
    Index("outbox_by_end", "bot_id", "closed_at"),
    sqlite_autoincrement=True,
)

people = Table(
    "people",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person", String(64), primary_key=True),
    Column("preferences", JSON, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

chats = Table(
    "chats",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("last_number", BigInteger, nullable=False, default=0),
    Column("paused_until", UtcTime, nullable=True),
    Column("migrated_to", BigInteger, nullable=True),
    Column("no_reactions_until", UtcTime, nullable=True),
    Column("no_ephemeral_until", UtcTime, nullable=True),
    Column("admitted_by", String(64), nullable=True),
    Column("admitted_at", UtcTime, nullable=True),
)

owners = Table(
    "owners",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("code", String(64), nullable=True),
    Column("person", String(64), nullable=True),
)

teachers = Table(
    "teachers",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person", String(64), primary_key=True),
    Column("named_at", UtcTime, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("code", String(32), primary_key=True),
    Column("expires_at", UtcTime, nullable=False),
)
"""Links that make one person a teacher each."""

classes = Table(
    "classes",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=True),
    Column("name", String(64), nullable=False),
    Column("teacher", String(64), nullable=True),
    Column("settings", JSON, nullable=False),
    Column("code", String(6), nullable=True),
    Column("code_expires_at", UtcTime, nullable=True),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("bot_id", "chat_id", name="classes_once_per_chat"),
    UniqueConstraint("bot_id", "code", name="classes_once_per_code"),
    sqlite_autoincrement=True,
)

members = Table(
    "members",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("class_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("by_code", Boolean, nullable=False),
    Column("is_removed", Boolean, nullable=False, default=False),
    Column("seen_at", UtcTime, nullable=False),
    Index("members_by_person", "bot_id", "person"),
)

wrong_codes = Table(
    "wrong_codes",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person", String(64), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("since", UtcTime, nullable=False),
)

lessons = Table(
    "lessons",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("class_id", BigInteger, nullable=False),
    Column("title", String(64), nullable=False),
    Column("topic", Text, nullable=True),
    Column("is_only_topic", Boolean, nullable=False, default=False),
    Column("is_paused", Boolean, nullable=False, default=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=True),
    Index("lessons_by_class", "bot_id", "class_id"),
    sqlite_autoincrement=True,
)

votes = Table(
    "votes",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("job_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person", String(64), primary_key=True),
)

complaints = Table(
    "complaints",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("job_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person", String(64), primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("is_settled", Boolean, nullable=False, default=False),
)
"""What readers object to in an essay, once a person and essay."""

marks = Table(
    "marks",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("job_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person", String(64), primary_key=True),
    Column("sentence", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(8), nullable=False),
)
"""What readers think of an essay's sentences, one mark a person and sentence."""

inquiries = Table(
    "inquiries",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("token", String(16), nullable=False, unique=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("update_id", BigInteger, nullable=False),
    Column("person", String(64), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger, nullable=True),
    Column("message_id", BigInteger, nullable=True),
    Column("is_private", Boolean, nullable=False),
    Column("subject", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("preferences", JSON, nullable=False),
    Column("view", JSON, nullable=False),
    Column("found", JSON(none_as_null=True), nullable=True),
    Column("target", BigInteger, nullable=True),
    Column("is_waiting", Boolean, nullable=False),
    Column("version", Integer, nullable=False, default=0),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("bot_id", "update_id", name="inquiries_once_per_update"),
    Index("inquiries_by_person", "bot_id", "person"),
    sqlite_autoincrement=True,
)
"""What people want to see of how the model works."""

leases = Table(
    "leases",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("holder", String(64), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

jobs_0001 = Table(
    "jobs_0001",
    metadata,
    Column("job_id", BigInteger, primary_key=True, autoincrement=False),
    Column("bot_id", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("placeholder_id", BigInteger, nullable=True),
    Column("delivered_chunks", Integer, nullable=False),
    Column("sending_after", BigInteger, nullable=True),
)
"""What the first version kept of deliveries; ``bot.essays.adoption`` empties it at a start."""
