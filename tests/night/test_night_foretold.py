"""`rollcall check` says of an export file beforehand what a pull then says of it, and writes nothing (G1, G2)."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from connectors.clock import SimulatedClock
from tests.night.stage import START, Said, files_below, rollcall, tables, write_csv

HEADING = ("id", "first_name", "phone")
PEOPLE = [(str(n), f"Ann{n}", f"613 555 01{n:02d}") for n in range(60)]


@pytest.fixture(autouse=True)
def clock() -> Iterator[SimulatedClock]:
    with pytest.MonkeyPatch.context() as patch:
        clock = SimulatedClock(START)
        patch.setattr("jobs.desk.SystemClock", lambda: clock)
        yield clock


def listed(folder: Path, rows: Sequence[Sequence[str]] = PEOPLE, heading: Sequence[str] = HEADING) -> Path:
    write_csv(folder / "till.csv", heading, rows)
    return folder / "config.yaml"


def configured(folder: Path, **entry: object) -> Path:
    return tables(folder, {"till": {"path": "till.csv", **entry}})


def judged(config: Path) -> Said:
    """What `check` says, which leaves nothing behind and touches nothing."""
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files_below(config.parent)}
    said = rollcall("--json", "check", "--config", config)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files_below(config.parent)} == before
    return said


def refused(config: Path) -> str:
    """Why a pull refuses; `check` said the same words before."""
    said = judged(config)
    assert said.code == 1
    (line, *_) = [row["detail"] for row in said.data if row["result"] == "FAILS"]
    pulled = rollcall("--json", "pull", "--config", config)
    assert (pulled.code, pulled.data[0]["certified"]) == (3, "NO")
    assert pulled.data[0]["problem"] in (line, f"till: {line}")
    return str(line)


FIRST: dict[str, tuple[Callable[[Path], object], dict[str, object], str]] = {
    "headings only": (lambda f: listed(f, []), {}, "the first export is empty"),
    "no id column": (lambda f: listed(f, PEOPLE, ["Customer", *HEADING[1:]]), {}, "no column for the ids"),
    "an id twice": (lambda f: listed(f, [*PEOPLE, PEOPLE[0]]), {}, "1 profile was read more than once"),
    "a row without an id": (lambda f: listed(f, [*PEOPLE, ("", "Bo", "")]), {}, "1 row has no id"),
    "another number than stated": (listed, {"expected": 61}, "60 read, 61 stated by the operator"),
    "a canary that is not there": (listed, {"canaries": ["999"]}, "not in the export: 999"),
    "an old date": (listed, {"exported_at": "2026-02-01T09:00"}, "exported"),
    "empty": (lambda f: (f / "till.csv").write_bytes(b""), {}, "is empty"),
    "no file": (lambda f: (f / "till.csv").unlink(missing_ok=True), {}, "is not there"),
}


@pytest.mark.parametrize(("spoil", "entry", "says"), FIRST.values(), ids=FIRST)
def test_g1_a_first_export_that_would_be_refused(
    tmp_path: Path, spoil: Callable[[Path], object], entry: dict[str, object], says: str
) -> None:
    config = configured(tmp_path, **entry)
    spoil(tmp_path)
    assert says in refused(config)


def test_g2_what_a_later_export_is_held_to(tmp_path: Path) -> None:
    """Less than the limit allows, other columns, another till's list: each is told beforehand, and not once approved."""
    config = configured(tmp_path)
    listed(tmp_path)
    said = judged(config)
    assert (said.code, [row["detail"] for row in said.data if row["check"] == "as a run judges it"]) == (
        0, ["certified, 60 profiles"]
    )  # fmt: skip
    assert rollcall("pull", "--config", config).code == 0
    listed(tmp_path, [(f"x{n}", *rest) for n, *rest in PEOPLE])
    assert "60 of them not in this one" in refused(config)
    listed(tmp_path, PEOPLE, ["id", "first_name", "email"])
    assert "now email=email, no longer phone=phone" in refused(config)
    listed(tmp_path, PEOPLE[:30])
    assert "30 profiles, 60 in the last certified export" in refused(config)
    last = "2026-03-02-d"
    approve = ("decide", "approve", "certificate", f"till/{last}", "--run", last, "--why", "they closed a store")
    assert rollcall(*approve, "--config", config).code == 0
    assert judged(config).code == 0
    assert rollcall("pull", "--config", config).code == 0
