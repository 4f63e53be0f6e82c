"""Consent over a whole customer and over nights (G9, G9a, G9b). Every test states all that is found in its group."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from jobs.consent import Choice, Word, joined
from tests.sql import invented
from tests.sql.given import BEFORE, CAN, TODAY, Found, Night, someone

Nights = Callable[..., Night]
AUTO = {"opt_out": "auto", "relink": "auto"}
LATER = datetime(2026, 11, 22, 10, 30)
"""After the opt-outs that `BEFORE` remembers."""
BY_SELF: dict[str, Any] = {"email_consent": "in", "email_consent_at": LATER, "email_consent_how": "SINGLE_OPT_IN"}
"""How Shopify tells of somebody who subscribed in the storefront."""


def _found(kind: str, *members: str, channel: str = "email") -> Found:
    return kind, f"{channel}_consent", frozenset(members)


def _said(night: Night) -> set[tuple[str, str | None, str, str]]:
    return {(c.source, c.profile_id, c.state, c.blocked_by) for c in night.planned("opt_out")}


def _evidence(night: Night, kind: str) -> dict[str, str]:
    return dict(night.finding(kind).evidence)


def _after(earlier: Night, night: Night) -> Night:
    """The night with what the earlier one keeps of opt-outs and entities."""
    outs, roll = (earlier.detected().rows(f"select * from {name}") for name in ("next_outs", "next_roll"))
    names = ("source", "id", "channel", "nth", "first_seen", "said_at", "raised_on", "entity_id", "covers")
    night.warehouse.insert("outs", [tuple(row[name] for name in names) for row in outs])
    return night.rolled({f"{row['source']}:{row['id']}": row["entity_id"] for row in roll})


def _two_shops(night: Night, **settings: Any) -> Night:
    """Two shops, each with a till of its own."""
    for shop, till in (("shop", "till"), ("outlet", "register")):
        night.source(shop, "shopify", "ecom").source(till, can=CAN["shopify"])
        night.pairing("mortar", shop, till, name=f"{shop}-{till}", apply=AUTO, **settings)
    return night


# the lattice -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.deep) for n in (2, 3))])
def test_g9_sql_says_what_the_lattice_says_of_generated_customers(seed: int) -> None:
    night = invented.night(seed).detected()
    voices: dict[tuple[str, str], list[Choice]] = {}
    for v in night.rows("select entity_id, channel, word, source, id, since from voices"):
        word = Word.of(v["word"])
        assert word is not None
        voices.setdefault((v["entity_id"], v["channel"]), []).append(Choice(word, (v["source"], v["id"]), v["since"]))
    found = {
        (r["entity_id"], r["channel"]): Choice(Word[r["word"].upper()], (r["source"], r["id"]), r["since"])
        for r in night.rows("select * from entity_consents")
    }
    night.close()
    assert found == {key: joined(choices) for key, choices in voices.items()}
    assert len(found) > 20
    assert max(map(len, voices.values())) >= 3
    assert len({choice.word for choice in found.values()}) >= 2


def test_g9_an_opt_out_reaches_every_profile_of_the_customer_and_nobody_else(nights: Nights) -> None:
    night = _two_shops(nights())
    night.has("shop:1", **someone(1, email_consent="out"), links={"till": "1"}).has(
        "till:1", **someone(1, email_consent="unknown")
    )
    night.has("outlet:1", **someone(1, email_consent="in"), links={"register": "1"}).has(
        "register:1", **someone(1, email_consent="in")
    )
    relative = someone(1, first_name="Quentin", birth_date="1999-01-01", email="q@example.com", email_consent="in")
    night.has("outlet:2", **relative, links={"register": "2"}).has("register:2", **relative)
    assert {f for f in night.found() if f[0] != "household"} == {
        _found("consent_conflict", "shop:1", "outlet:1"), _found("consent_conflict", "shop:1", "register:1"),
    }  # fmt: skip
    assert _said(night) == {("outlet", "1", "ready", ""), ("register", "1", "ready", "")}


def test_g9_who_said_it_first_is_shown_and_a_link_says_who_stands_beside_whom(nights: Nights) -> None:
    night = _two_shops(nights())
    night.has("shop:1", **someone(1, email_consent="out", email_consent_at=datetime(2026, 10, 2)), links={"till": "1"})
    night.has("outlet:1", **someone(1, email_consent="out"), links={"register": "1"}).has(
        "register:1", **someone(1, email_consent="in")
    )
    night.has("till:1", **someone(1))
    assert night.found() == {_found("consent_conflict", "outlet:1", "register:1")}
    shown = _evidence(night, "consent_conflict")
    assert (shown["origin"], shown["since"]) == ("shop:1", "2026-10-02 00:00:00 UTC, its own time")
    assert night.finding("consent_conflict").anchor == "outlet-register|outlet:1|register:1"


def test_g6_nothing_is_carried_over_a_stored_link_between_people_who_contradict_each_other(nights: Nights) -> None:
    night = _two_shops(nights())
    other = someone(1, first_name="Quentin", birth_date="1999-01-01")
    night.has("shop:1", **someone(1, email_consent="out"), links={"till": "1"}).has(
        "till:1", **{**other, "email_consent": "in"}
    )
    night.has("outlet:2", **{**other, "email_consent": "in"}, links={"register": "2"}).has("register:2", **other)
    assert {f for f in night.found() if f[0].startswith("consent")} == {_found("consent_conflict", "shop:1", "till:1")}
    ((_, _, state, why),) = _said(night)
    assert (state, why) == (
        "blocked",
        "the stored link ties two people who contradict each other: a person says who this is",
    )


def test_g9_unknown_and_pending_carry_nothing_and_nothing_reaches_who_is_out_of_play(mortar: Nights) -> None:
    night = mortar(apply=AUTO)
    for n, (shop, till, status) in enumerate(
        [("unknown", "in", "active"), ("pending", "in", "active"), ("out", "in", "archived")], start=1
    ):
        night.has(f"shop:{n}", **someone(n, email_consent=shop), links={"till": str(n)})
        night.has(f"till:{n}", **someone(n, email_consent=till, status=status))
    assert {f for f in night.found() if f[0].startswith("consent")} == set()


def test_g9_who_was_erased_in_one_system_is_opted_out_in_the_others(mortar: Nights) -> None:
    """G10: erasing them there as well is a person's task, and nothing is left to read again before writing."""
    night = mortar(apply=AUTO).has("shop:1", **someone(1, email_consent="in"), links={"till": "1"})
    night.has("till:1", **someone(1, email_consent="erased"))
    assert night.found() == {_found("consent_conflict", "shop:1", "till:1")}
    finding, out = night.finding("consent_conflict"), night.correction("opt_out")
    assert finding.proposal == "opt out shop:1; a person decides whether to erase it too"
    assert dict(finding.evidence)["consent@till:1"] == "erased"
    assert (out.source, out.state, out.origin, dict(out.after)) == ("shop", "ready", "", {"email_consent": "out"})
    later = _after(night, mortar(apply=AUTO)).has("shop:1", **someone(1, email_consent="in"))
    assert later.found() == {_found("consent_conflict", "shop:1", "till:1")}, "and is remembered when gone"


