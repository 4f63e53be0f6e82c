"""The weights of suspects, estimated anew from this group's own customers (tier 2): by hand, never at night.

How often a field stands at a level among profiles of others is counted on customers met by chance. How often it does
among profiles of one customer is estimated by expectation and maximisation: profiles that stored links and keys tie are
one customer, households and families are not, and of the rest the fields themselves say how probable it is.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs import suspects
from jobs.last import match_last
from jobs.suspects import Weight
from jobs.vault import open_private
from jobs.warehouse import Warehouse
from jobs.workspace import Workspace

CHANCE = 300_000
"""Pairs that are met by chance, about."""
CROWD = 20
"""Profiles of an entity above which it teaches nothing."""
GIVEN = 30
LIKE_GIVEN = 3
"""A share in force counts for so many pairs, and for at least so many at its own level: what was hardly seen moves little."""
SETTLED = 1e-6
ROUNDS = 500
AS_GIVEN = frozenset({("crossed", "yes"), ("email", "name")})
"""What is no share but a correction of others, and stays."""

Levels = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Estimate:
    """The weights in force and those estimated, in one order; `pairs` met by chance, tied, and open."""

    before: list[Weight]
    after: list[Weight]
    chance: int
    tied: int
    open: int

    def moved(self, bits: float = 0.5) -> int:
        """How many levels would change by more than so many bits."""
        return sum(abs(_bits(b) - _bits(a)) > bits for b, a in zip(self.before, self.after, strict=True))

    def table(self) -> list[list[str]]:
        """Every level with its shares and bits before and after; heading first."""
        rows = [["field", "level", "same", "same then", "others", "others then", "bits", "bits then", "difference"]]
        for b, a in zip(self.before, self.after, strict=True):
            now, then = _bits(b), _bits(a)
            shares = [f"{b.same:.4f}", f"{a.same:.4f}", f"{b.others:.6f}", f"{a.others:.6f}"]
            rows.append([b.field, b.level, *shares, f"{now:+.1f}", f"{then:+.1f}", f"{then - now:+.1f}"])
        return rows


def estimate(workspace: Workspace) -> Estimate:
    """From the last certified exports. Raises ConfigError where a source has none. Writes nothing."""
    with Warehouse() as warehouse:
        match_last(workspace, warehouse)
        return learned(warehouse, suspects.weights(workspace.folder))


def learned(warehouse: Warehouse, given: Sequence[Weight]) -> Estimate:
    """The same from a warehouse whose entities are made, and in which tier 2 has not run."""
    warehouse.insert("weights", [(w.field, w.level, w.same, w.others) for w in given])
    warehouse.run("suspects/traits", smooth=suspects.SMOOTH, per_profile=suspects.PER_PROFILE)
    chance = _by_chance(warehouse)
    warehouse.drop("suspect_pairs", "name_levels", "suspect_levels", "patterns")
    warehouse.run("suspects/blocks", block=suspects.BLOCK, weak_block=suspects.WEAK_BLOCK)
    warehouse.run("suspects/tied", most=CROWD)
    warehouse.run("suspects/levels", floor=suspects.FLOOR)
    met = _patterns(warehouse)
    same = _expected(met, given)
    after = [_mixed(w, _share(chance, chance["pairs"], w), _share(met, same, w)) for w in given]
    tied, still_open = (int(met["pairs"][met["known"] == known].sum()) for known in ("same", ""))
    return Estimate(list(given), after, int(chance["pairs"].sum()), tied, still_open)


def accept(workspace: Workspace, found: Estimate) -> Path:
    """Put the estimated weights in force for this workspace; removing the file brings the product's own back."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(suspects.HEADING)
    writer.writerows([w.field, w.level, f"{w.same:.8f}", f"{w.others:.8f}", w.why] for w in found.after)
    path = workspace.folder / suspects.OWN
    with open_private(path) as file:
        file.write(text.getvalue().encode())
    suspects.weights(workspace.folder)
    return path


def _by_chance(warehouse: Warehouse) -> Levels:
    customers = warehouse.count("select count(*) from traits")
    rounds = max(1, min(50, CHANCE // max(1, customers)))
    warehouse.run("suspects/chance", rounds=rounds, every=max(1, customers // CHANCE))
    warehouse.run("suspects/levels", floor=-1000)
    return _patterns(warehouse)


def _patterns(warehouse: Warehouse) -> Levels:
    warehouse.run("suspects/patterns")
    table: pa.Table = warehouse.reader("select * from patterns order by all").read_all()
    kinds = {name: np.int64 if name == "pairs" else np.str_ for name in table.column_names}
    return {name: np.array(table[name].to_pylist(), dtype=kind) for name, kind in kinds.items()}


def _expected(met: Levels, given: Sequence[Weight]) -> NDArray[np.float64]:
    """How many pairs of each combination are one customer: known for those that are tied, expected for the open ones."""
    pairs, is_open = met["pairs"].astype(float), met["known"] == ""
    same = {(w.field, w.level): w.same for w in given}
    others = {(w.field, w.level): w.others for w in given}
    share, sure = 0.01, np.where(met["known"] == "same", pairs, 0.0)
    for _ in range(ROUNDS):
        likely, unlikely = share * _fits(met, same), (1 - share) * _fits(met, others)
        probable = np.where(is_open, likely / (likely + unlikely), 0.0)
        expected: NDArray[np.float64] = sure + pairs * probable
        rest = np.where(is_open, pairs * (1 - probable), 0.0)
        before, share = share, float((pairs * probable).sum() / max(1.0, pairs[is_open].sum()))
        same = {(w.field, w.level): _mixed(w, None, _share(met, expected, w)).same for w in given}
        # who meets in a block and is not one is like nobody met by chance: learned as well, and not kept
        others = {(w.field, w.level): _mixed(w, _share(met, rest, w), None).others for w in given}
        if abs(share - before) < SETTLED:
            break
    return expected


def _fits(met: Levels, shares: Mapping[tuple[str, str], float]) -> NDArray[np.float64]:
    """How well each combination of levels fits, by these shares; a silent field says nothing."""
    fit: NDArray[np.float64] = np.ones(len(met["pairs"]))
    for (field, level), share in shares.items():
        if (field, level) not in AS_GIVEN:
            fit = np.where(met[field] == level, fit * share, fit)
    return fit


def _share(met: Levels, pairs: NDArray[Any], weight: Weight) -> tuple[float, float]:
    """Pairs at the level of a weight, and pairs whose field is not silent."""
    column = met[weight.field]
    return float(pairs[column == weight.level].sum()), float(pairs[column != "silent"].sum())


def _mixed(weight: Weight, others: tuple[float, float] | None, same: tuple[float, float] | None) -> Weight:
    """The weight with the shares that were seen, the given ones counting for a few pairs besides."""
    if (weight.field, weight.level) in AS_GIVEN:
        return weight
    return replace(
        weight,
        others=_mean(weight.others, *others) if others else weight.others,
        same=_mean(weight.same, *same) if same else weight.same,
    )


def _mean(given: float, at_level: float, spoken: float) -> float:
    worth = max(GIVEN, LIKE_GIVEN / given)
    return min(1.0, (at_level + worth * given) / (spoken + worth))


def _bits(weight: Weight) -> float:
    return log2(weight.same / weight.others)
