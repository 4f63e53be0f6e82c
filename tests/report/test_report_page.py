"""The page as text: what stands on its first screen, and that nothing in it can run (G1; research 2.2)."""

import base64
import hashlib
import re
import stat
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from reports import payload, render, summary
from reports.document import Breaker, Counts, Proof, RunReport, SourceLine

MakeReport = Callable[..., RunReport]
Uncertified = Callable[[SourceLine], SourceLine]


class Elements(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def text_of(page: str) -> str:
    """What a reader sees, without scripts, style and the packed lists."""
    visible = re.sub(r"<(script|style|template)\b.*?</\1>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", visible))


def test_a_complete_night_says_so_and_shows_no_banner(make_report: MakeReport) -> None:
    page = render.html(make_report())
    assert '<span class="word">complete</span>' in page
    assert 'class="banner' not in page


def test_a_source_without_certificate_is_named_with_the_age_of_what_was_used(
    make_report: MakeReport, uncertified: Uncertified
) -> None:
    """G1: above everything else, and its profiles are not known rather than none."""
    sources = make_report().sources
    report = make_report(status="incomplete", sources=[sources[0], uncertified(sources[1]), *sources[2:]])
    text = text_of(render.html(report))
    assert "1 of 5 sources has no certificate of completeness tonight" in text
    assert (
        "the list broke off after page 7. Findings rest on its last complete export, taken 2026-11-22 02:15 PST" in text
    )
    assert "26 h old" in text
    assert "Do next: rollcall pull till" in text
    assert text.index("no certificate") < text.index("Live findings by severity")
    assert "131,904 profiles without till" in text
    row = text[text.index("till heartland") : text.index("ecom blaze ecom")]
    assert row.count("not known") == 2
    assert "end mark failed: page 7 of 12 was the last that came" in row


def test_the_banner_names_a_source_once(make_report: MakeReport, uncertified: Uncertified) -> None:
    """Its problem begins with its name already."""
    bad = uncertified(make_report().sources[1]).model_copy(
        update={"problem": "till: no certificate: count_after: 3 read"}
    )
    (gap,) = summary.gaps(make_report(sources=[bad]))
    assert gap.sentence.startswith("no certificate: count_after: 3 read. ")
    assert "till : no certificate" in text_of(render.html(make_report(sources=[bad])))


@pytest.mark.parametrize(
    ("outcome", "required", "detail", "says"),
    [
        ("failed", True, "exported 60.0 hours ago", "✗ fresh failed: exported 60.0 hours ago"),
        ("not_offered", True, "this source gives no date", "✗ fresh failed: required, and not offered"),
        ("not_offered", False, "no date was stated", "– fresh not offered"),
        ("not_offered", True, "not judged: the export broke off", "– fresh not judged"),
        ("passed", True, "", "✓ fresh"),
    ],
)
def test_a_proof_that_failed_reads_as_failed(
    make_report: MakeReport, outcome: str, required: bool, detail: str, says: str
) -> None:
    """G1: a required proof that was not given fails the certificate, so it is not merely `not offered`."""
    proof = Proof.model_validate({"name": "fresh", "outcome": outcome, "required": required, "detail": detail})
    source = make_report().sources[0].model_copy(update={"proofs": [proof]})
    text = text_of(render.html(make_report(sources=[source])))
    assert re.search(rf"{re.escape(says)} \d", text), text[text.index("fresh") - 20 :][:80]


def test_a_source_that_was_never_read_completely_has_nothing_to_fall_back_on(
    make_report: MakeReport, uncertified: Uncertified
) -> None:
    never = uncertified(make_report().sources[0]).model_copy(
        update={"used_snapshot": None, "taken_at": None, "age_hours": None}
    )
    report = make_report(sources=[never], entities=None)
    (gap,) = summary.gaps(report)
    assert "no earlier complete export" in gap.sentence
    text = text_of(render.html(report))
    assert "complete, with reservations" in text
    assert "not known entities" in text


