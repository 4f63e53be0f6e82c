"""Speaking GraphQL to one shop: signing in, paying for queries, and telling its three layers of errors apart."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors._guard import listed
from connectors._shopify_words import ADDRESS, PLAIN, ShopifySettings
from connectors.base import VendorError
from connectors.clock import Clock
from connectors.http import Effect, Http, Reply
from connectors.pace import Limit, Told

LIMIT = Limit(rate=100.0, at_once=2_000.0)
"""Points, of the smallest plan; every answer tells the shop's own."""
PRICE = 10.0
"""Of a document that was never sent yet: a mutation's."""
LONGEST_WAIT_S = 900.0
ATTEMPTS = 40
TOKEN_MARGIN_S = 300.0

_REFUSALS = {
    "ACCESS_DENIED", "INVALID_VARIABLE", "missingRequiredArguments", "argumentLiteralsIncompatible", "undefinedField",
    "BAD_REQUEST", "RESOURCE_NOT_FOUND", "NOT_FOUND", "INVALID", "MAX_COST_EXCEEDED", "THROTTLED",
}  # fmt: skip
"""Codes that come before anything is done."""
_SENTENCES = (
    ("already been taken", "belongs to another customer of this shop: free it there first (C3, C4)"),
    ("too long", "is too long for Shopify"),
    ("cannot be more than", "is more than Shopify takes"),
    ("must be present", "is missing: a customer needs a name, a phone number or an email address"),
    ("must have a name", "is missing: a customer needs a name, a phone number or an email address"),
    ("set the SMS consent", "has no effect: the customer has no phone number"),
    ("must not be in the future", "is in the future: set this machine's clock"),
    ("already exists", "is there already"),
    ("has gift cards", "has gift cards, and Shopify merges nobody who has"),
    ("is invalid", "is not valid for Shopify"),
    ("does not exist", "does not exist (any more): the customer may have been deleted or merged"),
    ("not found", "does not exist (any more): the customer may have been deleted or merged"),
    ("can't be found", "does not exist (any more): the customer may have been deleted or merged"),
)
_CODES = {
    "STALE_OBJECT": "was changed since it was read: plan again",
    "INVALID_COMPARE_DIGEST": "was changed since it was read: plan again",
}

_NAMED = frozenset(
    {
        "BLANK",
        "TAKEN",
        "TOO_LONG",
        "TOO_SHORT",
        "PRESENT",
        "NOT_FOUND",
        "INTERNAL_ERROR",
        "INTERNAL_SERVER_ERROR",
        "CAPABILITY_VIOLATION",
        "INCLUSION",
        "LESS_THAN_OR_EQUAL_TO",
        "INVALID_TYPE",
        "INVALID_VALUE",
        "INVALID_METAFIELD",
        "APP_NOT_AUTHORIZED",
        "UNSTRUCTURED_RESERVED_NAMESPACE",
        "OPERATION_IN_PROGRESS",
        "LIMIT_REACHED",
        "CUSTOMER_DOES_NOT_EXIST",
        "INVALID_QUERY",
        "INVALID_MUTATION",
        "INVALID_STAGED_UPLOAD_FILE",
        "NO_SUCH_FILE",
        "INTERNAL_FILE_SERVER_ERROR",
        "INVALID_CUSTOMER",
        "INVALID_CUSTOMER_ID",
        "CUSTOMER_HAS_GIFT_CARDS",
        "MISSING_OVERRIDE_ATTRIBUTE",
        "OVERRIDE_ATTRIBUTE_INVALID",
    }
)
_FIELDS = frozenset(
    {
        *PLAIN.values(),
        *ADDRESS.values(),
        "id",
        "email",
        "phone",
        "tags",
        "address",
        "addressId",
        "addresses",
        "customer",
        "customerId",
        "customerOneId",
        "customerTwoId",
        "countryCode",
        "emailMarketingConsent",
        "smsMarketingConsent",
        "marketingState",
        "consentUpdatedAt",
        "marketingOptInLevel",
        "metafields",
        "ownerId",
        "namespace",
        "key",
        "type",
        "value",
        "compareDigest",
        *map(str, range(25)),
    }
)
"""The names of what we send, and places in a list of it."""
_SCOPES = frozenset(
    {f"{may}_{what}" for may in ("read", "write") for what in ("customers", "customer_merge", "orders", "locations")}
)


class ShopifyError(VendorError):
    """Shopify's own refusal; `code` in its words, `OPERATION_IN_PROGRESS` say."""

    code = ""


