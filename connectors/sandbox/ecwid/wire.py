"""The HTTP surface of a simulated Ecwid store: who may call, how often, which call it is, and many calls in one.

Sheet: Base, authentication, transport; Errors; Rate limits; Batch.
"""

import math
from typing import Any

import orjson

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.ecwid.customers import body_of
from connectors.sandbox.ecwid.groups import GroupWire
from connectors.sandbox.ecwid.search import trimmed
from connectors.sandbox.ecwid.writes import RefusedError, wrong
from connectors.sandbox.server import Request, Response
from connectors.sandbox.window import CallWindow

BAD_CALLS_A_MINUTE = 20
MOST_IN_BATCH = 500
STORE_ID = "900001"
SCOPES = frozenset({"read_customers", "create_customers", "update_customers", "read_orders"})


class EcwidWire(GroupWire):
    """Requests in, the vendor's answers out, over the store's books."""

    base_path = f"/api/v3/{STORE_ID}"

    def __init__(self, name: str, now: Now, ledger: Ledger, seed: int = 0, **quirks: Any) -> None:
        super().__init__(name, now, ledger, seed, **quirks)
        self.token = f"secret_{self.random.getrandbits(128):032x}"
        self.scopes = SCOPES
        self.calls = CallWindow(now, self.quirks.calls_per_minute, 60)
        self._bad_calls = CallWindow(now, BAD_CALLS_A_MINUTE, 60)
        self._blocked_until = 0.0
        self._batches: dict[str, tuple[int, list[dict[str, Any]]]] = {}

    def handle(self, request: Request) -> Response:
        try:
            self._admit(request)
            response = self._route(request)
            if request.method == "GET" and (wish := request.arg("responseFields")):
                response.json = trimmed(response.json, wish)
        except RefusedError as no:
            return self._refusal(no)
        return response

    def empty_list(self, request: Request) -> Response:
        nobody = {"total": 0, "count": 0, "offset": int(request.arg("offset", "0") or 0), "limit": 100, "items": []}
        return Response(200, nobody | {"allCustomerCount": 0})

    def ended_early(self, request: Request, response: Response) -> Response:
        """A short page whose `total` agrees with what was read so far."""
        told = response.json
        if response.status != 200 or "items" not in told:
            return response
        kept = told["items"][: len(told["items"]) // 2]
        total = told["offset"] + len(kept)
        return Response(200, told | {"items": kept, "count": len(kept), "total": total, "allCustomerCount": total})

    def is_list(self, request: Request) -> bool:
        """In an order, which is what tells the list from a search."""
        return super().is_list(request) and "sortBy" in request.query

    def token_expired(self, request: Request) -> Response:
        """Secret tokens do not expire; one that was taken back is 403, and there is no refresh."""
        return self._refusal(RefusedError(403, "Invalid API token", "INVALID_API_TOKEN"))

    def scope_lost(self, request: Request) -> Response:
        return self._refusal(RefusedError(403, "Insufficient app scope", "INSUFFICIENT_APP_SCOPE"))

    def _admit(self, request: Request) -> None:
        """Raises RefusedError. A token error is 403; who goes on after it is blocked, with a good token too."""
        if self.now() < self._blocked_until:
            raise RefusedError(429, "Blocked", "RATE_LIMITED", wait=math.ceil(self._blocked_until - self.now()))
        if request.header("Authorization") != f"Bearer {self.token}":
            if self._bad_calls.take():
                self._blocked_until = self.now() + self.quirks.block_seconds
            raise RefusedError(403, "Invalid API token", "INVALID_API_TOKEN")
        if wait := self.calls.take():
            raise RefusedError(429, "Too many requests", "RATE_LIMITED", wait=math.ceil(wait))
        if self.quirks.plan == "suspended":
            raise RefusedError(402, "The store is suspended", "STORE_IS_SUSPENDED")
        if self.quirks.plan == "free":
            raise RefusedError(402, "Not available on the current plan", "NOT_AVAILABLE_ON_CURRENT_PLAN")

    def _refusal(self, no: RefusedError) -> Response:
        headers = {} if no.wait is None else {"Retry-After": str(no.wait)}
        if self.quirks.error_style == "reason":
            return Response(no.status, headers=headers, reason=no.message)
        code = {"errorCode": no.code} if no.code and self.quirks.error_style == "body" else {}
        return Response(no.status, {"errorMessage": no.message} | code, headers)

    def _route(self, request: Request) -> Response:
        path = request.path.removeprefix(f"{self.base_path}/")
        if path == request.path:
            raise RefusedError(404, "Store not found", "STORE_NOT_FOUND")
        match request.method, [int(part) if part.isdigit() else part for part in path.split("/")]:
            case method, ["customers", *rest] | ["customers_update", *rest]:
                self._need(self._customer_scope(method, rest))
                return self._customer_call(request, path.startswith("customers_update"), method, rest)
            case method, ["customer_groups", *rest]:
                self._need(self._customer_scope(method, rest))
                return self._group_call(request, method, rest)
            case "GET", ["orders"]:
                return self.orders(request)
            case "GET", ["orders", "last"]:
                return self.last_order(request)
            case "GET", ["latest-stats"]:
                return self.latest_stats()
            case "POST", ["batch"]:
                return self._batch(request)
            case "GET", ["batch"]:
                return self._batch_state(request)
        raise RefusedError(404, "Wrong URL", "WRONG_URL")

    def _customer_call(self, request: Request, mass: bool, method: str, rest: list[Any]) -> Response:
        match method, rest:
            case "POST", [] if mass:
                return self.mass_update(request)
            case "GET", []:
                return self.customers(request)
            case "POST", []:
                return self.create(request)
            case "GET", ["deleted"]:
                return self.deleted(request)
            case _, [int(key)]:
                return self.customer(request, method, key)
            case _, [int(key), "contacts", *more] if len(more) < 2 and all(isinstance(one, int) for one in more):
                return self.contacts(request, method, key, more)
            case _, []:
                raise RefusedError(405, "Method not allowed", "METHOD_NOT_ALLOWED")
        raise RefusedError(404, "Wrong URL", "WRONG_URL")

    def _group_call(self, request: Request, method: str, rest: list[Any]) -> Response:
        if self.quirks.plan == "no_groups":
            raise RefusedError(402, "Not available on the current plan", "NOT_AVAILABLE_ON_CURRENT_PLAN")
        match method, rest:
            case "GET", []:
                return self.groups(request)
            case "POST", []:
                return self.create_group(request)
            case _, [int(key)]:
                return self.group(request, method, key)
        raise RefusedError(404, "Wrong URL", "WRONG_URL")

    def _customer_scope(self, method: str, rest: list[Any]) -> str:
        """To create takes a scope, a contact and a group too; to change or delete another."""
        creates = method == "POST" and rest[-1:] in ([], ["contacts"])
        return {"GET": "read_customers"}.get(method, "create_customers" if creates else "update_customers")

    def _need(self, scope: str) -> None:
        if scope not in self.scopes:
            raise RefusedError(403, "Insufficient app scope", "INSUFFICIENT_APP_SCOPE")

    def _needs_orders(self) -> None:
        self._need("read_orders")

    # many in one --------------------------------------------------------------------------------------------------------

    def _batch(self, request: Request) -> Response:
        """Calls in order, done before the first poll; the answers are fetched with the ticket."""
        calls = body_of(request)
        if not isinstance(calls, list) or not 0 < len(calls) <= MOST_IN_BATCH:
            raise wrong(f"a batch holds 1 to {MOST_IN_BATCH} calls")
        ticket, answers, stopped = f"{self.random.getrandbits(64):016x}", list[dict[str, Any]](), False
        for call in calls:
            if stopped:
                answers.append({"id": call.get("id"), "status": "NOT_EXECUTED"})
                continue
            answers.append(self._one_of_many(request, call))
            stopped = answers[-1]["status"] == "FAILED" and request.arg("stopOnFirstFailure") == "true"
        self._batches[ticket] = (self.quirks.batch_polls, answers)
        return Response(200, {"ticket": ticket})

    def _one_of_many(self, request: Request, call: dict[str, Any]) -> dict[str, Any]:
        path, method = str(call.get("path", "")), str(call.get("method", "GET"))
        body = orjson.dumps(call["body"]) if "body" in call else b""
        part = Request(method, f"{self.base_path}/{path.lstrip('/')}", request.headers, body, request.origin)
        try:
            answer = Response(404) if path.strip("/").startswith("batch") else self._route(part)
        except RefusedError as no:
            answer = self._refusal(no)
        told = {"id": call.get("id"), "httpStatusCode": answer.status, "httpStatusLine": answer.reason or ""}
        told |= {"escapedHttpBody": answer.payload().decode(), "httpBody": answer.json}
        return told | {"status": "COMPLETED" if answer.status == 200 else "FAILED"}

    def _batch_state(self, request: Request) -> Response:
        if request.arg("ticket") not in self._batches:
            raise RefusedError(404, "Batch not found")
        polls, answers = self._batches[request.arg("ticket")]
        told = {"totalRequests": len(answers), "completedRequests": 0 if polls else len(answers)}
        if polls:
            self._batches[request.arg("ticket")] = (polls - 1, answers)
            return Response(200, told | {"status": "QUEUED"})
        hidden = "httpBody" if request.arg("escapedJson") == "true" else "escapedHttpBody"
        shown = [{name: value for name, value in answer.items() if name != hidden} for answer in answers]
        return Response(200, told | {"status": "COMPLETED", "responses": shown})
