"""The life story of findings: new, open, accepted until a date, fixed, back again. Set work on the state database."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from jobs.tables import Json, findings

FindingState = Literal["new", "open", "accepted", "fixed", "back"]
_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding as the state database keeps it: ids only, never a value.

    `members`: (source, profile id). The last four fields are the life story; they are read, and ignored when given.
    """

    finding_id: str
    kind: str
    field: str
    pairing: str
    anchor: str
    members: tuple[tuple[str, str], ...]
    severity: str
    first_seen: date | None = None
    last_seen: date | None = None
    nights_open: int = 0
    state: FindingState = "new"


@dataclass(frozen=True, slots=True)
class Judged:
    """What could be judged tonight: a finding that is missing is fixed only when all of its ground was looked at.

    `pairings` None: no finding's pairing stands in the way. `left_out`: ids that could not be judged all the same.
    """

    sources: Collection[str]
    pairings: Collection[str] | None = None
    left_out: Collection[str] = ()

    def covers(self, finding_id: str, pairing: str, members: Iterable[Iterable[str]]) -> bool:
        return (
            finding_id not in self.left_out
            and (not pairing or self.pairings is None or pairing in self.pairings)
            and all(source in self.sources for source, _ in members)
        )


_tonight = sa.Table(
    "findings_tonight",
    sa.MetaData(),
    sa.Column("finding_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text),
    sa.Column("field", sa.Text),
    sa.Column("pairing", sa.Text),
    sa.Column("anchor", sa.Text),
    sa.Column("members", Json),
    sa.Column("severity", sa.Text),
    sa.Column("accepted", sa.Boolean),
    prefixes=["TEMPORARY"],
)
_WHAT = ("kind", "field", "pairing", "anchor", "members", "severity")


def carry_on(
    connection: sa.Connection, night: date, rows: Iterable[FindingRow], accepted: Collection[str], judged: Judged
) -> None:
    """One more night in the life of every finding.

    Seen for the first time: new. Seen again: open, or back when it was fixed. Seen and accepted by a decision in force:
    accepted. Not seen: fixed when it could be judged, else as it was. A second run of one date adds no night.
    Raises IntegrityError when two rows have one id.
    """
    _tonight.create(connection, checkfirst=False)
    values = [_values(row, row.finding_id in accepted) for row in rows]
    if values:
        connection.execute(_tonight.insert(), values)
    connection.execute(_seen_again(night))
    connection.execute(_seen_first(night))
    _gone(connection, judged)
    _tonight.drop(connection, checkfirst=False)


def finding(row: Mapping[Any, Any]) -> FindingRow:
    """A row of the table as a value."""
    members = tuple((source, profile) for source, profile in row["members"])
    return FindingRow(**{**{str(name): value for name, value in row.items()}, "members": members})


def _values(row: FindingRow, accepted: bool) -> dict[str, Any]:
    return {
        "finding_id": row.finding_id,
        **{name: getattr(row, name) for name in _WHAT},
        "members": [list(member) for member in row.members],
        "accepted": accepted,
    }


def _seen_again(night: date) -> sa.Update:
    same_night = findings.c.last_seen == night
    was_fixed = findings.c.state == "fixed"
    state = sa.case(
        (_tonight.c.accepted, "accepted"),
        (was_fixed, "back"),
        (same_night & findings.c.state.in_(["new", "back"]), findings.c.state),
        else_="open",
    )
    nights = sa.case((was_fixed, 1), (same_night, findings.c.nights_open), else_=findings.c.nights_open + 1)
    last_seen = sa.case((findings.c.last_seen > night, findings.c.last_seen), else_=night)
    what = {name: _tonight.c[name] for name in _WHAT}
    change = sa.update(findings).where(findings.c.finding_id == _tonight.c.finding_id)
    return change.values(**what, state=state, nights_open=nights, last_seen=last_seen)


def _seen_first(night: date) -> sa.Insert:
    known = sa.select(findings.c.finding_id)
    columns = ["finding_id", *_WHAT, "state", "first_seen", "last_seen", "nights_open"]
    state = sa.case((_tonight.c.accepted, "accepted"), else_="new")
    day = sa.literal(night, sa.Date)
    story = sa.select(_tonight.c.finding_id, *(_tonight.c[n] for n in _WHAT), state, day, day, sa.literal(1))
    return findings.insert().from_select(columns, story.where(_tonight.c.finding_id.not_in(known)))


def _gone(connection: sa.Connection, judged: Judged) -> None:
    """Ids of what is missing are read by page and judged here: the ground of a finding is in its list of members."""
    seen = sa.select(_tonight.c.finding_id)
    missing = sa.select(findings.c.finding_id, findings.c.pairing, findings.c.members).where(
        findings.c.state != "fixed", findings.c.finding_id.not_in(seen)
    )
    fixed = [row.finding_id for row in connection.execute(missing) if judged.covers(*row)]
    for start in range(0, len(fixed), _CHUNK):
        ids = fixed[start : start + _CHUNK]
        connection.execute(sa.update(findings).where(findings.c.finding_id.in_(ids)).values(state="fixed"))
