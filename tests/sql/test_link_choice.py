"""Which POS profile a shop profile belongs to: stored links and what became of them, and the rules in order (M2, M5, M12, G6)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.sql.given import Night

Nights = Callable[..., Night]


def test_by_default_email_is_asked_before_phone_m2(mortar: Nights) -> None:
    night = mortar().has("shop:1", first_name="Ann", email="a@example.com", phone="613 555 0117")
    night.has("till:phone", first_name="Ann", phone="613 555 0117").has(
        "till:email", first_name="Ann", email="a@example.com"
    )
    assert night.links() == {("shop:1", "till:email", "email", "active")}


@pytest.mark.parametrize(
    ("keys", "link"),
    [(["phone", "email"], "till:phone"), (["email"], "till:email"), (["phone"], "till:phone")],
)
def test_the_order_of_the_rules_is_a_setting_m2(mortar: Nights, keys: list[str], link: str) -> None:
    night = mortar(keys=keys).has("shop:1", first_name="Ann", email="a@example.com", phone="613 555 0117")
    night.has("till:phone", first_name="Ann", phone="613 555 0117").has(
        "till:email", first_name="Ann", email="a@example.com"
    )
    assert {pos for _, pos, _, _ in night.links()} == {link}


def test_without_a_hit_of_the_first_rule_the_next_one_is_tried_m2(mortar: Nights) -> None:
    night = mortar().has("shop:1", first_name="Ann", email="a@example.com", phone="613 555 0117")
    night.has("till:1", first_name="Ann", phone="613 555 0117", email="b@example.com")
    assert night.links() == {("shop:1", "till:1", "phone", "active")}


def test_where_no_key_of_the_order_agrees_it_is_another_customer_m3(mortar: Nights) -> None:
    night = mortar(keys=["email"]).has(
        "shop:1", first_name="Ann", last_name="Roy", phone="613 555 0117", email="a@example.com"
    )
    night.has("till:1", first_name="Ann", last_name="Roy", phone="613 555 0117", email="b@example.com")
    assert night.links() == set()


def test_a_blocked_candidate_of_the_first_rule_ends_the_search_g6(mortar: Nights) -> None:
    """The email belongs to a clearly different person: the phone is not tried in its place."""
    night = mortar().has("shop:1", first_name="Ann", email="family@example.com", phone="613 555 0117")
    night.has("till:1", first_name="Hiroshi", email="family@example.com").has(
        "till:2", first_name="Ann", phone="613 555 0117"
    )
    assert night.links() == set()


def test_a_candidate_that_a_person_ruled_out_is_none_and_the_next_rule_is_tried(mortar: Nights) -> None:
    night = mortar().has("shop:1", first_name="Ann", email="family@example.com", phone="613 555 0117")
    night.has("till:1", first_name="Hiroshi", email="family@example.com").has(
        "till:2", first_name="Ann", phone="613 555 0117"
    )
    assert night.decided("shop:1", "till:1", "not_same").links() == {("shop:1", "till:2", "phone", "active")}


def test_a_blocked_candidate_that_a_person_confirmed_is_linked(mortar: Nights) -> None:
    night = (
        mortar()
        .has("shop:1", first_name="Ann", email="a@example.com")
        .has("till:1", first_name="Hiroshi", email="a@example.com")
    )
    assert night.decided("till:1", "shop:1", "same").links() == {("shop:1", "till:1", "email", "active")}


def test_silence_on_both_links_nobody_unless_the_policy_says_so(mortar: Nights) -> None:
    assert mortar().has("shop:1", "till:1", email="a@example.com").links() == set()
    assert mortar(silence="link").has("shop:1", "till:1", email="a@example.com").links() == {
        ("shop:1", "till:1", "email", "active")
    }


OLD, NEW = datetime(2019, 1, 1), datetime(2021, 1, 1)
ORDERS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "who agrees before who is silent": [
        ("till:2", {"first_name": "Ann", "created_at": NEW}), ("till:1", {"created_at": OLD}),
    ],
    "active before archived": [
        ("till:2", {"first_name": "Ann", "created_at": NEW}), ("till:1", {"first_name": "Ann", "status": "archived", "created_at": OLD}),
    ],
    "the oldest": [
        ("till:9", {"first_name": "Ann", "created_at": OLD}), ("till:1", {"first_name": "Ann", "created_at": NEW}),
        ("till:0", {"first_name": "Ann"}),
    ],
    "the lowest id as a number": [
        ("till:9", {"first_name": "Ann", "created_at": OLD}), ("till:10", {"first_name": "Ann", "created_at": OLD}),
    ],
    "zeros in front": [
        ("till:009", {"first_name": "Ann"}), ("till:10", {"first_name": "Ann"}),
    ],
    "ids beyond sixty-four bits": [
        ("till:99999999999999999999", {"first_name": "Ann"}), ("till:100000000000000000000", {"first_name": "Ann"}),
    ],
    "ids that are no numbers, as text": [
        ("till:aa", {"first_name": "Ann"}), ("till:b", {"first_name": "Ann"}),
    ],
}  # fmt: skip


@pytest.mark.parametrize("order", ORDERS)
def test_of_several_that_match_the_first_is_linked_m5(mortar: Nights, order: str) -> None:
    night = mortar().has("shop:1", first_name="Ann", email="a@example.com")
    for who, fields in reversed(ORDERS[order]):
        night.has(who, email="a@example.com", **fields)
    assert {pos for _, pos, _, _ in night.links()} == {ORDERS[order][0][0]}


def test_what_became_of_a_stored_link(mortar: Nights) -> None:
    night = mortar()
    for status in ("active", "archived", "merged"):
        night.has(f"till:{status}", status=status, merged_into="active" if status == "merged" else None)
        night.has(f"shop:{status}", links={"till": status})
    night.has("shop:deleted", links={"till": "gone"}).has("shop:flagged", links={"till": "flagged"}).has(
        "till:flagged", status="deleted"
    )
    night.has("shop:unreadable", links={"till": "bad"}).quarantined("till:bad")
    night.has("shop:walk-in", links={"till": "walk-in"}).has("till:walk-in").stands_in("till:walk-in")
    assert {(ecom, state) for ecom, _, _, state in night.links()} == {
        ("shop:active", "active"), ("shop:archived", "archived"), ("shop:merged", "merged"), ("shop:deleted", "deleted"),
        ("shop:flagged", "deleted"), ("shop:unreadable", "unreadable"), ("shop:walk-in", "active"),
    }  # fmt: skip


def test_nothing_is_concluded_from_absence_without_a_certificate_g1(nights: Nights) -> None:
    night = nights().source("shop", "shopify", "ecom").source("till", "heartland", certified=False)
    night.pairing("mortar", "shop", "till").has("shop:1", links={"till": "gone"}, has_purchased=True).has("till:1")
    assert night.links() == {("shop:1", "till:gone", "stored id", "unseen")}


def test_a_source_that_was_never_read_leaves_its_links_unseen_g1(nights: Nights) -> None:
    night = nights().source("shop", "shopify", "ecom").source("till", "heartland", certified=False, usable=False)
    night.pairing("mortar", "shop", "till").has("shop:1", links={"till": "7"}, has_purchased=True)
    assert night.links() == {("shop:1", "till:7", "stored id", "unseen")}
    assert night.found() == set()


def test_a_stored_link_stands_above_every_rule(mortar: Nights) -> None:
    """Tier 0: the vendor's own link holds, though another profile matches by email."""
    night = mortar().has("shop:1", first_name="Ann", email="a@example.com", links={"till": "7"})
    night.has("till:7", first_name="Hiroshi", birth_date="1980-01-01").has(
        "till:8", first_name="Ann", email="a@example.com"
    )
    assert night.links() == {("shop:1", "till:7", "stored id", "active")}


