"""The demo: a simulated retail group, three nights of the real job over real HTTP, and a score against the truth.

The only module that starts the sandbox. Time is simulated, so that rate-limited vendors cost seconds.
"""

import os
import shlex
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import yaml

from connectors.clock import Clock, SimulatedClock, SystemClock
from connectors.sandbox import faults
from connectors.sandbox.plot import Plot, Truth
from connectors.sandbox.plot.stage import Trace
from connectors.sandbox.world import World
from jobs import applying, decide, night
from jobs.config_file import read
from jobs.errors import ConfigError
from jobs.settings import Settings, parse
from jobs.workspace import Workspace
from reports import render
from reports.document import FindingLine, RunReport

START = datetime(2026, 3, 2, 12, 15, tzinfo=UTC)
"""04:15 in the demo's time zone, on the first of its three nights."""

REFERENCE = Path(__file__).parent.parent / "config.yaml"
"""The repository's own configuration, which names every simulated account."""
SIMULATED = {
    "shop": "shopify", "till": "heartland", "ecom": "blaze_ecom", "downtown": "treez", "uptown": "treez", "midtown": "greenline",
    "web": "ecwid", "counter": "lightspeed_x", "outlet": "shopify", "register": "lightspeed_r",
}  # fmt: skip
"""Sources and their kinds that tell a configuration of the simulated group, or of a part of it, from any other."""
PLACES = {
    "workspace": "sandbox-data",
    "state": "sqlite:///sandbox-data/state.db",
    "key": {"file": "sandbox-data/rollcall.key"},
}

