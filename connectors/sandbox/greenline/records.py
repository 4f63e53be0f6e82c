"""The customers of one simulated Greenline company: vendor fields, their order in the list, look-up by contact.

Sheet section 6, every line of it our assumption.
"""

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from connectors.sandbox.base import Now

Record = dict[str, Any]
ContactField = Literal["email", "phone"]
CONTACTS: tuple[ContactField, ...] = ("email", "phone")
FIRST_ID = 7001


class Refused(Exception):
    """A refusal as the contract words it: HTTP status, error word, and what else the body says."""

    def __init__(self, status: int, error: str, **told: Any) -> None:
        super().__init__(f"{error} {told}")
        self.status = status
        self.body = {"error": error, **told}


class Records:
    """Rows by id, kept in step with their indexes."""

    def __init__(self, now: Now, company_id: int, beyond: Mapping[str, str]) -> None:
        self.now = now
        self._company_id = company_id
        self._beyond = beyond
        self.rows: dict[int, Record] = {}
        self._index: dict[ContactField, dict[str, set[int]]] = {"email": {}, "phone": {}}
        self._order: dict[bool, list[tuple[str, int]]] = {True: [], False: []}
        """(updatedAt, id) ascending, of all rows, and of those that are not archived."""

    def __iter__(self) -> Iterator[int]:
        return iter(list(self.rows))

    @property
    def next_id(self) -> int:
        return FIRST_ID + len(self.rows)

    def insert(self, values: Mapping[str, Any], made: str | None = None) -> int:
        """A new row; `made`: when, where it is older than the simulation."""
        key, at = self.next_id, made or self.stamp()
        blank: Record = {
            "id": key, "companyId": self._company_id, "name": "", "firstName": None, "lastName": None, "email": None,
            "phone": None, "birthday": None, "taxExempt": False, "loyaltyPoints": 0, "creditBalance": 0, "notes": None,
            "isArchived": False, "marketingEmailOptIn": None, "marketingSmsOptIn": None, "createdAt": at,
            "updatedAt": at, **self._beyond,
        }  # fmt: skip
        self.rows[key] = blank | dict(values)
        self._enter(self.rows[key])
        return key

    def change(self, key: int, values: Mapping[str, Any]) -> None:
        """Set vendor fields and move `updatedAt`. Raises KeyError."""
        row = self.rows[key]
        self._leave(row)
        row.update(values, updatedAt=self.stamp())
        self._enter(row)

    def order(self, *, with_archived: bool) -> list[tuple[str, int]]:
        """The list's order, which is not stable: whoever is edited goes to its end."""
        return self._order[with_archived]

    def holders(self, field: ContactField, value: Any, *, with_archived: bool = False) -> list[int]:
        """Ids with this email or phone, however it is spelled, the lowest first."""
        found = self._index[field].get(key_of(field, value), ())
        return sorted(key for key in found if with_archived or not self.rows[key]["isArchived"])

    def stamp(self) -> str:
        return moment(datetime.fromtimestamp(self.now(), UTC))

    def _enter(self, row: Record) -> None:
        self._touch(row, insort)
        for field in CONTACTS:
            if key := key_of(field, row[field]):
                self._index[field].setdefault(key, set()).add(row["id"])

    def _leave(self, row: Record) -> None:
        self._touch(row, lambda order, place: order.pop(bisect_left(order, place)))
        for field in CONTACTS:
            self._index[field].get(key_of(field, row[field]), set()).discard(row["id"])

    def _touch(self, row: Record, put: Callable[[list[tuple[str, int]], tuple[str, int]], Any]) -> None:
        place = (row["updatedAt"], row["id"])
        put(self._order[True], place)
        if not row["isArchived"]:
            put(self._order[False], place)


def key_of(field: str, value: Any) -> str:
    """One spelling per value: emails by folded case, phones by their digits without a leading 1; empty for nothing."""
    if not value:
        return ""
    if field == "email":
        return str(value).strip().casefold()
    digits = re.sub(r"\D", "", str(value))
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits


def moment(at: datetime) -> str:
    """ISO 8601 in UTC, whole seconds, with Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
