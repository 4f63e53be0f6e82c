"""The way into R-Series: tokens that change at every refresh, and a bucket that leaks."""

import base64
import binascii
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

from connectors._guard import in_our_words
from connectors._lightspeed_r_words import WORDS, many
from connectors.base import VendorError
from connectors.clock import Clock
from connectors.http import Http, Reply
from connectors.pace import Limit, Told
from connectors.tokens import TokenFile, Tokens
from connectors.wire import loads

REFRESHES = Limit.within(5, seconds=60)
"""The vendor's limit per connection."""
EARLY_S = 60.0
"""How long before its end an access token is no longer used."""
LIFE_S = 1800.0
"""Of an access token whose answer names no end: the shorter of the two that the vendor's pages give."""
PASSING, PASSING_TRIES = "please try again later", 5
"""A 400 with these words is a passing trouble, like a 500."""
BURST = 19.0
"""Calls per second, just below the limit of 20 on top of the bucket."""
COST = 2.5
"""Assumed of one call until the vendor tells its cost: a page of the list with its relations."""
REFUSED = {
    "invalid_grant": "the refresh token is dead (unused for 30 days, revoked, or the employee is locked): "
    "a person authorises rollcall once more",
    "invalid_code": "the code is spent, older than a minute or another app's: start `rollcall connect` again",
    "invalid_client": "client_id or client_secret is wrong",
    "invalid_scope": "a scope is not granted: authorise once more",
}


class Access:
    """Sends one request with a token that is good, and renews the tokens where it is not."""

    def __init__(
        self, http: Http, cloud: Http, token_url: str, clock: Clock, *,
        client: Mapping[str, str], tokens: TokenFile,
    ) -> None:  # fmt: skip
        """`client`: client_id and client_secret."""
        self._http, self._cloud, self._token_url, self._clock = http, cloud, token_url, clock
        self._client, self._file = client, tokens
        self._tokens: Tokens | None = None
        self._dead = ""

    def get(self, path: str, *, params: Any = None, ok: Collection[int] = (200,), cost: float = COST) -> Reply:
        """Read, and read again where the vendor has a passing trouble. Raises VendorError."""
        for attempt in range(PASSING_TRIES):
            reply = self._authorised("GET", path, params, None, {*ok, 400}, cost)
            if reply.status != 400 or (400 in ok and not is_passing(reply)):
                return reply
            if not is_passing(reply):
                raise VendorError(f"{reply.where} is refused: {said(reply)}", permanent=True, status=400)
            self._clock.sleep(2.0**attempt)
        raise VendorError(
            f"{reply.where} answered {PASSING_TRIES} times to try again later", permanent=False, status=400
        )

    def send(self, method: Literal["POST", "PUT", "DELETE"], path: str, *, json: Any, ok: Collection[int]) -> Reply:
        """Write once; a token that was refused had no effect, so it is renewed and the write sent. Raises VendorError."""
        return self._authorised(method, path, None, json, ok, COST)

    @property
    def scopes(self) -> set[str]:
        """What the access token says that it may do; nothing where it cannot be read."""
        claims = _claims(self._good().access_token)
        told = claims.get("scope", "")
        words = told if isinstance(told, list) else re.split(r"[\s+]+", str(told))
        return {str(word) for word in words} - {""}

    def authorise(self, code: str) -> str:
        """Exchange a code of a consent (once, within a minute), and keep the pair; returns until when it is good."""
        for http in (self._http, self._cloud):
            http.hide(code)
        with self._file.refreshing() as current:
            current.take_room()
            tokens = self._exchanged({"code": code, "grant_type": "authorization_code"})
            current.store(tokens)
        self._dead = ""
        self._take(tokens)
        hours = 0.0 if tokens.expires_at is None else (tokens.expires_at - self._clock.time()) / 3600
        return f"access token for another {hours:.1f} h, refreshed when it ends; unused for 30 days, it dies"

    def _authorised(self, method: str, path: str, params: Any, json: Any, ok: Collection[int], cost: float) -> Reply:
        def once(statuses: Collection[int]) -> Reply:
            return self._http.request(
                method, path, params=params, headers=self._headers, json=json, ok=statuses, cost=cost
            )

        used = self._good().access_token
        reply = once({*ok, 401})
        if reply.status != 401:
            return reply
        self._renew(used)
        reply = once({*ok, 401})
        if reply.status == 401:
            self._dead = f"{reply.where} refuses a token that is new: check the employee's rights, authorise once more"
            raise VendorError(self._dead, permanent=True, status=401)
        return reply

    def _headers(self, _method: str, _url: str) -> dict[str, str]:
        # The Accept header beats the suffix of the path, and XML is the default.
        return {"Authorization": f"Bearer {self._good().access_token}", "Accept": "application/json"}

    def _good(self) -> Tokens:
        if self._tokens is None:
            self._take(self._file.read())
        assert self._tokens is not None
        if self._ended(self._tokens):
            self._renew(self._tokens.access_token)
        return self._tokens

    def _ended(self, tokens: Tokens) -> bool:
        return tokens.expires_at is not None and self._clock.time() >= tokens.expires_at - EARLY_S

    def _renew(self, refused: str) -> None:
        """A new pair, stored before it is used; or the pair that another process has renewed meanwhile."""
        if self._dead:
            raise VendorError(self._dead, permanent=True, status=401)
        with self._file.refreshing() as current:
            tokens = current.tokens
            self._hide(tokens)
            if tokens.access_token == refused or self._ended(tokens):
                current.take_room()
                tokens = self._exchanged({"refresh_token": tokens.refresh_token, "grant_type": "refresh_token"})
                current.store(tokens)
            self._take(tokens)

    def _exchanged(self, offered: Mapping[str, str]) -> Tokens:
        """Asked again without harm: the old pair stays good until the new access token is first used."""
        form = {**self._client, **offered}
        reply = self._cloud.request("POST", self._token_url, form=form, retry=True, ok=(200, 400, 401))
        answer = reply.json() if reply.status == 200 else _json_or_none(reply)
        answer = answer if isinstance(answer, dict) else {}
        if reply.status != 200:
            error = (
                "invalid_code" if "code" in offered and answer.get("error") == "invalid_grant" else answer.get("error")
            )
            self._dead = f"{reply.where} gives no new tokens: {REFUSED.get(str(error), 'without a reason')}"
            raise VendorError(self._dead, permanent=True, status=reply.status)
        access, refresh, life = (answer.get(key) for key in ("access_token", "refresh_token", "expires_in"))
        if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
            raise VendorError(f"{reply.where} answered without a pair of tokens: try again later", permanent=False)
        new = Tokens(access, refresh, self._clock.time() + (life if isinstance(life, int | float) else LIFE_S))
        self._hide(new)
        return new

    def _take(self, tokens: Tokens) -> None:
        self._hide(tokens)
        self._tokens = tokens

    def _hide(self, tokens: Tokens) -> None:
        hide: Callable[[str], None]
        for hide in (self._http.hide, self._cloud.hide):
            hide(tokens.access_token)
            hide(tokens.refresh_token)


