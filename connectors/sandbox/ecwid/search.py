"""How a simulated Ecwid store lists its customers: filters, orders, pages, and `responseFields` (sheet: List all customers)."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zlib import crc32

from connectors.sandbox.ecwid.books import Books, Record
from connectors.sandbox.ecwid.people import stats
from connectors.sandbox.ecwid.writes import Quirks, wrong
from connectors.sandbox.server import Request

LARGEST = 100
FILTERS = (
    "keyword", "name", "email", "phone", "customerGroupIds", "customerGroup", "acceptMarketing", "taxExempt", "lang",
    "b2b_b2c", "city", "postalCode", "stateOrProvinceCode", "countryCodes", "companyName", "minOrderCount",
    "maxOrderCount", "minSalesValue", "maxSalesValue", "createdFrom", "createdTo", "updatedFrom", "updatedTo",
    "useExactEmailMatch",
)  # fmt: skip
SORTS: Mapping[str, Callable[[Record, Record], Any]] = {
    "NAME": lambda record, stat: record["billingPerson"].get("name", "").casefold(),
    "EMAIL": lambda record, stat: record["email"].casefold(),
    "ORDER_COUNT": lambda record, stat: stat["numberOfOrders"],
    "REGISTERED_DATE": lambda record, stat: record["registered"],
    "UPDATED_DATE": lambda record, stat: record["updated"],
    "SALES_VALUE": lambda record, stat: stat["salesValue"],
    "FIRST_ORDER_DATE": lambda record, stat: stat.get("firstOrderDate", ""),
    "LAST_ORDER_DATE": lambda record, stat: stat.get("lastOrderDate", ""),
}


class Search:
    """The store's list, kept sorted until something changes."""

    def __init__(self, books: Books, quirks: Quirks) -> None:
        self._books = books
        self._quirks = quirks
        self._kept: dict[tuple[Any, ...], tuple[int, list[Record]]] = {}

    def found(self, request: Request) -> list[Record]:
        """Every customer that the request asks for, in its order, as search has them. Raises RefusedError."""
        asked = {name: request.arg(name) for name in FILTERS if request.arg(name)}
        sort = request.arg("sortBy", "NAME_ASC")
        shuffle = request.arg("offset") if self._quirks.unstable_ties else ""
        key = (sort, shuffle, *sorted(asked.items()))
        revision, rows = self._kept.get(key, (-1, []))
        stale = self._books.lag.stale()
        if revision != self._books.revision or stale:
            rows = self._sorted([r for r in self._candidates(asked, stale) if self._meets(r, asked)], sort, shuffle)
            if len(self._kept) > 8:
                self._kept.clear()
            self._kept[key] = (-1 if stale else self._books.revision, rows)
        return rows

    def _candidates(self, asked: Mapping[str, str], stale: Mapping[int, Record | None]) -> list[Record]:
        """All customers as search has them; where one email is asked for exactly, the one who holds it."""
        exact = asked.get("email") if asked.get("useExactEmailMatch") == "true" else None
        if exact and self._quirks.fold_email and not stale:
            holder = self._books.holder(exact)
            return [] if holder is None else [self._books.customers[holder]]
        return [record for _, record in self._books.lag.seen(self._books.customers)]

    def _sorted(self, rows: list[Record], sort: str, shuffle: str) -> list[Record]:
        name, _, direction = sort.rpartition("_")
        if name not in SORTS or direction not in ("ASC", "DESC"):
            raise wrong(f"Wrong parameter 'sortBy' value: expected one of {', '.join(f'{s}_ASC' for s in SORTS)}")
        rows.sort(key=lambda record: crc32(f"{shuffle}-{record['id']}".encode()) if shuffle else record["id"])
        needs = name.endswith(("COUNT", "VALUE", "ORDER_DATE"))
        rows.sort(key=lambda r: SORTS[name](r, self._stats(r) if needs else {}), reverse=direction == "DESC")
        return rows

    def _stats(self, record: Record) -> Record:
        return stats(self._books, record["id"], self._quirks.stats_count == "paid")

    def _meets(self, record: Record, asked: Mapping[str, str]) -> bool:
        return all(self._fits(record, name, value, asked) for name, value in asked.items())

    def _fits(self, record: Record, name: str, value: str, asked: Mapping[str, str]) -> bool:
        person, wanted = record["billingPerson"], value.casefold()
        match name:
            case "useExactEmailMatch":
                return True
            case "keyword":
                return wanted in person.get("name", "").casefold() or wanted in record["email"].casefold()
            case "name" | "companyName":
                return wanted in person.get(name, "").casefold()
            case "email":
                have = record["email"].casefold()
                return have == wanted if asked.get("useExactEmailMatch") == "true" else wanted in have
            case "phone":
                return self._has_phone(record, value)
            case "customerGroupIds" | "customerGroup":
                return str(record["customerGroupId"]) in value.split(",")
            case "acceptMarketing" | "taxExempt":
                return bool(record[name]) is (value == "true") and record[name] is not None
            case "lang" | "b2b_b2c":
                return bool(record[name] == value)
            case "countryCodes":
                return person.get("countryCode") in value.split(",")
            case "city" | "postalCode" | "stateOrProvinceCode":
                return wanted in str(person.get(name, "")).casefold()
            case _:
                return self._within(record, name, value)

    def _within(self, record: Record, name: str, value: str) -> bool:
        """A bound on orders, sales or a time; bounds are inclusive (not public)."""
        low = name.startswith("min") or name.endswith("From")
        if name.startswith(("created", "updated")):
            have, limit = record["registered" if name.startswith("c") else "updated"], moment(name, value)
        else:
            have = self._stats(record)["numberOfOrders" if name.endswith("Count") else "salesValue"]
            limit = number(name, value)
        return bool(have >= limit if low else have <= limit)

    def _has_phone(self, record: Record, wanted: str) -> bool:
        held = [contact["contact"] for contact in record["contacts"] if contact["type"] == "PHONE"]
        held += [address.get("phone", "") for address in record["shippingAddresses"]]
        if self._quirks.phone_match == "text":
            return any(wanted in phone for phone in held)
        digits = _digits(wanted)
        return bool(digits) and any(digits in _digits(phone) for phone in held)


