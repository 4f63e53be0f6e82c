"""Simulated R-Series accounts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vendors.sandbox.lightspeed_r.till import Till


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Till]]:
    tills: list[Till] = []

    def open_one(**quirks: Any) -> Till:
        tills.append(Till(tmp_path, **quirks))
        return tills[-1]

    yield open_one
    for till in tills:
        till.web.close()
        till.account.stop()


@pytest.fixture
def till(opened: Callable[..., Till]) -> Till:
    return opened()
