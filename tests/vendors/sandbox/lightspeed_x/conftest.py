"""Simulated X-Series retailers."""

from collections.abc import Callable, Iterator

import pytest

from tests.vendors.sandbox.lightspeed_x.counter import Counter
from tests.vendors.sandbox.several import several


@pytest.fixture
def opened() -> Iterator[Callable[..., Counter]]:
    with several(Counter) as one:
        yield one


@pytest.fixture
def counter(opened: Callable[..., Counter]) -> Counter:
    return opened()
