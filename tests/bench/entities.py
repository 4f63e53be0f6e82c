"""`python -m tests.bench.entities`: from sealed snapshots to entities, beside splink 5 on the same people.

By the clocks of the processors, each side in a process of its own. splink gets a table that is clean already, and has its
environment in the cache, never in the product's.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs import phones
from jobs.match import match
from jobs.warehouse import Warehouse
from tests.accuracy import beside
from tests.bench import steps, world
from tests.bench.steps import Measured

WAYS = ("keys", "people")
"""What splink pairs: see `splink_job.py.txt`."""
CLEAN = """
select w.n as unique_id, w.first_key as first_name, w.last_key as last_name, cast(w.birth_key as varchar) as birth_date,
  min(k.key) filter (where k.key_kind = 'phone') as phone, min(k.key) filter (where k.key_kind = 'email') as email,
  min(lower(p.street)) as street, min(lower(p.city)) as city, min(replace(p.postal_code, ' ', '')) as postal_code
from people as w
join profiles as p on p.source = w.source and p.id = w.id
left join keys as k on k.n = w.n
group by w.n, w.first_key, w.last_key, w.birth_key
order by w.n
"""


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print. Raises SystemExit where splink cannot be installed or fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--memory", help="the limit of the warehouse, such as 1GB; what does not fit is spilled")
    parser.add_argument("--way", choices=WAYS, action="append", help="both by default")
    parser.add_argument("--alone", action="store_true", help="without splink")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "rollcall-accuracy")
    asked = parser.parse_args(words)
    ways = [] if asked.alone else asked.way or WAYS
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as folder:
        place = Path(folder)
        steps.apart(steps.seal, place, asked.profiles, asked.seed, 1)
        ours = steps.apart(limited if asked.memory else entities, place, asked.profiles, asked.memory or "", 1)
        print(
            "\n".join(["| | processor s | ours is faster by | peak MiB |", "| --- | ---: | ---: | ---: |", _line(ours)])
        )
        if ways:
            steps.apart(clean, place, asked.profiles, "", 1)
        for way in ways:
            theirs = splink(place, way, asked.cache)
            spent = sum(theirs["steps"].values())
            print(f"| splink, {way} | {spent:.1f} | {spent / ours.cpu():.2f} | {theirs['peak_mib']:,.0f} |", flush=True)


def entities(folder: Path, profiles: int, _: Any, night: int) -> Measured:
    """Sealed exports to entities with stable ids, with as much memory as it likes."""
    with Warehouse() as warehouse:
        return _entities(warehouse, folder, profiles, night)


def limited(folder: Path, profiles: int, memory: Any, night: int) -> Measured:
    """The same under a limit of memory."""
    with Warehouse(memory=memory, spill=folder) as warehouse:
        return _entities(warehouse, folder, profiles, night)


def clean(folder: Path, profiles: int, _: Any, night: int) -> Measured:
    """What splink gets: folded names, E.164 phones, no placeholders."""
    with Warehouse() as warehouse:
        measured = _entities(warehouse, folder, profiles, night)
        table: pa.Table = warehouse.connection.sql(CLEAN).to_arrow_table()
        pq.write_table(table, folder / "people.parquet")
        return measured


def splink(folder: Path, way: str, cache: Path) -> dict[str, Any]:
    """Its processor seconds by step, its peak memory and how many entities it found."""
    python = beside.environment(cache)
    if isinstance(python, str):
        raise SystemExit(python)
    job, out = Path(__file__).parent / "splink_job.py.txt", folder / f"{way}.json"
    done = subprocess.run(
        [python, job, folder / "people.parquet", out, way], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"splink failed: {done.stderr.strip()[-300:]}")
    told: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return told


def _entities(warehouse: Warehouse, folder: Path, profiles: int, night: int) -> Measured:
    measured = Measured(profiles, bare_mib=steps.peak_mib())
    with world.workspace(folder, night) as site:
        with measured.step("open and shape"):
            steps.fill(site, warehouse, night)
        with measured.step("phones"):
            phones.fill(warehouse.connection, site.vault, site.folder, site.state)
        with measured.step("match"):
            match(warehouse, site.settings.match, today=site.today(), key=site.vault.sql_key("entity"))
    measured.counts["entities"] = warehouse.count("select count(distinct entity_id) from entities")
    measured.peak_mib = steps.peak_mib()
    return measured


def _line(ours: Measured) -> str:
    return f"| ours, {ours.profiles:,} profiles | {ours.cpu():.1f} | 1 | {ours.peak_mib:,.0f} |"


if __name__ == "__main__":
    main()
