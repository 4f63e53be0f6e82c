"""A tiny vendor with a ledger, in this process or in one of its own that survives whoever is killed, and a bench to apply on."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pytest

from connectors.base import (
    BALANCES,
    MERGED_INTO,
    VIEW_FIELDS,
    Action,
    Capabilities,
    Change,
    CheckLine,
    Connector,
    Evidence,
    Fate,
    Foreseen,
    Page,
    Record,
    VendorError,
)
from connectors.clock import SimulatedClock
from jobs.apply import Means, Outcome, apply_plan
from jobs.corrections import IN_DOUBT
from jobs.inverse import Now, in_order, inverse
from jobs.journal import Correction, Journal, fingerprint
from jobs.settings import Limits
from jobs.state import DecisionRow, State
from jobs.vault import Vault
from jobs.writer import Writer, resolved

PLAN = "2026-11-23-a"
UNDO = "2026-11-23-b"
ACTIONS = frozenset[str](get_args(Action))


class Store:
    """A vendor's records and every write that reached it.

    trouble: per profile id (or key of a create, or `*`) what goes wrong: refuses | lies | resets | normalises | lost (done,
    but the answer is) | dropped (not done, and no answer) | down (cannot be read) | breaks (our own code fails after it) |
    slow (a merge is begun, and not done yet) | unseen (no preview for now).
    """

    def __init__(self, name: str, *, knows_keys: bool = True) -> None:
        self.name = name
        self.knows_keys = knows_keys
        self.records: dict[str, dict[str, str | None]] = {}
        self.keys: dict[str, str] = {}
        self.ledger: list[tuple[str, str, str]] = []
        self.trouble: dict[str, str] = {}
        self.made = 0
        self.preview: tuple[str, tuple[str, ...]] | None = None
        """Who a merge would keep by the vendor's preview, and what stands against it."""

    def add(self, profile_id: str, **fields: str | None) -> None:
        self.records[profile_id] = {"id": profile_id, "status": "active"} | fields

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        if any(self._trouble(i) == "down" for i in ids):
            raise VendorError(f"{self.name}: GET /customers stopped answering", permanent=False)
        return {i: dict(self.records[i]) if i in self.records else None for i in ids}

    def find(self, field: str, value: str) -> list[Record]:
        if field == "key":
            return [dict(self.records[self.keys[value]])] if self.knows_keys and value in self.keys else []
        plain: Callable[[str], str] = (
            str.casefold if field == "email" else lambda text: "".join(filter(str.isdigit, text))[-10:]
        )
        return [dict(r) for r in self.records.values() if r.get(field) and plain(r[field] or "") == plain(value)]

    def write(self, action: str, profile_id: str | None, after: Mapping[str, str | None], key: str) -> str:
        trouble = self._trouble(profile_id or key)
        if trouble == "refuses":
            raise VendorError(f"{self.name}: {after} is not acceptable", permanent=True, status=422)
        if trouble == "dropped":
            raise VendorError(f"{self.name}: stopped answering", permanent=False, effect="unknown")
        profile_id = profile_id or self._new(key)
        self.ledger.append((action, profile_id, key))
        if trouble not in {"slow", "lies"} and action == "erase":
            del self.records[profile_id]
        elif action == "merge" and trouble not in {"slow", "lies"}:
            self.records[profile_id].update(status="merged", merged_into=after[MERGED_INTO])
        elif trouble not in {"lies", "slow"}:
            self.records[profile_id].update(_spelt(after) if trouble == "normalises" else after)
        if trouble == "resets":
            self.records[profile_id]["note"] = None
        if trouble in {"lost", "slow"}:
            raise VendorError(f"{self.name}: stopped answering", permanent=False, effect="unknown")
        if trouble == "breaks":
            raise RuntimeError("a bug of ours")
        return profile_id

    def fate(self, loser: str, survivor: str) -> Fate:
        into = (self.fetch([loser])[loser] or {MERGED_INTO: "nowhere"}).get(MERGED_INTO)
        if into is None:
            return "running" if self._trouble(loser) == "slow" else "apart"
        return "done" if into == survivor else "elsewhere"

    def foresee(self, loser: str) -> Foreseen | None:
        if self._trouble(loser) == "unseen":
            raise VendorError(f"{self.name}: POST /preview stopped answering", permanent=False)
        return None if self.preview is None else Foreseen(*self.preview, holds={"email": "kept@example.com"})

    def _new(self, key: str) -> str:
        self.made += 1
        profile_id = f"{self.name}-new-{self.made}"
        self.add(profile_id)
        self.keys[key] = profile_id
        return profile_id

    def _trouble(self, name: str) -> str:
        return self.trouble.get(name, self.trouble.get("*", ""))


