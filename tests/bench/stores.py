"""One simulated account per vendor, filled with people who differ, and the real connector under plain settings.

What goes over the wire is counted at the vendor's side: when a call came, and what it cost there.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.base import Connector
from connectors.clock import Clock, SimulatedClock
from connectors.kinds import connector_class
from connectors.sandbox import blaze_ecom, ecwid, greenline, heartland, lightspeed_r, lightspeed_x, shopify, treez
from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.loopback import Answer, Request
from jobs.settings import parse

START = datetime(2026, 3, 2, 12, 15, tzinfo=UTC)
ROLES = {
    "shopify": "ecom", "blaze_ecom": "ecom", "ecwid": "ecom", "heartland": "pos", "treez": "pos", "greenline": "pos",
    "lightspeed_x": "pos", "lightspeed_r": "pos",
}  # fmt: skip
LINKED = {"rollcall.till": "till"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the vendor saw it. `at`: seconds since the epoch; `cost`: in the vendor's own units."""

    at: float
    method: str
    path: str
    status: int
    cost: float


@dataclass(slots=True)
class Store:
    """An account that serves, and all the calls that it received."""

    kind: str
    account: Any
    clock: Clock
    folder: Path
    calls: list[Call] = field(default_factory=list)

    def connector(self, **entry: Any) -> Connector:
        """By the configuration alone, as an operator would write it."""
        return connected({**self.account.settings(), **entry}, self.folder, self.clock)

    def people(self, count: int) -> None:
        for number in range(count):
            self.account.add(person(number))

    def spent(self, start: float, seconds: float) -> float:
        """What came in `seconds` from `start` on, the end not included."""
        return sum(call.cost for call in self.calls if start <= call.at < start + seconds)

    def watch(self, server: Any) -> None:
        """Count every request of a server; called before it starts."""
        answer = server.answer

        def counted(request: Request) -> Answer:
            answered: Answer = answer(request)
            cost = self._cost(request, answered)
            self.calls.append(Call(self.clock.time(), request.method, request.path, answered.response.status, cost))
            return answered

        server.answer = counted

    def _cost(self, request: Request, answered: Answer) -> float:
        """R-Series tells the price in a header and Shopify in the answer; with all others a call is a call."""
        if self.kind == "lightspeed_r":
            told = {name.lower(): value for name, value in answered.response.headers.items()}
            return float(told.get("x-ls-api-request-cost", 0)) if answered.response.status != 429 else 0.0
        if self.kind == "shopify":
            told = answered.response.json if isinstance(answered.response.json, dict) else {}
            return float(told.get("extensions", {}).get("cost", {}).get("actualQueryCost") or 0)
        return 0.0 if "token" in request.path else 1.0


def connected(entry: dict[str, Any], folder: Path, clock: Clock) -> Connector:
    """The connector of an entry under `sources:`, its secrets in the environment."""
    whole = {"role": ROLES[entry["kind"]], "region": "CA", **entry}
    whole["link_keys"] = dict.fromkeys(whole.get("link_keys", {}), "it2")
    settings = parse({"group": "g", "sources": {"it": whole}}, folder / "config.yaml").sources["it"]
    return connector_class(entry["kind"])("it", settings, clock)


@contextmanager
def opened(kind: str, folder: Path, people: int, clock: Clock | None = None, **quirks: Any) -> Iterator[Store]:
    """A store with so many people in it; its secrets are in the environment meanwhile."""
    clock = clock or SimulatedClock(START)
    account = _account(kind, clock.time, folder, quirks)
    store = Store(kind, account, clock, folder)
    store.people(people)
    for server in (account, getattr(account, "files", None)):
        if server is not None:
            store.watch(server)
    account.start()
    secrets = account.secrets()
    os.environ.update(secrets)
    try:
        yield store
    finally:
        for name in secrets:
            os.environ.pop(name, None)
        account.stop()


def person(number: int) -> dict[str, Any]:
    return {
        "first_name": "Ada", "last_name": f"Example{number}", "email": f"ada{number}@example.com",
        "phone": f"+1{200 + number // 100 % 800}555{100 + number % 100:04}" if number < 80_000 else None,
        "birth_date": "1990-02-28", "street": f"{number} Sample St", "street_2": None, "city": "Sampleton",
        "region": "ON", "postal_code": "K0K 0K0", "country": "CA", "email_consent": "unknown",
        "sms_consent": "unknown", "note": None, "links": {"till": str(100_000 + number)},
        "created_at": "2025-03-01T15:00:00Z",
    }  # fmt: skip


def _account(kind: str, now: Now, folder: Path, quirks: dict[str, Any]) -> Any:
    ledger = Ledger()
    match kind:
        case "shopify":
            return shopify.Account("it", now, ledger, link_keys=LINKED, **quirks)
        case "heartland":
            return heartland.Account("it", now, ledger, **quirks)
        case "treez":
            return treez.Account("it", now, ledger, **quirks)
        case "blaze_ecom":
            return blaze_ecom.Account("it", now, ledger, stores={"s-1": treez.Account("till", now, ledger)}, **quirks)
        case "greenline":
            return greenline.Account("it", now, ledger, **quirks)
        case "ecwid":
            return ecwid.Account("it", now, ledger, **quirks)
        case "lightspeed_x":
            return lightspeed_x.Account("it", now, ledger, token_folder=folder, **quirks)
        case _:
            return lightspeed_r.Account("it", now, ledger, token_folder=folder, **quirks)
