"""Simulated Treez stores."""

from collections.abc import Callable, Iterator

import pytest

from tests.vendors.sandbox.several import several
from tests.vendors.sandbox.treez.store import Store


@pytest.fixture
def opened() -> Iterator[Callable[..., Store]]:
    with several(Store) as one:
        yield one


@pytest.fixture
def store(opened: Callable[..., Store]) -> Store:
    return opened()
