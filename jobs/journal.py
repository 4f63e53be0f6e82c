"""The durable record of every write that was intended, tried, verified, failed or undone.

What `move` was told is on the disk when it returns; the table `journal` is only ever added to. Values are sealed.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import orjson
import sqlalchemy as sa

from connectors.clock import Clock
from jobs.approvals import SPELT, Approvals, Shown, is_open
from jobs.corrections import CREATED, HANDED_OVER, NEXT, Correction, CorrectionState, fingerprint
from jobs.errors import ConfigError, LockHeld
from jobs.state import State
from jobs.tables import corrections, journal, plans, runs
from jobs.vault import Vault

__all__ = ["CREATED", "Correction", "CorrectionState", "Entry", "Journal", "Release", "fingerprint"]

_PURPOSE = "undo"
_DONE = frozenset({"verified", "handed_back", "refused", "undone"})
_PLAIN = (
    "correction_id", "source", "profile_id", "action", "fingerprint", "reversible", "state",
    "after_correction", "blocked_by", "pairing", "seq", "new_id", "detail", "plan_id",
)  # fmt: skip
_LISTS = ("rule_ids", "finding_ids", "needs")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal."""

    entry: int
    plan_id: str
    correction_id: str
    at: datetime
    state: CorrectionState
    detail: str


@dataclass(frozen=True, slots=True)
class Release:
    """What the decisions in force did to a plan. `said`: sentences on decisions that no longer hold."""

    released: tuple[str, ...]
    held: tuple[str, ...]
    said: tuple[str, ...]


