"""`rollcall schedule`: the night starts once per business date, whatever clocks, sleeping hosts and restarts do.

A look every minute, and a pure function that says what is due. A cron trigger would do neither: APScheduler's fires twice
at 01:30 in autumn, and leaves out the day after the spring change at 00:00.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from queue import SimpleQueue
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.interval import IntervalTrigger

from connectors.clock import Clock
from jobs.errors import LockHeld
from jobs.settings import Settings

LOOK = timedelta(minutes=1)

_log = structlog.get_logger("rollcall.schedule")


def slot(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The one moment (UTC) of a local time on a date: the first of two in autumn, after the gap in spring."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def due(now: datetime, at: time, zone: ZoneInfo, grace: timedelta, done: Callable[[date], bool]) -> date | None:
    """The business date whose night should start now.

    Its time has come, is not over by more than `grace`, and it is not `done`. Only the latest slot counts: nights that
    were missed are not made up for.
    """
    day = now.astimezone(zone).date()
    if slot(day, at, zone) > now:
        day -= timedelta(days=1)
    return None if now > slot(day, at, zone) + grace or done(day) else day


@dataclass(frozen=True, slots=True)
class NightJob:
    """One look: starts the night that is due, if any.

    start: runs the night of a date, returns its exit code. 11 or LockHeld: somebody else is at work, so the next look
    tries again; whatever else comes of it, this date is not tried a second time.
    """

    at: time
    zone: ZoneInfo
    grace: timedelta
    clock: Clock
    done: Callable[[date], bool]
    start: Callable[[date], int]
    tried: set[date] = field(default_factory=set)

    def __call__(self) -> None:
        day = due(self.clock.now(), self.at, self.zone, self.grace, lambda day: day in self.tried or self.done(day))
        if day is None:
            return
        self.tried.add(day)
        try:
            code = self.start(day)
        except LockHeld as error:
            code = error.exit_code
        if code == LockHeld.exit_code:
            self.tried.discard(day)
            until = slot(day, self.at, self.zone) + self.grace
            _log.warning("locked: trying again", night=str(day), until=until.isoformat())
        else:
            _log.info("night ended", night=str(day), exit_code=code)


def serve(
    settings: Settings,
    clock: Clock,
    done: Callable[[date], bool],
    start: Callable[[date], int],
    scheduler: BlockingScheduler | None = None,
) -> None:
    """Block, and start every night until SIGINT or SIGTERM; a night that is going on is waited for.

    done: whether a scheduled run has claimed the date (`State.night_taken`). The first look is taken at once, so that a
    restart within the grace still starts tonight's run.
    """
    scheduler = scheduler or BlockingScheduler(timezone=UTC)
    times, zone = settings.schedule, ZoneInfo(settings.time_zone)
    scheduler.add_job(
        NightJob(times.time, zone, times.grace, clock, done, start),
        IntervalTrigger(seconds=LOOK.total_seconds()),
        id="night",
        next_run_time=datetime.now(UTC),
        misfire_grace_time=int(times.grace.total_seconds()),
        coalesce=True,
        max_instances=1,
    )
    with _ended_by_signals(scheduler):
        scheduler.start()


@contextmanager
def _ended_by_signals(scheduler: BlockingScheduler) -> Iterator[None]:
    """The scheduler is shut down from a thread: an exception in a handler could be swallowed by whatever it interrupts."""
    told: SimpleQueue[bool] = SimpleQueue()
    ending = threading.Thread(target=lambda: told.get() and scheduler.shutdown(wait=True))
    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, lambda *_: told.put(True)) for number in numbers}
    ending.start()
    try:
        yield
    finally:
        told.put(False)
        ending.join()
        for number, handler in before.items():
            signal.signal(number, handler)
