"""A scripted R-Series account, for the contract suite and for this vendor's own tests."""

import base64
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from zoneinfo import ZoneInfo

from connectors._lightspeed_r_words import Words
from connectors.base import Change
from connectors.clock import Clock
from connectors.lightspeed_r import LightspeedR
from tests.vendors.scripted import Answer, ScriptedAccount, as_json

Query = Mapping[str, list[str]]
SECRET, VARIABLE = "r-series-secret-8841", "RIG_LIGHTSPEED_R_SECRET"
REFRESH = "r-refresh-0-77310"
SENTINEL = "never-on-a-disk"
FLAGS = ("noEmail", "noPhone", "noMail")
SLOTS = {"Phones": ("ContactPhone", "number"), "Emails": ("ContactEmail", "address")}


def jwt(number: int) -> str:
    claims = json.dumps({"acct": "7", "scope": "employee:customers", "jti": f"access-{number}"}).encode()
    return f"eyJhbGciOiJSUzI1NiJ9.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.c2lnbmF0dXJl"


class Rig(ScriptedAccount):
    """One account. `contacts_merge`, `tags_as_objects`, `stale_answers` … switch what the vendor leaves open."""

    page_size = 100

    def __init__(self, folder: Path) -> None:
        os.environ[VARIABLE] = SECRET
        super().__init__()
        self.token_file = folder / "tokens.json"
        self.secrets = (SECRET, REFRESH, jwt(0), jwt(1), "r-refresh-1-77310")
        self.contacts_merge = self.stale_answers = self.relations_kept = True
        self.tags_as_objects = self.names_customers = False
        self.headers: dict[str, str] = {}
        self.refuse: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
        self.shops = [{"shopID": "1", "timeZone": "America/Toronto"}]
        self.types = {"1": "General", "3": "VIP"}
        self.next_of: Callable[[str], str] = lambda address: address
        self.before_answer: Callable[[str, str], None] = lambda method, path: None
        self.log: list[tuple[str, str, Query]] = []
        self.serve(0)

    def serve(self, count: int) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.generation, self.good = 0, {jwt(0)}
        self.refreshes: list[str] = []
        self.store_tokens(jwt(0), REFRESH)
        self.forget()
        self.log.clear()
        for n in range(1, count + 1):
            self.add(n)

    def store_tokens(self, access: str, refresh: str, **more: Any) -> None:
        pair = {"access_token": access, "refresh_token": refresh, **more}
        self.token_file.write_text(json.dumps(pair), encoding="utf-8")
        self.token_file.chmod(0o600)

    def add(self, n: int, **fields: Any) -> None:
        """Every third customer is archived; every second has a mobile phone and tags."""
        row = {
            "customerID": n, "firstName": "Ada", "lastName": f"Example {n}", "title": "Dr", "company": "",
            "vatNumber": SENTINEL, "creditAccountID": "0", "customerTypeID": "3" if n % 2 else "0",
            "dob": "1990-02-03T05:00:00+00:00", "archived": n % 3 == 0, "note": "", "public": False, "tags": [],
            "noEmail": False, "noPhone": True, "noMail": True, "Phones": {"Home": f"613-555-01{n % 100:02d}"},
            "Emails": {"Primary": f"ada{n}@example.com"},
            "Addresses": [{"address1": "1 Sample St", "city": "Ottawa", "state": "Ontario", "stateCode": "ON",
                           "zip": "K1A 0B1", "country": "Canada", "countryCode": "CA"}],
            "stamp": "2026-01-16T04:10:29+00:00", **fields,
        }  # fmt: skip
        if n % 2 == 0 and "Phones" not in fields:
            row["Phones"] = {**row["Phones"], "Mobile": "613-555-0177"}
            row["tags"] = fields.get("tags", ["demo", "vip"])
        self.rows[n] = row

    def ids(self) -> list[str]:
        return [str(n) for n in self.rows]

    def odd_records(self) -> list[Mapping[str, Any]]:
        def contact(**keys: Any) -> dict[str, Any]:
            return {"Contact": {"noEmail": "", "Phones": "", "Emails": "", "Addresses": "", **keys}}

        two = [{"useType": "Mobile", "number": "613-555-0102"}, {"useType": "Work", "number": "613-555-0103"}]
        places = [{"address1": " 9 Main ", "state": "Ontario", "stateCode": ""}, {"address1": "second", "city": "Hull"}]
        rows: list[dict[str, Any]] = [
            {"customerID": "901"},
            {"customerID": 902, "firstName": "", "lastName": "  ", "archived": "false", "Tags": "", "Note": "", **contact()},
            {"customerID": "70", "firstName": "Customer", "lastName": "[70]", "archived": "true", **contact()},
            {"customerID": "71", "firstName": "Customer", "lastName": "[70]", "archived": "true"},
            {"customerID": "72", "firstName": "Customer", "lastName": "[72]", "archived": "false"},
            {"customerID": "903", "dob": "1990-02-30", **contact(noEmail="true", noPhone=False)},
            {"customerID": "904", "dob": "0000-00-00T00:00:00+00:00", "firstName": " 😀 ", "lastName": "\u00a0\u3000"},
            {"customerID": "905", "dob": "1990-07-03T04:00:00+00:00", **contact(Phones={"ContactPhone": two})},
            {"customerID": "906", **contact(Phones={"ContactPhone": two[0]}, Addresses={"ContactAddress": places})},
            {"customerID": "907", **contact(Emails={"ContactEmail": {"useType": "Secondary", "address": " B@example.com "}})},
            {"customerID": "908", "Note": {"note": " two\nlines ", "isPublic": "true"}, "Tags": {"tag": "b"}},
            {"customerID": "909", "CustomerType": {"name": " Gold "}, "Tags": {"Tag": [{"name": "z"}, {"name": " a "}]}},
            {"customerID": "910", "CustomerType": "", "createTime": "once", **contact(timeStamp="2026-05-05T10:00:00-04:00")},
            {"customerID": "911", "timeStamp": "2026-05-05T10:00:00+00:00", **contact(Addresses={"ContactAddress": {"city": ""}})},
        ]  # fmt: skip
        words = Words("out", ZoneInfo("America/Toronto"))
        return [words.landed(row) for row in rows]

    def _settings(self, *, writes: bool, **more: Any) -> Any:
        return LightspeedR.Settings.model_validate(
            {"kind": "lightspeed_r", "role": "pos", "base_url": self.url, "token_url": f"{self.url}/auth/oauth/token",
             "client_id": "rig-client", "client_secret": {"env": VARIABLE}, "tokens": {"file": self.token_file},
             "writes": writes, "region": "CA", "no_contact_means": "out",
             "admin_page": "https://office.example.com/customers/{id}", **more}
        )  # fmt: skip

    def connector(self, clock: Clock, *, writes: bool, **settings: Any) -> LightspeedR:
        return LightspeedR("till", self._settings(writes=writes, **settings), clock)

    def writes(self) -> list[tuple[Change, list[Any]]]:
        place = {"address1": "1 Sample St", "address2": "", "city": "Ottawa", "stateCode": "ON", "state": "Ontario",
                 "zip": "K1A 0B1", "countryCode": "CA", "country": "Canada"}  # fmt: skip

        def contact(flags: tuple[bool, bool, bool], home: str, email: str, **moved: str) -> dict[str, Any]:
            phones = [{"number": home, "useType": "Home"}, {"number": "613-555-0177", "useType": "Mobile"}]
            return {
                **dict(zip(FLAGS, flags, strict=True)),
                "Phones": {"ContactPhone": phones},
                "Emails": {"ContactEmail": [{"address": email, "useType": "Primary"}]},
                "Addresses": {"ContactAddress": [{**place, **moved}]},
            }

        def put(action: Any, after: dict[str, str | None], body: Any, one: str = "2") -> tuple[Change, list[Any]]:
            return Change(action, one, {}, after, key="c-1"), [("PUT", f"/Customer/{one}.json", body)]

        new = {"first_name": "Max", "last_name": "Muster", "email": "max@example.com", "phone": "+16135550119",
               "birth_date": "1991-07-05", "street": "2 Sample St", "city": "Ottawa", "region": "ON", "country": "CA",
               "postal_code": "K1A 0B2", "tags": "Shopify;demo", "group": "VIP", "street_2": None}  # fmt: skip
        made = {
            "firstName": "Max", "lastName": "Muster", "dob": "1991-07-05T00:00:00-04:00", "customerTypeID": "3",
            "Tags": {"tag": ["Shopify", "demo"]},
            "Contact": {
                **dict.fromkeys(FLAGS, True),
                "Phones": {"ContactPhone": [{"number": "+16135550119", "useType": "Home"}]},
                "Emails": {"ContactEmail": [{"address": "max@example.com", "useType": "Primary"}]},
                "Addresses": {"ContactAddress": [{
                    "address1": "2 Sample St", "city": "Ottawa", "stateCode": "ON", "state": "ON", "zip": "K1A 0B2",
                    "countryCode": "CA", "country": "CA"}]},
            },
        }  # fmt: skip
        kept = (False, True, True)
        return [
            put("update", {"first_name": "Grace", "last_name": None}, {"firstName": "Grace", "lastName": ""}),
            put("update", {"phone": "+16135550140", "street": "9 New Rd", "region": "Quebec"},
                {"Contact": contact(kept, "+16135550140", "ada2@example.com", address1="9 New Rd", stateCode="",
                                    state="Quebec")}),
            put("update", {"phone": None, "email": "grace@example.com"},
                {"Contact": contact(kept, "", "grace@example.com")}),
            put("update", {"birth_date": "1991-01-05", "group": "General"},
                {"dob": "1991-01-05T00:00:00-05:00", "customerTypeID": "1"}),
            put("set_group", {"group": "General"}, {"customerTypeID": "1"}),
            put("update", {"birth_date": None, "group": None}, {"dob": "", "customerTypeID": "0"}, "1"),
            put("add_note", {"note": "likes tea"}, {"Note": {"note": "likes tea", "isPublic": False}}),
            put("add_tag", {"tags": "Shopify;demo;vip"}, {"Tags": {"tag": ["Shopify", "demo", "vip"]}}),
            put("opt_out", {"email_consent": "out"},
                {"Contact": contact((True, True, True), "613-555-0102", "ada2@example.com")}),
            put("restore", {"status": "active"}, {"archived": False}, "3"),
            (Change("archive", "2", {}, {"status": "archived"}, key="c-1"), [("DELETE", "/Customer/2.json", None)]),
            (Change("erase", "2", {}, {"status": "erased"}, key="c-1"),
             [("DELETE", "/Customer/2/Anonymize.json", None)]),
            (Change("create", None, {}, new, key="c-5"), [("POST", "/Customer.json", made)]),
        ]  # fmt: skip

    # what the account answers ----------------------------------------------------------------------------------------

    def _hear(self, method: str, target: str) -> None:
        path, query = self._where(target)
        self.log.append((method, path, query))
        self.before_answer(method, path)

    def _where(self, target: str) -> tuple[str, Query]:
        return urlsplit(target).path, parse_qs(urlsplit(target).query, keep_blank_values=True)

    def _reply(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        path, query = self._where(target)
        if path == "/auth/oauth/token":
            return self._renewed(parse_qs(body.decode()))
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.good:
            hint = "Access token could not be verified"
            return as_json(401, {"error": "access_denied", "error_description": "no", "hint": hint})
        self.good = {token}
        assert headers["Accept"] == "application/json"
        status, more, payload = self._served(method, path.removeprefix("/API/V3"), query, body)
        return status, {**more, **self.headers}, payload

    def _renewed(self, form: Query) -> Answer:
        assert set(form) == {"client_id", "client_secret", "refresh_token", "grant_type"}
        self.refreshes.append(form["refresh_token"][0])
        if form["client_secret"] != [SECRET]:
            return as_json(401, {"error": "invalid_client"})
        if form["refresh_token"] != [REFRESH.replace("-0-", f"-{self.generation}-")]:
            return as_json(400, {"error": "invalid_grant"})
        self.generation += 1
        self.good.add(jwt(self.generation))
        return as_json(200, {"token_type": "Bearer", "expires_in": 1800, "access_token": jwt(self.generation),
                           "refresh_token": REFRESH.replace("-0-", f"-{self.generation}-")})  # fmt: skip

    def _served(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        if path == "/Account.json":
            return as_json(200, {"@attributes": {"count": "1"}, "Account": {"accountID": "7", "name": "Sample"}})
        assert path.startswith("/Account/7/")
        path = path.removeprefix("/Account/7")
        if f"{method} {path}" in self.refuse:
            return self.refuse[f"{method} {path}"]
        if method != "GET":
            return self._write(method, path, json.loads(body) if body else None)
        lists = {
            "/Shop.json": ("Shop", self.shops),
            "/CustomerType.json": ("CustomerType", [{"customerTypeID": k, "name": v} for k, v in self.types.items()]),
        }
        if path in lists:
            return as_json(200, {"@attributes": {"next": "", "previous": ""}, **_listed(*lists[path])})
        return self._list(query) if path == "/Customer.json" else self._one(self._number(path), query)

    def _one(self, number: int, query: Query) -> Answer:
        if number not in self.rows:
            return as_json(404, {"httpCode": "404"})
        return as_json(200, {"@attributes": {"count": "1"}, "Customer": self._shown(self.rows[number], query)})

    def _list(self, query: Query) -> Answer:
        rows = [row for _, row in sorted(self.rows.items()) if query.get("archived") == ["true"] or not row["archived"]]
        if "count" in query:
            assert not {"limit", "after", "sort"} & query.keys()
            return as_json(200, {"@attributes": {"count": str(len(rows))}})
        for name, (wanted,) in ((k, v) for k, v in query.items() if k.startswith("Contact.")):
            assert "Contact" in json.loads(query["load_relations"][0])
            alike = re.compile(re.escape(wanted.removeprefix("~,")).replace("%", ".*"), re.IGNORECASE)
            assert wanted.startswith("~,")
            rows = [row for row in rows if alike.fullmatch(self._value(row, name.removeprefix("Contact.")) or "")]
        after, limit = int(query.get("after", ["0"])[0]), int(query.get("limit", ["100"])[0])
        assert limit <= 100
        left = [row for row in rows if row["customerID"] > after]
        page, more = left[:limit], len(left) > limit
        kept = (
            {k: v[0] for k, v in query.items() if k != "after"} | {"after": str(page[-1]["customerID"])} if more else {}
        )
        relations = query if "after" not in query or self.relations_kept else {}
        target = self.next_of(f"{self.url}/API/V3/Account/7/Customer.json?{urlencode(kept)}") if more else ""
        listed = _listed("Customer", [self._shown(row, relations) for row in page])
        return as_json(200, {"@attributes": {"next": target, "previous": ""}, **listed})

    def _value(self, row: Mapping[str, Any], name: str) -> str | None:
        use = {"email": "Primary", "phoneHome": "Home", "phoneWork": "Work", "mobile": "Mobile"}[name]
        return row["Emails" if name == "email" else "Phones"].get(use)

    def _shown(self, row: Mapping[str, Any], query: Query) -> dict[str, Any]:
        """All values as text; one element as an object, none as an empty text."""
        wanted = json.loads(query["load_relations"][0]) if "load_relations" in query else []
        plain = ("customerID", "firstName", "lastName", "title", "company", "vatNumber", "creditAccountID", "dob")
        shown = {name: str(row[name]) for name in (*plain, "customerTypeID") if row[name] is not None}
        shown |= {
            "archived": _word(row["archived"]),
            "createTime": "2025-03-03T15:39:34+00:00",
            "timeStamp": row["stamp"],
        }
        contact = {
            **{name: _word(row[name]) for name in FLAGS}, "custom": "", "Websites": "",
            **{key: _listed(element, [{what: v, "useType": u} for u, v in row[key].items() if v]) or ""
               for key, (element, what) in SLOTS.items()},
            "Addresses": _listed("ContactAddress", row["Addresses"]) or "", "timeStamp": row["stamp"],
        }  # fmt: skip
        tags = (
            _listed("Tag", [{"name": t} for t in row["tags"]]) if self.tags_as_objects else _listed("tag", row["tags"])
        )
        kind = self.types.get(row["customerTypeID"])
        relations = {
            "Contact": contact, "Tags": tags or "", "CreditAccount": {"creditAccountID": "5", "balance": row.get("balance")},
            "Note": {"note": row["note"], "isPublic": _word(row["public"]), "timeStamp": row["stamp"]},
            "CustomerType": {"customerTypeID": row["customerTypeID"], "name": kind} if kind else "",
        }  # fmt: skip
        return shown | {name: relations[name] for name in wanted}

    def _write(self, method: str, path: str, sent: Any) -> Answer:
        number = self._number(path) if method != "POST" else max(self.rows, default=0) + 1
        if method != "POST" and number not in self.rows:
            return as_json(404, {"httpCode": "404"})
        self._sent.append((method, path, sent))
        if method == "POST":
            blank = {
                "firstName": "",
                "lastName": "",
                "Phones": {},
                "Emails": {},
                "Addresses": [],
                "dob": None,
                "tags": [],
            }
            self.add(number, **blank, **dict.fromkeys(FLAGS, True), archived=False, customerTypeID="0")
        if path.endswith("/Anonymize.json"):
            self.rows[number].update(
                firstName="Customer",
                lastName=f"[{number}]",
                dob=None,
                Phones={},
                Emails={},
                Addresses=[],
                archived=True,
            )
            sent = {}
        before = self._shown(self.rows[number], {})
        self._put(self.rows[number], sent if sent is not None else {"archived": True})
        shown = before if self.stale_answers else self._shown(self.rows[number], {})
        return as_json(200, {"@attributes": {"count": "1"}, "Customer": shown})

    def _put(self, row: dict[str, Any], sent: Mapping[str, Any]) -> None:
        contact = sent.get("Contact", {})
        row.update({name: contact[name] for name in FLAGS if name in contact})
        for key, (element, what) in SLOTS.items():
            if key in contact:
                slots = {slot["useType"]: slot[what] for slot in contact[key][element]}
                row[key] = {**(row[key] if self.contacts_merge else {}), **slots}
        if "Addresses" in contact:
            row["Addresses"] = contact["Addresses"]["ContactAddress"]
        if "Note" in sent:
            row["note"], row["public"] = sent["Note"]["note"], sent["Note"]["isPublic"]
        if "Tags" in sent:
            row["tags"] = sent["Tags"]["tag"]
        plain = {name: sent[name] for name in ("firstName", "lastName", "customerTypeID", "archived") if name in sent}
        row.update(plain | ({"dob": sent["dob"] or None} if "dob" in sent else {}))

    def _number(self, path: str) -> int:
        found = re.fullmatch(r"/Customer/(\d+)(?:/Anonymize)?\.json", path)
        return int(found[1]) if found else 0


def _listed(name: str, elements: list[Any]) -> dict[str, Any]:
    """The vendor's way with lists: none is absent, one stands alone."""
    return {name: elements[0] if len(elements) == 1 else elements} if elements else {}


def _word(value: bool) -> str:
    return "true" if value else "false"


def build(folder: Path) -> Rig:
    """The rig of the contract suite."""
    return Rig(folder)
