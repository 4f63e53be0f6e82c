"""The scripted account of this folder."""

import importlib.util
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.clock import SimulatedClock


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("lightspeed_x_rig", Path(__file__).with_name("rig.py"))
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
