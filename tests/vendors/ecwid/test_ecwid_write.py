"""Writing to an Ecwid store: exactly what changes, contacts one by one, one name made of two, and no second customer."""

import json
import logging
from typing import Any

import pytest

from connectors.base import Change, VendorError
from connectors.clock import SimulatedClock
from connectors.ecwid import Ecwid

TWO = 900_000_002
PUT = ("PUT", f"/customers/{TWO}")


def update(**after: str | None) -> Change:
    return Change("update", str(TWO), {}, after, key="c-1")


def create(**after: str | None) -> Change:
    return Change("create", None, {}, {"email": "max@example.com", "first_name": "Max", **after}, key="c-5")


def refused(connector: Ecwid, change: Change) -> VendorError:
    with pytest.raises(VendorError) as caught:
        connector.write(change)
    return caught.value


# contacts -----------------------------------------------------------------------------------------------------------


def test_contacts_are_replaced_whole_so_they_are_never_part_of_an_update(rig: Any, clock: SimulatedClock) -> None:
    before = json.loads(json.dumps(rig.rows[TWO]["contacts"]))
    rig.connector(clock, writes=True).write(update(phone="+16135550140", first_name="Grace"))
    assert [body for method, path, body in rig.sent() if (method, path) == PUT and "contacts" in body] == []
    after = rig.rows[TWO]["contacts"]
    assert [one for one in after if one["type"] != "PHONE"] == [one for one in before if one["type"] != "PHONE"]


