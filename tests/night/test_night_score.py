"""The demo's score: perfect on a sound job, and not to be had by a job that misses, invents or leaves undone."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

import sql
from connectors.sandbox.plot import Plot, Truth
from connectors.sandbox.plot.stage import Plant, Trace
from connectors.sandbox.world import PAIRS, World
from jobs import rehearse
from jobs.config_file import read
from reports.document import RunReport
from tests.night.search import found, secrets, sentinels, unpacked
from tests.night.stage import REPOSITORY, Said, mortar_only, rollcall

CONFIG = REPOSITORY / "config.yaml"


class Demo:
    """What a demo said and left."""

    def __init__(self, folder: Path, said: Said, world: World) -> None:
        self.folder = folder
        self.said = said
        self.world = world
        pages = sorted((folder / "data" / "reports").glob("*.json"))
        self.zero, self.one, self.two = (RunReport.model_validate_json(page.read_bytes()) for page in pages)

    @property
    def truth(self) -> Truth:
        told = orjson.loads((self.folder / "truth.json").read_bytes())
        return Truth(
            tuple(
                Plant(plant["story"], plant["expects"], trace(plant), tuple(map(trace, plant["secondary"])))
                for plant in told
            )
        )

    def score(self, truth: Truth | None = None, two: RunReport | None = None) -> rehearse.Score:
        return rehearse._score(truth or self.truth, self.zero, self.one, two or self.two)


def trace(told: dict[str, object]) -> Trace:
    members = told["members"]
    assert isinstance(members, list)
    return Trace(str(told["kind"]), str(told["field"]), tuple(members))


def played(folder: Path, people: int, seed: int, pairs: Sequence[str] = PAIRS, config: Path = CONFIG) -> Demo:
    out = folder / "out"
    words = ("demo", "--seed", seed, "--people", people, "--out", out, "--config", config)
    worlds: list[World] = []

    def kept(*about: Any) -> World:
        worlds.append(World(*about, pairs))
        return worlds[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rehearse, "World", kept)
        said = rollcall(*map(str, words))
    return Demo(out, said, worlds[0])


GROUPS = [(150, 1), *([(300, 2)] if "ROLLCALL_LONG" in os.environ else [])]
"""People and seed."""


@pytest.fixture(scope="module", params=GROUPS, ids=lambda group: f"{group[0]} people")
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return played(tmp_path_factory.mktemp("demo"), *request.param)


def test_nothing_is_missed_nothing_false_nothing_left_to_do(demo: Demo) -> None:
    """Night zero is quiet, night one finds and corrects what was planted, night two has nothing ready (I3)."""
    assert demo.said.code == 0, demo.said.out
    score = demo.score()
    assert score.perfect
    assert demo.zero.findings == []
    assert sum(row["missed"] + row["false"] for row in score.kinds.values()) == 0
    assert (score.second_plan, score.quiet, score.undone) == (0, 0, 0)
    assert {c.state for c in demo.two.corrections} <= {"held", "blocked"}
    created = {
        f"{c.source}:{c.profile_id}" for c in demo.one.corrections if (c.action, c.state) == ("create", "verified")
    }
    for finding in demo.two.findings:
        # a vendor that keeps the links itself has not linked yet what was created for it last night
        waits = finding.kind == "link_missing" and f"{finding.members[-1].source}:{finding.members[-1].id}" in created
        assert (finding.state, waits) in {("open", False), ("new", True)}, finding


def test_the_score_file_has_the_form_of_the_interfaces(demo: Demo) -> None:
    """planted = found + missed, found = corrected + review; times per step; beside report.html and report.json."""
    told = orjson.loads((demo.folder / "score.json").read_bytes())
    assert set(told) == {"kinds", "second_plan", "held", "seconds"}
    for row in told["kinds"].values():
        assert set(row) == {"planted", "found", "missed", "false", "corrected", "review"}
        assert row["planted"] == row["found"] + row["missed"] > 0
        assert row["found"] == row["corrected"] + row["review"]
    assert set(told["seconds"]) == {"pull", "shape", "match", "suspect", "detect", "plan", "settle", "apply"}
    planted = sum(row["planted"] for row in told["kinds"].values())
    assert planted == len({(t.kind, t.field, frozenset(t.members)) for t in demo.truth.findings()})
    assert {"report.html", "report.json", "truth.json", "config.yaml"} <= {path.name for path in demo.folder.iterdir()}
    assert (demo.folder / "report.json").read_bytes() == (
        demo.folder / "data/reports" / f"{demo.one.run_id}.json"
    ).read_bytes()


def test_the_table_is_the_score(demo: Demo) -> None:
    """What is printed is what is in the file; the last line leads to the report."""
    told = orjson.loads((demo.folder / "score.json").read_bytes())
    lines = [line.split() for line in demo.said.out.splitlines()]
    assert lines[0] == ["kind", "planted", "found", "missed", "false", "corrected", "review"]
    printed = {
        line[0]: dict(zip(lines[0][1:], map(int, line[1:]), strict=True)) for line in lines[1 : len(told["kinds"]) + 1]
    }
    assert printed == told["kinds"]
    assert demo.said.last == f"report: {demo.folder / 'report.html'}"


def test_both_nights_are_there_and_lead_to_each_other(demo: Demo) -> None:
    """Night one says that it is night one, and how to get to the night after; links that hold wherever the folder goes."""
    one, two = ((demo.folder / f"{name}.html").read_text(encoding="utf-8") for name in ("report", "report-night-2"))
    assert "<strong>night one: what went wrong, and what was done about it (this page)</strong>" in one
    assert '<a href="report-night-2.html">night two:' in one
    assert '<a href="report.html">night one:' in two
    assert demo.two.run_id in two
    again = orjson.loads((demo.folder / "report-night-2.json").read_bytes())
    assert again["run_id"] == demo.two.run_id
    made = {c.correction_id: c for c in demo.one.corrections if c.action == "create" and c.state == "verified"}
    linked = [c for c in demo.one.corrections if c.after_correction in made and c.action == "relink"]
    assert linked
    for line in linked:
        assert [fact.value for fact in line.after] == [made[line.after_correction or ""].profile_id]


def test_the_demo_leaves_nobody_in_clear_and_no_secret(demo: Demo) -> None:
    """I7: truth and configuration included, which hold ids and names of variables; and what it said."""
    texts = unpacked(demo.folder) | {"out": demo.said.out.encode(), "err": demo.said.err.encode()}
    assert len(sentinels(demo.world)) > 300
    assert found(texts, sentinels(demo.world) | secrets(demo.world)) == set()


def test_a_truth_that_says_more_is_a_miss(demo: Demo) -> None:
    """A plant that nobody found."""
    unseen = replace(demo.truth.plants[0], main=replace(demo.truth.plants[0].main, members=("shop:1", "till:1")))
    score = demo.score(Truth((*demo.truth.plants, unseen)))
    assert not score.perfect
    assert score.kinds[unseen.main.kind]["missed"] == 1


def test_a_truth_that_says_less_is_a_false_find(demo: Demo) -> None:
    """A finding that nobody planted."""
    dropped, *rest = demo.truth.plants
    score = demo.score(Truth(tuple(rest)))
    assert not score.perfect
    assert score.kinds[dropped.main.kind]["false"] == 1 + len(
        [s for s in dropped.secondary if s.kind == dropped.main.kind]
    )


def test_work_that_is_left_is_no_perfect_score(demo: Demo) -> None:
    """A correction that night two would write, and one that was to be corrected and is still there."""
    ready = next(c for c in demo.one.corrections if c.state == "verified").model_copy(update={"state": "ready"})
    again = demo.two.model_copy(update={"corrections": [ready]})
    assert (demo.score(two=again).second_plan, demo.score(two=again).perfect) == (1, False)
    plant = next(plant for plant in demo.truth.plants if plant.expects == "corrected")
    same = {f for f in map(rehearse._key, demo.one.findings) if f[2] == frozenset(plant.main.members)}
    still = demo.two.model_copy(update={"findings": [f for f in demo.one.findings if rehearse._key(f) in same]})
    assert demo.score(two=still).undone == 1
    assert not demo.score(two=still).perfect


@pytest.mark.deep
def test_a_check_that_is_taken_away_fails_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole job without its eye for households, against a truth that has one thing more: exit 1, and the table says so."""
    folder, happen = sql.folder, Plot.happen

    def blind(name: str) -> tuple[sql.Script, ...]:
        return tuple(script for script in folder(name) if script.name != "findings/household")

    def silent(plot: Plot) -> Truth:
        return Truth(tuple(plant for plant in happen(plot).plants if plant.story != "phone_in_words"))

    monkeypatch.setattr(sql, "folder", blind)
    monkeypatch.setattr(Plot, "happen", silent)
    raw = read(CONFIG)
    mortar_only(raw)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    demo = played(tmp_path, 150, 1, ("mortar",), tmp_path / "config.yaml")
    assert demo.said.code == 1
    kinds = demo.score().kinds
    assert kinds["household"]["missed"] == kinds["household"]["planted"] > 0
    assert kinds["phone_not_comparable"]["false"] > 0
    assert {kind for kind, row in kinds.items() if row["missed"] or row["false"]} == {
        "household",
        "phone_not_comparable",
    }
