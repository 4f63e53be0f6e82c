"""From a selection to an answer: GraphQL selections compiled once into functions over the shop's records.

Two gates stand in front of fields (sheet: Scopes): a missing scope refuses the document, unapproved protected customer
data reads null with an error that names the path, while the rest of the answer looks usable.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    get_directive_values,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_list_type,
    is_object_type,
)
from graphql.execution.values import get_argument_values

from connectors.sandbox.shopify.books import Books

Path = tuple[str | int, ...]
Render = Callable[[Any, Path], Any]
Collected = dict[str, list[FieldNode]]
Resolver = Callable[["Reading", Any, Mapping[str, Any]], Any]

PROTECTED = {
    "firstName": "name", "lastName": "name", "displayName": "name", "email": "email", "defaultEmailAddress": "email",
    "phone": "phone", "defaultPhoneNumber": "phone", "defaultAddress": "address", "addresses": "address",
    "addressesV2": "address",
}  # fmt: skip
"""Level 2 fields of Customer, and the field group that an app asks for (sheet: Protected customer data)."""

SCOPES = {
    ("Customer", "mergeable"): "read_customer_merge",
    ("QueryRoot", "customerMergeJobStatus"): "read_customer_merge",
    ("QueryRoot", "customerMergePreview"): "read_customer_merge",
    ("Mutation", "customerMerge"): "write_customer_merge",
    ("Mutation", "customerRequestDataErasure"): "write_customer_data_erasure",
    ("Customer", "unsubscribeUrl"): "write_customers",
    ("CustomerEmailAddress", "marketingUnsubscribeUrl"): "write_customers",
    ("CustomerEmailAddress", "openTrackingUrl"): "write_customers",
    ("CustomerEmailAddress", "sourceLocation"): "read_locations",
    ("CustomerPhoneNumber", "sourceLocation"): "read_locations",
    ("CustomerSmsMarketingConsent", "sourceLocation"): "read_locations",
}
_UNSCOPED_MUTATIONS = (
    "bulkOperationRunQuery",
    "bulkOperationRunMutation",
    "bulkOperationCancel",
    "stagedUploadsCreate",
)


class AccessDeniedError(Exception):
    """A selected field needs a scope that the token has not; refused as a whole."""

    def __init__(self, name: str, scope: str) -> None:
        super().__init__(f"Access denied for {name} field. Required access: `{scope}` access scope.")
        self.scope = scope


class TopLevelError(Exception):
    """An error at the top of a 200, with `data: null`."""

    def __init__(self, message: str, code: str = "BAD_REQUEST") -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Reading:
    """What resolvers may ask for, and the errors that they leave on the way."""

    books: Books
    currency: str
    url_of: Callable[[Any, bool], str | None]
    """Signed address of a bulk operation's file; the flag asks for the partial one."""
    scopes: frozenset[str]
    protected: frozenset[str]
    errors: list[dict[str, Any]] = field(default_factory=list)


