"""Findings about links. Every test states all that is found in its group."""

from collections.abc import Callable
from datetime import datetime

from tests.sql.given import NO_ADDRESS, NOTE, Can, Night, finding, someone

Nights = Callable[..., Night]


# a stored link that broke --------------------------------------------------------------------------------------------------


def test_a_stored_link_to_a_profile_out_of_play_or_to_an_id_that_is_gone_m12(mortar: Nights) -> None:
    night = mortar().has("shop:9", **someone(9), links={"till": "77"})
    for n, state in enumerate(("archived", "deleted", "merged"), start=1):
        night.has(f"shop:{n}", **someone(n), links={"till": str(n)}).has(f"till:{n}", **someone(n, status=state))
    assert night.found() == {
        finding("link_archived", "", "shop:1", "till:1"),
        finding("link_deleted", "", "shop:2", "till:2"),
        finding("link_merged", "", "shop:3", "till:3"),
        finding("link_deleted", "", "shop:9", "till:77"),
    }


def test_an_archived_profile_that_is_restored_is_taken_back_m13(nights: Nights) -> None:
    """The earlier link is good again; relinked meanwhile, there are two profiles, and the link stays where it is."""
    two = {"email": "two@example.com", "phone": "+16135550118"}

    def night(link: str, status: str) -> Night:
        made = nights().source("shop", "shopify", "ecom").source("till", "heartland").pairing("mortar", "shop", "till")
        made.has("shop:1", **someone(1, **two), links={"till": link}).has("till:2", **someone(1, **two))
        return made.has("till:1", **someone(1, **two, status=status))

    assert finding("link_archived", "", "shop:1", "till:1") in night("1", "archived").found()
    assert night("2", "archived").found() == set()
    both = {finding(f"duplicate_{field}", field, "till:1", "till:2") for field in ("email", "phone")}
    for link in ("1", "2"):
        again = night(link, "active")
        assert again.found() == both
        assert again.planned() == [], "no flip"


def test_no_dead_link_while_the_record_was_unreadable_or_another_stored_link_lives_g1(mortar: Nights) -> None:
    night = mortar().has("shop:1", **someone(1), links={"till": "77"}, has_purchased=True).quarantined("till:77")
    night.has("shop:2", **someone(2), links=[("s-till", "78"), ("s-till", "2")]).has("till:2", **someone(2))
    assert night.found() == {("record_not_read", "", frozenset({"till:77"}))}


def test_nothing_is_concluded_from_absence_where_the_list_is_not_certified_g1(nights: Nights) -> None:
    unsure = (
        nights()
        .source("shop", "shopify", "ecom")
        .source("till", "heartland", certified=False)
        .pairing("mortar", "shop", "till")
    )
    unsure.has("shop:1", **someone(1), links={"till": "77"}, has_purchased=True).has(
        "shop:2", **someone(2), has_purchased=True
    )
    assert unsure.found() == set()


def test_an_archived_profile_known_from_an_older_list_is_found_and_nothing_is_proposed_g1(nights: Nights) -> None:
    night = nights().source("shop", "shopify", "ecom").source("till", "heartland", certified=False)
    night.pairing("mortar", "shop", "till", why_not_correctable="till has no certificate tonight (G1)")
    night.has("shop:1", **someone(1), links={"till": "1"}).has("till:1", **someone(1, status="archived"))
    assert night.found() == {finding("link_archived", "", "shop:1", "till:1")}
    assert night.finding("link_archived").proposal == "nothing is proposed before both systems have a certificate (G1)"
    assert night.planned() == []


def test_what_is_proposed_for_a_dead_link_m12(mortar: Nights) -> None:
    night = mortar().has("till:9", **someone(1))
    for n, fields in enumerate(({}, {}, NO_ADDRESS), start=1):
        night.has(f"shop:{n}", **someone(n, **fields), links={"till": str(n)}).has(
            f"till:{n}", **someone(n, status="archived")
        )
    assert {f.members[0]: f.proposal for f in night.findings("link_archived")} == {
        "shop:1": "link to till:9 instead",
        "shop:2": "drop the link; create a new profile at the POS",
        "shop:3": "add city, country, postal code, street in the shop, so that a new profile can be created at the POS",
    }


