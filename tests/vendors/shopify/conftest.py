"""The scripted shop, for the tests of this folder."""

import importlib.util
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from connectors.clock import SimulatedClock


@pytest.fixture(scope="session")
def rig_module() -> ModuleType:
    """`rig.py` of this folder."""
    spec = importlib.util.spec_from_file_location("shopify_rig", Path(__file__).with_name("rig.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def shop(rig_module: ModuleType, tmp_path: Path) -> Iterator[Any]:
    """A shop with three customers: 7001, 7002, 7003."""
    rig = rig_module.build(tmp_path)
    rig.serve(3)
    yield rig
    rig.close()


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(datetime(2026, 11, 23, 4, 15, tzinfo=UTC))
