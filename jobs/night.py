"""The night, step by step. Reading `_steps` explains the product; every step is a module of its own.

pull -> certificate -> snapshot -> shape -> keys -> match -> detect -> plan -> apply -> report
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa

from connectors.base import Connector
from jobs import breakers, decide, detect, kept, phones, prepare
from jobs import match as matching
from jobs import plan as planning
from jobs import pull as pulling
from jobs import report as reporting
from jobs.apply import Means, Outcome, apply_plan
from jobs.corrections import Correction
from jobs.detect import Finding
from jobs.errors import ConfigError, IncompleteExport
from jobs.lock import lock
from jobs.progress import Progress
from jobs.pull import Pulled
from jobs.state import FindingRow, Trigger
from jobs.warehouse import Warehouse
from jobs.workspace import Workspace
from reports import render
from reports.document import Breaker, RunReport, SourceLine, Step

ENTITIES = """
select source, profile_id, entity_id, status from (
  select source, id as profile_id, entity_id, status from entities
  union all
  select q.source, q.id as profile_id, '' as entity_id, 'quarantined' as status
  from (select distinct source, id from quarantine) as q
  union all
  select p.source, p.id as profile_id, '' as entity_id, p.status
  from profiles as p
  join standins as i on i.source = p.source and i.id = p.id
)
order by source, profile_id
"""
LINKS = """
select ecom_source, ecom_id, pos_source, pos_id, rule, state
from links
order by ecom_source, ecom_id, pos_source, pos_id
"""
BASES = """
select pairing, ecom_id, pos_source, pos_id, field, hash, agreed_on
from next_bases
order by pairing, ecom_id, pos_source, pos_id, field
"""


@dataclass(frozen=True, slots=True)
class Result:
    """A finished run: its report, the page that shows it, and the exit code (interfaces, Exit codes)."""

    run_id: str
    report: RunReport
    page: Path
    exit_code: int


@dataclass(slots=True)
class _Night:
    """One run while it goes on."""

    workspace: Workspace
    run_id: str
    started_at: datetime
    progress: Progress
    steps: list[Step] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step, in seconds of the machine whatever the run's clock says; they go into the report."""
        self.progress.step(name)
        begin = time.monotonic()
        yield
        self.steps.append(Step(name=name, seconds=round(time.monotonic() - begin, 3)))


def run(
    workspace: Workspace,
    *,
    trigger: Trigger,
    progress: Progress | None = None,
    write: bool = True,
    day: date | None = None,
) -> Result:
    """One night. `write` False plans and writes nothing to any vendor. `day`: its business date, today by default.

    Raises LockHeld, ConfigError. A source that cannot be read makes the night incomplete, never a failure.
    """
    progress = progress or Progress(quiet=True)
    with _locked(workspace, trigger):
        now = workspace.clock.now()
        run_id = workspace.state.begin_run(day or workspace.today(), trigger=trigger, at=now)
        night = _Night(workspace, run_id, now, progress)
        try:
            with Warehouse() as warehouse:
                return _steps(night, warehouse, write)
        except BaseException as error:
            said = f"run {run_id} failed: {type(error).__name__}"
            workspace.state.end_run(run_id, status="failed", headline=said, at=workspace.clock.now())
            raise


def apply(workspace: Workspace, plan_id: str, *, progress: Progress | None = None) -> Result:
    """Apply a stored plan, and write its run's report anew. Raises LockHeld, ConfigError."""
    progress = progress or Progress(quiet=True)
    with _locked(workspace, "manual"):
        report = _stored(workspace, plan_id)
        outcome = _apply(workspace, plan_id, progress)
        corrections = workspace.journal.load(plan_id)
        headline = _headline(plan_id, corrections, report)
        lines = reporting.correction_lines(corrections)
        done = report.model_copy(
            update={
                "corrections": lines,
                "breakers": list(outcome.breakers),
                "headline": headline,
                "counts": reporting.counts(report.counts, lines),
                "warnings": [*report.warnings, *outcome.said, *([outcome.stopped] if outcome.stopped else [])],
            }
        )
        page = _write(workspace, done)
        workspace.state.end_run(plan_id, status=report.status, headline=headline, at=workspace.clock.now())
        return Result(plan_id, done, page, outcome.exit_code)


