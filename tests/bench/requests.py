"""`python -m tests.bench.requests`: how many requests a full export takes, against the least that it can take.

Every vendor's simulated account serves the same number of profiles to the real connector; each request is counted on the
wire. Least possible: as many pages as the vendor's page size forces, and what the certificate needs (G1): the end mark
where it is an empty page, the counts, whose account it is. `--write` puts the table between the markers of a page.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from connectors.base import Evidence
from tests.bench import page
from tests.bench.stores import ROLES, Call, opened

MOST = 1.1


@dataclass(frozen=True, slots=True)
class Least:
    """What one vendor's export cannot do without. `pages`: of so many profiles; `proof`: requests of the certificate."""

    page: int
    proof: int
    why: str
    pages: Callable[[int, int], int] = lambda profiles, page: ceil(profiles / page)


LEAST = {
    "blaze_ecom": Least(100, 0, "every page tells the total"),
    "ecwid": Least(100, 3, "deleted customers counted before and after, and their list"),
    "greenline": Least(100, 0, "every page tells the total"),
    "heartland": Least(500, 5, "an empty page; who asks; a count before and after; whether inactive ones are listed"),
    "lightspeed_r": Least(100, 3, "a count before and after; the shop's zone"),
    "lightspeed_x": Least(500, 4, "the empty page, twice; the names of the groups, which end with an empty page too"),
    "shopify": Least(250, 4, "account and scopes; a sample; a count before and after. One file instead of pages"),
    "treez": Least(50, 3, "the empty page, and one more after a full last page; which number the first page has"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counted:
    """One vendor's export, on the wire."""

    kind: str
    profiles: int
    used: int
    paths: Counter[str]

    @property
    def least(self) -> int:
        known = LEAST[self.kind]
        return known.pages(self.profiles, known.page) + known.proof

    @property
    def ratio(self) -> float:
        return self.used / self.least

    def at(self, profiles: int) -> float:
        """The ratio at another size, if what is asked beside the pages stays the same."""
        known = LEAST[self.kind]
        more = known.pages(profiles, known.page) - known.pages(self.profiles, known.page)
        return (self.used + more) / (self.least + more)


def measured(kind: str, profiles: int, folder: Path) -> Counted:
    """Pull a whole account, and count. Raises AssertionError when not everybody came."""
    with opened(kind, folder, profiles) as store:
        evidence = Evidence()
        count = sum(len(page.records) for page in store.connector(rate_share=1.0).pages(evidence))
        assert count == profiles, f"{kind}: {count} of {profiles} profiles came"
        assert evidence.end_mark, f"{kind}: no end mark"
        return Counted(kind, profiles, len(store.calls), Counter(map(_named, store.calls)))


def table(rows: Sequence[Counted]) -> list[str]:
    """Markdown."""
    lines = ["| vendor | page size | least possible | used | ratio | least possible, beside the pages |", "| --- | ---: | ---: | ---: | ---: | --- |"]  # fmt: skip
    for row in rows:
        known = LEAST[row.kind]
        lines.append(f"| `{row.kind}` | {known.page} | {row.least} | {row.used} | {row.ratio:.2f} | {known.why} |")
    return lines


def main(words: Sequence[str] | None = None) -> list[Counted]:
    """Measure, print, write; fails where a connector asks too often."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profiles", type=int, default=50_000)
    parser.add_argument("--kind", choices=sorted(ROLES), action="append")
    parser.add_argument("--write", type=Path, help="the page with the two markers")
    asked = parser.parse_args(words)
    rows = []
    for kind in asked.kind or sorted(ROLES):
        with tempfile.TemporaryDirectory(prefix="rollcall-requests-") as folder:
            rows.append(measured(kind, asked.profiles, Path(folder)))
        print(f"{kind}: {rows[-1].used} of {rows[-1].least}: {dict(rows[-1].paths.most_common(6))}", flush=True)
    lines = table(rows)
    print("\n".join(lines))
    if asked.write:
        page.put(
            asked.write, "requests", [f"`make requests`: {asked.profiles:,} profiles in every system.", "", *lines]
        )
    return rows


def _named(call: Call) -> str:
    """The path with ids and page numbers taken out."""
    return f"{call.method} " + "/".join(
        "…" if any(c.isdigit() for c in part) else part for part in call.path.split("/")
    )


if __name__ == "__main__":
    worst = max(main(), key=lambda row: row.ratio)
    if worst.ratio > MOST:
        raise SystemExit(f"{worst.kind} asks {worst.ratio:.2f} times as often as it must")
