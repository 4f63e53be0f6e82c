"""Findings about linked profiles: what they lack, drift, consent. Every test states all that is found in its group."""

from collections.abc import Callable
from typing import Any

from tests.sql.given import NOTE, Night, finding, someone

Nights = Callable[..., Night]


# what a linked profile needs -----------------------------------------------------------------------------------------------


def test_the_note_that_protects_the_profile_t8(blaze: Nights) -> None:
    night = blaze()
    for n, note in enumerate((NOTE, f"VIP\n{NOTE} since 2024", None, "Asks for paper receipts."), start=1):
        night.has(f"ecom:{n}", **someone(n), links={"downtown": str(n), "uptown": str(n)})
        night.has(f"downtown:{n}", **someone(n), note=note).has(f"uptown:{n}", **someone(n), note=NOTE)
    assert night.found() == {finding("note_missing", "note", f"ecom:{n}", f"downtown:{n}") for n in (3, 4)}


def test_what_would_block_the_next_order_m8(mortar: Nights) -> None:
    night = mortar()
    gaps: list[dict[str, Any]] = [{}, {"email": None}, {"postal_code": None}, {"phone": None, "birth_date": None}]
    for n, gap in enumerate(gaps, start=1):
        night.has(f"shop:{n}", **someone(n, **gap), links={"till": str(n)}).has(f"till:{n}", **someone(n, **gap))
    night.has("till:9", **someone(9, email=None)).has("shop:8", **someone(8), links={"till": "8"})
    night.has("till:8", **someone(8, email=None, status="archived"))
    assert night.found() == {
        finding("next_order_blocked", "", "shop:2", "till:2"),
        finding("next_order_blocked", "", "shop:3", "till:3"),
        finding("link_archived", "", "shop:8", "till:8"),
    }


def test_the_default_customer_must_be_complete_m14(mortar: Nights) -> None:
    night = mortar().has("shop:default", **someone(1, phone=None)).stands_in("shop:default", default=True)
    night.stands_in("till:lost", default=True).has("till:walk-in").stands_in("till:walk-in")
    assert night.found() == {
        finding("default_customer", "", "shop:default"),
        finding("default_customer", "", "till:lost"),
    }
    assert {dict(f.evidence)["lacks"] for f in night.findings()} == {"phone", "the customer itself"}


def test_a_complete_default_customer_is_left_out_of_everything_m14(mortar: Nights) -> None:
    night = mortar().has("shop:default", **someone(1)).stands_in("shop:default", default=True)
    assert night.has("shop:2", **someone(1, first_name="Zed")).has("till:1", **someone(2)).found() == set()


# drift and consent ---------------------------------------------------------------------------------------------------------


def test_drift_names_field_both_profiles_and_both_values_as_they_are(mortar: Nights) -> None:
    night = mortar().has("shop:1", **someone(1, phone="(613) 555-0117"), links={"till": "1"})
    night.has("till:1", **someone(1, phone="613.555.0118")).based("shop:1", "till:1", phone="+16135550117")
    assert night.found() == {finding("drift", "phone", "shop:1", "till:1")}
    assert dict(night.finding("drift").evidence) == {
        "phone@shop:1": "(613) 555-0117", "phone@till:1": "613.555.0118", "side": "till changed", "direction": "till:1 to shop:1",
        "base": "both agreed on 2026-11-01",
    }  # fmt: skip
    assert night.finding("drift").proposal == "set phone on shop:1 (changed in till since both agreed)"


MISSION_CONTROL = [
    ("503 555 0118", "503 555 0117", "the POS missed a push: open the customer in Mission Control and save phone again"),
    (
        "503 555 0117", "503 555 0118",
        "changed at the till after sign-up: a person picks; if the till is right, change phone in Mission Control, which reaches every store",
    ),
    (
        "503 555 0118", "503 555 0119",
        "nobody knows which is newer: a person picks, and sets phone in Mission Control, which reaches every store",
    ),
    (None, "503 555 0118", "the till knows it: add phone in Mission Control, which reaches every store"),
]  # fmt: skip


def test_contact_changes_of_a_linked_customer_go_through_mission_control_c1(nights: Nights) -> None:
    night = (
        nights().source("ecom", "blaze_ecom", "ecom").source("store", "treez").pairing("blaze_ecom", "ecom", "store")
    )
    for n, (there, here, _) in enumerate(MISSION_CONTROL, start=1):
        night.has(f"ecom:{n}", **someone(n, phone=there), links={"store": str(n)}).has(
            f"store:{n}", **someone(n, phone=here), note=NOTE
        )
        night.based(f"ecom:{n}", f"store:{n}", phone="+15035550117")
    assert {f.members: f.proposal for f in night.findings("drift")} == {
        (f"ecom:{n}", f"store:{n}"): proposal for n, (_, _, proposal) in enumerate(MISSION_CONTROL, start=1)
    }
    assert night.planned("update") == []


