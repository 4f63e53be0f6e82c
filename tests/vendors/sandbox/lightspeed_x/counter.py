"""A simulated X-Series retailer that serves, over real HTTP, and a client that speaks to it."""

import os
from pathlib import Path
from typing import Any

import requests

from connectors.sandbox.base import Ledger
from connectors.sandbox.lightspeed_x import Account

START = 1_795_000_000.0
CONTRACTS = Path(os.environ.get("ROLLCALL_CONTRACTS", Path(__file__).parents[5] / "shared" / "contracts"))
ADA = {
    "first_name": "Ada", "last_name": "Example", "email": "ada@example.com", "phone": "+16135550101",
    "birth_date": "1990-03-03", "email_consent": "out", "sms_consent": "in", "street": "1 Sample St", "city": "Ottawa",
    "region": "ON", "postal_code": "K1A 0B1", "country": "CA", "note": "likes tea", "group": "VIP", "orders": 2,
    "created_at": "2025-10-09T05:20:09Z",
}  # fmt: skip
NEW = {"first_name": "Bo", "last_name": None, "customer_code": "RC-1", "do_not_email": True}
HOME = {
    "address_line_1": "1 Sample St", "city": "Ottawa", "postcode": "K1A 0B1", "state_code": "ON", "country_code": "CA",
    "type": "SHIPPING",
}  # fmt: skip


class Counter:
    """A retailer that serves, a client that may speak to it, and time that the test moves."""

    def __init__(self, **quirks: Any) -> None:
        self.at = START
        self.ledger = Ledger()
        self.account = Account("main-st", lambda: self.at, self.ledger, **quirks)
        self.account.start()
        self.web = requests.Session()
        if self.account.tokens is None:
            self.sign(*self.account.secrets().values())

    def close(self) -> None:
        self.web.close()
        self.account.stop()

    def sign(self, token: str) -> None:
        self.web.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        self.at += 1.0
        return self.web.request(method, self.account.url + path, json=body, params=query, timeout=10)

    def page(self, after: int = 0, **query: Any) -> dict[str, Any]:
        answer = self.call("GET", "/customers", after=after, **query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def walk(self, **query: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while (page := self.page(rows[-1]["version"] if rows else 0, **query))["data"]:
            rows += page["data"]
            assert page["version"] == {"min": page["data"][0]["version"], "max": rows[-1]["version"]}
        return rows

    def one(self, key: str) -> dict[str, Any]:
        return dict(self.call("GET", f"/customers/{key}").json()["data"])

    def found(self, **wish: Any) -> list[str]:
        answer = self.call("GET", "/search", type="customers", **wish)
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["data"]]

    def refresh(self, token: str, **other: str) -> requests.Response:
        who = {"client_id": self.account.access.client_id, "client_secret": self.account.access.client_secret}
        form = who | {"grant_type": "refresh_token", "refresh_token": token} | other
        return self.web.post(self.account.url.replace("2026-07", "1.0") + "/token", data=form, timeout=10)
