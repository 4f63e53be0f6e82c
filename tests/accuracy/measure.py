"""One labelled set through the real pipeline: files, `run`, `export`; then how right it was, pair by pair."""

import csv
import json
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path

from connectors.clock import SystemClock
from jobs import suspects
from jobs.last import match_last
from jobs.settings import load
from jobs.warehouse import Warehouse
from jobs.workspace import Workspace
from tests.accuracy.sets import LabelledSet, Pair
from tests.night.stage import rollcall


@dataclass(frozen=True, slots=True)
class Measure:
    """Pairs said, of them right, and how many there are."""

    said: int
    right: int
    there: int

    @property
    def precision(self) -> float:
        return self.right / self.said if self.said else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.there if self.there else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.said + self.there) if self.said + self.there else 1.0

    def line(self) -> str:
        return f"precision {self.precision:.4f}, recall {self.recall:.4f}, F1 {self.f1:.4f} ({self.said:,} said of {self.there:,})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Unattended: tiers 0 and 1. With suspects: those and every pair that `export suspects` names."""

    unattended: Measure
    with_suspects: Measure
    families_merged: int
    families_asked: int


def measure(labelled: LabelledSet, folder: Path) -> Outcome:
    """Feed the set as `table` sources, run the night, and compare its two exports with the truth."""
    config = feed(labelled, folder)
    said = rollcall("--config", config, "run", "--dry-run")
    assert said.code == 0, said.out + said.err
    for what in ("entities", "suspects"):
        assert rollcall("--config", config, "export", what, "--out", folder / f"{what}.csv").code == 0
    return judge(labelled, entity_pairs(folder / "entities.csv"), suspect_pairs(folder / "suspects.csv"))


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs of suspects whose probability lies between two bounds: what was predicted on average, and how many are right."""

    low: float
    high: float
    predicted: float
    right: int
    pairs: int

    @property
    def true(self) -> float:
        return self.right / self.pairs if self.pairs else 0.0

    def line(self) -> str:
        return f"{self.low:.2f} to {self.high:.2f}: predicted {self.predicted:.3f}, true {self.true:.3f} ({self.right:,} of {self.pairs:,})"


BOUNDS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0)


def calibration(labelled: LabelledSet, config: Path, *, least: float = 0.01) -> list[Bin]:
    """Predicted against true, bin by bin, of all that tier 2 compares after a night, improbable ones included."""
    with Workspace.open(load(config), SystemClock()) as workspace, Warehouse() as warehouse:
        match_last(workspace, warehouse)
        suspects.find(warehouse, suspects.weights(workspace.folder), least=least)
        rows = warehouse.rows("select * from suspects")
    true = labelled.pairs()
    seen = [
        (
            float(r["probability"]),
            frozenset((f"{r['left_source']}:{r['left_id']}", f"{r['right_source']}:{r['right_id']}")),
        )
        for r in rows
    ]
    return [_bin(low, high, seen, true) for low, high in pairwise(BOUNDS)]


def _bin(low: float, high: float, seen: list[tuple[float, Pair]], true: set[Pair]) -> Bin:
    inside = [(p, pair) for p, pair in seen if low <= p < high or p == high == 1]
    mean = sum(p for p, _ in inside) / len(inside) if inside else 0.0
    return Bin(low, high, mean, sum(pair in true for _, pair in inside), len(inside))


def feed(labelled: LabelledSet, folder: Path) -> Path:
    """The set's files and a configuration for them, JSON being YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = {}
    for source, rows in labelled.rows.items():
        path = folder / f"{source}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        sources[source] = {"kind": "table", "role": "pos", "path": path.name, "region": labelled.region}
    config = folder / "config.yaml"
    raw = {"group": "labelled", "sources": sources, "match": {"keys": list(labelled.keys)}}
    config.write_text(json.dumps(raw), encoding="utf-8")
    return config


def judge(labelled: LabelledSet, tied: set[Pair], asked: set[Pair]) -> Outcome:
    """Against the truth; a pair of a family is two people of one home."""
    true = labelled.pairs()
    return Outcome(_against(tied, true), _against(tied | asked, true), _kin(labelled, tied), _kin(labelled, asked))


def entity_pairs(path: Path) -> set[Pair]:
    """Every two profiles of one entity of `export entities`."""
    groups: dict[str, list[str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            groups.setdefault(row["entity_id"], []).append(f"{row['source']}:{row['profile_id']}")
    return {frozenset(pair) for group in groups.values() for pair in combinations(group, 2)}


def suspect_pairs(path: Path) -> set[Pair]:
    """Every pair of `export suspects`."""
    with path.open(encoding="utf-8", newline="") as file:
        return {
            frozenset((f"{r['left_source']}:{r['left_id']}", f"{r['right_source']}:{r['right_id']}"))
            for r in csv.DictReader(file)
        }


def _against(said: set[Pair], true: set[Pair]) -> Measure:
    return Measure(len(said), len(said & true), len(true))


def _kin(labelled: LabelledSet, said: set[Pair]) -> int:
    """Pairs of two people of one family."""
    found = 0
    for pair in said:
        people = {labelled.whose[profile] for profile in pair}
        families = {labelled.families.get(person) for person in people}
        found += len(people) == 2 and len(families) == 1 and None not in families
    return found
