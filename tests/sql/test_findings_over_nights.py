"""What is told of links that broke and came back, of second accounts, crossed links, splits and merges, and who waits."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from tests.sql.given import BEFORE, CAN, TODAY, Can, Night, someone

Nights = Callable[..., Night]


def _lost(night: Night, n: int = 1, state: str = "archived", restored_on: date | None = None) -> Night:
    """The link of shop:n to till:n was seen broken on an earlier night."""
    night.warehouse.insert("lost_links", [("mortar", "shop", f"{n}", "till", f"{n}", state, BEFORE, restored_on)])
    return night


def _kept(night: Night) -> set[tuple[Any, ...]]:
    rows = night.detected().rows("select pos_id, state, since, restored_on from next_lost")
    return {tuple(row.values()) for row in rows}


def test_a_link_that_broke_is_remembered_and_told_when_its_profile_is_back_m13(mortar: Nights) -> None:
    """M12, M13: told once where the old link is good; as long as it stands where the customer was linked elsewhere meanwhile."""
    night = mortar()
    for n in (1, 2):
        night.has(f"shop:{n}", **someone(n), links={"till": f"{n}"}).has(f"till:{n}", **someone(n), status="archived")
    for n in (3, 4):
        night.has(f"shop:{n}", **someone(n), links={"till": f"{n}"}).has(f"till:{n}", **someone(n))
    night.has("shop:5", **someone(5), links={"till": "new"}).has("till:5", "till:new", **someone(5))
    night.has("shop:6", **someone(6)).has("till:6", **someone(7))
    for n, state, restored in (
        (2, "archived", None),
        (3, "archived", None),
        (4, "archived", BEFORE),
        (5, "deleted", BEFORE),
        (6, "archived", None),
    ):
        _lost(night, n, state, restored)
    assert _kept(night) == {
        ("1", "archived", TODAY, None), ("2", "archived", BEFORE, None), ("3", "archived", BEFORE, TODAY),
        ("5", "deleted", BEFORE, BEFORE), ("6", "archived", BEFORE, TODAY),
    }  # fmt: skip
    assert {f.members: f.proposal for f in night.findings("link_restored")} == {
        ("shop:3", "till:3"): "the earlier link is good again",
        ("shop:5", "till:5", "till:new"): "one customer twice: the link stays with till:new, and a person merges",
        ("shop:6", "till:6"): "link to till:6 again",
    }
    assert not [c for c in night.planned("relink") if c.profile_id == "5"], "no flip"


def test_a_link_is_forgotten_with_its_customer_and_never_without_a_certificate_g1(nights: Nights) -> None:
    for certified, kept in ((True, set()), (False, {("1", "archived", BEFORE, None)})):
        night = nights().source("shop", "shopify", "ecom", certified=certified).source("till", "heartland")
        assert _kept(_lost(night.pairing("mortar", "shop", "till", name="mortar"))) == kept


# second accounts ---------------------------------------------------------------------------------------------------------

NEW = {"email": "new@example.com", "phone": "613 555 0199"}
NONE_IS_ANOTHER = (
    {"birth_date": "1999-09-09"}, {"birth_date": None}, {"last_name": "Other"}, {"phone": "613 555 1005"}, {"email": None, "phone": None},
    {"status": "archived"},
)  # fmt: skip
"""Born later, or nobody knows when; another name; the same phone; no contact at all; closed."""


def test_a_later_account_of_one_name_and_birth_date_with_new_contacts_is_a_second_one_t7(blaze: Nights) -> None:
    """T7: the earlier account first, whatever the ids; nobody is asked twice about one pair, nor of whom a person spoke."""
    night = blaze()
    for n, fields in enumerate(({}, *NONE_IS_ANOTHER, {}), start=1):
        changed = {**NEW, "email": f"new{n}@example.com", "phone": f"613 555 {2000 + n}", **fields}
        night.has(f"ecom:z{n}", **someone(n, created_at=datetime(2026, 1, 1)))
        night.has(f"ecom:a{n}", **{**someone(n, created_at=datetime(2026, 1, 2)), **changed})
    # each sign-up makes profiles in the stores too, which look alike even more (T2)
    for account in ("z1", "a1"):
        night.has(f"downtown:{account}", **someone(1, email=None, phone=None)).decided(
            f"ecom:{account}", f"downtown:{account}", "same"
        )
    night.decided("ecom:a8", "ecom:z8", "not_same")
    assert [f.members for f in night.suspected().findings("signed_up_again")] == [("ecom:z1", "ecom:a1")]
    asked = {member for f in night.findings("suspect") for member in f.members}
    assert not asked & {"ecom:a1", "ecom:z1", "downtown:a1", "downtown:z1"}


def test_where_contacts_can_be_changed_in_the_shop_nobody_has_to_sign_up_again_t7(mortar: Nights) -> None:
    other = mortar().has("shop:1", **someone(1, created_at=datetime(2026, 1, 1)))
    other.has("shop:2", **someone(1, created_at=datetime(2026, 1, 2), **NEW))
    assert other.findings("signed_up_again") == []


# crossed links -----------------------------------------------------------------------------------------------------------


def test_two_shop_profiles_that_name_one_pos_profile_are_crossed_and_nothing_is_carried_over(mortar: Nights) -> None:
    """G6: the till profile would be given the phone of the one and of the other in turn."""
    night = mortar(apply={"drift": "auto"}).has("till:1", **someone(1, phone="613 555 0117"))
    night.has("shop:1", **someone(1), links={"till": "1"}).has("shop:2", **someone(2), links={"till": "1"})
    found = night.finding("link_crossed")
    assert found.members == ("shop:1", "shop:2", "till:1")
    assert dict(found.evidence)["links"] == "shop:1 names till:1; shop:2 names till:1"
    drifts = night.planned("update")
    assert drifts
    assert {c.state for c in drifts} == {"blocked"}


def test_two_links_that_each_name_whom_the_other_should_are_crossed_g8(mortar: Nights) -> None:
    night = mortar().has("shop:1", **someone(1), links={"till": "2"}).has("shop:2", **someone(2), links={"till": "1"})
    night.has("till:1", **someone(1)).has("till:2", **someone(2))
    found = night.finding("link_crossed")
    assert found.proposal == "by keys and names: link shop:1 to till:1, link shop:2 to till:2"
    assert {c.state for c in night.planned("update")} <= {"blocked"}


def _swapped(night: Night, one: int, other: int, **fields: Any) -> Night:
    for n, wrong in ((one, other), (other, one)):
        night.has(f"shop:{n}", **someone(n, **fields), links={"till": f"{wrong}"}).has(f"till:{n}", **someone(n))
    return night


def test_a_crossed_link_carries_no_group_frees_no_value_and_merges_nobody_g8(nights: Nights) -> None:
    """X3, C4, T10: what stands on the other side may be another customer's."""
    can = Can(
        (*CAN["shopify"].actions, "set_group", "merge"), CAN["shopify"].fields, ("email", "sms"), ("phone", "email")
    )
    till = Can((*CAN["heartland"].actions, "set_group"), CAN["heartland"].fields, ("email",))
    night = nights().source("shop", "shopify", "ecom", can=can).source("till", "heartland", can=till)
    night.pairing("mortar", "shop", "till", fields={"group": "ecom"}, apply={"drift": "auto", "set_group": "auto"})
    _swapped(night, 1, 2, group_name="VIP").has("till:3", **someone(3, phone="613 555 1001"), group_name="VIP")
    night.has("shop:3", **someone(3), links={"till": "3"}, group_name="VIP").based(
        "shop:3", "till:3", phone="+16135551003"
    )
    night.has("shop:4", **someone(1, phone=None))
    reason = "the link is crossed with another: a person says who is who first"
    assert {(c.profile_id, c.state, c.blocked_by) for c in night.planned("set_group")} == {
        ("1", "blocked", reason), ("2", "blocked", reason),
    }  # fmt: skip
    freed = [
        c for c in night.planned("update") if c.source == "shop" and c.profile_id in {"1", "4"} and "phone" in c.after
    ]
    assert not [c for c in freed if c.after["phone"] is None]
    (merge,) = night.planned("merge")
    assert merge.blocked_by == "a link of theirs is crossed with one of shop:2: a person says who is who first"


