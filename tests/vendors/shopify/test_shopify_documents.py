"""Every document that is sent to Shopify, against Shopify's own schema of version 2026-10."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    get_named_type,
    parse,
    validate,
    visit,
)
from graphql.execution.values import get_variable_values

from connectors import _shopify_documents as documents
from connectors.base import Evidence
from connectors.clock import SimulatedClock

CONTRACT = Path(__file__).parents[4] / "shared/contracts/shopify_admin_2026-10.introspection.json.gz"
NAMED = {name: text for name, text in vars(documents).items() if name.isupper() and not name.startswith("_")}
BULK = {f"bulk_query({keys})": documents.bulk_query(keys) for keys in ([], ["a.b"], ['odd "name".k\\', "facts.x"])}
OURS = {"read_customers", "write_customers"}

contract = pytest.fixture(scope="session")


@contract
def vendor() -> dict[str, Any]:
    if not CONTRACT.is_file():
        pytest.skip("the vendor's schema is not here (../shared/contracts)")
    return dict(json.loads(gzip.decompress(CONTRACT.read_bytes())))


@contract
def schema(vendor: dict[str, Any]) -> GraphQLSchema:
    return build_client_schema(vendor["data"], assume_valid=True)


def test_there_are_documents() -> None:
    assert len(NAMED) >= 17
    assert all(isinstance(text, str) for text in NAMED.values())


@pytest.mark.parametrize("name", [*NAMED, *BULK])
def test_a_document_is_valid(schema: GraphQLSchema, name: str) -> None:
    document = parse((NAMED | BULK)[name])
    assert [error.message for error in validate(schema, document)] == []
    assert len(document.definitions) == 1


@pytest.mark.parametrize("name", [*NAMED, *BULK])
def test_a_document_asks_for_nothing_beyond_the_two_scopes(
    vendor: dict[str, Any], schema: GraphQLSchema, name: str
) -> None:
    """A scope that is lacking fails a whole export, so none may slip in."""
    scoped = {
        (item["typeName"], item.get("fieldName")): set(item["offlineScopes"])
        for item in vendor["offline_scopes"]["items"]
        if item["offlineScopes"]
    }
    info, beyond = TypeInfo(schema), []

    class Scopes(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent, kind = info.get_parent_type(), info.get_type()
            assert parent is not None
            for place in ((parent.name, node.name.value), (get_named_type(kind).name if kind else "", None)):
                if place in scoped and not scoped[place] & OURS:
                    beyond.append(place)

    visit(parse((NAMED | BULK)[name]), TypeInfoVisitor(info, Scopes()))
    assert beyond == []


@pytest.mark.parametrize("query", BULK.values(), ids=BULK)
def test_a_bulk_query_keeps_to_the_vendors_rules(query: str) -> None:
    """No variables, `edges` and `node` only, at most five connections and two levels, the parent's plain id."""
    (operation,) = parse(query).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert not operation.variable_definitions
    assert query.count("edges") == 2
    assert "nodes" not in query
    assert "$" not in query
    assert "__typename id legacyResourceId" in query


def test_variables_have_the_forms_that_the_schema_wants(
    schema: GraphQLSchema, shop: Any, clock: SimulatedClock
) -> None:
    """Everything that a pull, a look-up, a check and every kind of write sends."""
    for change, _ in shop.writes():
        shop.customers = shop.customers or {}
        shop.connector(clock, writes=True).write(change)
    connector = shop.connector(clock, writes=True)
    list(connector.pages(Evidence()))
    connector.check()
    connector.find("email", "ada.7001@example.com")
    connector.find("phone", "+16135550101")
    shop.customers["gid://shopify/Customer/7001"]["defaultAddress"] = None
    change = next(change for change, _ in shop.writes() if "street" in change.after)
    connector.write(type(change)("update", "7001", {}, change.after, key="c-20"))
    sent = list(shop.documents())
    assert {parse(text).definitions[0].name.value for text, _ in sent} >= {  # type-free: an operation has a name
        "Update", "Create", "TagsAdd", "TagsRemove", "EmailConsent", "SmsConsent", "AddressUpdate", "AddressCreate",
        "MetafieldsSet", "MetafieldsDelete", "BulkStart", "BulkProgress", "ByIds", "Find", "Sample", "Account", "Count",
    }  # fmt: skip
    for text, variables in sent:
        (operation,) = parse(text).definitions
        assert isinstance(operation, OperationDefinitionNode)
        coerced = get_variable_values(schema, operation.variable_definitions or (), variables)
        assert isinstance(coerced, dict), (text, coerced)
        assert coerced.keys() == variables.keys()
