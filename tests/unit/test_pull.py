"""The pull, end to end with a vendor of a few lines: what is certified, what is refused, and what is left on the disk."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from connectors.base import (
    Capabilities,
    Change,
    CheckLine,
    Connector,
    Evidence,
    Page,
    ProofName,
    Record,
    SourceSettings,
    VendorError,
)
from connectors.clock import SimulatedClock
from jobs import parts, pull, snapshot
from jobs.pull import Desk, Pulled, Site
from jobs.settings import Limits
from jobs.state import DecisionRow, State
from jobs.vault import Vault

SENTINEL = "Quillfeather"


class KilledError(BaseException):
    """The process ends here."""


class Fake(Connector):
    """A vendor with an account of `people` by id; lists the active ones, and all where it lists who is gone."""

    kind = "fake"
    FIELDS: ClassVar[pa.Schema] = pa.schema([("id", pa.string()), ("name", pa.string()), ("status", pa.string())])
    REQUIRED_PROOFS: ClassVar[frozenset[ProofName]] = frozenset(
        {"end_mark", "count_before", "count_after", "pages_contiguous", "no_repeats", "same_contract", "shrink"}
    )

    def __init__(self, clock: SimulatedClock, *, lists_gone: bool = True, **settings: Any) -> None:
        super().__init__("till", SourceSettings(kind="fake", role="pos", **settings), clock)
        self.people: dict[str, dict[str, Any]] = {}
        self.hidden: set[str] = set()
        self.lists_gone = lists_gone
        self.asked: list[str] = []
        self.trouble: Exception | None = None
        self.mute: Exception | None = None
        self.account = "harbor"
        self.again: list[dict[str, Any]] = []
        self.counts = True

    def add(self, *names: object, status: str = "active") -> None:
        for name in names:
            self.people[str(name)] = {"id": str(name), "name": SENTINEL, "status": status}

    @property
    def listed(self) -> list[dict[str, Any]]:
        gone = set() if self.lists_gone else {n for n, p in self.people.items() if p["status"] != "active"}
        return [person for name, person in self.people.items() if name not in gone | self.hidden]

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(lists_gone=self.lists_gone, resumable=True)

    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        rows = [*self.listed, *self.again]
        if self.counts:
            evidence.count_before = evidence.count_after = len(self.listed)
        evidence.contract, evidence.pages_contiguous, evidence.end_mark = {"account": self.account}, True, False
        for start in range(int(cursor or 0), len(rows), 10):
            yield Page(rows[start : start + 10], cursor=str(start + 10))
            if self.trouble:
                raise self.trouble
        evidence.end_mark = True

    def check(self) -> list[CheckLine]:
        return []

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        if self.mute:
            raise self.mute
        self.asked += ids
        return {name: self.people.get(name.lstrip("0")) for name in ids}

    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        return []

    def view(self, record: Record) -> dict[str, str | None]:
        return {"status": record["status"].lower()}

    def write(self, change: Change) -> str:
        raise VendorError(f"nothing is written here: {change.action}", permanent=True)


class Group:
    """A group with one source, pulled night after night."""

    def __init__(self, folder: Path, vault: Vault, clock: SimulatedClock) -> None:
        self.folder, self.vault, self.clock = folder, vault, clock
        self.state = State.open(f"sqlite:///{folder / 'state.db'}", vault)
        self.till = Fake(clock)
        self.limits = Limits()
        self.run_id = ""

    def land(self) -> pull.Landing:
        self.clock.advance(timedelta(days=1))
        today = self.clock.now().date()
        self.run_id = self.state.begin_run(today, trigger="manual", at=self.clock.now())
        return pull.land("till", self.till, Site(self.folder, self.vault, self.clock))

    def seal(self, landing: pull.Landing, *wanted: str) -> Pulled:
        desk = Desk(self.run_id, self.state, self.limits, ZoneInfo("America/Los_Angeles"), _count_active)
        return pull.seal(landing, wanted, desk)

    def night(self, *wanted: str) -> Pulled:
        return self.seal(self.land(), *wanted)

    def approve(self, certificate: str, verdict: str = "approve") -> None:
        row = DecisionRow(self.run_id, "certificate", certificate, verdict, "moved", "Ann", self.clock.now())
        self.state.record_decisions([row])

    @property
    def snapshots(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "snapshots").glob("till/*"))


def _count_active(connector: Connector, rows: pa.RecordBatchReader) -> int:
    return sum(connector.view(row)["status"] == "active" for row in rows.read_all().to_pylist())


@pytest.fixture
def group(tmp_path: Path, vault: Vault, clock: SimulatedClock) -> Iterator[Group]:
    made = Group(tmp_path, vault, clock)
    made.till.add(*range(1, 101))
    yield made
    made.state.close()


def _proof(pulled: Pulled, name: str) -> tuple[str, str]:
    return next((proof.outcome, proof.detail) for proof in pulled.proofs if proof.name == name)


def _rows(group: Group, pulled: Pulled) -> list[dict[str, Any]]:
    assert pulled.used is not None
    return list(snapshot.read(group.folder / pulled.used.path, group.vault).read_all().to_pylist())


def test_g1_a_complete_export_becomes_a_certified_snapshot(group: Group) -> None:
    group.till.add("x", status="archived")
    pulled = group.night()
    assert (pulled.certified, pulled.problem) == (True, "")
    assert pulled.used == pulled.snapshot == group.state.last_certified("till")
    row = pulled.snapshot
    assert (row.snapshot_id, row.profiles, row.active) == ("till.2026-11-24-a", 101, 100)
    assert (row.contract, row.export_contract) == ({"account": "harbor", "region": "US"}, 1)
    assert row.taken_at == datetime(2026, 11, 24, 12, 15, tzinfo=UTC)
    assert len(_rows(group, pulled)) == 101
    assert {proof["name"]: proof["outcome"] for proof in row.proofs}["end_mark"] == "passed"
    assert not (group.folder / "landing" / "till").exists(), "nothing is kept twice"


def test_nothing_personal_lies_in_clear_anywhere(group: Group) -> None:
    group.till.people["5"]["licence"] = SENTINEL
    group.till.people["6"][SENTINEL] = 1
    group.night()
    group.till.people["7"]["name"] = [SENTINEL]
    group.till.trouble = RuntimeError(SENTINEL)
    group.night()
    files = [path for path in group.folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    for path in files:
        assert SENTINEL.encode() not in path.read_bytes(), path


def test_g1_a_broken_off_export_leaves_the_last_certified_snapshot_in_use(group: Group) -> None:
    first = group.night()
    group.till.trouble = VendorError("till: answered 503 five times", permanent=False)
    second = group.night()
    assert not second.certified
    assert second.problem == "till: answered 503 five times"
    assert second.used == first.snapshot == group.state.last_certified("till")
    assert (second.snapshot.path, second.snapshot.certified) == ("", False)
    assert group.state.snapshots_of(second.snapshot.run_id) == [second.snapshot]
    assert _proof(second, "end_mark")[0] == "failed"
    assert group.snapshots == [first.snapshot.snapshot_id]
    assert group.till.asked == [], "nobody is asked for after a broken export"


def test_an_interrupted_pull_is_kept_for_the_next_one(group: Group) -> None:
    group.till.trouble = VendorError("gone for a while", permanent=False)
    group.night()
    assert (group.folder / "landing" / "till" / "progress").exists()
    group.till.trouble = None
    group.clock.advance(timedelta(hours=-23))
    pulled = group.night()
    assert pulled.certified
    assert pulled.stats["resumed"]
    assert sorted(row["id"] for row in _rows(group, pulled)) == sorted(group.till.people)


def test_a_kill_between_landing_and_sealing_loses_nothing(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    first = group.night()

    def die(*_: Any) -> None:
        raise KilledError

    landing = group.land()
    for place, name in ((snapshot, "write"), (State, "add_snapshot")):
        with monkeypatch.context() as patched:
            patched.setattr(place, name, die)
            with pytest.raises(KilledError):
                group.seal(landing)
        assert group.state.last_certified("till") == first.snapshot
        assert len(_rows(group, first)) == 100
        landing = group.land()
    again = group.seal(landing)
    assert again.certified
    assert group.state.last_certified("till") == again.snapshot


@pytest.mark.parametrize("where", ["landing", "sealing"])
def test_a_full_disk_leaves_the_last_snapshot_untouched(
    where: str, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    first = group.night()
    before = {path: path.read_bytes() for path in (group.folder / "snapshots").rglob("*.*") if path.is_file()}
    with monkeypatch.context() as patched:
        if where == "landing":
            patched.setattr(Vault, "write_parquet", full)
            landing = group.land()
        else:
            landing = group.land()
            patched.setattr(snapshot, "replace_private", full)
        second = group.seal(landing)
    assert not second.certified
    assert "No space left on device" in second.problem
    assert second.used == first.snapshot
    assert {path: path.read_bytes() for path in (group.folder / "snapshots").rglob("*.*") if path.is_file()} == before
    assert group.snapshots == [first.snapshot.snapshot_id]
    assert group.night().certified


def test_a_landing_that_was_tampered_with_is_refused(group: Group) -> None:
    landing = group.land()
    (group.folder / "landing" / "till" / "part-00000.parquet").write_bytes(b"PARE")
    pulled = group.seal(landing)
    assert not pulled.certified
    assert "damaged" in pulled.problem


def test_g1_repeats_and_records_without_id_cost_the_certificate(group: Group) -> None:
    group.till.again = [{"id": "5"}]
    assert "no_repeats: 1 profile was read more than once" in group.night().problem
    group.till.again = [{"name": SENTINEL}]
    pulled = group.night()
    assert "1 record came without an id" in pulled.problem
    assert (pulled.used, group.snapshots) == (None, [])


def test_quarantined_records_count_as_present(group: Group) -> None:
    group.night()
    group.till.people["7"]["name"] = [SENTINEL]
    pulled = group.night("7")
    assert pulled.certified
    assert group.till.asked == []
    assert (pulled.snapshot.profiles, pulled.stats["quarantined"]) == (100, 1)
    assert pulled.used is not None
    assert snapshot.quarantine(group.folder / pulled.used.path, group.vault)["id"].to_pylist() == ["7"]


def test_g1_canaries_must_be_there(group: Group) -> None:
    group.till = Fake(group.clock, canaries=("7", "200"))
    group.till.add(*range(1, 101))
    pulled = group.night()
    assert not pulled.certified
    assert _proof(pulled, "canaries") == ("failed", "not in the export: 200")
    group.till.add("200")
    assert group.night().certified


def test_g2_a_shrunk_export_waits_for_an_operator_and_his_word_holds_for_the_next_pull(group: Group) -> None:
    first = group.night()
    for name in range(1, 41):
        del group.till.people[str(name)]
    refused = group.night()
    assert not refused.certified
    assert "shrink: 60 profiles, 100 in the last certified export" in refused.problem
    assert not group.night().certified, "nobody said a word"
    group.approve(f"till/{refused.snapshot.run_id}")
    accepted = group.night()
    assert accepted.certified
    assert accepted.snapshot.stats["listed"] == 60
    assert first.snapshot.snapshot_id in group.snapshots
    for name in range(41, 70):
        del group.till.people[str(name)]
    assert not group.night().certified, "the word was for that time only: a new one is needed"


@pytest.mark.parametrize(
    ("target", "verdict", "passes"),
    [("{snapshot}", "approve", True), ("till/{run}", "reject", False), ("shop/{run}", "approve", False),
     ("till/2026-01-01-a", "approve", False)],
)  # fmt: skip
def test_g2_only_an_approval_of_that_certificate_counts(target: str, verdict: str, passes: bool, group: Group) -> None:
    group.night()
    for name in range(1, 41):
        del group.till.people[str(name)]
    refused = group.night().snapshot
    group.approve(target.format(snapshot=refused.snapshot_id, run=refused.run_id), verdict)
    assert group.night().certified == passes


@pytest.mark.parametrize("name", ["till/{run}", "till.{run}"])
def test_g2_an_export_that_nobody_has_seen_cannot_be_approved(name: str, group: Group) -> None:
    """A word on tonight's export, given before it was made, lets nothing through tonight."""
    group.night()
    for number in range(1, 41):
        del group.till.people[str(number)]
    landing = group.land()
    group.approve(name.format(run=group.run_id))
    assert not group.seal(landing).certified


