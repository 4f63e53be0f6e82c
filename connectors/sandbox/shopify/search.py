"""The shop's search syntax (sheet: Reading, Grammar): AND implied, OR binds tighter, `-`, parentheses, ranges.

A filter field that the resource does not know is ignored, with a warning, and then everything comes back.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Record = Mapping[str, Any]
Test = Callable[[Record], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<paren>[()])|(?P<minus>-)?(?:(?P<name>\w+):)?(?P<op>[<>]=?)?"""
    r"""(?P<value>(?:"(?:\\.|[^"])*"|'(?:\\.|[^'])*'|[^\s()"',]+)(?:,(?:"[^"]*"|'[^']*'|[^\s()"',]+))*))"""
)
_ITEM = re.compile(r"""("(?:\\.|[^"])*"|'(?:\\.|[^'])*'|[^,"']+)""")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Search:
    """A parsed query. `exact`: the one field and value that decide it alone, for an index, where there is one."""

    test: Test
    warnings: list[dict[str, str]]
    exact: tuple[str, str] | None


@dataclass(slots=True)
class _Reader:
    """The tokens of one query, read from left to right."""

    filters: Mapping[str, "Filter"]
    tokens: list[re.Match[str]]
    warnings: list[dict[str, str]] = field(default_factory=list)
    exact: list[tuple[str, str]] = field(default_factory=list)
    at: int = 0

    def peek(self) -> str:
        return self.tokens[self.at][0].strip() if self.at < len(self.tokens) else ")"

    def all_of(self) -> Test:
        parts: list[Test] = []
        while self.peek() != ")":
            if self.peek() == "AND":
                self.at += 1
            else:
                parts.append(self.any_of())
        return lambda record: all(part(record) for part in parts)

    def any_of(self) -> Test:
        parts = [self.one()]
        while self.peek() == "OR":
            self.at += 1
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else lambda record: any(part(record) for part in parts)

    def one(self) -> Test:
        if self.peek() == ")":
            return _everything
        token, self.at = self.tokens[self.at], self.at + 1
        if token["paren"] == "(":
            inside = self.all_of()
            self.at += 1
            return inside
        if token["value"] == "NOT" and not token["name"] and self.at < len(self.tokens):
            negated = self.one()
            return lambda record: not negated(record)
        test = self.term(token)
        return (lambda record: not test(record)) if token["minus"] and test is not _everything else test

    def term(self, token: re.Match[str]) -> Test:
        name, value = token["name"] or "default", token["value"]
        known = self.filters.get(name)
        if known is None:
            said = {"field": name, "message": "Invalid search field for this query.", "code": "invalid_field"}
            self.warnings.append(said)
            return _everything
        items = [Item.of(text) for text in _ITEM.findall(value)]
        if len(items) == 1 and not token["op"] and not token["minus"]:
            self.exact.append((name, items[0].text if items[0].quoted or name == "phone" else ""))
        tests = [known(item, token["op"] or "") for item in items]
        return lambda record: any(test(record) for test in tests)


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a term, without its quotes."""

    text: str
    quoted: bool

    @classmethod
    def of(cls, text: str) -> "Item":
        quoted = text[0] in "\"'"
        return cls(re.sub(r"\\(.)", r"\1", text[1:-1]) if quoted else text, quoted)


Filter = Callable[[Item, str], Test]


def parse(query: str | None, filters: Mapping[str, Filter]) -> Search:
    """What a query asks for; nothing asked is everything."""
    reader = _Reader(filters, list(_TOKEN.finditer(query or "")))
    test = reader.all_of()
    alone = len(reader.tokens) == 1 and len(reader.exact) == 1 and bool(reader.exact[0][1])
    return Search(test, reader.warnings, reader.exact[0] if alone else None)


def folded(email: str) -> str:
    """An email as the shop compares it: no inner spaces, no case."""
    return "".join(email.split()).casefold()


def by_email(item: Item, op: str) -> Test:
    """Tokenised, unless quoted: then the whole address."""
    if item.text == "*" and not item.quoted:
        return lambda record: bool(record["email"])
    if item.quoted:
        return lambda record: bool(record["email"]) and folded(record["email"]) == folded(item.text)
    return lambda record: _holds_words(record["email"], item.text)


def by_phone(item: Item, op: str) -> Test:
    if item.text == "*" and not item.quoted:
        return lambda record: bool(record["phone"])
    digits = re.sub(r"\D", "", item.text)
    return lambda record: bool(record["phone"]) and record["phone"].lstrip("+") == digits


def by_text(*names: str) -> Filter:
    """Words of any of the fields; a trailing `*` matches a beginning."""

    def build(item: Item, op: str) -> Test:
        return lambda record: any(_holds_words(record[name], item.text) for name in names)

    return build


def by_tag(*, present: bool) -> Filter:
    def build(item: Item, op: str) -> Test:
        return lambda record: (item.text.casefold() in {tag.casefold() for tag in record["tags"]}) is present

    return build


def by_number(read: Callable[[Record], int]) -> Filter:
    """A number, or a range of numbers. A value that is none matches nothing."""

    def build(item: Item, op: str) -> Test:
        text = item.text.rsplit("/", 1)[-1]
        limit = int(text) if text.isdigit() else None
        return lambda record: limit is not None and _compare(read(record), op, limit)

    return build


def by_time(name: str) -> Filter:
    """A time, or a range of times; a date alone is its midnight, or any time of that day."""

    def build(item: Item, op: str) -> Test:
        if not op and len(item.text) == 10:
            return lambda record: record[name].startswith(item.text)
        limit = _utc(item.text)
        return lambda record: limit is not None and _compare(record[name], op, limit)

    return build


def by_word(name: str) -> Filter:
    def build(item: Item, op: str) -> Test:
        return lambda record: str(record[name]).casefold() == item.text.casefold()

    return build


def _everything(record: Record) -> bool:
    return True


def _holds_words(have: str | None, wanted: str) -> bool:
    words = _WORD.findall((have or "").casefold())
    parts = _WORD.findall(wanted.casefold())
    if wanted.endswith("*") and parts:
        return set(parts[:-1]) <= set(words) and any(word.startswith(parts[-1]) for word in words)
    return bool(parts) and set(parts) <= set(words)


def _compare(have: Any, op: str, limit: Any) -> bool:
    results = {"": have == limit, ">": have > limit, ">=": have >= limit, "<": have < limit, "<=": have <= limit}
    return bool(results[op])


def _utc(text: str) -> str | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
