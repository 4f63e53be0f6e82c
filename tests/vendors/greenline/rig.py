"""A scripted Greenline company by the assumed contract, for the contract suite and for this vendor's own tests."""

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors._greenline_words import landed
from connectors.base import Change
from connectors.clock import Clock
from connectors.greenline import Greenline
from tests.vendors.scripted import Answer, ScriptedAccount, as_json

KEY, VARIABLE = "0b7c55aa-greenline-key", "RIG_GREENLINE_KEY"
SENTINEL = "never-on-a-disk"


class Rig(ScriptedAccount):
    """One company of two locations."""

    page_size = 100
    secrets = (KEY,)

    def __init__(self, folder: Path) -> None:
        os.environ[VARIABLE] = KEY
        super().__init__()
        self.refuse: dict[str, tuple[int, Any]] = {}
        self.locations = [{"id": 901, "name": "Queen St"}, {"id": 902, "name": "King St"}]
        self.headers_wanted = {"x-api-key": KEY}
        self.wraps_single = False
        self.before_page: Callable[[int], None] = lambda offset: None
        self.serve(0)

    @property
    def url(self) -> str:
        return f"{super().url}/api/v1"

    def serve(self, count: int) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.forget()
        for n in range(1, count + 1):
            self.add(7000 + n, n)

    def add(self, one: int, n: int, **fields: Any) -> None:
        """Every third customer is archived."""
        self.rows[one] = {
            "id": one, "companyId": 900, "name": f"Robin Sample {n}", "firstName": "Robin", "lastName": f"Sample {n}",
            "email": f"robin{n}@example.com", "phone": f"(416) 555-01{n % 100:02d}", "birthday": "1988-11-30",
            "taxExempt": SENTINEL, "loyaltyPoints": 7, "creditBalance": 900, "notes": None, "isArchived": n % 3 == 0,
            "marketingEmailOptIn": True, "marketingSmsOptIn": True, "createdAt": "2023-04-01T14:00:00Z",
            "updatedAt": f"2026-05-02T18:{n // 60 % 60:02d}:{n % 60:02d}Z", **fields,
        }  # fmt: skip

    def ids(self) -> list[str]:
        return [str(one) for one in self.rows]

    def odd_records(self) -> list[Mapping[str, Any]]:
        rows: list[dict[str, Any]] = [
            {"id": 1},
            {"id": "2", "name": "", "firstName": " ", "lastName": "", "email": "", "phone": "", "notes": "", "birthday": ""},
            {"id": 3, "name": "Robin Sample", "isArchived": True, "marketingEmailOptIn": False, "marketingSmsOptIn": None},
            {"id": 4, "firstName": " 😀 ", "lastName": "\u00a0x\u3000", "notes": " two\nlines ", "birthday": "1990-02-30"},
            {"id": 5, "birthday": "1990-02-28T00:00:00Z", "createdAt": "once", "updatedAt": "2026-06-01T16:00:00+02:00"},
            {"id": 6, "phone": 4165550123, "birthday": "30/11/1988", "isArchived": False},
        ]  # fmt: skip
        return [landed(row) for row in rows]

    def _settings(self, *, writes: bool, **more: Any) -> Any:
        return Greenline.Settings.model_validate(
            {"kind": "greenline", "role": "pos", "driver": "api", "base_url": self.url, "company_id": "900",
             "token": {"env": VARIABLE}, "writes": writes, "region": "CA",
             "admin_page": "https://dashboard.example.com/customers/{id}", **more}
        )  # fmt: skip

    def connector(self, clock: Clock, *, writes: bool, **settings: Any) -> Greenline:
        return Greenline("green", self._settings(writes=writes, **settings), clock)

    def writes(self) -> list[tuple[Change, list[Any]]]:
        def patch(action: Any, after: dict[str, str | None], body: Any, one: str = "7002") -> tuple[Change, list[Any]]:
            return Change(action, one, {}, after, key="c-1"), [("PATCH", int(one), body)]

        new = {"first_name": "Max", "last_name": "Muster", "phone": "+14165550119", "birth_date": "1991-04-05",
               "email": None}  # fmt: skip
        made = {"name": "Max Muster", "firstName": "Max", "lastName": "Muster", "phone": "+14165550119",
                "birthday": "1991-04-05"}  # fmt: skip
        return [
            patch("update", {"first_name": "Grace", "phone": "+14165550140"},
                  {"name": "Grace Sample 2", "firstName": "Grace", "phone": "+14165550140"}),
            patch("update", {"email": None, "birth_date": None}, {"email": None, "birthday": None}),
            patch("add_note", {"note": "prefers email"}, {"notes": "prefers email"}),
            patch("opt_out", {"email_consent": "out", "sms_consent": "out"},
                  {"marketingEmailOptIn": False, "marketingSmsOptIn": False}),
            patch("archive", {"status": "archived"}, {"isArchived": True}),
            patch("restore", {"status": "active"}, {"isArchived": False}, "7003"),
            (Change("create", None, {}, new, key="c-5"), [("POST", 7004, made)]),
        ]  # fmt: skip

    # what the company answers ----------------------------------------------------------------------------------------

    def _reply(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if any(headers.get(name) != value for name, value in self.headers_wanted.items()):
            return as_json(401, {"error": "UNAUTHORIZED"})
        path, query = urlsplit(target).path.removeprefix("/api/v1"), parse_qs(urlsplit(target).query)
        company = re.fullmatch(r"/external/company/(\d+)(/.*)", path)
        if company is None or company[1] != "900":
            return as_json(403, {"error": "FORBIDDEN"})
        if company[2] == "/locations":
            return as_json(200, {"data": self.locations})
        return self._served(method, company[2].removeprefix("/customers").lstrip("/"), query, body)

    def _served(self, method: str, one: str, query: Mapping[str, list[str]], body: bytes) -> Answer:
        if method == "POST":
            return self._post(json.loads(body))
        if not one:
            return self._list(query)
        if int(one) not in self.rows:
            return as_json(404, {"error": "NOT_FOUND"})
        return self._patch(int(one), json.loads(body)) if method == "PATCH" else self._single(int(one))

    def _single(self, one: int) -> Answer:
        row = self.rows[one]
        return as_json(200, {"data": row} if self.wraps_single else row)

    def _list(self, query: Mapping[str, list[str]]) -> Answer:
        assert query["includeArchived"] == ["true"]
        offset, limit = int(query["offset"][0]), int(query["limit"][0])
        assert limit <= 100
        self.before_page(offset)
        listed = sorted(self.rows.values(), key=lambda row: (row["updatedAt"], row["id"]))
        for name in {"email", "phone"} & query.keys():
            listed = [row for row in listed if _bare(row[name]) == _bare(query[name][0])]
        page = {"data": listed[offset : offset + limit], "total": len(listed), "offset": offset, "limit": limit}
        return as_json(200, page)

    def _patch(self, one: int, sent: Mapping[str, Any]) -> Answer:
        for name in sent:
            if name in self.refuse:
                return as_json(*self.refuse[name])
        self._sent.append(("PATCH", one, sent))
        self.rows[one].update(sent)
        return self._single(one)

    def _post(self, sent: dict[str, Any]) -> Answer:
        for name in sent:
            if name in self.refuse:
                return as_json(*self.refuse[name])
        one = max(self.rows, default=7000) + 1
        self._sent.append(("POST", one, sent))
        blank = dict.fromkeys(("email", "phone", "birthday", "marketingEmailOptIn", "marketingSmsOptIn"))
        self.add(one, 0, **{**blank, "firstName": None, "lastName": None, "isArchived": False, **sent})
        return self._single(one)


def _bare(value: str | None) -> str:
    return value or "" if "@" in str(value) else re.sub(r"\D", "", value or "")[-10:]


def build(folder: Path) -> Rig:
    """The rig of the contract suite."""
    return Rig(folder)
