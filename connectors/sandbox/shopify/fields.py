"""How the shop's records answer for the fields of its schema (sheet: `Customer`, MailingAddress, Consent values)."""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from connectors.sandbox.shopify.books import Books, Record, digest, gid
from connectors.sandbox.shopify.people import default_address
from connectors.sandbox.shopify.places import COUNTRIES, PROVINCES
from connectors.sandbox.shopify.render import Reading, Resolver, TopLevelError
from connectors.sandbox.shopify.search import by_email, by_number, by_phone, by_tag, by_text, by_time, by_word

Arguments = Mapping[str, Any]
LARGEST_PAGE = 250
CUSTOMER_FILTERS = {
    "default": by_text("firstName", "lastName", "email", "phone"),
    "email": by_email, "phone": by_phone, "tag": by_tag(present=True), "tag_not": by_tag(present=False),
    "id": by_number(lambda r: int(r["id"])), "updated_at": by_time("updatedAt"), "customer_date": by_time("createdAt"),
    "first_name": by_text("firstName"), "last_name": by_text("lastName"), "state": by_word("state"),
    "orders_count": by_number(lambda r: int(r["orders"])),
}  # fmt: skip
"""Search fields of `customers`. Not simulated, so unknown: accepts_marketing, country, money, order dates."""
_EMAIL_READ = {"REDACTED": "INVALID"}
_NEW_SMS = {"NOT_SUBSCRIBED": "NEVER_SUBSCRIBED"}


def cursor(last_id: int, last_value: Any) -> str:
    """An opaque cursor, bound to the sort key by the value that it holds."""
    return base64.b64encode(orjson.dumps({"last_id": last_id, "last_value": last_value})).decode()


def last_of(text: str) -> tuple[Any, int]:
    """The sort value and the id in a cursor."""
    try:
        held = orjson.loads(base64.b64decode(text))
        return held["last_value"], held["last_id"]
    except (ValueError, KeyError, TypeError) as error:
        raise TopLevelError("Invalid cursor for current pagination sort.") from error


def page_size(arguments: Arguments) -> int:
    """How many are asked for. Raises TopLevelError."""
    size = arguments.get("first") if arguments.get("first") is not None else arguments.get("last")
    if size is None:
        raise TopLevelError("you must provide one of first or last")
    if not 0 <= size <= LARGEST_PAGE:
        raise TopLevelError(f"Page size must be between 0 and {LARGEST_PAGE}")
    return int(size)


def connection(nodes: Sequence[Any], cursors: Sequence[str], *, before: bool, after: bool) -> dict[str, Any]:
    """A page of a connection; `before` and `after` tell whether there is more on either side."""
    info = {
        "hasNextPage": after, "hasPreviousPage": before,
        "startCursor": cursors[0] if cursors else None, "endCursor": cursors[-1] if cursors else None,
    }  # fmt: skip
    edges = [{"cursor": mark, "node": node} for mark, node in zip(cursors, nodes, strict=True)]
    return {"edges": edges, "nodes": list(nodes), "pageInfo": info}


def page_of(rows: Sequence[Any], arguments: Arguments) -> dict[str, Any]:
    """A page of a short list, by position."""
    size = page_size(arguments)
    ordered = list(reversed(rows)) if arguments.get("reverse") else list(rows)
    first = last_of(arguments["after"])[1] if arguments.get("after") else 0
    last = last_of(arguments["before"])[1] - 1 if arguments.get("before") else len(ordered)
    backwards = arguments.get("first") is None
    low, high = (max(first, last - size), last) if backwards else (first, min(last, first + size))
    marks = [cursor(place + 1, None) for place in range(low, high)]
    return connection(ordered[low:high], marks, before=low > 0, after=high < len(ordered))


def display_name(record: Record) -> str:
    full = " ".join(part for part in (record["firstName"], record["lastName"]) if part)
    return full or record["email"] or _spaced(record["phone"] or "")


def amount_spent(reading: Reading, record: Record, arguments: Arguments) -> dict[str, str]:
    return {"amount": f"{record['orders'] * 21.5:.1f}", "currencyCode": reading.currency}


def email_address(reading: Reading, record: Record, arguments: Arguments) -> dict[str, Any] | None:
    """None without an email; the consent stands here alone, so without one it is nowhere."""
    if not record["email"]:
        return None
    consent = record["emailConsent"]
    return {
        "emailAddress": record["email"],
        "marketingState": _EMAIL_READ.get(consent["state"], consent["state"]),
        "marketingOptInLevel": consent["level"], "marketingUpdatedAt": consent["at"], "validFormat": True,
        "marketingUnsubscribeUrl": "https://shop.example.com/unsubscribe", "openTrackingLevel": "UNKNOWN",
        "openTrackingUrl": "https://shop.example.com/open", "sourceLocation": None,
    }  # fmt: skip


def phone_number(reading: Reading, record: Record, arguments: Arguments) -> dict[str, Any] | None:
    if not record["phone"]:
        return None
    consent = record["smsConsent"]
    new_style = {
        "state": _NEW_SMS.get(consent["state"], consent["state"]), "optInLevel": consent["level"],
        "updatedAt": consent["at"], "collectedFrom": consent["from"], "sourceLocation": None,
    }  # fmt: skip
    return {
        "phoneNumber": record["phone"], "marketingState": consent["state"], "marketingOptInLevel": consent["level"],
        "marketingUpdatedAt": consent["at"], "marketingCollectedFrom": consent["from"], "sourceLocation": None,
        "smsMarketingConsent": new_style,
    }  # fmt: skip