def test_a_phone_is_added_as_a_contact_where_there_is_none(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[TWO]["contacts"] = []
    connector = rig.connector(clock, writes=True)
    connector.write(update(phone="+16135550140"))
    body = {"contact": "+16135550140", "type": "PHONE", "default": True}
    assert rig.sent() == [("POST", f"/customers/{TWO}/contacts", body)]
    record = connector.fetch([str(TWO)])[str(TWO)]
    assert record is not None
    assert connector.view(record)["phone"] == "+16135550140"


def test_c4_a_phone_is_cleared_wherever_it_would_show(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    connector.write(update(phone=None))
    assert rig.sent() == [(*PUT, {"billingPerson": {"phone": ""}}), ("DELETE", f"/customers/{TWO}/contacts/8004", None)]
    record = connector.fetch([str(TWO)])[str(TWO)]
    assert record is not None
    assert connector.view(record)["phone"] is None


def test_a_phone_that_a_delivery_address_holds_as_well_is_a_persons_work(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[TWO]["shippingAddresses"] = [{"id": 1, "phone": "613 555 0101", "defaultAddress": True}]
    error = refused(rig.connector(clock, writes=True), update(phone=None, first_name="Grace"))
    assert "a delivery address holds a phone" in str(error)
    assert (error.effect, rig.sent()) == ("none", [])


def test_a_phone_refused_after_the_customer_was_written_leaves_an_unknown_effect(
    rig: Any, clock: SimulatedClock
) -> None:
    rig.refuse[f"PUT /customers/{TWO}/contacts/8004"] = (400, {"errorCode": "WRONG_PARAMETER"})
    both = refused(rig.connector(clock, writes=True), update(first_name="Grace", phone="1"))
    assert "but not the phone" in str(both)
    assert both.effect == "unknown"
    assert refused(rig.connector(clock, writes=True), update(phone="1")).effect == "none"


@pytest.mark.parametrize("couples", [True, False])
def test_an_email_is_read_back_and_a_contact_that_does_not_follow_is_told(
    rig: Any, clock: SimulatedClock, couples: bool, caplog: pytest.LogCaptureFixture
) -> None:
    rig.couples = couples
    caplog.set_level(logging.WARNING)
    rig.connector(clock, writes=True).write(update(email="new@example.com"))
    assert ("another email among its contacts" in caplog.text) is not couples
    assert "example.com" not in caplog.text


# names and streets --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "name"),
    [({"first_name": "Grace"}, "Grace Sample2"), ({"last_name": "Van Example"}, "Ida Van Example"),
     ({"last_name": None}, "Ida"), ({"first_name": None, "last_name": None}, "")],
)  # fmt: skip
def test_two_names_are_written_as_the_one_that_the_vendor_keeps(
    rig: Any, clock: SimulatedClock, after: dict[str, str | None], name: str
) -> None:
    connector = rig.connector(clock, writes=True)
    connector.write(update(**after))
    assert rig.sent() == [(*PUT, {"billingPerson": {"name": name}})]
    record = connector.fetch([str(TWO)])[str(TWO)]
    assert record is not None
    assert {key: connector.view(record)[key] for key in after} == after


@pytest.mark.parametrize(
    "after", [{"first_name": "Mary Ann"}, {"first_name": None}, {"first_name": "Mary Ann", "last_name": None}]
)
def test_a_name_that_the_vendor_would_cut_elsewhere_is_not_written(
    rig: Any, clock: SimulatedClock, after: dict[str, str | None]
) -> None:
    error = refused(rig.connector(clock, writes=True), update(**after))
    assert "would cut it elsewhere" in str(error)
    assert "Mary" not in str(error)
    assert (error.effect, rig.sent()) == ("none", [])


@pytest.mark.parametrize(
    ("after", "street"),
    [({"street": "9 New Rd"}, "9 New Rd\nUnit 2"), ({"street_2": None}, "1 Example Way"),
     ({"street": None}, "\nUnit 2"), ({"street": None, "street_2": None}, "")],
)  # fmt: skip
def test_two_lines_of_a_street_are_one_text_there(
    rig: Any, clock: SimulatedClock, after: dict[str, str | None], street: str
) -> None:
    connector = rig.connector(clock, writes=True)
    connector.write(update(**after))
    assert rig.sent() == [(*PUT, {"billingPerson": {"street": street}})]
    record = connector.fetch([str(TWO)])[str(TWO)]
    assert record is not None
    assert {key: connector.view(record)[key] for key in after} == after


def test_null_does_not_clear_so_an_empty_text_does(rig: Any, clock: SimulatedClock) -> None:
    rig.connector(clock, writes=True).write(update(note=None, city=None))
    assert rig.sent() == [(*PUT, {"billingPerson": {"city": ""}, "privateAdminNotes": ""})]


def test_an_email_cannot_be_cleared(rig: Any, clock: SimulatedClock) -> None:
    error = refused(rig.connector(clock, writes=True), update(email=None))
    assert "clear an email" in str(error)
    assert rig.requests() == 0


# groups and consent -------------------------------------------------------------------------------------------------


def test_x2_a_group_of_another_spelling_is_not_the_same_group(rig: Any, clock: SimulatedClock) -> None:
    error = refused(rig.connector(clock, writes=True), update(group="wholesale", city="X"))
    assert "no group of that name" in str(error)
    assert rig.sent() == []


def test_groups_that_the_plan_does_not_offer_are_told_before_a_write(rig: Any, clock: SimulatedClock) -> None:
    rig.refuse["GET /customer_groups"] = (402, {"errorCode": "NOT_AVAILABLE_ON_CURRENT_PLAN"})
    error = refused(rig.connector(clock, writes=True), update(group="Wholesale"))
    assert "plan does not offer" in str(error)
    assert (error.permanent, error.effect, rig.sent()) == (True, "none", [])


@pytest.mark.parametrize("flag", [True, None, ...])
def test_g9_an_opt_out_is_written_over_in_and_unknown_alike(rig: Any, clock: SimulatedClock, flag: Any) -> None:
    one = int(rig.add(9, acceptMarketing=flag))
    rig.connector(clock, writes=True).write(Change("opt_out", str(one), {}, {"email_consent": "out"}, key="c-1"))
    assert rig.rows[one]["acceptMarketing"] is False


def test_a_created_customer_has_made_no_choice(rig: Any, clock: SimulatedClock) -> None:
    """G9: no choice is sent, and null is unknown."""
    connector = rig.connector(clock, writes=True)
    made = connector.write(create())
    record = connector.fetch([made])[made]
    assert record is not None
    assert connector.view(record)["email_consent"] == "unknown"
    assert "acceptMarketing" not in rig.sent()[0][2]


# refusals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [update(email="IDA1@example.com"), create(email="ida1@example.com")])
def test_c3_an_email_of_another_customer_is_refused_and_told_without_it(
    rig: Any, clock: SimulatedClock, change: Change
) -> None:
    error = refused(rig.connector(clock, writes=True), change)
    assert "the email is on another customer" in str(error)
    assert "CONSTRAINT_VIOLATION" in str(error)
    assert "example.com" not in str(error).lower()
    assert (error.permanent, error.effect, error.status) == (True, "none", 409)


def test_a_refusal_with_an_empty_body_is_a_refusal(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    rig.before_answer = lambda method, path, query: rig.fail(400, times=1 if method == "PUT" else 0)
    error = refused(connector, update(first_name="Grace"))
    assert "a value is not accepted" in str(error)
    assert (error.permanent, error.effect) == (True, "none")


def test_a_deleted_customer_is_not_written(rig: Any, clock: SimulatedClock) -> None:
    rig.remove(TWO)
    error = refused(rig.connector(clock, writes=True), update(first_name="Grace"))
    assert "is deleted, for good" in str(error)
    assert rig.sent() == []


def test_neither_archive_nor_restore_nor_delete_is_offered(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    assert not {"archive", "restore"} & connector.capabilities.actions
    assert refused(connector, Change("archive", str(TWO), {}, {"status": "archived"}, key="c")).permanent
    assert rig.requests() == 0


def test_an_unanswered_write_may_have_happened(rig: Any, clock: SimulatedClock) -> None:
    rig.refuse[f"PUT /customers/{TWO}"] = (500, {"errorCode": "INTERNAL_ERROR"})
    assert refused(rig.connector(clock, writes=True), update(first_name="Grace")).effect == "unknown"


# creating, and a search that lags -----------------------------------------------------------------------------------


def test_a_search_that_lags_is_not_asked_whether_a_write_went_through(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    made = connector.write(create())
    rig.hidden = {int(made)}
    assert connector.find("email", "max@example.com") == []
    assert connector.fetch([made])[made] is not None


def test_a_create_tried_again_while_search_lags_is_refused_and_makes_no_second(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    rig.hidden = {int(connector.write(create()))}
    assert refused(connector, create()).status == 409
    assert len(rig.rows) == 4


@pytest.mark.parametrize("answer", [b"", b"{}", b'{"id": null}', b"[]"])
def test_a_create_that_names_no_id_is_not_to_be_repeated(rig: Any, clock: SimulatedClock, answer: bytes) -> None:
    rig.before_answer = lambda method, path, query: rig.fail(200, body=answer, times=1 if method == "POST" else 0)
    error = refused(rig.connector(clock, writes=True), create())
    assert "search for the email" in str(error)
    assert (error.permanent, error.effect) == (True, "unknown")


def test_nobody_is_created_without_an_email(rig: Any, clock: SimulatedClock) -> None:
    error = refused(rig.connector(clock, writes=True), create(email=None))
    assert "without email" in str(error)
    assert rig.requests() == 0