def resume(workspace: Workspace, plan_id: str | None, *, progress: Progress | None = None) -> Result | None:
    """Go on with a plan that was paused or killed: the one named, or the last that is not through. None: there is none."""
    if plan_id is None:
        unfinished = [name for name, state in workspace.journal.plan_states().items() if state == "applying"]
        if not unfinished:
            return None
        plan_id = unfinished[-1]
    return apply(workspace, plan_id, progress=progress)


def pull(workspace: Workspace, *, progress: Progress | None = None) -> list[SourceLine]:
    """Pull and certify every source, as a run of its own that compares nothing."""
    progress = progress or Progress(quiet=True)
    with _locked(workspace, "manual"):
        now = workspace.clock.now()
        run_id = workspace.state.begin_run(workspace.today(), trigger="manual", at=now)
        night = _Night(workspace, run_id, now, progress)
        pulled = _pull(night)
        lines = [_source_line(workspace, pulled[name], now) for name in workspace.settings.sources]
        good = sum(line.certified for line in lines)
        said = f"pull {run_id}: {good} of {len(lines)} sources certified"
        status = "complete" if good == len(lines) else "incomplete"
        workspace.state.end_run(run_id, status=status, headline=said, at=workspace.clock.now())
        return lines


@contextmanager
def matched(workspace: Workspace, progress: Progress | None = None) -> Iterator[tuple[Warehouse, dict[str, Pulled]]]:
    """A run of its own that only pulls and matches: the warehouse as it then stands. Raises LockHeld, ConfigError."""
    with _locked(workspace, "manual"), Warehouse() as warehouse:
        now = workspace.clock.now()
        run_id = workspace.state.begin_run(workspace.today(), trigger="manual", at=now)
        night = _Night(workspace, run_id, now, progress or Progress(quiet=True))
        pulled = _pull(night)
        _fill(night, warehouse, pulled)
        _match(night, warehouse)
        yield warehouse, pulled
        workspace.state.end_run(run_id, status="complete", headline=f"scan {run_id}", at=workspace.clock.now())


def _steps(night: _Night, warehouse: Warehouse, write: bool) -> Result:
    """The night in order."""
    workspace = night.workspace
    night.warnings += _take_inbox(workspace)
    with night.step("pull"):
        pulled = _pull(night)
    with night.step("shape"):
        _fill(night, warehouse, pulled)
    with night.step("match"):
        _match(night, warehouse)
    with night.step("detect"):
        detect.detect(warehouse, today=workspace.today(), key=workspace.vault.sql_key("finding"))
        findings = detect.findings(warehouse)
        story = _story(night, findings, pulled)
    with night.step("plan"):
        corrections = planning.plan(warehouse, workspace.vault)
        workspace.journal.store_plan(night.run_id, corrections)
        _keep(night, warehouse)
    with night.step("apply"):
        outcome = _apply(workspace, night.run_id, night.progress) if _may_apply(night, corrections, write) else None
    return _report(night, warehouse, pulled, findings, story, outcome)


def _pull(night: _Night) -> dict[str, Pulled]:
    """Land every source at once, then certify each, asking by id for what the others' links name (G1, G2a, T2)."""
    workspace = night.workspace
    site = pulling.Site(workspace.folder, workspace.vault, workspace.clock)
    landings = pulling.land_all(workspace.connectors, site, night.progress.rows)
    zone = ZoneInfo(workspace.settings.time_zone)
    desk = pulling.Desk(night.run_id, workspace.state, workspace.settings.limits, zone, _count_active)
    linked = _linked_ids(workspace, landings)
    return {name: pulling.seal(landing, linked.get(name, set()), desk) for name, landing in landings.items()}


def _linked_ids(workspace: Workspace, landings: Mapping[str, pulling.Landing]) -> dict[str, set[str]]:
    """The POS ids that tonight's shop profiles name, by POS source."""
    named: dict[str, set[str]] = {}
    for name, landing in landings.items():
        source = workspace.settings.sources[name]
        if landing.problem or not source.link_keys:
            continue
        with Warehouse() as scratch:
            scratch.shape(name, landing.connector.shape, source.region, landing.rows())
            rows = scratch.rows(
                "select distinct u.key, u.id from (select unnest(links) as u from profiles) where u.id <> ''"
            )
        for row in rows:
            if pos := source.link_keys.get(row["key"]):
                named.setdefault(pos, set()).add(row["id"])
    return named


def _count_active(connector: Connector, rows: pa.RecordBatchReader) -> int:
    with Warehouse() as scratch:
        scratch.shape(connector.name, connector.shape, connector.settings.region, rows)
        return scratch.count("select count(*) from profiles where status = 'active'")


