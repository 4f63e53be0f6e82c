"""A connector whose export a test makes up, and the workspace that pulls it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import pyarrow as pa

from connectors.base import (
    Capabilities,
    Change,
    CheckLine,
    Connector,
    Evidence,
    Page,
    ProofName,
    Record,
    SourceSettings,
    VendorError,
)
from connectors.clock import SimulatedClock
from jobs import pull, snapshot
from jobs.pull import Desk, Pulled, Site
from jobs.settings import Limits
from jobs.state import DecisionRow, State
from jobs.vault import Vault

SENTINEL = "Quillfeather"


class KilledError(BaseException):
    """The process ends here."""


class Fake(Connector):
    """A vendor with an account of `people` by id; lists the active ones, and all where it lists who is gone."""

    kind = "fake"
    FIELDS: ClassVar[pa.Schema] = pa.schema([("id", pa.string()), ("name", pa.string()), ("status", pa.string())])
    REQUIRED_PROOFS: ClassVar[frozenset[ProofName]] = frozenset(
        {"end_mark", "count_before", "count_after", "pages_contiguous", "no_repeats", "same_contract", "shrink"}
    )

    def __init__(self, clock: SimulatedClock, *, lists_gone: bool = True, **settings: Any) -> None:
        super().__init__("till", SourceSettings(kind="fake", role="pos", **settings), clock)
        self.people: dict[str, dict[str, Any]] = {}
        self.hidden: set[str] = set()
        self.lists_gone = lists_gone
        self.asked: list[str] = []
        self.trouble: Exception | None = None
        self.mute: Exception | None = None
        self.account = "harbor"
        self.again: list[dict[str, Any]] = []
        self.counts = True

    def add(self, *names: object, status: str = "active") -> None:
        for name in names:
            self.people[str(name)] = {"id": str(name), "name": SENTINEL, "status": status}

    @property
    def listed(self) -> list[dict[str, Any]]:
        gone = set() if self.lists_gone else {n for n, p in self.people.items() if p["status"] != "active"}
        return [person for name, person in self.people.items() if name not in gone | self.hidden]

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(lists_gone=self.lists_gone, resumable=True)

    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        rows = [*self.listed, *self.again]
        if self.counts:
            evidence.count_before = evidence.count_after = len(self.listed)
        evidence.contract, evidence.pages_contiguous, evidence.end_mark = {"account": self.account}, True, False
        for start in range(int(cursor or 0), len(rows), 10):
            yield Page(rows[start : start + 10], cursor=str(start + 10))
            if self.trouble:
                raise self.trouble
        evidence.end_mark = True

    def check(self) -> list[CheckLine]:
        return []

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        if self.mute:
            raise self.mute
        self.asked += ids
        return {name: self.people.get(name.lstrip("0")) for name in ids}

    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        return []

    def view(self, record: Record) -> dict[str, str | None]:
        return {"status": record["status"].lower()}

    def write(self, change: Change) -> str:
        raise VendorError(f"nothing is written here: {change.action}", permanent=True)


class Group:
    """A group with one source, pulled night after night."""

    def __init__(self, folder: Path, vault: Vault, clock: SimulatedClock) -> None:
        self.folder, self.vault, self.clock = folder, vault, clock
        self.state = State.open(f"sqlite:///{folder / 'state.db'}", vault)
        self.till = Fake(clock)
        self.limits = Limits()
        self.run_id = ""

    def land(self) -> pull.Landing:
        self.clock.advance(timedelta(days=1))
        today = self.clock.now().date()
        self.run_id = self.state.begin_run(today, trigger="manual", at=self.clock.now())
        return pull.land("till", self.till, Site(self.folder, self.vault, self.clock))

    def seal(self, landing: pull.Landing, *wanted: str) -> Pulled:
        desk = Desk(self.run_id, self.state, self.limits, ZoneInfo("America/Los_Angeles"), _count_active)
        return pull.seal(landing, wanted, desk)

    def night(self, *wanted: str) -> Pulled:
        return self.seal(self.land(), *wanted)

    def approve(self, certificate: str, verdict: str = "approve") -> None:
        row = DecisionRow(self.run_id, "certificate", certificate, verdict, "moved", "Ann", self.clock.now())
        self.state.record_decisions([row])

    @property
    def snapshots(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "snapshots").glob("till/*"))


def _count_active(connector: Connector, rows: pa.RecordBatchReader) -> int:
    return sum(connector.view(row)["status"] == "active" for row in rows.read_all().to_pylist())


def proof(pulled: Pulled, name: str) -> tuple[str, str]:
    return next((proof.outcome, proof.detail) for proof in pulled.proofs if proof.name == name)


def rows_of(group: Group, pulled: Pulled) -> list[dict[str, Any]]:
    assert pulled.used is not None
    return list(snapshot.read(group.folder / pulled.used.path, group.vault).read_all().to_pylist())
