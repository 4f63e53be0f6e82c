"""What a run would say of an export file as it lies there now (G1, G2): read and judged as in a run, and nothing is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import pyarrow as pa

from connectors.base import Connector, Evidence
from connectors.seen import Seen
from jobs.certificate import Baseline, Export, Probe, Read, is_certified, judge, shortfall
from jobs.fitting import Fitted, Fitter
from jobs.landing import Roster, sentence
from jobs.listed import Lists, lists
from jobs.pull import approved, baseline, contract
from jobs.settings import Settings
from jobs.state import SnapshotRow
from jobs.workspace import Workspace
from reports.document import Proof
from reports.words import many


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier runs left of a source: the last certified export, and the refused ones that were approved since."""

    previous: SnapshotRow | None = None
    accepted: tuple[Baseline, ...] = ()


@dataclass(slots=True)
class _Count:
    """What an export came to."""

    seen: Seen
    present: int = 0
    unreadable: int = 0

    def take(self, page: Fitted, id_field: str) -> None:
        self.present += self.seen.add(page.table[id_field].cast(pa.string()).to_pylist())
        self.present += self.seen.add(name for name, _ in page.misfits)
        self.unreadable += page.unreadable


def pasts(settings: Settings, workspace: Workspace | None) -> Mapping[str, Past]:
    """The past of every source that is a file; an empty one where nothing was ever run here."""
    files = [name for name, source in settings.sources.items() if source.driver == "files"]
    if workspace is None:
        return {name: Past() for name in files}
    state, today = workspace.state, workspace.today()
    return {name: Past(state.last_certified(name), approved(name, state, today)) for name in files}


def foretell(connector: Connector, past: Past, settings: Settings, workspace: Workspace | None) -> tuple[bool, str]:
    """Whether a run would certify the file, and how many profiles it holds; or why not, in the words of the run."""
    try:
        proofs, listed = _judged(connector, past, settings, workspace)
    except Exception as error:  # as in a run: of a fault of our own the place is told, and never a record
        return False, sentence(connector.name, error).removeprefix(f"{connector.name}: ")
    if is_certified(proofs):
        return True, f"certified, {many(listed, 'profile')}"
    return False, f"no certificate: {shortfall(proofs)}"


def _judged(
    connector: Connector, past: Past, settings: Settings, workspace: Workspace | None
) -> tuple[list[Proof], int]:
    evidence, count = Evidence(), _Count(Seen())
    fitter = Fitter(connector.FIELDS, connector.ID, connector.DROPPED)
    for page in connector.pages(evidence):
        count.take(fitter.fit(page.records), connector.ID)
    both = _beside(Roster(count.seen, count.present), past, workspace)
    read = Read(
        listed=len(both.now),
        repeated=both.present - len(both.now),
        unreadable=count.unreadable,
        vanished=both.gone,
        absent_canaries=tuple(both.absent(connector.settings.canaries)),
    )
    export = Export(
        required=connector.REQUIRED_PROOFS,
        evidence=replace(evidence, contract=contract(connector, evidence)),
        export_contract=connector.EXPORT_CONTRACT,
        read=read,
        previous=baseline(past.previous) if past.previous else None,
        probe=Probe(both.gone, both.gone, blind=both.blind),  # who is not in a file is alive nowhere else
        settings=connector.settings,
        limits=settings.limits,
        now=connector.clock.now(),
        zone=ZoneInfo(settings.time_zone),
        accepted=past.accepted,
    )
    return judge(export), read.listed


def _beside(roster: Roster, past: Past, workspace: Workspace | None) -> Lists:
    if workspace is None or past.previous is None:
        return Lists(roster.now, roster.present, 0, blind=False, before=lambda: iter(()))
    return lists(roster, past.previous, workspace.folder, workspace.vault)
