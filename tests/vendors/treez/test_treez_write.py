"""Writing to a Treez store: what always goes along, what is refused before the wire, what an answer means."""

from typing import Any

import pytest

from connectors.base import Change, VendorError
from connectors.clock import SimulatedClock
from connectors.treez import Treez

PERSON = {"first_name": "Max", "last_name": "Muster", "birth_date": "1991-04-05"}


def update(after: dict[str, str | None], before: dict[str, str | None] | None = None) -> Change:
    return Change("update", "9002", before or {}, after, key="c-1")


def refused(connector: Treez, change: Change) -> VendorError:
    with pytest.raises(VendorError) as caught:
        connector.write(change)
    return caught.value


def test_a_medical_profile_takes_its_required_fields_along_from_the_vendor(rig: Any, clock: SimulatedClock) -> None:
    """G11: they are read for this one call and are in no record of ours."""
    rig.rows[9002].update(patient_type="MEDICAL_MMID", state_medical_id="M-1")
    rig.connector(clock, writes=True).write(update({"email": "new@example.com"}))
    assert rig.sent() == [
        ("PATCH", "/customer/update/9002",
         {"first_name": "DANA", "last_name": "EXAMPLE", "birthday": "1990-02-03", "patient_type": "MEDICAL_MMID",
          "state_medical_id": "M-1", "permit_expiration": "2030-01-01", "email": "new@example.com"}),
    ]  # fmt: skip


