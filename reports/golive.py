"""The go-live scan as a page and as a workbook: what would go wrong on the first day, and what to do (T9, P3).

`GoLiveReport` is the only input; personal values in it are masked before it is built.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal

from reports.document import Part
from reports.export import Cell, Table, write_sheets
from reports.filing import write_bytes
from reports.golive_words import cited, wordings
from reports.render import page
from reports.rules import RULES
from reports.words import plural

SHOWN = 200
"""How many entries of each list are on the page; the workbook holds them all."""


class Reason(Part):
    """Why customers cannot be given a first password, and how many they are (P3)."""

    reason: str
    count: int


class StoreLine(Part):
    """One store's instance. None: not known, since the source has no certificate and none to fall back on (G1)."""

    store: str
    source: str
    certified: bool
    problem: str = ""
    taken_at: datetime | None
    customers: int | None
    ready: int | None
    not_ready: int | None
    reasons: list[Reason]
    blocking: int | None
    """Customers who block go-live: those on numbers that several profiles hold (T9)."""


class Holder(Part):
    """One profile; `name` and `phone` masked."""

    source: str
    id: str
    name: str
    phone: str = ""
    status: str
    verified: bool | None
    last_visit: str | None
    points: str = ""
    credit: str = ""
    """Balances, where the system tells them: a merge would move them, so a person looks at both (G11)."""
    admin_url: str | None = None

    @property
    def balances(self) -> str:
        """What a merge would touch, in words; nothing where both are zero or not told."""
        held = (("points", self.points), ("credit", self.credit))
        return ", ".join(f"{value} {name}" for name, value in held if value.strip("0."))


class SharedNumber(Part):
    """One phone on several profiles of one instance (T9).

    `survivor`: id of the proposed one, and `why`: active, verified, latest visit, lowest id. In a household nobody is
    merged: the survivor is who keeps the number.
    """

    source: str
    phone: str
    profiles: list[Holder]
    survivor: str
    why: str
    household: bool


class SplitPerson(Part):
    """One person whose phone is another in another instance: sign-up would not find both (T4, T9)."""

    name: str
    profiles: list[Holder]
    why: str
    """How they were recognised as one person."""


class Unread(Part):
    """A source, till or shop, of which there is no complete export tonight, and why."""

    source: str
    problem: str


class GoLiveReport(Part):
    """Everything that the scan says, most urgent first in every list."""

    schema_version: Literal[1] = 1
    group: str
    made_at: datetime
    time_zone: str
    rollcall_version: str
    presets: tuple[str, ...] = ()
    """Of the pairings, each once: they say whose rules the scan quotes."""
    logins: bool = False
    """Whether customers of a till log in to Treez's own shop (P0)."""
    stores: list[StoreLine]
    unread: list[Unread]
    shared: list[SharedNumber]
    split: list[SplitPerson]
    without_phone: list[Holder]


def verdict(report: GoLiveReport) -> tuple[Literal["complete", "incomplete", "stopped"], str]:
    """Whether the group can go live, as a status and in a sentence; never yes where a store was not read."""
    blocking = sum(store.blocking or 0 for store in report.stores)
    unread = unread_names(report)
    if blocking:
        rest = f"; nothing certain is known of {', '.join(unread)}" if unread else ""
        return "stopped", f"Not ready: {blocking:,} {plural(blocking, 'customer blocks')} go-live{rest}"
    if unread:
        return "incomplete", f"Not known: there is no complete export of {', '.join(unread)}"
    return "complete", "Ready: no phone number is on several profiles"


def unread_names(report: GoLiveReport) -> list[str]:
    """What could not be read, as people call it: stores by their names, shops by their sources'."""
    stores = [store for store in report.stores if not store.certified or store.blocking is None]
    named = {store.source for store in report.stores}
    return [*(store.store for store in stores), *(gap.source for gap in report.unread if gap.source not in named)]


def html(report: GoLiveReport) -> str:
    """The page as text."""
    status, sentence = verdict(report)
    said = wordings(report.presets, report.logins)
    values = {"status": status, "sentence": sentence, "shown_of_each": SHOWN, "proposal": proposal}
    return page("golive.html.j2", report=report, said=said, cited=cited(said), **values)


def write_html(report: GoLiveReport, path: Path) -> None:
    """Write the page, whole or not at all, readable by its owner only. Raises OSError."""
    write_bytes(path, html(report).encode())


def write_xlsx(report: GoLiveReport, path: Path) -> None:
    """Write the workbook, one sheet per list, nothing left out. Raises OSError."""
    write_sheets(path, tables(report), report.made_at)


def tables(report: GoLiveReport) -> list[Table]:
    """Every list of the scan, a row per profile."""
    return [
        Table("stores", _STORE, [_store(store) for store in report.stores]),
        Table("not ready", ("source", "store", "reason", "customers"), list(_reasons(report.stores))),
        Table("numbers on several profiles", _SHARED, [row for number in report.shared for row in _shared(number)]),
        Table("different phones", _SPLIT, [row for person in report.split for row in _split(person)]),
        Table("without a phone", _HOLDER, [_holder(holder) for holder in report.without_phone]),
        Table("rules", ("rule", "says"), [(rule, RULES[rule]) for rule in _cited(report)]),
    ]


def _cited(report: GoLiveReport) -> list[str]:
    return cited(wordings(report.presets, report.logins))


_HOLDER = ("source", "profile", "name", "status", "verified", "last visit", "points", "credit")
_STORE = ("source", "store", "certified", "problem", "customers", "ready", "not ready", "block go-live")
_SHARED = ("phone", *_HOLDER, "proposal", "why")
_SPLIT = ("person", *_HOLDER, "phone", "why one person")


def _store(line: StoreLine) -> tuple[Cell, ...]:
    numbers = (line.customers, line.ready, line.not_ready, line.blocking)
    known = ("not known" if number is None else number for number in numbers)
    return line.source, line.store, line.certified, line.problem, *known


def _reasons(stores: Iterable[StoreLine]) -> Iterable[tuple[Cell, ...]]:
    return ((store.source, store.store, reason.reason, reason.count) for store in stores for reason in store.reasons)


def _shared(number: SharedNumber) -> list[tuple[Cell, ...]]:
    return [(number.phone, *_holder(h), proposal(number, h), number.why) for h in number.profiles]


def _split(person: SplitPerson) -> list[tuple[Cell, ...]]:
    return [(person.name, *_holder(holder), holder.phone, person.why) for holder in person.profiles]


def _holder(holder: Holder) -> tuple[Cell, ...]:
    verified = "not known" if holder.verified is None else "yes" if holder.verified else "no"
    known = (holder.source, holder.id, holder.name, holder.status, verified, holder.last_visit)
    return (*known, holder.points, holder.credit)


def proposal(number: SharedNumber, holder: Holder) -> str:
    """What is proposed for one profile on a shared number."""
    if holder.id == number.survivor:
        return "keeps the number" if number.household else "keep"
    if number.household:
        return "give it a number of its own"
    return f"merge into {number.survivor}{f', by hand: it holds {holder.balances}' if holder.balances else ''}"