# over nights -------------------------------------------------------------------------------------------------------------------


def test_g9b_who_was_out_and_reads_in_is_raised_and_the_opt_out_goes_back_everywhere(mortar: Nights) -> None:
    """Opted out at the till on Monday; on Tuesday a resync sets both sides: its stamp is no evidence."""
    night = mortar(apply=AUTO).has("shop:1", **someone(1, **BY_SELF), links={"till": "1"})
    night.has("till:1", **someone(1, email_consent="in")).recalls("till:1")
    assert night.found() == {_found("consent_raised", "till:1"), _found("consent_conflict", "shop:1", "till:1")}
    assert _said(night) == {("shop", "1", "ready", ""), ("till", "1", "ready", "")}
    assert _evidence(night, "consent_conflict")["reason"] == (
        "no first-hand evidence of an opt-in: another system lost the same opt-out at that time, as by a sync"
    )
    assert night.finding("consent_raised").check.severity == "critical"
    assert night.next_outs() == {("till:1", "email"): (BEFORE, None, TODAY)}


def test_g9b_the_stamp_of_a_sync_is_no_evidence_on_later_nights_either(mortar: Nights) -> None:
    night = mortar(apply=AUTO).has("shop:1", **someone(1, **BY_SELF), links={"till": "1"})
    night.has("till:1", **someone(1, email_consent="out")).recalls("till:1", raised_on=date(2026, 11, 22))
    assert _said(night) == {("shop", "1", "ready", "")}
    assert "as by a sync" in _evidence(night, "consent_conflict")["reason"]


