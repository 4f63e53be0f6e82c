"""Killed with SIGKILL in the middle of a night, over real HTTP: what was written is written once, and the next one works.

The simulated group is copied by forking: each case has its own, as it stood when the plan was approved. ROLLCALL_CRASH=long
kills at every step of every correction.
"""

import json
import mmap
import os
import shutil
import signal
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from connectors.clock import SimulatedClock
from jobs import applying, decide, parts, snapshot
from jobs import match as matching
from jobs.apply import Means
from jobs.progress import Progress
from reports.document import CorrectionLine
from tests.night.stage import START, Group, files_below, mortar_only, rollcall, serving

LONG = os.environ.get("ROLLCALL_CRASH") == "long"
STEPS = ("before_intent", "after_intent", "after_write", "after_outcome", "after_verify")
ACTIONS = ("update", "create", "relink", "add_tag", "add_note", "opt_out", "merge")
SHORT = [(action, STEPS[(place + turn) % 5]) for place, action in enumerate(ACTIONS) for turn in (0, 2)]


class SharedClock(SimulatedClock):
    """Simulated time in memory that a process shares with those that it forks."""

    def __init__(self, start: datetime) -> None:
        self._page = mmap.mmap(-1, 8)
        self._guard = threading.Lock()
        struct.pack_into("d", self._page, 0, start.timestamp())

    def now(self) -> datetime:
        return datetime.fromtimestamp(struct.unpack_from("d", self._page)[0], UTC)

    def advance(self, by: timedelta) -> None:
        with self._guard:
            struct.pack_into("d", self._page, 0, self.now().timestamp() + by.total_seconds())


def forked(work: Callable[[], None]) -> int:
    """Do something in a process of its own; 0, or minus the signal that ended it. A failure there is one here."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Ending:
    """What a case left: every write that a vendor received, every profile, every correction."""

    effects: Counter[str]
    profiles: dict[str, Any]
    corrections: dict[str, str]


class Trials:
    """An approved plan of a dozen corrections, and the group as it stood then."""

    def __init__(self, group: Group, plan: str, dozen: list[CorrectionLine]) -> None:
        self.group = group
        self.plan = plan
        self.dozen = dozen
        self.number = 0
        self.undisturbed = self.ending()

    def ending(self, *kills: str) -> Ending:
        """Apply in a copy of everything, killed at each of the steps in turn, and then to the end."""
        self.number += 1
        place = self.group.folder.parent / f"case-{self.number}"
        assert forked(lambda: self._play(place, kills)) == 0, f"the case failed: {place}"
        left = json.loads((place / "ending.json").read_bytes())
        shutil.rmtree(place)
        return Ending(Counter(left["effects"]), left["profiles"], left["corrections"])

    def _play(self, place: Path, kills: tuple[str, ...]) -> None:
        group = self.group
        shutil.copytree(group.folder, place)
        group.folder = place
        group.world.start()
        group.configure()
        before = len(group.world.ledger.effects)
        for step in kills:
            assert forked(lambda: self._until(step)) == -signal.SIGKILL, step  # noqa: B023 - called at once
        self._until("")
        with group.open() as workspace:
            corrections = {c.correction_id: c.state for c in workspace.journal.load(self.plan)}
            assert workspace.journal.plan_states()[self.plan] == "applied"
        effects = Counter(
            json.dumps([e.account, e.method, e.path, e.profile_id, untimed(e.change)], sort_keys=True, default=str)
            for e in group.world.ledger.effects[before:]
        )
        left = {
            "effects": effects,
            "profiles": {n: untimed(p) for n, p in group.world.profiles()},
            "corrections": corrections,
        }
        (place / "ending.json").write_text(json.dumps(left, sort_keys=True, default=str), encoding="utf-8")

    def _until(self, step: str) -> None:
        """Apply or resume, which are one thing; dies at `step`, which is `POINT CORRECTION`."""

        def probe(point: str) -> None:
            if point == step:
                kill()

        with pytest.MonkeyPatch.context() as patch, self.group.open() as workspace:
            patch.setattr(applying, "Means", lambda **means: Means(**means, probe=probe))
            applying.resume(workspace, self.plan)


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    """Night zero, the plot, night one; two corrections of each action approved with what they follow."""
    with serving(tmp_path_factory.mktemp("crash") / "group", clock=SharedClock(START)) as group:
        group.night(after=0)
        group.plot()
        planned = group.night(write=False)
        dozen = some_of_each(planned.report.corrections)
        rejected = [c for c in planned.report.corrections if c not in dozen and c.state in {"ready", "held"}]
        words = [
            {"target": "correction", "id": c.correction_id, "verdict": verdict, "by": "manager", "reason": "seen"}
            for verdict, rows in (("approve", dozen), ("reject", rejected))
            for c in rows
        ]
        with group.open() as workspace:
            taken = decide.take_file(
                group.decide("d.json", planned.run_id, words), workspace.state, workspace.clock, workspace.known
            )
            assert taken.refused == ()
        group.stop()
        yield Trials(group, planned.run_id, dozen)


def some_of_each(corrections: list[CorrectionLine]) -> list[CorrectionLine]:
    """Two corrections of each action that only need a yes, with those that they must follow."""
    by_id = {c.correction_id: c for c in corrections}
    free = [c for c in corrections if c.state in {"ready", "held"} and set(c.needs) <= {"approval"}]
    chosen: dict[str, CorrectionLine] = {}
    for action in ACTIONS:
        for correction in [c for c in free if c.action == action][:2]:
            chosen[correction.correction_id] = correction
            if correction.after_correction:
                chosen[correction.after_correction] = by_id[correction.after_correction]
    return list(chosen.values())


def test_an_undisturbed_run_writes_each_of_a_dozen_once(trials: Trials) -> None:
    """The yardstick of the cases below: every action is in it, everything is verified, no write is made twice."""
    ids = {c.correction_id for c in trials.dozen}
    assert len(ids) >= 12
    assert {c.action for c in trials.dozen} == set(ACTIONS)
    assert {trials.undisturbed.corrections[name] for name in ids} == {"verified"}
    assert set(trials.undisturbed.effects.values()) == {1}
    assert len(trials.undisturbed.effects) >= len(ids)


def untimed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without the times, which differ by what a crash costs."""
    return {name: value for name, value in values.items() if not name.endswith("_at")}


