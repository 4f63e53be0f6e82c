"""A page of raw records into Arrow, whole where it fits and record by record where it does not (G11).

Only what a connector's FIELDS name comes through. A record that does not fit is quarantined: its id and the field at
fault are kept, never a value of it. Of fields that nobody knows, the name, the JSON type and a count are kept.
"""

import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

LONGEST_TEXT = 64 * 1024
"""Bytes of UTF-8 that one text may hold."""
MOST_NAMES = 200
LONGEST_NAME = 80
FURTHER = "(further names)"
_INT64 = 1 << 63
_EXACT = 1 << 53
_LONGEST_NUMBER = 100
"""Characters; a longer one could be a number that no machine holds."""
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


class _MisfitError(Exception):
    """A field that does not fit, and why; the text holds no value."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What became of one page."""

    table: pa.Table
    misfits: tuple[tuple[str, str], ...] = ()
    """(id, reason) of each record that did not fit; it counts as present."""
    unreadable: int = 0
    """Records without an id that can be read: with one of these, nothing is complete."""


class Fitter:
    """Fits the pages of one export. `unknown` counts, over all pages, (name, type) of what FIELDS does not foresee."""

    def __init__(self, fields: pa.Schema, id_field: str, dropped: frozenset[str] = frozenset()) -> None:
        self.fields = fields.remove_metadata()
        self.unknown: Counter[tuple[str, str]] = Counter()
        self._columns = tuple(fields.names)
        self._known = _known(self.fields)
        self._id = id_field
        self._dropped = dropped
        self._names: set[str] = set()

    def fit(self, page: Sequence[Mapping[str, Any]] | pa.Table) -> Fitted:
        """One page in FIELDS, with what did not fit set apart."""
        if isinstance(page, pa.Table):
            return self._fit_table(page)
        for record in page:
            self._note_unknown(record, self._known, "")
        try:
            table = self._parse([orjson.dumps({n: record[n] for n in self._columns if n in record}) for record in page])
        except (pa.ArrowInvalid, TypeError):
            return self._fit_each(page)
        return Fitted(table) if self._is_clean(table) else self._fit_each(page)

    def note(self, name: str, kind: str, seen: int = 1) -> None:
        """Count something that FIELDS does not foresee; names beyond the first 200 are counted together."""
        if (name, kind) in self.unknown:
            self.unknown[name, kind] += seen
            return
        name = name[:LONGEST_NAME].encode("utf-8", "replace").decode().replace("\0", "?")
        if name not in self._names and len(self._names) >= MOST_NAMES:
            name, kind = FURTHER, "several"
        else:
            self._names.add(name)
        self.unknown[name, kind] += seen

    def _fit_table(self, page: pa.Table) -> Fitted:
        for name in page.column_names:
            if name not in self._columns and name not in self._dropped:
                self.note(name, "column", page.num_rows)
        wanted = page.select([name for name in self._columns if name in page.column_names])
        try:
            columns = [
                wanted[field.name].cast(field.type)
                if field.name in wanted.column_names
                else pa.nulls(page.num_rows, field.type)
                for field in self.fields
            ]
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return self._fit_each(wanted.to_pylist())
        table = pa.table(columns, schema=self.fields)
        return Fitted(table) if self._is_clean(table) else self._fit_each(wanted.to_pylist())

    def _parse(self, lines: Sequence[bytes], fields: pa.Schema | None = None) -> pa.Table:
        if not lines:
            return self.fields.empty_table()
        data = b"\n".join(lines)
        return pj.read_json(
            io.BytesIO(data),
            pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
            pj.ParseOptions(explicit_schema=fields or self.fields, unexpected_field_behavior="ignore"),
        )

    def _is_clean(self, table: pa.Table) -> bool:
        """Whether every id can be read, and no text is too long or holds a NUL."""
        if not table.num_rows:
            return True
        ids = table[self._id].cast(pa.string())
        if ids.null_count or not pc.all(pc.not_equal(pc.utf8_trim_whitespace(ids), "")).as_py():
            return False
        return not any(_is_bad(text) for column in table.columns for text in _texts(column.combine_chunks()))

    def _fit_each(self, page: Sequence[Mapping[str, Any]]) -> Fitted:
        lines: list[tuple[str, bytes]] = []
        misfits: list[tuple[str, str]] = []
        unreadable = 0
        for record in page:
            name = readable_id(record, self._id)
            if name is None:
                unreadable += 1
                continue
            try:
                lines.append((name, self._line(record)))
            except _MisfitError as reason:
                misfits.append((name, str(reason)))
        return self._fit_lines(lines, misfits, unreadable)

    def _fit_lines(self, lines: list[tuple[str, bytes]], misfits: list[tuple[str, str]], unreadable: int) -> Fitted:
        try:
            return Fitted(self._parse([line for _, line in lines]), tuple(misfits), unreadable)
        except pa.ArrowInvalid:
            faults = [(name, line, self._fault(line)) for name, line in lines]
        misfits += [(name, fault) for name, _, fault in faults if fault]
        return Fitted(self._parse([line for _, line, fault in faults if not fault]), tuple(misfits), unreadable)

    def _fault(self, line: bytes) -> str:
        """The field of one record that Arrow cannot read, such as a date that is none; empty when there is none."""
        for field in self.fields:
            try:
                self._parse([line], pa.schema([field]))
            except pa.ArrowInvalid:
                return f"{field.name}: not readable as {field.type}"
        return ""

    def _line(self, record: Mapping[str, Any]) -> bytes:
        fields = (field for field in self.fields if field.name in record)
        return orjson.dumps({field.name: self._fitted(record[field.name], field.type, field.name) for field in fields})

    def _fitted(self, value: Any, kind: pa.DataType, path: str) -> Any:
        """`value` in the JSON type that its Arrow type reads. Raises _MisfitError."""
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return None  # what is no number in JSON is null there
        got, wanted = _json_type(value), _wanted(kind)
        if got != wanted:
            value = _converted(value, got, wanted, path)
            self.note(path, f"{got} for {wanted}")
        if wanted == "object":
            inner = [field for field in kind if field.name in value]
            return {field.name: self._fitted(value[field.name], field.type, f"{path}.{field.name}") for field in inner}
        if wanted == "list":
            return [self._fitted(item, kind.value_type, path) for item in value]
        return _sound_text(value, path) if wanted == "text" else _sound_number(value, kind, path)

    def _note_unknown(self, value: Any, known: "_Known", path: str) -> None:
        """Count the names inside `value` that FIELDS does not foresee, however deep."""
        if isinstance(value, dict):
            for name in value.keys() - known.names:
                if name not in self._dropped and f"{path}{name}" not in self._dropped:
                    self.note(f"{path}{name}", _json_type(value[name]))
            for name, inner in known.inside.items():
                self._note_unknown(value.get(name), inner, f"{path}{name}.")
        elif isinstance(value, list):
            for item in value:
                self._note_unknown(item, known, path)


