"""`python -m tests.simulation.soak --nights 200 --seed N`: many nights of small groups under random faults, each held to the laws.

Nights come in episodes of ten. An episode is a group of its own, made, played and disturbed by its seed alone: two halves
of the simulated world, the other two in the next, so that all eight vendors are met. Between two nights clerks and shoppers
act; in each some vendors misbehave; what only needs a yes is approved and applied. A law that does not hold ends the soak
with the seed that plays the same nights again.
"""

import argparse
import hashlib
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
import yaml

from connectors.clock import SimulatedClock
from connectors.sandbox.faults import TROUBLES, arm, heal
from connectors.sandbox.script import Fault
from connectors.sandbox.world import PAIRS, World
from jobs import apply as applies
from jobs import applying, decide, night
from jobs import pull as pulling
from jobs.config_file import read
from jobs.night import Result
from jobs.settings import load
from jobs.workspace import Workspace
from reports.document import RunReport
from tests.simulation.soak_hands import Hands
from tests.simulation.soak_laws import Before, Scene, broken, yes_of

START = datetime(2026, 3, 2, 12, 15, tzinfo=UTC)
CONFIG = Path(__file__).parent.parent.parent / "config.yaml"
EPISODE = 10
SMALL_PAGES = {"heartland": {"per_page": 13}, "lightspeed_x": {"page_size": 13}}


class LawBroken(Exception):
    """A law did not hold; the text says which, where, and how to see it again."""


@dataclass(slots=True)
class Tally:
    """What a soak has come to. `trace`: a digest of every night, the same for the same seed."""

    nights: int = 0
    certified: int = 0
    incomplete: int = 0
    corrections: Counter[str] = field(default_factory=Counter)
    armed: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)
    kinds: set[str] = field(default_factory=set)
    seconds: float = 0.0
    trace: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Episode:
    """One group, ten nights of it at most."""

    seed: int
    folder: Path
    tally: Tally
    rng: random.Random = field(init=False)
    clock: SimulatedClock = field(init=False)
    world: World = field(init=False)
    hands: Hands = field(init=False)
    ever: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    said_yes: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"soak-{self.seed}")
        self.clock = SimulatedClock(START)
        self.world = World(self.rng.randrange(60, 121), self.seed, self.clock.time, halves_of(self.seed))
        self.hands = Hands(self.world, self.rng)

    def play(self, nights: int) -> None:
        """Raises LawBroken."""
        self.folder.mkdir(parents=True)
        self.world.start()
        try:
            with secrets_of(self.world), one_after_another():
                self._configure()
                for number in range(nights):
                    self._night(number)
        finally:
            self.world.stop()

    def _configure(self) -> None:
        raw = read(CONFIG)
        own = self.world.sources()
        sources = {n: {**raw["sources"][n], **entry, **SMALL_PAGES.get(entry["kind"], {})} for n, entry in own.items()}
        pairings = [pairing for pairing in raw["pairings"] if pairing["ecom"] in sources]
        self.tally.kinds |= {entry["kind"] for entry in own.values()}
        path = self.folder / "config.yaml"
        path.write_text(yaml.safe_dump({**raw, "sources": sources, "pairings": pairings}), encoding="utf-8")

    def _night(self, number: int) -> None:
        self.clock.advance(timedelta(hours=12))
        if number:
            self.hands.work(self.rng.randrange(4, 20))
        faults = self._trouble() if number else {}
        self.clock.advance(timedelta(hours=11))
        with Workspace.open(load(self.folder / "config.yaml"), self.clock) as workspace:
            before = Before.of(self.world, workspace)
            self.said_yes |= yes_of(self.world)
            for source, ids in before.ids.items():
                self.ever[source] |= ids
            report = self._run(workspace, number)
            for source, account in self.world.accounts.items():
                self.ever[source] |= set(account.ids())
                heal(account)
            self._resumed(workspace)
            troubled = {source for source, name in faults if TROUBLES[name].where == "list"}
            laws = list(broken(Scene(self.world, workspace, report, before, troubled, self.ever, self.said_yes)))
            self._count(workspace, report, faults, before)
        if laws:
            raise LawBroken(self.told(number, laws, faults))

    def _trouble(self) -> dict[tuple[str, str], Fault | None]:
        """None to six faults, each at some source."""
        armed: dict[tuple[str, str], Fault | None] = {}
        for _ in range(self.rng.randrange(7)):
            source, name = self.rng.choice(sorted(self.world.accounts)), self.rng.choice(list(TROUBLES))
            armed[source, name] = arm(self.world.account(source), name, self.rng.randrange(10**6), self.clock.sleep)
            self.tally.armed[name] += 1
        return armed

    def _run(self, workspace: Workspace, number: int) -> RunReport:
        result: Result = night.run(workspace, trigger="manual")
        path = self.folder / f"decisions-{number}.json"
        words = [
            {"target": "correction", "id": c.correction_id, "verdict": "approve", "by": "soak", "reason": "seen",
             "fingerprint": c.fingerprint}
            for c in result.report.corrections if c.state == "held" and c.needs == ["approval"]
        ]  # fmt: skip
        path.write_bytes(orjson.dumps({"schema": 1, "run": result.run_id, "decisions": words}))
        decide.take_file(path, workspace.state, workspace.clock, workspace.known)
        return applying.apply(workspace, result.run_id).report

    def _resumed(self, workspace: Workspace) -> None:
        """Now and then somebody goes on at once with what was left; else the next night finds it."""
        if self.rng.random() < 0.5:
            applying.resume(workspace, None)

    def _count(
        self, workspace: Workspace, report: RunReport, faults: dict[tuple[str, str], Fault | None], before: Before
    ) -> None:
        tally, plan = self.tally, workspace.journal.load(report.run_id)
        tally.nights += 1
        certified = [line.source for line in report.sources if line.certified]
        tally.certified += len(certified)
        tally.incomplete += len(report.sources) - len(certified)
        tally.corrections.update(row.state for row in plan)
        tally.hit.update(name for (_, name), fault in faults.items() if fault is None or fault.hits)
        effects = [(e.account, e.profile_id, str(e.change)) for e in self.world.ledger.effects[before.effects :]]
        seen = [report.run_id, certified, sorted(faults), sorted(effects)]
        seen += [sorted((f.kind, f.field, f.state) for f in report.findings), [(r.source, r.state) for r in plan]]
        tally.trace.append(hashlib.sha256(orjson.dumps(seen)).hexdigest()[:16])

    def told(self, number: int, laws: Sequence[str], faults: dict[tuple[str, str], Fault | None]) -> str:
        what = ", ".join(f"{name} at {source}" for source, name in faults) or "nothing"
        again = f"python -m tests.simulation.soak --seed {self.seed} --nights {number + 1}"
        return "\n".join([f"night {number} of seed {self.seed}, with {what}:", *laws, f"again: {again}"])


