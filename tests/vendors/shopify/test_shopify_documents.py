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
    coerce_input_value,
    get_named_type,
    is_input_type,
    parse,
    type_from_ast,
    validate,
    visit,
)

from connectors import _shopify_batches as batches
from connectors import _shopify_documents as documents
from connectors import _shopify_merges as merges
from connectors.base import Evidence
from connectors.clock import SimulatedClock

CONTRACT = Path(__file__).parents[4] / "shared/contracts/shopify_admin_2026-10.introspection.json.gz"
NAMED = {name: text for name, text in vars(documents).items() if name.isupper() and not name.startswith("_")}
BULK = {f"bulk_query({keys})": documents.bulk_query(keys) for keys in ([], ["a.b"], ['odd "name".k\\', "facts.x"])}
MERGES = {name: getattr(merges, name) for name in ("PREVIEW", "MERGE", "JOB", "STANDING")}
"""What is sent where merging was switched on, and its scopes granted."""
BATCHES = {name: getattr(batches, name) for name in ("STAGE", "RUN", "NEWEST")}
OURS = {"read_customers", "write_customers"}


@pytest.fixture(scope="session")
def vendor() -> dict[str, Any]:
    if not CONTRACT.is_file():
        pytest.skip("the vendor's schema is not here (../shared/contracts)")
    return dict(json.loads(gzip.decompress(CONTRACT.read_bytes())))


@pytest.fixture(scope="session")
def schema(vendor: dict[str, Any]) -> GraphQLSchema:
    return build_client_schema(vendor["data"], assume_valid=True)


def test_there_are_documents() -> None:
    assert len(NAMED) >= 17
    assert all(isinstance(text, str) for text in NAMED.values())


@pytest.mark.parametrize("name", [*NAMED, *BULK, *MERGES, *BATCHES])
def test_a_document_is_valid(schema: GraphQLSchema, name: str) -> None:
    document = parse((NAMED | BULK | MERGES | BATCHES)[name])
    assert [error.message for error in validate(schema, document)] == []
    assert len(document.definitions) == 1


@pytest.mark.parametrize("name", [*NAMED, *BULK, *MERGES, *BATCHES])
def test_a_document_asks_for_nothing_beyond_its_scopes(
    vendor: dict[str, Any], schema: GraphQLSchema, name: str
) -> None:
    """A scope that is lacking fails a whole export, so none may slip in; only erasing and merging need their own (M10, M15)."""
    ours = OURS | ({"read_customer_data_erasure", "write_customer_data_erasure"} if name == "ERASE" else set())
    ours |= merges.SCOPES if name in MERGES else set()
    scoped = {
        (item["typeName"], item.get("fieldName")): set(item["offlineScopes"])
        for item in vendor["offline_scopes"]["items"]
        if item["offlineScopes"]
    }
    info, beyond = TypeInfo(schema), list[tuple[str, str | None]]()

    class Scopes(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent, kind = info.get_parent_type(), info.get_type()
            assert parent is not None
            places = [(parent.name, node.name.value), (get_named_type(kind).name if kind else "", None)]
            beyond.extend(place for place in places if place in scoped and not scoped[place] & ours)

    visit(parse((NAMED | BULK | MERGES | BATCHES)[name]), TypeInfoVisitor(info, Scopes()))
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
    sent: list[tuple[str, dict[str, Any]]] = []
    for change, _ in shop.writes():
        shop.serve(3)
        shop.connector(clock, writes=True).write(change)
        sent += shop.documents()
    shop.serve(3)
    connector = shop.connector(clock, writes=True)
    list(connector.pages(Evidence()))
    connector.check()
    connector.find("email", "ada.7001@example.com")
    connector.find("phone", "+16135550101")
    shop.customers["gid://shopify/Customer/7001"]["defaultAddress"] = None
    change = next(change for change, _ in shop.writes() if "street" in change.after)
    connector.write(type(change)("update", "7001", {}, change.after, key="c-20"))
    sent += shop.documents()
    assert {text for text, _ in sent} == set(NAMED.values()) - {documents.EXPORT, documents.BULK_CANCEL}
    for text, variables in sent:
        (operation,) = parse(text).definitions
        assert isinstance(operation, OperationDefinitionNode)
        declared = {one.variable.name.value: one.type for one in operation.variable_definitions or ()}
        assert declared.keys() == variables.keys()
        for name, kind in declared.items():
            wanted = type_from_ast(schema, kind)
            assert is_input_type(wanted)
            coerce_input_value(variables[name], wanted)  # raises where the value is not of the type


@pytest.mark.parametrize("keeps_email", [True, False])
def test_the_variables_of_a_merge_have_the_forms_that_the_schema_wants(
    schema: GraphQLSchema, shop: Any, clock: SimulatedClock, keeps_email: bool
) -> None:
    client = shop.connector(clock, writes=True).client
    variables = merges.Merging(client, clock, "7002", "7001", keeps_email=keeps_email).variables
    for name in ("PREVIEW", "MERGE"):
        (operation,) = parse(MERGES[name]).definitions
        assert isinstance(operation, OperationDefinitionNode)
        for one in operation.variable_definitions or ():
            wanted = type_from_ast(schema, one.type)
            assert is_input_type(wanted)
            coerce_input_value(variables[one.variable.name.value], wanted)


def test_the_variables_of_a_bulk_write_have_the_forms_that_the_schema_wants(schema: GraphQLSchema) -> None:
    """And what goes out together is one mutation at the top, as the vendor asks."""
    sent = {"STAGE": {"input": [batches._FILE]}, "RUN": {"mutation": documents.UPDATE, "path": "tmp/key"}}
    for name, variables in sent.items():
        (operation,) = parse(BATCHES[name]).definitions
        assert isinstance(operation, OperationDefinitionNode)
        for one in operation.variable_definitions or ():
            wanted = type_from_ast(schema, one.type)
            assert is_input_type(wanted)
            coerce_input_value(variables[one.variable.name.value], wanted)
    for text in (documents.UPDATE, documents.METAFIELDS_SET, documents.TAGS_ADD, documents.ADDRESS_UPDATE):
        (operation,) = parse(text).definitions
        assert isinstance(operation, OperationDefinitionNode)
        assert len(operation.selection_set.selections) == 1
