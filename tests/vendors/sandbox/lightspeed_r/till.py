"""A simulated R-Series account that serves, over real HTTP, and a partner who speaks to it."""

import json
from pathlib import Path
from typing import Any

import requests

from connectors.sandbox.base import Ledger
from connectors.sandbox.lightspeed_r import Account

START = 1_795_000_000.0
RELATIONS = '["Contact","CustomerType","Note","Tags","CreditAccount","CustomFieldValues"]'
ADA = {
    "first_name": "Ada", "last_name": "Example", "email": "ada@example.com", "phone": "+16135550117",
    "birth_date": "1990-03-03", "email_consent": "in", "sms_consent": "unknown", "tags": "Shopify;vip",
    "street": "1 Sample St", "street_2": None, "city": "Ottawa", "region": "ON", "postal_code": "K1A 0B1",
    "country": "CA", "note": "likes tea", "group": "Wholesale", "has_purchased": True,
    "created_at": "2025-03-03T15:39:34Z",
}  # fmt: skip


class Till:
    """An account that serves, a partner that holds its tokens, and time that the test moves."""

    def __init__(self, folder: Path, **quirks: Any) -> None:
        self.at = START
        self.ledger = Ledger()
        self.account = Account("till-king", lambda: self.at, self.ledger, token_folder=folder, **quirks)
        self.account.start()
        self.settings = self.account.settings()
        self.place = f"{self.account.url}/Account/{self.settings['account_id']}"
        self.web = requests.Session()
        self.tokens = json.loads(Path(self.settings["tokens"]["file"]).read_text("utf-8"))

    def close(self) -> None:
        self.web.close()
        self.account.stop()

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        """One call, three seconds after the last, so that the bucket keeps up."""
        self.at += 3.0
        url = path if path.startswith("http") else f"{self.place}/{path}.json"
        held = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        return self.web.request(method, url, json=body, params=query, headers=held, timeout=10)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self.call("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def one(self, key: str) -> dict[str, Any]:
        return dict(self.get(f"Customer/{key}", load_relations=RELATIONS)["Customer"])

    def ids(self, **query: Any) -> list[str]:
        found = self.get("Customer", **query).get("Customer", [])
        return [row["customerID"] for row in (found if isinstance(found, list) else [found])]

    def token(self, **given: Any) -> requests.Response:
        who = {"client_id": self.settings["client_id"], "client_secret": next(iter(self.account.secrets().values()))}
        return self.web.post(self.settings["token_url"], json=who | given, timeout=10)

    def refresh(self, refresh_token: str) -> requests.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token)
