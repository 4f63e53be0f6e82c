"""People in Ecwid's words and back (sheet: Customer object, Contacts, Marketing consent).

A name is one text, taken apart only on reading; there are no tags, no birth date and no SMS choice. `acceptMarketing`
true is in, false out, null or absent unknown.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.ecwid.books import COUNTRIES, GENERAL, PLACE, STATES, Books, Record, stamp

CONSENT = {"in": True, "out": False}
_PLACES = {"city": "city", "region": "stateOrProvinceCode", "postal_code": "postalCode", "country": "countryCode"}


def person_changes(fields: Mapping[str, Any], current: Record) -> dict[str, Any]:
    """`billingPerson` after an edit of canonical fields; `current` is what it was."""
    changes = {key: fields[name] or "" for name, key in _PLACES.items() if name in fields}
    if fields.keys() & {"street", "street_2"}:
        old = lines_of(current)
        both = [fields.get(name, old[place]) for place, name in enumerate(("street", "street_2"))]
        changes["street"] = "\n".join(line for line in both if line)
    if fields.keys() & {"first_name", "last_name"}:
        first, last = name_of(current)
        changes["name"] = " ".join(
            part for part in (fields.get("first_name", first), fields.get("last_name", last)) if part
        )
    return {**current, **changes}


def lines_of(person: Record) -> list[str | None]:
    """Street and second line; both stand in one text, joined by a line break."""
    street, _, more = person.get("street", "").partition("\n")
    return [street or None, more or None]


def name_of(person: Record) -> tuple[str | None, str | None]:
    """First and last name as they are derived: the first word, and the rest (where it is split is assumed)."""
    first, _, last = person.get("name", "").strip().partition(" ")
    return first or None, last.strip() or None


def spelled(fields: Mapping[str, Any]) -> str:
    """The phone as a shopper types it: `phone_raw` as it is, a North American E.164 number with dashes."""
    if "phone_raw" in fields:
        return fields["phone_raw"] or ""
    phone: str = fields.get("phone") or ""
    return f"{phone[2:5]}-{phone[5:8]}-{phone[8:]}" if phone.startswith("+1") and len(phone) == 12 else phone


def phone_of(books: Books, record: Record) -> str | None:
    """Phone 1: the default PHONE contact, else the billing person's, else that of the default shipping address."""
    contact = books.default_contact(record, "PHONE")
    default: Record = next((a for a in record["shippingAddresses"] if a.get("defaultAddress")), {})
    return (contact or {}).get("contact") or record["billingPerson"].get("phone") or default.get("phone") or None


def canonical(books: Books, key: int) -> dict[str, Any]:
    """What a record says, in canonical words, plus `status` and `group` (None in General, X2). Raises KeyError."""
    record = books.customers[key]
    person = record["billingPerson"]
    first, last = name_of(person)
    street, street_2 = lines_of(person)
    group = record["customerGroupId"]
    return {
        "status": "active", "first_name": first, "last_name": last, "birth_date": None,
        "phone": phone_of(books, record), "email": record["email"] or None, "street": street, "street_2": street_2,
        **{name: person.get(field) or None for name, field in _PLACES.items()},
        "email_consent": {True: "in", False: "out"}.get(record["acceptMarketing"], "unknown"), "sms_consent": "unknown",
        "note": record["privateAdminNotes"] or None, "tags": None,
        "group": None if group == GENERAL else books.groups[group]["name"],
        "has_purchased": any(books.counted(key, paid_only=True)), "created_at": _iso(record["registered"]),
    }  # fmt: skip


def facts(books: Books, key: int) -> dict[str, Any]:
    """`canonical`, and what stands beside it: every contact, every saved address, and fields without a canonical word."""
    record = books.customers[key]
    beside = {name: record[name] for name in ("taxId", "taxExempt", "b2b_b2c", "lang")}
    beside["company"] = record["billingPerson"].get("companyName") or None
    beside["contacts"] = [(c["id"], c["type"], c["contact"], c["default"]) for c in record["contacts"]]
    beside["billing_phone"] = record["billingPerson"].get("phone") or None
    beside["shipping"] = [(a["id"], a.get("street"), a.get("postalCode")) for a in record["shippingAddresses"]]
    return canonical(books, key) | beside


def shown(books: Books, record: Record, paid_only: bool, consent: str, sentinel: str) -> Record:
    """The record as `GET /customers/{id}` gives it. `consent`: how an unknown choice reads (absent, null, mixed)."""
    person = _place(record["billingPerson"])
    first, last = name_of(person)
    if last:
        person |= {"firstName": first, "lastName": last}
    told = record | {"billingPerson": person, "name": person.get("name", ""), "extrafields": [_licence(sentinel)]}
    told["shippingAddresses"] = [
        _place(a) | {"addressFormatted": a.get("street", ""), "note": f"{sentinel}-DOOR"}
        for a in told["shippingAddresses"]
    ]
    told |= {"registered": stamp(record["registered"]), "updated": stamp(record["updated"])}
    told["contacts"] = [{**contact, "note": f"{sentinel}-CONTACT"} for contact in told["contacts"]]
    told |= {"fiscalCode": f"{sentinel}-FISCAL", "favorites": [{"productId": f"{sentinel}-WISH"}]}
    told["customerGroupName"] = books.groups.get(record["customerGroupId"], books.groups[GENERAL])["name"]
    told["stats"] = stats(books, record["id"], paid_only)
    if record["acceptMarketing"] is None and (consent == "absent" or (consent == "mixed" and record["id"] % 2)):
        del told["acceptMarketing"]
    return told


def stats(books: Books, key: int, paid_only: bool) -> Record:
    orders = list(books.counted(key, paid_only=paid_only))
    value = round(sum(order["total"] for order in orders), 2)
    told: Record = {"numberOfOrders": len(orders), "salesValue": value}
    if orders:
        told |= {"averageOrderValue": round(value / len(orders), 2)}
        told |= {"firstOrderDate": stamp(orders[0]["at"]), "lastOrderDate": stamp(orders[-1]["at"])}
    return told


def _place(part: Record) -> Record:
    named = {name: value for name, value in part.items() if value != "" or name not in PLACE}
    if country := part.get("countryCode"):
        named["countryName"] = COUNTRIES.get(country, country)
    if state := part.get("stateOrProvinceCode"):
        named["stateOrProvinceName"] = STATES.get(state, state)
    return named


def _licence(sentinel: str) -> Record:
    """A store's own extra field, with what must reach no disk (G11)."""
    field = {"key": "licence", "title": "Driving licence", "value": f"{sentinel}-LICENCE", "type": "TEXT"}
    return field | {"orderBy": 0, "entityTypes": ["CUSTOMERS"]}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
