"""What each command says in its last line, and what a person can look up on the terminal afterwards."""

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.clock import SimulatedClock
from tests.night.stage import START, Said, continued, rollcall, tables, write_csv

HEADING = ["id", "first_name", "last_name", "phone", "email"]
SHOP = ["100", "Ann", "Roe", "+1 613 555 0117", "ann@example.com"]
TILL = ["7", "Ann", "Roe", "613 555 0117", "ann@example.com"]
PAIRING = {"name": "both", "ecom": "shop", "pos": ["till"], "observe_nights": 0}


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    with pytest.MonkeyPatch.context() as patch:
        clock = SimulatedClock(START)
        patch.setattr("jobs.desk.SystemClock", lambda: clock)
        yield clock


@pytest.fixture
def config(tmp_path: Path, clock: SimulatedClock) -> Path:
    """A shop and a till that agree on Ann, to begin with."""
    return configured(tmp_path)


def configured(folder: Path, **pairing: Any) -> Path:
    lists(folder, SHOP, TILL)
    sources = {"shop": {"path": "shop.csv", "role": "ecom"}, "till": {"path": "till.csv"}}
    return tables(folder, sources, pairings=[PAIRING | pairing], limits={"file_age": "900d", "apart": "900d"})


def lists(folder: Path, shop: list[str], till: list[str]) -> None:
    write_csv(folder / "shop.csv", HEADING, [shop])
    write_csv(folder / "till.csv", HEADING, [till])


def run(config: Path, *words: str) -> Said:
    said = rollcall(*words, "--config", config)
    assert said.code == 0, said
    return said