def test_a_tripped_breaker_stands_above_with_the_words_that_release_it(make_report: MakeReport) -> None:
    tripped = Breaker(name="updates", source="till", count=612, limit=500, tripped=True)
    text = text_of(render.html(make_report(status="stopped", breakers=[tripped])))
    assert "1 breaker tripped" in text
    assert "612 planned, 500 allowed" in text
    assert "rollcall decide approve breaker till/updates --run 2026-11-23-a --why TEXT" in text
    assert "612 of 500, tripped" in text


def test_tiles_show_what_changed_and_count_what_the_document_does_not(make_report: MakeReport) -> None:
    counts = [
        Counts(name="new", value=7, before=9, since="2026-11-22"),
        Counts(name="held", value=2, before=2, since="2026-11-22"),
        Counts(name="critical", value=4, before=1, since="2026-11-22"),
        Counts(name="odd one", value=1),
    ]
    report = make_report(findings=30, counts=counts)
    tiles = {tile.label: tile for group in summary.tile_groups(report) for tile in group.tiles}
    assert (tiles["new"].value, tiles["new"].change) == ("7", "−2 since 2026-11-22")
    assert tiles["held"].change == "no change since 2026-11-22"
    assert (tiles["critical"].value, tiles["critical"].change) == ("4", "+3 since 2026-11-22")
    assert tiles["odd one"].value == "1"
    assert tiles["open"].value == str(sum(finding.state == "open" for finding in report.findings))
    live = [finding for finding in report.findings if finding.state not in {"fixed", "accepted"}]
    counted = {tile.label: tile for group in summary.tile_groups(make_report(findings=30)) for tile in group.tiles}
    assert sum(int(counted[name].value) for name in summary.SEVERITIES) == len(live)


def test_findings_come_by_urgency_not_by_chance(make_report: MakeReport) -> None:
    ordered = summary.by_attention(make_report(findings=200).findings)
    assert ordered == summary.by_attention(reversed(ordered))
    settled = [finding.state in {"fixed", "accepted"} for finding in ordered]
    assert settled == sorted(settled)
    live = [
        summary.SEVERITIES.index(finding.severity) for finding in ordered if finding.state not in {"fixed", "accepted"}
    ]
    assert live == sorted(live)


