"""What is Shopify's own: exports in bulk, errors in answers of status 200, the price of queries, and its writes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from connectors import _shopify_words as words
from connectors.base import Change, Evidence, VendorError
from connectors.clock import SimulatedClock
from connectors.shopify import Shopify

Shop = Any
DENIED = {
    "errors": [{
        "message": "Access denied for defaultPhoneNumber field.",
        "extensions": {"code": "ACCESS_DENIED", "requiredAccess": "`read_customers` access scope"},
        "path": ["nodes", 0, "defaultPhoneNumber"],
    }],
    "data": None,
}  # fmt: skip
BROKEN = {"errors": [{"message": "Internal error", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}


def throttled(available: float, requested: float = 178) -> dict[str, Any]:
    bucket = {"maximumAvailable": 2000, "currentlyAvailable": available, "restoreRate": 100}
    cost = {"requestedQueryCost": requested, "actualQueryCost": None, "throttleStatus": bucket}
    errors = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    return {"errors": errors, "extensions": {"cost": cost}}


def ended(status: str, error: str | None = None, **more: Any) -> dict[str, Any]:
    operation = {
        "id": "gid://shopify/BulkOperation/1", "status": status, "errorCode": error, "objectCount": "2",
        "rootObjectCount": "2", "fileSize": None, "url": None, "partialDataUrl": None,
    }  # fmt: skip
    return {"data": {"bulkOperation": operation | more}}


def pulled(shop: Shop, clock: SimulatedClock, **settings: Any) -> tuple[list[dict[str, Any]], Evidence]:
    evidence = Evidence()
    connector = shop.connector(clock, writes=False, **settings)
    return [dict(record) for page in connector.pages(evidence) for record in page.records], evidence


def failed(shop: Shop, clock: SimulatedClock) -> VendorError:
    evidence = Evidence()
    with pytest.raises(VendorError) as caught:
        list(shop.connector(clock, writes=False).pages(evidence))
    assert evidence.end_mark is False
    return caught.value


def asked(shop: Shop, field: str) -> int:
    return [name for name, _, _ in shop.asked].count(field)


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
    with pytest.raises(VendorError, match="`read_customers` access scope") as caught:
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


# signing in ---------------------------------------------------------------------------------------------------------


def test_client_credentials_are_got_once_and_got_anew_when_they_end(shop: Shop, clock: SimulatedClock) -> None:
    shop.granting = True
    connector = shop.connector(clock, writes=False)
    connector.fetch(["7001"])
    connector.fetch(["7002"])
    assert shop.tokens == 1
    clock.sleep(86_399 - 200)
    connector.fetch(["7001"])
    assert shop.tokens == 2


def test_f6_a_token_that_is_refused_is_got_once_more_and_not_again(shop: Shop, clock: SimulatedClock) -> None:
    shop.granting = True
    connector = shop.connector(clock, writes=False)
    connector.fetch(["7001"])
    shop.fail(401, times=1)
    assert connector.fetch(["7001"])["7001"]
    assert shop.tokens == 2
    shop.fail(401)
    before = shop.requests()
    with pytest.raises(VendorError) as caught:
        connector.fetch(["7001"])
    assert caught.value.permanent
    assert shop.requests() - before <= 3


def test_f30_a_token_that_was_got_on_the_way_shows_nowhere(shop: Shop, clock: SimulatedClock) -> None:
    shop.granting = True
    connector = shop.connector(clock, writes=False)
    connector.fetch(["7001"])
    assert connector.http.redact(f"token {shop.secrets[1]}-1 sent") == "token [secret] sent"
    shop.override("nodes", {"errors": [{"message": "x", "extensions": {"code": f"{shop.secrets[1]}-1"}}]})
    with pytest.raises(VendorError) as caught:
        connector.fetch(["7001"])
    assert shop.secrets[1] not in str(caught.value)


def test_an_empty_secret_is_a_line_of_check_and_no_crash(
    shop: Shop, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = shop.connector(clock, writes=True)
    monkeypatch.delenv("RIG_SHOPIFY_TOKEN")
    lines = connector.check()
    assert "RIG_SHOPIFY_TOKEN holds no secret" in lines[0].detail


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": None},
        {"client_id": "app"},
        {"client_id": "app", "client_secret": {"env": "X"}},
        {"token": None, "client_secret": {"env": "X"}},
        {"api_version": "unstable"},
        {"birth_date": "birthday"},
        {"link_keys": {"till": "till"}},
        {"link_keys": {"a.till": "till", "b.till": "till"}},
        {"password": "x"},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    good = {"kind": "shopify", "role": "ecom", "base_url": "https://x.myshopify.com", "token": {"env": "X"}}
    assert Shopify.Settings.model_validate(good).shop_domain == "x.myshopify.com"
    with pytest.raises(ValidationError):
        Shopify.Settings.model_validate(good | wrong)


# single customers ---------------------------------------------------------------------------------------------------


def test_many_ids_are_asked_for_in_batches_and_in_halves_where_that_costs_too_much(
    shop: Shop, clock: SimulatedClock
) -> None:
    shop.serve(120)
    dear = {"errors": [{"message": "x", "extensions": {"code": "MAX_COST_EXCEEDED"}}], "data": None}
    shop.override("nodes", dear, dear)
    found = shop.connector(clock, writes=False).fetch(shop.ids())
    assert [record and record["legacyResourceId"] for record in found.values()] == shop.ids()
    sizes = [len(variables["ids"]) for name, _, variables in shop.asked if name == "nodes"]
    assert sizes == [100, 50, 25, 25, 50, 20]


def test_a_text_that_is_no_id_is_not_asked_for(shop: Shop, clock: SimulatedClock) -> None:
    found = shop.connector(clock, writes=False).fetch(["", "x", "7001", "gid://shopify/Customer/1", "9"])
    assert [one for one, record in found.items() if record] == ["7001"]
    assert [variables["ids"] for name, _, variables in shop.asked if name == "nodes"] == [
        ["gid://shopify/Customer/7001", "gid://shopify/Customer/9"]
    ]


def test_another_customer_than_was_asked_for_is_refused(shop: Shop, clock: SimulatedClock, rig_module: Any) -> None:
    shop.customers[rig_module.gid(7001)] = rig_module.customer(7002)
    with pytest.raises(VendorError, match="other customers"):
        shop.connector(clock, writes=False).fetch(["7001"])


def test_a_customer_is_found_by_phone_and_email_and_nobody_by_key(shop: Shop, clock: SimulatedClock) -> None:
    connector = shop.connector(clock, writes=False)
    assert [r["legacyResourceId"] for r in connector.find("phone", "+16135550102")] == ["7002"]
    assert [r["legacyResourceId"] for r in connector.find("email", "ADA.7003@example.com")] == ["7003"]
    assert connector.find("key", "c-1") == []


def test_the_admin_page_is_on_the_shops_own_domain(shop: Shop, clock: SimulatedClock) -> None:
    connector = shop.connector(clock, writes=False)
    assert connector.admin_url("7001") == "https://sample.myshopify.com/admin/customers/7001"
    assert connector.admin_url("7001/../x") is None
    assert shop.connector(clock, writes=False, domain=None).admin_url("7001") is None


# writing ------------------------------------------------------------------------------------------------------------


def refused(shop: Shop, clock: SimulatedClock, change: Change) -> VendorError:
    with pytest.raises(VendorError) as caught:
        shop.connector(clock, writes=True).write(change)
    return caught.value


@pytest.mark.parametrize(
    ("field", "message", "code", "says"),
    [
        (["email"], "Email has already been taken", None, "email belongs to another customer of this shop"),
        (["phone"], "Phone is invalid", None, "phone is not valid for Shopify"),
        (["id"], "Customer does not exist", None, "deleted or merged"),
        (None, "A name, phone number, or email address must be present", None, "needs a name, a phone number"),
        (["note"], "Note is too long (maximum is 5000 characters)", None, "note is too long"),
        (
            ["input", "x"],
            "The resource has been updated",
            "STALE_OBJECT",
            "x was changed since it was read: plan again",
        ),
        (["firstName"], "Ada Example is not welcome", "ODD", "firstName is refused by Shopify (ODD)"),
        (["lastName"], "Ada Example is not welcome", None, "lastName is refused"),
    ],
)
def test_a_user_error_becomes_a_sentence_without_the_customers_name(
    shop: Shop, clock: SimulatedClock, field: list[str] | None, message: str, code: str | None, says: str
) -> None:
    problem = {"field": field, "message": message, "code": code}
    shop.override("customerUpdate", {"data": {"customerUpdate": {"customer": None, "userErrors": [problem]}}})
    error = refused(shop, clock, Change("update", "7001", {}, {"note": "x"}, key="c"))
    assert (error.permanent, error.effect) == (True, "none")
    assert says in str(error)
    assert "Ada" not in str(error)


def test_a_refusal_after_a_part_was_written_is_unknown(shop: Shop, clock: SimulatedClock) -> None:
    stale = [{"field": ["addressId"], "message": "Address does not exist"}]
    shop.override("customerAddressUpdate", {"data": {"customerAddressUpdate": {"address": None, "userErrors": stale}}})
    change = Change("update", "7001", {}, {"city": "Hull", "first_name": "Grace"}, key="c")
    error = refused(shop, clock, change)
    assert error.effect == "unknown"
    assert "part of the change of 7001 is written" in str(error)
    assert [name for name, _ in shop.sent()] == ["customerUpdate"]


def test_g9_a_second_write_of_a_link_is_refused_when_the_first_was_not_seen(shop: Shop, clock: SimulatedClock) -> None:
    connector = shop.connector(clock, writes=True)
    current = connector.fetch(["7001"])["7001"]
    connector.write(Change("relink", "7001", {}, {"link:till": "H-1"}, key="c-1", current=current))
    error = refused(shop, clock, Change("relink", "7001", {}, {"link:till": "H-2"}, key="c-2", current=current))
    assert (error.permanent, error.effect) == (True, "none")
    assert "changed since it was read" in str(error)
    appeared = {"link:old": "L-1"}
    connector.write(Change("relink", "7001", {}, appeared, key="c-3", current=current))
    assert "plan again" in str(refused(shop, clock, Change("relink", "7001", {}, appeared, key="c-4", current=current)))


def test_a_customer_without_an_address_gets_a_default_one(shop: Shop, clock: SimulatedClock, rig_module: Any) -> None:
    shop.customers[rig_module.gid(7001)]["defaultAddress"] = None
    connector = shop.connector(clock, writes=True)
    connector.write(Change("update", "7001", {}, {"street": "2 Sample St", "country": "CA"}, key="c"))
    address = {"address1": "2 Sample St", "countryCode": "CA"}
    created = {"customerId": "gid://shopify/Customer/7001", "address": address, "setAsDefault": True}
    assert shop.sent() == [("customerAddressCreate", created)]


@pytest.mark.parametrize(
    ("channel", "missing"), [("email_consent", "defaultEmailAddress"), ("sms_consent", "defaultPhoneNumber")]
)
def test_g9_an_opt_out_that_would_be_lost_is_refused(
    shop: Shop, clock: SimulatedClock, rig_module: Any, channel: str, missing: str
) -> None:
    """Shopify takes email consent of a customer without an email, says nothing, and does nothing."""
    shop.customers[rig_module.gid(7001)][missing] = None
    error = refused(shop, clock, Change("opt_out", "7001", {}, {channel: "out"}, key="c"))
    assert (error.permanent, error.effect) == (True, "none")
    assert shop.sent() == []


@pytest.mark.parametrize(
    "after",
    [
        {"phone": "613-555-0177"},
        {"country": "Canada"},
        {"birth_date": "28/2/1990"},
        {"birth_date": "1990-02-30"},
    ],
)
def test_g3_what_shopify_would_guess_about_is_refused_before_the_wire(
    shop: Shop, clock: SimulatedClock, after: dict[str, str | None]
) -> None:
    assert refused(shop, clock, Change("update", "7001", {}, after, key="c")).permanent
    created = {"first_name": "Ada", "email": "a@example.com", **after}
    assert refused(shop, clock, Change("create", None, {}, created, key="c")).permanent
    assert shop.sent() == []


def test_c3_nobody_is_created_who_could_not_be_found_again(shop: Shop, clock: SimulatedClock) -> None:
    error = refused(shop, clock, Change("create", None, {}, {"first_name": "Ada", "email": None}, key="c"))
    assert "could not be found again" in str(error)
    assert shop.requests() == 0


def test_a_create_that_meets_an_existing_email_is_refused(shop: Shop, clock: SimulatedClock) -> None:
    error = refused(shop, clock, Change("create", None, {}, {"email": "ada.7001@example.com"}, key="c"))
    assert "belongs to another customer" in str(error)
    assert len(shop.customers) == 3


def test_a_customer_who_is_gone_is_not_written_to(shop: Shop, clock: SimulatedClock) -> None:
    error = refused(shop, clock, Change("update", "9", {}, {"note": "x"}, key="c"))
    assert "no customer 9" in str(error)
    assert shop.sent() == []


def test_a_birth_date_is_cleared_by_deleting_its_metafield(shop: Shop, clock: SimulatedClock) -> None:
    connector = shop.connector(clock, writes=True)
    connector.write(Change("update", "7001", {}, {"birth_date": None}, key="c"))
    assert [name for name, _ in shop.sent()] == ["metafieldsDelete"]
    record = connector.fetch(["7001"])["7001"]
    assert record is not None
    assert connector.view(record)["birth_date"] is None


def test_without_links_there_is_nothing_to_relink(shop: Shop, clock: SimulatedClock) -> None:
    assert "relink" not in shop.connector(clock, writes=True, link_keys={}).capabilities.actions
    shop.scopes = ["read_customers"]
    lines = {line.name: line for line in shop.connector(clock, writes=True).check()}
    assert not lines["scopes"].ok
    assert "write_customers" in lines["scopes"].detail
    assert {line.name: line.ok for line in shop.connector(clock, writes=False).check()}["scopes"]
