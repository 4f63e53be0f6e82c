"""Looking at what was done: reports, findings, exports, status; and forgetting what is old. Changes no vendor."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jobs import kept, parts, snapshot
from jobs.errors import ConfigError
from jobs.workspace import Workspace
from reports import export as files
from reports.document import RunReport, SourceLine

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


def explain(workspace: Workspace, finding_id: str) -> tuple[str, dict[str, Any]]:
    """One finding of the last report in full, as text and as data. Raises ConfigError."""
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
    lines = [
        f"{found.finding_id}  {found.title}  [{found.severity}, {found.state}, {found.nights_open} nights]",
        f"rules: {', '.join(found.rule_ids)}",
        f"concerns: {', '.join(f'{m.source}:{m.id}' for m in found.members)}",
        *(f"  {fact.name}: {fact.value}" for fact in found.evidence),
        f"proposal: {found.proposal}",
        *([f"blocked by: {found.blocked_by}"] if found.blocked_by else []),
        *(f"  {number}. {step}" for number, step in enumerate(found.todo, start=1)),
        *(
            f"correction {c.correction_id}: {c.action} {c.source}:{c.profile_id}, {c.state}; {c.why}"
            for c in corrections
        ),
        f"approve: rollcall decide approve finding {found.finding_id} --why TEXT",
    ]
    return "\n".join(lines), {**found.model_dump(), "corrections": [c.model_dump() for c in corrections]}


def export(workspace: Workspace, what: str, out: Path) -> int:
    """Write one list of the last run; returns its rows. Raises ConfigError."""
    if what in {"entities", "links"}:
        heading, rows = _roll(workspace, what)
    else:
        document, _ = report(workspace, None)
        heading, rows = files.table(document, what)
    files.write(out, what, heading, rows)
    return len(rows)


def status(workspace: Workspace) -> list[list[str]]:
    """The last runs and what waits, as a table with its heading first."""
    plans = workspace.journal.plan_states()
    rows = [["run", "started", "status", "plan", "what it said"]]
    for run in workspace.state.runs()[-20:]:
        started = run.started_at.strftime("%Y-%m-%d %H:%M UTC")
        rows.append([run.run_id, started, run.status, plans.get(run.run_id, ""), run.headline])
    return rows


def purge(workspace: Workspace) -> dict[str, int]:
    """Remove snapshots, undo values and reports that are older than the configuration keeps them."""
    now, keep = workspace.clock.now(), workspace.settings.retention
    certified = [workspace.state.last_certified(name) for name in workspace.settings.sources]
    in_force = [workspace.folder / row.path for row in certified if row]
    removed = snapshot.purge(workspace.folder, now - keep.snapshots, in_force)
    parts.purge(workspace.folder, workspace.vault, now)
    removed += parts.purge(workspace.folder, workspace.vault, now)
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
        rows.append([c.correction_id, c.state, c.action, f"{c.source}:{c.profile_id}", after, c.blocked_by or c.why])
    return rows


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
