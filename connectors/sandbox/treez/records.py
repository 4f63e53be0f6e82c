"""The customers of one simulated Treez store: sparse rows, look-up by contact, the order of the change feed, merges.

Sheet sections 5, 7 and 8. Rows hold vendor fields and only what differs from `DEFAULTS`; `full` gives the whole record.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.base import Now

NEVER = "2000-01-01 00:00:00.000"
EMPTY: tuple[Any, ...] = (None, "", "N/A", "0", NEVER, [])
"""What the vendor shows where there is nothing."""

DEFAULTS: Mapping[str, Any] = {
    "status": "ACTIVE", "verification_status": "VERIFIED", "verification_reasons": [], "customer_id": "",
    "first_name": None, "middle_name": None, "nickname": "", "last_name": None, "birthday": None,
    "drivers_license": "N/A", "drivers_license_expiration": None, "state_medical_id": "N/A", "permit_expiration": "N/A",
    "email": None, "phone": None, "notes": "N/A", "gender": "U", "patient_type": "ADULT", "opt_out": None,
    "referral_source": "Other", "banned": False, "warning_1": False, "warning_2": False, "rewards_balance": 0,
    "rewards_type": "POINTS", "signup_date": None, "last_visit_date": NEVER, "last_update": None, "addresses": [],
    "merged_customer_ids": [], "merged_into_customer_id": None, "customer_groups": [],
    "external_ids": {"aiq_contact_id": None}, "is_caregiver": False, "caregiver_license_number": "N/A",
    "caregiver_name_1": "N/A", "caregiver_name_2": "N/A", "caregiver_details": None, "physician_first_name": None,
    "physician_last_name": None, "physician_license": None, "physician_address": None, "physician_phone": None,
}  # fmt: skip

UNIQUE = ("email", "phone", "drivers_license")
PASSED_ON = (
    "first_name", "middle_name", "last_name", "nickname", "birthday", "drivers_license", "drivers_license_expiration",
    "state_medical_id", "permit_expiration", "gender", "email", "phone", "addresses", "caregiver_license_number",
    "caregiver_name_1", "caregiver_name_2", "physician_first_name", "physician_last_name", "physician_license",
)  # fmt: skip
"""Where the survivor of a merge has nothing, the donor's value goes in."""


def look_up_key(field: str, value: Any) -> str:
    """One spelling per value: emails by folded case, phones by their digits without a leading 1; empty for nothing."""
    if value in EMPTY:
        return ""
    if field != "phone":
        return str(value).strip().casefold()
    digits = re.sub(r"\D", "", str(value))
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits


