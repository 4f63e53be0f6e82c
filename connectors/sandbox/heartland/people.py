"""People in Heartland's words and back: canonical fields into vendor fields, and a vendor record into what it says.

Phone 1 is the customer key `mobile_phone`, birth date, email consent and tags are custom fields (sheet: configurable
mapping, all assumed). There is no SMS choice and no note.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.heartland.records import Books, Record

UNKNOWN_NAME = "?"
CONSENT = {"in": True, "out": False}
ADDRESS = {
    "street": "line_1", "street_2": "line_2", "city": "city", "region": "state",
    "postal_code": "postal_code", "country": "country",
}  # fmt: skip
_CUSTOM = {"birth_date": "custom@birthday", "tags": "custom@tags"}


def vendor_changes(fields: Mapping[str, Any], phone_key: str) -> dict[str, Any]:
    """Canonical fields of the customer itself as vendor fields; an unknown name is the `?` that the vendor advises."""
    changes: dict[str, Any] = {}
    for name in ("first_name", "last_name"):
        if name in fields:
            changes[name] = fields[name] or UNKNOWN_NAME
    if "email" in fields:
        changes["email"] = fields["email"] or None
    for name, key in _CUSTOM.items():
        if name in fields:
            changes[key] = fields[name] or None
    if "email_consent" in fields:
        changes["custom@email_opt_in"] = CONSENT.get(fields["email_consent"])
    if "status" in fields:
        changes["active"] = fields["status"] != "archived"
    if phone_key != "address.phone" and fields.keys() & {"phone", "phone_raw"}:
        changes[phone_key] = spelled(fields)
    return changes


def address_changes(fields: Mapping[str, Any], phone_key: str) -> dict[str, Any]:
    """Canonical address fields as the vendor's; the phone too where the account keeps phone 1 there."""
    changes = {key: fields[name] or None for name, key in ADDRESS.items() if name in fields}
    if phone_key == "address.phone" and fields.keys() & {"phone", "phone_raw"}:
        changes["phone"] = spelled(fields)
    return changes


def spelled(fields: Mapping[str, Any]) -> str | None:
    """The phone as a clerk would type it: `phone_raw` as it is, a North American E.164 number with parentheses."""
    if "phone_raw" in fields:
        return fields["phone_raw"] or None
    phone: str | None = fields.get("phone") or None
    return f"({phone[2:5]}) {phone[5:8]}-{phone[8:]}" if phone and _north_american(phone) else phone


def dashed(phone: str) -> str:
    """The phone as it stands on addresses."""
    return f"{phone[2:5]}-{phone[5:8]}-{phone[8:]}" if _north_american(phone) else phone


def canonical(books: Books, key: int, phone_key: str) -> dict[str, Any]:
    """What a record says, in canonical words, plus `status`. Raises KeyError."""
    record, address = books.customers[key], books.main_address(key) or {}
    custom = record["custom"]
    consent = {True: "in", False: "out"}.get(custom.get("email_opt_in"), "unknown")
    return {
        "status": "active" if record["active"] else "archived",
        "first_name": _name(record["first_name"]),
        "last_name": _name(record["last_name"]),
        "birth_date": custom.get("birthday"),
        "phone": _phone(record, address, phone_key),
        "email": record["email"],
        **{name: address.get(field) for name, field in ADDRESS.items()},
        "email_consent": consent,
        "sms_consent": "unknown",
        "note": None,
        "tags": custom.get("tags"),
        "has_purchased": books.orders.get(key, 0) > 0,
        "created_at": _utc(record["created_at"]),
    }


def facts(books: Books, key: int, phone_key: str) -> dict[str, Any]:
    """`canonical`, and what the vendor keeps beside it: the Customer # and the phone of the main address."""
    address = books.main_address(key) or {}
    beside = {"public_id": books.customers[key]["public_id"], "address.phone": address.get("phone")}
    return canonical(books, key, phone_key) | beside


def _north_american(phone: str) -> bool:
    return phone.startswith("+1") and len(phone) == 12


def _name(text: str | None) -> str | None:
    return None if text in (UNKNOWN_NAME, "") else text


def _phone(record: Record, address: Mapping[str, Any], phone_key: str) -> Any:
    if phone_key == "address.phone":
        return address.get("phone")
    if phone_key.startswith("custom@"):
        return record["custom"].get(phone_key.removeprefix("custom@"))
    return record.get(phone_key)


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
