"""A simulated Ecwid store that serves, over real HTTP, and a client that speaks to it."""

from typing import Any

import requests

from connectors.sandbox.base import Ledger
from connectors.sandbox.ecwid import Account

START = 1_795_000_000.0
ADA = {
    "first_name": "Ada", "last_name": "Sample", "email": "ada.sample@example.com", "phone": "+12175550142",
    "email_consent": "in", "street": "1 Example Way", "street_2": "Unit 2", "city": "Springfield", "region": "IL",
    "postal_code": "00000", "country": "US", "note": "likes tea", "group": "Gold", "orders": 2,
    "created_at": "2026-01-05T10:00:00Z",
}  # fmt: skip
BO = {"email": "bo@example.com", "billingPerson": {"name": "Bo Sample"}}


class Shop:
    """A store that serves, a client that may speak to it, and time that the test moves."""

    def __init__(self, **quirks: Any) -> None:
        self.at = START
        self.ledger = Ledger()
        self.account = Account("web-shop", lambda: self.at, self.ledger, **quirks)
        self.account.start()
        self.web = requests.Session()
        self.sign(*self.account.secrets().values())

    def close(self) -> None:
        self.web.close()
        self.account.stop()

    def sign(self, token: str) -> None:
        self.web.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        self.at += 1.0
        return self.web.request(method, self.account.url + path, json=body, params=query, timeout=10)

    def listed(self, **query: Any) -> dict[str, Any]:
        answer = self.call("GET", "/customers", **{"limit": 100, "sortBy": "REGISTERED_DATE_ASC"} | query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def found(self, **query: Any) -> list[str]:
        return [str(row["id"]) for row in self.listed(**query)["items"]]

    def one(self, key: str) -> dict[str, Any]:
        return dict(self.call("GET", f"/customers/{key}").json())

    def put(self, key: str, **body: Any) -> requests.Response:
        return self.call("PUT", f"/customers/{key}", body)

    def contacts(self, key: str) -> list[tuple[str, str, bool]]:
        items = self.call("GET", f"/customers/{key}/contacts").json()["items"]
        return [(item["type"], item["contact"], item["default"]) for item in items]


def people(shop: Shop, count: int) -> list[str]:
    """So many customers, one second apart."""
    keys = []
    for n in range(count):
        made = f"2026-01-05T10:{n // 60:02}:{n % 60:02}Z"
        keys.append(shop.account.add(ADA | {"email": f"p{n}@example.com", "created_at": made}))
    return keys
