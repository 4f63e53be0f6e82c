"""Nights over every vendor's own export file: read in its words, corrected by hand-over, proven by the next export."""

import stat
from dataclasses import dataclass
from typing import Any

import pytest

from jobs.night import Result
from tests.night.counter import Counter
from tests.night.exports import EXPORTS, PEOPLE, SENTINEL, bring_in, read
from tests.night.stage import files_below

OTHER = ("id", "first_name", "last_name", "phone", "email", "email_consent")


@dataclass(slots=True)
class Story:
    """Three nights with one vendor's file, and what was seen on the way."""

    counter: Counter
    first: Result
    second: Result
    views: dict[str, dict[str, str | None]]
    before: list[dict[str, str]]
    applied: Result
    states: dict[str, str]
    imported: list[dict[str, str]]
    work: list[tuple[Any, ...]]
    files: dict[str, int]
    third: Result


ALWAYS = ("shopify", "treez")


@pytest.fixture(
    scope="module",
    params=[*ALWAYS, *(pytest.param(kind, marks=pytest.mark.deep) for kind in sorted({*EXPORTS} - {*ALWAYS}))],
)
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """All agree; then a phone, an email and a consent change on the other side; a person approves and brings it in."""
    export = EXPORTS[request.param]
    counter = Counter(tmp_path_factory.mktemp(export.kind), export)
    with counter.open() as workspace:
        mine = workspace.connectors["mine"]
        views = {name: mine.view(row or {}) for name, row in mine.fetch(["0007", "11"]).items()}
    if export.yes_means == "unknown":
        counter.configure(words={"email_consent": {export.yes.lower(): "in", export.no.lower(): "out"}})
    first, before = counter.night(), read(counter.file)
    counter.change_other("Ada", phone="42")
    counter.change_other("Cal", email="cal.new@example.com")
    counter.opt_out_other("Bea")
    second = counter.night(write=False)
    counter.approve(second, source="mine")
    applied, states = counter.apply(second.run_id), counter.states(second.run_id)
    work, files = counter.work_list()[1:], {p.suffix: p.stat().st_mode for p in counter.handed_over()}
    untouched = read(counter.file)
    assert untouched == before, "the operator's own file is only read"
    imported = bring_in(counter.file, counter.import_file(), export.places["id"])
    if "email" in export.by_hand:
        counter.type_in("10", export.places["email"], "cal.new@example.com")
    third = counter.night()
    return Story(counter, first, second, views, before, applied, states, imported, work, files, third)


def found(result: Result, kind: str) -> list[tuple[str, frozenset[str]]]:
    lines = [f for f in result.report.findings if f.kind == kind]
    return sorted((f.field, frozenset(m.id for m in f.members)) for f in lines)


# every vendor: read, judged, corrected, proven -----------------------------------------------------------------------


def test_g1_a_first_night_reads_the_vendors_own_headings(story: Story) -> None:
    """Certified without a column mapped by hand; the duplicate is found, nobody drifts, and nothing is handed over."""
    assert [(s.source, s.certified, s.profiles) for s in story.first.report.sources] == [
        ("mine", True, len(PEOPLE)), ("other", True, len(PEOPLE) - 1)
    ]  # fmt: skip
    assert found(story.first, "duplicate_phone") == [("phone", frozenset({"8", "9"}))]
    assert (found(story.first, "drift"), story.first.exit_code) == ([], 0)


def test_g9_consent_is_read_in_the_vendors_own_polarity(story: Story) -> None:
    """What is also the creation default, or of unproven polarity, is unknown, whichever answer it is."""
    export = story.counter.export
    assert story.views["0007"]["email_consent"] == export.yes_means
    assert story.views["11"]["email_consent"] == export.no_means


def test_g11_what_is_not_read_never_reaches_the_disk(story: Story) -> None:
    """A licence number stands in the operator's file; of its column the name is kept, where nobody knows it."""
    assert not any(SENTINEL in cells for cells in map(str, story.imported))
    data = story.counter.folder / "data"
    assert [path for path in files_below(data) if SENTINEL.encode() in path.read_bytes()] == []
    unknown = [heading for heading in story.counter.export.cells if heading.casefold() == "licence"]
    assert [field for field, _ in found(story.first, "schema_drift")] == unknown


def test_drift_is_found_and_what_is_approved_is_handed_over(story: Story) -> None:
    """Handed over is intended and never verified; the exit code is that of work that went as it should."""
    assert found(story.second, "drift") == [
        ("email", frozenset({"10", "s10"})), ("phone", frozenset({"0007", "s0007"}))
    ]  # fmt: skip
    assert story.applied.exit_code == 0
    assert set(story.states.values()) == {"intended"}
    assert any("handed over to a person" in text for text in story.applied.report.warnings)


def test_the_import_file_is_the_operators_own_with_what_changes(story: Story) -> None:
    """Other cells stay as they are, also what looks like a formula; identity documents stay out of it (G11)."""
    export = story.counter.export
    shown = [{k: v for k, v in row.items() if v != SENTINEL} for row in story.before]
    places = {row[export.places["id"]]: row for row in shown}
    phone, email = export.places["phone"], export.places["email"]
    ada = {**places["0007"], phone: export.phone_written.format("0142")}
    assert story.imported[0] == ada
    bea = {"8", "9"}  # one customer on two profiles: her opt-out reaches both, linked or not (G9)
    opted_out = [{**row, export.consent: export.no} for key, row in places.items() if key in bea]
    cal = [] if "email" in export.by_hand else [{**places["10"], email: "cal.new@example.com"}]
    assert sorted(story.imported[1:], key=str) == sorted([*opted_out, *cal], key=str)


def test_the_work_list_says_who_what_and_how_and_is_private(story: Story) -> None:
    """A new email in an import that finds people by email would make a second customer: that one is for hands."""
    (line,) = [line for line in story.work if line[1] == "10"]
    how = "by hand" if "email" in story.counter.export.by_hand else "import"
    assert line[4:8] == ("email", "cal@example.com", "cal.new@example.com", how)
    assert {suffix: stat.S_IMODE(mode) for suffix, mode in story.files.items()} == {".csv": 0o600, ".xlsx": 0o600}


def test_the_next_export_proves_it_and_nothing_is_left(story: Story) -> None:
    counter, states = story.counter, story.counter.states(story.second.run_id)
    assert set(states.values()) == {"verified"}
    assert any(f"the new export shows {len(states)} of {len(states)}" in text for text in story.third.report.warnings)
    assert (found(story.third, "drift"), found(story.third, "consent_conflict")) == ([], [])
    assert (story.third.report.corrections, counter.handed_over()) == ([], [])
    with counter.open() as workspace:
        assert workspace.journal.plan_states()[story.second.run_id] == "applied"
        assert workspace.state.decisions_in_force(workspace.today()) == [], "a yes is for one time"
