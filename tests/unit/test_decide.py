"""Decisions from a file, the inbox and the command line: a bad file is refused whole, a bad decision alone, never a crash."""

import json
import os
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.clock import SimulatedClock
from jobs import decide
from jobs.errors import ConfigError
from jobs.journal import Correction, Journal
from jobs.known import Known
from jobs.state import FindingRow, SnapshotRow, State
from jobs.vault import Vault

RUN = "2026-11-23-a"
NIGHT = date(2026, 11, 23)
KNOWN = Known({"shop", "till", "old"}, {"shop-mortar"}, {"shop": {"1"}, "till": {"2", "3"}}.get)


@pytest.fixture
def state(tmp_path: Path, vault: Vault, clock: SimulatedClock) -> Iterator[State]:
    """A run with one finding and one correction of it, whose till got no certificate."""
    opened = State.open(f"sqlite:///{tmp_path}/state/state.db", vault)
    opened.begin_run(NIGHT, trigger="manual", at=clock.now())
    opened.update_findings(
        NIGHT, [FindingRow("f1", "drift", "phone", "p", "a", (("till", "7"),), "high")], judged_sources=set()
    )
    correction = Correction(
        correction_id="c1", source="till", profile_id="7", action="update", before={}, after={"phone": "1"}, why="",
        rule_ids=(), finding_ids=("f1",), fingerprint="print-1", reversible="fully", needs=("approval",), state="held",
    )  # fmt: skip
    Journal(opened, vault, clock).store_plan(RUN, [correction])
    for source, certified in (("till", False), ("shop", True)):
        row = SnapshotRow(f"{source}.{RUN}", source, RUN, clock.now(), "", profiles=3, active=3, certified=certified)
        opened.add_snapshot(row)
    yield opened
    opened.close()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "decisions_inbox"
    folder.mkdir()
    return folder


def one(target: str = "correction", id_: str = "c1", verdict: str = "approve", **more: Any) -> dict[str, Any]:
    return {"target": target, "id": id_, "verdict": verdict, "by": "kim", **more}


def written(folder: Path, *decisions: dict[str, Any], name: str = "mine.json", **more: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps({"schema": 1, "run": RUN, "decisions": list(decisions), **more}))
    return path


def recorded(state: State) -> list[tuple[str, str, str]]:
    return [(d.target, d.id, d.verdict) for d in state.decisions()]


def test_a_file_is_taken(state: State, clock: SimulatedClock, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        one(fingerprint="print-1", reason="  seen  "),
        one("finding", "f1", "accept", until="2026-12-24"),
        one("pair", "shop:1 till:2", "not_same"),
        one("field", "shop-mortar/phone"),
        one("certificate", "till/2026-11-23-a", reason="half the stores were sold"),
        one("certificate", "till.2026-11-23-a", "reject"),
        one("breaker", "till/updates", "reject"),
        one("breaker", "till/creates", reason="a new store"),
        one("pair", "till:3 shop:1", "same"),
        one("pair", "old:9 till:2", "same"),
    )
    taken = decide.take_file(path, state, clock, KNOWN)
    assert (taken.accepted, taken.refused) == (10, ())
    first, second, *_ = state.decisions()
    assert (first.run_id, first.reason, first.fingerprint, first.made_at) == (RUN, "seen", "print-1", clock.now())
    assert (second.verdict, second.until) == ("accept", date(2026, 12, 24))
    assert ("pair", "shop:1 till:3", "same") in recorded(state), "the two in one order, so that a later word finds it"
    assert path.exists()


