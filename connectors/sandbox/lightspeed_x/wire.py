"""The HTTP surface of a simulated X-Series retailer: who may call, how often, and which call it is (sections 1, 2, 9, 10)."""

import math
from email.utils import formatdate

from connectors.sandbox.lightspeed_x.groups import GroupWire
from connectors.sandbox.lightspeed_x.writes import RefusedError
from connectors.sandbox.server import Request, Response


class LightspeedXWire(GroupWire):
    """Requests in, the vendor's answers out, over the retailer's books."""

    def handle(self, request: Request) -> Response:
        parts = [part for part in request.path.split("/") if part]
        if (request.method, parts) == ("POST", ["api", "1.0", "token"]):
            return self.access.token(request)
        if not self.access.admits(request):
            return Response(401, {"error": "Access token is not valid"})
        if self.window.take():
            return Response(429, {"error": "Too Many Requests", "message": "Rate limiting enforced"}, self._waiting())
        version = self._served(parts[1]) if parts[:1] == ["api"] and len(parts) > 2 else None
        try:
            response = self._route(request, parts[2:], version) if version else Response(404, {"error": "Not found"})
        except RefusedError as no:
            response = Response(no.status, no.body)
        response.headers |= self._limits()
        return response

    def empty_list(self, request: Request) -> Response:
        return Response(200, {"data": [], "version": self.bounds([], int(request.arg("after", "0") or 0))})

    def ended_early(self, request: Request, response: Response) -> Response:
        """The walk comes to its end here, with the same end mark as ever."""
        return self.empty_list(request) if response.status == 200 else response

    def token_expired(self, request: Request) -> Response:
        """Every OAuth access token ends, so that only a refresh helps; a personal token is refused this once."""
        self.access.expire()
        return Response(401, {"error": "Access token is not valid"})

    def scope_lost(self, request: Request) -> Response:
        return Response(403, {"error": "permission denied"})

    def _served(self, asked: str) -> str | None:
        """The version that answers: an expired one is replaced by the oldest still supported, without a word."""
        oldest, *_, newest = self.quirks.supported
        if asked in ("2.0", *self.quirks.supported):
            return asked
        return oldest if asked < newest and asked[:2] == "20" else None

    def _limits(self) -> dict[str, str]:
        if self.quirks.rate_window == "bare":
            return {}
        return {"X-RateLimit-Limit": str(self.window.calls), "X-RateLimit-Remaining": str(self.window.left)}

    def _waiting(self) -> dict[str, str]:
        """`Retry-After` is a date, rounded up to the second, not a number (section 10)."""
        if self.quirks.rate_window == "bare":
            return {}
        return self._limits() | {"Retry-After": formatdate(math.ceil(self.window.opens_at), usegmt=True)}

    def _route(self, request: Request, parts: list[str], version: str) -> Response:
        reads = request.method in ("GET", "HEAD")
        scope = "retailer:read" if parts == ["retailer"] else f"customers:{'read' if reads else 'write'}"
        if scope not in self.access.scopes:
            raise RefusedError(403, {"error": "permission denied"})
        match request.method, parts:
            case "GET", ["retailer"]:
                return Response(200, {"data": {"id": self.books.retailer_id, "name": self.name}})
            case "GET", ["customers"]:
                return self.customers(request)
            case "POST", ["customers"]:
                return self.create(request)
            case "GET", ["search"]:
                return self.search(request)
            case method, ["customers", key] if key in self.books.customers.rows:
                return self.customer(request, method, key)
            case method, ["customers", key, "addresses", *rest] if (
                key in self.books.customers.rows and version >= "2026-04"
            ):
                return self.addresses(request, method, key, rest)
            case "GET", ["customer_groups"]:
                return self.page(request, self.books.groups, lambda group: group)
            case "POST", ["customer_groups"]:
                return self.create_group(request)
            case method, ["customer_groups", key, *rest] if self.live_group(key):
                return self.group(request, key, [method, *rest], version)
            case _, ["retailer"] | ["customers"] | ["search"] | ["customer_groups"]:
                return Response(405, {"error": "method not allowed"})
            case _:
                return Response(404, {"error": "Not found"})
