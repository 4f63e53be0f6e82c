"""The scripted account of a vendor's folder, and the time of its tests."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.clock import SimulatedClock
from tests.vendors.scripted import account


@pytest.fixture
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """The account of the vendor after whom the test's folder is named, with three profiles in it."""
    with account(request.path.parent.name, tmp_path) as rig:
        yield rig


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(datetime(2026, 11, 23, 4, 15, tzinfo=UTC))