def readable_id(record: object, id_field: str) -> str | None:
    """A record's id as text, or None where there is none that can be read."""
    value = record.get(id_field) if isinstance(record, dict) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value.strip() and not _text_fault(value) else None


@dataclass(frozen=True, slots=True)
class _Known:
    """The names that an object may hold, and those of them that hold objects again."""

    names: frozenset[str]
    inside: dict[str, "_Known"]


def _known(fields: Iterable[pa.Field]) -> _Known:
    kinds = {field.name: _item(field.type) for field in fields}
    return _Known(frozenset(kinds), {name: _known(kind) for name, kind in kinds.items() if pa.types.is_struct(kind)})


def _item(kind: pa.DataType) -> pa.DataType:
    return _item(kind.value_type) if pa.types.is_list(kind) else kind


def _wanted(kind: pa.DataType) -> str:
    if pa.types.is_struct(kind):
        return "object"
    if pa.types.is_list(kind):
        return "list"
    if pa.types.is_boolean(kind):
        return "boolean"
    return "number" if pa.types.is_integer(kind) or pa.types.is_floating(kind) else "text"


def _json_type(value: object) -> str:
    for kind, name in (
        (bool, "boolean"), (int | float, "number"), (str, "text"), (dict, "object"), (list, "list"),
    ):  # fmt: skip
        if isinstance(value, kind):
            return name
    return "null" if value is None else "unknown"


def _converted(value: Any, got: str, wanted: str, path: str) -> Any:
    """The few conversions that lose nothing. Raises _MisfitError for every other one."""
    if (got, wanted) == ("number", "text") and (isinstance(value, int) or abs(value) < _EXACT):
        return str(int(value)) if value == int(value) else str(value)
    if (got, wanted) == ("text", "number") and len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(value):
        return orjson.loads(value)
    if (got, wanted) == ("text", "boolean") and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise _MisfitError(f"{path}: {got} instead of {wanted}")


def _sound_text(value: str, path: str) -> str:
    if fault := _text_fault(value):
        raise _MisfitError(f"{path}: {fault}")
    return value


def _text_fault(value: str) -> str:
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        return "holds half of a surrogate pair"
    if size > LONGEST_TEXT:
        return "longer than 64 KiB"
    return "holds a NUL character" if "\0" in value else ""


def _sound_number(value: bool | float, kind: pa.DataType, path: str) -> bool | float:
    whole = pa.types.is_integer(kind)
    if not whole and (isinstance(value, float) or abs(value) < _INT64):
        return value
    if not whole or value != int(value) or not -_INT64 <= value < _INT64:
        raise _MisfitError(f"{path}: not a whole number of 64 bits")
    return int(value)


def _texts(column: pa.Array) -> Iterator[pa.Array]:
    """The text arrays inside a column, however deep."""
    if pa.types.is_struct(column.type):
        for inner in column.flatten():
            yield from _texts(inner)
    elif pa.types.is_list(column.type):
        yield from _texts(column.flatten())
    elif pa.types.is_string(column.type):
        yield column


def _is_bad(text: pa.Array) -> bool:
    longest = pc.max(pc.binary_length(text)).as_py() or 0
    return longest > LONGEST_TEXT or bool(pc.any(pc.match_substring(text, "\0")).as_py())
