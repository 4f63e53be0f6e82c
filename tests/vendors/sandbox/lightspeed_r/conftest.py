"""Simulated R-Series accounts."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.vendors.sandbox.lightspeed_r.till import Till
from tests.vendors.sandbox.several import several


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Till]]:
    with several(partial(Till, tmp_path)) as one:
        yield one


@pytest.fixture
def till(opened: Callable[..., Till]) -> Till:
    return opened()
