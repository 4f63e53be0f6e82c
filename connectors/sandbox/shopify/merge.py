"""Merging customers in the simulated shop (sheet: Merge): who survives, what is kept, what stands in the way."""

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.shopify.books import Books, Record, gid, tidy_tags
from connectors.sandbox.shopify.call import Call, Shop, UserErrors, user_error
from connectors.sandbox.shopify.fields import display_name, email_address, mergeable, phone_number
from connectors.sandbox.shopify.people import default_address, facts
from connectors.sandbox.shopify.render import TopLevelError

Arguments = Mapping[str, Any]

_STATE = {"ENABLED": 0, "INVITED": 1}
_WISHES = ("SUBSCRIBED", "PENDING")
_HAS = {"GIFT_CARDS": "has gift cards and can’t be merged."}
_TOO_LONG = {
    "tags": "Customers must have 250 tags or less.",
    "note": "Customer notes must be 5,000 characters or less.",
}


def customer_merge(call: Call, arguments: Arguments) -> dict[str, Any]:
    """Asynchronous for the client: the job is done at the second look, the loser reads null at once."""
    one_id, two_id, override = arguments["customerOneId"], arguments["customerTwoId"], arguments.get("overrideFields")
    one, two = call.books.by_gid(one_id), call.books.by_gid(two_id)
    errors = []
    if one_id == two_id:
        errors.append(user_error(None, "Customers IDs should not match", "INVALID_CUSTOMER_ID"))
    for text, found, name in ((one_id, one, "customerOneId"), (two_id, two, "customerTwoId")):
        if found is None:
            said = f"Customer does not exist with ID {text.rsplit('/', 1)[-1]}"
            errors.append(user_error([name], said, "INVALID_CUSTOMER_ID"))
    if one is None or two is None or errors:
        return {"resultingCustomerId": None, "job": None, "userErrors": errors}
    kept, lost = surviving(one, two, override or {})
    made = merged(kept, lost, override or {})
    if wrong := _refusals(call.books, one, two, made):
        return {"resultingCustomerId": None, "job": None, "userErrors": wrong}
    made = {**made, **_consents(lost, call)}
    job = _job(call, kept)
    if call.shop.quirks.merge_seconds and not call.pretending:
        call.books.merging |= {key: {**job, "lost": lost["id"], "made": made} for key in (kept["id"], lost["id"])}
        call.note("customerMerge", str(kept["id"]), facts(kept, call.shop.mapped), facts(made, call.shop.mapped))
    else:
        if not call.pretending:
            call.books.drop(lost["id"])
        call.commit("customerMerge", kept, made)
    had = facts(lost, call.shop.mapped)
    call.note("customerMerge", str(lost["id"]), had, {**dict.fromkeys(had), "status": "merged"})
    begun = {"id": job["jobId"], "done": False}
    return {"resultingCustomerId": gid("Customer", kept["id"]), "job": begun, "userErrors": []}


def customer_merge_preview(call: Call, arguments: Arguments) -> dict[str, Any]:
    """What a merge would come to; nothing is written."""
    one_id, two_id, override = arguments["customerOneId"], arguments["customerTwoId"], arguments.get("overrideFields")
    if one_id == two_id:
        raise TopLevelError("Customers must be different.", "BAD_REQUEST")
    one, two = call.books.by_gid(one_id), call.books.by_gid(two_id)
    if one is None or two is None:
        missing = (one_id if one is None else two_id).rsplit("/", 1)[-1]
        raise TopLevelError(f"Customer does not exist with ID {missing}", "BAD_REQUEST")
    kept, lost = surviving(one, two, override or {})
    made = merged(kept, lost, override or {})
    errors = [
        {"errorFields": found["errorFields"], "message": found["reason"]}
        for found in (mergeable(record, call.books) for record in (one, two))
        if not found["isMergeable"]
    ]
    too_long = _too_long(made)
    blocking = {
        "note": made["note"] if "note" in too_long else None,
        "tags": made["tags"] if "tags" in too_long else [],
    }
    return {
        "resultingCustomerId": gid("Customer", kept["id"]), "customerMergeErrors": errors,
        "blockingFields": blocking if too_long else None,
        "defaultFields": _fields(call, made) | {
            "displayName": display_name(made), "note": made["note"], "tags": made["tags"], "orderCount": str(made["orders"]),
            "giftCardCount": str(sum("GIFT_CARDS" in record["blocks"] for record in (one, two))),
            "draftOrderCount": "0", "metafieldCount": str(len(made["metafields"])),
        },
        "alternateFields": _fields(call, lost),
    }  # fmt: skip


