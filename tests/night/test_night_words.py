"""What the command line says: help, refusals that say what to do next, and an exit code for each (interfaces, Exit codes)."""

import errno
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from connectors.clock import SimulatedClock
from jobs import night
from jobs.cli import main
from reports import render
from tests.night.stage import START, Said, continued, read_csv, rollcall, tables, write_csv

COMMANDS = (
    "demo",
    "check",
    "pull",
    "run",
    "plan",
    "apply",
    "pause",
    "resume",
    "report",
    "explain",
    "decide",
    "golive",
    "schedule",
    "status",
    "purge",
    "export",
    "sandbox",
)
LAST = re.compile(
    r"plan \d{4}-\d\d-\d\d-[a-z]+: \d+ updates, \d+ creates, \d+ archives; \d+ held for review(; \d+ blocked)?; \d+ accepted\."
)


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    with pytest.MonkeyPatch.context() as patch:
        clock = SimulatedClock(START)
        patch.setattr("jobs.desk.SystemClock", lambda: clock)
        yield clock


def configured(folder: Path) -> Path:
    """A list with one customer in it twice."""
    write_csv(
        folder / "list.csv", ["id", "first_name", "phone"], [["1", "Ann", "613 555 0117"], ["2", "Ann", "6135550117"]]
    )
    return tables(folder, {"list": {"path": "list.csv"}})


@pytest.fixture
def config(tmp_path: Path, clock: SimulatedClock) -> Path:
    """Before the first run."""
    return configured(tmp_path)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jobs.desk.SystemClock", lambda: SimulatedClock(START))
        assert rollcall("run", "--config", configured(folder)).code == 0
    return folder


@pytest.fixture
def ran(config: Path, first_run: Path) -> Path:
    """After the first run."""
    continued(first_run, config.parent)
    return config


def refused(code: int, config: Path, *words: str) -> str:
    """What a command says when it refuses: on stderr, in one sentence, nothing on stdout, no traceback."""
    said = rollcall(*words, "--config", config)
    assert said.code == code, said
    assert said.out == ""
    assert "Traceback" not in said.err
    assert said.err.splitlines()[-1] or said.err
    return said.err


def rewritten(config: Path, *changes: tuple[str, str]) -> Path:
    text = config.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    config.write_text(text, encoding="utf-8")
    return config


# help ---------------------------------------------------------------------------------------------------------------


def test_the_commands_are_those_of_the_design() -> None:
    assert set(COMMANDS) <= set(main.commands)
    said = rollcall("--help")
    assert said.code == 0
    assert all(f"\n  {name} " in said.out for name in COMMANDS)
    assert rollcall().code == 2


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_explains_itself(command: str) -> None:
    said = rollcall(command, "--help")
    assert said.code == 0
    assert f"Usage: main {command}" in said.out or f" {command} " in said.out
    assert "--config" in said.out
    assert "--json" in said.out
    assert len(said.out.split("\n\n")[1].strip()) > 20


