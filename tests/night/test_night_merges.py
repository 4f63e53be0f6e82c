"""Whole nights with a customer twice in one system: found, approved by name, merged, read back, or left to a person."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from reports.document import CorrectionLine, RunReport
from tests.night.stage import Group, rollcall, serving

SCOPES = frozenset({"read_customers", "write_customers", "read_customer_merge", "write_customer_merge"})


def merging(raw: dict[str, Any]) -> None:
    """Both halves may merge where the vendor can; nothing only observes."""
    for name in ("shop", "downtown"):
        raw["sources"][name] |= {"merges": True, "writes": True}
    for pairing in raw["pairings"]:
        pairing["observe_nights"] = 0


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """Ada is twice downtown and twice in the shop; Bo is twice downtown and holds points on both profiles."""
    with serving(tmp_path_factory.mktemp("merges"), people=60, edit=merging) as group:
        group.faults("shop").approve(scopes=SCOPES, merge_seconds=90.0, merge_forgets=True)
        yield group


def entered(group: Group, store: str, country: str, *profiles: dict[str, Any]) -> list[str]:
    person = group.world.population.person(country, born=True)
    known = {name: value for name, value in person.fields().items() if name != "created_at"}
    return [group.faults(store).add({**known, **profile}) for profile in profiles]


def merges(report: RunReport) -> dict[str, CorrectionLine]:
    return {line.profile_id: line for line in report.corrections if line.action == "merge"}


def say(group: Group, *words: str | Path) -> Any:
    return rollcall(*words, "--config", group.config)


def approve(group: Group, report: RunReport, *lines: CorrectionLine) -> None:
    names = [line.correction_id for line in lines]
    said = say(group, "decide", "approve", "correction", *names, "--run", report.run_id, "--why", "both look alike")
    assert said.code == 0, said.err


def test_t9_a_customer_on_two_treez_profiles_is_merged_by_name_and_the_points_are_a_task(
    group: Group, tmp_path: Path
) -> None:
    """Scenario 20: points and credit stand against it, both balances are shown, and how it is done by hand."""
    store = group.faults("downtown")
    ada = entered(group, "downtown", "US", {"email": None, "verified": True}, {"verified": False})
    bo = entered(group, "downtown", "US", {"email": None}, {"email": None})
    for key, points in zip(bo, (120, 30), strict=True):
        store.records.change(key, {"rewards_balance": points}, "till")
    report = group.night(write=False).report
    found = merges(report)
    assert found[ada[1]].state == "held"
    assert (
        found[bo[1]].blocked_by
        == f"downtown:{bo[1]} holds 30 points: a person merges, and looks at the balance after (G11)"
    )
    out = tmp_path / "merges.xlsx"
    assert say(group, "export", "merges", "--out", out).code == 0
    heading, *rows = openpyxl.load_workbook(out)["merges"].iter_rows(values_only=True)
    work = {row[3]: dict(zip(heading, row, strict=True)) for row in rows}
    assert work[f"downtown:{bo[0]}"]["points"] == f"downtown:{bo[0]} 120, downtown:{bo[1]} 30"
    assert "the portal calls it permanent" in str(work[f"downtown:{bo[0]}"]["steps"]).lower()
    assert work[f"downtown:{ada[0]}"]["approve"] == found[ada[1]].correction_id
    writes = len(group.writes())
    say(group, "decide", "approve", "finding", *found[ada[1]].finding_ids, "--run", report.run_id, "--why", "x")
    say(group, "apply", report.run_id)
    assert len(group.writes()) == writes, "a yes to the finding lets no merge go (G14)"
    approve(group, report, found[ada[1]])
    assert ", 1 merge; " in group.apply(report.run_id).report.headline
    assert group.writes()[writes:] == ["downtown POST /dispensary/v3/downtown/customer/merge"]
    assert (store.read(ada[1])["merged_into"], store.read(ada[0])["status"]) == (ada[0], "active")
    assert ada[1] not in merges(group.night(write=False).report)


def test_m10_two_accounts_of_the_shop_become_one_with_both_links_and_the_opt_out(group: Group) -> None:
    """G9, T10: the till knows both; the vendor's merge forgets the opt-outs, and those behind it put them back."""
    shop = group.faults("shop")
    (till,) = entered(group, "till", "CA", {})
    known = group.faults("till").read(till)
    contact = {name: known[name] for name in ("first_name", "last_name")}
    keeps = shop.add({**contact, "email": known["email"], "email_consent": "out", "links": {"till": till}})
    goes = shop.add({**contact, "phone": known["phone"], "sms_consent": "out", "orders": 2, "has_purchased": True})
    shop.edit(keeps, {"sms_consent": "unknown"})
    report = group.night(write=False).report
    (merge,) = [line for name, line in merges(report).items() if name == goes]
    brought = [line for line in report.corrections if line.after_correction == merge.correction_id]
    assert {(line.action, line.profile_id, line.after[0].name) for line in brought} == {
        ("opt_out", keeps, "email_consent"), ("opt_out", keeps, "sms_consent"),
    }  # fmt: skip
    approve(group, report, merge)
    before = group.clock.now()
    done = group.apply(report.run_id)
    assert group.clock.now() - before >= timedelta(seconds=90), "the vendor's job was waited for"
    states = {line.correction_id: line.state for line in done.report.corrections}
    assert {states[line.correction_id] for line in (merge, *brought)} == {"verified"}
    with group.open() as workspace:
        (row,) = [c for c in workspace.journal.load(report.run_id) if c.correction_id == merge.correction_id]
    assert (row.foreseen["survivor"], row.foreseen["orders"]) == (keeps, "2")
    kept = shop.read(keeps)
    assert (kept["email_consent"], kept["sms_consent"], kept["orders"]) == ("out", "out", 2)
    assert kept["links"] == {"till": till}
    assert goes not in set(shop.ids())


def test_m10_what_the_vendor_would_not_merge_is_refused_before_it_is_asked(group: Group) -> None:
    shop = group.faults("shop")
    (till,) = entered(group, "till", "CA", {})
    known = group.faults("till").read(till)
    contact = {name: known[name] for name in ("first_name", "last_name")}
    keeps = shop.add({**contact, "email": known["email"]})
    goes = shop.add({**contact, "phone": known["phone"], "merge_blocks": "GIFT_CARDS"})
    report = group.night(write=False).report
    (merge,) = [line for name, line in merges(report).items() if name == goes]
    approve(group, report, merge)
    writes = len(group.writes())
    done = group.apply(report.run_id)
    (line,) = [c for c in done.report.corrections if c.correction_id == merge.correction_id]
    assert (line.state, line.detail) == ("refused", "the vendor would not merge them: GIFT_CARDS")
    assert len(group.writes()) == writes
    assert {keeps, goes} <= set(shop.ids())
