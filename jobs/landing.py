"""Landing: every page of every source, sealed on the disk as it comes in, whatever happens on the way (G1, G11)."""

import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from connectors.base import Connector, Evidence, VendorError
from connectors.clock import Clock
from connectors.seen import Seen
from jobs.errors import RollcallError
from jobs.fitting import Fitter
from jobs.parts import Folder
from jobs.vault import Vault

LET_GO_S = 2.0
"""How long an interrupted run waits for each source to end its page."""
Watcher = Callable[[str, int, int | None], None]
"""Told after each page: source, profiles so far, profiles expected where that is known."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where landings go."""

    workspace: Path
    vault: Vault
    clock: Clock


@dataclass(frozen=True, slots=True)
class Roster:
    """The ids that landed, and how many records carry them: more, where a profile was read twice."""

    now: Seen
    present: int


@dataclass(slots=True)
class Landing:
    """One source's export as it came in. `problem`: why it is not whole, in a sentence; else empty."""

    source: str
    connector: Connector
    site: Site
    folder: Folder
    fitter: Fitter
    evidence: Evidence
    started_at: datetime
    finished_at: datetime
    resumed: bool = False
    contract_changed: bool = False
    problem: str = ""
    _roster: "Roster | None" = None

    @property
    def roster(self) -> "Roster":
        """Who is listed; read once, when the landing is through. Raises OSError or ConfigError where it cannot be read."""
        if self._roster is None:
            now = Seen()
            self._roster = Roster(now, now.add(self.folder.ids()))
        return self._roster

    @property
    def listed(self) -> int:
        """Records so far, the quarantined included."""
        return self.folder.progress.present

    def rows(self) -> pa.RecordBatchReader:
        """What landed, in the connector's FIELDS."""
        return self.folder.rows()


def land_all(connectors: Mapping[str, Connector], site: Site, watcher: Watcher | None = None) -> dict[str, Landing]:
    """Land every source in a thread of its own. An interrupt stops each after its page, and what it has is kept."""
    stop = threading.Event()
    landings: dict[str, Landing] = {}

    def run(name: str, connector: Connector) -> None:
        landings[name] = land(name, connector, site, watcher, stop)

    # Daemons: a vendor that answers no more cannot hold back the end of an interrupted run.
    threads = [
        threading.Thread(target=run, args=pair, name=f"pull-{pair[0]}", daemon=True) for pair in connectors.items()
    ]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        stop.set()
        for thread in threads:
            thread.join(LET_GO_S)
        raise
    return {name: landings[name] for name in connectors}


def land(
    name: str, connector: Connector, site: Site, watcher: Watcher | None = None, stop: threading.Event | None = None
) -> Landing:
    """Land one source, or go on where an earlier pull was interrupted. Trouble becomes `Landing.problem`."""
    landing = _begun(name, connector, site)
    before = landing.listed
    try:
        _read(landing, watcher or _nobody, stop or threading.Event())
    except Exception as error:
        landing.problem = sentence(name, error)
        if landing.resumed and landing.listed == before:
            landing.folder.discard()
    landing.finished_at = site.clock.now()
    return landing


def sentence(source: str, error: Exception) -> str:
    """What went wrong with a source, for people; never the text of an error that may quote a record."""
    if isinstance(error, VendorError | RollcallError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{source}: the disk or the network refused: {error.strerror}"
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"
    return f"{source}: stopped by a fault of rollcall itself ({place}): please report it"


def _begun(name: str, connector: Connector, site: Site) -> Landing:
    folder = Folder(site.workspace, name, site.vault, connector.FIELDS, connector.ID)
    fitter = Fitter(connector.FIELDS, connector.ID, connector.DROPPED)
    now = site.clock.now()
    identity = _identity(connector, site.vault)
    resumed = connector.capabilities.resumable and folder.resume(identity, now)
    if not resumed:
        folder.begin(identity, now)
    for field, kind, seen in folder.progress.unknown:
        fitter.note(field, kind, seen)
    started = folder.progress.started_at
    return Landing(name, connector, site, folder, fitter, Evidence(), started, now, resumed=resumed)


def _identity(connector: Connector, vault: Vault) -> str:
    """What is being read and in which words: pages of two identities never land together."""
    fields = connector.FIELDS.remove_metadata().to_string()
    settings = connector.settings.model_dump_json()
    return vault.hash(connector.kind, connector.shape, str(connector.EXPORT_CONTRACT), connector.ID, fields, settings)


def _read(landing: Landing, watcher: Watcher, stop: threading.Event) -> None:
    folder, fitter, connector = landing.folder, landing.fitter, landing.connector
    first, now, cursor = Evidence(**folder.progress.evidence), Evidence(), folder.progress.cursor
    try:
        for page in connector.pages(now, cursor):
            folder.add(fitter.fit(page.records))
            cursor = page.cursor
            if folder.is_chunk:
                folder.keep(cursor, _joined(first, now), fitter.unknown)
            watcher(landing.source, landing.listed, now.count_before or connector.settings.expected)
            if stop.is_set():
                landing.problem = f"{landing.source}: interrupted"
                break
        for column in connector.unknown_columns:
            fitter.note(column, "column", connector.unknown_seen.get(column, 1))
    finally:
        landing.evidence = _joined(first, now)
        folder.keep(cursor, landing.evidence, fitter.unknown)
    landing.contract_changed = bool(first.contract) and first.contract != now.contract


def _joined(first: Evidence, now: Evidence) -> Evidence:
    """The evidence of an export that was read in several goes: its first count, and what was wrong in any of them."""
    broken = False in (first.pages_contiguous, now.pages_contiguous)
    return replace(
        now,
        count_before=now.count_before if first.count_before is None else first.count_before,
        pages_contiguous=False if broken else now.pages_contiguous,
        contract=first.contract or now.contract,
        notes=first.notes + now.notes,
        unproven=list(dict.fromkeys(first.unproven + now.unproven)),
    )


def _nobody(*_: Any) -> None:
    """Nobody watches."""
