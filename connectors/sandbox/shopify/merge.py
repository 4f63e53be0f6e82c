"""Merging customers in the simulated shop (sheet: Merge): who survives, what is kept, what stands in the way."""

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.shopify.books import Books, Record, gid, tidy_tags
from connectors.sandbox.shopify.call import Call, user_error
from connectors.sandbox.shopify.people import facts

Arguments = Mapping[str, Any]

_STATE = {"ENABLED": 0, "INVITED": 1}
_WISHES = ("SUBSCRIBED", "PENDING")


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
    if blockers := _blockers(made):
        wrong = [
            user_error([name], said, "INVALID_CUSTOMER")
            for said in blockers
            for name in ("customerOneId", "customerTwoId")
        ]
        return {"resultingCustomerId": None, "job": None, "userErrors": wrong}
    if not call.pretending:
        call.books.drop(lost["id"])
    call.commit("customerMerge", kept, made)
    had = facts(lost, call.shop.mapped)
    call.note("customerMerge", str(lost["id"]), had, {**dict.fromkeys(had), "status": "merged"})
    return {"resultingCustomerId": gid("Customer", kept["id"]), "job": _job(call, kept), "userErrors": []}


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


def _blockers(made: Record) -> list[str]:
    said = []
    if len(made["tags"]) > 250:
        said.append("Customers must have 250 tags or less.")
    if len(made["note"] or "") > 5_000:
        said.append("Customer notes must be 5,000 characters or less.")
    return said


def _job(call: Call, kept: Record) -> dict[str, Any]:
    job_id = gid("Job", len(call.shop.jobs) + 1)
    result = {
        "jobId": job_id,
        "resultingCustomerId": gid("Customer", kept["id"]),
        "customerMergeErrors": [],
        "looks": 0,
    }
    call.shop.jobs[job_id] = result
    return {"id": job_id, "done": False}
