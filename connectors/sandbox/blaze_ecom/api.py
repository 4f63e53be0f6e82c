"""The assumed customer API of one simulated ECOM group over HTTP (sheet Part 3: our assumption, every line of it).

Ledger entries hold vendor attributes, of a write only those whose stored value moved; what ECOM pushes into the tills
is entered there, with method `PUSH`.
"""

import math
import re
import uuid
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.blaze_ecom.control import MissionControl, Till, contact_changes
from connectors.sandbox.blaze_ecom.customers import CONTACTS, ContactField, Customers, Refused, moment
from connectors.sandbox.server import Request, Response, TokenBucket, VendorServer

MAX_LIMIT = 100
READ_ONLY = ("status", "created_at", "updated_at")
NULLABLE = ("date_of_birth", "email_opt_in", "sms_opt_in", "notes", "id_number", "id_expiration")
NOTHING: Mapping[str, Any] = {}
BOOLEANS = ("is_active", "is_medical", "email_opt_in", "sms_opt_in")
CUSTOMER = re.compile(r"/api/v1/customers/([^/]+)/")


@dataclass(frozen=True, slots=True)
class Quirks:
    """What the sheet leaves open, or what a group may set up differently."""

    group: str = "g-1"
    group_name: str = "Example Group"
    sentinel: str = "SENTINEL"
    """Woven into every identity value, so that a test can look for it on disk (G11)."""
    match: tuple[ContactField, ...] = ("phone",)
    """How sign-up finds a POS profile: the vendor's pages say phone, or phone then email (T4)."""
    rate: float = 5.0
    """Requests per second."""


