"""Who is on several profiles of one system, as a list of work: who stays, what a merge would touch, and how it is done there."""

from reports.document import FindingLine, RunReport
from reports.summary import by_attention

KINDS = frozenset({"duplicate_phone", "duplicate_email", "duplicate_account"})
"""The findings that end in a merge (T9, T10, M10)."""
HEADING = (
    "finding_id", "state", "store", "keep", "merge_into_it", "why", "points", "credit", "stands_against_it", "approve", "steps",
)  # fmt: skip


def rows(report: RunReport) -> list[tuple[str, ...]]:
    """One row per customer and system; `approve` names the merge that a person can approve, else it is work by hand."""
    merges = {line.correction_id for line in report.corrections if line.action == "merge"}
    return [_row(line, merges) for line in by_attention(report.findings) if line.kind in KINDS]


def _row(line: FindingLine, merges: set[str]) -> tuple[str, ...]:
    facts = {fact.name: fact.value for fact in line.evidence}
    members = [f"{member.source}:{member.id}" for member in line.members]
    keep = facts.get("survivor", "")
    balances = [
        ", ".join(f"{m} {facts[f'{n}@{m}']}" for m in members if f"{n}@{m}" in facts) for n in ("points", "credit")
    ]
    return (
        line.finding_id, line.state, line.store or "", keep, ", ".join(m for m in members if m != keep),
        facts.get("survivor_reason", ""), *balances, line.blocked_by,
        ", ".join(name for name in line.correction_ids if name in merges), " ".join(line.todo),
    )  # fmt: skip
