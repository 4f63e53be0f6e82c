"""What simulated X-Series takes from a write, what it refuses, and what it changes without a word (sections 5, 8, 12)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from connectors.sandbox.lightspeed_x.books import SWITCHES, TEXTS, Books, Record

SCREENED = ("first_name", "last_name", "company_name", "note", *(f"custom_field_{n}" for n in range(1, 5)))
WRITABLE = frozenset({*TEXTS, *SWITCHES, "on_account_limit", "customer_code", "customer_group_id"})
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DIGITS = re.compile(r"\d(?:[ -]?\d){12,18}")


@dataclass(frozen=True, slots=True)
class Quirks:
    """What a real retailer may prove otherwise: the knobs of section 12, and a few more of the sheet's open ends."""

    put_semantics: Literal["replace", "merge"] = "replace"
    empty_version: Literal["null", "zero", "cursor"] = "null"
    page_size_cap: int = 500
    page_size: int = 50
    """Of a request that names none."""
    get_deleted: Literal["200", "404"] = "200"
    write_deleted: Literal["404", "200"] = "404"
    duplicate_customer_code: Literal["refused", "accepted"] = "refused"
    unknown_query: Literal["ignored", "refused"] = "ignored"
    search_match: Literal["exact", "prefix"] = "exact"
    search_delay: float = 0.0
    """Seconds until a write over the wire is found by search; lists show it at once."""
    null_style: Literal["absent", "null", "empty", "mixed"] = "absent"
    mutate_during_walk: Literal["off", "bump", "delete"] = "off"
    """After every full list page a record that the walk has not reached yet is changed or deleted by a clerk."""
    rate_window: Literal["fixed", "sliding", "bare"] = "fixed"
    """bare: a fixed window, whose 429 and answers carry no headers."""
    rotate_refresh: bool = True
    registers: int = 1
    supported: tuple[str, ...] = ("2026-01", "2026-04", "2026-07")
    """Dated versions; an older one is answered silently as the first of these, 2.0 as itself (section 1)."""
    clear_date: Literal["null", "ignored", "refused"] = "null"
    """How `date_of_birth: null` is taken: it clears, nothing happens, or 400."""
    unique_group_names: bool = True
    group_ids: Literal["one", "absent", "more"] = "one"
    """The undocumented `customer_group_ids`: agrees, is not there, or holds a second one (X3)."""
    sentinel: str = "SENTINEL"
    """Woven into fields that nobody may read, so that a test can look for it on disk (G11)."""


class RefusedError(Exception):
    """A 4xx with the vendor's body."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


def invalid(**errors: str) -> RefusedError:
    """400 in the shape of the 2025-07 change note (section 9)."""
    return RefusedError(400, {"errors": {name: [text] for name, text in errors.items()}})


def customer_changes(body: Any, before: Record | None, books: Books, quirks: Quirks) -> dict[str, Any]:
    """The vendor fields that a create (`before` None) or PUT sets. Raises RefusedError; unknown keys are dropped."""
    if not isinstance(body, dict):
        raise invalid(body="must be an object")
    given = {name: value for name, value in body.items() if name in WRITABLE}
    whole = before is None or quirks.put_semantics == "replace"
    missing = [name for name in ("first_name", "last_name") if name not in given]
    if whole and missing:
        raise invalid(**dict.fromkeys(missing, "is required"))
    _check_types(given, quirks)
    _check_meaning(given, before, books, quirks)
    if before is not None and given.get("date_of_birth", "") is None and quirks.clear_date == "ignored":
        given["date_of_birth"] = before["date_of_birth"]
    screened = {name: screen(value) for name, value in given.items() if _is_screened(name)}
    given |= screened
    if before is not None and whole:
        given = _replaced(before, books) | given
    return {name: None if value == "" and name in TEXTS else value for name, value in given.items()}


def screen(text: Any) -> Any:
    """Card-like runs of digits are blanked without a word (section 5)."""
    return _DIGITS.sub(lambda run: "" if _luhn(run[0]) else run[0], text) if isinstance(text, str) else text


def _is_screened(name: str) -> bool:
    return name in SCREENED or name.startswith(("physical_", "postal_"))


def _luhn(run: str) -> bool:
    digits = [int(c) for c in reversed(run) if c.isdigit()]
    return sum(d if place % 2 == 0 else sum(divmod(2 * d, 10)) for place, d in enumerate(digits)) % 10 == 0


def _replaced(before: Record, books: Books) -> dict[str, Any]:
    """What a replacing PUT leaves of the fields that it does not name; a missing `tax_id` is not touched (2025-07)."""
    return books.blank() | {"tax_id": before["tax_id"], "customer_code": books.free_code(before["first_name"])}


def _check_types(given: Mapping[str, Any], quirks: Quirks) -> None:
    for name, value in given.items():
        if name in SWITCHES:
            right = isinstance(value, bool)
        elif name == "on_account_limit":
            right = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        elif name in ("customer_code", "customer_group_id"):
            right = isinstance(value, str) and value != ""
        else:
            right = value is None or isinstance(value, str)
        if name == "date_of_birth" and value is None:
            right = quirks.clear_date != "refused"
        if not right:
            raise invalid(**{name: "is invalid"})


def _check_meaning(given: Mapping[str, Any], before: Record | None, books: Books, quirks: Quirks) -> None:
    born, email = given.get("date_of_birth"), given.get("email")
    if born and not _DATE.fullmatch(born):
        raise invalid(date_of_birth="is invalid")
    if given.get("gender") not in ("M", "F", "", None):
        raise invalid(gender="is invalid")
    if email and not _EMAIL.fullmatch(email):
        raise invalid(email="is invalid")
    group = books.groups.rows.get(given.get("customer_group_id", books.default_group))
    if group is None or group["deleted_at"]:
        raise invalid(customer_group_id="is unknown")
    holder = books.codes.get(given.get("customer_code", "").casefold())
    taken = holder is not None and (before is None or holder != before["id"])
    if taken and quirks.duplicate_customer_code == "refused":
        raise invalid(customer_code="is already taken")
