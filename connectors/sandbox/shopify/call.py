"""What every operation of the simulated shop works on: the shop's state, and the one request that is being answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.base import Now
from connectors.sandbox.shopify.books import Books, Record, iso
from connectors.sandbox.shopify.bulk import BulkDesk
from connectors.sandbox.shopify.people import Mapped, facts
from connectors.sandbox.shopify.render import Reading
from connectors.sandbox.shopify.search import Search
from connectors.sandbox.shopify.staged import StagedFiles

UserErrors = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Quirks:
    """What shops differ in, and what the sheet does not know, as switches."""

    region: str = "CA"
    """Country of a phone without `+`."""
    currency: str = "CAD"
    search_lag: float = 5.0
    """Seconds until the search index has heard of a write."""
    scopes: frozenset[str] = frozenset(
        {"read_customers", "write_customers", "read_customer_data_erasure", "write_customer_data_erasure"}
    )
    protected: frozenset[str] = frozenset()
    """Field groups that the app is not approved for: name, email, phone, address."""
    side_changes_touch: bool = False
    """Whether consent and metafield writes move `updatedAt`."""
    bulk_polls: int = 3
    bulk_seconds: float = 60.0
    bulk_mutations: int = 5
    """How many may run at once; before 2026-01 it was one."""
    restore_rate: float = 100.0
    bucket_size: float = 2_000.0
    token_seconds: float = 86_399.0
    merge_seconds: float = 0.0
    """Until a merge is through; at once, its job is done at the second look."""
    merge_forgets: bool = False
    """Whether who stays takes over the consent of who goes; which of the two is kept is not known."""
    link_keys: Mapping[str, str] = field(default_factory=dict)
    """The metafields that hold links: `namespace.key` to POS source."""
    birth_date: str = "facts.birth_date"
    definitions: Mapping[str, str] = field(default_factory=dict)
    """Metafield definitions, `namespace.key` to type; `id` forces unique values."""


@dataclass(slots=True)
class Shop:
    """One shop behind its HTTP surface. `jobs`: merges by job id."""

    name: str
    now: Now
    quirks: Quirks
    books: Books
    desk: BulkDesk
    mapped: Mapped
    staged: StagedFiles
    files_url: Callable[[], str]
    """Where the other host is, once it serves."""
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    to_erase: list[int] = field(default_factory=list)
    """Customers whose erasure was asked for and is not carried out yet."""

    def stamp(self) -> str:
        return iso(self.now())


@dataclass(slots=True)
class Call:
    """One GraphQL request. `note` enters a write into the ledger; `pretending` stores nothing."""

    shop: Shop
    version: str
    reading: Reading
    pretending: bool
    note: Callable[[str, str, Mapping[str, Any], Mapping[str, Any]], None]
    search: list[dict[str, Any]] = field(default_factory=list)

    @property
    def books(self) -> Books:
        return self.shop.books

    def warn(self, path: str, query: str | None, search: Search) -> None:
        """Carry the warnings of a search into the answer's extensions."""
        if search.warnings:
            self.search.append({"path": [path], "query": query, "warnings": search.warnings})

    def commit(self, operation: str, before: Record | None, after: Record, *, touch: bool = True) -> Record:
        """File the record that a mutation made, and enter what changed into the ledger; returns it as it now reads."""
        stamped = {**after, "updatedAt": self.shop.stamp()} if touch else after
        if not self.pretending:
            self.books.put(stamped)
        had = {} if before is None else facts(before, self.shop.mapped)
        self.note(operation, str(after["id"]), had, facts(stamped, self.shop.mapped))
        return stamped


def user_error(field_path: list[str] | None, message: str, code: str | None = None) -> dict[str, Any]:
    """One entry of `userErrors`; whether its type has a `code` is the schema's business."""
    return {"field": field_path, "message": message, "code": code, "elementIndex": None}