def email_consent(reading: Reading, record: Record, arguments: Arguments) -> dict[str, Any] | None:
    return _old_consent(record["emailConsent"]) if record["email"] else None


def sms_consent(reading: Reading, record: Record, arguments: Arguments) -> dict[str, Any] | None:
    return _old_consent(record["smsConsent"]) if record["phone"] else None


def metafield(reading: Reading, record: Record, arguments: Arguments) -> Any:
    return record["metafields"].get(f"{arguments.get('namespace') or '$app'}.{arguments['key']}")


def metafield_list(record: Record, arguments: Arguments) -> list[Any]:
    """The customer's metafields, of a namespace or of `namespace.key` names where asked for."""
    space, keys = arguments.get("namespace"), arguments.get("keys")
    return [
        held
        for name, held in record["metafields"].items()
        if (space is None or held["namespace"] == space) and (keys is None or name in keys)
    ]


def mergeable(record: Record, books: Books) -> dict[str, Any]:
    """Whether a customer can be merged at all (sheet: Merge, Blockers)."""
    job = books.merging.get(record["id"])
    fields = [*record["blocks"], *(["MERGE_IN_PROGRESS"] if job else [])]
    said = f"{display_name(record)} cannot be merged." if fields else None
    return {"isMergeable": not fields, "reason": said, "errorFields": fields, "mergeInProgress": job}


def country(address: Record) -> str | None:
    code = address["countryCode"]
    return COUNTRIES.get(code, code)


def province(address: Record) -> str | None:
    code = address["provinceCode"]
    return PROVINCES.get(address["countryCode"] or "", {}).get(code, code)


def _old_consent(consent: Record) -> dict[str, Any]:
    return {
        "marketingState": consent["state"], "marketingOptInLevel": consent["level"], "sourceLocation": None,
        "consentUpdatedAt": consent["at"], "consentCollectedFrom": consent["from"],
    }  # fmt: skip


def _spaced(phone: str) -> str:
    north_american = phone.startswith("+1") and len(phone) == 12
    return f"+1 {phone[2:5]}-{phone[5:8]}-{phone[8:]}" if north_american else phone


def _plain(read: Callable[[Record], Any]) -> Resolver:
    return lambda reading, record, arguments: read(record)


CUSTOMER: dict[str, Resolver] = {
    "id": _plain(lambda r: gid("Customer", r["id"])),
    "legacyResourceId": _plain(lambda r: str(r["id"])),
    "displayName": _plain(display_name),
    "numberOfOrders": _plain(lambda r: str(r["orders"])),
    "validEmailAddress": _plain(lambda r: bool(r["email"])),
    "canDelete": _plain(lambda r: r["orders"] == 0),
    "unsubscribeUrl": _plain(lambda r: "https://shop.example.com/unsubscribe"),
    "mergeable": lambda reading, r, arguments: mergeable(r, reading.books),
    "amountSpent": amount_spent,
    "defaultEmailAddress": email_address,
    "defaultPhoneNumber": phone_number,
    "emailMarketingConsent": email_consent,
    "smsMarketingConsent": sms_consent,
    "defaultAddress": _plain(default_address),
    "addresses": lambda reading, r, arguments: r["addresses"][: arguments.get("first") or LARGEST_PAGE],
    "addressesV2": lambda reading, r, arguments: page_of(r["addresses"], arguments),
    "metafield": metafield,
    "metafields": lambda reading, r, arguments: page_of(metafield_list(r, arguments), arguments),
}

ADDRESS: dict[str, Resolver] = {
    "id": _plain(lambda a: gid("MailingAddress", a["id"])),
    "name": _plain(lambda a: " ".join(part for part in (a["firstName"], a["lastName"]) if part) or None),
    "country": _plain(country),
    "countryCodeV2": _plain(lambda a: a["countryCode"]),
    "province": _plain(province),
    "formatted": _plain(lambda a: [part for part in (a["address1"], a["address2"], a["city"], country(a)) if part]),
}

METAFIELD: dict[str, Resolver] = {
    "id": _plain(lambda m: gid("Metafield", m["id"])),
    "legacyResourceId": _plain(lambda m: str(m["id"])),
    "compareDigest": _plain(lambda m: digest(m["value"])),
}

BULK: dict[str, Resolver] = {
    "id": _plain(lambda o: gid("BulkOperation", o["id"])),
    "objectCount": _plain(lambda o: str(o["objectCount"])),
    "rootObjectCount": _plain(lambda o: str(o["rootObjectCount"])),
    "fileSize": _plain(lambda o: None if o["fileSize"] is None else str(o["fileSize"])),
    "url": lambda reading, o, arguments: reading.url_of(o, False),
    "partialDataUrl": lambda reading, o, arguments: reading.url_of(o, True),
}

RESOLVERS: dict[tuple[str, str], Resolver] = {
    (type_name, name): resolver
    for type_name, resolvers in (
        ("Customer", CUSTOMER), ("MailingAddress", ADDRESS), ("Metafield", METAFIELD), ("BulkOperation", BULK),
    )
    for name, resolver in resolvers.items()
}  # fmt: skip
