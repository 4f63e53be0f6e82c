"""A plan is tried out on a copy before it is applied: what would be undone, or planned anew, is held with the loop (W2)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

import sql
from jobs import settle
from jobs.corrections import CREATED, Correction
from jobs.settle import UNSETTLED
from tests.sql import invented
from tests.sql.given import KEY, TODAY, VAULT, Can, Night, someone

Nights = Callable[..., Night]
AUTO = {"drift": "auto", "relink": "auto", "add_tag": "auto", "opt_out": "auto"}
FREE = Can(("update", "relink"), ("phone", "email"))
"""A system that takes a phone and an email as often as one likes."""


def tried(night: Night) -> list[Correction]:
    """Tonight's plan, tried out."""
    return settle.settled(night.warehouse, night.planned(), settle.Means(VAULT, night.settings, TODAY, KEY, KEY))


def unsettled(corrections: list[Correction]) -> dict[str, str]:
    """What is held because it does not settle, as `source:id fields`, with the loop."""
    held = [c for c in corrections if UNSETTLED in c.needs]
    assert all(c.state == "held" and "approval" in c.needs for c in held)
    return {f"{c.source}:{c.profile_id} {', '.join(c.after)}": c.asks[-1] for c in held}


# two owners ---------------------------------------------------------------------------------------------------------------


def test_two_shops_that_each_own_the_phone_of_one_till_would_write_it_for_ever_w2(nights: Nights) -> None:
    night = nights().source("till", "heartland")
    for number, shop in enumerate(("north", "south")):
        night.source(shop, "shopify", "ecom").pairing(
            "mortar", shop, "till", name=shop, fields={"phone": "ecom"}, apply=AUTO
        )
        night.has(f"{shop}:1", **someone(1, phone=f"613 555 011{number}"), links={"till": "1"})
        night.based(f"{shop}:1", "till:1", shop, phone="+16135551001")
    corrections = tried(night.has("till:1", **someone(1), tags="Shopify"))
    assert len(corrections) == 2
    (loop,) = set(unsettled(corrections).values())
    assert loop.startswith("it does not settle (W2): till:1 phone: set by north (")
    assert "from north:1; then set by south (" in loop
    assert "planned again; and so on" in loop


@pytest.mark.deep
def test_a_ring_of_owners_is_seen_although_each_pair_agrees_by_itself_w2(nights: Nights) -> None:
    """Each hands its phone on to the next: the values would travel round and never meet."""
    night = nights().source("queen", can=FREE).source("king", can=FREE)
    ring = [("north", "queen", "ecom"), ("south", "queen", "pos"), ("south", "king", "ecom"), ("north", "king", "pos")]
    for shop in ("north", "south"):
        night.source(shop, "shopify", "ecom", can=FREE)
    for number, (shop, till, wins) in enumerate(ring):
        night.pairing("mortar", shop, till, name=f"{shop}-{till}", fields={"phone": wins}, apply=AUTO)
        night.based(f"{shop}:1", f"{till}:1", f"{shop}-{till}", phone=f"+1613555100{(number + 1) // 2 % 2 * 2 + 1}")
    links = {"queen": "1", "king": "1"}
    for number, shop in enumerate(("north", "south")):
        night.has(f"{shop}:1", **someone(1, phone=f"613 555 011{number}"), links=links)
    night.has("queen:1", **someone(1, phone="613 555 1001")).has("king:1", **someone(1, phone="613 555 1003"))
    corrections = tried(night)
    assert {f"{c.source}:{c.profile_id}" for c in corrections} == {"north:1", "south:1", "queen:1", "king:1"}
    assert len(unsettled(corrections)) == 4


def test_what_flows_on_over_several_nights_and_comes_to_rest_is_not_held_w2(nights: Nights) -> None:
    """One till changes the shop, and the shop the other till the night after: that is no loop."""
    night = nights().source("shop", "shopify", "ecom").source("queen", "heartland").source("king", "heartland")
    night.pairing("mortar", "shop", "queen", "king", apply=AUTO)
    night.has("shop:1", **someone(1), links={"queen": "1", "king": "2"})
    night.has("queen:1", **someone(1, phone="613 555 0118"), tags="Shopify").has("king:2", **someone(1), tags="Shopify")
    for till in ("queen:1", "king:2"):
        night.based("shop:1", till, phone="+16135551001")
    assert [(c.source, c.state, c.needs) for c in tried(night)] == [("shop", "ready", ())]


# planned again ------------------------------------------------------------------------------------------------------------


