"""The bulk export of a shop (G1), and errors in answers of status 200."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from connectors import _shopify_words as words
from connectors.base import Change, Evidence, VendorError
from connectors.clock import SimulatedClock
from connectors.shopify import Shopify
from tests.vendors.shopify.asked import BROKEN, DENIED, Shop, asked, ended, failed, pulled, throttled

# the export (G1) ----------------------------------------------------------------------------------------------------


def test_children_are_joined_in_whatever_order_they_come(shop: Shop, clock: SimulatedClock) -> None:
    records, evidence = pulled(shop, clock)
    lines = [json.loads(line) for line in shop.file.splitlines()]
    children = [n for n, line in enumerate(lines) if "__parentId" in line]
    assert min(children) < min(n for n, line in enumerate(lines) if "__parentId" not in line) < max(children)
    assert {r["legacyResourceId"]: [m["value"] for m in r["metafields"]] for r in records} == {
        "7001": ["H-7001"], "7002": ["H-7002"], "7003": ["H-7003"],
    }  # fmt: skip
    assert {record["birthDate"] for record in records} == {"1990-02-28"}
    assert [set(record) for record in records] == [set(Shopify.FIELDS.names)] * 3
    assert (evidence.count_before, evidence.count_after, evidence.end_mark) == (3, 3, True)


def test_g11_only_metafields_that_the_configuration_names_are_asked_for(shop: Shop, clock: SimulatedClock) -> None:
    pulled(shop, clock)
    assert b"rollcall.till" in shop.file
    assert b"medical" not in shop.file
    assert all("medical" not in json.dumps(variables) for _, _, variables in shop.asked)


def test_metafield_keys_read_the_same_with_and_without_their_namespace() -> None:
    assert words.metafield_key({"namespace": "rollcall", "key": "rollcall.till"}) == "rollcall.till"
    assert words.metafield_key({"namespace": "rollcall", "key": "till"}) == "rollcall.till"


def test_the_file_is_fetched_from_its_own_host_without_the_token(shop: Shop, clock: SimulatedClock) -> None:
    pulled(shop, clock)
    assert shop.files.url != shop.graph.url
    assert len(shop.file_headers) == 1
    assert not [name for name in shop.file_headers[0] if "token" in name.lower() or name == "Authorization"]


def test_no_url_means_no_rows_only_where_none_were_counted(shop: Shop, clock: SimulatedClock) -> None:
    shop.serve(0)
    assert pulled(shop, clock)[0] == []
    shop.override("bulkOperation", ended("COMPLETED"))
    assert "names no file" in str(failed(shop, clock))


@pytest.mark.parametrize("told", ["Ada Sample", "-5", 10**30, "9" * 400, [7], {"n": 7}])
@pytest.mark.parametrize("name", ["rootObjectCount", "objectCount", "fileSize", "status"])
def test_an_operation_that_counts_nonsense_is_refused_in_our_words(
    shop: Shop, clock: SimulatedClock, name: str, told: Any
) -> None:
    """Room on the disk is made by what the operation counts: nonsense would take all the memory there is."""
    answer = ended("COMPLETED", url=f"{shop.files.url}/export.jsonl")
    answer["data"]["bulkOperation"][name] = told
    shop.override("bulkOperation", *[answer] * 3)
    error = failed(shop, clock)
    assert "Shopify's bulk export" in str(error)
    assert "Ada" not in str(error)


def test_a_failed_export_is_never_read_in_part(shop: Shop, clock: SimulatedClock) -> None:
    partial = {"partialDataUrl": f"{shop.files.url}/partial.jsonl"}
    shop.override("bulkOperation", *[ended("FAILED", "TIMEOUT", **partial)] * 3)
    error = failed(shop, clock)
    assert not error.permanent
    assert "FAILED (TIMEOUT)" in str(error)
    assert shop.file_headers == []
    assert asked(shop, "bulkOperationRunQuery") == 3


@pytest.mark.parametrize("status", ["CANCELED", "EXPIRED", "FAILED"])
def test_an_operation_that_the_vendor_gave_up_is_started_again(shop: Shop, clock: SimulatedClock, status: str) -> None:
    shop.override("bulkOperation", ended(status, "INTERNAL_SERVER_ERROR"))
    assert len(pulled(shop, clock)[0]) == 3
    assert asked(shop, "bulkOperationRunQuery") == 2


def test_access_denied_is_permanent_and_says_what_to_grant(shop: Shop, clock: SimulatedClock) -> None:
    shop.override("bulkOperation", ended("FAILED", "ACCESS_DENIED"))
    error = failed(shop, clock)
    assert error.permanent
    assert "read_customers" in str(error)
    assert asked(shop, "bulkOperationRunQuery") == 1


def test_where_all_slots_are_taken_it_waits_for_one(shop: Shop, clock: SimulatedClock) -> None:
    busy = [{"field": None, "message": "A bulk query operation is in progress", "code": "OPERATION_IN_PROGRESS"}]
    refusal = {"data": {"bulkOperationRunQuery": {"bulkOperation": None, "userErrors": busy}}}
    shop.override("bulkOperationRunQuery", refusal, refusal)
    before = clock.time()
    assert len(pulled(shop, clock)[0]) == 3
    assert clock.time() - before >= 120


def test_an_export_that_never_ends_is_cancelled(shop: Shop, clock: SimulatedClock) -> None:
    shop.override("bulkOperation", *[ended("RUNNING")] * 2000)
    error = failed(shop, clock)
    assert not error.permanent
    assert "6 hours" in str(error)
    assert asked(shop, "bulkOperationCancel") == 1
    assert asked(shop, "bulkOperation") < 1000


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (lambda file: file[: len(file) // 2], "not JSON|is not whole|cannot be downloaded"),
        (lambda file: file[: file.rindex(b"\n", 0, -1) + 1], "objectCount 9, read 8"),
        (lambda file: file + file.splitlines(keepends=True)[-1], "objectCount 9, read 10"),
        (lambda file: file.replace(b"Ada", b"Adele"), "fileSize"),
        (lambda file: b"<html>Back soon</html>", "cannot be downloaded"),
        (lambda file: b"[]\n" + file, "cannot be downloaded"),
    ],
)
def test_f4_a_file_that_is_not_what_was_counted_is_fetched_again_and_never_taken(
    shop: Shop, clock: SimulatedClock, fault: Callable[[bytes], bytes], says: str
) -> None:
    shop.file_faults = [fault]
    assert len(pulled(shop, clock)[0]) == 3
    assert len(shop.file_headers) == 2
    shop.file_faults = [fault] * 3
    with pytest.raises(VendorError, match=says) as caught:
        pulled(shop, clock)
    assert not caught.value.permanent


def test_metafields_of_nobody_are_a_gap(shop: Shop, clock: SimulatedClock) -> None:
    def adopted(file: bytes) -> bytes:
        first, *rest = file.splitlines(keepends=True)
        assert b"__parentId" in first
        return b"".join([first.replace(b"Customer\\/7", b"Customer\\/9"), *rest])

    shop.file_faults = [adopted]
    _, evidence = pulled(shop, clock)
    assert evidence.pages_contiguous is False
    assert "1 customers have metafields in the export" in evidence.notes[0]


def test_f26_a_lone_surrogate_is_one_records_problem(shop: Shop, clock: SimulatedClock) -> None:
    next(iter(shop.customers.values()))["firstName"] = "\ud83d"
    records, _ = pulled(shop, clock)
    assert "\ud83d" in [record["firstName"] for record in records]


def test_many_customers_come_in_pages(shop: Shop, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors._shopify_bulk.PAGE", 2)
    shop.serve(5)
    sizes = [len(page.records) for page in shop.connector(clock, writes=False).pages(Evidence())]
    assert sum(sizes) == 5
    assert len(sizes) > 1, "sorted by id into pages of about that size"


def test_an_older_version_that_answers_is_noted(shop: Shop, clock: SimulatedClock) -> None:
    shop.version = "2026-01"
    _, evidence = pulled(shop, clock)
    assert evidence.notes == ["asked for version 2026-10, answered by 2026-01"]
    assert evidence.contract["api_version"] == "2026-01"
    (line,) = [line for line in shop.connector(clock, writes=False).check() if line.name == "shop"]
    assert not line.ok
    assert "api_version: 2026-01" in line.detail


def test_a_count_that_is_only_rough_is_no_count(shop: Shop, clock: SimulatedClock) -> None:
    rough = {"data": {"customersCount": {"count": 10_000, "precision": "AT_LEAST"}}}
    shop.override("customersCount", rough, rough)
    _, evidence = pulled(shop, clock)
    assert (evidence.count_before, evidence.count_after) == (None, None)


def test_g1_the_contract_names_shop_scopes_and_what_is_read(shop: Shop, clock: SimulatedClock) -> None:
    assert pulled(shop, clock)[1].contract == {
        "shop": "sample.myshopify.com", "scopes": "read_customers, write_customers", "api_version": "2026-10",
        "metafields": "facts.birth_date, rollcall.old_till, rollcall.till",
    }  # fmt: skip


# errors in answers of status 200 ------------------------------------------------------------------------------------


def test_protected_fields_that_are_hidden_fail_the_export(shop: Shop, clock: SimulatedClock) -> None:
    """The data looks usable: without the check, every customer would seem to have lost phone and email."""
    hidden = {"message": "This app is not approved to access the Customer object.", "path": ["customers", "phone"]}
    shop.override("customers", {"errors": [hidden], "data": {"customers": {"nodes": [{"defaultPhoneNumber": None}]}}})
    error = failed(shop, clock)
    assert error.permanent
    assert "protected customer data" in str(error)
    assert asked(shop, "bulkOperationRunQuery") == 0


def test_access_denied_names_the_scope(shop: Shop, clock: SimulatedClock) -> None:
    shop.override("nodes", DENIED)
    with pytest.raises(VendorError, match="the app needs: read_customers") as caught:
        shop.connector(clock, writes=False).fetch(["7001"])
    assert caught.value.permanent


@pytest.mark.parametrize(("available", "requested", "waits"), [(61, 178, 11.17), (0, 1000, 20), (177, 178, 10)])
def test_a_throttled_query_waits_for_its_price(
    shop: Shop, clock: SimulatedClock, available: float, requested: float, waits: float
) -> None:
    shop.override("nodes", throttled(available, requested))
    connector = shop.connector(clock, writes=False)
    before = clock.time()
    assert connector.fetch(["7001"])["7001"]
    assert clock.time() - before == pytest.approx(waits, abs=0.25)
    assert connector.http.stats.retries == 1


def test_a_throttled_write_was_not_run_and_is_sent_again(shop: Shop, clock: SimulatedClock) -> None:
    shop.override("customerUpdate", throttled(0), throttled(0))
    connector = shop.connector(clock, writes=True)
    assert connector.write(Change("update", "7001", {}, {"first_name": "Grace"}, key="c")) == "7001"
    assert asked(shop, "customerUpdate") == 3
    assert len(shop.sent()) == 1


def test_throttling_without_end_is_given_up(shop: Shop, clock: SimulatedClock) -> None:
    shop.override("nodes", *[throttled(0, 2000)] * 200)
    with pytest.raises(VendorError, match="THROTTLED") as caught:
        shop.connector(clock, writes=False).fetch(["7001"])
    assert not caught.value.permanent
    assert clock.now().hour == 4


def test_an_internal_error_is_waited_out_when_reading_and_unknown_when_writing(
    shop: Shop, clock: SimulatedClock
) -> None:
    shop.override("nodes", BROKEN, BROKEN)
    connector = shop.connector(clock, writes=True)
    current = connector.fetch(["7001"])["7001"]
    shop.override("customerUpdate", BROKEN)
    with pytest.raises(VendorError) as caught:
        connector.write(Change("update", "7001", {}, {"first_name": "Grace"}, key="c", current=current))
    assert (caught.value.permanent, caught.value.effect) == (False, "unknown")
    assert asked(shop, "customerUpdate") == 1


@pytest.mark.parametrize(
    "answer", [{"data": {"customerUpdate": None}}, {"data": {"customerUpdate": {"customer": None}}}]
)
def test_a_write_of_which_nothing_is_said_is_unknown(shop: Shop, clock: SimulatedClock, answer: dict[str, Any]) -> None:
    shop.override("customerUpdate", answer)
    with pytest.raises(VendorError) as caught:
        shop.connector(clock, writes=True).write(Change("update", "7001", {}, {"note": "x"}, key="c"))
    assert caught.value.effect == "unknown"


def test_a_refused_document_had_no_effect(shop: Shop, clock: SimulatedClock) -> None:
    error = {"message": "Variable $input is invalid", "extensions": {"code": "INVALID_VARIABLE"}}
    shop.override("customerUpdate", {"errors": [error]})
    with pytest.raises(VendorError) as caught:
        shop.connector(clock, writes=True).write(Change("update", "7001", {}, {"note": "x"}, key="c"))
    assert (caught.value.permanent, caught.value.effect) == (True, "none")
