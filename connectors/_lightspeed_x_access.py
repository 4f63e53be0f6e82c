"""The two ways into X-Series: a personal token, and an app's tokens, which rotate with every refresh."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from connectors.base import VendorError
from connectors.clock import Clock
from connectors.http import Http, Reply
from connectors.tokens import TokenFile, Tokens

TOKEN_PATH = "/api/1.0/token"  # noqa: S105
EARLY_S = 300
"""How long before its end an access token is no longer used."""
LIFE_S = 86_400
"""Assumed for an answer that does not say how long its token lives: what it is today."""
VENDOR = ".retail.lightspeed.app"


class Access(Protocol):
    """Sends one request with the retailer's credentials."""

    @property
    def http(self) -> Http: ...

    def send(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, json: Any = None,
        ok: Collection[int] = (200,),
    ) -> Reply:  # fmt: skip
        """As `Http.request`. Raises VendorError, permanent where the credentials are not accepted."""

    def lasts(self) -> str:
        """How long the present token lives, for people."""

    def lacks(self, scopes: Collection[str]) -> list[str]:
        """Which of these rights the vendor said it did not grant; none where it said nothing."""


@dataclass(frozen=True, slots=True)
class Personal:
    """A token that somebody made in the set-up; it cannot be refreshed."""

    http: Http
    token: str = field(repr=False)

    def send(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, json: Any = None,
        ok: Collection[int] = (200,),
    ) -> Reply:  # fmt: skip
        return self.http.request(method, path, params=params, json=json, headers=_headers(self.token), ok=ok)

    def lasts(self) -> str:
        return "personal token: it ends where its maker said so"

    def lacks(self, scopes: Collection[str]) -> list[str]:
        return []


@dataclass(slots=True)
class Rotating:
    """An app's tokens. The refresh token changes with each refresh: it is on the disk before its access token is used."""

    http: Http
    clock: Clock
    file: TokenFile
    host: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    _tokens: Tokens | None = None

    def send(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, json: Any = None,
        ok: Collection[int] = (200,),
    ) -> Reply:  # fmt: skip
        """A token that is refused before its time is refreshed once, and the request, which had no effect, sent again."""

        def once(tokens: Tokens, statuses: Collection[int]) -> Reply:
            headers = _headers(tokens.access_token)
            return self.http.request(method, path, params=params, json=json, headers=headers, ok=statuses)

        used = self._current()
        reply = once(used, {*ok, 401})
        return reply if reply.status != 401 or 401 in ok else once(self._refreshed(used), ok)

    def lasts(self) -> str:
        ends = self._current().expires_at
        left = "" if ends is None else f" for another {(ends - self.clock.time()) / 3600:.0f} h"
        return f"access token{left}, refreshed when it ends"

    def lacks(self, scopes: Collection[str]) -> list[str]:
        granted = self._current().scope.split()
        return sorted(set(scopes) - set(granted)) if granted else []

    def authorise(self, code: str, redirect_uri: str) -> None:
        """Exchange a code that an owner's consent gave (once, within ten minutes) and keep the tokens."""
        self.http.hide(code)
        with self.file.refreshing() as current:
            form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
            current.take_room()
            new, retailer = self._asked(form, None)
            self._same_retailer(retailer)  # another retailer's pair never takes the place of ours
            current.store(new)
        self._tokens = new  # not before they are stored

    def _current(self) -> Tokens:
        if self._tokens is None:
            self._tokens = self._hidden(self.file.read())
        return self._tokens if self._lives(self._tokens) else self._refreshed(self._tokens)

    def _lives(self, tokens: Tokens) -> bool:
        return tokens.expires_at is None or tokens.expires_at - EARLY_S > self.clock.time()

    def _refreshed(self, stale: Tokens) -> Tokens:
        """New tokens, unless another process got some while this one waited for the lock."""
        with self.file.refreshing() as current:
            kept = self._hidden(current.tokens)
            if kept.access_token == stale.access_token or not self._lives(kept):
                form = {"grant_type": "refresh_token", "refresh_token": kept.refresh_token}
                current.take_room()
                kept, retailer = self._asked(form, kept)
                current.store(kept)
                self._same_retailer(retailer)  # not before: the old pair is spent
        self._tokens = kept
        return kept

    def _asked(self, form: Mapping[str, str], before: Tokens | None) -> tuple[Tokens, Any]:
        """The new pair, and the prefix of the retailer whose it is, where the vendor says it."""
        secrets = {"client_id": self.client_id, "client_secret": self.client_secret}
        try:
            # Sent again when it fails: the vendor either still takes this refresh token, or never will.
            reply = self.http.request("POST", TOKEN_PATH, form={**form, **secrets}, retry=True, cost=0)
        except VendorError as error:
            spent = "the code is spent, too old or another app's" if "code" in form else "the app is not let in"
            told = f"{error}; {spent}: authorise it again with `rollcall connect`" if error.permanent else str(error)
            raise VendorError(told, permanent=error.permanent, status=error.status) from None
        answer = reply.json()
        access = answer.get("access_token") if isinstance(answer, dict) else None
        refresh = (answer.get("refresh_token") if isinstance(answer, dict) else None) or (
            before.refresh_token if before else ""
        )
        if not isinstance(access, str) or not access or not isinstance(refresh, str) or not refresh:
            raise VendorError(f"{reply.where} gave no token: check client_id and client_secret", permanent=True)
        life = answer.get("expires_in")
        scope = str(answer.get("scope") or (before.scope if before else ""))
        ends = self.clock.time() + (life if isinstance(life, int) else LIFE_S)
        return self._hidden(Tokens(access, refresh, ends, scope)), answer.get("domain_prefix")

    def _same_retailer(self, prefix: Any) -> None:
        if isinstance(prefix, str) and self.host.endswith(VENDOR) and self.host != f"{prefix}{VENDOR}":
            raise VendorError(f"X-Series let us in at {prefix}{VENDOR}: correct base_url", permanent=True)

    def _hidden(self, tokens: Tokens) -> Tokens:
        self.http.hide(tokens.access_token)
        self.http.hide(tokens.refresh_token)
        return tokens


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "application/json"}
