"""Who may call simulated Treez: v3 tokens that the caller signs for each address, v2 tokens exchanged for a key.

Sheet section 2. Nothing here is secret outside a test: the key pair is made anew in every process.
"""

import base64
import binascii
import json
import random
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connectors.sandbox.base import Now
from connectors.sandbox.loopback import Request
from connectors.sandbox.treez.writes import Refused

LIFE_MS = 30_000
V2_LIFE = 2 * 3600
ALL_PERMISSIONS = frozenset({"api_customer::read", "api_customer::write", "api_customer::merge"})
UNAUTHENTICATED = "Full authentication is required to access this resource"


@cache
def _key_pair() -> rsa.RSAPrivateKey:
    """One pair per process, of 2048 bits: making the documented 4096 would slow every test down."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _public_key() -> rsa.RSAPublicKey:
    return _key_pair().public_key()


@cache
def private_pem() -> str:
    """The integrator's private key, PEM text."""
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return _key_pair().private_bytes(*pem).decode("ascii")


class Access:
    """The integrator's identity at one store, and the v2 tokens that are out."""

    def __init__(self, now: Now, seed: random.Random) -> None:
        self._now = now
        self.certificate_id = _uuid(seed)
        self.organization_id = _uuid(seed)
        self.client_id = _uuid(seed)
        self.api_key = f"{seed.getrandbits(160):040x}"
        self.permissions = ALL_PERMISSIONS
        self.tokens: dict[str, float] = {}
        self.exchanges = 0
        self._random = seed

    def signed(self, request: Request) -> dict[str, Any]:
        """The claims of a v3 token that fits this very request. Raises Refused 401, or 400 for a wrong life."""
        claims = _verified(request.header("Authorization"))
        life = claims.get("exp", 0) - claims.get("iat", 0)
        if life != LIFE_MS:
            raise Refused(400, "Bad Request", f"a token lives {LIFE_MS} ms, not {life}")
        owner = (claims.get("iss"), claims.get("oid")) == (self.certificate_id, self.organization_id)
        if not owner or claims.get("aud") != request.url or self._now() * 1000 > claims["exp"]:
            raise Refused(401, UNAUTHENTICATED)
        return claims

    def exchanged(self, request: Request) -> None:
        """A v2 token that is known and alive, with or without `Bearer` (assumed). Raises Refused 401."""
        token = request.header("Authorization").removeprefix("Bearer ").strip()
        client = request.header("client_id", self.client_id)
        if self.tokens.get(token, 0.0) <= self._now() or client != self.client_id:
            raise Refused(401, UNAUTHENTICATED)

    def exchange(self, request: Request) -> dict[str, Any]:
        """A v2 token of two hours for client id and key, sent as form or query. Raises Refused 401."""
        given = request.query | parse_qs(request.body.decode("utf-8", "replace"))
        if (given.get("client_id"), given.get("apikey")) != ([self.client_id], [self.api_key]):
            raise Refused(401, UNAUTHENTICATED, "client_id or apikey is unknown")
        self.exchanges += 1
        token = f"{self._random.getrandbits(128):032x}"
        self.tokens[token] = self._now() + V2_LIFE
        expires_at = datetime.fromtimestamp(self.tokens[token], UTC).strftime("%Y-%m-%dT%H:%M:%S.000%z")
        return {"resultCode": "SUCCESS", "resultReason": None, "access_token": token, "expires_at": expires_at}

    def report(self, request: Request, dispensary: str) -> dict[str, Any]:
        """The answer of the token check, section 2. Raises Refused like `signed`."""
        claims = self.signed(request)
        granted = sorted(self.permissions) if request.arg("dispensaryName") == dispensary else []
        organization = {"orgId": self.organization_id, "orgName": "Example Group", "permissions": granted}
        certificate = {"certificateId": self.certificate_id, "certificateName": "rollcall", "partnerId": self.client_id}
        target = {"validated": True, "targetPath": request.arg("targetPath"), "matched": bool(granted)}
        now = round(self._now() * 1000)
        return {
            "valid": True, "issuedAt": claims["iat"], "expiresAt": claims["exp"], "timeRemaining": claims["exp"] - now,
            "pubkeyInfo": {"algorithm": "RSA"}, "integratorDetails": certificate, "audience": claims["aud"],
            "rateLimit": {"limit": 30, "remaining": 29, "reset": now // 1000 + 1, "allowed": True},
            "audienceValidation": target, "metadata": {"validatedAt": now, "requestId": _uuid(self._random)},
            "permissions": {"entity": granted, "organization": [organization]},
        }  # fmt: skip


def _verified(token: str) -> dict[str, Any]:
    """The claims of a two-part token whose signature holds. Raises Refused 401."""
    claims, dot, signature = token.partition(".")
    try:
        _public_key().verify(_decoded(signature), claims.encode(), padding.PKCS1v15(), hashes.SHA256())
        found = json.loads(_decoded(claims))
    except (InvalidSignature, ValueError, binascii.Error):
        raise Refused(401, UNAUTHENTICATED) from None
    if not dot or not isinstance(found, dict):
        raise Refused(401, UNAUTHENTICATED)
    return found


def _decoded(text: str) -> bytes:
    """Base64 in either alphabet, padded or not: the vendor's page and its clients disagree."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _uuid(seed: random.Random) -> str:
    return str(uuid.UUID(int=seed.getrandbits(128), version=4))
