"""A simulated Heartland Retail account: what a group's clerks do on the vendor's screens, and the HTTP surface below.

Behaviour from the Heartland sheet; what the sheet marks as assumed is a switch in `heartland_writes.Quirks`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.sandbox.base import variable
from connectors.sandbox.heartland.people import address_changes, canonical, dashed, vendor_changes
from connectors.sandbox.heartland.wire import HeartlandWire


class Account(HeartlandWire):
    """One Heartland account: `Account(name, now, ledger, seed, **quirks)` with the fields of `Quirks` as switches."""

    def add(self, fields: Mapping[str, Any]) -> str:
        with self.guard:
            created = self.books.stamp(_epoch(fields.get("created_at")))
            key = self.books.insert(fields.get("public_id") or self.books.free_number(), created)
            self._set(key, {"first_name": None, "last_name": None} | dict(fields))
            return str(key)

    def edit(self, profile_id: str, fields: Mapping[str, Any]) -> None:
        with self.guard:
            key = self._known(profile_id)
            if self._set(key, fields) or self.quirks.address_touches_customer:
                self.books.change(key, {"updated_at": self.books.stamp()})

    def archive(self, profile_id: str) -> None:
        self.edit(profile_id, {"status": "archived"})

    def restore(self, profile_id: str) -> None:
        """The switch in the vendor's screens, back to active; the id stays (M13)."""
        self.edit(profile_id, {"status": "active"})

    def delete(self, profile_id: str) -> None:
        """Heartland cannot delete a customer, neither over the wire nor on its screens (sheet: Endpoints)."""
        raise ValueError(f"Heartland cannot delete customer {profile_id}: archive it, or merge it into another")

    def merge(self, loser: str, survivor: str) -> None:
        """A merge on the vendor's screens: sales move to the survivor, the loser's id is unknown from now on."""
        with self.guard:
            gone, kept = self._known(loser), self._known(survivor)
            self.books.orders[kept] += self.books.orders.pop(gone, 0)
            self.books.remove(gone)
            self.books.change(kept, {"updated_at": self.books.stamp()})

    def read(self, profile_id: str) -> dict[str, Any]:
        with self.guard:
            return canonical(self.books, self._known(profile_id), self.quirks.phone_key)

    def ids(self) -> Iterator[str]:
        with self.guard:
            return iter([str(key) for key in self.books.ids])

    def settings(self) -> dict[str, Any]:
        return {
            "kind": "heartland",
            "driver": "api",
            "base_url": self.url,
            "token": {"env": variable(self.name, "TOKEN")},
        }

    def secrets(self) -> dict[str, str]:
        return {variable(self.name, "TOKEN"): self.token}

    def _known(self, profile_id: str) -> int:
        key = int(profile_id) if profile_id.isdigit() else 0
        if key not in self.books.customers:
            raise KeyError(profile_id)
        return key

    def _set(self, key: int, fields: Mapping[str, Any]) -> bool:
        """Set canonical fields; tells whether the customer itself changed, not only an address."""
        changes = vendor_changes(fields, self.quirks.phone_key)
        self.books.change(key, changes)
        if "orders" in fields or "has_purchased" in fields:
            self.books.orders[key] = int(fields.get("orders", bool(fields.get("has_purchased"))))
        self._set_address(key, fields)
        return bool(changes)

    def _set_address(self, key: int, fields: Mapping[str, Any]) -> None:
        """A new address takes the phone along, spelled its own way; later only one of the two is kept up to date."""
        parts = address_changes(fields, self.quirks.phone_key)
        given = {"phone": dashed(fields["phone"])} if fields.get("phone") and "phone" not in parts else {}
        address = self.books.main_address(key)
        if address is not None:
            address.update(parts)
        elif any(parts.values()):
            self.books.add_address(key, {**parts, **given})


def _epoch(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()
