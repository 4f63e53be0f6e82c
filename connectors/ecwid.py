"""Lightspeed eCom E-Series (Ecwid REST API v3): the customers of one store.

The list is read by offset, which shifts when somebody is deleted meanwhile; deleted customers are a list of ids. A
refused token is a 403 here, and the connector stops at once then (sheet: Errors, Rate limits).
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from connectors import _ecwid_words as words
from connectors._ecwid_client import CUSTOMERS, LIMIT, ORDER, Client
from connectors._ecwid_writes import Writes
from connectors._guard import checked, clock_told, refuse_unoffered
from connectors._shaping import text
from connectors.base import (
    WHOLE_LIST,
    Action,
    Capabilities,
    Change,
    CheckLine,
    Connector,
    Evidence,
    Page,
    Record,
    VendorError,
)
from connectors.http import Http
from connectors.pace import Limit
from connectors.seen import Seen

PATH = "/api/v3"
RATE = Limit.within(600, seconds=60)
"""Calls per token; no header tells what is left."""
PASSES = 3
"""How often a list that moves while it is read is read."""
NOT_KEPT = (
    "the store lists no deleted customers, so who was deleted during the reading, before their page came, is not known"
)


class Ecwid(Connector):
    """One store. A deleted customer is an id without anything else, and never comes back."""

    kind = "ecwid"
    FIELDS = words.FIELDS
    DROPPED = words.DROPPED
    REQUIRED_PROOFS = WHOLE_LIST
    MERGE_STEPS: ClassVar[Sequence[str]] = (
        "E-Series has no merge. Ask the customer which account they use, and take it as theirs.",
        "Orders stay with the account in which they were made: delete none that has any.",
    )
    Settings = words.EcwidSettings
    settings: words.EcwidSettings

    @cached_property
    def http(self) -> Http:
        root = f"{self.settings.base_url.rstrip('/')}{PATH}"
        share, secrets = self.settings.rate_share, (self._token(),)
        return Http(self.name, root, self.clock, limit=RATE, share=share, secrets=secrets)

    @cached_property
    def client(self) -> Client:
        return Client(self.http, f"/{self.settings.store_id}", self._token(), self.settings.region)

    @property
    def capabilities(self) -> Capabilities:
        """Neither archive nor restore: the only way out is a delete, which is final, and so an erasure (M15)."""
        actions: set[Action] = {"update", "create", "add_note", "opt_out", "set_group", "erase"}
        return Capabilities(
            actions=frozenset(actions if self.settings.writes else ()),
            fields=words.WRITABLE,
            consent=frozenset({"email"}),
            unique=frozenset({"email"}),
            required=("email",),
        )

    # reading ---------------------------------------------------------------------------------------------------------

    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        """Every customer once, then the deleted ones by their ids; read again where anybody left in the meantime.

        That somebody left tells the count of the deleted; where the store keeps none, pages that overlap.
        """
        evidence.end_mark, evidence.pages_contiguous = False, True
        evidence.contract = {"account": f"{urlsplit(self.settings.base_url).hostname}/{self.settings.store_id}",
                             "purchases": self.settings.purchases, "no_group": self.settings.no_group}  # fmt: skip
        seen, gone, total = Seen(), self._count_deleted(), 0
        evidence.unproven += [NOT_KEPT] if gone is None else []
        for _ in range(PASSES):
            gone_before = gone
            total, steady = yield from self._walk(seen, evidence, gone)
            gone = self._count_deleted()
            if steady and gone == gone_before:
                break
            evidence.notes.append("customers moved while the list was read: it was read again")
        else:
            evidence.pages_contiguous = False
            evidence.notes.append(f"the list never stood still in {PASSES} readings")
        evidence.count_after = total + (yield from self._tombstones(seen))

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        """One call per customer; 404 is a deleted one, or one who never was."""
        found = {profile_id: self.client.one(profile_id) for profile_id in ids}
        return {profile_id: None if row is None else self._landed(row) for profile_id, row in found.items()}

    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        """By phone or email. The vendor keeps no reference of ours, so by key nobody is found."""
        return [] if field_name == "key" else [self._landed(row) for row in self.client.found(field_name, value)]

    def view(self, record: Record) -> dict[str, str | None]:
        return words.view(record)

    def _walk(self, seen: Seen, evidence: Evidence, gone: int | None) -> Generator[Page, None, tuple[int, bool]]:
        """Reads up to the total, or to an empty page before it; returns the total, and whether the list stood still."""
        here, offset, stale, last, still = Seen(), 0, 0, "", True
        while True:
            start = offset - 1 if gone is None and offset else offset
            rows, total, said = self.client.page(CUSTOMERS, {"offset": start, "limit": LIMIT, "sortBy": ORDER})
            evidence.count_before = total + (gone or 0) if evidence.count_before is None else evidence.count_before
            if said not in (None, start):
                evidence.pages_contiguous = False
                evidence.notes.append(f"asked for customers from {start} on, answered from {said} on")
            ids = [_key(row) for row in rows]
            still = still and (start == offset or ids[:1] == [last])  # else somebody before the edge was deleted
            stale = stale + 1 if rows and all(one in here for one in ids) else 0
            if stale > 1:
                raise VendorError(f"{self.name}: Ecwid's list repeats itself at customer {offset}", permanent=False)
            if fresh := [row for row, one in zip(rows, ids, strict=True) if not one or (one not in seen)]:
                yield self._page(fresh, evidence)
            for known in (here, seen):
                known.add(filter(None, ids))
            offset, last = start + len(rows), ids[-1] if ids else last
            if offset >= total or not rows:
                evidence.end_mark = offset >= total
                return total, still and len(here) == total

    def _page(self, rows: Sequence[Mapping[str, Any]], evidence: Evidence) -> Page:
        if two := sum(map(words.emails_differ, rows)):
            evidence.notes.append(f"{two} customers of a page have another email among their contacts")
        return Page([self._landed(row, asked=self.settings.purchases == "orders") for row in rows])

    def _count_deleted(self) -> int | None:
        """None where the store keeps no list of them."""
        found = self.client.deleted(0, 1)
        return None if found is None else found[1]

    def _tombstones(self, seen: Seen) -> Generator[Page, None, int]:
        """Who is deleted, but for those who were still read as alive tonight; returns how many the vendor counts."""
        offset, here = 0, Seen()
        while True:
            found = self.client.deleted(offset, LIMIT)
            rows, total = found or ([], 0)
            if rows and all(_key(row) in here for row in rows):
                raise VendorError(f"{self.name}: Ecwid's list of deleted customers repeats itself", permanent=False)
            here.add(map(_key, rows))
            if fresh := [row for row in rows if _key(row) not in seen]:
                yield Page([words.tombstone(row) for row in fresh])
            seen.add(map(_key, rows))
            offset += len(rows)
            if not rows or offset >= total:
                return total

    def _landed(self, row: Mapping[str, Any], *, asked: bool = False) -> dict[str, Any]:
        """`asked`: look for a paid order of whoever has orders; else the vendor's counter will do."""
        count = words.orders_counted(row)
        bought = None if count is None else count > 0
        if asked and bought:
            bought = self.client.has_bought(row)
        name = self.client.group_name(row)
        return words.landed(row, None if name == self.settings.no_group else name, bought)

    def _token(self) -> str:
        assert self.settings.token is not None
        return self.settings.token.reveal().get_secret_value()

    # checking --------------------------------------------------------------------------------------------------------

    def check(self) -> list[CheckLine]:
        lines = [
            checked("customers", self._check_customers),
            checked("deleted customers", self._check_deleted),
            checked("groups", self._check_groups),
            checked("clock", self._check_clock),
        ]
        if self.settings.purchases == "orders":
            lines.append(checked("orders", self._check_orders))
        return [
            *lines,
            CheckLine("scopes", ok=True, detail="what is listed here can be read; of writes, a write tells"),
        ]

    def _check_customers(self) -> str:
        return f"{self.client.page(CUSTOMERS, {'offset': 0, 'limit': 1, 'sortBy': ORDER})[1]} can be read"

    def _check_deleted(self) -> str:
        found = self.client.deleted(0, 1)
        return f"{found[1]} ids" if found else "the store gives no list of them"

    def _check_groups(self) -> str:
        return ", ".join(sorted(self.client.groups().values())) or "none"

    def _check_orders(self) -> str:
        self.client.has_bought({"id": 0})
        return "can be read"

    def _check_clock(self) -> str:
        reply = self.client.send("GET", CUSTOMERS, params={"offset": 0, "limit": 1})
        return clock_told(reply.headers.get("Date"), self.clock)

    # writing ---------------------------------------------------------------------------------------------------------

    def write(self, change: Change) -> str:
        refuse_unoffered(self.name, self.capabilities, change)
        writes = Writes(self.name, self.client)
        if change.action == "erase":
            return writes.delete(str(change.profile_id))
        return writes.create(change) if change.profile_id is None else writes.update(change.profile_id, change.after)


def _key(row: Mapping[str, Any]) -> str:
    """A customer's id; empty where there is none that can be read."""
    number = text(row.get("id"))
    return number if isinstance(number, str) else ""
