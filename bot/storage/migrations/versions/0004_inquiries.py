"""What people want to see of how the model works."""

from alembic import op

from bot.storage.schema import inquiries

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward; the first versions made tables as they are by now."""
    inquiries.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Go one step back."""
    op.drop_table("inquiries")
