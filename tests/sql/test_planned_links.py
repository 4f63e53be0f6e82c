"""Planned links, creations, tags, notes and opt-outs: before and after exactly, and what must follow what (M5, M6, M12, T8, G9)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from jobs.corrections import Correction
from tests.sql.given import CAN, NOTE, Can, Night, someone

Nights = Callable[..., Night]
AUTO = {"drift": "auto", "relink": "auto", "add_tag": "auto", "add_note": "auto", "opt_out": "auto", "create": "auto"}


def _linked(night: Night, shop: dict[str, Any], till: dict[str, Any]) -> Night:
    return night.has("shop:1", **someone(1, **shop), links={"till": "1"}).has("till:1", **someone(1, **till))


def _told(c: Correction) -> tuple[str, str | None, str, dict[str, str | None], dict[str, str | None]]:
    return c.source, c.profile_id, c.action, dict(c.before), dict(c.after)


# link, create, tag -----------------------------------------------------------------------------------------------------------


def test_a_missing_link_is_stored_and_then_the_profile_is_tagged_m6(mortar: Nights) -> None:
    night = mortar(apply=AUTO).has("shop:1", **someone(1), has_purchased=True).has("till:1", **someone(1, tags="VIP"))
    relink, tag = night.detected().planned()
    assert _told(relink) == ("shop", "1", "relink", {"link:till": None}, {"link:till": "1"})
    assert _told(tag) == ("till", "1", "add_tag", {"tags": "VIP"}, {"tags": "Shopify;VIP"})
    assert tag.follows == (relink.correction_id,)
    assert [relink.state, tag.state] == ["ready", "ready"]
    assert relink.finding_ids == tag.finding_ids == (night.finding("link_missing").finding_id,)
    assert relink.why == "the first that matches, by email"


def test_tags_are_not_doubled_and_their_own_setting_adds_more(mortar: Nights) -> None:
    night = mortar(apply=AUTO, tags=["Shopify", "harbor"])
    for n, tags in enumerate(("Shopify;harbor", "Shopify", None), start=1):
        night.has(f"shop:{n}", **someone(n), has_purchased=True).has(f"till:{n}", **someone(n, tags=tags))
    assert {c.profile_id: c.after["tags"] for c in night.planned("add_tag")} == {
        "2": "Shopify;harbor",
        "3": "Shopify;harbor",
    }


def test_without_the_link_there_is_no_tag(mortar: Nights) -> None:
    night = (
        mortar(apply={**AUTO, "relink": "off"})
        .has("shop:1", **someone(1), has_purchased=True)
        .has("till:1", **someone(1))
    )
    assert night.planned() == []


def test_an_unknown_customer_is_created_and_the_new_id_is_linked_m6_m12(mortar: Nights) -> None:
    night = mortar(apply=AUTO).has(
        "shop:1", **someone(1, phone="613.555.1001", email="Person1@Example.com"), has_purchased=True
    )
    create, relink = night.planned()
    assert _told(create) == (
        "till", None, "create", {},
        {
            "first_name": "Priya", "last_name": "Number 1", "birth_date": "1951-03-04", "phone": "+16135551001", "email": "person1@example.com",
            "street": "1 Main St", "city": "Ottawa", "region": "ON", "postal_code": "K1A 0B1", "country": "CA", "tags": "Shopify",
        },
    )  # fmt: skip
    assert (create.state, create.needs, create.reversible) == ("held", ("approval",), "not")
    assert create.asks[-2:] == ("who is made is never made unattended (G14)", "it cannot be undone (G14)")
    assert create.lost == "the profile stays in its system, archived at best"
    assert _told(relink) == (
        "shop",
        "1",
        "relink",
        {"link:till": None},
        {"link:till": f"@created:{create.correction_id}"},
    )
    assert relink.after_correction == create.correction_id
    assert relink.follows == relink.creators == (create.correction_id,)
    assert create.seq < relink.seq


def test_an_opt_out_goes_with_the_customer_into_a_new_profile_and_an_opt_in_does_not_g9_m6(nights: Nights) -> None:
    """Some systems make whoever is new opted in; only channels that the system knows and can be opted out of are named."""
    for can, email, sms, carried in (
        (CAN["heartland"], "out", "out", {"email_consent": "out"}),
        (replace(CAN["heartland"], consent=("email", "sms")), "in", "out", {"sms_consent": "out"}),
        (replace(CAN["heartland"], actions=("create",)), "out", "out", {}),
        (CAN["heartland"], "in", "unknown", {}),
    ):
        night = nights().source("shop", "shopify", "ecom").source("till", "heartland", can=can)
        night.pairing("mortar", "shop", "till")
        night.has("shop:1", **someone(1, email_consent=email, sms_consent=sms), has_purchased=True)
        after = night.correction("create").after
        assert {name: value for name, value in after.items() if name.endswith("_consent")} == carried


def test_the_profile_that_a_new_one_replaces_is_named_m12(mortar: Nights) -> None:
    night = (
        mortar(apply=AUTO)
        .has("shop:1", **someone(1), links={"till": "1"})
        .has("till:1", **someone(1, status="archived"))
    )
    create, relink = night.detected().planned()
    assert (dict(create.before), dict(relink.before)) == ({"replaces": "1"}, {"link:till": "1"})
    assert create.finding_ids == relink.finding_ids == (night.finding("link_archived").finding_id,)
    assert create.blocked_by == ""


def test_a_dead_link_moves_to_the_first_that_matches_m12(mortar: Nights) -> None:
    night = mortar(apply=AUTO).has("shop:1", **someone(1), links={"till": "77"}).has("till:2", **someone(1))
    relink, tag = night.detected().planned()
    assert _told(relink) == ("shop", "1", "relink", {"link:till": "77"}, {"link:till": "2"})
    assert relink.finding_ids == tag.finding_ids == (night.finding("link_deleted").finding_id,)


def test_a_merged_away_link_follows_the_merge_and_not_the_first_match_m12_t3(mortar: Nights) -> None:
    """The survivor has another email by now; an older profile still has the customer's."""
    night = mortar(apply=AUTO).has("shop:1", **someone(1), links={"till": "1"})
    night.has("till:1", **someone(1, status="merged", merged_into="5"))
    night.has("till:3", **someone(1)).has("till:5", first_name="Priya", email="new@example.com")
    relink = night.correction("relink")
    assert (dict(relink.after), relink.why, relink.blocked_by) == (
        {"link:till": "5"}, "the vendor merged the old one into this", "",
    )  # fmt: skip