def test_a_profile_that_nobody_could_find_again_would_be_made_every_night_w2_t2(blaze: Nights) -> None:
    night = blaze(apply={"create": "review", "add_note": "off"})
    night.has("ecom:1", **someone(1, phone=None, email=None)).has("ecom:2", **someone(2))
    night.has("downtown:2", **someone(2))
    creates = {c.origin: c for c in tried(night) if (c.action, c.source) == ("create", "uptown")}
    assert creates["ecom:2"].needs == ("approval",)
    assert creates["ecom:1"].needs == ("approval", UNSETTLED)
    assert "a profile in uptown: set by stores" in creates["ecom:1"].asks[-1]


def test_what_a_vendor_sync_would_overwrite_is_held_and_the_sync_is_named_w2_x1(nights: Nights) -> None:
    """Two shops want two emails, each on one side of a pair that the vendor keeps alike: the later one wins on both."""
    night = nights().source("counter", "lightspeed_x", can=FREE).source("web", "ecwid", "ecom", can=FREE)
    night.source("other", "shopify", "ecom").source("desk", "heartland")
    night.pairing("lightspeed_x_e", "web", "counter", name="own", link_keys=False)
    night.pairing("mortar", "other", "counter", name="at-counter", fields={"email": "ecom"}, apply=AUTO)
    night.pairing("mortar", "web", "desk", name="at-desk", fields={"email": "pos"}, apply=AUTO)
    old = someone(1, email="old@example.com")
    night.has("other:1", **someone(1, email="one@example.com"), links={"counter": "1"})
    night.has("counter:1", **old, tags="Shopify").has("web:1", **old, links={"desk": "1"})
    night.has("desk:1", **someone(1, email="two@example.com"), tags="Shopify")
    night.based("other:1", "counter:1", "at-counter", email="old@example.com")
    night.based("web:1", "desk:1", "at-desk", email="old@example.com")
    loops = unsettled(tried(night))
    assert loops.keys() == {"counter:1 email", "web:1 email"}
    assert any("the sync of web:1 (X1)" in loop or "the sync of counter:1 (X1)" in loop for loop in loops.values())


# the vendors' own syncs, given and expected -------------------------------------------------------------------------------


def pushed(night: Night, preset: str, *writes: tuple[str, str, str]) -> set[tuple[str, str, str | None, str]]:
    """What the vendor sets by itself once `(source:id, field, value)` were written: profile, field, value, rules."""
    warehouse = night.detected().warehouse
    warehouse.insert("synced", [tuple(r.values()) for r in night.rows(settle._SAME["synced"])])
    warehouse.insert(
        "writes", [(f"c{at}", at, *who.split(":"), False, None, None, *rest) for at, (who, *rest) in enumerate(writes)]
    )
    warehouse.run("settle/written")
    warehouse.drop("profiles")
    warehouse.connection.execute("alter table applied rename to profiles")
    (query,) = sql.script(f"syncs/{preset}").statements
    warehouse.connection.execute(f"insert into pushed by name {query}")
    warehouse.run("settle/pushes")
    return {(f"{r['source']}:{r['id']}", r["name"], r["value"], r["rules"]) for r in night.rows("select * from pushes")}


def test_mission_control_sets_a_changed_contact_in_every_linked_store_c1_c2(blaze: Nights) -> None:
    night = blaze().has("ecom:1", **someone(1), links={"downtown": "1", "uptown": "1"})
    night.has("downtown:1", **someone(1)).has("uptown:1", **someone(1, phone="613 555 0118", email="kept@example.com"))
    night.has("ecom:2", **someone(2), links={"downtown": "2"}).has("downtown:2", **someone(2))
    found = pushed(night, "blaze_ecom", ("ecom:1", "phone", "+16135550118"), ("downtown:2", "email", "a@example.com"))
    assert found == {
        ("downtown:1", "phone", "+16135550118", "C1, C2"),
        ("uptown:1", "phone", "+16135550118", "C1, C2"),
    }


def test_whom_ecom_finds_by_a_new_phone_takes_its_email_unless_it_is_taken_t5(blaze: Nights) -> None:
    night = blaze().has("ecom:1", **someone(1)).has("downtown:1", **someone(1, phone=None, email="till@example.com"))
    night.has("uptown:1", **someone(1, phone=None, email=None)).has("uptown:2", **someone(2, email=someone(1)["email"]))
    phone = "+16135551001"
    assert pushed(night, "blaze_ecom", ("downtown:1", "phone", phone), ("uptown:1", "phone", phone)) == {
        ("downtown:1", "email", "person1@example.com", "T5")
    }


