"""Findings about phones and emails: duplicates, households, placeholders, what does not parse, who cannot log in.

Every test states all that is found in its group, so that a near miss is a finding too many.
"""

from collections.abc import Callable
from datetime import datetime

from jobs.settings import Match
from tests.sql.given import Night, finding, someone

Nights = Callable[..., Night]
PHONE = "613 555 0117"


# duplicates --------------------------------------------------------------------------------------------------------------


def test_one_person_twice_in_one_source_m10(alone: Night) -> None:
    """A similar first name or the same birth date, by phone or by email."""
    for n, field in enumerate(("phone", "email")):
        one, other = ("613 555 0117", "613 555 0118") if field == "phone" else ("a@example.com", "b@example.com")
        alone.has(f"here:{n}1", first_name="Robert", **{field: one}).has(
            f"here:{n}2", first_name="Bob", **{field: one.upper()}
        )
        alone.has(f"here:{n}3", f"here:{n}4", birth_date="1990-03-04", **{field: other})
    assert alone.found() == {
        finding("duplicate_phone", "phone", "here:01", "here:02"), finding("duplicate_phone", "phone", "here:03", "here:04"),
        finding("duplicate_email", "email", "here:11", "here:12"), finding("duplicate_email", "email", "here:13", "here:14"),
    }  # fmt: skip


def test_no_duplicate_where_something_contradicts_or_nothing_is_said(alone: Night) -> None:
    """G6: other people share a contact; two nameless profiles look like nobody in particular."""
    alone.has("here:1", first_name="Ann", birth_date="1990-03-04", phone=PHONE)
    alone.has("here:2", first_name="Ann", birth_date="1961-03-04", phone=PHONE)
    alone.has("here:3", "here:4", phone="613 555 0118")
    assert alone.found() == {finding("household", "phone", "here:1", "here:2")}


def test_the_policy_may_say_that_silence_is_enough(nights: Nights) -> None:
    night = nights(settings=Match(silence="link")).source("here").has("here:1", "here:2", phone=PHONE)
    assert night.found() == {finding("duplicate_phone", "phone", "here:1", "here:2")}


def test_no_duplicate_over_two_sources_or_with_profiles_out_of_play(alone: Night) -> None:
    alone.has("here:1", "there:1", first_name="Ann", phone=PHONE).has(
        "here:2", first_name="Ann", phone=PHONE, status="archived"
    )
    alone.has("here:3", first_name="Ann", phone=PHONE).stands_in("here:3").has(
        "here:4", first_name="Ann", phone=PHONE, status="deleted"
    )
    assert alone.found() == set()


def test_no_duplicate_where_a_person_said_not_the_same(alone: Night) -> None:
    alone.has("here:1", "here:2", first_name="Ann", phone=PHONE).decided("here:2", "here:1", "not_same")
    assert alone.found() == set()


def test_a_third_profile_joins_the_finding_and_the_finding_stays_the_same(nights: Nights) -> None:
    two = nights().source("here").has("here:1", "here:2", first_name="Ann", phone=PHONE).finding("duplicate_phone")
    three = (
        nights()
        .source("here")
        .has("here:1", "here:2", "here:3", first_name="Ann", phone=PHONE)
        .finding("duplicate_phone")
    )
    assert (two.finding_id, set(three.members)) == (three.finding_id, {"here:1", "here:2", "here:3"})


def test_two_people_twice_each_on_one_phone_are_two_findings_and_never_one_merge_g6(alone: Night) -> None:
    alone.has("here:1", "here:2", first_name="Ann", phone=PHONE).has(
        "here:3", "here:4", first_name="Hiroshi", phone=PHONE
    )
    duplicates = alone.findings("duplicate_phone")
    assert {f.members for f in duplicates} == {("here:1", "here:2"), ("here:3", "here:4")}
    assert len({f.finding_id for f in duplicates}) == 2
    assert {f.proposal for f in duplicates} == {
        "keep here:1 and merge the others into it", "keep here:3 and merge the others into it",
    }  # fmt: skip


def test_where_members_contradict_each_other_no_survivor_is_proposed_g6(alone: Night) -> None:
    """Somebody said that both are the second one; their names say otherwise."""
    alone.has("here:1", first_name="Ann", phone=PHONE).has("here:2", first_name="A.", phone=PHONE).has(
        "here:3", first_name="Aurelia", phone=PHONE
    )
    alone.decided("here:1", "here:2", "same").decided("here:2", "here:3", "same")
    assert (
        alone.finding("duplicate_phone").proposal
        == "not all of these look like one person: a person sorts out who is who"
    )


def test_the_proposed_survivor_t9_t10(mortar: Nights) -> None:
    """Associated with the shop, verified, latest visit, lowest id."""
    night = (
        mortar()
        .has("shop:1", **someone(1), links={"till": "19"})
        .has("till:18", **someone(1, verified=True))
        .has("till:19", **someone(1))
    )
    night.has("till:28", **someone(2, last_seen_at=datetime(2026, 1, 1))).has("till:29", **someone(2, verified=True))
    night.has("till:38", **someone(3, last_seen_at=datetime(2025, 1, 1))).has(
        "till:39", **someone(3, last_seen_at=datetime(2026, 1, 1))
    )
    night.has("till:400", **someone(4)).has("till:49", **someone(4))
    evidence = [dict(f.evidence) for f in night.findings("duplicate_phone")]
    assert {e["survivor"]: e["survivor_reason"] for e in evidence} == {
        "till:19": "linked to the other side, lowest id",
        "till:29": "verified, lowest id",
        "till:39": "latest visit, lowest id",
        "till:49": "lowest id",
    }


# households --------------------------------------------------------------------------------------------------------------


