"""A person's ideas for an essay, and those that it was written from."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COLUMNS = ("ideas", "plan")


def upgrade() -> None:
    """Go one step forward; the first versions made tables as they are by now."""
    present = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("jobs")}
    for name in _COLUMNS:
        if name not in present:
            op.add_column("jobs", sa.Column(name, sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Go one step back."""
    for name in _COLUMNS:
        op.drop_column("jobs", name)
