"""The HTTP surface of a simulated shop (sheet: Base, versions, authentication; Errors: three layers; Rate limit).

Everything but authentication and the state of the shop is answered with 200. Each mutation that is done enters the
ledger under `PATH#mutation`, with canonical fields (and `links`, `orders`, `addresses`, `metafield:*`): exactly those
whose value it changed.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from graphql import GraphQLObjectType, OperationType

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.server import FaultName, Request, Response, TokenBucket, VendorServer, difference
from connectors.sandbox.shopify.books import Books, number_of
from connectors.sandbox.shopify.bulk import BulkDesk
from connectors.sandbox.shopify.bulk_mutation import BULK_MUTATIONS
from connectors.sandbox.shopify.call import Call, Quirks, Shop
from connectors.sandbox.shopify.cost import operation_cost
from connectors.sandbox.shopify.documents import DocumentError, Prepared, prepare, variables
from connectors.sandbox.shopify.fields import RESOLVERS
from connectors.sandbox.shopify.files import IN_THE_FILE, FileHost
from connectors.sandbox.shopify.merge import finish_merges
from connectors.sandbox.shopify.people import Mapped
from connectors.sandbox.shopify.queries import QUERIES
from connectors.sandbox.shopify.render import AccessDeniedError, Compiler, Reading, Render, TopLevelError
from connectors.sandbox.shopify.schema import CANDIDATE, SUPPORTED, schema
from connectors.sandbox.shopify.staged import StagedFiles
from connectors.sandbox.shopify.writes import MUTATIONS

MOST_POINTS = 1_000
DOCUMENTATION = "https://shopify.dev/api/usage/"
_GRAPHQL = re.compile(r"/admin/api/([^/]+)/graphql\.json")
_STATES = {402: "Unavailable Shop", 423: "Locked Shop"}


class ShopWire(VendorServer):
    """Requests in, the shop's answers out. `files` is the other host, where bulk results lie."""

    id_field = "legacyResourceId"
    count_names = frozenset({"count", "objectCount", "rootObjectCount"})

    def __init__(self, name: str, now: Now, ledger: Ledger, seed: int = 0, **quirks: Any) -> None:
        super().__init__(name, now, ledger, seed)
        self.quirks = Quirks(**quirks)
        books = Books(now, self.quirks.search_lag, self.quirks.region)
        desk = BulkDesk(now, seed, self.quirks.bulk_polls, self.quirks.bulk_seconds)
        mapped = Mapped(self.quirks.link_keys, self.quirks.birth_date, self.quirks.definitions)
        staged = StagedFiles(name)
        self.files = FileHost(name, now, ledger, desk, staged)
        self.shop = Shop(name, now, self.quirks, books, desk, mapped, staged, lambda: self.files.url)
        self.bucket = TokenBucket(now, self.quirks.restore_rate, self.quirks.bucket_size)
        self.shop_state = 200
        """402 or 423 while the shop is frozen or locked."""
        self.token = f"shpat_{self.random.getrandbits(128):032x}"
        self.client_id = f"{self.random.getrandbits(128):032x}"
        self.client_secret = f"shpss_{self.random.getrandbits(128):032x}"
        self._granted: dict[str, float] = {}

    def handle(self, request: Request) -> Response:
        if request.path == "/admin/oauth/access_token" and request.method == "POST":
            return self._grant(request)
        found = _GRAPHQL.fullmatch(request.path)
        if found is None or request.method != "POST":
            return Response(404, {"errors": "Not Found"})
        if self.shop_state in _STATES:
            return Response(self.shop_state, {"errors": _STATES[self.shop_state]})
        if not self._admits(request.header("X-Shopify-Access-Token")):
            return Response(401, {"errors": "[API] Invalid API key or access token"})
        version = served(found[1])
        if version is None:
            return Response(404, {"errors": "Not Found"})
        answer = self._graphql(request, version)
        answer.headers["X-Shopify-API-Version"] = version
        return answer

    def empty_list(self, request: Request) -> Response:
        """The shop as if nobody were in it: searches, counts and exports started meanwhile are empty."""
        books = self.shop.books
        self.shop.books = Books(self.now, 0.0, self.quirks.region)
        try:
            return self.handle(request)
        finally:
            self.shop.books = books

    def ended_early(self, request: Request, response: Response) -> Response:
        """A page that claims to be the last; an export that ends in the middle and whose counts agree with it."""
        for answered in (response.json.get("data") or {}).values():
            if isinstance(answered, dict) and "pageInfo" in answered:
                answered["pageInfo"]["hasNextPage"] = False
            operation = (answered or {}).get("bulkOperation") if isinstance(answered, dict) else None
            if operation:
                self.shop.desk.shorten(number_of("BulkOperation", operation["id"]) or 0)
        return response

    def is_list(self, request: Request) -> bool:
        """Whatever reads: an export is asked for, counted and waited for in the same language as everything else."""
        return request.path.endswith("/graphql.json") and not self.is_write(request)

    def is_write(self, request: Request) -> bool:
        """A bulk mutation is one; what only prepares it, exports or cancels is none."""
        names = (b"bulkOperationRunQuery", b"bulkOperationCancel", b"stagedUploadsCreate")
        return b"mutation" in request.body and not any(name in request.body for name in names)

    def list_server(self, name: FaultName) -> VendorServer:
        """The list itself is a file of the other host; what it is counted by, and who may have it, is said here."""
        return self.files if name in IN_THE_FILE else self

    def token_expired(self, request: Request) -> Response:
        """Every token from client credentials ends; the shop's own goes on after this one call."""
        self._granted.clear()
        return Response(401, {"errors": "[API] Invalid API key or access token"})

    def _admits(self, token: str) -> bool:
        return token == self.token or self._granted.get(token, 0.0) > self.now()

    def _grant(self, request: Request) -> Response:
        """Client credentials: a token for about a day, no refresh token."""
        given = _form(request)
        wanted = (given.get("grant_type"), given.get("client_id"), given.get("client_secret"))
        if wanted != ("client_credentials", self.client_id, self.client_secret):
            return Response(400, {"error": "invalid_request"})
        token = f"shpat_{self.random.getrandbits(128):032x}"
        self._granted[token] = self.now() + self.quirks.token_seconds
        scope = ",".join(sorted(self.quirks.scopes))
        return Response(200, {"access_token": token, "scope": scope, "expires_in": int(self.quirks.token_seconds)})

    def _graphql(self, request: Request, version: str) -> Response:
        try:
            body = request.json()
            text, given = str(body["query"]), dict(body.get("variables") or {})
        except (ValueError, KeyError, TypeError, AttributeError):
            return Response(400, {"errors": {"query": "Required parameter missing or invalid"}})
        try:
            prepared = prepare(version, text, body.get("operationName"))
            values = variables(version, prepared.operation, given)
        except DocumentError as error:
            return Response(200, {"errors": error.errors})
        return self._run(request, version, prepared, values)

    def _run(self, request: Request, version: str, prepared: Prepared, values: Any) -> Response:
        reading = Reading(
            self.shop.books, self.quirks.currency, self.files.url_of, self.quirks.scopes, self.quirks.protected
        )
        call = Call(self.shop, version, reading, self.pretending, partial(self._note, request))
        finish_merges(self.shop)
        mutating = prepared.operation.operation is OperationType.MUTATION
        root = schema(version).mutation_type if mutating else schema(version).query_type
        assert root is not None
        table = {**MUTATIONS, **BULK_MUTATIONS} if mutating else QUERIES
        resolvers = {(root.name, name): _bound(operation, call) for name, operation in table.items()}
        compiler = Compiler(schema(version), prepared.fragments, values, {**RESOLVERS, **resolvers}, reading)
        cost = operation_cost(compiler, root, prepared.operation.selection_set)
        if cost > MOST_POINTS:
            said = f"Query cost is {cost}, which exceeds the single query max cost limit ({MOST_POINTS})."
            return Response(200, {"errors": [_top(said, "MAX_COST_EXCEEDED", "rate-limits")]})
        if self.bucket.take(cost):
            return Response(200, {"errors": [_top("Throttled", "THROTTLED", "rate-limits")]} | self._cost(cost, None))
        return self._answered(call, compiler, root, prepared, cost)

    def _answered(
        self, call: Call, compiler: Compiler, root: GraphQLObjectType, prepared: Prepared, cost: int
    ) -> Response:
        selection = prepared.operation.selection_set
        try:
            render: Render = compiler.fields(root, compiler.collect(root, [selection]))
            data = render(None, ())
        except AccessDeniedError as error:
            denied = _top(str(error), "ACCESS_DENIED", "access-scopes")
            denied["extensions"]["requiredAccess"] = f"`{error.scope}` access scope."
            return Response(200, {"errors": [denied], "data": None} | self._cost(cost, 1))
        except TopLevelError as error:
            return Response(200, {"errors": [_top(str(error), error.code)], "data": None} | self._cost(cost, 1))
        actual = min(cost, operation_cost(compiler, root, selection, _sizes(data)))
        self.bucket.give_back(cost - actual)
        answer: dict[str, Any] = {"data": data} | self._cost(cost, actual)
        if call.search:
            answer["extensions"]["search"] = call.search
        return Response(200, {"errors": call.reading.errors, **answer} if call.reading.errors else answer)

    def _cost(self, requested: int, actual: int | None) -> dict[str, Any]:
        status = {
            "maximumAvailable": self.bucket.size,
            "currentlyAvailable": int(self.bucket.level),
            "restoreRate": self.bucket.rate,
        }
        cost = {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}
        return {"extensions": {"cost": cost}}

    def _note(
        self, request: Request, operation: str, key: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        change, had = difference(before, after)
        if not before:
            change, had = {name: value for name, value in after.items() if value not in (None, {})}, {}
        self.record(request, key, change, had, operation=operation)


def served(asked: str) -> str | None:
    """The version that answers: a retired one is not refused, the oldest supported one answers instead."""
    if asked == "unstable":
        return "unstable"
    if not re.fullmatch(r"20\d\d-(01|04|07|10)", asked) or asked > CANDIDATE:
        return None
    return max(asked, SUPPORTED[0])


def _bound(operation: Any, call: Call) -> Any:
    return lambda reading, record, arguments: operation(call, arguments)


def _top(message: str, code: str, page: str | None = None) -> dict[str, Any]:
    extensions = {"code": code} | ({"documentation": DOCUMENTATION + page} if page else {})
    return {"message": message, "extensions": extensions}


def _sizes(data: Mapping[str, Any]) -> dict[str, int]:
    """What root connections and lists really returned."""
    sizes: dict[str, int] = {}
    for key, value in data.items():
        if isinstance(value, list):
            sizes[key] = sum(entry is not None for entry in value)
        elif isinstance(value, dict) and (rows := value.get("nodes", value.get("edges"))) is not None:
            sizes[key] = len(rows)
    return sizes


def _form(request: Request) -> dict[str, Any]:
    """The fields of a token request, sent as a form or as JSON."""
    if request.header("Content-Type").startswith("application/json"):
        try:
            body = request.json()
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}
    return {name: values[-1] for name, values in parse_qs(request.body.decode(errors="replace")).items()}
