"""Breakers: what one run may change in one source without a person's word (interfaces, Breakers; G9, G14).

The plan, the dry run and applying count with this one function.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from jobs.corrections import FAILED, Correction
from jobs.settings import Limits
from reports.document import Breaker

NAMES = ("updates", "creates", "opt_outs", "same_value", "irreversible", "failures")
HOLDS_ROWS_ONLY = "irreversible"
"""This one holds the rows that it counts; the others hold everything of their source."""
_ALWAYS_BY_NAME = frozenset({"archive", "merge"})


def count(
    corrections: Iterable[Correction],
    limits: Limits,
    actives: Mapping[str, int],
    named: Collection[str] = (),
    unread: Mapping[str, int] | None = None,
) -> list[Breaker]:
    """Every breaker of every source that is written to, by source.

    actives: active profiles per source, for the limits in percent. named: ids of corrections that a person approved by
    name; new opt-outs and irreversible writes among them do not count. unread: how many profiles of a source could not be
    read, or read back, just now; they are failures beside what was refused or is in doubt.
    """
    by_source: dict[str, list[Correction]] = {}
    for correction in corrections:
        by_source.setdefault(correction.source, []).append(correction)
    return [
        Breaker(name=name, source=source, count=number, limit=limit, tripped=number > limit)
        for source in sorted(by_source)
        for name, number, limit in (
            *_of_source(by_source[source], limits, actives.get(source, 0), named),
            _failures(by_source[source], limits, (unread or {}).get(source, 0)),
        )
    ]


def breaker_id(breaker: Breaker) -> str:
    """How decisions name it: `SOURCE/NAME`."""
    return f"{breaker.source}/{breaker.name}"


def is_opt_out(correction: Correction) -> bool:
    """Whether it takes a consent away (G9)."""
    return correction.action == "opt_out" or "out" in {
        correction.after.get("email_consent"),
        correction.after.get("sms_consent"),
    }


def is_by_name(correction: Correction) -> bool:
    """Whether it is never written without a person's word on that very one (G14)."""
    return correction.reversible == "not" or correction.action in _ALWAYS_BY_NAME


def most_failures(tried: int, limits: Limits) -> int:
    """How many failures of so many tries are borne."""
    return max(limits.failures_at_least, int(limits.failures * tried))


def _of_source(
    listed: list[Correction], limits: Limits, active: int, named: Collection[str]
) -> list[tuple[str, int, int]]:
    rows = [row for row in listed if row.state != "refused"]
    unnamed = [row for row in rows if row.correction_id not in named]
    creates = sum(row.action == "create" for row in rows)
    updates = min(limits.updates_at_most, max(limits.updates_at_least, int(limits.updates * active)))
    made = min(limits.creates_at_most, max(limits.creates_at_least, int(limits.creates * active)))
    return [
        ("updates", len(rows) - creates, updates),
        ("creates", creates, made),
        ("opt_outs", sum(map(is_opt_out, unnamed)), limits.opt_outs),
        ("same_value", _most_alike(rows), limits.same_value),
        ("irreversible", sum(map(is_by_name, unnamed)), 0),
    ]


def _failures(rows: list[Correction], limits: Limits, unread: int) -> tuple[str, int, int]:
    """What was refused, could not be read or did not read back, against what was tried."""
    failed = sum(row.state in FAILED for row in rows) + unread
    tried = failed + sum(row.state == "verified" for row in rows)
    return "failures", failed, most_failures(tried, limits)


def _most_alike(rows: list[Correction]) -> int:
    """On how many profiles updates set one field to one value, or blank it; markers are alike by intent."""
    alike = Counter(
        (name, (value or "").strip()) for row in rows if row.action == "update" for name, value in row.after.items()
    )
    return max(alike.values(), default=0)
