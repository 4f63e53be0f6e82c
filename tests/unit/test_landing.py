"""Landing: whatever a vendor, the disk or the operator does, what came in is sealed, counted and can be gone on with."""

import stat
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal

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
from jobs import parts
from jobs.landing import Landing, Site, land, land_all
from jobs.parts import Folder
from jobs.vault import Vault

START = datetime(2026, 11, 23, 12, 15, tzinfo=UTC)
SENTINEL = "Quillfeather"


class KilledError(BaseException):
    """The process ends here: nothing after it runs but what an interpreter cannot avoid."""


class Fake(Connector):
    """A vendor that lists `people` in pages of two, by key walk, and can be told to fail before a page."""

    kind = "fake"
    FIELDS: ClassVar[pa.Schema] = pa.schema([("id", pa.string()), ("name", pa.string()), ("created_at", pa.string())])
    DROPPED = frozenset({"licence"})
    REQUIRED_PROOFS: ClassVar[frozenset[ProofName]] = frozenset({"end_mark"})

    def __init__(
        self, clock: SimulatedClock, people: Sequence[Any], *, resumable: bool = True, **settings: Any
    ) -> None:
        super().__init__("till", SourceSettings(kind="fake", role="pos", **settings), clock)
        self.people, self.resumable = people, resumable
        self.trouble: dict[int, BaseException] = {}
        self.counted = len(people)
        self.account = "harbor"
        self.read_from: list[int] = []

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(resumable=self.resumable)

    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        evidence.count_before, evidence.contract = self.counted, {"account": self.account}
        evidence.notes.append(f"from {cursor}")
        evidence.pages_contiguous, evidence.end_mark = True, False
        for start in range(int(cursor or 0), len(self.people), 2):
            if start in self.trouble:
                raise self.trouble[start]
            self.read_from.append(start)
            yield Page(self.people[start : start + 2], cursor=str(start + 2) if self.resumable else None)
        evidence.end_mark, evidence.count_after = True, self.counted

    def check(self) -> list[CheckLine]:
        return []

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        return dict.fromkeys(ids)

    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        return []

    def view(self, record: Record) -> dict[str, str | None]:
        return {"status": "active"}

    def write(self, change: Change) -> str:
        raise VendorError(f"nothing is written here: {change.action}", permanent=True)


def _people(count: int) -> list[dict[str, Any]]:
    return [
        {"id": str(n), "name": SENTINEL, "licence": SENTINEL, "created_at": "2020-01-01T00:00:00Z"}
        for n in range(count)
    ]


@pytest.fixture
def site(tmp_path: Path, vault: Vault, clock: SimulatedClock) -> Site:
    return Site(tmp_path, vault, clock)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "CHUNK_ROWS", 4)


def _ids(landed: Landing) -> list[str]:
    return [str(value) for value in landed.rows().read_all()["id"].to_pylist()]


def _files(site: Site) -> list[str]:
    return sorted(path.name for path in (site.workspace / "landing" / "till").glob("*"))


def test_every_page_lands_sealed_and_in_parts_by_rows(site: Site, clock: SimulatedClock) -> None:
    landed = land("till", Fake(clock, _people(9)), site)
    assert landed.problem == ""
    assert _ids(landed) == [str(n) for n in range(9)]
    assert landed.listed == 9
    assert (landed.evidence.end_mark, landed.evidence.count_before, landed.evidence.count_after) == (True, 9, 9)
    assert _files(site) == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet", "progress"]
    folder = site.workspace / "landing" / "till"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert SENTINEL.encode() not in path.read_bytes(), "no value lies in clear on the disk"
        assert b"created_at" not in path.read_bytes()


def test_g11_what_is_not_in_fields_never_lands(site: Site, clock: SimulatedClock) -> None:
    landed = land("till", Fake(clock, [*_people(1), {"id": "x", "name": 5, "medical": SENTINEL}]), site)
    assert landed.rows().schema.names == Fake.FIELDS.names
    assert landed.folder.unknown().to_pylist() == [
        {"name": "medical", "type": "text", "seen": 1},
        {"name": "name", "type": "number for text", "seen": 1},
    ]


def test_misfits_count_as_present(site: Site, clock: SimulatedClock) -> None:
    people = [
        {"id": "a"},
        {"id": "b", "name": []},
        {"name": SENTINEL},
        {"id": "c", "name": {}},
        {"id": "d"},
        {"id": "e"},
    ]
    landed = land("till", Fake(clock, people), site)
    assert landed.folder.quarantine().to_pylist() == [
        {"id": "b", "reason": "name: list instead of text"},
        {"id": "c", "reason": "name: object instead of text"},
    ]
    assert sorted(landed.folder.ids()) == ["a", "b", "c", "d", "e"]
    assert (landed.listed, landed.folder.progress.unreadable) == (6, 1)