def test_a_merge_into_a_clearly_different_person_is_asked_about_g6(mortar: Nights) -> None:
    night = mortar(apply=AUTO).has("shop:1", **someone(1), links={"till": "1"})
    night.has("till:1", **someone(1, status="merged", merged_into="5")).has(
        "till:5", **someone(1, first_name="Hiroshi")
    )
    assert {c.state for c in night.planned()} == {"blocked"}
    assert night.finding("link_merged").blocked_by == "the match is a different person: a person picks"


def test_of_two_dead_links_of_two_kinds_the_correction_answers_one_finding_whole(mortar: Nights) -> None:
    """The id and its state come from one and the same stored link."""
    night = mortar(apply=AUTO).has("shop:1", **someone(1), links=[("s-till", "90"), ("s-till", "1")])
    night.has("till:90", **someone(1, status="archived")).has("till:2", **someone(1))
    (relink,) = night.detected().planned("relink")
    assert dict(relink.before) == {"link:till": "90"}
    assert relink.finding_ids == (night.finding("link_archived").finding_id,)


def test_nobody_is_created_without_what_the_vendor_requires_or_where_it_cannot_create_m8(
    mortar: Nights, nights: Nights
) -> None:
    assert mortar().has("shop:1", **someone(1, city=None), has_purchased=True).planned() == []
    for can in (Can(("update",), ("phone",)), Can()):
        night = nights().source("shop", "shopify", "ecom").source("till", can=can).pairing("mortar", "shop", "till")
        assert night.has("shop:1", **someone(1), has_purchased=True).planned() == []


def test_a_store_that_misses_the_customer_gets_a_profile_with_its_note_t2_t8(blaze: Nights) -> None:
    night = blaze().has("ecom:1", **someone(1), links={"downtown": "1"}).has("downtown:1", **someone(1), note=NOTE)
    create = night.detected().correction("create")
    assert (create.source, create.profile_id, create.after["note"]) == ("uptown", None, NOTE)
    assert "country" not in create.after
    assert "tags" not in create.after
    assert create.finding_ids == (night.finding("missing_in_store").finding_id,)
    assert night.planned() == [create]


def test_of_greenline_no_note_is_known_so_none_is_created_with_a_profile_t8(nights: Nights) -> None:
    can = Can(("create", "add_note"), ("first_name", "last_name", "phone", "note"))
    night = nights().source("ecom", "blaze_ecom", "ecom").source("leafy", "greenline", can=can)
    night.pairing("blaze_ecom", "ecom", "leafy").has("ecom:1", **someone(1))
    create = night.correction("create")
    assert (create.source, "note" in create.after, "phone" in create.after) == ("leafy", False, True)
    assert [c.action for c in night.planned()] == ["create"]


def test_the_note_is_added_and_the_text_that_is_there_stays_t8(blaze: Nights) -> None:
    night = blaze(apply={"add_note": "auto"})
    for n, note in enumerate((None, "Asks for paper receipts."), start=1):
        night.has(f"ecom:{n}", **someone(n), links={"downtown": str(n), "uptown": str(n)})
        night.has(f"downtown:{n}", **someone(n), note=note).has(f"uptown:{n}", **someone(n), note=NOTE)
    assert [_told(c) for c in night.detected().planned()] == [
        ("downtown", "1", "add_note", {"note": None}, {"note": NOTE}),
        (
            "downtown",
            "2",
            "add_note",
            {"note": "Asks for paper receipts."},
            {"note": f"Asks for paper receipts.\n{NOTE}"},
        ),
    ]
    assert {c.state for c in night.planned()} == {"ready"}
    assert {i for c in night.planned() for i in c.finding_ids} == {f.finding_id for f in night.findings("note_missing")}


