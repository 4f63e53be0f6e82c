"""Every connector uses its share of the vendor's limit and no more, told by the vendor where it tells, else documented.

Counted by the simulated vendor, in the time of the injected clock.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count as numbers
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Evidence
from tests.bench.stores import Store, opened


@dataclass(frozen=True)
class Allowed:
    """What a vendor allows to everybody by its sheet, and a pull that would go beyond our share of it."""

    units: float
    seconds: float
    share: float
    people: int
    entry: dict[str, Any] = field(default_factory=dict)
    bucket: bool = False


ALLOWED = {
    "heartland": Allowed(5, 1, 0.4, 100, {"per_page": 5}),
    "treez": Allowed(10, 1, 0.5, 700),
    "blaze_ecom": Allowed(5, 1, 0.4, 700),
    "greenline": Allowed(4, 1, 0.5, 700),
    "ecwid": Allowed(600, 60, 0.01, 1_500),
    "lightspeed_x": Allowed(350, 300, 0.05, 120, {"page_size": 3}),
    "lightspeed_r": Allowed(90, 90, 0.1, 1_500, bucket=True),
    "shopify": Allowed(2_000, 20, 0.002, 20, bucket=True),
}  # fmt: skip
NO_WORD = ("heartland", "treez", "blaze_ecom", "greenline", "ecwid")
"""Vendors whose answers do not say how much is left."""


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[..., Store]]:
    number = numbers()

    def open_one(kind: str, people: int, **quirks: Any) -> Store:
        folder = tmp_path / str(next(number))
        folder.mkdir()
        return stack.enter_context(opened(kind, folder, people, **quirks))

    with ExitStack() as stack:
        yield open_one


def pull(store: Store, **entry: Any) -> tuple[int, float]:
    """How many profiles a pull brings, and how many seconds it takes."""
    began, connector = store.clock.time(), store.connector(**entry)
    count = sum(len(page.records) for page in connector.pages(Evidence()))
    return count, store.clock.time() - began


@pytest.mark.parametrize("kind", ALLOWED)
def test_a_pull_never_takes_more_than_the_share(kind: str, open_store: Callable[..., Store]) -> None:
    """In any stretch of the vendor's own length; of a bucket, our share of what it holds and of what leaks meanwhile."""
    allowed = ALLOWED[kind]
    store = open_store(kind, allowed.people)
    count, took = pull(store, rate_share=allowed.share, **allowed.entry)
    assert count == allowed.people
    assert [call for call in store.calls if call.status == 429] == []
    dearest = max(call.cost for call in store.calls)
    at_once = allowed.units * allowed.share if allowed.bucket else 0.0
    for call in store.calls:
        share = allowed.units * allowed.share + at_once
        assert store.spent(call.at, allowed.seconds) <= (share + dearest if allowed.bucket else ceil(share))
    total = sum(call.cost for call in store.calls)
    assert total > 2 * (allowed.units * allowed.share), "the pull must be long enough to be slowed down"
    fastest = (total - at_once - dearest) * allowed.seconds / (allowed.units * allowed.share)
    assert took >= 0.8 * fastest
    steady = total * allowed.seconds / (allowed.units * allowed.share)
    assert took <= 1.4 * steady + 60, "and it is not slower than it must be"


def drain(store: Store) -> None:
    """Another client of ours, or a till, uses up nearly all that the vendor allows."""
    match store.kind:
        case "lightspeed_x":
            for _ in range(300):
                store.account.window.take()
        case "lightspeed_r":
            store.account.limits.level = 85.0
        case "shopify":
            store.account.bucket.take(1_950)


@pytest.mark.parametrize("kind", [kind for kind in ALLOWED if kind not in NO_WORD])
def test_others_at_the_limit_slow_us_down_by_the_header(kind: str, open_store: Callable[..., Store]) -> None:
    """The vendor says that little is left: we wait before it has to refuse, and go on once there is room again."""
    entry = {"page_size": 10} if kind == "lightspeed_x" else {}
    people = {"lightspeed_x": 100, "lightspeed_r": 1_000, "shopify": 10}[kind]
    alone, beside = (open_store(kind, people) for _ in range(2))
    _, alone_took = pull(alone, **entry)
    drain(beside)
    count, took = pull(beside, **entry)
    assert count == people
    assert [call for call in beside.calls if call.status == 429] == []
    assert took > alone_took + 5


@pytest.mark.parametrize("kind", NO_WORD)
def test_where_no_header_tells_the_vendors_refusal_slows_us_down(kind: str, open_store: Callable[..., Store]) -> None:
    """429: the pause that it asks for is made, and the pull is whole."""
    store = open_store(kind, 300)
    passing = store.account.handle
    hogged = [True] * 3
    waits: list[float] = []

    def handle(request: Any) -> Any:
        if hogged:
            hogged.pop()
            waits.append(store.clock.time())
            bucket = getattr(store.account, "bucket", getattr(store.account, "_bucket", None))
            if bucket is not None:
                bucket.take(bucket.level)
            else:
                while store.account.calls.left:
                    store.account.calls.take()
        return passing(request)

    store.account.handle = handle
    count, _ = pull(store, **({"per_page": 50} if kind == "heartland" else {}))
    assert count == 300
    refused = [call.at for call in store.calls if call.status == 429]
    assert len(refused) == 3
    assert all(later - earlier >= 0.5 for earlier, later in pairwise(waits))