Said = Callable[[str], None]
_Key = tuple[str, str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Score:
    """How the nights did against the truth; `kinds` as in interfaces, Exports and scores."""

    kinds: dict[str, dict[str, int]]
    second_plan: int
    held: int
    seconds: dict[str, float]
    quiet: int
    """Findings on night zero, before anything went wrong: each is false."""
    undone: int
    """Plants that were to be corrected and are not."""

    @property
    def perfect(self) -> bool:
        """Nothing missed, nothing false, nothing left to write."""
        wrong = sum(row["missed"] + row["false"] for row in self.kinds.values())
        return wrong == self.second_plan == self.quiet == self.undone == 0

    def as_json(self) -> dict[str, Any]:
        return {"kinds": self.kinds, "second_plan": self.second_plan, "held": self.held, "seconds": self.seconds}


def demo(config: Path, *, seed: int, people: int, out: Path, say: Said = lambda _: None) -> Score:
    """Play three nights of a group of `people` and write score, truth, report and the configuration into `out`.

    What an earlier demo left in `out` is removed; anything else there makes it refuse. Raises ConfigError.
    """
    _empty(out)
    clock = SimulatedClock(START)
    world = World(people, seed, clock.time)
    world.start()
    try:
        settings = _settings(config, world, out)
        with _environment(world.secrets()), Workspace.open(settings, clock) as workspace:
            return _nights(workspace, world, seed, out, clock, say)
    finally:
        world.stop()


@dataclass(frozen=True, slots=True)
class Offer:
    """A group to be served: how many people, how many Treez stores, which faults, by which seed."""

    people: int
    stores: int = 2
    faults: tuple[str, ...] = ()
    seed: int = 7


def fault_list() -> list[str]:
    """Every fault there is, a line each."""
    return faults.listing()


def fault_names(text: str) -> list[str]:
    """The faults of a list with commas, or `all`. Raises ConfigError."""
    try:
        return faults.named(text)
    except LookupError as error:
        raise ConfigError(str(error.args[0])) from None


def serve(config: Path, offer: Offer, *, minutes: int, say: Said, clock: Clock | None = None) -> None:
    """Serve a simulated group on loopback for some minutes of real time; says how to point a configuration at it.

    Every minute its faults begin anew, by the next seed.
    """
    clock = clock or SystemClock()
    raw = read(_named(config))
    say(f"# {offer.people:,} people move in; fifty thousand over twenty stores take a minute")
    world = World(offer.people, offer.seed, clock.time, stores=offer.stores)
    world.start()
    try:
        say(
            "# 1. in a second terminal, write what follows up to the first `export` into a file of its own, sandbox.yaml"
        )
        say(
            "# 2. type the `export` lines there, then `rollcall run --config sandbox.yaml`; Ctrl-C here ends the sandbox"
        )
        say(yaml.safe_dump(_pointed(raw, world), sort_keys=False, allow_unicode=True))
        for name, value in world.secrets().items():
            say(f"export {name}={shlex.quote(value)}")
        for name, account in world.accounts.items():
            say(f"# play clerk at {name}: {account.admin_url}")
        for minute in range(minutes):
            _misbehave(world, offer, minute, clock)
            clock.sleep(60)
    finally:
        world.stop()


def _misbehave(world: World, offer: Offer, minute: int, clock: Clock) -> None:
    for account in world.accounts.values():
        faults.heal(account)
        for name in offer.faults:
            faults.arm(account, name, offer.seed + minute, clock.sleep)


def _named(config: Path) -> Path:
    """The configuration where it is one of the simulated group; the repository's where nobody named another.

    Raises ConfigError.
    """
    sources = (read(config).get("sources") or {}) if config.is_file() else {}
    if sources and all(entry.get("kind") == SIMULATED.get(name) for name, entry in sources.items()):
        return config
    if config == Path("config.yaml") and REFERENCE.is_file():
        return REFERENCE
    raise ConfigError(
        f"{config}: rehearsals need a configuration that names the simulated accounts: `--config PATH` of the "
        "repository's config.yaml"
    )


def _pointed(raw: dict[str, Any], world: World) -> dict[str, Any]:
    """A whole configuration: its sources pointed at the world's accounts, its pairings with every store there is.

    Its workspace is one of its own, so that invented people never meet real ones.
    """
    sources = {name: {**raw["sources"].get(name, {}), **entry} for name, entry in world.sources().items()}
    tills = [name for name, entry in sources.items() if entry["kind"] in ("treez", "greenline")]
    pairings = [
        {**pairing, "pos": tills} if pairing["ecom"] == "ecom" else pairing
        for pairing in raw.get("pairings") or ()
        if pairing["ecom"] in sources
    ]
    return {**raw, **PLACES, "sources": sources, "pairings": pairings}


def _nights(workspace: Workspace, world: World, seed: int, out: Path, clock: SimulatedClock, say: Said) -> Score:
    say("simulated: " + ", ".join(f"{name} ({entry['kind']})" for name, entry in world.sources().items()))
    say("night zero: everything agrees")
    zero = night.run(workspace, trigger="manual").report
    clock.advance(timedelta(hours=8))
    say("the plot happens")
    truth = Plot(world, seed).happen()
    truth.write(out / "truth.json")
    clock.advance(timedelta(hours=16))
    say("night one: find, plan, approve, apply")
    one = night.run(workspace, trigger="manual").report
    _approve(workspace, one, out)
    applied = applying.apply(workspace, one.run_id).report
    clock.advance(timedelta(hours=24))
    say("night two: nothing left to write")
    two = night.run(workspace, trigger="manual").report
    _reports(out, applied, two)
    score = _score(truth, zero, applied, two)
    (out / "score.json").write_bytes(orjson.dumps(score.as_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    return score


def _reports(out: Path, one: RunReport, two: RunReport) -> None:
    """Both nights beside each other, each with the way to the other."""
    names = ("night one: what went wrong, and what was done about it", "night two: nothing left to do but for a person")
    files = ("report.html", "report-night-2.html")
    for here, report in enumerate((one, two)):
        beside = [render.Beside(name, "" if at == here else files[at]) for at, name in enumerate(names)]
        render.write_html(report, out / files[here], beside)
        render.write_json(report, (out / files[here]).with_suffix(".json"))


def _approve(workspace: Workspace, report: RunReport, out: Path) -> None:
    """What a manager's file would say: yes to what only needs a yes; a choice of values is left to a person."""
    decisions = [
        {
            "target": "correction",
            "id": c.correction_id,
            "verdict": "approve",
            "reason": "rehearsal",
            "by": "demo manager",
            "fingerprint": c.fingerprint,
        }
        for c in report.corrections
        if c.state == "held" and c.needs == ["approval"]
    ]
    path = out / "decisions.json"
    path.write_bytes(
        orjson.dumps({"schema": 1, "run": report.run_id, "decisions": decisions}, option=orjson.OPT_INDENT_2)
    )
    taken = decide.take_file(path, workspace.state, workspace.clock, workspace.known)
    assert not taken.refused, taken.refused


ASKED = "suspect"
"""A question about two of whom no rule speaks, such as namesakes: it is measured by `make accuracy`, not against the plot."""


def _score(truth: Truth, zero: RunReport, one: RunReport, two: RunReport) -> Score:
    wanted = {_trace(trace) for trace in truth.findings()}
    found = {_key(f) for f in one.findings if f.kind != ASKED}
    known = {_key(f) for f in zero.findings if f.kind != ASKED}
    left = {_key(f) for f in two.findings}
    done = {fid for c in one.corrections if c.state == "verified" for fid in c.finding_ids}
    corrected = {_key(f) for f in one.findings if f.finding_id in done} - left
    kinds = {
        kind: _row(kind, wanted, found, corrected)
        for kind in sorted({key[0] for key in wanted} | {key[0] for key in found})
    }
    states = Counter(c.state for c in two.corrections)
    seconds = {step.name: round(step.seconds, 2) for step in one.steps}
    undone = sum(plant.expects == "corrected" and _trace(plant.main) not in corrected for plant in truth.plants)
    return Score(
        kinds=kinds,
        second_plan=sum(states[name] for name in states.keys() - {"held", "blocked"}),
        held=states["held"] + states["blocked"],
        seconds=seconds,
        quiet=len(known),
        undone=undone,
    )


def _row(kind: str, wanted: set[_Key], found: set[_Key], corrected: set[_Key]) -> dict[str, int]:
    planted = {key for key in wanted if key[0] == kind}
    seen = planted & found
    return {
        "planted": len(planted),
        "found": len(seen),
        "missed": len(planted - found),
        "false": len({key for key in found if key[0] == kind} - planted),
        "corrected": len(seen & corrected),
        "review": len(seen - corrected),
    }


def _key(finding: FindingLine) -> _Key:
    return finding.kind, finding.field, frozenset(f"{m.source}:{m.id}" for m in finding.members)


def _trace(trace: Trace) -> _Key:
    return trace.kind, trace.field, frozenset(trace.members)


def _settings(config: Path, world: World, out: Path) -> Settings:
    """The given configuration, with its sources pointed at the simulated accounts and its places inside `out`."""
    config = _named(config)
    raw = read(config)
    sources = {name: {**raw["sources"].get(name, {}), **entry} for name, entry in world.sources().items()}
    if set(raw["sources"]) != set(sources):
        raise ConfigError(
            f"{config}: the demo needs the sources {', '.join(sources)}; use the repository's config.yaml"
        )
    places = {"workspace": "data", "state": "sqlite:///data/state.db", "key": {"file": "data/rollcall.key"}}
    effective = {**raw, **places, "sources": sources}
    path = out / "config.yaml"
    path.write_text(yaml.safe_dump(effective, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return parse(read(path), path)


def _empty(out: Path) -> None:
    ours = {"config.yaml", "data", "truth.json", "decisions.json", "score.json"}
    ours |= {f"{name}.{suffix}" for name in ("report", "report-night-2") for suffix in ("html", "json")}
    out.mkdir(parents=True, exist_ok=True)
    there = {path.name for path in out.iterdir()}
    if there - ours:
        raise ConfigError(
            f"{out}: holds {sorted(there - ours)[0]}, which no demo made; name an empty folder with --out"
        )
    for name in there:
        path = out / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def _environment(secrets: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in secrets}
    os.environ.update(secrets)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def total(scores: list[Score]) -> Score:
    """Several scores as one: figures add up."""
    kinds: dict[str, dict[str, int]] = {}
    for score in scores:
        for kind, row in score.kinds.items():
            sums = kinds.setdefault(kind, dict.fromkeys(row, 0))
            for name, value in row.items():
                sums[name] += value
    return replace(
        scores[0],
        kinds=dict(sorted(kinds.items())),
        second_plan=sum(s.second_plan for s in scores),
        held=sum(s.held for s in scores),
        quiet=sum(s.quiet for s in scores),
        undone=sum(s.undone for s in scores),
        seconds={name: round(sum(s.seconds.get(name, 0) for s in scores), 2) for name in scores[0].seconds},
    )
