"""Which groups let the bot say nothing to one person alone."""

import sqlalchemy as sa
from alembic import op

from bot.storage.database import UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward; the first versions made tables as they are by now."""
    names = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("chats")}
    if "no_ephemeral_until" not in names:
        op.add_column("chats", sa.Column("no_ephemeral_until", UtcTime(), nullable=True))


def downgrade() -> None:
    """Go one step back."""
    op.drop_column("chats", "no_ephemeral_until")
