"""A simulated Treez store that serves, over real HTTP, and a client that signs for it."""

import base64
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import quote

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connectors.clock import SimulatedClock
from connectors.sandbox.base import Ledger
from connectors.sandbox.treez import Account
from connectors.sandbox.treez.access import private_pem

LONG_AGO = quote("1990-01-01T00:00:00.000+00:00")
DANA = {"first_name": "Dana", "last_name": "Example", "birth_date": "1990-02-03", "created_at": "2024-01-15T18:00:00Z"}
NEEDED = {"first_name": "Dana", "last_name": "Example", "birthday": "1990-02-03", "patient_type": "ADULT"}


class Store:
    """A Treez account and a caller who signs every request as section 2 asks."""

    def __init__(self, **quirks: Any) -> None:
        self.clock = SimulatedClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
        self.ledger = Ledger()
        self.account = Account("downtown", self.clock.time, self.ledger, **{"rate": 1000.0} | quirks)
        self.account.start()
        self.session = requests.Session()
        self.v3 = f"{self.account.url}/dispensary/v3/downtown"
        self.v2 = f"{self.account.url}/v2.0/dispensary/downtown"

    def close(self) -> None:
        self.session.close()
        self.account.stop()

    def token(self, url: str, *, life: int = 30_000, standard: bool = False, **claims: Any) -> str:
        issued = round(self.clock.time() * 1000)
        who = {"iss": self.account.access.certificate_id, "oid": self.account.access.organization_id}
        times = {"iat": issued, "exp": issued + life, "jti": str(uuid.uuid4())}
        part = _text({"aud": url} | who | times | claims)
        signature = _key(private_pem()).sign(part.encode(), padding.PKCS1v15(), hashes.SHA256())
        encode = base64.b64encode if standard else base64.urlsafe_b64encode
        return f"{part}.{encode(signature).decode().rstrip('=')}"

    def call(self, path: str, method: str = "GET", **options: Any) -> requests.Response:
        url = f"{self.v3}/{path}"
        return self.session.request(method, url, headers={"Authorization": self.token(url)}, timeout=10, **options)

    def page(self, number: int, size: int = 50, after: str = LONG_AGO) -> list[str]:
        answer = self.call(f"customer/lastUpdated/after/{after}/page/{number}/pagesize/{size}")
        assert answer.status_code == 200, answer.text
        return [row["customer_id"] for row in answer.json()["data"]]


@cache
def _key(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _text(claims: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


def reason(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["resultCode"] == "FAIL"
    return answer.status_code, body["resultReason"]