@pytest.mark.parametrize("state", ["archived", "deleted", "merged"])
def test_a_stored_link_that_broke_is_shown_and_not_replaced_in_silence_m12(mortar: Nights, state: str) -> None:
    night = mortar().has("shop:1", first_name="Ann", email="a@example.com", links={"till": "7"})
    night.has("till:7", first_name="Ann", status=state).has("till:8", first_name="Ann", email="a@example.com")
    assert night.links() == {("shop:1", "till:7", "stored id", state)}


def test_of_two_stored_links_the_living_one_holds(mortar: Nights) -> None:
    night = mortar()
    night.warehouse.insert("link_keys", [("shop", "old name", "till")])
    night.has("shop:1", links=[("s-till", "7"), ("old name", "12"), ("s-till", "12")]).has(
        "till:7", status="archived"
    ).has("till:12")
    assert night.links() == {("shop:1", "till:12", "stored id", "active")}
    assert len(night.rows("select * from attested")) == 2


def test_the_links_of_archived_shop_profiles_are_not_asked_for(mortar: Nights) -> None:
    night = mortar().has("shop:1", first_name="Ann", email="a@example.com", status="archived", links={"till": "7"})
    assert night.has("till:7", first_name="Ann", email="a@example.com").links() == set()


def test_one_shop_profile_has_one_link_per_store_of_the_group(blaze: Nights) -> None:
    night = blaze().has("ecom:1", first_name="Ann", phone="503 555 0117", links={"downtown": "7"})
    night.has("downtown:7", first_name="Ann").has("downtown:8", "uptown:9", first_name="Ann", phone="503 555 0117")
    assert night.links() == {("ecom:1", "downtown:7", "stored id", "active"), ("ecom:1", "uptown:9", "phone", "active")}


def test_ecom_finds_treez_customers_by_phone_only_t4(blaze: Nights) -> None:
    night = blaze().has("ecom:1", first_name="Ann", phone="503 555 0117", email="a@example.com")
    assert night.has("uptown:9", first_name="Ann", email="a@example.com").links() == set()
