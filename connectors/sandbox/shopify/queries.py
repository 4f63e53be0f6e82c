"""The reading half of the simulated shop (sheet: Reading; Bulk export, poll and list; Base, versions)."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.sandbox.shopify.books import Record, e164, gid, number_of
from connectors.sandbox.shopify.call import Call
from connectors.sandbox.shopify.fields import (
    CUSTOMER_FILTERS,
    LARGEST_PAGE,
    connection,
    cursor,
    last_of,
    page_of,
    page_size,
)
from connectors.sandbox.shopify.merge import customer_merge_preview
from connectors.sandbox.shopify.render import TopLevelError
from connectors.sandbox.shopify.schema import CANDIDATE, SUPPORTED
from connectors.sandbox.shopify.search import by_number, by_time, by_word, parse

Arguments = Mapping[str, Any]

COUNT_FILTERS = {
    "created_at": by_time("createdAt"),
    "updated_at": by_time("updatedAt"),
    "id": by_number(lambda record: int(record["id"])),
}
OPERATION_FILTERS = {
    "status": by_word("status"),
    "operation_type": by_word("type"),
    "created_at": by_time("createdAt"),
    "id": by_number(lambda entry: int(entry["id"])),
}
SORTS: dict[str, Callable[[Record], Any]] = {
    "UPDATED_AT": lambda record: record["updatedAt"],
    "CREATED_AT": lambda record: record["createdAt"],
    "NAME": lambda record: [(record["lastName"] or "").casefold(), (record["firstName"] or "").casefold()],
}


def customers(call: Call, arguments: Arguments) -> dict[str, Any]:
    """A page of customers. A search sees what its index knows; a plain list sees everything at once."""
    query, books = arguments.get("query"), call.books
    search = parse(query, CUSTOMER_FILTERS)
    call.warn("customers", query, search)
    ids: Sequence[int] = books.ids
    if query:
        ids = [r["id"] for r in books.searched(search.exact) if r["id"] in books.customers and search.test(r)]
    rank = SORTS.get(arguments["sortKey"])
    if rank is None:
        return _page(call, ids, list(ids), arguments)
    keys = sorted((rank(books.customers[key]), key) for key in ids)
    return _page(call, [key for _, key in keys], keys, arguments)


def _page(call: Call, ids: Sequence[int], keys: list[Any], arguments: Arguments) -> dict[str, Any]:
    """One page of `ids`, which lie in the order of `keys`."""
    size, total, backwards = page_size(arguments), len(ids), arguments.get("first") is None
    turned = bool(arguments.get("reverse"))
    after, before = arguments.get("after"), arguments.get("before")
    if turned:
        after, before = before, after
    low = bisect_right(keys, _key(keys, after)) if after else 0
    high = bisect_left(keys, _key(keys, before)) if before else total
    from_the_end = backwards is not turned
    first, last = (max(low, high - size), high) if from_the_end else (low, min(high, low + size))
    picked = [(call.books.customers[ids[place]], keys[place]) for place in range(first, last)]
    rows = picked[::-1] if turned else picked
    marks = [cursor(row["id"], key if isinstance(key, int) else key[0]) for row, key in rows]
    more = (first > 0, last < total)
    return connection([row for row, _ in rows], marks, before=more[turned], after=more[not turned])


def _key(keys: list[Any], text: str) -> Any:
    value, number = last_of(text)
    if not keys or isinstance(keys[0], int):
        return number
    if not isinstance(value, type(keys[0][0])):
        raise TopLevelError("Invalid cursor for current pagination sort.")
    return (value, number)


def customers_count(call: Call, arguments: Arguments) -> dict[str, Any]:
    """How many, up to a limit unless that is null; filters it does not know are ignored with a warning."""
    query, limit = arguments.get("query"), arguments["limit"]
    search = parse(query, COUNT_FILTERS)
    call.warn("customersCount", query, search)
    count = sum(map(search.test, call.books.customers.values())) if query else len(call.books.ids)
    if limit is not None and count > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": count, "precision": "EXACT"}


def customer(call: Call, arguments: Arguments) -> Record | None:
    number = number_of("Customer", arguments["id"])
    if number is None:
        raise TopLevelError(f"Invalid id: {arguments['id']}", "RESOURCE_NOT_FOUND")
    return call.books.customers.get(number)


def customer_by_identifier(call: Call, arguments: Arguments) -> Record | None:
    """By exactly one identifier; sees writes at once."""
    identifier = arguments["identifier"]
    given = [name for name, value in identifier.items() if value is not None]
    if len(given) != 1:
        raise TopLevelError("The 'CustomerIdentifierInput' argument must have exactly one key.", "INVALID")
    value = identifier[given[0]]
    if given[0] == "id":
        return call.books.by_gid(value)
    if given[0] == "customId":
        return by_custom_id(call, value)
    email, phone = (value, None) if given[0] == "emailAddress" else (None, e164(value, call.shop.quirks.region))
    return call.books.customers.get(call.books.holder(email=email, phone=phone) or 0)


def by_custom_id(call: Call, custom: Mapping[str, Any]) -> Record | None:
    """By a metafield whose definition has the type `id`. Raises TopLevelError where the shop has none."""
    name = f"{custom.get('namespace') or '$app'}.{custom['key']}"
    if call.shop.mapped.types.get(name) != "id":
        raise TopLevelError("Metafield definition of type 'id' is required when using custom ids.", "NOT_FOUND")
    return call.books.by_metafield(name, custom["value"])


def node(call: Call, arguments: Arguments) -> Any:
    """Any object by its global id; null for what is unknown, deleted or merged away."""
    text = arguments["id"]
    if not text.startswith("gid://shopify/"):
        raise TopLevelError(f"Invalid global id '{text}'", "argumentLiteralsIncompatible")
    operation = number_of("BulkOperation", text)
    return call.shop.desk.look(operation) if operation is not None else call.books.by_gid(text)


def nodes(call: Call, arguments: Arguments) -> list[Any]:
    wanted = arguments["ids"]
    if len(wanted) > LARGEST_PAGE:
        said = f"The input array size of {len(wanted)} is greater than the maximum allowed of {LARGEST_PAGE}."
        raise TopLevelError(said, "MAX_INPUT_SIZE_EXCEEDED")
    return [node(call, {"id": text}) for text in wanted]


def bulk_operation(call: Call, arguments: Arguments) -> dict[str, Any] | None:
    return call.shop.desk.look(number_of("BulkOperation", arguments["id"]))


def bulk_operations(call: Call, arguments: Arguments) -> dict[str, Any]:
    desk, query = call.shop.desk, arguments.get("query")
    search = parse(query, OPERATION_FILTERS)
    call.warn("bulkOperations", query, search)
    entries = [desk.look(number, poll=False) for number in desk.operations]
    return page_of([e for e in entries if e is not None and search.test(e)], arguments)


def current_bulk_operation(call: Call, arguments: Arguments) -> dict[str, Any] | None:
    started = [one.id for one in call.shop.desk.operations.values() if one.type == arguments["type"]]
    return call.shop.desk.look(started[-1]) if started else None


def current_app_installation(call: Call, arguments: Arguments) -> dict[str, Any]:
    scopes = [{"handle": scope, "description": scope.replace("_", " ")} for scope in sorted(call.reading.scopes)]
    return {"__typename": "AppInstallation", "id": gid("AppInstallation", 1), "accessScopes": scopes}


def public_api_versions(call: Call, arguments: Arguments) -> list[dict[str, Any]]:
    supported = [{"handle": handle, "displayName": handle, "supported": True} for handle in SUPPORTED]
    candidate = {"handle": CANDIDATE, "displayName": f"{CANDIDATE} (Release candidate)", "supported": False}
    return [*supported, candidate, {"handle": "unstable", "displayName": "unstable", "supported": False}]


def shop(call: Call, arguments: Arguments | None = None) -> dict[str, Any]:
    name = call.shop.name
    return {
        "__typename": "Shop", "id": gid("Shop", 1), "name": name, "email": "owner@example.com",
        "myshopifyDomain": f"{name}.myshopify.com", "currencyCode": call.shop.quirks.currency,
    }  # fmt: skip


def customer_merge_job_status(call: Call, arguments: Arguments) -> dict[str, Any] | None:
    """A merge is done at the second look, or when its time has come."""
    job = call.shop.jobs.get(arguments["jobId"])
    if job is None:
        return None
    job["looks"] += 1
    if job["status"] == "IN_PROGRESS" and job["looks"] > 1 and not job["due"]:
        job["status"] = "COMPLETED"
    return job


QUERIES: dict[str, Callable[[Call, Arguments], Any]] = {
    "customers": customers,
    "customersCount": customers_count,
    "customer": customer,
    "customerByIdentifier": customer_by_identifier,
    "customerMergeJobStatus": customer_merge_job_status,
    "customerMergePreview": customer_merge_preview,
    "node": node,
    "nodes": nodes,
    "bulkOperation": bulk_operation,
    "bulkOperations": bulk_operations,
    "currentBulkOperation": current_bulk_operation,
    "currentAppInstallation": current_app_installation,
    "publicApiVersions": public_api_versions,
    "shop": shop,
}
