"""A simulated Lightspeed Retail R-Series account: what a group's clerks do in the back office, and the HTTP surface below.

Written from the vendor's sheet alone; what the sheet assumes or leaves open is a switch in `quirks.Quirks`.
"""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.sandbox.base import Ledger, Now, variable
from connectors.sandbox.lightspeed_r.people import canonical, enter, licence
from connectors.sandbox.lightspeed_r.records import Record, moment
from connectors.sandbox.lightspeed_r.wire import LightspeedRWire, anonymise


class Account(LightspeedRWire):
    """One R-Series account.

    `token_folder`: where the connection's token file is put, `<name>-tokens.json` with `access_token`, `refresh_token`
    and `expires_at` (seconds since 1970); a connector rotates it from there on. Quirks are given by name.
    """

    def __init__(
        self, name: str, now: Now, ledger: Ledger, seed: int = 0, *, token_folder: Path | None = None, **quirks: Any
    ) -> None:
        super().__init__(name, now, ledger, seed, **quirks)
        self.token_file = None if token_folder is None else token_folder / f"{name}-tokens.json"
        if self.token_file is not None:
            self.authorise()

    def authorise(self) -> None:
        """A person authorises the partner anew; the token file holds the first pair, readable by its owner alone."""
        if self.token_file is None:
            raise ValueError(f"{self.name} was made without a token_folder: there is no place for its tokens")
        with self.guard:
            tokens = json.dumps(self.access.connect())
        fresh = self.token_file.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(tokens)
        fresh.replace(self.token_file)

    def add(self, fields: Mapping[str, Any]) -> str:
        """A new customer at the till, duplicates let in; takes `group`, `phone_raw`, `phone_2`, `email_2`, `balance` too."""
        with self.guard:
            made = fields.get("created_at")
            record = self.books.blank(moment(datetime.fromisoformat(made)) if made else None)
            key = self.books.file(record)
            licence(record, self.books)
            enter(record, fields, self.books)
            return str(key)

    def edit(self, profile_id: str, fields: Mapping[str, Any]) -> None:
        with self.guard:
            record = self._record(profile_id)
            contact, note = repr(record["Contact"]), record["Note"]["note"]
            moved = enter(record, fields, self.books)
            nested = (repr(record["Contact"]) != contact, record["Note"]["note"] != note)
            for name, changed in zip(("Contact", "Note"), nested, strict=True):
                if changed:
                    record[name]["timeStamp"] = self.books.stamp()
            if moved or (any(nested) and self.quirks.contact_bumps_customer_timestamp):
                record["timeStamp"] = self.books.stamp()

    def archive(self, profile_id: str) -> None:
        self.edit(profile_id, {"status": "archived"})

    def restore(self, profile_id: str) -> None:
        """Back from the archive; the id stays (M13)."""
        self.edit(profile_id, {"status": "active"})

    def delete(self, profile_id: str) -> None:
        """R-Series cannot delete a customer, only archive or anonymise one (section 7)."""
        raise ValueError(f"R-Series cannot delete customer {profile_id}: archive or anonymise it")

    def anonymise(self, profile_id: str) -> None:
        """The back office wipes a customer on a privacy request: archived, named `Customer` `[id]`, never to come back."""
        with self.guard:
            record = self._record(profile_id)
            anonymise(record, self.books)
            record["timeStamp"] = self.books.stamp()
            self.books.set_archived(record, True)

    def merge(self, loser: str, survivor: str) -> None:
        """A merge in the back office: the survivor's empty fields are filled, the other is archived (or gone)."""
        with self.guard:
            gone, kept = self._record(loser), self._record(survivor)
            given, held = canonical(gone, self.books), canonical(kept, self.books)
            empty = {name for name, value in held.items() if value is None}
            enter(kept, {name: given[name] for name in empty if given[name] is not None}, self.books)
            kept["purchased"] |= gone["purchased"]
            kept["timeStamp"] = self.books.stamp()
            if self.quirks.merge_leaves == "deleted":
                self.books.remove(int(loser))
            else:
                gone["timeStamp"] = self.books.stamp()
                self.books.set_archived(gone, True)

    def read(self, profile_id: str) -> dict[str, Any]:
        with self.guard:
            return canonical(self._record(profile_id), self.books)

    def ids(self) -> Iterator[str]:
        with self.guard:
            return iter([str(key) for key in self.books.ids])

    def settings(self) -> dict[str, Any]:
        """Raises ValueError where the account was made without a `token_folder`."""
        if self.token_file is None:
            raise ValueError(f"{self.name} was made without a token_folder: no connector could speak to it")
        host = self.url.removesuffix(self.base_path)
        return {
            "kind": "lightspeed_r",
            "driver": "api",
            "base_url": host,
            "token_url": f"{host}/auth/oauth/token",
            "account_id": str(self.quirks.account_id),
            "client_id": self.access.client_id,
            "client_secret": {"env": variable(self.name, "CLIENT_SECRET")},
            "tokens": {"file": str(self.token_file)},
        }

    def secrets(self) -> dict[str, str]:
        return {variable(self.name, "CLIENT_SECRET"): self.access.client_secret}

    def _record(self, profile_id: str) -> Record:
        key = int(profile_id) if profile_id.isdigit() else 0
        if key not in self.books.customers:
            raise KeyError(profile_id)
        return self.books.customers[key]
