"""The books of one simulated Ecwid store: customers, groups, orders, and the ids of those deleted."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.base import Now
from connectors.sandbox.window import SearchLag

Record = dict[str, Any]

FIRST_ID, FIRST_CONTACT, FIRST_GROUP, FIRST_ORDER = 900_000_001, 800_000_001, 70_001, 500_001
GENERAL = 0
PLACE = ("street", "city", "countryCode", "postalCode", "stateOrProvinceCode")
PERSON = ("name", "companyName", *PLACE, "phone")
SINGLE = ("type", "contact", "default", "orderBy", "handle", "note")
COUNTRIES = {"CA": "Canada", "US": "United States", "GB": "United Kingdom"}
STATES = {"ON": "Ontario", "QC": "Quebec", "BC": "British Columbia", "IL": "Illinois", "CA": "California"}
PAID = ("PAID", "PARTIALLY_REFUNDED", "REFUNDED")


def stamp(at: float) -> str:
    """A time as the vendor prints it: `2024-08-21 07:52:09 +0000`, always UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S +0000")


class Books:
    """Every record by id. A stored record is never changed in place: an older one, once shown, stays what it was."""

    def __init__(self, now: Now, search_lag: float, *, fold_email: bool) -> None:
        self.now = now
        self.customers: dict[int, Record] = {}
        self.orders: dict[int, list[Record]] = {}
        self.deleted: list[Record] = []
        self.groups: dict[int, Record] = {GENERAL: {"id": GENERAL, "name": "General"}}
        self.lag = SearchLag(now, search_lag)
        self.revision = 0
        self._fold = fold_email
        self._by_email: dict[str, int] = {}
        self._next = {"customer": FIRST_ID, "contact": FIRST_CONTACT, "group": FIRST_GROUP, "order": FIRST_ORDER}

    def number(self, what: str) -> int:
        """The next free id of a kind of record."""
        self._next[what] += 1
        return self._next[what] - 1

    def peek(self, what: str) -> int:
        return self._next[what]

    def holder(self, email: str) -> int | None:
        """Who has this email; one customer per email (sheet: Uniqueness)."""
        return self._by_email.get(self._key(email))

    def insert(self, fields: Mapping[str, Any], at: float) -> int:
        key = self.number("customer")
        blank: Record = {"email": "", "billingPerson": {}, "shippingAddresses": [], "contacts": [], "favorites": []}
        blank |= {"customerGroupId": GENERAL, "acceptMarketing": None, "privateAdminNotes": "", "taxId": ""}
        blank |= {"taxExempt": False, "taxIdValid": True, "b2b_b2c": "b2c", "lang": "en", "extrafields": []}
        self._file({**blank, **fields, "id": key, "registered": at, "updated": at})
        return key

    def change(self, key: int, fields: Mapping[str, Any]) -> None:
        """Set fields of a customer; `updated` moves with any of them."""
        before = self.customers[key]
        self._by_email.pop(self._key(before["email"]), None)
        self._file({**before, **fields, "updated": max(self.now(), before["updated"])})

    def remove(self, key: int) -> None:
        """Deleted for good; what is left is the id and when (sheet: Writes)."""
        gone = self.customers.pop(key)
        self._by_email.pop(self._key(gone["email"]), None)
        self.deleted.append({"id": key, "date": stamp(self.now())})
        self.revision += 1

    def add_orders(self, key: int, count: int, status: str, total: float = 40.25) -> None:
        """Orders of a customer; their `updated` stays."""
        at = self.customers[key]["registered"]
        made = [{"id": self.number("order"), "status": status, "total": total, "at": at + n} for n in range(count)]
        self.orders[key] = self.orders.get(key, []) + made
        self.revision += 1

    def counted(self, key: int, *, paid_only: bool) -> Iterator[Record]:
        """The orders that a customer's statistics count; which those are is not public."""
        return (o for o in self.orders.get(key, []) if not paid_only or o["status"] in PAID)

    def group_named(self, name: str) -> int | None:
        return next((key for key, group in self.groups.items() if group["name"] == name), None)

    def add_group(self, name: str) -> int:
        key = self.number("group")
        self.groups[key] = {"id": key, "name": name}
        return key

    def default_contact(self, record: Record, kind: str) -> Record | None:
        """The contact of a type that is its default; there is one where there is any."""
        return next((c for c in record["contacts"] if c["type"] == kind and c["default"]), None)

    def contacts(self, wanted: list[Record], held: list[Record]) -> list[Record]:
        """A whole list of contacts as it is kept: ids and times given, one default per type, the last one named."""
        known = {contact["id"]: contact for contact in held}
        kept: list[Record] = []
        for place, wish in enumerate(wanted):
            old = known.get(wish.get("id"), {})
            base = {"default": False, "orderBy": place, "timestamp": stamp(self.now())} | old
            named = {name: wish[name] for name in SINGLE if name in wish}
            kept.append(base | named | {"id": old.get("id") or self.number("contact")})
        for kind in {contact["type"] for contact in kept}:
            same = [contact for contact in kept if contact["type"] == kind]
            chosen = next((c for c in reversed(same) if c["default"]), same[0])
            for contact in same:
                contact["default"] = contact is chosen
        return kept

    def _file(self, record: Record) -> None:
        self.customers[record["id"]] = record
        if record["email"]:
            self._by_email[self._key(record["email"])] = record["id"]
        self.revision += 1

    def _key(self, email: str) -> str:
        return email.strip().casefold() if self._fold else email
