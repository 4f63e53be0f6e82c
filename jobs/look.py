"""Looking at what was done: reports, findings, exports, status; and forgetting what is old. Changes no vendor."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jobs import clear as real
from jobs import handover, kept, parts, snapshot, waiting
from jobs.errors import ConfigError
from jobs.workspace import Workspace
from reports import export as files
from reports import rules
from reports.document import CorrectionLine, RunReport, SourceLine

SUFFIXES = (".csv", ".xlsx")
EXPORTS = ("entities", "links", "findings", "plan", "journal")


def report(workspace: Workspace, run_id: str | None) -> tuple[RunReport, Path]:
    """The document of a run (the last that wrote one by default) and where its page lies. Raises ConfigError."""
    if run_id is None:
        last = next((run for run in reversed(workspace.state.runs()) if _json(workspace, run.run_id).exists()), None)
        if last is None:
            raise ConfigError("there is no report yet: `rollcall run` makes one")
        run_id = last.run_id
    path = _json(workspace, run_id)
    if not path.exists():
        raise ConfigError(f"there is no report of run {run_id}: `rollcall status` lists the runs")
    return RunReport.model_validate_json(path.read_bytes()), path.with_suffix(".html")


def explain(workspace: Workspace, finding_id: str, *, unmask: bool = False) -> tuple[str, dict[str, Any]]:
    """One finding of the last report in full, as text and as data; on wish with the real values. Raises ConfigError."""
    document, _ = report(workspace, None)
    named = [f for f in document.findings if finding_id and f.finding_id.startswith(finding_id)]
    if not named:
        raise ConfigError(
            f"no finding {finding_id} in the report of run {document.run_id}: copy its id from the report"
        )
    if len(named) > 1:
        raise ConfigError(f"several findings begin with {finding_id}: give more of the id, as it is in the report")
    (found,) = named
    corrections = [c for c in document.corrections if c.correction_id in found.correction_ids]
    clear = real.look(workspace, document, found) if unmask else None
    states = Counter(c.state.replace("_", " ") for c in corrections)
    tally = ", ".join(f"{number} {state}" for state, number in sorted(states.items())) or "none"
    lines = [
        f"{found.finding_id}  {found.title}  [{found.severity}, {found.state}, {found.nights_open} nights]",
        f"rules: {', '.join(found.rule_ids)}",
        *(f"  {line}" for line in rules.sentences(found.rule_ids)),
        f"concerns: {', '.join(f'{m.source}:{m.id}' for m in found.members)}",
        *(f"  {fact.name}: {fact.value}" for fact in found.evidence),
        *(["real values:", *real.lines(clear)] if clear else []),
        f"proposal: {found.proposal}",
        *([f"blocked by: {found.blocked_by}"] if found.blocked_by else []),
        *(f"  {number}. {step}" for number, step in enumerate(found.todo, start=1)),
        *(
            f"correction {c.correction_id}: {c.action} {c.source}:{c.profile_id}, {c.state}; {_said(c)}"
            for c in corrections
        ),
        f"approve: rollcall decide approve finding {found.finding_id} --why TEXT",
        f"finding {found.finding_id} of run {document.run_id}: {found.state}; corrections: {tally}",
    ]
    data = {
        **found.model_dump(),
        "corrections": [c.model_dump() for c in corrections],
        "rules": {name: rules.text(name) for name in found.rule_ids},
    }
    return "\n".join(lines), data | (real.as_data(clear) if clear else {})


def _said(line: CorrectionLine) -> str:
    return "; ".join(dict.fromkeys(filter(None, [line.why, line.blocked_by, line.detail])))


def export(workspace: Workspace, what: str, out: Path) -> int:
    """Write one list of the last run; returns its rows. Raises ConfigError."""
    if out.suffix.lower() not in SUFFIXES:
        raise ConfigError(
            f"{out}: an export is {' or '.join(SUFFIXES)}, by the end of its name: CSV for machines, XLSX for people"
        )
    if what in {"entities", "links"}:
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


def as_dicts(rows: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """A table with its heading first, for machines."""
    head, *body = rows
    return [dict(zip(head, row, strict=True)) for row in body]


def last_planned(workspace: Workspace) -> str:
    """The run that decisions are about where none is named: the last that has a plan. Raises ConfigError."""
    last = workspace.state.last_run(finished=True)
    planned = list(workspace.journal.plan_states())
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


def many(number: int, noun: str) -> str:
    """`1 correction`, `2 corrections`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


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
        rows.append([c.correction_id, c.state, c.action, f"{c.source}:{c.profile_id}", after, said])
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
        raise ConfigError("there are no entities yet: `rollcall run` makes them")
    columns = [column.to_pylist() for column in table.columns]
    return tuple(table.column_names), list(zip(*columns, strict=True))
