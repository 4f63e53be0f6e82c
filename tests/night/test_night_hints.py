"""What a newcomer is told: commands that can be typed as printed, help for every option, and where a thing stands."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import orjson
import pytest
from click.testing import CliRunner

from connectors.clock import SimulatedClock
from jobs.cli import main
from reports.words import COMMANDS
from tests.night.stage import START, Said, rollcall, tables, write_csv

HEADING = ["id", "first_name", "last_name", "phone", "email"]
SHOP = ["100", "Ann", "Roe", "+1 613 555 0117", "ann@example.com"]
TILL = ["7", "Ann", "Roe", "613 555 0117", "ann@example.com"]


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    with pytest.MonkeyPatch.context() as patch:
        clock = SimulatedClock(START)
        patch.setattr("jobs.desk.SystemClock", lambda: clock)
        yield clock


@pytest.fixture
def config(tmp_path: Path, clock: SimulatedClock) -> Path:
    """A shop and a till whose corrections are handed over; the till has another phone since the first night."""
    lists(tmp_path, TILL)
    sources = {
        "shop": {"path": "shop.csv", "role": "ecom", "writes": True},
        "till": {"path": "till.csv", "writes": True},
    }
    pairing = {"name": "both", "ecom": "shop", "pos": ["till"], "observe_nights": 0}
    path = tables(tmp_path, sources, pairings=[pairing], limits={"file_age": "900d", "apart": "900d"})
    assert rollcall("run", "--config", path).code == 0
    lists(tmp_path, [*TILL[:3], "416 555 0117", TILL[4]])
    return path


def lists(folder: Path, *till: list[str]) -> None:
    write_csv(folder / "shop.csv", HEADING, [SHOP])
    write_csv(folder / "till.csv", HEADING, list(till))


def planned(config: Path) -> tuple[dict[str, Any], str]:
    """A night that finds the drift: the finding, and the run."""
    said = rollcall("--json", "run", "--config", config)
    report = orjson.loads(Path(said.data["report"]).with_suffix(".json").read_bytes())
    (finding,) = (f for f in report["findings"] if f["kind"] == "drift")
    return finding, report["run_id"]


def ok(config: Path, *words: str) -> Said:
    said = rollcall(*words, "--config", config)
    assert said.code == 0, said
    return said


def options(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Option]]:
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield path, parameter
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from options(below, f"{path} {name}")


def test_every_option_of_every_command_has_a_help_text() -> None:
    assert [(path, option.name) for path, option in options(main) if not (option.help or "").strip()] == []
    assert set(COMMANDS) == set(main.commands), "hints name these commands with the configuration in use"


def test_hints_can_be_typed_as_they_are_printed(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another configuration than the default is named, quoted for the shell; the default is not."""
    odd = config.rename(config.with_name("my group.yaml"))
    monkeypatch.chdir(odd.parent)
    finding, run = planned(Path(odd.name))
    told = CliRunner().invoke(main, ["explain", finding["finding_id"], "--config", odd.name]).output
    (line,) = (line for line in told.splitlines() if line.startswith("approve: "))
    words = shlex.split(line.removeprefix("approve: "))
    assert CliRunner().invoke(main, words[1:]).exit_code == 0
    refused = CliRunner().invoke(main, ["apply", "2026-01-01-a", "--config", odd.name]).output
    assert "`rollcall status --config 'my group.yaml'` lists the runs" in refused
    page = (odd.parent / "data" / "reports" / f"{run}.html").read_text(encoding="utf-8")
    assert "rollcall check --config &#39;my group.yaml&#39; --show-policy" in page
    odd.rename(config)
    assert "`rollcall status` lists" in CliRunner().invoke(main, ["apply", "2026-01-01-a"]).output


