"""A source that cannot be read whole: exit 3, the others go on, nothing follows from absence, the last list stays (G1)."""

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.server import Request, Response
from reports.document import RunReport
from tests.night.stage import HALVES, Group, files_below, keys, read_csv, rollcall, serving, states

Break = Callable[[Group, pytest.MonkeyPatch], None]


def till(name: str, **how: Any) -> Break:
    """A fault on Heartland's list; its pages hold ten customers."""
    return lambda group, _: group.faults("till").fault(name, path_contains="/customers", times=None, **how)


def store(name: str, **how: Any) -> Break:
    """A fault on the list of the Treez store downtown."""
    return lambda group, _: group.faults("downtown").fault(name, path_contains="/lastUpdated/", times=None, **how)


def ecom(name: str, **how: Any) -> Break:
    return lambda group, _: group.faults("ecom").fault(name, times=None, **how)


def shop_file(name: str, **how: Any) -> Break:
    """A fault on the file of Shopify's bulk export."""
    return lambda group, _: group.faults("shop").files.fault(name, times=None, **how)


def shop(name: str, **how: Any) -> Break:
    return lambda group, _: group.faults("shop").fault(name, times=None, **how)


def answers(source: str, bend: Callable[[Request, Response], Response]) -> Break:
    """The vendor's own answers, each bent a little."""

    def play(group: Group, patch: pytest.MonkeyPatch) -> None:
        account = group.faults(source)
        handle = account.handle
        patch.setattr(account, "handle", lambda request: bend(request, handle(request)))

    return play


def same_page_again() -> Callable[[Request, Response], Response]:
    """The second page is the first one again, and so is every page after it."""
    first: list[Response] = []

    def bend(request: Request, response: Response) -> Response:
        if "/lastUpdated/" not in request.path and "$gt" not in request.arg("_filter"):
            return response
        first[:] = first or [response]
        return first[0]

    return bend


def lying_count(request: Request, response: Response) -> Response:
    """Seven more than there are, whatever is asked."""
    if isinstance(response.json, dict) and "total" in response.json:
        response.json["total"] += 7
    if isinstance(response.json, dict) and "total_count" in response.json.get("meta", {}):
        response.json["meta"]["total_count"] += 7
    return response


FAULTS: dict[str, dict[str, Break]] = {
    "stops on page 3 without an error, an empty list": {
        "till": till("stop_at_page", after=7),
        "ecom": ecom("empty_list"),
    },
    "an empty shop, a page repeated": {"shop": shop("empty_list"), "downtown": answers("downtown", same_page_again())},
    "an HTML page, 403 in the middle": {"shop": shop_file("html"), "downtown": store("forbidden", after=2)},
    "a truncated body, resets": {
        "shop": shop_file("truncate", content_length=False),
        "downtown": store("reset", after=1),
    },
    "a page repeated, a storm of 429 without end": {
        "till": answers("till", same_page_again()),
        "ecom": ecom("rate_storm", retry_after="absurd"),
    },
    "a count that lies, a store that stops early": {
        "till": answers("till", lying_count),
        "downtown": store("stop_at_page", after=3),
    },
    "403 in the middle, a count that lies": {"till": till("forbidden", after=6), "ecom": answers("ecom", lying_count)},
}


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """A certified night zero, the plot, a certified night one; then a clerk puts one thing right."""
    with serving(tmp_path_factory.mktemp("faults")) as group:
        assert group.night(after=0).exit_code == 0
        group.plot()
        assert group.night(write=False).exit_code == 0
        put_right(group)
        group.keep()
        yield group


@pytest.fixture
def before(group: Group) -> RunReport:
    """What night one found, with its workspace as it was then."""
    group.put_back()
    return last_report(group)


def put_right(group: Group) -> None:
    """In either half, what was found on one link is put right by hand: a whole list would show it as fixed."""
    drifts = [f for f in last_report(group).findings if f.kind == "drift" and f.field == "email"]
    for half, left in zip(HALVES, ("shop", "ecom"), strict=True):
        finding = next(f for f in drifts if {m.source for m in f.members} <= half)
        ids = {member.source: member.id for member in finding.members}
        right = next(source for source in ids if source != left)
        email = group.world.account(left).read(ids[left])["email"]
        group.world.account(right).edit(ids[right], {"email": email})


def last_report(group: Group) -> RunReport:
    return RunReport.model_validate_json(sorted((group.data / "reports").glob("*.json"))[-1].read_bytes())


def sealed(group: Group, folder: str = "data") -> dict[str, str]:
    """Every file of every snapshot, by its digest."""
    home = group.folder / folder / "snapshots"
    return {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files_below(home)}


def first_screen(page: Path) -> str:
    """The text of a page up to its tiles, as a person reads it."""
    html = page.read_text(encoding="utf-8")
    body = html[html.index("<body") : html.index('class="tiles"')]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


ALWAYS = {
    "stops on page 3 without an error, an empty list",
    "an HTML page, 403 in the middle",
    "403 in the middle, a count that lies",
}


