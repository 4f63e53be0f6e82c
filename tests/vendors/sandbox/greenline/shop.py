"""A simulated Greenline company that serves, over real HTTP, and a client that speaks to it."""

from typing import Any

import requests

from connectors.sandbox.base import Ledger
from connectors.sandbox.greenline import Account

START = 1_795_000_000.0
ROBIN = {
    "first_name": "Robin", "last_name": "Sample", "email": "Robin@example.com", "phone": "+14165550123",
    "birth_date": "1988-11-30", "email_consent": "unknown", "sms_consent": "in", "note": "likes tea",
    "has_purchased": True, "created_at": "2023-04-01T14:00:00Z",
}  # fmt: skip
NOT_KEPT = ("street", "street_2", "city", "region", "postal_code", "country", "tags", "group")


class Shop:
    """A company that serves, a client with its key, and time that the test moves."""

    def __init__(self, **quirks: Any) -> None:
        self.at = START
        self.ledger = Ledger()
        self.account = Account("green", lambda: self.at, self.ledger, **quirks)
        self.account.start()
        settings, secrets = self.account.settings(), self.account.secrets()
        self.place = f"{settings['base_url']}/external/company/{settings['company_id']}"
        self.headers = {settings["token_header"]: secrets[settings["token"]["env"]]}
        if "second_token" in settings:
            self.headers[settings["second_token_header"]] = secrets[settings["second_token"]["env"]]
        self.web = requests.Session()

    def close(self) -> None:
        self.web.close()
        self.account.stop()

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        self.at += 1.0
        return self.web.request(
            method, f"{self.place}/{path}", json=body, params=query, headers=self.headers, timeout=10
        )

    def page(self, **query: Any) -> dict[str, Any]:
        answer = self.call("GET", "customers", **query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def ids(self, **query: Any) -> list[str]:
        return [str(row["id"]) for row in self.page(**query)["data"]]

    def one(self, key: str) -> dict[str, Any]:
        return dict(self.call("GET", f"customers/{key}").json()["data"])
