"""True answers made untrue: what the faults about contents do to a vendor's JSON, or JSON lines, on its way out.

Nothing stored is touched: an answer is read back from its own bytes, bent, and written anew.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import orjson

from connectors.sandbox.loopback import Response

Document = Any
Records = Callable[[Document], list[dict[str, Any]]]
Bend = Callable[[Document], bool]

IDS = ("id", "customer_id", "customerID")
_SURROGATE = "\ue000lone-surrogate\ue000"
_ESCAPED = b"\\ud800"


def records_of(document: Document) -> list[dict[str, Any]]:
    """The records of an answer: a single one by its id, also below `data`, else the first list of objects in it."""
    for single in (document, document.get("data") if isinstance(document, dict) else None):
        if isinstance(single, dict) and any(name in single for name in IDS):
            return [single]
    rows = _list_in(document) or []
    return [row["node"] if isinstance(row.get("node"), dict) else row for row in rows]


def rewritten(response: Response, bend: Bend) -> Response | None:
    """The answer after `bend` changed its document in place; None where it is no JSON or `bend` found nothing to do."""
    payload = response.payload()
    lines = "jsonl" in response.headers.get("Content-Type", "")
    try:
        document = [orjson.loads(line) for line in payload.splitlines()] if lines else orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    if not bend(document):
        return None
    bytes_of = [orjson.dumps(row) for row in document] if lines else [orjson.dumps(document)]
    body = b"\n".join(bytes_of).replace(_SURROGATE.encode(), _ESCAPED)
    typed = {"Content-Type": response.content_type()} if response.body is None else {}
    return Response(response.status, headers=typed | response.headers, body=body + b"\n" if lines else body)


def lying_count(counts: Collection[str], by: int) -> Bend:
    """Every count of the answer, outside of its records, is `by` more."""

    def bend(document: Document) -> bool:
        places = [place for place in _counted(document) if place[1] in counts]
        for holder, name in places:
            told = holder[name]
            holder[name] = str(int(told) + by) if isinstance(told, str) else told + by
        return bool(places)

    return bend


def set_field(records: Records, name: str, value: Any, at: int | None) -> Bend:
    """A field of the record at place `at` (None: of all) is `value`, whatever it was."""

    def bend(document: Document) -> bool:
        rows = records(document)
        hit = rows if at is None else rows[at : at + 1]
        for row in hit:
            row[name] = value
        return bool(hit)

    return bend


def rows_twice(document: Document) -> bool:
    """Every record stands twice in the answer, one after the other."""
    rows = _list_in(document)
    if rows:
        rows[:] = [row for row in rows for _ in range(2)]
    return bool(rows)


def wrong_type(records: Records, name: str | None, value: Any, at: int | None) -> Bend:
    """A field that is a text becomes `value`: the one named, else the first text that is no id."""

    def bend(document: Document) -> bool:
        rows = records(document)
        hit = rows if at is None else rows[at : at + 1]
        spoilt = [(row, key) for row in hit if (key := name or _first_text(row)) is not None]
        for row, key in spoilt:
            row[key] = value
        return bool(spoilt)

    return bend


def lone_surrogate(records: Records, name: str, at: int | None) -> Bend:
    """A text with half a character, `\\ud800`, such as some vendors' JSON writers let out."""
    return set_field(records, name, f"before {_SURROGATE} after", at)


def _list_in(document: Document) -> list[dict[str, Any]] | None:
    """The first list of objects, from the outside in."""
    waiting = [document]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, list) and part and all(isinstance(row, dict) for row in part):
            return part
        waiting += part.values() if isinstance(part, dict) else []
    return None


def _counted(part: Document) -> Iterator[tuple[dict[str, Any], str]]:
    """Every whole number of the envelope with the object that holds it; lists (the records) are left alone."""
    if not isinstance(part, dict):
        return
    for name, value in part.items():
        number = isinstance(value, int) and not isinstance(value, bool)
        if number or (isinstance(value, str) and value.isdigit()):
            yield part, name
        else:
            yield from _counted(value)


def _first_text(row: Mapping[str, Any]) -> str | None:
    texts = (name for name, value in row.items() if isinstance(value, str) and not name.casefold().endswith("id"))
    return next(texts, None)
