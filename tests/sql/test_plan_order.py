"""A value that another profile holds is freed first, then written; what would be refused all the same is not proposed (C3, C4)."""

from collections.abc import Callable
from typing import Any

import pytest

from jobs import settle
from jobs.corrections import Correction
from jobs.policy import PLACEHOLDERS
from tests.sql.given import CAN, KEY, TODAY, VAULT, Can, Night, someone

Nights = Callable[..., Night]
AUTO = {"drift": "auto", "relink": "auto", "add_tag": "auto"}
NEW = "613 555 0118"


def mover(night: Night, number: int = 1, phone: str = NEW, **till: Any) -> Night:
    """A customer whose phone was changed at the till, and has to follow in the shop."""
    night.has(f"shop:{number}", **someone(number), links={"till": str(number)})
    night.has(f"till:{number}", **someone(number, phone=phone, **till), tags="Shopify")
    return night.based(f"shop:{number}", f"till:{number}", phone=f"+1613555100{number}")


def told(c: Correction) -> tuple[str, str | None, dict[str, str | None], str, tuple[str, ...]]:
    return c.source, c.profile_id, dict(c.after), c.state, c.needs


def tried(night: Night) -> list[Correction]:
    return settle.settled(night.warehouse, night.planned(), settle.Means(VAULT, night.settings, TODAY, KEY, KEY))


def test_a_value_is_freed_on_who_should_not_have_it_and_then_written_c4(mortar: Nights) -> None:
    """By a person's word on that very profile, and the write waits for it; both settle (W2)."""
    night = mover(mortar(apply=AUTO)).has("shop:9", **someone(9, phone=NEW))
    clear, write = tried(night.detected())
    assert told(clear) == ("shop", "9", {"phone": None}, "held", ("approval", "choice", "by_name"))
    assert told(write) == ("shop", "1", {"phone": "+16135550118"}, "blocked", ())
    assert (clear.before, clear.origin, clear.reversible) == ({"phone": NEW}, "till:1", "partly")
    assert (write.blocked_by, write.follows, write.seq) == (clear.correction_id, (clear.correction_id,), clear.seq + 1)
    assert clear.why == "shop:1 is to have it, and this is another customer, whom nothing else has with it"
    assert clear.lost == "the value comes back only while nobody else holds it"
    assert write.why == "changed in till since both agreed; shop:9 holds it and gives it up first"
    assert clear.finding_ids == (night.finding("contact_taken").finding_id,)


def test_a_duplicate_of_the_customer_gives_it_up_too_c4_t10(mortar: Nights) -> None:
    night = mover(mortar(apply=AUTO)).has("shop:9", **someone(1, phone=NEW, email="else@example.com"))
    clear, write = tried(night)
    assert clear.why == "shop:1 is to have it, and this is the same customer once more"
    assert write.follows == (clear.correction_id,)


def test_who_gets_another_value_anyway_gives_it_up_by_that_c4(mortar: Nights) -> None:
    """No value is cleared that is about to change: the one correction follows the other."""
    night = mover(mortar(apply=AUTO), 1, phone=someone(2)["phone"])
    mover(night, 2, phone="613 555 0119")
    first, then = tried(night)
    assert told(first) == ("shop", "2", {"phone": "+16135550119"}, "ready", ())
    assert told(then) == ("shop", "1", {"phone": "+16135551002"}, "blocked", ())
    assert then.follows == (first.correction_id,)


def test_two_who_would_change_values_wait_for_a_person_c3(mortar: Nights) -> None:
    night = mover(mover(mortar(apply=AUTO), 1, phone=someone(2)["phone"]), 2, phone=someone(1)["phone"])
    assert {(c.profile_id, c.state, c.blocked_by) for c in night.planned()} == {
        ("1", "blocked", "shop:2 holds the value"),
        ("2", "blocked", "shop:1 holds the value"),
    }


