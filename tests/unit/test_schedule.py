"""The night starts once per business date: over clock changes, restarts, held locks and two schedulers."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import SourceSettings
from connectors.clock import SimulatedClock, SystemClock
from jobs import schedule
from jobs.errors import LockHeld
from jobs.schedule import NightJob, due, slot
from jobs.settings import Schedule, Settings
from jobs.state import NightTaken, State
from jobs.vault import Vault

ZONES = ["America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "UTC"]
COAST = ZoneInfo("America/Los_Angeles")
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)
HALF_PAST_ONE, HALF_PAST_TWO = time(1, 30), time(2, 30)
GRACE = timedelta(hours=6)


def never(_: date) -> bool:
    return False


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def settings(at: str = "04:15", zone: str = "America/Los_Angeles", grace: str = "6h") -> Settings:
    source = SourceSettings(kind="table", role="pos")
    return Settings(group="g", time_zone=zone, sources={"s": source}, schedule=Schedule(at=at, grace=grace))


def test_a_night_is_due_from_its_time_until_its_grace_is_over() -> None:
    """04:15 in Los Angeles in November is 12:15 UTC."""
    at = time(4, 15)
    expected = {
        "2026-11-23T12:14:59": None,
        "2026-11-23T12:15:00": date(2026, 11, 23),
        "2026-11-23T18:15:00": date(2026, 11, 23),
        "2026-11-23T18:15:01": None,
    }
    assert {moment: due(utc(moment), at, COAST, GRACE, never) for moment in expected} == expected


def test_the_business_date_is_the_local_date_of_the_slot() -> None:
    """A slot before midnight whose grace reaches into the next day still means the day before."""
    assert due(utc("2026-11-24T09:00:00"), time(23, 30), COAST, GRACE, never) == date(2026, 11, 23)


def test_a_night_that_was_claimed_is_not_due_and_an_older_one_is_not_made_up_for() -> None:
    day = date(2026, 11, 23)
    now = slot(day, time(4, 15), COAST)
    assert due(now, time(4, 15), COAST, timedelta(days=3), lambda d: d == day) is None


def test_the_spring_gap_moves_the_slot_and_the_autumn_hour_is_taken_first() -> None:
    """02:30 does not exist on 8 March; 01:30 comes twice on 1 November."""
    assert slot(SPRING, HALF_PAST_TWO, COAST) == utc("2026-03-08T10:30:00")
    assert slot(AUTUMN, HALF_PAST_ONE, COAST) == utc("2026-11-01T08:30:00")


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    at=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    now=st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: utc("2025-01-01") + timedelta(minutes=minutes)),
    hours=st.integers(0, 23),
)
def test_what_is_due_is_the_latest_slot_within_its_grace(zone: ZoneInfo, at: time, now: datetime, hours: int) -> None:
    grace = timedelta(hours=hours)
    around = [now.astimezone(zone).date() + timedelta(days=n) for n in (-2, -1, 0, 1)]
    begun = [day for day in around if slot(day, at, zone) <= now]
    expected = begun[-1] if now <= slot(begun[-1], at, zone) + grace else None
    assert due(now, at, zone, grace, never) == expected


class Year:
    """A scheduler's year in simulated time; a look per `step` is as good as one per minute, and faster."""

    def __init__(
        self, config: Settings, done: Callable[[date], bool], start: Callable[[date], int], step: int = 15
    ) -> None:
        self.step = timedelta(minutes=step)
        self.clock = SimulatedClock(utc("2026-01-01T00:00:00"))
        times, zone = config.schedule, ZoneInfo(config.time_zone)
        self.job = NightJob(times.time, zone, times.grace, self.clock, done, start)

    def live(self, until: str = "2027-01-01T00:00:00") -> None:
        while self.clock.now() < utc(until):
            self.job()
            self.clock.advance(self.step)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", ["01:30", "02:30", "04:15", "23:59", "00:00"])
def test_a_year_of_nights_has_one_run_per_date(zone: str, at: str) -> None:
    """Both clock changes included, in zones that change by an hour, by half an hour, and not at all."""
    runs: Counter[date] = Counter()

    def start(day: date) -> int:
        runs[day] += 1
        return 0

    Year(settings(at, zone), lambda day: day in runs, start, step=60).live()
    local_days = {date(2026, 1, 2) + timedelta(days=n) for n in range(363)}
    assert local_days <= runs.keys()
    assert set(runs.values()) == {1}


def test_cron_alone_would_be_wrong_twice_a_year() -> None:
    """Why the job keeps its own time: the library's trigger has two nights in autumn, and loses one in spring."""
    for at, zone, start, expected in (
        ("01:30", "America/Los_Angeles", "2026-10-31T12:00:00", ["11-01", "11-01", "11-02"]),
        ("00:00", "Europe/Berlin", "2026-03-28T12:00:00", ["03-29", "03-31", "04-01"]),
    ):
        hour, minute = map(int, at.split(":"))
        trigger = CronTrigger(hour=hour, minute=minute, timezone=ZoneInfo(zone))
        fired, now = [], utc(start)
        for _ in expected:
            fired.append(trigger.get_next_fire_time(fired[-1] if fired else None, now))
            now = fired[-1].astimezone(UTC) + timedelta(seconds=1)
        assert [f"{moment:%m-%d}" for moment in fired] == expected


