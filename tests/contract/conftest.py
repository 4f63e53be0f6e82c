"""What every vendor passes, whatever it speaks.

A vendor joins by offering `tests/vendors/<kind>/rig.py` with one function, `build(folder: Path) -> rig`. A rig is a
scripted account of that vendor, served over real HTTP on loopback (or, for a file, written into `folder`), with few
profiles of invented people. It is an object of any class with:

- `page_size`: how many profiles exactly fill one page of the list; None where a list has no pages
- `over_http`: False where nothing is spoken over the network (a file)
- `secrets`: every secret value that it uses; none may show in any text
- `serve(count)`: from now on the account holds `count` profiles (0, some, a full page, a full page and one more);
  forgets faults, requests and writes
- `ids()`: the ids of those profiles, in any order
- `odd_records()`: landed records of all sorts (everything empty, everything full, archived, odd consent …), as `pages`
  yields them: for each, `view` must say what `sql/shape` says
- `connector(clock, writes: bool)`: a connector to this account, its secrets in place
- `fail(status, headers={}, body=b"", times=None)`: answer the next `times` requests like this (None: all from now on)
- `requests()`: how many requests have come since `serve`
- `writes()`: for every action that the connector offers at least one pair `(change, sent)`: a `Change` on a profile
  that is there after `serve(3)` (or a create), and what `sent()` must then hold: exactly the writes on the wire, in a
  form of the rig's choosing (such as `("PATCH", path, body)`); `Change.current` is filled in by the suite
- `sent()`: the writes that have come since `serve`, in that form
- `close()`: stop the server

The account must take writes for real: after one, the profile reads back changed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.clock import SimulatedClock
from connectors.kinds import kinds
from tests.vendors.scripted import account

VENDORS = Path(__file__).parent.parent / "vendors"
JOINED = [kind for kind in kinds() if (VENDORS / kind / "rig.py").is_file()]


@pytest.fixture(params=JOINED)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """One vendor's scripted account, with three profiles in it."""
    with account(request.param, tmp_path) as rig:
        yield rig


@pytest.fixture
def wire(rig: Any, clock: SimulatedClock) -> Any:
    """An account that is spoken to over a network."""
    if not rig.over_http:
        pytest.skip(f"{_kind(rig, clock)}: reads a file; nothing is spoken over a network")
    return rig


@pytest.fixture
def taking(rig: Any, clock: SimulatedClock) -> Any:
    """An account that takes writes."""
    if not rig.connector(clock, writes=True).capabilities.actions:
        pytest.skip(f"{_kind(rig, clock)}: takes no writes; what is corrected is handed over as a file")
    return rig


@pytest.fixture
def created(taking: Any, clock: SimulatedClock) -> Any:
    """An account in which a profile can be created, and opted out."""
    lacks = {"create", "opt_out"} - taking.connector(clock, writes=True).capabilities.actions
    if lacks:
        pytest.skip(f"{_kind(taking, clock)}: has no way to {' or to '.join(sorted(lacks)).replace('_', ' ')}")
    return taking


def _kind(rig: Any, clock: SimulatedClock) -> str:
    return str(rig.connector(clock, writes=False).kind)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(datetime(2026, 11, 23, 4, 15, tzinfo=UTC))
