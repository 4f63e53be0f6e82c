"""What a run came to, in one word and in its last line."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from jobs.corrections import Correction
from jobs.standing import Standing
from reports.document import WAITING, FindingLine, SourceLine
from reports.words import many

Status = Literal["complete", "incomplete", "stopped", "failed"]
_SELDOM = {"merge": "merge", "erase": "erasure"}
"""Actions that the headline names only where there are any."""


def status(sources: Iterable[SourceLine], tripped: Collection[str] | bool = False) -> Status:
    """What the whole run came to; a source without a certificate outweighs a breaker (G1)."""
    if not all(line.certified for line in sources):
        return "incomplete"
    return "stopped" if tripped else "complete"


def headline(
    plan_id: str,
    corrections: Sequence[Correction],
    findings: Iterable[FindingLine],
    sources: Iterable[SourceLine],
    standing: Standing,
    nothing: str = "",
) -> str:
    """The last line: the plan in the form of DESIGN, Command line; then, where there is any, what was written and what
    is missing. `nothing`: why applying wrote nothing, counted by reason."""
    said_no = {c.correction_id for c in corrections if standing.rejected(c)}
    states = Counter(
        "handed_over" if c.is_handed_over else c.state for c in corrections if c.correction_id not in said_no
    )
    handed_over = states.pop("handed_over", 0)
    going = [c for c in corrections if c.state not in {"held", "blocked"} and c.correction_id not in said_no]
    actions = Counter[str](c.action for c in going)
    updates = actions.total() - actions["create"] - actions["archive"] - actions["merge"] - actions["erase"]
    apart = [many(actions[name], word) for name, word in _SELDOM.items() if actions[name]]
    accepted = sum(finding.state == "accepted" for finding in findings)
    tried = [f"{n} {state.replace('_', ' ')}" for state, n in sorted(states.items()) if state not in WAITING]
    missing = [line.source for line in sources if not line.certified]
    blocked = f"; {states['blocked']} blocked" if states["blocked"] else ""
    rejected = f"; {len(said_no)} rejected" if said_no else ""
    going_out = [
        many(updates, "update"),
        many(actions["create"], "create"),
        many(actions["archive"], "archive"),
        *apart,
    ]
    said = [
        f"plan {plan_id}: {', '.join(going_out)}; {states['held']} held for review{blocked}{rejected}; {accepted} accepted.",
        *([f"Written: {', '.join(tried)}."] if tried else []),
        *([f"Handed over to a person: {handed_over}."] if handed_over else []),
        *([f"{'0 more' if tried else '0'} written: {nothing}."] if nothing else []),
        *([f"NO CERTIFICATE: {', '.join(missing)}."] if missing else []),
    ]
    return " ".join(said)
