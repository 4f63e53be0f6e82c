"""The night, step by step. Reading `_steps` explains the product; every step is a module of its own.

pull -> certificate -> snapshot -> shape -> keys -> match -> detect -> plan -> apply -> report
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from jobs import breakers, detect, erased, erasing, handover, kept, phones, prepare, settle, suspects
from jobs import match as matching
from jobs import plan as planning
from jobs import pull as pulling
from jobs import report as reporting
from jobs.apply import Outcome
from jobs.applying import Result, carry_out, report_after, standing_of, take_inbox, write_report
from jobs.corrections import Correction
from jobs.detect import Finding
from jobs.errors import BreakerTripped, IncompleteExport
from jobs.headline import status
from jobs.inverse import asked_again
from jobs.lock import lock
from jobs.progress import Progress
from jobs.pull import Pulled
from jobs.state import FindingRow, Trigger
from jobs.warehouse import Warehouse
from jobs.workspace import Workspace
from reports.document import Breaker, RunReport, SourceLine, Step
from reports.words import many


@dataclass(slots=True)
class _Night:
    """One run while it goes on."""

    workspace: Workspace
    run_id: str
    day: date
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
    with _begun(workspace, trigger, progress, day) as night, Warehouse.of(workspace.settings) as warehouse:
        return _steps(night, warehouse, write)


def pull(workspace: Workspace, *, progress: Progress | None = None) -> list[SourceLine]:
    """Pull and certify every source, as a run of its own that compares nothing."""
    with _begun(workspace, "manual", progress) as night:
        lines = _source_lines(night, _pull(night))
        good = sum(line.certified for line in lines)
        _end(night, status(lines), f"pull {night.run_id}: {good} of {many(len(lines), 'source')} certified")
        return lines


@contextmanager
def matched(workspace: Workspace, progress: Progress | None = None) -> Iterator[tuple[Warehouse, dict[str, Pulled]]]:
    """A run of its own that only pulls and matches: the warehouse as it then stands. Raises LockHeld, ConfigError."""
    with _begun(workspace, "manual", progress) as night, Warehouse.of(workspace.settings) as warehouse:
        pulled = _pull(night)
        _fill(night, warehouse, pulled)
        _match(night, warehouse)
        yield warehouse, pulled
        _end(night, status(_source_lines(night, pulled)), f"scan {night.run_id}")


@contextmanager
def _begun(
    workspace: Workspace, trigger: Trigger, progress: Progress | None, day: date | None = None
) -> Iterator[_Night]:
    """A run of its own, under the lock. What ends it too early ends it as failed, as it does runs that were killed."""
    with lock(workspace.folder, workspace.clock, run=trigger, state_url=workspace.settings.state):
        now, day = workspace.clock.now(), day or workspace.today()
        for dead in workspace.state.runs():
            if dead.finished_at is None:
                said = f"run {dead.run_id} was killed"
                workspace.state.end_run(dead.run_id, status="failed", headline=said, at=now)
        run_id = workspace.state.begin_run(day, trigger=trigger, at=now)
        night = _Night(workspace, run_id, day, now, progress or Progress(quiet=True))
        try:
            yield night
        except BaseException as error:
            _end(night, "failed", f"run {run_id} failed: {type(error).__name__}")
            raise


def _end(night: _Night, status: str, headline: str) -> None:
    state, now = night.workspace.state, night.workspace.clock.now()
    state.end_run(night.run_id, status=status, headline=headline, at=now)


def _steps(night: _Night, warehouse: Warehouse, write: bool) -> Result:
    """The night in order."""
    workspace = night.workspace
    night.warnings += [*_interrupted(workspace), *take_inbox(workspace)]
    with night.step("pull"):
        pulled = _pull(night)
        night.warnings += handover.prove(workspace.journal, workspace.connectors, night.run_id, workspace.folder)
    with night.step("shape"):
        _fill(night, warehouse, pulled)
    with night.step("match"):
        _match(night, warehouse)
        certified = {name for name, source in pulled.items() if source.certified}
        night.warnings += erasing.follow(workspace, warehouse, certified)
    with night.step("suspect"):
        suspects.find(warehouse, suspects.weights(workspace.folder))
    with night.step("detect"):
        detect.detect(warehouse, today=night.day, key=workspace.vault.sql_key("finding"))
        findings = detect.findings(warehouse)
        story = _story(night, findings, pulled)
    with night.step("plan"):
        corrections = [_as_paired(workspace, row) for row in planning.plan(warehouse, workspace.vault)]
        corrections = asked_again(corrections, workspace.journal.written_after_undo())
    with night.step("settle"):
        corrections = settle.settled(warehouse, corrections, _means(night))
        workspace.journal.store_plan(night.run_id, corrections)
        _keep(night, warehouse)
    counted, tripped = _breakers(workspace, corrections)
    report = _planned(night, warehouse, pulled, findings, story, reporting.Breaking(counted, tripped))
    write_report(workspace, report)  # before a vendor is written to: a run that dies then is resumed from here
    with night.step("apply"):
        outcome = carry_out(workspace, night.run_id, night.progress) if write and _may_go(night, corrections) else None
    return _ended(night, report if outcome is None else report_after(workspace, report, outcome), outcome, tripped)


def _pull(night: _Night) -> dict[str, Pulled]:
    """Land every source at once, then certify each, asking by id for what the others' links name (G1, G2a, T2)."""
    workspace = night.workspace
    site = pulling.Site(workspace.folder, workspace.vault, workspace.clock)
    landings = pulling.land_all(workspace.connectors, site, night.progress.rows)
    zone = ZoneInfo(workspace.settings.time_zone)
    with Warehouse() as scratch:
        count_active = partial(prepare.count_active, scratch)
        desk = pulling.Desk(night.run_id, workspace.state, workspace.settings.limits, zone, count_active)
        linked = prepare.linked_ids(scratch, workspace.settings, landings)
        pulled = {name: pulling.seal(landing, linked.get(name, set()), desk) for name, landing in landings.items()}
    return {name: prepare.readable(source, workspace.folder, workspace.vault) for name, source in pulled.items()}


