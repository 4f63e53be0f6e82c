"""Who was listed tonight, and who of the last certified list was not (G2, G2a); in memory is neither of the two lists."""

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import chain
from pathlib import Path

from connectors.seen import Seen
from jobs import snapshot
from jobs.errors import ConfigError, IncompleteExport
from jobs.landing import Roster
from jobs.state import SnapshotRow
from jobs.vault import Vault


@dataclass(frozen=True, slots=True)
class Lists:
    """`present`: records with an id that were read tonight; `gone`: how many of the last certified list are not listed.

    `blind`: the last certified list cannot be read.
    """

    now: Seen
    present: int
    gone: int
    blind: bool
    before: Callable[[], Iterator[str]]

    def absent(self, names: Iterable[str]) -> set[str]:
        """Those of a few names that are not listed tonight."""
        return set(self.now.missing(filter(None, names)))

    def left(self) -> Iterator[str]:
        """The ids of the last certified list that are not listed tonight, one after the other."""
        return self.now.missing(self.before())

    def among_the_gone(self, names: Collection[str]) -> set[str]:
        """Those of a few names that were listed then, and are not tonight."""
        return {name for name in self.left() if name in names} if self.gone and names else set()

    def missing(self, linked: Collection[str], always: Collection[str], cap: int) -> tuple[int, list[str]]:
        """How many are gone or linked and not listed, and whom of them to ask for: `always`, and a sample of the others.

        The sample is from all over the list, and the same for the same names (G7).
        """
        both = self.among_the_gone(linked)
        others = chain((name for name in self.left() if name not in both), linked) if self.gone else linked
        asked = heapq.nsmallest(cap, (name for name in others if name not in always), key=_anywhere)
        return self.gone + len(linked) - len(both), sorted({*always, *asked})


def lists(roster: Roster, previous: SnapshotRow | None, workspace: Path, vault: Vault) -> Lists:
    """Tonight's list beside the last certified one, which lies in `workspace` and is read once."""
    now, present = roster.now, roster.present
    if previous is None:
        return Lists(now, present, 0, blind=False, before=_nobody)
    before = partial(snapshot.ids, workspace / previous.path, vault)
    try:
        gone = sum(1 for _ in now.missing(before()))
    except (IncompleteExport, ConfigError, OSError):
        return Lists(now, present, 0, blind=True, before=_nobody)
    return Lists(now, present, gone, blind=False, before=before)


def _nobody() -> Iterator[str]:
    return iter(())


def _anywhere(name: str) -> bytes:
    return sha256(name.encode("utf-8", "replace")).digest()