def test_a_profile_without_what_treez_wants_is_told_before_the_write(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[9002]["birthday"] = "N/A"
    error = refused(rig.connector(clock, writes=True), update({"email": "new@example.com"}))
    assert "without birthday" in str(error)
    assert (error.permanent, error.effect, rig.sent()) == (True, "none", [])


def test_the_birth_date_itself_can_fill_that_gap(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[9002]["birthday"] = None
    rig.connector(clock, writes=True).write(update({"birth_date": "1990-02-03"}))
    assert rig.rows[9002]["birthday"] == "1990-02-03"


@pytest.mark.parametrize("into", [None, 9003])
def test_t3_a_deactivated_profile_is_left_to_a_person(rig: Any, clock: SimulatedClock, into: int | None) -> None:
    rig.rows[9002].update(status="DEACTIVATED", merged_into_customer_id=into)
    error = refused(rig.connector(clock, writes=True), update({"email": "new@example.com"}))
    assert "a person must renew it in the POS (T3)" in str(error)
    assert rig.sent() == []


def test_a_profile_that_is_not_known_is_refused(rig: Any, clock: SimulatedClock) -> None:
    rig.rows.pop(9002)
    assert "not known" in str(refused(rig.connector(clock, writes=True), update({"email": "new@example.com"})))


def test_t8_a_note_that_changed_meanwhile_is_not_written_over(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    change = Change("add_note", "9002", {"note": "likes mint"}, {"note": "likes mint\nLinked"}, key="c-1")
    rig.rows[9002]["notes"] = "likes mint; allergic"
    assert "another note by now" in str(refused(connector, change))
    rig.rows[9002]["notes"] = "likes mint"
    connector.write(change)
    assert rig.rows[9002]["notes"] == "likes mint\nLinked"


@pytest.mark.parametrize("phone", ["+16135550140", "1 (613) 555-0140", "613.555.0140"])
def test_a_phone_goes_out_as_ten_digits(rig: Any, clock: SimulatedClock, phone: str) -> None:
    rig.connector(clock, writes=True).write(update({"phone": phone}))
    assert rig.rows[9002]["phone"] == "6135550140"


@pytest.mark.parametrize("phone", ["+442079460000", "613555014", "0135550140", "613 555 0140 x5"])
def test_a_phone_that_treez_cannot_hold_is_not_sent(rig: Any, clock: SimulatedClock, phone: str) -> None:
    error = refused(rig.connector(clock, writes=True), update({"phone": phone}))
    assert "ten digits only" in str(error)
    assert phone not in str(error)
    assert (error.permanent, error.effect, rig.sent()) == (True, "none", [])


def test_c3_a_phone_on_another_profile_is_a_sentence_without_the_number(rig: Any, clock: SimulatedClock) -> None:
    error = refused(rig.connector(clock, writes=True), update({"phone": rig.rows[9003]["phone"]}))
    assert "on another Treez profile: free it there first (C4)" in str(error)
    assert rig.rows[9003]["phone"] not in str(error)
    assert (error.permanent, error.effect, error.status) == (True, "none", 400)


def test_an_answer_that_cannot_be_read_leaves_an_unknown_effect(rig: Any, clock: SimulatedClock) -> None:
    for answer in (b"<html>maintenance</html>", b"{}"):
        rig._write = lambda *_, body=answer: (200, {}, body)
        assert refused(rig.connector(clock, writes=True), update({"first_name": "Grace"})).effect == "unknown"


def test_an_unanswered_write_may_have_happened(rig: Any, clock: SimulatedClock) -> None:
    rig.refuse["PATCH /customer/update/9002"] = (504, {})
    assert refused(rig.connector(clock, writes=True), update({"first_name": "Grace"})).effect == "unknown"


def test_a_refusal_of_a_merged_away_profile_is_no_success(rig: Any, clock: SimulatedClock) -> None:
    rig.refuse["PATCH /customer/update/9002"] = (404, {"resultCode": "FAIL", "resultReason": "CUSTOMER_DOESNT_EXIST"})
    error = refused(rig.connector(clock, writes=True), update({"first_name": "Grace"}))
    assert (error.permanent, error.effect) == (True, "none")


def test_an_address_without_its_required_parts_is_not_sent(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[9002]["addresses"] = []
    connector = rig.connector(clock, writes=True)
    assert "without city, zipcode" in str(refused(connector, update({"street": "9 New Rd", "region": "CA"})))
    whole = {"street": "9 New Rd", "city": "Sampletown", "region": "CA", "postal_code": "90001"}
    connector.write(update(dict(whole)))
    (address,) = rig.rows[9002]["addresses"]
    assert (address["type"], address["primary"]) == ("ADDRESS_OF_RECORD", True)


def test_v2_patches_as_well_and_never_replaces_a_whole_profile(rig: Any, clock: SimulatedClock) -> None:
    rig.connector(clock, writes=True, api="v2").write(update({"email": "new@example.com"}))
    assert [(method, path) for method, path, _ in rig.sent()] == [("PATCH", "/customer/update/9002")]


# creating -----------------------------------------------------------------------------------------------------------


def test_nobody_is_created_without_a_birth_date(rig: Any, clock: SimulatedClock) -> None:
    change = Change("create", None, {}, {**PERSON, "birth_date": None}, key="c-5")
    assert "without birth_date" in str(refused(rig.connector(clock, writes=True), change))
    assert rig.requests() == 0


def test_a_create_that_names_no_id_may_have_happened(rig: Any, clock: SimulatedClock) -> None:
    rig.refuse["POST /customer/detailcustomer"] = (200, {"resultCode": "SUCCESS", "data": None})
    error = refused(rig.connector(clock, writes=True), Change("create", None, {}, PERSON, key="c-5"))
    assert (error.permanent, error.effect) == (True, "unknown")


def test_a_new_profile_has_the_patient_type_of_the_store(rig: Any, clock: SimulatedClock) -> None:
    made = rig.connector(clock, writes=True, new_patient_type="MEDICAL").write(
        Change("create", None, {}, PERSON, key="c-5")
    )
    assert rig.rows[int(made)]["patient_type"] == "MEDICAL"


@pytest.mark.parametrize(("means", "flag"), [("out", True), ("in", False)])
def test_g9_an_opt_out_sets_the_flag_as_the_store_means_it(
    rig: Any, clock: SimulatedClock, means: str, flag: bool
) -> None:
    rig.rows[9002]["opt_out"] = not flag
    change = Change("opt_out", "9002", {}, {"email_consent": "out"}, key="c-1")
    rig.connector(clock, writes=True, opt_out_means=means).write(change)
    assert rig.rows[9002]["opt_out"] is flag


def test_g9_no_flag_is_written_while_its_meaning_is_unproven(rig: Any, clock: SimulatedClock) -> None:
    change = Change("opt_out", "9002", {}, {"email_consent": "out"}, key="c-1")
    assert "not offered" in str(refused(rig.connector(clock, writes=True, opt_out_means="unproven"), change))
    assert rig.requests() == 0
