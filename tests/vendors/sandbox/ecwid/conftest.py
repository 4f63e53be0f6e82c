"""Simulated Ecwid stores."""

from collections.abc import Callable, Iterator

import pytest

from tests.vendors.sandbox.ecwid.shop import Shop
from tests.vendors.sandbox.several import several


@pytest.fixture
def opened() -> Iterator[Callable[..., Shop]]:
    with several(Shop) as one:
        yield one


@pytest.fixture
def shop(opened: Callable[..., Shop]) -> Shop:
    return opened()
