"""Between the world's canonical words and simulated Treez's own fields."""

import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from connectors.sandbox.treez.records import EMPTY, NEVER, Records

Polarity = Literal["out", "in"]

PLAIN = {"first_name": "first_name", "last_name": "last_name", "birth_date": "birthday", "email": "email"}
ADDRESS = {"street": "street1", "street_2": "street2", "city": "city", "region": "state", "postal_code": "zipcode"}
BLANK_ADDRESS = {"street1": "", "street2": "", "city": "", "state": "", "zipcode": "0"}


def to_vendor(
    fields: Mapping[str, Any], current: Mapping[str, Any], records: Records, polarity: Polarity, chance: random.Random
) -> dict[str, Any]:
    """The vendor fields that canonical ones set; those that are not named stay as they are.

    `sms_consent` and `country` have no place here and are passed over. `phone_raw` wins over `phone`.
    """
    values = {theirs: fields[ours] or None for ours, theirs in PLAIN.items() if ours in fields}
    if "phone" in fields or "phone_raw" in fields:
        values["phone"] = fields.get("phone_raw") or national(fields.get("phone"))
    if "note" in fields:
        values["notes"] = fields["note"] or "N/A"
    if "tags" in fields:
        values["customer_groups"] = [tag for tag in (fields["tags"] or "").split(";") if tag]
    if "email_consent" in fields:
        values["opt_out"] = _flag(fields["email_consent"], polarity, chance)
    if fields.keys() & ADDRESS.keys():
        values["addresses"] = _addresses(fields, current)
    return values | _life(fields, records)


def to_person(record: Mapping[str, Any], polarity: Polarity) -> dict[str, Any]:
    """The canonical fields of a whole vendor record; nothing reads None, an unset flag `unknown`."""
    address = record["addresses"][0] if record["addresses"] else BLANK_ADDRESS
    return {
        **{ours: record[theirs] for ours, theirs in PLAIN.items()},
        **{ours: None if address[theirs] in EMPTY else address[theirs] for ours, theirs in ADDRESS.items()},
        "phone": record["phone"],
        "country": None,
        "email_consent": _word(record["opt_out"], polarity),
        "sms_consent": None,
        "note": None if record["notes"] in EMPTY else record["notes"],
        "tags": ";".join(sorted(record["customer_groups"])) or None,
        "has_purchased": record["last_visit_date"] != NEVER,
        "created_at": record["signup_date"],
        "status": _status(record),
        "merged_into": None if record["merged_into_customer_id"] is None else str(record["merged_into_customer_id"]),
        "verified": record["verification_status"] == "VERIFIED",
    }


def national(phone: str | None) -> str | None:
    """A North American number as its ten digits; any other as it can be kept, without the plus sign."""
    if not phone:
        return None
    return phone[2:] if phone.startswith("+1") and len(phone) == 12 else phone.removeprefix("+")


def _life(fields: Mapping[str, Any], records: Records) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if fields.get("created_at"):
        values["signup_date"] = records.stamp(datetime.fromisoformat(fields["created_at"]).timestamp())
    if fields.get("last_visit_at"):
        values["last_visit_date"] = records.visit(datetime.fromisoformat(fields["last_visit_at"]).timestamp())
    elif fields.get("has_purchased"):
        values["last_visit_date"] = records.visit(records.now())
    elif "has_purchased" in fields:
        values["last_visit_date"] = NEVER
    if "verified" in fields:
        values["verification_status"] = "VERIFIED" if fields["verified"] else "VERIFICATION_PENDING"
    return values


def _addresses(fields: Mapping[str, Any], current: Mapping[str, Any]) -> list[dict[str, Any]]:
    kept = current.get("addresses") or [{"type": "address_of_record", **BLANK_ADDRESS, "primary": True}]
    given = {theirs: fields[ours] or BLANK_ADDRESS[theirs] for ours, theirs in ADDRESS.items() if ours in fields}
    main = kept[0] | given
    return [] if all(main[part] in EMPTY for part in BLANK_ADDRESS) else [main, *kept[1:]]


def _flag(consent: str | None, polarity: Polarity, chance: random.Random) -> bool | str | None:
    """null, a boolean, or now and then the text "true", as the sheet has it (section 5)."""
    if consent not in ("out", "in"):
        return None
    return chance.choice((True, "true")) if consent == polarity else False


def _word(flag: bool | str | None, polarity: Polarity) -> str:
    if flag in (None, ""):
        return "unknown"
    other = "in" if polarity == "out" else "out"
    return polarity if flag in (True, "true") else other


def _status(record: Mapping[str, Any]) -> str:
    if record["status"] != "DEACTIVATED":
        return "active"
    return "archived" if record["merged_into_customer_id"] is None else "merged"
