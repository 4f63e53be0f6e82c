"""Every fault of writes against every connector, through the real apply: nothing twice, nothing claimed that is not so.

One vendor for each fault, chosen by the seed; all of them with `ROLLCALL_LONG=1`.
"""

import os
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.vendors.sandbox.faulty import KINDS, LONG, Bench, Faulty, group, names

SEED = int(os.environ.get("ROLLCALL_FAULT_SEED", "7"))
PEOPLE = 6
CLERK = frozenset({"clerk_first", "clerk_after", "normalised"})
"""Faults after which the account holds something else than what was written."""


def met() -> list[Any]:
    chance = random.Random(SEED)
    pairs = [(name, kind) for name in names("write") for kind in (KINDS if LONG else chance.sample(KINDS, 1))]
    return [pytest.param(name, kind, id=f"{name}-{kind}-seed{SEED}") for name, kind in pairs]


@pytest.mark.parametrize(("name", "kind"), met())
def test_a_fault_of_writes_loses_nothing_and_doubles_nothing(tmp_path: Path, name: str, kind: str) -> None:
    """What is verified is there; nothing is written twice; what is in doubt is settled by reading once the vendor is well."""
    with group(kind, tmp_path, PEOPLE) as faulty:
        bench = Bench(faulty)
        wanted = {one: {"last_name": f"Renamed{place}"} for place, one in enumerate(faulty.account.ids())}
        bench.plan(wanted)
        fault = faulty.arm(name, SEED)
        bench.apply()
        assert fault is not None
        assert fault.hits, "the fault fell on nothing"
        honest(faulty, bench, wanted, name)
        faulty.heal()
        began = {row.correction_id: row.state for row in bench.rows()}
        bench.connector = faulty.connector()
        bench.apply()
        honest(faulty, bench, wanted, name)
        settled(bench, began, name)


def honest(faulty: Faulty, bench: Bench, wanted: Mapping[str, Mapping[str, Any]], name: str) -> None:
    """The journal against the vendor's books and its ledger."""
    done = Counter(effect.profile_id for effect in faulty.account.ledger.effects if "Renamed" in str(effect.change))
    assert max(done.values(), default=0) <= 1, f"written twice: {done}"
    for row in bench.rows():
        assert row.profile_id is not None
        held = faulty.account.read(row.profile_id)["last_name"]
        if row.state == "verified":
            assert done[row.profile_id] == 1
        if row.state == "verified" and name not in CLERK:
            assert held == wanted[row.profile_id]["last_name"]
        told = "a write of unknown outcome" in row.detail
        if row.state in ("ready", "held", "refused", "handed_back") and not told:
            assert done[row.profile_id] == 0, f"{row.state}, and written all the same: {row.detail}"
    assert set(done) <= set(wanted)


def settled(bench: Bench, began: Mapping[str, str], name: str) -> None:
    """Nobody stays in doubt for want of reading; only a read-back that differs is left to a person."""
    for row in bench.rows():
        assert row.state not in ("intended", "applied"), row.detail
        if row.state == "unknown":
            assert name in {*CLERK, "answer_without_effect"}, row.detail
        assert began[row.correction_id] != "verified" or row.state == "verified"
