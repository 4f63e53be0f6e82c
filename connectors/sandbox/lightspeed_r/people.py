"""Between the world's canonical words and a record of the simulated R-Series.

Phone 1 is the Home slot, email 1 the Primary slot, SMS consent the flag `noPhone` (sheet section 9: our mapping).
A flag says `do not contact`. False is in; True is out where somebody chose it, and unknown where it merely stands as it
was created (G9): the account remembers who chose, the wire does not tell.
"""

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.lightspeed_r.records import FLAGS, LICENCE_FIELD, Books, Record

NAMES = {"first_name": "firstName", "last_name": "lastName"}
ADDRESS = {"street": "address1", "street_2": "address2", "city": "city", "postal_code": "zip"}
CONSENT = {"email_consent": "noEmail", "sms_consent": "noPhone"}
SLOTS = {
    "phone": ("Phones", "Home"), "phone_raw": ("Phones", "Home"), "phone_2": ("Phones", "Mobile"),
    "email": ("Emails", "Primary"), "email_2": ("Emails", "Secondary"),
}  # fmt: skip
"""Canonical contacts and the slot of each; `phone_raw` comes after `phone`, and wins."""
COUNTRIES = {"CA": "Canada", "US": "United States"}
REGIONS = {
    "AB": "Alberta", "BC": "British Columbia", "MB": "Manitoba", "NB": "New Brunswick", "NL": "Newfoundland and Labrador",
    "NS": "Nova Scotia", "ON": "Ontario", "PE": "Prince Edward Island", "QC": "Quebec", "SK": "Saskatchewan",
    "CA": "California", "NY": "New York", "OR": "Oregon", "WA": "Washington",
}  # fmt: skip
"""How the till writes out a region; others stand there as their code."""


def enter(record: Record, fields: Mapping[str, Any], books: Books) -> bool:
    """A clerk enters canonical fields; tells whether the customer itself changed, and not only what hangs on it."""
    own = {key: fields[name] or "" for name, key in NAMES.items() if name in fields}
    if "birth_date" in fields:
        own["dob"] = books.midnight(fields["birth_date"]) if fields["birth_date"] else None
    if "group" in fields:
        own["customerTypeID"] = books.type_id(fields["group"])
    moved = any(record[name] != value for name, value in own.items())
    record.update(own)
    if "status" in fields:
        moved |= record["archived"] != (fields["status"] == "archived")
        books.set_archived(record, fields["status"] == "archived")
    _enter_contact(record, fields)
    _enter_the_rest(record, fields, books)
    return moved


def licence(record: Record, books: Books) -> None:
    """What clerks also type in, and no reader may keep (G11)."""
    mark = books.quirks.sentinel
    record["vatNumber"] = f"{mark}-VAT"
    record["CustomFieldValues"][LICENCE_FIELD] = f"{mark}-DL"


def canonical(record: Record, books: Books) -> dict[str, Any]:
    """The canonical fields of a record, plus `status`, `group` and the second phone and email."""
    contact = record["Contact"]
    place = contact["Addresses"][0] if contact["Addresses"] else {}
    return {
        "status": "archived" if record["archived"] else "active",
        **{name: record[key] or None for name, key in NAMES.items()},
        "birth_date": books.birth_date(record["dob"]) if record["dob"] else None,
        **{name: contact[kind].get(use) for name, (kind, use) in SLOTS.items() if name != "phone_raw"},
        **{name: place.get(key) or None for name, key in ADDRESS.items()},
        "region": place.get("stateCode") or place.get("state") or None,
        "country": place.get("countryCode") or place.get("country") or None,
        **{name: consent(record, flag) for name, flag in CONSENT.items()},
        "note": record["Note"]["note"] or None,
        "tags": ";".join(sorted(record["Tags"])) or None,
        "group": books.types.get(record["customerTypeID"], {}).get("name"),
        "has_purchased": record["purchased"],
        "created_at": record["createTime"].replace("+00:00", "Z"),
    }


def facts(record: Record, books: Books) -> dict[str, Any]:
    """What the ledger compares: `canonical`, and the vendor's own values beside it, by their path."""
    contact = record["Contact"]
    slots = {f"{kind}.{use}": value for kind in ("Phones", "Emails") for use, value in contact[kind].items()}
    own = {name: record[name] for name in ("title", "company", "vatNumber", "discountID", "taxCategoryID")}
    custom = {f"custom.{key}": value for key, value in record["CustomFieldValues"].items()}
    flags = {flag: contact[flag] for flag in FLAGS}
    beside = (
        slots | own | custom | flags | {"Websites": list(contact["Websites"]), "isPublic": record["Note"]["isPublic"]}
    )
    taken = {f"{kind}.{use}" for kind, use in SLOTS.values()}
    return canonical(record, books) | {name: value for name, value in beside.items() if name not in taken}


def consent(record: Record, flag: str) -> str:
    if not record["Contact"][flag]:
        return "in"
    return "out" if flag in record["chosen"] else "unknown"


def spelled(phone: str | None) -> str | None:
    """A North American E.164 number as the till writes it; any other as it is."""
    if phone and phone.startswith("+1") and len(phone) == 12:
        return f"{phone[2:5]}-{phone[5:8]}-{phone[8:]}"
    return phone or None


def _enter_contact(record: Record, fields: Mapping[str, Any]) -> None:
    contact = record["Contact"]
    for name, (kind, use) in SLOTS.items():
        if name in fields:
            value = spelled(fields[name]) if name in ("phone", "phone_2") else fields[name]
            contact[kind].pop(use, None)
            contact[kind] |= {use: value} if value else {}
    for name, flag in CONSENT.items():
        if fields.get(name) in ("in", "out"):
            contact[flag] = fields[name] == "out"
            record["chosen"].add(flag)
    place = _place(fields)
    if place:
        contact["Addresses"] = [{**(contact["Addresses"] or [{}])[0], **place}]
        if not any(contact["Addresses"][0].values()):
            contact["Addresses"] = []


def _place(fields: Mapping[str, Any]) -> Record:
    place = {key: fields[name] or "" for name, key in ADDRESS.items() if name in fields}
    if "region" in fields:
        code = fields["region"] or ""
        place |= {"state": REGIONS.get(code, code), "stateCode": code}
    if "country" in fields:
        code = fields["country"] or ""
        place |= {"country": COUNTRIES.get(code, code), "countryCode": code}
    return place


def _enter_the_rest(record: Record, fields: Mapping[str, Any], books: Books) -> None:
    if "note" in fields:
        record["Note"] = {**record["Note"], "note": fields["note"] or ""}
    if "tags" in fields:
        record["Tags"] = [tag for tag in (fields["tags"] or "").split(";") if tag]
        books.know_tags(record["Tags"])
    if "has_purchased" in fields or "orders" in fields:
        record["purchased"] = bool(fields.get("orders", fields.get("has_purchased")))
    if "balance" in fields:
        books.open_credit(record, float(fields["balance"]))
