"""Matching against an oracle in plain Python on generated customers: pairs, links and entities are the same (G6, G7, M2, M5)."""

from collections.abc import Iterator

import pytest

from tests.sql import invented
from tests.sql.given import TODAY, Night
from tests.sql.plain import Oracle, Tie
from tests.sql.plain_people import distance

MORTAR = Tie("shop", "till", ("email", "phone"), "candidate")
STORES = Tie("ecom", "down", ("phone",), "link")
SEEDS = (1, 2, 3, 4)


@pytest.fixture(scope="module")
def groups() -> Iterator[dict[int, Night]]:
    """A matched group of some hundred profiles per seed."""
    made = {seed: invented.night(seed).matched() for seed in SEEDS}
    yield made
    for night in made.values():
        night.close()


def _oracle(seed: int, night: Night) -> Oracle:
    verdicts: dict[frozenset[str], str] = {}
    for row in night.rows("select id, verdict from decisions"):
        pair = frozenset(row["id"].split(" "))
        verdicts[pair] = min(row["verdict"], verdicts.get(pair, "same"))
    return Oracle(
        invented.profiles(seed), regions={"shop": "CA", "till": "CA", "ecom": "US", "down": "US"}, pairings=(MORTAR, STORES),
        keys=("email", "phone"), silence="candidate", decisions=verdicts, standins={"till:3", "shop:5"}, listed="noemail@.*",
        today=TODAY, limit=10,
    )  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_pairs_links_and_entities_are_those_of_the_oracle(groups: dict[int, Night], seed: int) -> None:
    print("seed", seed)
    night, oracle = groups[seed], _oracle(seed, groups[seed])
    pairs = night.rows(
        """select concat(a.source, ':', a.id) as one, concat(b.source, ':', b.id) as other, p.outcome from pairs as p
        join people as a on a.n = p.left_n join people as b on b.n = p.right_n"""
    )
    assert {frozenset((p["one"], p["other"])): p["outcome"] for p in pairs} == oracle.pairs
    for tie in (MORTAR, STORES):
        links = {(ecom, pos, state) for ecom, pos, _, state in night.links() if ecom.startswith(f"{tie.ecom}:")}
        assert links == oracle.links(tie)
    assert night.partition() == oracle.entities()


def test_the_generated_customers_are_hard_enough(groups: dict[int, Night]) -> None:
    """All outcomes, links of every state and entities of several sizes occur, or the comparison proves little."""
    nights = groups.values()
    outcomes = {row["outcome"] for night in nights for row in night.rows("select outcome from pairs")}
    links = [row for night in nights for row in night.rows("select origin, state from links")]
    sizes = {len(group) for night in nights for group in night.groups()}
    assert all(night.placeholders() for night in nights)
    assert outcomes == {"link", "household", "candidate", "apart"}
    assert {row["doubt"] for night in nights for row in night.rows("select doubt from pairs")} == {
        "", "silence", "weak", "torn", "twins"
    }  # fmt: skip
    assert {row["state"] for row in links if row["origin"] == "attested"} == {"active", "archived", "deleted", "merged"}
    assert {row["state"] for row in links if row["origin"] == "inferred"} == {"active", "archived"}
    assert {2, 3, 4} <= sizes


def test_the_oracle_s_distance() -> None:
    pairs = (("ca", "abc"), ("hiroshi", "hirohsi"), ("a", ""), ("kofi", "kofi"), ("prya", "priya"))
    assert [distance(*pair) for pair in pairs] == [2, 1, 1, 0, 1]
