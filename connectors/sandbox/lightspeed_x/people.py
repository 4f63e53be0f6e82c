"""People in X-Series' words and back (section 8).

A flag at its creation default says nothing about a choice (G9): `do_not_email` true is out, false unknown;
`enable_promotional_sms`, of the opposite polarity, true is in, false unknown. There are no tags.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.lightspeed_x.books import BALANCES, PLACE, TEXTS, Books, Record

DIRECT = {
    "first_name": "first_name", "last_name": "last_name", "birth_date": "date_of_birth", "email": "email",
    "note": "note", "street": "physical_address_1", "street_2": "physical_address_2", "city": "physical_city",
    "region": "physical_state", "postal_code": "physical_postcode", "country": "physical_country_id",
}  # fmt: skip
BESIDE = (
    "company_name", "mobile", "fax", "gender", "website", "twitter", "tax_id", "custom_field_1", "custom_field_2",
    "custom_field_3", "custom_field_4", "physical_suburb", *(f"postal_{part}" for part in PLACE), "customer_code",
    "enable_loyalty", "on_account_limit",
)  # fmt: skip
"""Writable fields that have no canonical word; the ledger shows them under their own."""
SALE = 25.0


def vendor_changes(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Canonical fields as vendor fields, without the group; vendor fields under their own names pass."""
    changes = {key: fields[name] or None for name, key in DIRECT.items() if name in fields}
    changes |= {name: fields[name] for name in (*BESIDE, *BALANCES) if name in fields}
    if fields.keys() & {"phone", "phone_raw"}:
        changes["phone"] = spelled(fields)
    if "email_consent" in fields:
        changes["do_not_email"] = fields["email_consent"] == "out"
    if "sms_consent" in fields:
        changes["enable_promotional_sms"] = fields["sms_consent"] == "in"
    if "orders" in fields or "has_purchased" in fields:
        changes["year_to_date"] = SALE * int(fields.get("orders", bool(fields.get("has_purchased"))))
    return changes


def planted(sentinel: str) -> dict[str, Any]:
    """What clerks type into the retailer's own fields, and nobody else may read (G11); it must outlive every PUT."""
    owned = {"custom_field_1": "LICENCE", "custom_field_2": "CARD", "tax_id": "TAX", "website": "SITE"}
    return {name: f"{sentinel}-{what}" for name, what in owned.items()}


def spelled(fields: Mapping[str, Any]) -> str | None:
    """The phone as a clerk types it: `phone_raw` as it is, a North American E.164 number with dashes."""
    if "phone_raw" in fields:
        return fields["phone_raw"] or None
    phone: str | None = fields.get("phone") or None
    if phone and phone.startswith("+1") and len(phone) == 12:
        return f"{phone[2:5]}-{phone[5:8]}-{phone[8:]}"
    return phone


def canonical(books: Books, record: Record) -> dict[str, Any]:
    """What a record says, in canonical words, plus `status` (active, deleted) and `group`."""
    return {
        "status": "deleted" if record["deleted_at"] else "active",
        **{name: record[key] for name, key in DIRECT.items()},
        "phone": record["phone"],
        "email_consent": "out" if record["do_not_email"] else "unknown",
        "sms_consent": "in" if record["enable_promotional_sms"] else "unknown",
        "tags": None,
        "group": books.group_name(record["customer_group_id"]),
        "has_purchased": record["year_to_date"] > 0,
        "created_at": _utc(record["created_at"]),
    }


def facts(books: Books, record: Record) -> dict[str, Any]:
    """`canonical`, and every other writable field under the vendor's name."""
    return canonical(books, record) | {name: record[name] for name in BESIDE}


def shown(record: Record, null_style: str, group_ids: str, sentinel: str) -> dict[str, Any]:
    """The record as the API gives it: empty texts in the account's style, and what no schema names (section 8)."""
    full = " ".join(part for part in (record["first_name"], record["last_name"]) if part)
    told = {**record, "name": full or None, "time_until_deletion": None, "contact_source": "USER_CREATED"}
    told |= {"privacy_consent": {"document": f"{sentinel}-ID"}, "loyalty_adjustment": f"{sentinel}-POINTS"}
    if group_ids != "absent":
        more = [record["customer_group_id"]] * (2 if group_ids == "more" else 1)
        told["customer_group_ids"] = [*more[:1], *(f"{key}-second" for key in more[1:])]
    empty = [name for name in TEXTS if name not in ("first_name", "last_name") and told[name] is None]
    for place, name in enumerate(empty):
        match null_style if null_style != "mixed" else ("absent", "null", "empty")[(record["version"] + place) % 3]:
            case "absent":
                del told[name]
            case "empty":
                told[name] = ""
    return told


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
