"""What ties profiles into entities, and ids that stay from night to night (G6, G7)."""

from collections.abc import Callable, Mapping

from tests.sql.given import Night

Nights = Callable[..., Night]


def test_rules_that_hold_stored_links_and_decisions_tie(mortar: Nights) -> None:
    night = (
        mortar()
        .has("shop:1", first_name="Ann", email="a@example.com", links={"till": "7"})
        .has("till:7", first_name="Kofi")
    )
    night.has("till:8", first_name="Ann", email="a@example.com").has("till:9", first_name="Hiroshi")
    assert night.decided("till:9", "till:8", "same").groups() == {frozenset({"shop:1", "till:7", "till:8", "till:9"})}


def test_archived_profiles_belong_to_their_entity_deleted_and_merged_ones_do_not(mortar: Nights) -> None:
    night = mortar()
    for status in ("archived", "deleted", "merged"):
        night.has(f"shop:{status}", links={"till": status}).has(f"till:{status}", status=status)
    assert night.groups() == {frozenset({"shop:archived", "till:archived"})}
    assert len(night.ids()) == 6


def test_a_household_shares_a_phone_and_no_entity_g6(alone: Night) -> None:
    alone.has("here:1", "there:1", first_name="Ann", phone="613 555 0117").has(
        "here:2", first_name="Hiroshi", phone="613 555 0117"
    )
    assert alone.groups() == {frozenset({"here:1", "there:1"})}


def test_not_the_same_takes_the_tie_of_a_rule_and_of_a_stored_link_away(mortar: Nights) -> None:
    night = (
        mortar()
        .has("shop:1", "till:1", first_name="Ann", email="a@example.com")
        .decided("till:1", "shop:1", "not_same")
    )
    night.has("shop:2", links={"till": "2"}).has("till:2").decided("shop:2", "till:2", "not_same")
    assert night.groups() == set()


def test_a_decision_about_somebody_who_is_gone_says_nothing(alone: Night) -> None:
    alone.has("here:1", first_name="Ann", phone="613 555 0117").decided("here:1", "here:9", "same").decided(
        "here:1", "here:1", "same"
    )
    assert alone.groups() == set()


def test_ids_may_hold_colons(alone: Night) -> None:
    alone.has("here:gid://one/1", "there:x:2", first_name="Ann").decided("here:gid://one/1", "there:x:2", "same")
    assert alone.groups() == {frozenset({"here:gid://one/1", "there:x:2"})}


def test_ids_may_hold_blanks(alone: Night) -> None:
    """A tab stands between the two, as `decide` keeps such a pair."""
    alone.has("here:No 1", "there:2 here:3", first_name="Ann")
    alone.warehouse.insert("decisions", [("pair", "here:No 1\tthere:2 here:3", "same", None, None)])
    assert alone.groups() == {frozenset({"here:No 1", "there:2 here:3"})}


# from night to night ---------------------------------------------------------------------------------------------------


def _family(night: Night, groups: Mapping[str, str]) -> Night:
    """Profiles that share a phone per letter."""
    for who, letter in groups.items():
        night.has(who, first_name="Ann", phone=f"613 555 {2000 + ord(letter)}")
    return night


def test_new_ids_depend_on_the_key_and_the_profile_alone(nights: Nights) -> None:
    first, second = (
        _family(nights().source("here"), {"here:1": "a", "here:2": "a", "here:3": "b"}).ids() for _ in range(2)
    )
    assert first == second
    assert first["here:1"] == first["here:2"] != first["here:3"]
    assert all(len(entity) == 20 for entity in first.values())


def test_the_same_members_keep_their_id(alone: Night) -> None:
    _family(alone, {"here:1": "a", "here:2": "a"}).rolled({"here:1": "old", "here:2": "old"})
    assert set(alone.ids().values()) == {"old"}


