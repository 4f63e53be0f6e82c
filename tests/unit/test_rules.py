"""Every rule of the domain is kept somewhere and held there by a test, or says that it is not kept."""

import re
from pathlib import Path

import pytest

from jobs import rules
from reports.rules import RULES, named
from tests.night.stage import rollcall

PAGE = (rules.ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RULES)
def test_every_rule_is_kept_and_tested_or_refused(name: str) -> None:
    (rule,) = (rule for rule in rules.rules() if rule.id == name)
    assert rule.where
    assert rule.tests or rule.id in rules.REFUSED


def test_nothing_is_cited_that_is_no_rule() -> None:
    cited = {name for pairs in (rules._places(rules.ROOT), rules._tests(rules.ROOT)) for name, _ in pairs}
    assert cited <= RULES.keys()


def test_the_page_of_the_rules_says_what_the_reports_say() -> None:
    assert dict(re.findall(r"^\| ([A-Z]\d+[ab]?) \| (.+) \|$", PAGE, re.MULTILINE)) == RULES


def test_places_are_files_and_tests_are_functions() -> None:
    found = {rule.id: rule for rule in rules.rules()}
    assert "check sql/findings/drift.sql" in found["G13"].where
    assert "correction sql/plan/opt_out.sql" in found["G9b"].where
    for rule in found.values():
        for place in rule.where:
            assert place.startswith("refused") or (rules.ROOT / place.split(" ", 1)[1]).is_file()
        for place in rule.tests:
            path, name = place.split("::")
            assert f"def {name}(" in (rules.ROOT / path).read_text(encoding="utf-8")


def test_a_range_of_rules_cites_none_and_a_message_cites_its_own(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "a.py").write_text('RULES = "M1-M15"  # see T4\nraise ValueError("too old (G1a)")\n')
    assert list(rules._places(tmp_path)) == [("G1a", "guard jobs/a.py"), ("T4", "guard jobs/a.py")]


def test_a_customers_id_is_no_rule() -> None:
    """What stands below a table explains the rules in it, and T1 of a till is somebody."""
    assert named("update till2:T1 blocked: only observes (G14), as T9: says") == ["G14", "T9"]


def test_the_command_prints_them_for_people_and_machines() -> None:
    assert rollcall("rules").last == f"{len(RULES)} rules, {len(rules.REFUSED)} refused for now"
    assert rollcall("rules", "g13", "M12").last.startswith("2 rules")
    assert {rule.id for rule in rules.chosen(["X"])} == {"X1", "X2", "X3", "X4", "X5"}
    assert rollcall("rules", "G99").code == 2
    said = rollcall("--json", "rules").data
    assert [row["id"] for row in said] == list(RULES)
    assert set(said[0]) == {"id", "where", "tests"}