@pytest.mark.deep
def test_a_rejected_correction_reads_rejected_and_waits_for_nobody(config: Path) -> None:
    finding, run = planned(config)
    (correction,) = finding["correction_ids"]
    ok(config, "pause")
    assert ok(config, "resume").last == (
        "nothing to resume: writing is no longer paused, and no plan was left half-way; "
        f"plan {run}: 1 held: decide on what is held, then `rollcall apply {run}`"
    )
    assert "1 held" in rollcall("status", "--config", config).out
    ok(config, "decide", "reject", "correction", correction, "--why", "asked the customer", "--by", "Kim")
    assert ", rejected; " in ok(config, "explain", finding["finding_id"]).out
    assert f"plan {run}" not in "\n".join(rollcall("--json", "status", "--config", config).data["waits"])
    again = ok(config, "plan")
    assert "; 0 held for review; 1 rejected; 0 accepted." in again.last
    assert f"{correction}  rejected " in again.out


@pytest.mark.deep
def test_explain_says_what_stands(config: Path) -> None:
    """Approved and handed over are no invitation to approve; the first 8 characters of an id are enough to decide."""
    finding, run = planned(config)
    name = finding["finding_id"]
    first = ok(config, "explain", name).out
    assert f"approve: rollcall decide approve finding {name} --run {run}" in first
    assert "2. Approve the correction, or make the change" in first
    assert "what to do, by staff of till; a manager approves:" in first
    assert f"1 night, first seen {finding['first_seen']}]" in first
    of_correction = ok(config, "explain", finding["correction_ids"][0][:10]).out
    assert of_correction.startswith(f"correction {finding['correction_ids'][0]}: update ")
    assert f"it mends 1 finding: {name}" in of_correction
    assert of_correction.endswith(first)
    said = ok(config, "decide", "approve", "finding", name[:8], "--why", "asked the customer", "--by", "Kim")
    assert f"approve finding {name} on run {run}" in said.last
    told = ok(config, "explain", name).out
    assert f"approved already: `rollcall apply {run}`" in told
    assert "approve: " not in told
    ok(config, "apply", run)
    assert "nothing to approve: 1 intended" in ok(config, "explain", name).out


@pytest.mark.deep
def test_a_finding_that_is_fixed_can_still_be_explained(config: Path) -> None:
    finding, run = planned(config)
    lists(config.parent, TILL)
    ok(config, "run")
    said = rollcall("explain", finding["finding_id"], "--config", config)
    assert said.code == 2
    assert f"it is fixed; it was last seen on 2026-03-02 in run {run}: `rollcall explain" in said.err
    assert finding["title"] in ok(config, "explain", finding["finding_id"], "--run", run).out


def test_a_column_mapped_later_costs_the_certificate_and_says_how_to_accept_it(config: Path) -> None:
    """The command stands in the run's last lines, in the report and in `status`; once typed, the next run is certified."""
    text = config.read_text(encoding="utf-8")
    write_csv(config.parent / "till.csv", [*HEADING, "Town"], [[*TILL, "Hull"]])
    config.write_text(text.replace("path: till.csv", "path: till.csv\n    columns: {city: Town}"), encoding="utf-8")
    said = rollcall("run", "--config", config)
    assert said.code == 3
    hint = "rollcall decide approve certificate till/2026-03-02-b --run 2026-03-02-b --why "
    assert "columns (now city=Town)" in said.out
    assert hint in said.out
    assert hint in rollcall("status", "--config", config).out
    assert hint in (config.parent / "data" / "reports" / "2026-03-02-b.json").read_text(encoding="utf-8")
    (line,) = (part for part in said.out.split("`") if part.startswith(hint))
    ok(config, *shlex.split(line)[1:])
    assert rollcall("run", "--config", config).code == 0


@pytest.mark.deep
def test_rules_are_those_of_the_pairing(config: Path) -> None:
    """A plain pairing of two files quotes no rule of Treez, of Mission Control or of Mortar."""
    write_csv(config.parent / "till.csv", HEADING, [TILL, ["8", *TILL[1:]]])
    said = rollcall("--json", "run", "--config", config)
    report = orjson.loads(Path(said.data["report"]).with_suffix(".json").read_bytes())
    quoted = {rule for line in (*report["findings"], *report["corrections"]) for rule in line["rule_ids"]}
    assert {f["kind"] for f in report["findings"]} >= {"duplicate_phone", "duplicate_email"}
    assert quoted
    assert {rule[0] for rule in quoted} == {"G"}
