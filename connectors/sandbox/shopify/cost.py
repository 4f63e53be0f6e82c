"""What a query costs (sheet: Rate limit, the model that reproduces the recorded numbers).

A connection of n: 2 + max(1, floor(2 ln n)) x cost per node. Objects 1, some 0; scalars 0; a count 10; a mutation 10
and what it returns, its payload and the customer in it being free.
"""

import math
from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLObjectType,
    GraphQLOutputType,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_object_type,
)

from connectors.sandbox.shopify.render import Compiler

MUTATION = 10
COUNT = 10
FREE = frozenset(
    {
        ("Customer", "amountSpent"), ("Customer", "defaultAddress"), ("Customer", "emailMarketingConsent"),
        ("Customer", "smsMarketingConsent"), ("Customer", "addresses"),
    }
)  # fmt: skip
_IN_PAYLOAD = frozenset(
    {"customer", "node", "address", "metafields", "bulkOperation", "job", "shop", "deletedMetafields", "stagedTargets"}
)


def operation_cost(
    compiler: Compiler, root: GraphQLObjectType, selection: SelectionSetNode, rows: Mapping[str, int] | None = None
) -> int:
    """Points of an operation. `rows`: what root connections really returned, by response key, for the actual cost."""
    collected = compiler.collect(root, [selection])
    return sum(_field(compiler, root, nodes, (rows or {}).get(key)) for key, nodes in collected.items())


def connection_cost(size: int, per_node: int) -> int:
    return 2 + max(1, math.floor(2 * math.log(max(1, size)))) * per_node


def _field(compiler: Compiler, type_: GraphQLObjectType, nodes: list[FieldNode], rows: int | None = None) -> int:
    name = nodes[0].name.value
    if name == "__typename":
        return 0
    returned = type_.fields[name].type
    named = get_named_type(returned)
    sets = [node.selection_set for node in nodes]
    if type_.name == "Mutation":
        return MUTATION + _inside(compiler, returned, sets)
    if named.name == "Count":
        return COUNT
    if named.name.endswith("Connection"):
        arguments = compiler.arguments(type_, nodes[0])
        size = rows if rows is not None else arguments.get("first") or arguments.get("last") or 0
        return connection_cost(size, _per_node(compiler, named, sets))
    if not (is_object_type(named) or is_abstract_type(named)):
        return 0
    times = _times(compiler, type_, nodes[0], rows)
    own = 0 if (type_.name, name) in FREE or _is_payload_part(type_, name) else 1
    return times * (own + _inside(compiler, returned, sets))


def _times(compiler: Compiler, type_: GraphQLObjectType, node: FieldNode, rows: int | None) -> int:
    if node.name.value != "nodes" or type_.name != "QueryRoot":
        return 1
    return rows if rows is not None else len(compiler.arguments(type_, node)["ids"])


def _is_payload_part(type_: GraphQLObjectType, name: str) -> bool:
    return type_.name.endswith("Payload") and (name in _IN_PAYLOAD or name == "userErrors")


def _per_node(compiler: Compiler, connection: Any, sets: list[SelectionSetNode | None]) -> int:
    """1 for the node and what is selected on it, whether through `nodes` or through `edges`."""
    found = compiler.collect(connection, sets)
    wanted = list(found.get("nodes", []))
    edge = connection.fields["edges"].type
    for nodes in compiler.collect(get_named_type(edge), [n.selection_set for n in found.get("edges", [])]).values():
        wanted += [node for node in nodes if node.name.value == "node"]
    return 1 + _inside(compiler, connection.fields["nodes"].type, [node.selection_set for node in wanted])


def _inside(compiler: Compiler, type_: GraphQLOutputType, sets: list[SelectionSetNode | None]) -> int:
    named = get_named_type(type_)
    if is_object_type(named):
        return sum(_field(compiler, named, nodes) for nodes in compiler.collect(named, sets).values())
    if is_abstract_type(named):
        return max(_inside(compiler, possible, sets) for possible in compiler.schema.get_possible_types(named))
    return 0
