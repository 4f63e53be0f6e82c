"""Heartland's words and ours: settings that map an account's own keys, and the way of one record in both directions.

What the vendor's public pages leave open is a setting or a constant here or in `connectors.heartland` whose text says
"assumed"; nothing else rests on a guess.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field

from connectors._shaping import SPACES, clean, day, text
from connectors.base import Record, Secret, SourceSettings

UNKNOWN_NAME = "?"
"""What the vendor advises to type for a name that is not known."""
NAMES = ("first_name", "last_name")
ACTIVE = "active"
"""Assumed: the key of the switch that deactivates and restores a customer (M13); the act itself is documented."""
ADDRESS_KEYS = {
    "street": "line_1", "street_2": "line_2", "city": "city", "region": "state", "postal_code": "postal_code",
    "country": "country",
}  # fmt: skip
ADDRESS = pa.struct([("id", pa.int64()), *((key, pa.string()) for key in (*ADDRESS_KEYS.values(), "phone"))])
FIELDS = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "public_id", "first_name", "last_name", "email")),
        ("active", pa.bool_()),
        *((name, pa.string()) for name in ("phone1", "birth_date", "email_consent", "tags")),
        ("addresses", pa.list_(ADDRESS)),  # the main one first: it has the lowest id (M9)
        ("created_at", pa.string()),
        ("updated_at", pa.string()),
    ]
)
DROPPED = frozenset({"custom", "active?", "name", "uuid"})


class HeartlandSettings(SourceSettings):
    """Where the account is, and under which keys it keeps what the vendor has no known field of its own for."""

    base_url: str = Field(description="https://SUBDOMAIN.retail.heartland.us/api")
    token: Secret
    subdomain: str | None = Field(default=None, description="for links into the back office; else read from base_url")
    per_page: int = Field(default=500, ge=1, le=5000, description="assumed: the vendor takes pages of this size")
    phone1: str | None = Field(
        default="mobile_phone", description="assumed; a customer key, custom@KEY or address.phone; null: not kept here"
    )
    birth_date: str | None = Field(default="custom@birthday", description="assumed; a customer key or custom@KEY")
    marketing_email: str | None = Field(default="custom@email_opt_in", description="assumed; as birth_date, true = in")
    tags: str | None = Field(default="custom@tags", description="assumed; as birth_date, a text of several tags")
    tag_separator: str = Field(default=";", min_length=1, description="assumed; what stands between two tags")
    email_opt_in_false: Literal["unknown", "out"] = Field(
        default="unknown", description="what an unticked marketing choice means; it is also the creation default (G9)"
    )


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabulary of one account."""

    settings: HeartlandSettings

    @property
    def keys(self) -> dict[str, str]:
        """The canonical fields that the account keeps on the customer, each with its own key."""
        mapped = {
            "phone": self.settings.phone1, "birth_date": self.settings.birth_date, "tags": self.settings.tags,
            "email_consent": self.settings.marketing_email,
        }  # fmt: skip
        own = {name: name for name in (*NAMES, "email")}
        return own | {name: key for name, key in mapped.items() if key}

    def landed(self, row: Mapping[str, Any], addresses: Sequence[Any]) -> dict[str, Any]:
        """One customer in the words of FIELDS, unknown fields with it; what is left out on purpose goes here (G11)."""
        fit = all(isinstance(address, dict) for address in addresses)
        kept = sorted(map(_address, addresses), key=_place) if fit else []
        wanted = self.settings
        lifted = set(self.keys.values()) - {*NAMES, "email"}
        record = {key: value for key, value in row.items() if key not in DROPPED | lifted}
        return record | {
            "id": text(row.get("id")),
            "public_id": text(row.get("public_id")),
            "active": active(row),
            "phone1": text(_lift(row, kept, wanted.phone1)),
            "birth_date": text(_lift(row, kept, wanted.birth_date)),
            "email_consent": self._consent(_lift(row, kept, wanted.marketing_email)),
            "tags": self._tags(_lift(row, kept, wanted.tags)),
            "addresses": kept if fit else addresses,
        }

    def written(self, after: Mapping[str, str | None]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The changed keys of the customer, and those of the main address.

        Custom values go flat (`custom@key`), because a nested object may replace the rest (sheet: Update).
        """
        keys, customer, address = self.keys, dict[str, Any](), dict[str, Any]()
        for name, value in after.items():
            if name in ADDRESS_KEYS:
                address[ADDRESS_KEYS[name]] = value
            elif name == "status":
                customer[ACTIVE] = value == "active"
            elif keys[name] == "address.phone":
                address["phone"] = value
            else:
                customer[keys[name]] = self._word(name, value)
        return customer, address

    def _word(self, name: str, value: str | None) -> str | bool | None:
        if name == "email_consent":
            return False
        if name in NAMES:
            return value or UNKNOWN_NAME
        if name == "tags" and value:
            return value.replace(";", self.settings.tag_separator)
        return value

    def _consent(self, value: Any) -> str | None:
        """The one place that says what Heartland's marketing choice means (G9)."""
        if self.settings.marketing_email is None:
            return None
        word = str(value).strip().lower()
        if word in {"false", "no", "n", "0"}:
            return self.settings.email_opt_in_false
        return "in" if word in {"true", "yes", "y", "1"} else "unknown"

    def _tags(self, value: Any) -> str | None:
        words = value if isinstance(value, list) else str(text(value) or "").split(self.settings.tag_separator)
        parts = {str(word).strip(SPACES) for word in words}
        return ";".join(sorted(parts - {""})) or None


def view(record: Record) -> dict[str, str | None]:
    """One landed record in canonical fields, as `sql/shape/heartland.sql` gives them."""
    address = (record["addresses"] or [{}])[0]
    return {
        "status": "archived" if record["active"] is False else "active",
        **{name: clean(record.get(name), UNKNOWN_NAME) for name in NAMES},
        "birth_date": day(record["birth_date"]),
        "phone": clean(record["phone1"]),
        "email": clean(record.get("email")),
        **{name: clean(address.get(key)) for name, key in ADDRESS_KEYS.items()},
        "email_consent": record["email_consent"],
        "sms_consent": None,
        "group": None,
        "note": None,
        "tags": record["tags"],
    }


def active(row: Mapping[str, Any]) -> Any:
    """The customer's switch, under either of the keys that it is seen with."""
    return row.get(ACTIVE, row.get("active?"))


def _address(address: Mapping[str, Any]) -> dict[str, Any]:
    return {key: address.get(key) if key == "id" else text(address.get(key)) for key in ADDRESS.names}


def _place(address: Mapping[str, Any]) -> float:
    return address["id"] if isinstance(address["id"], int) else math.inf


def _lift(row: Mapping[str, Any], addresses: Sequence[Mapping[str, Any]], where: str | None) -> Any:
    if where is None:
        return None
    if where == "address.phone":
        return addresses[0]["phone"] if addresses else None
    custom = row.get("custom")
    kept = custom if isinstance(custom, dict) else {}
    return row.get(where, kept.get(where.removeprefix("custom@")) if where.startswith("custom@") else None)
