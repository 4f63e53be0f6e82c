"""The assumed customer API of one simulated Greenline company over HTTP (sheet section 6: our assumption, every line).

Ledger entries hold vendor fields, of a write only those whose stored value moved; what Mission Control pushes is entered
there with method `PUSH`.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.greenline.people import joined
from connectors.sandbox.greenline.records import CONTACTS, Record, Records, Refused, moment
from connectors.sandbox.server import Request, Response, TokenBucket, VendorServer

MAX_LIMIT = 100
TEXTS = ("name", "firstName", "lastName", "email", "phone", "birthday", "notes")
BOOLEANS = ("taxExempt", "isArchived", "marketingEmailOptIn", "marketingSmsOptIn")
NUMBERS = ("loyaltyPoints", "creditBalance")
WRITABLE = (*TEXTS, *BOOLEANS, *NUMBERS)
REQUIRED = ("name", "taxExempt", "isArchived", *NUMBERS)
"""Fields that null does not clear."""
EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")


@dataclass(frozen=True, slots=True)
class Quirks:
    """What the real contract may prove otherwise."""

    company_id: int = 900
    locations: Mapping[int, str] = field(default_factory=lambda: {901: "Queen St"})
    header: str = "x-api-key"
    """The key's header; it differs by host (section 2)."""
    second_header: str = ""
    """A second key beside it, as the older host wants: `external-api-auth-token`."""
    sentinel: str = "SENTINEL"
    unnamed_fields: tuple[str, ...] = ()
    """Fields that the vendor has and the contract does not name, such as a licence number; filled with the sentinel (G11)."""
    single_in_data: bool = True
    """Whether one customer comes as `{"data": {...}}` like a list, or bare."""
    unique_contact: bool = True
    name_follows: bool = False
    """Whether writing the first or last name rewrites the whole one."""
    includes_archived: Literal["asked", "always", "never"] = "asked"
    rate: float = 5.0
    """Requests per second."""
    retry_after: bool = True
    login_page: bool = False
    """Whether a wrong key gets the dashboard's sign-in page with 200 instead of a 401."""