def test_an_empty_export_lands_empty(site: Site, clock: SimulatedClock) -> None:
    landed = land("till", Fake(clock, []), site)
    assert (landed.problem, _ids(landed), list(landed.folder.ids())) == ("", [], [])
    assert landed.folder.unknown().num_rows == 0


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (VendorError("till: answered 503 five times", permanent=False), "till: answered 503 five times"),
        (OSError(28, "No space left on device"), "till: the disk or the network refused: No space left on device"),
        (KeyError(SENTINEL), "answered in a form that is not understood (KeyError in test_landing.py, line "),
        (AssertionError(SENTINEL), "stopped by a fault of rollcall itself (AssertionError in test_landing.py, line "),
    ],
)
def test_trouble_becomes_a_sentence_without_values(
    error: Exception, said: str, site: Site, clock: SimulatedClock
) -> None:
    vendor = Fake(clock, _people(9))
    vendor.trouble[6] = error
    landed = land("till", vendor, site)
    assert said in landed.problem
    assert SENTINEL not in landed.problem
    assert landed.evidence.end_mark is False
    assert _ids(landed) == [str(n) for n in range(6)], "what came in whole is kept"


def test_a_pull_goes_on_where_it_was_interrupted(site: Site, clock: SimulatedClock) -> None:
    vendor = Fake(clock, _people(9))
    vendor.trouble[6] = VendorError("gone for a while", permanent=False)
    land("till", vendor, site)
    vendor.trouble.clear()
    vendor.counted, vendor.read_from = 10, []
    clock.advance(timedelta(hours=5))
    landed = land("till", vendor, site)
    assert vendor.read_from == [6, 8]
    assert _ids(landed) == [str(n) for n in range(9)]
    assert (landed.resumed, landed.problem, landed.contract_changed) == (True, "", False)
    assert (landed.evidence.count_before, landed.evidence.count_after) == (9, 10), (
        "G1: the first count is the one before"
    )
    assert landed.evidence.notes == ["from None", "from 6"]
    assert landed.started_at == START, "as old as its oldest page"