def rows_of(reply: Reply, name: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What is listed under `name` (nothing: the key is absent), and the attributes. Raises VendorError."""
    answer = reply.json()
    attributes = answer.get("@attributes") if isinstance(answer, dict) else None
    rows = many(answer, name) if isinstance(answer, dict) else []
    if not isinstance(attributes, dict) or not all(isinstance(row, dict) for row in rows):
        raise VendorError(f"{reply.where} answered something else than a list: try again later", permanent=False)
    return rows, attributes


def metered(headers: Mapping[str, str]) -> Told:
    """The leaky bucket as it stands, what fills and empties it, and what this call cost; all with decimals."""
    level = re.fullmatch(r"([\d.]+)/([\d.]+)", headers.get("X-LS-API-Bucket-Level", "").strip())
    used, size = (_number(level[1]), _number(level[2])) if level else (None, None)
    drip, cost = (_number(headers.get(f"X-LS-API-{name}")) for name in ("Drip-Rate", "Request-Cost"))
    limit = Limit(drip, size, BURST) if drip and size else None
    return Told(limit, used, size, cost)


def is_passing(reply: Reply) -> bool:
    """Whether a refusal is a trouble that passes."""
    return reply.status == 400 and PASSING in reply.body.decode("utf-8", "replace").lower()


def said(reply: Reply) -> str:
    """The vendor's reason in our words; its own may hold anybody's values. JSON whatever the content type says."""
    answer = _json_or_none(reply)
    told = answer.get("message") or answer.get("error") if isinstance(answer, dict) else None
    return in_our_words(str(told or reply.body[:200].decode("utf-8", "replace")), reply.status, WORDS)


def _json_or_none(reply: Reply) -> Any:
    try:
        return reply.json()
    except VendorError:
        return None


def _claims(token: str) -> dict[str, Any]:
    """The middle of a JWT, unproven: it only says what to expect."""
    middle = [*token.split("."), "", ""][1]
    try:
        claims = loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}


def _number(value: str | None) -> float | None:
    try:
        return float(value) if value else None
    except ValueError:
        return None