def test_g9a_a_newer_opt_in_of_the_customer_s_own_is_shown_and_left_to_a_person(mortar: Nights) -> None:
    night = mortar(apply=AUTO).has("shop:1", **someone(1, **BY_SELF), links={"till": "1"})
    night.has("till:1", **someone(1, email_consent="out")).recalls("till:1")
    shown = _evidence(night, "consent_conflict")
    assert (shown["reason"], shown["since@shop:1"]) == (
        "the customer opted in again later", "2026-11-22 10:30:00 UTC SINGLE_OPT_IN",
    )  # fmt: skip
    out = night.correction("opt_out")
    assert (out.source, out.state, out.needs) == ("shop", "held", ("approval", "choice"))
    assert not [c for c in night.planned() if "in" in c.after.values()]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"email_consent_at": None}, "this system keeps no time of the choice"),
        ({"email_consent_at": datetime(2026, 10, 30)}, "its time is not after the opt-out"),
        ({"email_consent_at": datetime(2026, 11, 1, 20)}, "its time is not after the opt-out"),
        ({"email_consent_how": None}, "nothing says that the customer gave it in the shop"),
        ({"email_consent_how": "SINGLE_OPT_IN OTHER"}, "nothing says that the customer gave it in the shop"),
    ],
)
def test_g9a_what_is_no_evidence_of_an_opt_in(mortar: Nights, given: dict[str, Any], why: str) -> None:
    """An opt-out without a time of its own was said by the end of the day on which it was first seen."""
    night = mortar(apply=AUTO).has("shop:1", **someone(1, **{**BY_SELF, **given}), links={"till": "1"})
    night.has("till:1", **someone(1, email_consent="out")).recalls("till:1")
    assert _evidence(night, "consent_conflict")["reason"] == f"no first-hand evidence of an opt-in: {why}"
    assert night.correction("opt_out").state == "ready"


def test_g9a_one_minute_for_several_customers_is_an_import(mortar: Nights) -> None:
    night = mortar(apply=AUTO)
    for n, seconds in ((1, 5), (2, 50)):
        stamp = LATER + timedelta(seconds=seconds)
        night.has(f"shop:{n}", **someone(n, **{**BY_SELF, "email_consent_at": stamp})).recalls(f"shop:{n}")
    assert night.found() == {_found("consent_raised", f"shop:{n}") for n in (1, 2)}
    assert {dict(f.evidence)["reason"].split(": ")[1] for f in night.findings()} == {
        "several customers have this very minute, as by an import"
    }


def test_g9b_a_raised_consent_stays_until_it_is_out_again_or_a_person_accepts_it(mortar: Nights) -> None:
    raised = mortar(apply=AUTO).has("shop:1", **someone(1, **BY_SELF)).recalls("shop:1")
    name = raised.finding("consent_raised").finding_id
    accepted = mortar(apply=AUTO).has("shop:1", **someone(1, **BY_SELF)).recalls("shop:1").accepted(name)
    assert (accepted.found(), accepted.planned()) == (set(), [])
    assert accepted.next_outs() == {("shop:1", "email"): (BEFORE, None, None)}
    again = (
        mortar()
        .has("shop:1", **someone(1, email_consent="out", email_consent_at=LATER))
        .recalls("shop:1")
        .accepted(name)
    )
    assert again.next_outs() == {("shop:1", "email"): (TODAY, LATER, None)}, (
        "a new opt-out: the old word does not cover it"
    )
    out = mortar().has("shop:1", **someone(1, email_consent="out")).recalls("shop:1", raised_on=BEFORE)
    assert (out.found(), out.next_outs()) == (set(), {("shop:1", "email"): (BEFORE, None, BEFORE)})


def test_g9_an_opt_out_is_remembered_of_certified_snapshots_alone(nights: Nights) -> None:
    """Nor does one without a certificate end what is known."""
    night = nights().source("shop", "shopify", "ecom", certified=False).source("till")
    night.has("shop:1", **someone(1, email_consent="out")).has("till:2", **someone(2, sms_consent="out"))
    night.has("shop:3", **someone(3, email_consent="in")).recalls("shop:3").recalls("shop:77", entity="gone")
    assert night.next_outs() == {
        ("till:2", "sms"): (TODAY, None, None), ("shop:3", "email"): (BEFORE, None, None), ("shop:77", "email"): (BEFORE, None, None),
    }  # fmt: skip