def test_every_finding_within_the_first_200_is_in_a_real_table(make_report: MakeReport) -> None:
    report = make_report(findings=230)
    page = render.html(report)
    static = re.sub(r"<template.*?</template>", "", page, flags=re.S)
    first = summary.by_attention(report.findings)
    assert all(finding.finding_id in static for finding in first[:200])
    assert not any(finding.finding_id in static for finding in first[200:])
    assert "The first 200 of 230 findings, most urgent first" in text_of(page)
    tables = [element for element in Elements(page).elements if element[0] in {"table", "caption"}]
    assert [name for name, _ in tables] == ["table", "caption"] * (len(tables) // 2)
    assert all(attrs.get("scope") for name, attrs in Elements(page).elements if name == "th")


def test_a_night_without_anything_is_a_page_too(make_report: MakeReport) -> None:
    text = text_of(render.html(make_report(findings=0, corrections=[], breakers=[], steps=[], policy=[], counts=[])))
    for sentence in ("Nothing was found.", "No correction was planned.", "No breaker was counted", "no policy"):
        assert sentence in text


HOSTILE = [
    "</script><img src=x onerror=alert(1)>", "</template><script>window.pwned=1</script>", '"><svg onload=alert(1)>',
    "'><b>", "{{7*7}}", "{% raw %}", "\u2028\u2029", "\x1b[31mred", "\u202egnp.exe", "&lt;b&gt;", "javascript:alert(1)",
]  # fmt: skip


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_text_in_every_place_adds_no_element_and_no_attribute(make_report: MakeReport, evil: str) -> None:
    plain, infected = make_report(findings=6), make_report(findings=6)
    page = render.html(infect(infected, evil))
    harmless = render.html(infect(plain, "harmless"))
    shape = [(name, sorted(attrs)) for name, attrs in Elements(page).elements]
    assert shape == [(name, sorted(attrs)) for name, attrs in Elements(harmless).elements]
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "49" not in text_of(page).split() or "{{" not in evil


def infect(report: RunReport, evil: str) -> RunReport:
    """Put the text wherever a text from outside could stand."""
    fact = {"name": f"note@{evil}", "value": evil}
    data = report.model_dump()
    data |= {"group": evil, "headline": evil, "warnings": [evil], "policy": [["a"], [evil]]}
    for source in data["sources"]:
        source |= {"store": evil, "problem": evil, "todo": evil, "certified": False}
        source["proofs"][0] |= {"outcome": "failed", "detail": evil}
    for finding in data["findings"]:
        finding |= {"title": evil, "store": evil, "proposal": evil, "todo": [evil], "blocked_by": evil}
        finding["members"][0] |= {"id": evil, "admin_url": evil}
        finding["evidence"] = [fact, {"name": f"phone@{finding['members'][0]['source']}:{evil}", "value": evil}]
    for correction in data["corrections"]:
        correction |= {"profile_id": evil, "why": evil, "blocked_by": evil, "detail": evil, "after": [fact]}
    return RunReport.model_validate(data)


def test_only_https_leads_out(make_report: MakeReport) -> None:
    report = make_report(findings=1)
    finding = report.findings[0]
    for url, kept in (
        ("https://x.example.com/7", "https://x.example.com/{id}"),
        ("http://x", ""),
        ("javascript:0", ""),
    ):
        member = finding.members[0].model_copy(update={"id": "7", "admin_url": url})
        assert payload._pattern(member) == kept


def test_the_policy_admits_the_pages_own_script_and_style_and_nothing_else(make_report: MakeReport) -> None:
    page = render.html(make_report())
    metas = [attrs for name, attrs in Elements(page).elements if name == "meta"]
    (policy,) = [str(attrs["content"]) for attrs in metas if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, flags=re.S)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_the_page_names_no_outside_address_but_admin_pages(make_report: MakeReport) -> None:
    page = render.html(make_report())
    loading = {"src", "srcset", "data", "poster", "action", "background", "ping"}
    for name, attrs in Elements(page).elements:
        assert not loading & set(attrs), (name, attrs)
        assert name != "link" or attrs["href"] == "data:,"
    for asset in ("list.js", "report.js", "report.css"):
        assert not re.search(
            r"https?://\w|url\(|@import|innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", render.asset(asset)
        )


def test_a_forgotten_value_stops_the_page_instead_of_leaving_a_gap() -> None:
    with pytest.raises(UndefinedError):
        render.page("report.html.j2")


def test_the_page_is_private_and_a_failure_leaves_the_last_good_one(
    make_report: MakeReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    render.write_html(make_report(findings=3), path)
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        render.write_html(make_report(findings=4), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_more_findings_than_a_page_can_scroll_are_left_out_aloud(
    make_report: MakeReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload, "EMBEDDED_LIMIT", 10)
    report = make_report(findings=25)
    text = text_of(render.html(report))
    left = 15 + max(0, len(report.corrections) - 10)
    assert f"{left} more lines are in report.json and in the XLSX file" in text


SCHEMES = ("light", "dark")
PAIRS = [
    (front, back) for front in ("text", "soft", "link", "good", "warn", "bad") for back in ("page", "card", "hover")
]
PAIRS += [("warn", "warn-back"), ("bad", "bad-back"), ("text", "warn-back"), ("text", "odd-back"), ("text", "mark")]
PAIRS += [
    ("soft", "warn-back"),
    ("bad", "warn-back"),
    ("soft", "mark"),
    ("bad", "mark"),
    ("card", "good"),
    ("card", "bad"),
]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_pair_of_colours_can_be_read(scheme: str) -> None:
    """WCAG 2, 1.4.3: at least 4.5 to 1."""
    blocks = re.findall(r":root \{(.*?)\}", render.asset("report.css"), flags=re.S)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[SCHEMES.index(scheme)]))
    poor = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in poor.items() if ratio < 4.5} == {}


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
