"""A scripted Treez store, v3 and v2, for the contract suite and for this vendor's own tests."""

import base64
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connectors._treez_words import Words
from connectors.base import Change
from connectors.clock import Clock
from connectors.treez import Treez
from tests.vendors.scripted import Answer, ScriptedAccount, as_json

API_KEY, CLIENT_ID = "treez-api-key-771", "treez-client-771"
KEY_VARIABLE, API_KEY_VARIABLE = "RIG_TREEZ_KEY", "RIG_TREEZ_API_KEY"
SENTINEL = "never-on-a-disk"
SUCCESS = {"resultCode": "SUCCESS", "resultReason": None, "resultDetail": None}
REQUIRED = {"first_name", "last_name", "birthday", "patient_type"}


class Rig(ScriptedAccount):
    """One store. `first_page`, `zero`, `single` switch what is not known about the vendor's list."""

    page_size = 50

    def __init__(self, folder: Path) -> None:
        self._key = rsa.generate_private_key(65537, 1024)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        pem = self._key.private_bytes(*form).decode()
        os.environ |= {KEY_VARIABLE: pem, API_KEY_VARIABLE: API_KEY}
        self.secrets = (pem, *pem.splitlines()[1:3], API_KEY)
        super().__init__()
        self._clock: Clock | None = None
        self.first_page, self.zero, self.single = 1, "empty", False
        self.refuse: dict[str, tuple[int, Any]] = {}
        self.before_page: Callable[[int], None] = lambda number: None
        self.permissions = ["api_customer::read", "api_customer::write"]
        self.tokens_given, self.valid_tokens = 0, set[str]()
        self.date, self.expires_at = "", "2026-11-22T22:15:00.000-0800"
        self.serve(0)

    def serve(self, count: int) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.forget()
        for n in range(1, count + 1):
            self.add(9000 + n)

    def add(self, n: int, **fields: Any) -> None:
        self.rows[n] = {
            "status": "ACTIVE", "verification_status": "VERIFIED", "verification_reasons": [],
            "customer_id": str(n), "first_name": "DANA", "middle_name": None, "nickname": "", "last_name": "EXAMPLE",
            "birthday": "1990-02-03", "drivers_license": SENTINEL, "drivers_license_expiration": "2031-02-03",
            "state_medical_id": SENTINEL, "permit_expiration": "2030-01-01 00:00:00.000",
            "email": f"dana{n}@example.com", "phone": f"613{5550000 + n % 10000}", "notes": "N/A", "gender": "U",
            "patient_type": "ADULT", "opt_out": None, "referral_source": "Other", "banned": False, "warning_1": False,
            "warning_2": False, "rewards_balance": 0, "rewards_type": "POINTS",
            "physician_last_name": SENTINEL, "is_caregiver": False, "caregiver_license_number": SENTINEL,
            "imageList": [{"type": "id", "url": SENTINEL}],
            "signup_date": "2024-01-15T10:00:00.000-08:00", "last_visit_date": "2026-05-30 18:20:00.000",
            "last_update": f"2026-06-01T09:{n // 60 % 60:02d}:{n % 60:02d}.000-07:00",
            "addresses": [
                {"type": "alternative_address", "street1": "2 Other St", "city": "Elsewhere", "state": "CA",
                 "zipcode": "0", "primary": False},
                {"type": "address_of_record", "street1": "1 Example St", "street2": "", "city": "Sampletown",
                 "state": "CA", "zipcode": "90001", "primary": True},
            ],
            "merged_customer_ids": [], "merged_into_customer_id": None, "customer_groups": ["VIP", "Staff"],
            "external_ids": {"aiq_contact_id": None}, **fields,
        }  # fmt: skip

    def move(self, n: int, minute: int = 0) -> None:
        """A clerk edits a profile: it goes to the end of the list."""
        self.rows[n]["last_update"] = f"2026-11-23T04:{minute:02d}:00.000-08:00"

    def ids(self) -> list[str]:
        return [str(n) for n in self.rows]

    def odd_records(self) -> list[Mapping[str, Any]]:
        words = Words(self._settings(writes=False))
        blank = dict.fromkeys(("first_name", "last_name", "birthday", "email", "phone", "notes"), "N/A")
        rows: list[dict[str, Any]] = [
            {"customer_id": 801},
            {"customer_id": "802", **blank, "merged_into_customer_id": "N/A", "status": "DEACTIVATED"},
            {"customer_id": "803", "status": "DEACTIVATED", "merged_into_customer_id": 9001, "opt_out": False},
            {"customer_id": "804", "status": "MERGED", "merged_customer_ids": [803], "opt_out": "true"},
            {
                "customer_id": "805",
                "first_name": " 😀 ",
                "last_name": "\u00a0",
                "birthday": "1990-02-30",
                "opt_out": True,
            },
            {"customer_id": "806", "phone": 6135550117, "notes": " two\nlines ", "customer_groups": ["b", 7, "Z", "b"]},
            {"customer_id": "807", "addresses": [{"street1": "N/A", "city": " X ", "zipcode": 0}], "birthday": ""},
            {"customer_id": "808", "addresses": None, "customer_groups": [{"name": "ä"}, None, ""], "email": "n/a"},
            {"customer_id": "809", "last_visit_date": "2000-01-01 00:00:00.000", "signup_date": "once"},
        ]
        return [words.landed(row) for row in rows]

    def _settings(self, *, writes: bool, **more: Any) -> Any:
        return Treez.Settings.model_validate(
            {"kind": "treez", "role": "pos", "base_url": self.url, "dispensary": "sample", "writes": writes,
             "certificate_id": "cert-1", "organization_id": "org-1", "private_key": {"env": KEY_VARIABLE},
             "client_id": CLIENT_ID, "api_key": {"env": API_KEY_VARIABLE}, "opt_out_means": "out",
             "admin_page": "https://sample.treez.io/customers/{id}", **more}
        )  # fmt: skip

    def connector(self, clock: Clock, *, writes: bool, **settings: Any) -> Treez:
        self._clock = clock
        return Treez("downtown", self._settings(writes=writes, **settings), clock)

    def writes(self) -> list[tuple[Change, list[Any]]]:
        always = {"first_name": "DANA", "last_name": "EXAMPLE", "birthday": "1990-02-03", "patient_type": "ADULT"}
        new = {"first_name": "Max", "last_name": "Muster", "birth_date": "1991-04-05", "phone": "6135550119",
               "email": "max@example.com", "note": "Linked with ECOM. Do not delete!"}  # fmt: skip
        posted = {"patient_type": "ADULT", "first_name": "Max", "last_name": "Muster", "birthday": "1991-04-05",
                  "phone": "6135550119", "email": "max@example.com", "notes": new["note"]}  # fmt: skip
        place = {"street1": "9 New Rd", "street2": "Unit 3", "city": "Sampletown", "state": "CA", "zipcode": "90001"}
        other = {"street1": "2 Other St", "street2": "", "city": "Elsewhere", "state": "CA", "zipcode": "0"}
        moved = [{**place, "type": "ADDRESS_OF_RECORD", "primary": True},
                 {**other, "type": "ALTERNATIVE_ADDRESS", "primary": False}]  # fmt: skip

        def patched(
            action: Any, after: dict[str, str | None], body: dict[str, Any], before: dict[str, str | None] | None = None
        ) -> tuple[Change, list[Any]]:
            change = Change(action, "9002", before or {}, after, key="c-1")
            return change, [("PATCH", "/customer/update/9002", {**always, **body})]

        return [
            patched("update", {"first_name": "Grace", "phone": "6135550140"},
                    {"first_name": "Grace", "phone": "6135550140"}),
            patched("update", {"email": None}, {"email": ""}),
            patched("update", {"street": "9 New Rd", "street_2": "Unit 3"}, {"addresses": moved}),
            patched("add_note", {"note": "Linked with ECOM. Do not delete!"},
                    {"notes": "Linked with ECOM. Do not delete!"}, {"note": None}),
            patched("opt_out", {"email_consent": "out"}, {"opt_out": True}),
            (Change("create", None, {}, new, key="c-5"), [("POST", "/customer/detailcustomer", posted)]),
        ]  # fmt: skip

    # what the store answers ------------------------------------------------------------------------------------------

    def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        status, said, payload = super()._answer(method, target, headers, body)
        return status, {**said, **({"Date": self.date} if self.date else {})}, payload

    def _reply(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        path = urlsplit(target).path
        if path == "/v2.0/dispensary/sample/config/api/gettokens":
            return self._exchanged(body)
        refusal = self._stranger(path, target, headers)
        if refusal is not None:
            return refusal
        if path == "/service/jwt-validation":
            assert "targetPath=" in target
            granted = {"organization": [{"orgId": "org-1", "permissions": self.permissions}]}
            return as_json(200, {"valid": True, "permissions": granted})
        path = re.sub("^/(dispensary/v3|v2.0/dispensary)/sample", "", path)
        if f"{method} {path}" in self.refuse:
            return as_json(*self.refuse[f"{method} {path}"])
        return self._read(path) if method == "GET" else self._write(method, path, json.loads(body))

    def _stranger(self, path: str, target: str, headers: Mapping[str, str]) -> Answer | None:
        given = headers.get("Authorization", "")
        if path.startswith("/v2.0/"):
            known = given.removeprefix("Bearer ") in self.valid_tokens and headers.get("client_id") == CLIENT_ID
            return None if known else _fail(401, "Full authentication is required to access this resource")
        first, _, second = given.partition(".")
        claims = json.loads(_decoded(first))
        if claims["exp"] - claims["iat"] != 30_000:
            return as_json(400, {"message": "ttl"})
        assert self._clock is not None
        try:
            self._key.public_key().verify(_decoded(second), first.encode(), padding.PKCS1v15(), hashes.SHA256())
            good = (claims["aud"], claims["iss"], claims["oid"]) == (f"{self.url}{target}", "cert-1", "org-1")
            good = good and 0 <= self._clock.time() * 1000 - claims["iat"] < 30_000
        except InvalidSignature:
            good = False
        return None if good else _fail(401, "Full authentication is required to access this resource")

    def _exchanged(self, body: bytes) -> Answer:
        form = parse_qs(body.decode())
        if form != {"client_id": [CLIENT_ID], "apikey": [API_KEY]}:
            return _fail(401, "Full authentication is required to access this resource")
        self.tokens_given += 1
        token = f"exchanged-{self.tokens_given}"
        self.valid_tokens.add(token)
        return as_json(200, {**SUCCESS, "access_token": token, "expires_at": self.expires_at})

    def _read(self, path: str) -> Answer:
        page = re.fullmatch(r"/customer/lastUpdated/after/([^/]+)/page/(\d+)/pagesize/50", path)
        if page:
            assert unquote(page[1]) == "1990-01-01T00:00:00.000+00:00"
            return self._page(int(page[2]))
        found = re.fullmatch(r"/customer/(?:(email|phone)/)?([^/]+)", path)
        assert found is not None
        if not found[1]:
            row = self.rows.get(int(found[2]))
            return as_json(200, {**SUCCESS, "data": row}) if row else _fail(404, "CUSTOMER_DOESNT_EXIST")
        rows = [row for row in self.rows.values() if row[found[1]] == unquote(found[2])]
        return as_json(200, {**SUCCESS, "data": rows}) if rows else _fail(404, "NOT_FOUND")

    def _page(self, number: int) -> Answer:
        self.before_page(number)
        if number < self.first_page:
            if self.zero == "refused":
                return _fail(200, "INVALID_PAGE")
            if self.zero == "empty":
                return as_json(200, {**SUCCESS, "data": []})
            number = self.first_page
        listed = [row for row in self.rows.values() if row["status"] != "DEACTIVATED"]
        listed.sort(key=lambda row: (row["last_update"], str(row["customer_id"])))
        start = (number - self.first_page) * 50
        rows = listed[start : start + 50]
        if self.single and len(rows) <= 1:
            return as_json(200, {**SUCCESS, "data": rows[0] if rows else None})
        return as_json(200, {**SUCCESS, "data": rows})

    def _write(self, method: str, path: str, sent: dict[str, Any]) -> Answer:
        assert set(sent) >= REQUIRED
        if any(row["phone"] == sent.get("phone") for row in self.rows.values() if sent.get("phone")):
            return _fail(400, "DUPLICATED_CUSTOMER_PHONE", f"phone {sent['phone']} already used by another profile")
        self._sent.append((method, path, sent))
        if path == "/customer/detailcustomer":
            number = max(self.rows, default=9000) + 1
            self.add(number, addresses=[], **sent)
        else:
            number = int(path.rpartition("/")[2])
            self.rows[number].update({key: value for key, value in sent.items() if value is not None})
        return as_json(200, {**SUCCESS, "data": self.rows[number]})


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _fail(status: int, reason: str, detail: str | None = None) -> Answer:
    return as_json(status, {"resultCode": "FAIL", "resultReason": reason, "resultDetail": detail})


def build(folder: Path) -> Rig:
    """The rig of the contract suite."""
    return Rig(folder)
