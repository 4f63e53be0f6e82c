"""The go-live scan as people get it: a page and a workbook (T9, P3)."""

import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pydantic import ValidationError

from reports import golive
from reports.golive import GoLiveReport, Holder, Reason, SharedNumber, SplitPerson, StoreLine, Unread

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def holder(profile: str, **fields: Any) -> Holder:
    return Holder(
        **{
            "source": "downtown",
            "id": profile,
            "name": "A… (5-8)",
            "status": "active",
            "verified": None,
            "last_visit": None,
        }
        | fields
    )


def store(name: str, **fields: Any) -> StoreLine:
    known: dict[str, Any] = {
        "customers": 900,
        "ready": 850,
        "not_ready": 50,
        "blocking": 0,
        "certified": True,
        "taken_at": NOW,
    }
    return StoreLine(
        **{"store": name.title(), "source": name, "reasons": [Reason(reason="no phone", count=50)]} | known | fields
    )


def unread(name: str) -> StoreLine:
    nothing = dict.fromkeys(("customers", "ready", "not_ready", "blocking", "taken_at"))
    return store(name, certified=False, problem="the file ends in the middle of a row", reasons=[], **nothing)


def scan(**parts: Any) -> GoLiveReport:
    shared = [
        SharedNumber(
            source="downtown", phone="*******117", survivor="0118", why="verified, latest visit", household=False,
            profiles=[holder("0118", verified=True, last_visit="2026-10-02"), holder("4711", verified=False)],
        ),
        SharedNumber(
            source="downtown", phone="*******118", survivor="9", why="verified", household=True,
            profiles=[holder("9"), holder("10", name="=1+1")],
        ),
    ]  # fmt: skip
    split = [
        SplitPerson(name="E… (9+)", why="same name and birth date", profiles=[holder("1", phone="***119"), holder("2")])
    ]
    whole: dict[str, Any] = {
        "group": "harbor-trading", "made_at": NOW, "time_zone": "America/Los_Angeles", "rollcall_version": "0.1.0",
        "stores": [store("downtown", blocking=4), store("uptown")], "shared": shared, "split": split,
        "without_phone": [holder("33")], "unread": [],
    }  # fmt: skip
    return GoLiveReport(**whole | parts)