def test_g9_an_opt_out_survives_a_change_of_address_and_unknown_is_no_way_back(mortar: Nights) -> None:
    """The vendor starts anew with a new address; the customer did not change their mind."""
    night = mortar(apply=AUTO).has(
        "shop:1", **someone(1, email="new@example.com", email_consent="unknown"), links={"till": "1"}
    )
    night.has("till:1", **someone(1, email="new@example.com", email_consent="in")).recalls("shop:1")
    assert night.found() == {_found("consent_conflict", "shop:1", "till:1")}
    out = night.correction("opt_out")
    assert (out.source, out.state, out.origin) == ("till", "ready", ""), "what is only remembered is not read again"


@pytest.mark.parametrize(
    "how", ["merged into it", "gone, the customer known by their other profile", "gone, the link still stored"]
)
def test_g9_an_opt_out_survives_a_merge_a_relink_and_a_new_profile_id(mortar: Nights, how: str) -> None:
    night = mortar(apply=AUTO).has("till:2", **someone(1, email_consent="in"))
    if how == "merged into it":
        night.has("till:1", **someone(1, status="merged", merged_into="2", email_consent="unknown")).recalls("till:1")
    elif how == "gone, the link still stored":
        night.has("shop:1", **someone(1), links={"till": "1"}).recalls("till:1", entity="another")
    else:
        night.has("shop:1", **someone(1), links={"till": "2"}).rolled({"shop:1": "e1"}).recalls("till:1", entity="e1")
    consents = {f for f in night.found() if f[0].startswith("consent")}
    assert consents == {_found("consent_conflict", "till:1", "till:2")}
    assert _said(night) == {("till", "2", "ready", "")}
    assert ("till:1", "email") in night.next_outs()


def test_g9_who_is_gone_with_everybody_of_the_customer_is_only_remembered(alone: Night) -> None:
    alone.has("here:1", **someone(1)).recalls("here:9", entity="nobody left").recalls("closed:1", "sms")
    assert set(alone.next_outs()) == {("here:9", "email"), ("closed:1", "sms")}
    assert (alone.found(), alone.rows("select * from voices")) == (set(), [])


def test_g9_an_opt_out_outlives_nights_on_which_its_source_or_everybody_is_absent(nights: Nights) -> None:
    """Nights: together; the till not configured; nobody there; the shop's profile back alone, with a new id of the entity."""
    first = nights().source("shop", "shopify", "ecom").source("till", "heartland").pairing("mortar", "shop", "till")
    first.has("shop:1", **someone(1, email_consent="unknown")).has("till:1", **someone(1, email_consent="out"))
    night = _after(first, nights()).source("shop", "shopify", "ecom").has("shop:1", **someone(1, email_consent="in"))
    assert night.found() == {_found("consent_conflict", "shop:1", "till:1")}
    night = _after(night, nights()).source("shop", "shopify", "ecom").has("shop:2", **someone(2))
    assert night.found() == set()
    night = _after(night, nights()).source("shop", "shopify", "ecom").has("shop:1", **someone(1, email_consent="in"))
    assert night.found() == {_found("consent_conflict", "shop:1", "till:1")}
    assert night.next_outs() == {("till:1", "email"): (TODAY, None, None)}


def test_g9_where_the_customer_of_an_opt_out_splits_every_part_keeps_it_for_that_channel_alone(alone: Night) -> None:
    alone.has("here:1", **someone(1, sms_consent="out", email_consent="out")).recalls(
        "here:1", covers=["there:1", "there:2"]
    )
    alone.has("there:1", **someone(2, email_consent="in", sms_consent="in"))
    alone.has("there:2", **someone(3, email_consent="unknown")).has("here:3", **someone(3, email_consent="in"))
    alone.has("there:4", **someone(4, email_consent="in"))
    assert {f for f in alone.found() if f[0].startswith("consent")} == {
        _found("consent_conflict", "here:1", "there:1"), _found("consent_conflict", "here:1", "here:3"),
    }  # fmt: skip
    (kept,) = alone.rows("select covers from next_outs where channel = 'email'")
    assert [f"{c['source']}:{c['id']}" for c in kept["covers"]] == ["here:3", "there:1", "there:2"]


