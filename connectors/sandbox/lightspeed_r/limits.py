"""The simulated R-Series' leaky bucket and burst limit, and what a call costs (sheet section 11)."""

import math
from collections.abc import Mapping
from typing import Any

from connectors.sandbox.base import Now
from connectors.sandbox.lightspeed_r.query import TO_MANY, relations_of
from connectors.sandbox.lightspeed_r.quirks import Quirks
from connectors.sandbox.lightspeed_r.refusals import Refused
from connectors.sandbox.server import Request

SIZE, DRIP = 90.0, 1.0
COUNT_COST, OLD_WRITE_COST = 10.0, 10.0


class Limits:
    """What the account has spent: a bucket that fills by cost and leaks by time, and calls in the present second."""

    def __init__(self, now: Now, quirks: Quirks) -> None:
        self._now = now
        self._quirks = quirks
        self.size = SIZE + 10 * (quirks.registers - 1)
        self.drip = DRIP + 0.5 * (quirks.registers - 1)
        self.level = 0.0
        self._at = now()
        self._second = math.floor(now())
        self._calls = 0

    def admit(self, cost: float) -> tuple[bool, dict[str, str]]:
        """Whether a call passes, and the headers of its answer. The call that crosses the edge still does."""
        self._pass_time()
        wait, kind = self._wait()
        if not wait:
            self.level += cost
            self._calls += 1
        headers = {
            "X-LS-API-Bucket-Level": f"{self.level:.6g}/{self.size:g}",
            "X-LS-API-Drip-Rate": f"{self.drip:g}",
            "X-LS-API-Burst-Level": f"{self._calls}/{self._quirks.burst}",
            "X-LS-API-Request-Cost": f"{cost:.6g}",
        }
        if wait:
            headers |= {"Retry-After": str(math.ceil(wait)), "X-LS-API-RateLimit-Type": kind}
        return not wait, self._cased(headers)

    def _pass_time(self) -> None:
        now = self._now()
        self.level = max(0.0, self.level - max(0.0, now - self._at) * self.drip)
        self._at = now
        if math.floor(now) != self._second:
            self._second, self._calls = math.floor(now), 0

    def _wait(self) -> tuple[float, str]:
        if self._calls >= self._quirks.burst:
            return max(0.001, self._second + 1 - self._at), "api-burst-limiter"
        if self.level > self.size:
            return (self.level - self.size) / self.drip, "api-leaky-bucket"
        return 0.0, ""

    def _cased(self, headers: Mapping[str, str]) -> dict[str, str]:
        lower = self._quirks.header_case == "lower"
        return {name.lower() if lower else name: value for name, value in headers.items()}


def cost_of(request: Request, quirks: Quirks) -> float:
    """What one call costs: by its relations, its nested objects, or the flat price of a count."""
    writing = request.method not in ("GET", "HEAD")
    if quirks.costs == "old":
        return OLD_WRITE_COST if writing else 1.0
    if request.arg("count") == "1":
        return COUNT_COST
    nested = 0.5 * _nested(_body(request)) if writing else 0.0
    return 1.0 + _relations_cost(request) + nested


def _relations_cost(request: Request) -> float:
    try:
        relations = relations_of(request.arg("load_relations"))
    except Refused:
        return 0.0
    price = sum(0.2 if each in TO_MANY else 0.1 for each in relations)
    one = request.path.rpartition("/")[2].removesuffix(".json").isdigit()
    return price if one else price * 2


def _nested(body: Any) -> int:
    """How many objects lie inside the outermost one."""
    parts = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return sum(isinstance(part, dict) + _nested(part) for part in parts)


def _body(request: Request) -> Any:
    try:
        return request.json()
    except ValueError:
        return None
