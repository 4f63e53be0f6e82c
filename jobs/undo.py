"""`rollcall undo`: a plan that takes a run's corrections back, shown first and then applied like any other.

What cannot come back stands in it as blocked, with the reason.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version

from connectors.base import Capabilities, Record, VendorError
from jobs import breakers, erasures
from jobs import report as reporting
from jobs.applying import APPLYING, Result, standing_of, write_report
from jobs.corrections import IN_DOUBT, Correction
from jobs.errors import BreakerTripped, ConfigError
from jobs.headline import headline, status
from jobs.inverse import Now, in_order, inverse, resting_on
from jobs.lock import lock
from jobs.workspace import Workspace
from jobs.writer import Writer, resolved
from reports.document import Breaker, RunReport
from reports.words import many

AT_ONCE = 100
"""So many profiles are asked for in one go."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a run is taken back: all of it, one store (by its name or its source's), or one profile (`SOURCE:ID`)."""

    store: str = ""
    profile: str = ""

    def holds(self, row: Correction, stores: Mapping[str, str | None]) -> bool:
        profile = f"{row.source}:{row.new_id or row.profile_id}"
        of_store = self.store in {"", row.source, stores.get(row.source)}
        return of_store and self.profile in {"", profile}


def undo(workspace: Workspace, run_id: str, scope: Scope) -> Result:
    """Plan to take back what a run has written, as a run of its own; writes to nobody.

    Every profile is read again: what was changed since is not touched. Raises LockHeld, ConfigError where there is
    nothing to take back, and VendorError where a profile cannot be read.
    """
    with lock(workspace.folder, workspace.clock, run=f"undo {run_id}", state_url=workspace.settings.state):
        began = workspace.clock.now()
        rows = _chosen(workspace, run_id, scope)
        plan = in_order([(row, _inverse(workspace, row, now)) for row, now in _as_they_are(workspace, rows)])
        plan_id = workspace.state.begin_run(workspace.today(), trigger="undo", at=began)
        workspace.journal.store_plan(plan_id, plan)
        plan = workspace.journal.load(plan_id)
        counted, tripped = _breakers(workspace, plan)
        report = _report(workspace, run_id, plan, counted, began)
        page = write_report(workspace, report)
        workspace.state.end_run(plan_id, status=report.status, headline=report.headline, at=report.finished_at)
        return Result(plan_id, report, page, BreakerTripped.exit_code if tripped else 0)


def _chosen(workspace: Workspace, run_id: str, scope: Scope) -> list[Correction]:
    """The corrections to take back, with what was written on top of them. Raises ConfigError."""
    journal = workspace.journal
    rows = {row.correction_id: row for row in journal.load(run_id)}
    if run_id in journal.undos():
        raise ConfigError(f"{run_id} is an undo itself: what it took back is planned anew by the next `rollcall run`")
    begun = [name for name, state in journal.plan_states().items() if state in {"applying", "unfinished"}]
    for name in (name for name in begun if name in journal.undos()):
        raise ConfigError(f"the undo {name} is not through: `rollcall resume {name}` goes on with it first")
    stores = {name: source.store for name, source in workspace.settings.sources.items()}
    written = [row for row in rows.values() if row.state == "verified" or row.state in IN_DOUBT]
    chosen = resting_on({row.correction_id for row in written if scope.holds(row, stores)}, written)
    if not chosen:
        states = Counter(row.state.replace("_", " ") for row in rows.values())
        told = ", ".join(f"{number} {state}" for state, number in sorted(states.items())) or "no correction"
        raise ConfigError(
            f"nothing of run {run_id} can be taken back there: it holds {told}; only what was written can"
        )
    return [resolved(row, rows) for row in written if row.correction_id in chosen]


def _as_they_are(workspace: Workspace, rows: Sequence[Correction]) -> Iterable[tuple[Correction, Now]]:
    """Every correction with what its profile shows now. Raises VendorError."""
    by_source: dict[str, list[Correction]] = defaultdict(list)
    erased = erasures.erased_of(workspace.state, workspace.vault)
    for row in rows:
        if erased(row.source, row.new_id or row.profile_id or ""):
            yield row, Now(None, (), Capabilities(), "the customer was erased on request since (G10)")
        else:
            by_source[row.source].append(row)
    for source, some in sorted(by_source.items()):
        connector = workspace.connectors.get(source)
        if connector is None:
            gone = Now(None, (), Capabilities(), f"{source} is no longer configured")
            yield from ((row, gone) for row in some)
            continue
        if busy := connector.still_writing():
            raise VendorError(busy, permanent=False)
        records: dict[str, Record | None] = {}
        ids = sorted({row.new_id or row.profile_id or "" for row in some} - {""})
        for start in range(0, len(ids), AT_ONCE):
            records |= connector.fetch(ids[start : start + AT_ONCE])
        writer = Writer(connector, workspace.journal, connector.settings.region, lambda: False, lambda _: None)
        for row in some:
            yield row, _now(writer, row, records.get(row.new_id or row.profile_id or ""))


def _now(writer: Writer, row: Correction, record: Record | None) -> Now:
    view = None if record is None else writer.connector.view(record)
    return Now(view, () if view is None else writer.missing(row, view), writer.connector.capabilities)


def _inverse(workspace: Workspace, row: Correction, now: Now) -> Correction:
    back = inverse(row, now, workspace.vault)
    rules = workspace.settings.quoted(row.rule_ids, row.pairing, {row.source})
    return replace(back, rule_ids=rules)


def _breakers(workspace: Workspace, plan: Sequence[Correction]) -> tuple[list[Breaker], bool]:
    """The same breakers as any night's, and whether one would hold what is ready."""
    certified = {name: workspace.state.last_certified(name) for name in workspace.settings.sources}
    actives = {name: row.active for name, row in certified.items() if row}
    limits = workspace.settings.limits
    going = breakers.count([row for row in plan if row.state != "blocked"], limits, actives)
    ready = breakers.count([row for row in plan if row.state == "ready"], limits, actives)
    return going, any(breaker.tripped for breaker in ready)


def _report(
    workspace: Workspace, run_id: str, plan: Sequence[Correction], counted: Sequence[Breaker], began: datetime
) -> RunReport:
    plan_id = plan[0].plan_id
    standing = standing_of(workspace, plan_id)
    lines = reporting.correction_lines(plan, standing)
    return RunReport(
        run_id=plan_id,
        group=workspace.settings.group,
        business_date=str(workspace.today()),
        time_zone=workspace.settings.time_zone,
        started_at=began,
        finished_at=workspace.clock.now(),
        status=status([], any(breaker.tripped for breaker in counted)),
        headline=headline(plan_id, plan, [], [], standing),
        warnings=_said(run_id, plan),
        rollcall_version=version("rollcall"),
        sources=[],
        entities=None,
        profiles=0,
        counts=reporting.counts([], lines),
        findings=[],
        corrections=lines,
        breakers=list(counted),
        config=str(workspace.settings.file),
        policy=workspace.settings.policy(),
    )


def _said(run_id: str, plan: Sequence[Correction]) -> list[str]:
    """How much of the run comes back, and what does not, by reason."""
    lost = Counter(row.blocked_by for row in plan if row.state == "blocked")
    coming = len(plan) - lost.total()
    return [
        f"takes back run {run_id}: {coming:,} of {many(len(plan), 'correction')} can come back",
        *(f"{number:,} cannot come back: {why}" for why, number in lost.most_common()),
        *([f"{APPLYING}nothing is written yet: `rollcall apply {plan[0].plan_id}` does it"] if coming else []),
    ]
