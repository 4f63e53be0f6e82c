"""A scripted X-Series retailer, for the contract suite and for this vendor's own tests."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors import _lightspeed_x_words as words
from connectors.base import Change
from connectors.clock import Clock
from connectors.lightspeed_x import LightspeedX
from connectors.tokens import TokenFile, Tokens
from tests.vendors.scripted import Answer, ScriptedAccount, as_json

CLIENT_SECRET, CLIENT_ID = "x-client-secret-88", "x-client-id-12"
VARIABLES = {"RIG_X_SECRET": CLIENT_SECRET, "RIG_X_PERSONAL": "x-personal-token-31"}
FAR = 4_000_000_000.0
HOME, VIP, EVERYBODY = "g-home", "g-vip", "g-all"


class Rig(ScriptedAccount):
    """One retailer. `replaces`, `empty_version`, `keeps_refresh` … switch what the vendor's pages leave open."""

    page_size = 5

    def __init__(self, folder: Path) -> None:
        os.environ.update(VARIABLES)
        self.file = TokenFile(folder / "till.json")
        super().__init__()
        self.replaces = self.search_is_exact = self.answers_writes = self.rotates = True
        self.empty_version: Any = {"min": None, "max": None}
        self.headers: dict[str, str] = {}
        self.refuse: dict[str, tuple[int, Any]] = {}
        self.before_answer: Callable[[str, str], None] = lambda method, path: None
        self.serve(0)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (CLIENT_SECRET, self.access, self.refresh)

    def serve(self, count: int) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.version = 42_691_964_626
        self.groups = {
            EVERYBODY: {"id": EVERYBODY, "name": "All Customers", "group_id": "1111111111", "deleted_at": None},
            VIP: {"id": VIP, "name": "Gold Members", "group_id": "VIP-Y968", "deleted_at": None},
            HOME: {"id": HOME, "name": "Wholesale", "group_id": "WHO-1", "deleted_at": None},
        }  # fmt: skip
        for group in self.groups.values():
            self.touch(group)
        self.access, self.refresh, self.refreshes = "x-access-token-1", "x-refresh-token-1", 0
        with self.file.refreshing() as current:
            current.store(Tokens(self.access, self.refresh, FAR, "customers:read customers:write"))
        self.forget()
        self.calls: list[tuple[str, str, dict[str, list[str]], Any]] = []
        for n in range(1, count + 1):
            self.add(n)

    def touch(self, row: dict[str, Any]) -> None:
        """As the vendor does it: any change gives a record a new, higher version."""
        self.version += 7
        row["version"] = self.version

    def add(self, n: int, **fields: Any) -> str:
        one = f"0adf0000-0000-11f0-aaaa-{n:012d}"
        row = {
            "id": one, "customer_code": f"ADA-{n:04d}", "first_name": "Ada", "last_name": f"Sample {n}",
            "name": f"Ada Sample {n}", "email": f"ada{n}@example.com", "phone": f"613-555-01{n % 100:02d}",
            "mobile": None, "fax": "613 555 0199", "customer_group_id": VIP, "date_of_birth": "1990-03-03",
            "do_not_email": False, "enable_promotional_sms": True, "enable_loyalty": True, "note": "likes tea",
            "custom_field_1": "locker 7", "on_account_limit": 250.5, "physical_address_1": "1 Example St",
            "physical_suburb": "Old Town", "physical_city": "Sampletown", "physical_postcode": "K0K 0K0",
            "physical_state": "ON", "physical_country_id": "CA", "postal_address_1": "PO Box 1",
            "balance": -3.5, "loyalty_balance": 12.5, "year_to_date": 80.1, "tax_id": None,
            "created_at": "2025-03-01T10:00:00+00:00", "updated_at": "2025-03-04T09:30:00+00:00", "deleted_at": None,
        }  # fmt: skip
        self.rows[one] = {key: value for key, value in {**row, **fields}.items() if value is not ...}
        self.touch(self.rows[one])
        return one

    def ids(self) -> list[str]:
        return list(self.rows)

    def odd_records(self) -> list[Mapping[str, Any]]:
        settings = self._settings(writes=False, sms=True)
        rows: list[tuple[dict[str, Any], str | None]] = [
            ({"id": "a"}, None),
            ({"id": 17, "first_name": "", "last_name": "  ", "phone": "0", "mobile": " 0 ", "deleted_at": ""}, ""),
            ({"id": "b", "first_name": " 😀 ", "last_name": "\u00a0\u3000", "email": " A@Example.com ",
              "deleted_at": "2026-01-05T10:00:00Z", "do_not_email": True, "enable_promotional_sms": False}, "VIP "),
            ({"id": "c", "date_of_birth": "0000-12-30", "note": "two\nlines\t", "do_not_email": None}, "all customers"),
            ({"id": "d", "date_of_birth": "1990-02-30", "phone": 6135550117, "year_to_date": 0, "version": 3}, "Ä"),
            ({"id": "e", "date_of_birth": "1990-02-28T00:00:00+00:00", "created_at": "yesterday",
              "customer_group_ids": ["x", "y"], "enable_promotional_sms": True, "physical_postcode": 12345}, None),
        ]  # fmt: skip
        return [words.landed(row, group, settings) for row, group in rows]

    def _settings(self, *, writes: bool, **more: Any) -> Any:
        given = {
            "kind": "lightspeed_x", "role": "pos", "base_url": self.url, "tokens": {"file": self.file.path},
            "client_id": CLIENT_ID, "client_secret": {"env": "RIG_X_SECRET"}, "page_size": self.page_size,
            "writes": writes, "region": "CA", "sms": True, "sms_false": "out", **more,
        }  # fmt: skip
        return LightspeedX.Settings.model_validate({key: value for key, value in given.items() if value is not ...})

    def connector(self, clock: Clock, *, writes: bool, **settings: Any) -> LightspeedX:
        return LightspeedX("till", self._settings(writes=writes, **settings), clock)

    def whole(self, one: str, **changes: Any) -> dict[str, Any]:
        """What an update of this customer must send: everything that can be written, and that is not null by nature."""
        row = self.rows[one]
        return {key: row[key] for key in words.BASE if key in row} | changes

    def writes(self) -> list[tuple[Change, list[Any]]]:
        two = self.ids()[1]
        new = {
            "first_name": "Max", "last_name": "Muster", "email": "max@example.com", "phone": "+16135550119",
            "birth_date": "1991-04-05", "street": "2 Example St", "city": "Sampletown", "region": "ON",
            "postal_code": "K0K 0K0", "country": "CA", "group": "Wholesale", "street_2": None,
        }  # fmt: skip
        made = {
            "customer_code": "RC-c-5", "first_name": "Max", "last_name": "Muster", "email": "max@example.com",
            "phone": "+16135550119", "date_of_birth": "1991-04-05", "physical_address_1": "2 Example St",
            "physical_city": "Sampletown", "physical_state": "ON", "physical_postcode": "K0K 0K0",
            "physical_country_id": "CA", "customer_group_id": HOME,
        }  # fmt: skip

        def change(action: Any, after: dict[str, str | None], key: str = "c-1") -> Change:
            return Change(action, two, {}, after, key=key)

        put = ("PUT", f"/customers/{two}")
        return [
            (change("update", {"first_name": "Grace", "phone": "+16135550140"}),
             [(*put, self.whole(two, first_name="Grace", phone="+16135550140"))]),
            (change("update", {"last_name": None, "street": "9 New Rd", "street_2": "Unit 3"}),
             [(*put, self.whole(two, last_name=None, physical_address_1="9 New Rd", physical_address_2="Unit 3"))]),
            (change("set_group", {"group": "Wholesale"}),
             [("POST", f"/customer_groups/{HOME}/customers", {"customer_ids": [two]})]),
            (change("update", {"group": None, "city": "Elsewhere"}),
             [(*put, self.whole(two, physical_city="Elsewhere")),
              ("POST", f"/customer_groups/{EVERYBODY}/customers", {"customer_ids": [two]})]),
            (change("add_note", {"note": "likes tea\nalso milk"}),
             [(*put, self.whole(two, note="likes tea\nalso milk"))]),
            (change("opt_out", {"email_consent": "out", "sms_consent": "out"}),
             [(*put, self.whole(two, do_not_email=True, enable_promotional_sms=False))]),
            (Change("create", None, {}, new, key="c-5"), [("POST", "/customers", made)]),
        ]  # fmt: skip

    # what the retailer answers ---------------------------------------------------------------------------------------

    def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        status, said, payload = super()._answer(method, target, headers, body)
        return status, {**self.headers, **said}, payload

    def _hear(self, method: str, target: str) -> None:
        self.before_answer(method, urlsplit(target).path)

    def _reply(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if path == "/api/1.0/token":
            return self._token(query, headers, parse_qs(body.decode()))
        if headers.get("Authorization") not in {f"Bearer {self.access}", f"Bearer {VARIABLES['RIG_X_PERSONAL']}"}:
            return as_json(401, {"error": "Access token is not valid"})
        path = path.removeprefix("/api/2026-07")
        sent = json.loads(body) if body else None
        self.calls.append((method, path, query, sent))
        if f"{method} {path}" in self.refuse:
            return as_json(*self.refuse[f"{method} {path}"])
        return self._read(path, query) if method == "GET" else self._write(method, path, sent)

    def _token(self, query: Mapping[str, Any], headers: Mapping[str, str], form: Mapping[str, list[str]]) -> Answer:
        assert not query, "credentials never stand in the query"
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"
        known = form["client_id"] == [CLIENT_ID] and form["client_secret"] == [CLIENT_SECRET]
        held = form.get("refresh_token") == [self.refresh] or form.get("code") == ["code-9"]
        if not known or not held:
            return as_json(400, {"error": "invalid_grant"})
        self.refreshes += 1
        self.access = f"x-access-token-{self.refreshes + 1}"
        answer: dict[str, Any] = {"access_token": self.access, "token_type": "Bearer", "expires_in": 86400,
                                  "domain_prefix": "harbor"}  # fmt: skip
        if self.rotates:
            self.refresh = f"x-refresh-token-{self.refreshes + 1}"
            answer["refresh_token"] = self.refresh
        return as_json(200, answer)

    def _read(self, path: str, query: Mapping[str, list[str]]) -> Answer:
        if path == "/retailer":
            return as_json(200, {"data": {"id": "r-1", "name": "Harbor Trading"}})
        if path == "/customers":
            shown = [row for row in self.rows.values() if query.get("deleted") == ["true"] or not row.get("deleted_at")]
            return self._page(shown, query)
        if path == "/customer_groups":
            return self._page([group for group in self.groups.values() if not group["deleted_at"]], query)
        if path == "/search":
            return self._search(query)
        row = self.rows.get(path.removeprefix("/customers/"))
        return as_json(404, {"error": "not found"}) if row is None else as_json(200, {"data": row})

    def _page(self, rows: list[dict[str, Any]], query: Mapping[str, list[str]]) -> Answer:
        after = int(query.get("after", ["0"])[0])
        found = sorted((row for row in rows if row["version"] > after), key=lambda row: int(row["version"]))
        found = found[: min(int(query["page_size"][0]), self.page_size)]
        versions = [row["version"] for row in found]
        version = {"min": versions[0], "max": versions[-1]} if found else self.empty_version
        return as_json(200, {"data": found, "version": version})

    def _search(self, query: Mapping[str, list[str]]) -> Answer:
        assert query["type"] == ["customers"]
        wanted = {key: words[0] for key, words in query.items() if key in {"email", "phone", "mobile", "customer_code"}}

        def hit(row: Mapping[str, Any]) -> bool:
            own = {key: str(row.get(key) or "").casefold() for key in wanted}
            same = all(own[key] == value.casefold() for key, value in wanted.items())
            return same or (not self.search_is_exact and row["first_name"] == "Ada")

        # a search knows less of a customer than the list does
        found = [row for row in self.rows.values() if hit(row) and not row.get("deleted_at")]
        return as_json(200, {"data": [{"id": row["id"], "email": row.get("email")} for row in found]})

    def _write(self, method: str, path: str, sent: dict[str, Any]) -> Answer:
        self._sent.append((method, path, sent))
        if path == "/customer_groups":
            group = {"id": f"g-{sent['name']}", "name": sent["name"], "group_id": "NEW-1", "deleted_at": None}
            self.touch(group)
            self.groups[group["id"]] = group
            return as_json(201, {"data": group})
        if path.startswith("/customer_groups/"):
            for one in sent["customer_ids"]:
                self.rows[one]["customer_group_id"] = path.split("/")[2]
                self.touch(self.rows[one])
            return as_json(201, True)
        if path == "/customers":
            return self._create(sent)
        row = self.rows[path.removeprefix("/customers/")]
        self._put(row, sent)
        return as_json(200, {"data": row} if self.answers_writes else {})

    def _create(self, sent: dict[str, Any]) -> Answer:
        if any(row.get("customer_code") == sent.get("customer_code") for row in self.rows.values()):
            self._sent.pop()
            return as_json(400, {"errors": {"customer_code": ["has already been taken"]}})
        one = f"0adf0000-0000-11f0-bbbb-{len(self.rows) + 1:012d}"
        self.rows[one] = {"id": one, "do_not_email": False, "enable_promotional_sms": False,
                          "customer_group_id": EVERYBODY, "deleted_at": None, "year_to_date": 0} | sent  # fmt: skip
        self.touch(self.rows[one])
        return as_json(201, {"data": self.rows[one]} if self.answers_writes else {})

    def _put(self, row: dict[str, Any], sent: Mapping[str, Any]) -> None:
        if self.replaces:
            for key in words.BASE:
                row.pop(key, None)
            row |= {"do_not_email": False, "enable_promotional_sms": False}
        row.update(sent)
        self.touch(row)


def build(folder: Path) -> Rig:
    """The rig of the contract suite."""
    return Rig(folder)