def test_a_night_that_fails_is_not_tried_again_and_the_next_one_is() -> None:
    """Whether it failed by its exit code or by an exception, before or after it was claimed."""
    tried: list[int] = []

    def start(day: date) -> int:
        tried.append(day.day)
        if day.day % 2:
            raise OSError("disk full")
        return 2

    year = Year(settings(), never, start)
    for _ in range(3):
        with pytest.raises(OSError, match="disk full"):
            year.live()
    assert tried == [1, 2, 3, 4, 5]


def test_a_held_lock_is_tried_again_within_the_grace() -> None:
    tries: list[str] = []

    def start(_: date) -> int:
        tries.append(f"{year.clock.now():%d %H:%M}")
        if len(tries) == 2:
            raise LockHeld
        return 11 if len(tries) < 4 else 0

    year = Year(settings(), never, start)
    year.live(until="2026-01-02T12:00:00")
    assert tries == ["01 12:15", "01 12:30", "01 12:45", "01 13:00"]


def test_a_lock_that_is_never_free_is_given_up_when_the_grace_is_over() -> None:
    tries: list[datetime] = []
    year = Year(settings(grace="1h"), never, lambda _: tries.append(year.clock.now()) or 11)
    year.live(until="2026-01-02T00:00:00")
    assert [f"{moment:%H:%M}" for moment in tries] == ["12:15", "12:30", "12:45", "13:00", "13:15"]


def test_a_host_that_sleeps_past_the_slot_starts_late_and_past_the_grace_not_at_all() -> None:
    tried: list[date] = []
    year = Year(settings(), never, lambda day: tried.append(day) or 0)
    for hours in (11, 5, 24 + 3, 24):
        year.clock.advance(timedelta(hours=hours))
        year.job()
    assert [day.day for day in tried] == [1]


@pytest.fixture
def state(tmp_path: Path, vault: Vault) -> Iterator[State]:
    opened = State.open(f"sqlite:///{tmp_path}/state.db", vault)
    yield opened
    opened.close()


def claims(state: State, clock: Callable[[], datetime]) -> Callable[[date], int]:
    def start(day: date) -> int:
        state.begin_run(day, trigger="schedule", at=clock())
        return 0

    return start


def test_two_schedulers_and_restarts_give_one_run_per_date(state: State) -> None:
    """The claim is in the state database, so it does not matter who asks, or how often."""
    at, grace, day = time(4, 15), GRACE, date(2026, 11, 23)
    clock = SimulatedClock(slot(day, at, COAST))
    jobs = [NightJob(at, COAST, grace, clock, state.night_taken, claims(state, clock.now)) for _ in "ab"]
    for minutes in (0, 1, 60, 359, 24 * 60 - 420):
        clock.advance(timedelta(minutes=minutes))
        for job in jobs:
            job()
    assert [run.business_date for run in state.runs()] == [day, day + timedelta(days=1)]


def test_of_two_that_start_at_once_the_second_is_told_to_wait_and_then_finds_it_done(state: State) -> None:
    """Both saw that the night was free; the claim decides, and the loser's next look finds it taken."""
    day = date(2026, 11, 23)
    clock = SimulatedClock(slot(day, time(4, 15), COAST))
    start = claims(state, clock.now)
    assert start(day) == 0
    looks: list[date] = []

    def not_yet(night: date) -> bool:
        looks.append(night)
        return len(looks) > 1 and state.night_taken(night)

    late = NightJob(time(4, 15), COAST, GRACE, clock, not_yet, start)
    late()
    late()
    assert looks == [day, day]
    assert len(state.runs()) == 1
    with pytest.raises(NightTaken):
        start(day)


def test_a_restart_within_the_grace_still_starts_the_night(state: State) -> None:
    """A real scheduler, told to look at once; it stops itself after the night."""
    now = datetime.now(UTC)
    scheduler = BlockingScheduler(timezone=UTC)
    started: list[date] = []

    def start(day: date) -> int:
        started.append(day)
        scheduler.shutdown(wait=False)
        return 0

    late = now - timedelta(minutes=90)
    schedule.serve(settings(f"{late:%H:%M}", "UTC"), SystemClock(), state.night_taken, start, scheduler)
    assert started == [late.date()]


def test_the_scheduler_is_told_not_to_skip_and_not_to_pile_up() -> None:
    """By default it would skip a night for being a second late."""
    scheduler = BlockingScheduler(timezone=UTC)
    scheduler.start = lambda: None
    schedule.serve(settings(), SystemClock(), never, lambda _: 0, scheduler)
    ((job, *_),) = scheduler._pending_jobs
    assert (job.id, job.misfire_grace_time, job.coalesce, job.max_instances) == ("night", 6 * 3600, True, 1)


def test_sigterm_ends_the_scheduler_after_the_night() -> None:
    scheduler = BlockingScheduler(timezone=UTC)
    ended: list[date] = []

    def start(day: date) -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        ended.append(day)
        return 0

    late = datetime.now(UTC) - timedelta(minutes=90)
    before = signal.getsignal(signal.SIGTERM)
    schedule.serve(settings(f"{late:%H:%M}", "UTC"), SystemClock(), never, start, scheduler)
    assert ended == [late.date()]
    assert signal.getsignal(signal.SIGTERM) == before
