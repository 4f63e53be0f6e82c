"""Writing to Ecwid: an update is partial, but a list of contacts is replaced whole, so contacts go one by one."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors import _ecwid_words as words
from connectors._ecwid_client import CUSTOMERS, REFUSALS, Client, done
from connectors._guard import after_a_write
from connectors._shaping import clean
from connectors.base import Change, VendorError
from connectors.http import Reply

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Writes:
    """The writes of one store, each to be allowed before."""

    name: str
    client: Client

    def update(self, profile_id: str, after: Mapping[str, str | None]) -> str:
        """The customer first, then the phone as a contact. Raises VendorError."""
        if "email" in after and not after["email"]:
            raise self._refusal("no way to clear an email is known: a person clears it")
        row = self.client.one(profile_id)
        if row is None:
            raise self._refusal(f"customer {profile_id} is deleted, for good")
        body, clears_phone = self._body(after, row), "phone" in after and not after["phone"]
        if clears_phone:
            self._clearable(row, body)
        if body:
            done(self._send("PUT", f"{CUSTOMERS}/{profile_id}", body))
        if "phone" in after:
            with after_a_write(f"customer {profile_id} is changed, but not the phone", began=bool(body)):
                self._write_phone(profile_id, row, after["phone"])
        if "email" in after:
            self._compare_emails(profile_id)
        return profile_id

    def create(self, change: Change) -> str:
        """Tried twice it makes one customer: the email is unique (409)."""
        after = {name: value for name, value in change.after.items() if value}
        body = self._body(after, {})
        if phone := after.get("phone"):
            body["contacts"] = [{"contact": phone, "type": "PHONE", "default": True}]
        reply = self._send("POST", CUSTOMERS, body)
        done(reply)
        with after_a_write("a customer is created: search for the email, some seconds later"):
            answer = reply.json()
            if not isinstance(answer, dict) or not isinstance(answer.get("id"), int):
                raise VendorError(f"{reply.where} names no id", permanent=True)
        return str(answer["id"])

    def delete(self, profile_id: str) -> str:
        """For good: the id then answers 404. Raises VendorError."""
        reply = self._send("DELETE", f"{CUSTOMERS}/{profile_id}", None)
        done(reply)
        return profile_id

    def _body(self, after: Mapping[str, str | None], row: Mapping[str, Any]) -> dict[str, Any]:
        """Exactly the changed keys; the phone is a contact, and not among them."""
        try:
            person = words.person(after, row)
        except ValueError as error:
            raise self._refusal(str(error)) from None
        body: dict[str, Any] = {"billingPerson": person} if person else {}
        if "email" in after:
            body["email"] = after["email"]
        if "note" in after:
            body["privateAdminNotes"] = after["note"] or words.CLEARED
        if "email_consent" in after:
            body["acceptMarketing"] = False
        if "group" in after:
            body["customerGroupId"] = self._group_id(after["group"])
        return body

    def _group_id(self, name: str | None) -> int:
        """The one group of exactly this name (X2); no group is the group 0."""
        if not name:
            return 0
        found = [number for number, own in self.client.groups().items() if own == name and number.isdecimal()]
        if len(found) != 1:
            many = "several groups" if found else "no group"
            raise self._refusal(f"the shop has {many} of that name: set the groups up alike first (X2)")
        return int(found[0])

    def _clearable(self, row: Mapping[str, Any], body: dict[str, Any]) -> None:
        """Takes the billing person's phone out as well. Raises VendorError where another would show in its place."""
        person = row.get("billingPerson")
        if isinstance(person, dict) and clean(person.get("phone")):
            body["billingPerson"] = {**body.get("billingPerson", {}), "phone": words.CLEARED}
        shipping = row.get("shippingAddresses")
        places = shipping if isinstance(shipping, list) else []
        if words.phone_1({}, [], [one for one in places if isinstance(one, dict)]):
            raise self._refusal("a delivery address holds a phone as well: a person clears both")

    def _write_phone(self, profile_id: str, row: Mapping[str, Any], phone: str | None) -> None:
        contact = words.default_contact(row, "PHONE")
        path = f"{CUSTOMERS}/{profile_id}/contacts"
        body = {"contact": phone, "type": "PHONE", "default": True}
        if contact is None and phone:
            done(self._send("POST", path, body))
        elif contact is not None:
            one = f"{path}/{contact['id']}"
            done(self._send("PUT", one, body) if phone else self._send("DELETE", one, None))

    def _compare_emails(self, profile_id: str) -> None:
        """Whether the EMAIL contact follows `email` is not known: a customer with two of them is told."""
        with after_a_write(f"the email of customer {profile_id} is changed, but not read back"):
            row = self.client.one(profile_id)
        if row is not None and words.emails_differ(row):
            log.warning("%s: customer %s has another email among its contacts", self.name, profile_id)

    def _send(self, method: str, path: str, body: Any) -> Reply:
        return self.client.send(method, path, body=body, ok=(200, *REFUSALS))

    def _refusal(self, why: str) -> VendorError:
        return VendorError(f"{self.name}: {why}", permanent=True)
