"""Customers as the vendor's graph has them, and what a document selects of them."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    InlineFragmentNode,
    SelectionSetNode,
    value_from_ast_untyped,
)

Node = dict[str, Any]


def gid(number: int | str) -> str:
    return f"gid://shopify/Customer/{number}"


def customer(number: int, **more: Any) -> Node:
    """One customer as the vendor's graph has it; `metafields` holds plain dictionaries."""
    node: Node = {
        "__typename": "Customer", "id": gid(number), "legacyResourceId": str(number), "firstName": "Ada",
        "lastName": f"Example {number}", "tags": ["pos", "VIP"], "note": None, "numberOfOrders": "3",
        "createdAt": "2025-01-02T03:04:05Z", "updatedAt": "2026-11-01T04:05:06Z",
        "defaultEmailAddress": {
            "emailAddress": f"ada.{number}@example.com", "marketingState": "SUBSCRIBED",
            "marketingOptInLevel": "SINGLE_OPT_IN", "marketingUpdatedAt": "2026-04-02T09:30:00Z",
        },
        "defaultPhoneNumber": {
            "phoneNumber": f"+1613555{number % 100 + 100:04d}",
            "smsMarketingConsent": {
                "state": "NEVER_SUBSCRIBED", "optInLevel": "SINGLE_OPT_IN", "updatedAt": None, "collectedFrom": None,
            },
        },
        "defaultAddress": {
            "id": f"gid://shopify/MailingAddress/8{number}?model_name=CustomerAddress", "address1": "1 Sample St",
            "address2": None, "city": "Ottawa", "provinceCode": "ON", "countryCodeV2": "CA", "zip": "K1A 0A1",
        },
        "metafields": [
            metafield("rollcall.till", f"H-{number}", "id", f"digest-{number}"),
            metafield("facts.birth_date", "1990-02-28", "date"),
            metafield("medical.card", "never to be asked for"),
        ],
    }  # fmt: skip
    return node | more


def metafield(key: str, value: str, kind: str = "single_line_text_field", digest: str | None = None) -> Node:
    namespace, _, name = key.partition(".")
    return {
        "__typename": "Metafield", "id": f"gid://shopify/Metafield/{key}", "namespace": namespace, "key": name,
        "type": kind, "value": value, "compareDigest": digest or f"digest-of-{value}",
    }  # fmt: skip


def selected(value: Any, selection: SelectionSetNode | None, variables: Mapping[str, Any]) -> Any:
    """What a selection takes of a value; metafields come as a connection, filtered by their `keys`."""
    if isinstance(value, list):
        return [selected(one, selection, variables) for one in value]
    if selection is None or value is None:
        return value
    found: Node = {}
    for field in selection.selections:
        if isinstance(field, InlineFragmentNode):
            found |= selected(value, field.selection_set, variables)
            continue
        assert isinstance(field, FieldNode)
        name = field.name.value
        inner = value[name]
        if name == "metafields" and value.get("__typename") == "Customer":
            given = {a.name.value: value_from_ast_untyped(a.value, dict(variables)) for a in field.arguments or ()}
            inner = {"edges": [{"node": m} for m in _keyed(inner, given["keys"])[: given.get("first")]]}
        found[(field.alias or field.name).value] = selected(inner, field.selection_set, variables)
    return found


def _keyed(metafields: list[Node], keys: list[str]) -> list[Node]:
    """Those of the keys, which come back as they were asked for: with their namespace."""
    whole = [m | {"key": f"{m['namespace']}.{m['key']}"} for m in metafields]
    return [m for m in whole if m["key"] in keys]


def below(node: Any, *path: str) -> SelectionSetNode:
    for name in path:
        (node,) = [one for one in node.selection_set.selections if one.name.value == name]
    found: SelectionSetNode = node.selection_set
    return found


def errors(payload: str, field: list[str], message: str, code: str | None = None) -> Node:
    return {payload: None, "userErrors": [{"field": field, "message": message, "code": code}]}
