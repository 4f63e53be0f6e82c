"""People in the shop's words and back: canonical fields into a customer's record, and what a record says.

The birth date is a metafield, links are metafields (sheet: Birth date, POS id, links). There is no archived state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.shopify.books import Books, Record, e164, iso, tidy_tags
from connectors.sandbox.shopify.places import COUNTRIES, province_code

CONSENT = {"in": "SUBSCRIBED", "out": "UNSUBSCRIBED", "pending": "PENDING", "unknown": "NOT_SUBSCRIBED"}
WORDS = {state: word for word, state in CONSENT.items()}
ADDRESS = {
    "street": "address1", "street_2": "address2", "city": "city", "region": "provinceCode",
    "postal_code": "zip", "country": "countryCode",
}  # fmt: skip
_PLAIN = {"first_name": "firstName", "last_name": "lastName", "note": "note"}


@dataclass(frozen=True, slots=True)
class Mapped:
    """Which metafields mean what: links by `namespace.key`, and the birth date."""

    link_keys: Mapping[str, str] = field(default_factory=dict)
    birth_date: str = "facts.birth_date"
    types: Mapping[str, str] = field(default_factory=dict)
    """Definitions of the shop, `namespace.key` to type; `id` forces unique values."""

    def type_of(self, name: str) -> str:
        return self.types.get(name, "date" if name == self.birth_date else "single_line_text_field")

    def link_name(self, source: str) -> str:
        """The metafield that holds the link to a POS source. Raises ValueError."""
        for name, linked in self.link_keys.items():
            if linked == source:
                return name
        raise ValueError(f"no link key of the shop names {source!r}: pass link_keys={{'namespace.key': {source!r}}}")


def dressed(books: Books, record: Record, fields: Mapping[str, Any], mapped: Mapped, at: str) -> Record:
    """The record with canonical fields set, as the shop's own screens would. Raises ValueError where they refuse.

    Beside PERSON_FIELDS: `phone_raw`, `links` {source: id or None}, `orders`, `merge_blocks` (`GIFT_CARDS;…`),
    `email_consent_at`, `sms_consent_at`.
    """
    changes: dict[str, Any] = {key: fields[name] or None for name, key in _PLAIN.items() if name in fields}
    if "email" in fields:
        changes["email"] = _free_email(books, record, fields["email"])
    if fields.keys() & {"phone", "phone_raw"}:
        changes["phone"] = _free_phone(books, record, fields)
    if "tags" in fields:
        changes["tags"] = tidy_tags((fields["tags"] or "").split(";"))
    if "merge_blocks" in fields:
        changes["blocks"] = tuple(filter(None, (fields["merge_blocks"] or "").split(";")))
    if "orders" in fields or "has_purchased" in fields:
        changes["orders"] = int(fields.get("orders", bool(fields.get("has_purchased"))))
    for channel in ("email", "sms"):
        if f"{channel}_consent" in fields:
            said_at = fields.get(f"{channel}_consent_at") or at
            changes[f"{channel}Consent"] = _consent(fields[f"{channel}_consent"], said_at)
    dressed_record = {**record, **changes, **_addresses(books, record, fields)}
    return _with_metafields(books, dressed_record, fields, mapped)


def with_metafield(books: Books, record: Record, name: str, value: str | None, type_: str) -> Record:
    """The record with one metafield (`namespace.key`) set, or without it (None)."""
    at = iso(books.now())
    metafields = dict(record["metafields"])
    old = metafields.pop(name, None)
    if value is not None:
        namespace, _, key = name.rpartition(".")
        born = {"__typename": "Metafield", "id": books.take_id("Metafield"), "createdAt": at}
        known = {"namespace": namespace, "key": key, "type": type_, "value": value, "updatedAt": at}
        metafields[name] = {**(old or born), **known}
    return {**record, "metafields": metafields}


def default_address(record: Record) -> Record | None:
    """The customer's main address (M9)."""
    return next((address for address in record["addresses"] if address["id"] == record["default"]), None)


