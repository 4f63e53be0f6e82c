"""One change as the mutations that make it, each with exactly what changes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors import _shopify_documents as documents
from connectors._shaping import day
from connectors._shopify_words import ADDRESS, GID, PLAIN, ShopifySettings, metafield_key, view
from connectors.base import Change, Record

CONTACTS = ("email", "phone")
FIELDS = frozenset({*PLAIN, *CONTACTS, *ADDRESS, "birth_date", "tags"})
_CONSENT = {
    "email_consent": ("emailMarketingConsent", documents.EMAIL_CONSENT, "email"),
    "sms_consent": ("smsMarketingConsent", documents.SMS_CONSENT, "phone"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One mutation; `name` says what it writes."""

    name: str
    document: str
    variables: Mapping[str, Any]


def creation(change: Change, settings: ShopifySettings) -> Step:
    """A new customer in one mutation, so that it is there whole or not at all. Raises ValueError with what is wrong."""
    after = {name: value for name, value in change.after.items() if value}
    if not any(after.get(name) for name in CONTACTS):
        text = "a customer without email and phone is not created: it could not be found again (C3)"
        raise ValueError(text)
    _require_forms(after)
    keys = _metafield_keys(settings)
    metafields = [_metafield(keys[name], value, None, settings) for name, value in after.items() if name in keys]
    address = _address(after)
    given = {
        **_customer_fields(after),
        "tags": after.get("tags", "").split(";") if after.get("tags") else None,
        "addresses": [address] if address else None,
        "metafields": metafields or None,
        **{_CONSENT[channel][0]: _said_no(channel, after) for channel in sorted(_CONSENT.keys() & after.keys())},
    }
    variables = {"input": {name: value for name, value in given.items() if value is not None}}
    return Step("the customer", documents.CREATE, variables)


def steps(change: Change, current: Record, settings: ShopifySettings) -> list[Step]:
    """The mutations of a change to a customer who is there. Raises ValueError with what is wrong."""
    after = change.after
    _require_forms(after)
    gid = GID.format(change.profile_id)
    found: list[Step] = []
    if fields := _customer_fields(after):
        found.append(Step("names, contacts or note", documents.UPDATE, {"input": {"id": gid, **fields}}))
    if address := _address(after):
        found.append(_address_step(gid, address, current))
    found += _metafield_steps(gid, after, current, settings)
    if "tags" in after:
        found += _tag_steps(gid, after["tags"], current, settings)
    found += [_opt_out(gid, channel, current, settings) for channel in sorted(_CONSENT.keys() & after.keys())]
    return found


def _customer_fields(after: Mapping[str, str | None]) -> dict[str, str | None]:
    theirs = {**PLAIN, "email": "email", "phone": "phone"}
    return {theirs[name]: value for name, value in after.items() if name in theirs}


def _address(after: Mapping[str, str | None]) -> dict[str, str | None]:
    theirs = {**ADDRESS, "country": "countryCode"}
    return {theirs[name]: value for name, value in after.items() if name in theirs}


def _address_step(gid: str, address: Mapping[str, str | None], current: Record) -> Step:
    known = (current.get("defaultAddress") or {}).get("id")
    variables = {"customerId": gid, "address": dict(address)}
    if known:
        return Step("the address", documents.ADDRESS_UPDATE, {**variables, "addressId": known})
    return Step("the address", documents.ADDRESS_CREATE, variables)


def _metafield_keys(settings: ShopifySettings) -> dict[str, str]:
    """Canonical field: the metafield that holds it, as `namespace.key`."""
    links = {f"link:{source}": key for key, source in sorted(settings.link_keys.items(), reverse=True)}
    return {"birth_date": settings.birth_date, **links}


def _metafield_steps(
    gid: str, after: Mapping[str, str | None], current: Record, settings: ShopifySettings
) -> list[Step]:
    keys = _metafield_keys(settings)
    stored = {metafield_key(m): m for m in current.get("metafields") or []}
    changed = {keys[name]: value for name, value in after.items() if name in keys}
    kept = []
    for key, value in changed.items():
        if value:
            known = stored.get(key, {})
            kept.append({"ownerId": gid, **_metafield(key, value, known.get("type"), settings)})
            if key != settings.birth_date:
                # A digest that no longer fits, and a link that appeared meanwhile (null), are refused by the vendor.
                kept[-1]["compareDigest"] = known.get("compareDigest")
    gone = [{"ownerId": gid, **_split(k)} for k, v in changed.items() if not v]
    found = [Step("links or birth date", documents.METAFIELDS_SET, {"metafields": kept})] if kept else []
    return found + ([Step("links or birth date", documents.METAFIELDS_DELETE, {"metafields": gone})] if gone else [])


def _metafield(key: str, value: str, kind: str | None, settings: ShopifySettings) -> dict[str, str | None]:
    return {**_split(key), "type": "date" if key == settings.birth_date else kind or settings.link_type, "value": value}


def _split(key: str) -> dict[str, str]:
    namespace, _, name = key.partition(".")
    return {"namespace": namespace, "key": name}


def _tag_steps(gid: str, after: str | None, current: Record, settings: ShopifySettings) -> list[Step]:
    """Only what comes and goes: a list written as a whole would undo a clerk's tag of this minute."""
    old = set((view(current, settings.link_keys)["tags"] or "").split(";"))
    new = set((after or "").split(";"))
    kinds = ((documents.TAGS_ADD, sorted(new - old - {""})), (documents.TAGS_REMOVE, sorted(old - new - {""})))
    return [Step("tags", document, {"id": gid, "tags": tags}) for document, tags in kinds if tags]


def _opt_out(gid: str, channel: str, current: Record, settings: ShopifySettings) -> Step:
    """Without a time, because the vendor then takes its own present; a clock ahead of the vendor's is refused."""
    name, document, _ = _CONSENT[channel]
    return Step(
        channel, document, {"input": {"customerId": gid, name: _said_no(channel, view(current, settings.link_keys))}}
    )


def _said_no(channel: str, known: Mapping[str, str | None]) -> dict[str, str]:
    contact = _CONSENT[channel][2]
    if not known.get(contact):
        raise ValueError(f"the customer has no {contact}, so an opt-out there would have no effect")
    return {"marketingState": "UNSUBSCRIBED"}


def _require_forms(after: Mapping[str, str | None]) -> None:
    """What Shopify would guess about is refused here."""
    wrong = ""
    if (phone := after.get("phone")) and not re.fullmatch(r"\+[1-9][0-9]{6,14}", phone):
        wrong = "a phone is written in its international form (+1…)"
    elif (country := after.get("country")) and not re.fullmatch("[A-Z]{2}", country):
        wrong = "a country is written by its two letters (CA)"
    elif (born := after.get("birth_date")) and day(born) != born:
        wrong = "a birth date is written as YYYY-MM-DD"
    if wrong:
        raise ValueError(wrong)