@pytest.mark.parametrize(("action", "step"), list(product(ACTIONS, STEPS)) if LONG else SHORT)
def test_killed_while_writing_then_resumed(trials: Trials, action: str, step: str) -> None:
    """I1, I2: the vendors received each correction once, and everything is as if nothing had happened."""
    rows = [c for c in trials.dozen if c.action == action]
    for correction in rows if LONG else rows[-1:]:
        assert trials.ending(f"{step} {correction.correction_id}") == trials.undisturbed


@pytest.mark.parametrize("step", [pytest.param("after_intent", marks=pytest.mark.deep), "after_write"])
def test_killed_again_while_resuming(trials: Trials, step: str) -> None:
    """A create that was begun, then an update that was begun while the first was being found again."""
    create = next(c for c in trials.dozen if c.action == "create")
    update = next(c for c in trials.dozen if c.action == "update")
    kills = (f"{step} {create.correction_id}", f"{step} {update.correction_id}")
    assert trials.ending(*kills) == trials.undisturbed


def test_the_times_apart_a_case_is_compared_whole(trials: Trials) -> None:
    """A write that is made twice, or a profile that differs, would be seen."""
    end = trials.undisturbed
    assert replace(end, effects=end.effects + Counter([next(iter(end.effects))])) != end
    name = next(iter(end.profiles))
    assert replace(end, profiles={**end.profiles, name: {**end.profiles[name], "phone": "+16135550100"}}) != end


class KilledAt(Progress):
    """Dies when enough of a source was read."""

    def __init__(self, source: str, rows: int) -> None:
        super().__init__(quiet=True)
        self.source, self.enough = source, rows

    def rows(self, source: str, done: int, expected: int | None) -> None:
        if source == self.source and done >= self.enough:
            kill()


@pytest.fixture(scope="module")
def module_quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """A shop and a till after a certified night, with something to find and to write in the next one."""
    with serving(tmp_path_factory.mktemp("killed"), edit=auto, clock=SharedClock(START)) as group:
        group.night(after=0)
        resident = next(r for r in group.world.residents if set(r.ids) == {"shop", "till"} and r.person.email)
        group.faults("shop").edit(resident.ids["shop"], {"email": "new@example.com"})
        group.keep()
        yield group


@pytest.fixture
def quiet(module_quiet: Group) -> Iterator[Group]:
    """Workspace and till as they were before the night."""
    module_quiet.put_back()
    yield module_quiet
    back(module_quiet)