def facts(record: Record, mapped: Mapped) -> dict[str, Any]:
    """`canonical`, and beside it what has no canonical word: the number of addresses and the other metafields."""
    known = {*mapped.link_keys, mapped.birth_date}
    others = {f"metafield:{n}": m["value"] for n, m in record["metafields"].items() if n not in known}
    return {**canonical(record, mapped), "addresses": len(record["addresses"]), **others}


def canonical(record: Record, mapped: Mapped) -> dict[str, Any]:
    """What a record says, in canonical words, plus `status`, `links` and `orders`."""
    address = default_address(record) or {}
    values = {name: metafield["value"] for name, metafield in record["metafields"].items()}
    links = {source: values[name] for name, source in mapped.link_keys.items() if name in values}
    return {
        "status": "active",
        **{name: record[key] for name, key in _PLAIN.items()},
        "birth_date": values.get(mapped.birth_date),
        "phone": record["phone"],
        "email": record["email"],
        **{name: address.get(key) for name, key in ADDRESS.items()},
        "email_consent": WORDS.get(record["emailConsent"]["state"], "unknown") if record["email"] else "unknown",
        "sms_consent": WORDS.get(record["smsConsent"]["state"], "unknown") if record["phone"] else "unknown",
        "tags": ";".join(record["tags"]) or None,
        "has_purchased": record["orders"] > 0,
        "created_at": record["createdAt"],
        "links": links,
        "orders": record["orders"],
    }


def _free_email(books: Books, record: Record, email: str | None) -> str | None:
    text = "".join((email or "").split()) or None
    if text and books.holder(email=text) not in (None, record["id"]):
        raise ValueError("the shop refuses a second customer with this email: emails are unique")
    return text


def _free_phone(books: Books, record: Record, fields: Mapping[str, Any]) -> str | None:
    """The shop stores E.164 alone: a raw spelling that cannot be read as one gives way to `phone`."""
    tried = [fields.get("phone_raw"), fields.get("phone")]
    phone = next((number for text in tried if text and (number := e164(text, books.region))), None)
    if any(tried) and phone is None:
        raise ValueError("the shop refuses a phone that cannot be dialled: it stores E.164 alone")
    if phone and books.holder(phone=phone) not in (None, record["id"]):
        raise ValueError("the shop refuses a second customer with this phone: phones are unique")
    return phone


def _consent(word: str | None, at: str) -> dict[str, Any]:
    state = CONSENT[word or "unknown"]
    level = "CONFIRMED_OPT_IN" if state == "PENDING" else "SINGLE_OPT_IN"
    said = state != "NOT_SUBSCRIBED"
    return {"state": state, "level": level, "at": at if said else None, "from": "SHOPIFY" if said else None}


def _addresses(books: Books, record: Record, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The default address with the canonical address fields set; one without any value left is removed."""
    parts = {key: fields[name] or None for name, key in ADDRESS.items() if name in fields}
    if not parts:
        return {}
    old = default_address(record)
    blank = dict.fromkeys([*ADDRESS.values(), "company", "phone"])
    new = {"__typename": "MailingAddress", **blank, **(old or {}), **parts}
    others = [address for address in record["addresses"] if address is not old]
    if not any(new[key] for key in ADDRESS.values()):
        return {"addresses": others, "default": others[0]["id"] if others else None}
    new |= {} if old else {"id": books.take_id("MailingAddress"), "firstName": None, "lastName": None}
    if new["countryCode"] in COUNTRIES and new["provinceCode"]:
        new["provinceCode"] = province_code(new["countryCode"], new["provinceCode"]) or new["provinceCode"]
    return {"addresses": [new, *others], "default": new["id"]}


def _with_metafields(books: Books, record: Record, fields: Mapping[str, Any], mapped: Mapped) -> Record:
    if "birth_date" in fields:
        value = fields["birth_date"] or None
        record = with_metafield(books, record, mapped.birth_date, value, mapped.type_of(mapped.birth_date))
    for source, pos_id in (fields.get("links") or {}).items():
        name = mapped.link_name(source)
        record = with_metafield(books, record, name, pos_id, mapped.type_of(name))
    return record
