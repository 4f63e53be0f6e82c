"""Simulated BLAZE ECOM: one retail group's shop customers with their Mission Control, over a set of POS accounts.

Written from the vendor's sheet alone. Every store of the group gives the same customers (T1).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.sandbox.base import variable
from connectors.sandbox.blaze_ecom.api import Api
from connectors.sandbox.blaze_ecom.control import Outage, contact_changes
from connectors.sandbox.blaze_ecom.customers import CONTACTS, attributes, person


class Account(Api):
    """One ECOM group. `stores`: {store key: POS account}; quirks are given by name, see `blaze_ecom_api.Quirks`."""

    def sign_up(self, fields: Mapping[str, Any]) -> str:
        """A shopper signs up: linked by phone, or with a new profile in every store (T2, T4, T5). Raises ValueError."""
        with self.guard:
            return self.control.sign_up(fields)

    def add(self, fields: Mapping[str, Any]) -> str:
        """A customer without any link, as none of the vendor's doors makes it; takes `verified` too.

        Raises ValueError when the phone or email is another customer's, which ECOM never lets happen.
        """
        with self.guard:
            return self.customers.insert(fields)

    def edit(self, profile_id: str, fields: Mapping[str, Any]) -> None:
        """A clerk saves in Mission Control: phone and email go on to every linked POS profile (C1).

        Raises ValueError where Mission Control refuses a contact; the other fields are not saved then.
        """
        with self.guard:
            values = attributes(fields)
            contacts = contact_changes({name: fields[name] for name in CONTACTS if name in fields})
            for field, value in contacts:
                self.control.set_contact(profile_id, field, value)
            self.customers.change(profile_id, {name: value for name, value in values.items() if name not in CONTACTS})

    def archive(self, profile_id: str) -> None:
        with self.guard:
            self.customers.change(profile_id, {"is_active": False})

    def restore(self, profile_id: str) -> None:
        with self.guard:
            self.customers.change(profile_id, {"is_active": True})

    def delete(self, profile_id: str) -> None:
        """ECOM has no deletion (assumed): archived."""
        self.archive(profile_id)

    def read(self, profile_id: str) -> dict[str, Any]:
        """Canonical fields, `status` (active or archived) and `verified`; there are no addresses and no tags."""
        with self.guard:
            return person(self.customers.rows[profile_id] | {"status": self.control.status(profile_id)})

    def ids(self) -> Iterator[str]:
        return iter(self.customers)

    def links(self, profile_id: str) -> dict[str, str]:
        """{store key: POS profile id}. Raises KeyError."""
        return dict(self.customers.links[profile_id])

    def set_link(self, profile_id: str, store_key: str, pos_id: str) -> None:
        """Tie a customer to a POS profile, there or not. Raises KeyError for an unknown customer or store."""
        with self.guard:
            self.store_id(store_key)
            self.customers.links[profile_id][store_key] = pos_id

    def drop_link(self, profile_id: str, store_key: str) -> None:
        with self.guard:
            del self.customers.links[profile_id][store_key]

    def miss_push(self, store_key: str, times: int = 1) -> None:
        """The next pushes to one store get lost, and nobody is told."""
        with self.guard:
            self.store_id(store_key)
            self.control.misses[store_key] = times

    def pos_unavailable(self, reached: int = 1, *, saved: bool = False, times: int | None = 1) -> None:
        """Contact changes time out with 502 after `reached` stores; `saved`: ECOM itself keeps the new value."""
        with self.guard:
            self.control.outage = Outage(reached, saved, times)

    def settings(self) -> dict[str, Any]:
        sources = {self.store_id(store_key): till.name for store_key, till in self.control.stores.items()}
        return {
            "kind": "blaze_ecom",
            "driver": "api",
            "base_url": self.url,
            "token": {"env": variable(self.name, "TOKEN")},
            "store_id": next(iter(sources)),
            "link_keys": sources,
        }

    def secrets(self) -> dict[str, str]:
        return {variable(self.name, "TOKEN"): self.token}
