"""Groups to start a given/expected test from."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.sql.given import Night


@pytest.fixture
def nights() -> Iterator[Callable[..., Night]]:
    """`nights(...)`: an empty night; every one is closed at the end."""
    made: list[Night] = []

    def night(**settings: Any) -> Night:
        made.append(Night(**settings))
        return made[-1]

    yield night
    for one in made:
        one.close()


@pytest.fixture
def mortar(nights: Callable[..., Night]) -> Callable[..., Night]:
    """`mortar(**settings)`: the pairing of `shop` with `till`, by email, then phone."""

    def night(**settings: Any) -> Night:
        made = nights().source("shop", "shopify", "ecom").source("till", "heartland")
        return made.pairing("mortar", "shop", "till", name="mortar", **settings)

    return night


@pytest.fixture
def blaze(nights: Callable[..., Night]) -> Callable[..., Night]:
    """`blaze(**settings)`: the pairing of `ecom` with `downtown` and `uptown`, by phone, synced by the vendor."""

    def night(**settings: Any) -> Night:
        made = nights().source("ecom", "blaze_ecom", "ecom", region="US").source("downtown", "treez", region="US")
        made.source("uptown", "treez", region="US", logins="treez_ecommerce")
        return made.pairing("blaze_ecom", "ecom", "downtown", "uptown", name="stores", **settings)

    return night


@pytest.fixture
def alone(nights: Callable[..., Night]) -> Night:
    """One till and no pairing: `here`, with its sibling `there`."""
    return nights().source("here").source("there")