def _spelt(after: Mapping[str, str | None]) -> dict[str, str | None]:
    """As a vendor keeps it: a national phone, another case, a blank behind."""
    spelt = dict(after)
    if phone := spelt.get("phone"):
        spelt["phone"] = f"({phone[2:5]}) {phone[5:8]}-{phone[8:]}"
    if email := spelt.get("email"):
        spelt["email"] = email.upper()
    if city := spelt.get("city"):
        spelt["city"] = f"{city} "
    if tags := spelt.get("tags"):
        spelt["tags"] = ";".join(reversed(tags.split(";")))
    return spelt


class FakeConnector(Connector):
    """Speaks to a store through `call(method, *arguments)`, wherever that store lives."""

    kind = "fake"
    FIELDS = pa.schema([("id", pa.string())])
    REQUIRED_PROOFS = frozenset()

    def __init__(
        self, name: str, call: Callable[..., Any], actions: frozenset[str] = ACTIONS, *, later: bool = False
    ) -> None:
        super().__init__(name, None, SimulatedClock(datetime(2026, 11, 23, tzinfo=UTC)))
        self.call = call
        self.actions = actions
        self.later = later

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(actions=self.actions, erases_later=self.later)

    def check(self) -> list[CheckLine]:
        return []

    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        raise AssertionError("applying reads single profiles only")

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        return self.call("fetch", list(ids))

    def find(self, field_name: str, value: str) -> list[Record]:
        return self.call("find", field_name, value)

    def view(self, record: Record) -> dict[str, str | None]:
        links = {name: value for name, value in record.items() if name.startswith("link:")}
        names = (*VIEW_FIELDS, *BALANCES, MERGED_INTO)
        return {**{name: record.get(name) or None for name in names}, **links}

    def write(self, change: Change) -> str:
        return self.call("write", change.action, change.profile_id, dict(change.after), change.key)

    def fate(self, loser: str, survivor: str) -> Fate:
        return self.call("fate", loser, survivor)

    def foresee(self, change: Change) -> Foreseen | None:
        return self.call("foresee", change.profile_id)


class Bench:
    """Two stores, a state database and a plan in the making. Profiles `1` … hold a phone, an email, a note and a tag each."""

    def __init__(self, state: State, vault: Vault, clock: SimulatedClock) -> None:
        self.journal = Journal(state, vault, clock)
        self.stores = {"till": Store("till"), "shop": Store("shop")}
        self.actions = dict.fromkeys(self.stores, ACTIONS)
        self.later = False

    def people(self, number: int) -> None:
        for store in self.stores.values():
            for n in range(1, number + 1):
                store.add(str(n), **person(n))

    def correction(self, name: str, after: Mapping[str, str | None], **more: Any) -> Correction:
        """A correction that judged the fields it changes, as they are now."""
        source, profile_id = more.get("source", "till"), more.pop("profile_id", "1")
        record = self.stores[source].records.get(profile_id, {})
        before = {field: record.get(field) for field in after} if profile_id else {}
        plain: dict[str, Any] = {
            "source": "till", "action": "update", "why": "", "rule_ids": (), "finding_ids": (f"f-{name}",),
            "reversible": "fully", "needs": (), "state": "ready", "pairing": "p",
            "fingerprint": fingerprint(self.journal.vault, source, profile_id, record, before),
        }  # fmt: skip
        return Correction(correction_id=name, profile_id=profile_id, before=before, after=after, **{**plain, **more})

    def updates(self, number: int, source: str = "till") -> list[Correction]:
        """One changed phone on each of so many profiles."""
        return [
            self.correction(f"u{n}", {"phone": f"+1416555{n:04}"}, profile_id=str(n), source=source)
            for n in range(1, number + 1)
        ]

    def plan(self, *rows: Correction) -> None:
        self.journal.store_plan(PLAN, [replace(row, seq=n) for n, row in enumerate(rows, start=1)])

    def apply(self, only: Sequence[str] | None = None, plan: str = PLAN, **means: Any) -> Outcome:
        connectors = {
            name: FakeConnector(name, caller(store), self.actions[name], later=self.later)
            for name, store in self.stores.items()
        }
        plain = {"limits": Limits(), "actives": {"till": 1_000, "shop": 1_000}, "regions": {"till": "CA", "shop": "CA"}}
        return apply_plan(plan, Means(self.journal, connectors, **{**plain, **means}), only)

    def decide(self, target: str, id_: str, verdict: str = "approve", **more: Any) -> None:
        words = {"reason": "", "by": "kim", "made_at": self.journal.clock.now(), "run_id": PLAN, **more}
        self.journal.state.record_decisions([DecisionRow(target=target, id=id_, verdict=verdict, **words)])

    def take_back(self) -> list[Correction]:
        """The inverse of what the plan has written, judged on the stores as they are, stored as the plan UNDO."""
        rows = {row.correction_id: row for row in self.journal.load(PLAN)}
        written = [resolved(row, rows) for row in rows.values() if row.state in {"verified", *IN_DOUBT}]
        pairs = [(row, inverse(row, self._now(row), self.journal.vault)) for row in written]
        self.journal.store_plan(UNDO, in_order(pairs))
        return self.journal.load(UNDO)

    def _now(self, row: Correction) -> Now:
        store = self.stores[row.source]
        connector = FakeConnector(row.source, caller(store), self.actions[row.source])
        record = store.records.get(row.new_id or row.profile_id or "")
        view = None if record is None else connector.view(record)
        writer = Writer(connector, self.journal, "CA", lambda: False, lambda _: None)
        return Now(view, () if view is None else writer.missing(row, view), connector.capabilities)

    def states(self, plan: str = PLAN) -> dict[str, str]:
        return {row.correction_id: row.state for row in self.journal.load(plan)}

    def row(self, name: str) -> Correction:
        (row,) = [row for row in self.journal.load(PLAN) if row.correction_id == name]
        return row

    def ledger(self, source: str = "till") -> list[tuple[str, str, str]]:
        return self.stores[source].ledger


