"""How Lightspeed R-Series and its connector meet."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.lightspeed_r import Account
from connectors.sandbox.server import Fault, FaultName, Request
from tests.vendors.sandbox.meeting import Case, Meeting

HULL = {"street": "2 New St", "street_2": None, "city": "Hull", "region": "QC", "postal_code": "J0J 0J0"}
FLAG = {"in": "in", "out": "unknown", "unknown": "unknown"}
"""A flag that says no is also what a new customer gets, so it is no choice (G9)."""


class Till(Account):
    """R-Series counts in an answer of its own, so that is where it can lie."""

    def fault(self, name: FaultName, **how: Any) -> Fault:
        counts: dict[str, Any] = {"when": lambda request: request.arg("count") == "1"} if name == "lying_count" else {}
        return super().fault(name, **{**how, **counts})


class LightspeedR(Meeting):
    """Archived customers are listed and come back; tokens rotate."""

    kind = "lightspeed_r"
    page = 100
    entry: ClassVar[Mapping[str, Any]] = {"role": "pos", "region": "CA"}
    unknown_id = "999999"
    goes = "archive"
    rotates = True
    groups = True
    variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "lists replaced": {"contact_list_semantics": "replace"},
        "empty clears": {"empty_phones_write": "clear"},
        "lists replaced and empty clears": {"contact_list_semantics": "replace", "empty_phones_write": "clear"},
        "contact moves the customer": {"contact_bumps_customer_timestamp": True},
        "true answers": {"put_answer": "fresh"},
        "array of one": {"single_as_object": False},
        "empty array": {"top_level_none": "empty"},
        "errors as json": {"error_content_type": "application/json"},
        "dear writes": {"costs": "old"},
        "half an hour": {"expires_in": 1800},
        "old tokens die at once": {"refresh_revokes_old": "at_once"},
        "a full page names a next": {"full_page_names_next": True},
        "all relations fail": {"all_relations_fail": True},
        "two registers": {"registers": 2},
        "small headers": {"header_case": "lower"},
        "down under": {"account_time_zone": "Australia/Sydney"},
    }  # sheet, section 13
    consents: ClassVar[Mapping[str, Mapping[str, str]]] = {"email_consent": FLAG, "sms_consent": FLAG}

    def account(self, now: Now, ledger: Ledger, folder: Path, **quirks: Any) -> Account:
        account = Till("it", now, ledger, token_folder=folder, **quirks)
        account.books.add_type("Gold")
        return account

    def is_list(self, request: Request) -> bool:
        return request.path.endswith("/Customer.json") and request.method == "GET" and request.arg("count") != "1"

    def cases(self) -> Sequence[Case]:
        newcomer = {
            "first_name": "Max", "last_name": "Muster", "phone": "+14165550119", "email": "max@example.com",
            "birth_date": "1991-04-05", "tags": "Shopify;online", "street": "9 Side St", "city": "Hull", "region": "QC",
            "postal_code": "J0J 0J0", "country": "CA",
        }  # fmt: skip
        wanted = {"email_consent": "in", "sms_consent": "in"}
        return [
            Case("names", "update", {"first_name": "Grace", "last_name": "Muster"}),
            Case("phone", "update", {"phone": "+16135550199"}),
            Case("phone beside others", "update", {"phone": "+16135550199"}, start={"phone_2": "+16135550188"}),
            Case("no phone", "update", {"phone": None}),
            Case("email", "update", {"email": "grace@example.com"}),
            Case("no email", "update", {"email": None}),
            Case("birth date in summer", "update", {"birth_date": "1991-07-31"}),
            Case("no birth date", "update", {"birth_date": None}),
            Case("address", "update", HULL),
            Case("everything", "update", {"first_name": "Grace", "phone": "+16135550199", **HULL}),
            Case("group", "update", {"group": "Gold"}),
            Case("group alone", "set_group", {"group": "Gold"}),
            Case("no group", "update", {"group": None}, start={"group": "Gold"}),
            Case("note", "add_note", {"note": "likes tea\nLinked"}),
            Case("tags", "add_tag", {"tags": "Shopify;vip"}, start={"tags": "vip"}),
            Case("opt out of email", "opt_out", {"email_consent": "out"}, wanted, {"email_consent": "unknown"},
                 {"email_consent": "out", "noEmail": True}),
            Case("opt out of sms", "opt_out", {"sms_consent": "out"}, wanted, {"sms_consent": "unknown"},
                 {"sms_consent": "out", "noPhone": True}),
            Case("archive", "archive", {"status": "archived"}),
            Case("restore", "restore", {"status": "active"}, start={"status": "archived"}),
            Case("create", "create", newcomer),
            Case("create opted out", "create", {"first_name": "Max", "email": "mo@example.com", "sms_consent": "out"}, shows={"sms_consent": "unknown"}),
        ]  # fmt: skip


def build() -> LightspeedR:
    return LightspeedR()