def test_a_value_that_two_would_get_and_one_may_have_is_nobodys_c3(mortar: Nights) -> None:
    night = mover(mover(mortar(apply=AUTO)), 2)
    why = "several profiles of shop would get the value, which only one may have: a person picks"
    assert {(c.profile_id, c.state, c.blocked_by) for c in night.planned()} == {
        ("1", "blocked", why),
        ("2", "blocked", why),
    }


def test_where_a_vendor_insists_on_an_email_one_takes_its_place_that_reaches_nobody_c4_g5(nights: Nights) -> None:
    insists = Can(CAN["shopify"].actions, CAN["shopify"].fields, (), ("email", "phone"), ("email", "phone"))
    night = nights().source("shop", "shopify", "ecom", can=insists).source("till", "heartland")
    night.pairing("mortar", "shop", "till", apply=AUTO)
    night.has("shop:1", **someone(1), links={"till": "1"}).has(
        "till:1", **someone(1, email="new@example.com"), tags="Shopify"
    )
    night.based("shop:1", "till:1", email="person1@example.com").has("shop:9", **someone(9, email="new@example.com"))
    clear, write = tried(night)
    invented = str(clear.after["email"])
    assert invented.endswith("@rollcall.invalid")
    assert write.follows == (clear.correction_id,)
    again = (
        nights()
        .source("shop")
        .listed("email", next(p for p in PLACEHOLDERS if p.endswith(".invalid")))
        .has("shop:9", **someone(9, email=invented))
    )
    assert ("email", invented) not in again.keys("shop:9")


@pytest.mark.parametrize("more", [{"required": ("phone",)}, {"way": ("file",)}], ids=["insists", "by file"])
def test_a_phone_is_never_invented_and_an_import_blanks_nothing_c4(
    nights: Nights, more: dict[str, tuple[str, ...]]
) -> None:
    insists = Can(CAN["shopify"].actions, CAN["shopify"].fields, (), ("phone",), **more)
    night = nights().source("shop", "shopify", "ecom", can=insists).source("till", "heartland")
    mover(night.pairing("mortar", "shop", "till", apply=AUTO)).has("shop:9", **someone(9, phone=NEW))
    assert [(c.state, c.blocked_by) for c in night.planned()] == [("blocked", "shop:9 holds the value")]


def test_at_a_store_the_value_is_freed_so_that_mission_control_can_be_saved_again_c1_c4(blaze: Nights) -> None:
    """The store missed a push, and a stray profile holds the value: saving again is a person's task, freeing it a correction."""
    night = blaze().has("ecom:1", **someone(1, phone=NEW), links={"downtown": "1", "uptown": "1"})
    note = "Linked with ECOM. Do not delete!"
    night.has("downtown:1", **someone(1), note=note).has("uptown:1", **someone(1, phone=NEW), note=note)
    night.based("ecom:1", "downtown:1", phone="+16135551001").has("downtown:9", **someone(9, phone=NEW))
    (clear,) = [c for c in tried(night) if c.action == "update"]
    assert told(clear)[:4] == ("downtown", "9", {"phone": None}, "held")


def test_nobody_is_created_beside_who_holds_the_contact_c3_t2(blaze: Nights) -> None:
    """By phone nobody matches; the email is another customer's there, and Treez would refuse it."""
    night = blaze(apply={"create": "review"}).has("ecom:1", **someone(1), links={"uptown": "1"})
    night.has("uptown:1", **someone(1)).has("downtown:9", **someone(9, email=someone(1)["email"]))
    (create,) = night.planned("create")
    assert create.state == "blocked"
    assert create.blocked_by == "downtown:9 holds the email already: a person says who it is"


@pytest.mark.parametrize("change", [{"phone_2": NEW, "phone": "613 555 0199"}, {"status": "archived", "phone": NEW}])
def test_a_second_number_is_not_cleared_and_an_archived_one_is_in_nobodys_way_c4(
    mortar: Nights, change: dict[str, str]
) -> None:
    night = mover(mortar(apply=AUTO)).has("shop:9", **someone(9, **change))
    (write,) = night.planned()
    assert write.state == ("ready" if "status" in change else "blocked")
