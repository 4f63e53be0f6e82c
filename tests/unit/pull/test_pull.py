"""From pages to a certified snapshot, and what a kill, a full disk or an odd record leaves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import (
    VendorError,
)
from jobs import snapshot
from jobs.state import State
from jobs.vault import Vault
from tests.unit.pull.exported import SENTINEL, Fake, Group, KilledError, proof, rows_of


def test_g1_a_complete_export_becomes_a_certified_snapshot(group: Group) -> None:
    group.till.add("x", status="archived")
    pulled = group.night()
    assert (pulled.certified, pulled.problem) == (True, "")
    assert pulled.used == pulled.snapshot == group.state.last_certified("till")
    row = pulled.snapshot
    assert (row.snapshot_id, row.profiles, row.active) == ("till.2026-11-24-a", 101, 100)
    assert (row.contract, row.export_contract) == ({"account": "harbor", "region": "US"}, 1)
    assert row.taken_at == datetime(2026, 11, 24, 12, 15, tzinfo=UTC)
    assert len(rows_of(group, pulled)) == 101
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
    assert proof(second, "end_mark")[0] == "failed"
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
    assert sorted(row["id"] for row in rows_of(group, pulled)) == sorted(group.till.people)


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
        assert len(rows_of(group, first)) == 100
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
    assert proof(pulled, "canaries") == ("failed", "not in the export: 200")
    group.till.add("200")
    assert group.night().certified
