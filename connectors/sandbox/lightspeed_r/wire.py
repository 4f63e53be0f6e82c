"""The HTTP surface of a simulated R-Series account: API V3 and the token endpoint (sheet sections 1 to 8, 10 and 11).

V2 is not served: its end was announced. The ledger holds canonical fields and, beside them, the vendor's own by path
(`Phones.Work`, `custom.1`): exactly those that the write changed.
"""

from collections.abc import Callable, Mapping
from typing import Any

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.lightspeed_r import lists, render, writes
from connectors.sandbox.lightspeed_r.access import DELETION, READING, TAGS, WRITING, Access, Unverified
from connectors.sandbox.lightspeed_r.limits import Limits, cost_of
from connectors.sandbox.lightspeed_r.people import facts
from connectors.sandbox.lightspeed_r.quirks import Quirks
from connectors.sandbox.lightspeed_r.records import Books, Record
from connectors.sandbox.lightspeed_r.refusals import Refused
from connectors.sandbox.server import Request, Response, VendorServer, difference

TRY_LATER = "Something went wrong. Please try again later."


class LightspeedRWire(VendorServer):
    """Requests in, the vendor's answers out, over the account's books."""

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

    def handle(self, request: Request) -> Response:
        if request.path == "/auth/oauth/token":
            if request.method != "POST":
                return Response(405, {"error": "invalid_request"})
            return self.access.exchange(request, keep=not self.pretending)
        try:
            return self._admitted(request)
        except Unverified as no:
            told = {
                "error": "access_denied",
                "error_description": "The resource owner or authorization server denied it.",
            }
            return Response(401, told | {"hint": str(no)})
        except Refused as no:
            return no.answer(self.quirks.error_content_type)

    def empty_list(self, request: Request) -> Response:
        name = _parts(request)[0] if _parts(request) else "Customer"
        if request.arg("count") == "1":
            return Response(200, {"@attributes": {"count": "0"}})
        ends = {"@attributes": {"next": "", "previous": ""}}
        return Response(200, ends | render.top_level(name, [], self.quirks))

    def ended_early(self, request: Request, response: Response) -> Response:
        """The same page without a next one."""
        if isinstance(response.json, dict) and "next" in response.json.get("@attributes", {}):
            response.json["@attributes"]["next"] = ""
        return response

    def facts(self, record: Record) -> dict[str, Any]:
        """What the ledger compares before and after a write."""
        return facts(record, self.books)

    def _admitted(self, request: Request) -> Response:
        self.access.admit(request)
        passed, headers = self.limits.admit(cost_of(request, self.quirks))
        try:
            response = self._tried(request) if passed else Refused(429, "Rate limit exceeded.").answer("text/html")
        except Refused as no:
            response = no.answer(self.quirks.error_content_type)
        response.headers.update(headers)
        return self._in_form(request, response)

    def _in_form(self, request: Request, response: Response) -> Response:
        if response.status == 200 and render.wants_xml(request):
            name = (_parts(request) or ["Account"])[0]
            text = '<?xml version="1.0"?>' + render.xml(f"{name}s", response.json)
            return Response(200, body=text.encode(), headers={**response.headers, "Content-Type": "application/xml"})
        return response

    def _tried(self, request: Request) -> Response:
        if self.try_later:
            self.try_later -= 1
            raise Refused(400, TRY_LATER)
        if request.path in ("/API/V3/Account", "/API/V3/Account.json"):
            return self._account()
        self._may(request)
        return self._route(request, _parts(request))

    def _account(self) -> Response:
        return _one({"accountID": str(self.quirks.account_id), "name": self.name}, "Account")

    def _may(self, request: Request) -> None:
        if not request.path.startswith("/API/V3/Account/"):
            raise Refused(404, "Not found. Only API V3 is served.")
        if request.path.removesuffix(".json").split("/")[4] != str(self.quirks.account_id):
            raise Refused(403, "The token is not for this account.")
        needed = READING if request.method in ("GET", "HEAD") else WRITING
        if not needed & self.access.scopes:
            raise Refused(403, "The token lacks the scope for this.")

    def _route(self, request: Request, parts: list[str]) -> Response:
        match request.method, parts:
            case "GET", []:
                return self._account()
            case "GET", ["Shop"]:
                shop = {"shopID": "1", "name": self.name, "timeZone": self.quirks.account_time_zone}
                return Response(200, {"@attributes": {"next": "", "previous": ""}} | {"Shop": shop})
            case "GET", ["Customer"]:
                return self._customers(request)
            case "POST", ["Customer"]:
                return self._create(request)
            case method, ["Customer", number] if number.isdigit():
                return self._customer(request, method, self._known(int(number)))
            case "DELETE", ["Customer", number, "Anonymize"] if number.isdigit():
                return self._remove(request, self._known(int(number)), anonymise)
            case "GET", ["CreditAccount"]:
                gifts = request.arg("giftCard") == "true"
                rows = {key: row for key, row in self.books.credit.items() if row["giftCard"] == gifts}
                return lists.plain(request, "CreditAccount", rows, self.quirks)
            case "GET", ["Customer", "CustomField"]:
                return lists.plain(request, "CustomField", self.books.custom_fields, self.quirks)
            case method, ["CustomerType", *number]:
                return self._types(request, method, number)
            case method, ["Tag", *number]:
                return self._tags(request, method, number)
            case _, ["Customer"] | ["Shop"] | ["CreditAccount"]:
                raise Refused(405, "Method not allowed")
            case _:
                raise Refused(404, "Not found")

    def _known(self, key: int) -> int:
        if key not in self.books.customers:
            raise Refused(404, "Not found")
        return key

    def _customers(self, request: Request) -> Response:
        if request.arg("count") != "1":
            self.before_page(request.arg("after"))
        if request.arg("load_relations").strip('"') == "all" and self.quirks.all_relations_fail:
            raise Refused(500, "Internal server error")
        return lists.customers(request, self.books)

    def _customer(self, request: Request, method: str, key: int) -> Response:
        match method:
            case "GET":
                relations = lists.relations_of(request.arg("load_relations"))
                return _one(render.customer(self.books.customers[key], relations, self.books))
            case "PUT":
                return self._update(request, key)
            case "DELETE":
                return self._remove(request, key, lambda record, books: None)
        raise Refused(405, "Method not allowed")

    def _create(self, request: Request) -> Response:
        record = self.books.blank()
        writes.write(record, _body(request), self.books, creating=True)
        if not self.pretending:
            key = self.books.file(record)
            self._keep(record)
            said = {name: value for name, value in self.facts(record).items() if value not in (None, "", [])}
            self.record(request, str(key), said, {}, 200)
        return _one(render.customer(record, ("Contact",), self.books))

    def _update(self, request: Request, key: int) -> Response:
        old, record = self.books.customers[key], self.books.copy(key)
        body = _body(request)
        writes.write(record, body, self.books, creating=False)
        self._store(request, old, record)
        if self.quirks.put_answer == "fresh":
            return _one(render.customer(record, ("Contact",), self.books))
        stale = render.customer(old, (), self.books)
        return _one({name: value for name, value in stale.items() if name not in body})

    def _remove(self, request: Request, key: int, also: Callable[[Record, Books], None]) -> Response:
        """Archive, and wipe where `also` does."""
        if DELETION not in self.access.rights:
            raise Refused(403, f"The employee lacks the right {DELETION}.")
        record = self.books.copy(key)
        also(record, self.books)
        record |= {"archived": True, "timeStamp": self.books.stamp()}
        self._store(request, self.books.customers[key], record)
        return _one(render.customer(record, (), self.books))

    def _store(self, request: Request, old: Record, record: Record) -> None:
        after, before = difference(self.facts(old), self.facts(record))
        if not self.pretending:
            self._keep(record)
            if record["archived"] != old["archived"]:
                self.books.set_archived(record, record["archived"])
        self.record(request, str(record["customerID"]), after, before)

    def _keep(self, record: Record) -> None:
        self.books.know_tags(record["Tags"])
        self.books.keep(record)

    def _types(self, request: Request, method: str, number: list[str]) -> Response:
        match method, number:
            case "GET", []:
                return lists.plain(request, "CustomerType", self.books.types, self.quirks)
            case "POST", []:
                name = _body(request).get("name")
                if not name:
                    raise Refused(400, "name cannot be blank.")
                key = self.books.next_id("type") if self.pretending else self.books.add_type({"name": str(name)})
                self.record(request, "", {"customerTypeID": key, "name": name}, {})
                return _one({"customerTypeID": str(key), "name": name}, "CustomerType")
        found = self.books.types.get(int(number[0])) if len(number) == 1 and number[0].isdigit() else None
        return self._entry(request, "CustomerType", found, self.books.drop_type)

    def _tags(self, request: Request, method: str, number: list[str]) -> Response:
        if not TAGS & self.access.scopes:
            raise Refused(403, "The token lacks the scope employee:tags.")
        if (method, number) == ("GET", []):
            return lists.plain(request, "Tag", self.books.tags, self.quirks)
        if (method, number) == ("POST", []):
            raise Refused(405, "Tags are made by writing them on a customer here")
        found = self.books.tags.get(int(number[0])) if len(number) == 1 and number[0].isdigit() else None
        return self._entry(request, "Tag", found, self.books.drop_tag)

    def _entry(self, request: Request, name: str, found: Record | None, drop: Callable[[int], None]) -> Response:
        """One customer type or tag: read, rename, delete."""
        if found is None:
            raise Refused(404, "Not found")
        before = dict(found)
        match request.method:
            case "GET":
                return _one(render.texts(found), name)
            case "PUT":
                named = {key: str(value) for key, value in _body(request).items() if key == "name"}
                if not self.pretending:
                    found.update(named)
                self.record(request, "", named, {key: before[key] for key in named})
                return _one(render.texts({**found, **named}), name)
            case "DELETE":
                if not self.pretending:
                    drop(int(found[f"{name[0].lower()}{name[1:]}ID"]))
                self.record(request, "", {}, before)
                return _one(render.texts(before), name)
        raise Refused(405, "Method not allowed")


def anonymise(record: Record, books: Books) -> None:
    """Wipe a customer's personal data; notes and custom fields stay (section 7). Cannot be undone."""
    blank = books.blank(record["createTime"])
    kept = ("customerID", "createTime", "creditAccountID", "customerTypeID", "discountID", "taxCategoryID")
    staying = ("Note", "CustomFieldValues", "Tags", "purchased")
    record.update({name: value for name, value in blank.items() if name not in (*kept, *staying)})
    record |= {"firstName": "Customer", "lastName": f"[{record['customerID']}]"}


def _one(shown: Mapping[str, Any], name: str = "Customer") -> Response:
    return Response(200, {"@attributes": {"count": "1"}, name: shown})


def _parts(request: Request) -> list[str]:
    """What is asked for below the account, such as `Customer`, `7`; the suffix is taken off."""
    return [part for part in request.path.removesuffix(".json").split("/")[5:] if part]


def _body(request: Request) -> Any:
    try:
        body = request.json()
    except ValueError:
        raise Refused(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "an object is wanted")
    return body