def test_who_joins_takes_the_id_and_who_leaves_the_export_takes_nothing_away(alone: Night) -> None:
    _family(alone, {"here:1": "a", "here:3": "a"}).rolled({"here:1": "old", "here:2": "old"})
    assert alone.ids() == {"here:1": "old", "here:3": "old"}


def test_of_a_split_the_bigger_part_keeps_the_id(alone: Night) -> None:
    _family(alone, {"here:1": "a", "here:2": "b", "here:3": "b"}).rolled(
        dict.fromkeys(("here:1", "here:2", "here:3"), "old")
    )
    ids = alone.ids()
    assert ids["here:2"] == ids["here:3"] == "old"
    assert ids["here:1"] != "old"


def test_of_equal_parts_the_first_keeps_it(alone: Night) -> None:
    _family(alone, {"here:1": "a", "here:2": "b"}).rolled({"here:1": "old", "here:2": "old"})
    ids = alone.ids()
    assert (ids["here:1"], ids["here:2"] != "old") == ("old", True)


def test_a_merge_takes_the_id_of_the_bigger(alone: Night) -> None:
    _family(alone, {"here:1": "a", "here:2": "a", "here:3": "a"}).rolled(
        {"here:1": "small", "here:2": "big", "here:3": "big"}
    )
    assert set(alone.ids().values()) == {"big"}


def test_who_gave_an_entity_its_id_and_leaves_it_gets_another(nights: Nights) -> None:
    """The id of a new entity comes from its first profile; when that one splits off, the others keep the id."""
    before = _family(nights().source("here"), {"here:1": "a", "here:2": "a", "here:3": "a"}).ids()
    split = _family(nights().source("here"), {"here:1": "b", "here:2": "a", "here:3": "a"}).rolled(before).ids()
    assert split["here:2"] == split["here:3"] == before["here:1"]
    assert split["here:1"] != before["here:1"]
    later = _family(nights().source("here"), {"here:1": "b", "here:2": "a", "here:3": "a"}).rolled(split).ids()
    assert later == split


def test_a_profile_without_an_entity_on_the_last_roll_lends_no_empty_id(alone: Night) -> None:
    """Quarantined records stand on the roll without an entity."""
    _family(alone, {"here:1": "a", "here:2": "b"}).rolled({"here:1": "", "here:2": ""})
    ids = alone.ids()
    assert "" not in ids.values()
    assert ids["here:1"] != ids["here:2"]


def test_one_percent_of_churn_renames_nobody_else(nights: Nights) -> None:
    groups = {f"here:{n:03}": chr(0x100 + n // 2) for n in range(400)}
    before = _family(nights().source("here"), groups).ids()
    moved = {**groups, "here:000": chr(0x100 + 5), "here:100": chr(0x300), "here:201": chr(0x301)}
    moved.pop("here:300")
    moved["here:900"] = chr(0x302)
    after = _family(nights().source("here"), moved).rolled(before).ids()
    same = _sets(before) & _sets(after)
    assert len(same) > 190
    assert {who: after[who] for group in same for who in group} == {who: before[who] for group in same for who in group}
    assert _sets(after) == _sets(moved)


def _sets(ids: Mapping[str, str]) -> set[frozenset[str]]:
    """Who is together, by any kind of label."""
    return {frozenset(who for who in ids if ids[who] == label) for label in set(ids.values())}


def test_what_could_not_be_read_tonight_keeps_its_id_for_the_next_night(nights: Nights) -> None:
    night = nights().source("here").source("dark", certified=False, usable=False)
    night.has("here:1", first_name="Ann").quarantined("here:bad")
    night.rolled({"here:1": "one", "dark:1": "two", "here:bad": "three", "here:gone": "four", "dark:q": ""})
    rolled = {f"{r['source']}:{r['id']}": r["entity_id"] for r in night.matched().rows("select * from next_roll")}
    assert rolled == {"here:1": "one", "dark:1": "two", "here:bad": "three"}
