"""The grain that the comment above every table states, asserted on generated customers; and of every finding and proposal."""

import re
from collections.abc import Iterator

import pytest

import sql
from tests.sql import invented
from tests.sql.given import KEY, Night

STEPS = (
    "keys", "match/pairs", "match/attested", "match/compare", "match/bridges", "match/chains", "match/links", "match/edges",
    "match/entities", "suspects/traits", "suspects/blocks", "suspects/levels", "suspects/weigh", "filled", "crossed", "drift", "consent/merges", "consent/voices",
    "consent/conflicts", "judge", "groups", "holders", "merging", "lookups", "again", "returns", "moves", "pending",
)  # fmt: skip
GRAIN = {
    "full_names": "full_name",
    "folded": "raw, address",
    "numbered": "n",
    "birth_days": "raw, region",
    "people": "n",
    "all_keys": "n, key_kind, key",
    "placeholders": "source, key_kind, key",
    "keys": "n, key_kind, key",
    "decided": "left_n, right_n",
    "pair_keys": "left_n, right_n, key_kind",
    "candidate_pairs": "left_n, right_n",
    "name_pairs": "one, other",
    "compared": "left_n, right_n",
    "placed": "n",
    "group_values": "grp",
    "group_pairs": "left_grp, right_grp",
    "bridges": "left_grp, right_grp",
    "twins": "left_n, right_n",
    "asked": "left_n, right_n",
    "chained_edges": "left_n, right_n",
    "torn_chains": "label",
    "pairs": "left_n, right_n",
    "attested": "pairing, ecom_n, pos_source, pos_id",
    "attested_states": "pairing, ecom_n, pos_source, pos_id",
    "given_edges": "left_n, right_n",
    "candidates": "pairing, ecom_n, pos_source, pos_n",
    "links": "pairing, ecom_n, pos_source",
    "edges": "left_n, right_n",
    "entity_ids": "entity_id",
    "entities": "source, id",
    "next_roll": "source, id",
    "terms": "kind, value",
    "marks": "n",
    "names": "no",
    "traits": "n",
    "bits": "field, level",
    "prior": "bits",
    "blocks": "key",
    "suspect_pairs": "left_n, right_n",
    "name_levels": "one_no, other_no",
    "suspect_levels": "left_n, right_n",
    "kept_apart": "left_grp, right_grp",
    "weighed": "left_n, right_n",
    "ties": "pairing, ecom_n, pos_source",
    "link_fields": "pairing, ecom_n, pos_n, field",
    "early_links": "pairing, ecom_n, pos_n",
    "drifts": "pairing, ecom_n, pos_n, field",
    "next_bases": "pairing, ecom_source, ecom_id, pos_source, pos_id, field",
    "duplicates": "source, key_kind, key, n",
    "doubts": "pairing, ecom_n, pos_source",
    "gaps": "source, id, needed_by",
    "broken_outs": "pairing, ecom_n, pos_source, pos_id",
    "relinks": "pairing, ecom_n, pos_source",
    "broken_links": "anchor",
    "verdicts": "pairing, target_source, target_id, field, origin_source, origin_id",
    "clears": "anchor, field",
    "in_the_way": "pairing, ecom_n, pos_source",
    "group_titles": "source, name",
    "group_pairings": "pairing, pos",
    "group_conflicts": "pairing, ecom_source, ecom_id, pos_source, pos_id",
    "merges": "source, id, into_id",
    "known_ids": "source, id",
    "known_outs": "source, id, channel",
    "covered": "source, id, channel, covered_source, covered_id",
    "elsewhere": "source, id, channel, entity_id",
    "torn_entities": "entity_id",
    "refusing": "entity_id",
    "voices": "entity_id, source, id, channel",
    "entity_consents": "entity_id, channel",
    "yeses": "source, id, channel",
    "refusals": "source, id, channel, by_source, by_id",
    "consent_conflicts": "target_source, target_id, channel",
    "next_outs": "source, id, channel",
    "accounts": "n",
    "mergers": "loser_n",
    "merger_sides": "n",
    "merged_outs": "source, survivor_id, channel, word",
    "merged_links": "source, loser_id, pos_source, pos_id",
    "merge_blocks": "source, loser_id",
    "balances": "source, id",
    "picks": "pairing, ecom_n, pos, system",
    "remembered_fields": "source, field",
    "lost_fields": "source, field",
    "next_filled": "source, field",
    "crossed_links": "pairing, ecom_n, pos_n",
    "second_accounts": "n, earlier_n",
    "next_lost": "pairing, ecom_source, ecom_id, pos_source, pos_id",
    "next_moves": "moved_on, source, id, old_entity",
    "pending": "pairing, pos, source, id",
}
MAY_BE_EMPTY = {
    "full_names",
    "torn_chains",
    "merges",
    "broken_outs",
    "clears",
    "in_the_way",
    "accounts",
    "merged_outs",
    "merged_links",
    "balances",
    "group_titles",
    "group_pairings",
    "group_conflicts",
    "crossed_links",
    "lost_fields",
    "remembered_fields",
    "early_links",
    "second_accounts",
    "next_moves",
}


