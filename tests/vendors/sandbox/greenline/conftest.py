"""Simulated Greenline companies."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.sandbox import blaze_ecom
from tests.vendors.sandbox.greenline.shop import Shop


@pytest.fixture
def opened() -> Iterator[Callable[..., Shop]]:
    shops: list[Shop] = []

    def open_one(**quirks: Any) -> Shop:
        shops.append(Shop(**quirks))
        return shops[-1]

    yield open_one
    for shop in shops:
        shop.web.close()
        shop.account.stop()


@pytest.fixture
def shop(opened: Callable[..., Shop]) -> Shop:
    return opened()


@pytest.fixture
def ecom(shop: Shop) -> blaze_ecom.Account:
    return blaze_ecom.Account("ecom", lambda: shop.at, shop.ledger, stores={"s-green": shop.account})
