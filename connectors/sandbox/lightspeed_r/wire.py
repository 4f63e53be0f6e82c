"""The HTTP surface of a simulated R-Series account: API V3 and the token endpoint (sheet sections 1 to 8, 10 and 11).

V2 is not served: its end was announced. The ledger holds canonical fields and, beside them, the vendor's own by path
(`Phones.Work`, `custom.1`): exactly those that the write changed.
"""

from collections.abc import Callable
from typing import Any

from connectors.sandbox import bend
from connectors.sandbox.lightspeed_r import lists, render, writes
from connectors.sandbox.lightspeed_r.access import DELETION, READING, WRITING, Unverified
from connectors.sandbox.lightspeed_r.limits import cost_of
from connectors.sandbox.lightspeed_r.people import facts
from connectors.sandbox.lightspeed_r.records import Books, Record
from connectors.sandbox.lightspeed_r.refusals import Refused
from connectors.sandbox.lightspeed_r.sides import Sides, body_of, one
from connectors.sandbox.server import HUGE, Fault, Request, Response, difference

TRY_LATER = "Something went wrong. Please try again later."


class LightspeedRWire(Sides):
    """Requests in, the vendor's answers out, over the account's books."""

    id_field = "customerID"

    def handle(self, request: Request) -> Response:
        if request.path == "/auth/oauth/token":
            if request.method != "POST":
                return Response(405, {"error": "invalid_request"})
            return self.access.exchange(request, keep=not self.pretending)
        try:
            return self._admitted(request)
        except Unverified as no:
            return _unverified(str(no))
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

    def is_list(self, request: Request) -> bool:
        return request.method == "GET" and request.path.endswith("/Customer.json") and request.arg("count") != "1"

    def rows_in(self, document: Any) -> list[dict[str, Any]]:
        """The customers of an answer, whether one stands there as an object or several as an array."""
        found = document.get("Customer") or [] if isinstance(document, dict) else []
        return found if isinstance(found, list) else [found]

    def token_expired(self, request: Request) -> Response:
        """Every access token ends, so that nothing but a refresh helps."""
        self.access.expire()
        return _unverified("Access token could not be verified")

    def scope_lost(self, request: Request) -> Response:
        """The employee's rights were cut while the list was read (section 2)."""
        return Refused(403, "The token lacks the scope for this.").answer(self.quirks.error_content_type)

    def facts(self, record: Record) -> dict[str, Any]:
        """What the ledger compares before and after a write."""
        return facts(record, self.books)

    def _bend(self, fault: Fault) -> bend.Bend:
        """A note is an object of its own here, so texts that nobody expects go into it."""
        at = fault.options.get("at", 0)
        if "field" in fault.options:
            return super()._bend(fault)
        if fault.name == "huge_note":
            return bend.set_field(self._notes_in, "note", "n" * int(fault.options.get("size", HUGE)), at)
        if fault.name == "lone_surrogate":
            return bend.lone_surrogate(self._notes_in, "note", at)
        return super()._bend(fault)

    def _notes_in(self, document: Any) -> list[dict[str, Any]]:
        return [row["Note"] for row in self.rows_in(document) if "Note" in row]

    def _admitted(self, request: Request) -> Response:
        self.access.admit(request)
        passed, headers = self.limits.admit(cost_of(request, self.quirks))
        try:
            if not passed:
                raise Refused(429, "Rate limit exceeded.")
            response = self._tried(request)
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
        return one({"accountID": str(self.quirks.account_id), "name": self.name}, "Account")

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
                return self.types(request, method, number)
            case method, ["Tag", *number]:
                return self.tags(request, method, number)
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
                return one(render.customer(self.books.customers[key], relations, self.books))
            case "PUT":
                return self._update(request, key)
            case "DELETE":
                return self._remove(request, key, lambda record, books: None)
        raise Refused(405, "Method not allowed")

    def _create(self, request: Request) -> Response:
        record = self.books.blank()
        writes.write(record, body_of(request), self.books, creating=True)
        if not self.pretending:
            key = self.books.file(record)
            self._keep(record)
            said = {name: value for name, value in self.facts(record).items() if value not in (None, "", [])}
            self.record(request, str(key), said, {}, 200)
        return one(render.customer(record, ("Contact",), self.books))

    def _update(self, request: Request, key: int) -> Response:
        old, record = self.books.customers[key], self.books.copy(key)
        body = body_of(request)
        writes.write(record, body, self.books, creating=False)
        self._store(request, old, record)
        if self.quirks.put_answer == "fresh":
            return one(render.customer(record, ("Contact",), self.books))
        stale = render.customer(old, (), self.books)
        return one({name: value for name, value in stale.items() if name not in body})

    def _remove(self, request: Request, key: int, also: Callable[[Record, Books], None]) -> Response:
        """Archive, and wipe where `also` does."""
        if DELETION not in self.access.rights:
            raise Refused(403, f"The employee lacks the right {DELETION}.")
        record = self.books.copy(key)
        also(record, self.books)
        record |= {"archived": True, "timeStamp": self.books.stamp()}
        self._store(request, self.books.customers[key], record)
        return one(render.customer(record, (), self.books))

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


def anonymise(record: Record, books: Books) -> None:
    """Wipe a customer's personal data; notes and custom fields stay (section 7). Cannot be undone."""
    blank = books.blank(record["createTime"])
    kept = ("customerID", "createTime", "creditAccountID", "customerTypeID", "discountID", "taxCategoryID")
    staying = ("Note", "CustomFieldValues", "Tags", "purchased")
    record.update({name: value for name, value in blank.items() if name not in (*kept, *staying)})
    record |= {"firstName": "Customer", "lastName": f"[{record['customerID']}]"}


def _unverified(hint: str) -> Response:
    told = {"error": "access_denied", "error_description": "The resource owner or authorization server denied it."}
    return Response(401, told | {"hint": hint})


def _parts(request: Request) -> list[str]:
    """What is asked for below the account, such as `Customer`, `7`; the suffix is taken off."""
    return [part for part in request.path.removesuffix(".json").split("/")[5:] if part]
