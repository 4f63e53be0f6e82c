"""Writing to an X-Series retailer: whole customers, compared field by field, and nobody opted in by an omission."""

from typing import Any

import pytest

from connectors.base import Change, VendorError
from connectors.clock import SimulatedClock
from connectors.lightspeed_x import LightspeedX

PERSON = {"first_name": "Max", "last_name": "Muster", "email": "max@example.com"}


def update(one: str, after: dict[str, str | None]) -> Change:
    return Change("update", one, {}, after, key="c-1")


def create(**after: str | None) -> Change:
    return Change("create", None, {}, {**PERSON, **after}, key="c-5")


def refused(connector: LightspeedX, change: Change) -> VendorError:
    with pytest.raises(VendorError) as caught:
        connector.write(change)
    return caught.value


@pytest.mark.parametrize("replaces", [True, False])
def test_put_replaces_so_the_whole_customer_is_sent_and_nobody_is_opted_in(
    rig: Any, clock: SimulatedClock, replaces: bool
) -> None:
    """G9: a short PUT would reset `do_not_email` to false, its default; and lose fax, limit and delivery address."""
    rig.replaces = replaces
    one = rig.add(9, do_not_email=True)
    before = dict(rig.rows[one])
    rig.connector(clock, writes=True).write(update(one, {"first_name": "Grace"}))
    assert rig.rows[one]["do_not_email"] is True
    assert {k for k in before if rig.rows[one].get(k) != before[k]} <= {"first_name", "version"} | READ_ONLY


READ_ONLY = {
    "id", "name", "balance", "loyalty_balance", "year_to_date", "created_at", "updated_at", "deleted_at"
}  # fmt: skip


def test_g11_no_balance_is_ever_sent(rig: Any, clock: SimulatedClock) -> None:
    for change, _ in rig.writes():
        rig.connector(clock, writes=True).write(change)
    assert [body for _, _, body in rig.sent() if READ_ONLY & body.keys()] == []


def test_a_date_that_reads_null_is_left_out_because_it_takes_no_null(rig: Any, clock: SimulatedClock) -> None:
    one = rig.add(9, date_of_birth=None, company_name=None)
    rig.connector(clock, writes=True).write(update(one, {"first_name": "Grace"}))
    ((_, _, body),) = rig.sent()
    assert "date_of_birth" not in body
    assert body["company_name"] is None


def test_names_are_always_sent_because_the_vendor_requires_them(rig: Any, clock: SimulatedClock) -> None:
    one = rig.add(9, first_name=..., last_name=...)
    rig.connector(clock, writes=True).write(update(one, {"email": "new@example.com"}))
    ((_, _, body),) = rig.sent()
    assert (body["first_name"], body["last_name"]) == (None, None)


def test_g9_a_customer_who_comes_without_do_not_email_is_not_written(rig: Any, clock: SimulatedClock) -> None:
    one = rig.add(9, do_not_email=...)
    error = refused(rig.connector(clock, writes=True), update(one, {"first_name": "Grace"}))
    assert "could opt it in" in str(error)
    assert rig.sent() == []


def test_a_customer_who_changed_since_it_was_read_is_not_overwritten(rig: Any, clock: SimulatedClock) -> None:
    one = rig.ids()[0]
    connector = rig.connector(clock, writes=True)
    current = connector.fetch([one])[one]
    rig.rows[one]["note"] = "typed by a clerk"
    rig.touch(rig.rows[one])
    error = refused(connector, Change("update", one, {}, {"first_name": "Grace"}, key="c-1", current=current))
    assert "has changed since it was read" in str(error)
    assert (error.permanent, error.effect, rig.sent()) == (False, "none", [])


@pytest.mark.parametrize("answers", [True, False])
@pytest.mark.parametrize(
    ("field", "made"), [("note", ""), ("fax", None), ("do_not_email", True), ("on_account_limit", 0)]
)
def test_what_the_vendor_makes_of_it_is_compared_in_every_field(
    rig: Any, clock: SimulatedClock, field: str, made: Any, answers: bool
) -> None:
    """Card-like digits are blanked with a 200; a field that was not to change may have changed all the same."""
    rig.answers_writes = answers
    put = rig._put
    rig._put = lambda row, sent: (put(row, sent), row.update({field: made}))
    change = update(rig.ids()[0], {"first_name": "Grace", "note": "4111 1111 1111 1111"})
    error = refused(rig.connector(clock, writes=True), change)
    assert f"reads back otherwise: {field}" in str(error)
    assert "4111" not in str(error)
    assert (error.permanent, error.effect) == (True, "unknown")


