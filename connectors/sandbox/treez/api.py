"""The customer API of one simulated Treez store over HTTP: v3 and v2 side by side (sheet sections 2, 4, 6, 7 and 9).

Ledger entries hold vendor fields (`phone` of ten digits, `notes`, ...), of a write only those whose stored value moved.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.server import Request, Response, TokenBucket, VendorServer
from connectors.sandbox.treez import writes
from connectors.sandbox.treez.access import UNAUTHENTICATED, Access
from connectors.sandbox.treez.records import Records
from connectors.sandbox.treez.writes import Refused

MAX_PAGE = 50
FORBIDDEN = Response(403, {"message": "Forbidden"})
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)")
PAGE = "page/(?P<page>[^/]+)/pagesize/(?P<size>[^/]+)"
READS: Mapping[str, str] = {
    "changed": f"customer/lastUpdated/after/(?P<after>[^/]+)/{PAGE}",
    "signed_up": f"customer/signup/from/(?P<first>[^/]+)/to/(?P<last>[^/]+)/{PAGE}",
    "history": r"customer/(?P<customer_id>[^/]+)/history",
    "by_contact": r"customer/(?P<field>email|phone|driverlicense)/(?P<value>[^/]+)",
    "by_name": r"customer/firstname/(?P<first>[^/]+)/lastname/(?P<last>[^/]+)",
    "by_id": r"customer/(?P<customer_id>[^/]+)",
}
WRITES: Mapping[str, str] = {
    "create": r"POST customer/detailcustomer",
    "merge_call": r"POST customer/merge",
    "update": r"(?P<method>PATCH|POST) customer/update/(?P<customer_id>[^/]+)",
}


@dataclass(frozen=True, slots=True)
class Quirks:
    """What the sheet leaves open, or what a store may set up differently."""

    dispensary: str = ""
    """The slug; empty: the account's name."""
    api: Literal["v3", "v2"] = "v3"
    """Which of the two `settings` names; the server speaks both."""
    sentinel: str = "SENTINEL"
    """Woven into every identity and medical value, so that a test can look for it on disk (G11)."""
    time_zone: str = "America/Los_Angeles"
    first_page: Literal[0, 1] = 1
    page_zero: Literal["same", "refused"] = "same"
    """Where pages start at 1: page 0 is page 1 once more, or an error."""
    data_shape: Literal["list", "object"] = "list"
    """A list of one as a list, or as the bare object that the vendor's own sample shows."""
    empty: Literal["list", "null"] = "list"
    inclusive: bool = False
    """Whether a change at exactly the asked time is listed."""
    finds_deactivated: bool = False
    """Whether look-ups by contact show deactivated customers; lists never do."""
    deactivate_by_patch: bool = False
    opt_out_means: Literal["out", "in"] = "out"
    """What a set `opt_out` says about the customer: the polarity is unproven."""
    rate: float = 10.0
    """Requests per second."""


