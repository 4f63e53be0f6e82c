"""A simulated Lightspeed Retail X-Series retailer: what its clerks do in the back office, and the HTTP surface below.

Behaviour from the X-Series sheet; what the sheet marks as not public or assumed is a switch in `writes.Quirks`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.sandbox.base import variable
from connectors.sandbox.lightspeed_x.books import BALANCES
from connectors.sandbox.lightspeed_x.people import SALE, canonical, planted, vendor_changes
from connectors.sandbox.lightspeed_x.wire import LightspeedXWire


class Account(LightspeedXWire):
    """One retailer: `Account(name, now, ledger, seed, token_folder=None, **quirks)`, `quirks` as in `Quirks`."""

    def add(self, fields: Mapping[str, Any]) -> str:
        """A new customer; `group` is a group's name, made where it is not there. Vendor fields pass as they are."""
        with self.guard:
            made = fields.get("created_at")
            changes = planted(self.quirks.sentinel) | vendor_changes(fields) | self._group_change(fields)
            return self.books.insert(changes, None if made is None else datetime.fromisoformat(made).timestamp())

    def edit(self, profile_id: str, fields: Mapping[str, Any]) -> None:
        with self.guard:
            self._alive(profile_id)
            self.books.change(profile_id, vendor_changes(fields) | self._group_change(fields))

    def archive(self, profile_id: str) -> None:
        """X-Series has no archive: what its screens offer is `delete`."""
        self.delete(profile_id)

    def delete(self, profile_id: str) -> None:
        """Soft and for ever: the record stays, with `deleted_at`, and never comes back (M13)."""
        with self.guard:
            self._alive(profile_id)
            self.books.change(profile_id, {"deleted_at": self.books.stamp()})

    def merge(self, loser: str, survivor: str) -> None:
        """Merge and delete in the back office: balances move, nothing names the survivor (section 6)."""
        with self.guard:
            self._alive(loser)
            self._alive(survivor)
            rows = self.books.customers.rows
            moved = {name: rows[survivor][name] + rows[loser][name] for name in BALANCES}
            self.books.change(loser, dict.fromkeys(BALANCES, 0) | {"deleted_at": self.books.stamp()})
            self.books.change(survivor, moved)

    def sell(self, profile_id: str) -> None:
        """A sale at the till: balances and `updated_at` move, nothing else (section 8)."""
        with self.guard:
            self._alive(profile_id)
            record = self.books.customers.rows[profile_id]
            earned = {"year_to_date": record["year_to_date"] + SALE, "loyalty_balance": record["loyalty_balance"] + 1}
            self.books.change(profile_id, earned)

    def rename_group(self, name: str, to: str) -> None:
        """A manager gives a group another title; its customers stay in it. Raises LookupError where there is none."""
        with self.guard:
            rows = self.books.groups.rows.items()
            found = next((key for key, row in rows if row["name"] == name and not row["deleted_at"]), None)
            if found is None:
                raise LookupError(f"{self.name} has no group {name!r}")
            self.books.change_group(found, {"name": to})

    def read(self, profile_id: str) -> dict[str, Any]:
        """Canonical fields, `status` (active, deleted) and `group`, None in All Customers (X2). Raises KeyError."""
        with self.guard:
            return canonical(self.books, self.books.customers.rows[profile_id])

    def ids(self) -> Iterator[str]:
        """Every customer, deleted ones included."""
        with self.guard:
            return iter(list(self.books.customers.rows))

    def settings(self) -> dict[str, Any]:
        """The host without the version's path, as the retailer's address has it."""
        shared = {"kind": "lightspeed_x", "driver": "api", "base_url": self.url.removesuffix(self.base_path)}
        if self.tokens is None:
            return shared | {"token": {"env": variable(self.name, "TOKEN")}}
        who = {"client_id": self.access.client_id, "client_secret": {"env": variable(self.name, "CLIENT_SECRET")}}
        return shared | who | {"tokens": {"file": str(self.tokens)}}

    def secrets(self) -> dict[str, str]:
        if self.tokens is None:
            return {variable(self.name, "TOKEN"): self.access.personal}
        return {variable(self.name, "CLIENT_SECRET"): self.access.client_secret}

    def _alive(self, profile_id: str) -> None:
        if self.books.customers.rows[profile_id]["deleted_at"]:
            raise ValueError(f"X-Series cannot change customer {profile_id}: it is deleted, and stays so")

    def _group_change(self, fields: Mapping[str, Any]) -> dict[str, str]:
        if "group" not in fields:
            return {}
        name = fields["group"]
        if not name:
            return {"customer_group_id": self.books.default_group}
        return {"customer_group_id": self.books.group_named(name) or self.books.add_group(name)}
