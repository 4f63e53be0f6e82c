"""The scripted shop, for the tests of this folder."""

from types import ModuleType
from typing import Any

import pytest

from tests.vendors.shopify import rig as module


@pytest.fixture
def rig_module() -> ModuleType:
    """`rig.py` of this folder."""
    return module


@pytest.fixture
def shop(rig: Any) -> Any:
    """A shop with three customers: 7001, 7002, 7003."""
    return rig
