"""Signing in to a shop, single customers, and writes."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.base import Change, VendorError
from connectors.clock import SimulatedClock
from connectors.shopify import Shopify
from tests.vendors.shopify.asked import Shop
from tests.vendors.shopify.graph import customer, gid

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


def test_another_customer_than_was_asked_for_is_refused(shop: Shop, clock: SimulatedClock) -> None:
    shop.customers[gid(7001)] = customer(7002)
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
            ["input", "note"],
            "The resource has been updated",
            "STALE_OBJECT",
            "note was changed since it was read: plan again",
        ),
        (["firstName"], "Ada Example is not welcome", "ADA", "firstName is refused by Shopify ([…])"),
        (["lastName"], "Ada Example is not welcome", None, "lastName is refused"),
        (["Ada"], "Ada Example is not welcome", "INVALID", "[…] is refused by Shopify (INVALID)"),
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
    assert "ada" not in str(error).lower()


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


def test_a_customer_without_an_address_gets_a_default_one(shop: Shop, clock: SimulatedClock) -> None:
    shop.customers[gid(7001)]["defaultAddress"] = None
    connector = shop.connector(clock, writes=True)
    connector.write(Change("update", "7001", {}, {"street": "2 Sample St", "country": "CA"}, key="c"))
    address = {"address1": "2 Sample St", "countryCode": "CA"}
    created = {"customerId": "gid://shopify/Customer/7001", "address": address, "setAsDefault": True}
    assert shop.sent() == [("customerAddressCreate", created)]


@pytest.mark.parametrize(
    ("channel", "missing"), [("email_consent", "defaultEmailAddress"), ("sms_consent", "defaultPhoneNumber")]
)
def test_g9_an_opt_out_that_would_be_lost_is_refused(
    shop: Shop, clock: SimulatedClock, channel: str, missing: str
) -> None:
    """Shopify takes email consent of a customer without an email, says nothing, and does nothing."""
    shop.customers[gid(7001)][missing] = None
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


def test_m15_an_erasure_is_a_request_that_needs_scopes_of_its_own(shop: Shop, clock: SimulatedClock) -> None:
    """Without them a person erases, as `check` says; having them changes nothing that an export rests on (G1)."""
    connector = shop.connector(clock, writes=True)
    (line,) = [line for line in connector.check() if line.name == "scopes"]
    assert line.ok
    assert "without read_customer_data_erasure, write_customer_data_erasure customers are erased by hand" in line.detail
    before = connector._contract()
    shop.scopes += ["read_customer_data_erasure", "write_customer_data_erasure"]
    assert connector._contract() == before
    (line,) = [line for line in connector.check() if line.name == "scopes"]
    assert "by hand" not in line.detail
    connector.write(Change("erase", "7001", {}, {"status": "erased"}, key="c"))
    assert connector.erasure("7001") == "there", "Shopify erases in its own time"
    phone = shop.customers[gid(7001)]["defaultPhoneNumber"]
    phone["smsMarketingConsent"]["state"] = "REDACTED"
    assert connector.erasure("7001") == "asked"
    del shop.customers[gid(7001)]
    assert connector.erasure("7001") == "gone"
