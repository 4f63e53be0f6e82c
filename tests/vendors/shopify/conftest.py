"""The scripted shop, for the tests of this folder."""

from typing import Any

import pytest


@pytest.fixture
def shop(rig: Any) -> Any:
    """A shop with three customers: 7001, 7002, 7003."""
    return rig
