"""Who is who: from profiles to keys, pairs, links and entities. Set work; the only Python is the graph's components."""

from datetime import date
from functools import cache, partial

import numpy as np
import pyarrow as pa
from nicknames import NickNamer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from jobs import erased
from jobs.settings import Match
from jobs.warehouse import Warehouse

CROWD = 100
"""Profiles of one source on one value above which it is no key, whatever their names say (G5)."""


def match(warehouse: Warehouse, settings: Match, *, today: date, key: str) -> None:
    """Build keys, pairs, links and entities in the warehouse (G3-G7). `phones` must be filled.

    The same profiles give the same tables, in whatever order they came and with any number of threads (G7).
    """
    warehouse.insert("nicknames", nicknames())
    make = partial(warehouse.run, "keys", today=today, shared_by=settings.placeholders.shared_by, crowd=CROWD)
    erased.keys(warehouse, make, key)
    warehouse.run("match/pairs")
    warehouse.run("match/attested")
    warehouse.run("similar")
    warehouse.run("match/compare", silence=settings.silence)
    components(warehouse, "given_edges", "given_groups")
    warehouse.run("match/bridges")
    components(warehouse, "chained_edges", "chained_groups")
    warehouse.run("match/chains")
    warehouse.run("match/links")
    warehouse.run("match/edges")
    components(warehouse, "edges", "components")
    warehouse.run("match/entities", key=key, today=today)


def components(warehouse: Warehouse, edges: str, into: str) -> None:
    """Label every profile with its connected component; labels follow the order of profiles, so they are stable."""
    found = warehouse.connection.table(edges).order("left_n, right_n").fetchnumpy()
    size = warehouse.count("select count(*) from people")
    left, right = (np.asarray(found[name], dtype=np.int64) for name in ("left_n", "right_n"))
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    labels = connected_components(graph, directed=False)[1] if size else np.empty(0, dtype=np.int32)
    table = pa.table({"n": pa.array(np.arange(size)), "label": pa.array(labels.astype(np.int64))})
    warehouse.connection.execute(f"create table {into} (n bigint, label bigint)")
    warehouse.load(into, table.to_reader())


@cache
def nicknames() -> tuple[tuple[str, str], ...]:
    """Every two forms of one name, both ways: a full name with its short forms, and short forms with each other."""
    pairs: set[tuple[str, str]] = set()
    for name, short in NickNamer().nickname_lookup.items():
        forms = {name, *short}
        pairs.update((a, b) for a in forms for b in forms if a != b)
    return tuple(sorted(pairs))
