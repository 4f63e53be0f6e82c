"""A simulated shop that serves, a client that speaks to it, and time that the test moves."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from connectors.sandbox.base import Ledger
from connectors.sandbox.shopify import Account
from tests.vendors.sandbox.several import several

START = 1_795_000_000.0


class Front:
    """One shop and its client. Every call lets a second pass, so that the bucket refills as it would at night."""

    def __init__(self, **quirks: Any) -> None:
        self.at = START
        self.ledger = Ledger()
        self.shop = Account("shop", lambda: self.at, self.ledger, link_keys={"rollcall.till": "till"}, **quirks)
        self.shop.start()
        self.web = requests.Session()
        (self.token,) = self.shop.secrets().values()
        self.web.headers["X-Shopify-Access-Token"] = self.token

    def close(self) -> None:
        self.web.close()
        self.shop.stop()

    def post(self, text: str, version: str = "2026-10", **variables: Any) -> requests.Response:
        self.at += 1.0
        address = f"{self.shop.url}/admin/api/{version}/graphql.json"
        return self.web.post(address, json={"query": text, "variables": variables})

    def answer(self, text: str, **variables: Any) -> dict[str, Any]:
        """The whole body of an answer, errors included."""
        response = self.post(text, **variables)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def ask(self, text: str, **variables: Any) -> Any:
        """The data of an answer without top-level errors."""
        body = self.answer(text, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    def write(self, mutation: str, declared: str, passed: str, wanted: str, **variables: Any) -> dict[str, Any]:
        """The payload of one mutation."""
        text = f"mutation({declared}) {{ {mutation}({passed}) {{ {wanted} userErrors {{ field message }} }} }}"
        return dict(self.ask(text, **variables)[mutation])

    def count(self) -> int:
        return int(self.ask("{ customersCount(limit: null) { count } }")["customersCount"]["count"])


@pytest.fixture
def open_shop() -> Iterator[Callable[..., Front]]:
    with several(Front) as one:
        yield one


@pytest.fixture
def front(open_shop: Callable[..., Front]) -> Front:
    return open_shop()


@pytest.fixture
def ada() -> dict[str, Any]:
    """A complete customer in canonical words."""
    return {
        "first_name": "Ada", "last_name": "Example", "email": "Ada@example.com", "phone": "+16135550117",
        "birth_date": "1990-02-28", "email_consent": "in", "sms_consent": "unknown", "tags": "vip;Regular",
        "street": "1 Sample St", "street_2": None, "city": "Sampleton", "region": "ON", "postal_code": "K0K 0K0",
        "country": "CA", "note": "likes tea", "orders": 3, "links": {"till": "100001"},
        "created_at": "2025-03-01T15:00:00Z",
    }  # fmt: skip
