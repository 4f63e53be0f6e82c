"""Who may call the simulated R-Series: the authorization code grant, refresh with rotation, scopes and employee rights.

Sheet section 2. Tokens look like the vendor's long JWTs; their signatures are noise, since only the vendor checks them.
"""

import base64
import math
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

from connectors.sandbox.base import Now
from connectors.sandbox.lightspeed_r.quirks import Quirks
from connectors.sandbox.server import Request, Response

CODE_LIFE = 60.0
REFRESH_LIFE = 30 * 86_400.0
REFRESHES_A_MINUTE = 5
READING = frozenset({"employee:customers_read", "employee:customers", "employee:all"})
WRITING = frozenset({"employee:customers", "employee:all"})
TAGS = frozenset({"employee:tags", "employee:all"})
DELETION = "Customer Deletion"


@dataclass(slots=True, eq=False)
class Pair:
    """An access token with its refresh token. `parent`: the pair that was refreshed to get it."""

    access: str
    refresh: str
    made: float
    expires: float
    parent: "Pair | None"
    used: bool = False
    refreshable: bool = True
    revoked: bool = False

    def drop(self) -> None:
        """Neither token is good any more."""
        self.refreshable, self.revoked = False, True


class Unverified(Exception):
    """The access token is no good; the text is the vendor's hint."""


class Denied(Exception):
    """The token endpoint refuses: status and the `error` word of OAuth."""

    def __init__(self, status: int, error: str, retry_after: float = 0.0) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.retry_after = retry_after

    def answer(self) -> Response:
        headers = {"Retry-After": str(math.ceil(self.retry_after))} if self.retry_after else {}
        return Response(self.status, {"error": self.error}, headers=headers)


