"""The books of one simulated X-Series retailer: customers, groups and addresses under one rising version (section 3)."""

import random
import uuid
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.base import Now
from connectors.sandbox.window import SearchLag

Record = dict[str, Any]

PLACE = ("address_1", "address_2", "suburb", "city", "postcode", "state", "country_id")
TEXTS = (
    "first_name", "last_name", "company_name", "email", "phone", "mobile", "fax", "date_of_birth", "gender", "note",
    "website", "twitter", "tax_id", "custom_field_1", "custom_field_2", "custom_field_3", "custom_field_4",
    *(f"physical_{part}" for part in PLACE), *(f"postal_{part}" for part in PLACE),
)  # fmt: skip
"""The writable fields that are a text or nothing."""
SWITCHES: Mapping[str, bool] = {"do_not_email": False, "enable_promotional_sms": False, "enable_loyalty": False}
"""What a switch reads when nobody sent it: for two the schema's own default, for `enable_loyalty` assumed."""
BALANCES = ("balance", "loyalty_balance", "year_to_date")
INDEXED = ("email", "phone", "customer_code")
FIRST_VERSION = 42_691_964_626
"""Above 32 bits, as real ones are."""
DEFAULT_GROUP, DEFAULT_GROUP_CODE = "All Customers", "1111111111"


class Shelf:
    """Records by id, walked by version: a changed record leaves its place and stands at the end again."""

    def __init__(self) -> None:
        self.rows: dict[str, Record] = {}
        self._versions: list[int] = []
        self._ids: list[str] = []

    def put(self, record: Record) -> None:
        """File a record under its version, which must be the highest of all."""
        self.rows[record["id"]] = record
        self._versions.append(record["version"])
        self._ids.append(record["id"])
        if len(self._ids) > 2 * len(self.rows) + 64:
            self._tidy()

    def after(self, version: int) -> Iterator[Record]:
        """Records above a version, ascending."""
        for place in range(bisect_right(self._versions, version), len(self._ids)):
            record = self.rows[self._ids[place]]
            if record["version"] == self._versions[place]:
                yield record

    def _tidy(self) -> None:
        live = sorted(self.rows.values(), key=lambda record: record["version"])
        self._versions = [record["version"] for record in live]
        self._ids = [record["id"] for record in live]


class Books:
    """Everything that the retailer keeps. Times are UTC, `2026-01-31T05:20:09+00:00`."""

    def __init__(self, now: Now, chance: random.Random, search_delay: float) -> None:
        self.now = now
        self._chance = chance
        self._version = FIRST_VERSION
        self.customers = Shelf()
        self.groups = Shelf()
        self.addresses: dict[str, list[Record]] = {}
        self.codes: dict[str, str] = {}
        self._index: dict[str, dict[str, list[str]]] = {}
        self.lag = SearchLag(now, search_delay)
        self.next_address = 1
        self.retailer_id = self._uuid()
        self.default_group = self.add_group(DEFAULT_GROUP, DEFAULT_GROUP_CODE)

    def stamp(self, at: float | None = None) -> str:
        return datetime.fromtimestamp(self.now() if at is None else at, UTC).isoformat(timespec="seconds")

    def blank(self) -> Record:
        """What the writable fields read when a body holds none of them."""
        return {**dict.fromkeys(TEXTS), **SWITCHES, "on_account_limit": None, "customer_group_id": self.default_group}

    def insert(self, fields: Mapping[str, Any], at: float | None = None) -> str:
        """A new customer; without a `customer_code` the retailer makes one (section 8)."""
        key, made = self._uuid(), self.stamp(at)
        record = self.blank() | {"enable_loyalty": True} | dict.fromkeys(BALANCES, 0) | dict(fields)
        record["customer_code"] = record.get("customer_code") or self.free_code(record["first_name"])
        record |= {"id": key, "created_at": made, "updated_at": made, "deleted_at": None, "version": self._next()}
        self.codes[record["customer_code"].casefold()] = key
        self.customers.put(record)
        self._file(None, record)
        return key

    def change(self, key: str, fields: Mapping[str, Any]) -> Record:
        """Set fields of a customer, whose version and time rise. The record before stays as it was."""
        before = self.customers.rows[key]
        record = before | dict(fields) | {"updated_at": self.stamp(), "version": self._next()}
        if record["customer_code"] != before["customer_code"]:
            self.codes.pop(before["customer_code"].casefold(), None)
            self.codes[record["customer_code"].casefold()] = key
        self.customers.put(record)
        self._file(before, record)
        return record

    def holding(self, field: str, value: str) -> list[str]:
        """Customers with a value in one of `INDEXED`, case folded; an index is made when it is first asked for."""
        if field not in self._index:
            made = self._index[field] = dict[str, list[str]]()
            for key, record in self.customers.rows.items():
                made.setdefault((record[field] or "").casefold(), []).append(key)
        return self._index[field].get(value.casefold(), [])

    def _file(self, before: Record | None, record: Record) -> None:
        for field, index in self._index.items():
            old, new = (((r or {}).get(field) or "").casefold() for r in (before, record))
            if before is not None and old != new:
                index[old].remove(record["id"])
            if before is None or old != new:
                index.setdefault(new, []).append(record["id"])

    def free_code(self, name: str | None) -> str:
        """A code as the vendor makes them: `ADA-N4ZJ`, `UNNAMED-669D`."""
        while True:
            tail = "".join(self._chance.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=4))
            code = f"{(name or 'UNNAMED').strip().upper()}-{tail}"
            if code.casefold() not in self.codes:
                return code

    def add_group(self, name: str, code: str | None = None) -> str:
        key, made = self._uuid(), self.stamp()
        tail = "".join(self._chance.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=4))
        group: Record = {"id": key, "name": name, "group_id": code or f"{name[:3].strip().upper()}-{tail}"}
        group |= {"retailer_id": self.retailer_id, "created_at": made, "updated_at": made, "deleted_at": None}
        self.groups.put(group | {"version": self._next()})
        return key

    def change_group(self, key: str, fields: Mapping[str, Any]) -> None:
        moved = {"updated_at": self.stamp(), "version": self._next()}
        self.groups.put(self.groups.rows[key] | dict(fields) | moved)

    def group_named(self, name: str) -> str | None:
        """The first live group of exactly this name (X2)."""
        live = (key for key, group in self.groups.rows.items() if not group["deleted_at"] and group["name"] == name)
        return next(live, None)

    def group_name(self, key: str) -> str | None:
        """A group's name; None for the default group, which means none (X2), and for one that is gone."""
        group = self.groups.rows.get(key)
        return None if group is None or group["deleted_at"] or key == self.default_group else group["name"]

    def members(self, key: str) -> list[str]:
        return [one for one, record in self.customers.rows.items() if record["customer_group_id"] == key]

    def add_address(self, key: str, fields: Mapping[str, Any]) -> Record:
        made = datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        address = {"id": self.next_address, "customer_id": key, **fields, "created_at": made, "updated_at": made}
        self.next_address += 1
        self.addresses.setdefault(key, []).append(address)
        return address

    def _next(self) -> int:
        self._version += self._chance.randrange(1, 40)
        return self._version

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=1))
