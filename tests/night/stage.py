"""What tests of whole nights play with: a simulated group and its workspace, table files, and the command line."""

import csv
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from click.testing import CliRunner

from connectors.clock import SimulatedClock
from connectors.sandbox.plot import Plot, Truth
from connectors.sandbox.world import World
from jobs import applying, night
from jobs.cli import main
from jobs.config_file import read
from jobs.night import Result
from jobs.progress import Progress
from jobs.settings import load
from jobs.workspace import Workspace
from reports.document import RunReport

START = datetime(2026, 3, 2, 12, 15, tzinfo=UTC)
"""04:15 in the group's time zone."""
REPOSITORY = Path(__file__).parent.parent.parent
HALVES = ({"shop", "till"}, {"ecom", "downtown", "uptown", "midtown"})

Edit = Callable[[dict[str, Any]], None]
FindingKey = tuple[str, str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        return self.out.rstrip("\n").split("\n")[-1]

    @property
    def data(self) -> Any:
        """Standard output as JSON."""
        return orjson.loads(self.out)


def rollcall(*words: str | Path) -> Said:
    """One command of the command line, in this process. What it says is told as under the default configuration: that
    the commands which it prints name theirs is looked at in `test_night_hints`."""
    done = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    return Said(
        done.exit_code,
        *(re.sub(r"(rollcall [a-z]+) --config \S+?\.yaml", r"\1", text) for text in (done.stdout, done.stderr)),
    )


class Group:
    """A simulated group that serves, a workspace that looks at it, and the one clock of both.

    Two halves by default, which have every kind of pairing but the vendors' own sync: quicker nights.
    """

    def __init__(
        self,
        folder: Path,
        people: int = 150,
        seed: int = 1,
        clock: SimulatedClock | None = None,
        pairs: Sequence[str] = ("mortar", "blaze"),
        stores: int = 2,
    ) -> None:
        self.folder = folder
        self.seed = seed
        self.clock = clock or SimulatedClock(START)
        self.world = World(people, seed, self.clock.time, pairs, stores)

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def data(self) -> Path:
        """The workspace."""
        return self.folder / "data"

    def start(self, edit: Edit = lambda _: None) -> None:
        """Serve, and write the configuration."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.world.start()
        self.configure(edit)

    def configure(self, edit: Edit = lambda _: None) -> None:
        """The repository's own configuration, pointed at this group, after `edit`."""
        raw = read(REPOSITORY / "config.yaml")
        sources = {name: {**raw["sources"].get(name, {}), **entry} for name, entry in self.world.sources().items()}
        if "till" in sources:
            sources["till"]["per_page"] = 10  # many pages of few people
        raw["sources"] = sources
        raw["threads"] = 1  # nights this small gain nothing by more (G7: nor does their result)
        raw["pairings"] = [pairing for pairing in raw["pairings"] if pairing["ecom"] in sources]
        edit(raw)
        self.config.write_text(
            yaml.dump(raw, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True), encoding="utf-8"
        )

    def stop(self) -> None:
        self.world.stop()

    @contextmanager
    def open(self) -> Iterator[Workspace]:
        with Workspace.open(load(self.config), self.clock) as workspace:
            yield workspace

    def night(self, *, after: float = 24, write: bool = True, progress: Progress | None = None) -> Result:
        """The night, `after` hours later."""
        self.clock.advance(timedelta(hours=after))
        with self.open() as workspace:
            return night.run(workspace, trigger="manual", write=write, progress=progress)

    def apply(self, run_id: str) -> Result:
        with self.open() as workspace:
            return applying.apply(workspace, run_id)

    def plot(self) -> Truth:
        """Let everything go wrong that the plot knows."""
        return Plot(self.world, self.seed).happen()

    def decide(self, name: str, run_id: str, decisions: Sequence[Mapping[str, Any]]) -> Path:
        """A decisions file beside the workspace."""
        path = self.folder / name
        path.write_bytes(orjson.dumps({"schema": 1, "run": run_id, "decisions": list(decisions)}))
        return path

    def approve(self, report: RunReport, *needs: str) -> list[dict[str, Any]]:
        """What a manager's file says: yes to all that needs nothing but `needs`."""
        return [
            {
                "target": "correction", "id": c.correction_id, "verdict": "approve", "by": "manager",
                "reason": "passport seen", "fingerprint": c.fingerprint,
            }
            for c in report.corrections
            if c.state == "held" and set(c.needs) <= set(needs)
        ]  # fmt: skip

    def keep(self, name: str = "kept") -> None:
        """Remember the workspace as it is."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        shutil.copytree(self.data, self.folder / name)

    def put_back(self, name: str = "kept") -> None:
        """The workspace as it was remembered, in its place."""
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.folder / name, self.data)

    def writes(self) -> list[str]:
        """Every write that a vendor received over the wire, as `source METHOD path`."""
        effects = self.world.ledger.effects
        return [f"{e.account} {e.method} {e.path}" for e in effects if e.method != "PUSH"]

    def faults(self, source: str) -> Any:
        """The simulated account of a source, to script faults on."""
        return self.world.account(source)

    def heal(self) -> None:
        """End every scripted fault."""
        for name in self.world.accounts:
            self.faults(name).clear_faults()
        self.faults("shop").files.clear_faults()


@contextmanager
def serving(
    folder: Path,
    people: int = 150,
    *,
    edit: Edit = lambda _: None,
    clock: SimulatedClock | None = None,
    pairs: Sequence[str] = ("mortar", "blaze"),
    stores: int = 2,
) -> Iterator[Group]:
    """A group that serves, with its secrets in the environment."""
    group = Group(folder, people, clock=clock, pairs=pairs, stores=stores)
    with pytest.MonkeyPatch.context() as patch:
        try:
            group.start(edit)
            for name, value in group.world.secrets().items():
                patch.setenv(name, value)
            patch.setattr("jobs.desk.SystemClock", lambda: group.clock)
            yield group
        finally:
            group.stop()


def continued(prepared: Path, folder: Path) -> None:
    """What earlier nights left in `prepared` (lists, configuration, workspace), to go on from in `folder`."""
    shutil.copytree(prepared, folder, dirs_exist_ok=True)


def mortar_only(raw: dict[str, Any]) -> None:
    """The shop and its till alone: a quicker night."""
    raw["sources"] = {name: raw["sources"][name] for name in ("shop", "till")}
    raw["pairings"] = [pairing for pairing in raw["pairings"] if pairing["ecom"] == "shop"]


def keys(report: RunReport) -> set[FindingKey]:
    """A report's findings by what they are about."""
    return {(f.kind, f.field, frozenset(f"{m.source}:{m.id}" for m in f.members)) for f in report.findings}


def states(report: RunReport) -> dict[FindingKey, str]:
    """The life of each finding, by what it is about."""
    return {(f.kind, f.field, frozenset(f"{m.source}:{m.id}" for m in f.members)): f.state for f in report.findings}


def tables(folder: Path, sources: Mapping[str, Mapping[str, Any]], **rest: Any) -> Path:
    """A configuration of table files in `folder`; each source names its `path`."""
    entries = {
        name: {"kind": "table", "role": "pos", "region": "CA", "exported_at": START.isoformat(), **entry}
        for name, entry in sources.items()
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump({"group": "harbor", "sources": entries, **rest}, sort_keys=False), encoding="utf-8")
    return path


def write_csv(path: Path, heading: Sequence[str], rows: Sequence[Sequence[str]], **how: Any) -> None:
    """A CSV file; `encoding` and `delimiter` as given."""
    encoding = how.pop("encoding", "utf-8")
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, **how).writerows([heading, *rows])


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files_below(folder: Path) -> list[Path]:
    return sorted(Path(place) / name for place, _, names in os.walk(folder) for name in names)
