"""Looking at what was done: reports, findings, exports, status; and forgetting what is old. Changes no vendor."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jobs import clear as real
from jobs import handover, kept, parts, snapshot, waiting
from jobs.applying import Result, standing_of
from jobs.corrections import ONE_BY_ONE
from jobs.errors import ConfigError
from jobs.standing import APPROVED
from jobs.state import FindingRow
from jobs.workspace import Workspace
from reports import export as files
from reports import rules
from reports.document import WAITING, CorrectionLine, FindingLine, RunReport, SourceLine
from reports.words import many

SUFFIXES = (".csv", ".xlsx")
MOST = 5
"""So many of several that are meant are named."""
KEPT = ("entities", "links", "suspects", "pending", "moves")
"""Lists that a night keeps."""
EXPORTS = (*KEPT, "findings", "plan", "journal", "merges")


def report(workspace: Workspace, run_id: str | None) -> tuple[RunReport, Path]:
    """The document of a run (the last that wrote one by default) and where its page lies. Raises ConfigError."""
    if run_id is None:
        nights = (run for run in reversed(workspace.state.runs()) if run.trigger != "undo")
        last = next((run for run in nights if _json(workspace, run.run_id).exists()), None)
        if last is None:
            raise ConfigError("there is no report yet: `rollcall run` makes one")
        run_id = last.run_id
    path = _json(workspace, run_id)
    if not path.exists():
        raise ConfigError(f"there is no report of run {run_id}: `rollcall status` lists the runs")
    return RunReport.model_validate_json(path.read_bytes()), path.with_suffix(".html")


def ended(result: Result) -> tuple[str, dict[str, Any]]:
    """What a run has to say when it is over, the headline last; and the same as data."""
    done = result.report
    lacking = [line for line in done.sources if not line.certified]
    warnings = [*(f"{line.problem}; {line.todo}" if line.todo else line.problem for line in lacking), *done.warnings]
    found = f"{many(len(done.findings), 'finding')}; report: {result.page}"
    data = {
        "run": result.run_id,
        "status": done.status,
        "headline": done.headline,
        "findings": len(done.findings),
        "warnings": warnings,
        "report": str(result.page),
    }
    return "\n".join([*warnings, found, done.headline]), data


def explain(
    workspace: Workspace, finding_id: str, run_id: str | None = None, *, unmask: bool = False
) -> tuple[str, dict[str, Any]]:
    """One finding of a run (the last that wrote a report by default) in full, as text and as data; on wish with the real
    values. What became of its corrections is told as it stands now. The id of a correction explains it, and the finding
    that it mends. Raises ConfigError."""
    document, _ = report(workspace, run_id)
    corrected = _correction_named(document, finding_id)
    found = _named(workspace, document, corrected.finding_ids[0] if corrected else finding_id)
    corrections = _as_they_stand(workspace, document, found)
    clear = real.look(workspace, document, found) if unmask else None
    states = Counter(c.standing.replace("_", " ") for c in corrections)
    tally = ", ".join(f"{number} {state}" for state, number in sorted(states.items())) or "none"
    lines = [
        *(_changes(corrected) if corrected else []),
        f"{found.finding_id}  {found.title}  [{found.severity}, {found.state}, {many(found.nights_open, 'night')}, "
        f"first seen {found.first_seen}]",
        *([f"rules: {', '.join(found.rule_ids)}"] if found.rule_ids else []),
        *(f"  {line}" for line in rules.sentences(found.rule_ids)),
        *([f"field: {found.field}"] if found.field else []),
        f"concerns: {', '.join(f'{m.source}:{m.id}' for m in found.members) or found.store or 'no profile'}",
        *(f"  {m.source}:{m.id} is at {m.admin_url}" for m in found.members if m.admin_url),
        *(f"  {fact.name}: {fact.value}" for fact in found.evidence),
        *(["real values:", *real.lines(clear)] if clear else []),
        f"proposal: {found.proposal}",
        *([f"blocked by: {found.blocked_by}"] if found.blocked_by else []),
        *([f"what to do, by {found.by_whom}:"] if found.by_whom else []),
        *(f"  {number}. {step}" for number, step in enumerate(found.todo, start=1)),
        *(
            f"correction {c.correction_id}: {c.action} {c.source}:{c.profile_id}, {c.standing.replace('_', ' ')}; {_said(c)}"
            for c in corrections
        ),
        _next(document, found, corrections),
        f"finding {found.finding_id} of run {document.run_id}: {found.state}; corrections: {tally}",
    ]
    data = {
        **found.model_dump(),
        "corrections": [c.model_dump() for c in corrections],
        "rules": {name: rules.text(name) for name in found.rule_ids},
    }
    return "\n".join(lines), data | (real.as_data(clear) if clear else {})


def _correction_named(document: RunReport, given: str) -> CorrectionLine | None:
    """The one correction of a report whose id begins so, where no finding's does and a finding asks for it."""
    if not given or any(f.finding_id.startswith(given) for f in document.findings):
        return None
    named = [c for c in document.corrections if c.correction_id.startswith(given)]
    if len(named) > 1:
        among = ", ".join(c.correction_id for c in named[:MOST])
        raise ConfigError(f"several corrections begin with {given}: {among}; give more of the id")
    there = {f.finding_id for f in document.findings}
    known = [c for c in named if c.finding_ids and c.finding_ids[0] in there]
    return known[0] if known else None


