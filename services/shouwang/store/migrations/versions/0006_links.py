"""Behind which gateway each device is heard."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "links",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("device"),
    )
