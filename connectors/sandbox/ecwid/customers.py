"""The customers of a simulated Ecwid store over HTTP: list, one, write, contacts, the deleted (sheet: Endpoints).

The ledger holds canonical fields and what `people.facts` names beside them: exactly those that the write changed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.ecwid.books import Books, Record
from connectors.sandbox.ecwid.people import facts, shown
from connectors.sandbox.ecwid.search import Search, moment, page
from connectors.sandbox.ecwid.writes import (
    Quirks,
    RefusedError,
    contact_changes,
    contact_of,
    customer_changes,
    wrong,
)
from connectors.sandbox.server import Request, Response, VendorServer, difference


class CustomerWire(VendorServer):
    """The store's books, and what of them `/customers` shows and changes."""

    count_names = frozenset({"total", "allCustomerCount"})
    note_field = "privateAdminNotes"

    def __init__(self, name: str, now: Now, ledger: Ledger, seed: int = 0, **quirks: Any) -> None:
        super().__init__(name, now, ledger, seed)
        self.quirks = Quirks(**quirks)
        self.books = Books(now, self.quirks.search_lag, fold_email=self.quirks.fold_email)
        self.search = Search(self.books, self.quirks)
        self.passwords_sent = 0
        """How often a caller sent a password, which none ever should (G11)."""
        self.before_page: Callable[[int], None] = lambda offset: None
        """Called with each offset before a page of customers is cut, so that a plot can move records in mid-walk."""
        self._answers = 0

    def customers(self, request: Request) -> Response:
        self.before_page(int(request.arg("offset") or 0) if (request.arg("offset") or "0").isdigit() else 0)
        answer = page(request, self.quirks, self.search.found(request), self._found)
        return Response(200, answer | {"allCustomerCount": len(self.books.customers)})

    def shown(self, record: Record) -> Record:
        told = shown(
            self.books, record, self.quirks.stats_count == "paid", self.quirks.consent_unknown, self.quirks.sentinel
        )
        self._answers += 1
        if self.quirks.shuffle_addresses and self._answers % 2:
            told["shippingAddresses"] = told["shippingAddresses"][::-1]
        return told

    def _found(self, record: Record) -> Record:
        """In search alone a record tells `totalOrderCount`."""
        told = self.shown(record)
        return told | {"totalOrderCount": told["stats"]["numberOfOrders"]}

    def customer(self, request: Request, method: str, key: int) -> Response:
        if key not in self.books.customers:
            raise RefusedError(404, f"Customer #{key} not found")
        match method:
            case "GET":
                return Response(200, self.shown(self.books.customers[key]))
            case "PUT":
                changes = self._changes(request, self.books.customers[key])
                with self.noted(request, key):
                    self.change(key, changes)
                return Response(200, {"updateCount": 1})
            case "DELETE":
                self._remove(request, key)
                return Response(200, {"deleteCount": 1})
        raise RefusedError(405, "Method not allowed", "METHOD_NOT_ALLOWED")

    def create(self, request: Request) -> Response:
        changes = self._changes(request, None)
        key = self.books.peek("customer")
        if not self.pretending:
            self.books.insert(changes, self.now())
            self.books.lag.written(key, None)
            said = {name: value for name, value in facts(self.books, key).items() if value is not None}
            self.record(request, str(key), said, {})
        return Response(200, {"id": key})

    def deleted(self, request: Request) -> Response:
        """Tombstones: id and date, within the bounds asked for."""
        low = moment("from_date", request.arg("from_date") or "0")
        high = moment("to_date", request.arg("to_date") or "99999999999")
        rows = [row for row in self.books.deleted if low <= moment("date", row["date"][:19]) <= high]
        return Response(200, page(request, self.quirks, rows, dict))

    def mass_update(self, request: Request) -> Response:
        """The trap: whatever it was meant for, mode `ALL` is the default, and `delete` means it (sheet: Traps)."""
        body = body_of(request)
        if not isinstance(body, dict) or body.get("mode", "ALL") != "ALL" or body.get("delete") is not True:
            raise wrong("mass updates other than deletion are not simulated")
        keys = list(self.books.customers)
        for key in keys:
            self._remove(request, key)
        return Response(200, {"updateCount": len(keys)})

    def contacts(self, request: Request, method: str, key: int, rest: list[int]) -> Response:
        if key not in self.books.customers:
            raise RefusedError(404, f"Customer #{key} not found")
        held = self.books.customers[key]["contacts"]
        found = next((contact for contact in held if [contact["id"]] == rest), None)
        if rest and found is None:
            raise RefusedError(404, f"Customer contact #{rest[0]} not found")
        match method, found:
            case "GET", None:
                return Response(200, {"items": held})
            case "GET", contact:
                return Response(200, contact)
            case "POST", None:
                self._set_contacts(request, key, [*held, contact_of(body_of(request), self.quirks)])
                return Response(200, {"createCount": 1})
            case "PUT", dict():
                changes = contact_changes(body_of(request), self.quirks)
                others = [contact for contact in held if contact is not found]
                last = changes.get("default", found["default"])
                after = [*others, found | changes] if last else [c | changes if c is found else c for c in held]
                self._set_contacts(request, key, after)
                return Response(200, {"updateCount": 1})
            case "DELETE", dict():
                self._set_contacts(request, key, [contact for contact in held if contact is not found])
                return Response(200, {"deleteCount": 1})
        raise RefusedError(405, "Method not allowed", "METHOD_NOT_ALLOWED")

    def _set_contacts(self, request: Request, key: int, wanted: list[Record]) -> None:
        if self.pretending:
            return
        with self.noted(request, key):
            after = self.books.contacts(wanted, self.books.customers[key]["contacts"])
            email = next((c["contact"] for c in after if c["type"] == "EMAIL" and c["default"]), None)
            follows = self.quirks.email_coupling == "both" and email
            self.change(key, {"contacts": after} | ({"email": email} if follows else {}))

    def _changes(self, request: Request, before: Record | None) -> dict[str, Any]:
        body = body_of(request)
        self.passwords_sent += isinstance(body, dict) and "password" in body
        return customer_changes(body, before, self.books, self.quirks)

    def change(self, key: int, changes: dict[str, Any]) -> None:
        if not self.pretending:
            self.books.lag.written(key, self.books.customers[key])
            self.books.change(key, changes)

    def _remove(self, request: Request, key: int) -> None:
        if not self.pretending:
            had = {name: value for name, value in facts(self.books, key).items() if value is not None}
            self.books.lag.written(key, self.books.customers[key])
            self.books.remove(key)
            self.record(request, str(key), {"status": "deleted"}, had)

    @contextmanager
    def noted(self, request: Request, key: int) -> Iterator[None]:
        """Enters into the ledger what the write inside changed on one customer."""
        before = facts(self.books, key)
        yield
        after, had = difference(before, facts(self.books, key))
        self.record(request, str(key), after, had)


def body_of(request: Request) -> Any:
    """The body as JSON, in a request that says it is. Raises RefusedError."""
    if not request.header("Content-Type").startswith("application/json"):
        raise RefusedError(415, "Unsupported content-type")
    try:
        return request.json()
    except ValueError:
        raise wrong("the body is not JSON") from None