def test_one_side_opted_out_and_the_other_in_g9(mortar: Nights) -> None:
    """Unknown is no yes, erased is the strongest no, blank is no channel, and two that agree need nothing."""
    night = mortar()
    said = [
        ("out", "in"),
        ("in", "out"),
        ("out", "pending"),
        ("out", "unknown"),
        ("out", None),
        ("out", "out"),
        ("in", "unknown"),
        ("erased", "in"),
    ]
    for n, (shop, till) in enumerate(said, start=1):
        night.has(f"shop:{n}", **someone(n), links={"till": str(n)}, email_consent=shop, sms_consent="out")
        night.has(f"till:{n}", **someone(n), email_consent=till)
    assert night.found() == {
        finding("consent_conflict", "email_consent", f"shop:{n}", f"till:{n}") for n in (1, 2, 3, 8)
    }


def test_both_channels_conflict_by_themselves_m11(nights: Nights) -> None:
    """G9: of one customer, linked or not."""
    night = nights().source("shop", "shopify", "ecom").source("till", "heartland").pairing("mortar", "shop", "till")
    night.has("shop:1", **someone(1), links={"till": "1"}, email_consent="out", sms_consent="in")
    night.has("till:1", **someone(1), email_consent="in", sms_consent="out")
    night.has("shop:2", **someone(2), email_consent="out").has("till:2", **someone(2), email_consent="in")
    assert night.found() == {
        *(finding("consent_conflict", f"{channel}_consent", "shop:1", "till:1") for channel in ("email", "sms")),
        finding("consent_conflict", "email_consent", "shop:2", "till:2"),
    }


def test_where_the_shop_stores_no_links_the_consent_of_the_found_ones_counts(nights: Nights) -> None:
    night = nights().source("shop", "table", "ecom").source("till").pairing("plain", "shop", "till", link_keys=False)
    night.has("shop:1", **someone(1), email_consent="out").has("till:1", **someone(1), email_consent="in")
    assert night.found() == {finding("consent_conflict", "email_consent", "shop:1", "till:1")}


def test_a_value_that_another_profile_of_the_target_holds_c3(mortar: Nights) -> None:
    holder, mover = someone(1), someone(2)
    night = (
        mortar()
        .has("shop:1", **holder, links={"till": "1"})
        .has("till:1", **holder)
        .has("shop:2", **mover, links={"till": "2"})
    )
    night.has("till:2", **someone(2, phone=holder["phone"])).based("shop:2", "till:2", phone="+16135551002")
    assert night.found() == {
        finding("contact_taken", "phone", "shop:2", "shop:1"),
        finding("drift", "phone", "shop:2", "till:2"),
        finding("household", "phone", "shop:1", "till:1", "till:2"),
    }


def test_a_change_in_mission_control_that_the_vendor_would_refuse_is_foreseen_c1_c3(blaze: Nights) -> None:
    """The till's new number is another ECOM customer's: a person frees it there before changing it."""
    night = blaze().has("ecom:1", **someone(1), links={"downtown": "1", "uptown": "1"})
    night.has("uptown:1", **someone(1), note=NOTE).has("downtown:1", **someone(1, phone=someone(2)["phone"]), note=NOTE)
    night.has("ecom:2", **someone(2), links={"downtown": "2", "uptown": "2"})
    night.has("downtown:2", "uptown:2", **someone(2), note=NOTE)
    night.based("ecom:1", "downtown:1", phone="+16135551001")
    assert night.found("contact_taken") == {finding("contact_taken", "phone", "ecom:1", "ecom:2")}
    assert night.finding("contact_taken").proposal == "clear it on ecom:2 first, then change it on ecom:1"
    assert night.finding("drift").blocked_by == "ecom:2 holds the value"
    assert night.planned("update") == []


def test_no_contact_is_taken_where_the_target_allows_it_twice_or_nobody_in_play_holds_it(mortar: Nights) -> None:
    night = mortar().has("shop:1", **someone(1, phone="613 555 0117"), links={"till": "1"}).has("till:1", **someone(1))
    night.based("shop:1", "till:1", phone="+16135551001").has(
        "till:2", **someone(1, phone="613 555 0117", email="x@example.com")
    )
    night.has("shop:3", **someone(3), links={"till": "3"}).has("till:3", **someone(3, email="new@example.com"))
    night.based("shop:3", "till:3", email="person3@example.com").has(
        "shop:4", **someone(4, email="new@example.com", status="archived")
    )
    assert night.found() == {
        finding("drift", "phone", "shop:1", "till:1"),
        finding("drift", "email", "shop:3", "till:3"),
    }


def test_unknown_fields_of_a_vendor_are_named_g11(alone: Night) -> None:
    alone.warehouse.insert("unknown_fields", [("here", "shoe_size", "number", 12)])
    assert alone.found() == {("schema_drift", "shoe_size", frozenset())}
    assert dict(alone.finding("schema_drift").evidence) == {"type": "number", "count": "12"}


def test_cells_that_cannot_be_read_are_counted_per_column_and_never_shown(alone: Night) -> None:
    alone.warehouse.insert("unread_values", [("here", "birth_date", 3), ("here", "status", 0)])
    assert alone.found() == {("values_not_read", "birth_date", frozenset())}
    assert dict(alone.finding("values_not_read").evidence) == {"count": "3"}
