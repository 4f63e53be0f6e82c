"""What a simulated Ecwid store takes from a write, and what it refuses (sheet: Writes, Contacts, Uniqueness, Errors)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from connectors.sandbox.ecwid.books import PERSON, PLACE, SINGLE, Books, Record, stamp

CONTACT_TYPES = frozenset({
    "EMAIL", "PHONE", "FACEBOOK", "INSTAGRAM", "TWITTER", "YOUTUBE", "TIKTOK", "PINTEREST", "VK", "FB_MESSENGER",
    "WHATSAPP", "TELEGRAM", "VIBER", "URL", "OTHER",
})  # fmt: skip
TYPES: Mapping[str, type] = {
    "email": str, "billingPerson": dict, "shippingAddresses": list, "contacts": list, "customerGroupId": int,
    "acceptMarketing": bool, "privateAdminNotes": str, "taxId": str, "taxExempt": bool, "b2b_b2c": str, "lang": str,
    "primaryPhone": str, "password": str,
}  # fmt: skip
"""What a body may set; every other key is dropped without a word, read-only ones too."""
ADDRESS = ("name", "companyName", *PLACE, "phone", "defaultAddress", "orderBy", "note")
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")


@dataclass(frozen=True, slots=True)
class Quirks:
    """What a real store may prove otherwise, and how it may be set up."""

    plan: Literal["full", "no_groups", "free", "suspended"] = "full"
    default_limit: Literal[10, 100] = 10
    """Records of a page that names no limit: 10 in the docs of 2020, 100 in today's."""
    max_offset: int | None = None
    """Above it 400; whether there is one is not public."""
    search_lag: float = 4.0
    """Seconds until a write over the wire shows in lists; by id it shows at once."""
    null_means: Literal["kept", "refused"] = "kept"
    """A null in a body: the present value stays and the answer is success, or 400."""
    empty_email: Literal["refused", "accepted"] = "refused"
    email_coupling: Literal["email_to_contact", "both", "none"] = "email_to_contact"
    """Whether `email` and the default EMAIL contact follow each other."""
    fold_email: bool = True
    phone_match: Literal["digits", "text"] = "digits"
    """How the phone filter compares a part of a number."""
    phone_place: Literal["both", "contact", "billing"] = "both"
    """Where the store's own screens keep a phone."""
    consent_unknown: Literal["absent", "null", "mixed"] = "mixed"
    stats_count: Literal["all", "paid"] = "all"
    """Which orders `stats` and `totalOrderCount` count."""
    unique_group_names: bool = False
    shuffle_addresses: bool = True
    """The order of saved addresses differs from one answer to the next."""
    unstable_ties: bool = False
    """Customers who are equal by the sort key stand in another order on every page."""
    error_style: Literal["body", "reason", "bare"] = "body"
    """Where the message stands: in the body with a code, in the HTTP reason phrase alone, in a body without a code."""
    languages: frozenset[str] = frozenset({"en"})
    calls_per_minute: int = 600
    block_seconds: float = 3_600.0
    """How long an address is blocked that goes on with a dead token."""
    batch_polls: int = 1
    """How often a batch is asked for before it is done."""
    sentinel: str = "SENTINEL"
    """Woven into fields that nobody may read, so that a test can look for it on disk (G11)."""


