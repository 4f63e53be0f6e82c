"""Ecwid's endpoints: pages by offset, deleted ids, groups, orders, and what a refusal says."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors import _ecwid_words as words
from connectors._guard import listed
from connectors._phones import is_number
from connectors.base import VendorError
from connectors.http import Http, Reply

CUSTOMERS, DELETED, GROUPS, ORDERS = "/customers", "/customers/deleted", "/customer_groups", "/orders"
LIMIT = 100
"""The vendor's maximum; always sent, because its default has changed."""
ORDER = "REGISTERED_DATE_ASC"
"""Whoever is new comes last, so that nobody is pushed over a page's edge by them; there is no order by id."""
BOUGHT = "PAID,PARTIALLY_REFUNDED,REFUNDED"
"""Assumed: the payments that prove a purchase."""
NOT_OFFERED = (400, 404, 405, 422)
"""Assumed: how a store says that it keeps no list of deleted customers; only older pages document it."""
REFUSALS = (400, 404, 409, 415, 422)
REFUSED = {
    400: "a value is not accepted",
    404: "there is no such customer (deleted for good?)",
    409: "the email is on another customer of the shop: free it there first, or a person decides (C3, C4)",
}
CODES = frozenset(
    {
        "CONSTRAINT_VIOLATION", "EXTERNAL_ID_ALREADY_USED", "INSUFFICIENT_APP_SCOPE", "INTERNAL_ERROR", "INVALID_API_TOKEN",
        "LANGUAGES_NOT_ALLOWED", "METHOD_NOT_ALLOWED", "NOT_AVAILABLE_ON_CURRENT_PLAN", "RATE_LIMITED",
        "STORE_IS_SUSPENDED", "STORE_NOT_FOUND", "WRONG_PARAMETER", "WRONG_URL",
    }
)  # fmt: skip
"""Of the vendor's codes, those that are repeated; what is not known may hold anything."""
PLAN = "the store's plan does not offer this, or the store is suspended: its owner must settle it with the vendor"
SCOPE = "the token lacks a scope: its owner must grant it"
TOKEN = "the token is not accepted; nothing more is asked, because going on would block this address: replace it"  # noqa: S105


