"""Drills, duty checks and campaigns that verify contacts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "exercises",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    is_live = sa.text("ended_at IS NULL")
    op.create_index("exercises_live", "exercises", ["begun_at"], sqlite_where=is_live, postgresql_where=is_live)
    op.create_index("exercises_newest", "exercises", ["kind", "begun_at", "id"])