def test_a_value_that_the_vendor_only_spells_otherwise_is_no_failure(rig: Any, clock: SimulatedClock) -> None:
    put = rig._put
    rig._put = lambda row, sent: (put(row, sent), row.update({"phone": "613 555 0140"}))
    rig.connector(clock, writes=True).write(update(rig.ids()[0], {"phone": "+16135550140"}))


def test_m13_a_deleted_customer_is_not_written(rig: Any, clock: SimulatedClock) -> None:
    one = rig.add(9, deleted_at="2026-02-01T10:00:00+00:00")
    error = refused(rig.connector(clock, writes=True), update(one, {"first_name": "Grace"}))
    assert "never comes back" in str(error)
    assert (error.permanent, error.effect, rig.sent()) == (True, "none", [])


def test_a_customer_whom_nobody_knows_is_not_written(rig: Any, clock: SimulatedClock) -> None:
    error = refused(rig.connector(clock, writes=True), update("nobody", {"first_name": "Grace"}))
    assert "is not known" in str(error)


def test_a_birth_date_cannot_be_cleared(rig: Any, clock: SimulatedClock) -> None:
    error = refused(rig.connector(clock, writes=True), update(rig.ids()[0], {"birth_date": None}))
    assert "clear a birth date" in str(error)
    assert rig.requests() == 0