def test_a_no_goes_over_no_link_that_names_whom_another_should_g9(mortar: Nights) -> None:
    """G6: two customers whose links are swapped are one entity; the no of one is not the other's."""
    night = _swapped(mortar(apply={"opt_out": "auto"}), 1, 2, email_consent="in")
    night.has("shop:3", **someone(1, phone="613 555 0117"), email_consent="out")
    assert {(c.profile_id, c.state) for c in night.planned("opt_out")} == {("1", "ready")}
    other = _swapped(mortar(apply={"opt_out": "auto"}), 1, 2, email_consent="in")
    other.has("till:9", **someone(1, email="x@example.com"), email_consent="out")
    assert {(c.profile_id, c.state) for c in other.planned("opt_out")} == {("1", "ready")}


def test_a_link_whose_customer_only_changed_is_not_crossed(mortar: Nights) -> None:
    """One side alone looks like somebody else: that is drift, whatever its values say."""
    night = mortar().has("shop:1", **someone(1), links={"till": "1"}).has("till:1", **someone(2))
    night.has("shop:2", **someone(2), links={"till": "2"}).has("till:2", **someone(2, email="x@example.com"))
    assert night.findings("link_crossed") == []


# splits and merges -------------------------------------------------------------------------------------------------------


def _moves(night: Night) -> set[tuple[str, ...]]:
    rows = night.detected().rows("select moved_on, concat(source, ':', id) as who, what, old_entity from next_moves")
    return {tuple(row.values()) for row in rows}


