"""Applying a plan: what decisions release, below the breakers, canaries first, every write read back.

Safe to start again at any time: what was begun is read first (`resume` is the same function).
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from connectors.base import Action, Connector, VendorError
from jobs import batch, origins
from jobs.approvals import Approvals
from jobs.breakers import HOLDS_ROWS_ONLY, breaker_id, count, is_by_name
from jobs.corrections import FAILED, HANDED_OVER, IN_DOUBT, Correction
from jobs.handover import Desk, hand_over, judged_on
from jobs.journal import Journal
from jobs.lane import Lane
from jobs.second_look import second_look
from jobs.settings import Limits
from jobs.writer import PausedError, Writer, resolved
from reports.document import Breaker

CANARIES = 3
"""How many of each source and action must be read back as written before the rest goes."""
_WRITTEN = frozenset({"intended", "applied", "verified", "unknown"})


def _never() -> bool:
    return False


def _ignore(_: object) -> None:
    return


def _allowed(_: object) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Means:
    """What applying works with.

    actives: active profiles per source, for breakers in percent. regions: default region of phones per source (G3).
    handover: folder for what people bring in. newer: the plan that superseded this one; then what was begun is settled by
    reading, and nothing more is written. barred: why the policy of today does not allow a correction; empty when it does.
    paused, closed: asked before every write; `closed` says why nothing may be written now, such as opening hours.
    progress: told of every correction that came to an end, from threads.
    probe: told of every step, so that tests can stop there (see `Writer`).
    """

    journal: Journal
    connectors: Mapping[str, Connector]
    limits: Limits
    actives: Mapping[str, int]
    regions: Mapping[str, str]
    handover: Path = Path("handover")
    newer: str = ""
    barred: Callable[[Correction], str] = _allowed
    paused: Callable[[], bool] = _never
    closed: Callable[[], str] = str
    progress: Callable[[Correction], None] = _ignore
    probe: Callable[[str], None] = _ignore


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `counts`: the whole plan by state; `handed_over` waits for people (`jobs.handover`).

    `tripped`: breakers (`SOURCE/NAME`) that nobody lifted.

    `stopped`: why something that was ready was not tried, in sentences. `said`: decisions that no longer hold, and where
    what was handed over lies.
    """

    counts: Mapping[str, int]
    breakers: tuple[Breaker, ...]
    tripped: tuple[str, ...]
    stopped: str
    failed: bool
    said: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """6 partly applied, 5 a breaker, 0 done; handed-back rows do not count (interfaces, exit codes)."""
        if self.failed or self.counts.get("refused") or any(self.counts.get(state) for state in IN_DOUBT):
            return 6
        return 5 if self.tripped else 0


def apply_plan(plan_id: str, means: Means, only: Collection[str] | None = None) -> Outcome:
    """Apply a stored plan, or those of its corrections that `only` names.

    In order: what was begun before is settled by reading, decisions release what they cover, breakers are counted (also
    over what this plan has written already), canaries, the rest; sources side by side, each with one writer. Just before
    a write the profile that its values come from is read again as well. Whatever is not
    written stays in the journal with its reason, so that a second call goes on. Raises ConfigError: no such plan.
    """
    return _Run(plan_id, means, only).apply()


resume = apply_plan