def halves_of(seed: int) -> list[str]:
    """Two halves of the world, and the other two for the next seed."""
    halves = list(PAIRS)
    random.Random(f"halves-{seed // 2}").shuffle(halves)
    return halves[:2] if seed % 2 == 0 else halves[2:]


@contextmanager
def secrets_of(world: World) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(world.secrets())
    try:
        yield
    finally:
        for name in world.secrets():
            os.environ.pop(name)
        os.environ.update(before)


@contextmanager
def one_after_another() -> Iterator[None]:
    """Sources are pulled and written to in turn, as a seed can only play again where no two threads share a clock that jumps."""

    def landed(connectors: Mapping[str, Any], site: Any, watcher: Any = None) -> dict[str, Any]:
        return {name: pulling.land(name, connector, site, watcher) for name, connector in connectors.items()}

    pool = partial(ThreadPoolExecutor, 1)
    with (
        patch.object(pulling, "land_all", landed),
        patch.object(applies, "ThreadPoolExecutor", lambda max_workers: pool()),
    ):
        yield


def soak(nights: int, seed: int, folder: Path, say: Any = lambda _: None) -> Tally:
    """So many nights from a seed on. Raises LawBroken."""
    tally, began = Tally(), time.monotonic()
    while tally.nights < nights:
        number = seed + tally.nights // EPISODE
        Episode(number, folder / str(number), tally).play(min(EPISODE, nights - tally.nights))
        tally.seconds = time.monotonic() - began
        say(f"seed {number}: {', '.join(halves_of(number))}; {tally.nights} nights, {tally.seconds:.0f} s")
    return tally


def table(tally: Tally) -> list[str]:
    """Markdown."""
    rows = [
        ("nights", str(tally.nights)),
        ("vendors met", ", ".join(sorted(tally.kinds))),
        ("exports certified", str(tally.certified)),
        ("exports without a certificate", str(tally.incomplete)),
        ("corrections", ", ".join(f"{count} {state}" for state, count in sorted(tally.corrections.items()))),
        ("faults that fell / scripted", f"{tally.hit.total()} / {tally.armed.total()}"),
        *((f"· {name}", f"{tally.hit[name]} / {tally.armed[name]}") for name in TROUBLES),
        ("seconds", f"{tally.seconds:.0f} ({tally.seconds / max(1, tally.nights):.1f} a night)"),
    ]
    return ["| what | how much |", "| --- | --- |", *(f"| {name} | {text} |" for name, text in rows)]


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="rollcall-soak-") as folder:
        try:
            tally = soak(asked.nights, asked.seed, Path(folder), lambda text: print(text, flush=True))
        except LawBroken as law:
            print(law, file=sys.stderr)
            return 1
    print("\n".join(table(tally)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
