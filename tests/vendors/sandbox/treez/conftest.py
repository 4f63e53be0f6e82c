"""Simulated Treez stores."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.vendors.sandbox.treez.store import Store


@pytest.fixture
def opened() -> Iterator[Callable[..., Store]]:
    stores: list[Store] = []

    def opener(**quirks: Any) -> Store:
        stores.append(Store(**quirks))
        return stores[-1]

    yield opener
    for store in stores:
        store.session.close()
        store.account.stop()


@pytest.fixture
def store(opened: Callable[..., Store]) -> Store:
    return opened()