# consent ---------------------------------------------------------------------------------------------------------------------


def test_an_opt_out_is_carried_and_an_opt_in_never_g9(mortar: Nights) -> None:
    night = mortar(apply=AUTO)
    for n, (shop, till) in enumerate(
        [("out", "in"), ("in", "out"), ("pending", "out"), ("out", "out"), ("unknown", "in")], start=1
    ):
        night.has(f"shop:{n}", **someone(n, email_consent=shop), links={"till": str(n)}).has(
            f"till:{n}", **someone(n, email_consent=till)
        )
    assert [_told(c) for c in night.planned()] == [
        ("shop", "2", "opt_out", {"email_consent": "in"}, {"email_consent": "out"}),
        ("shop", "3", "opt_out", {"email_consent": "pending"}, {"email_consent": "out"}),
        ("till", "1", "opt_out", {"email_consent": "in"}, {"email_consent": "out"}),
    ]
    lost = "the opt-in, which is never written back (G9a)"
    assert {(c.state, c.reversible, c.lost) for c in night.planned()} == {("ready", "partly", lost)}


@pytest.mark.parametrize("state", ["archived", "merged"])
def test_an_opt_out_is_not_lost_with_the_profile_that_said_it_g9(mortar: Nights, state: str) -> None:
    """A second profile that says in takes its place: it and the shop learn of the opt-out, then the link moves."""
    night = mortar(apply=AUTO).has("shop:1", **someone(1, email_consent="in"), links={"till": "1"})
    night.has("till:1", **someone(1, email_consent="out", status=state)).has("till:2", **someone(1, email_consent="in"))
    outs, relink = night.planned("opt_out"), night.correction("relink")
    assert [_told(out) for out in outs] == [
        ("shop", "1", "opt_out", {"email_consent": "in"}, {"email_consent": "out"}),
        ("till", "2", "opt_out", {"email_consent": "in"}, {"email_consent": "out"}),
    ]
    assert ({out.state for out in outs}, relink.state) == ({"ready"}, "blocked")
    assert relink.blocked_by == "till:1 opted out, and the shop does not know it yet: opt out there first"
    later = mortar(apply=AUTO).has("shop:1", **someone(1, email_consent="out"), links={"till": "1"})
    later.has("till:1", **someone(1, email_consent="out", status=state)).has(
        "till:2", **someone(1, email_consent="out")
    )
    assert later.correction("relink").state == "ready"
    assert later.planned("opt_out") == []


def test_an_opt_out_that_cannot_be_written_is_a_task(blaze: Nights) -> None:
    night = blaze(apply=AUTO).has("ecom:1", **someone(1), links={"downtown": "1", "uptown": "1"}, email_consent="out")
    night.has("downtown:1", **someone(1), note=NOTE, email_consent="in").has("uptown:1", **someone(1), note=NOTE)
    assert (night.correction("opt_out").state, night.correction("opt_out").blocked_by) == (
        "blocked",
        "an opt-out cannot be written in downtown, where other fields can: opt out there by hand",
    )


# the whole plan --------------------------------------------------------------------------------------------------------------


def test_corrections_are_numbered_in_an_order_in_which_they_can_be_applied(mortar: Nights) -> None:
    night = mortar(apply=AUTO)
    for n in range(1, 6):
        night.has(f"shop:{n}", **someone(n), has_purchased=True)
        if n % 2:
            night.has(f"till:{n}", **someone(n))
    planned = night.planned()
    place = {c.correction_id: c.seq for c in planned}
    assert [c.seq for c in planned] == list(range(1, len(planned) + 1))
    assert len(place) == len(planned) == 10
    assert all(place[first] < c.seq for c in planned for first in c.follows)


def test_nothing_wrong_nothing_planned(mortar: Nights, blaze: Nights) -> None:
    assert _linked(mortar(apply=AUTO), {}, {}).planned() == []
    night = blaze().has("ecom:1", **someone(1), links={"downtown": "1", "uptown": "1"})
    assert night.has("downtown:1", "uptown:1", **someone(1), note=NOTE).planned() == []


def test_a_source_without_certificate_gets_no_correction_g1(nights: Nights) -> None:
    why = "till has no certificate tonight (G1)"
    night = nights().source("shop", "shopify", "ecom").source("till", "heartland", certified=False)
    night.pairing("mortar", "shop", "till", why_not_correctable=why, apply=AUTO)
    _linked(night, {"email_consent": "out"}, {"phone": "613 555 0118", "email_consent": "in"}).has(
        "shop:2", **someone(2), has_purchased=True
    )
    assert {(c.action, c.state, c.blocked_by) for c in night.planned()} == {
        ("update", "blocked", why),
        ("opt_out", "blocked", why),
    }
