"""Writing to a Greenline company by the assumed contract: small PATCHes, names that stay whole, values that are taken."""

from typing import Any

import pytest

from connectors.base import Change, VendorError
from connectors.clock import SimulatedClock
from connectors.greenline import Greenline


def update(after: dict[str, str | None], profile_id: str = "7002", current: Any = None) -> Change:
    return Change("update", profile_id, {}, after, key="c-1", current=current)


def create(**after: str | None) -> Change:
    return Change("create", None, {}, after, key="c-5")


def refused(connector: Greenline, change: Change) -> VendorError:
    with pytest.raises(VendorError) as caught:
        connector.write(change)
    return caught.value


def test_c3_a_value_that_somebody_has_names_who_and_not_the_value(rig: Any, clock: SimulatedClock) -> None:
    rig.refuse["phone"] = (409, {"error": "DUPLICATE", "field": "phone", "existingId": 7001})
    error = refused(rig.connector(clock, writes=True), update({"phone": "+14165550101", "note": "x"}))
    assert "refused for phone: the value is on customer 7001: free it there first" in str(error)
    assert "4165550101" not in str(error)
    assert (error.permanent, error.effect, error.status) == (True, "none", 409)
    assert rig.sent() == []


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (
            400,
            {"error": "VALIDATION", "message": "grace@ is bad", "field": "email"},
            "for email: the value is not accepted",
        ),
        (400, {"error": "VALIDATION", "field": ["grace@example.com"]}, "for email: the value is not accepted"),
        (409, {"error": "DUPLICATE", "field": "email", "existingId": "grace@example.com"}, "customer (not said)"),
        (400, "grace@example.com is bad", "without a reason that is known"),
    ],
)
def test_a_refusal_repeats_nothing_that_the_vendor_says_about_values(
    rig: Any, clock: SimulatedClock, status: int, body: Any, told: str
) -> None:
    rig.refuse["email"] = (status, body)
    error = refused(rig.connector(clock, writes=True), update({"email": "grace@example.com"}))
    assert told in str(error)
    assert "grace" not in str(error)


def test_a_full_name_that_staff_typed_otherwise_stays(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[7002]["name"] = "Robin S. (barber)"
    rig.connector(clock, writes=True).write(update({"last_name": "Muster"}))
    assert rig.sent() == [("PATCH", 7002, {"lastName": "Muster"})]


def test_a_customer_keeps_some_name(rig: Any, clock: SimulatedClock) -> None:
    """The name is the one thing that the vendor requires."""
    error = refused(rig.connector(clock, writes=True), update({"first_name": None, "last_name": None}))
    assert "keeps some name" in str(error)
    assert (error.permanent, rig.sent()) == (True, [])


@pytest.mark.parametrize("after", [{}, {"phone": "+14165550119"}, {"first_name": ""}])
def test_nobody_is_created_without_a_name(rig: Any, clock: SimulatedClock, after: dict[str, str | None]) -> None:
    assert "without a name" in str(refused(rig.connector(clock, writes=True), create(**after)))
    assert rig.requests() == 0


@pytest.mark.parametrize("part", ["first_name", "last_name"])
def test_either_part_of_a_name_will_do(rig: Any, clock: SimulatedClock, part: str) -> None:
    rig.connector(clock, writes=True).write(create(**{part: "Max"}))
    assert rig.sent()[0][2]["name"] == "Max"


def test_g9_a_new_customer_gets_no_consent_at_all(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    made = connector.write(create(first_name="Max"))
    view = connector.view(connector.fetch([made])[made])
    assert (view["email_consent"], view["sms_consent"]) == ("unknown", "unknown")


def test_a_create_that_names_no_id_is_unknown(rig: Any, clock: SimulatedClock) -> None:
    rig._single = lambda one: (201, {}, b"")
    error = refused(rig.connector(clock, writes=True), create(first_name="Max"))
    assert "look for it by phone and email" in str(error)
    assert error.effect == "unknown"


def test_a_write_without_an_answer_may_have_happened(rig: Any, clock: SimulatedClock) -> None:
    rig.refuse["notes"] = (503, {})
    error = refused(rig.connector(clock, writes=True), Change("add_note", "7002", {}, {"note": "x"}, key="c-1"))
    assert (error.permanent, error.effect) == (False, "unknown")


def test_a_customer_who_is_not_there_is_told(rig: Any, clock: SimulatedClock) -> None:
    error = refused(rig.connector(clock, writes=True), update({"phone": None}, "7999"))
    assert "there is no such customer" in str(error)
    assert (error.permanent, error.effect) == (True, "none")


def test_merging_is_not_offered(rig: Any, clock: SimulatedClock) -> None:
    assert rig.connector(clock, writes=True).capabilities.actions == {
        "update", "create", "add_note", "opt_out", "archive", "restore",
    }  # fmt: skip
