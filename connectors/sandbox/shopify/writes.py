"""The writing half of the simulated shop (sheet: Writing customers). A write is done only when userErrors is empty."""

from collections.abc import Callable, Mapping
from typing import Any

from connectors.sandbox.shopify.books import Record, gid, number_of
from connectors.sandbox.shopify.bulk import SLOTS
from connectors.sandbox.shopify.bulk_query import RefusedQueryError, liner
from connectors.sandbox.shopify.call import Call, UserErrors, user_error
from connectors.sandbox.shopify.consent import (
    email_consent_update,
    metafields_delete,
    metafields_set,
    sms_consent_update,
)
from connectors.sandbox.shopify.input import address_from, applied, blank_address, checked_tags, same_address
from connectors.sandbox.shopify.merge import customer_merge
from connectors.sandbox.shopify.people import facts, with_metafield
from connectors.sandbox.shopify.queries import by_custom_id, shop
from connectors.sandbox.shopify.render import AccessDeniedError, TopLevelError

Arguments = Mapping[str, Any]
Payload = dict[str, Any]


def customer_create(call: Call, arguments: Arguments) -> Payload:
    given = arguments["input"]
    if given.get("id") is not None:
        return _refused("customer", [user_error(["id"], "Cannot specify ID on creation")])
    return _create(call, "customerCreate", given)


def customer_update(call: Call, arguments: Arguments) -> Payload:
    given = arguments["input"]
    record = call.books.by_gid(given.get("id") or "")
    if record is None:
        return _refused("customer", [user_error(["id"], "Customer does not exist")])
    made, errors = applied(call, record, given)
    if errors:
        return _refused("customer", errors)
    return _done("customer", call.commit("customerUpdate", record, made))


def customer_set(call: Call, arguments: Arguments) -> Payload:
    """Create or update by one key: the retry-safe create."""
    identifier, given = arguments.get("identifier"), arguments["input"]
    record, wrong = _identified(call, identifier, given)
    if wrong:
        return _refused("customer", wrong)
    made, errors = applied(call, record or call.books.blank(call.shop.stamp()), given, creating=record is None)
    if errors:
        fronted = [{**error, "field": ["input", *(error["field"] or [])]} for error in errors]
        return _refused("customer", [{**error, "code": error["code"] or "INVALID"} for error in fronted])
    custom = (identifier or {}).get("customId")
    if custom and record is None:
        name = f"{custom.get('namespace') or '$app'}.{custom['key']}"
        made = with_metafield(call.books, made, name, custom["value"], "id")
    return _done("customer", call.commit("customerSet", record, made))


def customer_delete(call: Call, arguments: Arguments) -> Payload:
    record = call.books.by_gid(arguments["input"]["id"])
    extra = {"shop": shop(call)}
    if record is None:
        return _refused("deletedCustomerId", [user_error(["id"], "Customer can't be found")]) | extra
    if record["orders"]:
        said = "Customer can’t be deleted because they have associated orders"
        return _refused("deletedCustomerId", [user_error(["id"], said)]) | extra
    if not call.pretending:
        call.books.drop(record["id"])
    had = facts(record, call.shop.mapped)
    call.note("customerDelete", str(record["id"]), had, {**dict.fromkeys(had), "status": "deleted"})
    return _done("deletedCustomerId", gid("Customer", record["id"])) | extra


def request_erasure(call: Call, arguments: Arguments) -> Payload:
    """Only queues: right after it the customer is still fully readable (sheet: Webhooks and privacy)."""
    record = call.books.by_gid(arguments["customerId"])
    if record is None:
        return _refused("customerId", [user_error(["customerId"], "Customer does not exist", "DOES_NOT_EXIST")])
    if not call.pretending:
        call.shop.to_erase.append(record["id"])
    call.note("customerRequestDataErasure", str(record["id"]), {}, {"status": "erased"})
    return _done("customerId", arguments["customerId"])


