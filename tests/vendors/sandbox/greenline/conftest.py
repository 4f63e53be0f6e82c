"""Simulated Greenline companies."""

from collections.abc import Callable, Iterator

import pytest

from connectors.sandbox import blaze_ecom
from tests.vendors.sandbox.greenline.shop import Shop
from tests.vendors.sandbox.several import several


@pytest.fixture
def opened() -> Iterator[Callable[..., Shop]]:
    with several(Shop) as one:
        yield one


@pytest.fixture
def shop(opened: Callable[..., Shop]) -> Shop:
    return opened()


@pytest.fixture
def ecom(shop: Shop) -> blaze_ecom.Account:
    return blaze_ecom.Account("ecom", lambda: shop.at, shop.ledger, stores={"s-green": shop.account})
