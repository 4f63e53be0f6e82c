"""R-Series' words and ours: one normaliser for its JSON, and the way of one record in both directions.

What the vendor's public pages leave open is a setting or a constant here or in `connectors.lightspeed_r` whose text
says "assumed"; nothing else rests on a guess.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa
from pydantic import Field, field_validator, model_validator

from connectors._phones import home_digits, is_number
from connectors._shaping import amount, clean, day, text
from connectors.base import AdminPageSettings, Record, Secret
from connectors.tokens import TokenPlace

PHONE_SLOT, PHONE_2_SLOTS = "Home", ("Mobile", "Work")
"""Phone 1 is the home number (M6); which one comes second is assumed."""
EMAIL_SLOT, EMAIL_2_SLOT = "Primary", "Secondary"
"""Assumed: email 1 is the primary one."""
CONSENT_FLAGS = {"email_consent": "noEmail", "sms_consent": "noPhone"}
"""The one place that says which flag is which channel (G9): true is no. Assumed: SMS is `noPhone` (M11)."""
FLAGS = ("noEmail", "noPhone", "noMail")
ANONYMISED = ("Customer", "[{id}]")
"""The names that the vendor leaves of a customer whom it anonymised: nobody to restore or to match (G10)."""
PLACE = {
    "street": ("address1",), "street_2": ("address2",), "city": ("city",), "region": ("stateCode", "state"),
    "postal_code": ("zip",), "country": ("countryCode", "country"),
}  # fmt: skip
"""Where each part of an address stands. Assumed: a code goes into both of its keys, a name into the second alone."""
PLACE_KEYS = tuple(dict.fromkeys(key for keys in PLACE.values() for key in keys))
PHONE = pa.struct([("useType", pa.string()), ("number", pa.string())])
EMAIL = pa.struct([("useType", pa.string()), ("address", pa.string())])
ADDRESS = pa.struct([(key, pa.string()) for key in PLACE_KEYS])
FIELDS = pa.schema(
    [
        *((name, pa.string()) for name in ("customerID", "firstName", "lastName", "dob")),
        *((name, pa.bool_()) for name in ("archived", *FLAGS)),
        *((name, pa.string()) for name in CONSENT_FLAGS),
        ("phones", pa.list_(PHONE)),
        ("emails", pa.list_(EMAIL)),
        ("addresses", pa.list_(ADDRESS)),  # the main one first
        *((name, pa.string()) for name in ("group", "tags", "note")),
        ("noteIsPublic", pa.bool_()),
        *((name, pa.string()) for name in ("createTime", "timeStamp", "contactTimeStamp", "credit")),
    ]
)
DROPPED = frozenset(
    {
        "title", "company", "companyRegistrationNumber", "vatNumber", "creditAccountID", "CreditAccount", "discountID",
        "Discount", "taxCategoryID", "TaxCategory", "customerTypeID", "CustomFieldValues", "contactID", "noteID",
        "employeeID",
    }
)  # fmt: skip
WORDS = frozenset(
    {
        "email", "phone", "name", "address", "note", "tags", "title", "company", "customerTypeID", "Contact", "limit",
        "sort", "count", "load_relations", "after", "before", "customerID", "firstName", "lastName", "dob", "archived",
        *FLAGS, *PLACE_KEYS,
    }
)  # fmt: skip
"""What a refusal may name."""
_CONTACT_KEYS = frozenset({*FLAGS, "Phones", "Emails", "Addresses", "Websites", "custom", "timeStamp", "contactID"})


class LightspeedRSettings(AdminPageSettings):
    """One account: all its shops share one list of customers."""

    base_url: str = Field(default="https://api.lightspeedapp.com", description="the vendor's host; /API/V3 is added")
    token_url: str = Field(default="https://cloud.lightspeedapp.com/auth/oauth/token", description="where tokens renew")
    consent_page: str = Field(
        default="https://cloud.lightspeedapp.com/auth/oauth/authorize", description="where an employee agrees"
    )
    client_id: str | None = None
    client_secret: Secret | None = None
    tokens: TokenPlace | None = Field(default=None, description="{file: PATH}: where the rotating tokens are kept")
    account_id: str | None = Field(
        default=None, pattern=r"^\d+$", description="asked of the vendor where it is not given"
    )
    time_zone: str | None = Field(default=None, description="of birth dates; else that of the account's first shop")
    no_contact_means: Literal["unknown", "out"] = Field(
        default="unknown", description="what a no-contact flag says; it is also the creation default (G9)"
    )
    tags_shape: Literal["tag", "Tag"] = Field(
        default="tag", description='assumed, how tags are written: {"tag": ["a"]}, or {"Tag": [{"name": "a"}]}'
    )

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        if name is not None and zone(name) is None:
            raise ValueError(f"{name} is no time zone: write one such as America/Toronto")
        return name

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [name for name in ("client_id", "client_secret", "tokens") if not getattr(self, name)]
        if self.driver == "api" and missing:
            raise ValueError(f"the API of R-Series needs {', '.join(missing)}")
        return self


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabulary of one account: what its flags mean, and in which zone its birth dates begin."""

    no_contact_means: str
    zone: ZoneInfo
    tags_shape: str = "tag"

    def landed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """One customer in the words of FIELDS, unknown fields with it; what is left out on purpose goes here (G11)."""
        contact, note = _inner(row, "Contact"), _inner(row, "Note")
        own = DROPPED | {"Contact", "CustomerType", "Note", "Tags"}
        record = {key: text(value) for key, value in row.items() if key not in own}
        record |= {f"Contact.{key}": value for key, value in contact.items() if key not in _CONTACT_KEYS}
        flags = {name: flag(contact.get(name)) for name in FLAGS}
        return record | {
            "archived": flag(row.get("archived")),
            "dob": born(row.get("dob"), self.zone),
            **flags,
            **{channel: self._consent(flags[name]) for channel, name in CONSENT_FLAGS.items()},
            "phones": _picked(many(contact.get("Phones"), "ContactPhone"), PHONE.names),
            "emails": _picked(many(contact.get("Emails"), "ContactEmail"), EMAIL.names),
            "addresses": _picked(many(contact.get("Addresses"), "ContactAddress"), PLACE_KEYS),
            "group": _inner(row, "CustomerType").get("name"),
            "tags": _tags(row.get("Tags")),
            "note": note.get("note"),
            "noteIsPublic": flag(note.get("isPublic")),
            "contactTimeStamp": contact.get("timeStamp"),
            "credit": amount(_inner(row, "CreditAccount").get("balance")),
        }

    def written(self, current: Record, after: Mapping[str, str | None]) -> dict[str, Any]:
        """The body of a POST or a partial PUT without the group, which is written by its id.

        Whatever touches the contact sends all of it: the three flags, every slot and every address, so that it is the
        same whether the vendor merges or replaces (sheet: Create and update).
        """
        names = {"first_name": "firstName", "last_name": "lastName"}
        body: dict[str, Any] = {names[name]: value or "" for name, value in after.items() if name in names}
        if "birth_date" in after:
            body["dob"] = self._midnight(after["birth_date"])
        if after.keys() & {"phone", "email", *PLACE, *CONSENT_FLAGS}:
            body["Contact"] = contact_of(current, after)
        if "note" in after:
            body["Note"] = {"note": after["note"] or "", "isPublic": bool(current.get("noteIsPublic"))}
        if "tags" in after:
            body["Tags"] = _written_tags(after["tags"], self.tags_shape)
        return body

    def _midnight(self, value: str | None) -> str:
        return datetime.combine(date.fromisoformat(value), time(), self.zone).isoformat() if value else ""

    def _consent(self, told: Any) -> str:
        return "unknown" if told is None else self.no_contact_means if told else "in"


