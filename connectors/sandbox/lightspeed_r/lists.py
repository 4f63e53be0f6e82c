"""The lists of the simulated R-Series: customers with their filters, and the small ones beside them (sheet sections 3, 4).

An unfiltered walk by id reads only the page's own records, however many there are.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.sandbox.lightspeed_r import render
from connectors.sandbox.lightspeed_r.query import TIMES, Values, Wish, cut, neighbour, read, relations_of
from connectors.sandbox.lightspeed_r.quirks import Quirks
from connectors.sandbox.lightspeed_r.records import REFERENCES, TEXTS, Books, Record
from connectors.sandbox.server import Request, Response

__all__ = ["customers", "plain", "relations_of"]

SORTS = ("customerID", "timeStamp", "firstName", "lastName")
PHONE_FIELDS = {
    "Contact.phoneHome": "Home", "Contact.phoneWork": "Work", "Contact.mobile": "Mobile",
    "Contact.pager": "Pager", "Contact.fax": "Fax",
}  # fmt: skip
FIELDS = ("customerID", *TEXTS, *TIMES, *REFERENCES, "Contact.email", *PHONE_FIELDS)


def customers(request: Request, books: Books) -> Response:
    """A page of customers, or their number."""
    wish = read(request, "customerID", FIELDS, SORTS)
    archived = _archived(request, wish, books.quirks)

    def passes(key: int) -> bool:
        record = books.customers[key]
        if archived is not None and record["archived"] != archived:
            return False
        return all(each.met_by(values_of(record, each.field)) for each in wish.conditions)

    if wish.count:
        number = sum(1 for key in books.ids if passes(key))
        return Response(200, {"@attributes": {"count": str(number)}})

    def rank(key: int) -> tuple[Any, ...]:
        return (key,) if wish.sort == "customerID" else (books.customers[key][wish.sort], key)

    order = books.ids if wish.sort == "customerID" else sorted(filter(passes, books.ids), key=rank)
    page = cut(wish, order, rank, passes, eager=books.quirks.full_page_names_next)
    rows = [render.customer(books.customers[key], wish.relations, books) for key in page.ids]
    ends = {"next": neighbour(request, "after", page.next), "previous": neighbour(request, "before", page.previous)}
    return Response(200, {"@attributes": ends} | render.top_level("Customer", rows, books.quirks))


def plain(request: Request, name: str, rows: Mapping[int, Record], quirks: Quirks) -> Response:
    """A page of customer types, tags, credit accounts or custom field definitions."""
    id_name = f"{name[0].lower()}{name[1:]}ID"
    fields = ("giftCard", *next(iter(rows.values()), {id_name: 0}))
    wish = read(request, id_name, fields, (id_name,))
    passing = [
        key for key in sorted(rows) if all(each.met_by((rows[key].get(each.field),)) for each in wish.conditions)
    ]
    if wish.count:
        return Response(200, {"@attributes": {"count": str(len(passing))}})
    page = cut(wish, passing, lambda key: (key,), lambda key: True, eager=False)
    shown = [render.texts(rows[key]) for key in page.ids]
    ends = {"next": neighbour(request, "after", page.next), "previous": neighbour(request, "before", page.previous)}
    return Response(200, {"@attributes": ends} | render.top_level(name, shown, quirks))


def values_of(record: Record, field: str) -> Values:
    """Every value of a field, in the type in which it compares. Phones compare as stored, formatting and all."""
    if field == "Contact.email":
        return tuple(record["Contact"]["Emails"].values())
    if field in PHONE_FIELDS:
        return (record["Contact"]["Phones"].get(PHONE_FIELDS[field]),)
    value = record[field]
    return (datetime.fromisoformat(value) if field in TIMES and value else value,)


def _archived(request: Request, wish: Wish, quirks: Quirks) -> bool | None:
    """Which state the list holds: True or False, None for both."""
    if request.arg("archive") == "1" and quirks.archive_parameter == "honoured":
        return None
    return {"false": False, "only": True, "true": None}[wish.archived]
