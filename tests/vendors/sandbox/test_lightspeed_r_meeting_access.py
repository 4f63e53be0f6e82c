"""R-Series' limits and tokens, between its connector and the simulated account, over real HTTP."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Evidence
from tests.vendors.sandbox.meeting import Stage, certified, failure, pulled, stages
from tests.vendors.sandbox.met import configured

Open = Callable[..., Stage]


@pytest.fixture
def open_stage(tmp_path: Path) -> Iterator[Open]:
    yield from stages(tmp_path, "lightspeed_r")


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    return open_stage()


# limits --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.5, 1.0])
@pytest.mark.parametrize("costs", ["2026", "old"])
def test_a_long_list_keeps_to_its_share_of_the_bucket(open_stage: Open, share: float, costs: str) -> None:
    """The leaky bucket is read from the headers: never a 429, and never more than the share of what leaks away."""
    stage = open_stage(costs=costs)
    stage.people(2500)
    limits, levels, spent = stage.account.limits, list[float](), list[float]()
    admit = limits.admit

    def watched(cost: float) -> Any:
        passed = admit(cost)
        levels.append(limits.level)
        spent.append(cost)
        return passed

    limits.admit = watched
    connector, started = configured(stage, rate_share=share), stage.clock.time()
    assert len(pulled(connector)[0]) == 2500
    assert connector.http.stats.retries == 0
    allowed = 90 * share + (stage.clock.time() - started) * share
    assert sum(spent) <= allowed + 2.5
    assert max(levels) <= 90 * share + 10
    assert len(spent) <= 25 + 2 + 1, "a page per hundred, two counts and the zone"


def test_a_429_of_either_kind_is_waited_out_as_long_as_it_says(open_stage: Open) -> None:
    """Another program of the same client has filled the bucket; a burst is over with its second."""
    stage = open_stage(burst=2)
    stage.people(1)
    stage.account.limits.level = 140.0
    connector, started = configured(stage, time_zone="America/Toronto"), stage.clock.time()
    assert len(pulled(connector)[0]) == 1
    assert stage.clock.time() - started >= 50
    assert connector.http.stats.retries >= 1


def test_a_400_that_asks_to_try_later_is_tried_later(stage: Stage) -> None:
    stage.people(1)
    stage.account.try_later = 3
    assert len(pulled(stage.connector())[0]) == 1


# tokens --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revokes", ["first_use", "at_once"])
def test_tokens_end_again_and_again_while_one_list_is_read(open_stage: Open, revokes: str) -> None:
    """Two hours of list with tokens of half an hour; a lost refresh would need a person."""
    stage = open_stage(expires_in=1800, refresh_revokes_old=revokes)
    ids = stage.people(450)
    connector, evidence, records = stage.connector(), Evidence(), list[Any]()
    for page in connector.pages(evidence):
        records += page.records
        stage.clock.sleep(1500)
    assert certified(connector, records, evidence, len(ids))
    assert stage.account.access.refreshes == 2
    assert len(pulled(stage.connector())[0]) == len(ids), "the next process goes on with what was stored"


def test_a_refresh_whose_answer_is_lost_is_asked_for_again(stage: Stage) -> None:
    """Since 2026 the old refresh token is good until the new access token is used (sheet: Authentication)."""
    ids = stage.people(3)
    stage.clock.sleep(3600)
    stage.account.fault("effect_without_answer", path_contains="/auth/oauth/token")
    connector = stage.connector()
    assert len(pulled(connector)[0]) == len(ids)
    assert stage.account.access.refreshes == 2


def test_where_a_lost_answer_costs_the_connection_a_person_is_asked_for_at_once(open_stage: Open) -> None:
    stage = open_stage(refresh_revokes_old="at_once")
    stage.people(3)
    stage.clock.sleep(3600)
    stage.account.fault("effect_without_answer", path_contains="/auth/oauth/token")
    connector = stage.connector()
    told = failure(connector)
    assert told.permanent
    assert "a person authorises rollcall once more" in str(told)
    refreshes = stage.account.access.refreshes
    assert failure(connector).permanent
    assert stage.account.access.refreshes == refreshes, "nobody hammers at a door that is shut"
    stage.account.authorise()
    assert len(pulled(stage.connector())[0]) == 3


def test_several_runs_at_once_refresh_once(stage: Stage) -> None:
    """One refresher at a time across processes: the others take what it stored."""
    stage.people(3)
    stage.clock.sleep(3600)
    connectors = [stage.connector() for _ in range(4)]
    found: list[int] = []
    threads = [threading.Thread(target=lambda c=c: found.append(len(pulled(c)[0]))) for c in connectors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [3, 3, 3, 3]
    assert stage.account.access.refreshes == 1


def test_a_revoked_connection_stops_in_the_middle_of_a_list(stage: Stage) -> None:
    stage.people(150)
    stage.account.before_page = lambda cursor: stage.account.access.revoke() if not cursor else None
    told = failure(stage.connector())
    assert told.permanent
    assert "a person authorises rollcall once more" in str(told)
