"""Simulated BLAZE Greenline: one company's customers with the assumed API, and the hands of its clerks and of ECOM.

Written from the vendor's sheet alone. Mission Control speaks to it as to any POS account of the group: it links by phone
or email, and pushes contact changes one way (C1); those are in the ledger with method `PUSH`.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from connectors.sandbox.base import Effect, variable
from connectors.sandbox.greenline.api import Api
from connectors.sandbox.greenline.exchange import COLUMNS, HEADINGS, exported, imported
from connectors.sandbox.greenline.people import to_person, to_vendor
from connectors.sandbox.greenline.records import moment


class Account(Api):
    """One Greenline company, all its locations sharing the customers. Quirks are given by name, see `api.Quirks`."""

    pos_type = "greenline"

    def add(self, fields: Mapping[str, Any]) -> str:
        """A new customer at the till, duplicates let in; takes `phone_raw`, `full_name` and `balance` besides."""
        with self.guard:
            made = fields.get("created_at")
            values = {"name": "?"} | to_vendor(fields, {}, self.random)
            key = self.records.insert(values, moment(datetime.fromisoformat(made)) if made else None)
            self._note_purchase(key, fields)
            return str(key)

    def edit(self, profile_id: str, fields: Mapping[str, Any]) -> None:
        with self.guard:
            key = self._row_id(profile_id)
            values = to_vendor(fields, self.records.rows[key], self.random)
            self._note_purchase(key, fields)
            self.records.change(key, values)

    def archive(self, profile_id: str) -> None:
        self.edit(profile_id, {"status": "archived"})

    def restore(self, profile_id: str) -> None:
        self.edit(profile_id, {"status": "active"})

    def delete(self, profile_id: str) -> None:
        """The contract knows no deletion: archived."""
        self.archive(profile_id)

    def read(self, profile_id: str) -> dict[str, Any]:
        """Canonical fields, `status` and `full_name`; there are no addresses, tags and groups."""
        with self.guard:
            key = self._row_id(profile_id)
            return to_person(self.records.rows[key], purchased=key in self._buyers)

    def ids(self) -> Iterator[str]:
        with self.guard:
            return iter([str(key) for key in self.records])

    def export_csv(self) -> str:
        """The customer list as the dashboard exports it."""
        with self.guard:
            return exported(self.records, {**HEADINGS, **{name: name for name in self.quirks.unnamed_fields}})

    def import_csv(self, text: str) -> None:
        """A corrected list, imported again. Raises ValueError, and then keeps the rows before the bad one."""
        with self.guard:
            imported(text, self.records)

    def file_settings(self, path: Path) -> dict[str, Any]:
        """The list exported to `path` just now, as a `sources:` entry. The contract's headings are not the vendor's."""
        path.write_text(self.export_csv(), encoding="utf-8", newline="")
        stamp, columns = datetime.fromtimestamp(self.now(), UTC).isoformat(), dict(COLUMNS)
        return {"kind": "greenline", "driver": "files", "path": str(path), "exported_at": stamp, "columns": columns}

    def settings(self) -> dict[str, Any]:
        shared = {"kind": "greenline", "driver": "api", "base_url": self.url, "company_id": str(self.quirks.company_id)}
        keys: dict[str, Any] = {"token": {"env": variable(self.name, "TOKEN")}, "token_header": self.quirks.header}
        if self.quirks.second_header:
            keys |= {
                "second_token": {"env": variable(self.name, "TOKEN_2")},
                "second_token_header": self.quirks.second_header,
            }
        return shared | keys

    def secrets(self) -> dict[str, str]:
        second = {variable(self.name, "TOKEN_2"): self.second_key} if self.quirks.second_header else {}
        return {variable(self.name, "TOKEN"): self.key} | second

    def find_by_phone(self, phone: str) -> list[str]:
        """Ids of customers that are not archived with this number, the lowest first."""
        with self.guard:
            return [str(key) for key in self.records.holders("phone", phone)]

    def find_by_email(self, email: str) -> list[str]:
        with self.guard:
            return [str(key) for key in self.records.holders("email", email)]

    def status(self, profile_id: str) -> Literal["active", "archived", "missing"]:
        key = int(profile_id) if profile_id.isdecimal() else 0
        if key not in self.records.rows:
            return "missing"
        return "archived" if self.records.rows[key]["isArchived"] else "active"

    def push(self, profile_id: str, field: Literal["email", "phone"], value: str) -> None:
        """Mission Control sets a linked customer's email, or phone (E.164, kept so). Raises KeyError."""
        with self.guard:
            key = self._row_id(profile_id)
            change: dict[str, Any] = {field: value}
            before: dict[str, Any] = {field: self.records.rows[key][field]}
            self.records.change(key, change)
            path = f"/external/company/{self.quirks.company_id}/customers/{key}"
            self.ledger.effects.append(Effect(self.name, self.now(), "PUSH", path, str(key), change, before, 200))

    def _note_purchase(self, key: int, fields: Mapping[str, Any]) -> None:
        """Sales are on another page of the vendor's; only the world knows who bought."""
        if fields.get("orders", fields.get("has_purchased")):
            self._buyers.add(key)
        elif "orders" in fields or "has_purchased" in fields:
            self._buyers.discard(key)

    def _row_id(self, profile_id: str) -> int:
        key = int(profile_id) if profile_id.isdecimal() else 0
        if key not in self.records.rows:
            raise KeyError(profile_id)
        return key