def test_a_killed_pull_goes_on_from_the_last_part(
    site: Site, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = Fake(clock, [*_people(9), {"id": "x", "name": []}, {"id": "9"}])
    vendor.trouble[10] = KilledError()
    monkeypatch.setattr(Folder, "keep", _only(2, Folder.keep))
    with pytest.raises(KilledError):
        land("till", vendor, site)
    monkeypatch.undo()
    monkeypatch.setattr(parts, "CHUNK_ROWS", 4)
    vendor.trouble.clear()
    vendor.read_from = []
    landed = land("till", vendor, site)
    assert vendor.read_from == [8, 10], "two parts of four rows were kept"
    assert _ids(landed) == [str(n) for n in range(10)]
    assert landed.folder.quarantine()["id"].to_pylist() == ["x"]
    assert landed.listed == 11
    assert landed.folder.unknown().to_pylist() == []


def _only(times: int, keep: Any) -> Any:
    """`keep`, until the process is dead."""
    calls = iter(range(times))

    def limited(*arguments: Any) -> None:
        if next(calls, None) is not None:
            keep(*arguments)

    return limited


@pytest.mark.parametrize("where", ["write_parquet", "replace_private"])
def test_a_kill_in_the_middle_of_keeping_loses_that_part_only(
    where: str, site: Site, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = Fake(clock, _people(9))
    calls = iter(range(1))

    def die(*_: Any) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        place: Any = Vault if where == "write_parquet" else parts
        real = getattr(place, where)
        patched.setattr(place, where, lambda *a: die() if next(calls, None) is None else real(*a))
        with pytest.raises(KilledError):
            land("till", vendor, site)
    vendor.read_from = []
    landed = land("till", vendor, site)
    assert vendor.read_from[0] == 4
    assert _ids(landed) == [str(n) for n in range(9)]


@pytest.mark.parametrize(
    "why", ["too old", "other contract", "other settings", "not resumable", "other key", "part gone"]
)
def test_what_cannot_be_gone_on_with_is_begun_again(
    why: str, site: Site, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = Fake(clock, _people(9))
    vendor.trouble[6] = VendorError("gone for a while", permanent=False)
    land("till", vendor, site)
    again = Fake(clock, _people(9))
    if why == "too old":
        clock.advance(timedelta(hours=6))
    elif why == "other contract":
        monkeypatch.setattr(Fake, "EXPORT_CONTRACT", 2)
    elif why == "other settings":
        again = Fake(clock, _people(9), region="CA")
    elif why == "not resumable":
        again.resumable = False
    elif why == "other key":
        site = Site(site.workspace, Vault(b"o" * 32), clock)
    else:
        (site.workspace / "landing" / "till" / "part-00000.parquet").unlink()
    landed = land("till", again, site)
    assert again.read_from == [0, 2, 4, 6, 8]
    assert (landed.resumed, _ids(landed)) == (False, [str(n) for n in range(9)])


def test_a_cursor_that_leads_nowhere_is_given_up(site: Site, clock: SimulatedClock) -> None:
    vendor = Fake(clock, _people(9))
    vendor.trouble[6] = VendorError("gone for a while", permanent=False)
    land("till", vendor, site)
    assert land("till", vendor, site).problem == "gone for a while"
    vendor.trouble.clear()
    vendor.read_from = []
    assert land("till", vendor, site).problem == ""
    assert vendor.read_from[0] == 0


def test_what_is_read_may_not_change_between_two_goes(site: Site, clock: SimulatedClock) -> None:
    vendor = Fake(clock, _people(9))
    vendor.trouble[6] = VendorError("gone for a while", permanent=False)
    land("till", vendor, site)
    vendor.trouble.clear()
    vendor.account = "another"
    assert land("till", vendor, site).contract_changed


def test_profiles_made_meanwhile_are_counted(site: Site, clock: SimulatedClock) -> None:
    made = [
        "2026-11-23T12:16:00Z",
        "2026-11-23T07:16:00-05:00",
        "2026-11-23T12:14:59+00:00",
        "2026-11-23",
        "soon",
        None,
    ]
    people = [{"id": str(n), "created_at": text} for n, text in enumerate(made)]
    landed = land("till", Fake(clock, people), site)
    assert landed.folder.created_between(START, START + timedelta(minutes=5)) == 2


def test_the_watcher_hears_of_every_page(site: Site, clock: SimulatedClock) -> None:
    heard: list[tuple[str, int, int | None]] = []
    land("till", Fake(clock, _people(5)), site, lambda *page: heard.append(page))
    assert heard == [("till", 2, 5), ("till", 4, 5), ("till", 5, 5)]


def test_all_sources_land_side_by_side(site: Site, clock: SimulatedClock) -> None:
    meet = threading.Barrier(2, timeout=20)

    class Meeting(Fake):
        def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
            meet.wait()
            yield from super().pages(evidence, cursor)

    broken = Meeting(clock, _people(3))
    broken.trouble[0] = VendorError("refused", permanent=True)
    landings = land_all({"b": Meeting(clock, _people(3)), "a": broken}, site)
    assert list(landings) == ["b", "a"]
    assert (_ids(landings["b"]), landings["a"].problem) == (["0", "1", "2"], "refused")


def test_an_interrupt_ends_the_pull_and_keeps_what_came_in(
    site: Site, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    class Slow(Fake):
        def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
            for page in super().pages(evidence, cursor):
                if page.cursor == "6":
                    reached.set()
                    assert go_on.wait(20)
                yield page

    class Interrupted(threading.Thread):
        """Ctrl-C reaches whoever waits for the thread."""

        def join(self, timeout: float | None = None) -> None:
            if timeout is None:
                assert reached.wait(20)
                raise KeyboardInterrupt
            go_on.set()
            super().join(20)

    monkeypatch.setattr(threading, "Thread", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        land_all({"till": Slow(clock, _people(9))}, site)
    vendor = Fake(clock, _people(9))
    assert _ids(land("till", vendor, site)) == [str(n) for n in range(9)]
    assert vendor.read_from == [6, 8], "the page under way was the last, and it is kept"


def test_a_full_disk_is_a_problem_of_the_source(
    site: Site, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Vault, "write_parquet", full)
    assert "No space left on device" in land("till", Fake(clock, _people(9)), site).problem


def test_landings_that_nobody_can_go_on_with_are_purged(site: Site, clock: SimulatedClock) -> None:
    land("old", Fake(clock, _people(3)), site)
    clock.advance(timedelta(hours=5))
    land("fresh", Fake(clock, _people(3)), site)
    (site.workspace / "landing" / "broken").mkdir()
    clock.advance(timedelta(hours=1))
    removed = parts.purge(site.workspace, site.vault, clock.now())
    assert [path.name for path in removed] == ["broken", "old"]
    assert [path.name for path in (site.workspace / "landing").iterdir()] == ["fresh"]
    assert parts.purge(site.workspace / "nowhere", site.vault, clock.now()) == []
