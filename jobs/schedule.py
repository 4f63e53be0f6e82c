"""`rollcall schedule`: the night starts once per business date, whatever clocks and restarts do.

The times come from here, not from a cron trigger: APScheduler's fires twice at 01:30 in autumn, and leaves out the day
after the spring change at 00:00.
"""

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.date import DateTrigger

from connectors.clock import Clock
from jobs.errors import LockHeld
from jobs.settings import Settings

RETRY = timedelta(minutes=5)
"""How long to wait before asking again for a lock that somebody else holds."""

_log = structlog.get_logger("rollcall.schedule")


def slot(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The one moment (UTC) of a local time on a date: the first of two in autumn, after the gap in spring."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def due(now: datetime, at: time, zone: ZoneInfo, grace: timedelta, done: Callable[[date], bool]) -> date | None:
    """The business date whose night should start now: its time has come, is not over by more than `grace`, and nobody
    has started it. Only the latest slot counts: nights that were missed are not made up for."""
    day = now.astimezone(zone).date()
    if slot(day, at, zone) > now:
        day -= timedelta(days=1)
    return None if now > slot(day, at, zone) + grace or done(day) else day


def next_slot(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The first slot that lies ahead."""
    day = now.astimezone(zone).date()
    today = slot(day, at, zone)
    return today if today > now else slot(day + timedelta(days=1), at, zone)


@dataclass(frozen=True, slots=True)
class NightJob:
    """What the scheduler calls: looks whether a night is due, starts it, and says when to look again.

    start: runs the night of a date, returns its exit code; 11 or LockHeld: somebody else is at work, and the night is
    tried again within its grace. again: asks for the next call at a time.
    """

    at: time
    zone: ZoneInfo
    grace: timedelta
    clock: Clock
    done: Callable[[date], bool]
    start: Callable[[date], int]
    again: Callable[[datetime], None]

    def __call__(self) -> None:
        look = None
        try:
            look = self._night(self.clock.now())
        finally:
            self.again(look or next_slot(self.clock.now(), self.at, self.zone))

    def _night(self, now: datetime) -> datetime | None:
        """Start what is due; returns when to try again where the lock was held."""
        day = due(now, self.at, self.zone, self.grace, self.done)
        if day is None:
            return None
        try:
            code = self.start(day)
        except LockHeld as error:
            _log.info("locked", night=str(day), reason=str(error))
            code = error.exit_code
        if code != LockHeld.exit_code:
            _log.info("night ended", night=str(day), exit_code=code)
            return None
        if now + RETRY > slot(day, self.at, self.zone) + self.grace:
            _log.warning("night given up: locked until its grace was over", night=str(day))
            return None
        return now + RETRY


def serve(
    settings: Settings,
    clock: Clock,
    done: Callable[[date], bool],
    start: Callable[[date], int],
    scheduler: BlockingScheduler | None = None,
) -> None:
    """Block, and start every night until SIGINT or SIGTERM; a night that is going on is waited for.

    done: whether a scheduled run has claimed the date (`State.night_taken`). A first look is taken at once, so that a
    restart within the grace still starts tonight's run. How late is too late is for `due` to say, not for the scheduler.
    """
    scheduler = scheduler or BlockingScheduler(timezone=UTC)
    how = {"id": "night", "replace_existing": True, "misfire_grace_time": None, "coalesce": True, "max_instances": 1}

    def again(moment: datetime) -> None:
        scheduler.add_job(job, DateTrigger(moment), **how)

    times, zone = settings.schedule, ZoneInfo(settings.time_zone)
    job = NightJob(times.time, zone, times.grace, clock, done, start, again)
    again(clock.now())
    _until_told(scheduler)


def _until_told(scheduler: BlockingScheduler) -> None:
    """SIGTERM ends like Ctrl-C: no new night, the present one is waited for."""
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler) if main else None
    try:
        scheduler.start()
    except KeyboardInterrupt:
        scheduler.shutdown(wait=True)
    finally:
        if main:
            signal.signal(signal.SIGTERM, before)
