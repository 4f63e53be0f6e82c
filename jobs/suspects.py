"""Who may be who (tier 2): customers that no key ties, scored field by field after Fellegi and Sunter; a person decides.

The weights are data: a file of the product, or the one that `rollcall weights --accept` put into the workspace. Nothing
is learned at night, so the same exports give the same suspects.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sql
from jobs.errors import ConfigError
from jobs.warehouse import Warehouse

GIVEN = sql.ROOT / "suspects" / "weights.csv"
OWN = "weights.csv"
"""The name, in the workspace, of weights that a person accepted."""

BLOCK = 50
"""Profiles that may share one part and still all be compared: what keeps the time in proportion to the profiles."""
WEAK_BLOCK = 10
"""The same where the part says little: a road, a city, the beginnings of names."""
SMOOTH = 100
"""Customers that the general share of a value counts for, beside its share of tonight."""
PER_PROFILE = 1.5
"""Further profiles that a customer is expected to have beside those that keys tie."""
LEAST = 0.5
"""From this probability on a person is asked."""
FLOOR = -1
"""Bits that a pair must be able to reach to be compared in full, just below those at which a person is asked."""
HEADING = ["field", "level", "same", "others", "why"]


@dataclass(frozen=True, slots=True)
class Weight:
    """How often a field stands at a level: of two profiles of the same customer, and of two of others. Shares, 0 to 1."""

    field: str
    level: str
    same: float
    others: float
    why: str = ""


def weights(workspace: Path | None = None) -> list[Weight]:
    """The weights in force: the workspace's own where there are some. Raises ConfigError for a file that is none."""
    own = workspace / OWN if workspace else GIVEN
    path = own if own.is_file() else GIVEN
    with path.open(encoding="utf-8", newline="") as file:
        heading, *rows = list(csv.reader(file)) or [[]]
    try:
        read = [Weight(field, level, float(same), float(others), why) for field, level, same, others, why in rows]
    except ValueError:
        read = []
    if heading != HEADING or not read or not all(0 < w.same <= 1 and 0 < w.others <= 1 for w in read):
        raise ConfigError(
            f"{path}: not a file of weights ({', '.join(HEADING)}; shares above 0 and up to 1): remove it"
        )
    if path != GIVEN and (lacking := {(w.field, w.level) for w in weights()} - {(w.field, w.level) for w in read}):
        raise ConfigError(f"{path}: it lacks {', '.join(' '.join(pair) for pair in sorted(lacking))}: remove it")
    return read


def find(warehouse: Warehouse, given: Sequence[Weight], *, least: float = LEAST) -> None:
    """Fill `suspects`, and `waterfall` with what each field adds. Entities must be there (G7)."""
    warehouse.insert("weights", [(w.field, w.level, w.same, w.others) for w in given])
    warehouse.run("suspects/traits", smooth=SMOOTH, per_profile=PER_PROFILE)
    warehouse.drop("places", "contacts", "spelled")
    warehouse.run("suspects/blocks", block=BLOCK, weak_block=WEAK_BLOCK)
    warehouse.drop("ways", "blocked")
    warehouse.run("suspects/levels", floor=FLOOR)
    warehouse.drop("met", "named_pairs")
    warehouse.run("suspects/weigh", least=least)
    warehouse.run("suspects/waterfall")


def weigh_pair(warehouse: Warehouse, given: Sequence[Weight], left_n: int, right_n: int) -> None:
    """Fill `weighed` and `waterfall` for two customers in particular, however little they share."""
    warehouse.insert("weights", [(w.field, w.level, w.same, w.others) for w in given])
    warehouse.run("suspects/traits", smooth=SMOOTH, per_profile=PER_PROFILE)
    warehouse.run("suspects/pair", one=left_n, other=right_n)
    warehouse.run("suspects/levels", floor=-1000)
    warehouse.run("suspects/weigh", least=0)
    warehouse.run("suspects/waterfall")