def test_the_vendor_s_own_links_only_lead_to_findings_t3(blaze: Nights) -> None:
    """Deactivated: a person renews it, and nothing is created beside it. Merged away: the link moves to the survivor."""
    night = blaze()
    for n, (state, into) in enumerate((("archived", None), ("merged", "9"), ("deleted", None)), start=1):
        night.has(f"ecom:{n}", **someone(n), links={"downtown": str(n), "uptown": str(n)})
        night.has(f"downtown:{n}", **someone(n, status=state, merged_into=into)).has(
            f"uptown:{n}", **someone(n), note=NOTE
        )
    assert night.found() == {
        finding("link_archived", "", "ecom:1", "downtown:1"),
        finding("link_merged", "", "ecom:2", "downtown:2"),
        finding("link_deleted", "", "ecom:3", "downtown:3"),
    }
    assert [f.proposal for f in night.findings()] == [
        "renew the profile in the POS; nothing is created beside it",
        "the vendor has to mend its link: name both profiles to its support",
        "the link moves to the survivor, downtown:9",
    ]
    assert night.planned() == []


# no link where there should be one -----------------------------------------------------------------------------------------


def test_a_customer_who_bought_and_is_known_at_the_till_m1(mortar: Nights) -> None:
    night = mortar().has("shop:1", **someone(1), has_purchased=True).has("till:1", **someone(1))
    night.has("shop:2", **someone(2), has_purchased=False).has("till:2", **someone(2)).has("shop:3", **someone(3)).has(
        "till:3", **someone(3)
    )
    assert night.found() == {finding("link_missing", "", "shop:1", "till:1")}


def test_a_customer_who_bought_and_is_unknown_at_the_till_m1_m8(mortar: Nights) -> None:
    night = (
        mortar()
        .has("shop:1", **someone(1), has_purchased=True)
        .has("shop:2", **someone(2, **NO_ADDRESS), has_purchased=True)
    )
    night.has("shop:3", **someone(3, email=None), has_purchased=True).has(
        "shop:4", **someone(4, street_2=None, region=None), has_purchased=True
    )
    night.has("shop:5", **someone(5, **NO_ADDRESS)).has("shop:6", **someone(6, status="archived"), has_purchased=True)
    assert night.found() == {
        finding("link_missing", "", "shop:1"),
        finding("vendor_cannot_create", "", "shop:2"),
        finding("vendor_cannot_create", "", "shop:3"),
        finding("link_missing", "", "shop:4"),
    }
    lacking = {f.members[0]: dict(f.evidence)["lacks"] for f in night.findings("vendor_cannot_create")}
    assert lacking == {"shop:2": "city, country, postal code, street", "shop:3": "email"}


def test_a_match_with_an_address_lacking_is_linked_all_the_same(mortar: Nights) -> None:
    night = mortar().has("shop:1", **someone(1, **NO_ADDRESS), has_purchased=True).has("till:1", **someone(1))
    assert night.found() == {finding("link_missing", "", "shop:1", "till:1")}


def test_what_stands_against_a_link_is_said_g6_m5(mortar: Nights) -> None:
    night = mortar()
    for n in range(1, 6):
        night.has(f"shop:{n}", **someone(n, birth_date=None), has_purchased=True)
    night.has("till:1", **someone(1)).has("shop:11", **someone(1, email="old1@example.com"), links={"till": "1"})
    night.has("till:2", **someone(2)).has("shop:12", **someone(2, email="old2@example.com"), has_purchased=True)
    night.has("till:3", **someone(3, first_name="Xochitl", birth_date=None))
    night.has("till:4", **someone(4, first_name=None, last_name=None, birth_date=None))
    night.has("till:5", **someone(5, birth_date=None, status="archived"))
    said = {f.members: f.blocked_by for f in night.findings("link_missing")}
    assert said == {
        ("shop:1", "till:1"): "linked to shop:11 already",
        ("shop:2", "till:2"): "till:2 matches several profiles of shop: a person picks",
        ("shop:12", "till:2"): "till:2 matches several profiles of shop: a person picks",
        ("shop:3",): "the match is a different person: a person picks",
        ("shop:5",): "till:5 matches and is archived: restore it in the POS; nothing is created beside it",
    }
    unsure = night.finding("link_ambiguous")
    assert unsure.members == ("shop:4", "till:4")
    assert dict(unsure.evidence)["reason"] == "neither name nor birth date says whether it is the same person"
    planned = {(c.action, c.state) for c in night.planned() if c.action != "update"}
    assert planned == {(action, "blocked") for action in ("create", "relink", "add_tag")}
    assert "shop:4" not in {f"{c.source}:{c.profile_id}" for c in night.planned()}


def test_treez_knows_the_customer_and_ecom_stores_no_link(blaze: Nights) -> None:
    night = blaze().has("ecom:1", **someone(1), links={"downtown": "1"})
    night.has("downtown:1", **someone(1), note=NOTE).has("uptown:7", **someone(1))
    assert night.found() == {finding("link_missing", "", "ecom:1", "uptown:7")}
    assert night.finding("link_missing").proposal == "the vendor has not linked uptown:7 yet"


