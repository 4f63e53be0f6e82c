"""The customers of one simulated ECOM group: records, their unique contacts, their order, their ties to POS profiles.

Sheet sections 1, 2 and 9.
"""

import random
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from connectors.sandbox.base import Now

ContactField = Literal["email", "phone"]
CONTACTS: tuple[ContactField, ...] = ("email", "phone")
E164 = re.compile(r"\+[1-9]\d{7,14}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
CHOICE = {"in": True, "out": False}
PLAIN = {"first_name": "first_name", "last_name": "last_name", "birth_date": "date_of_birth", "note": "notes"}


class Refused(ValueError):
    """A refusal as the vendor words it: HTTP status, code, and the attribute at fault if there is one."""

    def __init__(self, status: int, code: str, detail: str, attribute: str | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.attribute = attribute


class Customers:
    """Attribute dicts by customer id. `links`: customer id to {store key: POS profile id}."""

    def __init__(self, now: Now, chance: random.Random, sentinel: str) -> None:
        self.now = now
        self._chance = chance
        self._sentinel = sentinel
        self.rows: dict[str, dict[str, Any]] = {}
        self.links: dict[str, dict[str, str]] = {}
        self.index: dict[ContactField, dict[str, str]] = {"email": {}, "phone": {}}
        self._order: list[tuple[str, str]] | None = None

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.rows))

    def insert(self, fields: Mapping[str, Any]) -> str:
        """A new customer from canonical fields; `verified` (default true) tells whether the phone is confirmed.

        Raises Refused when an account has the phone or email already (section 2: no sharing).
        """
        customer_id = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        values = attributes(fields)
        for field in CONTACTS:
            self.must_be_free(field, values.get(field), customer_id)
        made = moment(datetime.fromisoformat(fields["created_at"])) if fields.get("created_at") else self._present()
        status = "customer" if fields.get("has_purchased") else "confirmed"
        row = {
            "first_name": "", "last_name": "", "email": None, "phone": None, "date_of_birth": None,
            "status": status if fields.get("verified", True) else "unconfirmed", "is_active": True,
            "email_opt_in": None, "sms_opt_in": None, "is_medical": True, "id_number": f"{self._sentinel}-ID",
            "id_expiration": "2031-02-03", "notes": None, "created_at": made, "updated_at": made,
        }  # fmt: skip
        self.rows[customer_id] = row
        self.links[customer_id] = {}
        self._set(customer_id, values)
        return customer_id

    def change(self, customer_id: str, values: Mapping[str, Any]) -> None:
        """Set attributes and move `updated_at`. Raises KeyError."""
        self._set(customer_id, {**values, "updated_at": self._present()})

    def must_be_free(self, field: ContactField, value: str | None, customer_id: str) -> None:
        """Raises Refused 409 `duplicate` when another account holds the value."""
        if value and self.index[field].get(value, customer_id) != customer_id:
            raise Refused(409, "duplicate", f"another customer has this {field}", field)

    def order(self) -> list[tuple[str, str]]:
        """(updated_at, id) of everybody, archived ones included, in the order of the list."""
        if self._order is None:
            self._order = sorted((row["updated_at"], customer_id) for customer_id, row in self.rows.items())
        return self._order

    def _set(self, customer_id: str, values: Mapping[str, Any]) -> None:
        row = self.rows[customer_id]
        for field in CONTACTS:
            if field in values:
                self.index[field].pop(row[field] or "", None)
        row.update(values)
        self.index["email"] |= {row["email"]: customer_id} if row["email"] else {}
        self.index["phone"] |= {row["phone"]: customer_id} if row["phone"] else {}
        self._order = None

    def _present(self) -> str:
        return moment(datetime.fromtimestamp(self.now(), UTC))


def attributes(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Vendor attributes that canonical fields set; there are no addresses and no tags. Raises Refused."""
    values = {theirs: fields[ours] for ours, theirs in PLAIN.items() if ours in fields}
    values |= {field: contact(field, fields[field]) for field in CONTACTS if field in fields}
    for channel in ("email", "sms"):
        if f"{channel}_consent" in fields:
            values[f"{channel}_opt_in"] = CHOICE.get(fields[f"{channel}_consent"])
    if fields.get("has_purchased"):
        values["status"] = "customer"
    return values


def contact(field: ContactField, value: str | None) -> str | None:
    """The value as it is kept: emails in lower case, phones E.164 or not at all. Raises Refused 400."""
    if not value:
        return None
    kept = value.strip().lower()
    if not (EMAIL if field == "email" else E164).fullmatch(kept):
        raise Refused(400, "invalid", f"not a usable {field}", field)
    return kept


def person(row: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical fields of a record, plus `status` and `verified`; what ECOM does not know reads None."""
    unknown_here = ("street", "street_2", "city", "region", "postal_code", "country", "tags")
    words = {True: "in", False: "out", None: "unknown"}
    return {
        **dict.fromkeys(unknown_here),
        **{ours: row[theirs] for ours, theirs in PLAIN.items()},
        "email": row["email"],
        "phone": row["phone"],
        "email_consent": words[row["email_opt_in"]],
        "sms_consent": words[row["sms_opt_in"]],
        "has_purchased": row["status"] == "customer",
        "verified": row["status"] != "unconfirmed",
        "created_at": row["created_at"],
        "status": "active" if row["is_active"] else "archived",
    }


def moment(at: datetime) -> str:
    """ISO 8601 in UTC, whole seconds, with Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
