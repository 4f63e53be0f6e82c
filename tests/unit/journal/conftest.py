"""Journals on either database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.clock import SimulatedClock
from jobs.journal import Journal
from jobs.state import State
from jobs.vault import Vault


@pytest.fixture
def journal(state_url: str, vault: Vault, clock: SimulatedClock) -> Iterator[Journal]:
    state = State.open(state_url, vault)
    yield Journal(state, vault, clock)
    state.close()


@pytest.fixture
def on_file(tmp_path: Path, vault: Vault, clock: SimulatedClock) -> Iterator[Journal]:
    state = State.open(f"sqlite:///{tmp_path}/state.db", vault)
    yield Journal(state, vault, clock)
    state.close()
