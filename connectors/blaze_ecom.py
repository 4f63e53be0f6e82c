"""BLAZE ECOM (Tymber): the customers of a retail group, as Mission Control shows them.

The vendor's customer API is not public. `driver: files` (the default) reads a list exported from Mission Control;
`driver: api` follows a contract that is assumed from end to end: every path, word and limit of it stands in this file,
in `_blaze_ecom_words` and, of its list, in `_offset_list`.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal, TypeGuard
from urllib.parse import quote, urlsplit

from connectors import _blaze_ecom_words as words
from connectors._guard import after_a_write, checked, clock_told, refuse_unoffered
from connectors._offset_list import OffsetList
from connectors.base import (
    WHOLE_LIST,
    Action,
    Capabilities,
    Change,
    CheckLine,
    Connector,
    Evidence,
    Page,
    Record,
    VendorError,
)
from connectors.http import Http, Reply
from connectors.pace import Limit

CUSTOMERS, STORES = "/api/v1/customers/", "/api/v1/stores/"
"""Assumed paths; collections end with a slash."""
LIMIT = Limit(5.0)
"""Assumed: calls per second."""
REFUSED = {
    "invalid": "the value is not accepted",
    "not_found": "there is no such customer",
    "duplicate": "the value is on another ECOM account: a person decides which one keeps it (C3)",
    "pos_duplicate": "the value is on another POS profile: free it there first, then this goes through (C4)",
    "pos_link_broken": "a linked POS profile is deleted or deactivated: a person renews it in the POS first (T3)",
    "pos_unavailable": "the push to the POS did not end: read back ECOM and every linked POS profile (C2)",
}


class BlazeEcom(Connector):
    """One group: a customer is the same in each of its stores, and holds the links to the POS profiles."""

    kind = "blaze_ecom"
    FIELDS = words.FIELDS
    DROPPED = words.DROPPED
    REQUIRED_PROOFS = WHOLE_LIST
    MERGE_STEPS: ClassVar[Sequence[str]] = (
        "No merge of ECOM accounts is documented: ask the customer which one they use, and BLAZE what becomes of the other.",
        "Contact data of an account is changed in Mission Control (C1).",
    )
    Settings = words.BlazeEcomSettings
    settings: words.BlazeEcomSettings

    @cached_property
    def http(self) -> Http:
        share, secrets = self.settings.rate_share, (self._token(),)
        return Http(self.name, str(self.settings.base_url), self.clock, limit=LIMIT, share=share, secrets=secrets)

    @property
    def capabilities(self) -> Capabilities:
        """No create, because customers sign up themselves; no relink, because the links are the vendor's own."""
        actions: set[Action] = {"update", "add_note", "opt_out"}
        return Capabilities(
            actions=frozenset(actions if self.settings.writes else ()),
            fields=frozenset(name for name in words.ATTRIBUTES if not name.endswith("_consent")),
            consent=frozenset({"email", "sms"}),
            unique=frozenset(words.CONTACTS),
        )

    # reading ---------------------------------------------------------------------------------------------------------

    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        """Every customer once, up to the vendor's own total; read again where customers moved in the meantime."""
        evidence.contract = {"account": urlsplit(str(self.settings.base_url)).hostname or "",
                             "store": str(self.settings.store_id)}  # fmt: skip
        return OffsetList(self.name, self._list, words.landed, _last_change).pages(evidence)

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        """One call per customer; 404 is a customer whom the group does not have."""
        return {one: self._one(one) for one in ids}

    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        """By phone or email. The vendor keeps no reference of ours, so by key nobody is found."""
        if field_name == "key":
            return []
        return [words.landed(row) for row in self._list({field_name: value})[0]]

    def view(self, record: Record) -> dict[str, str | None]:
        return words.view(record, self.settings.link_keys)

    def _list(self, params: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int]:
        reply = self._get(CUSTOMERS, params)
        answer = reply.json()
        rows, meta = (answer.get("data"), answer.get("meta")) if isinstance(answer, dict) else (None, None)
        total = meta.get("total_count") if isinstance(meta, dict) else None
        if not isinstance(rows, list) or not isinstance(total, int) or not all(map(_is_customer, rows)):
            raise VendorError(f"{reply.where} answered something else than a list: try again later", permanent=False)
        return rows, total

    def _one(self, profile_id: str) -> Record | None:
        reply = self._get(_customer(profile_id), {}, ok=(200, 404))
        if reply.status == 404:
            return None
        answer = reply.json()
        row = answer.get("data") if isinstance(answer, dict) else None
        if not _is_customer(row) or str(row.get("id")) != profile_id:
            raise VendorError(f"{reply.where} answered something else than this customer", permanent=False)
        return words.landed(row)

    def _get(self, path: str, params: Mapping[str, Any], ok: Sequence[int] = (200,)) -> Reply:
        return self.http.request("GET", path, params=params, headers=self._headers(), ok=ok)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token()}", "X-store": str(self.settings.store_id)}

    def _token(self) -> str:
        assert self.settings.token is not None
        return self.settings.token.reveal().get_secret_value()

    # checking --------------------------------------------------------------------------------------------------------

    def check(self) -> list[CheckLine]:
        lines = [checked("customers", self._check_customers), checked("stores", self._check_stores)]
        lines.append(checked("clock", self._check_clock))
        contract = "assumed, because the vendor publishes none: compare a few customers with Mission Control"
        return [*lines, CheckLine("contract", ok=True, detail=contract)]

    def _check_customers(self) -> str:
        return f"{self._list({'offset': 0, 'limit': 1})[1]} can be read"

    def _check_stores(self) -> str:
        reply = self._get(STORES, {}, ok=(200, 403, 404))
        answer = reply.json() if reply.status == 200 else {}
        rows = answer.get("data") if isinstance(answer, dict) else None
        stores = sorted(str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row) if rows else []
        strange = sorted(self.settings.link_keys.keys() - set(stores))
        if stores and strange:
            what = f"no store {', '.join(strange)}: stores are {', '.join(stores)}; correct link_keys of this source"
            raise VendorError(what, permanent=True)
        return ", ".join(stores) or "the vendor does not say"

    def _check_clock(self) -> str:
        return clock_told(self._get(CUSTOMERS, {"offset": 0, "limit": 1}).headers.get("Date"), self.clock)

    # writing ---------------------------------------------------------------------------------------------------------

    def write(self, change: Change) -> str:
        """Each contact value in a PATCH of its own, first, because it may be refused; then all the rest in one."""
        self._allow(change)
        assert change.profile_id is not None
        alone = [{name: change.after[name]} for name in words.CONTACTS if name in change.after]
        rest = {name: value for name, value in change.after.items() if name not in words.CONTACTS}
        for number, part in enumerate([*alone, *([rest] if rest else [])]):
            with after_a_write(f"part of the change of {change.profile_id} is written", began=number > 0):
                self._patch(change.profile_id, part)
        return change.profile_id

    def _allow(self, change: Change) -> None:
        refuse_unoffered(self.name, self.capabilities, change)
        blank = sorted(name for name, value in change.after.items() if not value and name not in words.NULLABLE)
        if blank:
            raise VendorError(f"{self.name}: {', '.join(blank)} cannot be cleared on an account", permanent=True)
        if not (change.after.get("phone") or "+").startswith("+"):
            raise VendorError(f"{self.name}: a phone is written in its international form (+1…)", permanent=True)

    def _patch(self, profile_id: str, after: Mapping[str, str | None]) -> None:
        attributes = words.written(after)
        body = {"data": {"type": "customers", "id": profile_id, "attributes": attributes}}
        ok = (200, 204, 400, 404, 409, 502)
        reply = self.http.request("PATCH", _customer(profile_id), json=body, headers=self._headers(), ok=ok)
        if reply.status >= 300:
            pushing = reply.status == 502
            effect: Literal["none", "unknown"] = "unknown" if pushing else "none"
            told = REFUSED.get(_code(reply), "without a reason that is known")
            what = f"{reply.where} is refused for {', '.join(attributes)}: {told}"
            raise VendorError(what, permanent=not pushing, status=reply.status, effect=effect)


def _is_customer(row: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(row, dict) and isinstance(row.get("attributes"), dict)


def _last_change(row: Mapping[str, Any]) -> str:
    return str(row["attributes"].get("updated_at"))


def _code(reply: Reply) -> str:
    try:
        return str(reply.json()["errors"][0]["code"])
    except (VendorError, KeyError, IndexError, TypeError):
        return ""


def _customer(profile_id: str) -> str:
    return f"{CUSTOMERS}{quote(profile_id, safe='')}/"
