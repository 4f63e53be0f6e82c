"""Merging over real HTTP at the vendors that can: previewed, refused, waited for, read (T10, M10, G11)."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import Change, Connector, VendorError
from connectors.clock import SimulatedClock
from connectors.kinds import connector_class
from connectors.sandbox.base import Ledger
from connectors.sandbox.shopify import Account as Shop
from connectors.sandbox.treez import Account as Store

ADA = {"first_name": "Ada", "last_name": "Roe", "birth_date": "1990-02-28"}
SCOPES = frozenset({"read_customers", "write_customers", "read_customer_merge", "write_customer_merge"})


class Counter:
    """One simulated account and a connector that may merge there."""

    def __init__(self, account: Any, role: str, clock: SimulatedClock) -> None:
        self.account, self.role, self.clock = account, role, clock
        account.start()
        os.environ.update(account.secrets())

    def connector(self, **settings: Any) -> Connector:
        known = {**self.account.settings(), "role": self.role, "writes": True, "merges": True, **settings}
        vendor = connector_class(known["kind"])
        return vendor("it", vendor.Settings.model_validate(known), self.clock)

    def close(self) -> None:
        for name in self.account.secrets():
            os.environ.pop(name, None)
        self.account.stop()


def change(loser: str, survivor: str) -> Change:
    return Change("merge", loser, {}, {"merged_into": survivor}, key="c-1")


@pytest.fixture
def opened() -> Iterator[Callable[..., Counter]]:
    counters: list[Counter] = []

    def open_(account: Any, role: str, **quirks: Any) -> Counter:
        clock = SimulatedClock(datetime(2026, 11, 23, 4, 15, tzinfo=UTC))
        counters.append(Counter(account("it", clock.time, Ledger(), **quirks), role, clock))
        return counters[-1]

    yield open_
    for counter in counters:
        counter.close()


@pytest.fixture
def store(opened: Callable[..., Counter]) -> Counter:
    return opened(Store, "pos")


@pytest.fixture
def shop(opened: Callable[..., Counter]) -> Callable[..., Counter]:
    return lambda **quirks: opened(Shop, "ecom", scopes=SCOPES, link_keys={"rollcall.till": "till"}, **quirks)


# Treez ---------------------------------------------------------------------------------------------------------------


def test_t10_treez_folds_one_profile_into_the_other_and_reads_so(store: Counter) -> None:
    one, two = (store.account.add({**ADA, "phone": phone}) for phone in ("+16135550117", "+16135550118"))
    connector = store.connector()
    assert connector.foresee(change(two, one)) is None
    assert connector.fate(two, one) == "apart"
    assert connector.write(change(two, one)) == two
    assert connector.fate(two, one) == "done"
    assert connector.fate(two, "999") == "elsewhere"
    assert connector.fate("999", one) == "elsewhere"
    records = connector.fetch([one, two])
    views = [connector.view(record) for record in records.values() if record is not None]
    assert [(view["status"], view.get("merged_into")) for view in views] == [("active", None), ("merged", one)]
    assert views[0]["phone"] == "6135550117"


def test_t10_treez_is_not_asked_twice_and_not_about_who_is_gone(store: Counter) -> None:
    one, two = (store.account.add({**ADA, "phone": phone}) for phone in ("+16135550117", "+16135550118"))
    connector = store.connector()
    connector.write(change(two, one))
    sent = len(store.account.ledger.effects)
    for again in (change(two, one), change(one, two)):
        with pytest.raises(VendorError, match="deactivated or merged away") as caught:
            connector.write(again)
        assert (caught.value.permanent, caught.value.effect) == (True, "none")
    assert len(store.account.ledger.effects) == sent


def test_t10_an_answer_that_is_lost_leaves_the_effect_unknown(store: Counter) -> None:
    one, two = (store.account.add({**ADA, "phone": phone}) for phone in ("+16135550117", "+16135550118"))
    connector = store.connector()
    store.account.fault("effect_without_answer", path_contains="merge")
    with pytest.raises(VendorError) as caught:
        connector.write(change(two, one))
    assert caught.value.effect == "unknown"
    assert connector.fate(two, one) == "done"


def test_g11_treez_tells_the_points_and_the_survivor_has_the_sum(store: Counter) -> None:
    one, two = (store.account.add({**ADA, "phone": phone}) for phone in ("+16135550117", "+16135550118"))
    for key, points in ((one, 120), (two, 30)):
        store.account.records.change(key, {"rewards_balance": points}, "till")
    connector = store.connector()
    assert [connector.view(r)["points"] for r in connector.fetch([one, two]).values() if r] == ["120", "30"]
    connector.write(change(two, one))
    (record,) = connector.fetch([one]).values()
    assert connector.view(record or {})["points"] == "150"


def test_t10_merging_is_offered_where_it_is_switched_on_and_granted(
    opened: Callable[..., Counter], store: Counter
) -> None:
    assert "merge" not in store.connector(merges=False).capabilities.actions
    assert "merge" not in store.connector(writes=False).capabilities.actions
    assert [line for line in store.connector().check() if not line.ok] == []
    poor = opened(Shop, "ecom", scopes=SCOPES - {"write_customer_merge"})
    assert [line.detail for line in poor.connector().check() if not line.ok] == [
        "the app lacks write_customer_merge: grant it and install the app anew"
    ]


# Shopify -------------------------------------------------------------------------------------------------------------


def pair(counter: Counter, **more: Any) -> tuple[str, str]:
    """(stays, goes); `more` of the one who goes."""
    stays = counter.account.add({**ADA, "email": "ada@example.com", "links": {"till": "1"}})
    return stays, counter.account.add({**ADA, "phone": "+16135550118", "email": "ada.roe@example.com", **more})


def test_m10_the_preview_names_who_stays_and_what_they_would_hold(shop: Callable[..., Counter]) -> None:
    """Both have an email and either may stay: our word on the email decides. Else the vendor would choose by consent."""
    counter = shop()
    stays, goes = pair(counter, orders=2, email_consent="in")
    connector = counter.connector()
    for one, other in ((stays, goes), (goes, stays)):
        foreseen = connector.foresee(change(one, other))
        assert foreseen is not None
        assert (foreseen.survivor, foreseen.blockers) == (other, ())
        assert foreseen.holds["orders"] == "2"
    assert counter.account.ledger.effects == []
    bare = counter.account.add({**ADA, "phone": "+16135550119"})
    foreseen = connector.foresee(change(goes, bare))
    assert foreseen is not None
    assert foreseen.survivor == goes, "who has an email is kept, whatever we wish"


@pytest.mark.parametrize("words", ["GIFT_CARDS", "STORE_CREDIT;SUBSCRIPTIONS"])
def test_g11_what_the_vendor_would_not_merge_shows_in_the_preview_without_a_name(
    shop: Callable[..., Counter], words: str
) -> None:
    counter = shop()
    stays, goes = pair(counter, merge_blocks=words)
    connector = counter.connector()
    foreseen = connector.foresee(change(goes, stays))
    assert foreseen is not None
    assert foreseen.blockers == tuple(words.split(";"))
    with pytest.raises(VendorError) as caught:
        connector.write(change(goes, stays))
    assert (caught.value.permanent, caught.value.effect) == (True, "none")
    assert "Ada" not in str(caught.value)


def test_m10_a_merge_is_begun_waited_for_and_read(shop: Callable[..., Counter]) -> None:
    counter = shop(merge_seconds=45.0)
    stays, goes = pair(counter, tags="vip")
    connector = counter.connector()
    before = counter.clock.time()
    assert connector.write(change(goes, stays)) == goes
    assert 45 <= counter.clock.time() - before <= 300
    assert connector.fate(goes, stays) == "done"
    assert connector.fetch([goes]) == {goes: None}
    kept = counter.account.read(stays)
    assert (kept["tags"], kept["links"], kept["phone"]) == ("vip", {"till": "1"}, "+16135550118")


def test_m10_one_that_takes_too_long_is_unknown_and_reads_running(shop: Callable[..., Counter]) -> None:
    counter = shop(merge_seconds=4_000.0)
    stays, goes = pair(counter)
    connector = counter.connector()
    with pytest.raises(VendorError, match="not finished") as caught:
        connector.write(change(goes, stays))
    assert caught.value.effect == "unknown"
    assert connector.fate(goes, stays) == "running"
    foreseen = connector.foresee(change(goes, stays))
    assert foreseen is not None
    assert foreseen.blockers == ("MERGE_IN_PROGRESS",)
    counter.clock.sleep(4_000)
    assert connector.fate(goes, stays) == "done"


def test_m10_customers_who_are_gone_are_refused_before_anything_is_asked(shop: Callable[..., Counter]) -> None:
    counter = shop()
    stays, goes = pair(counter)
    connector = counter.connector()
    assert connector.fate(goes, stays) == "apart"
    counter.account.merge(goes, stays)
    with pytest.raises(VendorError, match="deleted or merged") as caught:
        connector.foresee(change(goes, stays))
    assert caught.value.permanent
    assert connector.fate(goes, "7000000000999") == "elsewhere"