def person(n: int) -> dict[str, str | None]:
    return {
        "first_name": f"Pat{n}",
        "last_name": f"Lee{n}",
        "phone": f"+1613555{n:04}",
        "email": f"pat{n}@example.com",
        "note": "likes tea",
        "tags": "vip",
        "email_consent": "in",
    }


def caller(store: Store) -> Callable[..., Any]:
    return lambda method, *arguments: getattr(store, method)(*arguments)


@pytest.fixture
def bench(tmp_path: Path, vault: Vault, clock: SimulatedClock) -> Iterator[Bench]:
    state = State.open(f"sqlite:///{tmp_path}/state.db", vault)
    made = Bench(state, vault, clock)
    made.people(3)
    yield made
    state.close()


@pytest.fixture(name="person", scope="session")
def _person() -> Callable[[int], dict[str, str | None]]:
    return person


@pytest.fixture(scope="session")
def empty_store() -> Callable[..., Store]:
    return Store


class Vendors:
    """Stores in a process of their own: they remember what they were told by those who were killed meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "vendors.sock")
        mine, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("fork").Process(
            target=_serve, args=[self.address, mine, theirs], daemon=True
        )
        self.process.start()
        theirs.close()
        assert mine.recv() == "listening"
        self.parent_lives = mine

    def call(self, source: str, method: str, *arguments: Any) -> Any:
        """Raises what the store raised."""
        with Client(self.address) as line:
            line.send((source, method, arguments))
            kind, value = line.recv()
        if kind == "refused":
            message, words = value
            raise VendorError(message, **words)
        return value

    def connector(self, source: str) -> FakeConnector:
        return FakeConnector(source, lambda method, *arguments: self.call(source, method, *arguments))

    def put(self, stores: Mapping[str, Store]) -> None:
        """Begin anew with these stores."""
        self.call("", "put", dict(stores))

    def stores(self) -> dict[str, Store]:
        """Copies of the stores as they are now."""
        stores: dict[str, Store] = self.call("", "stores")
        return stores

    def stop(self) -> None:
        self.call("", "stop")
        self.process.join()
        self.process.close()
        self.parent_lives.close()


def _serve(address: str, parents: Any, mine: Any) -> None:
    """Answers until it is told to stop, or the tests are gone."""
    parents.close()
    threading.Thread(target=_end_with, args=[mine], daemon=True).start()
    listener = Listener(address, backlog=16)
    mine.send("listening")
    stores: dict[str, Store] = {}
    while True:
        with listener.accept() as line:
            try:
                source, method, arguments = line.recv()
            except EOFError:  # killed in the middle of a call
                continue
            if method == "stop":
                line.send(("done", None))
                break
            if method == "put":
                stores = arguments[0]
            answer = stores if method == "stores" else _answer(stores, source, method, arguments)
            _send(line, answer if isinstance(answer, tuple) else ("done", answer))
    listener.close()
    os._exit(0)


def _end_with(line: Any) -> None:
    line.poll(None)
    os._exit(0)


def _answer(stores: Mapping[str, Store], source: str, method: str, arguments: Sequence[Any]) -> Any:
    if not source:
        return None
    try:
        return getattr(stores[source], method)(*arguments)
    except VendorError as error:
        return "refused", (str(error), {"permanent": error.permanent, "status": error.status, "effect": error.effect})


def _send(line: Any, answer: object) -> None:
    try:
        line.send(answer)
    except OSError:  # whoever asked is dead
        return


@pytest.fixture(scope="session")
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendors]:
    made = Vendors(tmp_path_factory.mktemp("vendors"))
    yield made
    made.stop()