def tags_add(call: Call, arguments: Arguments) -> Payload:
    return _retag(call, "tagsAdd", arguments["id"], lambda tags: [*tags, *arguments["tags"]])


def tags_remove(call: Call, arguments: Arguments) -> Payload:
    gone = {tag.strip().casefold() for tag in arguments["tags"]}
    return _retag(call, "tagsRemove", arguments["id"], lambda tags: [t for t in tags if t.casefold() not in gone])


def address_create(call: Call, arguments: Arguments) -> Payload:
    owner = call.books.by_gid(arguments["customerId"])
    if owner is None:
        return _refused("address", [user_error(["customerId"], "Customer does not exist")])
    address, wrong = address_from(call.books, blank_address(call.books), arguments["address"], owner)
    errors = [user_error(["address", name], message) for name, message in wrong]
    if any(same_address(address, other) for other in owner["addresses"]):
        errors.append(user_error(["address"], "Address already exists"))
    if errors:
        return _refused("address", errors)
    default = address["id"] if arguments.get("setAsDefault") or owner["default"] is None else owner["default"]
    made = {**owner, "addresses": [*owner["addresses"], address], "default": default}
    call.commit("customerAddressCreate", owner, made)
    return _done("address", address)


def address_update(call: Call, arguments: Arguments) -> Payload:
    owner, old, errors = _address(call, arguments)
    if owner is None or old is None:
        return _refused("address", errors)
    address, wrong = address_from(call.books, old, arguments["address"], owner)
    if wrong:
        return _refused("address", [user_error(["address", name], message) for name, message in wrong])
    made = {**owner, "addresses": [address if other is old else other for other in owner["addresses"]]}
    if arguments.get("setAsDefault"):
        made["default"] = address["id"]
    call.commit("customerAddressUpdate", owner, made)
    return _done("address", address)


def address_delete(call: Call, arguments: Arguments) -> Payload:
    owner, old, errors = _address(call, arguments)
    if owner is None or old is None:
        return _refused("deletedAddressId", errors)
    left = [address for address in owner["addresses"] if address is not old]
    default = owner["default"] if owner["default"] != old["id"] else next((a["id"] for a in left), None)
    call.commit("customerAddressDelete", owner, {**owner, "addresses": left, "default": default})
    return _done("deletedAddressId", arguments["addressId"])


def default_address_update(call: Call, arguments: Arguments) -> Payload:
    owner, address, errors = _address(call, arguments)
    if owner is None or address is None:
        return _refused("customer", errors)
    made = {**owner, "default": address["id"]}
    return _done("customer", call.commit("customerUpdateDefaultAddress", owner, made))


def bulk_run(call: Call, arguments: Arguments) -> Payload:
    """Starts an export; a sixth at once is refused. A field beyond the scopes fails it as a whole."""
    desk, running = call.shop.desk, call.shop.desk.running()
    if len(running) >= SLOTS:
        ids = ", ".join(gid("BulkOperation", operation.id) for operation in running)
        said = f"A bulk query operation for this app and shop is already in progress: {ids}."
        return _refused("bulkOperation", [user_error(None, said, "OPERATION_IN_PROGRESS")])
    query, records = arguments["query"], [call.books.customers[key] for key in call.books.ids]
    try:
        make = liner(call.version, query, records, call.reading, grouped=arguments["groupObjects"])
    except RefusedQueryError as error:
        return _refused("bulkOperation", [user_error(["query"], str(error), "INVALID")])
    except AccessDeniedError:
        return _done("bulkOperation", desk.open_denied(query).entry())
    return _done("bulkOperation", desk.open(query, make).entry())


def bulk_cancel(call: Call, arguments: Arguments) -> Payload:
    entry = call.shop.desk.cancel(number_of("BulkOperation", arguments["id"]))
    if entry is None:
        return _refused("bulkOperation", [user_error(["id"], "Bulk operation does not exist")])
    return _done("bulkOperation", entry)


