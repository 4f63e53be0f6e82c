"""Planned updates: before and after exactly, who wins, and what a person has to say first (G13, M7, C1, G12)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from jobs.corrections import Correction, fingerprint
from tests.sql.given import CAN, NOTE, VAULT, Can, Night, someone

Nights = Callable[..., Night]
AUTO = {"drift": "auto", "relink": "auto", "add_tag": "auto", "add_note": "auto", "opt_out": "auto", "create": "auto"}


def _linked(night: Night, shop: dict[str, Any], till: dict[str, Any]) -> Night:
    return night.has("shop:1", **someone(1, **shop), links={"till": "1"}).has("till:1", **someone(1, **till))


def _told(c: Correction) -> tuple[str, str | None, str, dict[str, str | None], dict[str, str | None]]:
    return c.source, c.profile_id, c.action, dict(c.before), dict(c.after)


# update --------------------------------------------------------------------------------------------------------------------

ADDRESS = {
    "street": "1 Main St",
    "street_2": None,
    "city": "Ottawa",
    "region": "ON",
    "postal_code": "K1A 0B1",
    "country": "CA",
}
MOVED = {"street": "9 Elm St", "street_2": None, "city": "Hull", "region": "QC", "postal_code": "J8X 1A1"}
UPDATES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, str], str, dict[str, Any], dict[str, Any]]] = [
    (
        "phone changed at the till", {"phone": "613 555 0117"}, {"phone": "613.555.0118"}, {"phone": "+16135550117"},
        "shop", {"phone": "613 555 0117"}, {"phone": "+16135550118"},
    ),
    (
        "email changed in the shop", {"email": " New@Example.com "}, {"email": "Old@example.com"}, {"email": "old@example.com"},
        "till", {"email": "Old@example.com"}, {"email": "new@example.com"},
    ),
    (
        "birth date filled in from the till", {"birth_date": None}, {"birth_date": "03/04/1951"}, {},
        "shop", {"birth_date": None}, {"birth_date": "1951-03-04"},
    ),
    (
        "email filled in from the shop", {"email": "filled@example.com"}, {"email": None}, {},
        "till", {"email": None}, {"email": "filled@example.com"},
    ),
    (
        "moved house", MOVED, {**ADDRESS, "street_2": "Unit 3"}, {"address": "1 main st unit 3 ottawa k1a0b1"},
        "till", {**ADDRESS, "street_2": "Unit 3"}, MOVED,
    ),
    (
        "moved within the city, told by a system that knows no country", ADDRESS, {**ADDRESS, "street": "9 Elm St", "country": None, "region": None},
        {"address": "1 main st ottawa k1a0b1"}, "shop", ADDRESS, {"street": "9 Elm St"},
    ),
    (
        "moved, told by a list without cities and codes", ADDRESS, {**ADDRESS, "street": "9 Elm St", "city": None, "postal_code": None},
        {"address": "1 main st ottawa k1a0b1"}, "shop", ADDRESS, {"street": "9 Elm St"},
    ),
]  # fmt: skip


def test_an_update_holds_what_was_judged_and_exactly_what_changes(mortar: Nights) -> None:
    night = mortar(apply={"drift": "auto"})
    for n, (_, shop, till, base, *_) in enumerate(UPDATES, start=1):
        night.has(f"shop:{n}", **someone(n, **shop), links={"till": str(n)}).has(f"till:{n}", **someone(n, **till))
        if base:
            night.based(f"shop:{n}", f"till:{n}", **base)
    found = {member: f.finding_id for f in night.findings("drift") for member in f.members}
    planned = {c.profile_id: c for c in night.planned()}
    assert len(planned) == len(UPDATES)
    for n, (_, _, _, _, source, before, after) in enumerate(UPDATES, start=1):
        update = planned[str(n)]
        assert _told(update) == (source, str(n), "update", before, after)
        assert (update.state, update.needs, update.blocked_by, update.reversible) == ("ready", (), "", "fully")
        assert update.finding_ids == (found[f"shop:{n}"],)
        assert update.fingerprint == fingerprint(VAULT, source, str(n), {**before, "status": "active"}, before)


def test_a_blank_never_erases_a_value_g13(mortar: Nights) -> None:
    night = _linked(mortar(apply=AUTO, names="newest"), {"phone": None, "last_name": None}, {"email": None})
    night.based("shop:1", "till:1", phone="+16135551001", last_name="number 1", email="person1@example.com")
    assert {(c.source, *c.after.items()) for c in night.planned()} == {
        ("shop", ("phone", "+16135551001")),
        ("shop", ("last_name", "Number 1")),
        ("till", ("email", "person1@example.com")),
    }


def test_a_whole_name_in_one_field_gives_no_blank_first_name(nights: Nights) -> None:
    night = nights().source("shop", "shopify", "ecom").source("till", can=CAN["heartland"])
    night.pairing(
        "plain",
        "shop",
        "till",
        link_keys=False,
        fields={"first_name": "newest", "last_name": "newest"},
        apply={"drift": "auto"},
    )
    night.has("shop:1", first_name="Ann", last_name="Roy", email="a@example.com").has(
        "till:1", full_name="Ann Ray", email="a@example.com"
    )
    night.based("shop:1", "till:1", last_name="roy")
    assert night.drifts() == {("shop:1", "till:1", "last_name"): "pos"}
    assert night.planned() == []


SIDES: dict[str, tuple[str, str, str | None]] = {
    "ecom": ("613 555 0118", "613 555 0117", "+16135550117"),
    "pos": ("613 555 0117", "613 555 0118", "+16135550117"),
    "both": ("613 555 0118", "613 555 0119", "+16135550117"),
    "no_base": ("613 555 0118", "613 555 0119", None),
}
WINNERS: dict[str, list[tuple[str, str]]] = {
    "newest": [("till", "ready"), ("shop", "ready"), ("shop", "held"), ("shop", "held")],
    "ecom": [("till", "ready"), ("till", "ready"), ("till", "held"), ("till", "held")],
    "pos": [("shop", "ready"), ("shop", "ready"), ("shop", "held"), ("shop", "held")],
    "ask": [("till", "held"), ("shop", "held"), ("shop", "held"), ("shop", "held")],
    "suggest": [("till", "held"), ("shop", "held"), ("shop", "held"), ("shop", "held")],
}
UNIQUE_NOWHERE = Can(CAN["shopify"].actions, CAN["shopify"].fields)


@pytest.mark.parametrize("wins", WINNERS)
def test_who_wins_and_when_a_person_picks_g13(nights: Nights, wins: str) -> None:
    """The till was touched last. G rules beat the policy: where both changed or nobody knows, a person picks."""
    night = nights().source("shop", "shopify", "ecom", can=UNIQUE_NOWHERE).source("till", "heartland")
    night.pairing("mortar", "shop", "till", apply={"drift": "auto"}, fields={"phone": wins})
    for n, (shop, till, base) in enumerate(SIDES.values(), start=1):
        night.has(f"shop:{n}", **someone(n, phone=shop), links={"till": str(n)}, updated_at=datetime(2026, 11, 1))
        night.has(f"till:{n}", **someone(n, phone=till), updated_at=datetime(2026, 11, 2))
        if base:
            night.based(f"shop:{n}", f"till:{n}", phone=base)
    planned = sorted(night.planned(), key=lambda c: c.profile_id or "")
    assert [(c.source, c.state) for c in planned] == WINNERS[wins]
    assert [c.needs for c in planned] == [
        ("approval", "choice") if state == "held" else () for _, state in WINNERS[wins]
    ]


def test_names_are_only_suggested_by_default_m7(mortar: Nights) -> None:
    night = _linked(mortar(apply={"drift": "auto"}), {}, {"last_name": "Married"}).based(
        "shop:1", "till:1", last_name="number 1"
    )
    assert (night.correction("update").state, night.correction("update").needs) == ("held", ("approval", "choice"))


@pytest.mark.parametrize(
    ("no_base", "owner", "target"),
    [("owner", "ecom", "till"), ("owner", "pos", "shop"), ("newest_stamp", "ecom", "shop")],
)
def test_what_is_proposed_where_there_is_no_base_yet_never_silently(
    mortar: Nights, no_base: str, owner: str, target: str
) -> None:
    night = mortar(apply=AUTO, no_base=no_base, owner=owner)
    _linked(
        night, {"updated_at": datetime(2026, 11, 1)}, {"phone": "613 555 0118", "updated_at": datetime(2026, 11, 2)}
    )
    assert (night.correction("update").source, night.correction("update").state) == (target, "held")


@pytest.mark.parametrize(("mode", "states"), [("off", []), ("review", ["held"]), ("auto", ["ready"])])
def test_the_policy_says_whether_drift_is_written(mortar: Nights, mode: str, states: list[str]) -> None:
    night = _linked(mortar(apply={"drift": mode}), {}, {"phone": "613 555 0118"}).based(
        "shop:1", "till:1", phone="+16135551001"
    )
    assert [c.state for c in night.planned()] == states


@pytest.mark.parametrize(
    ("can", "why"),
    [
        (Can(), "shop cannot be written: change it there by hand"),
        (Can(("relink",), ("phone",)), "shop cannot be written: change it there by hand"),
        (Can(("update",), ("email",)), "phone cannot be written in shop: change it there by hand"),
        (Can(("update",), ("email",), way=("file",)),
         "the file of shop has no column for phone that an import could fill: add one, or change it there by hand"),
    ],
    ids=["nothing", "no update", "another field", "another column"],
)  # fmt: skip
def test_a_source_that_cannot_be_written_is_named(nights: Nights, can: Can, why: str) -> None:
    night = (
        nights()
        .source("shop", "shopify", "ecom", can=can)
        .source("till", "heartland")
        .pairing("mortar", "shop", "till", apply=AUTO)
    )
    _linked(night, {}, {"phone": "613 555 0118"}).based("shop:1", "till:1", phone="+16135551001")
    assert (night.correction("update").state, night.correction("update").blocked_by) == ("blocked", why)


def test_an_address_is_written_in_the_fields_that_the_target_has(nights: Nights) -> None:
    night = nights().source("shop", "shopify", "ecom").source("store", "treez")
    night.pairing("plain", "shop", "store", fields={"address": "newest"}, apply={"drift": "auto"})
    night.has("shop:1", **someone(1, **MOVED), links={"store": "1"}).has("store:1", **someone(1, country=None))
    night.based("shop:1", "store:1", address="1 main st ottawa k1a0b1")
    after = night.correction("update").after
    assert dict(after) == {"street": "9 Elm St", "city": "Hull", "region": "QC", "postal_code": "J8X 1A1"}


def test_a_value_that_somebody_else_holds_blocks_the_write_c3(mortar: Nights) -> None:
    night = _linked(mortar(apply=AUTO), {}, {"phone": "613 555 1002"}).based("shop:1", "till:1", phone="+16135551001")
    night.has("shop:2", **someone(2), links={"till": "2"}).has("till:2", **someone(2))
    assert (night.correction("update").state, night.correction("update").blocked_by) == (
        "blocked",
        "shop:2 holds the value",
    )


def test_a_pairing_that_may_not_be_corrected_says_why_on_every_row(nights: Nights) -> None:
    why = "this pairing only observes: night 2 of 7 (G14)"
    night = nights().source("shop", "shopify", "ecom").source("till", "heartland")
    night.pairing("mortar", "shop", "till", why_not_correctable=why, apply=AUTO)
    _linked(night, {"email_consent": "out"}, {"phone": "613 555 0118", "email_consent": "in"}).has(
        "shop:2", **someone(2), has_purchased=True
    )
    night.has("shop:3", **someone(3), has_purchased=True).has("till:3", **someone(3))
    planned = night.planned()
    assert {c.action for c in planned} == {"update", "opt_out", "create", "relink", "add_tag"}
    assert {(c.state, c.blocked_by) for c in planned} == {("blocked", why)}


def test_a_login_is_changed_only_after_an_identity_check_g12(nights: Nights) -> None:
    night = nights().source("ecom", "blaze_ecom", "ecom").source("up", "treez", logins="treez_ecommerce")
    night.pairing(
        "plain",
        "ecom",
        "up",
        fields={"phone": "newest", "email": "newest", "last_name": "newest"},
        apply={"drift": "auto"},
    )
    night.has("ecom:1", **someone(1, email="new@example.com", last_name="New"), links={"up": "1"}).has(
        "up:1", **someone(1, phone="613 555 0118")
    )
    night.based("ecom:1", "up:1", email="person1@example.com", phone="+16135551001", last_name="number 1")
    assert {(c.source, *c.after, c.state, c.needs) for c in night.planned()} == {
        ("up", "email", "held", ("identity_check",)),
        ("ecom", "phone", "held", ("identity_check",)),
        ("up", "last_name", "ready", ()),
    }
    assert {c.asks for c in night.planned()} == {("the customer signs in with it (G12)",), ()}


def test_mission_control_s_value_is_written_at_the_pos_only_where_the_account_takes_it_c1(blaze: Nights) -> None:
    for way, states in {"task": [], "mission_control": [], "pos": ["ready"]}.items():
        night = blaze(contact_way=way, apply={"drift": "auto"})
        night.has("ecom:1", **someone(1, phone="613 555 0118"), links={"downtown": "1", "uptown": "1"})
        night.has("downtown:1", **someone(1), note=NOTE).has("uptown:1", **someone(1, phone="613 555 0118"), note=NOTE)
        night.based("ecom:1", "downtown:1", phone="+16135551001")
        assert [c.state for c in night.planned()] == states


# several systems about one profile -----------------------------------------------------------------------------------------


def _two_tills(night: Night, **apply: str) -> Night:
    night.source("shop", "shopify", "ecom").source("queen", "heartland").source("king", "heartland")
    return night.pairing("mortar", "shop", "queen", "king", apply={**AUTO, **apply})


def test_two_tills_that_disagree_about_one_field_of_the_shop_both_ask(nights: Nights) -> None:
    night = _two_tills(nights()).has("shop:1", **someone(1), links={"queen": "1", "king": "2"})
    night.has("queen:1", **someone(1, phone="613 555 0118", street="2 Main St")).has(
        "king:2", **someone(1, phone="613 555 0119", street="3 Main St", city="Hull")
    )
    for till in ("queen:1", "king:2"):
        night.based("shop:1", till, phone="+16135551001", address="1 main st ottawa k1a0b1")
    planned = night.planned()
    assert {(c.source, tuple(c.after), c.state, c.needs) for c in planned} == {
        ("shop", ("phone",), "held", ("approval", "choice")),
        ("shop", ("street",), "held", ("approval", "choice")),
        ("shop", ("street", "city"), "held", ("approval", "choice")),
    }
    assert len(planned) == 4
    assert all(c.why.endswith("another system says otherwise") for c in planned)
    assert {c.asks for c in planned} == {("two systems want different values: a person picks (G13)",)}


def test_two_tills_that_agree_about_the_shop_write_it_once_and_answer_both_findings(nights: Nights) -> None:
    night = _two_tills(nights()).has("shop:1", **someone(1, email_consent="in"), links={"queen": "1", "king": "2"})
    night.has("queen:1", **someone(1, phone="613 555 0118", email_consent="out")).has(
        "king:2", **someone(1, phone="613.555.0118", email_consent="out")
    )
    for till in ("queen:1", "king:2"):
        night.based("shop:1", till, phone="+16135551001")
    planned = night.detected().planned()
    assert [(c.action, dict(c.after)) for c in planned] == [
        ("opt_out", {"email_consent": "out"}),
        ("update", {"phone": "+16135550118"}),
    ]
    for correction, kind, count in zip(planned, ("consent_conflict", "drift"), (1, 2), strict=True):
        assert set(correction.finding_ids) == {f.finding_id for f in night.findings(kind)}
        assert len(correction.finding_ids) == count


def test_what_one_of_two_pairings_holds_back_is_held_back(nights: Nights) -> None:
    night = nights().source("shop", "shopify", "ecom").source("queen", "heartland").source("king", "heartland")
    night.pairing("mortar", "shop", "queen", name="a", apply={"drift": "auto"}).pairing(
        "mortar", "shop", "king", name="b", apply={"drift": "review"}
    )
    night.has("shop:1", **someone(1), links={"queen": "1", "king": "2"})
    night.has("queen:1", **someone(1, phone="613 555 0118")).has("king:2", **someone(1, phone="613 555 0118"))
    night.based("shop:1", "queen:1", "a", phone="+16135551001").based("shop:1", "king:2", "b", phone="+16135551001")
    assert [(c.state, c.needs) for c in night.planned()] == [("held", ("approval",))]


def test_addresses_that_differ_in_what_no_blank_erases_are_a_finding_and_nothing_to_write_g13(mortar: Nights) -> None:
    """The till knows no city and is touched last: an update without a field would be planned every night (W2)."""
    night = _linked(mortar(apply=AUTO), {**ADDRESS}, {**ADDRESS, "city": None, "updated_at": datetime(2026, 11, 2)})
    assert night.drifts() == {("shop:1", "till:1", "address"): "no_base"}
    assert night.planned() == []
