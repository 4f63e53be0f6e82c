"""What a POST or PUT of the simulated R-Series does to a customer (sheet section 6).

Left out is kept, empty or null is cleared, and a key that nobody knows is passed over without a word: a misspelt field
fails silently. `Contact` is written only nested; its lists are slots by use type.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.sandbox.lightspeed_r.records import (
    ADDRESS_FIELDS,
    EMAIL_SLOTS,
    FLAGS,
    PHONE_SLOTS,
    TEXTS,
    Books,
    Record,
    moment,
)
from connectors.sandbox.lightspeed_r.refusals import Refused

REFERENCES = ("customerTypeID", "discountID", "taxCategoryID")
LISTS = {
    "Phones": ("ContactPhone", "number", PHONE_SLOTS),
    "Emails": ("ContactEmail", "address", EMAIL_SLOTS),
}


def write(record: Record, body: Any, books: Books, *, creating: bool) -> None:
    """Set what a body names, on a copy that may be thrown away; moves the time stamps that move. Raises Refused."""
    if not isinstance(body, dict):
        raise Refused(400, "an object is wanted")
    _must_have(body, books, creating=creating)
    before, at = _parts(record), books.stamp()
    _own(record, body, books)
    if "Contact" in body:
        _contact(record, _object(body["Contact"], "Contact"), books, creating=creating)
    _relations(record, body, books)
    now = _parts(record)
    if now["Contact"] != before["Contact"]:
        record["Contact"]["timeStamp"] = at
    if now["Note"] != before["Note"]:
        record["Note"]["timeStamp"] = at
    nested_moved = any(now[name] != before[name] for name in now if name != "own")
    if now["own"] != before["own"] or (nested_moved and books.quirks.contact_bumps_customer_timestamp):
        record["timeStamp"] = at


def elements(container: Any, name: str) -> list[Any]:
    """The elements of a nested list, written as an array or as the one object. Raises Refused."""
    inner = _object(container, name).get(name)
    return inner if isinstance(inner, list) else [] if inner in (None, "") else [inner]


def flag(value: Any, name: str) -> bool:
    """A boolean as it may be written: true, "true", 1. Raises Refused."""
    said = str(value).lower()
    if said not in ("true", "false", "1", "0"):
        raise Refused(400, f"{name} must be true or false")
    return said in ("true", "1")


def _must_have(body: Mapping[str, Any], books: Books, *, creating: bool) -> None:
    for name in books.quirks.required_on_create:
        if (creating or name in body) and not body.get(name):
            raise Refused(400, f"{name} cannot be blank.")


def _parts(record: Record) -> dict[str, Any]:
    """What the time stamps are judged by."""
    contact = {name: _frozen(value) for name, value in record["Contact"].items() if name != "timeStamp"}
    own = {name: value for name, value in record.items() if not isinstance(value, dict | list | set)}
    tags, custom = tuple(record["Tags"]), dict(record["CustomFieldValues"])
    note = (record["Note"]["note"], record["Note"]["isPublic"])
    return {"own": own, "Contact": contact, "Note": note, "Tags": tags, "CustomFieldValues": custom}


def _frozen(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else list(value) if isinstance(value, list) else value


def _own(record: Record, body: Mapping[str, Any], books: Books) -> None:
    record.update({name: _text(body[name], name) for name in TEXTS if name in body})
    if "dob" in body:
        record["dob"] = _dob(body["dob"])
    for name in REFERENCES:
        if name in body:
            record[name] = _reference(name, body[name], books)
    if "archived" in body:
        record["archived"] = flag(body["archived"], "archived")


def _dob(value: Any) -> str | None:
    """A time without an offset counts as UTC (assumed), and so may fall on another day at the till."""
    if value in (None, ""):
        return None
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise Refused(400, "dob must be ISO 8601") from None
    return moment(at if at.tzinfo else datetime.fromisoformat(f"{at.isoformat()}+00:00"))


def _reference(name: str, value: Any, books: Books) -> int:
    text = str(value or 0)
    if not text.isdecimal() or (name == "customerTypeID" and int(text) and int(text) not in books.types):
        raise Refused(400, f"{name} {text} is unknown")
    return int(text)


def _contact(record: Record, body: Mapping[str, Any], books: Books, *, creating: bool) -> None:
    contact = record["Contact"]
    for name in FLAGS:
        if name in body:
            _set_flag(record, name, flag(body[name], name), creating=creating)
    if "custom" in body:
        contact["custom"] = _text(body["custom"], "custom")
    for name, (element, value, slots) in LISTS.items():
        if name in body:
            contact[name] = _slots(contact[name], body[name], (element, value, slots), books)
    if "Addresses" in body:
        contact["Addresses"] = _addresses(contact["Addresses"], body["Addresses"], books)
    if "Websites" in body and (body["Websites"] or books.quirks.empty_phones_write == "clear"):
        urls = [
            _object(each, "ContactWebsite").get("url") for each in elements(body["Websites"] or {}, "ContactWebsite")
        ]
        contact["Websites"] = [_text(url, "url") for url in urls if url]


def _set_flag(record: Record, name: str, value: bool, *, creating: bool) -> None:
    """A flag counts as chosen when it moves; `true` on a new customer says as little as the default (G9)."""
    if record["Contact"][name] != value or (creating and not value):
        record["chosen"].add(name)
    record["Contact"][name] = value


def _slots(kept: Mapping[str, str], body: Any, kind: tuple[str, str, tuple[str, ...]], books: Books) -> dict[str, str]:
    element, value, known = kind
    if not body:
        return {} if books.quirks.empty_phones_write == "clear" else dict(kept)
    slots = dict(kept) if books.quirks.contact_list_semantics == "merge" else {}
    for each in elements(body, element):
        use = _object(each, element).get("useType")
        if use not in known:
            raise Refused(400, f"useType must be one of {', '.join(known)}")
        slots[use] = _text(each.get(value), value)
    return {use: slots[use] for use in known if slots.get(use)}


def _addresses(kept: list[Record], body: Any, books: Books) -> list[Record]:
    if not body:
        return [] if books.quirks.empty_phones_write == "clear" else kept
    merging = books.quirks.contact_list_semantics == "merge"
    places: list[Record] = []
    for at, each in enumerate(elements(body, "ContactAddress")):
        named = {
            name: _text(value, name)
            for name, value in _object(each, "ContactAddress").items()
            if name in ADDRESS_FIELDS
        }
        old = kept[at] if merging and at < len(kept) else dict.fromkeys(ADDRESS_FIELDS, "")
        places.append({**old, **named})
    places += kept[len(places) :] if merging else []
    return [place for place in places if any(place.values())]


def _relations(record: Record, body: Mapping[str, Any], books: Books) -> None:
    if "Note" in body:
        note = _object(body["Note"] or {"note": ""}, "Note")
        record["Note"] = dict(record["Note"])
        if "note" in note:
            record["Note"]["note"] = _text(note["note"], "note")
        if "isPublic" in note:
            record["Note"]["isPublic"] = flag(note["isPublic"], "isPublic")
    if "Tags" in body:
        record["Tags"] = _tags(record["Tags"], body["Tags"], books)
    for each in elements(body.get("CustomFieldValues") or {}, "CustomFieldValue"):
        _custom_value(record, _object(each, "CustomFieldValue"), books)


def _tags(kept: list[str], body: Any, books: Books) -> list[str]:
    if not body:
        return []
    shape = books.quirks.tags_shape
    if shape not in _object(body, "Tags"):
        return kept
    found = elements(body, shape)
    names = [_text(each if shape == "tag" else _object(each, "Tag").get("name"), "tag") for each in found]
    return list(dict.fromkeys([*(kept if books.quirks.tags_write == "add" else []), *names]))


def _custom_value(record: Record, body: Mapping[str, Any], books: Books) -> None:
    text = str(body.get("customFieldID", ""))
    if not text.isdecimal() or int(text) not in books.custom_fields:
        raise Refused(400, f"customFieldID {text} is unknown")
    if "deleted" in body and flag(body["deleted"], "deleted"):
        record["CustomFieldValues"].pop(int(text), None)
    else:
        record["CustomFieldValues"][int(text)] = _text(body.get("value"), "value")


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Refused(400, f"{name} must be an object")
    return value


def _text(value: Any, name: str) -> str:
    if isinstance(value, dict | list | bool):
        raise Refused(400, f"{name} must be text")
    return "" if value is None else str(value)
