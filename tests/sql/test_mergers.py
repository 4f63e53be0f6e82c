"""T9, T10, M10: which of a customer's profiles in one system goes into which other, and what stands against it."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.sql.given import CAN, Can, Night

ADA: Mapping[str, Any] = {"first_name": "Ada", "last_name": "Roe", "birth_date": "1980-01-02", "phone": "613 555 0117"}
NOTE = "Linked with ECOM. Do not delete!"
MERGING = Can(
    (*CAN["treez"].actions, "opt_out", "merge"), CAN["treez"].fields, ("email",), ("phone", "email"),
    balances=("points",),
)  # fmt: skip
SHOP = Can((*CAN["shopify"].actions, "merge"), CAN["shopify"].fields, ("email", "sms"), ("phone", "email"))


def store(**ada: Any) -> Night:
    """A Treez store that lists points, paired with ECOM; Ada is there twice."""
    night = Night().source("ecom", "blaze_ecom", "ecom").source("downtown", "treez", can=MERGING)
    night.pairing("blaze_ecom", "ecom", "downtown")
    return night.has("downtown:1", "downtown:2", **{**ADA, "points": "0", **ada})


def shop(**pairing: Any) -> Night:
    """A shop that can merge and two tills; the older till holds Ada, and ties two accounts of hers."""
    night = Night().source("shop", "shopify", "ecom", can=SHOP).source("till", "heartland").source("old", "heartland")
    return night.pairing("mortar", "shop", "till", "old", **pairing)


def test_t9_the_first_by_rule_stays_and_only_a_word_on_the_merge_itself_will_do() -> None:
    night = store(verified=False).has("downtown:3", **{**ADA, "points": "7", "verified": True})
    (merge,) = night.detected().planned("merge")
    assert (merge.profile_id, dict(merge.after), merge.origin) == ("1", {"merged_into": "3"}, "downtown:3")
    assert (merge.state, merge.needs, merge.reversible) == ("held", ("approval",), "not")
    assert merge.before["points"] == "0"
    assert merge.origin_view["points"] == "7"
    assert merge.finding_ids == (night.finding("duplicate_phone").finding_id,)
    assert not [row for row in night.planned() if row.after_correction]


def test_t10_whom_ecom_relies_on_stays() -> None:
    linked = store().has("ecom:9", **ADA, links={"downtown": "2"})
    assert dict(linked.correction("merge").after) == {"merged_into": "2"}
    noted = store(points="0").has("downtown:5", **{**ADA, "points": "0", "note": f"vip\n{NOTE}"})
    assert {m.after["merged_into"] for m in noted.planned("merge")} == {"5"}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"points": "120"}, "downtown:2 holds 120 points: a person merges"),
        ({"points": "a few"}, "downtown:2 holds a few points"),
        ({"points": None}, "nobody knows the points of downtown:2"),
        ({"credit": "-3.5"}, "downtown:2 holds -3.5 of credit"),
        ({"note": f"{NOTE} x", "verified": None}, "carries the note of a linked profile"),
    ],
)
def test_g11_what_a_merge_would_move_or_lose_is_left_to_a_person(given: dict[str, Any], why: str) -> None:
    night = Night().source("ecom", "blaze_ecom", "ecom").source("downtown", "treez", can=MERGING)
    night.pairing("blaze_ecom", "ecom", "downtown").has("ecom:9", **ADA, links={"downtown": "1"})
    night.has("downtown:1", **ADA, points="5").has("downtown:2", **{**ADA, "points": "0", **given})
    merge = night.correction("merge")
    assert (merge.state, merge.profile_id) == ("blocked", "2")
    assert why in merge.blocked_by
    found = night.finding("duplicate_phone")
    assert why in found.blocked_by
    assert ("points@downtown:1", "5") in found.evidence


def test_scenario_20_both_balances_are_shown_and_the_merge_is_a_task() -> None:
    """In a system that cannot merge as well."""
    night = (
        Night().source("ecom", "blaze_ecom", "ecom").source("green", "table", can=Can(balances=("points", "credit")))
    )
    night.pairing("plain", "ecom", "green")
    night.has("green:1", **ADA, points="120", credit="0").has("green:2", **ADA, points="30", credit="12.5")
    found = night.finding("duplicate_phone")
    assert {fact for fact in found.evidence if "@" in fact[0]} == {
        ("points@green:1", "120"), ("credit@green:1", "0"), ("points@green:2", "30"), ("credit@green:2", "12.5"),
    }  # fmt: skip
    assert "green:2 holds 30 points and 12.5 of credit: a person merges" in found.blocked_by
    assert night.planned("merge") == []


def test_g6_who_differs_in_the_birth_date_by_a_persons_word_is_not_merged_over_it() -> None:
    night = store().has("downtown:3", **{**ADA, "birth_date": "1980-02-01", "points": "0"})
    night.decided("downtown:1", "downtown:3", "same").decided("downtown:2", "downtown:3", "same")
    merges = night.planned("merge")
    assert [m.profile_id for m in merges] == ["2"]
    alone = store().decided("downtown:1", "downtown:2", "not_same")
    assert alone.planned("merge") == []


def test_g9_a_merge_brings_the_opt_out_along_and_waits_while_somebody_still_says_yes() -> None:
    night = store(email_consent="unknown").has("ecom:9", **ADA, links={"downtown": "1"}).recalls("downtown:2")
    merge, out = night.correction("merge"), night.correction("opt_out")
    assert (merge.profile_id, merge.state) == ("2", "held")
    assert (out.profile_id, dict(out.before), dict(out.after)) == ("1", {}, {"email_consent": "out"})
    assert (out.after_correction, out.state, out.needs) == (merge.correction_id, "held", ("approval",))
    assert out.finding_ids == merge.finding_ids
    assert out.seq > merge.seq
    asking = store(email_consent="in").recalls("downtown:2")
    blocked = asking.correction("merge")
    assert "says yes against an opt-out of the customer" in blocked.blocked_by


def test_g9_an_opt_out_that_cannot_be_carried_and_an_erasure_stand_against_it() -> None:
    mute = Can(("update", "merge"), CAN["treez"].fields, ("email",), ("phone", "email"))
    night = Night().source("ecom", "blaze_ecom", "ecom").source("downtown", "treez", can=mute)
    night.pairing("blaze_ecom", "ecom", "downtown").has("downtown:1", "downtown:2", **ADA).recalls("downtown:2")
    assert "an opt-out of email could not be written" in night.correction("merge").blocked_by
    erased = store(email_consent="unknown").has("downtown:3", **{**ADA, "points": "0", "email_consent": "erased"})
    assert "was erased somewhere (G10)" in erased.correction("merge").blocked_by


def test_m10_accounts_of_one_customer_in_the_shop_are_found_through_the_till_and_keep_both_links() -> None:
    night = shop()
    night.has("till:1", **{**ADA, "email": "ada@example.com"})
    night.has("old:5", **{**ADA, "phone": "613 555 0118", "email": "ada@example.com"})
    night.has("shop:1", **{**ADA, "email": None, "birth_date": None}, links={"till": "1", "old": "5"})
    night.has("shop:2", first_name="Ada", last_name="Roe", email="ada@example.com", links={"till": "1"})
    found = night.finding("duplicate_account")
    assert found.members == ("shop:1", "shop:2")
    merge, relink = night.correction("merge"), next(c for c in night.planned("relink") if c.after_correction)
    assert (merge.profile_id, dict(merge.after)) == ("1", {"merged_into": "2"}), "who has an email is kept by the shop"
    assert {n: v for n, v in merge.before.items() if n.startswith("link:")} == {"link:till": "1", "link:old": "5"}
    assert (relink.profile_id, dict(relink.after), relink.after_correction) == (
        "2", {"link:old": "5"}, merge.correction_id,
    )  # fmt: skip


def test_t10_two_links_that_clash_are_sorted_out_first() -> None:
    night = shop().has("till:1", "till:2", **{**ADA, "email": "ada@example.com"})
    night.has("shop:1", first_name="Ada", last_name="Roe", phone="613 555 0117", links={"till": "1"})
    night.has("shop:2", first_name="Ada", last_name="Roe", email="ada@example.com", links={"till": "2"})
    assert "their links lead to till:1 and till:2" in night.correction("merge").blocked_by


def test_g14_one_merge_a_night_into_each_and_none_into_who_goes_elsewhere() -> None:
    night = store().has("downtown:3", **{**ADA, "points": "0"})
    assert [(m.profile_id, m.after["merged_into"]) for m in night.planned("merge")] == [("2", "1")]
    chain = Night().source("ecom", "blaze_ecom", "ecom").source("downtown", "treez", can=MERGING)
    chain.pairing("blaze_ecom", "ecom", "downtown")
    chain.has("downtown:1", **ADA, points="0").has("downtown:2", **ADA, points="0", email="ada@example.com")
    chain.has("downtown:3", **{**ADA, "phone": None}, points="0", email="ada@example.com")
    assert [(m.profile_id, m.after["merged_into"]) for m in chain.planned("merge")] == [("3", "2")]


def test_g14_what_only_observes_is_blocked_and_a_setting_makes_no_merge_unattended() -> None:
    night = Night().source("ecom", "blaze_ecom", "ecom").source("downtown", "treez", can=MERGING)
    night.pairing("blaze_ecom", "ecom", "downtown", why_not_correctable="it only observes", apply={"merge": "auto"})
    night.has("downtown:1", "downtown:2", **ADA, points="0")
    merge = night.correction("merge")
    assert (merge.state, merge.blocked_by, merge.needs) == ("blocked", "it only observes", ("approval",))
