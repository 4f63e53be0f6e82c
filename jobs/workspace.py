"""Everything that a run needs, open: configuration, key, state, journal, connectors and the clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.base import Connector
from connectors.clock import Clock
from connectors.file_source import connect
from jobs.journal import Journal
from jobs.settings import Settings
from jobs.state import State
from jobs.vault import Vault, private_folder


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

        Raises ConfigError, and VendorError where a secret's place is empty.
        """
        private_folder(settings.workspace)
        vault = Vault.open(env=settings.key.env, file=settings.key.file)
        state = State.open(settings.state, vault)
        journal = Journal(state, vault, clock, ZoneInfo(settings.time_zone))
        try:
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

    def today(self) -> date:
        """The business date: the local date of the group."""
        return self.clock.now().astimezone(ZoneInfo(self.settings.time_zone)).date()


def connected(settings: Settings, clock: Clock) -> dict[str, Connector]:
    """A connector per source; nothing is asked of anybody yet. Raises VendorError where a secret's place is empty."""
    return {name: connect(name, source, clock) for name, source in settings.sources.items()}


def is_made(settings: Settings) -> bool:
    """Whether the workspace is there with its key and state, so that opening it makes nothing new."""
    files = [settings.key.file] if settings.key.file else []
    if settings.state.startswith("sqlite:///"):
        files.append(Path(settings.state.removeprefix("sqlite:///")))
    return settings.workspace.is_dir() and all(path.is_file() for path in files)
