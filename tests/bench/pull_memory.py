"""`python -m tests.bench.pull_memory`: the peak memory of a pull, 50,000 profiles against 500,000.

Each size in a process of its own: invented pages are landed and sealed twice, so that the second night also compares its ids
with those of the first. Neither records nor ids, of 36 characters each, may be held in memory.
"""

import argparse
import re
import resource
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import pyarrow as pa

from connectors.base import (
    Capabilities,
    Change,
    CheckLine,
    Connector,
    Evidence,
    Page,
    ProofName,
    Record,
    SourceSettings,
)
from connectors.clock import SimulatedClock
from connectors.files import FILE_FIELDS
from jobs import prepare, pull
from jobs.settings import Limits
from jobs.state import State
from jobs.vault import Vault
from jobs.warehouse import Warehouse
from tests.bench import page

PAGE = 500
SOURCE = "till"


@dataclass(frozen=True, slots=True)
class Peaks:
    """Peak memory in MiB: with the imports alone, after landing, after both nights."""

    profiles: int
    bare: float
    landed: float
    sealed: float

    @property
    def own(self) -> float:
        return self.sealed - self.bare


class Endless(Connector):
    """A vendor of as many profiles as are asked for, none of which is kept anywhere."""

    kind = "table"
    FIELDS: ClassVar[pa.Schema] = FILE_FIELDS
    REQUIRED_PROOFS: ClassVar[frozenset[ProofName]] = frozenset(
        {"end_mark", "count_before", "count_after", "no_repeats", "shrink"}
    )

    def __init__(self, profiles: int, clock: SimulatedClock) -> None:
        super().__init__(SOURCE, SourceSettings(kind="table", role="pos"), clock)
        self.profiles = profiles

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(resumable=True)

    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        evidence.count_before, evidence.end_mark = self.profiles, False
        for start in range(0, self.profiles, PAGE):
            numbers = range(start, min(start + PAGE, self.profiles))
            yield Page([_record(number) for number in numbers], cursor=str(start + PAGE))
        evidence.count_after, evidence.end_mark = self.profiles, True

    def check(self) -> list[CheckLine]:
        return []

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        return dict.fromkeys(ids)

    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        return []

    def view(self, record: Record) -> dict[str, str | None]:
        return {"status": "active"}

    def write(self, change: Change) -> str:
        raise AssertionError(change.action)


def measured(profiles: int) -> Peaks:
    """One size, in a fresh process, so that its peak is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_two_nights, profiles).result()


def main(words: Sequence[str] | None = None) -> tuple[Peaks, Peaks]:
    """Measure both sizes, print, and write the table where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=50_000)
    parser.add_argument("--large", type=int, default=500_000)
    parser.add_argument("--write", type=Path, help="the page with the two markers")
    asked = parser.parse_args(words)
    small, large = measured(asked.small), measured(asked.large)
    lines = [
        "| profiles | imports alone, MiB | landed, MiB | two nights sealed, MiB |", "| ---: | ---: | ---: | ---: |",
        *(f"| {p.profiles:,} | {p.bare:.0f} | {p.landed:.0f} | {p.sealed:.0f} |" for p in (small, large)),
        "", f"Per profile more: {grows(small, large):.0f} bytes at the peak, until the caches of a few MiB are full.",
    ]  # fmt: skip
    print("\n".join(lines))
    if asked.write:
        page.put(asked.write, "memory", lines)
    return small, large


def grows(small: Peaks, large: Peaks) -> float:
    """Bytes of peak memory per profile more."""
    return (large.sealed - small.sealed) * 1024 * 1024 / (large.profiles - small.profiles)


def _two_nights(profiles: int) -> Peaks:
    bare, landed = peak(), 0.0
    with tempfile.TemporaryDirectory(prefix="rollcall-memory-") as folder:
        place, clock = Path(folder), SimulatedClock(datetime(2026, 11, 23, 12, 15, tzinfo=UTC))
        vault = Vault(bytes(range(32)))
        state = State.open(f"sqlite:///{place / 'state.db'}", vault)
        for _ in range(2):
            run_id = state.begin_run(clock.now().date(), trigger="manual", at=clock.now())
            landing = pull.land(SOURCE, Endless(profiles, clock), pull.Site(place, vault, clock))
            landed = landed or peak()
            with Warehouse() as scratch:
                count = partial(prepare.count_active, scratch)
                sealed = pull.seal(landing, set(), pull.Desk(run_id, state, Limits(), ZoneInfo("UTC"), count))
            assert sealed.certified, sealed.problem
            assert sealed.snapshot.active == profiles
            clock.advance(timedelta(days=1))
        state.close()
    return Peaks(profiles, bare, landed, peak())


def _record(number: int) -> dict[str, Any]:
    return {
        "id": f"0adf0000-0000-11f0-aaaa-{number:012d}", "status": "active", "first_name": "Ada",
        "last_name": f"Example{number}", "birth_date": "1990-02-28", "phone": f"+1613555{number % 10_000:04}",
        "email": f"ada{number}@example.com", "street": f"{number} Sample St", "city": "Sampleton", "region": "ON",
        "postal_code": "K0K 0K0", "country": "CA", "email_consent": "unknown", "note": f"likes tea, {number} cups" * 8,
        "created_at": "2025-03-01T15:00:00Z",
    }  # fmt: skip


def peak() -> float:
    """MiB. `ru_maxrss` of a fresh process begins at what its parent held, so the system's own mark is read where there is one."""
    status = Path("/proc/self/status")
    marks = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text("ascii", "replace")) if status.is_file() else []
    return int(marks[0]) / 1024 if marks else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