class _Run:
    def __init__(self, plan_id: str, means: Means, only: Collection[str] | None) -> None:
        self.plan_id = plan_id
        self.means = means
        self.journal = means.journal
        self.rows = {row.correction_id: row for row in self.journal.load(plan_id)}
        self.only = self.rows.keys() if only is None else set(only)
        self.halt = threading.Event()
        self.shut = ""
        self.lanes = self._lanes()
        self.tried: set[str] = set()
        self.unwilling: set[str] = set()
        self.handed: dict[str, str] = {}

    def apply(self) -> Outcome:
        self.journal.mark(self.plan_id, "applying")
        self._side_by_side(self._settle, [row for row in self.rows.values() if row.state in IN_DOUBT])
        said = () if self.means.newer else self.journal.release(self.plan_id).said
        self.rows = {row.correction_id: row for row in self.journal.load(self.plan_id)}
        self._hold_back()
        self._break()
        while wave := self._next_wave():
            self._side_by_side(self._work, wave)
        self._side_by_side(self._look_again, [row for row in self.rows.values() if self._was_written_now(row)])
        breakers, tripped = self._break()
        self.journal.spend(self.plan_id)
        counts = Counter("handed_over" if row.is_handed_over else row.state for row in self.rows.values())
        unfinished = any(counts[state] for state in ("ready", *IN_DOUBT))
        ended = HANDED_OVER if counts["handed_over"] else "applied"
        self.journal.mark(self.plan_id, "unfinished" if unfinished else ended)
        failed = any(lane.stopped or lane.unread for lane in self.lanes.values())
        return Outcome(dict(counts), breakers, tripped, self._stopped(), failed, (*said, *self._handed()))

    def _lanes(self) -> dict[str, Lane]:
        lifted = self.journal.approvals(self.plan_id).lifted
        lanes = {}
        for source in self.means.connectors:
            lane = lanes[source] = Lane(self._writer(source), self.means.limits, lifted(f"{source}/failures"))
            lane.remember(row for row in self.rows.values() if row.source == source)
        return lanes

    def _writer(self, source: str) -> Writer:
        connector, region = self.means.connectors[source], self.means.regions[source]
        return Writer(connector, self.journal, region, self._may_write, self.means.probe)

    def _may_write(self) -> bool:
        if self.means.paused():
            self.halt.set()
        elif said := self.means.closed():
            self.shut = said
            self.halt.set()
        return not self.halt.is_set()

    def _break(self) -> tuple[tuple[Breaker, ...], tuple[str, ...]]:
        """Hold what is too much, before the first write and after the last, when failures are counted too.

        Counted is the whole plan, written or not, named in `only` or not: no slicing below it.
        """
        approvals = self.journal.approvals(self.plan_id)
        mine = [row for row in self.rows.values() if row.state == "ready" or _only_a_breaker_holds(row, approvals)]
        written = [row for row in self.rows.values() if row.state in _WRITTEN]
        named = {row.correction_id for row in mine if approvals.word(row).named}
        named |= {row.correction_id for row in written if row.needs or is_by_name(row)}
        refused = [row for row in self.rows.values() if row.state == "refused"]
        unread = {name: lane.unread for name, lane in self.lanes.items()}
        breakers = count([*mine, *written, *refused], self.means.limits, self.means.actives, named, unread)
        tripped = [b for b in breakers if b.tripped and not approvals.lifted(breaker_id(b))]
        for row in mine:
            holding = [breaker_id(b) for b in tripped if _holds(b, row, named)]
            if holding and row.state == "ready":
                self._ended(self.journal.hold(row, "breaker", ", ".join(holding)))
            elif not holding and row.state == "held":
                self.rows[row.correction_id] = self.journal.let_go(row)
        return tuple(breakers), tuple(map(breaker_id, tripped))

    def _hold_back(self) -> None:
        """What a newer plan has judged anew, or the policy of today does not allow, is not written."""
        for row in [row for row in self.rows.values() if row.state == "ready"]:
            if self.means.newer:
                self._ended(self.journal.hold(row, "approval", "", f"superseded by plan {self.means.newer}"))
            elif why := self.means.barred(row):
                self._ended(self.journal.hold(row, "approval", "", why))

    def _next_wave(self) -> list[Correction]:
        """What may be written now: ready, willing, and everything before it verified. What waits in vain is blocked."""
        wave = []
        for row in self._selected():
            if row.state != "ready" or row.correction_id in self.tried or self._left_alone(row):
                continue
            first = [self.rows[name] for name in row.follows]
            if all(other.state == "verified" for other in first):
                wave.append(resolved(row, self.rows))
            elif failed := next((other for other in first if other.state not in {"ready", "verified"}), None):
                self._ended(self.journal.block(row, failed.correction_id))
        return wave

    def _left_alone(self, row: Correction) -> bool:
        """Whether its source takes no more writes in this run."""
        lane = self.lanes.get(row.source)
        if lane is None or row.action not in lane.writer.connector.capabilities.actions:
            self.unwilling.add(f"{row.source} takes no {row.action} (writes are off, or it cannot): left as it was")
            return True
        return bool(lane.stopped) or self.halt.is_set()

    def _side_by_side(self, work: Callable[[Lane, list[Correction]], None], rows: Iterable[Correction]) -> None:
        """Sources in threads, one each. A failure or an interrupt ends the others before their next write."""
        by_source: dict[str, list[Correction]] = defaultdict(list)
        for row in rows:
            by_source[row.source].append(row)
        tasks = [(self.lanes[source], by_source[source]) for source in sorted(by_source) if source in self.lanes]
        with ThreadPoolExecutor(max_workers=max(1, len(tasks))) as pool:
            try:
                for future in [pool.submit(self._or_halt, work, *task) for task in tasks]:
                    future.result()
            except BaseException:
                self.halt.set()
                raise

    def _or_halt(self, work: Callable[[Lane, list[Correction]], None], lane: Lane, rows: list[Correction]) -> None:
        try:
            work(lane, rows)
        except PausedError:
            return
        except BaseException:
            self.halt.set()
            raise

    def _settle(self, lane: Lane, rows: list[Correction]) -> None:
        if not lane.rests():
            for row in filter(batch.is_batched, rows):
                self._ended(self.journal.move(row, "unknown", f"{batch.BATCHED}: {lane.stopped}"))
            return
        if any(row.is_handed_over for row in rows) and not self.means.newer:
            self._hand_over(lane, rows[0].source, [])
        for row in (row for row in rows if not row.is_handed_over):
            with lane.lock:
                done = self._one(lane, lane.writer.settle, resolved(row, self.rows))
            if done.state == "ready":
                self.tried.discard(row.correction_id)
            if done.state == "unknown" and lane.proven[row.action] < CANARIES:
                lane.spoiled[row.action] = row.correction_id

    def _work(self, lane: Lane, rows: list[Correction]) -> None:
        if lane.writer.connector.capabilities.hands_over:
            self._hand_over(lane, rows[0].source, rows)
            return
        if not lane.rests():
            return
        by_action: dict[Action, list[Correction]] = defaultdict(list)
        for row in rows:
            by_action[row.action].append(row)
        for waiting in by_action.values():
            self._canaries(lane, waiting)
        left = sorted((row for waiting in by_action.values() for row in waiting), key=lambda row: row.seq)
        self._together(lane, left)
        for row in (row for row in left if row.correction_id not in self.tried and lane.rests()):
            self._one(lane, self._attempt, row)

    def _was_written_now(self, row: Correction) -> bool:
        return row.correction_id in self.tried and row.state == "verified"

    def _look_again(self, lane: Lane, rows: list[Correction]) -> None:
        """Once more at the end; what cannot be read now stays verified, and is said."""
        try:
            with lane.lock:
                for row in second_look(lane.writer, [resolved(row, self.rows) for row in rows]):
                    self._ended(row)
        except VendorError as error:
            lane.stopped = lane.stopped or f"{rows[0].source}: not all was read again at the end: {error}"

    def _attempt(self, row: Correction) -> Correction:
        """Write it, unless the profile that it rests on is another by now. Raises VendorError: one cannot be read."""
        if moved := origins.moved([row], self.lanes):
            return self.journal.move(row, "handed_back", moved[row.correction_id])
        lane = self.lanes[row.source]
        with lane.lock:
            return lane.writer.attempt(row)

    def _as_judged(self, rows: list[Correction]) -> list[Correction]:
        """Those that rest on profiles which are as they were; the others are handed back. Raises VendorError."""
        moved = origins.moved(rows, self.lanes)
        for row in (row for row in rows if row.correction_id in moved):
            self.tried.add(row.correction_id)
            self._ended(self.journal.move(row, "handed_back", moved[row.correction_id]))
        return [row for row in rows if row.correction_id not in moved]

    def _together(self, lane: Lane, rows: list[Correction]) -> None:
        """What its vendor can write in one operation; what cannot go so, or not now, is left for single writes."""
        for part in batch.batches(rows, lane.writer.connector.capabilities):
            if lane.stopped or lane.one_by_one or not lane.rests():
                return
            try:
                fit = self._as_judged(part)
                with lane.lock:
                    for done in batch.write(lane.writer, fit):
                        self._take_all(lane, fit, done)
            except VendorError as error:
                lane.one_by_one = str(error)

    def _take_all(self, lane: Lane, rows: list[Correction], done: list[Correction]) -> None:
        """All of them, also past a failure that ends the source: they were begun."""
        begun = {row.correction_id: row for row in rows}
        for row in done:
            self.tried.add(row.correction_id)
            self._ended(lane.ended(begun[row.correction_id], row))
        lane.rested = lane.rested and not any(map(batch.is_batched, done))

    def _hand_over(self, lane: Lane, source: str, rows: list[Correction]) -> None:
        """All at once, because nothing can be read back; a file that is another one by now ends the source."""
        self.tried |= {row.correction_id for row in rows}
        if not self._may_write():
            raise PausedError
        waiting = [row for row in self.rows.values() if row.source == source and row.is_handed_over]
        rows = self._as_judged(rows)
        desk = Desk(
            lane.writer,
            self.means.handover / source,
            self.plan_id,
            judged_on(self.journal.state, self.plan_id).get(source, ""),
        )
        try:
            done, self.handed[source] = hand_over(desk, waiting, rows)
        except VendorError as error:
            lane.stopped = f"{error}; {source} was left as it was"
            return
        for row in done:
            self._ended(row)

    def _handed(self) -> list[str]:
        singly = {name: lane.one_by_one for name, lane in self.lanes.items() if lane.one_by_one}
        said = [f"{name} was written one by one: {why}" for name, why in sorted(singly.items())]
        return [*(text for _, text in sorted(self.handed.items()) if text), *said]

    def _canaries(self, lane: Lane, waiting: list[Correction]) -> None:
        """Try a few of one action, and hold the rest when one is not verified; what is tried leaves the list."""
        action = waiting[0].action
        while waiting and lane.proven[action] < CANARIES and action not in lane.spoiled and not lane.stopped:
            done = self._one(lane, self._attempt, waiting.pop(0))
            if done.state in FAILED:
                lane.spoiled[action] = done.correction_id
        if action in lane.spoiled:
            for row in waiting:
                held = self.journal.hold(row, "approval", f"canary {lane.spoiled[action]}", "a canary was not verified")
                self._ended(held)
            waiting.clear()

    def _one(self, lane: Lane, step: Callable[[Correction], Correction], row: Correction) -> Correction:
        """One step with one correction, unless its source is left alone."""
        if lane.stopped:
            return row
        self.tried.add(row.correction_id)
        done = lane.take(step, row)
        self._ended(done)
        return done

    def _ended(self, row: Correction) -> None:
        self.rows[row.correction_id] = row
        self.means.progress(row)

    def _selected(self) -> list[Correction]:
        return [row for name, row in self.rows.items() if name in self.only]

    def _stopped(self) -> str:
        why = self.shut or "paused: nothing more was written; `rollcall resume` goes on"
        paused = [why] if self.halt.is_set() else []
        reasons = [lane.stopped for lane in self.lanes.values() if lane.stopped]
        unread = [f"{name}: {lane.unread} could not be read" for name, lane in self.lanes.items() if lane.unread]
        return "; ".join([*paused, *sorted(reasons), *sorted(unread), *sorted(self.unwilling)])


def _only_a_breaker_holds(row: Correction, approvals: Approvals) -> bool:
    return row.state == "held" and approvals.lacking(row) == ("breaker",) and not approvals.word(row).refusal


def _holds(breaker: Breaker, row: Correction, named: Collection[str]) -> bool:
    if breaker.source != row.source:
        return False
    return breaker.name != HOLDS_ROWS_ONLY or (is_by_name(row) and row.correction_id not in named)
