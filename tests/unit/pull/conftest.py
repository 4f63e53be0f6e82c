"""The group of these tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.clock import SimulatedClock
from jobs.vault import Vault
from tests.unit.pull.exported import Group


@pytest.fixture
def group(tmp_path: Path, vault: Vault, clock: SimulatedClock) -> Iterator[Group]:
    made = Group(tmp_path, vault, clock)
    made.till.add(*range(1, 101))
    yield made
    made.state.close()
