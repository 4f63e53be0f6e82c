"""Ecwid's words and ours: settings of one store, and the way of one record in both directions.

What the vendor's public pages leave open is a setting or a constant here or in the other files of this vendor whose
text says "assumed".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import pyarrow as pa
from pydantic import Field, field_validator, model_validator

from connectors._shaping import clean, text
from connectors.base import AdminPageSettings, Record, Secret

NAMES = ("first_name", "last_name")
STREETS = ("street", "street_2")
PLACE_KEYS = {
    "city": "city", "region": "stateOrProvinceCode", "postal_code": "postalCode", "country": "countryCode",
}  # fmt: skip
"""The billing person's address is the main one; saved shipping addresses are for deliveries (M9)."""
WRITABLE = frozenset({*NAMES, *STREETS, *PLACE_KEYS, "email", "phone", "note", "group"})
CLEARED = ""
"""Assumed: an empty text clears a field; null is refused, or leaves it as it is."""
_SHIPPING_KEYS = ("name", "street", "city", "countryCode", "postalCode", "stateOrProvinceCode", "phone")
SHIPPING = pa.struct(
    [("id", pa.int64()), *((key, pa.string()) for key in _SHIPPING_KEYS), ("defaultAddress", pa.bool_())]
)
_TEXTS = (
    "id", "first_name", "last_name", "full_name", "email", "email_2", "phone", "phone_2", *STREETS, *PLACE_KEYS,
    "email_consent", "group_name", "note", "created_at", "updated_at", "last_order_at", "external_id",
)  # fmt: skip
FIELDS = pa.schema(
    [
        *((name, pa.string()) for name in _TEXTS),
        ("deleted", pa.bool_()),
        ("has_purchased", pa.bool_()),
        ("shipping_addresses", pa.list_(SHIPPING)),
    ]
)
LIFTED = frozenset(
    {
        "billingPerson", "contacts", "shippingAddresses", "acceptMarketing", "customerGroupId", "customerGroupName",
        "privateAdminNotes", "registered", "updated", "stats", "totalOrderCount", "externalReferenceId", "name",
    }
)  # fmt: skip
DROPPED = LIFTED | {
    "password", "primaryPhone", "taxId", "taxIdValid", "taxExempt", "b2b_b2c", "fiscalCode", "lang", "favorites",
    "electronicInvoicePecEmail", "electronicInvoiceSdiCode", "extrafields",
}  # fmt: skip


class EcwidSettings(AdminPageSettings):
    """One store."""

    base_url: str = Field(
        default="https://app.ecwid.com", description="the vendor's host; /api/v3 and the store's id are added"
    )
    store_id: int | None = Field(default=None, ge=1, description="the store's number, as its control panel shows it")
    token: Secret | None = Field(default=None, description="a secret token (secret_…); public ones read no customers")
    purchases: Literal["stats", "orders"] = Field(
        default="stats",
        description="what proves a purchase: the vendor's own counter, or an order that was paid (a call per buyer)",
    )
    no_group: str = Field(default="General", description="the group that means no group (X2); it has the id 0")

    @field_validator("base_url")
    @classmethod
    def _is_a_host(cls, url: str) -> str:
        if urlsplit(url).path.strip("/"):
            raise ValueError("only the host is named, without a path: the store is `store_id`")
        return url

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [name for name in ("store_id", "token") if getattr(self, name) is None]
        if self.driver == "api" and missing:
            raise ValueError(f"the API of Ecwid needs {', '.join(missing)}")
        return self


def landed(row: Mapping[str, Any], group_name: Any, purchased: bool | None) -> dict[str, Any]:
    """One customer in the words of FIELDS, unknown fields with it; what has no known form stays, and does not fit."""
    billing, contacts, shipping = row.get("billingPerson"), row.get("contacts"), row.get("shippingAddresses")
    person: Mapping[str, Any] = billing if isinstance(billing, dict) else {}
    own, places = _objects(contacts), _objects(shipping)
    stats = row.get("stats") if isinstance(row.get("stats"), dict) else {}
    street, _, second = str(text(person.get("street")) or "").replace("\r\n", "\n").partition("\n")
    record = {key: value for key, value in row.items() if key not in DROPPED}
    return record | {
        "id": text(row.get("id")),
        **_names(row, person),
        "email": text(row.get("email")),
        "email_2": second_email(row, own),
        "phone": phone_1(person, own, places) if _is_absent_or(contacts, _is_objects) else {"contacts": contacts},
        "phone_2": next(iter(_contacts(own, "PHONE", default=False)), None),
        "street": street if _is_absent_or(billing, _is_object) else {"billingPerson": billing},
        "street_2": second,
        **{name: text(person.get(key)) for name, key in PLACE_KEYS.items()},
        "email_consent": _consent(row.get("acceptMarketing")),
        "group_name": text(group_name),
        "note": text(row.get("privateAdminNotes")),
        "created_at": moment(row.get("registered")),
        "updated_at": moment(row.get("updated")),
        "last_order_at": moment((stats or {}).get("lastOrderDate")),
        "external_id": text(row.get("externalReferenceId")),
        "deleted": False,
        "has_purchased": purchased,
        "shipping_addresses": sorted(map(_shipped, places), key=str) if _is_objects(shipping) else shipping,
    }


def tombstone(row: Mapping[str, Any]) -> dict[str, Any]:
    """A customer of whom only the id and the day of the deletion are left."""
    empty: dict[str, Any] = dict.fromkeys(FIELDS.names)
    return empty | {"id": text(row.get("id")), "deleted": True, "updated_at": moment(row.get("date"))}


