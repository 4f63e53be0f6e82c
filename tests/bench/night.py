"""`python -m tests.bench.night`: a million profiles in eight systems, from sealed snapshots to findings.

Seconds of the wall clock and of the processors per step, peak memory, and the ratio to a bare read of the same files by
DuckDB in the same run: machines differ, ratios travel.
"""

import argparse
import math
import os
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb

from tests.bench import steps
from tests.bench.steps import Measured


def main(words: Sequence[str] | None = None) -> str:
    """Measure, and return (and write) the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", type=Path, help="the page to write")
    asked = parser.parse_args(words)
    small, large = (_size(profiles, asked.seed) for profiles in (asked.profiles // 4, asked.profiles))
    page = _page(small, large)
    if asked.write:
        asked.write.write_text(page, encoding="utf-8")
    print(page)
    return page


def _size(profiles: int, seed: int) -> dict[str, Measured]:
    """A bare read, a first night and a second night (a day later, with what the first kept) of one size."""
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as folder:
        place = Path(folder)
        measured = {}
        for number, name in ((1, "first night"), (2, "second night")):
            steps.apart(steps.seal, place, profiles, seed, number)
            if number == 1:
                measured["bare read"] = steps.apart(steps.bare, place, profiles, seed, number)
            measured[name] = steps.apart(steps.night, place, profiles, seed, number)
        return measured


def _page(small: dict[str, Measured], large: dict[str, Measured]) -> str:
    bare, nights = large["bare read"], {name: large[name] for name in ("first night", "second night")}
    profiles = bare.profiles
    lines = [
        "# Benchmarks",
        "",
        f"`make bench`: {profiles:,} profiles in eight systems and three pairings, from sealed (encrypted) snapshots to entities,",
        f"findings and plan. Measured on {_machine()}. Wall seconds depend on what else the machine does;",
        "the ratio to a bare DuckDB read of the same files in the same run is the figure to compare.",
        "",
        "| step | first night: wall s | processor s | second night: wall s | processor s |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    first, second = nights.values()
    for one, two in zip(first.steps, second.steps, strict=True):
        lines.append(f"| {one.name} | {one.seconds:.1f} | {one.cpu:.1f} | {two.seconds:.1f} | {two.cpu:.1f} |")
    lines.append(
        f"| **all** | **{first.seconds():.1f}** | **{first.cpu():.1f}** | **{second.seconds():.1f}** | **{second.cpu():.1f}** |"
    )
    lines += [
        "",
        "| | bare read | first night | second night |",
        "| --- | ---: | ---: | ---: |",
        f"| wall seconds | {bare.seconds():.1f} | {first.seconds():.1f} | {second.seconds():.1f} |",
        f"| ratio to the bare read | 1 | {_ratio(first, bare):.1f} | {_ratio(second, bare):.1f} |",
        f"| peak memory, MiB (of it the imports) | {bare.peak_mib:,.0f} ({bare.bare_mib:,.0f}) | {first.peak_mib:,.0f}"
        f" ({first.bare_mib:,.0f}) | {second.peak_mib:,.0f} ({second.bare_mib:,.0f}) |",
        f"| exponent of processor time from {profiles // 4:,} | | {_exponent(small['first night'], first):.2f}"
        f" | {_exponent(small['second night'], second):.2f} |",
        "",
        "What was in it, on the first night: "
        + ", ".join(f"{count:,} {name}" for name, count in sorted(first.counts.items()))
        + ".",
        "",
    ]
    return "\n".join(lines)


def _ratio(night: Measured, bare: Measured) -> float:
    return night.seconds() / max(bare.seconds(), 1e-9)


def _exponent(small: Measured, large: Measured) -> float:
    """1.0 is time in proportion to the number of profiles."""
    return math.log(large.cpu() / small.cpu()) / math.log(large.profiles / small.profiles)


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, DuckDB {duckdb.__version__}"


if __name__ == "__main__":
    main()