class Journal:
    """Plans and what became of them. `zone`: the group's time zone, in which decisions run out at the end of a day."""

    def __init__(self, state: State, vault: Vault, clock: Clock, zone: tzinfo = UTC) -> None:
        self.state = state
        self.vault = vault
        self.clock = clock
        self.zone = zone

    def store_plan(self, plan_id: str, rows: Iterable[Correction]) -> None:
        """Keep a plan, once, whole or not at all. Raises ValueError for one that could not be applied in order."""
        listed = [replace(row, plan_id=plan_id) for row in rows]
        _check_order(listed)
        now = self.clock.now()
        made = [{**_where(row), "at": now, "state": row.state, "detail": row.detail} for row in listed]
        with self.state.engine.begin() as connection:
            connection.execute(plans.insert().values(plan_id=plan_id, created_at=now, state="planned"))
            if listed:
                connection.execute(corrections.insert(), [self._values(row) for row in listed])
                connection.execute(journal.insert(), made)

    def load(self, plan_id: str) -> list[Correction]:
        """A plan's corrections in order; `before`, `after` and `why` are empty once purged. Raises ConfigError."""
        with self.state.engine.begin() as connection:
            known = connection.scalar(sa.select(plans.c.plan_id).where(plans.c.plan_id == plan_id))
            query = sa.select(corrections).where(corrections.c.plan_id == plan_id).order_by(corrections.c.seq)
            rows = connection.execute(query).mappings().all()
        if known is None:
            raise ConfigError(f"there is no plan {plan_id}: `rollcall status` lists the runs, a plan has its run's id")
        return [self._correction(row) for row in rows]

    def mark(self, plan_id: str, state: str) -> None:
        """planned, applying, unfinished or applied; `applying` while nobody holds the lock means: resume."""
        with self.state.engine.begin() as connection:
            connection.execute(sa.update(plans).where(plans.c.plan_id == plan_id).values(state=state))

    def plan_states(self) -> dict[str, str]:
        """Every plan and how far it got, in the order of their runs: a clock that is set back makes none the newest."""
        query = sa.select(plans.c.plan_id, plans.c.state).outerjoin(runs, runs.c.run_id == plans.c.plan_id)
        with self.state.engine.begin() as connection:
            rows = connection.execute(query.order_by(runs.c.seq, plans.c.created_at))
            return {row.plan_id: row.state for row in rows}

    def nights(self) -> list[str]:
        """The plans of nights, in order: those of undos neither supersede one nor are superseded."""
        undos = self.undos()
        return [name for name in self.plan_states() if name not in undos]

    def undos(self) -> set[str]:
        """The plans that take others back."""
        with self.state.engine.begin() as connection:
            return set(connection.scalars(sa.select(runs.c.run_id).where(runs.c.trigger == "undo")))

    def written_after_undo(self) -> list[tuple[Correction, bool]]:
        """Every verified write to a profile that an undo has written to, in order, and whether it was the undo's."""
        undone = sa.select(corrections.c.source, corrections.c.profile_id)
        undone = undone.join(runs, runs.c.run_id == corrections.c.plan_id)
        undone = undone.where(runs.c.trigger == "undo", corrections.c.state == "verified")
        there = sa.tuple_(corrections.c.source, corrections.c.profile_id).in_(undone)
        query = sa.select(corrections, runs.c.trigger).join(runs, runs.c.run_id == corrections.c.plan_id)
        query = query.where(corrections.c.state == "verified", there).order_by(runs.c.seq, corrections.c.seq)
        with self.state.engine.begin() as connection:
            rows = connection.execute(query).mappings().all()
        return [(self._correction(row), row["trigger"] == "undo") for row in rows]

    def move(
        self, correction: Correction, state: CorrectionState, detail: str = "", new_id: str | None = None
    ) -> Correction:
        """Record that a correction has come to a state, durably; returns it as it now is.

        Raises ValueError for a step that is not allowed, LockHeld when somebody else has moved it meanwhile.
        """
        return self._store(
            correction, replace(correction, state=state, detail=detail, new_id=new_id or correction.new_id)
        )

    def hold(self, correction: Correction, need: str, blocked_by: str, detail: str = "") -> Correction:
        """Hold a correction until a decision gives what it now needs as well."""
        needs = tuple(sorted({*correction.needs, need}))
        held = replace(correction, state="held", needs=needs, blocked_by=blocked_by, detail=detail)
        return self._store(correction, held)

    def foresaw(self, correction: Correction, words: Mapping[str, str | None]) -> Correction:
        """Keep what the vendor said a merge would come to, sealed with the values of the correction."""
        told = replace(correction, foreseen=dict(words))
        there = (corrections.c.plan_id == told.plan_id) & (corrections.c.correction_id == told.correction_id)
        with self.state.engine.begin() as connection:
            connection.execute(sa.update(corrections).where(there).values(sealed=self._sealed(told)))
        return told

    def let_go(self, correction: Correction) -> Correction:
        """Nothing holds it any more."""
        return self._store(correction, replace(correction, state="ready", blocked_by="", detail=""))

    def block(self, correction: Correction, by: str) -> Correction:
        """A correction waits in vain for another one; when that one is verified after all, `release` lets it go on."""
        return self._store(correction, replace(correction, state="blocked", blocked_by=by))

    def approvals(self, plan_id: str) -> Approvals:
        """The decisions in force today, looked up for one plan."""
        words = self.state.decisions_in_force(self._today())
        return Approvals(words, plan_id, self._shown({word.run_id for word in words if is_open(word)}))

    def release(self, plan_id: str) -> Release:
        """Let the decisions in force work on a plan that is not written yet.

        Held becomes ready where everything that it needs was given; what was rejected is held, ready rows too; what
        waits for another correction goes on where that one is ready or verified.
        """
        approvals = self.approvals(plan_id)
        rows = {row.correction_id: row for row in self.load(plan_id)}
        before = {name: row.state for name, row in rows.items()}
        for name, row in rows.items():
            rows[name] = self._decided(row, approvals, rows)
        changed = [row for name, row in rows.items() if row.state != before[name]]
        return Release(
            released=tuple(row.correction_id for row in changed if row.state == "ready"),
            held=tuple(row.correction_id for row in changed if row.state == "held"),
            said=_no_longer_hold(rows.values(), approvals),
        )

    def waiting(self) -> list[Correction]:
        """What was handed over to people, of all plans, oldest first."""
        query = (
            sa.select(corrections)
            .join(plans, plans.c.plan_id == corrections.c.plan_id)
            .outerjoin(runs, runs.c.run_id == plans.c.plan_id)
            .where(corrections.c.state == "intended", corrections.c.detail.startswith(HANDED_OVER))
            .order_by(runs.c.seq, plans.c.created_at, corrections.c.plan_id, corrections.c.seq)
        )
        with self.state.engine.begin() as connection:
            return [self._correction(row) for row in connection.execute(query).mappings()]

    def spend(self, plan_id: str, still_open: Collection[str] = ()) -> None:
        """Take back approvals without a date once all that they covered is done: a yes is for one time.

        `still_open`: corrections that came to an end here, and are planned anew under the same approval.
        """
        approvals = self.approvals(plan_id)
        open_ended: dict[int, bool] = {}
        for row in self.load(plan_id):
            done = row.state in _DONE and row.correction_id not in still_open
            for word in approvals.covering(row):
                if word.verdict == "approve" and word.until is None:
                    open_ended[word.decision] = open_ended.get(word.decision, True) and done
        self.state.withdraw_decisions([number for number, ended in open_ended.items() if ended], self.clock.now())

    def history(self, plan_id: str | None = None) -> list[Entry]:
        """Every line of the journal, or of one plan, in order."""
        query = sa.select(journal).order_by(journal.c.entry)
        if plan_id is not None:
            query = query.where(journal.c.plan_id == plan_id)
        with self.state.engine.begin() as connection:
            return [Entry(**row) for row in connection.execute(query).mappings()]

    def purge(self, before: datetime) -> int:
        """Forget the values of plans made before a time; ids and states stay. Returns how many rows were emptied.

        Of what an undo has written the names of the fields stay: else the next night would write it again unattended.
        """
        old = sa.select(plans.c.plan_id).where(plans.c.created_at < before)
        emptied = corrections.c.plan_id.in_(old) & corrections.c.sealed.is_not(None)
        undone = sa.select(corrections).join(runs, runs.c.run_id == corrections.c.plan_id)
        undone = undone.where(emptied, runs.c.trigger == "undo", corrections.c.state == "verified")
        with self.state.engine.begin() as connection:
            rows = [self._correction(row) for row in connection.execute(undone).mappings()]
            number = connection.execute(sa.update(corrections).where(emptied).values(sealed=None)).rowcount
            for row in rows:
                named = replace(row, before={}, after=dict.fromkeys(row.after), why="", undoes="", asks=(), lost="")
                there = (corrections.c.plan_id == row.plan_id) & (corrections.c.correction_id == row.correction_id)
                connection.execute(sa.update(corrections).where(there).values(sealed=self._sealed(named)))
        return number - sum(not any((*row.before.values(), *row.after.values())) for row in rows)

    def resting_on(self, profiles: Collection[str]) -> list[Correction]:
        """The corrections of all plans whose values come from one of the profiles (`SOURCE:ID`), or that take such a one back."""
        query = sa.select(corrections).where(corrections.c.sealed.is_not(None), corrections.c.action != "erase")
        with self.state.engine.begin() as connection:
            rows = [self._correction(row) for row in connection.execute(query).mappings()]
        first = [row for row in rows if row.origin in profiles]
        names = {f"{row.plan_id}/{row.correction_id}" for row in first}
        return [*first, *(row for row in rows if row.undoes in names)]

    def empty(self, rows: Iterable[Correction]) -> None:
        """Forget the values of corrections; ids and states stay."""
        with self.state.engine.begin() as connection:
            for row in rows:
                there = (corrections.c.plan_id == row.plan_id) & (corrections.c.correction_id == row.correction_id)
                connection.execute(sa.update(corrections).where(there).values(sealed=None))

    def _shown(self, runs: Collection[str]) -> frozenset[Shown]:
        query = sa.select(corrections.c.plan_id, corrections.c.correction_id, corrections.c.fingerprint)
        with self.state.engine.begin() as connection:
            rows = connection.execute(query.where(corrections.c.plan_id.in_(sorted(runs)))).all()
        return frozenset((row.plan_id, row.correction_id, row.fingerprint) for row in rows)

    def _today(self) -> date:
        return self.clock.now().astimezone(self.zone).date()

    def _decided(self, row: Correction, approvals: Approvals, rows: Mapping[str, Correction]) -> Correction:
        refusal = approvals.word(row).refusal
        if row.state in {"ready", "held"} and refusal:
            return self._stays_held(row, refusal)
        if row.state == "held" or _may_go_on(row, rows):
            lacking = approvals.lacking(row)
            if not lacking:
                return self.let_go(row)
            if row.state == "blocked" or approvals.word(row).approving:
                return self._stays_held(row, f"still needs: {', '.join(SPELT.get(need, need) for need in lacking)}")
        return row

    def _stays_held(self, row: Correction, detail: str) -> Correction:
        if row.state == "held" and row.detail == detail:
            return row
        return self._store(row, replace(row, state="held", detail=detail))

    def _store(self, old: Correction, new: Correction) -> Correction:
        if new.state not in NEXT[old.state]:
            raise ValueError(f"correction {old.correction_id}: {new.state} cannot follow {old.state}")
        there = (corrections.c.plan_id == old.plan_id) & (corrections.c.correction_id == old.correction_id)
        change = sa.update(corrections).where(there, corrections.c.state == old.state)
        values = {name: getattr(new, name) for name in ("state", "detail", "new_id", "blocked_by")}
        at = self.clock.now()
        line = {**_where(new), "at": at, "state": new.state, "detail": new.detail}
        with self.state.engine.begin() as connection:
            if connection.execute(change.values(**values, needs=list(new.needs))).rowcount != 1:
                raise LockHeld(
                    f"correction {old.correction_id} of plan {old.plan_id} is no longer {old.state}: somebody else is "
                    "applying this plan; wait for the other one, then look at `rollcall status`"
                )
            connection.execute(journal.insert().values(line))
            if new.undoes and new.state == "verified":
                _take_back(connection, new, at)
        return new

    def _values(self, row: Correction) -> dict[str, Any]:
        return {
            **{name: getattr(row, name) for name in _PLAIN},
            **{name: list(getattr(row, name)) for name in _LISTS},
            "sealed": self._sealed(row),
        }

    def _sealed(self, row: Correction) -> bytes:
        values = {"before": dict(row.before), "after": dict(row.after), "why": row.why}
        values |= {"origin": row.origin, "origin_view": dict(row.origin_view), "foreseen": dict(row.foreseen)}
        values |= {"undoes": row.undoes, "asks": list(row.asks), "lost": row.lost}
        return self.vault.seal(orjson.dumps(values), _PURPOSE)

    def _correction(self, row: Mapping[Any, Any]) -> Correction:
        empty: dict[str, Any] = {"before": {}, "after": {}, "why": ""}
        values = empty if row["sealed"] is None else orjson.loads(self.vault.unseal(row["sealed"], _PURPOSE))
        known: dict[str, Any] = {name: row[name] for name in _PLAIN}
        lists: dict[str, Any] = {name: tuple(row[name]) for name in _LISTS}
        return Correction(**known, **lists, **{**values, "asks": tuple(values.get("asks", ()))})


