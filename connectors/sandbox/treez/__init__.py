"""Simulated Treez: one dispensary with its customer API, and the hands of its clerks and of ECOM.

Written from the vendor's sheet alone. Pushes from ECOM are in the ledger with method `PUSH`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from connectors.sandbox.base import Effect, variable
from connectors.sandbox.treez.access import private_pem
from connectors.sandbox.treez.api import Api
from connectors.sandbox.treez.person import to_person, to_vendor
from connectors.sandbox.treez.records import look_up_key


class Account(Api):
    """One Treez store. Quirks are given by name, see `treez_api.Quirks`."""

    pos_type = "treez"

    def add(self, fields: Mapping[str, Any]) -> str:
        """A new profile; takes `verified` and `last_visit_at` besides the canonical fields. Duplicates are let in."""
        with self.guard:
            customer_id = self.records.new_id()
            values = to_vendor(fields, {}, self.records, self.quirks.opt_out_means, self.random)
            made = datetime.fromisoformat(fields["created_at"]).timestamp() if fields.get("created_at") else None
            self.groups.update(values.get("customer_groups", ()))
            self.records.insert(customer_id, values, made)
            return customer_id

    def edit(self, profile_id: str, fields: Mapping[str, Any]) -> None:
        with self.guard:
            current = self.records.full(profile_id)
            values = to_vendor(fields, current, self.records, self.quirks.opt_out_means, self.random)
            self.groups.update(values.get("customer_groups", ()))
            self.records.change(profile_id, values, "clerk")

    def archive(self, profile_id: str) -> None:
        """Deactivate: out of every list, still there by id."""
        with self.guard:
            self.records.change(profile_id, {"status": "DEACTIVATED"}, "clerk")

    deactivate = archive

    def delete(self, profile_id: str) -> None:
        """Treez has no deletion: what its staff call so is `archive`."""
        self.archive(profile_id)

    def renew(self, profile_id: str) -> None:
        """`Renew in POS`: a deactivated profile is active again."""
        with self.guard:
            self.records.change(profile_id, {"status": "ACTIVE", "merged_into_customer_id": None}, "clerk")

    def merge(self, loser: str, survivor: str) -> None:
        """A person folds one profile into another on the portal's own screen."""
        with self.guard:
            self.records.merge(loser, survivor)

    def read(self, profile_id: str) -> dict[str, Any]:
        """Canonical fields, and `status`, `merged_into`, `verified`; `country` and `sms_consent` are unknown here."""
        with self.guard:
            return to_person(self.records.full(profile_id), self.quirks.opt_out_means)

    def ids(self) -> Iterator[str]:
        return iter(self.records)

    def settings(self) -> dict[str, Any]:
        shared = {"kind": "treez", "driver": "api", "base_url": self.url, "dispensary": self.dispensary}
        if self.quirks.api == "v2":
            return shared | {
                "api": "v2",
                "client_id": self.access.client_id,
                "api_key": {"env": variable(self.name, "API_KEY")},
            }
        who = {"certificate_id": self.access.certificate_id, "organization_id": self.access.organization_id}
        return shared | {"api": "v3"} | who | {"private_key": {"env": variable(self.name, "PRIVATE_KEY")}}

    def secrets(self) -> dict[str, str]:
        if self.quirks.api == "v2":
            return {variable(self.name, "API_KEY"): self.access.api_key}
        return {variable(self.name, "PRIVATE_KEY"): private_pem()}

    def find_by_phone(self, phone: str) -> list[str]:
        """Ids of listed profiles with this number, the lowest first (section 8)."""
        with self.guard:
            return self.records.holders("phone", phone)

    def find_by_email(self, email: str) -> list[str]:
        with self.guard:
            return self.records.holders("email", email)

    def status(self, profile_id: str) -> Literal["active", "archived", "missing"]:
        if profile_id not in self.records:
            return "missing"
        return "active" if self.records.listed(profile_id) else "archived"

    def push(self, profile_id: str, field: Literal["email", "phone"], value: str) -> None:
        """ECOM sets a linked profile's email, or phone (E.164). Raises KeyError."""
        with self.guard:
            change: dict[str, Any] = {field: look_up_key("phone", value) if field == "phone" else value}
            before: dict[str, Any] = {field: self.records.full(profile_id)[field]}
            self.records.change(profile_id, change, "ecom")
            path = f"/customer/update/{profile_id}"
            self.ledger.effects.append(Effect(self.name, self.now(), "PUSH", path, profile_id, change, before, 200))
