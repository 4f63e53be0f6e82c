"""What the simulated shop takes from the inputs of its mutations, and what it refuses (sheet: Writing customers).

Functions take a record and give the new one, together with the userErrors in the recorded words.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.sandbox.shopify.books import Books, Record, e164, number_of, tidy_tags
from connectors.sandbox.shopify.call import Call, UserErrors, user_error
from connectors.sandbox.shopify.consent import check_metafield, consent_of
from connectors.sandbox.shopify.people import with_metafield
from connectors.sandbox.shopify.places import PROVINCES, country_code, province_code

Input = Mapping[str, Any]

LONGEST, LONGEST_NOTE, MOST_TAGS = 255, 5_000, 250
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
_SAME_ADDRESS = (
    "firstName",
    "lastName",
    "company",
    "address1",
    "address2",
    "city",
    "provinceCode",
    "countryCode",
    "zip",
)
_ADDRESS_TEXT = ("company", "address1", "address2", "city", "zip")


def applied(call: Call, record: Record, given: Input, *, creating: bool = False) -> tuple[Record, UserErrors]:
    """The record with a CustomerInput or CustomerSetInput applied. A left-out field stays, null clears."""
    errors: UserErrors = []
    changes: dict[str, Any] = {key: _text(given[key]) for key in ("firstName", "lastName") if key in given}
    changes |= {
        key: given[key] for key in ("note", "taxExempt", "taxExemptions", "multipassIdentifier") if key in given
    }
    if "email" in given:
        changes["email"] = _email(call.books, record, given["email"], errors)
    if "phone" in given:
        changes["phone"] = _phone(call.books, record, given["phone"], errors)
    if "tags" in given:
        changes["tags"] = checked_tags(given["tags"] or [], errors)
    if given.get("locale") is not None:
        changes["locale"] = given["locale"]
    _check_texts(given, errors)
    made = {**record, **changes}
    if not any(made[key] for key in ("firstName", "lastName", "email", "phone")):
        errors.append(user_error(None, "A name, phone number, or email address must be present"))
    if given.get("addresses") is not None:
        made |= _inline_addresses(call.books, made, given["addresses"], errors)
    return _with_extras(call, made, given, errors, creating=creating), errors


def address_from(books: Books, base: Record, given: Input, owner: Record) -> tuple[Record, list[tuple[str, str]]]:
    """An address with a MailingAddressInput applied to it, and (field, message) of what is wrong."""
    wrong: list[tuple[str, str]] = []
    made = {**base, **{key: _text(given[key]) for key in _ADDRESS_TEXT if key in given}}
    for key in ("firstName", "lastName"):
        made[key] = _text(given.get(key, base[key])) or owner[key]
    if given.get("countryCode"):
        made["countryCode"] = given["countryCode"]
    elif given.get("country"):
        made["countryCode"] = country_code(given["country"])
        if made["countryCode"] is None:
            wrong.append(("country", "Country is invalid"))
    province = given.get("provinceCode") or given.get("province")
    if province or {"provinceCode", "province"} & given.keys():
        made["provinceCode"] = _province(made["countryCode"], province, wrong)
    if "phone" in given:
        made["phone"] = _text(given["phone"]) and (e164(given["phone"], books.region) or given["phone"])
    return made, wrong


def blank_address(books: Books) -> Record:
    """A new address's record, with an id of its own."""
    empty = dict.fromkeys([*_ADDRESS_TEXT, "firstName", "lastName", "provinceCode", "countryCode", "phone"])
    return {"__typename": "MailingAddress", "id": books.take_id("MailingAddress"), **empty}


def same_address(one: Record, other: Record) -> bool:
    return all(one[key] == other[key] for key in _SAME_ADDRESS)


def checked_tags(tags: Iterable[str], errors: UserErrors) -> list[str]:
    """Tags as they will come back; too many or too long ones are refused."""
    kept = tidy_tags(tags)
    if len(kept) > MOST_TAGS:
        errors.append(user_error(["tags"], f"Tags cannot be more than {MOST_TAGS}"))
    if any(len(tag) > LONGEST for tag in kept):
        errors.append(user_error(["tags"], f"Tags is too long (maximum is {LONGEST} characters)"))
    return kept


