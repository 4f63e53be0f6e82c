"""Runs and snapshots keep the order in which they were made: a clock that is set back cannot change it.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OLDEST_FIRST = (
    """
update runs set seq = (
  select count(*) from runs as o
  where o.started_at < runs.started_at or (o.started_at = runs.started_at and o.run_id <= runs.run_id)
)
""",
    """
update snapshots set seq = (
  select count(*) from snapshots as o
  where o.taken_at < snapshots.taken_at or (o.taken_at = snapshots.taken_at and o.snapshot_id <= snapshots.snapshot_id)
)
""",
)


def upgrade() -> None:
    for table in ("runs", "snapshots"):
        op.add_column(table, sa.Column("seq", sa.Integer, nullable=False, server_default="0"))
    for statement in _OLDEST_FIRST:
        op.execute(statement)
    op.drop_index("ix_snapshots_source_taken_at", "snapshots")
    op.create_index("ix_snapshots_source_seq", "snapshots", ["source", "seq"])


def downgrade() -> None:
    op.drop_index("ix_snapshots_source_seq", "snapshots")
    op.create_index("ix_snapshots_source_taken_at", "snapshots", ["source", "taken_at"])
    for table in ("runs", "snapshots"):
        op.drop_column(table, "seq")
