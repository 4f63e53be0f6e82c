"""Who may call simulated X-Series: a personal token, or OAuth tokens that are refreshed and rotate (section 2)."""

import contextlib
import json
import os
import random
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from connectors.sandbox.base import Now
from connectors.sandbox.loopback import Request, Response
from connectors.sandbox.window import CallWindow

LIFE = 86_400
CODE_LIFE = 600
TOKEN_CALLS, TOKEN_SECONDS = 10, 60
"""The token address has a limit of its own; ten is the vendor's sample, the minute is assumed."""
SCOPES = frozenset({"customers:read", "customers:write", "retailer:read"})


class Access:
    """The tokens of one application at one retailer. `rotates`: a refresh ends the refresh token and the access token."""

    def __init__(self, now: Now, chance: random.Random, prefix: str, *, rotates: bool) -> None:
        self._now = now
        self._chance = chance
        self._prefix = prefix
        self._rotates = rotates
        self.scopes = SCOPES
        self.client_id = self._word()
        self.client_secret = self._word()
        self.personal = f"personal-{self._word()}"
        self.refresh = self._word()
        self.refreshes = 0
        self.spent_offers = 0
        """How often a refresh token was offered that is no longer good: a client lost the newer one."""
        self._live: dict[str, float] = {}
        self._codes: dict[str, float] = {}
        self._calls = CallWindow(now, TOKEN_CALLS, TOKEN_SECONDS)

    def admits(self, request: Request) -> bool:
        token = request.header("Authorization").removeprefix("Bearer ")
        return token == self.personal or self._live.get(token, 0.0) > self._now()

    def expire(self) -> None:
        """Every OAuth access token ends now; refresh tokens stay good."""
        self._live.clear()

    def authorize(self) -> str:
        """An admin user says yes in the browser: a code, good once and for ten minutes."""
        code = self._word()
        self._codes[code] = self._now() + CODE_LIFE
        return code

    def write(self, path: Path) -> None:
        """The tokens of a fresh authorization, as a client keeps them: expires_at in seconds since the epoch."""
        granted = self._granted()
        kept = {name: granted[name] for name in ("access_token", "refresh_token")} | {"expires_at": granted["expires"]}
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(kept, file)

    def token(self, request: Request) -> Response:
        """`POST /api/1.0/token`: a form, never the query string."""
        if self._calls.take():
            return Response(429, {"error": "Too Many Requests"}, headers=self._limits())
        form: dict[str, str] = {}
        with contextlib.suppress(UnicodeDecodeError):
            form = dict(parse_qsl(request.body.decode("utf-8")))
        right = "application/x-www-form-urlencoded" in request.header("Content-Type") and not request.query
        if not right or (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return self._refused("invalid_client" if right else "invalid_request")
        match form.get("grant_type"):
            case "authorization_code":
                good = self._codes.pop(form.get("code", ""), 0.0) > self._now()
                return Response(200, self._granted(), headers=self._limits()) if good else self._refused()
            case "refresh_token":
                return self._refreshed(form.get("refresh_token", ""))
        return self._refused("unsupported_grant_type")

    def _refreshed(self, offered: str) -> Response:
        if offered != self.refresh:
            self.spent_offers += 1
            return self._refused()
        self.refreshes += 1
        if self._rotates:
            self._live.clear()
            return Response(200, self._granted(), headers=self._limits())
        kept = self.refresh
        answer = self._granted()
        self.refresh = kept
        del answer["refresh_token"]
        return Response(200, answer, headers=self._limits())

    def _granted(self) -> dict[str, Any]:
        access, self.refresh = self._word(), self._word()
        self._live[access] = self._now() + LIFE
        return {
            "access_token": access, "token_type": "Bearer", "expires": int(self._now()) + LIFE, "expires_in": LIFE,
            "refresh_token": self.refresh, "domain_prefix": self._prefix, "scope": " ".join(sorted(self.scopes)),
        }  # fmt: skip

    def _refused(self, error: str = "invalid_grant") -> Response:
        return Response(400, {"error": error}, headers=self._limits())

    def _limits(self) -> dict[str, str]:
        reset = str(int(self._calls.opens_at))
        said = {"X-RateLimit-Limit": str(TOKEN_CALLS), "X-RateLimit-Remaining": str(self._calls.left)}
        return said | {"X-RateLimit-Reset": reset}

    def _word(self) -> str:
        return f"{self._chance.getrandbits(160):040x}"
