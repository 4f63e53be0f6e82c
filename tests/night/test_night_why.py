"""`rollcall why`: what ties two profiles, what keeps them apart, and what would change it (G8)."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.night.stage import Said, rollcall, tables, write_csv

HEADING = ["id", "first_name", "last_name", "birth_date", "phone", "email", "street", "postal_code"]
TILL = [
    ["1", "Ann", "Okafor", "1984-03-02", "6135550117", "ann@example.com", "1 Elm St", "K1A 0B1"],
    ["2", "Kofi", "Okafor", "1990-07-07", "6135550117", "kofi@example.com", "1 Elm St", "K1A 0B1"],
    ["a b", "Svetlana", "Quist", "1971-01-09", "6135550131", "", "9 Larch Road", "K2B 1C1"],
    ["4", "Hiroshi", "Brand", "", "0000000000", "", "", ""],
]
SHOP = [
    ["1", "Ann", "Okafor", "", "(613) 555-0117", "", "", ""],
    ["2", "Svetlna", "Quist", "1971-01-09", "6135550166", "", "9 Larch Rd.", "K2B 1C1"],
    ["3", "Ingrid", "Vale", "", "0000000000", "", "", ""],
]


@pytest.fixture(scope="module")
def why(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Said]:
    """`why` after a night over two files."""
    folder = tmp_path_factory.mktemp("why")
    write_csv(folder / "till.csv", HEADING, TILL)
    write_csv(folder / "shop.csv", HEADING, SHOP)
    sources = "".join(
        f"  {name}: {{kind: table, role: pos, path: {name}.csv, region: CA}}\n" for name in ("till", "shop")
    )
    config = folder / "config.yaml"
    config.write_text(f"group: why\nsources:\n{sources}", encoding="utf-8")
    assert rollcall("--config", config, "why", "till:1", "shop:1").code == 2
    assert rollcall("--config", config, "run").code == 0
    out = folder / "suspects.csv"
    assert rollcall("--config", config, "export", "suspects", "--out", out).code == 0
    head, row = out.read_text(encoding="utf-8").splitlines()
    assert head == "left_source,left_id,right_source,right_id,probability,weight"
    assert row.startswith("shop,2,till,a b,0.9999,")
    assert [len(cell.partition(".")[2]) for cell in row.split(",")[-2:]] == [4, 2]
    return lambda *words: rollcall("--config", config, "why", *words)


def test_a_link_names_its_tier_rule_and_evidence(why: Callable[..., Said]) -> None:
    said = why("till:1", "shop:1").out
    assert "tier 1: they share phone" in said
    assert "first name equal, birth date silent: link" in said
    assert said.rstrip().endswith("till:1 and shop:1: one customer")
    assert "5550" not in said
    assert "Okafor" not in said


def test_of_one_profile_the_last_night_says_whose_it_is_and_who_else_may_be_theirs(why: Callable[..., Said]) -> None:
    """G8: ids and states alone; from what was kept, so that nothing is pulled or matched again."""
    said = why("till:1").out.splitlines()
    assert said[0] == "till:1: active"
    assert said[1].startswith("customer ")
    assert said[1].endswith(": shop:1, till:1")
    assert said[-1].startswith("till:1 is not linked and waits for nothing: one customer with 1 other")
    assert "suspect: shop:2 and till:a b, probability 0.9999" in why("shop:2").out
    assert why("till:99").code == 2


def test_a_family_is_kept_apart_and_told_what_would_change_it(why: Callable[..., Said]) -> None:
    said = why("till:1", "till:2").out
    assert "first name different, birth date different: household" in said
    assert "kept apart: they, or profiles tied to them, share a contact" in said
    assert "what would change it: the right first name and birth date in both systems" in said
    assert said.rstrip().endswith("not linked")


def test_a_suspect_shows_its_waterfall_and_on_wish_the_values(why: Callable[..., Said]) -> None:
    """An id with a blank is quoted."""
    said = why("till:a b", "shop:2", "--unmask").out
    assert "first_name: Svetlana | Svetlna" in said
    assert "first_name: typo" in said
    assert "prior: any two customers" in said
    assert said.rstrip().endswith("not linked; a suspect, for a person")


def test_a_placeholder_in_common_is_named(why: Callable[..., Said]) -> None:
    said = why("till:4", "shop:3").out
    assert "their phone in common is a placeholder, and no key of anybody (G5)" in said
    assert "they share no key" in said


def test_the_same_is_there_for_machines(why: Callable[..., Said]) -> None:
    told = why("till:a b", "shop:2", "--json").data
    assert told["one_customer"] is False
    assert told["waterfall"][0]["field"] == "prior"
    assert told["probability"] > 0.9


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("till:1", "till:99"), "till:99: the last certified export of till has no such profile"),
        (("till:1", "nowhere:1"), "nowhere:1: a profile is SOURCE:ID"),
        (("till", "shop:1"), "till: a profile is SOURCE:ID"),
        (("till:1", "till:1"), "till:1: that is one profile; give two"),
    ],
)
def test_what_is_not_known_is_refused(why: Callable[..., Said], words: tuple[str, str], said: str) -> None:
    refused = why(*words)
    assert refused.code == 2
    assert said in refused.err


@pytest.mark.deep
def test_a_customer_who_splits_and_two_who_merge_are_kept_with_their_old_ids_g7(tmp_path: Path) -> None:
    """One phone is corrected so that two part, another so that two meet; the next night still tells of it."""
    config = tables(tmp_path, {name: {"path": f"{name}.csv", "exported_at": None} for name in ("till", "shop")})
    for phones in (("17", "17", "18", "19"), ("17", "20", "18", "18"), ("17", "20", "18", "18")):
        for source, ann, bob in (("till", phones[0], phones[2]), ("shop", phones[1], phones[3])):
            listed = [["1", "Ann", "Okafor", "", f"61355501{ann}"], ["2", "Bogdan", "Vale", "", f"61355501{bob}"]]
            write_csv(tmp_path / f"{source}.csv", HEADING[:5], listed)
        assert rollcall("--config", config, "run").code == 0
        out = tmp_path / "moves.csv"
        assert rollcall("--config", config, "export", "moves", "--out", out).code == 0
    head, *rows = out.read_text(encoding="utf-8").splitlines()
    merged, split = sorted(rows, key=lambda line: line.split(",")[3])
    assert (head, len({merged.split(",")[4], split.split(",")[4]})) == (
        "moved_on,source,id,what,old_entity,new_entity",
        2,
    )
    for row, how, one, other in ((merged, "merged", "till:2", "shop:2"), (split, "split off", "till:1", "shop:1")):
        _, source, profile_id, _, old, new = row.split(",")
        said = rollcall("--config", config, "why", one, other).out
        assert f"{source}:{profile_id} was {how}: from {old} to {new} (G7)" in said
    counts = {
        c["name"]: c["value"] for c in json.loads(max(tmp_path.glob("data/reports/*-b.json")).read_bytes())["counts"]
    }
    assert (counts["customers_split"], counts["customers_merged"], counts["pending"]) == (1, 1, 0)