def test_g11_archiving_is_not_offered_because_a_delete_cannot_be_undone(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    assert not {"archive", "restore"} & connector.capabilities.actions
    assert refused(connector, Change("archive", rig.ids()[0], {}, {"status": "archived"}, key="c")).permanent
    assert rig.requests() == 0


@pytest.mark.parametrize("status", [400, 409, 422])
@pytest.mark.parametrize("key", ["errors", "fields", "details"])
def test_a_refusal_names_the_field_and_not_the_value(rig: Any, clock: SimulatedClock, status: int, key: str) -> None:
    one = rig.ids()[0]
    rig.refuse[f"PUT /customers/{one}"] = (status, {key: {"email": ["grace@example.com is invalid"]}})
    error = refused(rig.connector(clock, writes=True), update(one, {"email": "grace@example.com"}))
    assert "is refused: email" in str(error)
    assert "grace" not in str(error)
    assert (error.permanent, error.effect, error.status) == (True, "none", status)


def test_a_refusal_in_plain_text_is_a_refusal(rig: Any, clock: SimulatedClock) -> None:
    one = rig.ids()[0]
    rig.refuse[f"PUT /customers/{one}"] = (400, {"error": "Postal code format is incorrect. Example: K1A"})
    error = refused(rig.connector(clock, writes=True), update(one, {"postal_code": "K1A"}))
    assert "without a reason that is known" in str(error)


def test_an_unanswered_write_may_have_happened(rig: Any, clock: SimulatedClock) -> None:
    one = rig.ids()[0]
    rig.refuse[f"PUT /customers/{one}"] = (503, {})
    assert refused(rig.connector(clock, writes=True), update(one, {"first_name": "Grace"})).effect == "unknown"


def test_g9_an_opt_out_sets_the_flag_that_says_no_and_reads_out(rig: Any, clock: SimulatedClock) -> None:
    one = rig.ids()[0]
    connector = rig.connector(clock, writes=True, sms=False)
    connector.write(Change("opt_out", one, {"email_consent": "unknown"}, {"email_consent": "out"}, key="c-1"))
    assert (rig.rows[one]["do_not_email"], rig.rows[one]["enable_promotional_sms"]) == (True, True)
    record = connector.fetch([one])[one]
    assert record is not None
    assert connector.view(record)["email_consent"] == "out"


# groups (X2) --------------------------------------------------------------------------------------------------------


def test_x2_a_group_of_another_spelling_is_not_the_same_group(rig: Any, clock: SimulatedClock) -> None:
    error = refused(rig.connector(clock, writes=True), update(rig.ids()[0], {"group": "wholesale", "city": "X"}))
    assert "no group of that name" in str(error)
    assert (error.effect, rig.sent()) == ("none", [])


def test_x2_two_groups_of_one_name_are_a_persons_choice(rig: Any, clock: SimulatedClock) -> None:
    rig.groups["g-2"] = {**rig.groups["g-home"], "id": "g-2", "version": rig.version + 1}
    error = refused(rig.connector(clock, writes=True), update(rig.ids()[0], {"group": "Wholesale"}))
    assert "several groups" in str(error)


def test_x2_a_missing_group_is_made_where_the_configuration_says_so(rig: Any, clock: SimulatedClock) -> None:
    one = rig.ids()[0]
    connector = rig.connector(clock, writes=True, create_groups=True)
    connector.write(update(one, {"group": "Club"}))
    assert rig.sent() == [
        ("POST", "/customer_groups", {"name": "Club"}),
        ("POST", "/customer_groups/g-Club/customers", {"customer_ids": [one]}),
    ]
    record = connector.fetch([one])[one]
    assert record is not None
    assert connector.view(record)["group"] == "Club"


def test_a_group_refused_after_the_customer_was_written_leaves_an_unknown_effect(
    rig: Any, clock: SimulatedClock
) -> None:
    rig.refuse["POST /customer_groups/g-home/customers"] = (400, {"error": "no"})
    both = refused(rig.connector(clock, writes=True), update(rig.ids()[0], {"group": "Wholesale", "city": "X"}))
    assert "but not the group" in str(both)
    assert both.effect == "unknown"
    alone = refused(rig.connector(clock, writes=True), update(rig.ids()[0], {"group": "Wholesale"}))
    assert alone.effect == "none"


# creating -----------------------------------------------------------------------------------------------------------


def test_a_create_tried_again_finds_its_own_customer_and_makes_no_second(rig: Any, clock: SimulatedClock) -> None:
    first = rig.connector(clock, writes=True).write(create())
    again = rig.connector(clock, writes=True).write(create())
    assert first == again
    assert len(rig.sent()) == 1


def test_a_code_that_search_does_not_show_yet_is_refused_and_is_no_second_customer(
    rig: Any, clock: SimulatedClock
) -> None:
    connector = rig.connector(clock, writes=True)
    made = connector.write(create())
    search, shown = rig._search, iter([False])
    rig._search = lambda query: search(query) if next(shown, True) else (200, {}, b'{"data": []}')
    assert rig.connector(clock, writes=True).write(create()) == made
    assert len(rig.rows) == 4


def test_a_create_without_an_answer_is_unknown_and_is_found_by_our_code(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    rig.refuse["POST /customers"] = (500, {})
    assert refused(connector, create()).effect == "unknown"
    assert connector.find("key", "c-5") == []


def test_a_create_that_names_no_id_is_looked_up_by_our_code(rig: Any, clock: SimulatedClock) -> None:
    rig.answers_writes = False
    made = rig.connector(clock, writes=True).write(create())
    assert rig.rows[made]["customer_code"] == "RC-c-5"


def test_a_create_that_names_no_id_and_is_not_found_is_not_to_be_repeated(rig: Any, clock: SimulatedClock) -> None:
    rig.answers_writes = False
    rig._search = lambda query: (200, {}, b'{"data": []}')
    error = refused(rig.connector(clock, writes=True), create())
    assert "search for the code RC-c-5" in str(error)
    assert (error.permanent, error.effect) == (True, "unknown")


def test_a_created_customer_keeps_the_creation_default_which_is_unknown(rig: Any, clock: SimulatedClock) -> None:
    """G9, G9a: no choice is sent, and the default that the vendor fills in is no choice."""
    connector = rig.connector(clock, writes=True)
    made = connector.write(create())
    record = connector.fetch([made])[made]
    assert record is not None
    assert connector.view(record)["email_consent"] == "unknown"