class Client:
    """One shop's GraphQL endpoint."""

    def __init__(self, name: str, settings: ShopifySettings, clock: Clock) -> None:
        self.name = name
        self._settings = settings
        self._clock = clock
        self._token = settings.token.reveal().get_secret_value() if settings.token else ""
        self._secret = settings.client_secret.reveal().get_secret_value() if settings.client_secret else ""
        self._token_ends = float("inf") if settings.token else 0.0
        share, secrets = settings.rate_share, (self._token, self._secret)
        self.http = Http(name, settings.base_url, clock, limit=LIMIT, share=share, secrets=secrets)
        self._prices: dict[str, float] = {}
        self.answered_version: str | None = None
        self.answered_date: str | None = None

    def read(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer's `data`, whole. Any error in it fails it: a field left out is not a field that is empty."""
        answer = self._paid(document, variables or {}, writing=False)
        if answer.get("errors"):
            raise self._refused(answer, document, writing=False)
        data: dict[str, Any] = answer["data"]
        return data

    def write(self, document: str, variables: Mapping[str, Any], *, harmless: bool = False) -> dict[str, Any]:
        """The payload of a document's one mutation, done. `harmless`: it may be sent twice.

        Raises VendorError; its `effect` says whether it may be done all the same.
        """
        return self.payload(self._paid(document, variables, writing=not harmless), document, harmless=harmless)

    def payload(self, answer: Mapping[str, Any], document: str, *, harmless: bool = False) -> dict[str, Any]:
        """What an answer, or a line of a bulk operation's result, says of a document's one mutation: its payload, done.

        Raises VendorError as `write` does.
        """
        if _codes(answer):
            raise self._refused(answer, document, writing=not harmless)
        data = None if answer.get("errors") else answer.get("data")
        (payload,) = (data if isinstance(data, dict) and len(data) == 1 else {"": None}).values()
        if not isinstance(payload, dict) or not isinstance(payload.get("userErrors"), list):
            raise ShopifyError(f"{self.name}: Shopify does not say what it did", permanent=False, effect="unknown")
        if payload["userErrors"]:
            raise self._user_error(payload["userErrors"])
        return payload

    def _paid(self, document: str, variables: Mapping[str, Any], *, writing: bool) -> dict[str, Any]:
        """An answer that is no plea to wait. A throttled request was not run, so that waiting is safe for writes."""
        body = {"query": document, "variables": dict(variables)}
        waited = 0.0
        for _ in range(ATTEMPTS):
            answer = self._signed_in(body, writing=writing)
            code = _codes(answer)[:1]
            if code != ["THROTTLED"] and (writing or code != ["INTERNAL_SERVER_ERROR"]):
                return answer
            wait = _asked_wait(answer)
            waited += wait
            if waited > LONGEST_WAIT_S:
                break
            self.http.stats.retries += 1
            self._clock.sleep(wait)
        raise ShopifyError(f"{self.name}: Shopify still answers {code[0]} after {waited:.0f} s", permanent=False)

    def _signed_in(self, body: Mapping[str, Any], *, writing: bool) -> dict[str, Any]:
        """Sends with a token that is good; one that was got here and is refused is got once more."""
        if self._clock.time() >= self._token_ends:
            self._get_token()
        price = self._prices.get(body["query"], PRICE)
        try:
            reply = self._send(body, price, writing=writing)
        except VendorError as error:
            if error.status != 401 or not self._secret:
                raise
            self._get_token()
            reply = self._send(body, price, writing=writing)
        answer = self._answer(reply, writing=writing)
        told, self._prices[body["query"]] = _metered(answer, price)
        self.http.budget.learn(told, price)
        return answer

    def _send(self, body: Mapping[str, Any], price: float, *, writing: bool) -> Reply:
        path = f"/admin/api/{self._settings.api_version}/graphql.json"
        retry = None if writing else True
        headers = {"X-Shopify-Access-Token": self._token}
        return self.http.request("POST", path, json=body, headers=headers, retry=retry, cost=price)

    def _answer(self, reply: Reply, *, writing: bool) -> dict[str, Any]:
        effect: Effect = "unknown" if writing else "none"
        try:
            answer = reply.json()
        except VendorError as error:
            raise VendorError(str(error), permanent=False, status=error.status, effect=effect) from None
        known = isinstance(answer, dict) and (isinstance(answer.get("data"), dict) or _codes(answer))
        if not known:
            text = f"{reply.where} answered something that is not GraphQL: try again later"
            raise VendorError(text, permanent=False, effect=effect)
        self.answered_version = reply.headers.get("X-Shopify-API-Version")
        self.answered_date = reply.headers.get("Date")
        return dict(answer)

    def _get_token(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id or "",
            "client_secret": self._secret,
        }
        reply = self.http.request("POST", "/admin/oauth/access_token", form=form, retry=True, cost=0)
        answer = reply.json()
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise VendorError(f"{reply.where} gives no token: check client_id and client_secret", permanent=True)
        self.http.hide(token)
        lasts = answer.get("expires_in")
        lasts = float(lasts) if isinstance(lasts, (int, float)) else timedelta(hours=1).total_seconds()
        self._token, self._token_ends = token, self._clock.time() + lasts - TOKEN_MARGIN_S

    def _refused(self, answer: Mapping[str, Any], document: str, *, writing: bool) -> ShopifyError:
        error = answer["errors"][0]
        extensions = error.get("extensions") if isinstance(error.get("extensions"), dict) else {}
        code = (_codes(answer) or [""])[0]
        sent = frozenset(re.findall(r"\w+", document))
        where = ".".join(listed(step, sent) or "[…]" for step in error.get("path") or []) or "the request"
        text = f"{self.name}: Shopify refuses {where} ({_code(code) if code else 'no code'})"
        if needs := extensions.get("requiredAccess"):
            scopes = [word for word in re.findall(r"\w+", str(needs)) if word in _SCOPES]
            text += f"; the app needs: {', '.join(scopes) or 'a scope that it lacks'}"
        elif code in {"ACCESS_DENIED", ""} and answer.get("data"):
            text += "; the app may not see all customer data: grant it access to protected customer data"
        done = writing and (code not in _REFUSALS or any((answer.get("data") or {}).values()))
        passing = code == "INTERNAL_SERVER_ERROR"
        refused = ShopifyError(self.http.redact(text), permanent=not passing, effect="unknown" if done else "none")
        refused.code = code
        return refused

    def _user_error(self, errors: Sequence[Mapping[str, Any]]) -> ShopifyError:
        code = str(errors[0].get("code") or "")
        text = f"{self.name}: " + "; ".join(_sentence(error) for error in errors)
        failed = code in {"INTERNAL_ERROR", "INTERNAL_SERVER_ERROR"}
        refused = ShopifyError(text, permanent=not failed, effect="unknown" if failed else "none")
        refused.code = code
        return refused


def _codes(answer: Any) -> list[str]:
    """The codes of the top-level errors, '' for an error without one; nothing where there are none."""
    errors = answer.get("errors") if isinstance(answer, dict) else None
    if not isinstance(errors, list):
        return []
    return [str((error.get("extensions") or {}).get("code") or "") for error in errors if isinstance(error, dict)]


def _asked_wait(answer: Mapping[str, Any]) -> float:
    """Seconds until the bucket holds the price of the query, and at least one."""
    try:
        cost = answer["extensions"]["cost"]
        bucket = cost["throttleStatus"]
        missing = float(cost["requestedQueryCost"] - bucket["currentlyAvailable"])
        return max(1.0, missing / float(bucket["restoreRate"]))
    except (KeyError, TypeError, ZeroDivisionError):
        return 2.0


def _metered(answer: Mapping[str, Any], price: float) -> tuple[Told, float]:
    """The shop's bucket as an answer tells it, and what the same document asks for next time."""
    try:
        cost = answer["extensions"]["cost"]
        bucket = cost["throttleStatus"]
        size, left, rate = (float(bucket[name]) for name in ("maximumAvailable", "currentlyAvailable", "restoreRate"))
        asked, really = (float(cost[name] or 0) for name in ("requestedQueryCost", "actualQueryCost"))
    except (KeyError, TypeError, ValueError, OverflowError):
        return Told(), price
    return Told(Limit(rate, size), size - left, size, really), asked if 0 < asked <= size else price


def _sentence(error: Mapping[str, Any]) -> str:
    """A refusal in our words: Shopify's own may hold the customer's name."""
    path = [listed(step, _FIELDS) or "[…]" for step in error.get("field") or [] if step != "input"]
    what, message = ".".join(path) or "the change", str(error.get("message"))
    code = str(error.get("code") or "")
    known = (text for part, text in _SENTENCES if part.lower() in message.lower())
    otherwise = f"is refused by Shopify ({_code(code)})" if code else "is refused"
    return f"{what} {_CODES.get(code) or next(known, otherwise)}"


def _code(said: str) -> str:
    """A code that we know; any other may be somebody's name."""
    return listed(said, _REFUSALS | _CODES.keys() | _NAMED) or "[…]"