def _fill(night: _Night, warehouse: Warehouse, pulled: Mapping[str, Pulled]) -> None:
    workspace = night.workspace
    settings, now = workspace.settings, workspace.clock.now()
    for name in prepare.correctable_pairings(settings, pulled):
        workspace.state.add_pairing_night(name, workspace.today())
    # tonight counts for the next one, not for itself
    nights = {p.id: max(0, workspace.state.pairing_nights(p.id) - 1) for p in settings.pairings}
    prepare.configure(warehouse, settings, workspace.connectors)
    prepare.load(warehouse, settings, pulled, workspace.connectors, workspace.vault)
    prepare.judge_sources(warehouse, settings, pulled, nights, now)
    roll, bases = (kept.read(workspace.folder, workspace.vault, workspace.state, name) for name in ("roll", "bases"))
    prepare.remember(warehouse, roll, bases, workspace.state.decisions_in_force(workspace.today()))


def _match(night: _Night, warehouse: Warehouse) -> None:
    workspace = night.workspace
    phones.fill(warehouse.connection, workspace.vault, workspace.folder, workspace.state)
    key = workspace.vault.sql_key("entity")
    matching.match(warehouse, workspace.settings.match, today=workspace.today(), key=key)


def _story(night: _Night, findings: list[Finding], pulled: Mapping[str, Pulled]) -> dict[str, FindingRow]:
    """Carry every finding's life on by one night; what rests on a source without a certificate stays as it was."""
    state = night.workspace.state
    long_fixed = {row.finding_id for row in state.findings({"fixed"})}
    rows = [
        FindingRow(
            finding_id=f.finding_id,
            kind=f.check.kind,
            field=f.field,
            pairing=f.pairing,
            anchor=night.workspace.vault.hash("anchor", f.anchor),
            members=tuple((member.split(":", 1)[0], member.split(":", 1)[1]) for member in f.members),
            severity=f.check.severity,
        )
        for f in findings
    ]
    certified = {name for name, source in pulled.items() if source.certified}
    pairings = {p.id for p in night.workspace.settings.pairings if {p.ecom, *p.pos} <= certified}
    state.update_findings(night.workspace.today(), rows, judged_sources=certified, judged_pairings=pairings)
    lives = {row.finding_id: row for row in state.findings()}
    return {name: row for name, row in lives.items() if row.state != "fixed" or name not in long_fixed}


def _keep(night: _Night, warehouse: Warehouse) -> None:
    """What the next night compares with: the roll of entities, the links, the bases."""
    workspace = night.workspace
    for name, query in (("roll", ENTITIES), ("links", LINKS), ("bases", BASES)):
        rows = warehouse.reader(query)
        kept.keep(
            workspace.folder,
            workspace.vault,
            workspace.state,
            workspace.clock,
            run_id=night.run_id,
            name=name,
            rows=rows,
        )


def _may_apply(night: _Night, corrections: list[Correction], write: bool) -> bool:
    """Whether the policy lets this run write anything."""
    return write and not night.workspace.paused and any(c.state == "ready" for c in corrections)


def _apply(workspace: Workspace, plan_id: str, progress: Progress) -> Outcome:
    settings, state = workspace.settings, workspace.state
    certified = {name: state.last_certified(name) for name in settings.sources}
    plan = workspace.journal.load(plan_id)
    done: list[str] = []

    def ended(correction: Correction) -> None:
        done.append(correction.correction_id)
        progress.written("", len(done), len(plan))

    means = Means(
        journal=workspace.journal,
        connectors=workspace.connectors,
        limits=settings.limits,
        actives={name: row.active for name, row in certified.items() if row},
        regions={name: source.region for name, source in settings.sources.items()},
        paused=lambda: workspace.paused,
        progress=ended,
    )
    return apply_plan(plan_id, means)