class Access:
    """One partner's connection to the account: every pair of tokens that was ever given out."""

    def __init__(self, now: Now, chance: random.Random, quirks: Quirks) -> None:
        self._now = now
        self._chance = chance
        self._quirks = quirks
        self.client_id = f"{chance.getrandbits(128):032x}"
        self.client_secret = f"{chance.getrandbits(256):064x}"
        self.scopes = frozenset({"employee:customers", "employee:tags"})
        self.rights = frozenset({"Customers - Basic", DELETION})
        """What the employee who authorised may do in the back office; changeable at any time."""
        self.refreshes = 0
        self._pairs: list[Pair] = []
        self._codes: dict[str, float] = {}
        self._recent: deque[float] = deque()

    def authorise(self) -> str:
        """A person agrees in the browser; the code that comes back to the partner, good for a minute."""
        code = f"{self._chance.getrandbits(160):040x}"
        self._codes[code] = self._now() + CODE_LIFE
        return code

    def connect(self) -> dict[str, Any]:
        """A person authorises anew: a first pair, as `{access_token, refresh_token, expires_at}` (seconds since 1970)."""
        pair = self._made(None, keep=True)
        return {"access_token": pair.access, "refresh_token": pair.refresh, "expires_at": pair.expires}

    def revoke(self) -> None:
        """The account disconnects the partner, or the employee is locked: every token is dead."""
        for pair in self._pairs:
            pair.drop()

    def expire(self) -> None:
        """Every access token runs out at this moment."""
        for pair in self._pairs:
            pair.expires = min(pair.expires, self._now())

    def refreshable(self, refresh_token: str) -> bool:
        """Whether a refresh token would still be taken: False means that a person must authorise again."""
        return self._live(refresh_token) is not None

    def admit(self, request: Request) -> None:
        """Check the bearer token of a call; its first use retires the pair that it replaced. Raises Unverified."""
        token = request.header("Authorization").removeprefix("Bearer ")
        pair = next((each for each in reversed(self._pairs) if each.access == token), None)
        if pair is not None and pair.revoked:
            raise Unverified("Access token has been revoked")
        if pair is None or pair.expires <= self._now():
            raise Unverified("Access token could not be verified")
        if not pair.used:
            pair.used = True
            self._retire(pair)

    def exchange(self, request: Request, *, keep: bool) -> Response:
        """`POST /auth/oauth/token`. `keep` False: a pair that nobody will know, as when an effect is only pretended."""
        try:
            pair = self._granted(request, keep=keep)
        except Denied as no:
            return no.answer()
        tokens = {"access_token": pair.access, "refresh_token": pair.refresh}
        return Response(200, {"token_type": "Bearer", "expires_in": self._quirks.expires_in} | tokens)

    def _granted(self, request: Request, *, keep: bool) -> Pair:
        given = _given(request)
        known = (given.get("client_id"), given.get("client_secret"))
        if not all(known):
            raise Denied(400, "invalid_client")
        if known != (self.client_id, self.client_secret):
            raise Denied(401, "invalid_client")
        if "scope" in given:
            raise Denied(400, "invalid_scope")
        match given.get("grant_type"):
            case "authorization_code":
                return self._by_code(str(given.get("code")), keep=keep)
            case "refresh_token":
                return self._refreshed(str(given.get("refresh_token")), keep=keep)
        raise Denied(400, "invalid_request")

    def _by_code(self, code: str, *, keep: bool) -> Pair:
        if self._codes.pop(code, 0.0) <= self._now():
            raise Denied(400, "invalid_grant")
        return self._made(None, keep=keep)

    def _refreshed(self, refresh_token: str, *, keep: bool) -> Pair:
        self._count_refresh()
        old = self._live(refresh_token)
        if old is None:
            raise Denied(400, "invalid_grant")
        self.refreshes += 1
        if self._quirks.refresh_revokes_old == "at_once" and keep:
            old.drop()
        return self._made(old, keep=keep)

    def _count_refresh(self) -> None:
        while self._recent and self._recent[0] <= self._now() - 60:
            self._recent.popleft()
        if len(self._recent) >= REFRESHES_A_MINUTE:
            raise Denied(429, "too_many_requests", retry_after=self._recent[0] + 60 - self._now())
        self._recent.append(self._now())

    def _live(self, refresh_token: str) -> Pair | None:
        found = [each for each in self._pairs if each.refresh == refresh_token and each.refreshable]
        return next((each for each in found if self._now() - each.made < REFRESH_LIFE), None)

    def _retire(self, pair: Pair) -> None:
        """What the pair replaced is gone, and so are other pairs made of the same parent (assumed)."""
        if pair.parent is None:
            return
        pair.parent.refreshable = False
        for other in self._pairs:
            if other.parent is pair.parent and other is not pair:
                other.drop()

    def _made(self, parent: Pair | None, *, keep: bool) -> Pair:
        at = self._now()
        expires = at + self._quirks.expires_in
        refresh = f"{self._chance.getrandbits(320):080x}"
        pair = Pair(self._token(at, expires), refresh, at, expires, parent)
        if keep:
            self._pairs.append(pair)
        return pair

    def _token(self, at: float, expires: float) -> str:
        claims = {
            "jti": f"{self._chance.getrandbits(320):080x}", "iss": "https://cloud.example.com", "aud": self.client_id,
            "sub": "1", "acct": str(self._quirks.account_id), "scope": sorted(self.scopes),
            "iat": at, "nbf": at, "exp": expires,
        }  # fmt: skip
        head = {"typ": "JWT", "alg": "RS256", "kid": f"{self._chance.getrandbits(512):0128x}"}
        parts = (orjson.dumps(head), orjson.dumps(claims), self._chance.randbytes(1024))
        return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def _given(request: Request) -> Mapping[str, Any]:
    """The fields of a body in JSON or as a form. Raises Denied."""
    if "json" not in request.header("Content-Type"):
        return dict(parse_qsl(request.body.decode("utf-8", "replace")))
    try:
        given = request.json()
    except ValueError:
        raise Denied(400, "invalid_request") from None
    return given if isinstance(given, dict) else {}
