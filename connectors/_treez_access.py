"""The two ways into Treez: a token signed anew for each request (v3), and a token exchanged for two hours (v2)."""

import base64
import json
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connectors.base import VendorError
from connectors.clock import Clock
from connectors.http import Http, Reply

LIFE_MS = 30_000
"""The only life that v3 takes for a token."""
EXCHANGED_LIFE_S = 7200
EARLY_S = 300
"""How long before its end an exchanged token is no longer used."""


class Access(Protocol):
    """Sends one request with the credentials that its API version wants."""

    def send(
        self, method: str, path: str, *, json: Any = None, retry: bool | None = None, ok: Collection[int] = (200,)
    ) -> Reply:
        """As `Http.request`. Raises VendorError, permanent where the credentials are not accepted."""


class Signed:
    """v3: `claims.signature`, bound to the exact URL and to 30 seconds; there is no token to fetch."""

    def __init__(self, http: Http, clock: Clock, *, pem: str, certificate_id: str, organization_id: str) -> None:
        """`pem`: the RSA private key. Raises VendorError when it is none."""
        self._http, self._clock = http, clock
        self._issuer = {"iss": certificate_id, "oid": organization_id}
        self._key = _rsa_key(pem)

    def send(
        self, method: str, path: str, *, json: Any = None, retry: bool | None = None, ok: Collection[int] = (200,)
    ) -> Reply:
        return self._http.request(method, path, headers=self._signed, json=json, retry=retry, ok=ok)

    def _signed(self, method: str, url: str) -> Mapping[str, str]:
        issued = int(self._clock.time() * 1000)
        claims = {"aud": url, **self._issuer, "iat": issued, "exp": issued + LIFE_MS, "jti": str(uuid.uuid4())}
        first = _base64url(json.dumps(claims, separators=(",", ":")).encode())
        second = self._key.sign(first.encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
        return {"Authorization": f"{first}.{_base64url(second)}"}


@dataclass(slots=True, repr=False)
class Exchanged:
    """v2: one token for two hours, used again and again; fetched anew once when it is refused."""

    http: Http
    clock: Clock
    path: str
    client_id: str
    api_key: str
    bearer: bool
    _token: str = ""
    _until: float = 0.0

    def send(
        self, method: str, path: str, *, json: Any = None, retry: bool | None = None, ok: Collection[int] = (200,)
    ) -> Reply:
        def once(statuses: Collection[int]) -> Reply:
            return self.http.request(method, path, headers=self._headers(), json=json, retry=retry, ok=statuses)

        reply = once({*ok, 401})
        if reply.status == 401 and 401 not in ok:
            self._token = ""
            return once(ok)
        return reply

    def _headers(self) -> dict[str, str]:
        if not self._token or self.clock.time() >= self._until:
            self._exchange()
        return {
            "Authorization": f"Bearer {self._token}" if self.bearer else self._token,
            "client_id": self.client_id,
        }

    def _exchange(self) -> None:
        form = {"client_id": self.client_id, "apikey": self.api_key}
        reply = self.http.request("POST", self.path, form=form, retry=True)
        answer = reply.json()
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise VendorError(f"{reply.where} gave no token: check client_id and api_key", permanent=True)
        self.http.hide(token)
        self._token, self._until = token, self._end(answer.get("expires_at")) - EARLY_S

    def _end(self, told: Any) -> float:
        longest = self.clock.time() + EXCHANGED_LIFE_S
        try:
            return min(longest, datetime.fromisoformat(str(told)).timestamp())
        except ValueError:
            return longest


def _base64url(raw: bytes) -> str:
    """Without padding. Assumed for the signature: one of the vendor's texts says base64, clients send this."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _rsa_key(pem: str) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise VendorError("private_key holds no unencrypted RSA key in PEM form: see the vendor's mail", permanent=True)
    return key
