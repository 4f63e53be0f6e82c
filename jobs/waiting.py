"""What waits for a person: plans, sources without a certificate, new findings, decisions that ran out. One sentence each."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import get_args

from jobs import erasing, erasures
from jobs.applying import standing_of
from jobs.corrections import HANDED_OVER
from jobs.report import accepting
from jobs.state import DecisionRow, SnapshotRow
from jobs.workspace import Workspace
from reports.document import WAITING, Proof, Severity

MOST = 10
"""So many of one kind are named; the rest is counted."""


def waits(workspace: Workspace) -> list[str]:
    """Everything that waits, most urgent first; each with what to type next."""
    paused = ["paused: nothing is written until `rollcall resume`"] if workspace.paused else []
    return [
        *paused,
        *plans(workspace),
        *erasing.told(workspace),
        *_some(list(_sources(workspace))),
        *_fresh(workspace),
        *_some(list(_ran_out(workspace))),
        *_idle(workspace),
    ]


def plans(workspace: Workspace) -> Iterator[str]:
    """Those that were interrupted, then what the newest one still holds: the ones between are superseded."""
    states = workspace.journal.plan_states()
    lying = _handed_over(workspace, [name for name, state in states.items() if state == HANDED_OVER])
    for name, state in states.items():
        if state == "applying":
            yield f"plan {name}: interrupted while it was written: `rollcall resume {name}` finds out how far it came"
        elif state == "unfinished":
            yield f"plan {name}: not through ({_counted(workspace, name)}): `rollcall resume {name}` goes on"
        elif name in lying:
            yield f"plan {name}: handed over to a person: bring in what lies in `handover/`, export anew, and run again"
    newest = workspace.journal.nights()[-1:]
    undos = (
        [name for name in list(states)[list(states).index(newest[0]) + 1 :] if states[name] == "planned"]
        if newest
        else []
    )
    for name in (*newest, *undos):
        if states[name] in {"planned", "applied"} and (counted := _counted(workspace, name)):
            first = "decide on what is held, then " if " held" in counted else ""
            yield f"plan {name}: {counted}: {first}`rollcall apply {name}`"


def _handed_over(workspace: Workspace, plans: Sequence[str]) -> set[str]:
    """Those whose files still lie there: a later plan replaces those of its sources."""
    replaced: set[str] = set()
    lying = set()
    for name in reversed(plans):
        sources = {c.source for c in workspace.journal.load(name) if c.state == "intended"}
        if sources - replaced:
            lying.add(name)
        replaced |= sources
    return lying


def _counted(workspace: Workspace, plan_id: str) -> str:
    standing = standing_of(workspace, plan_id)
    # what a person said no to waits for nobody
    states = Counter[str](c.state for c in workspace.journal.load(plan_id) if not standing.rejected(c))
    names = [name for name in ("unknown", "intended", "applied", "ready", "held") if states[name]]
    blocked = [f"{states['blocked']} blocked"] if names and states["blocked"] else []
    return ", ".join([*(f"{states[name]} {name}" for name in names), *blocked])


def _sources(workspace: Workspace) -> Iterator[str]:
    runs = [run.run_id for run in workspace.state.runs()]
    for name in workspace.settings.sources:
        last = _last(workspace, name, runs)
        if last is None:
            yield f"source {name}: never pulled: `rollcall pull`"
        elif not last.certified or last.withdrawn:
            good = workspace.state.last_certified(name)
            since = f"the last one is of {good.taken_at:%Y-%m-%d}" if good else "it never had one"
            problem = last.problem.removeprefix(f"{name}: ").removeprefix("no certificate: ")
            word = accepting(name, last.run_id, [Proof.model_validate(proof) for proof in last.proofs])
            told = f"; {word}" if word else ""
            yield f"source {name}: no certificate in run {last.run_id} ({since}): {problem}{told}"


def _last(workspace: Workspace, source: str, runs: Sequence[str]) -> SnapshotRow | None:
    for run_id in reversed(runs):
        if rows := [row for row in workspace.state.snapshots_of(run_id) if row.source == source]:
            return rows[-1]
    return None


def _fresh(workspace: Workspace) -> Iterator[str]:
    """Findings that nobody has seen yet: new or back since the last night, and not decided on since."""
    decided = {row.id for row in workspace.state.decisions_in_force(workspace.today()) if row.target == "finding"}
    rows = [row for row in workspace.state.findings({"new", "back"}) if row.finding_id not in decided]
    states, severities = Counter[str](row.state for row in rows), Counter[str](row.severity for row in rows)
    if rows:
        counted = ", ".join(f"{states[name]} {name}" for name in ("new", "back") if states[name])
        told = ", ".join(f"{severities[name]} {name}" for name in get_args(Severity) if severities[name])
        yield f"findings: {counted} ({told}): `rollcall report` says where to read who is to settle them"


def _ran_out(workspace: Workspace) -> Iterator[str]:
    """Dated decisions that ended, were the last word, and would matter today."""
    last = {(row.target, row.id): row for row in workspace.state.decisions() if row.withdrawn_at is None}
    live = {("finding", row.finding_id) for row in workspace.state.findings({"new", "open", "back"})}
    live |= {("correction", name) for name in _planned(workspace)}
    for key, row in last.items():
        if row.until is not None and row.until < workspace.today() and (key in live or row.target in {"field", "pair"}):
            yield f"{row.target} {row.id}: {row.verdict} by {row.by} ran out on {row.until}: decide again"


def _idle(workspace: Workspace) -> list[str]:
    """Approvals that stand although the newest plan has nothing for them: they would hold for a later one."""
    planned = _planned(workspace, everything=True)
    rows = workspace.state.decisions_in_force(workspace.today())
    idle = [r.id for r in rows if _is_yes(r) and r.id not in planned]
    if not idle:
        return []
    named = ", ".join(idle[:3]) + (" …" if len(idle) > 3 else "")
    return [f"{len(idle)} approved and not in the newest plan (put right since, or off by policy): {named}"]


def _is_yes(row: DecisionRow) -> bool:
    """A yes to a correction; one that came with a privacy request waits for its own night."""
    return (row.target, row.verdict) == ("correction", "approve") and not row.run_id.startswith(erasures.RUN)


def _planned(workspace: Workspace, *, everything: bool = False) -> set[str]:
    newest = workspace.journal.nights()[-1:]
    rows = [row for name in newest for row in workspace.journal.load(name)]
    return {row.correction_id for row in rows if everything or row.state in WAITING}


def _some(sentences: list[str]) -> list[str]:
    rest = len(sentences) - MOST
    return [*sentences[:MOST], *([f"and {rest} more of this kind"] if rest > 0 else [])]
