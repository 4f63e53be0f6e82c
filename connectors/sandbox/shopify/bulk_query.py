"""The inner query of a bulk operation: what refuses it, and how records become JSONL lines (sheet: Bulk export)."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    is_object_type,
    parse,
)

from connectors.sandbox.shopify.books import Record, gid
from connectors.sandbox.shopify.bulk import MakeLines
from connectors.sandbox.shopify.documents import DocumentError, prepare
from connectors.sandbox.shopify.fields import CUSTOMER_FILTERS, RESOLVERS, metafield_list
from connectors.sandbox.shopify.render import Collected, Compiler, Path, Reading, Render
from connectors.sandbox.shopify.schema import schema
from connectors.sandbox.shopify.search import parse as parse_search


class RefusedQueryError(ValueError):
    """The inner query cannot run in bulk; the message begins as the vendor's does."""


def liner(version: str, query: str, records: Sequence[Record], reading: Reading, *, grouped: bool) -> MakeLines:
    """Checks the inner query and returns what makes its lines out of `records`.

    Raises RefusedQueryError, and AccessDeniedError for a field beyond the token's scopes.
    """
    compiler, root = _checked(version, query, reading)
    customer = schema(version).type_map["Customer"]
    assert isinstance(customer, GraphQLObjectType)
    collected = compiler.collect(customer, _node_sets(root))
    children = {key: nodes for key, nodes in collected.items() if _is_connection(customer, nodes[0])}
    plain = compiler.fields(customer, {key: nodes for key, nodes in collected.items() if key not in children})
    below = [_children(compiler, customer, nodes) for nodes in children.values()]
    search = parse_search(compiler.arguments(_root_type(version), root).get("query"), CUSTOMER_FILTERS)

    def make(rng: random.Random) -> tuple[list[bytes], int]:
        chosen = [record for record in records if search.test(record)]
        return _lines(chosen, plain, below, None if grouped else rng), len(chosen)

    return make


def _lines(
    records: Sequence[Record],
    plain: Render,
    below: Sequence[Callable[[Record], list[dict[str, Any]]]],
    rng: random.Random | None,
) -> list[bytes]:
    """Children right below their parent, or (with `rng`) anywhere, even before it."""
    lines: list[tuple[float, bytes]] = []
    for place, record in enumerate(records):
        parent = gid("Customer", record["id"])
        lines.append((place, _line(plain(record, ()))))
        for child in (child for children in below for child in children(record)):
            at = rng.random() * len(records) if rng else place
            lines.append((at, _line({**child, "__parentId": parent})))
    return [line for _, line in sorted(lines, key=lambda entry: entry[0])]


def _line(entry: Mapping[str, Any]) -> bytes:
    """One JSON line, slashes escaped as in the real file."""
    return orjson.dumps(entry).replace(b"/", b"\\/") + b"\n"


def _children(
    compiler: Compiler, customer: GraphQLObjectType, nodes: list[FieldNode]
) -> Callable[[Record], list[dict[str, Any]]]:
    connection = get_named_type(customer.fields[nodes[0].name.value].type)
    assert isinstance(connection, GraphQLObjectType)
    child_type = get_named_type(connection.fields["nodes"].type)
    assert isinstance(child_type, GraphQLObjectType)
    sets = [selection_set for node in nodes for selection_set in _node_sets(node)]
    render = compiler.fields(child_type, compiler.collect(child_type, sets))
    name, arguments, nowhere = nodes[0].name.value, compiler.arguments(customer, nodes[0]), Path()
    if name == "metafields":
        return lambda record: [render(row, nowhere) for row in metafield_list(record, arguments)]
    return lambda record: [render(row, nowhere) for row in record["addresses"]]