def test_g2_a_word_holds_although_the_clock_is_set_back(group: Group) -> None:
    group.night()
    for name in range(1, 41):
        del group.till.people[str(name)]
    group.clock.advance(timedelta(days=-5))
    refused = group.night()
    assert not refused.certified
    group.approve(f"till/{refused.snapshot.run_id}")
    assert group.night().certified


def test_a_first_export_of_nobody_is_certified_once_it_was_approved(group: Group) -> None:
    group.till.people = {}
    group.till.counts = False
    group.till.REQUIRED_PROOFS = group.till.REQUIRED_PROOFS - {"count_before", "count_after"}
    refused = group.night()
    assert "the first export is empty" in refused.problem
    group.approve(f"till/{refused.snapshot.run_id}")
    assert group.night().certified


def test_g2_an_approval_covers_an_export_like_the_approved_one_only(group: Group) -> None:
    group.till.add(*range(101, 201))
    group.night()
    for name in range(1, 61):
        del group.till.people[str(name)]
    refused = group.night()
    group.approve(f"till/{refused.snapshot.run_id}")
    for name in range(61, 121):
        del group.till.people[str(name)]
    assert not group.night().certified


def test_g2_an_approval_does_not_cover_an_export_with_another_fault(group: Group) -> None:
    group.night()
    for name in range(1, 41):
        del group.till.people[str(name)]
    group.till.again = [{"id": "50"}]
    refused = group.night()
    group.approve(f"till/{refused.snapshot.run_id}")
    assert not group.night().certified
    group.till.again = []
    assert not group.night().certified, "what was approved was no export to compare with"


