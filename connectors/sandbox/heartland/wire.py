"""The HTTP surface of a simulated Heartland account (sheet: Endpoints, List all customers, Create, Update, Errors).

The ledger holds canonical fields, `public_id` and `address.phone`: exactly those that the write changed.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.heartland.filter import FilterError, parse, value_of
from connectors.sandbox.heartland.people import facts
from connectors.sandbox.heartland.records import Books, Record
from connectors.sandbox.heartland.writes import (
    Quirks,
    ValidationError,
    address_changes,
    check_customer,
    check_new,
    customer_changes,
)
from connectors.sandbox.server import Request, Response, TokenBucket, VendorServer, difference

SEARCHABLE = ("id", "public_id", "first_name", "last_name", "email", "active", "created_at", "updated_at")
TICKET_FIELDS = ("id", "customer_id", "type", "status", "completed_at")
DEFINITION_FIELDS = ("id", "key", "name", "group_id")


class HeartlandWire(VendorServer):
    """Requests in, the vendor's answers out, over the account's books."""

    base_path = "/api"

    def __init__(self, name: str, now: Now, ledger: Ledger, seed: int = 0, **quirks: Any) -> None:
        super().__init__(name, now, ledger, seed)
        self.quirks = Quirks(**quirks)
        self.books = Books(now, self.quirks.utc_offset_hours)
        self.token = f"sandbox-{self.random.getrandbits(128):032x}"
        self.bucket = TokenBucket(now, self.quirks.rate_per_second, self.quirks.rate_per_second)

    def handle(self, request: Request) -> Response:
        if request.header("Authorization") != f"Bearer {self.token}":
            return Response(401, body=b"HTTP Token: Access denied.\n", headers={"Content-Type": "text/plain"})
        wait = self.bucket.take()
        if wait:
            said = {"Retry-After": str(math.ceil(wait))} if self.quirks.retry_after else {}
            return Response(429, _error("too_many_requests", "Slow down"), headers=said)
        if self.quirks.read_only and request.method not in ("GET", "HEAD"):
            return Response(403, _error("forbidden", "You do not have permission to do that"))
        try:
            return self._route(request, [part for part in request.path.split("/") if part][1:])
        except ValidationError as refusal:
            body = _error("validation_error", "Validation failed") | {"details": refusal.details}
            return Response(self.quirks.validation_status, body)
        except FilterError as error:
            return Response(400, _error("invalid_filter", str(error)))

    def _route(self, request: Request, parts: list[str]) -> Response:
        match request.method, parts:
            case "GET", ["customers"]:
                return self._customers(request)
            case "POST", ["customers"]:
                return self._create(request)
            case method, ["customers", number] if number.isdigit() and int(number) in self.books.customers:
                return self._customer(request, method, int(number))
            case method, ["customers", number, "addresses", *rest] if (
                number.isdigit() and int(number) in self.books.customers
            ):
                return self._addresses(request, method, int(number), rest)
            case "GET", ["custom_fields"]:
                found = parse(request.query, DEFINITION_FIELDS)
                rows = [r for r in self.quirks.definitions() if all(c.met_by(r) for c in found)]
                return self._page(request, rows)
            case "GET", ["sales", "tickets"]:
                return self._tickets(request)
            case "GET", ["system", "whoami"]:
                return Response(200, {"id": 1, "login": "sandbox", "name": self.name})
            case "GET", ["settings", "company_name"]:
                return Response(200, {"value": self.name})
            case _, ["customers"] | ["custom_fields"] | ["sales", "tickets"]:
                return Response(405, _error("method_not_allowed", "Method not allowed"))
            case _:
                return Response(404, _error("not_found", "Not found"))

    def _customers(self, request: Request) -> Response:
        custom = [f"custom@{definition['key']}" for definition in self.quirks.definitions()]
        known = (*SEARCHABLE, *custom)
        ids = self.books.select(parse(request.query, known), with_inactive=self.quirks.lists_inactive)
        sorts = [rule for name in ("sort[]", "sort") for rule in request.query.get(name, [])]
        ordered = self._sorted(ids, sorts, known)
        first, last, envelope = _slice(request, len(ordered), self.quirks.largest_page)
        rows = [self._shown(key, request) for key in ordered[first:last]]
        return Response(200, envelope | {"results": rows})

    def _sorted(self, ids: list[int], sorts: list[str], known: tuple[str, ...]) -> list[int]:
        """By the rules asked for; without any the order is nothing to rely on (newest first here)."""
        if sorts in (["id"], ["id,asc"]):
            return ids
        ordered = ids[::-1]
        for rule in reversed(sorts):
            name, _, direction = rule.partition(",")
            if name not in known:
                raise FilterError(f"cannot sort by {name}")
            ordered.sort(key=lambda key: _rank(self.books.customers[key], name), reverse=direction == "desc")
        return ordered

    def _shown(self, key: int, request: Request) -> Record:
        record = self.books.customers[key]
        full = " ".join(part for part in (record["first_name"], record["last_name"]) if part)
        shown = {**record, "name": full, "custom": self._custom(record)}
        if self.quirks.active_key_mix and key % 7 == 0:
            shown["active?"] = shown.pop("active")
        only = request.query.get("_only[]")
        if only:
            shown = {name: value for name, value in shown.items() if name in only}
        if self.quirks.include_addresses and "addresses" in request.query.get("_include[]", []):
            shown["addresses"] = self.books.addresses.get(key, [])
        return shown

    @staticmethod
    def _custom(record: Record) -> Record:
        """Empty custom fields are null on some rows and missing on others (sheet: Customer object)."""
        return {name: value for name, value in record["custom"].items() if value is not None or record["id"] % 2}

    def _customer(self, request: Request, method: str, key: int) -> Response:
        if method in ("GET", "HEAD"):
            return Response(200, self._shown(key, request))
        if method != "PUT":
            return Response(405, _error("method_not_allowed", "Method not allowed"))
        changes = customer_changes(_json(request), self.quirks, creating=False)
        check_customer(changes, key, self.books, self.quirks)
        if not self.pretending:
            with self._noted(request, key):
                self.books.change(key, {**changes, "updated_at": self.books.stamp()})
        return self._put_answer(self._shown(key, request))

    def _put_answer(self, record: Record) -> Response:
        answers = {"empty": Response(200), "record": Response(200, record), "no_content": Response(204)}
        return answers[self.quirks.put_answer]

    def _create(self, request: Request) -> Response:
        body = _json(request)
        changes = customer_changes(body, self.quirks, creating=True)
        check_customer(changes, None, self.books, self.quirks)
        check_new(body, changes, self.quirks)
        key = self.books.next_id
        if not self.pretending:
            self._file(request, changes, body.get("address"))
        return self._created(f"customers/{key}")

    def _file(self, request: Request, changes: Mapping[str, Any], address: Any) -> None:
        key = self.books.insert(self.books.free_number(), self.books.stamp())
        self.books.change(key, changes)
        if address:
            self.books.add_address(key, address_changes(address))
        said = {name: value for name, value in self.facts(key).items() if value is not None}
        self.record(request, str(key), said, {}, 201)

    def _created(self, path: str) -> Response:
        """201 with an empty body: the new id stands in `Location` alone (sheet: Endpoints)."""
        places = {"path": f"{self.base_path}/{path}", "url": f"{self.url}/{path}"}
        place = places.get(self.quirks.location)
        return Response(201, headers={"Location": place} if place else {})

    def _addresses(self, request: Request, method: str, key: int, rest: list[str]) -> Response:
        found = {str(address["id"]): address for address in self.books.addresses.get(key, [])}
        match method, rest:
            case "GET", []:
                return self._page(request, list(found.values()))
            case "POST", []:
                return self._create_address(request, key)
            case "GET", [number] if number in found:
                return Response(200, found[number])
            case "PUT", [number] if number in found:
                changes = address_changes(_json(request))
                if not self.pretending:
                    with self._noted(request, key):
                        found[number].update(changes)
                        self._touch(key)
                return self._put_answer(found[number])
            case _, [number] if number not in found:
                return Response(404, _error("not_found", "Not found"))
            case _:
                return Response(405, _error("method_not_allowed", "Method not allowed"))

    def _create_address(self, request: Request, key: int) -> Response:
        changes, number = address_changes(_json(request)), self.books.next_address
        if not self.pretending:
            with self._noted(request, key, status=201):
                self.books.add_address(key, changes)
                self._touch(key)
        return self._created(f"customers/{key}/addresses/{number}")

    def _touch(self, key: int) -> None:
        if self.quirks.address_touches_customer:
            self.books.change(key, {"updated_at": self.books.stamp()})

    def _tickets(self, request: Request) -> Response:
        conditions = parse(request.query, TICKET_FIELDS)
        asked = [c.value for c in conditions if (c.field, c.op) == ("customer_id", "$eq")]
        rows = [ticket for key in asked or list(self.books.orders) for ticket in self._sales(key)]
        return self._page(request, [row for row in rows if all(c.met_by(row) for c in conditions)])

    def _sales(self, key: int) -> list[Record]:
        return [
            {
                "id": key * 1_000 + n, "customer_id": key, "type": "Ticket", "status": "complete",
                "completed?": True, "completed_at": self.books.customers[key]["created_at"], "total": 25.0,
            }
            for n in range(self.books.orders.get(key, 0))
        ]  # fmt: skip

    def _page(self, request: Request, rows: list[Record]) -> Response:
        first, last, envelope = _slice(request, len(rows), self.quirks.largest_page)
        return Response(200, envelope | {"results": rows[first:last]})

    def facts(self, key: int) -> dict[str, Any]:
        """What the ledger compares before and after a write."""
        return facts(self.books, key, self.quirks.phone_key)

    @contextmanager
    def _noted(self, request: Request, key: int, status: int = 200) -> Iterator[None]:
        """Enters into the ledger what the write inside changed on one customer."""
        before = self.facts(key)
        yield
        after, had = difference(before, self.facts(key))
        self.record(request, str(key), after, had, status)

    def empty_list(self, request: Request) -> Response:
        return Response(200, {"total": 0, "pages": 0, "results": []})

    def is_list(self, request: Request) -> bool:
        """A step of the key walk."""
        return super().is_list(request) and "$gt" in request.arg("_filter")

    def ended_early(self, request: Request, response: Response) -> Response:
        """The key walk comes to its end here: nothing above the last id, and a total that agrees."""
        return self.empty_list(request) if "results" in (response.json or {}) else response


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"error": kind, "message": message}


def _json(request: Request) -> Any:
    try:
        return request.json()
    except ValueError as error:
        raise ValidationError({"base": ["is not JSON"]}) from error


def _slice(request: Request, total: int, largest: int) -> tuple[int, int, dict[str, int]]:
    """Where the asked page begins and ends, and the envelope's totals."""
    wish, page = request.arg("per_page", "20"), request.arg("page", "1")
    size = largest if wish == "all" else min(int(wish) if wish.isdigit() else 0, largest)
    if size < 1 or not page.isdigit() or page == "0":
        raise FilterError("page and per_page count from 1")
    first = (int(page) - 1) * size
    return first, first + size, {"total": total, "pages": math.ceil(total / size)}


def _rank(record: Record, name: str) -> tuple[bool, Any]:
    value = value_of(record, name)
    return (value is not None, value)
