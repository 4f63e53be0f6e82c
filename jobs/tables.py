"""What must survive a night, as tables. Personal values stand only in `sealed`; the rest are ids and hashes.

Times are ISO 8601 text in UTC of one fixed width, so that they sort alike on every database. What came first is told by
`seq`, and never by a time: clocks are set back.
"""

from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as text in UTC."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone is ambiguous: pass an aware datetime")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A JSON document, kept as text with sorted keys."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        return None if value is None else orjson.loads(value)


metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _order() -> sa.Column[int]:
    """The place in the order in which rows were made, whatever the clock said."""
    return sa.Column("seq", sa.Integer, nullable=False, server_default="0")


runs = sa.Table(
    "runs",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("business_date", sa.Date, nullable=False),
    _text("trigger"),
    sa.Column("schedule_date", sa.Date, unique=True, comment="the night that a scheduled run has claimed"),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
    _text("status"),
    _text("headline"),
    _order(),
)

snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("snapshot_id", sa.Text, primary_key=True),
    _text("source"),
    _text("run_id"),
    sa.Column("taken_at", Moment, nullable=False),
    _text("path"),
    sa.Column("profiles", sa.Integer, nullable=False),
    sa.Column("active", sa.Integer, nullable=False),
    sa.Column("certified", sa.Boolean, nullable=False),
    sa.Column("withdrawn", sa.Boolean, nullable=False),
    sa.Column("proofs", Json, nullable=False),
    sa.Column("contract", Json, nullable=False),
    sa.Column("export_contract", sa.Integer, nullable=False),
    _text("problem"),
    sa.Column("stats", Json, nullable=False),
    _order(),
    sa.Index(None, "source", "seq"),
    sa.Index(None, "run_id"),
)

findings = sa.Table(
    "findings",
    metadata,
    sa.Column("finding_id", sa.Text, primary_key=True),
    _text("kind"),
    _text("field"),
    _text("pairing"),
    _text("anchor"),
    sa.Column("members", Json, nullable=False),
    sa.Column("first_seen", sa.Date, nullable=False),
    sa.Column("last_seen", sa.Date, nullable=False),
    sa.Column("nights_open", sa.Integer, nullable=False),
    _text("state"),
    _text("severity"),
    sa.Index(None, "state"),
)

plans = sa.Table(
    "plans",
    metadata,
    sa.Column("plan_id", sa.Text, primary_key=True),
    sa.Column("created_at", Moment, nullable=False),
    _text("state"),
)

corrections = sa.Table(
    "corrections",
    metadata,
    sa.Column("plan_id", sa.Text, sa.ForeignKey("plans.plan_id"), primary_key=True),
    sa.Column("correction_id", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False),
    _text("source"),
    _text("profile_id", null=True),
    _text("action"),
    _text("pairing"),
    _text("state"),
    sa.Column("sealed", sa.LargeBinary, comment="before, after and why; null once purged"),
    _text("fingerprint"),
    sa.Column("finding_ids", Json, nullable=False),
    sa.Column("rule_ids", Json, nullable=False),
    _text("reversible"),
    sa.Column("needs", Json, nullable=False),
    _text("after_correction", null=True),
    _text("blocked_by"),
    _text("new_id", null=True),
    _text("detail"),
)

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("entry", sa.Integer, primary_key=True),
    _text("plan_id"),
    _text("correction_id"),
    sa.Column("at", Moment, nullable=False),
    _text("state"),
    _text("detail"),
    sa.ForeignKeyConstraint(["plan_id", "correction_id"], ["corrections.plan_id", "corrections.correction_id"]),
    sa.Index(None, "plan_id", "correction_id"),
    sqlite_autoincrement=True,
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("decision", sa.Integer, primary_key=True),
    _text("run_id"),
    _text("target"),
    _text("id"),
    _text("verdict"),
    sa.Column("until", sa.Date),
    _text("reason"),
    _text("by"),
    _text("fingerprint", null=True),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("withdrawn_at", Moment),
    sa.Index(None, "target", "id"),
    sqlite_autoincrement=True,
)

artefacts = sa.Table(
    "artefacts",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    _text("run_id"),
    _text("path"),
    _text("digest"),
    sa.Column("made_at", Moment, nullable=False),
)

pairing_nights = sa.Table(
    "pairing_nights",
    metadata,
    sa.Column("pairing", sa.Text, primary_key=True),
    sa.Column("business_date", sa.Date, primary_key=True),
)

tombstones = sa.Table(
    "tombstones",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    _text("kind"),
    sa.Column("erased_on", sa.Date, nullable=False),
    _text("law"),
    _text("source"),
    sa.Column("request", sa.Integer, nullable=False, server_default="0"),
)

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("request", sa.Integer, primary_key=True),
    _text("law"),
    sa.Column("received", sa.Date, nullable=False),
    sa.Column("due", sa.Date, nullable=False),
    _text("reason"),
    _text("by"),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("purged", sa.Boolean, nullable=False, comment="whether what was kept here is gone"),
    sqlite_autoincrement=True,
)

erasure_tasks = sa.Table(
    "erasure_tasks",
    metadata,
    sa.Column("task", sa.Integer, primary_key=True),
    sa.Column("request", sa.Integer, sa.ForeignKey("erasures.request"), nullable=False),
    _text("source"),
    sa.Column("profile_id", sa.Text, nullable=False, comment="empty once closed, and where nobody was found"),
    _text("state"),
    sa.Column("back", sa.Boolean, nullable=False),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("closed_on", sa.Date),
    sa.Column("kept_until", sa.Date),
    sa.Index(None, "state"),
    sqlite_autoincrement=True,
)
