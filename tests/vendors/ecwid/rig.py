"""A scripted Ecwid store, for the contract suite and for this vendor's own tests."""

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors._ecwid_words import landed, tombstone
from connectors.base import Change
from connectors.clock import Clock
from connectors.ecwid import Ecwid
from tests.vendors.scripted import Answer, ScriptedAccount, as_json

TOKEN = "secret_ecwid-token-417"
VARIABLE = "RIG_ECWID_TOKEN"
FIRST = 900_000_000
SENTINEL = "never-on-a-disk"


class Rig(ScriptedAccount):
    """One store. `couples`, `keeps_deleted`, `hidden` … switch what the vendor's pages leave open."""

    page_size = 100
    secrets = (TOKEN,)

    def __init__(self, folder: Path) -> None:
        os.environ[VARIABLE] = TOKEN
        super().__init__()
        self.couples = self.keeps_deleted = True
        self.hidden: set[int] = set()
        self.refuse: dict[str, tuple[int, Any]] = {}
        self.before_answer: Callable[[str, str, Mapping[str, list[str]]], None] = lambda method, path, query: None
        self.serve(0)

    def serve(self, count: int) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.deleted: dict[int, str] = {}
        self.paid: set[int] = set()
        self.groups = {0: "General", 70001: "Gold Members", 70002: "Wholesale"}
        self.forget()
        self.calls: list[tuple[str, str, dict[str, list[str]]]] = []
        for n in range(1, count + 1):
            self.add(n)

    def add(self, n: int, **fields: Any) -> str:
        number, phone, email = FIRST + n, f"613-555-{n % 10000:04d}", f"ida{n}@example.com"
        row = {
            "id": number, "name": f"Ida Sample{n}", "email": email, "password": SENTINEL, "taxId": SENTINEL,
            "registered": f"2026-01-05 10:{n // 60 % 60:02d}:{n % 60:02d} +0000", "updated": "2026-02-01 09:30:00 +0000",
            "totalOrderCount": 2, "customerGroupId": 70001, "customerGroupName": "Gold Members",
            "billingPerson": {"name": f"Ida Sample{n}", "firstName": "Ida", "lastName": f"Sample{n}",
                              "companyName": "Example Ltd", "street": "1 Example Way\nUnit 2", "city": "Sampletown",
                              "countryCode": "CA", "postalCode": "K0K 0K0", "stateOrProvinceCode": "ON",
                              "phone": phone},
            "shippingAddresses": [{"id": 7, "name": "Ida", "street": "5 Delivery Rd", "countryCode": "CA"}],
            "contacts": [
                {"id": 8000 + 2 * n, "contact": phone, "type": "PHONE", "default": True, "orderBy": 0},
                {"id": 8001 + 2 * n, "contact": email, "type": "EMAIL", "default": True, "orderBy": 0},
                {"id": 5, "contact": "@ida", "type": "TELEGRAM", "default": True, "handle": "ida"},
            ],
            "acceptMarketing": True, "lang": "en", "privateAdminNotes": "likes tea", "b2b_b2c": "b2c", "favorites": [],
            "stats": {"numberOfOrders": 2, "salesValue": 80.5, "lastOrderDate": "2026-02-01 10:00:00 +0000"},
        }  # fmt: skip
        self.rows[number] = {key: value for key, value in {**row, **fields}.items() if value is not ...}
        self.paid.add(number)
        return str(number)

    def remove(self, number: int) -> None:
        """A delete: final, and kept as an id and a day."""
        self.rows.pop(number)
        self.deleted[number] = "2026-11-23 04:15:00 +0000"

    def ids(self) -> list[str]:
        return [str(number) for number in self.rows]

    def odd_records(self) -> list[Mapping[str, Any]]:
        rows: list[dict[str, Any]] = [
            {"id": 1},
            {"id": 2, "email": "", "billingPerson": {}, "contacts": [], "shippingAddresses": [], "acceptMarketing": None},
            {"id": 3, "name": "Ada", "billingPerson": {"name": " Ada ", "street": "", "phone": " "}, "contacts": None},
            {"id": 4, "billingPerson": {"name": "Mary Ann Example", "street": "1 A Rd\r\nUnit 2\nBack"}},
            {"id": 5, "billingPerson": {"firstName": " 😀 ", "lastName": "\u00a0\u3000", "name": "?"}},
            {"id": 6, "email": " A@Example.com ", "contacts": [
                {"id": 9, "type": "EMAIL", "default": True, "contact": "b@example.com"},
                {"id": 8, "type": "PHONE", "contact": 6135550117}, {"id": 7, "type": "PHONE", "contact": "=1+1"}]},
            {"id": 7, "shippingAddresses": [{"id": 2, "phone": "613 555 0101", "defaultAddress": True},
                                            {"id": 1, "phone": "613 555 0102", "defaultAddress": False}]},
            {"id": 8, "registered": "yesterday", "stats": {}, "totalOrderCount": 0, "privateAdminNotes": "a\nb\t"},
        ]  # fmt: skip
        groups = [None, "", " VIP ", "Ä", None, None, None, None]
        return [
            *(landed(row, group, None) for row, group in zip(rows, groups, strict=True)),
            tombstone({"id": 9, "date": "2026-01-05 10:00:00 +0000"}),
        ]

    def connector(self, clock: Clock, *, writes: bool, **settings: Any) -> Ecwid:
        given = {
            "kind": "ecwid", "role": "ecom", "base_url": self.url, "store_id": 4711,
            "token": {"env": VARIABLE}, "writes": writes, "region": "CA", **settings,
        }  # fmt: skip
        return Ecwid("shop", Ecwid.Settings.model_validate(given), clock)

    def writes(self) -> list[tuple[Change, list[Any]]]:
        new = {
            "first_name": "Max", "last_name": "Muster", "email": "max@example.com", "phone": "+16135550119",
            "street": "2 Example St", "city": "Sampletown", "region": "ON", "postal_code": "K0K 0K0", "country": "CA",
            "group": "Wholesale", "street_2": None,
        }  # fmt: skip
        made = {
            "email": "max@example.com", "customerGroupId": 70002,
            "billingPerson": {"name": "Max Muster", "street": "2 Example St", "city": "Sampletown", "countryCode": "CA",
                              "stateOrProvinceCode": "ON", "postalCode": "K0K 0K0"},
            "contacts": [{"contact": "+16135550119", "type": "PHONE", "default": True}],
        }  # fmt: skip
        two = FIRST + 2

        def change(action: Any, after: dict[str, str | None], key: str = "c-1") -> Change:
            return Change(action, str(two), {}, after, key=key)

        put = ("PUT", f"/customers/{two}")
        contact = ("PUT", f"/customers/{two}/contacts/8004")
        return [
            (change("update", {"first_name": "Grace", "phone": "+16135550140"}),
             [(*put, {"billingPerson": {"name": "Grace Sample2"}}),
              (*contact, {"contact": "+16135550140", "type": "PHONE", "default": True})]),
            (change("update", {"street_2": None, "city": "Elsewhere", "email": "new@example.com"}),
             [(*put, {"billingPerson": {"street": "1 Example Way", "city": "Elsewhere"}, "email": "new@example.com"})]),
            (change("set_group", {"group": "Wholesale"}), [(*put, {"customerGroupId": 70002})]),
            (change("update", {"group": None, "last_name": None, "region": None}),
             [(*put, {"customerGroupId": 0, "billingPerson": {"name": "Ida", "stateOrProvinceCode": ""}})]),
            (change("add_note", {"note": "likes tea\nalso milk"}), [(*put, {"privateAdminNotes": "likes tea\nalso milk"})]),
            (change("opt_out", {"email_consent": "out"}), [(*put, {"acceptMarketing": False})]),
            (change("erase", {"status": "erased"}), [("DELETE", f"/customers/{two}", None)]),
            (Change("create", None, {}, new, key="c-5"), [("POST", "/customers", made)]),
        ]  # fmt: skip

    # what the store answers ------------------------------------------------------------------------------------------

    def _hear(self, method: str, target: str) -> None:
        path, query = self._where(target)
        self.before_answer(method, path, query)

    def _where(self, target: str) -> tuple[str, dict[str, list[str]]]:
        return urlsplit(target).path.removeprefix("/api/v3/4711"), parse_qs(urlsplit(target).query)

    def _reply(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        path, query = self._where(target)
        if headers.get("Authorization") != f"Bearer {TOKEN}" or "token" in query:
            return as_json(403, {"errorCode": "INVALID_API_TOKEN", "errorMessage": f"bad {TOKEN}"})
        self.calls.append((method, path, query))
        if f"{method} {path}" in self.refuse:
            return as_json(*self.refuse[f"{method} {path}"])
        if method == "GET":
            return self._read(path, query)
        if body:
            assert headers["Content-Type"] == "application/json"
        return self._write(method, path, json.loads(body) if body else None)

    def _read(self, path: str, query: Mapping[str, list[str]]) -> Answer:
        if path == "/customers":
            return self._list(query)
        if path == "/customers/deleted" and self.keeps_deleted:
            return _page([{"id": number, "date": day} for number, day in self.deleted.items()], query)
        if path == "/customer_groups":
            return _page([{"id": number, "name": name} for number, name in self.groups.items()], query)
        if path == "/orders":
            assert query["paymentStatus"] == ["PAID,PARTIALLY_REFUNDED,REFUNDED"]
            return as_json(200, {"total": int(int(query["customerId"][0]) in self.paid), "items": []})
        number = int(found[1]) if (found := re.fullmatch(r"/customers/(\d+)", path)) else 0
        if number not in self.rows:
            return as_json(404, {"errorMessage": f"Customer #{number} not found"})
        return as_json(200, {key: value for key, value in self.rows[number].items() if key != "totalOrderCount"})

    def _list(self, query: Mapping[str, list[str]]) -> Answer:
        """A search, which may not know yet whom `hidden` names; `email` takes parts unless told otherwise."""
        rows = [row for number, row in self.rows.items() if number not in self.hidden]
        if "email" in query:
            assert query["useExactEmailMatch"] == ["true"]
            rows = [row for row in rows if query["email"][0].lower() in str(row["email"]).lower()]
        if "phone" in query:
            part = query["phone"][0]
            rows = [row for row in rows if any(part in str(one["contact"]) for one in row["contacts"])]
        return _page(sorted(rows, key=lambda row: str(row.get("registered"))), query)

    def _write(self, method: str, path: str, sent: Any) -> Answer:
        found = re.fullmatch(r"/customers(?:/(\d+)(?:(/contacts)(?:/(\d+))?)?)?", path)
        assert found is not None
        number = int(found[1] or 0)
        if number and number not in self.rows:
            return as_json(404, {"errorMessage": f"Customer #{number} not found"})
        if method == "DELETE" and not found[2]:
            self._sent.append((method, path, sent))
            self.deleted[number] = self.rows.pop(number)["registered"]
            return as_json(200, {"deleteCount": 1})
        holders = {str(row["email"]).lower(): one for one, row in self.rows.items()}
        if not found[2] and "email" in sent and holders.get(sent["email"].lower(), number) != number:
            return as_json(409, {"errorMessage": f"{sent['email']} exists", "errorCode": "CONSTRAINT_VIOLATION"})
        self._sent.append((method, path, sent))
        if found[2]:
            return self._contact(method, self.rows[number], int(found[3] or 0), sent)
        if not number:
            number = max(self.rows, default=FIRST) + 1
            self.rows[number] = {"id": number, "contacts": [], "billingPerson": {}, "customerGroupId": 0,
                                 "registered": "2026-11-23 04:15:00 +0000"}  # fmt: skip
            self._put(self.rows[number], sent)
            return as_json(200, {"id": number})
        self._put(self.rows[number], sent)
        return as_json(200, {"updateCount": 1})

    def _contact(self, method: str, row: dict[str, Any], one: int, sent: Any) -> Answer:
        if method == "POST":
            row["contacts"].append({"id": 9999, **sent})
            return as_json(200, {"createCount": 1})
        if method == "DELETE":
            row["contacts"] = [contact for contact in row["contacts"] if contact["id"] != one]
            return as_json(200, {"deleteCount": 1})
        next(contact for contact in row["contacts"] if contact["id"] == one).update(sent)
        return as_json(200, {"updateCount": 1})

    def _put(self, row: dict[str, Any], sent: Mapping[str, Any]) -> None:
        """Partial; nested objects are merged, lists replaced; first and last name are derived from the one name."""
        person = {**row["billingPerson"], **sent.get("billingPerson", {})}
        row.update(sent)
        first, _, last = str(person.get("name", "")).partition(" ")
        person |= {"firstName": first if last else None, "lastName": last or None}
        row["billingPerson"] = {key: value for key, value in person.items() if value is not None}
        row["name"] = person.get("name")
        row["customerGroupName"] = self.groups[row["customerGroupId"]]
        if self.couples and "email" in sent:
            for contact in row["contacts"]:
                contact.update({"contact": sent["email"]} if contact["type"] == "EMAIL" else {})


def _page(rows: list[dict[str, Any]], query: Mapping[str, list[str]]) -> Answer:
    offset, limit = (int(query[name][0]) if name in query else 0 for name in ("offset", "limit"))
    assert 0 < limit <= 100, "the default of the limit is not to be relied on"
    some = rows[offset : offset + limit]
    told = {"total": len(rows), "count": len(some), "offset": offset, "limit": limit, "allCustomerCount": len(rows)}
    return as_json(200, {**told, "items": some})


def build(folder: Path) -> Rig:
    """The rig of the contract suite."""
    return Rig(folder)
