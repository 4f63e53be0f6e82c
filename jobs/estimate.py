"""How long writing a plan takes, told beforehand: from what the vendors allow and our share of it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta

from connectors.base import Connector
from connectors.pace import Budget
from jobs.corrections import IN_DOUBT, Correction
from jobs.limits import Window
from jobs.standing import Standing
from reports.document import WAITING
from reports.words import many

CALLS = 4
"""Of a correction: read, written, read back, and read again at the end."""


def may_go(row: Correction, standing: Standing) -> bool:
    """Whether a correction would be tried: ready, in doubt, or held and approved."""
    approved = row.state in WAITING and bool(standing.approvals.word(row).approving)
    return row.state == "ready" or (row.state in IN_DOUBT and not row.is_handed_over) or approved


def seconds(connectors: Mapping[str, Connector], rows: Iterable[Correction]) -> dict[str, float]:
    """Per source, at our share of its limit; the profile that a value comes from is read at its own source once more."""
    calls: Counter[str] = Counter()
    for row in rows:
        calls[row.source] += CALLS
        if row.origin:
            calls[row.origin.split(":", 1)[0]] += 1
    needed = {}
    for source in sorted(calls.keys() & connectors.keys()):
        connector = connectors[source]
        budget: Budget | None = getattr(getattr(connector, "http", None), "budget", None)
        hands_over = connector.capabilities.hands_over
        if budget is not None and not hands_over:
            needed[source] = budget.seconds(calls[source] * connector.CALL_COST)
    return needed


def told(connectors: Mapping[str, Connector], rows: list[Correction], window: Window | None) -> str:
    """One sentence; sources are written side by side, so the slowest one counts."""
    needed = seconds(connectors, rows)
    slowest = max(needed, key=lambda name: needed[name], default="")
    time = timedelta(seconds=round(needed.get(slowest, 0.0)))
    said = f"{many(len(rows), 'correction')}, about {time} at our share of the vendors' limits"
    if slowest and time:
        said += f", {slowest} the slowest"
    if window is not None and time > window.length:
        said += f"; the write window is open for {window.length} a day: it will take several"
    return said