def _report(
    night: _Night,
    warehouse: Warehouse,
    pulled: Mapping[str, Pulled],
    findings: list[Finding],
    story: Mapping[str, FindingRow],
    outcome: Outcome | None,
) -> Result:
    workspace = night.workspace
    corrections = workspace.journal.load(night.run_id)
    now = workspace.clock.now()
    sources = [_source_line(workspace, pulled[name], now) for name in workspace.settings.sources]
    complete = all(line.certified for line in sources)
    if outcome is not None:
        night.warnings += [*outcome.said, *([outcome.stopped] if outcome.stopped else [])]
    about = reporting.Run(
        run_id=night.run_id,
        business_date=str(workspace.today()),
        started_at=night.started_at,
        finished_at=now,
        status=_status(complete, outcome),
        headline="",
        warnings=tuple(night.warnings),
        entities=warehouse.count("select count(distinct entity_id) from entities"),
        profiles=warehouse.count("select count(*) from profiles"),
        steps=tuple(night.steps),
        breakers=outcome.breakers if outcome else _breakers(workspace, corrections),
    )
    report = reporting.document(
        workspace.settings,
        about,
        sources,
        findings,
        story,
        corrections,
        lambda source, i: workspace.connectors[source].admin_url(i),
    )
    report = report.model_copy(update={"headline": _headline(night.run_id, corrections, report)})
    page = _write(workspace, report)
    workspace.state.end_run(night.run_id, status=report.status, headline=report.headline, at=workspace.clock.now())
    code = outcome.exit_code if outcome else 0
    if code == 0 and not complete:
        code = IncompleteExport.exit_code
    return Result(night.run_id, report, page, code)


def _breakers(workspace: Workspace, corrections: list[Correction]) -> tuple[Breaker, ...]:
    """The breakers over what could be written of this plan (dry runs count them too)."""
    certified = {name: workspace.state.last_certified(name) for name in workspace.settings.sources}
    actives = {name: row.active for name, row in certified.items() if row}
    open_rows = [c for c in corrections if c.state in {"ready", "held"}]
    return tuple(breakers.count(open_rows, workspace.settings.limits, actives))


def _status(complete: bool, outcome: Outcome | None) -> Literal["complete", "incomplete", "stopped", "failed"]:
    if not complete:
        return "incomplete"
    return "stopped" if outcome and outcome.tripped else "complete"


def _headline(plan_id: str, corrections: list[Correction], report: RunReport) -> str:
    """The last line: what was done, in the form of DESIGN, Command line."""
    live = [c for c in corrections if c.state not in {"held", "blocked"}]
    creates = sum(c.action == "create" for c in live)
    verified = sum(c.state == "verified" for c in live)
    held = len(corrections) - len(live)
    accepted = sum(f.state == "accepted" for f in report.findings)
    missing = [line.source for line in report.sources if not line.certified]
    gap = f"; NO CERTIFICATE: {', '.join(missing)}" if missing else ""
    return (
        f"plan {plan_id}: {len(live) - creates} updates, {creates} creates, 0 archives, {verified} verified; "
        f"{held} held for review; {accepted} accepted; {len(report.findings)} findings{gap}."
    )


def _source_line(workspace: Workspace, source: Pulled, now: datetime) -> SourceLine:
    settings, used = workspace.settings.sources[source.source], source.used
    return SourceLine(
        source=source.source,
        kind=settings.kind,
        role=settings.role,
        store=settings.store,
        certified=source.certified,
        used_snapshot=used.snapshot_id if used else None,
        taken_at=used.taken_at if used else None,
        age_hours=round((now - used.taken_at).total_seconds() / 3600, 1) if used else None,
        profiles=used.profiles if used else None,
        active=used.active if used else None,
        quarantined=int(source.stats.get("quarantined") or 0),
        requests=source.stats.get("requests"),
        retries=source.stats.get("retries"),
        seconds=source.stats.get("seconds"),
        proofs=source.proofs,
        problem=source.problem,
        todo="" if source.certified else f"`rollcall check` tells what {source.source} answers",
        certificate_id=source.snapshot.snapshot_id,
    )


def _write(workspace: Workspace, report: RunReport) -> Path:
    page = workspace.reports / f"{report.run_id}.html"
    render.write_json(report, page.with_suffix(".json"))
    render.write_html(report, page)
    return page


def _stored(workspace: Workspace, plan_id: str) -> RunReport:
    path = workspace.reports / f"{plan_id}.json"
    if not path.exists():
        raise ConfigError(f"there is no plan {plan_id}: `rollcall status` lists the runs, a plan has its run's id")
    return RunReport.model_validate_json(path.read_bytes())


def _take_inbox(workspace: Workspace) -> list[str]:
    taken = decide.take_inbox(workspace.folder / "decisions_inbox", workspace.state, workspace.clock)
    return [reason for file in taken for reason in file.refused]


@contextmanager
def _locked(workspace: Workspace, what: str) -> Iterator[None]:
    with lock(workspace.folder, workspace.clock, run=what, state_url=workspace.settings.state):
        yield
