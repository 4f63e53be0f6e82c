"""Every fault of the list against every connector, through the real pull: a whole certified export, or none with a reason.

In each run a fault meets one vendor, chosen by the seed; `ROLLCALL_LONG=1` plays all of them. A failing case names its
seed; `ROLLCALL_FAULT_SEED` plays another one.
"""

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.vendors.sandbox.faulty import KINDS, LONG, Faulty, group, names

SEED = int(os.environ.get("ROLLCALL_FAULT_SEED", "7"))
BENT = frozenset({"wrong_type", "huge_note", "lone_surrogate", "no_id", "profile_moves", "new_field"})
"""Faults that change what is said of a record."""

UNHEARD = {"treez": {"lying_count"}, "lightspeed_x": {"lying_count"}}
"""Faults that some vendors' lists have no place for."""


def met() -> list[Any]:
    """Which fault meets which vendor: two of them, or all."""
    chance = random.Random(SEED)
    pairs = [(name, kind) for name in names("list") for kind in (KINDS if LONG else chance.sample(KINDS, 1))]
    return [pytest.param(name, kind, id=f"{name}-{kind}-seed{SEED}") for name, kind in pairs]


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Faulty]]:
    """Every vendor once, with a certified night behind it."""
    with ExitStack() as ends:
        yield _Groups(ends, tmp_path_factory)


class _Groups(dict[str, Faulty]):
    def __init__(self, ends: ExitStack, folders: pytest.TempPathFactory) -> None:
        self.ends, self.folders = ends, folders

    def __missing__(self, kind: str) -> Faulty:
        made = self.ends.enter_context(group(kind, self.folders.mktemp(kind)))
        assert made.pull().certified
        self[kind] = made
        return made


@pytest.mark.parametrize(("name", "kind"), met())
def test_a_fault_of_the_list_is_survived_or_told(groups: dict[str, Faulty], name: str, kind: str) -> None:
    """G1, G2, G2a: whole and certified, or refused with a reason; the next night is whole, with tokens that still hold."""
    group = groups[kind]
    began = group.store.clock.time()
    fault = group.arm(name, SEED)
    try:
        pulled = group.pull()
    finally:
        group.heal()
    assert fault is not None
    assert fault.hits or name in UNHEARD.get(kind, ()), "the fault fell on nothing"
    assert group.store.clock.time() - began < 2 * 86_400, "deadlines hold"
    if not pulled.certified:
        assert pulled.problem
        assert pulled.used is not None, "the last certified export stays"
    again = whole_again(group)
    if pulled.certified:
        assert group.ids(pulled) == set(group.account.ids())
        rows, clean = group.rows(pulled), group.rows(again)
        unlike = [one for one, row in rows.items() if row != clean[one]]
        assert len(unlike) <= (fault.hits if name in BENT else 0), unlike
        quarantined = len(clean) - len(rows)
        assert quarantined <= (fault.hits if name in BENT else 0)
        assert pulled.snapshot.profiles == len(rows) + quarantined, "received = staged + quarantined"


def whole_again(group: Faulty) -> Any:
    """The night after, whatever tokens there were: everybody, as the account has them."""
    expire = getattr(getattr(group.account, "access", None), "expire", None)
    if expire is not None:
        expire()
    again = group.pull()
    assert again.certified, again.problem
    connector, rows = group.connector(), group.rows(again)
    assert set(rows) == set(group.account.ids())
    for profile_id, row in rows.items():
        held, seen = group.account.read(profile_id), connector.view(row)
        assert (seen["last_name"], seen["email"]) == (held["last_name"], held["email"])
    return again
