"""Writing to X-Series: the whole customer, compared with what came of it, and the group by a call of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors import _lightspeed_x_words as words
from connectors._guard import after_a_write
from connectors._lightspeed_x_client import CUSTOMER_CODE, CUSTOMERS, GROUPS, Client, customer, done, objections, single
from connectors._shaping import clean
from connectors.base import Change, VendorError
from connectors.http import Reply


@dataclass(frozen=True, slots=True)
class Writes:
    """The writes of one retailer, each to be allowed before."""

    client: Client

    def update(self, profile_id: str, change: Change) -> str:
        """Raises VendorError; effect `unknown` also when the vendor shows other fields than were sent."""
        if "birth_date" in change.after and not change.after["birth_date"]:
            raise self._refusal("no way to clear a birth date is known: a person clears it")
        fresh = self._writable(profile_id, change)
        group = self._group_id(change.after["group"]) if "group" in change.after else None
        changes = words.written(change.after)
        if changes:
            self._put(profile_id, words.whole(fresh, changes), changes)
        if group is not None:
            with after_a_write(f"customer {profile_id} is changed, but not the group", began=bool(changes)):
                path = f"{GROUPS}/{quote(group, safe='')}/customers"
                done(self.client.send("POST", path, {"customer_ids": [profile_id]}))
        return profile_id

    def create(self, change: Change) -> str:
        """Looks for our own code first: whether the vendor takes the same code twice is not known."""
        if made := self.client.found("key", change.key):
            return str(made[0]["id"])
        after = {name: value for name, value in change.after.items() if value}
        code = CUSTOMER_CODE.format(key=change.key)
        body = {**dict.fromkeys(words.NAMES), **words.written(after), "customer_code": code}
        if group := after.get("group"):
            body["customer_group_id"] = self._group_id(group)
        reply = self.client.send("POST", CUSTOMERS, body)
        if "customer_code" not in objections(reply):
            done(reply)
            if shown := _shown(reply, None):
                return str(shown["id"])
        with after_a_write(f"a customer may be created: search for the code {code}"):
            if made := self.client.found("key", change.key):
                return str(made[0]["id"])
            raise VendorError(f"{reply.where} names no id", permanent=True)

    def _writable(self, profile_id: str, change: Change) -> dict[str, Any]:
        """The customer as it is now. Raises VendorError when nothing may be written to it."""
        fresh = self.client.one(profile_id)
        if fresh is None:
            raise self._refusal(f"customer {profile_id} is not known to X-Series")
        if clean(fresh.get("deleted_at")):
            raise self._refusal(f"customer {profile_id} is deleted, and never comes back (M13)")
        if not isinstance(fresh.get("do_not_email"), bool):
            raise self._refusal(f"customer {profile_id} comes without do_not_email: an update could opt it in (G9)")
        if change.current is not None and change.current.get("version") != fresh.get("version"):
            raise self._refusal(f"customer {profile_id} has changed since it was read: not written", permanent=False)
        return fresh

    def _put(self, profile_id: str, body: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
        """Sends it, and compares every field with what the vendor says that it made of it."""
        reply = self.client.send("PUT", customer(profile_id), body)
        done(reply)
        with after_a_write(f"customer {profile_id} is written, but not read back"):
            shown = _shown(reply, profile_id) or self.client.one(profile_id) or {}
        if strayed := words.strayed(body, shown, changes):
            told = (
                f"{self.client.name}: customer {profile_id} is written, but reads back otherwise: {', '.join(strayed)}"
            )
            raise VendorError(told, permanent=True, effect="unknown")

    def _group_id(self, name: str | None) -> str:
        """The one group of exactly this name (X2); None is the group that means none."""
        settings = self.client.settings
        groups = self.client.groups().items()
        wanted = [group_id for group_id, own in groups if (own == name if name else words.is_no_group(own, settings))]
        if not wanted and name and settings.create_groups:
            reply = self.client.send("POST", GROUPS, {"name": name})
            done(reply)
            return str(single(reply, None)["id"])
        if len(wanted) != 1:
            many = "several groups" if wanted else "no group"
            what = f"there is {many} of that name" if name else f"there is {many} named {settings.no_group}"
            raise self._refusal(f"{what}: set the groups up as in the shop first (X2)")
        return wanted[0]

    def _refusal(self, why: str, *, permanent: bool = True) -> VendorError:
        return VendorError(f"{self.client.name}: {why}", permanent=permanent)


def _shown(reply: Reply, profile_id: str | None) -> dict[str, Any] | None:
    """The customer in the answer to a write; None where there is none."""
    try:
        return single(reply, profile_id)
    except VendorError:
        return None