def view(record: Record) -> dict[str, str | None]:
    """One landed record in canonical fields, as `sql/shape/lightspeed_r.sql` gives them."""
    address = (record["addresses"] or [{}])[0]
    return {
        "status": "deleted" if anonymised(record) else "archived" if record["archived"] else "active",
        "first_name": clean(record.get("firstName")),
        "last_name": clean(record.get("lastName")),
        "birth_date": day(record["dob"]),
        "phone": _slot(record["phones"], PHONE_SLOT, "number"),
        "email": _slot(record["emails"], EMAIL_SLOT, "address"),
        **{name: next(filter(None, (clean(address.get(key)) for key in keys)), None) for name, keys in PLACE.items()},
        **{channel: record[channel] for channel in CONSENT_FLAGS},
        "note": clean(record["note"]),
        "tags": record["tags"],
        "group": clean(record["group"]),
        "credit": record.get("credit"),
    }


def contact_of(current: Record, after: Mapping[str, str | None]) -> dict[str, Any]:
    """The whole contact after the change. A flag that nobody knows is sent as no: none ever becomes a yes (G9)."""
    outs = {CONSENT_FLAGS[name] for name in after if name in CONSENT_FLAGS}
    contact: dict[str, Any] = {name: current.get(name) is not False or name in outs for name in FLAGS}
    for key, element, kept, first, what, name in (
        ("Phones", "ContactPhone", "phones", PHONE_SLOT, "number", "phone"),
        ("Emails", "ContactEmail", "emails", EMAIL_SLOT, "address", "email"),
    ):
        slots = {slot["useType"]: slot[what] or "" for slot in current.get(kept) or []}
        slots |= {first: after[name] or ""} if name in after and (after[name] or first in slots) else {}
        if slots:
            contact[key] = {element: [{what: value, "useType": use} for use, value in slots.items()]}
    main, *others = [dict(a) for a in current.get("addresses") or []] or [{}]
    moved = {key: part for name in PLACE if name in after for key, part in _placed(name, after[name]).items()}
    addresses = [{key: part or "" for key, part in one.items()} for one in (main | moved, *others)]
    if any(part for one in addresses for part in one.values()) or moved:
        contact["Addresses"] = {"ContactAddress": addresses}
    return contact


