"""Many corrections in one operation of the vendor, against the simulated shop over HTTP: nothing of a single write's safety is lost.

Killed before and after every request with ROLLCALL_CRASH=long; around the operation itself here.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.http import Http
from connectors.sandbox.base import Ledger
from connectors.sandbox.shopify import Account
from connectors.sandbox.shopify.bulk import Outcome as Ends
from connectors.shopify import Shopify
from jobs.apply import CANARIES, Means, Outcome, apply_plan
from jobs.batch import BATCHED
from jobs.journal import Correction, Journal, fingerprint
from jobs.settings import Limits
from jobs.state import State
from jobs.vault import Vault
from tests.night.test_night_crash import SharedClock, forked, kill

LONG = os.environ.get("ROLLCALL_CRASH") == "long"
PEOPLE = 11
VAULT = Vault(bytes(range(32)))
START = datetime(2026, 11, 23, 12, 15, tzinfo=UTC)


class Scene:
    """A shop of eleven people that serves, and one plan after the other that gives each of them another note."""

    def __init__(self, folder: Path, **quirks: Any) -> None:
        self.url = f"sqlite:///{folder}/state.db"
        self.clock = SharedClock(START)
        self.ledger = Ledger()
        self.shop = Account("shop", self.clock.time, self.ledger, **quirks)
        self.shop.start()
        os.environ.update(self.shop.secrets())
        people = ({"first_name": f"Pat{n}", "email": f"pat{n}@example.com", "note": "tea"} for n in range(PEOPLE))
        self.people = [self.shop.add(person) for person in people]
        self.plans = 0

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        state = State.open(self.url, VAULT)
        try:
            yield Journal(state, VAULT, self.clock)
        finally:
            state.close()

    def connector(self, **settings: Any) -> Shopify:
        given = {
            **self.shop.settings(),
            "role": "ecom",
            "writes": True,
            "bulk_writes_from": 4,
            "rate_share": 1.0,
            **settings,
        }
        return Shopify("shop", Shopify.Settings.model_validate(given), self.clock)

    def plan(self, field: str = "note", value: Callable[[int], str] = lambda n: "") -> str:
        """Another value of one field for everybody, judged as they are now."""
        self.plans += 1
        plan_id, connector = f"2026-11-23-{self.plans}", self.connector()
        found = connector.fetch(self.people)
        with self.journal() as journal:
            rows = [
                self._row(n, connector.view(found[one] or {}), field, value(n)) for n, one in enumerate(self.people)
            ]
            journal.store_plan(plan_id, rows)
        connector.http.close()
        self.ledger.effects.clear()
        return plan_id

    def _row(self, n: int, view: Any, field: str, value: str) -> Correction:
        one, before = self.people[n], {field: view[field]}
        return Correction(
            correction_id=f"c{n}", source="shop", profile_id=one, action="update", before=before,
            after={field: value or f"plan {self.plans}"}, why="", rule_ids=(), finding_ids=(), seq=n + 1,
            fingerprint=fingerprint(VAULT, "shop", one, view, before), reversible="fully", needs=(), state="ready",
        )  # fmt: skip

    def apply(self, plan: str, *, settings: dict[str, Any] | None = None, **means: Any) -> Outcome:
        connector = self.connector(**(settings or {}))
        try:
            with self.journal() as journal:
                given = Means(journal, {"shop": connector}, Limits(), {"shop": 1_000}, {"shop": "CA"})
                return apply_plan(plan, replace(given, **means))
        finally:
            connector.http.close()

    def rows(self, plan: str) -> list[Correction]:
        with self.journal() as journal:
            return journal.load(plan)

    def writes(self) -> Counter[str]:
        """How often each customer was written to since the plan."""
        return Counter(effect.profile_id for effect in self.ledger.effects)

    def notes(self) -> set[str]:
        return {self.shop.read(one)["note"] for one in self.people}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Scene]]:
    scenes: list[Scene] = []

    def open_one(**quirks: Any) -> Scene:
        scenes.append(Scene(tmp_path, **quirks))
        return scenes[-1]

    yield open_one
    for scene in scenes:
        scene.shop.stop()


@pytest.fixture
def scene(opened: Callable[..., Scene]) -> Scene:
    return opened()


def test_canaries_go_alone_and_every_intent_is_durable_before_the_upload(scene: Scene) -> None:
    plan, seen = scene.plan(), list[Counter[str]]()
    watched = scene.shop.fault("before_it", body_contains="stagedUploadsCreate", act=lambda _: seen.append(
        Counter(f"{row.state} {row.detail}" for row in scene.rows(plan))
    ))  # fmt: skip
    assert scene.apply(plan).counts == {"verified": PEOPLE}
    assert (watched.hits, seen) == (1, [Counter({f"intended {BATCHED}": PEOPLE - CANARIES, "verified ": CANARIES})])
    assert scene.writes() == Counter(scene.people)
    assert scene.notes() == {"plan 1"}


def test_each_line_is_judged_for_itself(scene: Scene) -> None:
    """Who was edited since is handed back, whose email is taken is refused, and the others are through."""
    scene.shop.add({"first_name": "Bo", "email": "taken@example.com"})
    plan = scene.plan("email", lambda n: "taken@example.com" if n == 5 else f"new{n}@example.com")
    scene.shop.edit(scene.people[7], {"email": "own@example.com"})
    outcome = scene.apply(plan)
    assert (outcome.counts, outcome.exit_code) == ({"verified": PEOPLE - 2, "refused": 1, "handed_back": 1}, 6)
    by_name = {row.correction_id: row for row in scene.rows(plan)}
    assert "belongs to another customer" in by_name["c5"].detail
    assert by_name["c7"].detail == "changed since the plan: email"
    assert scene.shop.read(scene.people[7])["email"] == "own@example.com"


@pytest.mark.parametrize("partial", [True, False])
def test_what_a_failed_operation_does_not_tell_is_read_and_only_then_written(scene: Scene, partial: bool) -> None:
    plan = scene.plan()
    scene.shop.shop.desk.planned.append(Ends("FAILED", "INTERNAL_SERVER_ERROR", partial=partial))
    outcome = scene.apply(plan)
    assert (outcome.counts, outcome.exit_code) == ({"verified": CANARIES + 4, "unknown": PEOPLE - CANARIES - 4}, 6)
    assert scene.apply(plan).counts == {"verified": PEOPLE}
    assert (scene.writes(), scene.notes()) == (Counter(scene.people), {"plan 1"})


def test_a_result_that_cannot_be_fetched_is_read_from_the_customers(scene: Scene) -> None:
    plan = scene.plan()
    scene.shop.files.fault("truncate", method="GET", times=None)
    assert scene.apply(plan).counts == {"verified": PEOPLE}
    assert scene.writes() == Counter(scene.people)


def test_an_answer_without_effect_is_noticed(scene: Scene) -> None:
    plan = scene.plan()
    scene.shop.fault("answer_without_effect", body_contains="bulkOperationRunMutation")
    assert scene.apply(plan).counts == {"verified": CANARIES, "unknown": PEOPLE - CANARIES}


@pytest.mark.parametrize("sent", [True, False])
def test_a_start_of_unknown_outcome_is_never_repeated_blindly(scene: Scene, sent: bool) -> None:
    """The operation may run: it is waited for, and what it did not do is written once."""
    plan = scene.plan()
    name = "effect_without_answer" if sent else "reset"
    scene.shop.fault(name, body_contains="bulkOperationRunMutation")
    scene.apply(plan)
    assert scene.apply(plan).counts == {"verified": PEOPLE}
    assert (scene.writes(), scene.notes()) == (Counter(scene.people), {"plan 1"})


@pytest.mark.parametrize("cancelled", [True, False])
def test_one_that_does_not_end_is_cancelled_and_nothing_is_settled_before_it_has_ended(
    opened: Callable[..., Scene], cancelled: bool
) -> None:
    scene = opened(bulk_seconds=1e9, bulk_polls=10**9)
    plan = scene.plan()
    if not cancelled:
        scene.shop.fault("scope_lost", body_contains="bulkOperationCancel")
    halfway = {"verified": CANARIES + 4, "unknown": PEOPLE - CANARIES - 4}
    assert scene.apply(plan).counts == halfway
    if not cancelled:
        again = scene.apply(plan)
        assert (again.counts, again.exit_code) == (halfway, 6)
        assert "still writes at Shopify" in again.stopped
    scene.shop.shop.desk.seconds = 1.0
    assert scene.apply(plan).counts == {"verified": PEOPLE}
    assert scene.writes() == Counter(scene.people)


def test_what_cannot_be_started_goes_one_by_one_and_is_said(opened: Callable[..., Scene]) -> None:
    scene = opened(bulk_mutations=0)
    outcome = scene.apply(scene.plan())
    assert (outcome.counts, outcome.exit_code) == ({"verified": PEOPLE}, 0)
    assert "one by one" in outcome.said[-1]
    assert scene.writes() == Counter(scene.people)


def test_it_pauses_between_operations(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.shopify.AT_MOST", 4)
    started = scene.shop.fault("after_it", body_contains="bulkOperationRunMutation", times=None, act=lambda _: None)
    plan = scene.plan()
    paused = scene.apply(plan, paused=lambda: started.hits > 0)
    assert paused.counts == {"verified": CANARIES + 4, "ready": PEOPLE - CANARIES - 4}
    assert scene.apply(plan).counts == {"verified": PEOPLE}
    assert (started.hits, scene.writes()) == (2, Counter(scene.people))


def test_few_go_one_by_one(scene: Scene) -> None:
    started = scene.shop.fault("after_it", body_contains="stagedUploads", act=lambda _: None)
    assert scene.apply(scene.plan(), settings={"bulk_writes_from": PEOPLE}).counts == {"verified": PEOPLE}
    assert started.hits == 0


# killed


class Places:
    """Counts requests, and dies before or after the n-th; in a process of its own."""

    def __init__(self, kill_at: int, *, sent: bool) -> None:
        self.kill_at, self.sent, self.paths = kill_at, sent, list[str]()

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = Http._opened

        def opened(http: Http, session: Any, call: Any, quiet_s: float) -> Any:
            self.paths.append(repr(call.json) + call.url)
            mine = len(self.paths) == self.kill_at
            if mine and not self.sent:
                kill()
            answer = real(http, session, call, quiet_s)
            if mine:
                kill()
            return answer

        monkeypatch.setattr(Http, "_opened", opened)


def test_killed_around_every_request_and_resumed_each_is_written_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uploading, starting, waiting, fetching, reading back: wherever the power is cut, resume reads first."""
    places = Places(0, sent=False)
    with monkeypatch.context() as patch:
        places.watch(patch)
        assert scene.apply(scene.plan()).counts == {"verified": PEOPLE}
    start = next(n for n, path in enumerate(places.paths, start=1) if "bulkOperationRunMutation" in path)
    fetched = next(n for n, path in enumerate(places.paths, start=1) if "/bulk/" in path and "jsonl" in path)
    tried = range(1, len(places.paths) + 1) if LONG else (start, fetched)
    for place, sent in ((place, sent) for place in tried for sent in (False, True)):
        plan = scene.plan()

        def work(plan: str = plan, place: int = place, sent: bool = sent) -> None:
            Places(place, sent=sent).watch(monkeypatch)
            scene.apply(plan)

        assert forked(work) != 0, (place, sent)
        assert scene.apply(plan).counts == {"verified": PEOPLE}, (place, sent)
        assert scene.writes() == Counter(scene.people), (place, sent)
        assert scene.notes() == {f"plan {scene.plans}"}, (place, sent)