# the configuration (exit 2) -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("group:", "groups:", "groups: unknown key (did you mean 'group'?)"),
        ("region:", "regon:", "sources.list.regon: unknown key (did you mean 'region'?)"),
        ("sources:", "limits: {shrinks: 5 %}\nsources:", "limits.shrinks: unknown key (did you mean 'shrink'?)"),
        ("sources:", "pairings: [{ecom: list, pos: [list], key: []}]\nsources:", "pairings (entry 1).key: unknown key (did you mean"),
        ("kind: table", "kind: tabel", "no connector for kind 'tabel' (did you mean 'table'?): choose one of"),
        ("kind: table", "kind: X-Series", "(did you mean 'lightspeed_x'?)"),
        ("kind: table", "kind: shopfy", "docs/connectors.md says what each of the others needs"),
        ("region:", "regon:", "`rollcall check --show-keys table` prints every key that such a source takes"),
        ("role: pos", "role: shop", "role"),
        ("region: CA", "region: Canada", "region"),
        ("sources:", "pairings: [{ecom: shop, pos: [list]}]\nsources:", "no source 'shop'"),
        ("sources:", "pairings: [{ecom: list, pos: [list]}]\nsources:", "has role pos, not ecom"),
        ("sources:", "limits: {file_age: 90}\nsources:", "a duration is a number with a unit: 90s, 30m, 6h or 7d"),
        ("group:", "group: twice\ngroup:", "key 'group' is given twice"),
        ("group: harbor", "group: [harbor", "not readable as YAML"),
        ("sources:", "time_zone: Mars/Base\nsources:", "no time zone"),
        ("sources:", "state: oracle://x\nsources:", "state"),
        ("sources:", "key: {env: ROLLCALL_NO_SUCH_KEY}\nsources:", "environment variable ROLLCALL_NO_SUCH_KEY"),
    ],
)  # fmt: skip
def test_a_configuration_that_cannot_be_used(config: Path, old: str, new: str, says: str) -> None:
    """Unknown keys name the nearest known one; nothing is made before the configuration holds."""
    rewritten(config, (old, new))
    text = refused(2, config, "run")
    assert says in text
    assert not list(config.parent.glob("data/state*"))


def test_a_configuration_that_is_none(tmp_path: Path) -> None:
    assert "there is no such file; `rollcall init FILE...` writes one" in refused(2, tmp_path / "none.yaml", "run")
    (tmp_path / "group.yaml").write_text("group: harbor\n", encoding="utf-8")
    assert f"name yours, such as `--config {tmp_path / 'group.yaml'}`" in refused(2, tmp_path / "none.yaml", "run")
    (tmp_path / "list.yaml").write_text("- group\n", encoding="utf-8")
    assert "expected keys such as group, sources, pairings" in refused(2, tmp_path / "list.yaml", "status")
    (tmp_path / "latin.yaml").write_bytes(b"group: caf\xe9\n")
    assert "not readable as YAML" in refused(2, tmp_path / "latin.yaml", "status")


def test_no_is_norway(tmp_path: Path, clock: SimulatedClock) -> None:
    """YAML's own reading of a bare NO is false; a Norwegian list then compares Norwegian numbers (G3)."""
    write_csv(
        tmp_path / "list.csv",
        ["id", "first_name", "phone"],
        [["1", "Kari", "22 12 34 56"], ["2", "Kari", "+47 22123456"]],
    )
    config = rewritten(tables(tmp_path, {"list": {"path": "list.csv"}}), ("region: CA", "region: NO"))
    assert rollcall("run", "--exit-code", "--config", config).code == 4
    rollcall("export", "findings", "--out", tmp_path / "f.csv", "--config", config)
    assert [row["kind"] for row in read_csv(tmp_path / "f.csv")] == ["duplicate_phone"]


# sources that cannot be read (exit 3, and 1 for `check`) ------------------------------------------------------------


def api_source(config: Path) -> Path:
    """A second source, whose secret is nowhere."""
    till = (
        "  till: {kind: heartland, role: pos, base_url: 'http://127.0.0.1:9', token: {env: ROLLCALL_NO_SUCH_TOKEN}}\n"
    )
    return rewritten(config, ("sources:\n", f"sources:\n{till}"))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda config: (config.parent / "list.csv").unlink(), "is not there: export the customer list to this place"),
        pytest.param(
            api_source,
            "environment variable ROLLCALL_NO_SUCH_TOKEN holds no secret: set it and start again",
            marks=pytest.mark.deep,
        ),
        pytest.param(
            lambda config: (config.parent / "list.csv").write_bytes(b"\x50\x4b\x03\x04"),
            "another ZIP archive",
            marks=pytest.mark.deep,
        ),
    ],
    ids=["no file", "no secret", "no list"],
)
def test_a_source_that_cannot_be_read(config: Path, spoil: Callable[[Path], Any], says: str) -> None:
    """The night goes on without it and says why; `check` fails on it."""
    spoil(config)
    said = rollcall("run", "--config", config)
    assert said.code == 3
    assert says in said.out
    assert "NO CERTIFICATE: " in said.last
    assert LAST.match(said.last)
    checked = rollcall("check", "--config", config)
    assert checked.code == 1
    assert "FAILS" in checked.out


