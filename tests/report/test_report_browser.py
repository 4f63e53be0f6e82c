"""The page in a real browser: it works alone, by keyboard, without scripts, on paper, and with 100,000 findings."""

import gc
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from reports import render, summary
from reports.document import Breaker, Fact, FindingLine, Member, RunReport, SourceLine

pytestmark = pytest.mark.browser
MakeReport = Callable[..., RunReport]
ROWS = "#findings .window tbody tr:not(.spacer)"


@dataclass
class Viewer:
    """A page and everything that it tried to do behind one's back."""

    page: Page
    folder: Path
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, report: RunReport, fragment: str = "") -> Page:
        """Write the report and look at it, once its lists are there."""
        path = self.folder / "report.html"
        render.write_html(report, path)
        self.page.goto(f"{path.as_uri()}{fragment}")
        self.page.wait_for_selector(f"{ROWS} td")
        return self.page


@pytest.fixture
def viewer(browser: Browser, tmp_path: Path) -> Iterator[Viewer]:
    """A fresh page; whatever a test does, nothing may be requested but the file, and nothing may go wrong unseen."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, offline=True)
    seen = Viewer(context.new_page(), tmp_path)
    seen.page.set_default_timeout(30_000)
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on("console", lambda message: seen.complaints.append(message.text))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    yield seen
    context.close()
    assert [url for url in seen.requests if not url.startswith(("file:", "data:,"))] == []
    assert seen.complaints == []


def shown(page: Page) -> str:
    return page.inner_text("#findings [data-count]")


def titles(page: Page) -> list[str]:
    return page.locator(f"{ROWS} .link").all_inner_texts()


def test_the_first_screen_says_whether_the_night_worked_and_what_is_dangerous(
    viewer: Viewer, make_report: MakeReport, uncertified: Callable[[SourceLine], SourceLine]
) -> None:
    """G1: in ten seconds, without scrolling: did it work, is anything dangerous, what is to be done."""
    sources = make_report().sources
    page = viewer.open(make_report(status="incomplete", sources=[uncertified(sources[0]), *sources[1:]]))
    for text in ("Incomplete", "no certificate of completeness", "26 h old", "Critical", "Held", "without shop"):
        expect(page.get_by_text(text).first).to_be_in_viewport()
    expect(page.locator("h1 .word")).to_have_css("color", "rgb(122, 77, 0)")


def test_filters_work_together_and_live_in_the_address(viewer: Viewer, make_report: MakeReport) -> None:
    report = make_report(findings=120)
    page = viewer.open(report)
    page.check('#findings [data-filter=severity][value="high"]')
    page.check('#findings [data-filter=severity][value="critical"]')
    page.select_option("#findings [data-filter=kind]", "drift")
    page.select_option("#findings [data-filter=source]", "uptown")
    page.fill("#findings [data-q]", "G13 email")
    wanted = [
        f for f in report.findings
        if f.severity in {"high", "critical"} and f.kind == "drift" and f.field == "email"
        and any(member.source == "uptown" for member in f.members)
    ]  # fmt: skip
    assert wanted
    assert shown(page) == f"{len(wanted)} of 120 shown"
    assert "#q=G13+email&severity=critical,high&kind=drift&source=uptown" in page.url
    page.reload()
    page.wait_for_selector(f"{ROWS} td")
    assert shown(page) == f"{len(wanted)} of 120 shown"
    page.click("#findings [data-clear]")
    assert shown(page) == "120 of 120 shown"
    assert "#" not in page.url


def test_nothing_that_matches_is_said_not_left_blank(viewer: Viewer, make_report: MakeReport) -> None:
    page = viewer.open(make_report())
    page.fill("#findings [data-q]", "nobody has this")
    assert shown(page) == "0 of 40 shown"
    expect(page.locator(ROWS)).to_have_text("Nothing to show.")


def test_a_tile_lists_what_it_counts(viewer: Viewer, make_report: MakeReport) -> None:
    report = make_report(findings=60)
    page = viewer.open(report)
    page.click('.tile a[data-show^="severity=critical"]')
    live = [f for f in report.findings if f.severity == "critical" and f.state not in summary.SETTLED]
    assert shown(page) == f"{len(live)} of 60 shown"
    page.click('.tile a[data-show="plan.state=held"]')
    held = [c for c in report.corrections if c.state == "held"]
    assert page.inner_text("#plan [data-count]").startswith(f"{len(held)} of ")
    assert "plan.state=held" in page.url


def test_columns_sort_both_ways_and_say_so(viewer: Viewer, make_report: MakeReport) -> None:
    report = make_report(findings=90)
    page = viewer.open(report)
    nights, severity = (page.locator(f"#findings th[data-sort={name}]") for name in ("nights", "severity"))
    nights.get_by_role("button").click()
    expect(nights).to_have_attribute("aria-sort", "ascending")
    nights.get_by_role("button").click()
    expect(nights).to_have_attribute("aria-sort", "descending")
    counted = [int(text) for text in page.locator(f"{ROWS} td.num").all_inner_texts()]
    assert counted == sorted((f.nights_open for f in report.findings), reverse=True)[: len(counted)]
    severity.get_by_role("button").click()
    expect(nights).to_have_attribute("aria-sort", "none")
    words = page.locator(f"{ROWS} td:first-child").all_inner_texts()
    order = [summary.SEVERITIES.index(text.split()[-1]) for text in words]
    assert order == sorted(order)
    assert order[0] == 0
    assert "sort=severity" in page.url


def test_everything_can_be_reached_from_the_keyboard(viewer: Viewer, make_report: MakeReport) -> None:
    page = viewer.open(make_report())
    page.keyboard.press("/")
    expect(page.locator("#findings [data-q]")).to_be_focused()
    page.keyboard.type("jk/")
    assert page.input_value("#findings [data-q]") == "jk/"
    page.keyboard.press("Escape")
    page.click("#findings [data-clear]")
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    current = page.locator(f"{ROWS}[aria-current=true]")
    second = titles(page)[1]
    expect(current.locator(".link")).to_have_text(second)
    expect(current.locator(".link")).to_be_focused()
    expect(page.locator("#panel")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("#panel-title")).to_have_text(second)
    expect(page.locator("#panel-title")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("#panel-title")).to_have_text(titles(page)[2])
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator(f"{ROWS}[aria-current=true] .link")).to_be_focused()
    assert "finding=" not in page.url


def test_a_finding_opens_with_its_profiles_side_by_side(viewer: Viewer, make_report: MakeReport) -> None:
    report = make_report(findings=60)
    finding = next(f for f in report.findings if f.kind == "drift" and f.field == "phone" and f.correction_ids)
    held = [c.model_copy(update={"state": "held"}) for c in report.corrections if c.finding_ids == [finding.finding_id]]
    page = viewer.open(report.model_copy(update={"corrections": held}), f"#finding={finding.finding_id}")
    panel = page.locator("#panel")
    first = panel.locator(".grid tbody tr").first
    assert first.locator("th").inner_text() == "phone"
    assert first.locator(".sign").inner_text().split() == ["≠", "differs"]
    odd = first.locator("td.odd")
    expect(odd).to_have_count(2)
    expect(odd.first).to_have_css("background-color", "rgb(255, 239, 201)")
    assert odd.first.inner_text().startswith("≠ *****")
    link = panel.locator(".grid thead a")
    expect(link).to_have_attribute("href", str(finding.members[1].admin_url))
    expect(link).to_have_attribute("rel", "noreferrer noopener")
    before, after = held[0].before[0].value, held[0].after[0].value
    assert panel.locator(".card tbody tr").inner_text().split("\t") == ["phone", before, "→", after]
    assert "can be undone\nfully" in panel.locator(".card").inner_text()
    assert f"rollcall decide approve finding {finding.finding_id} --why" in panel.inner_text()
    assert "G13\nThe side that differs from the value on which both last agreed" in panel.inner_text()
    assert "agreed on\n2026-11-20" in panel.inner_text()


def test_g14_the_command_for_a_merge_names_the_merge(viewer: Viewer, make_report: MakeReport) -> None:
    """A yes to the finding would not let it go."""
    report = make_report(findings=60)
    finding = next(f for f in report.findings if f.correction_ids)
    held = [
        c.model_copy(update={"state": "held", "action": "merge"})
        for c in report.corrections
        if c.finding_ids == [finding.finding_id]
    ]
    page = viewer.open(report.model_copy(update={"corrections": held}), f"#finding={finding.finding_id}")
    names = " ".join(c.correction_id for c in held)
    assert f"rollcall decide approve correction {names} --why" in page.locator("#panel").inner_text()


def test_a_decision_can_be_copied(viewer: Viewer, make_report: MakeReport) -> None:
    page = viewer.open(make_report())
    page.locator(f"{ROWS} .link").first.click()
    button = page.locator("#panel .command button").first
    command = page.locator("#panel .command code").first.inner_text()
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    button.click()
    expect(button).to_have_text("Copied")
    expect(page.locator("#say")).to_have_text("Copied")
    assert page.evaluate("window.copied") == command


def test_a_correction_leads_to_its_findings_and_back(viewer: Viewer, make_report: MakeReport) -> None:
    page = viewer.open(make_report())
    page.locator("#plan .window tbody .link").first.click()
    assert "correction=C-" in page.url
    finding = page.locator("#panel li .link").first
    title = finding.inner_text()
    finding.click()
    expect(page.locator("#panel-title")).to_have_text(title)


EVIL = [
    "</script><img src=x onerror=alert(1)>", "</template><script>alert(1)</script>", '=HYPERLINK("https://x.example.com")',
    "\u202ereversed", "\x1b[31mred", "{{7*7}}", "<a href='javascript:alert(1)'>x</a>",
]  # fmt: skip


def test_hostile_values_are_shown_and_stay_inert(viewer: Viewer, make_report: MakeReport) -> None:
    """Fault case 27: in a title, a value, an id, a tag or a link, they are text."""
    report = make_report(findings=len(EVIL))
    lines = [hostile(finding, evil) for finding, evil in zip(report.findings, EVIL, strict=True)]
    viewer.page.on("dialog", lambda dialog: viewer.complaints.append(f"dialog: {dialog.message}"))
    page = viewer.open(report.model_copy(update={"findings": lines, "headline": EVIL[0], "group": EVIL[1]}))
    for _ in EVIL:
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("#panel .grid")).to_be_visible()
        assert page.locator("#panel a, img, iframe").count() == 0
    expected = {line.title for line in lines} - {EVIL[3], EVIL[4]} | {"⟨U+202E⟩reversed", "␛[31mred"}
    assert set(titles(page)) == expected
    assert page.evaluate("document.scripts.length") == 1


def hostile(finding: FindingLine, evil: str) -> FindingLine:
    member = Member(source="till", id=evil, admin_url=f"javascript:{evil}")
    facts = [Fact(name=f"note@till:{evil}", value=evil), Fact(name=evil, value=evil)]
    words = {"title": evil, "proposal": evil, "store": evil, "todo": [evil], "rule_ids": [evil]}
    return finding.model_copy(update={**words, "members": [member], "evidence": facts})


def test_without_scripts_the_tables_are_there(browser: Browser, make_report: MakeReport, tmp_path: Path) -> None:
    render.write_html(make_report(findings=30), tmp_path / "report.html")
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    expect(page.locator("#findings .static tbody tr")).to_have_count(30)
    expect(page.get_by_role("table", name="All findings, most urgent first")).to_be_visible()
    expect(page.locator("#plan .static")).to_be_visible()
    expect(page.locator(".live").first).to_be_hidden()
    context.close()


def test_a_page_whose_list_is_damaged_falls_back_to_the_tables(
    browser: Browser, make_report: MakeReport, tmp_path: Path
) -> None:
    page_text = render.html(make_report(findings=30)).replace('<template id="packed">H4s', '<template id="packed">AAA')
    (tmp_path / "report.html").write_text(page_text, encoding="utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    expect(page.locator("#say")).to_contain_text("could not open the full list")
    expect(page.locator("#findings .static")).to_be_visible()
    context.close()


def test_on_paper_the_tables_are_printed_and_the_controls_are_not(viewer: Viewer, make_report: MakeReport) -> None:
    page = viewer.open(make_report(findings=30))
    expect(page.locator("#findings .static")).to_be_hidden()
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("#findings .static tbody tr").last).to_be_visible()
    expect(page.locator("#findings .live")).to_be_hidden()
    expect(page.locator("nav")).to_be_hidden()
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")


@pytest.mark.parametrize("count", [100_000 if "ROLLCALL_LONG" in os.environ else 25_000])
def test_many_findings_fit_and_are_usable(viewer: Viewer, make_report: MakeReport, count: int) -> None:
    """A hundred thousand with ROLLCALL_LONG=1. Budget: at most 6 MB, and a page of rows instead of a hundred thousand of them (which is what makes it quick)."""
    gc.disable()  # a million small objects that all stay: collecting among them takes most of the time
    try:
        findings = list(many(count))
    finally:
        gc.enable()
    page = viewer.open(make_report(findings=300).model_copy(update={"findings": findings}))
    assert (viewer.folder / "report.html").stat().st_size <= 60 * count + 500_000
    assert page.evaluate("document.querySelectorAll('*').length") < 10_000
    page.fill("#findings [data-q]", "till:55555")
    assert shown(page) == f"2 of {count:,} shown"
    page.click("#findings [data-clear]")
    page.locator("#findings .window").evaluate("window => { window.scrollTop = window.scrollHeight }")
    last = page.locator(f"{ROWS}[aria-rowindex='{count + 1}']")
    expect(last).to_be_visible()
    last.locator(".link").click()
    assert f"finding={summary.by_attention(findings)[-1].finding_id}" in page.url


def many(count: int) -> Iterator[FindingLine]:
    """Two findings of drift per link, with ids and values of their own and the texts of a check."""
    rng = random.Random(7)
    common = {
        "kind": "drift", "title": "The two sides of a link disagree", "pairing": "shop-till", "store": "Queen St",
        "rule_ids": ["G13", "M7", "T6", "C1"], "todo": ["Compare both values.", "Approve the correction."],
        "first_seen": "2026-11-20",
    }  # fmt: skip
    both = [{"name": "side", "value": "pos"}, {"name": "base", "value": "both agreed on 2026-11-20"}]
    for till in map(str, range(50_000, 50_000 + count // 2)):
        shop = str(7_000_000_000_000 + rng.randrange(10**10))
        url = f"https://shop.example.com/customers/{shop}"
        members = [{"source": "shop", "id": shop, "admin_url": url}, {"source": "till", "id": till}]
        for name in ("phone", "email"):
            owners = (f"shop:{shop}", f"till:{till}")
            own = [{"name": f"{name}@{owner}", "value": f"********{rng.randrange(1000):03}"} for owner in owners]
            life = {"state": rng.choice(summary.FINDING_STATES), "nights_open": rng.randrange(30)}
            yield FindingLine.model_validate(
                common | life | {
                    "finding_id": f"F-{rng.randrange(16**16):016x}", "field": name, "members": members,
                    "severity": rng.choice(summary.SEVERITIES), "evidence": own + both,
                    "proposal": f"set {name} on till:{till}",
                }
            )  # fmt: skip


def test_a_correction_s_line_says_why_it_does_not_go(viewer: Viewer, make_report: MakeReport) -> None:
    """Approved and blocked, or only blocked: in its line, before why it would be written."""
    report = make_report(findings=9)
    said = "approved by Kim, and still not written: writes are off for till"
    changes = [
        {"state": "blocked", "detail": said, "blocked_by": "till cannot be written", "why": "it changed"},
        {"state": "blocked", "detail": "", "blocked_by": "till:7 holds the value", "why": "it changed"},
    ]
    lines = [line.model_copy(update=change) for line, change in zip(report.corrections, changes, strict=False)]
    page = viewer.open(report.model_copy(update={"corrections": lines}))
    texts = page.locator("#plan .window tbody tr:not(.spacer) small").all_inner_texts()
    assert texts == [f"{said} · it changed", "blocked: till:7 holds the value · it changed"]


def test_reports_beside_each_other_lead_to_each_other(viewer: Viewer, make_report: MakeReport) -> None:
    """The demo's nights: each page says which it is, and a plain relative link leads to the other."""
    other = render.Beside("night two", "report-night-2.html")
    render.write_html(make_report(), viewer.folder / other.file, [render.Beside("night one", "report.html")])
    viewer.open(make_report())
    render.write_html(make_report(), viewer.folder / "report.html", [render.Beside("night one", ""), other])
    viewer.page.reload()
    expect(viewer.page.get_by_text("night one (this page)")).to_be_in_viewport()
    viewer.page.get_by_role("link", name="night two").click()
    expect(viewer.page.get_by_role("link", name="night one")).to_be_in_viewport()


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_its_window(
    viewer: Viewer, make_report: MakeReport, uncertified: Callable[[SourceLine], SourceLine], width: int
) -> None:
    """Long words break; tables scroll in themselves, also on a phone, and with the panel open."""
    report = make_report()
    told = uncertified(report.sources[1]).model_copy(update={"problem": "till: columns " + "Date_of_birth_" * 20})
    tripped = Breaker(name="updates", source="till", count=612, limit=500, tripped=True)
    page = viewer.open(
        report.model_copy(update={"sources": [report.sources[0], told], "breakers": [tripped], "warnings": ["x" * 400]})
    )
    page.set_viewport_size({"width": width, "height": 844})
    wide = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(wide)
    page.locator(f"{ROWS} .link").first.click()
    assert page.evaluate(wide)
    assert page.evaluate("document.querySelector('#panel').scrollWidth <= document.querySelector('#panel').clientWidth")