def text_of(report: GoLiveReport) -> str:
    page = re.sub(r"<style.*?</style>", " ", golive.html(report), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_first_line_says_who_blocks_go_live() -> None:
    """T9."""
    assert "Not ready: 4 customers block go-live Go-live scan of harbor-trading, 2026-11-23 04:00 PST" in text_of(
        scan()
    )
    assert golive.verdict(scan(stores=[store("a", blocking=1)]))[1] == "Not ready: 1 customer blocks go-live"


def test_it_is_ready_only_when_every_store_was_read() -> None:
    """G1: a store that was not read is not known, never ready and never zero."""
    assert golive.verdict(scan(stores=[store("a"), store("b")])) == (
        "complete", "Ready: no phone number is on several profiles",
    )  # fmt: skip
    assert golive.verdict(scan(stores=[store("a"), unread("b")])) == (
        "incomplete", "Not known: there is no complete export of B",
    )  # fmt: skip
    assert "nothing certain is known of B" in golive.verdict(scan(stores=[store("a", blocking=2), unread("b")]))[1]
    text = text_of(scan(stores=[unread("b")]))
    assert "B b not known not known not known not known" in text
    assert "the file ends in the middle of a row" in text


def test_a_store_says_who_is_ready_for_a_first_password_and_who_is_not() -> None:
    """P3."""
    assert "Uptown uptown 900 850 50 50 no phone 0" in text_of(scan())


def test_each_number_names_its_survivor_and_a_household_merges_nobody() -> None:
    """T9: active, verified, latest visit, lowest id; a household picks who keeps the number."""
    text = text_of(scan())
    assert "downtown 0118 A… (5-8) active yes 2026-10-02 keep verified, latest visit" in text
    assert "downtown 4711 A… (5-8) active no not known merge into 0118" in text
    assert "downtown, household downtown 9 A… (5-8) active not known not known keeps the number verified" in text
    assert "give it a number of its own" in text


def test_long_lists_are_cut_aloud_on_the_page_and_whole_in_the_workbook(tmp_path: Path) -> None:
    report = scan(without_phone=[holder(str(number)) for number in range(230)])
    assert "The first 200 of 230 profiles, all of them in the workbook" in text_of(report)
    golive.write_xlsx(report, tmp_path / "scan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "scan.xlsx")
    rows = {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] for sheet in book}
    book.close()
    assert len(rows["without a phone"]) == 230
    assert rows["numbers on several profiles"][3] == [
        "*******118", "downtown", "10", "=1+1", "active", "not known", None, None, None, "give it a number of its own", "verified",
    ]  # fmt: skip
    assert rows["stores"][0] == ["downtown", "Downtown", "true", None, 900, 850, 50, 4]
    assert rows["not ready"] == [["downtown", "Downtown", "no phone", 50], ["uptown", "Uptown", "no phone", 50]]
    assert rows["different phones"][0][-2:] == ["***119", "same name and birth date"]


def test_the_workbook_says_not_known_where_a_store_was_not_read(tmp_path: Path) -> None:
    golive.write_xlsx(scan(stores=[unread("b")]), tmp_path / "scan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "scan.xlsx")
    row = [cell.value for cell in book["stores"][2]]
    book.close()
    assert row == ["b", "B", "false", "the file ends in the middle of a row", *["not known"] * 4]


@pytest.mark.parametrize("evil", ["<img src=x onerror=alert(1)>", '"><svg onload=x>', "\u202egnp", "\x1b[31m"])
def test_hostile_names_stay_names(evil: str) -> None:
    people = [holder(evil, name=evil, status=evil, last_visit=evil, admin_url=f"javascript:{evil}")]
    page = golive.html(scan(group=evil, stores=[store(evil, problem=evil)], without_phone=people))
    assert "<img" not in page
    assert "<svg" not in page
    assert "javascript:" not in page
    assert not set("\u202e\x1b") & set(page)
    assert "script-src 'sha256-" in page.replace("&#39;", "'")


def test_an_empty_scan_is_a_page_too() -> None:
    text = text_of(scan(stores=[store("a")], shared=[], split=[], without_phone=[]))
    for sentence in ("No number is on several profiles.", "Nobody was found", "Every profile has a phone."):
        assert sentence in text


def test_what_the_scan_does_not_know_of_is_refused() -> None:
    with pytest.raises(ValidationError, match="password"):
        holder("1", password="x")


def test_page_and_workbook_are_private(tmp_path: Path) -> None:
    golive.write_html(scan(), tmp_path / "scan.html")
    golive.write_xlsx(scan(), tmp_path / "scan.xlsx")
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_shop_that_was_not_read_is_named_too() -> None:
    """It is no store, and still nobody knows whether the group is ready."""
    gap = Unread(source="shop", problem="shop: the file shop.csv is not there")
    report = scan(stores=[store("downtown"), store("uptown")], unread=[gap])
    assert golive.verdict(report) == ("incomplete", "Not known: there is no complete export of shop")
    assert "the file shop.csv is not there" in text_of(report)


@pytest.mark.parametrize(
    ("presets", "logins", "own", "families"),
    [
        (["mortar"], False, "Shopify wants a phone on one customer only", "GM"),
        (["lightspeed_x_e"], False, "by email (X1)", "GX"),
        (["plain"], False, "a shop that looks customers up by phone", "G"),
        (["blaze_ecom"], False, "Each number must be on one profile of a store before go-live (T9).", "GT"),
        (["blaze_ecom"], True, "Ready is who could be given a first password today (P3).", "GTP"),
        (["blaze_ecom", "mortar"], False, "Shopify wants a phone on one customer only", "GTM"),
        ([], False, "Nobody can log in to these or be helped with them (P1).", "GTP"),
    ],
)
def test_each_pairing_reads_its_own_rules(
    tmp_path: Path, presets: list[str], logins: bool, own: str, families: str
) -> None:
    """Every rule that a sentence names is explained below it, and no rule of another vendor's is."""
    report = scan(presets=tuple(presets), logins=logins)
    text = text_of(report)
    assert own in text
    golive.write_xlsx(report, tmp_path / "scan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "scan.xlsx")
    explained = [row[0].value for row in book["rules"].iter_rows(min_row=2)]
    book.close()
    assert set(re.findall(r"\(([A-Z]\d+)\)", text)) == set(explained)
    assert {rule[0] for rule in explained} == set(families)
    assert ("Mission Control" in text or "ECOM" in text) == ("T" in families)