def _changes(line: CorrectionLine) -> list[str]:
    """A correction field by field, and what it mends."""
    before = {fact.name: fact.value for fact in line.before}
    changes = [f"  {fact.name}: {before.get(fact.name) or 'empty'} -> {fact.value or 'empty'}" for fact in line.after]
    needs = f"; needs {', '.join(line.needs)}" if line.needs else ""
    return [
        f"correction {line.correction_id}: {line.action} {line.source}:{line.profile_id}, can be undone {line.reversible}{needs}",
        *changes,
        *([f"  follows {line.after_correction}"] if line.after_correction else []),
        f"it mends {many(len(line.finding_ids), 'finding')}: {', '.join(line.finding_ids)}",
    ]


def _named(workspace: Workspace, document: RunReport, finding_id: str) -> FindingLine:
    """The finding of a report whose id begins so. Raises ConfigError that says where else it is to be found."""
    named = [f for f in document.findings if finding_id and f.finding_id.startswith(finding_id)]
    if len(named) > 1:
        among = ", ".join(f.finding_id for f in named[:MOST])
        raise ConfigError(f"several findings begin with {finding_id}: {among}; give more of the id")
    if named:
        return named[0]
    lives = [row for row in workspace.state.findings() if finding_id and row.finding_id.startswith(finding_id)]
    told = f"no finding {finding_id} in the report of run {document.run_id}"
    if len(lives) != 1:
        raise ConfigError(f"{told}: copy its id from the report")
    (life,) = lives
    state = "it is fixed" if life.state == "fixed" else f"it is {life.state}"
    last = _last_report_with(workspace, life)
    where = (
        f" in run {last}: `rollcall explain {life.finding_id} --run {last}`"
        if last
        else ", and no report is kept of it"
    )
    raise ConfigError(f"{told}: {state}; it was last seen on {life.last_seen}{where}")


def _last_report_with(workspace: Workspace, life: FindingRow) -> str | None:
    """The last run of the night on which a finding was seen whose report still tells of it."""
    nights = (run for run in reversed(workspace.state.runs()) if run.business_date == life.last_seen)
    for run in nights:
        path = _json(workspace, run.run_id)
        if path.exists() and life.finding_id in path.read_text(encoding="utf-8"):
            return run.run_id
    return None


def _as_they_stand(workspace: Workspace, document: RunReport, found: FindingLine) -> list[CorrectionLine]:
    """The finding's corrections, with what people have said and what was done since the report was written."""
    own = [c for c in document.corrections if c.correction_id in found.correction_ids]
    if not own or document.run_id not in workspace.journal.plan_states():
        return own
    wanted = {c.correction_id for c in own}
    now = {c.correction_id: c for c in workspace.journal.load(document.run_id) if c.correction_id in wanted}
    standing = standing_of(workspace, document.run_id)
    return [
        line.model_copy(update={"state": c.state, "detail": standing.line(c), "blocked_by": c.blocked_by})
        if (c := now.get(line.correction_id))
        else line
        for line in own
    ]