# wrong use (exit 2) -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("report", "there is no report yet: `rollcall run` makes one"),
        ("report 2026-01-01-a", "there is no report of run 2026-01-01-a: `rollcall status` lists the runs"),
        ("explain 12ab", "there is no report yet"),
        ("apply 2026-01-01-a", "there is no plan 2026-01-01-a"),
        ("resume 2026-01-01-a", "there is no plan 2026-01-01-a"),
        ("export entities --out x.csv", "there are no entities yet: `rollcall run` makes them"),
        ("export findings --out x.csv", "there is no report yet"),
        ("decide", "say what is decided"),
        ("decide approve finding", "say what is decided"),
        ("decide same pair list:1", "a pair is two profiles"),
        ("decide approve correction 12ab", "there is no run to decide on yet: `rollcall run` makes one"),
        ("export nothing --out x.csv", "'nothing' is not one of"),
        ("export entities", "Missing option '--out'"),
        ("golive", "Missing option '--scan'"),
        ("demo --people 3", "3 is not in the range"),
    ],
)
def test_wrong_use_says_what_to_type(config: Path, words: str, says: str) -> None:
    assert says in refused(2, config, *words.split())


def test_a_decisions_file_that_cannot_be_used_is_refused(ran: Path) -> None:
    path = ran.parent / "decisions.json"
    path.write_text('{"schema": 1, "run": "2026-03-02-a", "decisions": [{"target": "finding"}]}', encoding="utf-8")
    said = rollcall("decide", "--file", path, "--config", ran)
    assert said.code == 2
    assert "refused whole: not a decision that can be used" in said.out
    assert "there is no run 2020-01-01-a" in refused(
        2, ran, "decide", "accept", "finding", "12ab", "--run", "2020-01-01-a"
    )


# a run, looked at ---------------------------------------------------------------------------------------------------


def test_a_run_from_its_last_line_to_its_findings(config: Path) -> None:
    """The last line has the form of the design; report, status and explain lead on from there."""
    said = rollcall("run", "--config", config)
    assert (said.code, rollcall("run", "--exit-code", "--config", config).code) == (0, 4)
    assert LAST.fullmatch(said.last)
    assert said.err.split() == ["pull", "shape", "match", "suspect", "detect", "plan", "settle", "apply"]
    report = rollcall("report", "2026-03-02-a", "--config", config)
    assert report.out.splitlines()[0] == said.last
    page = Path(report.last.removeprefix("report: "))
    assert page.read_text(encoding="utf-8").count(said.last) >= 1
    rollcall("export", "findings", "--out", config.parent / "f.csv", "--config", config)
    (finding,) = read_csv(config.parent / "f.csv")
    told = rollcall("explain", finding["finding_id"][:8], "--config", config)
    assert told.code == 0
    assert "concerns: list:1, list:2" in told.out
    assert re.search(r"^rules: .*M10", told.out, re.MULTILINE)
    assert "phone: *******117\n" in told.out
    assert "5550117" not in told.out
    status = rollcall("status", "--config", config)
    assert [line.split()[0] for line in status.out.splitlines()] == ["run", "2026-03-02-a", "2026-03-02-b", "-", "2"]
    assert said.last in status.out


def test_g1_applying_a_plan_that_lacks_a_source_ends_as_its_night_did(config: Path) -> None:
    """The last line names the source without certificate, and the exit code is that of interfaces: 3."""
    (config.parent / "list.csv").unlink()
    night = rollcall("plan", "--config", config)
    plan = night.last.removeprefix("plan ").split(":")[0]
    said = rollcall("apply", plan, "--config", config)
    assert (night.code, said.code) == (3, 3), said
    assert "list" in said.last


