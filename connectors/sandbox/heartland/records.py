"""The books of one simulated Heartland account: the vendor's records, with indexes."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from connectors.sandbox.base import Now
from connectors.sandbox.heartland.filter import Condition

Record = dict[str, Any]

ADDRESS_FIELDS = (
    "first_name", "last_name", "line_1", "line_2", "city", "state", "postal_code", "country", "phone",
)  # fmt: skip
FIRST_ID, FIRST_ADDRESS = 100_001, 501


class Books:
    """Every record of the account by id, and who is active, found by number or by email."""

    def __init__(self, now: Now, utc_offset_hours: int) -> None:
        self.now = now
        self.zone = timezone(timedelta(hours=utc_offset_hours))
        self.customers: dict[int, Record] = {}
        self.addresses: dict[int, list[Record]] = defaultdict(list)
        self.orders: dict[int, int] = defaultdict(int)
        self.ids: list[int] = []
        self.by_state: dict[bool, list[int]] = {True: [], False: []}
        self.by_number: dict[str, int] = {}
        self.by_email: dict[str, set[int]] = defaultdict(set)
        self.next_id = FIRST_ID
        self.next_address = FIRST_ADDRESS

    def stamp(self, at: float | None = None) -> str:
        """A time as the vendor prints it: ISO 8601 with the account's offset (assumed)."""
        moment = datetime.fromtimestamp(self.now() if at is None else at, UTC)
        return moment.astimezone(self.zone).isoformat(timespec="seconds")

    def free_number(self) -> str:
        """The next Customer # that nobody holds, with leading zeros."""
        number = self.next_id - FIRST_ID + 1
        while f"{number:06d}" in self.by_number:
            number += 1
        return f"{number:06d}"

    def insert(self, public_id: str, created_at: str) -> int:
        """File a new, blank customer under the next id."""
        key, self.next_id = self.next_id, self.next_id + 1
        record: Record = {"id": key, "public_id": public_id, "first_name": None, "last_name": None, "email": None}
        record |= {"active": True, "custom": {}, "created_at": created_at, "updated_at": created_at}
        self.customers[key] = record
        self.ids.append(key)
        self._index(record)
        return key

    def change(self, key: int, changes: Mapping[str, Any]) -> None:
        """Set vendor fields of a customer and keep the indexes true; `custom@x` sets one custom field."""
        record = self.customers[key]
        self._unindex(record)
        for name, value in changes.items():
            if name.startswith("custom@"):
                record["custom"][name.removeprefix("custom@")] = value
            else:
                record[name] = value
        self._index(record)

    def remove(self, key: int) -> None:
        """The record is gone, as after a merge."""
        self._unindex(self.customers.pop(key))
        self.ids.pop(bisect_left(self.ids, key))
        self.addresses.pop(key, None)

    def add_address(self, key: int, fields: Mapping[str, Any]) -> Record:
        """File a new address; names fall back to the customer's."""
        owner = self.customers[key]
        names = {"first_name": owner["first_name"], "last_name": owner["last_name"]}
        number, self.next_address = self.next_address, self.next_address + 1
        blank = dict.fromkeys(ADDRESS_FIELDS)
        address = {"id": number, "address_id": number + 9_000, **blank, **names, **fields}
        self.addresses[key].append(address)
        return address

    def main_address(self, key: int) -> Record | None:
        """The first address (lowest id) is the main one (M9, assumed)."""
        return min(self.addresses.get(key, []), key=lambda address: address["id"], default=None)

    def select(self, conditions: Sequence[Condition], *, with_inactive: bool) -> list[int]:
        """Ids that meet every condition, in order; `with_inactive` is what an unfiltered list holds."""
        ids, rest = self._base(conditions, with_inactive)
        scan: list[Condition] = []
        for condition in rest:
            narrowed = self._narrow(ids, condition)
            if narrowed is None:
                scan.append(condition)
            else:
                ids = narrowed
        if not scan:
            return ids
        return [key for key in ids if all(condition.met_by(self.customers[key]) for condition in scan)]

    def _base(self, conditions: Sequence[Condition], with_inactive: bool) -> tuple[list[int], list[Condition]]:
        asked = [c for c in conditions if c.field == "active"]
        if len(asked) == 1 and asked[0].op == "$eq" and isinstance(asked[0].value, bool):
            return self.by_state[asked[0].value], [c for c in conditions if c is not asked[0]]
        return (self.ids if with_inactive or asked else self.by_state[True]), list(conditions)

    def _narrow(self, ids: list[int], condition: Condition) -> list[int] | None:
        match condition.field, condition.op, condition.value:
            case "public_id", "$eq", value:
                return self._among(ids, [self.by_number.get(value)])
            case "public_id", "$in", values:
                return self._among(ids, [self.by_number.get(value) for value in values])
            case "email", "$eq", str() as value:
                return self._among(ids, self.by_email.get(value, ()))
            case "id", "$in" | "$eq", value:
                return self._among(ids, value if isinstance(value, list) else [value])
            case "id", "$gt", int() as value:
                return ids[bisect_left(ids, value + 1) :]
            case _:
                return None

    def _among(self, ids: list[int], wanted: Iterable[object]) -> list[int]:
        return sorted(key for key in set(wanted) if isinstance(key, int) and self._holds(ids, key))

    @staticmethod
    def _holds(ids: list[int], key: int) -> bool:
        at = bisect_left(ids, key)
        return at < len(ids) and ids[at] == key

    def _index(self, record: Record) -> None:
        insort(self.by_state[record["active"]], record["id"])
        self.by_number[record["public_id"]] = record["id"]
        if record["email"]:
            self.by_email[record["email"]].add(record["id"])

    def _unindex(self, record: Record) -> None:
        state = self.by_state[record["active"]]
        state.pop(bisect_left(state, record["id"]))
        self.by_number.pop(record["public_id"], None)
        self.by_email[record["email"]].discard(record["id"])