def _text(value: str | None) -> str | None:
    """Blank or spaces store null."""
    return None if value is None or not value.strip() else value


def _email(books: Books, record: Record, value: str | None, errors: UserErrors) -> str | None:
    email = "".join((value or "").split()) or None
    if email is None:
        return None
    if len(email) > LONGEST:
        errors.append(user_error(["email"], f"Email is too long (maximum is {LONGEST} characters)"))
    elif not _EMAIL.fullmatch(email):
        errors.append(user_error(["email"], "Email is invalid"))
    elif books.holder(email=email) not in (None, record["id"]):
        errors.append(user_error(["email"], "Email has already been taken", "TAKEN"))
    return email


def _phone(books: Books, record: Record, value: str | None, errors: UserErrors) -> str | None:
    if value is None or not value.strip():
        return None
    phone = e164(value, books.region)
    if len(value) > LONGEST:
        errors.append(user_error(["phone"], f"Phone is too long (maximum is {LONGEST} characters)"))
    elif phone is None:
        errors.append(user_error(["phone"], "Phone is invalid"))
    elif books.holder(phone=phone) not in (None, record["id"]):
        errors.append(user_error(["phone"], "Phone has already been taken", "TAKEN"))
    return phone


def _check_texts(given: Input, errors: UserErrors) -> None:
    for key, name in (("firstName", "First name"), ("lastName", "Last name")):
        if len(given.get(key) or "") > LONGEST:
            errors.append(user_error([key], f"{name} is too long (maximum is {LONGEST} characters)", "TOO_LONG"))
    if len(given.get("note") or "") > LONGEST_NOTE:
        errors.append(user_error(["note"], f"Note is too long (maximum is {LONGEST_NOTE} characters)", "TOO_LONG"))
    if given.get("locale") is not None and not _LOCALE.fullmatch(given["locale"]):
        errors.append(user_error(["locale"], "Locale is invalid"))


def _province(country: str | None, wish: str | None, wrong: list[tuple[str, str]]) -> str | None:
    """The province's code; ignored in a country without any."""
    if not wish or country not in PROVINCES:
        return None
    code = province_code(country, wish)
    if code is None:
        wrong.append(("province", "Province is invalid"))
    return code


def _inline_addresses(books: Books, record: Record, given: list[Input], errors: UserErrors) -> dict[str, Any]:
    """The whole list replaced: known ids are patched in place, equal ones merged away, the rest is new."""
    known = {address["id"]: address for address in record["addresses"]}
    made: list[Record] = []
    for place, wish in enumerate(given):
        base = known.get(number_of("MailingAddress", wish.get("id") or "") or 0) or blank_address(books)
        address, wrong = address_from(books, base, wish, record)
        errors += [user_error(["addresses", str(place), name], message) for name, message in wrong]
        if not any(same_address(address, other) for other in made):
            made.append(address)
    kept = [address["id"] for address in made]
    default = record["default"] if record["default"] in kept else next(iter(kept), None)
    return {"addresses": made, "default": default}


def _with_extras(call: Call, record: Record, given: Input, errors: UserErrors, *, creating: bool) -> Record:
    """Consents, which only a create takes, and metafields."""
    for key, channel in (("emailMarketingConsent", "Email"), ("smsMarketingConsent", "Sms")):
        if given.get(key) is not None and creating:
            record = {**record, f"{channel.lower()}Consent": consent_of(given[key], call.shop.stamp())}
        elif given.get(key) is not None:
            said = f"To update {key}, please use the customer{channel}MarketingConsentUpdate Mutation instead"
            errors.append(user_error([key], said))
    for place, wish in enumerate(given.get("metafields") or []):
        name = f"{wish.get('namespace') or '$app'}.{wish.get('key')}"
        wrong = check_metafield(call, record, name, wish.get("type"), wish.get("value") or "")
        if wrong is None:
            type_ = wish.get("type") or call.shop.mapped.type_of(name)
            record = with_metafield(call.books, record, name, wish["value"], type_)
        else:
            errors.append(user_error(["metafields", str(place), "value"], wrong[1], wrong[0]))
    return record