def test_a_finding_is_named_by_enough_of_its_id(config: Path) -> None:
    write_csv(config.parent / "list.csv", ["id", "phone"], [[str(n), "ask"] for n in range(40)])
    assert rollcall("run", "--config", config).code == 0
    rollcall("export", "findings", "--out", config.parent / "f.csv", "--config", config)
    ids = [row["finding_id"] for row in read_csv(config.parent / "f.csv")]
    first = next(one[0] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
    assert f"several findings begin with {first}" in refused(2, config, "explain", first)
    assert "no finding zz" in refused(2, config, "explain", "zz")


def test_the_policy_is_printed(config: Path) -> None:
    """What presets, defaults and the configuration come to, without opening anything."""
    rewritten(
        config,
        (
            "sources:\n",
            "pairings: [{ecom: shop, pos: [list], names: ignore}]\nsources:\n  shop: {kind: table, role: ecom, path: x.csv}\n",
        ),
    )
    said = rollcall("check", "--show-policy", "--config", config)
    assert said.code == 0
    assert re.search(r"shop-plain +nights that only observe +7\n", said.out)
    assert re.search(r"shop-plain +drift of first_name +ignore\n", said.out)
    assert not (config.parent / "data").exists()


def test_what_is_old_is_purged_and_what_is_in_force_stays(config: Path, clock: SimulatedClock) -> None:
    """Retention per kind of data; the last certified snapshot is never removed."""
    rewritten(
        config, ("sources:", "limits: {file_age: 900d}\nretention: {snapshots: 2d, reports: 2d, undo: 2d}\nsources:")
    )
    assert rollcall("run", "--config", config).code == 0
    clock.advance(timedelta(days=3))
    assert rollcall("run", "--config", config).code == 0
    said = rollcall("--json", "purge", "--config", config)
    assert said.code == 0
    assert (said.data["snapshots"], said.data["reports"]) == (1, 2)
    assert "there is no report of run 2026-03-02-a" in refused(2, config, "report", "2026-03-02-a")
    clock.advance(timedelta(days=30))
    assert rollcall("--json", "purge", "--config", config).data["snapshots"] == 0
    assert rollcall("check", "--config", config).code == 0


# failures of our own (exit 1 and 130) -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "error", "code", "says"),
    [
        ((night, "_match"), ValueError("Ann 613 555 0117"), 1, "stopped by a fault of rollcall itself (ValueError)"),
        ((render, "write_html"), OSError(errno.ENOSPC, "No space left", "/data/x"), 1, "No space left: /data/x"),
        ((night, "_match"), OperationalError("select 'Ann'", {}, Exception("disk I/O error")), 1,
         "state.db could not be read or written: disk I/O error; look at the free space"),
        ((night, "_match"), IntegrityError("insert 'Ann'", {}, Exception("Ann")), 1, "rollcall itself (IntegrityError)"),
        ((night, "_match"), duckdb.IOException("Ann 0117"), 1, "its temporary files could not be written; look at the free"),
        ((night, "_match"), KeyboardInterrupt(), 130, "interrupted; what was begun is in the journal, `rollcall resume` goes on"),
    ],
)  # fmt: skip
def test_a_failure_is_one_sentence_without_a_value(
    ran: Path, monkeypatch: pytest.MonkeyPatch, place: tuple[Any, str], error: BaseException, code: int, says: str
) -> None:
    """I7: no traceback that quotes a record; the run is on record as failed; the last good report stays."""
    good = rollcall("report", "--config", ran)

    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(*place, fail)
        failed: Said = rollcall("run", "--config", ran)
    assert failed.code == code
    last = failed.err.rstrip("\n").split("\n")[-1]
    assert last.startswith("rollcall: ")
    assert says in last
    assert "Ann" not in failed.err
    assert "0117" not in failed.err
    rows = rollcall("--json", "status", "--config", ran).data["runs"]
    assert [row["status"] for row in rows] == ["complete", "failed"]
    assert rollcall("report", "--config", ran).out == good.out