@dataclass(slots=True)
class Client:
    """One store's endpoints. After one refused token nothing is sent any more (sheet: Rate limits)."""

    http: Http
    prefix: str
    token: str = field(repr=False)
    region: str
    _locked_out: str = ""
    _groups: dict[str, str] | None = None

    def send(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None,
        ok: Collection[int] = (200,),
    ) -> Reply:  # fmt: skip
        """As `Http.request`. Raises VendorError; a token that is refused (403 here, not 401) ends it for good."""
        if self._locked_out:
            raise VendorError(self._locked_out, permanent=True, status=403)
        headers = {"Authorization": f"Bearer {self.token}"}
        reply = self.http.request(
            method, f"{self.prefix}{path}", params=params, json=body, headers=headers, ok={*ok, 402, 403}
        )
        if reply.status not in (402, 403):
            return reply
        code = refusal_code(reply)
        lacks = reply.status == 402 or code in ("INSUFFICIENT_APP_SCOPE", "NOT_AVAILABLE_ON_CURRENT_PLAN")
        why = PLAN if reply.status == 402 or code == "NOT_AVAILABLE_ON_CURRENT_PLAN" else SCOPE if lacks else TOKEN
        told = f"{reply.where} answered {reply.status}: {why}{f' ({code})' if code else ''}"
        self._locked_out = "" if lacks else told
        raise VendorError(told, permanent=True, status=reply.status)

    def page(self, path: str, params: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int, Any]:
        """Rows, the total, and the offset that the answer says it has."""
        reply = self.send("GET", path, params=params)
        return _envelope(reply)

    def deleted(self, offset: int, limit: int) -> tuple[list[dict[str, Any]], int] | None:
        """Deleted customers by their ids, of all times; None where the store keeps no such list."""
        reply = self.send("GET", DELETED, params={"offset": offset, "limit": limit}, ok=(200, *NOT_OFFERED))
        return _envelope(reply)[:2] if reply.status == 200 else None

    def one(self, profile_id: str) -> dict[str, Any] | None:
        """By id, which does not lag behind writes as searches do; None for 404."""
        if not re.fullmatch("[0-9]{1,18}", profile_id):
            return None
        reply = self.send("GET", f"{CUSTOMERS}/{profile_id}", ok=(200, 404))
        row = reply.json() if reply.status == 200 else None
        if reply.status == 200 and (not isinstance(row, dict) or str(row.get("id")) != profile_id):
            raise VendorError(f"{reply.where} answered something else than this customer", permanent=False)
        return row

    def found(self, field_name: str, value: str) -> list[dict[str, Any]]:
        """By email or phone, and compared here: searches take parts, and lag some seconds behind writes."""
        if field_name == "email":
            rows = self._searched({"email": value, "useExactEmailMatch": "true"})
            return [row for row in rows if str(row.get("email")).strip().casefold() == value.strip().casefold()]
        # A part of a number is enough for this search, and the last four digits are the same in every spelling.
        return [row for row in self._searched({"phone": value[-4:]}) if self._has_phone(row, value)]

    def groups(self) -> dict[str, str]:
        """Names by id, read anew; the group of nobody in particular among them."""
        self._groups = {number: str(row.get("name")) for number, row in self._all(GROUPS, {}).items()}
        return self._groups

    def group_name(self, row: Mapping[str, Any]) -> Any:
        """The customer's group by its own word, or by the list of groups where it has none; None for the group 0."""
        number, name = row.get("customerGroupId"), row.get("customerGroupName")
        if number in (None, 0) or name:
            return None if number in (None, 0) else name
        known = self.groups() if self._groups is None or str(number) not in self._groups else self._groups
        return known.get(str(number))

    def has_bought(self, row: Mapping[str, Any]) -> bool:
        """Whether an order of this customer was paid; only asked for those who have orders at all."""
        params = {"customerId": row.get("id"), "paymentStatus": BOUGHT, "limit": 1, "responseFields": "total,items(id)"}
        reply = self.send("GET", ORDERS, params=params)
        answer = reply.json()
        if not isinstance(answer, dict) or not isinstance(answer.get("total"), int):
            raise VendorError(f"{reply.where} answered something else than orders: try again later", permanent=False)
        return bool(answer["total"] > 0)

    def _searched(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        return list(self._all(CUSTOMERS, {**query, "sortBy": ORDER}).values())

    def _all(self, path: str, query: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """All pages of a short list, by id. Raises VendorError where a page brings nobody new."""
        found: dict[str, dict[str, Any]] = {}
        offset, total = 0, 1
        while offset < total:
            reply = self.send("GET", path, params={**query, "offset": offset, "limit": LIMIT})
            rows, total, _ = _envelope(reply)
            some = {str(row.get("id")): row for row in rows}
            if rows and some.keys() <= found.keys():
                raise VendorError(f"{reply.where} gives the same page again: try again later", permanent=False)
            found |= some
            offset = offset + len(rows) if rows else total
        return found

    def _has_phone(self, row: Mapping[str, Any], value: str) -> bool:
        kept = words.landed(row, None, None)
        return any(is_number(kept[name], value, self.region) for name in ("phone", "phone_2"))


def refusal_code(reply: Reply) -> str:
    """The vendor's code of a refusal; bodies are optional, and their messages may hold values."""
    try:
        answer = reply.json()
    except VendorError:
        return ""
    code = answer.get("errorCode") if isinstance(answer, dict) else None
    return listed(code, CODES)


def done(reply: Reply) -> None:
    """Raises VendorError when a write was refused."""
    if reply.status in REFUSALS:
        code = refusal_code(reply)
        why = REFUSED.get(reply.status, "the request is not accepted")
        told = f"{reply.where} is refused: {why}{f' ({code})' if code else ''}"
        raise VendorError(told, permanent=True, status=reply.status)


def _envelope(reply: Reply) -> tuple[list[dict[str, Any]], int, Any]:
    answer = reply.json()
    rows, total = (answer.get("items"), answer.get("total")) if isinstance(answer, dict) else (None, None)
    if not isinstance(rows, list) or not isinstance(total, int) or not all(isinstance(row, dict) for row in rows):
        raise VendorError(f"{reply.where} answered something else than a list: try again later", permanent=False)
    return rows, total, answer.get("offset")
