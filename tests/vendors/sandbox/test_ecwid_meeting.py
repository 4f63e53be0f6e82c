"""Where Ecwid is strange, its connector meets the simulated store (sheet: Traps, Errors, Rate limits, List)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Change, VendorError
from tests.vendors.sandbox.meeting import PERSON, Stage, certified, failure, pulled, stages, tried, views

Open = Callable[..., Stage]


@pytest.fixture
def open_stage(tmp_path: Path) -> Iterator[Open]:
    yield from stages(tmp_path, "ecwid")


def create(email: str = "new@example.com") -> Change:
    return Change("create", None, {}, {"email": email, "first_name": "Bo", "last_name": "New"}, "k-9")


def test_a_create_tried_again_while_search_lags_makes_no_second(open_stage: Open) -> None:
    """Search shows a write seconds later; the email is unique, so the second try is refused and not doubled."""
    stage = open_stage(search_lag=5.0)
    connector = stage.connector()
    made = connector.write(create())
    assert connector.find("email", "new@example.com") == []
    assert connector.fetch([made])[made] is not None, "by id it shows at once"
    again = tried(lambda: connector.write(create("NEW@example.com")))
    assert (again.effect, again.status, again.permanent) == ("none", 409, True)
    assert "new@example.com" not in str(again).lower()
    stage.clock.sleep(6)
    assert [record["id"] for record in connector.find("email", "new@example.com")] == [made]
    assert list(stage.account.ids()) == [made]


def test_a_list_that_lags_is_still_whole_or_not_certified(open_stage: Open) -> None:
    """A deletion over the wire: listed still, and among the deleted already."""
    stage = open_stage(search_lag=3600.0)
    ids = stage.people(3)
    stage.account.books.lag.written(int(ids[0]), stage.account.books.customers[int(ids[0])])
    stage.account.delete(ids[0])
    connector = stage.connector()
    records, evidence = pulled(connector)
    seen = [str(record["id"]) for record in records]
    assert set(seen) == set(ids)
    assert len(seen) == len(ids)
    assert evidence.end_mark


def test_a_refused_token_is_asked_once_and_nothing_more(open_stage: Open) -> None:
    """Who goes on with a dead token is blocked for an hour, so the connector is the first to stop."""
    stage = open_stage()
    stage.people(3)
    connector = stage.connector()
    stage.account.token = "secret_of-another-day"
    calls = stage.account.fault("server_error", after=10**9)
    for _ in range(30):
        told = failure(connector)
        assert (told.status, told.permanent) == (403, True)
    assert calls.seen == 1
    assert [line.ok for line in connector.check()][:3] == [False, False, False]
    assert calls.seen == 1


@pytest.mark.parametrize("plan", ["free", "suspended"])
def test_a_plan_without_the_api_is_told_as_the_owners_task(open_stage: Open, plan: str) -> None:
    told = failure(open_stage(plan=plan).connector())
    assert (told.status, told.permanent) == (402, True)
    assert "its owner" in str(told)


def test_x2_a_store_whose_plan_has_no_groups_is_read_all_the_same(open_stage: Open) -> None:
    stage = open_stage(plan="no_groups")
    stage.people(2)
    connector = stage.connector()
    records, evidence = pulled(connector)
    assert certified(connector, records, evidence, 2)
    assert {line.name: line.ok for line in connector.check()}["groups"] is False


@pytest.mark.parametrize("what", ["deleted", "created", "both"])
def test_whoever_moves_while_the_list_is_read_is_not_lost(open_stage: Open, what: str) -> None:
    """Offsets shift by a deletion: the list is read again until it stood still."""
    stage = open_stage(search_lag=0.0)
    ids = stage.people(150)
    moved = list[str]()

    def move(offset: int) -> None:
        if offset != 100 or moved:
            return
        moved.append("once")
        if what != "created":
            stage.account.delete(ids[3])
        if what != "deleted":
            ids.append(stage.person(900))

    stage.account.before_page = move
    connector = stage.connector()
    records, evidence = pulled(connector)
    assert moved
    assert {str(record["id"]) for record in records} == set(ids)
    assert len(records) == len(ids)
    assert certified(connector, records, evidence, 150)


def test_an_order_of_ties_that_changes_from_page_to_page_is_never_certified_short(open_stage: Open) -> None:
    """Everybody registered in the same second, and the vendor breaks ties anew on each page."""
    stage = open_stage(unstable_ties=True)
    ids = stage.people(250)
    connector = stage.connector()
    told = tried(lambda: pulled(connector))
    if not isinstance(told, VendorError):
        records, evidence = told
        whole = {str(record["id"]) for record in records} == set(ids)
        assert whole or not certified(connector, records, evidence, len(ids))


def test_a_largest_offset_breaks_the_pull_and_says_so(open_stage: Open) -> None:
    stage = open_stage(max_offset=100)
    stage.people(201)
    assert failure(stage.connector()).permanent


def test_contacts_of_other_kinds_outlive_a_change_of_the_phone(open_stage: Open) -> None:
    """`contacts` in an update would replace them all."""
    stage = open_stage()
    more = [{"type": "PHONE", "contact": "613-555-0190"}, {"type": "URL", "contact": "https://ada.example.com"}]
    one = stage.person(1)
    held = stage.account.books.customers[int(one)]["contacts"]
    stage.account.edit(one, {"contacts": stage.account.books.contacts([*held, *more], held)})
    connector = stage.connector()
    connector.write(Change("update", one, {}, {"phone": "613-555-0142"}, "k", connector.fetch([one])[one]))
    kept = {(c["type"], c["contact"]) for c in stage.account.books.customers[int(one)]["contacts"]}
    assert kept == {
        ("PHONE", "613-555-0142"),
        ("EMAIL", "ada1@example.com"),
        *((c["type"], c["contact"]) for c in more),
    }


def test_x4_a_cart_that_was_never_paid_is_no_purchase_where_orders_are_asked(open_stage: Open) -> None:
    """Which orders the vendor's own counter counts is not public; `purchases: orders` asks for paid ones."""
    stage = open_stage(stats_count="all")
    stage.person(0)
    stage.person(1, orders=1)
    stage.person(2, abandoned=1)

    def bought(how: str) -> list[Any]:
        connector = stage.connector()
        connector.settings = connector.settings.model_copy(update={"purchases": how})
        return [record["has_purchased"] for record in pulled(connector)[0]]

    assert bought("orders") == [False, True, False]
    assert bought("stats") == [False, True, True], "the vendor counts the cart, and nothing else is known here"