def _next(document: RunReport, found: FindingLine, corrections: Sequence[CorrectionLine]) -> str:
    """What a person can still say to it, or why there is nothing to say."""
    accept = f"rollcall decide accept finding {found.finding_id} --until DATE --why TEXT"
    standing = Counter(c.standing for c in corrections)
    undecided = [c for c in corrections if c.standing == "held" and not c.detail.startswith(APPROVED)]
    if undecided:
        by_name = " ".join(c.correction_id for c in undecided if c.action in ONE_BY_ONE)
        what = f"correction {by_name}" if by_name else f"finding {found.finding_id}"
        return f"approve: rollcall decide approve {what} --run {document.run_id} --why TEXT"
    if any(c.detail.startswith(APPROVED) and c.standing in WAITING for c in corrections):
        return f"approved already: `rollcall apply {document.run_id}` writes what nothing else stands against"
    if not corrections:
        return f"no correction is planned: follow the steps, or say that it may stay: {accept}"
    if standing["ready"]:
        return f"nothing to approve: the policy lets it go, `rollcall apply {document.run_id}` writes it"
    if standing["blocked"]:
        return f"nothing to approve as long as it is blocked; to say that it may stay: {accept}"
    return f"nothing to approve: {', '.join(f'{n} {state}' for state, n in standing.items())}".replace("_", " ")


def _said(line: CorrectionLine) -> str:
    return "; ".join(dict.fromkeys(filter(None, [line.why, *line.asks, line.blocked_by, line.detail])))


def export(workspace: Workspace, what: str, out: Path) -> int:
    """Write one list of the last run; returns its rows. Raises ConfigError."""
    if out.suffix.lower() not in SUFFIXES:
        raise ConfigError(
            f"{out}: an export is {' or '.join(SUFFIXES)}, by the end of its name: CSV for machines, XLSX for people"
        )
    if what in KEPT:
        heading, rows = _roll(workspace, what)
    else:
        document, _ = report(workspace, None)
        heading, rows = files.table(document, what)
    files.write(out, what, heading, rows)
    return len(rows)


def status(workspace: Workspace) -> tuple[list[list[str]], list[str]]:
    """The last runs as a table with its heading first, and what waits in a sentence each."""
    plans = workspace.journal.plan_states()
    rows = [["run", "started", "status", "plan", "what it said"]]
    for run in workspace.state.runs()[-20:]:
        started = run.started_at.strftime("%Y-%m-%d %H:%M UTC")
        rows.append([run.run_id, started, run.status, plans.get(run.run_id, ""), run.headline])
    return rows, waiting.waits(workspace)


def nothing_to_resume(workspace: Workspace, was_paused: bool) -> str:
    """Why `resume` did nothing: what is no longer paused, and how to go on from here."""
    first = "writing is no longer paused" if was_paused else "nothing was paused"
    going = "; ".join(waiting.plans(workspace)) or "nothing waits to be written, `rollcall run` is the next night"
    return f"nothing to resume: {first}, and no plan was left half-way; {going}"