@pytest.mark.parametrize(
    ("decision", "why"),
    [
        (one(fingerprint="of yesterday"), "what it was made on has changed since"),
        (one("finding", "f1", fingerprint="of yesterday"), "what it was made on has changed since"),
        (one("correction", "c9"), "the plan of 2026-11-23-a holds no such correction"),
        (one("finding", "f9"), "there is no such finding"),
        (one("finding", "f1", "same"), "a finding cannot be decided with 'same'; choose of accept, approve, reject"),
        (one("pair", "a|b", "approve"), "choose of not_same, same"),
        (one("field", "shop-mortar/email_consent"), "the id is PAIRING/FIELD"),
        (one("field", "phone"), "the id is PAIRING/FIELD"),
        (one("breaker", "till/everything", reason="x"), "the id is SOURCE/NAME, with a name of updates, creates"),
        (one("breaker", "updates", reason="x"), "the id is SOURCE/NAME"),
        (one(until="2026-11-01"), "it ended on 2026-11-01"),
        (one("certificate", "till/2026-11-24-a", reason="x"), "one that is still to come cannot be approved"),
        (one("certificate", "shop/2026-11-23-a", reason="x"), "the id is SOURCE/RUN of an export that was refused"),
        (one("certificate", "nosuch/2026-11-23-a", "reject"), "the id is SOURCE/RUN of an export that was refused"),
        (one("certificate", "till/2026-11-23-a", reason=" "), "a certificate is approved with a reason: say it"),
        (one("breaker", "till/updates"), "a breaker is approved with a reason: say it"),
        (
            one("breaker", "nosuch/updates", reason="x"),
            "there is no source nosuch; the configuration has old, shop, till",
        ),
        (one("field", "nosuch/phone"), "there is no pairing nosuch; the configuration has shop-mortar"),
        (one("pair", "shop:1 shop:1", "same"), "a profile is no pair with itself: name two"),
        (one("pair", "nosuch:1 till:2", "same"), "there is no source nosuch"),
        (one("pair", "shop:1 till:zzz", "not_same"), "till has no profile zzz, neither in its last certified export"),
    ],
)
def test_a_decision_that_no_longer_fits_is_refused_alone(
    state: State, clock: SimulatedClock, tmp_path: Path, decision: dict[str, Any], why: str
) -> None:
    """The others of its file are taken; the sentence names the file, the place and the reason."""
    taken = decide.take_file(written(tmp_path, one("finding", "f1"), decision), state, clock, KNOWN)
    assert taken.accepted == 1
    (said,) = taken.refused
    assert said.startswith(f"mine.json: decision 2 ({decision['target']} {decision['id']}): ")
    assert why in said
    assert recorded(state) == [("finding", "f1", "approve")]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file: Invalid JSON"),
        (b"{", "the file: Invalid JSON"),
        (b"\xff\xfe{}", "the file: Invalid JSON"),
        (b"[]", "not a decision that can be used"),
        (b'{"schema": 2, "run": "2026-11-23-a", "decisions": [{}]}', "schema: Input should be 1"),
        (b'{"schema": 1, "run": "2026-11-23-a"}', "decisions: Field required"),
        (b'{"schema": 1, "run": "2026-11-23-a", "decisions": []}', "decisions: Tuple should have at least 1 item"),
        (json.dumps({"schema": 1, "run": RUN, "decisions": [one()], "extra": 1}).encode(), "extra: Extra inputs"),
        (json.dumps({"schema": 1, "run": RUN, "decisions": [one(), one(verdict="yes")]}).encode(), "decisions.1.verdict"),
        (json.dumps({"schema": 1, "run": RUN, "decisions": [one(by=" ")]}).encode(), "decisions.0.by"),
        (json.dumps({"schema": 1, "run": RUN, "decisions": [one(until="soon")]}).encode(), "decisions.0.until"),
        (json.dumps({"schema": 1, "run": RUN, "decisions": [one(reason="x" * 3_000)]}).encode(), "decisions.0.reason"),
        (json.dumps({"schema": 1, "run": "2020-01-01-a", "decisions": [one()]}).encode(), "there is no run 2020-01-01-a"),
        (b"[" * 100_000, "the file: Invalid JSON"),
        (b" " * (decide.LARGEST_FILE + 1), "it is larger than 8 MiB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_bad_file_is_refused_whole(
    state: State, clock: SimulatedClock, tmp_path: Path, content: bytes, why: str
) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(content)
    taken = decide.take_file(path, state, clock, KNOWN)
    assert taken.accepted == 0
    (said,) = taken.refused
    assert said.startswith("mine.json: ")
    assert why in said
    assert recorded(state) == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: json.dumps([text]).encode()))