def _fill(night: _Night, warehouse: Warehouse, pulled: Mapping[str, Pulled]) -> None:
    workspace = night.workspace
    settings, now = workspace.settings, workspace.clock.now()
    nights = {p.id: workspace.state.pairing_nights(p.observed_as, before=night.day) for p in settings.pairings}
    for pairing in prepare.correctable_pairings(settings, pulled):
        workspace.state.add_pairing_night(pairing.observed_as, night.day)
    prepare.configure(warehouse, settings, workspace.connectors)
    prepare.load(warehouse, settings, pulled, workspace.connectors, workspace.vault)
    prepare.judge_sources(warehouse, settings, pulled, nights, now)
    recalled = {n: kept.read(workspace.folder, workspace.vault, workspace.state, n) for n in kept.RECALLED}
    prepare.remember(warehouse, recalled, workspace.state.decisions_in_force(night.day))
    erased.recall(warehouse, workspace.state)


def _match(night: _Night, warehouse: Warehouse) -> None:
    workspace = night.workspace
    phones.fill(warehouse.connection, workspace.vault, workspace.folder, workspace.state)
    key = workspace.vault.sql_key("entity")
    matching.match(warehouse, workspace.settings.match, today=night.day, key=key)


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
    state.update_findings(night.day, rows, judged_sources=certified, judged_pairings=pairings)
    lives = {row.finding_id: row for row in state.findings()}
    return {name: row for name, row in lives.items() if row.state != "fixed" or name not in long_fixed}


def _keep(night: _Night, warehouse: Warehouse) -> None:
    """What the next night compares with: the roll of entities, the links, the bases, the opt-outs."""
    workspace = night.workspace
    for name, query in kept.QUERIES.items():
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


