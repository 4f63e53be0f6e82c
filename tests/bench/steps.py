"""What is measured, each in a process of its own: sealing the exports, a bare read of them, and a night over them."""

import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from jobs import detect, kept, phones, plan, prepare, settle, suspects
from jobs.match import match
from jobs.warehouse import Warehouse
from jobs.workspace import Workspace
from tests.bench import world


@dataclass(frozen=True, slots=True)
class Step:
    """One step: seconds by the wall clock, and by the clocks of both cores."""

    name: str
    seconds: float
    cpu: float


@dataclass(slots=True)
class Measured:
    """One process: its steps, its peak memory above what the imports take, and what came of it."""

    profiles: int
    steps: list[Step] = field(default_factory=list)
    peak_mib: float = 0.0
    bare_mib: float = 0.0
    """Memory that was in use before the first step: Python with its imports."""
    counts: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        wall, cpu = time.monotonic(), time.process_time()
        yield
        self.steps.append(Step(name, time.monotonic() - wall, time.process_time() - cpu))

    def seconds(self, until: str | None = None) -> float:
        """Of every step up to one of this name; of all by default."""
        return sum(step.seconds for step in self._until(until))

    def cpu(self, until: str | None = None) -> float:
        return sum(step.cpu for step in self._until(until))

    def _until(self, name: str | None) -> list[Step]:
        names = [step.name for step in self.steps]
        return self.steps if name is None else self.steps[: names.index(name) + 1]


def apart(
    what: Callable[[Path, int, int, int], Measured], folder: Path, profiles: int, seed: Any, night: int
) -> Measured:
    """Run one of the functions below in a fresh process, so that its peak of memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(what, folder, profiles, seed, night).result()


def seal(folder: Path, profiles: int, seed: int, night: int) -> Measured:
    """Invent the group and seal its exports."""
    measured = _begun(profiles)
    with measured.step("seal"):
        world.seal(folder, profiles, seed, night)
    return _ended(measured)


def bare(folder: Path, profiles: int, _seed: int, night: int) -> Measured:
    """Only read the same files into DuckDB: count the rows, and touch every column."""
    measured = _begun(profiles)
    with world.workspace(folder, night) as site, measured.step("read"), duckdb.connect() as connection:
        for source in world.pulled(site, night).values():
            assert source.used is not None
            for part in sorted((site.folder / source.used.path).glob("part-*.parquet")):
                reader = site.vault.read_parquet(part)
                everything = ", ".join(f'max("{name}")' for name in reader.schema.names)
                connection.register("raw", reader)
                rows = connection.execute(f"select count(*), {everything} from raw").fetchall()
                connection.unregister("raw")
                measured.counts["profiles"] = measured.counts.get("profiles", 0) + int(rows[0][0])
    return _ended(measured)


def night(folder: Path, profiles: int, _seed: int, number: int) -> Measured:
    """The steps of `jobs.night` between pull and apply, over the sealed exports, with what the night before kept."""
    measured = _begun(profiles)
    with world.workspace(folder, number) as site, Warehouse() as warehouse:
        with measured.step("open and shape"):
            fill(site, warehouse, number)
        with measured.step("phones"):
            measured.counts["spellings parsed"] = phones.fill(warehouse.connection, site.vault, site.folder, site.state)
        with measured.step("match"):
            match(warehouse, site.settings.match, today=site.today(), key=site.vault.sql_key("entity"))
        with measured.step("suspects"):
            suspects.find(warehouse, suspects.weights())
        with measured.step("detect"):
            detect.detect(warehouse, today=site.today(), key=site.vault.sql_key("finding"))
            found = detect.findings(warehouse)
        with measured.step("plan"):
            corrections = plan.plan(warehouse, site.vault)
        with measured.step("settle"):
            corrections = settle.settled(warehouse, corrections, _means(site))
        with measured.step("keep"):
            _keep(site, warehouse, f"{site.today()}-a")
        measured.counts |= _counts(warehouse) | {"findings": len(found), "corrections": len(corrections)}
        measured.counts["unsettled"] = sum(settle.UNSETTLED in c.needs for c in corrections)
    return _ended(measured)


def fill(site: Workspace, warehouse: Warehouse, number: int) -> None:
    settings, pulled = site.settings, world.pulled(site, number)
    prepare.configure(warehouse, settings, site.connectors)
    prepare.load(warehouse, settings, pulled, site.connectors, site.vault)
    prepare.judge_sources(warehouse, settings, pulled, {}, site.clock.now() + timedelta(minutes=5))
    recalled = {name: kept.read(site.folder, site.vault, site.state, name) for name in kept.RECALLED}
    prepare.remember(warehouse, recalled, [])


def _means(site: Workspace) -> settle.Means:
    keys = {"entity_key": site.vault.sql_key("entity"), "finding_key": site.vault.sql_key("finding")}
    return settle.Means(site.vault, site.settings.match, site.today(), **keys)


def _keep(site: Workspace, warehouse: Warehouse, run_id: str) -> None:
    for name, query in kept.QUERIES.items():
        rows: pa.RecordBatchReader = warehouse.reader(query)
        kept.keep(site.folder, site.vault, site.state, site.clock, run_id=run_id, name=name, rows=rows)


def _counts(warehouse: Warehouse) -> dict[str, int]:
    tables = {
        "profiles": "profiles",
        "pairs": "pairs",
        "links": "links",
        "placeholders": "placeholders",
        "drifts": "drifts",
    }
    counts = {name: warehouse.count(f"select count(*) from {table}") for name, table in tables.items()}
    return counts | {"entities": warehouse.count("select count(distinct entity_id) from entities")}


def _begun(profiles: int) -> Measured:
    return Measured(profiles, bare_mib=peak_mib())


def _ended(measured: Measured) -> Measured:
    measured.peak_mib = peak_mib()
    return measured


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