def _take_back(connection: sa.Connection, row: Correction, at: datetime) -> None:
    """The correction that a verified one takes back is undone from the same moment."""
    plan_id, _, correction_id = row.undoes.partition("/")
    there = (corrections.c.plan_id == plan_id) & (corrections.c.correction_id == correction_id)
    said = {"state": "undone", "detail": f"taken back by {row.plan_id}"}
    if connection.execute(sa.update(corrections).where(there, corrections.c.state == "verified").values(said)).rowcount:
        line = {"plan_id": plan_id, "correction_id": correction_id, "at": at}
        connection.execute(journal.insert().values(line | said))


def _where(row: Correction) -> dict[str, str]:
    return {"plan_id": row.plan_id, "correction_id": row.correction_id}


def _may_go_on(row: Correction, rows: Mapping[str, Correction]) -> bool:
    """Blocked by a correction before it, and by nothing else, and that one is on its way."""
    first = rows.get(row.blocked_by)
    waits = row.state == "blocked" and row.blocked_by in row.follows
    return waits and first is not None and first.state in {"ready", "verified"}


def _check_order(rows: list[Correction]) -> None:
    if len({row.seq for row in rows}) != len(rows):
        raise ValueError("two corrections of a plan have the same place in its order")
    seen: set[str] = set()
    rows_by_id = {row.correction_id: row for row in rows}
    for row in sorted(rows, key=lambda row: row.seq):
        if missing := [name for name in row.follows if name not in seen]:
            raise ValueError(f"correction {row.correction_id} follows {missing[0]}, which is not before it in the plan")
        if strangers := [name for name in row.creators if rows_by_id[name].action != "create"]:
            raise ValueError(f"correction {row.correction_id} wants the id of {strangers[0]}, which creates nothing")
        if row.state not in {"ready", "held", "blocked"}:
            raise ValueError(f"correction {row.correction_id} cannot be {row.state} before it was applied")
        seen.add(row.correction_id)


def _no_longer_hold(rows: Iterable[Correction], approvals: Approvals) -> tuple[str, ...]:
    good: set[int] = set()
    stale: dict[int, str] = {}
    for row in rows:
        for word in approvals.covering(row):
            if approvals.holds(word, row):
                good.add(word.decision)
            else:
                stale[word.decision] = f"decision {word.decision} by {word.by} on {word.target} {word.id}"
    return tuple(
        f"{text}: what it was made on has changed since; decide again"
        for number, text in sorted(stale.items())
        if number not in good
    )