def view(record: Record) -> dict[str, str | None]:
    """One landed record in canonical fields, as `sql/shape/ecwid.sql` gives them."""
    plain = ("first_name", "last_name", "email", "phone", *STREETS, *PLACE_KEYS, "note")
    return {
        "status": "deleted" if record["deleted"] else "active",
        **{name: clean(record[name]) for name in plain},
        "birth_date": None,
        "email_consent": record["email_consent"],
        "sms_consent": None,
        "group": record["group_name"] if clean(record["group_name"]) else None,  # exactly as it is spelled (X2)
        "tags": None,
    }


def orders_counted(row: Mapping[str, Any]) -> int | None:
    """How many orders the vendor counts; `totalOrderCount` comes with searches alone."""
    stats = row.get("stats")
    told = [row.get("totalOrderCount"), stats.get("numberOfOrders") if isinstance(stats, dict) else None]
    return max((count for count in told if isinstance(count, int)), default=None)


def split(name: str) -> tuple[str | None, str | None]:
    """First and last name of a full one. Assumed: cut at the first space; a name of one word is a first name."""
    first, _, last = name.strip().partition(" ")
    return first or None, last.strip() or None


def person(after: Mapping[str, str | None], row: Mapping[str, Any]) -> dict[str, str]:
    """The changed keys of the billing person; one name and one street hold what are two fields here.

    Raises ValueError where the vendor would cut the name elsewhere.
    """
    before = row.get("billingPerson") if isinstance(row.get("billingPerson"), dict) else {}
    body = {key: after[name] or CLEARED for name, key in PLACE_KEYS.items() if name in after}
    if any(name in after for name in NAMES):
        known = _names(row, before or {})
        first, last = (after[name] if name in after else known[name] for name in NAMES)
        body["name"] = " ".join(filter(None, (first, last)))
        if split(body["name"]) != (clean(first), clean(last)):
            raise ValueError("the shop keeps one name and would cut it elsewhere: a person writes this name")
    if any(name in after for name in STREETS):
        lines = str((before or {}).get("street") or "").replace("\r\n", "\n").partition("\n")
        street, second = (after.get(n, old) for n, old in zip(STREETS, lines[::2], strict=True))
        body["street"] = "\n".join((street or "", second)) if second else street or CLEARED
    return body


def phone_1(
    person: Mapping[str, Any], contacts: Iterable[Mapping[str, Any]], places: Sequence[Mapping[str, Any]]
) -> Any:
    """Assumed: the default PHONE contact, else the billing person's phone, else that of the default address."""
    found = [
        *_contacts(contacts, "PHONE", default=True),
        text(person.get("phone")),
        *(text(place.get("phone")) for place in places if place.get("defaultAddress") is True),
    ]
    return next((value for value in found if clean(value)), None)


def default_contact(row: Mapping[str, Any], kind: str) -> dict[str, Any] | None:
    """The default contact of a kind."""
    own = _objects(row.get("contacts"))
    return next((one for one in own if one.get("type") == kind and one.get("default") is True), None)


def second_email(row: Mapping[str, Any], contacts: Iterable[Mapping[str, Any]]) -> Any:
    """Another email than the customer's own: the default EMAIL contact first, whose tie to `email` is not known."""
    own = list(contacts)
    found = [*_contacts(own, "EMAIL", default=True), *_contacts(own, "EMAIL", default=False)]
    return next((one for one in found if _folded(one) not in ("", _folded(row.get("email")))), None)


def emails_differ(row: Mapping[str, Any]) -> bool:
    """Whether the default EMAIL contact is another one than the customer's email."""
    contact = default_contact(row, "EMAIL")
    return contact is not None and _folded(contact.get("contact")) != _folded(row.get("email"))


def moment(value: Any) -> Any:
    """`2024-08-21 07:52:09 +0000` as ISO 8601; anything else as it is."""
    found = (
        re.fullmatch(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([+-]\d\d):?(\d\d)", value)
        if isinstance(value, str)
        else None
    )
    return f"{found[1]}T{found[2]}{found[3]}:{found[4]}" if found else text(value)


def _consent(flag: Any) -> str:
    """The one place that says what the marketing choice means (G9): null and absent are unknown, not in."""
    return "unknown" if not isinstance(flag, bool) else "in" if flag else "out"


def _names(row: Mapping[str, Any], person: Mapping[str, Any]) -> dict[str, Any]:
    """First and last name come only with names of two words or more; else they are cut from the one name here."""
    full = text(person.get("name") or row.get("name"))
    first, last = split(full) if isinstance(full, str) else (None, None)
    if person.get("firstName") or person.get("lastName"):
        first, last = text(person.get("firstName")), text(person.get("lastName"))
    return {"first_name": first, "last_name": last, "full_name": full}


def _contacts(contacts: Iterable[Mapping[str, Any]], kind: str, *, default: bool) -> list[Any]:
    own = [one for one in contacts if one.get("type") == kind and (one.get("default") is True) == default]
    return [text(one.get("contact")) for one in sorted(own, key=lambda one: str(one.get("id")))]


def _shipped(place: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: text(place.get(key)) for key in _SHIPPING_KEYS}
    return {"id": place.get("id"), **kept, "defaultAddress": place.get("defaultAddress")}


def _folded(value: Any) -> str:
    return (clean(text(value)) or "").casefold()


def _objects(value: Any) -> list[dict[str, Any]]:
    return value if _is_objects(value) else []


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _is_absent_or(value: Any, test: Any) -> bool:
    return value is None or bool(test(value))
