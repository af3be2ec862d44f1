"""What readers think of an essay's sentences."""

from alembic import op

from bot.storage.schema import marks

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward; the first versions made tables as they are by now."""
    marks.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Go one step back."""
    op.drop_table("marks")
