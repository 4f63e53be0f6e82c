"""Privacy requests as the state database keeps them: a task per profile, and tombstones that nobody can read (G10, M15).

A tombstone is a keyed hash of a vendor id, or of a contact alone and together with a first name or birth date. The id of
a profile stands in its task only while the task is open.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Literal

import sqlalchemy as sa

from jobs.corrections import Correction
from jobs.errors import ConfigError
from jobs.state import DecisionRow, State
from jobs.tables import corrections, decisions, erasure_tasks, erasures, plans, tombstones
from jobs.vault import Vault

CLOCKS: Mapping[str, int] = {"gdpr": 30, "law25": 30, "pipeda": 30, "ccpa": 45}
"""Days within which a law wants a request met."""
RUN = "erasure-"
HASHED_WITH = "entity"
"""The purpose of the key of every tombstone: the one that matching is given."""
_YES_STANDS = timedelta(days=365)

TaskState = Literal["open", "gone", "closed"]


@dataclass(frozen=True, slots=True)
class Tombstone:
    """kind: id | phone | email | phone+name | phone+birth | email+name | email+birth; `let_in` says of a profile that it
    is another person, or the same one who signed up anew."""

    hash: str
    kind: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One privacy request. `purged`: whether rollcall itself has forgotten the person."""

    law: str
    received: date
    reason: str
    by: str
    opened_at: datetime
    due: date
    purged: bool = False
    request: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """One source's part. open: to be done; gone: read back as erased; closed: and forgotten here too.

    `back`: the person was seen again after the source's task was closed. `profile_id` empty and open: the source could
    not be looked at yet.
    """

    request: int
    source: str
    profile_id: str
    opened_at: datetime
    state: TaskState = "open"
    back: bool = False
    closed_on: date | None = None
    kept_until: date | None = None
    task: int = 0

    def waits(self, today: date) -> bool:
        """Whether somebody has to act: open, and not kept by a law that beats the request."""
        return self.state == "open" and (self.kept_until is None or self.kept_until < today)


def new(law: str, received: date, reason: str, by: str, now: datetime) -> Request:
    """A request under one of the laws of `CLOCKS`. Raises ConfigError."""
    if law not in CLOCKS:
        raise ConfigError(f"--law {law}: choose one of {', '.join(CLOCKS)}")
    if received > now.date() + timedelta(days=1):
        raise ConfigError(f"--received {received}: a request cannot come from the future")
    return Request(law, received, reason, by, now, received + timedelta(days=CLOCKS[law]))


def open_request(
    state: State, request: Request, tasks: Iterable[Task], stones: Iterable[Tombstone], approved: Iterable[str]
) -> int:
    """Record a request with all that belongs to it, whole or not at all; returns its number.

    `approved`: the corrections that erase by API; who asks for the erasure has said yes to them by name (G14).
    """
    with state.engine.begin() as connection:
        values = {name: value for name, value in asdict(request).items() if name != "request"}
        number = int(connection.scalar(erasures.insert().values(values).returning(erasures.c.request)) or 0)
        rows = [_values(replace(task, request=number)) for task in tasks]
        connection.execute(erasure_tasks.insert(), rows)
        _put_stones(connection, request, number, stones)
        for name in approved:
            connection.execute(decisions.insert().values(_yes(request, number, name)))
    return number


def requests(state: State) -> list[Request]:
    """Every request, in order."""
    with state.engine.begin() as connection:
        rows = connection.execute(sa.select(erasures).order_by(erasures.c.request)).mappings()
        return [Request(**{str(name): value for name, value in row.items()}) for row in rows]


def tasks(state: State, states: Collection[TaskState] | None = None) -> list[Task]:
    """Tasks in some states, or all, in order."""
    query = sa.select(erasure_tasks).order_by(erasure_tasks.c.task)
    if states is not None:
        query = query.where(erasure_tasks.c.state.in_(states))
    with state.engine.begin() as connection:
        return [
            Task(**{str(name): value for name, value in row.items()}) for row in connection.execute(query).mappings()
        ]


def stones(state: State) -> list[tuple[str, str, int, date]]:
    """(hash, kind, request, day of the request) of every tombstone."""
    t = tombstones.c
    with state.engine.begin() as connection:
        rows = connection.execute(sa.select(t.hash, t.kind, t.request, t.erased_on).order_by(t.hash))
        return [(row.hash, row.kind, row.request, row.erased_on) for row in rows]


def add_tasks(state: State, made: Iterable[Task]) -> None:
    rows = [_values(task) for task in made]
    if rows:
        with state.engine.begin() as connection:
            connection.execute(erasure_tasks.insert(), rows)


def add_stones(state: State, request: Request, made: Iterable[Tombstone]) -> None:
    with state.engine.begin() as connection:
        _put_stones(connection, request, request.request, made)


def set_gone(state: State, task: Task) -> None:
    """The source shows nobody any more; what is kept here goes next."""
    _change(state, task, state="gone")


def keep_until(state: State, task: Task, day: date) -> None:
    """A law wants the profile kept until a day, and nobody has to act before it."""
    _change(state, task, kept_until=day)