def as_dicts(rows: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """A table with its heading first, for machines."""
    head, *body = rows
    return [dict(zip(head, row, strict=True)) for row in body]


def last_planned(workspace: Workspace) -> str:
    """The run that decisions are about where none is named: the last that has a plan. Raises ConfigError."""
    last = workspace.state.last_run(finished=True)
    planned = workspace.journal.nights()
    if not planned and last is None:
        raise ConfigError("there is no run to decide on yet: `rollcall run` makes one")
    return planned[-1] if planned else last.run_id if last else ""


def decided(
    workspace: Workspace, run_id: str, target: str, verdict: str, ids: Sequence[str]
) -> tuple[str, dict[str, Any]]:
    """What a decision came to: its run, and how many findings and corrections of that run's plan it covers."""
    start = f"{verdict} {target} {', '.join(ids)} on run {run_id}"
    if run_id not in workspace.journal.plan_states():
        return f"{start}, which has no plan", {"findings": 0, "corrections": 0}
    plan = workspace.journal.load(run_id)
    approvals = workspace.journal.approvals(run_id)
    if target == "breaker":
        covered = [c for c in plan if c.state == "held" and {*c.blocked_by.split(", ")} & {*ids}]
    else:
        spoken = {(target, name) for name in ids}
        covered = [c for c in plan if spoken & {(row.target, row.id) for row in approvals.covering(c)}]
    findings = {name for c in covered for name in c.finding_ids} | ({*ids} if target == "finding" else set())
    data = {"findings": len(findings), "corrections": len(covered)}
    if target in {"pair", "certificate"}:
        return f"{start}: it counts from the next run on", data
    if verdict == "approve":
        data["approved"] = sum(bool(approvals.word(c).approving) for c in covered)
        blocked = sum(c.state == "blocked" for c in covered)
        rest = f", {blocked} of which blocked all the same" if blocked else ""
        lifts = "lifts" if target == "breaker" else "approves"
        number = len(covered) if target == "breaker" else data["approved"]
        return f"{start}: {lifts} {many(number, 'correction')} of {many(len(findings), 'finding')}{rest}", data
    return f"{start}: covers {many(len(findings), 'finding')}, {many(len(covered), 'correction')}", data


def purge(workspace: Workspace) -> dict[str, int]:
    """Remove snapshots, undo values and reports that are older than the configuration keeps them."""
    now, keep = workspace.clock.now(), workspace.settings.retention
    certified = [workspace.state.last_certified(name) for name in workspace.settings.sources]
    in_force = [workspace.folder / row.path for row in certified if row]
    removed = snapshot.purge(workspace.folder, now - keep.snapshots, in_force)
    parts.purge(workspace.folder, workspace.vault, now)
    removed += parts.purge(workspace.folder, workspace.vault, now)
    handover.purge(workspace.folder / "handover", now - keep.undo)
    old = [run.run_id for run in workspace.state.runs() if run.started_at < now - keep.reports]
    gone = [path for run_id in old for path in workspace.reports.glob(f"{run_id}.*")]
    for path in gone:
        path.unlink()
    return {"snapshots": len(removed), "undo": workspace.journal.purge(now - keep.undo), "reports": len(gone)}


def source_table(lines: Sequence[SourceLine]) -> list[list[str]]:
    """Sources and their certificates."""
    rows = [["source", "certified", "profiles", "quarantined", "problem"]]
    for line in lines:
        count = "" if line.profiles is None else str(line.profiles)
        rows.append([line.source, "yes" if line.certified else "NO", count, str(line.quarantined), line.problem])
    return rows


def plan_table(document: RunReport) -> list[list[str]]:
    """The corrections of a plan, masked."""
    rows = [["correction", "state", "action", "profile", "after", "why"]]
    for c in document.corrections:
        after = ", ".join(f"{fact.name}={fact.value}" for fact in c.after)
        said = c.detail or c.blocked_by or c.why
        rows.append([c.correction_id, c.standing, c.action, f"{c.source}:{c.profile_id}", after, said])
    return rows


def cited(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rules that a table names, each with its sentence."""
    return rules.sentences(rules.named(" ".join(cell for row in rows for cell in row)))


def score_table(kinds: dict[str, dict[str, int]]) -> list[list[str]]:
    """The demo's score, a kind a line, with a sum."""
    names = ["planted", "found", "missed", "false", "corrected", "review"]
    sums = Counter({name: sum(row[name] for row in kinds.values()) for name in names})
    body = [[kind, *(str(row[name]) for name in names)] for kind, row in kinds.items()]
    return [["kind", *names], *body, ["all", *(str(sums[name]) for name in names)]]


def _json(workspace: Workspace, run_id: str) -> Path:
    return workspace.reports / f"{run_id}.json"


def _roll(workspace: Workspace, what: str) -> tuple[tuple[str, ...], list[tuple[files.Cell, ...]]]:
    table = kept.read(workspace.folder, workspace.vault, workspace.state, what)
    if table is None:
        raise ConfigError(f"there are no {what} yet: `rollcall run` makes them")
    columns = [column.to_pylist() for column in table.columns]
    return tuple(table.column_names), list(zip(*columns, strict=True))