class Compiler:
    """Compiles the selections of one operation; `resolvers` know the fields that are not plain entries of a record."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, Any],
        variables: Any,
        resolvers: Mapping[tuple[str, str], Resolver],
        reading: Reading,
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.variables = variables
        self.resolvers = resolvers
        self.reading = reading

    def collect(self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode | None]) -> Collected:
        """The fields that the selection sets ask of one object type, by response key."""
        found: Collected = {}
        for selection_set in sets:
            for selection in selection_set.selections if selection_set else ():
                if self._wanted(selection):
                    self._collect_one(type_, selection, found)
        return found

    def _collect_one(self, type_: GraphQLObjectType, selection: SelectionNode, found: Collected) -> None:
        if isinstance(selection, FieldNode):
            key = selection.alias.value if selection.alias else selection.name.value
            found.setdefault(key, []).append(selection)
            return
        fragment: Any = selection
        if isinstance(selection, FragmentSpreadNode):
            fragment = self.fragments[selection.name.value]
        condition = fragment.type_condition
        if condition is None or self._fits(condition.name.value, type_):
            for key, nodes in self.collect(type_, [fragment.selection_set]).items():
                found.setdefault(key, []).extend(nodes)

    def _fits(self, name: str, type_: GraphQLObjectType) -> bool:
        wanted = self.schema.get_type(name)
        return wanted is type_ or (is_abstract_type(wanted) and self.schema.is_sub_type(wanted, type_))

    def _wanted(self, selection: SelectionNode) -> bool:
        assert isinstance(selection, FieldNode | FragmentSpreadNode | InlineFragmentNode)
        skip = get_directive_values(GraphQLSkipDirective, selection, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, selection, self.variables)
        return not (skip and skip["if"]) and (include is None or include["if"])

    def arguments(self, type_: GraphQLObjectType, node: FieldNode) -> dict[str, Any]:
        return get_argument_values(type_.fields[node.name.value], node, self.variables)

    def fields(self, type_: GraphQLObjectType, collected: Collected) -> Render:
        """A function from a record of the type to the answer's object."""
        parts = [(key, self._field(type_, key, nodes)) for key, nodes in collected.items()]
        return lambda record, path: {key: part(record, path) for key, part in parts}

    def _field(self, type_: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> Render:
        name = nodes[0].name.value
        if name == "__typename":
            return lambda record, path: type_.name
        self.check_scope(type_.name, name)
        read = self._read(type_, nodes[0])
        if type_.name == "Customer" and PROTECTED.get(name) in self.reading.protected:
            return self._denied(name, key)
        finish = self._finish(type_.fields[name].type, nodes)
        if finish is None:
            return lambda record, path: read(record)
        done = finish
        return lambda record, path: done(read(record), (*path, key))

    def _read(self, type_: GraphQLObjectType, node: FieldNode) -> Callable[[Any], Any]:
        name, reading = node.name.value, self.reading
        resolver = self.resolvers.get((type_.name, name))
        if resolver is None:
            return lambda record: record[name]
        arguments, known = self.arguments(type_, node), resolver
        return lambda record: known(reading, record, arguments)

    def _finish(self, type_: GraphQLOutputType, nodes: list[FieldNode]) -> Render | None:
        """How a resolved value becomes part of the answer; None where it is one already."""
        bare = get_nullable_type(type_)
        if is_list_type(bare):
            each = self._finish(bare.of_type, nodes)
            if each is None:
                return None
            one = each
            return lambda values, path: (
                None if values is None else [one(value, (*path, place)) for place, value in enumerate(values)]
            )
        named = get_named_type(bare)
        sets = [node.selection_set for node in nodes]
        if is_object_type(named):
            render = self.fields(named, self.collect(named, sets))
            return lambda value, path: None if value is None else render(value, path)
        return self._abstract(sets) if is_abstract_type(named) else None

    def _abstract(self, sets: Sequence[SelectionSetNode | None]) -> Render:
        compiled: dict[str, Render] = {}

        def render(value: Any, path: Path) -> Any:
            if value is None:
                return None
            name = value["__typename"]
            if name not in compiled:
                concrete = self.schema.type_map[name]
                assert isinstance(concrete, GraphQLObjectType)
                compiled[name] = self.fields(concrete, self.collect(concrete, sets))
            return compiled[name](value, path)

        return render

    def check_scope(self, type_name: str, name: str) -> None:
        needed = SCOPES.get((type_name, name))
        if needed is None and type_name == "Mutation" and name not in _UNSCOPED_MUTATIONS:
            needed = "write_customers"
        elif needed is None and (type_name == "Customer" or name.startswith("customer")):
            needed = "read_customers"
        if needed is not None and needed not in self.reading.scopes:
            raise AccessDeniedError(name, needed)

    def _denied(self, name: str, key: str) -> Render:
        def render(record: Any, path: Path) -> None:
            message = f"This app is not approved to access the Customer object's protected field {name}."
            said = {"message": message, "path": [*path, key], "extensions": {"code": "ACCESS_DENIED"}}
            self.reading.errors.append(said)

        return render