class Api(VendorServer):
    """The company behind its API. Quirks are given by name, see `Quirks`."""

    base_path = "/api/v1"
    note_field = "notes"

    def __init__(self, name: str, now: Now, ledger: Ledger, seed: int = 0, **quirks: Any) -> None:
        super().__init__(name, now, ledger, seed)
        self.quirks = Quirks(**quirks)
        beyond = dict.fromkeys(self.quirks.unnamed_fields, self.quirks.sentinel)
        self.records = Records(now, self.quirks.company_id, beyond)
        self.key = _key(self.random.getrandbits(128))
        self.second_key = _key(self.random.getrandbits(128))
        self.before_page: Callable[[int], None] = lambda offset: None
        """Called with each offset before a list page is cut, so that a plot can move rows in mid-run."""
        self._buyers: set[int] = set()
        self._bucket = TokenBucket(now, self.quirks.rate, self.quirks.rate)

    def handle(self, request: Request) -> Response:
        try:
            self._admit(request)
            return self._route(request, [part for part in request.path.split("/") if part])
        except Refused as no:
            if no.status == 401 and self.quirks.login_page:
                page = b"<!doctype html><html><title>Sign in</title></html>"
                return Response(200, body=page, headers={"Content-Type": "text/html"})
            wait = str(no.body.pop("wait", ""))
            headers = {"Retry-After": wait} if wait and self.quirks.retry_after else {}
            return Response(no.status, no.body, headers=headers)

    def empty_list(self, request: Request) -> Response:
        return Response(200, {"data": [], "total": 0, "offset": 0, "limit": MAX_LIMIT})

    def ended_early(self, request: Request, response: Response) -> Response:
        """The same page with a total that says that all has been read."""
        if isinstance(response.json, dict) and "total" in response.json:
            response.json["total"] = response.json["offset"] + len(response.json["data"])
        return response

    def token_expired(self, request: Request) -> Response:
        """Keys are static: the vendor refuses this one call."""
        return Response(401, {"error": "UNAUTHORIZED"})

    def scope_lost(self, request: Request) -> Response:
        return Response(403, {"error": "FORBIDDEN"})

    def _admit(self, request: Request) -> None:
        wait = self._bucket.take()
        if wait:
            raise Refused(429, "RATE_LIMITED", wait=math.ceil(wait))
        keys = {self.quirks.header: self.key}
        if self.quirks.second_header:
            keys[self.quirks.second_header] = self.second_key
        if any(request.header(name) != key for name, key in keys.items()):
            raise Refused(401, "UNAUTHORIZED")

    def _route(self, request: Request, parts: list[str]) -> Response:
        if parts[:4] != ["api", "v1", "external", "company"] or len(parts) < 6:
            raise Refused(404, "NOT_FOUND")
        if parts[4] != str(self.quirks.company_id):
            raise Refused(403, "FORBIDDEN")
        match request.method, parts[5:]:
            case "GET", ["locations"]:
                places = [{"id": key, "name": name} for key, name in self.quirks.locations.items()]
                return Response(200, {"data": places})
            case "GET", ["customers"]:
                return self._list(request)
            case "POST", ["customers"]:
                return self._create(request)
            case "GET", ["customers", key]:
                return self._one(self.records.rows[self._known(key)])
            case "PATCH", ["customers", key]:
                return self._patch(request, self._known(key))
        raise Refused(404, "NOT_FOUND")

    def _one(self, row: Record, status: int = 200) -> Response:
        return Response(status, {"data": row} if self.quirks.single_in_data else dict(row))

    def _known(self, text: str) -> int:
        key = int(text) if text.isdecimal() else 0
        if key not in self.records.rows:
            raise Refused(404, "NOT_FOUND")
        return key

    def _list(self, request: Request) -> Response:
        offset, limit = _number(request, "offset", 0), _number(request, "limit", MAX_LIMIT)
        if not 0 < limit <= MAX_LIMIT:
            raise Refused(400, "VALIDATION", message=f"limit is 1 to {MAX_LIMIT}", field="limit")
        self.before_page(offset)
        wanted = self._wanted(request)
        rows = [self.records.rows[key] for _, key in wanted[offset : offset + limit]]
        return Response(200, {"data": rows, "total": len(wanted), "offset": offset, "limit": limit})

    def _wanted(self, request: Request) -> list[tuple[str, int]]:
        always = self.quirks.includes_archived == "always"
        asked = self.quirks.includes_archived == "asked" and request.arg("includeArchived") == "true"
        order = self.records.order(with_archived=always or asked)
        if "updatedAfter" in request.query:
            order = order[bisect_right(order, (_moment(request.arg("updatedAfter")), math.inf)) :]
        searches = {name: request.arg(name) for name in ("email", "phone", "search") if request.arg(name)}
        if not searches:
            return order
        found = set(self.records.rows)
        for name, value in searches.items():
            found &= self._searched(name, value)
        return [place for place in order if place[1] in found]

    def _searched(self, name: str, value: str) -> set[int]:
        for contact in CONTACTS:
            if name == contact:
                return set(self.records.holders(contact, value, with_archived=True))
        text = value.casefold()
        look_in = ("id", "name", "email", "phone")
        rows = self.records.rows.values()
        return {row["id"] for row in rows if any(text in str(row[each] or "").casefold() for each in look_in)}

    def _create(self, request: Request) -> Response:
        values = self._checked(request, {})
        if not values.get("name"):
            raise Refused(400, "VALIDATION", message="name is required", field="name")
        self._must_be_free(values, {}, 0)
        if self.pretending:
            return self._one({"id": self.records.next_id, **values}, 201)
        key = self.records.insert(values)
        self.record(request, str(key), values, {}, 201)
        return self._one(self.records.rows[key], 201)

    def _patch(self, request: Request, key: int) -> Response:
        before = dict(self.records.rows[key])
        values = self._checked(request, before)
        self._must_be_free(values, before, key)
        if not self.pretending:
            self.records.change(key, values)
        moved = {name: value for name, value in values.items() if value != before[name]}
        self.record(request, str(key), moved, {name: before[name] for name in moved})
        return self._one({**self.records.rows[key], **values})

    def _checked(self, request: Request, current: Mapping[str, Any]) -> Record:
        """The fields that a body sets. Raises Refused 400."""
        try:
            body = request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Refused(400, "VALIDATION", message="a JSON object is wanted", field=None)
        for name, value in body.items():
            _check(name, value)
        if self.quirks.name_follows and body.keys() & {"firstName", "lastName"} and "name" not in body:
            whole = {**current, **body}
            body["name"] = joined(whole.get("firstName"), whole.get("lastName")) or current.get("name")
        return body

    def _must_be_free(self, values: Mapping[str, Any], before: Mapping[str, Any], key: int) -> None:
        """No two customers that are not archived share a contact, where it is written now. Raises Refused 409."""
        now = {**before, **values}
        if not self.quirks.unique_contact or now.get("isArchived"):
            return
        back = bool(before.get("isArchived"))
        for contact in CONTACTS:
            moved = back or (contact in values and values[contact] != before.get(contact))
            others = [each for each in self.records.holders(contact, now.get(contact)) if each != key] if moved else []
            if others:
                raise Refused(409, "DUPLICATE", field=contact, existingId=others[0])


def _check(name: str, value: Any) -> None:
    if name not in WRITABLE:
        raise Refused(400, "VALIDATION", message="cannot be written", field=name)
    if value is None:
        if name in REQUIRED:
            raise Refused(400, "VALIDATION", message="may not be null", field=name)
        return
    kind = bool if name in BOOLEANS else int if name in NUMBERS else str
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Refused(400, "VALIDATION", message=f"must be {kind.__name__}", field=name)
    if isinstance(value, str):
        _check_text(name, value)


def _check_text(name: str, value: str) -> None:
    if name in ("name", "email", "phone") and not value.strip():
        raise Refused(400, "VALIDATION", message="may not be empty", field=name)
    if name == "email" and not EMAIL.fullmatch(value):
        raise Refused(400, "VALIDATION", message="is not an email", field=name)
    if name == "birthday":
        _day(value)


def _day(text: str) -> None:
    try:
        fits = len(text) == 10 and date.fromisoformat(text)
    except ValueError:
        fits = False
    if not fits:
        raise Refused(400, "VALIDATION", message="must be YYYY-MM-DD", field="birthday")


def _number(request: Request, name: str, default: int) -> int:
    text = request.arg(name, str(default))
    if not text.isdecimal():
        raise Refused(400, "VALIDATION", message="must be a number", field=name)
    return int(text)


def _moment(text: str) -> str:
    try:
        return moment(datetime.fromisoformat(text))
    except ValueError:
        raise Refused(400, "VALIDATION", message="must be ISO 8601", field="updatedAfter") from None


def _key(bits: int) -> str:
    """A key in the form of a UUID."""
    text = f"{bits:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
