"""The rigs, found by being there: `tests/vendors/<kind>/rig.py`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.base import kinds
from connectors.clock import SimulatedClock
from tests.vendors.scripted import account

VENDORS = Path(__file__).parent.parent / "vendors"
JOINED = [kind for kind in kinds() if (VENDORS / kind / "rig.py").is_file()]


@pytest.fixture(params=JOINED)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """One vendor's scripted account, with three profiles in it."""
    with account(request.param, tmp_path) as rig:
        yield rig


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(datetime(2026, 11, 23, 4, 15, tzinfo=UTC))