def _create(call: Call, operation: str, given: Mapping[str, Any]) -> Payload:
    made, errors = applied(call, call.books.blank(call.shop.stamp()), given, creating=True)
    if not any(given.values()):
        errors = [user_error(None, "Customer must have a name, phone number or email address")]
    return _refused("customer", errors) if errors else _done("customer", call.commit(operation, None, made))


def _identified(call: Call, identifier: Mapping[str, Any] | None, given: Mapping[str, Any]) -> tuple[Any, UserErrors]:
    """Who a customerSet means: a customer, nobody yet (None), or what is wrong."""
    asked = {key: value for key, value in (identifier or {}).items() if value is not None}
    if identifier is None or not asked:
        if given.get("id") is None:
            return None, []
        asked = {"id": given["id"]}
    elif given.get("id") is not None:
        said = "The id field is not allowed if identifier is provided."
        return None, [user_error(["input"], said, "ID_NOT_ALLOWED")]
    if len(asked) > 1:
        raise TopLevelError("The 'CustomerSetIdentifiers' argument must have exactly one key.", "INVALID")
    ((kind, value),) = asked.items()
    if kind == "id":
        record = call.books.by_gid(value)
        said = "Resource matching the identifier was not found."
        return record, [] if record is not None else [user_error(["input"], said, "NOT_FOUND")]
    if kind == "customId":
        return by_custom_id(call, value), []
    if given.get(kind) is None:
        said = "The input field corresponding to the identifier is required."
        return None, [user_error(["input"], said, "MISSING_FIELD_REQUIRED")]
    if given[kind] != value:
        said = "The identifier value does not match the value of the corresponding field in the input."
        return None, [user_error(["input"], said, "INPUT_MISMATCH")]
    return call.books.customers.get(call.books.holder(**{kind: value}) or 0), []


def _retag(call: Call, operation: str, text: str, change: Callable[[list[str]], list[str]]) -> Payload:
    record = call.books.by_gid(text)
    if record is None:
        return _refused("node", [user_error(["id"], "Customer does not exist")])
    errors: UserErrors = []
    tags = checked_tags(change(record["tags"]), errors)
    if errors:
        return _refused("node", errors)
    return _done("node", call.commit(operation, record, {**record, "tags": tags}))


def _address(call: Call, arguments: Arguments) -> tuple[Record | None, Record | None, UserErrors]:
    """The customer and the address that are meant. Raises TopLevelError for an id without its suffix."""
    number = number_of("MailingAddress", arguments["addressId"])
    if number is None:
        raise TopLevelError("invalid id", "RESOURCE_NOT_FOUND")
    owner = call.books.by_gid(arguments["customerId"])
    if owner is None:
        return None, None, [user_error(["customerId"], "Customer does not exist")]
    address = next((held for held in owner["addresses"] if held["id"] == number), None)
    return owner, address, [] if address else [user_error(["addressId"], "Address does not exist")]


def _done(name: str, value: Any) -> Payload:
    return {name: value, "userErrors": []}


def _refused(name: str, errors: UserErrors) -> Payload:
    return {name: None, "userErrors": errors}


MUTATIONS: dict[str, Callable[[Call, Arguments], Payload]] = {
    "customerCreate": customer_create,
    "customerUpdate": customer_update,
    "customerSet": customer_set,
    "customerDelete": customer_delete,
    "customerRequestDataErasure": request_erasure,
    "customerMerge": customer_merge,
    "tagsAdd": tags_add,
    "tagsRemove": tags_remove,
    "customerAddressCreate": address_create,
    "customerAddressUpdate": address_update,
    "customerAddressDelete": address_delete,
    "customerUpdateDefaultAddress": default_address_update,
    "customerEmailMarketingConsentUpdate": email_consent_update,
    "customerSmsMarketingConsentUpdate": sms_consent_update,
    "metafieldsSet": metafields_set,
    "metafieldsDelete": metafields_delete,
    "bulkOperationRunQuery": bulk_run,
    "bulkOperationCancel": bulk_cancel,
}
