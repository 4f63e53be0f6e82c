"""A scripted BLAZE ECOM group by the assumed contract, for the contract suite and for this vendor's own tests."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors._blaze_ecom_words import landed
from connectors.base import Change
from connectors.blaze_ecom import BlazeEcom
from connectors.clock import Clock
from tests.vendors.scripted import Answer, ScriptedAccount, as_json

TOKEN = "ecom-admin-token-90"
VARIABLE = "RIG_ECOM_TOKEN"
SENTINEL = "never-on-a-disk"


class Rig(ScriptedAccount):
    """One group of two stores."""

    page_size = 100
    secrets = (TOKEN,)

    def __init__(self, folder: Path) -> None:
        os.environ[VARIABLE] = TOKEN
        super().__init__()
        self.refuse: dict[tuple[str, str], tuple[int, str]] = {}
        self.before_page: Callable[[int], None] = lambda offset: None
        self.stores: list[dict[str, Any]] = [{"type": "stores", "id": "s-1"}, {"type": "stores", "id": "s-2"}]
        self.serve(0)

    def serve(self, count: int) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.links: dict[str, list[dict[str, Any]]] = {}
        self.forget()
        for n in range(1, count + 1):
            self.add(f"e-{n:04d}", n)

    def add(self, one: str, n: int, **fields: Any) -> None:
        self.rows[one] = {
            "first_name": "Dana", "last_name": f"Example {n}", "email": f"dana{n}@example.com",
            "phone": f"+1613555{n % 10000:04d}", "date_of_birth": "1990-02-03", "status": "customer",
            "is_active": True, "email_opt_in": True, "sms_opt_in": True, "is_medical": False,
            "id_number": SENTINEL, "id_expiration": "2031-02-03", "notes": None,
            "created_at": "2024-01-15T18:00:00Z", "updated_at": f"2026-06-01T16:{n // 60 % 60:02d}:{n % 60:02d}Z",
            **fields,
        }  # fmt: skip
        self.links[one] = [
            {"store": "s-1", "pos_type": "treez", "external_id": str(9000 + n), "link_status": "active"},
            {"store": "s-2", "pos_type": "treez", "external_id": str(400 + n), "link_status": "archived"},
        ]

    def ids(self) -> list[str]:
        return list(self.rows)

    def odd_records(self) -> list[Mapping[str, Any]]:
        def row(one: Any, links: Any = None, **attributes: Any) -> Mapping[str, Any]:
            relations = {"relationships": {"pos_links": {"data": links}}} if links is not None else {}
            return landed({"type": "customers", "id": one, "attributes": attributes, **relations})

        return [
            row("a"),
            row(17, [], first_name="", last_name="  ", email="", phone="", notes="", date_of_birth="", status=""),
            row("b", is_active=False, status="unconfirmed", email_opt_in=False, sms_opt_in=None),
            row("c", first_name=" 😀 ", last_name="\u00a0x\u3000", notes=" two\nlines ", date_of_birth="1990-02-30"),
            row("d", date_of_birth="1990-02-28T00:00:00Z", created_at="once", updated_at="2026-06-01T16:00:00+02:00"),
            row("e", [{"store": "s-1", "external_id": None, "link_status": "missing"}]),
            row("f", [{"store": "s-9", "external_id": 12, "link_status": "ambiguous"},
                      {"store": "s-2", "external_id": 411, "link_status": "active"}]),
        ]  # fmt: skip

    def _settings(self, *, writes: bool, **more: Any) -> Any:
        return BlazeEcom.Settings.model_validate(
            {"kind": "blaze_ecom", "role": "ecom", "driver": "api", "base_url": self.url, "token": {"env": VARIABLE},
             "store_id": "s-1", "writes": writes, "link_keys": {"s-1": "downtown", "s-2": "uptown"},
             "admin_page": "https://control.example.com/customers/{id}", **more}
        )  # fmt: skip

    def connector(self, clock: Clock, *, writes: bool, **settings: Any) -> BlazeEcom:
        return BlazeEcom("ecom", self._settings(writes=writes, **settings), clock)

    def writes(self) -> list[tuple[Change, list[Any]]]:
        def patched(action: Any, after: dict[str, str | None], *bodies: dict[str, Any]) -> tuple[Change, list[Any]]:
            return Change(action, "e-0002", {}, after, key="c-1"), [("PATCH", "e-0002", body) for body in bodies]

        return [
            patched("update", {"phone": "+16135550140", "first_name": "Grace", "email": "grace@example.com"},
                    {"email": "grace@example.com"}, {"phone": "+16135550140"}, {"first_name": "Grace"}),
            patched("update", {"birth_date": None, "last_name": "Hopper"},
                    {"date_of_birth": None, "last_name": "Hopper"}),
            patched("add_note", {"note": "prefers email"}, {"notes": "prefers email"}),
            patched("opt_out", {"email_consent": "out", "sms_consent": "out"},
                    {"email_opt_in": False, "sms_opt_in": False}),
        ]  # fmt: skip

    # what the group answers ------------------------------------------------------------------------------------------

    def _reply(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return _refusal(401, "not_authenticated")
        if headers.get("X-store") not in {"s-1", "s-2"}:
            return _refusal(403, "permission_denied")
        return self._served(method, target, body)

    def _served(self, method: str, target: str, body: bytes) -> Answer:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        assert path.endswith("/")
        if path == "/api/v1/stores/":
            return as_json(200, {"meta": {"total_count": len(self.stores)}, "data": self.stores})
        one = path.removeprefix("/api/v1/customers/").rstrip("/")
        if method == "PATCH":
            return self._patch(one, json.loads(body)["data"])
        if one:
            return as_json(200, {"data": self._shown(one)}) if one in self.rows else _refusal(404, "not_found")
        return self._list(query)

    def _list(self, query: Mapping[str, list[str]]) -> Answer:
        for name in {"email", "phone"} & query.keys():
            found = [one for one, row in self.rows.items() if row[name] == query[name][0]]
            return as_json(200, {"meta": {"total_count": len(found)}, "data": [self._shown(one) for one in found]})
        offset, limit = int(query["offset"][0]), int(query["limit"][0])
        assert limit <= 100
        self.before_page(offset)
        listed = sorted(self.rows, key=lambda one: (self.rows[one]["updated_at"], one))
        page = [self._shown(one) for one in listed[offset : offset + limit]]
        return as_json(200, {"meta": {"total_count": len(listed)}, "data": page})

    def _shown(self, one: str) -> dict[str, Any]:
        relations = {"group": {"data": {"id": "g-1"}}, "pos_links": {"data": self.links[one]}}
        return {"type": "customers", "id": one, "attributes": self.rows[one], "relationships": relations}

    def _patch(self, one: str, sent: Mapping[str, Any]) -> Answer:
        assert (sent["type"], sent["id"]) == ("customers", one)
        attributes = sent["attributes"]
        assert len({"email", "phone"} & attributes.keys()) <= 1
        for name in attributes:
            if (one, name) in self.refuse:
                return _refusal(*self.refuse[one, name])
        if one not in self.rows:
            return _refusal(404, "not_found")
        self._sent.append(("PATCH", one, attributes))
        self.rows[one].update(attributes)
        return as_json(200, {"data": self._shown(one)})


def _refusal(status: int, code: str) -> Answer:
    return as_json(status, {"errors": [{"status": str(status), "code": code, "detail": "value 6135550140 refused"}]})


def build(folder: Path) -> Rig:
    """The rig of the contract suite."""
    return Rig(folder)