def _checked(version: str, query: str, reading: Reading) -> tuple[Compiler, FieldNode]:
    """The compiler and the one root connection. Raises RefusedQueryError."""
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        raise RefusedQueryError(f"Invalid bulk query: syntax error, {error.message}") from error
    operation = next((d for d in document.definitions if isinstance(d, OperationDefinitionNode)), None)
    if operation is None or operation.operation is not OperationType.QUERY:
        raise RefusedQueryError("Invalid operation type. Only `query` operations are supported.")
    roots = [node for node in operation.selection_set.selections if isinstance(node, FieldNode)]
    if any(node.name.value in ("node", "nodes") for node in roots):
        raise RefusedQueryError("Bulk queries cannot contain a top level `node` field.")
    try:
        prepared = prepare(version, query)
    except DocumentError as error:
        raise RefusedQueryError(f"Invalid bulk query: {error}") from error
    connections = [node for node in roots if _is_connection(_root_type(version), node)]
    if not connections:
        raise RefusedQueryError("Bulk queries must contain at least one connection.")
    compiler = Compiler(schema(version), prepared.fragments, None, RESOLVERS, reading)
    found = sum(_check_connection(compiler, _root_type(version), node, 1) for node in connections)
    if found > 5:
        raise RefusedQueryError("Bulk queries cannot contain more than 5 connections.")
    return compiler, connections[0]


def _check_connection(compiler: Compiler, owner: GraphQLObjectType, node: FieldNode, depth: int) -> int:
    """How many connections this is, those inside included. Raises RefusedQueryError."""
    if depth > 3:
        raise RefusedQueryError("Bulk queries cannot contain connections with a nesting depth greater than 2.")
    used = {part.name.value for part in _fields_of(node.selection_set)}
    if "nodes" in used or "edges" not in used or not _node_sets(node):
        raise RefusedQueryError(
            "All connection fields in a bulk query must select their contents using 'edges' > 'node'. Found: "
            f"'{node.name.value}'."
        )
    connection = get_named_type(owner.fields[node.name.value].type)
    assert isinstance(connection, GraphQLObjectType)
    item = get_named_type(connection.fields["nodes"].type)
    assert isinstance(item, GraphQLObjectType)
    collected = compiler.collect(item, _node_sets(node))
    inner = [nodes[0] for nodes in collected.values() if _is_connection(item, nodes[0])]
    if inner and not _selects_id(collected):
        raise RefusedQueryError(
            "The parent 'node' field for a nested connection must select the 'id' field without an alias "
            f"and must be of 'ID' return type. Connection fields without 'id': {inner[0].name.value}."
        )
    _check_lists(compiler, item, collected)
    return 1 + sum(_check_connection(compiler, item, nested, depth + 1) for nested in inner)


def _check_lists(compiler: Compiler, type_: GraphQLObjectType, collected: Collected) -> None:
    for nodes in collected.values():
        name = nodes[0].name.value
        if name == "__typename" or _is_connection(type_, nodes[0]):
            continue
        inside = get_named_type(type_.fields[name].type)
        if is_object_type(inside):
            deeper = compiler.collect(inside, [node.selection_set for node in nodes])
            if any(_is_connection(inside, below[0]) for below in deeper.values()):
                raise RefusedQueryError(
                    "Queries that contain a connection field within a list field are not currently supported."
                )


def _selects_id(collected: Collected) -> bool:
    return "id" in collected and collected["id"][0].name.value == "id"


def _is_connection(type_: GraphQLObjectType, node: FieldNode) -> bool:
    known = type_.fields.get(node.name.value)
    return known is not None and get_named_type(known.type).name.endswith("Connection")


def _node_sets(node: FieldNode) -> list[SelectionSetNode | None]:
    """The selections below `edges` > `node`."""
    edges = [part for part in _fields_of(node.selection_set) if part.name.value == "edges"]
    inner = [part for edge in edges for part in _fields_of(edge.selection_set) if part.name.value == "node"]
    return [part.selection_set for part in inner]


def _fields_of(selection_set: SelectionSetNode | None) -> list[FieldNode]:
    found: list[FieldNode] = []
    for part in selection_set.selections if selection_set else ():
        if isinstance(part, FieldNode):
            found.append(part)
        elif isinstance(part, InlineFragmentNode):
            found += _fields_of(part.selection_set)
        elif isinstance(part, FragmentSpreadNode):
            raise RefusedQueryError("Invalid bulk query: fragments around 'edges' or 'node' are not supported here.")
    return found


def _root_type(version: str) -> GraphQLObjectType:
    root = schema(version).query_type
    assert root is not None
    return root
