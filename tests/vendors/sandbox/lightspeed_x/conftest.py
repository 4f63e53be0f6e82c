"""Simulated X-Series retailers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.vendors.sandbox.lightspeed_x.counter import Counter


@pytest.fixture
def opened() -> Iterator[Callable[..., Counter]]:
    counters: list[Counter] = []

    def open_one(**quirks: Any) -> Counter:
        counters.append(Counter(**quirks))
        return counters[-1]

    yield open_one
    for counter in counters:
        counter.web.close()
        counter.account.stop()


@pytest.fixture
def counter(opened: Callable[..., Counter]) -> Counter:
    return opened()
