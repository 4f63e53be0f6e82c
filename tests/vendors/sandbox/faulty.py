"""One vendor's account under the faults of the registry, pulled and written to as a night would: real HTTP, real workspace."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.faults import TROUBLES, arm, heal
from jobs import pull as pulling
from jobs import snapshot
from jobs.apply import Means, Outcome, apply_plan
from jobs.corrections import Correction, fingerprint
from jobs.journal import Journal
from jobs.settings import Limits
from jobs.state import State
from jobs.vault import Vault
from tests.bench.stores import ROLES, Store, opened

LONG = bool(os.environ.get("ROLLCALL_LONG"))
SMALL: dict[str, dict[str, Any]] = {"heartland": {"per_page": 7}, "lightspeed_x": {"page_size": 7}}
PAGE = {"heartland": 14, "lightspeed_x": 14, "treez": 50, "shopify": 12}
"""How many fill a page, or two small ones; a hundred everywhere else."""
LONGEST_S = 90
"""Seconds of the machine after which a pull hangs."""
KINDS = sorted(ROLES)


@dataclass(slots=True)
class Faulty:
    """A store with a full page and one customer more, and the workspace of the group that it belongs to."""

    store: Store
    folder: Path
    vault: Vault
    state: State
    nights: int = 0
    said: list[str] = field(default_factory=list)

    @property
    def account(self) -> Any:
        return self.store.account

    def connector(self) -> Any:
        os.environ.update(self.account.secrets())  # every store of these tests has the same name
        return self.store.connector(**SMALL.get(self.store.kind, {}), writes=True)

    def arm(self, name: str, seed: int) -> Any:
        return arm(self.account, name, seed, self.store.clock.sleep)

    def heal(self) -> None:
        heal(self.account)

    def pull(self) -> pulling.Pulled:
        """Tonight's export, judged. Raises AssertionError where it hangs or crashes."""
        done: list[pulling.Pulled] = []
        thread = threading.Thread(target=lambda: done.append(self._pull()), daemon=True)
        thread.start()
        thread.join(LONGEST_S)
        assert done, f"{self.store.kind}: the pull {'hangs' if thread.is_alive() else 'died'}"
        assert "fault of rollcall itself" not in done[0].problem, done[0].problem
        assert "not understood" not in done[0].problem, done[0].problem
        return done[0]

    def _pull(self) -> pulling.Pulled:
        clock, connector = self.store.clock, self.connector()
        clock.advance(timedelta(days=1))
        run_id = self.state.begin_run(clock.now().date(), trigger="manual", at=clock.now())
        landing = pulling.land_all({"it": connector}, pulling.Site(self.folder, self.vault, clock))["it"]
        desk = pulling.Desk(run_id, self.state, Limits(), ZoneInfo("America/Los_Angeles"), _count_active)
        return pulling.seal(landing, (), desk)

    def rows(self, pulled: pulling.Pulled) -> dict[str, dict[str, Any]]:
        """What a certified export holds, by id."""
        reader = snapshot.read(self.folder / pulled.snapshot.path, self.vault)
        name = self.connector().ID
        return {str(row[name]): row for row in reader.read_all().to_pylist()}

    def ids(self, pulled: pulling.Pulled) -> set[str]:
        """Everybody in it, the quarantined included."""
        return set(snapshot.ids(self.folder / pulled.snapshot.path, self.vault))


@contextmanager
def group(kind: str, folder: Path, people: int | None = None) -> Iterator[Faulty]:
    with opened(kind, folder, people or PAGE.get(kind, 100) + 1) as store:
        vault = Vault(bytes(range(32)))
        state = State.open(f"sqlite:///{folder / 'state.db'}", vault)
        try:
            yield Faulty(store, folder / "data", vault, state)
        finally:
            state.close()


def _count_active(connector: Any, rows: Any) -> int:
    return sum(connector.view(row)["status"] == "active" for row in rows.read_all().to_pylist())


class Bench:
    """Corrections for one vendor, applied through the journal."""

    def __init__(self, faulty: Faulty) -> None:
        self.faulty = faulty
        self.connector = faulty.connector()
        self.journal = Journal(faulty.state, faulty.vault, faulty.store.clock)
        self.plan_id = ""

    def plan(self, after: Mapping[str, Mapping[str, str | None]]) -> None:
        """One update for each profile id, judged on what is there now."""
        clock = self.faulty.store.clock
        self.plan_id = self.faulty.state.begin_run(clock.now().date(), trigger="manual", at=clock.now())
        rows = [self._correction(profile_id, values) for profile_id, values in after.items()]
        self.journal.store_plan(self.plan_id, [replace(row, seq=n) for n, row in enumerate(rows, start=1)])

    def _correction(self, profile_id: str, after: Mapping[str, str | None]) -> Correction:
        record = self.connector.fetch([profile_id])[profile_id]
        view = self.connector.view(record)
        before = {name: view[name] for name in after}
        return Correction(
            f"c-{self.plan_id}-{profile_id}", "it", profile_id, "update", before, after, "", (), ("f",),
            fingerprint(self.faulty.vault, "it", profile_id, view, before), "fully", (), "ready", pairing="p",
        )  # fmt: skip

    def apply(self) -> Outcome:
        means = Means(self.journal, {"it": self.connector}, Limits(), {"it": 1000}, {"it": "CA"})
        return watched(lambda: apply_plan(self.plan_id, means))

    def rows(self) -> list[Correction]:
        return self.journal.load(self.plan_id)


def watched(act: Callable[[], Outcome]) -> Outcome:
    """What it gives. Raises what it raises, and AssertionError where it hangs."""
    done: list[Outcome] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(act())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(LONGEST_S)
    if failed:
        raise failed[0]
    assert done, "applying hangs"
    return done[0]


def names(where: str) -> list[str]:
    return [name for name, trouble in TROUBLES.items() if trouble.where == where]
