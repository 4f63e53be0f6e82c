"""The same profiles in whatever order, with any number of threads: the same bytes (G7)."""

import random
from dataclasses import asdict

import orjson
import pytest

from tests.sql import invented

SEED = 23
TABLES = {
    "entities": "select source, id, entity_id, status from entities order by source, id",
    "links": "select * exclude (ecom_n, pos_n) from links order by pairing, ecom_source, ecom_id, pos_source",
    "suspects": "select left_source, left_id, right_source, right_id, cast(weight as varchar) as weight, cast(probability as varchar) as p "
    "from suspects order by left_source, left_id, right_source, right_id",
    "bases": "select * from next_bases order by pairing, ecom_source, ecom_id, pos_source, pos_id, field",
}


def _bytes(given: list[invented.Profile], threads: int) -> dict[str, bytes]:
    night = invented.night(SEED, given=given, threads=threads).suspected()
    try:
        found = [asdict(finding) for finding in night.findings()]
        plan = [asdict(correction) for correction in night.planned()]
        tables = {name: orjson.dumps(night.rows(query)) for name, query in TABLES.items()}
    finally:
        night.close()
    assert len(found) > 50
    assert len(plan) > 20
    return {**tables, "findings": orjson.dumps(found), "plan": orjson.dumps(plan)}


@pytest.fixture(scope="module")
def expected() -> dict[str, bytes]:
    return _bytes(invented.profiles(SEED), 1)


@pytest.mark.parametrize(
    ("order", "threads"), [("as they came", 2), ("backwards", 1), ("shuffled", 1), ("shuffled again", 2)]
)
def test_order_and_threads_change_nothing_g7(expected: dict[str, bytes], order: str, threads: int) -> None:
    given = invented.profiles(SEED)
    if order == "backwards":
        given.reverse()
    elif order != "as they came":
        random.Random(order).shuffle(given)
    assert _bytes(given, threads) == expected


def test_a_second_run_of_a_day_keeps_every_entity(expected: dict[str, bytes]) -> None:
    """Fed with its own roll, a run of the same profiles names everybody as before."""
    first = invented.night(SEED)
    rolled = {f"{r['source']}:{r['id']}": r["entity_id"] for r in first.matched().rows("select * from next_roll")}
    ids = first.ids()
    first.close()
    again = invented.night(SEED)
    again.warehouse.connection.execute("delete from roll")
    assert again.rolled(rolled).ids() == ids
    again.close()


@pytest.mark.parametrize("seed", [17, 29])
def test_no_plan_of_the_engine_s_own_breaks_a_night(seed: int) -> None:
    """Two groups on which DuckDB 2.0 fails for good when it may turn outer joins around (its issue 24807)."""
    night = invented.night(seed, people=60, threads=1 + seed % 2)
    assert night.planned()
    night.close()
