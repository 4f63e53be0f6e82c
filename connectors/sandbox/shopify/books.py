"""The books of one simulated shop: customers by id, by folded email and by E.164 phone, and a search index that lags.

A record is never changed in place: `put` files a new one. So whoever holds a record holds a snapshot.
"""

import hashlib
import re
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import phonenumbers

from connectors.sandbox.base import Now
from connectors.sandbox.shopify.search import folded

Record = Mapping[str, Any]

FIRST = {"Customer": 7_000_000_000_001, "MailingAddress": 8_000_000_000_001, "Metafield": 9_000_000_000_001}
NEVER_ASKED = {"state": "NOT_SUBSCRIBED", "level": "SINGLE_OPT_IN", "at": None, "from": None}
ADDRESS_SUFFIX = "?model_name=CustomerAddress"
_NORTH_AMERICAN = re.compile(r"\+1[2-9]\d\d[2-9]\d{6}")


def gid(kind: str, number: int) -> str:
    """A global id; that of a customer's address carries its suffix (sheet: MailingAddress)."""
    return f"gid://shopify/{kind}/{number}{ADDRESS_SUFFIX if kind == 'MailingAddress' else ''}"


def number_of(kind: str, text: str) -> int | None:
    """The number in a global id of the kind; None for anything else."""
    head, tail = f"gid://shopify/{kind}/", ADDRESS_SUFFIX if kind == "MailingAddress" else ""
    middle = text.removeprefix(head).removesuffix(tail)
    return int(middle) if text.startswith(head) and text.endswith(tail) and middle.isdigit() else None


def iso(at: float) -> str:
    """A time as the shop prints it: UTC, whole seconds."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def digest(value: str) -> str:
    """The compare digest of a metafield's value."""
    return hashlib.sha256(value.encode()).hexdigest()


def e164(text: str, region: str) -> str | None:
    """A phone as the shop stores it; None where it is no phone."""
    if _NORTH_AMERICAN.fullmatch(text):
        return text
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def tidy_tags(tags: Iterable[str]) -> list[str]:
    """Tags as they come back: trimmed, unique whatever their case, sorted."""
    kept: dict[str, str] = {}
    for tag in tags:
        if tag.strip():
            kept.setdefault(tag.strip().casefold(), tag.strip())
    return [kept[key] for key in sorted(kept)]


class Books:
    """Every customer of the shop. `search_lag`: seconds until the search index has heard of a change."""

    def __init__(self, now: Now, search_lag: float, region: str) -> None:
        self.now = now
        self.region = region
        self.customers: dict[int, Record] = {}
        self.ids: list[int] = []
        self.by_email: dict[str, int] = {}
        self.by_phone: dict[str, int] = {}
        self.merging: dict[int, dict[str, Any]] = {}
        """Of customers whose merge is not through yet: the job."""
        self._lag = search_lag
        self._next = dict(FIRST)
        self._pending: deque[tuple[float, int, Record | None]] = deque()
        self._index: dict[int, Record] = {}
        self._keys: dict[tuple[str, str], set[int]] = defaultdict(set)

    def take_id(self, kind: str) -> int:
        number = self._next[kind]
        self._next[kind] += 1
        return number

    def blank(self, created_at: str) -> Record:
        """A new customer's record, not filed yet; ids are taken by `put` alone."""
        return {
            "__typename": "Customer", "id": self._next["Customer"], "firstName": None, "lastName": None,
            "email": None, "phone": None, "state": "DISABLED", "tags": [], "note": None, "locale": "en",
            "taxExempt": False, "taxExemptions": [], "verifiedEmail": True, "dataSaleOptOut": False,
            "multipassIdentifier": None, "orders": 0, "createdAt": created_at, "updatedAt": created_at,
            "emailConsent": NEVER_ASKED, "smsConsent": NEVER_ASKED, "addresses": [], "default": None, "metafields": {},
            "blocks": (),
        }  # fmt: skip

    def put(self, record: Record) -> None:
        """File a record, new or changed."""
        key = record["id"]
        old = self.customers.get(key)
        if old is None:
            self.ids.append(key)
            self._next["Customer"] = max(self._next["Customer"], key + 1)
        else:
            self._forget(old)
        self.customers[key] = record
        if record["email"]:
            self.by_email[folded(record["email"])] = key
        if record["phone"]:
            self.by_phone[record["phone"]] = key
        self._pending.append((self.now(), key, record))

    def drop(self, key: int) -> None:
        """Gone: the id reads null from now on."""
        self._forget(self.customers.pop(key))
        self.ids.pop(bisect_left(self.ids, key))
        self._pending.append((self.now(), key, None))

    def holder(self, email: str | None = None, phone: str | None = None) -> int | None:
        """Who holds an email (compared as the shop does) or an E.164 phone."""
        return self.by_email.get(folded(email)) if email is not None else self.by_phone.get(phone or "")

    def by_gid(self, text: str) -> Record | None:
        return self.customers.get(number_of("Customer", text) or 0)

    def by_metafield(self, name: str, value: str) -> Record | None:
        """The customer with a value under `namespace.key`; only for definitions with unique values."""
        held = (r for r in self.customers.values() if r["metafields"].get(name, {}).get("value") == value)
        return next(held, None)

    def searched(self, exact: tuple[str, str] | None) -> Iterator[Record]:
        """What the search index knows, in the order of ids; `exact` narrows to one email or phone."""
        self._catch_up()
        name, value = exact or ("", "")
        if name == "email":
            return iter([self._index[key] for key in sorted(self._keys["email", folded(value)])])
        if name == "phone" and value.startswith("+"):
            return iter([self._index[key] for key in sorted(self._keys["phone", value])])
        return iter([self._index[key] for key in self.ids if key in self._index])

    def _catch_up(self) -> None:
        limit = self.now() - self._lag
        while self._pending and self._pending[0][0] <= limit:
            _, key, record = self._pending.popleft()
            for kind, value in _keys_of(self._index.pop(key, None)):
                self._keys[kind, value].discard(key)
            if record is not None:
                self._index[key] = record
                for kind, value in _keys_of(record):
                    self._keys[kind, value].add(key)

    def _forget(self, record: Record) -> None:
        if record["email"]:
            self.by_email.pop(folded(record["email"]), None)
        if record["phone"]:
            self.by_phone.pop(record["phone"], None)


def _keys_of(record: Record | None) -> list[tuple[str, str]]:
    if record is None:
        return []
    keys = [("email", folded(record["email"]))] if record["email"] else []
    return [*keys, ("phone", record["phone"])] if record["phone"] else keys
