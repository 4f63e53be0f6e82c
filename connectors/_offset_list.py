"""A list that is walked by offset up to the vendor's own total, and read again where it moves in the meantime.

Both BLAZE contracts are assumed to list like this: in the order of changes, with a total on every page.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors._shaping import text
from connectors.base import Evidence, Page, Record, VendorError
from connectors.seen import Seen

PAGE_SIZE = 100
PASSES = 3
"""How often a list that moves while it is read is read."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OffsetList:
    """One list of customers. `listed(params)` gives a page and the total, `stamp(row)` when a customer last changed.

    `deletes`: whether customers can go; where not, a total that falls is not believed.
    """

    name: str
    listed: Callable[[Mapping[str, Any]], tuple[list[dict[str, Any]], int]]
    landed: Callable[[Row], Record]
    stamp: Callable[[Row], str]
    deletes: bool = True

    def pages(self, evidence: Evidence) -> Iterator[Page]:
        """Every customer once; fills `evidence` but for its contract. Raises VendorError."""
        evidence.end_mark, evidence.pages_contiguous = False, True
        seen = Seen()
        for _ in range(PASSES):
            moved = yield from self._walk(seen, evidence)
            if not moved:
                return
            evidence.notes.append(f"{moved} customers moved while the list was read")
        evidence.pages_contiguous = False
        evidence.notes.append(f"the list never stood still in {PASSES} readings")

    def _walk(self, seen: Seen, evidence: Evidence) -> Generator[Page, None, int]:
        """Reads up to the total, or to an empty page before it; returns how many showed up twice, or were missing."""
        here, offset, moved, most, stale = Seen(), 0, 0, 0, 0
        while True:
            rows, total = self.listed({"offset": offset, "limit": PAGE_SIZE})
            _count(evidence, total, len(rows), min(PAGE_SIZE, total - offset))
            again = sum(str(row.get("id")) in here for row in rows)
            stale = stale + 1 if rows and again == len(rows) else 0
            if stale > 1:
                raise VendorError(f"{self.name}: the list repeats itself at customer {offset}", permanent=False)
            moved += again
            moved += 0 if self.deletes else max(0, most - total)
            most = max(most, total)
            here.add(str(row.get("id")) for row in rows)
            if kept := [self.landed(row) for row in rows if self._is_new(row, seen)]:
                yield Page(kept)
            offset += len(rows)
            if offset >= total or not rows:
                evidence.end_mark = offset >= total
                return moved

    def _is_new(self, row: Row, seen: Seen) -> bool:
        """Whether to hand a row on: a customer who was handed on before and only moved is not; one grown older is."""
        profile_id, stamp = text(row.get("id")), self.stamp(row)
        if not isinstance(profile_id, str) or not profile_id:
            return True  # landing counts who has no id that can be read
        known = seen.stamp(profile_id)
        if known is None:
            seen.note(profile_id, stamp)
        return known is None or stamp < known


def _count(evidence: Evidence, total: int, read: int, promised: int) -> None:
    if evidence.count_before is None:
        evidence.count_before = total
    elif evidence.count_after != total:
        evidence.notes.append(f"the vendor's total changed from {evidence.count_after} to {total}")
    if read < promised:
        evidence.notes.append(f"a page held {read} customers where {promised} were due")
    evidence.count_after = total