class Api(VendorServer):
    """The store behind its API. Quirks are given by name, see `Quirks`."""

    id_field = "customer_id"
    note_field = "notes"

    def __init__(self, name: str, now: Now, ledger: Ledger, seed: int = 0, **quirks: Any) -> None:
        super().__init__(name, now, ledger, seed)
        self.quirks = Quirks(**quirks)
        self.dispensary = self.quirks.dispensary or name
        self.records = Records(now, self.quirks.sentinel, self.quirks.time_zone)
        self.access = Access(now, self.random)
        self.groups: set[str] = set()
        self.before_page: Callable[[int], None] = lambda page: None
        """Called with each page number before a list page is cut, so that a plot can move rows in mid-run."""
        self._bucket = TokenBucket(now, self.quirks.rate, self.quirks.rate)

    def handle(self, request: Request) -> Response:
        if self._bucket.take():
            return Response(429)
        try:
            return self._route(request)
        except Refused as no:
            return _refusal(no)

    def empty_list(self, request: Request) -> Response:
        return self._list([])

    def is_list(self, request: Request) -> bool:
        return request.method == "GET" and "/lastUpdated/" in request.path

    def token_expired(self, request: Request) -> Response:
        """Every v2 token ends; the v3 signature of this one call counts for nothing (section 2)."""
        self.access.tokens.clear()
        return _refusal(Refused(401, UNAUTHENTICATED))

    def ended_early(self, request: Request, response: Response) -> Response:
        """An empty page, as after a last page that happened to be full."""
        return self.empty_list(request) if response.status == 200 else response

    def _route(self, request: Request) -> Response:
        v2, v3 = f"/v2.0/dispensary/{self.dispensary}/", f"/dispensary/v3/{self.dispensary}/"
        if request.path == f"{v2}config/api/gettokens" and request.method == "POST":
            return Response(200, self.access.exchange(request))
        if not request.header("Authorization"):
            return FORBIDDEN
        if request.path == "/service/jwt-validation" and request.method == "POST":
            return Response(200, self.access.report(request, self.dispensary))
        if request.path.startswith(v3):
            self.access.signed(request)
            return self._customers(request, request.path.removeprefix(v3), old=False)
        if request.path.startswith(v2):
            self.access.exchanged(request)
            return self._customers(request, request.path.removeprefix(v2), old=True)
        return FORBIDDEN

    def _customers(self, request: Request, path: str, *, old: bool) -> Response:
        called = path if request.method == "GET" else f"{request.method} {path}"
        for name, pattern in (READS if request.method == "GET" else WRITES).items():
            found = re.fullmatch(pattern, called)
            if not found or (old and name == "merge_call") or (not old and found.groupdict().get("method") == "POST"):
                continue
            needed = {"merge_call": "merge", "create": "write", "update": "write"}.get(name, "read")
            if f"api_customer::{needed}" not in self.access.permissions:
                return FORBIDDEN
            answer: Response = getattr(self, f"_{name}")(request, **found.groupdict())
            return answer
        raise Refused(404, "NOT_FOUND", "Nothing was found")

    # Reads

    def _changed(self, request: Request, after: str, page: str, size: str) -> Response:
        if not DATE_TIME.fullmatch(after):
            raise Refused(400, "INVALID_DATE_FORMAT", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX is wanted")
        since = round(datetime.fromisoformat(after).timestamp() * 1000)
        self._before_page(page)
        feed = self.records.feed()
        start = bisect_left(feed, (since, 0)) if self.quirks.inclusive else bisect_left(feed, (since + 1, 0))
        return self._page(request, feed[start:], page, size)

    def _signed_up(self, request: Request, first: str, last: str, page: str, size: str) -> Response:
        try:
            start, end = date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1)
        except ValueError:
            raise Refused(400, "INVALID_DATE_FORMAT", "yyyy-MM-dd is wanted") from None
        self._before_page(page)
        days = {row: self.records.full(str(row[1]))["signup_date"][:10] for row in self.records.feed()}
        return self._page(request, [row for row in days if str(start) <= days[row] < str(end)], page, size)

    def _before_page(self, page: str) -> None:
        if page.isdecimal():
            self.before_page(int(page))

    def _page(self, request: Request, rows: list[tuple[int, int]], page: str, size: str) -> Response:
        if not (page.isdecimal() and size.isdecimal() and int(size)):
            raise Refused(400, "MODEL_VALIDATION_FAIL", "page and pagesize: must be numbers")
        if int(size) > MAX_PAGE:
            raise Refused(400, "RESPONSE_LIMIT_EXCEEDS", f"{size} asked for, {MAX_PAGE} allowed")
        if int(page) < self.quirks.first_page and self.quirks.page_zero == "refused":
            raise Refused(400, "MODEL_VALIDATION_FAIL", "page: starts at 1")
        start = max(0, int(page) - self.quirks.first_page) * int(size)
        return self._list([self._shown(request, str(each)) for _, each in rows[start : start + int(size)]])

    def _by_id(self, request: Request, customer_id: str) -> Response:
        return _success(self._shown(request, self._known(customer_id)))

    def _by_contact(self, request: Request, field: str, value: str) -> Response:
        column = {"driverlicense": "drivers_license"}.get(field, field)
        found = self.records.holders(column, value, unlisted=self.quirks.finds_deactivated)
        if field == "phone" and not re.fullmatch("[0-9]{10}", value):
            found = []
        if not found:
            licence = column == "drivers_license"
            raise Refused(404, "CUSTOMER_DOESNT_EXIST" if licence else "NOT_FOUND", "Nothing was found")
        return _success(self._shown(request, found[0]))

    def _by_name(self, request: Request, first: str, last: str) -> Response:
        wanted = (first.casefold(), last.casefold())
        everyone = (self._shown(request, str(each)) for _, each in self.records.feed())
        found = [
            each
            for each in everyone
            if (str(each["first_name"]).casefold(), str(each["last_name"]).casefold()) == wanted
        ]
        if not found:
            raise Refused(404, "NOT_FOUND", "Nothing was found")
        return self._list(found)

    def _history(self, request: Request, customer_id: str) -> Response:
        entries = self.records.history.get(self._known(customer_id), [])
        return _success({"page_elements": len(entries), "total_elements": len(entries), "history": entries})

    # Writes

    def _create(self, request: Request) -> Response:
        body = _body(request)
        writes.judge(body, self.records, self.groups, None)
        customer_id, values = self.records.new_id(), writes.created(body)
        if self.pretending:
            return _success({"customer_id": customer_id} | values)
        self.records.insert(customer_id, values)
        self.record(request, customer_id, values, {})
        left_out = ("status", "last_visit_date", "merged_customer_ids")
        made = self._shown(request, customer_id)
        return _success({name: value for name, value in made.items() if name not in left_out})

    def _update(self, request: Request, method: str, customer_id: str) -> Response:
        current = self.records.full(self._known(customer_id))
        if current["status"] == "DEACTIVATED":
            raise Refused(400, "MODEL_VALIDATION_FAIL", _why_gone(current))
        body = _body(request)
        writes.judge(body, self.records, self.groups, current)
        values = writes.patched(body) if method == "PATCH" else writes.replaced(body)
        if self.quirks.deactivate_by_patch and body.get("status") == "DEACTIVATED":
            values["status"] = "DEACTIVATED"
        if not self.pretending:
            self.records.change(customer_id, values, "api")
        moved = {name: value for name, value in values.items() if value != current[name]}
        self.record(request, customer_id, moved, {name: current[name] for name in moved})
        return _success(self._shown(request, customer_id) | values)

    def _merge_call(self, request: Request) -> Response:
        body = _body(request)
        sides = ("sourceCustomerId", "destinationCustomerId")
        missing = [side for side in sides if not (isinstance(body, dict) and body.get(side))]
        if missing:
            raise Refused(400, "MODEL_VALIDATION_FAIL", "\n".join(f"{side}: must not be null" for side in missing))
        source, destination = (self._known(str(body[side])) for side in sides)
        gone = [each for each in (source, destination) if not self.records.listed(each)]
        if gone or source == destination:
            raise Refused(400, "MODEL_VALIDATION_FAIL", "two different active customers are wanted")
        absorbed = self.records.full(destination)["merged_customer_ids"]
        if not self.pretending:
            self.records.merge(source, destination)
        change = {"merged_customer_ids": [*absorbed, int(source)]}
        self.record(request, destination, change, {"merged_customer_ids": absorbed})
        return Response(200, _raw(self.records.full(destination)))

    # Pieces

    def _known(self, customer_id: str) -> str:
        if customer_id not in self.records:
            raise Refused(404, "CUSTOMER_DOESNT_EXIST", "Nothing was found")
        return customer_id

    def _shown(self, request: Request, customer_id: str) -> dict[str, Any]:
        record = self.records.full(customer_id)
        if request.arg("include_image_list") == "true":
            record["imageList"] = self.records.images(customer_id)
        return record

    def _list(self, rows: list[dict[str, Any]]) -> Response:
        if not rows:
            return _success(None if self.quirks.empty == "null" else [])
        return _success(rows[0] if len(rows) == 1 and self.quirks.data_shape == "object" else rows)


def _refusal(no: Refused) -> Response:
    answer = {"resultCode": "FAIL", "resultReason": no.reason, "resultDetail": no.detail, "data": None}
    return Response(no.status, answer)


def _success(data: Any) -> Response:
    return Response(200, {"resultCode": "SUCCESS", "resultReason": None, "resultDetail": None, "data": data})


def _body(request: Request) -> Any:
    try:
        return request.json()
    except ValueError:
        raise Refused(400, "Bad Request", "Input is not valid JSON.") from None


def _why_gone(record: Mapping[str, Any]) -> str:
    into = record["merged_into_customer_id"]
    return f"customer was merged into {into}" if into else "customer is deactivated"


def _raw(record: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a merge: the vendor's inner form, unlike every other answer."""
    now = round(datetime.fromisoformat(record["last_update"]).astimezone(UTC).timestamp() * 1000)
    return {
        "id": int(record["customer_id"]), "firstName": record["first_name"], "lastName": record["last_name"],
        "phone": record["phone"], "email": record["email"], "lastUpdatedAt": now, "isMerged": 1, "verified": True,
    }  # fmt: skip
