"""The customers of a simulated X-Series retailer over HTTP: walk, one, write, search (sections 3, 4, 5).

The ledger holds canonical fields, `group`, and other writable fields under the vendor's name: exactly those that the
write changed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.lightspeed_x.access import Access
from connectors.sandbox.lightspeed_x.books import INDEXED, Books, Record, Shelf
from connectors.sandbox.lightspeed_x.people import facts, shown
from connectors.sandbox.lightspeed_x.writes import Quirks, RefusedError, customer_changes, invalid
from connectors.sandbox.server import Request, Response, VendorServer, difference
from connectors.sandbox.window import CallWindow

WINDOW = 300
MOST_FOUND = 1_000
SEARCHED = ("customer_code", "first_name", "last_name", "company_name", "mobile", "phone", "email")
LIST_QUERY = frozenset({"after", "before", "page_size", "deleted"})


class CustomerWire(VendorServer):
    """The retailer's books, and what of them `/customers` and `/search` show and change."""

    base_path = "/api/2026-07"

    def __init__(
        self,
        name: str,
        now: Now,
        ledger: Ledger,
        seed: int = 0,
        *,
        token_folder: Path | None = None,
        **quirks: Any,
    ) -> None:
        """`token_folder`: where a fresh OAuth authorization is written; None: the retailer gave a personal token."""
        super().__init__(name, now, ledger, seed)
        self.quirks = Quirks(**quirks)
        self.books = Books(now, self.random, self.quirks.search_delay)
        self.access = Access(now, self.random, name, rotates=self.quirks.rotate_refresh)
        self.before_page: Callable[[int], None] = lambda after: None
        """Called with `after` before a page of customers is cut, so that a plot can move records in mid-walk."""
        calls = 300 * self.quirks.registers + 50
        self.window = CallWindow(now, calls, WINDOW, sliding=self.quirks.rate_window == "sliding")
        self.tokens = None if token_folder is None else token_folder / f"{name}-tokens.json"
        if self.tokens is not None:
            self.access.write(self.tokens)

    def customers(self, request: Request) -> Response:
        after = number_of(request, "after", 0)
        self.before_page(after)
        answer = self.page(request, self.books.customers, self.shown)
        page = answer.json["data"]
        if page and len(page) == self._size(request):
            self._disturb(page[-1]["version"])
        return answer

    def _disturb(self, last: int) -> None:
        """A clerk at work while the list is walked: the next record that is still ahead moves or goes."""
        ahead = (record for record in self.books.customers.after(last) if not record["deleted_at"])
        if self.quirks.mutate_during_walk != "off" and (record := next(ahead, None)):
            gone = {"deleted_at": self.books.stamp()} if self.quirks.mutate_during_walk == "delete" else {}
            self.books.change(record["id"], gone)

    def page(self, request: Request, shelf: Shelf, form: Callable[[Record], Record], group: str = "") -> Response:
        """One page of a walk by version, ascending (section 3)."""
        strange = request.query.keys() - LIST_QUERY
        if strange and self.quirks.unknown_query == "refused":
            raise RefusedError(400, {"error": f"unknown parameter {min(strange)}"})
        after, before = number_of(request, "after", 0), number_of(request, "before", None)
        size, page = self._size(request), list[Record]()
        for record in shelf.after(after):
            if len(page) == size or (before is not None and record["version"] > before):
                break
            if (request.arg("deleted") == "true" or not record["deleted_at"]) and (
                not group or record["customer_group_id"] == group
            ):
                page.append(form(record))
        return Response(200, {"data": page, "version": self.bounds(page, after)})

    def _size(self, request: Request) -> int:
        wish = number_of(request, "page_size", self.quirks.page_size)
        if wish < 1:
            raise RefusedError(400, {"error": "page_size must be positive"})
        return int(min(wish, self.quirks.page_size_cap))

    def bounds(self, page: list[Record], after: int) -> dict[str, int | None]:
        if page:
            return {"min": page[0]["version"], "max": page[-1]["version"]}
        nothing = {"null": None, "zero": 0, "cursor": after}[self.quirks.empty_version]
        return {"min": nothing, "max": nothing}

    def shown(self, record: Record) -> Record:
        return shown(record, self.quirks.null_style, self.quirks.group_ids, self.quirks.sentinel)

    def customer(self, request: Request, method: str, key: str) -> Response:
        record = self.books.customers.rows[key]
        if record["deleted_at"]:
            return self._deleted(request, method, key)
        match method:
            case "GET" | "HEAD":
                return Response(200, {"data": self.shown(record)})
            case "PUT":
                return self._put(request, key)
            case "DELETE":
                with self.noted(request, key, 204):
                    self.change(key, {"deleted_at": self.books.stamp()})
                return Response(204)
        return Response(405, {"error": "method not allowed"})

    def _deleted(self, request: Request, method: str, key: str) -> Response:
        """A deleted customer may still read; a write to it does not bring it back (M13)."""
        if method == "GET" and self.quirks.get_deleted == "200":
            return Response(200, {"data": self.shown(self.books.customers.rows[key])})
        if method == "PUT" and self.quirks.write_deleted == "200":
            return self._put(request, key)
        return Response(404, {"error": "customer not found"})

    def _put(self, request: Request, key: str) -> Response:
        before = self.books.customers.rows[key]
        changes = customer_changes(json_of(request), before, self.books, self.quirks)
        with self.noted(request, key):
            self.change(key, changes)
        return Response(200, {"data": self.shown(before | changes if self.pretending else self.row(key))})

    def create(self, request: Request) -> Response:
        changes = customer_changes(json_of(request), None, self.books, self.quirks)
        if self.pretending:
            made = self.books.blank() | {"customer_code": self.books.free_code(changes["first_name"])} | changes
            made |= {"id": self.books.retailer_id, "version": 0, "created_at": self.books.stamp()}
            made |= {"updated_at": made["created_at"], "deleted_at": None} | dict.fromkeys(
                ("balance", "year_to_date"), 0
            )
            return Response(201, {"data": self.shown(made)})
        key = self.books.insert(changes)
        self.books.lag.written(key, None)
        said = {name: value for name, value in facts(self.books, self.row(key)).items() if value is not None}
        self.record(request, key, said, {}, 201)
        return Response(201, {"data": self.shown(self.row(key))})

    def search(self, request: Request) -> Response:
        """Customers whose named fields equal, or begin with, what was asked, case folded; all of them must."""
        if request.arg("type") != "customers":
            raise RefusedError(400, {"error": "type is not supported"})
        wanted = {name: request.arg(name).casefold() for name in SEARCHED if name in request.query}
        whole = self.quirks.search_match == "exact"
        found = [
            record
            for record in self._candidates(wanted)
            if (request.arg("deleted") == "true" or not record["deleted_at"])
            and all(_meets(record[name], value, whole) for name, value in wanted.items())
            and ("_id" not in request.query or record["id"] in request.query["_id"])
            and record["id"] not in request.query.get("-_id", [])
        ]
        if by := request.arg("order_by"):
            found.sort(key=lambda record: str(record.get(by) or ""), reverse=request.arg("order_direction") == "desc")
        first, size = number_of(request, "offset", 0), min(number_of(request, "page_size", 50), MOST_FOUND)
        return Response(200, {"data": [self.shown(record) for record in found[first : first + size]]})

    def _candidates(self, wanted: dict[str, str]) -> list[Record]:
        """Who may meet a search: all as search has them, or those whom an index names where it sees everything."""
        narrow = [name for name in INDEXED if name in wanted]
        if narrow and self.quirks.search_match == "exact" and not self.books.lag.stale():
            return [self.row(key) for key in self.books.holding(narrow[0], wanted[narrow[0]])]
        return [record for _, record in self.books.lag.seen(self.books.customers.rows)]

    def row(self, key: str) -> Record:
        return self.books.customers.rows[key]

    def change(self, key: str, changes: Record) -> None:
        if not self.pretending:
            self.books.lag.written(key, self.row(key))
            self.books.change(key, changes)

    @contextmanager
    def noted(self, request: Request, key: str, status: int = 200) -> Iterator[None]:
        """Enters into the ledger what the write inside changed on one customer."""
        before = facts(self.books, self.row(key))
        yield
        after, had = difference(before, facts(self.books, self.row(key)))
        self.record(request, key, after, had, status)


def json_of(request: Request) -> Any:
    try:
        return request.json()
    except ValueError as error:
        raise invalid(body="is not JSON") from error


def number_of(request: Request, name: str, default: Any) -> Any:
    """A whole number of the query; empty counts as not given."""
    text = request.arg(name)
    if not text:
        return default
    if not text.isdigit():
        raise RefusedError(400, {"error": f"{name} must be a number"})
    return int(text)


def _meets(value: str | None, wanted: str, whole: bool) -> bool:
    have = (value or "").casefold()
    return have == wanted if whole else have.startswith(wanted)
