"""Everything that a run needs, open: configuration, key, state, journal, connectors and the clock."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.base import Connector
from connectors.clock import Clock
from connectors.file_source import connect
from jobs import database
from jobs.errors import ConfigError
from jobs.journal import Journal
from jobs.known import Known, known
from jobs.settings import Settings
from jobs.state import State
from jobs.vault import Vault, private_folder

_LEFT = ("snapshots", "reports", "kept")
"""Folders that only runs fill."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One retail group's workspace; use as a context manager."""

    settings: Settings
    vault: Vault
    state: State
    journal: Journal
    connectors: Mapping[str, Connector]
    clock: Clock

    @classmethod
    def open(cls, settings: Settings, clock: Clock) -> "Workspace":
        """Open all of it; makes folders, the key file and the state database where they are missing.

        Raises ConfigError, also where earlier runs left files and the database knows of none; and VendorError where a
        secret's place is empty.
        """
        if is_used(settings.workspace) and not _has_state(settings.state):
            raise ConfigError(_lost(settings))
        private_folder(settings.workspace)
        vault = Vault.open(env=settings.key.env, file=settings.key.file)
        state = State.open(settings.state, vault)
        journal = Journal(state, vault, clock, ZoneInfo(settings.time_zone))
        try:
            if is_used(settings.workspace) and state.last_run() is None:
                raise ConfigError(_lost(settings))
            return cls(settings, vault, state, journal, connected(settings, clock), clock)
        except BaseException:
            state.close()
            raise

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(self, *_: object) -> None:
        self.state.close()

    @property
    def folder(self) -> Path:
        return self.settings.workspace

    @property
    def reports(self) -> Path:
        """Where reports lie: `<run>.html` and `<run>.json`."""
        return private_folder(self.folder / "reports")

    @property
    def paused(self) -> bool:
        """Whether `rollcall pause` stopped the writing (a file in the workspace, so that it works without a database)."""
        return (self.folder / "paused").exists()

    @property
    def known(self) -> Known:
        """What people's decisions can be about."""
        return known(self.settings, self.state, self.vault)

    def today(self) -> date:
        """The business date: the local date of the group."""
        return self.clock.now().astimezone(ZoneInfo(self.settings.time_zone)).date()


def connected(settings: Settings, clock: Clock) -> dict[str, Connector]:
    """A connector per source; nothing is asked of anybody yet. Raises VendorError where a secret's place is empty."""
    return {name: connect(name, source, clock) for name, source in settings.sources.items()}


def is_made(settings: Settings) -> bool:
    """Whether the workspace is there with its key and state, so that opening it makes nothing new.

    True too for one that has lost its state database: opening it says so, and makes none.
    """
    files = [settings.key.file] if settings.key.file else []
    there = settings.workspace.is_dir() and all(path.is_file() for path in files)
    return there and (_has_state(settings.state) or is_used(settings.workspace))


def is_used(folder: Path) -> bool:
    """Whether runs have left snapshots, reports or kept files in a workspace."""
    return any(names for part in _LEFT for _, _, names in os.walk(folder / part))


def _has_state(url: str) -> bool:
    """Whether there is a state database; one on a server is asked once it is open."""
    if not url.startswith("sqlite:///"):
        return True
    file = Path(url.removeprefix("sqlite:///"))
    return file.exists() and (not file.is_file() or file.stat().st_size > 0)


def _lost(settings: Settings) -> str:
    return (
        f"the state database {database.shown(settings.state)} is missing or new, while {settings.workspace} holds what "
        "earlier runs left: people's decisions, the journal and writes in doubt would be gone without a word. Restore the "
        "database from a backup, as old as the workspace, or point `state:` to where it is; to start anew on purpose, move "
        "the workspace away first"
    )
