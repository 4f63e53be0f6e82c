"""A simulated Lightspeed eCom E-Series (Ecwid) store: what its admin and shoppers do, and the HTTP surface below.

Behaviour from the Ecwid sheet; what the sheet marks as not public or assumed is a switch in `writes.Quirks`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.sandbox.base import variable
from connectors.sandbox.ecwid.books import GENERAL, Record
from connectors.sandbox.ecwid.people import CONSENT, canonical, person_changes, spelled
from connectors.sandbox.ecwid.wire import STORE_ID, EcwidWire
from connectors.sandbox.ecwid.writes import with_default

VENDOR_FIELDS = ("taxId", "taxExempt", "b2b_b2c", "lang", "contacts", "shippingAddresses", "externalReferenceId")
NOTHING: Record = {"id": None, "email": "", "billingPerson": {}, "contacts": []}


class Account(EcwidWire):
    """One store: `Account(name, now, ledger, seed, **quirks)` with the fields of `Quirks` as switches."""

    def add(self, fields: Mapping[str, Any]) -> str:
        """A new customer; `group` is a group's name, made where it is not there. Raises ValueError without an email."""
        with self.guard:
            made = fields.get("created_at")
            private = {"taxId": f"{self.quirks.sentinel}-TAX"}
            changes = self._changes_of(NOTHING, {"first_name": None, "last_name": None, **private, **fields})
            if not changes.get("email"):
                raise ValueError("Ecwid knows no customer without an email (sheet: Customer object)")
            key = self.books.insert(changes, self.now() if made is None else datetime.fromisoformat(made).timestamp())
            self._orders(key, fields)
            return str(key)

    def guest(self, email: str) -> str:
        """An order without registration: a basic customer, nothing but an email and an order (sheet: List)."""
        return self.add({"email": email, "orders": 1})

    def edit(self, profile_id: str, fields: Mapping[str, Any]) -> None:
        """`orders` adds that many paid orders, `abandoned` carts; vendor fields pass as they are."""
        with self.guard:
            key = self._known(profile_id)
            self.books.change(key, self._changes_of(self.books.customers[key], fields))
            self._orders(key, fields)

    def archive(self, profile_id: str) -> None:
        """Ecwid cannot archive a customer, neither over the wire nor on its screens (sheet: Endpoints)."""
        raise ValueError(f"Ecwid cannot archive customer {profile_id}: delete it")

    def delete(self, profile_id: str) -> None:
        """For good: 404 by id from now on, and among the deleted."""
        with self.guard:
            self.books.remove(self._known(profile_id))

    def read(self, profile_id: str) -> dict[str, Any]:
        """Canonical fields, `status` and `group`, None in General (X2). Raises KeyError."""
        with self.guard:
            return canonical(self.books, self._known(profile_id))

    def ids(self) -> Iterator[str]:
        with self.guard:
            return iter([str(key) for key in self.books.customers])

    def settings(self) -> dict[str, Any]:
        """The host, and the store by its number."""
        host = self.url.removesuffix(self.base_path)
        token = {"env": variable(self.name, "TOKEN")}
        return {"kind": "ecwid", "driver": "api", "base_url": host, "store_id": int(STORE_ID), "token": token}

    def secrets(self) -> dict[str, str]:
        return {variable(self.name, "TOKEN"): self.token}

    def _known(self, profile_id: str) -> int:
        key = int(profile_id) if profile_id.isdigit() else 0
        if key not in self.books.customers:
            raise KeyError(profile_id)
        return key

    def _changes_of(self, current: Record, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Stored fields after an edit of canonical ones."""
        person = person_changes(fields, current["billingPerson"])
        contacts = current["contacts"]
        changes: dict[str, Any] = {name: fields[name] for name in VENDOR_FIELDS if name in fields}
        if fields.keys() & {"phone", "phone_raw"}:
            if self.quirks.phone_place != "contact":
                person["phone"] = spelled(fields)
            if self.quirks.phone_place != "billing":
                contacts = with_default(self.books, contacts, "PHONE", spelled(fields))
        if "email" in fields:
            changes["email"] = self._free(fields["email"] or "", current["id"])
            contacts = with_default(self.books, contacts, "EMAIL", changes["email"])
        if "email_consent" in fields:
            changes["acceptMarketing"] = CONSENT.get(fields["email_consent"])
        if "note" in fields:
            changes["privateAdminNotes"] = fields["note"] or ""
        if "group" in fields:
            changes["customerGroupId"] = self._group_id(fields["group"])
        return {"billingPerson": person, "contacts": contacts} | changes

    def _free(self, email: str, key: int | None) -> str:
        if not email or self.books.holder(email) not in (None, key):
            raise ValueError(f"Ecwid takes no empty email and none twice: {email!r} (sheet: Uniqueness)")
        return email

    def _group_id(self, name: str | None) -> int:
        if not name:
            return GENERAL
        found = self.books.group_named(name)
        return self.books.add_group(name) if found is None else found

    def _orders(self, key: int, fields: Mapping[str, Any]) -> None:
        first = bool(fields.get("has_purchased")) and not any(self.books.counted(key, paid_only=True))
        self.books.add_orders(key, int(fields.get("orders", first)), "PAID")
        self.books.add_orders(key, int(fields.get("abandoned", 0)), "INCOMPLETE")