def test_a_split_is_kept_with_the_old_id_and_a_merge_too_g7(alone: Night) -> None:
    for who, number in {"here:1": 1, "there:1": 1, "here:2": 2, "there:2": 2}.items():
        alone.has(who, **someone(number))
    alone.rolled({"here:1": "a", "there:1": "b", "here:2": "c", "there:2": "c"})
    alone.has("here:3", **someone(3)).has("here:4", **someone(4)).rolled({"here:3": "d", "here:4": "d"})
    ((_, merged, what, old), (_, left, how, before)) = sorted(_moves(alone), key=lambda row: row[2])
    assert {(what, old), (how, before)} == {("merged", "b"), ("split", "d")}
    assert (merged, left) == ("there:1", "here:4")
    assert alone.ids()["there:1"] == "a"


def test_earlier_moves_are_kept_as_long_as_the_profile_is_on_the_roll_g7(alone: Night) -> None:
    old = [("2026-10-01", "here", name, "split", "x", "y") for name in ("1", "gone")]
    alone.has("here:1", **someone(1)).warehouse.insert("moves", old)
    assert _moves(alone) == {("2026-10-01", "here:1", "split", "x")}


# pending -----------------------------------------------------------------------------------------------------------------


def test_who_is_in_one_system_only_waits_and_says_for_what_x4(nights: Nights) -> None:
    """M1, X4: an order of today still waits; one of last week, a linked one and one that is asked about do not. G1: nobody
    waits for a till that could not be read."""
    night = nights().source("web", "table", "ecom").source("till", "table").source("unread", "table", certified=False)
    night.pairing("lightspeed_x_e", "web", "till", "unread", link_keys=False)
    night.has("web:browsing", **someone(1)).has("till:walk in", **someone(2))
    night.has("web:today", **someone(3), has_purchased=True, last_seen_at=datetime(2026, 11, 22, 18))
    night.has("web:late", **someone(4), has_purchased=True, last_seen_at=datetime(2026, 11, 12))
    night.has("web:both", "till:both", **someone(5))
    night.has("web:asked", **someone(6, first_name=None, birth_date=None)).has(
        "till:asked", **someone(6, birth_date=None)
    )
    rows = night.detected().rows("select concat(source, ':', id) as who, why from pending")
    assert {row["who"]: row["why"] for row in rows} == {
        "web:browsing": "no order yet", "till:walk in": "no online order or login yet", "web:today": "ordered less than a day ago",
    }  # fmt: skip


# what a vendor no longer sends -------------------------------------------------------------------------------------------


def _without_phones(mortar: Nights, seen: int) -> Night:
    """Twelve linked customers, and not one phone at the till tonight."""
    night = mortar(apply={"drift": "auto"})
    for n in range(1, 13):
        night.has(f"shop:{n}", **someone(n), links={"till": f"{n}"}).has(f"till:{n}", **someone(n, phone=None))
    night.warehouse.insert("filled", [("till", "phone", seen), ("till", "email", 12), ("gone", "email", 3)])
    return night