@pytest.mark.parametrize(
    ("preset", "rules", "carried", "left"),
    [("lightspeed_x_e", "X1", ("email", "group"), "last_name"), ("mortar", "M1", ("email", "last_name"), "group")],
)
def test_a_sync_carries_to_the_other_side_what_it_carries_and_the_later_wins_x1_x5_m1(
    nights: Nights, preset: str, rules: str, carried: tuple[str, str], left: str
) -> None:
    night = nights().source("web", "ecwid", "ecom", can=FREE).source("counter", "lightspeed_x", can=FREE)
    night.pairing(preset, "web", "counter", vendor_sync=True, link_keys=preset == "mortar")
    for number in (1, 2):
        night.has(f"web:{number}", **someone(number), links={"counter": str(number)} if preset == "mortar" else {})
        night.has(f"counter:{number}", **someone(number))
    writes = [("web:1", carried[0], "one@example.com"), ("counter:2", carried[1], "Two"), ("web:2", left, "Three")]
    later = [("counter:1", carried[0], "later@example.com")]
    assert pushed(night, preset, *writes, *later) == {
        ("web:1", carried[0], "later@example.com", rules),
        ("web:2", carried[1], "Two", rules),
    }


# the copy is the group, and the proof is true -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [3, pytest.param(8, marks=pytest.mark.deep)])
def test_after_the_plan_nothing_is_written_again_but_what_is_held_w2(seed: int) -> None:
    """Applied in plain Python to all profiles, not in SQL to the copy, night after night: it comes to rest."""
    night = invented.night(seed, people=50)
    corrections = tried(night)
    held = {c.correction_id for c in corrections if UNSETTLED in c.needs}
    closed = {target for c in corrections if c.correction_id in held for target in settle._targets(c)}
    assert len(corrections) > len(held)
    given, done = list(invented.profiles(seed, 50)), set[str]()
    for _ in range(settle.NIGHTS):
        going = [c for c in settle._tried_out(corrections) if c.correction_id not in held]
        going = [c for c in going if closed.isdisjoint(settle._targets(c))]
        again = {c.correction_id for c in going} & done
        assert not again
        if not going:
            break
        done |= {c.correction_id for c in going}
        given = applied(given, going)
        night, before = invented.night(seed, people=50, given=given), night
        for table in ("roll", "bases", "outs"):
            night.warehouse.connection.execute(f"delete from {table}")
            night.warehouse.load(table, before.warehouse.reader(f"select * from next_{table}"))
        before.close()
        corrections = night.planned()
    else:
        pytest.fail("still changing")
    night.close()


def test_the_copy_holds_whom_the_plan_can_reach_and_each_once_w2() -> None:
    """One row per profile, per opt-out; who is far from every correction is not tried out."""
    night = invented.night(3, people=80)
    for number in range(20):
        night.has(f"till:far{number}", **someone(500 + number))
    tried(night)
    for table, grain in (
        ("near_seeds", "n"),
        ("cut", "source, id"),
        ("cut_profiles", "source, id"),
        ("cut_outs", "source, id, channel"),
    ):
        ((rows, groups),) = [
            tuple(r.values())
            for r in night.rows(
                f"select count(*) as a, (select count(*) from (select distinct {grain} from {table})) as b from {table}"
            )
        ]
        assert rows == groups > 0
    assert not night.rows("select id from cut where id like 'far%'")
    night.close()


def applied(given: list[invented.Profile], corrections: list[Correction]) -> list[invented.Profile]:
    """The profiles with what was corrected: of several that want one field the first."""
    people: dict[str, dict[str, Any]] = {who: dict(fields) for who, fields in given}
    taken = set[settle.Target]()
    for c in corrections:
        targets = set(settle._targets(c))
        if targets & taken:
            continue
        taken |= targets
        who = f"{c.source}:{c.profile_id or f'new-{c.correction_id}'}"
        fields = people.setdefault(who, {"status": "active", "created_at": datetime(2026, 11, 23)})
        fields["updated_at"] = datetime(2026, 11, 23)
        for name, value in c.after.items():
            if name.startswith("link:"):
                made = f"new-{value.removeprefix(CREATED)}" if value and value.startswith(CREATED) else value
                fields["links"] = {**fields.get("links", {}), name.removeprefix("link:"): made}
            else:
                fields["group_name" if name == "group" else name] = value
    return list(people.items())