class Api(VendorServer):
    """The group behind its API. Quirks are given by name, see `Quirks`."""

    def __init__(
        self,
        name: str,
        now: Now,
        ledger: Ledger,
        seed: int = 0,
        *,
        stores: Mapping[str, Till],
        **quirks: Any,
    ) -> None:
        """`stores`: store key to POS account, in the order in which pushes reach them."""
        super().__init__(name, now, ledger, seed)
        self.quirks = Quirks(**quirks)
        self.token = f"{self.random.getrandbits(160):040x}"
        self.customers = Customers(now, self.random, self.quirks.sentinel)
        self.control = MissionControl(self.customers, stores, self.quirks.match)
        self.before_page: Callable[[int], None] = lambda offset: None
        """Called with each offset before a list page is cut, so that a plot can move rows in mid-run."""
        self._store_ids = {store_key: _store_id(self.quirks.group, store_key) for store_key in stores}
        self._bucket = TokenBucket(now, self.quirks.rate, self.quirks.rate)

    def store_id(self, store_key: str) -> str:
        """The UUID under which the API knows a store: in `X-store`, in the list of stores, in links."""
        return self._store_ids[store_key]

    def handle(self, request: Request) -> Response:
        try:
            self._admit(request)
            return self._route(request)
        except Refused as no:
            return _refusal(no)

    def empty_list(self, request: Request) -> Response:
        return Response(200, {"meta": {"total_count": 0}, "data": []})

    def ended_early(self, request: Request, response: Response) -> Response:
        """An empty page whose count says that all has been read."""
        if response.status != 200:
            return response
        return Response(200, {"meta": {"total_count": int(request.arg("offset", "0"))}, "data": []})

    def _admit(self, request: Request) -> None:
        wait = self._bucket.take()
        if wait:
            raise Refused(429, "throttled", str(math.ceil(wait)))
        if request.header("Authorization") != f"Bearer {self.token}":
            raise Refused(401, "not_authenticated", "the token is missing or unknown")
        if request.header("X-store") not in self._store_ids.values():
            raise Refused(403, "permission_denied", "the store is not in the token's group")

    def _route(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/api/v1/groups/":
                return Response(200, {"meta": {"total_count": 1}, "data": [self._group()]})
            case "GET", "/api/v1/stores/":
                return Response(200, {"meta": {"total_count": len(self._store_ids)}, "data": self._stores()})
            case "GET", "/api/v1/customers/":
                return self._list(request)
        found = CUSTOMER.fullmatch(request.path)
        if not found or found[1] not in self.customers.rows or request.method not in ("GET", "PATCH"):
            raise Refused(404, "not_found", "there is nothing here")
        values = self._patch(request, found[1]) if request.method == "PATCH" else {}
        return Response(200, {"data": self._resource(found[1], values)})

    def _group(self) -> dict[str, Any]:
        stores = [{"type": "stores", "id": each} for each in self._store_ids.values()]
        attributes = {"name": self.quirks.group_name}
        tie = {"stores": {"data": stores}}
        return {"type": "groups", "id": self.quirks.group, "attributes": attributes, "relationships": tie}

    def _stores(self) -> list[dict[str, Any]]:
        return [self._store(store_key, till) for store_key, till in self.control.stores.items()]

    def _store(self, store_key: str, till: Till) -> dict[str, Any]:
        attributes = {"name": store_key, "pos_type": till.pos_type, "pos_store_key": till.name}
        tie = {"group": {"data": {"type": "groups", "id": self.quirks.group}}}
        return {"type": "stores", "id": self.store_id(store_key), "attributes": attributes, "relationships": tie}

    def _list(self, request: Request) -> Response:
        offset, limit = _number(request, "offset", 0), _number(request, "limit", MAX_LIMIT)
        if not 0 < limit <= MAX_LIMIT:
            raise Refused(400, "invalid", f"limit is 1 to {MAX_LIMIT}")
        self.before_page(offset)
        wanted = self._wanted(request)
        page = [self._resource(customer_id) for customer_id in wanted[offset : offset + limit]]
        return Response(200, {"meta": {"total_count": len(wanted)}, "data": page})

    def _wanted(self, request: Request) -> list[str]:
        for field in CONTACTS:
            if field in request.query:
                holder = self.customers.index[field].get(request.arg(field).strip().lower())
                return [holder] if holder else []
        everybody = self.customers.order()
        start = bisect_right(everybody, _moment(request.arg("updated_after")), key=lambda each: each[0])
        return [customer_id for _, customer_id in everybody[start:]]

    def _resource(self, customer_id: str, values: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
        """The JSON:API form. `values`: what a write has just said, done or only pretended."""
        row = {**self.customers.rows[customer_id], **values, "status": self.control.status(customer_id)}
        ties = {
            "group": {"data": {"id": self.quirks.group}},
            "pos_links": {"data": [self._link(customer_id, each) for each in self.customers.links[customer_id]]},
        }
        return {"type": "customers", "id": customer_id, "attributes": row, "relationships": ties}

    def _link(self, customer_id: str, store_key: str) -> dict[str, Any]:
        return {
            "store": self.store_id(store_key),
            "pos_type": self.control.stores[store_key].pos_type,
            "external_id": self.customers.links[customer_id][store_key],
            "link_status": self.control.link_status(customer_id, store_key),
        }

    def _patch(self, request: Request, customer_id: str) -> dict[str, Any]:
        values = _attributes(request, customer_id)
        row = self.customers.rows[customer_id]
        for name, value in values.items():
            _check(name, value, row)
        contacts = contact_changes(values)
        if len(contacts) > 1:
            raise Refused(400, "invalid", "email and phone are changed one at a time", "phone")
        rest = {name: value for name, value in values.items() if name not in CONTACTS}
        before = dict(row)
        if not self.pretending:
            self._save(request, customer_id, contacts, rest)
        kept = dict(contacts) | rest
        self._record_moved(request, customer_id, kept, before, 200)
        return kept

    def _save(
        self, request: Request, customer_id: str, contacts: list[tuple[ContactField, str]], rest: Mapping[str, Any]
    ) -> None:
        before = dict(self.customers.rows[customer_id])
        for field, value in contacts:
            try:
                self.control.set_contact(customer_id, field, value)
            except Refused as no:
                if self.customers.rows[customer_id][field] != before[field]:
                    self._record_moved(request, customer_id, {field: value}, before, no.status)
                raise
        self.customers.change(customer_id, rest)

    def _record_moved(
        self, request: Request, customer_id: str, values: Mapping[str, Any], before: Mapping[str, Any], status: int
    ) -> None:
        moved = {name: value for name, value in values.items() if value != before[name]}
        self.record(request, customer_id, moved, {name: before[name] for name in moved}, status)


def _attributes(request: Request, customer_id: str) -> dict[str, Any]:
    """The attributes of a JSON:API body for this very customer. Raises Refused 400."""
    try:
        data = request.json()["data"]
        named, values = (data["type"], data["id"]), dict(data["attributes"])
    except (ValueError, TypeError, KeyError):
        raise Refused(400, "invalid", "a body with data, type, id and attributes is wanted") from None
    if named != ("customers", customer_id):
        raise Refused(400, "invalid", "type and id must be those of the address")
    return values


def _check(name: str, value: Any, row: Mapping[str, Any]) -> None:
    if name not in row or name in READ_ONLY:
        raise Refused(400, "invalid", "cannot be written", name)
    if value is None:
        if name not in NULLABLE:
            raise Refused(400, "invalid", "may not be null", name)
        return
    if not isinstance(value, bool if name in BOOLEANS else str):
        raise Refused(400, "invalid", f"must be {'a boolean' if name in BOOLEANS else 'text'}", name)
    if name in ("date_of_birth", "id_expiration"):
        _day(name, str(value))


def _day(name: str, value: str) -> None:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise Refused(400, "invalid", "must be YYYY-MM-DD", name) from None


def _number(request: Request, name: str, default: int) -> int:
    text = request.arg(name, str(default))
    if not text.isdecimal():
        raise Refused(400, "invalid", f"{name} must be a number")
    return int(text)


def _moment(text: str) -> str:
    """A time in the form of the records; empty for none."""
    try:
        return moment(datetime.fromisoformat(text)) if text else ""
    except ValueError:
        raise Refused(400, "invalid", "updated_after must be ISO 8601") from None


def _refusal(no: Refused) -> Response:
    error: dict[str, Any] = {"status": str(no.status), "code": no.code, "detail": no.detail}
    if no.attribute:
        error["source"] = {"pointer": f"/data/attributes/{no.attribute}"}
    headers = {"Retry-After": no.detail} if no.status == 429 else {}
    return Response(no.status, {"errors": [error]}, headers=headers)


def _store_id(group: str, store_key: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{store_key}.{group}.example.com"))
