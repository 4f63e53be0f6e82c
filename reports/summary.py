"""What the first screen says: did the night work, is anything dangerous, what is there to do."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args
from zoneinfo import ZoneInfo

from reports.document import (
    REJECTED,
    Breaker,
    CorrectionLine,
    CorrectionState,
    Counts,
    FindingLine,
    FindingState,
    Proof,
    RunReport,
    Severity,
    SourceLine,
)
from reports.words import many

SEVERITIES: tuple[str, ...] = get_args(Severity)
FINDING_STATES = ("new", "back", "open", "accepted", "fixed")
SETTLED = frozenset({"accepted", "fixed"})
CORRECTION_STATES: tuple[str, ...] = (*get_args(CorrectionState), REJECTED)
ALWAYS_SHOWN = frozenset({"ready", "held", "blocked", "verified"})
assert set(FINDING_STATES) == set(get_args(FindingState))


@dataclass(frozen=True, slots=True)
class Tile:
    """One number with its change; `show` is the part of the page's fragment that lists what was counted."""

    label: str
    value: str
    change: str
    show: str = ""
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class TileGroup:
    """Tiles that belong together."""

    title: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A source without a certificate, and what the page rests on instead."""

    source: str
    sentence: str
    todo: str


@dataclass(frozen=True, slots=True)
class BreakerTable:
    """Breakers by name (rows) and source (columns)."""

    sources: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Breaker | None, ...]], ...]
    tripped: tuple[Breaker, ...]


def tile_groups(report: RunReport) -> list[TileGroup]:
    """All tiles of the first screen.

    `report.counts` is read by name: the states of findings and corrections, severities (of live findings), `profiles`
    and `entities`, each with its value of the last certified night; what is not counted there is counted here, and any
    other name gets a tile as it is.
    """
    tiles = _Tiles(report)
    groups = [
        TileGroup("Findings", tuple(tiles.finding(state) for state in FINDING_STATES)),
        TileGroup("Live findings by severity", tuple(tiles.severity(name) for name in SEVERITIES)),
        TileGroup("Corrections", tuple(tiles.correction(state) for state in tiles.correction_states())),
        TileGroup("Customers", tiles.customers(report)),
        TileGroup("Also counted", tuple(tiles.others())),
    ]
    return [group for group in groups if group.tiles]


class _Tiles:
    def __init__(self, report: RunReport) -> None:
        self.counted = {count.name: count for count in report.counts}
        self.findings: Counter[str] = Counter(finding.state for finding in report.findings)
        self.live: Counter[str] = Counter(
            finding.severity for finding in report.findings if finding.state not in SETTLED
        )
        self.corrections: Counter[str] = Counter(correction.standing for correction in report.corrections)
        self.unread = [source.source for source in report.sources if source.profiles is None]

    def finding(self, state: str) -> Tile:
        return self._tile(state, self.findings[state], show=f"state={state}", alarm=state == "back")

    def severity(self, name: str) -> Tile:
        live = ",".join(state for state in FINDING_STATES if state not in SETTLED)
        return self._tile(name, self.live[name], show=f"severity={name}&state={live}", alarm=name == "critical")

    def correction(self, state: str) -> Tile:
        alarm = state in {"refused", "unknown"}
        return self._tile(state, self.corrections[state], show=f"plan.state={state}", alarm=alarm)

    def correction_states(self) -> list[str]:
        return [
            state
            for state in CORRECTION_STATES
            if state in ALWAYS_SHOWN or self.corrections[state] or state in self.counted
        ]

    def customers(self, report: RunReport) -> tuple[Tile, Tile]:
        return self._customers("entities", report.entities), self._customers("profiles", report.profiles)

    def _customers(self, name: str, value: int | None) -> Tile:
        """The document's own number, never one that could stand for a source that was not read."""
        unread = ", ".join(self.unread)
        return Tile(name, number(value), f"without {unread}" if unread else _change(value, self.counted.get(name)))

    def others(self) -> Iterable[Tile]:
        known = {*FINDING_STATES, *SEVERITIES, *CORRECTION_STATES, "entities", "profiles"}
        return [self._tile(name, count.value) for name, count in self.counted.items() if name not in known]

    def _tile(self, name: str, here: int, *, show: str = "", alarm: bool = False) -> Tile:
        count = self.counted.get(name)
        value = count.value if count else here
        return Tile(words(name), number(value), _change(value, count), show, alarm and value > 0)