def test_no_file_whatever_crashes_a_run(state: State, clock: SimulatedClock, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.json"
    path.write_bytes(content)
    taken = decide.take_file(path, state, clock, KNOWN)
    assert (taken.accepted, len(taken.refused)) == (0, 1)


def test_a_refusal_does_not_repeat_what_the_file_holds(state: State, clock: SimulatedClock, tmp_path: Path) -> None:
    path = written(tmp_path, one(reason=["sentinel@example.com"]))
    (said,) = decide.take_file(path, state, clock, KNOWN).refused
    assert "sentinel" not in said


def test_a_missing_file_is_a_sentence(state: State, clock: SimulatedClock, tmp_path: Path) -> None:
    taken = decide.take_file(tmp_path / "none.json", state, clock, KNOWN)
    assert taken.refused == ("none.json: refused whole: it cannot be read: No such file or directory",)


def test_the_inbox_is_taken_once_and_put_away(state: State, clock: SimulatedClock, inbox: Path) -> None:
    """Good files to taken/, bad ones to refused/, the reasons beside them; files still being copied are left."""
    written(inbox, one(), name="a.json")
    written(inbox, one("finding", "f1"), one("finding", "f9"), name="b.json")
    (inbox / "c.json").write_text("not json")
    for name in (".hidden.json", "d.json.part", "e.tmp"):
        (inbox / name).write_text("half")
    takens = decide.take_inbox(inbox, state, clock, KNOWN)
    assert [(taken.name, taken.accepted, len(taken.refused)) for taken in takens] == [
        ("a.json", 1, 0),
        ("b.json", 1, 1),
        ("c.json", 0, 1),
    ]
    stamp = "20261123T121500-"
    assert sorted(path.name for path in (inbox / "taken").iterdir()) == [
        f"{stamp}a.json",
        f"{stamp}b.json",
        f"{stamp}b.json.why.txt",
    ]
    assert sorted(path.name for path in (inbox / "refused").iterdir()) == [f"{stamp}c.json", f"{stamp}c.json.why.txt"]
    assert "there is no such finding" in (inbox / "taken" / f"{stamp}b.json.why.txt").read_text()
    assert stat.S_IMODE((inbox / "taken").stat().st_mode) == 0o700
    assert sorted(path.name for path in inbox.iterdir() if path.is_file()) == [".hidden.json", "d.json.part", "e.tmp"]
    assert decide.take_inbox(inbox, state, clock, KNOWN) == []
    assert recorded(state) == [("correction", "c1", "approve"), ("finding", "f1", "approve")]


def test_a_file_of_the_same_name_keeps_the_earlier_one(state: State, clock: SimulatedClock, inbox: Path) -> None:
    for decision in (one(), one("finding", "f1"), one("pair", "shop:1 till:2", "same")):
        written(inbox, decision)
        decide.take_inbox(inbox, state, clock, KNOWN)
    assert len(list((inbox / "taken").iterdir())) == 3


def test_a_run_killed_between_recording_and_moving_records_once(
    state: State, clock: SimulatedClock, inbox: Path
) -> None:
    """The file is still there on the next run; its decisions are known, even those that were withdrawn since."""
    path = written(inbox, one(), one("finding", "f1"))
    decide.take_file(path, state, clock, KNOWN)
    state.withdraw_decisions([state.decisions()[0].decision], clock.now())
    (taken,) = decide.take_inbox(inbox, state, clock, KNOWN)
    assert taken.accepted == 2
    assert len(state.decisions()) == 2
    assert [d.target for d in state.decisions_in_force(NIGHT)] == ["finding"]


def test_links_and_folders_in_the_inbox_lead_nowhere(
    state: State, clock: SimulatedClock, inbox: Path, tmp_path: Path
) -> None:
    secret = written(tmp_path, one(), name="outside.json")
    (inbox / "link.json").symlink_to(secret)
    os.mkfifo(inbox / "pipe.json")
    (inbox / "folder.json").mkdir()
    takens = decide.take_inbox(inbox, state, clock, KNOWN)
    assert [(taken.name, taken.accepted) for taken in takens] == [("link.json", 0), ("pipe.json", 0)]
    assert "not an ordinary file" in takens[1].refused[0]
    assert recorded(state) == []
    assert secret.exists()


def test_an_inbox_that_cannot_be_emptied_is_said(state: State, clock: SimulatedClock, inbox: Path) -> None:
    written(inbox, one())
    (inbox / "taken").write_text("a file where the folder should be")
    takens = decide.take_inbox(inbox, state, clock, KNOWN)
    assert ("taken", 0) in [(taken.name, taken.accepted) for taken in takens]
    (mine,) = [taken for taken in takens if taken.name == "mine.json"]
    assert mine.accepted == 1
    assert "taken, but cannot be moved to taken/" in mine.refused[0]


def test_an_inbox_that_is_no_folder_is_said(state: State, clock: SimulatedClock, tmp_path: Path) -> None:
    """It was silent: whoever dropped a file of that name waited in vain."""
    (tmp_path / "inbox").write_text("a decisions file, meant to go into the folder")
    (taken,) = decide.take_inbox(tmp_path / "inbox", state, clock, KNOWN)
    assert taken.accepted == 0
    assert (
        "no decision was taken: the inbox cannot be read: Not a directory; make it a folder again" in taken.refused[0]
    )


def test_no_inbox_is_no_decision(state: State, clock: SimulatedClock, tmp_path: Path) -> None:
    assert decide.take_inbox(tmp_path / "none", state, clock, KNOWN) == []


def test_the_command_line_records_one_and_may_say_it_again(state: State, clock: SimulatedClock) -> None:
    for _ in range(2):
        decide.record(
            state, clock, KNOWN, RUN, target="finding", id="f1", verdict="approve", by="kim", until="2026-12-01"
        )
    assert recorded(state) == [("finding", "f1", "approve")] * 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"id": "f9"}, "there is no such finding"),
        ({"verdict": "perhaps"}, "verdict: Input should be"),
        ({"by": ""}, "by: String should have at least 1 character"),
        ({"run": "2020-01-01-a"}, "there is no run 2020-01-01-a"),
        ({"wherefore": "x"}, "wherefore: Extra inputs"),
        ({"until": "tomorrow"}, "until: a date such as 2026-12-31"),
        ({"id": "f9"}, "copy its id from the report, whole or its first 8 characters"),
    ],
)
def test_the_command_line_is_told_why_not(state: State, clock: SimulatedClock, words: dict[str, str], why: str) -> None:
    """Exit 2, with a sentence."""
    good = {"run": RUN, "target": "finding", "id": "f1", "verdict": "approve", "by": "kim"}
    with pytest.raises(ConfigError, match=why) as caught:
        decide.record(state, clock, KNOWN, **{**good, **words})
    assert caught.value.exit_code == 2
    assert recorded(state) == []


