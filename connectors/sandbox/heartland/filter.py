"""Heartland's filter language (sheet: Filter language): what a query string asks for, as conditions that records meet.

Forms: `_filter=<JSON object or array>`, `_filter[]=<JSON>` repeated, `_filter[f][$op]=value`, `_filter[f][$in][]=v`.
Operators are those seen in the vendor's own tools; the ones that only a weak source knows are refused.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

Record = Mapping[str, Any]

OPERATORS = ("$eq", "$neq", "$gt", "$in")
TIMES = ("created_at", "updated_at", "completed_at")
NUMBERS = ("id", "customer_id")
_BRACKETS = re.compile(r"_filter\[([^\]$]+)\](?:\[(\$\w+)\])?(\[\])?")


class FilterError(ValueError):
    """The filter cannot be read; the account answers 400."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One field compared with one value; `$or` holds a list of alternatives instead."""

    field: str
    op: str
    value: Any

    def met_by(self, record: Record) -> bool:
        if self.op == "$or":
            return any(all(part.met_by(record) for part in branch) for branch in self.value)
        have = value_of(record, self.field)
        match self.op:
            case "$eq":
                return bool(have == self.value)
            case "$neq":
                return bool(have != self.value)
            case "$in":
                return have in self.value
            case _:
                return _after(self.field, have, self.value)


def value_of(record: Record, name: str) -> Any:
    """A field of a record; `custom@key` reaches into the custom fields."""
    if name.startswith("custom@"):
        return record["custom"].get(name.removeprefix("custom@"))
    return record.get(name)


def parse(query: Mapping[str, list[str]], known: Collection[str]) -> list[Condition]:
    """Every condition of a query string, all to be met. Raises FilterError, also for a field not in `known`."""
    conditions: list[Condition] = []
    for name, values in query.items():
        if name in ("_filter", "_filter[]"):
            for text in values:
                conditions += _of_json(text, known)
        elif bracket := _BRACKETS.fullmatch(name):
            conditions.append(_of_bracket(bracket, values, known))
    return conditions


def _of_json(text: str, known: Collection[str]) -> list[Condition]:
    try:
        wish = orjson.loads(text)
    except ValueError as error:
        raise FilterError(f"_filter is not JSON: {error}") from error
    return _conditions(wish, known)


def _conditions(wish: Any, known: Collection[str]) -> list[Condition]:
    if isinstance(wish, list):
        return [condition for part in wish for condition in _conditions(part, known)]
    if not isinstance(wish, dict):
        raise FilterError("_filter must be an object or an array of objects")
    return [condition for name, value in wish.items() for condition in _named(name, value, known)]


def _named(name: str, value: Any, known: Collection[str]) -> list[Condition]:
    if name == "$and":
        return _conditions(list(value), known)
    if name == "$or":
        return [Condition("", "$or", [_conditions(branch, known) for branch in value])]
    if not isinstance(value, dict):
        return [_condition(name, "$eq", value, known)]
    return [_condition(name, op, operand, known) for op, operand in value.items()]


def _condition(name: str, op: str, value: Any, known: Collection[str]) -> Condition:
    if name not in known:
        raise FilterError(f"unknown field {name}")
    if op not in OPERATORS:
        raise FilterError(f"unknown operator {op}")
    if (op == "$in") != isinstance(value, list):
        raise FilterError(f"{op} of {name} takes {'a list' if op == '$in' else 'one value'}")
    return Condition(name, op, value)


def _of_bracket(bracket: re.Match[str], values: list[str], known: Collection[str]) -> Condition:
    name, op, many = bracket.groups()
    typed = [_typed(name, value) for value in values]
    return _condition(name, op or "$eq", typed if many else typed[-1], known)


def _typed(name: str, text: str) -> Any:
    if name == "active":
        return text == "true"
    if name not in NUMBERS:
        return text
    try:
        return int(text)
    except ValueError as error:
        raise FilterError(f"{name} takes a number") from error


def _after(name: str, have: Any, limit: Any) -> bool:
    if have is None:
        return False
    try:
        if name in TIMES:
            return datetime.fromisoformat(have) > datetime.fromisoformat(limit)
        return bool(have > limit)
    except (TypeError, ValueError) as error:
        raise FilterError(f"$gt of {name} cannot take {limit!r}") from error
