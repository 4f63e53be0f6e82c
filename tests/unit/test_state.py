"""What is kept between nights, on SQLite and PostgreSQL."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, StatementError

from jobs.state import ArtefactRow, DecisionRow, FindingRow, NightTaken, SnapshotRow, State
from jobs.vault import Vault

NIGHT = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 12, 15, tzinfo=UTC)


@pytest.fixture
def state(state_url: str, vault: Vault) -> Iterator[State]:
    opened = State.open(state_url, vault)
    yield opened
    opened.close()


def seen(
    finding_id: str = "f1", *, sources: str = "shop till", pairing: str = "p", severity: str = "high"
) -> FindingRow:
    members = tuple((source, f"{source}-1") for source in sources.split())
    return FindingRow(finding_id, "drift", "phone", pairing, "anchor", members, severity)


def snapshot(snapshot_id: str, *, hours: int = 0, certified: bool = True, source: str = "till") -> SnapshotRow:
    return SnapshotRow(
        snapshot_id=snapshot_id,
        source=source,
        run_id="2026-11-23-a",
        taken_at=NOW + timedelta(hours=hours),
        path=f"snapshots/{source}/{snapshot_id}",
        profiles=1_200,
        active=1_000,
        certified=certified,
        proofs=[{"name": "end_mark", "outcome": "passed"}],
        contract={"account": "a"},
        stats={"requests": 12},
    )


def decision(target: str, id_: str, verdict: str, **more: object) -> DecisionRow:
    row = {
        "run_id": "2026-11-23-a",
        "target": target,
        "id": id_,
        "verdict": verdict,
        "reason": "",
        "by": "kim",
        "made_at": NOW,
    }
    return DecisionRow(**{**row, **more})


class Story:
    """Nights in a row over one finding."""

    def __init__(self, state: State) -> None:
        self.state = state

    def night(self, day: int, *rows: FindingRow, judged: str = "shop till", **more: object) -> tuple[str, int]:
        night = NIGHT + timedelta(days=day)
        self.state.update_findings(night, rows, judged_sources=set(judged.split()), **more)
        found = self.state.findings()[0]
        return found.state, found.nights_open


def test_runs_of_one_date_get_letters(state: State) -> None:
    ids = [state.begin_run(NIGHT, trigger="manual", at=NOW + timedelta(minutes=n)) for n in range(28)]
    assert ids[:2] == ["2026-11-23-a", "2026-11-23-b"]
    assert ids[25:] == ["2026-11-23-z", "2026-11-23-aa", "2026-11-23-ab"]
    assert state.next_run_id(NIGHT) == "2026-11-23-ac"
    assert state.next_run_id(NIGHT + timedelta(days=1)) == "2026-11-24-a"


def test_a_scheduled_night_can_be_claimed_once(state: State) -> None:
    assert not state.night_taken(NIGHT)
    by_hand = state.begin_run(NIGHT, trigger="manual", at=NOW)
    claimed = state.begin_run(NIGHT, trigger="schedule", at=NOW)
    assert state.night_taken(NIGHT)
    with pytest.raises(NightTaken, match="2026-11-23 was claimed already") as caught:
        state.begin_run(NIGHT, trigger="schedule", at=NOW)
    assert caught.value.exit_code == 11
    assert [run.run_id for run in state.runs()] == [by_hand, claimed]


def test_of_two_machines_that_claim_one_night_one_gets_it(state_url: str, vault: Vault) -> None:
    states = [State.open(state_url, vault) for _ in range(2)]
    barrier, got = threading.Barrier(2), []

    def claim(state: State) -> None:
        barrier.wait()
        try:
            got.append(state.begin_run(NIGHT, trigger="schedule", at=NOW))
        except NightTaken:
            got.append("taken")

    threads = [threading.Thread(target=claim, args=[state]) for state in states]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == ["2026-11-23-a", "taken"]
    for state in states:
        state.close()


def test_a_run_is_opened_and_closed(state: State) -> None:
    first = state.begin_run(NIGHT, trigger="manual", at=NOW)
    state.end_run(first, status="complete", headline="nothing to do", at=NOW + timedelta(minutes=3))
    second = state.begin_run(NIGHT, trigger="manual", at=NOW + timedelta(hours=1))
    run = state.run(first)
    assert run is not None
    assert (run.started_at, run.finished_at) == (NOW, NOW + timedelta(minutes=3))
    last = [
        state.last_run(),
        state.last_run(before=second),
        state.last_run(finished=True),
        state.last_run(before=first),
    ]
    assert [run and run.run_id for run in last] == [second, first, first, None]
    with pytest.raises(LookupError, match="no run 2026-01-01-a"):
        state.end_run("2026-01-01-a", status="complete", headline="", at=NOW)


def test_the_last_certified_snapshot_is_what_findings_rest_on(state: State) -> None:
    """G1, G2a: without a certificate, or with one withdrawn, an export does not count."""
    assert state.last_certified("till") is None
    state.add_snapshot(snapshot("s1"))
    state.add_snapshot(snapshot("s2", hours=24))
    state.add_snapshot(snapshot("s3", hours=48, certified=False))
    state.add_snapshot(snapshot("other", hours=72, source="shop"))
    assert state.last_certified("till") == snapshot("s2", hours=24)
    state.withdraw_certificate("s2", "profile 12 is alive")
    assert state.last_certified("till") == snapshot("s1")
    assert [row.snapshot_id for row in state.snapshots_of("2026-11-23-a")] == ["other", "s1", "s2", "s3"]
    assert state.snapshots_of("2026-11-23-a")[2].problem == "profile 12 is alive"
    with pytest.raises(LookupError):
        state.withdraw_certificate("s9", "")


def test_a_clock_that_is_set_back_does_not_change_what_came_last(state: State) -> None:
    ahead = state.begin_run(NIGHT + timedelta(days=1), trigger="manual", at=NOW + timedelta(days=1))
    state.end_run(ahead, status="complete", headline="", at=NOW + timedelta(days=1))
    state.add_snapshot(snapshot("ahead", hours=24))
    right = state.begin_run(NIGHT, trigger="manual", at=NOW)
    state.add_snapshot(snapshot("right"))
    assert [run.run_id for run in state.runs()] == [ahead, right] == ["2026-11-24-a", "2026-11-23-a"]
    last = [state.last_run(), state.last_run(before=right), state.last_run(before=ahead), state.last_run(finished=True)]
    assert [run and run.run_id for run in last] == [right, ahead, None, ahead]
    assert state.last_certified("till") == snapshot("right")


def test_refused_exports_since_the_last_certificate(state: State) -> None:
    """G2: a word on one of them may let the next be certified; earlier ones are used up, however late they are dated."""
    state.add_snapshot(snapshot("r1", hours=90, certified=False))
    assert state.refused_since_certified("till") == [snapshot("r1", hours=90, certified=False)]
    state.add_snapshot(snapshot("s1", hours=48))
    state.add_snapshot(snapshot("r2", hours=24, certified=False))
    state.add_snapshot(snapshot("other", certified=False, source="shop"))
    assert state.refused_since_certified("till") == [snapshot("r2", hours=24, certified=False)]
    run = "2026-11-23-a"
    assert state.refused_exports() == {"r1", "r2", "other", f"till/{run}", f"shop/{run}"}


def test_a_time_without_a_zone_is_refused(state: State) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        state.begin_run(NIGHT, trigger="manual", at=NOW.replace(tzinfo=None))


def test_life_of_a_finding_from_new_to_back(state: State) -> None:
    """New, open, fixed, back, open: nights are counted anew when it comes back."""
    story = Story(state)
    assert story.night(0, seen()) == ("new", 1)
    assert story.night(1, seen()) == ("open", 2)
    assert story.night(2) == ("fixed", 2)
    assert story.night(3) == ("fixed", 2)
    assert story.night(4, seen()) == ("back", 1)
    assert story.night(5, seen(severity="low")) == ("open", 2)
    (row,) = state.findings()
    assert (row.first_seen, row.last_seen, row.severity) == (NIGHT, NIGHT + timedelta(days=5), "low")
    assert row.members == (("shop", "shop-1"), ("till", "till-1"))


def test_a_second_run_of_a_date_adds_no_night(state: State) -> None:
    story = Story(state)
    assert [story.night(0, seen()), story.night(0, seen())] == [("new", 1), ("new", 1)]
    assert story.night(0) == ("fixed", 1)
    assert [story.night(0, seen()), story.night(0, seen())] == [("back", 1), ("back", 1)]
    assert story.night(1, seen()) == ("open", 2)


@pytest.mark.parametrize(
    "ground",
    [
        {"judged": "shop"},
        {"judged": ""},
        {"judged_pairings": {"q"}},
        {"unjudged": {"f1"}},
    ],
)
def test_what_could_not_be_judged_stays_as_it_was(state: State, ground: dict[str, object]) -> None:
    """G1: nothing is concluded from absence where a source, the pairing or the check itself was missing."""
    story = Story(state)
    story.night(0, seen())
    story.night(1, seen())
    assert story.night(2, **ground) == ("open", 2)
    assert story.night(3, judged_pairings={"p"}) == ("fixed", 2)


def test_an_accepted_finding_is_accepted_until_its_day(state: State) -> None:
    story = Story(state)
    story.night(0, seen())
    state.record_decisions([decision("finding", "f1", "accept", until=NIGHT + timedelta(days=2))])
    assert [story.night(day, seen())[0] for day in (1, 2, 3)] == ["accepted", "accepted", "open"]
    assert story.night(4, seen()) == ("open", 5)


def test_an_accepted_finding_that_is_gone_is_fixed(state: State) -> None:
    story = Story(state)
    state.record_decisions([decision("finding", "f1", "accept")])
    assert story.night(0, seen()) == ("accepted", 1)
    assert story.night(1) == ("fixed", 1)
    assert story.night(2, seen()) == ("accepted", 1)


def test_two_findings_of_one_id_are_refused_whole(state: State) -> None:
    with pytest.raises(IntegrityError):
        state.update_findings(NIGHT, [seen("f1"), seen("f2"), seen("f1")], judged_sources=set())
    assert state.findings() == []
    state.update_findings(NIGHT, [seen("f1")], judged_sources=set())
    assert len(state.findings()) == 1


def test_findings_by_state(state: State) -> None:
    state.update_findings(NIGHT, [seen("f1"), seen("f2")], judged_sources=set())
    state.update_findings(NIGHT + timedelta(days=1), [seen("f2"), seen("f3")], judged_sources={"shop", "till"})
    assert {row.finding_id: row.state for row in state.findings()} == {"f1": "fixed", "f2": "open", "f3": "new"}
    assert [row.finding_id for row in state.findings(["new", "open"])] == ["f2", "f3"]


def test_many_findings_are_set_work(state: State) -> None:
    """A night of 5,000 takes a handful of statements, whichever way they go."""
    statements: list[str] = []
    rows = [seen(f"f{n}") for n in range(5_000)]
    sa.event.listen(state.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    for day, tonight in enumerate((rows, rows, [], rows[:5])):
        state.update_findings(NIGHT + timedelta(days=day), tonight, judged_sources={"shop", "till"})
    assert len(statements) < 50
    states = [row.state for row in state.findings()]
    assert (states.count("fixed"), states.count("back")) == (4_995, 5)


def test_the_last_word_in_force_counts(state: State) -> None:
    state.record_decisions(
        [
            decision("finding", "f1", "approve"),
            decision("finding", "f1", "reject"),
            decision("finding", "f2", "approve", until=NIGHT, reason="seen on paper", fingerprint="abc"),
            decision("pair", "a|b", "same"),
        ]
    )
    on_the_day = state.decisions_in_force(NIGHT)
    assert [(d.id, d.verdict) for d in on_the_day] == [("f1", "reject"), ("f2", "approve"), ("a|b", "same")]
    assert (on_the_day[1].reason, on_the_day[1].fingerprint, on_the_day[1].made_at) == ("seen on paper", "abc", NOW)
    assert [d.id for d in state.decisions_in_force(NIGHT + timedelta(days=1))] == ["f1", "a|b"]


def test_a_later_word_ends_the_earlier_one_for_good(state: State) -> None:
    """A rejection until Monday is no approval from Tuesday on, and what was used up brings nothing back either."""
    state.record_decisions(
        [
            decision("finding", "f1", "approve"),
            decision("finding", "f1", "reject", until=NIGHT),
            decision("finding", "f2", "approve"),
            decision("finding", "f2", "approve"),
        ]
    )
    state.withdraw_decisions([state.decisions()[-1].decision], NOW)
    assert [(d.id, d.verdict) for d in state.decisions_in_force(NIGHT)] == [("f1", "reject")]
    assert state.decisions_in_force(NIGHT + timedelta(days=1)) == []


def test_withdrawn_decisions_are_kept_and_no_longer_stand(state: State) -> None:
    state.record_decisions([decision("finding", "f1", "approve"), decision("finding", "f2", "approve")])
    first = state.decisions()[0].decision
    state.withdraw_decisions([first], NOW)
    state.withdraw_decisions([first], NOW + timedelta(days=1))
    state.withdraw_decisions([], NOW)
    assert [d.id for d in state.decisions_in_force(NIGHT)] == ["f2"]
    assert [d.withdrawn_at for d in state.decisions()] == [NOW, None]
    assert [d.id for d in state.decisions("2026-11-23-a")] == ["f1", "f2"]
    assert state.decisions("2026-11-24-a") == []
    state.record_decisions([])


def test_artefacts_are_replaced(state: State) -> None:
    assert state.artefact("roll") is None
    for run in ("2026-11-23-a", "2026-11-24-a"):
        state.set_artefact(ArtefactRow("roll", run, f"rolls/{run}.parquet", "digest", NOW))
    assert state.artefact("roll") == ArtefactRow("roll", "2026-11-24-a", "rolls/2026-11-24-a.parquet", "digest", NOW)


def test_nights_of_a_pairing_count_once_per_date(state: State) -> None:
    """G14: the first seven certified nights only observe; a second run of a date is no second night."""
    for day in (0, 0, 1):
        state.add_pairing_night("shop-mortar", NIGHT + timedelta(days=day))
    state.add_pairing_night("other", NIGHT)
    assert [state.pairing_nights(name) for name in ("shop-mortar", "other", "none")] == [2, 1, 0]


def test_nights_before_a_long_gap_count_no_more(state: State) -> None:
    """G14: a pairing that nobody looked at for more than 30 days observes anew."""
    for day in (0, 1, 2, 32):
        state.add_pairing_night("p", NIGHT + timedelta(days=day))

    def behind(*days: int) -> list[int]:
        return [state.pairing_nights("p", before=NIGHT + timedelta(days=day)) for day in days]

    assert behind(0, 3, 32, 33, 62, 63) == [0, 3, 3, 4, 4, 0]
    assert state.pairing_nights("p", today=NIGHT + timedelta(days=62)) == 4
    assert state.pairing_nights("p", today=NIGHT + timedelta(days=63)) == 0
    state.add_pairing_night("p", NIGHT + timedelta(days=63))
    assert behind(64) == [1]
    assert state.pairing_nights("p") == 1


def test_an_artefact_can_be_dropped(state: State) -> None:
    for name in ("roll", "bases"):
        state.set_artefact(ArtefactRow(name, "2026-11-23-a", f"kept/{name}", "digest", NOW))
    state.drop_artefact("roll")
    state.drop_artefact("roll")
    assert state.artefact("roll") is None
    assert state.artefact("bases") is not None


def test_the_state_is_there_after_opening_again(state_url: str, vault: Vault) -> None:
    for expected in ("2026-11-23-a", "2026-11-23-b"):
        state = State.open(state_url, vault)
        assert state.begin_run(NIGHT, trigger="manual", at=NOW) == expected
        state.close()