@pytest.fixture(scope="module")
def night() -> Iterator[Night]:
    made = invented.night(11, people=250).suspected().detected()
    yield made
    made.close()


def _made() -> dict[str, str]:
    """Every table that a step creates, with the comment right above it."""
    found: dict[str, str] = {}
    for step in STEPS:
        for comment, table in re.findall(
            r"((?:^--[^\n]*\n)+)create table (\w+) as", sql.script(step).text, re.MULTILINE
        ):
            found[table] = comment
    return found


def test_every_table_is_known_here_and_says_its_grain_above_itself() -> None:
    created = [t for step in STEPS for t in re.findall(r"create table (\w+) as", sql.script(step).text)]
    assert sorted(created) == sorted(GRAIN)
    assert {table for table, comment in _made().items() if "-- grain: one row per " in comment} == set(created)


@pytest.mark.parametrize("table", GRAIN)
def test_the_grain_holds(night: Night, table: str) -> None:
    ((rows, groups),) = [
        tuple(r.values())
        for r in night.rows(
            f"select count(*) as a, (select count(*) from (select distinct {GRAIN[table]} from {table})) as b from {table}"
        )
    ]
    assert rows == groups
    assert rows > 0 or table in MAY_BE_EMPTY


def test_profiles_are_numbered_densely_by_source_and_id(night: Night) -> None:
    rows = night.rows("select n, source, id from people order by n")
    assert [row["n"] for row in rows] == list(range(len(rows)))
    assert rows == sorted(rows, key=lambda row: (row["source"], row["id"]))


def test_pairs_stand_left_before_right(night: Night) -> None:
    for table in ("pair_keys", "candidate_pairs", "pairs", "edges", "decided"):
        assert night.rows(f"select * from {table} where left_n >= right_n") == []


def test_every_finding_has_an_id_of_its_own_and_members_in_play_somewhere(night: Night) -> None:
    found = night.findings()
    assert len({f.finding_id for f in found}) == len(found) > 100
    assert {f.check.kind for f in found} >= {
        "duplicate_phone", "duplicate_email", "household", "placeholder", "phone_not_comparable", "drift", "link_archived", "link_deleted",
        "link_merged", "link_missing", "missing_in_store", "note_missing", "vendor_cannot_create", "next_order_blocked", "login_blocked",
        "consent_conflict", "default_customer", "contact_taken",
    }  # fmt: skip
    known = {f"{r['source']}:{r['id']}" for r in night.rows("select source, id from profiles")}
    assert all(set(f.members) <= known or f.check.kind in {"link_deleted", "default_customer"} for f in found)
    assert all(f.source and f.evidence and f.proposal for f in found)


def test_every_proposal_is_one_row_per_thing_to_write(night: Night) -> None:
    for script in sql.folder("plan"):
        (query,) = script.statements
        rows = night.warehouse.rows(f"select make_key, anchor, field from ({query})")
        assert len(rows) == len({tuple(row.values()) for row in rows}), script.name
        assert len({c.correction_id for c in night.planned()}) == len(night.planned())


def test_no_table_that_goes_on_from_here_holds_the_key(night: Night) -> None:
    for table in ("entities", "next_roll", "next_bases", "findings"):
        assert KEY not in str(night.rows(f"select * from {table}"))