@pytest.fixture(scope="module")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night on which they agree, then one on which the till has another phone."""
    folder = tmp_path_factory.mktemp("moved")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jobs.desk.SystemClock", lambda: SimulatedClock(START))
        config = configured(folder)
        run(config, "run")
        lists(folder, SHOP, [*TILL[:3], "416 555 0117", TILL[4]])
        run(config, "run")
    return folder


@pytest.fixture
def drift(two_nights: Path, config: Path) -> dict[str, Any]:
    """After those two nights: the finding of the second."""
    continued(two_nights, config.parent)
    report = orjson.loads(sorted((config.parent / "data" / "reports").glob("*.json"))[-1].read_bytes())
    (finding,) = (f for f in report["findings"] if f["kind"] == "drift")
    return dict(finding)


# looking things up --------------------------------------------------------------------------------------------------


def test_rules_come_with_their_sentences(config: Path, drift: dict[str, Any]) -> None:
    """G8, and a newcomer does not know what G13 is."""
    told = run(config, "explain", drift["finding_id"])
    assert "\nfield: phone\nconcerns: shop:100, till:7\n" in told.out
    assert "  G13: The side that differs from the value on which both last agreed has changed;" in told.out
    assert "M7" not in told.out, "the pairing is a plain one: Mortar's rules are not its own"
    assert "2. Make the change by hand in the system that is named." in told.out, (
        "nothing is there that a yes would let go"
    )
    assert told.last == f"finding {drift['finding_id']} of run 2026-03-02-b: new; corrections: 1 blocked"


@pytest.mark.deep
def test_a_plan_tells_the_rules_that_it_names(tmp_path: Path, clock: SimulatedClock) -> None:
    config = configured(tmp_path, observe_nights=7)
    run(config, "run")
    lists(tmp_path, SHOP, [*TILL[:3], "416 555 0117", TILL[4]])
    said = run(config, "plan")
    assert "this pairing only observes: night 1 of 7 (G14)" in said.out
    assert (
        "\nG14: Creating, merging, archiving and anything irreversible is never unattended; a new pairing only observes"
        in said.out
    )


def test_masks_show_that_two_values_differ(config: Path, drift: dict[str, Any]) -> None:
    """Another area code, the same last digits: before and after must not look the same, with +1 or without."""
    shown = {fact["name"]: fact["value"] for fact in drift["evidence"]}
    assert shown["phone@shop:100"] == "*******117 (digit 1: 6)"
    assert shown["phone@till:7"] == "*******117 (digit 1: 4)"
    assert shown["first_name@shop:100"] == shown["first_name@till:7"] == "A… (2-4)"
    data = rollcall("--json", "explain", drift["finding_id"], "--config", config).data
    (line,) = data["corrections"]
    assert [fact["value"] for fact in (*line["before"], *line["after"])] == [
        "*******117 (digit 1: 6)", "*******117 (digit 1: 4)",
    ]  # fmt: skip


def test_the_real_values_are_shown_to_who_holds_the_key(config: Path, drift: dict[str, Any]) -> None:
    """From the sealed snapshots of the run, whatever the files say by now; a word on stderr, and only on wish."""
    lists(config.parent, ["1", "X", "Y", "", ""], ["2", "X", "Y", "", ""])
    masked = run(config, "explain", drift["finding_id"])
    assert "613 555 0117" not in masked.out
    assert masked.err == ""
    told = run(config, "explain", drift["finding_id"], "--unmask")
    assert "  shop:100\n    first_name: Ann\n    last_name: Roe\n    phone: +1 613 555 0117\n" in told.out
    assert "  till:7\n    first_name: Ann\n    last_name: Roe\n    phone: 416 555 0117\n" in told.out
    assert re.search(r"correction \w{16}: phone: \S.*613.* → .*416", told.out)
    assert told.err == "real values of customers, opened with the workspace's key: keep them off tickets and mail\n"
    data = rollcall("--json", "explain", drift["finding_id"], "--unmask", "--config", config).data
    assert data["values"]["till:7"]["phone"] == "416 555 0117"


def test_real_values_that_were_purged_are_not_pulled_again(config: Path, drift: dict[str, Any]) -> None:
    shutil.rmtree(config.parent / "data" / "snapshots" / "till")
    told = run(config, "explain", drift["finding_id"], "--unmask")
    assert "not to be had: the snapshot till.2026-03-02-b is purged (retention.snapshots: 30d)" in told.out
    assert "phone: +1 613 555 0117" in told.out
    shutil.rmtree(config.parent / "data" / "snapshots" / "shop")
    none = rollcall("explain", drift["finding_id"], "--unmask", "--config", config)
    assert none.code == 2
    assert none.out == ""
    assert "the snapshot shop.2026-03-02-b is purged" in none.err


def test_real_values_need_the_key(config: Path, drift: dict[str, Any]) -> None:
    """Another key opens nothing, and no value comes out."""
    key = config.parent / "data" / "rollcall.key"
    key.rename(key.with_suffix(".old"))
    told = rollcall("explain", drift["finding_id"], "--unmask", "--config", config)
    assert told.code == 2
    assert "613 555" not in told.out + told.err
    assert "another key" in told.err


def test_a_drift_without_a_base_says_so(config: Path) -> None:
    """Where both sides never agreed there is no date to name."""
    lists(config.parent, SHOP, [*TILL[:3], "416 555 0117", TILL[4]])
    run(config, "run")
    report = orjson.loads((config.parent / "data" / "reports" / "2026-03-02-a.json").read_bytes())
    (finding,) = (f for f in report["findings"] if f["kind"] == "drift")
    assert "  base: no base yet\n" in run(config, "explain", finding["finding_id"]).out


# what waits ---------------------------------------------------------------------------------------------------------


def waits(config: Path) -> list[str]:
    said = run(config, "status")
    data: list[str] = rollcall("--json", "status", "--config", config).data["waits"]
    assert [f"- {line}" for line in data] == [line for line in said.out.splitlines() if line.startswith("- ")]
    return data


@pytest.mark.deep
def test_status_lists_what_waits(config: Path, drift: dict[str, Any], clock: SimulatedClock) -> None:
    """A new finding, a decision that ran out, a source without a certificate, a plan that was interrupted, a pause."""
    (new,) = waits(config)
    assert new.startswith(f"findings: 1 new (1 {drift['severity']}): `rollcall report`")
    run(config, "decide", "accept", "finding", drift["finding_id"], "--until", "2026-03-03", "--by", "Kim")
    assert waits(config) == []
    assert run(config, "status").last == "2 runs; nothing to look at"
    clock.advance(timedelta(days=2))
    run(config, "run")
    assert waits(config) == [f"finding {drift['finding_id']}: accept by Kim ran out on 2026-03-03: decide again"]
    (config.parent / "till.csv").unlink()
    assert rollcall("run", "--config", config).code == 3
    run(config, "pause")
    paused, gap, _ = waits(config)
    assert paused == "paused: nothing is written until `rollcall resume`"
    assert gap.startswith("source till: no certificate in run 2026-03-04-b (the last one is of 2026-03-02): ")


def test_a_source_that_was_never_pulled_waits(config: Path) -> None:
    assert waits(config) == [f"source {name}: never pulled: `rollcall pull`" for name in ("shop", "till")]


# last lines ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("drift")
@pytest.mark.parametrize(
    ("words", "last"),
    [
        ("pull", r"pull 2026-03-02-c: 2 of 2 sources certified"),
        ("check", r"checked 2 sources, nothing was written: all of it holds"),
        ("check --show-policy", r"the policy of 1 pairing in .*config\.yaml"),
        ("check --show-keys table", r"\d+ keys that a source of kind table takes"),
        ("status", r"2 runs; 1 to look at"),
        ("export findings --out {}/f.xlsx", r".*f\.xlsx: 1 row of findings"),
        ("purge", r"removed 0 snapshots, 0 reports; emptied 0 corrections"),
        ("pause", r"paused: nothing more is written until `rollcall resume`"),
        ("resume", r"nothing to resume: nothing was paused, and no plan was left half-way; nothing waits .*"),
        ("golive --scan", r"Ready: no phone number is on several profiles"),
        ("apply 2026-03-02-b", r"plan 2026-03-02-b: .* 0 written: 1 blocked: writes are off for shop\."),
        ("plan", r"plan 2026-03-02-c: .* 0 held for review; 1 blocked; 0 accepted\."),
    ],
)
def test_the_last_line_says_what_was_done(config: Path, words: str, last: str) -> None:
    assert re.fullmatch(last, run(config, *words.format(config.parent).split()).last)


def test_a_check_that_fails_says_where(config: Path) -> None:
    (config.parent / "till.csv").unlink()
    said = rollcall("check", "--config", config)
    assert (said.code, said.last) == (1, "checked 2 sources, nothing was written: till FAILS")


def test_a_check_makes_nothing(config: Path) -> None:
    """Neither the workspace, nor a key, nor the state: a typing error in the configuration leaves no trace."""
    before = sorted(path.name for path in config.parent.iterdir())
    run(config, "check")
    assert sorted(path.name for path in config.parent.iterdir()) == before


@pytest.mark.deep
def test_certified_nights_are_counted_by_date(tmp_path: Path, clock: SimulatedClock) -> None:
    """G14: two runs of a day are one night; `check`, the run and its report say how many are done."""
    config = configured(tmp_path, observe_nights=7)
    assert re.search(
        r"both +only observes +0 of 7 certified nights done; a business date counts once", run(config, "check").out
    )
    run(config, "run")
    said = run(config, "run").out
    assert (
        "both only observes, nothing of it is written: 1 of 7 certified nights done; a business date counts once"
        in said
    )
    page = (tmp_path / "data" / "reports" / "2026-03-02-b.html").read_text(encoding="utf-8")
    assert "1 of 7 certified nights done; a business date counts once (G14)" in page
    assert re.search(r"both +only observes +1 of 7 certified nights done", run(config, "check").out)


@pytest.mark.parametrize("name", ["f.json", "f", "f.CSV.gz", "f.txt", "f.xls"])
def test_an_export_of_another_kind_is_refused(config: Path, name: str) -> None:
    """A file that says .json and holds CSV misleads whoever opens it."""
    said = rollcall("export", "findings", "--out", config.parent / name, "--config", config)
    assert said.code == 2
    assert f"{name}: an export is .csv or .xlsx" in said.err
    assert not (config.parent / name).exists()


# decisions ----------------------------------------------------------------------------------------------------------


def test_a_decision_says_what_it_covers(config: Path, drift: dict[str, Any]) -> None:
    """Its run, how many findings and corrections, and what goes all the same not."""
    (correction,) = drift["correction_ids"]
    one = run(config, "decide", "approve", "finding", drift["finding_id"], "--why", "asked her")
    assert one.last == (
        f"approve finding {drift['finding_id']} on run 2026-03-02-b: "
        "approves 1 correction of 1 finding, 1 of which blocked all the same"
    )
    field = rollcall("--json", "decide", "approve", "field", "both/phone", "--config", config)
    assert {name: field.data[name] for name in ("run", "findings", "corrections", "approved")} == {
        "run": "2026-03-02-b", "findings": 1, "corrections": 1, "approved": 1,
    }  # fmt: skip
    none = run(config, "decide", "approve", "field", "both/email")
    assert none.last == "approve field both/email on run 2026-03-02-b: approves 0 corrections of 0 findings"
    no = run(config, "decide", "reject", "correction", correction)
    assert no.last == f"reject correction {correction} on run 2026-03-02-b: covers 1 finding, 1 correction"
    pair = run(config, "decide", "not_same", "pair", "till:7", "shop:100")
    assert pair.last.endswith("on run 2026-03-02-b: it counts from the next run on")


def test_a_decision_is_about_the_last_plan_not_the_last_pull(config: Path, drift: dict[str, Any]) -> None:
    """A pull has no plan: a decision after it speaks of the plan that the person has read."""
    run(config, "pull")
    (correction,) = drift["correction_ids"]
    said = run(config, "decide", "approve", "correction", correction)
    assert "on run 2026-03-02-b: approves 1 correction " in said.last


def test_a_decisions_file_names_its_run(config: Path, drift: dict[str, Any]) -> None:
    one = {"target": "finding", "id": drift["finding_id"], "verdict": "accept", "by": "Kim"}
    path = config.parent / "decisions.json"
    path.write_bytes(orjson.dumps({"schema": 1, "run": "2026-03-02-b", "decisions": [one, one | {"id": "ffff"}]}))
    said = rollcall("decide", "--file", path, "--config", config)
    assert (said.code, said.last) == (2, "1 decision taken on run 2026-03-02-b, 1 refused")