def test_g9_a_stored_link_between_people_who_contradict_each_other_makes_nobody_covered(mortar: Nights) -> None:
    """G6: a person has yet to say who this is."""
    night = mortar().has("shop:1", **someone(1, email_consent="out"), links={"till": "1"})
    night.has("till:1", **someone(1, first_name="Quentin", birth_date="1999-01-01", email_consent="in"))
    assert night.detected().rows("select covers from next_outs") == [{"covers": None}]


@pytest.mark.parametrize(
    ("kept", "now"), [("007", "7"), pytest.param("7", "007", marks=pytest.mark.deep), ("A7", "A7"), ("a7", "A7")]
)
def test_g9_ids_of_digits_are_the_same_with_zeros_before_them(alone: Night, kept: str, now: str) -> None:
    alone.recalls(f"here:{kept}").has(f"here:{now}", **someone(1, email_consent="in"))
    alone.recalls("here:9", covers=[f"there:{kept}"]).has(f"there:{now}", **someone(2, email_consent="in"))
    found = {_found("consent_raised", f"here:{now}"), _found("consent_conflict", "here:9", f"there:{now}")}
    assert alone.found() == (set() if kept == "a7" else found)
    assert set(alone.next_outs()) == {(f"here:{kept}", "email"), ("here:9", "email")}


def test_g9_two_ids_that_differ_by_zeros_stay_two_profiles_with_an_opt_out_each(alone: Night) -> None:
    for n, spelled in enumerate(("007", "07"), start=1):
        alone.recalls(f"here:{spelled}", entity="e").has(f"here:{spelled}", **someone(n, email_consent="in"))
    assert alone.found() == {_found("consent_raised", "here:007"), _found("consent_raised", "here:07")}
    assert len({f.finding_id for f in alone.findings()}) == 2


def test_g9b_an_accept_covers_no_opt_out_after_it_even_of_the_same_day(mortar: Nights) -> None:
    """Out, in, accepted, out again, in again: all on one business date; and of the finding of another profile likewise."""
    lost, out = someone(1, **BY_SELF), someone(1, email_consent="out")
    raised = mortar().has("till:1", **lost).recalls("till:1", since=TODAY)
    name = raised.finding("consent_raised").finding_id
    again = mortar().has("till:1", **out).has("shop:1", **lost).recalls("till:1", since=TODAY).accepted(name)
    conflict = again.finding("consent_conflict")
    assert conflict.anchor.endswith("|2")
    lost_again = _after(again, mortar()).accepted(name).has("till:1", **lost).has("shop:1", **lost)
    assert lost_again.found() == {_found("consent_raised", "till:1"), _found("consent_conflict", "shop:1", "till:1")}
    assert lost_again.finding("consent_raised").finding_id != name
    assert lost_again.finding("consent_conflict").finding_id == conflict.finding_id


def test_g9_an_opt_out_follows_a_chain_of_merges_to_its_end_and_a_ring_of_them_has_none(nights: Nights) -> None:
    night = nights().source("shop", "shopify", "ecom").source("till", "heartland").pairing("mortar", "shop", "till")
    for n, into in ((1, "2"), (2, "3"), (3, "4"), (7, "8"), (8, "7")):
        said = "out" if n in {1, 7} else "unknown"
        night.has(f"till:{n}", **someone(n, status="merged", merged_into=into, email_consent=said))
    night.has("till:4", **someone(4, email_consent="in"))
    night.has("shop:5", **someone(5, email_consent="in"), links={"till": "2"})
    consents = {f for f in night.found() if f[0].startswith("consent")}
    assert consents == {_found("consent_conflict", "till:1", "till:4"), _found("consent_conflict", "till:1", "shop:5")}


def test_g1_a_no_from_a_source_without_certificate_is_found_and_not_carried(nights: Nights) -> None:
    night = nights().source("shop", "shopify", "ecom").source("till", "heartland").source("old", certified=False)
    night.pairing("mortar", "shop", "till", name="mortar", apply=AUTO)
    night.has("shop:1", **someone(1, email_consent="in")).has("old:1", **someone(1, email_consent="out"))
    assert night.found() == {_found("consent_conflict", "old:1", "shop:1")}
    assert _said(night) == {("shop", "1", "blocked", "old has no certificate tonight (G1)")}


def test_a_source_of_no_pairing_has_its_finding_and_no_correction(alone: Night) -> None:
    alone.has("here:1", **someone(1, email_consent="out")).has("there:1", **someone(1, email_consent="in"))
    assert alone.found() == {_found("consent_conflict", "here:1", "there:1")}
    assert alone.planned() == []