def test_one_profile_missing_in_one_store_of_the_group_t1_t2(blaze: Nights) -> None:
    night = blaze().has("ecom:1", **someone(1), links={"downtown": "1"}).has("downtown:1", **someone(1), note=NOTE)
    night.has("ecom:2", **someone(2, birth_date=None)).has("ecom:3", **someone(3, status="archived"))
    assert night.found() == {
        finding("missing_in_store", "uptown", "ecom:1"),
        finding("missing_in_store", "uptown", "ecom:2"),
        finding("missing_in_store", "downtown", "ecom:2"),
    }
    assert {f.blocked_by for f in night.findings("missing_in_store") if f.members == ("ecom:2",)} == {
        "lacks birth date"
    }


def test_who_is_known_there_by_any_key_is_not_missing_t2_t3(blaze: Nights) -> None:
    """Before a store counts as missing, phone and email are asked, and deactivated profiles too."""
    night = blaze()
    known = ({"email": "other@example.com"}, {"phone": "613 555 9999"}, {"status": "archived"})
    for n, there in enumerate(known, start=1):
        night.has(f"ecom:{n}", **someone(n), links={"downtown": str(n)}).has(f"downtown:{n}", **someone(n), note=NOTE)
        night.has(f"uptown:{n}", **someone(n, **there))
    assert night.found() == {finding("link_missing", "", f"ecom:{n}", f"uptown:{n}") for n in (1, 2, 3)}
    assert {f.members[1]: f.proposal for f in night.findings()} == {
        "uptown:1": "the vendor has not linked uptown:1 yet",
        "uptown:2": "the vendor has not linked uptown:2 yet",
        "uptown:3": "renew uptown:3 in the POS; nothing is created beside it",
    }
    assert night.planned() == []


def test_a_store_without_certificate_misses_nobody_g1(nights: Nights) -> None:
    night = (
        nights()
        .source("ecom", "blaze_ecom", "ecom")
        .source("uptown", "treez", certified=False)
        .pairing("blaze_ecom", "ecom", "uptown")
    )
    assert night.has("ecom:1", **someone(1)).found() == set()


def test_a_pairing_that_links_nobody_by_itself_misses_no_link(nights: Nights) -> None:
    night = nights().source("shop", "table", "ecom").source("till").pairing("plain", "shop", "till")
    assert night.has("shop:1", **someone(1), has_purchased=True).has("till:1", **someone(1)).found() == set()


# links that a vendor keeps and no system stores ---------------------------------------------------------------------------


def _lightspeed(nights: Callable[..., Night]) -> Night:
    night = nights().source("shop", "ecwid", "ecom", can=Can()).source("till", "lightspeed_x", can=Can())
    return night.pairing("lightspeed_x_e", "shop", "till", link_keys=False)


def test_a_profile_that_is_found_is_the_link_where_a_vendor_stores_none_x4(nights: Callable[..., Night]) -> None:
    """Nothing is missing where the email, or after a change of it the phone, finds the customer at the till (X1)."""
    night = _lightspeed(nights)
    night.has("shop:1", **someone(1), has_purchased=True).has("till:1", **someone(1))
    night.has("shop:2", **someone(2, email="new@example.com"), has_purchased=True).has("till:2", **someone(2))
    assert night.found() == {finding("drift", "email", "shop:2", "till:2")}


def test_who_bought_more_than_a_day_ago_and_is_at_no_till_was_missed_by_the_vendor_x4(
    nights: Callable[..., Night],
) -> None:
    """No order, and an order of the last 24 hours: pending. One whose time nobody says is taken for an old one."""
    night = _lightspeed(nights).has("till:9", **someone(9)).has("shop:1", **someone(1))
    orders = {2: datetime(2026, 11, 22, 0, 1), 3: datetime(2026, 11, 21, 23, 59), 4: None}
    for n, at in orders.items():
        night.has(f"shop:{n}", **someone(n), has_purchased=True, last_seen_at=at)
    assert night.found() == {finding("link_missing", "", "shop:3"), finding("link_missing", "", "shop:4")}
    assert "within a day" in night.findings("link_missing")[0].proposal
    assert night.planned() == []


def test_a_till_profile_out_of_play_is_no_link_x4_m13(nights: Callable[..., Night]) -> None:
    night = _lightspeed(nights).has("shop:1", **someone(1), has_purchased=True)
    night.has("till:1", **someone(1, status="deleted"))
    assert night.found() == {finding("link_missing", "", "shop:1")}


def test_names_are_not_compared_with_a_shop_that_keeps_one_x1(nights: Callable[..., Night]) -> None:
    night = _lightspeed(nights).has("shop:1", **someone(1, first_name="Mary", last_name="Ann Example", birth_date=None))
    night.has("till:1", **someone(1, first_name="Mary Ann", last_name="Example"))
    assert night.found() == set()
