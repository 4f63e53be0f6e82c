"""What the meeting of a connector with its simulated vendor needs: one rig per vendor, and the stage on which they meet.

A vendor joins by `meeting_<kind>.py` in this folder with one function, `build() -> Meeting`. Both halves were written
from the sheet alone; where they disagree, the sheet decides.
"""

import importlib.util
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from connectors.base import Action, Change, Connector, Evidence, Record, VendorError
from connectors.clock import SimulatedClock
from connectors.kinds import connector_class
from connectors.sandbox.base import Effect, Ledger, Now
from connectors.sandbox.server import Fault, Request
from jobs.certificate import Baseline, Export, Probe, Read, is_certified, judge
from jobs.settings import Limits, parse

HERE = Path(__file__).parent
RIGS = sorted(path.stem.removeprefix("meeting_") for path in HERE.glob("meeting_*.py"))
START = datetime(2026, 3, 2, 12, 15, tzinfo=UTC)
NEVER = 10**9
PERSON: Mapping[str, Any] = {
    "first_name": "Ada", "last_name": "Example", "email": "ada@example.com", "phone": "+16135550117",
    "birth_date": "1990-02-28", "street": "1 Sample St", "street_2": "Unit 2", "city": "Sampleton", "region": "ON",
    "postal_code": "K0K 0K0", "country": "CA", "email_consent": "unknown", "sms_consent": "unknown",
    "note": "likes tea", "created_at": "2025-03-01T15:00:00Z",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One write that the capabilities claim. `start`: how the person differs from `PERSON` before it.

    `after`: what is written, in the words of `view`. `shows`: what `view` says of these fields then, where it is spelled
    otherwise. `ledger`: what the vendor's ledger must hold: exactly these fields with these values (None: as `after`).
    """

    name: str
    action: Action
    after: Mapping[str, str | None]
    start: Mapping[str, Any] = field(default_factory=dict)
    shows: Mapping[str, str | None] = field(default_factory=dict)
    ledger: Mapping[str, Any] | None = None


class Meeting(ABC):
    """What the shared tests must know of one vendor; a rig says it and does nothing else."""

    kind: ClassVar[str]
    page: ClassVar[int]
    """How many profiles exactly fill a page of the list under `entry`."""
    entry: ClassVar[Mapping[str, Any]]
    """What completes `Account.settings()` to an entry under `sources:` (role, and what makes tests small)."""
    unknown_id: ClassVar[str]
    """An id in the vendor's own form, of nobody."""
    goes: ClassVar[str | None]
    """How a profile goes (`archive`, `delete`), and is still listed; None where the vendor has no such thing."""
    rotates: ClassVar[bool] = False
    """Whether tokens are refreshed, and kept in a file."""
    unheld: ClassVar[frozenset[str]] = frozenset()
    """Canonical fields that this vendor or its connector does not keep: `view` says None (or unknown, of consent)."""
    consents: ClassVar[Mapping[str, Mapping[str, str]]]
    """Per consent field: what a person's choice reads in `view`, by the polarity of the sheet."""
    groups: ClassVar[bool] = False
    """Whether customers are in groups; the account of a rig has one named `Gold`."""
    variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Quirks of the account that the sheet leaves open: under each of them everything must come out the same."""

    @abstractmethod
    def account(self, now: Now, ledger: Ledger, folder: Path, **quirks: Any) -> Any:
        """A fresh simulated account named `it`. `folder`: where token files may be put."""

    @abstractmethod
    def is_list(self, request: Request) -> bool:
        """Whether a request asks for a page of the list of profiles."""

    @abstractmethod
    def cases(self) -> Sequence[Case]:
        """At least one case of every action that the capabilities claim."""

    def gone_view(self, before: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fields, `status` among them, that a profile shows once it went; `before` is what the account had."""
        return {"status": "archived" if self.goes == "archive" else "deleted"}

    def sentinels(self) -> Sequence[str]:
        """Texts that the account plants in fields that nobody may read (G11)."""
        return ["SENTINEL"]


class Stage:
    """One account that serves, and connectors that speak to it over real HTTP, configured as an operator would."""

    def __init__(self, meeting: Meeting, folder: Path, **quirks: Any) -> None:
        self.meeting = meeting
        self.folder = folder
        self.clock = SimulatedClock(START)
        self.ledger = Ledger()
        self.account = meeting.account(self.clock.time, self.ledger, folder, **quirks)
        self.account.start()
        os.environ.update(self.account.secrets())

    def close(self) -> None:
        for name in self.account.secrets():
            os.environ.pop(name, None)
        self.account.stop()

    def connector(self, *, bare: bool = False, writes: bool = True) -> Connector:
        """By the configuration alone: what `settings()` gives, and the rig's entry (`bare`: its role alone)."""
        rest = {"role": self.meeting.entry["role"]} if bare else {**self.meeting.entry, "writes": writes}
        entry = {**self.account.settings(), **rest}
        settings = parse({"group": "g", "sources": {"it": entry}}, self.folder / "config.yaml").sources["it"]
        return connector_class(self.meeting.kind)("it", settings, self.clock)

    def people(self, count: int) -> list[str]:
        """So many different persons; returns their ids."""
        return [self.person(number) for number in range(count)]

    def person(self, number: int = 0, **other: Any) -> str:
        own = {
            "email": f"ada{number}@example.com",
            "phone": f"+1613555{100 + number:04}",
            "last_name": f"Example{number}",
        }
        return str(self.account.add({**PERSON, **own, **other}))

    def watch(self) -> Fault:
        """Counts requests of the list in `.seen`, and does nothing."""
        return self.fault("server_error", after=NEVER)

    def fault(self, name: Any, *, after: int = 1, times: int | None = 1, **options: Any) -> Fault:
        """A fault on the pages of the list."""
        found: Fault = self.account.fault(name, when=self.meeting.is_list, after=after, times=times, **options)
        return found

    def written(self) -> list[Effect]:
        return list(self.ledger.effects)


def loaded(kind: str) -> Meeting:
    """The rig of a vendor."""
    spec = importlib.util.spec_from_file_location(f"meeting_of_{kind}", HERE / f"meeting_{kind}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rig: Meeting = module.build()
    return rig


def pulled(connector: Connector) -> tuple[list[dict[str, Any]], Evidence]:
    """Every record of an export, and its evidence. Raises VendorError."""
    evidence, records = Evidence(), list[dict[str, Any]]()
    for page in connector.pages(evidence):
        records += page.records.to_pylist() if isinstance(page.records, pa.Table) else [dict(r) for r in page.records]
    return records, evidence


def views(connector: Connector, records: Sequence[Record]) -> dict[str, dict[str, str | None]]:
    return {str(record[connector.ID]): connector.view(record) for record in records}


def certified(connector: Connector, records: Sequence[Record], evidence: Evidence, before: int) -> bool:
    """Whether the night would take this export, after one of `before` profiles."""
    ids = [str(record[connector.ID]) for record in records]
    baseline = Baseline(before, connector.EXPORT_CONTRACT, evidence.contract)
    read = Read(len(set(ids)), repeated=len(ids) - len(set(ids)))
    export = Export(
        connector.REQUIRED_PROOFS, evidence, connector.EXPORT_CONTRACT, read, baseline, Probe(),
        settings=connector.settings, limits=Limits(shrink_profiles=1), now=START,
    )  # fmt: skip
    return is_certified(judge(export))


def change_of(connector: Connector, profile_id: str | None, case: Case, key: str = "k-1") -> Change:
    """The case as the writer hands it over: with the profile as it was read just before."""
    change = Change(case.action, profile_id, {}, case.after, key)
    if profile_id is None:
        return change
    current = connector.fetch([profile_id])[profile_id]
    assert current is not None
    seen = connector.view(current)
    return replace(change, current=current, before={name: seen[name] for name in case.after})


def failure(connector: Connector) -> VendorError:
    with pytest.raises(VendorError) as caught:
        pulled(connector)
    return caught.value


def tried(act: Callable[[], Any]) -> Any:
    """What an act gives, or the VendorError that it raises."""
    try:
        return act()
    except VendorError as refusal:
        return refusal


def stages(folder: Path, kind: str) -> Iterator[Any]:
    """A factory of stages of one vendor, all closed at the end."""
    opened: list[Stage] = []

    def open_one(**quirks: Any) -> Stage:
        place = folder / f"stage-{len(opened)}"
        place.mkdir()
        opened.append(Stage(loaded(kind), place, **quirks))
        return opened[-1]

    yield open_one
    for stage in opened:
        stage.close()


def as_text(value: Any) -> str:
    """Everything in it, to be searched."""
    return json.dumps(value, default=str, ensure_ascii=False)