class Records:
    """Rows by customer id, kept in step with their indexes."""

    def __init__(self, now: Now, sentinel: str, time_zone: str) -> None:
        self.now = now
        self._sentinel = sentinel
        self.zone = ZoneInfo(time_zone)
        self._rows: dict[str, dict[str, Any]] = {}
        self._updated: dict[str, int] = {}
        self._index: dict[str, dict[str, set[str]]] = {field: {} for field in UNIQUE}
        self._numbers = itertools.count(1001)
        self._feed: list[tuple[int, int]] | None = None
        self.history: dict[str, list[dict[str, Any]]] = {}

    def __contains__(self, customer_id: str) -> bool:
        return customer_id in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._rows))

    def new_id(self) -> str:
        return str(next(self._numbers))

    def insert(self, customer_id: str, values: Mapping[str, Any], updated: float | None = None) -> None:
        """A new row. `updated`: seconds since the epoch, for customers older than the simulation."""
        at = self.now() if updated is None else updated
        self._rows[customer_id] = {"signup_date": self.stamp(at)} | dict(values)
        self._reindex(customer_id, {}, self.full(customer_id))
        self._touch(customer_id, at)

    def change(self, customer_id: str, values: Mapping[str, Any], by: str) -> None:
        """Set vendor fields; moves `last_update` and writes the history. Raises KeyError."""
        before = self.full(customer_id)
        self._rows[customer_id].update(values)
        after = self.full(customer_id)
        self._reindex(customer_id, before, after)
        edits = [f"{name}: {before[name]} -> {after[name]}" for name in values if before[name] != after[name]]
        self.history.setdefault(customer_id, []).extend(self._log(by, edit) for edit in edits)
        self._touch(customer_id, self.now())

    def full(self, customer_id: str) -> dict[str, Any]:
        """The whole record as the vendor answers it. Raises KeyError."""
        row = self._rows[customer_id]
        last_update = self.stamp(self._updated.get(customer_id, 0) / 1000)
        own = {"customer_id": customer_id, "last_update": last_update}
        return {**DEFAULTS, **self.private(customer_id), **row, **own}

    def private(self, customer_id: str) -> dict[str, Any]:
        """Identity and medical values that no reader may keep (G11), marked with the sentinel."""
        mark = self._sentinel
        return {
            "drivers_license": f"{mark}-DL-{customer_id}", "drivers_license_expiration": "2031-02-03",
            "state_medical_id": f"{mark}-MMID-{customer_id}", "permit_expiration": "2031-02-03 00:00:00.000",
            "caregiver_license_number": f"{mark}-CG", "caregiver_name_1": f"{mark} Carer",
            "caregiver_details": {"name": f"{mark} Carer"}, "physician_first_name": f"{mark} Ada",
            "physician_last_name": f"{mark} Healer", "physician_license": f"{mark}-MD",
            "physician_phone": f"{mark}-555", "physician_address": f"{mark} Clinic",
        }  # fmt: skip

    def images(self, customer_id: str) -> list[dict[str, str]]:
        """Scans with addresses that need no password: only on request, and never to be kept (G11)."""
        url = f"https://images.example.com/{self._sentinel}/{customer_id}.jpg"
        return [{"type": "drivers_license", "url": url, "lastupdated": self.stamp(0)}]

    def listed(self, customer_id: str) -> bool:
        """Whether lists show the customer: deactivated ones can only be asked for by id (section 4)."""
        return self._rows[customer_id].get("status") != "DEACTIVATED"

    def holders(self, field: str, value: Any, *, unlisted: bool = False) -> list[str]:
        """Ids with this email, phone or licence, the lowest id first; `unlisted` adds deactivated ones."""
        found = self._index[field].get(look_up_key(field, value), ())
        return sorted((each for each in found if unlisted or self.listed(each)), key=int)

    def feed(self) -> list[tuple[int, int]]:
        """Listed customers as (last update in ms, id), ascending: the assumed order of the change feed."""
        if self._feed is None:
            self._feed = sorted((at, int(each)) for each, at in self._updated.items() if self.listed(each))
        return self._feed

    def merge(self, loser: str, survivor: str) -> None:
        """Fold one customer into another (section 7). Raises KeyError."""
        kept, donor = self.full(survivor), self.full(loser)
        passed = {name: donor[name] for name in PASSED_ON if kept[name] in EMPTY and donor[name] not in EMPTY}
        line = f"Merged from member {loser}."
        merged = {
            "status": "MERGED",
            "merged_customer_ids": [*kept["merged_customer_ids"], int(loser)],
            "notes": line if kept["notes"] in EMPTY else f"{kept['notes']}\n{line}",
            "rewards_balance": kept["rewards_balance"] + donor["rewards_balance"],
            "last_visit_date": max(kept["last_visit_date"], donor["last_visit_date"]),
        }
        gone = {"status": "DEACTIVATED", "merged_into_customer_id": int(survivor)}
        self.change(loser, gone | {"verification_status": "NOT_APPLICABLE", "verification_reasons": []}, "merge")
        self.change(survivor, passed | merged, "merge")

    def stamp(self, at: float) -> str:
        """A time as the store shows it: with milliseconds, and the offset that its zone has on that day."""
        return datetime.fromtimestamp(at, self.zone).isoformat(timespec="milliseconds")

    def visit(self, at: float) -> str:
        """A time in the store's wall clock, without a zone."""
        return datetime.fromtimestamp(at, self.zone).replace(tzinfo=None).isoformat(" ", "milliseconds")

    def _touch(self, customer_id: str, at: float) -> None:
        self._updated[customer_id] = round(at * 1000)
        self._feed = None

    def _reindex(self, customer_id: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        for field, index in self._index.items():
            old, new = look_up_key(field, before.get(field)), look_up_key(field, after.get(field))
            if old and old != new:
                index[old].discard(customer_id)
            if new:
                index.setdefault(new, set()).add(customer_id)

    def _log(self, by: str, action: str) -> dict[str, Any]:
        at = datetime.fromtimestamp(self.now(), self.zone)
        clock = f"{at:%I:%M %p %Z}".lstrip("0")
        return {"date": f"{at:%m/%d/%Y}", "time": clock, "type": "Edit", "user_id": 7, "user": by, "action": action}
