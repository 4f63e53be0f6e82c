"""Writing to a Heartland account: exactly what changes, one address, and no customer twice."""

from typing import Any

import pytest

from connectors.base import Change, VendorError
from connectors.clock import SimulatedClock
from connectors.heartland import Heartland

PERSON = {
    "first_name": "Max", "last_name": "Muster", "email": "max@example.com", "street": "2 Example St",
    "city": "Sampletown", "region": "ON", "postal_code": "K0K 0K0", "country": "CA",
}  # fmt: skip


def update(after: dict[str, str | None], profile_id: str = "2") -> Change:
    return Change("update", profile_id, {}, after, key="c-1")


def create(**after: str | None) -> Change:
    return Change("create", None, {}, {**PERSON, **after}, key="c-5")


def refused(connector: Heartland, change: Change) -> VendorError:
    with pytest.raises(VendorError) as caught:
        connector.write(change)
    return caught.value


def test_an_address_is_added_only_where_there_is_none(rig: Any, clock: SimulatedClock) -> None:
    rig.addresses[2] = []
    connector = rig.connector(clock, writes=True)
    connector.write(update({"street": "9 New Rd", "city": "Sampletown"}))
    connector.write(update({"street": "8 New Rd"}))
    assert rig.sent() == [
        ("POST", "/customers/2/addresses",
         {"first_name": "Ida", "last_name": "Sample 2", "line_1": "9 New Rd", "city": "Sampletown"}),
        ("PUT", "/customers/2/addresses/502", {"line_1": "8 New Rd"}),
    ]  # fmt: skip


def test_a_phone_kept_on_the_address_is_written_there(rig: Any, clock: SimulatedClock) -> None:
    rig.connector(clock, writes=True, phone1="address.phone").write(update({"phone": "+16135550150"}))
    assert rig.sent() == [("PUT", "/customers/2/addresses/102", {"phone": "+16135550150"})]


def test_tags_are_joined_as_the_account_joins_them(rig: Any, clock: SimulatedClock) -> None:
    rig.connector(clock, writes=True, tag_separator=" ").write(Change("add_tag", "2", {}, {"tags": "a;b"}, key="c"))
    assert rig.sent() == [("PUT", "/customers/2", {"custom@tags": "a b"})]


def test_a_customer_merged_away_meanwhile_is_no_success(rig: Any, clock: SimulatedClock) -> None:
    rig.rows.pop(2)
    error = refused(rig.connector(clock, writes=True), update({"first_name": "Grace"}))
    assert "merged away" in str(error)
    assert (error.permanent, error.effect) == (True, "none")


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_refusal_names_the_field_and_not_the_value(rig: Any, clock: SimulatedClock, status: int) -> None:
    rig.refuse["PUT /customers/2"] = (status, {"email": ["grace@example.com is invalid"]})
    error = refused(rig.connector(clock, writes=True), update({"email": "grace@example.com"}))
    assert f"email is not accepted as it is written ({status})" in str(error)
    assert (error.permanent, error.effect, error.status) == (True, "none", status)


def test_a_refusal_in_plain_text_is_a_refusal_and_is_not_repeated(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    rig.fail(422, {"Content-Type": "text/plain"}, b"no way for grace@example.com")
    error = refused(connector, update({"email": "grace@example.com"}))
    assert "the vendor refused it (422)" in str(error)
    assert "grace" not in str(error)


def test_an_unanswered_write_may_have_happened(rig: Any, clock: SimulatedClock) -> None:
    rig.refuse["PUT /customers/2"] = (503, {})
    error = refused(rig.connector(clock, writes=True), update({"first_name": "Grace"}))
    assert error.effect == "unknown"


def test_an_address_refused_after_the_customer_was_written_leaves_an_unknown_effect(
    rig: Any, clock: SimulatedClock
) -> None:
    rig.refuse["PUT /customers/2/addresses/102"] = (422, {"postal_code": ["is invalid"]})
    error = refused(rig.connector(clock, writes=True), update({"first_name": "Grace", "postal_code": "nowhere"}))
    assert "but not the address" in str(error)
    assert error.effect == "unknown"
    only_address = refused(rig.connector(clock, writes=True), update({"postal_code": "nowhere"}))
    assert only_address.effect == "none"


# creating (M8) ------------------------------------------------------------------------------------------------------


def test_m8_nobody_is_created_without_an_email_and_a_complete_address(rig: Any, clock: SimulatedClock) -> None:
    error = refused(rig.connector(clock, writes=True), create(email=None, city="", region=None))
    assert "without email, city" in str(error)
    assert rig.requests() == 0


@pytest.mark.parametrize(("nested", "posts"), [("taken", 1), ("ignored", 2), ("refused", 2)])
def test_the_address_gets_there_however_the_account_takes_it(
    rig: Any, clock: SimulatedClock, nested: str, posts: int
) -> None:
    rig.nested = nested
    connector = rig.connector(clock, writes=True)
    made = connector.write(create())
    assert len(rig.sent()) == posts
    record = connector.fetch([made])[made]
    assert record is not None
    view = connector.view(record)
    assert {name: view[name] for name in PERSON} == PERSON
    assert len(record["addresses"]) == 1


def test_an_address_refused_after_the_create_is_told_as_not_to_be_created_again(
    rig: Any, clock: SimulatedClock
) -> None:
    rig.nested = "ignored"
    rig.refuse["POST /customers/4/addresses"] = (400, {"state": ["is unknown"]})
    error = refused(rig.connector(clock, writes=True), create())
    assert "do not create again" in str(error)
    assert (error.permanent, error.effect) == (True, "unknown")


def test_a_create_tried_again_finds_its_own_customer_and_makes_no_second(rig: Any, clock: SimulatedClock) -> None:
    first = rig.connector(clock, writes=True).write(create())
    again = rig.connector(clock, writes=True).write(create())
    assert first == again
    assert len(rig.rows) == 4
    assert len(rig.sent()) == 1


def test_a_create_without_an_answer_is_unknown_and_is_found_by_our_number(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    rig.refuse["POST /customers"] = (500, {})
    assert refused(connector, create()).effect == "unknown"
    assert connector.find("key", "c-5") == []


def test_a_create_that_names_no_id_is_looked_up_by_our_number(rig: Any, clock: SimulatedClock) -> None:
    rig.names_location = False
    assert rig.connector(clock, writes=True).write(create()) == "4"


def test_a_required_custom_field_that_we_cannot_fill_is_told_before_the_create(rig: Any, clock: SimulatedClock) -> None:
    rig.custom_fields = [{"key": "shoe_size", "required": True}, {"key": "birthday", "required": True}]
    error = refused(rig.connector(clock, writes=True), create(birth_date="1991-04-05"))
    assert "without custom@shoe_size" in str(error)
    assert rig.sent() == []


def test_g9_an_opt_out_unticks_the_choice_whatever_that_reads_as(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True, email_opt_in_false="unknown")
    connector.write(Change("opt_out", "2", {"email_consent": "in"}, {"email_consent": "out"}, key="c-1"))
    assert rig.rows[2]["custom"]["email_opt_in"] is False
    record = connector.fetch(["2"])["2"]
    assert record is not None
    assert connector.view(record)["email_consent"] == "unknown"
