"""BLAZE Greenline ("BLAZE Retail Canada"): the customers of one company.

The vendor's customer API is not public. `driver: files` (the default) reads the list that the dashboard exports;
`driver: api` follows a contract that is assumed from end to end: every path, word and limit of it stands in this file,
in `_greenline_words` and, of its list, in `_offset_list`. Merging is left to people.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal
from urllib.parse import quote, urlsplit

from connectors import _greenline_words as words
from connectors._guard import checked, clock_told, refuse_unoffered
from connectors._offset_list import PAGE_SIZE, OffsetList
from connectors._shaping import text
from connectors.base import (
    BALANCES,
    WHOLE_LIST,
    Action,
    Capabilities,
    Change,
    CheckLine,
    Connector,
    Evidence,
    Page,
    Record,
    Secret,
    VendorError,
)
from connectors.http import Http, Reply
from connectors.pace import Limit

COMPANY = "/external/company/{company}"
LIMIT = Limit(4.0)
"""Assumed: calls per second."""
REFUSED = {
    "VALIDATION": "the value is not accepted",
    "NOT_FOUND": "there is no such customer",
    "DUPLICATE": "the value is on customer {existing}: free it there first, then this goes through (C4)",
}


class Greenline(Connector):
    """One company. Archived comes back; on a profile that ECOM is linked to, contacts are Mission Control's (C1)."""

    kind = "greenline"
    FIELDS = words.FIELDS
    DROPPED = words.DROPPED
    REQUIRED_PROOFS = WHOLE_LIST
    EXPORT_CONTRACT = 2
    MERGE_STEPS: ClassVar[Sequence[str]] = (
        "Greenline has no merge. Carry points and store credit over by hand first, where the province allows points.",
        "Then take the phone and the email off the other profile, or archive it where that is offered.",
        "Leave a profile alone that ECOM is linked to: it is the one that stays.",
    )
    Settings = words.GreenlineSettings
    settings: words.GreenlineSettings

    @cached_property
    def http(self) -> Http:
        keys = (self.settings.token, self.settings.second_token)
        secrets = [_revealed(key) for key in keys if key is not None]
        share = self.settings.rate_share
        return Http(self.name, self.settings.base_url, self.clock, limit=LIMIT, share=share, secrets=secrets)

    @property
    def capabilities(self) -> Capabilities:
        """Never the tax switch, points or store credit (G11). A customer needs some name, whichever part of it."""
        actions: set[Action] = {"update", "create", "add_note", "opt_out", "archive", "restore"}
        return Capabilities(
            actions=frozenset(actions if self.settings.writes else ()),
            fields=frozenset(words.KEYS),
            consent=frozenset({"email", "sms"}),
            unique=frozenset({"email", "phone"}),
            balances=frozenset(BALANCES),
        )

    # reading ---------------------------------------------------------------------------------------------------------

    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        """Every customer once, archived ones too; read again where customers moved in the meantime."""
        host = urlsplit(self.settings.base_url).hostname or ""
        evidence.contract = {"account": f"{host} {self.settings.company_id}", "archived": "true"}
        # where nobody can be deleted (assumed), a total that falls is not believed
        stamp = "updatedAt"
        listed = OffsetList(self.name, self._list, words.landed, lambda row: str(row.get(stamp)), deletes=False)
        return listed.pages(evidence)

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        """One call per customer; 404 is a customer whom the company does not have."""
        return {one: self._one(one) for one in ids}

    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        """By phone or email. The vendor keeps no reference of ours, so by key nobody is found."""
        if field_name == "key" or not value:
            return []
        return [words.landed(row) for row in self._list({field_name: value, "offset": 0, "limit": PAGE_SIZE})[0]]

    def view(self, record: Record) -> dict[str, str | None]:
        return words.view(record)

    def _list(self, params: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int]:
        reply = self._get(f"{self._company}/customers", {**params, "includeArchived": "true"})
        answer = reply.json()
        rows, total = (answer.get("data"), answer.get("total")) if isinstance(answer, dict) else (None, None)
        if not isinstance(rows, list) or not isinstance(total, int) or not all(isinstance(row, dict) for row in rows):
            raise VendorError(f"{reply.where} answered something else than a list: try again later", permanent=False)
        return rows, total

    def _one(self, profile_id: str) -> Record | None:
        reply = self._get(self._customer(profile_id), {}, ok=(200, 404))
        if reply.status == 404:
            return None
        row = _record(reply)
        if row is None or text(row.get("id")) != profile_id:
            raise VendorError(f"{reply.where} answered something else than this customer", permanent=False)
        return words.landed(row)

    def _get(self, path: str, params: Mapping[str, Any], ok: Sequence[int] = (200,)) -> Reply:
        return self.http.request("GET", path, params=params, headers=self._headers(), ok=ok)

    def _headers(self) -> dict[str, str]:
        assert self.settings.token is not None
        headers = {self.settings.token_header: _revealed(self.settings.token)}
        if self.settings.second_token is not None:
            headers[self.settings.second_token_header] = _revealed(self.settings.second_token)
        return headers

    @property
    def _company(self) -> str:
        return COMPANY.format(company=self.settings.company_id)

    def _customer(self, profile_id: str) -> str:
        return f"{self._company}/customers/{quote(profile_id, safe='')}"

    # checking --------------------------------------------------------------------------------------------------------

    def check(self) -> list[CheckLine]:
        lines = [checked("customers", self._check_customers), checked("locations", self._check_locations)]
        lines.append(checked("clock", self._check_clock))
        contract = "assumed, because the vendor publishes none: compare a few customers with the dashboard"
        return [*lines, CheckLine("contract", ok=True, detail=contract)]

    def _check_customers(self) -> str:
        return f"{self._list({'offset': 0, 'limit': 1})[1]} can be read, archived ones with them"

    def _check_locations(self) -> str:
        """Companies and locations are numbered in one series, so the one is easily taken for the other."""
        reply = self._get(f"{self._company}/locations", {}, ok=(200, 403, 404))
        answer = reply.json() if reply.status == 200 else {}
        rows = answer.get("data") if isinstance(answer, dict) else None
        places = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        if any(text(row.get("id")) == self.settings.company_id for row in places):
            raise VendorError(f"{self.settings.company_id} is a location: write the company's id", permanent=True)
        return ", ".join(str(row.get("name")) for row in places) or "the vendor does not say"

    def _check_clock(self) -> str:
        reply = self._get(f"{self._company}/customers", {"offset": 0, "limit": 1, "includeArchived": "true"})
        return clock_told(reply.headers.get("Date"), self.clock)

    # writing ---------------------------------------------------------------------------------------------------------

    def write(self, change: Change) -> str:
        """PATCH of exactly what changes; archiving and restoring are a PATCH as well."""
        refuse_unoffered(self.name, self.capabilities, change)
        if change.action == "create":
            return self._create(change)
        assert change.profile_id is not None
        body = self._body(change)
        self._done(self._ask("PATCH", self._customer(change.profile_id), body), body)
        return change.profile_id

    def _body(self, change: Change) -> dict[str, Any]:
        if "status" in change.after:
            return {words.ARCHIVED: change.after["status"] == "archived"}
        names = change.after.keys() & {"first_name", "last_name"}
        current = change.current or (self._one(str(change.profile_id)) if names else None) or {}
        body = words.written(current, change.after)
        if "name" in body and not body["name"]:
            raise VendorError(f"{self.name}: a customer keeps some name: nothing is written", permanent=True)
        return body

    def _create(self, change: Change) -> str:
        body = words.written({}, {name: value for name, value in change.after.items() if value})
        if not body.get("name"):
            raise VendorError(f"{self.name}: nobody is created without a name", permanent=True)
        reply = self._ask("POST", f"{self._company}/customers", body)
        self._done(reply, body)
        row = _record(reply)
        if row is None or row.get("id") is None:
            what = f"{reply.where} names no id for the customer that it made: look for it by phone and email"
            raise VendorError(what, permanent=True, effect="unknown")
        return str(row["id"])

    def _ask(self, method: str, path: str, body: Mapping[str, Any]) -> Reply:
        ok = (200, 201, 204, 400, 404, 409)
        return self.http.request(method, path, json=body, headers=self._headers(), ok=ok)

    def _done(self, reply: Reply, body: Mapping[str, Any]) -> None:
        """Raises VendorError when the write was refused; it names fields and ids, never values."""
        if reply.status < 300:
            return
        told = _told(reply)
        named = str(told.get("field"))
        field = named if named in body else ", ".join(body)
        existing = text(told.get("existingId"))
        why = REFUSED.get(str(told.get("error")), "without a reason that is known")
        why = why.format(existing=existing if str(existing).isdecimal() else "(not said)")
        raise VendorError(f"{reply.where} is refused for {field}: {why}", permanent=True, status=reply.status)


def _told(reply: Reply) -> dict[str, Any]:
    try:
        answer = reply.json()
    except VendorError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _record(reply: Reply) -> dict[str, Any] | None:
    """One customer, bare or under `data`: the assumed contract does not say which."""
    answer = _told(reply)
    row = answer.get("data", answer)
    return row if isinstance(row, dict) else None


def _revealed(secret: Secret) -> str:
    return secret.reveal().get_secret_value()
