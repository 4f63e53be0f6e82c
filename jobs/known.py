"""What a person's decision can be about: the group's sources and pairings, and the profiles that were read."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from jobs import kept, snapshot
from jobs.errors import ConfigError, IncompleteExport
from jobs.settings import Settings
from jobs.state import State
from jobs.vault import Vault


@dataclass(frozen=True, slots=True)
class Known:
    """Names that decisions may use. `profiles`: the ids of a source; None where no list of it can be read."""

    sources: Collection[str]
    pairings: Collection[str]
    profiles: Callable[[str], Collection[str] | None]


def known(settings: Settings, state: State, vault: Vault) -> Known:
    """What the configuration names, and what the last certified exports and the last roll hold."""

    @cache
    def profiles(source: str) -> frozenset[str] | None:
        lists = [ids for ids in (_listed(settings, state, vault, source), _roll(settings, state, vault, source)) if ids]
        return frozenset().union(*lists) if lists else None

    return Known(settings.sources, {pairing.id for pairing in settings.pairings}, profiles)


def _listed(settings: Settings, state: State, vault: Vault, source: str) -> list[str]:
    row = state.last_certified(source)
    try:
        return list(snapshot.ids(settings.workspace / row.path, vault)) if row else []
    except (IncompleteExport, ConfigError, OSError):
        return []


def _roll(settings: Settings, state: State, vault: Vault, source: str) -> list[str]:
    try:
        roll = kept.read(settings.workspace, vault, state, "roll")
    except (ConfigError, OSError):
        return []
    return [] if roll is None else list(roll.filter(pc.equal(roll["source"], pa.scalar(source)))["id"].to_pylist())
