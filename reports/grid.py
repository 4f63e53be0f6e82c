"""A finding's members side by side: which values differ, as far as masked values can tell.

Evidence named `field@source:id` belongs to one member; everything else stands by itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from reports.document import Fact, FindingLine
from reports.mask import is_plain

Sign = Literal["differs", "hidden", "same", "alike", "single"]
"""hidden: they differ, and the mask hides how. alike: they look the same, which a mask cannot prove."""

_STARS = re.compile(r"\*+")
_DIFFERS = frozenset({"drift", "consent_conflict", "group_conflict"})
_SHARES = frozenset({"duplicate_phone", "duplicate_email", "household", "placeholder"})


@dataclass(frozen=True, slots=True)
class Row:
    """One field over all members; a cell is None where nothing was said. `odd`: the cells to point at."""

    field: str
    sign: Sign
    cells: tuple[str | None, ...]
    odd: tuple[int, ...]


def rows(finding: FindingLine) -> list[Row]:
    """One row per field that any member's evidence names; the finding's own field first."""
    return compare(finding)[0]


def compare(finding: FindingLine) -> tuple[list[Row], list[Fact]]:
    """The members side by side, and the evidence that belongs to none of them."""
    places = {f"{member.source}:{member.id}": at for at, member in enumerate(finding.members)}
    table: dict[str, list[str | None]] = {}
    others = []
    for fact in finding.evidence:
        field, _, owner = fact.name.partition("@")
        place = places.get(owner)
        if place is None:
            others.append(fact)
            continue
        if field not in table:
            table[field] = [None] * len(places)
        table[field][place] = fact.value
    own_first = sorted(table, key=lambda field: field != finding.field)
    return [_row(finding, field, table[field]) for field in own_first], others


def _row(finding: FindingLine, field: str, cells: Sequence[str | None]) -> Row:
    forms = [None if cell is None else _loose(cell) for cell in cells]
    sign = _sign(finding, field, [form for form in forms if form is not None])
    return Row(field, sign, tuple(cells), _odd(forms) if sign in {"differs", "hidden"} else ())


def _sign(finding: FindingLine, field: str, given: Sequence[str]) -> Sign:
    if len(given) < 2:
        return "single"
    visible = len(set(given)) > 1
    if field == finding.field and finding.kind in _DIFFERS:
        return "differs" if visible else "hidden"
    if field == finding.field and finding.kind in _SHARES:
        return "same"
    if visible:
        return "differs"
    return "same" if is_plain(field) or not any(given) else "alike"


def _odd(forms: Sequence[str | None]) -> tuple[int, ...]:
    """Who stands out: all but a clear majority, everybody where there is none."""
    given = [form for form in forms if form is not None]
    if len(set(given)) in {1, len(given)}:
        return tuple(at for at, form in enumerate(forms) if form is not None)
    ranked = sorted(set(given), key=given.count, reverse=True)
    usual = ranked[0] if given.count(ranked[0]) > given.count(ranked[1]) else None
    return tuple(at for at, form in enumerate(forms) if form is not None and form != usual)


@lru_cache(maxsize=65_536)
def _loose(cell: str) -> str:
    """A masked phone with and without its country code hides a different number of digits, and is one number."""
    return _STARS.sub("*", cell).strip().casefold()
