"""How much, how long and when: the figures of the configuration that hold a night within bounds."""

import re
from datetime import time, timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(value: object) -> object:
    if isinstance(value, str) and (match := re.fullmatch(r"(\d+)\s*([smhd])", value.strip())):
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    if isinstance(value, timedelta):
        return value
    raise ValueError("a duration is a number with a unit: 90s, 30m, 6h or 7d")


def _percent(value: object) -> object:
    if isinstance(value, str) and (match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", value.strip())):
        return float(match[1]) / 100
    raise ValueError("a percentage is a number with its sign: 5 %")


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Percent = Annotated[float, BeforeValidator(_percent), Field(ge=0, le=1)]


class Closed(BaseModel):
    """A part of the configuration: no unknown key, and nothing that changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Limits(Closed):
    """What a night may not exceed without a person's word."""

    shrink: Percent = 0.05
    shrink_profiles: int = Field(default=25, ge=0)
    apart: Duration = timedelta(hours=24)
    probe: int = Field(default=200, ge=1, description="profiles asked for by id before they are called gone (G2a)")
    updates: Percent = 0.02
    updates_at_least: int = 25
    updates_at_most: int = 500
    creates: Percent = 0.005
    creates_at_least: int = 5
    creates_at_most: int = 50
    opt_outs: int = 25
    same_value: int = 25
    failures: Percent = 0.05
    failures_at_least: int = Field(default=10, ge=1, description="writes refused, unread or in doubt, per source")
    file_age: Duration = timedelta(hours=48)

    @field_validator("shrink", "updates", "creates", "failures", mode="before")
    @classmethod
    def _default_percents(cls, value: object) -> object:
        return f"{value * 100} %" if isinstance(value, float) else value


class Schedule(Closed):
    """When the night runs, in the group's time zone, and how late it may still start."""

    at: str = Field(default="04:15", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    grace: Duration = timedelta(hours=6)

    @property
    def time(self) -> time:
        return time.fromisoformat(self.at)


class Window(Closed):
    """When corrections may be written, in the group's time zone: outside opening hours; it may run over midnight."""

    start: str = Field(alias="from", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    until: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")

    def holds(self, at: time) -> bool:
        """Whether it is open at a local time."""
        start, until = time.fromisoformat(self.start), time.fromisoformat(self.until)
        return start <= at < until if start < until else at >= start or at < until

    @property
    def length(self) -> timedelta:
        """How long it is open each day; a whole day where both ends are one time."""
        start, until = time.fromisoformat(self.start), time.fromisoformat(self.until)
        minutes = (until.hour - start.hour) * 60 + until.minute - start.minute
        return timedelta(minutes=minutes if minutes > 0 else minutes + 1440)


class Retention(Closed):
    """How many days each kind of data is kept."""

    snapshots: Duration = timedelta(days=30)
    undo: Duration = timedelta(days=90)
    reports: Duration = timedelta(days=365)
