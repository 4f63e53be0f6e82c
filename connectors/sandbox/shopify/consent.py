"""Consent and metafield writes of the simulated shop (sheet: Consent values; Writing customers, Rules; Birth date)."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from connectors.sandbox.shopify.books import Record, digest, iso
from connectors.sandbox.shopify.call import Call, UserErrors, user_error
from connectors.sandbox.shopify.people import with_metafield
from connectors.sandbox.shopify.render import TopLevelError

Arguments = Mapping[str, Any]

SETTABLE = ("SUBSCRIBED", "UNSUBSCRIBED", "PENDING")
MOST_METAFIELDS = 25
_DIGEST = re.compile(r"[0-9a-f]{64}")


def consent_of(given: Mapping[str, Any], now: str) -> dict[str, Any]:
    """A consent as an API write leaves it. Raises TopLevelError for a state that nobody can set."""
    state = given["marketingState"]
    if state not in SETTABLE:
        raise TopLevelError(f"Cannot specify {state} as a marketing state input", "INVALID")
    at = given.get("consentUpdatedAt")
    said_at = now if at is None else iso(_epoch(at))
    return {
        "state": state,
        "level": given.get("marketingOptInLevel") or "SINGLE_OPT_IN",
        "at": said_at,
        "from": "OTHER",
    }


def email_consent_update(call: Call, arguments: Arguments) -> dict[str, Any]:
    """On a customer without an email: no error, and no effect."""
    given = arguments["input"]
    record, consent = call.books.by_gid(given["customerId"]), given["emailMarketingConsent"]
    errors = _consent_errors(call, record, consent, "emailMarketingConsent")
    if record is None or errors:
        return {"customer": None, "userErrors": errors}
    return _keep_newest(call, "customerEmailMarketingConsentUpdate", record, "email", consent)


def sms_consent_update(call: Call, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    record, consent = call.books.by_gid(given["customerId"]), given["smsMarketingConsent"]
    errors = _consent_errors(call, record, consent, "smsMarketingConsent")
    if record is not None and not record["phone"]:
        said = "A phone number is required to set the SMS consent state."
        errors.append(user_error(["input", "smsMarketingConsent"], said, "INVALID"))
    if record is None or errors:
        return {"customer": None, "userErrors": errors}
    return _keep_newest(call, "customerSmsMarketingConsentUpdate", record, "sms", consent)


def metafields_set(call: Call, arguments: Arguments) -> dict[str, Any]:
    """All or none (at most 25); a `compareDigest` that does not hold any more refuses the write."""
    wishes = arguments["metafields"]
    if len(wishes) > MOST_METAFIELDS:
        said = f"Exceeded the maximum metafields input limit of {MOST_METAFIELDS}."
        return {"metafields": None, "userErrors": [user_error(["metafields"], said, "LESS_THAN_OR_EQUAL_TO")]}
    errors: UserErrors = []
    before: dict[int, Record] = {}
    after: dict[int, Record] = {}
    names: list[tuple[int, str]] = []
    for place, wish in enumerate(wishes):
        name = f"{wish.get('namespace') or '$app'}.{wish['key']}"
        owner = call.books.by_gid(wish["ownerId"])
        record = owner and after.get(owner["id"], owner)
        wrong = _metafield_errors(call, record, name, wish)
        errors += [{**user_error(["metafields", str(place), w[0]], w[1], w[2]), "elementIndex": place} for w in wrong]
        if owner is not None and record is not None and not wrong:
            type_ = wish.get("type") or call.shop.mapped.type_of(name)
            before[owner["id"]] = owner
            after[owner["id"]] = with_metafield(call.books, record, name, wish["value"], type_)
            names.append((owner["id"], name))
    if errors:
        return {"metafields": None, "userErrors": errors}
    for key, record in after.items():
        call.commit("metafieldsSet", before[key], record, touch=call.shop.quirks.side_changes_touch)
    return {"metafields": [after[key]["metafields"][name] for key, name in names], "userErrors": []}


def metafields_delete(call: Call, arguments: Arguments) -> dict[str, Any]:
    """Null per position where there was nothing to delete."""
    deleted: list[dict[str, Any] | None] = []
    for wish in arguments["metafields"]:
        owner, name = call.books.by_gid(wish["ownerId"]), f"{wish['namespace']}.{wish['key']}"
        if owner is None or name not in owner["metafields"]:
            deleted.append(None)
            continue
        gone = with_metafield(call.books, owner, name, None, "")
        call.commit("metafieldsDelete", owner, gone, touch=call.shop.quirks.side_changes_touch)
        deleted.append(dict(wish))
    return {"deletedMetafields": deleted, "userErrors": []}


def check_metafield(call: Call, record: Record, name: str, type_: str | None, value: str) -> tuple[str, str] | None:
    """What is wrong with a value: (code, message), or None."""
    defined = call.shop.mapped.types.get(name)
    held = record["metafields"].get(name)
    known = defined or (held["type"] if held else None)
    if type_ is None and known is None:
        return "BLANK", "Type can't be blank"
    if defined is not None and type_ not in (None, defined):
        return "INVALID_TYPE", f"Type must be consistent with the definition's type: '{defined}'."
    if not value:
        return "BLANK", "Value can't be blank"
    if (type_ or known) == "date" and not _is_date(value):
        return "INVALID_VALUE", "Value must be in “YYYY-MM-DD” format. For example: 2022-06-01"
    holder = call.books.by_metafield(name, value) if defined == "id" else None
    if holder is not None and holder["id"] != record["id"]:
        return "TAKEN", "Value has already been assigned to another metafield."
    return None


def _metafield_errors(
    call: Call, record: Record | None, name: str, wish: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """(field, message, code) of everything that is wrong with one metafield."""
    if record is None:
        return [("ownerId", "Owner does not exist.", "INVALID")]
    held = record["metafields"].get(name)
    if "compareDigest" in wish:
        expected = wish["compareDigest"]
        if expected is not None and not _DIGEST.fullmatch(expected):
            return [("compareDigest", "The compareDigest is not valid.", "INVALID_COMPARE_DIGEST")]
        if expected != (digest(held["value"]) if held else None):
            return [("compareDigest", "The resource has been updated since it was loaded.", "STALE_OBJECT")]
    wrong = check_metafield(call, record, name, wish.get("type"), wish["value"])
    return [("value", wrong[1], wrong[0])] if wrong else []


def _consent_errors(call: Call, record: Record | None, given: Mapping[str, Any], key: str) -> UserErrors:
    consent_of(given, call.shop.stamp())
    errors: UserErrors = []
    if record is None:
        errors.append(user_error(["input", "customerId"], "Customer not found", "INVALID"))
    state, level, path = given["marketingState"], given.get("marketingOptInLevel"), ["input", key]
    if level is None and state in ("SUBSCRIBED", "PENDING"):
        said = "Marketing opt in level must exist"
        errors.append(user_error([*path, "marketingOptInLevel"], said, "MISSING_ARGUMENT"))
    elif state == "PENDING" and level != "CONFIRMED_OPT_IN":
        said = "Marketing opt in level must be confirmed opt-in for pending consent state"
        errors.append(user_error([*path, "marketingOptInLevel"], said, "INVALID"))
    if given.get("consentUpdatedAt") is not None and _epoch(given["consentUpdatedAt"]) > call.shop.now() + 1:
        said = "Consent updated at must not be in the future"
        errors.append(user_error([*path, "consentUpdatedAt"], said, "INVALID"))
    return errors


def _keep_newest(call: Call, operation: str, record: Record, channel: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The consent with the newest time counts; one without its contact has nowhere to stand (email)."""
    consent, held = consent_of(given, call.shop.stamp()), record[f"{channel}Consent"]
    stale = held["at"] is not None and consent["at"] < held["at"]
    nowhere = channel == "email" and not record["email"]
    after = record if stale or nowhere else {**record, f"{channel}Consent": consent}
    touch = call.shop.quirks.side_changes_touch and after is not record
    return {"customer": call.commit(operation, record, after, touch=touch), "userErrors": []}


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _epoch(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise TopLevelError(f"Invalid timestamp '{text}'", "argumentLiteralsIncompatible") from error