@pytest.mark.parametrize(
    "fault", [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.deep) for name in FAULTS]
)
def test_a_source_that_cannot_be_read_whole(
    group: Group, before: RunReport, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """G1, I5: every promise that is made of an incomplete night, for one broken source in either half."""
    broken = FAULTS[fault]
    for play in broken.values():
        play(group, monkeypatch)
    try:
        result = group.night()
    finally:
        group.heal()
    report = result.report
    assert (result.exit_code, report.status) == (3, "incomplete")
    assert {line.source for line in report.sources if not line.certified} == set(broken)
    nothing_from_absence(group, before, report)
    nothing_rests_on_it(report, set(broken))
    assert group.writes() == []
    said_at_the_top(result.page, report, set(broken))
    kept = sealed(group, "kept")
    assert {name: digest for name, digest in sealed(group).items() if name in kept} == kept
    assert not {name.split("/")[0] for name in sealed(group).keys() - kept.keys()} & set(broken)


def nothing_from_absence(group: Group, before: RunReport, report: RunReport) -> None:
    """No finding is new, none is fixed: open stays open, and what tonight cannot show stays as it was."""
    assert keys(report) <= keys(before)
    assert set(states(report).values()) == {"open"}
    with group.open() as workspace:
        lives = workspace.state.findings()
    assert len(lives) == len(before.findings)
    assert {row.state for row in lives} <= {"new", "open"}


def nothing_rests_on_it(report: RunReport, broken: set[str]) -> None:
    """No correction of a pairing with a broken source can be written; the certificate is the reason."""
    pairs = [{"shop", "till"}, {"ecom", "downtown"}, {"ecom", "uptown"}]
    resting = [c for c in report.corrections if any(c.source in pair and pair & broken for pair in pairs)]
    assert {c.source for c in resting} & HALVES[0]
    for correction in resting:
        assert correction.state == "blocked", correction
        assert "no certificate tonight (G1)" in correction.blocked_by


def said_at_the_top(page: Path, report: RunReport, broken: set[str]) -> None:
    """Status, the source and the age of what is used of it, before any tile; and in the last line."""
    text = first_screen(page)
    assert "incomplete" in text
    for source in broken:
        assert re.search(rf"\b{source} : \S", text), text
        assert "Findings rest on its last complete export" in text
        line = next(line for line in report.sources if line.source == source)
        assert line.age_hours is not None
        assert line.age_hours >= 24
        assert line.problem
    assert (
        f"NO CERTIFICATE: {', '.join(line.source for line in report.sources if not line.certified)}." in report.headline
    )


def test_once_the_source_answers_again_the_night_catches_up(group: Group, before: RunReport) -> None:
    """The twin of the cases above: what was put right is fixed now, so their silence was not for want of a change."""
    report = group.night(write=False).report
    assert report.status == "complete"
    gone = keys(before) - keys(report)
    assert {key[:2] for key in gone} >= {("drift", "email")}
    assert len({key for key in gone if key[:2] == ("drift", "email")}) == 2
    assert next(count.value for count in report.counts if count.name == "fixed") == len(gone)


@pytest.mark.deep
def test_an_earlier_list_that_was_damaged_is_not_rested_on(group: Group) -> None:
    """G1: the source is down and its last snapshot is not what was sealed: the night goes on without it, and says so."""
    group.put_back()
    for path in (group.data / "snapshots" / "till").rglob("part-00000.parquet"):
        path.write_bytes(path.read_bytes()[:-8] + b"damaged!")
    group.faults("till").fault("forbidden", times=None)
    try:
        result = group.night()
    finally:
        group.heal()
    (line,) = [line for line in result.report.sources if line.source == "till"]
    assert result.exit_code == 3
    assert (line.used_snapshot, line.profiles) == (None, None)
    assert "is not what was sealed" in line.problem
    assert not [f for f in result.report.findings if any(m.source == "till" for m in f.members)]


def test_all_sources_down_on_the_very_first_night(group: Group) -> None:
    """Nothing is known, nothing is concluded, and that is what the page says."""
    fresh = group.folder / "fresh"
    fresh.mkdir()
    config = Path(shutil.copy(group.config, fresh))
    for name in group.world.accounts:
        group.faults(name).fault("server_error", times=None, status=503)
    try:
        said = rollcall("run", "--config", config)
    finally:
        group.heal()
    run_id = said.last.split()[1].rstrip(":")
    assert said.code == 3
    assert said.last == (
        f"plan {run_id}: 0 updates, 0 creates, 0 archives; 0 held for review; 0 accepted. "
        "NO CERTIFICATE: shop, till, ecom, downtown, uptown, midtown."
    )
    text = first_screen(fresh / "data" / "reports" / f"{run_id}.html")
    assert "6 of 6 sources have no certificate" in text
    assert text.count("There is no earlier complete export to fall back on") == 6
    out = fresh / "entities.csv"
    assert rollcall("export", "entities", "--config", config, "--out", out).code == 0
    assert read_csv(out) == []
