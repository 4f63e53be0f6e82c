"""Reading an Ecwid store: offsets that shift, deleted ids, short lists and refused tokens."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.base import WHOLE_LIST, Evidence, VendorError
from connectors.clock import SimulatedClock
from connectors.ecwid import NOT_KEPT, Ecwid
from jobs.certificate import Export, Probe, Read, is_certified, judge
from jobs.landing import Site, land
from jobs.settings import Limits
from jobs.vault import Vault

FIRST = 900_000_000


def pulled(connector: Ecwid) -> tuple[list[dict[str, Any]], Evidence]:
    evidence = Evidence()
    return [dict(record) for page in connector.pages(evidence) for record in page.records], evidence


# the list (G1) ------------------------------------------------------------------------------------------------------


def test_the_page_size_and_the_order_are_always_said(rig: Any, clock: SimulatedClock) -> None:
    """Its default has changed over the years, and the default order is by name, which people change."""
    rig.serve(150)
    pulled(rig.connector(clock, writes=False))
    asked = [query for _, path, query in rig.calls if path == "/customers"]
    assert [query["offset"] for query in asked] == [["0"], ["100"]]
    assert all((q["limit"], q["sortBy"]) == (["100"], ["REGISTERED_DATE_ASC"]) for q in asked)


def test_requests_are_what_the_page_size_forces_and_the_certificate_needs(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(1000)
    pulled(rig.connector(clock, writes=False))
    assert rig.requests() == 1000 / 100 + 3  # deleted: counted before and after, and listed


def test_deleted_customers_are_listed_by_their_ids(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(5)
    rig.remove(FIRST + 2)
    connector = rig.connector(clock, writes=False)
    records, evidence = pulled(connector)
    assert {r["id"]: connector.view(r)["status"] for r in records}[str(FIRST + 2)] == "deleted"
    assert (len(records), evidence.count_before, evidence.count_after) == (5, 5, 5)
    assert connector.fetch([str(FIRST + 2)]) == {str(FIRST + 2): None}


def test_more_deleted_customers_than_fit_one_page(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(130)
    for n in range(1, 121):
        rig.remove(FIRST + n)
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert (len(records), evidence.count_after) == (130, 130)


@pytest.mark.parametrize("makes_up_for_it", [False, True])
def test_a_customer_deleted_while_paging_pushes_nobody_over_an_edge(
    rig: Any, clock: SimulatedClock, makes_up_for_it: bool
) -> None:
    """The one after the edge is missed at first, even where the total stays the same because somebody new came."""
    rig.serve(150)
    evidence, read = Evidence(), list[str]()
    for page in rig.connector(clock, writes=False).pages(evidence):
        if not read:
            rig.remove(FIRST + 5)
            if makes_up_for_it:
                rig.add(151)
        read += [record["id"] for record in page.records]
    assert sorted(read) == [str(FIRST + n) for n in range(1, 151 + makes_up_for_it)]
    assert (evidence.end_mark, evidence.pages_contiguous) == (True, True)
    assert (evidence.count_before, evidence.count_after) == (150, 150 + makes_up_for_it)
    assert evidence.notes == ["customers moved while the list was read: it was read again"]


def test_a_customer_who_is_new_while_paging_is_read(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(150)
    evidence, read = Evidence(), 0
    for page in rig.connector(clock, writes=False).pages(evidence):
        rig.add(151) if not read else None
        read += len(page.records)
    assert (read, evidence.count_before, evidence.count_after) == (151, 150, 151)
    assert evidence.notes == []


def test_a_list_that_never_stands_still_leaves_no_certificate(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(150)
    gone = iter(range(1, 100))

    def restless(method: str, path: str, query: Any) -> None:
        if path == "/customers" and query["offset"] == ["100"]:
            rig.remove(FIRST + next(gone))

    rig.before_answer = restless
    _, evidence = pulled(rig.connector(clock, writes=False))
    assert evidence.pages_contiguous is False
    assert "never stood still" in evidence.notes[-1]


def test_a_page_that_comes_twice_is_read_again_and_nobody_is_doubled(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(250)
    page, times = rig._list, iter([False, True])
    rig._list = lambda query: page({**query, "offset": ["0"]} if next(times, False) else query)
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert len({record["id"] for record in records}) == len(records) == 250
    assert evidence.pages_contiguous is False  # it said that it answered from elsewhere


def test_a_list_that_ignores_the_offset_ends_as_an_error_and_not_as_a_loop(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(450)
    page = rig._list
    rig._list = lambda query: page({**query, "offset": ["0"]})
    with pytest.raises(VendorError, match="repeats itself"):
        pulled(rig.connector(clock, writes=False))


@pytest.mark.parametrize("path", ["/customers/deleted", "/customer_groups", "/customers"])
def test_no_short_list_goes_round_for_ever(rig: Any, clock: SimulatedClock, path: str) -> None:
    rig.serve(2)
    rig.remove(int(rig.ids()[0]))
    honest = rig._read

    def round_and_round(asked: str, query: Any) -> Any:
        status, headers, body = honest(asked, {**query, "offset": ["0"]} if asked == path else query)
        answer = json.loads(body)
        return status, headers, json.dumps(answer | ({"total": 10**9} if asked == path else {})).encode()

    rig._read = round_and_round
    connector = rig.connector(clock, writes=False)
    asks: dict[str, Any] = {
        "/customers/deleted": lambda: pulled(connector),
        "/customer_groups": connector.client.groups,
        "/customers": lambda: connector.find("email", "ida2@example.com"),
    }
    with pytest.raises(VendorError, match="repeats itself|the same page again"):
        asks[path]()


def test_a_total_that_is_never_reached_leaves_no_end_mark(rig: Any, clock: SimulatedClock) -> None:
    page = rig._list

    def lying(query: Any) -> Any:
        status, headers, body = page(query)
        return status, headers, json.dumps({**json.loads(body), "total": 7}).encode()

    rig._list = lying
    _, evidence = pulled(rig.connector(clock, writes=False))
    assert (evidence.end_mark, evidence.pages_contiguous) == (False, False)


def test_a_store_without_a_list_of_deleted_customers_is_read_all_the_same(rig: Any, clock: SimulatedClock) -> None:
    rig.keeps_deleted = False
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert (len(records), evidence.count_before, evidence.count_after) == (3, 3, 3)
    assert (evidence.notes, evidence.unproven) == ([], [NOT_KEPT])


@pytest.mark.parametrize("makes_up_for_it", [False, True])
@pytest.mark.parametrize("people", [101, 150, 250])
def test_g1_where_deletes_are_listed_nowhere_nobody_is_lost_over_an_edge(
    rig: Any, clock: SimulatedClock, people: int, makes_up_for_it: bool
) -> None:
    """Even on a first export, which has none before it to compare with: pages overlap, so a shift between two shows.
    With one new for one deleted the totals never tell."""
    rig.keeps_deleted = False
    rig.serve(people)
    evidence, read = Evidence(), list[str]()
    for page in rig.connector(clock, writes=False).pages(evidence):
        if not read:
            rig.remove(FIRST + 5)
            if makes_up_for_it:
                rig.add(people + 1)
        read += [record["id"] for record in page.records]
    assert sorted(read) == sorted(str(FIRST + n) for n in range(1, people + 1 + makes_up_for_it))
    assert (evidence.end_mark, evidence.pages_contiguous) == (True, True)
    assert evidence.notes == ["customers moved while the list was read: it was read again"]


def test_g1_the_certificate_says_what_a_store_without_that_list_cannot_prove(
    rig: Any, clock: SimulatedClock, tmp_path: Path, vault: Vault
) -> None:
    """Who was deleted before their page came is in no list: one fewer than counted, and no word of theirs."""
    rig.keeps_deleted = False
    rig.serve(150)
    rig.before_answer = lambda method, path, query: (
        rig.rows.pop(FIRST + 140, None) if query.get("offset") == ["99"] else None
    )
    landing = land("shop", rig.connector(clock, writes=False), Site(tmp_path, vault, clock))
    assert landing.listed == 149
    read = Read(landing.listed)
    proofs = judge(
        Export(WHOLE_LIST, landing.evidence, 1, read, None, Probe(), landing.connector.settings, Limits(), clock.now())
    )
    (pages,) = [proof for proof in proofs if proof.name == "pages_contiguous"]
    assert (pages.outcome, NOT_KEPT in pages.detail) == ("passed", True)
    assert is_certified(proofs)


def test_a_customer_without_a_readable_id_is_handed_on_for_the_certificate_to_fail(
    rig: Any, clock: SimulatedClock
) -> None:
    rig.rows[FIRST + 2]["id"] = None
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert None in [record["id"] for record in records]
    assert evidence.pages_contiguous is False


@pytest.mark.parametrize(
    "odd", [{"billingPerson": "Ida"}, {"contacts": ["613"]}, {"shippingAddresses": [1]}, {"email": {}}]
)
def test_a_customer_of_the_wrong_types_is_handed_on_to_be_set_apart(
    rig: Any, clock: SimulatedClock, odd: dict[str, Any]
) -> None:
    """G1: one misfit is quarantined with its id; it does not cost the night."""
    from jobs.fitting import Fitter

    rig.rows[FIRST + 2] |= odd
    records, evidence = pulled(rig.connector(clock, writes=False))
    fitted = Fitter(Ecwid.FIELDS, "id", Ecwid.DROPPED).fit(records)
    assert [one for one, _ in fitted.misfits] == [str(FIRST + 2)]
    assert (fitted.table.num_rows, evidence.pages_contiguous) == (2, True)


# refused tokens -----------------------------------------------------------------------------------------------------


def test_a_refused_token_is_a_403_and_stops_everything_at_once(rig: Any, clock: SimulatedClock) -> None:
    """Going on with one that does not work blocks the address for long: not even `check` asks a second time."""
    rig.fail(403, body=b'{"errorCode": "INVALID_API_TOKEN"}')
    connector = rig.connector(clock, writes=True)
    lines = connector.check()
    assert rig.requests() == 1
    assert sum("nothing more is asked" in line.detail and "INVALID_API_TOKEN" in line.detail for line in lines) == 4
    with pytest.raises(VendorError, match="nothing more is asked"):
        connector.find("email", "ida1@example.com")
    assert rig.requests() == 1


def test_a_403_without_a_reason_is_taken_for_a_refused_token(rig: Any, clock: SimulatedClock) -> None:
    rig.fail(403)
    connector = rig.connector(clock, writes=False)
    for _ in range(3):
        with pytest.raises(VendorError) as caught:
            pulled(connector)
        assert (caught.value.permanent, caught.value.status) == (True, 403)
    assert rig.requests() == 1


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [(403, "INSUFFICIENT_APP_SCOPE", "lacks a scope"), (402, "NOT_AVAILABLE_ON_CURRENT_PLAN", "plan"),
     (403, "NOT_AVAILABLE_ON_CURRENT_PLAN", "plan"), (402, "", "plan")],
)  # fmt: skip
def test_a_missing_scope_or_plan_concerns_one_thing_alone(
    rig: Any, clock: SimulatedClock, status: int, code: str, said: str
) -> None:
    rig.refuse["GET /customer_groups"] = (status, {"errorCode": code, "errorMessage": "no"})
    connector = rig.connector(clock, writes=False)
    (line,) = [line for line in connector.check() if not line.ok]
    assert (line.name, said in line.detail) == ("groups", True)
    assert len(pulled(connector)[0]) == 3


def test_the_token_is_never_in_an_address(rig: Any, clock: SimulatedClock) -> None:
    rig.connector(clock, writes=False).check()
    assert not [query for _, _, query in rig.calls if "token" in query]


# by id and by key ---------------------------------------------------------------------------------------------------


def test_an_email_is_found_exactly_and_in_any_case(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(12)  # a search by parts finds ida1 in ida11 as well
    connector = rig.connector(clock, writes=False)
    assert [r["id"] for r in connector.find("email", "IDA1@example.com")] == [str(FIRST + 1)]


@pytest.mark.parametrize("typed", ["+16135550188", "6135550188", "(613) 555-0188", "1.613.555.0188 "])
def test_g3_a_phone_is_found_in_any_spelling_by_a_part_that_all_spellings_share(
    rig: Any, clock: SimulatedClock, typed: str
) -> None:
    one = rig.add(8, contacts=[{"type": "PHONE", "contact": typed, "default": True, "id": 3}])
    rig.add(9, contacts=[{"type": "PHONE", "contact": "4165550188", "default": True, "id": 3}])
    assert [r["id"] for r in rig.connector(clock, writes=False).find("phone", "+16135550188")] == [one]


def test_no_other_address_of_the_store_is_read_as_a_customer(rig: Any, clock: SimulatedClock) -> None:
    assert rig.connector(clock, writes=False).fetch(["deleted", "../orders"]) == {"deleted": None, "../orders": None}
    assert rig.requests() == 0


def test_another_customer_than_asked_for_is_an_error(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[FIRST + 2]["id"] = 5
    with pytest.raises(VendorError, match="something else than this customer"):
        rig.connector(clock, writes=False).fetch([str(FIRST + 2)])


# settings -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [{"store_id": None}, {"token": None}])
def test_settings_that_cannot_work_are_refused(rig: Any, clock: SimulatedClock, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="needs"):
        rig.connector(clock, **{"writes": False, **wrong})


def test_a_base_url_is_a_host_alone(rig: Any, clock: SimulatedClock) -> None:
    with pytest.raises(ValueError, match="the store is `store_id`"):
        rig.connector(clock, writes=False, base_url=f"{rig.url}/api/v3/4711")


def test_the_page_of_a_customer_comes_from_the_configuration(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False, admin_page="https://shop.example.com/customers/{id}")
    assert connector.admin_url("7") == "https://shop.example.com/customers/7"