def close(state: State, done: Collection[Task], today: date, now: datetime) -> None:
    """Close tasks: their profile's id goes, and so does the yes to a correction of a request that is through."""
    with state.engine.begin() as connection:
        for task in done:
            change = sa.update(erasure_tasks).where(erasure_tasks.c.task == task.task)
            connection.execute(change.values(state="closed", closed_on=today, profile_id=""))
        left = sa.select(erasure_tasks.c.request).where(erasure_tasks.c.state != "closed")
        for number in {task.request for task in done} - set(connection.scalars(left)):
            spent = sa.update(decisions).where(
                decisions.c.run_id == run_name(number), decisions.c.withdrawn_at.is_(None)
            )
            connection.execute(spent.values(withdrawn_at=now))


def set_purged(state: State, request: int) -> None:
    with state.engine.begin() as connection:
        connection.execute(sa.update(erasures).where(erasures.c.request == request).values(purged=True))


def asked(state: State) -> set[int]:
    """The open tasks whose erasure was written and confirmed since they are open: it is not asked for twice."""
    c, t = corrections.c, erasure_tasks.c
    query = (
        sa.select(t.task)
        .join(corrections, (c.source == t.source) & (c.profile_id == t.profile_id))
        .join(plans, plans.c.plan_id == c.plan_id)
        .where(t.state == "open", c.action == "erase", c.state == "verified", plans.c.created_at >= t.opened_at)
    )
    with state.engine.begin() as connection:
        return set(connection.scalars(query))


def withdraw(state: State, request: int, today: date, now: datetime) -> None:
    """End a request that was a mistake: its tombstones go, its open tasks are closed, its yes is taken back."""
    with state.engine.begin() as connection:
        connection.execute(sa.delete(tombstones).where(tombstones.c.request == request))
    close(state, [task for task in tasks(state, {"open"}) if task.request == request], today, now)


def let_in(state: State, task: Task, own: Tombstone, word: Tombstone, request: Request, now: datetime) -> None:
    """Take a profile out of a request for good: its own tombstone goes, and `word` says that its contact is no proof."""
    with state.engine.begin() as connection:
        connection.execute(sa.delete(tombstones).where(tombstones.c.hash == own.hash))
        _put_stones(connection, request, request.request, [word])
    close(state, [task], now.date(), now)


def stone_of(vault: Vault, kind: Literal["id", "let_in"], source: str, profile_id: str) -> Tombstone:
    """The tombstone of one vendor id, as `sql/erased/` computes it."""
    text = f"{vault.sql_key(HASHED_WITH)}|tombstone|{kind}|{source}:{profile_id}"
    return Tombstone(sha256(text.encode()).hexdigest()[:32], kind, source)


def erased_of(state: State, vault: Vault) -> Callable[[str, str], bool]:
    """Whether a profile (source, id) was erased on request, by the tombstones as they stand (G10): ask before any write."""
    known = {name for name, kind, *_ in stones(state) if kind == "id"}
    return lambda source, profile_id: bool(known) and stone_of(vault, "id", source, profile_id).hash in known


def barring(state: State, vault: Vault, today: date) -> Callable[[Correction], str]:
    """Why a correction of an older plan is not written any more; empty for most.

    Nothing is written to or from somebody who was erased since, and nobody is erased whose request does not wait for it.
    """
    erased = erased_of(state, vault)
    waiting = {(task.source, task.profile_id) for task in tasks(state, {"open"}) if task.waits(today)}

    def why(correction: Correction) -> str:
        if correction.action == "erase":
            asked_for = (correction.source, correction.profile_id) in waiting
            return "" if asked_for else "no privacy request waits for it any more (M15)"
        touched = [f"{correction.source}:{correction.profile_id or ''}", correction.origin]
        told = any(erased(*one.split(":", 1)) for one in touched if ":" in one)
        return "the customer was erased on request since the plan (G10)" if told else ""

    return why


def run_name(request: int) -> str:
    """What stands for the run in the decisions that a request brings with it."""
    return f"{RUN}{request}"


def _change(database: State, task: Task, **changed: object) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.update(erasure_tasks).where(erasure_tasks.c.task == task.task).values(changed))


def _values(task: Task) -> dict[str, object]:
    return {name: value for name, value in asdict(task).items() if name != "task"}


def _put_stones(connection: sa.Connection, request: Request, number: int, made: Iterable[Tombstone]) -> None:
    """A person who is erased twice has one set of tombstones: the later request's."""
    for stone in made:
        connection.execute(sa.delete(tombstones).where(tombstones.c.hash == stone.hash))
        row = {**asdict(stone), "erased_on": request.received, "law": request.law, "request": number}
        connection.execute(tombstones.insert().values(row))


def _yes(request: Request, number: int, correction_id: str) -> dict[str, object]:
    row = DecisionRow(
        run_id=run_name(number), target="correction", id=correction_id, verdict="approve", reason=request.reason,
        by=request.by, made_at=request.opened_at, until=request.received + _YES_STANDS,
    )  # fmt: skip
    return {name: value for name, value in asdict(row).items() if name != "decision"}
