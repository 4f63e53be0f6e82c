"""Shopify with Heartland Retail: what operators of such a pair meet, one sentence a test."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from connectors.sandbox.plot.stage import Stage
from connectors.sandbox.world import Resident
from reports.document import CorrectionLine, FindingLine, RunReport
from tests.night.stage import Group, rollcall, serving

SCRIPT = "</script><script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://example.com")'


@dataclass(frozen=True, slots=True)
class Night:
    """The night after everything below happened. `ids`: profiles as `source:id`, by what they are in a sentence."""

    group: Group
    report: RunReport
    ids: Mapping[str, str]
    retyped: Resident

    def about(self, *names: str) -> list[FindingLine]:
        wanted = {self.ids.get(name, name) for name in names}
        return [f for f in self.report.findings if {f"{m.source}:{m.id}" for m in f.members} & wanted]

    def corrections(self, *names: str) -> list[CorrectionLine]:
        wanted = {self.ids.get(name, name) for name in names}
        return [c for c in self.report.corrections if f"{c.source}:{c.profile_id}" in wanted]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with serving(tmp_path_factory.mktemp("shop") / "group", 30, pairs=("mortar",)) as group:
        group.night(after=0)
        stage, mortar = Stage(group.world, 1), group.world.mortar
        ids: dict[str, str] = {}

        def till(name: str, *given: Any, **fields: Any) -> None:
            ids[name] = f"till:{mortar.enter_till(*given, **fields)}"

        def shop(name: str, *given: Any, **fields: Any) -> None:
            ids[name] = f"shop:{mortar.enter_shop(*given, **fields)}"

        torn, strange, thrice = (stage.newcomer("CA") for _ in range(3))
        till("A", replace(torn, phone=stage.new_phone(torn)))
        till("B", replace(torn, email=stage.new_email(torn)))
        shop("torn", torn, orders=1)
        till("stranger", replace(stage.newcomer("CA"), email=strange.email))
        till("not asked", replace(strange, email=stage.new_email(strange)))
        shop("strange", strange, orders=1)
        for number in (1, 2, 3):
            till(f"copy {number}", replace(thrice, phone=None))
        shop("thrice", thrice, orders=1, phone=None)
        spelled = stage.newcomer("CA")
        digits = str(spelled.phone)[-10:]
        area, exchange, line = digits[:3], digits[3:6], digits[6:]
        for spelling in (digits, f"+1{digits}", f"({area}){exchange}-{line}", f"+1 {area}-{exchange}-{line}"):
            till(spelling, replace(spelled, email=None), phone_raw=spelling)
        till("abroad", replace(spelled, email=None), phone_raw=f"+44 {area} {exchange} {line}")
        ids |= {f"spelling {n}": ids[text] for n, text in enumerate(list(ids)[-5:-1], start=1)}
        shop("no address", replace(stage.newcomer("CA"), address=None), orders=2)
        retyped, at_home, marked = (stage.pick("linked") for _ in range(3))
        stage.retype_phone(retyped, "till", stage.new_phone(retyped.person))
        stage.edit(retyped, "till", first_name="Zenobia")
        till("relative", stage.relative(at_home.person))
        ids |= {"at home": at_home.at("till"), "marked": marked.at("till")}
        stage.edit(marked, "till", last_name=SCRIPT, first_name=FORMULA)
        yield Night(group, group.night().report, ids, retyped)


def test_10_of_a_with_the_email_and_b_with_the_phone_the_configured_order_picks_and_the_other_is_shown(
    night: Night,
) -> None:
    """M2: email before phone is the default."""
    (finding,) = [f for f in night.about("torn") if f.kind == "link_missing"]
    assert finding.proposal == f"link to {night.ids['A']}"
    assert {"rule": "email", "also": night.ids["B"]}.items() <= {e.name: e.value for e in finding.evidence}.items()


def test_10_where_the_name_of_a_contradicts_a_person_is_asked_and_b_is_not_taken_in_its_place(night: Night) -> None:
    """G6: the next rule is not tried."""
    assert "household" in {f.kind for f in night.about("strange", "stranger")}
    (finding,) = [f for f in night.about("strange") if f.kind == "link_missing"]
    assert finding.blocked_by == "the match is a different person: a person picks"
    assert {c.state for c in night.corrections("strange")} == {"blocked"}
    assert night.ids["not asked"] not in {f"till:{a.value}" for c in night.corrections("strange") for a in c.after}


def test_11_the_four_spellings_of_shopify_are_one_number_and_a_foreign_one_with_the_same_ten_digits_is_another(
    night: Night,
) -> None:
    """M4, G3: only E.164 compares, so the last ten digits alone tie nobody."""
    four = {night.ids[f"spelling {n}"] for n in (1, 2, 3, 4)}
    (double,) = [f for f in night.about("spelling 1") if f.kind == "duplicate_phone"]
    assert {f"{m.source}:{m.id}" for m in double.members} == four
    assert {f.kind for f in night.about("abroad")} <= {"suspect"}


def test_12_of_three_profiles_with_one_email_the_first_is_linked_whatever_the_order_of_the_pages(night: Night) -> None:
    """M5: the others are findings; tests/sql/test_link_choice.py plays every order of the rows."""
    (finding,) = [f for f in night.about("thrice") if f.kind == "link_missing"]
    first, *rest = sorted(night.ids[f"copy {number}"] for number in (1, 2, 3))
    assert finding.proposal == f"link to {first}"
    assert {e.name: e.value for e in finding.evidence}["also"] == ", ".join(rest)
    (double,) = [f for f in night.about(first) if f.kind == "duplicate_email"]
    assert {f"{m.source}:{m.id}" for m in double.members} == {first, *rest}


def test_14_names_are_frozen_so_the_phone_changes_and_the_name_is_only_suggested(night: Night) -> None:
    """M7: a newer name may be a nickname, or an old one that the customer gave up."""
    by_field = {f.field: f for f in night.about(night.retyped.at("till"))}
    assert set(by_field) == {"phone", "first_name"}
    needs = {c.after[0].name: c.needs for c in night.corrections(night.retyped.at("shop"))}
    assert needs == {"phone": ["approval"], "first_name": ["approval", "choice"]}


def test_15_without_an_address_heartland_cannot_create_the_customer_and_the_missing_parts_are_named(
    night: Night,
) -> None:
    """M8: a finding, not a failed write."""
    (finding,) = night.about("no address")
    assert (finding.kind, finding.proposal) == (
        "vendor_cannot_create", "add city, country, postal code, street in the shop",
    )  # fmt: skip
    assert night.corrections("no address") == []


def test_15_the_default_customer_is_in_no_match(night: Night) -> None:
    """M14: nor is the walk-in record of the till."""
    assert night.about(*night.group.world.standins()) == []
    out = night.group.folder / "entities.csv"
    assert rollcall("export", "entities", "--out", out, "--config", night.group.config).code == 0
    rows = [line.split(",") for line in out.read_text(encoding="utf-8").splitlines()]
    assert {row[2] for row in rows if f"{row[0]}:{row[1]}" in night.group.world.standins()} == {""}


def test_19_two_people_on_one_phone_are_two_people_and_are_not_asked_about_again_once_told_apart(night: Night) -> None:
    """G6: a household is a finding of its own, and `not_same` ends the question for the pair."""
    (finding,) = night.about("relative")
    assert finding.kind == "household"
    out = night.group.folder / "entities.csv"
    assert rollcall("export", "entities", "--out", out, "--config", night.group.config).code == 0
    entity = {f"{a}:{b}": c for a, b, c, _ in (line.split(",") for line in out.read_text("utf-8").splitlines())}
    assert entity[night.ids["relative"]] != entity[night.ids["at home"]]


def test_27_a_script_and_a_formula_are_text_everywhere(night: Night) -> None:
    """What a clerk typed is shown as it is, masked or not, and nothing runs it."""
    page = (night.group.data / "reports" / f"{night.report.run_id}.html").read_text(encoding="utf-8")
    assert SCRIPT not in page
    assert "<script>alert" not in page
    for suffix in ("csv", "xlsx"):
        out = night.group.folder / f"findings.{suffix}"
        assert rollcall("export", "findings", "--out", out, "--config", night.group.config).code == 0
    told = rollcall("explain", night.about("marked")[0].finding_id, "--unmask", "--config", night.group.config).out
    assert SCRIPT in told or FORMULA in told