def _means(night: _Night) -> settle.Means:
    """What the plan is tried out with: all that tells entities and bases again as this night told them."""
    workspace, vault = night.workspace, night.workspace.vault
    keys = {"entity_key": vault.sql_key("entity"), "finding_key": vault.sql_key("finding")}
    return settle.Means(vault, workspace.settings.match, night.day, **keys, quoted=partial(_as_paired, workspace))


def _as_paired(workspace: Workspace, row: Correction) -> Correction:
    """The correction with the rules of its pairing alone."""
    return replace(row, rule_ids=workspace.settings.quoted(row.rule_ids, row.pairing, {row.source}))


def _may_go(night: _Night, corrections: list[Correction]) -> bool:
    """Whether the policy automates any of it, or a person has approved some, such as by a file in the inbox."""
    approvals = night.workspace.journal.approvals(night.run_id)
    return any(c.state == "ready" or (c.state == "held" and approvals.word(c).approving) for c in corrections)


def _planned(
    night: _Night,
    warehouse: Warehouse,
    pulled: Mapping[str, Pulled],
    findings: list[Finding],
    story: Mapping[str, FindingRow],
    breaking: reporting.Breaking,
) -> RunReport:
    """The report of what was found and what is intended."""
    workspace = night.workspace
    sources = _source_lines(night, pulled)
    about = reporting.Run(
        run_id=night.run_id,
        business_date=str(night.day),
        started_at=night.started_at,
        finished_at=workspace.clock.now(),
        status=status(sources, breaking.tripped),
        warnings=(*night.warnings, *reporting.observing(workspace.settings, workspace.state, night.day)),
        entities=warehouse.count("select count(distinct entity_id) from entities"),
        profiles=warehouse.count("select count(*) from profiles"),
        steps=tuple(night.steps),
        breakers=breaking.counted,
        standing=standing_of(workspace, night.run_id),
        before=reporting.before(workspace.reports, workspace.state.runs(), str(night.day)),
        also=detect.also_counted(warehouse, today=night.day),
    )
    urls = {name: connector.admin_url for name, connector in workspace.connectors.items()}
    faced = detect.with_faces(warehouse, findings)
    corrections = workspace.journal.load(night.run_id)
    return reporting.document(workspace.settings, about, sources, faced, story, corrections, urls)


def _ended(night: _Night, report: RunReport, outcome: Outcome | None, tripped: bool) -> Result:
    """Write the report for good and close the run. The exit code: the first of 6, 5, 3, 0 (interfaces, Exit codes)."""
    done = report.model_copy(update={"steps": night.steps, "finished_at": night.workspace.clock.now()})
    page = write_report(night.workspace, done)
    _end(night, done.status, done.headline)
    code = outcome.exit_code if outcome else BreakerTripped.exit_code if tripped else 0
    if code == 0 and done.status == "incomplete":
        code = IncompleteExport.exit_code
    return Result(night.run_id, done, page, code)


def _breakers(workspace: Workspace, corrections: list[Correction]) -> tuple[tuple[Breaker, ...], bool]:
    """The breakers over what could be written of this plan, and whether they would hold what is ready tonight."""
    certified = {name: workspace.state.last_certified(name) for name in workspace.settings.sources}
    actives = {name: row.active for name, row in certified.items() if row}
    limits = workspace.settings.limits
    unattended = breakers.count([c for c in corrections if c.state == "ready"], limits, actives)
    counted = breakers.count([c for c in corrections if c.state in {"ready", "held"}], limits, actives)
    return tuple(counted), any(breaker.tripped for breaker in unattended)


def _source_lines(night: _Night, pulled: Mapping[str, Pulled]) -> list[SourceLine]:
    settings = night.workspace.settings
    return [reporting.source_line(settings, pulled[name], night.started_at) for name in settings.sources]


def _interrupted(workspace: Workspace) -> list[str]:
    """Plans that were being applied when their run was killed."""
    return [
        f"plan {name} was interrupted while it was written: `rollcall resume {name}` finds out how far it came"
        for name, state in workspace.journal.plan_states().items()
        if state == "applying"
    ]
