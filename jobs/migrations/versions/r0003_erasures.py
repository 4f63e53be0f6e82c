"""Privacy requests: what was asked, a task per source, and which request a tombstone belongs to (G10, M15).

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tombstones", sa.Column("request", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "erasures",
        sa.Column("request", sa.Integer, nullable=False),
        sa.Column("law", sa.Text, nullable=False),
        sa.Column("received", sa.Date, nullable=False),
        sa.Column("due", sa.Date, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("opened_at", sa.String(32), nullable=False),
        sa.Column("purged", sa.Boolean, nullable=False, comment="whether what was kept here is gone"),
        sa.PrimaryKeyConstraint("request", name="pk_erasures"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "erasure_tasks",
        sa.Column("task", sa.Integer, nullable=False),
        sa.Column("request", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("profile_id", sa.Text, nullable=False, comment="empty once closed, and where nobody was found"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("back", sa.Boolean, nullable=False),
        sa.Column("opened_at", sa.String(32), nullable=False),
        sa.Column("closed_on", sa.Date),
        sa.Column("kept_until", sa.Date),
        sa.PrimaryKeyConstraint("task", name="pk_erasure_tasks"),
        sa.ForeignKeyConstraint(["request"], ["erasures.request"], name="fk_erasure_tasks_erasures"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_erasure_tasks_state", "erasure_tasks", ["state"])


def downgrade() -> None:
    op.drop_table("erasure_tasks")
    op.drop_table("erasures")
    op.drop_column("tombstones", "request")