def test_g2_an_empty_export_is_never_certified(group: Group) -> None:
    first = group.night()
    people, group.till.people = group.till.people, {}
    refused = group.night()
    group.approve(f"till/{refused.snapshot.run_id}")
    pulled = group.night()
    assert not pulled.certified
    assert "never certified" in pulled.problem
    assert pulled.used == first.snapshot
    group.till.people = people
    assert group.night().certified


def test_g1_a_changed_contract_waits_for_an_operator(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    group.night()
    group.till.account = "another"
    refused = group.night()
    assert _proof(refused, "same_contract")[1].startswith("changed since the last certified export: account")
    group.approve(f"till/{refused.snapshot.run_id}")
    assert group.night().certified
    monkeypatch.setattr(Fake, "EXPORT_CONTRACT", 2)
    assert "the fields that rollcall reads" in group.night().problem


def test_g3_another_region_waits_for_an_operator(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would change what every number of the source means, and so make drift of all of them."""
    group.night()
    settings = group.till.settings
    monkeypatch.setattr(group.till, "settings", settings.model_copy(update={"region": "GB"}))
    refused = group.night()
    assert _proof(refused, "same_contract")[1].startswith("changed since the last certified export: region")
    group.approve(f"till/{refused.snapshot.run_id}")
    assert group.night().certified


def test_g2a_who_is_missing_is_asked_for_and_the_gone_are_gone(group: Group) -> None:
    group.night()
    del group.till.people["7"]
    pulled = group.night()
    assert pulled.certified
    assert group.till.asked == ["7"]
    assert _proof(pulled, "probe") == ("passed", "1 is not listed, 1 was asked for by id: none is alive")


def test_g2a_a_missing_profile_that_is_alive_costs_the_certificate(group: Group) -> None:
    first = group.night()
    group.till.hidden = {"7"}
    pulled = group.night()
    assert not pulled.certified
    assert "1 is alive by id (G2a) of 1 that is not listed, such as 7" in pulled.problem
    assert pulled.used == first.snapshot


def test_t3_archived_profiles_that_are_not_listed_are_taken_in_night_after_night(group: Group) -> None:
    group.till.lists_gone = False
    group.night()
    group.till.add("7", status="archived")
    group.till.add("old", status="merged")
    for _ in range(2):
        group.till.asked.clear()
        pulled = group.night("old", "8")
        assert pulled.certified
        assert group.till.asked == ["7", "old"]
        found = {row["id"]: row["status"] for row in _rows(group, pulled)}
        assert (found["7"], found["old"], found["8"]) == ("archived", "merged", "active")
        assert (pulled.snapshot.profiles, pulled.stats["listed"], pulled.stats["extras"]) == (101, 99, 2)
        assert pulled.snapshot.active == 99


def test_t3_taken_back_by_the_vendor_but_still_unlisted_is_alive(group: Group) -> None:
    group.till.lists_gone = False
    group.till.add("old", status="archived")
    assert group.night("old").certified
    group.till.add("old")
    group.till.hidden = {"old"}
    assert not group.night().certified


def test_t2_a_linked_profile_never_seen_that_is_alive_costs_the_certificate_where_the_gone_are_unlisted(
    group: Group,
) -> None:
    group.till.add("new")
    group.till.hidden = {"new"}
    group.till.lists_gone = False
    assert _proof(group.night("new"), "probe")[0] == "failed"


def test_a_linked_profile_made_since_the_list_is_taken_in_where_everything_is_listed(group: Group) -> None:
    group.till.add("new")
    group.till.hidden = {"new"}
    pulled = group.night("new", "never")
    assert pulled.certified
    assert "new" in {row["id"] for row in _rows(group, pulled)}


def test_a_profile_goes_by_the_id_that_it_answers_with(group: Group) -> None:
    group.till.lists_gone = False
    pulled = group.night("007", "")
    assert pulled.certified
    assert group.till.asked == ["007"]
    assert len(_rows(group, pulled)) == 100


def test_g2a_above_the_cap_a_sample_is_asked_for_always_the_same(group: Group) -> None:
    group.limits = Limits(probe=5, shrink_profiles=1000)
    group.night()
    for name in range(1, 31):
        del group.till.people[str(name)]
    landing = group.land()
    group.seal(landing)
    first = list(group.till.asked)
    assert len(first) == 5
    assert set(first) <= {str(n) for n in range(1, 31)}
    group.till.asked.clear()
    group.state.withdraw_certificate(f"till.{group.run_id}", "for the test")
    group.night()
    assert group.till.asked == first


def test_t2_of_who_is_linked_everyone_is_asked_for_where_the_gone_are_unlisted(group: Group) -> None:
    group.limits = Limits(probe=5, shrink_profiles=1000)
    group.till.lists_gone = False
    group.night()
    for name in range(1, 31):
        del group.till.people[str(name)]
    linked = {str(name) for name in range(1, 21)}
    assert group.night(*linked).certified
    assert linked < set(group.till.asked)
    assert len(group.till.asked) == 25


def test_a_refused_export_is_not_asked_about_without_end(group: Group) -> None:
    group.limits = Limits(probe=5)
    group.till.lists_gone = False
    group.night()
    group.till.people = {}
    assert not group.night(*(str(n) for n in range(1, 101))).certified
    assert len(group.till.asked) == 5


@pytest.mark.parametrize("error", [VendorError("answered 503", permanent=False), KeyError(SENTINEL)])
def test_g2a_who_cannot_be_asked_for_is_not_called_gone(error: Exception, group: Group) -> None:
    group.night()
    del group.till.people["7"]
    group.till.mute = error
    pulled = group.night()
    assert not pulled.certified
    assert "could not be asked for" in pulled.problem
    assert SENTINEL not in pulled.problem


def test_a_damaged_last_snapshot_is_never_used_and_can_be_left_behind(group: Group) -> None:
    first = group.night()
    (group.folder / first.snapshot.path / "seal.json").unlink()
    refused = group.night()
    assert not refused.certified
    assert refused.used is None, "findings cannot rest on it either"
    assert "the last certified list cannot be read" in refused.problem
    group.approve(f"till/{refused.snapshot.run_id}")
    assert group.night().certified


def test_two_pulls_of_one_run_replace_nothing(group: Group) -> None:
    first = group.night()
    site = Site(group.folder, group.vault, group.clock)
    group.clock.advance(timedelta(minutes=1))
    second = group.seal(pull.land("till", group.till, site))
    assert second.snapshot.snapshot_id == f"{first.snapshot.snapshot_id}.2"
    assert group.state.last_certified("till") == second.snapshot
    assert len(group.snapshots) == 2


def test_g1a_a_file_is_as_old_as_its_export(group: Group) -> None:
    group.till = Fake(group.clock, exported_at="2026-11-23T23:00", expected=100)
    group.till.add(*range(1, 101))
    pulled = group.night()
    assert pulled.certified
    assert pulled.snapshot.taken_at == datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


def test_g1_changes_during_the_pull_are_allowed_for_by_the_time_they_were_made(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "CREATED", ("name",))
    start = group.clock.now() + timedelta(days=1)
    group.till.people["7"]["name"] = start.isoformat()
    group.till.again = [{"id": "new", "name": start.isoformat(), "status": "active"}]
    assert group.night().certified
    group.till.again = [{"id": "new", "name": "2020-01-01T00:00:00Z", "status": "active"}]
    assert "count_before: 101 read, 100 counted" in group.night().problem


def test_g2_an_approval_is_used_up_by_the_certificate_that_it_gave(group: Group) -> None:
    group.night()
    everyone = dict(group.till.people)
    for name in range(1, 41):
        del group.till.people[str(name)]
    group.approve(f"till/{group.night().snapshot.run_id}")
    assert group.night().certified
    group.till.people = everyone
    assert group.night().certified
    group.till.people = {name: everyone[name] for name in list(everyone)[40:]}
    assert not group.night().certified, "half a list a year later is not what was approved"


@pytest.mark.parametrize(("until", "certified"), [(date(2026, 11, 25), True), (date(2026, 11, 24), False)])
def test_the_date_of_a_decision_is_that_of_the_group(until: date, certified: bool, group: Group) -> None:
    group.clock.advance(timedelta(hours=-9))  # 03:15 UTC, the evening before in Los Angeles
    group.night()
    for name in range(1, 41):
        del group.till.people[str(name)]
    certificate = f"till/{group.night().snapshot.run_id}"
    row = DecisionRow(
        group.run_id, "certificate", certificate, "approve", "moved", "Ann", group.clock.now(), until=until
    )
    group.state.record_decisions([row])
    assert group.clock.now().date() == date(2026, 11, 25)
    assert group.night().certified == certified
