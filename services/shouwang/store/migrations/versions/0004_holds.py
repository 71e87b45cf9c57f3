"""Silences, maintenance, permits and shelves; which alerts they hold; how often alarms are raised."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("alerts", sa.Column("held", sa.Text(), nullable=False, server_default=""))
    held = sa.text("held <> ''")
    op.create_index("alerts_held", "alerts", ["held"], sqlite_where=held, postgresql_where=held)
    op.create_index("alerts_subject", "alerts", ["subject", "rule", "raised_at"])
    raised = sa.text("kind = 'alert.raised'")
    op.create_index("journal_raised", "journal", ["at"], sqlite_where=raised, postgresql_where=raised)
    op.create_table(
        "holds",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("body", sa.Text(), nullable=False),
    )
    is_open, is_due = sa.text("state <> 'ended'"), sa.text("due_at IS NOT NULL")
    op.create_index("holds_open", "holds", ["state"], sqlite_where=is_open, postgresql_where=is_open)
    op.create_index("holds_due", "holds", ["due_at"], sqlite_where=is_due, postgresql_where=is_due)
    op.create_index("holds_newest", "holds", ["made_at", "id"])