def test_a_household_names_everybody_in_play_in_any_source(mortar: Nights) -> None:
    night = mortar().has("shop:1", **someone(1), links={"till": "1"}).has("till:1", **someone(1))
    night.has("till:2", **someone(2, phone=someone(1)["phone"])).has(
        "till:3", **someone(3, phone=someone(1)["phone"], status="archived")
    )
    assert night.found() == {finding("household", "phone", "shop:1", "till:1", "till:2")}


def test_a_household_by_second_email(alone: Night) -> None:
    alone.has("here:1", first_name="Ann", email_2="family@example.com").has(
        "there:1", first_name="Kofi", email="family@example.com"
    )
    assert alone.found() == {finding("household", "email", "here:1", "there:1")}


def test_no_household_of_one_person_with_two_spellings_or_a_missing_name(alone: Night) -> None:
    alone.has("here:1", first_name="Robert", phone=PHONE).has("there:1", first_name="Bob", phone=PHONE).has(
        "there:2", phone=PHONE
    )
    assert alone.found() == set()


def test_no_household_where_a_person_decided(alone: Night) -> None:
    alone.has("here:1", first_name="Ann", phone=PHONE).has("there:1", first_name="Kofi", phone=PHONE).decided(
        "here:1", "there:1", "same"
    )
    alone.has("here:2", first_name="Ann", phone="613 555 0118").has("there:2", first_name="Kofi", phone="613 555 0118")
    alone.decided("here:2", "there:2", "not_same")
    assert alone.found() == set()


def test_two_sides_of_a_stored_link_are_one_customer_whose_birth_dates_drift(mortar: Nights) -> None:
    """Tier 0: what the systems themselves hold for one customer is drift, no household."""
    night = (
        mortar().has("shop:1", **someone(1), links={"till": "1"}).has("till:1", **someone(1, birth_date="1999-09-09"))
    )
    assert night.found() == {finding("drift", "birth_date", "shop:1", "till:1")}


# placeholders and phones -------------------------------------------------------------------------------------------------


def test_a_placeholder_names_at_most_fifty_lowest_ids_as_text_g5(alone: Night) -> None:
    for number in range(60):
        alone.has(f"here:{number}", first_name=f"{chr(97 + number % 26)}{chr(97 + number // 26)}zz", phone=PHONE)
    first_fifty = sorted(str(number) for number in range(60))[:50]
    assert alone.found() == {finding("placeholder", "phone", *(f"here:{i}" for i in first_fifty))}
    assert dict(alone.finding("placeholder").evidence) == {"phone": "+16135550117", "count": "60",
        "reason": "learned tonight: 60 clearly different people of this source share it",
    }  # fmt: skip


def test_a_placeholder_is_one_finding_per_source_that_made_it_one(alone: Night) -> None:
    alone.listed("email", "noemail@%").has("here:1", "there:1", "there:2", email="noemail@example.com")
    alone.has("there:3", email="noemail@example.com", status="archived")
    assert alone.found() == {
        finding("placeholder", "email", "here:1"),
        finding("placeholder", "email", "there:1", "there:2"),
    }


def test_a_phone_that_is_not_one_number_g3(alone: Night) -> None:
    odd = ("ask her sister", "613-555-0117 or 613-555-0118", "555-01", "613 555 0117 x12")
    for n, phone in enumerate(odd):
        alone.has(f"here:{n}1", phone=phone).has(f"here:{n}2", phone=f"613 555 012{n}", phone_2=phone)
        alone.has(f"here:{n}3", phone=phone, status="archived").has(f"here:{n}4", phone=phone).stands_in(f"here:{n}4")
    alone.has("here:9").has("here:10", phone="613 555 0130")
    assert alone.found() == {finding("phone_not_comparable", "phone", f"here:{n}{m}") for n in range(4) for m in (1, 2)}


def test_who_cannot_log_in_p1(nights: Nights) -> None:
    """P0: only where customers log in to Treez's own shop."""
    night = nights().source("up", logins="treez_ecommerce").source("down")
    for source in ("up", "down"):
        night.has(f"{source}:none", email="a@example.com").has(f"{source}:odd", email="b@example.com", phone="ask")
        night.has(f"{source}:twin1", email="c@example.com", phone=PHONE, first_name="Ann").has(
            f"{source}:twin2", phone=PHONE, first_name="Ann"
        )
        night.has(f"{source}:fine", email="d@example.com", phone="613 555 0118").has(f"{source}:no account")
        night.has(f"{source}:old", email="e@example.com", status="archived").has(
            f"{source}:ghost", phone="613 555 0118", status="archived"
        )
    blocked = {(f, *m) for k, f, m in night.found("login_blocked")}
    assert blocked == {("phone", "up:none"), ("phone", "up:odd"), ("phone", "up:twin1")}
    reasons = {f.members[0]: dict(f.evidence)["reason"] for f in night.findings("login_blocked")}
    assert reasons == {
        "up:none": "no phone", "up:odd": "the phone cannot be dialled", "up:twin1": "the phone is on several profiles",
    }  # fmt: skip


def test_p2_the_steps_begin_with_the_identity_and_end_with_a_new_password(nights: Nights) -> None:
    night = nights().source("up", logins="treez_ecommerce").has("up:none", email="a@example.com")
    first, *_, last = night.finding("login_blocked").check.todo
    assert "identity" in first
    assert last.endswith("the customer changes the temporary password.")


def test_the_anchor_of_a_shared_value_holds_no_value(alone: Night) -> None:
    alone.has("here:1", "here:2", first_name="Ann", phone=PHONE).has("here:3", first_name="Kofi", phone=PHONE)
    assert {f.check.kind for f in alone.findings()} == {"duplicate_phone", "household"}
    assert not [f for f in alone.findings() if "5550117" in f.anchor + f.finding_id]
