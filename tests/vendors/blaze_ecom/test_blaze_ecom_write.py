"""Writing to BLAZE ECOM: one contact value at a time, refusals as sentences, and what a failed push leaves behind."""

from typing import Any

import pytest

from connectors.base import Change, VendorError
from connectors.blaze_ecom import BlazeEcom
from connectors.clock import SimulatedClock

BOTH = {"email": "grace@example.com", "phone": "+16135550140"}


def update(after: dict[str, str | None]) -> Change:
    return Change("update", "e-0002", {}, after, key="c-1")


def refused(connector: BlazeEcom, change: Change) -> VendorError:
    with pytest.raises(VendorError) as caught:
        connector.write(change)
    return caught.value


def test_an_email_goes_out_in_lower_case(rig: Any, clock: SimulatedClock) -> None:
    rig.connector(clock, writes=True).write(update({"email": "Grace@Example.com"}))
    assert rig.sent() == [("PATCH", "e-0002", {"email": "grace@example.com"})]


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (400, "invalid", "not accepted"),
        (404, "not_found", "no such customer"),
        (409, "duplicate", "on another ECOM account"),
        (409, "pos_duplicate", "on another POS profile: free it there first"),
        (409, "pos_link_broken", "a person renews it in the POS first"),
        (409, "something_new", "without a reason that is known"),
    ],
)
def test_c3_a_refusal_is_a_sentence_without_the_value(
    rig: Any, clock: SimulatedClock, status: int, code: str, sentence: str
) -> None:
    rig.refuse["e-0002", "phone"] = (status, code)
    error = refused(rig.connector(clock, writes=True), update({"phone": "+16135550140"}))
    assert sentence in str(error)
    assert "5550140" not in str(error)
    assert (error.permanent, error.effect, error.status) == (True, "none", status)


def test_c2_a_push_that_did_not_end_leaves_an_unknown_effect(rig: Any, clock: SimulatedClock) -> None:
    rig.refuse["e-0002", "phone"] = (502, "pos_unavailable")
    error = refused(rig.connector(clock, writes=True), update({"phone": "+16135550140"}))
    assert "read back ECOM and every linked POS profile" in str(error)
    assert (error.permanent, error.effect) == (False, "unknown")
    assert rig.requests() == 1


@pytest.mark.parametrize(("refused_one", "effect"), [("email", "none"), ("phone", "unknown")])
def test_a_second_contact_refused_after_the_first_was_written_leaves_an_unknown_effect(
    rig: Any, clock: SimulatedClock, refused_one: str, effect: str
) -> None:
    rig.refuse["e-0002", refused_one] = (409, "pos_duplicate")
    error = refused(rig.connector(clock, writes=True), update({**BOTH, "first_name": "Grace"}))
    assert error.effect == effect
    assert rig.rows["e-0002"]["first_name"] == "Dana"


def test_an_unanswered_write_may_have_happened(rig: Any, clock: SimulatedClock) -> None:
    rig.refuse["e-0002", "first_name"] = (500, "oops")
    assert refused(rig.connector(clock, writes=True), update({"first_name": "Grace"})).effect == "unknown"


@pytest.mark.parametrize("name", ["email", "phone", "first_name"])
def test_what_cannot_be_empty_is_not_cleared(rig: Any, clock: SimulatedClock, name: str) -> None:
    error = refused(rig.connector(clock, writes=True), update({name: None}))
    assert f"{name} cannot be cleared" in str(error)
    assert rig.requests() == 0


def test_a_phone_that_is_not_international_is_not_sent(rig: Any, clock: SimulatedClock) -> None:
    error = refused(rig.connector(clock, writes=True), update({"phone": "613 555 0140"}))
    assert "international form" in str(error)
    assert rig.requests() == 0


def test_nobody_is_created_or_relinked(rig: Any, clock: SimulatedClock) -> None:
    """Customers sign up themselves, and the links are the vendor's own."""
    assert rig.connector(clock, writes=True).capabilities.actions == {"update", "add_note", "opt_out"}


def test_one_channel_can_be_opted_out_of_alone(rig: Any, clock: SimulatedClock) -> None:
    change = Change("opt_out", "e-0002", {}, {"sms_consent": "out"}, key="c-1")
    rig.connector(clock, writes=True).write(change)
    assert rig.sent() == [("PATCH", "e-0002", {"sms_opt_in": False})]
