"""Between the world's canonical words and simulated Greenline's own fields (sheet sections 4 and 6).

There are no addresses, tags and groups. Only the name is required, and an import may bring it in one piece.
"""

import random
from collections.abc import Mapping
from typing import Any

from connectors.sandbox.greenline.records import Record

PLAIN = {"birth_date": "birthday", "email": "email", "note": "notes"}
CONSENT = {"email_consent": "marketingEmailOptIn", "sms_consent": "marketingSmsOptIn"}
CHOICE = {"in": True, "out": False}
NOT_KEPT = ("street", "street_2", "city", "region", "postal_code", "country", "tags", "group")
SPELLINGS = ("{0}{1}{2}", "+1 {0}-{1}-{2}", "({0}) {1}-{2}")
"""Phones stay as somebody typed them, each in one of these."""


def to_vendor(fields: Mapping[str, Any], current: Mapping[str, Any], chance: random.Random) -> Record:
    """The vendor fields that canonical ones set; `phone_raw` wins over `phone`, `full_name` leaves first and last empty."""
    values: Record = {theirs: fields[ours] or None for ours, theirs in PLAIN.items() if ours in fields}
    values |= {theirs: CHOICE.get(fields[ours]) for ours, theirs in CONSENT.items() if ours in fields}
    if "phone" in fields or "phone_raw" in fields:
        values["phone"] = fields.get("phone_raw") or typed(fields.get("phone"), chance)
    if "status" in fields:
        values["isArchived"] = fields["status"] == "archived"
    if "balance" in fields:
        values["creditBalance"] = round(float(fields["balance"]) * 100)
    return values | _name(fields, current)


def to_person(row: Mapping[str, Any], *, purchased: bool) -> dict[str, Any]:
    """The canonical fields of a record, plus `status`; a name in one piece reads as `full_name` alone."""
    words = {True: "in", False: "out", None: "unknown"}
    return {
        **dict.fromkeys(NOT_KEPT),
        "first_name": row["firstName"],
        "last_name": row["lastName"],
        "full_name": row["name"] or None,
        "phone": row["phone"],
        **{ours: row[theirs] for ours, theirs in PLAIN.items()},
        **{ours: words[row[theirs]] for ours, theirs in CONSENT.items()},
        "has_purchased": purchased,
        "created_at": row["createdAt"],
        "status": "archived" if row["isArchived"] else "active",
    }


def typed(phone: str | None, chance: random.Random) -> str | None:
    """A North American E.164 number in one clerk's way; any other as it is."""
    if not phone:
        return None
    if not (phone.startswith("+1") and len(phone) == 12):
        return phone
    return chance.choice(SPELLINGS).format(phone[2:5], phone[5:8], phone[8:])


def joined(first: str | None, last: str | None) -> str:
    """First and last name as the one name that the vendor requires."""
    return " ".join(part for part in (first, last) if part)


def _name(fields: Mapping[str, Any], current: Mapping[str, Any]) -> Record:
    if "full_name" in fields and not fields.keys() & {"first_name", "last_name"}:
        return {"name": fields["full_name"], "firstName": None, "lastName": None}
    if not fields.keys() & {"first_name", "last_name"}:
        return {}
    first = fields.get("first_name", current.get("firstName")) or None
    last = fields.get("last_name", current.get("lastName")) or None
    return {"firstName": first, "lastName": last, "name": joined(first, last) or "?"}
