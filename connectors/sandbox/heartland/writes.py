"""What the simulated Heartland takes from a write: which keys it knows, what it refuses, and in which words.

Sheet: Create; Update, deactivate, restore, merge; Custom fields; Errors. Unknown keys are dropped without a word.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from connectors.sandbox.heartland.records import ADDRESS_FIELDS, Books, Record

WRITABLE = ("public_id", "first_name", "last_name", "email", "active")
WITH_STATES = frozenset({"US", "CA", "AU"})
ADDRESS_NEEDED = ("line_1", "city", "postal_code", "country")
BOOLEAN_CUSTOM = "email_opt_in"
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")

Details = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Quirks:
    """What a real account may prove otherwise: every assumption of the sheet, as a switch."""

    require_email_and_address: bool = True
    nested_address: bool = True
    include_addresses: bool = True
    lists_inactive: bool = True
    custom_replaces: bool = True
    """Whether a nested `custom` object wipes the custom fields that it does not name."""
    active_key_mix: bool = True
    """Some rows say `active?` instead of `active`."""
    address_touches_customer: bool = False
    phone_key: str = "mobile_phone"
    custom_fields: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    """Further definitions: key to {required, unique}."""
    location: Literal["path", "url", "none"] = "path"
    put_answer: Literal["empty", "record", "no_content"] = "empty"
    validation_status: Literal[400, 422] = 400
    largest_page: int = 5_000
    rate_per_second: float = 5.0
    retry_after: bool = True
    read_only: bool = False
    """The token's user may not write: 403."""
    utc_offset_hours: int = -5

    def definitions(self) -> list[Record]:
        """The account's custom field definitions, those of the default mapping first."""
        keys: dict[str, Mapping[str, bool]] = {"birthday": {}, BOOLEAN_CUSTOM: {}, "tags": {}} | dict(
            self.custom_fields
        )
        return [
            {
                "id": number, "key": key, "name": key.replace("_", " ").title(), "group_id": "customer",
                "required": flags.get("required", False), "unique": flags.get("unique", False),
                "validation_type": "text", "metadata": {"show_on_customer_list": "true"},
            }
            for number, (key, flags) in enumerate(keys.items(), start=1)
        ]  # fmt: skip


class ValidationError(ValueError):
    """A validation error; `details` as in the vendor's body."""

    def __init__(self, details: Details) -> None:
        super().__init__("Validation failed")
        self.details = details


def customer_changes(body: Any, quirks: Quirks, *, creating: bool) -> dict[str, Any]:
    """The vendor fields that a body sets, flat (`custom@key`); keys that nobody knows are dropped."""
    if not isinstance(body, dict):
        raise ValidationError({"base": ["must be an object"]})
    custom = [f"custom@{definition['key']}" for definition in quirks.definitions()]
    known = {*WRITABLE, *custom} | ({quirks.phone_key} - {"address.phone"})
    changes = {key: value for key, value in body.items() if key in known}
    nested = body.get("custom")
    if isinstance(nested, dict):
        named = {key: nested.get(key.removeprefix("custom@")) for key in custom}
        wiped = quirks.custom_replaces and not creating
        changes = {key: value for key, value in named.items() if wiped or value is not None} | changes
    return {key: None if value == "" else value for key, value in changes.items()}


def address_changes(body: Any) -> dict[str, Any]:
    """The address fields that a body sets."""
    if not isinstance(body, dict):
        raise ValidationError({"base": ["must be an object"]})
    return {key: body[key] or None for key in ADDRESS_FIELDS if key in body}


def check_customer(changes: Mapping[str, Any], key: int | None, books: Books, quirks: Quirks) -> None:
    """Raises ValidationError. `key`: the customer that is updated, None for a new one."""
    details: Details = {}
    for name in ("first_name", "last_name"):
        if (key is None or name in changes) and not changes.get(name):
            details[name] = ["is required"]
    if changes.get("email") and not _EMAIL.fullmatch(str(changes["email"])):
        details["email"] = ["is invalid"]
    if "active" in changes and not isinstance(changes["active"], bool):
        details["active"] = ["is invalid"]
    number = changes.get("public_id")
    if "public_id" in changes and (not isinstance(number, str) or not number):
        details["public_id"] = ["is invalid"]
    elif books.by_number.get(number or "", key) != key:
        details["public_id"] = ["is already taken"]
    details |= _check_custom(changes, key, books, quirks)
    if details:
        raise ValidationError(details)


def check_new(body: Mapping[str, Any], changes: Mapping[str, Any], quirks: Quirks) -> None:
    """The account's demand for an email and a complete address on a create (M8). Raises ValidationError."""
    details: Details = {}
    if body.get("address") is not None and not quirks.nested_address:
        details["address"] = ["is not allowed"]
    if quirks.require_email_and_address and not changes.get("email"):
        details["email"] = ["is required"]
    if quirks.require_email_and_address and quirks.nested_address:
        missing = missing_parts(address_changes(body.get("address") or {}))
        if missing:
            details["address"] = [f"{part} is required" for part in missing]
    if details:
        raise ValidationError(details)


def missing_parts(address: Mapping[str, Any]) -> list[str]:
    """What an address lacks to be complete; a state only where the country has any."""
    needed = ADDRESS_NEEDED + (("state",) if address.get("country") in WITH_STATES else ())
    return [part for part in needed if not address.get(part)]


def _check_custom(changes: Mapping[str, Any], key: int | None, books: Books, quirks: Quirks) -> Details:
    details: Details = {}
    for definition in quirks.definitions():
        name = f"custom@{definition['key']}"
        value = changes.get(name)
        if definition["required"] and value is None and (key is None or name in changes):
            details[name] = ["is required"]
        if value is not None and isinstance(value, bool) != (definition["key"] == BOOLEAN_CUSTOM):
            details[name] = ["is invalid"]
        if definition["unique"] and value is not None and _taken(definition["key"], value, key, books):
            details[name] = ["is already taken"]
    return details


def _taken(name: str, value: Any, key: int | None, books: Books) -> bool:
    return any(r["custom"].get(name) == value for r in books.customers.values() if r["id"] != key)
