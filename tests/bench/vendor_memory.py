"""`python -m tests.bench.vendor_memory`: the peak memory of a pull by the real connectors, at two sizes.

Each account is served by a process of its own, and each pull is a process of its own: landed and sealed, two nights. Both go
by one clock that runs ten times as fast as the machine's, so that the vendor's rate limits cost little.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jobs import prepare, pull
from jobs.settings import Limits
from jobs.state import State
from jobs.vault import Vault
from jobs.warehouse import Warehouse
from tests.bench import page, stores
from tests.bench.pull_memory import Peaks, grows, peak

FASTER = 10
KINDS = ("greenline", "heartland", "lightspeed_x", "shopify")


class Hurried:
    """A clock of several processes: `begun` is when it stood at the start, in the machine's seconds."""

    def __init__(self, begun: float) -> None:
        self._begun = begun

    def time(self) -> float:
        return stores.START.timestamp() + (time.time() - self._begun) * FASTER

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / FASTER)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)


def measured(kind: str, profiles: int) -> Peaks:
    """One vendor at one size."""
    context, begun = get_context("spawn"), time.time()
    ours, theirs = context.Pipe()
    with tempfile.TemporaryDirectory(prefix="rollcall-memory-") as folder:
        serving = context.Process(target=_serve, args=(kind, profiles, folder, begun, theirs))
        serving.start()
        try:
            entry, secrets = ours.recv()
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                return pool.submit(_pulled, entry, secrets, profiles, folder, begun).result()
        finally:
            ours.send("done")
            serving.join()


def _serve(kind: str, profiles: int, folder: str, begun: float, to: Connection) -> None:
    with stores.opened(kind, Path(folder), profiles, Hurried(begun)) as store:
        store.calls = _Nothing()  # what was asked is no matter here
        to.send((store.account.settings(), store.account.secrets()))
        to.recv()


class _Nothing(list[stores.Call]):
    def append(self, _: stores.Call) -> None:
        pass


def _pulled(entry: dict[str, Any], secrets: Mapping[str, str], profiles: int, folder: str, begun: float) -> Peaks:
    os.environ.update(secrets)
    bare, landed, clock, place = peak(), 0.0, Hurried(begun), Path(folder)
    vault = Vault(bytes(range(32)))
    state = State.open(f"sqlite:///{place / 'state.db'}", vault)
    for _ in range(2):
        run_id = state.begin_run(clock.now().date(), trigger="manual", at=clock.now())
        connector = stores.connected({**entry, "rate_share": 1.0}, place, clock)
        landing = pull.land("it", connector, pull.Site(place, vault, clock))
        landed = landed or peak()
        with Warehouse() as scratch:
            count = partial(prepare.count_active, scratch)
            sealed = pull.seal(landing, set(), pull.Desk(run_id, state, Limits(), ZoneInfo("UTC"), count))
        assert sealed.certified, sealed.problem
        assert sealed.snapshot.profiles == profiles
    state.close()
    return Peaks(profiles, bare, landed, peak())


def main(words: Sequence[str] | None = None) -> dict[str, tuple[Peaks, Peaks]]:
    """Measure every vendor at both sizes, print, and write the table where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=50_000)
    parser.add_argument("--large", type=int, default=500_000)
    parser.add_argument("--kind", choices=sorted(stores.ROLES), action="append")
    parser.add_argument("--write", type=Path, help="the page with the two markers")
    asked = parser.parse_args(words)
    lines = ["| vendor | profiles | imports alone, MiB | landed, MiB | two nights sealed, MiB | bytes per profile more |", "| --- | ---: | ---: | ---: | ---: | ---: |"]  # fmt: skip
    found = {}
    for kind in asked.kind or KINDS:
        small, large = (measured(kind, size) for size in (asked.small, asked.large))
        found[kind] = (small, large)
        for peaks, more in ((small, ""), (large, f"{grows(small, large):.0f}")):
            told = f"{peaks.bare:.0f} | {peaks.landed:.0f} | {peaks.sealed:.0f}"
            lines.append(f"| `{kind}` | {peaks.profiles:,} | {told} | {more} |")
            print(lines[-1], flush=True)
    if asked.write:
        page.put(asked.write, "vendor-memory", lines)
    return found


if __name__ == "__main__":
    main()
