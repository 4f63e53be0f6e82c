"""Mission Control, simulated: sign-up, contact changes that go one way to every linked POS profile, states of links.

Rules T1, T2, T4, T5, C1 to C3 and sheet section 11. `Till` is all that it knows of a POS account.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from connectors.sandbox.blaze_ecom.customers import CONTACTS, ContactField, Customers, Refused, contact

MARKER = "Linked with ECOM. Do not delete!"


class Till(Protocol):
    """One POS account of the group, such as `treez.Account`."""

    name: str
    pos_type: str

    def add(self, fields: Mapping[str, Any]) -> str:
        """A new profile from canonical fields; returns its id."""

    def edit(self, profile_id: str, fields: Mapping[str, Any]) -> None:
        """Change canonical fields."""

    def read(self, profile_id: str) -> dict[str, Any]:
        """Canonical fields. Raises KeyError."""

    def find_by_phone(self, phone: str) -> list[str]:
        """Ids of active profiles with this number (E.164), the lowest first."""

    def find_by_email(self, email: str) -> list[str]:
        """Ids of active profiles with this email, the lowest first."""

    def push(self, profile_id: str, field: ContactField, value: str) -> None:
        """Take a contact value from ECOM, and enter that into the ledger."""

    def status(self, profile_id: str) -> Literal["active", "archived", "missing"]:
        """What became of a profile."""


@dataclass(slots=True)
class Outage:
    """The POS side stops answering: of each push, `reached` stores still get it; `saved`: ECOM keeps the new value."""

    reached: int
    saved: bool
    times: int | None


class MissionControl:
    """What the group's ECOM does with its customers and their POS profiles."""

    def __init__(self, customers: Customers, stores: Mapping[str, Till], match: tuple[ContactField, ...]) -> None:
        self.customers = customers
        self.stores = stores
        self.match = match
        self.outage: Outage | None = None
        self.misses: dict[str, int] = {}
        self.ambiguous: dict[str, set[str]] = {}

    def sign_up(self, fields: Mapping[str, Any]) -> str:
        """A new customer with a marked profile in every store: the one found by contact, else a new one (T2, T4).

        Raises Refused when the shop has an account with this phone or email.
        """
        customer_id = self.customers.insert(fields)
        given: dict[str, Any] = dict(fields) | {field: self.customers.rows[customer_id][field] for field in CONTACTS}
        for store_key, till in self.stores.items():
            found = self._matches(till, given)
            if len(found) > 1:
                self.ambiguous.setdefault(customer_id, set()).add(store_key)
            pos_id = self._taken_over(till, found[0], given) if found else self._made(till, given)
            self.customers.links[customer_id][store_key] = pos_id
        return customer_id

    def set_contact(self, customer_id: str, field: ContactField, value: str) -> None:
        """Save a phone or email: pushed to every linked profile, also when it is the same as before (C1, C2).

        Raises Refused: `duplicate`, `pos_link_broken` and `pos_duplicate` change nothing anywhere; after
        `pos_unavailable` some profiles have the new value and some have not.
        """
        links = self.customers.links[customer_id]
        self.customers.must_be_free(field, value, customer_id)
        self._links_must_hold(links, field)
        self._stores_must_be_free(links, field, value)
        outage = self._outage_due()
        self._push(list(links.items())[: outage.reached if outage else None], field, value)
        if outage is None or outage.saved:
            self.customers.change(customer_id, {field: value})
        if outage:
            raise Refused(502, "pos_unavailable", "the POS did not answer in time", field)

    def link_status(self, customer_id: str, store_key: str) -> Literal["active", "archived", "missing", "ambiguous"]:
        """How a link stands at this moment; ambiguous while several POS profiles hold the number signed up with."""
        till, row = self.stores[store_key], self.customers.rows[customer_id]
        if store_key in self.ambiguous.get(customer_id, ()) and len(self._matches(till, row)) > 1:
            return "ambiguous"
        return till.status(self.customers.links[customer_id][store_key])

    def status(self, customer_id: str) -> str:
        """Unconfirmed, confirmed or customer; never confirmed while a link is ambiguous (section 2)."""
        doubtful = any(
            self.link_status(customer_id, store_key) == "ambiguous" for store_key in self.ambiguous.get(customer_id, ())
        )
        stored: str = self.customers.rows[customer_id]["status"]
        return "unconfirmed" if doubtful else stored

    def _matches(self, till: Till, fields: Mapping[str, Any]) -> list[str]:
        finders = {"phone": till.find_by_phone, "email": till.find_by_email}
        found = (finders[field](fields[field]) for field in self.match if fields.get(field))
        return next((ids for ids in found if ids), [])

    def _taken_over(self, till: Till, pos_id: str, fields: Mapping[str, Any]) -> str:
        """The profile found gets the marker and ECOM's email (T5), unless another profile there has that email."""
        held = till.read(pos_id)
        note = held["note"] or ""
        changes = {} if MARKER in note else {"note": f"{note}\n{MARKER}".strip()}
        email = fields.get("email")
        if email and email != (held["email"] or "").lower() and not till.find_by_email(email):
            changes |= {"email": email}
        if changes:
            till.edit(pos_id, changes)
        return pos_id

    def _made(self, till: Till, fields: Mapping[str, Any]) -> str:
        """A profile of its own; an email that another profile of the store has is left out (unique there, assumed)."""
        basics = {name: fields.get(name) for name in ("first_name", "last_name", "birth_date", "phone", "email")}
        if basics["email"] and till.find_by_email(basics["email"]):
            basics["email"] = None
        return till.add(basics | {"note": MARKER, "created_at": fields.get("created_at"), "verified": False})

    def _links_must_hold(self, links: Mapping[str, str], field: ContactField) -> None:
        for store_key, pos_id in links.items():
            if self.stores[store_key].status(pos_id) != "active":
                raise Refused(409, "pos_link_broken", f"the linked profile in {store_key} is gone", field)

    def _stores_must_be_free(self, links: Mapping[str, str], field: ContactField, value: str) -> None:
        for store_key, pos_id in links.items():
            till = self.stores[store_key]
            holders = till.find_by_phone(value) if field == "phone" else till.find_by_email(value)
            if set(holders) - {pos_id}:
                raise Refused(409, "pos_duplicate", f"another profile in {store_key} has this {field}", field)

    def _push(self, links: list[tuple[str, str]], field: ContactField, value: str) -> None:
        for store_key, pos_id in links:
            if self.misses.get(store_key, 0) > 0:
                self.misses[store_key] -= 1
            else:
                self.stores[store_key].push(pos_id, field, value)

    def _outage_due(self) -> Outage | None:
        if self.outage is None or self.outage.times == 0:
            return None
        if self.outage.times is not None:
            self.outage.times -= 1
        return self.outage


def contact_changes(values: Mapping[str, Any]) -> list[tuple[ContactField, str]]:
    """The contact changes among attributes, in their kept spelling. Raises Refused: none can be cleared (section 9)."""
    changes: list[tuple[ContactField, str]] = []
    for field in CONTACTS:
        if field in values:
            kept = contact(field, values[field])
            if kept is None:
                raise Refused(400, "invalid", "may not be empty", field)
            changes.append((field, kept))
    return changes