@lru_cache(maxsize=100_000)
def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def bounds(request: Request, quirks: Quirks) -> tuple[int, int]:
    """`offset` and `limit` of a request; a limit above the largest is lowered. Raises RefusedError."""
    first = int(number("offset", request.arg("offset") or "0"))
    size = int(number("limit", request.arg("limit") or str(quirks.default_limit)))
    if first < 0 or size < 1 or (quirks.max_offset is not None and first > quirks.max_offset):
        raise wrong(f"Wrong parameter 'offset' value: {first}, limit {size}")
    return first, min(size, LARGEST)


def page(request: Request, quirks: Quirks, rows: list[Any], form: Callable[[Any], Any]) -> Record:
    """One page in the envelope that all lists have."""
    first, size = bounds(request, quirks)
    items = [form(row) for row in rows[first : first + size]]
    return {"total": len(rows), "count": len(items), "offset": first, "limit": size, "items": items}


def moment(name: str, text: str) -> float:
    """UNIX seconds or `yyyy-MM-dd HH:mm:ss`, UTC. Raises RefusedError."""
    if text.isdigit():
        return float(text)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise wrong(f"Wrong parameter '{name}' value: {text}") from None


def number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise wrong(f"Wrong parameter '{name}' value: expected a number") from None


def trimmed(document: Any, wish: str) -> Any:
    """A document with the fields that `responseFields` names, such as `total,items(id,name)`. Raises RefusedError."""
    tree, rest = _parsed(wish.replace(" ", ""))
    if rest:
        raise wrong(f"Wrong parameter 'responseFields' value: {wish}")
    return _cut(document, tree)


def _parsed(text: str) -> tuple[dict[str, Any], str]:
    tree: dict[str, Any] = {}
    while found := re.match(r"\w+", text):
        name, text = found[0], text[found.end() :]
        tree[name] = None
        if text.startswith("("):
            tree[name], text = _parsed(text[1:])
            text = text.removeprefix(")")
        if not text.startswith(","):
            break
        text = text[1:]
    return tree, text


def _cut(document: Any, tree: dict[str, Any] | None) -> Any:
    if tree is None:
        return document
    if isinstance(document, list):
        return [_cut(part, tree) for part in document]
    return {name: _cut(document[name], part) for name, part in tree.items() if name in document}
