"""What the simulated shop says about a GraphQL document that does not fit its schema (sheet: Errors, top level)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    get_variable_values,
    parse,
    validate,
)

from connectors.sandbox.shopify.schema import schema

_SAID = (
    (re.compile(r"Cannot query field '(\w+)' on type '(\w+)'"), "undefinedField",
     "Field '{0}' doesn't exist on type '{1}'"),
    (re.compile(r"Unknown argument '(\w+)' on field '([\w.]+)'"), "argumentNotAccepted",
     "Field '{1}' doesn't accept argument '{0}'"),
    (re.compile(r"Field '(\w+)' argument '(\w+)' of type '[^']+' is required"), "missingRequiredArguments",
     "Field '{0}' is missing required arguments: {1}"),
    (re.compile(r"Argument '(?:\w+\.)?(\w+)\((\w+):\)' of type '[^']+' is required"), "missingRequiredArguments",
     "Field '{0}' is missing required arguments: {1}"),
    (re.compile(r"Field '(\w+)' of type '[^']+' must have a selection"), "selectionMismatch",
     "Field must have selections ('{0}')"),
    (re.compile(r"Variable '(\$\w+)' of type '([^']+)' used in position expecting type '([^']+)'"), "variableMismatch",
     "Type mismatch on variable {0} ({1} / {2})"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that fits the schema: the operation that was asked for, and the fragments beside it."""

    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]


class DocumentError(ValueError):
    """A document or its variables do not fit; `errors` as the vendor puts them at the top of a 200."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


@lru_cache(maxsize=256)
def prepare(version: str, text: str, operation_name: str | None = None) -> Prepared:
    """Parse and validate. Raises DocumentError."""
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        raise DocumentError([_said(error, "parseError", f"syntax error: {error.message}")]) from error
    errors = validate(schema(version), document)
    if errors:
        raise DocumentError([_explained(error) for error in errors])
    return _chosen(document, operation_name)


def variables(version: str, operation: OperationDefinitionNode, given: Mapping[str, Any]) -> Any:
    """The operation's variables, coerced, in the library's own form. Raises DocumentError with INVALID_VARIABLE."""
    coerced = get_variable_values(schema(version), operation.variable_definitions or (), dict(given))
    if isinstance(coerced, list):
        problems = [{"path": [], "explanation": error.message} for error in coerced]
        raise DocumentError(
            [
                {"message": error.message, "extensions": {"code": "INVALID_VARIABLE", "problems": problems}}
                for error in coerced
            ]
        )
    return coerced


def _chosen(document: DocumentNode, name: str | None) -> Prepared:
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    chosen = [d for d in operations if name is None or (d.name is not None and d.name.value == name)]
    if len(chosen) != 1:
        raise DocumentError([{"message": "An operation name is required", "extensions": {"code": "BAD_REQUEST"}}])
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    return Prepared(chosen[0], fragments)


def _explained(error: GraphQLError) -> dict[str, Any]:
    for pattern, code, message in _SAID:
        found = pattern.search(error.message)
        if found:
            return _said(error, code, message.format(*found.groups()))
    return _said(error, "argumentLiteralsIncompatible", error.message)


def _said(error: GraphQLError, code: str, message: str) -> dict[str, Any]:
    places = [{"line": place.line, "column": place.column} for place in error.locations or []]
    return {"message": message, "locations": places, "extensions": {"code": code}}