def test_a_profile_whose_id_holds_blanks_can_be_named_and_is_split_where_both_are_known() -> None:
    """A tab stands between the two, so that nothing else can be meant; SQL cuts there too."""
    known = Known(("till", "shop"), (), lambda source: {"till": {"A 7", "A"}, "shop": {"1", "7 shop:1"}}[source])
    assert decide.meant(["till:A 7", "shop:1"], "pair", "same") == ["shop:1\ttill:A 7"]
    assert decide._readings("till:A 7 shop:1", known) == [("till:A 7", "shop:1")]
    assert decide._readings("shop:1\ttill:A 7", known) == [("shop:1", "till:A 7")]
    assert decide._readings("shop:1 \ttill:A 7", known) == []
    assert decide._readings("till:A shop:7 shop:1", known) == [("till:A", "shop:7 shop:1")]
    assert len(decide._readings("till:B shop:7 shop:1", known)) == 2, "neither way names two who are known"


def test_the_first_characters_of_an_id_are_enough_where_they_are_its_own(state: State) -> None:
    rows = [
        FindingRow(name, "drift", "phone", "p", name, (("till", "7"),), "high")
        for name in ("abcdef0123456789", "abcdef0199999999", "0123456789abcdef")
    ]
    state.update_findings(NIGHT, rows, judged_sources=set())
    assert decide.in_full(state, RUN, "finding", "01234567") == "0123456789abcdef"
    assert decide.in_full(state, RUN, "finding", "0123456") == "0123456", "too short to stand for one"
    assert decide.in_full(state, RUN, "pair", "shop:1 till:2") == "shop:1 till:2"
    with pytest.raises(ConfigError, match="several findings begin with abcdef01: abcdef0123456789, abcdef0199999999;"):
        decide.in_full(state, RUN, "finding", "abcdef01")