def _change(value: int | None, count: Counts | None) -> str:
    if value is None or count is None or count.before is None:
        return ""
    since = f"since {count.since or 'last'}"
    step = value - count.before
    return f"no change {since}" if step == 0 else f"{step:+,} ".replace("-", "−") + since


def gaps(report: RunReport) -> list[Gap]:
    """Every source without a certificate tonight (G1); a source that was not read is never counted as zero."""
    return [
        Gap(source.source, _gap_sentence(source, report.time_zone), source.todo)
        for source in report.sources
        if not source.certified
    ]


def _gap_sentence(source: SourceLine, time_zone: str) -> str:
    why = source.problem.removeprefix(f"{source.source}: ").rstrip(".") or "no reason was given"
    if source.used_snapshot is None:
        return f"{why}. There is no earlier complete export to fall back on: nothing here says anything about it."
    taken = moment(source.taken_at, time_zone) if source.taken_at else source.used_snapshot
    return (
        f"{why}. Findings rest on its last complete export, taken {taken} ({age(source.age_hours)}); "
        "no correction reads from it or writes to it."
    )


def outcome(proof: Proof) -> str:
    """What became of a proof, in words. A required one that was not given fails the certificate, so it is called failed."""
    if proof.outcome != "not_offered":
        return proof.outcome
    if proof.detail.startswith("not judged"):
        return "not judged"
    return "failed: required, and not offered" if proof.required else "not offered"


def breaker_table(breakers: Sequence[Breaker]) -> BreakerTable:
    """Breakers as a matrix; a breaker that a source does not have is None."""
    sources = tuple(dict.fromkeys(breaker.source for breaker in breakers))
    by_place = {(breaker.name, breaker.source): breaker for breaker in breakers}
    names = dict.fromkeys(breaker.name for breaker in breakers)
    rows = tuple((name, tuple(by_place.get((name, source)) for source in sources)) for name in names)
    return BreakerTable(sources, rows, tuple(breaker for breaker in breakers if breaker.tripped))


def by_attention(findings: Iterable[FindingLine]) -> list[FindingLine]:
    """What needs a person first: live before settled, then by severity, state and age."""
    return sorted(
        findings,
        key=lambda finding: (
            finding.state in SETTLED,
            SEVERITIES.index(finding.severity),
            FINDING_STATES.index(finding.state),
            -finding.nights_open,
            finding.kind,
            finding.finding_id,
        ),
    )


def plan_order(corrections: Iterable[CorrectionLine]) -> list[CorrectionLine]:
    """What went wrong first, then what waits for a person, then the rest."""
    urgent = ("unknown", "refused", "handed_back", "held", "blocked", "ready")
    order = {state: at for at, state in enumerate((*urgent, *(s for s in CORRECTION_STATES if s not in urgent)))}
    return sorted(corrections, key=lambda line: (order[line.standing], line.source, line.action, line.correction_id))


def number(value: int | None) -> str:
    """With thousands separators; a number that nobody knows is never zero."""
    return "not known" if value is None else f"{value:,}"


def words(name: str) -> str:
    """`handed_back` as people write it."""
    return name.replace("_", " ")


def age(hours: float | None) -> str:
    """An age in the unit that a person would use."""
    if hours is None:
        return "of unknown age"
    if hours * 60 < 1:
        return "just read"
    if hours < 1:
        return f"{hours * 60:.0f} min old"
    return f"{hours:.0f} h old" if hours < 72 else f"{many(round(hours / 24), 'day')} old"


def moment(at: datetime, time_zone: str) -> str:
    """A time on the group's own clock; a time without a zone is UTC."""
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return aware.astimezone(ZoneInfo(time_zone)).strftime("%Y-%m-%d %H:%M %Z")
