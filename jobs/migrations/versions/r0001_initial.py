"""The first state database.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.String(32)


def upgrade() -> None:
    _runs_and_snapshots()
    _findings_and_decisions()
    _plans_and_journal()
    _kept_between_nights()


def downgrade() -> None:
    for table in (
        "tombstones", "pairing_nights", "artefacts", "journal", "corrections", "plans",
        "decisions", "findings", "snapshots", "runs",
    ):  # fmt: skip
        op.drop_table(table)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _runs_and_snapshots() -> None:
    op.create_table(
        "runs",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("business_date", sa.Date, nullable=False),
        _text("trigger"),
        sa.Column("schedule_date", sa.Date, comment="the night that a scheduled run has claimed"),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT),
        _text("status"),
        _text("headline"),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
        sa.UniqueConstraint("schedule_date", name="uq_runs_schedule_date"),
    )
    op.create_table(
        "snapshots",
        sa.Column("snapshot_id", sa.Text, nullable=False),
        _text("source"),
        _text("run_id"),
        sa.Column("taken_at", _MOMENT, nullable=False),
        _text("path"),
        sa.Column("profiles", sa.Integer, nullable=False),
        sa.Column("active", sa.Integer, nullable=False),
        sa.Column("certified", sa.Boolean, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        _text("proofs"),
        _text("contract"),
        sa.Column("export_contract", sa.Integer, nullable=False),
        _text("problem"),
        _text("stats"),
        sa.PrimaryKeyConstraint("snapshot_id", name="pk_snapshots"),
    )
    op.create_index("ix_snapshots_source_taken_at", "snapshots", ["source", "taken_at"])
    op.create_index("ix_snapshots_run_id", "snapshots", ["run_id"])


def _findings_and_decisions() -> None:
    op.create_table(
        "findings",
        sa.Column("finding_id", sa.Text, nullable=False),
        _text("kind"),
        _text("field"),
        _text("pairing"),
        _text("anchor"),
        _text("members"),
        sa.Column("first_seen", sa.Date, nullable=False),
        sa.Column("last_seen", sa.Date, nullable=False),
        sa.Column("nights_open", sa.Integer, nullable=False),
        _text("state"),
        _text("severity"),
        sa.PrimaryKeyConstraint("finding_id", name="pk_findings"),
    )
    op.create_index("ix_findings_state", "findings", ["state"])
    op.create_table(
        "decisions",
        sa.Column("decision", sa.Integer, nullable=False),
        _text("run_id"),
        _text("target"),
        _text("id"),
        _text("verdict"),
        sa.Column("until", sa.Date),
        _text("reason"),
        _text("by"),
        _text("fingerprint", null=True),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("withdrawn_at", _MOMENT),
        sa.PrimaryKeyConstraint("decision", name="pk_decisions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_decisions_target_id", "decisions", ["target", "id"])


def _plans_and_journal() -> None:
    op.create_table(
        "plans",
        sa.Column("plan_id", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _text("state"),
        sa.PrimaryKeyConstraint("plan_id", name="pk_plans"),
    )
    op.create_table(
        "corrections",
        sa.Column("plan_id", sa.Text, nullable=False),
        sa.Column("correction_id", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        _text("source"),
        _text("profile_id", null=True),
        _text("action"),
        _text("pairing"),
        _text("state"),
        sa.Column("sealed", sa.LargeBinary, comment="before, after and why; null once purged"),
        _text("fingerprint"),
        _text("finding_ids"),
        _text("rule_ids"),
        _text("reversible"),
        _text("needs"),
        _text("after_correction", null=True),
        _text("blocked_by"),
        _text("new_id", null=True),
        _text("detail"),
        sa.PrimaryKeyConstraint("plan_id", "correction_id", name="pk_corrections"),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.plan_id"], name="fk_corrections_plans"),
    )
    op.create_table(
        "journal",
        sa.Column("entry", sa.Integer, nullable=False),
        _text("plan_id"),
        _text("correction_id"),
        sa.Column("at", _MOMENT, nullable=False),
        _text("state"),
        _text("detail"),
        sa.PrimaryKeyConstraint("entry", name="pk_journal"),
        sa.ForeignKeyConstraint(
            ["plan_id", "correction_id"],
            ["corrections.plan_id", "corrections.correction_id"],
            name="fk_journal_corrections",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_journal_plan_id_correction_id", "journal", ["plan_id", "correction_id"])


def _kept_between_nights() -> None:
    op.create_table(
        "artefacts",
        sa.Column("name", sa.Text, nullable=False),
        _text("run_id"),
        _text("path"),
        _text("digest"),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_artefacts"),
    )
    op.create_table(
        "pairing_nights",
        sa.Column("pairing", sa.Text, nullable=False),
        sa.Column("business_date", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("pairing", "business_date", name="pk_pairing_nights"),
    )
    op.create_table(
        "tombstones",
        sa.Column("hash", sa.Text, nullable=False),
        _text("kind"),
        sa.Column("erased_on", sa.Date, nullable=False),
        _text("law"),
        _text("source"),
        sa.PrimaryKeyConstraint("hash", name="pk_tombstones"),
    )
