"""A scripted Heartland account, for the contract suite and for this vendor's own tests."""

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors._heartland_words import Words
from connectors.base import Change
from connectors.clock import Clock
from connectors.heartland import Heartland
from tests.vendors.scripted import Answer, ScriptedAccount, as_json

TOKEN = "heartland-token-5512"
VARIABLE = "RIG_HEARTLAND_TOKEN"


class Rig(ScriptedAccount):
    """One account. `embeds`, `lists_inactive`, `nested` … switch what the vendor's public pages leave open."""

    page_size = 5
    secrets = (TOKEN,)

    def __init__(self, folder: Path) -> None:
        os.environ[VARIABLE] = TOKEN
        super().__init__()
        self.embeds = self.include_known = self.lists_inactive = self.filters = self.keys = True
        self.nested, self.names_location = "taken", True
        self.date = ""
        self.custom_fields: list[dict[str, Any]] = []
        self.refuse: dict[str, tuple[int, Any]] = {}
        self.before_answer: Callable[[str, str], None] = lambda method, path: None
        self.serve(0)

    def serve(self, count: int) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.addresses: dict[int, list[dict[str, Any]]] = {}
        self.forget()
        for n in range(1, count + 1):
            self.add(n)

    def add(self, n: int, **fields: Any) -> None:
        row = {
            "id": n, "public_id": f"00{n}", "first_name": "Ida", "last_name": f"Sample {n}",
            "email": f"ida{n}@example.com", "active": True, "mobile_phone": f"613 555 01{n % 100:02d}",
            "custom": {"birthday": "1990-02-03", "email_opt_in": True, "tags": "vip;demo", "allergies": "none"},
            "created_at": "2025-03-01T10:00:00-05:00", "updated_at": "2025-03-04T09:30:00-05:00",
        }  # fmt: skip
        self.rows[n] = {key: value for key, value in {**row, **fields}.items() if value is not ...}
        self.addresses[n] = [
            {"id": 100 + n, "address_id": 9000 + n, "line_1": "1 Example St", "line_2": None, "city": "Sampletown",
             "state": "ON", "postal_code": "K0K 0K0", "country": "CA", "phone": "613-555-0117"},
        ]  # fmt: skip

    def ids(self) -> list[str]:
        return [str(n) for n in self.rows]

    def odd_records(self) -> list[Mapping[str, Any]]:
        words = Words(self._settings(writes=False))
        rows: list[dict[str, Any]] = [
            {"id": 901},
            {"id": 902, "first_name": "?", "last_name": " ? ", "email": "", "active?": False, "custom": {}},
            {"id": 903, "first_name": " 😀 ", "last_name": "\u00a0\u3000", "email": " A@Example.com ", "active": False},
            {"id": 904, "custom": {"birthday": "1990-02-30", "email_opt_in": "no", "tags": " b ;a;;b;ä;Z"}},
            {"id": 905, "custom": {"birthday": "1990-02-28T00:00:00", "email_opt_in": "Yes", "tags": ";"}},
            {"id": 906, "custom": {"birthday": "28/02/1990", "email_opt_in": "", "tags": None}, "mobile_phone": "=1+1"},
            {"id": 907, "custom": None, "mobile_phone": 6135550117, "public_id": 7, "created_at": "yesterday"},
            {"id": 908, "custom": {"birthday": "1990-02-03x", "email_opt_in": 1}, "first_name": "two\nlines\t"},
        ]
        places = [{"id": 7, "line_1": "second", "country": " CA "}, {"id": 3, "line_1": "", "city": "Main", "state": 5}]
        return [words.landed(row, places if row["id"] % 2 else []) for row in rows]

    def _settings(self, *, writes: bool, **more: Any) -> Any:
        return Heartland.Settings.model_validate(
            {"kind": "heartland", "role": "pos", "base_url": f"{self.url}/api", "token": {"env": VARIABLE},
             "per_page": self.page_size, "writes": writes, "region": "CA", "email_opt_in_false": "out",
             "subdomain": "sample", **more}
        )  # fmt: skip

    def connector(self, clock: Clock, *, writes: bool, **settings: Any) -> Heartland:
        return Heartland("till", self._settings(writes=writes, **settings), clock)

    def writes(self) -> list[tuple[Change, list[Any]]]:
        new = {
            "first_name": "Max", "last_name": "Muster", "email": "max@example.com", "phone": "+16135550119",
            "birth_date": "1991-04-05", "street": "2 Example St", "city": "Sampletown", "region": "ON",
            "postal_code": "K0K 0K0", "country": "CA", "tags": "Shopify;demo", "street_2": None,
        }  # fmt: skip
        sent = {
            "public_id": "RC-c-5", "first_name": "Max", "last_name": "Muster", "email": "max@example.com",
            "mobile_phone": "+16135550119", "custom@birthday": "1991-04-05", "custom@tags": "Shopify;demo",
            "address": {"first_name": "Max", "last_name": "Muster", "line_1": "2 Example St", "city": "Sampletown",
                        "state": "ON", "postal_code": "K0K 0K0", "country": "CA"},
        }  # fmt: skip

        def change(action: Any, after: dict[str, str | None], key: str = "c-1") -> Change:
            return Change(action, "2", {}, after, key=key)

        return [
            (change("update", {"first_name": "Grace", "phone": "+16135550140"}),
             [("PUT", "/customers/2", {"first_name": "Grace", "mobile_phone": "+16135550140"})]),
            (change("update", {"last_name": None, "birth_date": None, "street": "9 New Rd", "street_2": "Unit 3"}),
             [("PUT", "/customers/2", {"last_name": "?", "custom@birthday": None}),
              ("PUT", "/customers/2/addresses/102", {"line_1": "9 New Rd", "line_2": "Unit 3"})]),
            (change("add_tag", {"tags": "Shopify;demo;vip"}),
             [("PUT", "/customers/2", {"custom@tags": "Shopify;demo;vip"})]),
            (change("opt_out", {"email_consent": "out"}), [("PUT", "/customers/2", {"custom@email_opt_in": False})]),
            (change("archive", {"status": "archived"}), [("PUT", "/customers/2", {"active": False})]),
            (change("restore", {"status": "active"}), [("PUT", "/customers/2", {"active": True})]),
            (Change("create", None, {}, new, key="c-5"), [("POST", "/customers", sent)]),
        ]  # fmt: skip

    # what the account answers ----------------------------------------------------------------------------------------

    def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        status, said, payload = super()._answer(method, target, headers, body)
        return status, {**said, **({"Date": self.date} if self.date else {})}, payload

    def _hear(self, method: str, target: str) -> None:
        self.before_answer(method, urlsplit(target).path.removeprefix("/api"))

    def _reply(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        path = path.removeprefix("/api")
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {}, b""
        if method == "GET":
            return self._read(path, query)
        sent = json.loads(body)
        if f"{method} {path}" in self.refuse:
            status, details = self.refuse[f"{method} {path}"]
            return as_json(status, {"error": "validation_error", "message": "Validation failed", "details": details})
        return self._write(method, path, sent)

    def _read(self, path: str, query: Mapping[str, list[str]]) -> Answer:
        if path == "/system/whoami":
            return as_json(200, {"id": 77, "login": "rollcall"})
        if path == "/custom_fields":
            return _envelope(self.custom_fields, len(self.custom_fields))
        if not self.include_known and "_include[]" in query:
            return as_json(400, {"error": "unknown include"})
        if path == "/customers":
            where = json.loads(query["_filter"][0]) if "_filter" in query else {}
            assert query.get("sort[]") == ["id"] or "$gt" not in str(where)
            found = [row for _, row in sorted(self.rows.items()) if self._holds(row, where)]
            return _envelope([self._shown(row, query) for row in found[: int(query["per_page"][0])]], len(found))
        return self._read_one(*self._customer(path), query)

    def _read_one(self, number: int, part: str, query: Mapping[str, list[str]]) -> Answer:
        if number not in self.rows:
            return as_json(404, {"error": "not_found"})
        if part:
            return _envelope(self.addresses[number], len(self.addresses[number]))
        return as_json(200, self._shown(self.rows[number], query))

    def _holds(self, row: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
        if not self.lists_inactive and "active" not in where and _active(row) is False:
            return False
        tests: dict[str, Callable[[Any], bool]] = {
            "id": lambda wanted: not self.keys or row["id"] > wanted["$gt"],
            "active": lambda wanted: not self.filters or (_active(row) is not False) == wanted,
            "email": lambda wanted: row.get("email") == wanted,
            "public_id": lambda wanted: row.get("public_id") == wanted,
        }
        return all(tests[key](wanted) for key, wanted in where.items())

    def _shown(self, row: Mapping[str, Any], query: Mapping[str, list[str]]) -> dict[str, Any]:
        with_addresses = self.embeds and query.get("_include[]") == ["addresses"]
        return {**row, **({"addresses": self.addresses[row["id"]]} if with_addresses else {})}

    def _write(self, method: str, path: str, sent: dict[str, Any]) -> Answer:
        number, part = self._customer(path)
        if path == "/customers":
            return self._create(sent)
        if number not in self.rows:
            return as_json(404, {"error": "not_found"})
        self._sent.append((method, path, sent))
        if not part:
            self._put(self.rows[number], sent)
            return 200, {}, b""
        if method == "POST":
            self.addresses[number].append({"id": 500 + number, **sent})
            return 201, {"Location": f"{path}/{500 + number}"}, b""
        next(a for a in self.addresses[number] if path.endswith(f"/{a['id']}")).update(sent)
        return 204, {}, b""

    def _create(self, sent: dict[str, Any]) -> Answer:
        if any(row.get("public_id") == sent["public_id"] for row in self.rows.values()):
            return as_json(422, {"error": "validation_error", "details": {"public_id": ["is already taken"]}})
        if self.nested == "refused" and "address" in sent:
            return as_json(400, {"error": "validation_error", "details": {"address": ["is not allowed"]}})
        self._sent.append(("POST", "/customers", dict(sent)))
        number = max(self.rows, default=0) + 1
        address = sent.pop("address", None)
        self.rows[number] = {"id": number, "active": True, "custom": {}}
        self.addresses[number] = [{"id": 100 + number, **address}] if address and self.nested == "taken" else []
        self._put(self.rows[number], sent)
        return 201, {"Location": f"{self.url}/api/customers/{number}"} if self.names_location else {}, b""

    def _put(self, row: dict[str, Any], sent: Mapping[str, Any]) -> None:
        for key, value in sent.items():
            kept = row["custom"] if key.startswith("custom@") else row
            kept[key.removeprefix("custom@")] = value

    def _customer(self, path: str) -> tuple[int, str]:
        found = re.fullmatch(r"/customers/(\d+)(/addresses.*)?", path)
        return (int(found[1]), found[2] or "") if found else (0, "")


def _active(row: Mapping[str, Any]) -> Any:
    return row.get("active", row.get("active?"))


def _envelope(rows: list[dict[str, Any]], total: int) -> Answer:
    return as_json(200, {"total": total, "pages": 1, "results": rows})


def build(folder: Path) -> Rig:
    """The rig of the contract suite."""
    return Rig(folder)
