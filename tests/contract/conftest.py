"""The rigs, found by being there: `tests/vendors/<kind>/rig.py`."""

import importlib.util
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.base import kinds
from connectors.clock import SimulatedClock

VENDORS = Path(__file__).parent.parent / "vendors"
JOINED = [kind for kind in kinds() if (VENDORS / kind / "rig.py").is_file()]


@pytest.fixture(params=JOINED)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """One vendor's scripted account, with three profiles in it."""
    kind = request.param
    spec = importlib.util.spec_from_file_location(f"rig_of_{kind}", VENDORS / kind / "rig.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    account = module.build(tmp_path)
    try:
        account.serve(3)
        yield account
    finally:
        account.close()


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(datetime(2026, 11, 23, 4, 15, tzinfo=UTC))
