"""Customer types and tags of a simulated R-Series account over HTTP (sheet section 8), and what its whole surface rests on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.lightspeed_r import lists, render
from connectors.sandbox.lightspeed_r.access import TAGS, Access
from connectors.sandbox.lightspeed_r.limits import Limits
from connectors.sandbox.lightspeed_r.quirks import Quirks
from connectors.sandbox.lightspeed_r.records import Books, Record
from connectors.sandbox.lightspeed_r.refusals import Refused
from connectors.sandbox.server import Request, Response, VendorServer


@dataclass(frozen=True, slots=True)
class Small:
    """A small list: the vendor's name of it, its rows by id, and how a name enters."""

    name: str
    rows: dict[int, Record]
    add: Callable[[str], int]

    @property
    def id_name(self) -> str:
        return f"{self.name[0].lower()}{self.name[1:]}ID"


class Sides(VendorServer):
    """The account's books, access and limits, and the small lists beside its customers."""

    base_path = "/API/V3"

    def __init__(self, name: str, now: Now, ledger: Ledger, seed: int = 0, **quirks: Any) -> None:
        super().__init__(name, now, ledger, seed)
        self.quirks = Quirks(**quirks)
        self.books = Books(now, self.quirks)
        self.access = Access(now, self.random, self.quirks)
        self.limits = Limits(now, self.quirks)
        self.try_later = 0
        """How many of the next calls get a 400 that says to try again later (section 10)."""
        self.before_page: Callable[[str], None] = lambda cursor: None
        """Called with the `after` cursor before a page of customers is cut, so that a plot can move rows in mid-run."""

    def types(self, request: Request, method: str, number: list[str]) -> Response:
        """`CustomerType` and `CustomerType/{id}`. Raises Refused."""
        return self._small(request, method, number, Small("CustomerType", self.books.types, self.books.add_type))

    def tags(self, request: Request, method: str, number: list[str]) -> Response:
        """`Tag` and `Tag/{id}`, under a scope of their own. Raises Refused."""
        if not TAGS & self.access.scopes:
            raise Refused(403, "The token lacks the scope employee:tags.")
        return self._small(request, method, number, Small("Tag", self.books.tags, self.books.add_tag))

    def _small(self, request: Request, method: str, number: list[str], small: "Small") -> Response:
        match method, number:
            case "GET", []:
                return lists.plain(request, small.name, small.rows, self.quirks)
            case "POST", []:
                return self._created(request, small)
            case _, [text] if text.isdigit() and int(text) in small.rows:
                return self._entry(request, method, small, int(text))
            case _, []:
                raise Refused(405, "Method not allowed")
        raise Refused(404, "Not found")

    def _created(self, request: Request, small: "Small") -> Response:
        name = str(body_of(request).get("name") or "")
        if not name:
            raise Refused(400, "name cannot be blank.")
        key = self.books.next_id(small.name) if self.pretending else small.add(name)
        self.record(request, "", {small.id_name: key, "name": name}, {})
        return one({small.id_name: str(key), "name": name}, small.name)

    def _entry(self, request: Request, method: str, small: "Small", key: int) -> Response:
        """One customer type or tag: read, rename, delete."""
        row = small.rows[key]
        before, said = dict(row), ({} if method != "PUT" else {"name": str(body_of(request).get("name", row["name"]))})
        if method not in ("GET", "PUT", "DELETE"):
            raise Refused(405, "Method not allowed")
        if method != "GET":
            if not self.pretending:
                self.books.rename(row, said.get("name"))
            if method == "DELETE" and not self.pretending:
                del small.rows[key]
            self.record(request, "", said, before)
        return one(render.texts({**before, **said}), small.name)


def one(shown: Mapping[str, Any], name: str = "Customer") -> Response:
    """One record in the vendor's envelope."""
    return Response(200, {"@attributes": {"count": "1"}, name: shown})


def body_of(request: Request) -> Any:
    """The object that a body holds. Raises Refused."""
    try:
        body = request.json()
    except ValueError:
        raise Refused(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "an object is wanted")
    return body