def test_a_field_that_nobody_has_any_more_was_lost_by_the_vendor_and_is_written_to_nobody(mortar: Nights) -> None:
    """G13: a blank on everybody is no blank; and the figure stays, so that it is told until the field is back."""
    night = _without_phones(mortar, 12)
    assert [(f.check.kind, f.field, f.source) for f in night.findings()] == [("field_lost", "phone", "till")]
    assert night.planned("update") == []
    kept = {(r["source"], r["field"]): r["seen"] for r in night.rows("select * from next_filled")}
    assert (kept["till", "phone"], kept["shop", "phone"], kept["gone", "email"]) == (12, 12, 3)
    meant = _without_phones(mortar, 12).accepted(night.finding("field_lost").finding_id)
    assert {f.check.kind for f in meant.findings()} == {"drift"}, (
        "accepted: blank it is, and the shop's value may go there"
    )
    assert not meant.rows("select * from next_filled where source = 'till' and field = 'phone'")


def test_a_note_that_is_no_longer_sent_is_not_written_over_t8(blaze: Nights) -> None:
    """T8: the text that is there stays; what cannot be read is not known to be empty."""
    night = blaze(apply={"add_note": "auto"})
    for n in range(1, 11):
        night.has(f"ecom:{n}", **someone(n), links={"downtown": f"{n}", "uptown": f"{n}"})
        night.has(f"downtown:{n}", f"uptown:{n}", **someone(n))
    night.warehouse.insert("filled", [("downtown", "note", 10)])
    assert {f.source for f in night.findings("note_missing")} == {"uptown"}
    planned = {c.source: (c.state, c.blocked_by) for c in night.planned("add_note")}
    assert planned["uptown"] == ("ready", "")
    assert planned["downtown"] == ("blocked", "downtown no longer sends it: nobody knows what stands there")


def test_by_a_key_that_is_no_longer_sent_nobody_is_created_or_linked_m5(mortar: Nights) -> None:
    """M2, M8: whom the till does not name by email any more would be made twice, or found by the second key."""
    night = mortar(apply={"relink": "auto"})
    for n in range(1, 11):
        night.has(f"shop:{n}", **someone(n), links={"till": f"{n}"}).has(f"till:{n}", **someone(n, email=None))
    night.has("shop:20", **someone(20), has_purchased=True).has("till:20", **someone(20, email=None, phone=None))
    night.has("shop:21", **someone(21), has_purchased=True).has("till:21", **someone(21, email=None))
    night.warehouse.insert("filled", [("till", "email", 10)])
    assert {f.check.kind for f in night.findings()} == {"field_lost", "link_missing"}, "nor does anybody lack an email"
    planned = {(c.action, c.state, c.blocked_by) for c in night.planned() if c.action in {"create", "relink"}}
    assert planned == {
        (action, "blocked", "till no longer sends the email: nobody knows who is there")
        for action in ("create", "relink")
    }


def test_an_address_of_which_a_part_is_no_longer_sent_is_not_compared_g13(mortar: Nights) -> None:
    night = mortar(apply={"drift": "auto"})
    for n in range(1, 11):
        night.has(f"shop:{n}", **someone(n, postal_code=None), links={"till": f"{n}"})
        night.has(f"till:{n}", **someone(n), street_2="Unit 4")
        night.based(f"shop:{n}", f"till:{n}", address=f"{n} main st unit 4 ottawa k1a0b1")
    night.warehouse.insert("filled", [("shop", "postal_code", 10), ("shop", "street_2", 10)])
    assert {(f.check.kind, f.field) for f in night.findings()} == {
        ("field_lost", "postal_code"),
        ("field_lost", "street_2"),
    }
    assert night.planned() == []


def test_a_field_that_few_had_may_have_been_cleared_by_hand(mortar: Nights) -> None:
    night = _without_phones(mortar, 9)
    assert {f.check.kind for f in night.findings()} == {"drift"}


def test_records_that_do_not_fit_are_told_once_per_reason_g1(mortar: Nights) -> None:
    found = mortar().quarantined("till:9").quarantined("till:8").finding("record_not_read")
    assert (found.members, dict(found.evidence)) == (
        ("till:8", "till:9"), {"reason": "birth_date: not readable as string", "count": "2"},
    )  # fmt: skip