def test_a_guest_is_a_customer_with_an_email_and_an_order(open_stage: Open) -> None:
    stage = open_stage()
    guest = stage.account.guest("guest@example.com")
    connector = stage.connector()
    records, _ = pulled(connector)
    seen = views(connector, records)[guest]
    assert (seen["email"], seen["first_name"], seen["phone"]) == ("guest@example.com", None, None)
    assert records[0]["has_purchased"]


def test_no_password_is_ever_sent(open_stage: Open) -> None:
    """G11, and the mass update is never called."""
    stage = open_stage()
    connector = stage.connector()
    connector.write(create())
    assert stage.account.passwords_sent == 0
    assert [effect.path for effect in stage.written()] == ["/api/v3/900001/customers"]
    assert PERSON["email"] not in str(stage.written())


def test_a_name_of_one_word_reads_back_as_it_was_written(open_stage: Open) -> None:
    """First and last name are derived on reading, and lost for one word."""
    stage = open_stage()
    one = stage.person(1)
    connector = stage.connector()
    connector.write(
        Change("update", one, {}, {"first_name": "Ada", "last_name": None}, "k", connector.fetch([one])[one])
    )
    seen = views(connector, [record for record in connector.fetch([one]).values() if record])[one]
    assert (seen["first_name"], seen["last_name"]) == ("Ada", None)
    two = Change(
        "update", one, {}, {"first_name": "Mary Ann", "last_name": "Example"}, "k", connector.fetch([one])[one]
    )
    refused = tried(lambda: connector.write(two))
    assert (refused.effect, refused.permanent) == ("none", True)