def finish_merges(shop: Shop) -> None:
    """What is due is through: the loser reads null from now on."""
    for job in list({job["jobId"]: job for job in shop.books.merging.values()}.values()):
        if job["due"] <= shop.now():
            for key in (job["lost"], job["made"]["id"]):
                shop.books.merging.pop(key, None)
            shop.books.drop(job["lost"])
            shop.books.put({**job["made"], "updatedAt": shop.stamp()})
            shop.jobs[job["jobId"]]["status"] = "COMPLETED"


def merge_by_hand(books: Books, kept: Record, lost: Record, stamp: str) -> None:
    """The same on the shop's own screens, where a person has chosen the survivor."""
    books.drop(lost["id"])
    books.put({**merged(kept, lost, {}), "updatedAt": stamp})


def surviving(one: Record, two: Record, override: Arguments) -> tuple[Record, Record]:
    """(survivor, loser). The order of the arguments does not choose, unless nothing else does."""
    wish = override.get("customerIdOfEmailToKeep")
    for kept, lost in ((one, two), (two, one)):
        if wish == gid("Customer", kept["id"]) and kept["email"]:
            return kept, lost
    if bool(one["email"]) != bool(two["email"]):
        return (one, two) if one["email"] else (two, one)
    if one["email"] and _rank(one) < _rank(two):
        return one, two
    return two, one


def merged(kept: Record, lost: Record, override: Arguments) -> Record:
    """The survivor with what it takes over; its own metafield wins a clash, so the loser's link is lost."""
    note = " ".join(part for part in (kept["note"], lost["note"]) if part) or None
    return {
        **kept,
        "email": kept["email"] or lost["email"],
        "phone": kept["phone"] or lost["phone"],
        "firstName": kept["firstName"] or lost["firstName"],
        "lastName": kept["lastName"] or lost["lastName"],
        "note": override.get("note", note),
        "tags": tidy_tags(override.get("tags") or [*kept["tags"], *lost["tags"]]),
        "addresses": [*kept["addresses"], *lost["addresses"]],
        "default": kept["default"] or lost["default"],
        "orders": kept["orders"] + lost["orders"],
        "metafields": {**lost["metafields"], **kept["metafields"]},
    }


def _rank(record: Record) -> tuple[int, bool]:
    """Account before invitation before none, then who wants to be written to."""
    return _STATE.get(record["state"], 2), record["emailConsent"]["state"] not in _WISHES


def _refusals(books: Books, one: Record, two: Record, made: Record) -> UserErrors:
    """Gift cards have words of their own; what the vendor says of other blockers is not recorded."""
    sides = (("customerOneId", one), ("customerTwoId", two))
    wrong = [
        user_error([name], f"{display_name(record)} {_HAS.get(field, 'can’t be merged.')}", "INVALID_CUSTOMER")
        for name, record in sides
        for field in mergeable(record, books)["errorFields"]
    ]
    too_long = [_TOO_LONG[field] for field in _too_long(made)]
    return wrong + [user_error([name], said, "INVALID_CUSTOMER") for said in too_long for name, _ in sides]


def _too_long(made: Record) -> list[str]:
    found = ["tags"] if len(made["tags"]) > 250 else []
    return found + (["note"] if len(made["note"] or "") > 5_000 else [])


def _fields(call: Call, record: Record) -> dict[str, Any]:
    """What previews show of a customer, in the forms of their own types."""
    return {
        "firstName": record["firstName"], "lastName": record["lastName"],
        "email": email_address(call.reading, record, {}), "phoneNumber": phone_number(call.reading, record, {}),
        "defaultAddress": default_address(record),
    }  # fmt: skip


def _consents(lost: Record, call: Call) -> dict[str, Any]:
    return {name: lost[name] for name in ("emailConsent", "smsConsent")} if call.shop.quirks.merge_forgets else {}


def _job(call: Call, kept: Record) -> dict[str, Any]:
    lasts = call.shop.quirks.merge_seconds
    result: dict[str, Any] = {
        "jobId": gid("Job", len(call.shop.jobs) + 1), "resultingCustomerId": gid("Customer", kept["id"]),
        "customerMergeErrors": [], "looks": 0, "status": "IN_PROGRESS", "due": call.shop.now() + lasts if lasts else 0,
    }  # fmt: skip
    call.shop.jobs[result["jobId"]] = result
    return result
