"""Classes, lessons, and what is said of their essays."""

import sqlalchemy as sa
from alembic import op

from bot.storage.database import UtcTime
from bot.storage.schema import metadata

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = (
    "teachers",
    "invitations",
    "classes",
    "members",
    "wrong_codes",
    "lessons",
    "votes",
    "complaints",
)
_JOBS = ("code", "model", "name", "lesson_id")
_INDEXES = (
    ("jobs_by_code", ["bot_id", "code"], True),
    ("jobs_by_lesson", ["lesson_id"], False),
)


def upgrade() -> None:
    """Go one step forward; 0002 makes tables as they are by now, so only what is missing."""
    connection = op.get_bind()
    metadata.create_all(connection)
    looker = sa.inspect(connection)
    present = {column["name"] for column in looker.get_columns("jobs")}
    if "code" in present:
        return
    op.add_column("jobs", sa.Column("code", sa.String(5), nullable=True))
    op.add_column("jobs", sa.Column("model", sa.String(160), nullable=True))
    op.add_column("jobs", sa.Column("name", sa.String(64), nullable=False, server_default=""))
    op.add_column("jobs", sa.Column("lesson_id", sa.BigInteger, nullable=True))
    for name, columns, is_unique in _INDEXES:
        op.create_index(name, "jobs", columns, unique=is_unique)
    op.add_column("chats", sa.Column("no_reactions_until", UtcTime(), nullable=True))


def downgrade() -> None:
    """Go one step back."""
    for name in _TABLES:
        op.drop_table(name)
    for name, _, _ in _INDEXES:
        op.drop_index(name, "jobs")
    for name in _JOBS:
        op.drop_column("jobs", name)
    op.drop_column("chats", "no_reactions_until")