class RefusedError(Exception):
    """A 4xx in the vendor's words."""

    def __init__(self, status: int, message: str, code: str | None = None, wait: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.wait = wait


def customer_changes(body: Any, before: Record | None, books: Books, quirks: Quirks) -> dict[str, Any]:
    """The stored fields that a create (`before` None) or an update sets. Raises RefusedError."""
    if not isinstance(body, dict):
        raise wrong("the body must be a JSON object")
    given = known(body, TYPES, "Customer", quirks)
    given.pop("password", None)
    _check(given, before, books, quirks)
    current = before or {"billingPerson": {}, "shippingAddresses": [], "contacts": []}
    if "billingPerson" in given:
        texts = known(given["billingPerson"], dict.fromkeys(PERSON, str), "BillingPerson", quirks)
        given["billingPerson"] = current["billingPerson"] | texts
    if "shippingAddresses" in given:
        given["shippingAddresses"] = _addresses(given["shippingAddresses"], current["shippingAddresses"], books)
    contacts = current["contacts"]
    if "contacts" in given:
        contacts = books.contacts([contact_of(wish, quirks) for wish in given["contacts"]], contacts)
    if phone := given.pop("primaryPhone", None):
        contacts = with_default(books, contacts, "PHONE", phone)
    if given.get("email") and quirks.email_coupling != "none":
        contacts = with_default(books, contacts, "EMAIL", given["email"])
    return given | ({"contacts": contacts} if contacts is not current["contacts"] else {})


def known(body: Mapping[str, Any], types: Mapping[str, type], what: str, quirks: Quirks) -> dict[str, Any]:
    """The named keys of a body with values of the right type; null is dropped or refused. Raises RefusedError."""
    given: dict[str, Any] = {}
    for name in types.keys() & body.keys():
        value = body[name]
        if value is None and quirks.null_means == "refused":
            raise wrong(f"Field {what}.{name} cannot be null")
        if value is None:
            continue
        right = isinstance(value, types[name]) and (types[name] is bool or not isinstance(value, bool))
        if not right:
            raise wrong(f"Wrong parameter '{name}' value: expected {types[name].__name__}")
        given[name] = value
    return given


def contact_of(wish: Any, quirks: Quirks) -> Record:
    """One contact of a body: `type` and `contact` must be there. Raises RefusedError."""
    if not isinstance(wish, dict):
        raise wrong("a contact must be an object")
    types = {"id": int, "type": str, "contact": str, "default": bool, "handle": str, "note": str}
    given = known(wish, types, "CustomerContact", quirks)
    for name in ("contact", "type"):
        if not given.get(name):
            raise wrong(f"Field CustomerContact.{name} is absent")
    if given["type"] not in CONTACT_TYPES:
        raise wrong(f"Wrong parameter 'type' value: expected one of {', '.join(sorted(CONTACT_TYPES))}")
    return given


def with_default(books: Books, contacts: list[Record], kind: str, value: str) -> list[Record]:
    """The contacts after the default one of a type was set to a value; without a value it is taken away."""
    chosen = next((c for c in contacts if c["type"] == kind and c["default"]), None)
    if not value:
        return [contact for contact in contacts if contact is not chosen]
    if chosen is None:
        return books.contacts([*contacts, {"type": kind, "contact": value, "default": True}], contacts)
    return [contact | {"contact": value} if contact is chosen else contact for contact in contacts]


def wrong(message: str, code: str = "WRONG_PARAMETER") -> RefusedError:
    return RefusedError(400, message, code)


def _check(given: Mapping[str, Any], before: Record | None, books: Books, quirks: Quirks) -> None:
    if before is None and not given.get("email"):
        raise wrong("Field Customer.email is absent")
    email = given.get("email")
    if email == "" and quirks.empty_email == "refused":
        raise wrong("Field Customer.email is empty")
    if email and not _EMAIL.fullmatch(email):
        raise wrong("Wrong parameter 'email' value: expected an email address")
    if email and books.holder(email) not in (None, before and before["id"]):
        raise RefusedError(409, "Customer with this email already exists", "CONSTRAINT_VIOLATION")
    if given.get("customerGroupId", 0) not in books.groups:
        raise RefusedError(404, f"Customer group #{given['customerGroupId']} not found")
    if given.get("lang", "en") not in quirks.languages:
        raise wrong(f"Language {given['lang']} is not enabled in the store", "LANGUAGES_NOT_ALLOWED")
    if given.get("b2b_b2c", "b2c") not in ("b2c", "b2b"):
        raise wrong("Wrong parameter 'b2b_b2c' value: expected one of b2c, b2b")


def _addresses(wanted: list[Any], held: list[Record], books: Books) -> list[Record]:
    """Addresses with an id are updated, without one made; those left out are gone (sheet: Writes)."""
    known_ids = {address["id"]: address for address in held}
    kept: list[Record] = []
    for wish in wanted:
        if not isinstance(wish, dict):
            raise wrong("a shipping address must be an object")
        old = known_ids.get(wish.get("id"), {"createdDate": stamp(books.now()), "defaultAddress": not kept})
        named = {name: wish[name] for name in ADDRESS if wish.get(name) is not None}
        kept.append(old | named | {"id": old.get("id") or books.number("contact")})
    return kept


def contact_changes(body: Any, quirks: Quirks) -> Record:
    """What a `PUT` of one contact sets. Raises RefusedError."""
    if not isinstance(body, dict):
        raise wrong("the body must be a JSON object")
    types = {name: bool if name == "default" else str for name in SINGLE if name != "orderBy"}
    given = known(body, types, "CustomerContact", quirks)
    if given.get("type", "EMAIL") not in CONTACT_TYPES:
        raise wrong("Wrong parameter 'type' value")
    if given.get("contact") == "":
        raise wrong("Field CustomerContact.contact is empty")
    return given