def anonymised(record: Record) -> bool:
    """Whether the vendor wiped this customer on request."""
    first, last = ANONYMISED[0], ANONYMISED[1].format(id=record.get("customerID"))
    return record["archived"] is True and (record.get("firstName"), record.get("lastName")) == (first, last)


def many(container: Any, key: str) -> list[Any]:
    """The elements of a list, which comes as array, as the one object, or as nothing: absent, null or empty text."""
    inner = container.get(key) if isinstance(container, dict) else container
    if inner in (None, ""):
        return []
    return inner if isinstance(inner, list) else [inner]


def flag(value: Any) -> Any:
    """`"true"` and `"false"` as what they say; empty is unknown; anything else as it is, so that it does not fit."""
    if not isinstance(value, str):
        return value
    return {"true": True, "false": False, "": None}.get(value.lower(), value)


def born(value: Any, local: ZoneInfo) -> Any:
    """The birth date of a local midnight told in UTC: the day of the nearest midnight, so that no summer time moves it."""
    told = clean(value) if isinstance(value, str) else None
    try:
        when = datetime.fromisoformat(told or "")
        return (when.astimezone(local) + timedelta(hours=12)).date().isoformat() if when.tzinfo else told
    except (ValueError, OverflowError):
        return value


def zone(name: Any) -> ZoneInfo | None:
    """The time zone of that name, where there is one."""
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def hidden(record: Record) -> bool:
    """Whether the contact holds more than the view shows."""
    slots = {slot["useType"] for slot in (*(record["phones"] or ()), *(record["emails"] or ()))}
    return bool(slots - {PHONE_SLOT, EMAIL_SLOT}) or len(record["addresses"] or ()) > 1


def differing(sent: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """The parts of a contact that read otherwise than they were sent."""
    return sorted(part for part in sent if _filled(found.get(part)) != _filled(sent[part]))


def like(text: str) -> str:
    """A search for a text anywhere in a field. Assumed: `%` is any text, and capitals make no difference."""
    return f"~,%{text.strip()}%"


def phone_like(number: str) -> str:
    """A search for a number (E.164) in any spelling: phones are compared as they are stored, so only digits count."""
    return like("%".join(home_digits(number)))


def holds(record: Record, field_name: str, value: str, region: str) -> bool:
    """Whether a customer has this phone (E.164) or email, in whichever slot."""
    if field_name == "phone":
        return any(is_number(slot["number"], value, region) for slot in record["phones"])
    return any((slot["address"] or "").strip().casefold() == value.strip().casefold() for slot in record["emails"])


def is_zero(balance: Any) -> bool:
    """Whether nothing is owed, by either side: what the sign means is told in two ways."""
    try:
        return Decimal(str(balance)) == 0
    except InvalidOperation:
        return False


def _filled(part: Any) -> Any:
    """Without what is empty, and in no order: an emptied slot may be gone, or read empty."""
    if isinstance(part, dict):
        return {key: kept for key, value in part.items() if (kept := _filled(value)) not in ("", None, [], {})}
    if not isinstance(part, list):
        return part
    rows = [_filled(one) for one in part]
    return sorted((row for row in rows if set(row) - {"useType"}), key=str)


def _inner(row: Mapping[str, Any], relation: str) -> dict[str, Any]:
    found = many(row.get(relation), "")[:1] if not isinstance(row.get(relation), dict) else [row[relation]]
    return found[0] if found and isinstance(found[0], dict) else {}


def _picked(elements: list[Any], keys: Iterable[str]) -> list[Any]:
    return [{key: text(one.get(key)) for key in keys} if isinstance(one, dict) else one for one in elements]


def _written_tags(tags: str | None, shape: str) -> dict[str, Any]:
    """The whole list, which replaces what was there. Assumed, either shape: no page of the vendor shows a written one."""
    names = tags.split(";") if tags else []
    return {"tag": names} if shape == "tag" else {"Tag": [{"name": name} for name in names]}


def _tags(value: Any) -> str | None:
    """Assumed: `{"tag": ["a", "b"]}` or `{"Tag": [{"name": "a"}]}`; no page of the vendor shows a filled one."""
    keys = ("tag", "Tag") if isinstance(value, dict) else ("",)
    found = [tag for key in keys for tag in many(value, key)]
    names = {clean(tag.get("name") if isinstance(tag, dict) else str(tag)) for tag in found}
    return ";".join(sorted(name for name in names if name)) or None


def _slot(slots: Iterable[Mapping[str, Any]], use: str, what: str) -> str | None:
    return next((clean(slot[what]) for slot in slots if slot["useType"] == use), None)


def _placed(name: str, value: str | None) -> dict[str, str]:
    code, *full = PLACE[name]
    if not full:
        return {code: value or ""}
    return {code: value if value and re.fullmatch("[A-Z]{2,3}", value) else "", full[0]: value or ""}