def auto(raw: dict[str, Any]) -> None:
    mortar_only(raw)
    raw["pairings"][0]["apply"] = {"drift": "auto"}


KILLS = {
    "while landing": None,
    "while sealing": (snapshot, "_signature"),
    "while matching": (matching, "match"),
}


@pytest.mark.parametrize(
    "moment",
    ["while landing", *(pytest.param(name, marks=pytest.mark.deep) for name in ("while sealing", "while matching"))],
)
def test_killed_before_anything_is_written_to_a_vendor(
    quiet: Group, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The last certified snapshots stay as they were, the dead run is told as dead, and the next run does it all."""
    monkeypatch.setattr(parts, "CHUNK_ROWS", 20)
    before = {path: path.read_bytes() for path in files_below(quiet.data / "snapshots")}
    writes = len(quiet.writes())

    def doomed() -> None:
        place = KILLS[moment]
        if place is not None:
            monkeypatch.setattr(*place, lambda *_, **__: kill())
        quiet.night(after=24, progress=KilledAt("till", 30) if place is None else None)

    assert forked(doomed) == -signal.SIGKILL
    assert {path: path.read_bytes() for path in before} == before
    assert len(quiet.writes()) == writes
    result = quiet.night(after=0.5)
    assert (result.exit_code, result.report.status) == (0, "complete")
    assert [(f.kind, f.field) for f in result.report.findings] == [("drift", "email")]
    with quiet.open() as workspace:
        runs = workspace.state.runs()
        resumed = {row.source: row.stats["resumed"] for row in workspace.state.snapshots_of(result.run_id)}
    assert [(run.status, run.headline) for run in runs[1:2]] == [("failed", f"run {runs[1].run_id} was killed")]
    assert resumed["till"] == (moment in {"while landing", "while sealing"})
    assert {path: path.read_bytes() for path in before} == before
    assert files_below(quiet.data / "landing") == []


def killed_writing(group: Group, point: str) -> None:
    """A night that writes by itself, in a process that dies at the first such point."""

    def probe(step: str) -> None:
        if step.startswith(point):
            kill()

    def doomed() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(applying, "Means", lambda **means: Means(**means, probe=probe))
            group.night()

    assert forked(doomed) == -signal.SIGKILL


@pytest.mark.parametrize(
    "point",
    [
        "after_write",
        *(pytest.param(point, marks=pytest.mark.deep) for point in ("before_intent", "after_intent", "after_verify")),
    ],
)
def test_a_night_killed_while_it_writes_by_itself_is_resumed(quiet: Group, point: str) -> None:
    """The plan is on record before the first write, so `resume` without a name finds it; the till is written to once."""
    writes = len(quiet.writes())
    killed_writing(quiet, point)
    said = rollcall("resume", "--config", quiet.config)
    assert said.code == 0, said.err
    assert said.last.endswith("Written: 1 verified.")
    assert len(quiet.writes()) == writes + 1
    rows = rollcall("--json", "status", "--config", quiet.config).data["runs"]
    assert [(row["status"], row["plan"]) for row in rows][1:] == [("complete", "applied")]
    assert rollcall("resume", "--config", quiet.config).out.startswith("nothing to resume: ")


def test_the_night_after_one_that_was_killed_while_writing(quiet: Group) -> None:
    """Nobody resumed: the next run reads everything anew, does what is left, and names the plan that broke off."""
    killed_writing(quiet, "after_intent")
    writes = len(quiet.writes())
    result = quiet.night(after=1)
    with quiet.open() as workspace:
        _, dead, _ = workspace.state.runs()
    assert (dead.status, dead.headline) == ("failed", f"run {dead.run_id} was killed")
    assert (result.exit_code, len(quiet.writes())) == (0, writes + 1)
    assert any(f"`rollcall resume {dead.run_id}`" in warning for warning in result.report.warnings)
    said = rollcall("resume", dead.run_id, "--config", quiet.config)
    assert said.code == 0, said.err
    assert len(quiet.writes()) == writes + 1


def back(group: Group) -> None:
    """The till forgets what the night wrote."""
    for resident in group.world.residents:
        if (
            set(resident.ids) == {"shop", "till"}
            and group.faults("till").read(resident.ids["till"])["email"] == "new@example.com"
        ):
            group.faults("till").edit(resident.ids["till"], {"email": resident.person.email})
