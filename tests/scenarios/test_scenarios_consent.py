"""What operators meet about marketing consent, one sentence a test (G9, G9a, G9b)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.world import Resident
from jobs import decide
from reports.document import FindingLine, RunReport
from tests.night.stage import Group, serving

CONSENTS = {"consent_conflict", "consent_raised"}


def a_flag_is_a_choice(raw: dict[str, Any]) -> None:
    """This group's clerks set the no-contact flags on purpose, and set none else."""
    raw["sources"]["register"]["no_contact_means"] = "out"


def an_unticked_box_is_no_choice(raw: dict[str, Any]) -> None:
    raw["sources"]["counter"].pop("do_not_email_false")


@dataclass(frozen=True, slots=True)
class Days:
    """What was reported on two nights about two who opted out at the register on Monday."""

    group: Group
    resynced: Resident
    """On Tuesday a sync sets both systems to subscribed."""
    returned: Resident
    """On Tuesday they opt in again themselves, in the storefront."""
    monday: RunReport
    tuesday: RunReport


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    """A Shopify shop and its R-Series register, after a night on which nobody disagreed."""
    with serving(tmp_path_factory.mktemp("days"), 60, edit=a_flag_is_a_choice, pairs=("outlet",)) as group:
        group.night(after=0)
        resynced = somebody(group, "regular", lambda each: each.person.email_consent == "in")
        returned = somebody(group, "regular", lambda each: each.person.email_consent == "in" and each is not resynced)
        accounts = group.world.accounts
        for victim in (resynced, returned):
            accounts["register"].edit(victim.ids["register"], {"email_consent": "out"})
        monday = group.night().report
        group.clock.advance(timedelta(hours=20))
        for source in ("outlet", "register"):
            accounts[source].edit(resynced.ids[source], {"email_consent": "in"})
        group.clock.advance(timedelta(hours=1))  # of another minute than an import, which speaks for many at once
        accounts["outlet"].edit(returned.ids["outlet"], {"email_consent": "in"})
        yield Days(group, resynced, returned, monday, group.night(after=3).report)


def somebody(group: Group, habit: str, when: Callable[[Resident], bool]) -> Resident:
    return next(each for each in group.world.residents if habit in each.habits and each.person.email and when(each))


def about(report: RunReport, victim: Resident) -> dict[tuple[str, str], FindingLine]:
    """The consent findings of one customer, by kind and the system that still says yes."""
    names = set(victim.everywhere)
    own = [f for f in report.findings if f.kind in CONSENTS and {f"{m.source}:{m.id}" for m in f.members} & names]
    return {(f.kind, next(e.name.split("@")[1].split(":")[0] for e in f.evidence if e.value == "in")): f for f in own}


def evidence(finding: FindingLine) -> dict[str, str]:
    return {e.name: e.value for e in finding.evidence}


def outs(report: RunReport, victim: Resident) -> dict[str, str]:
    """Where an opt-out of the customer is planned, and in which state."""
    names = set(victim.everywhere)
    planned = [c for c in report.corrections if f"{c.source}:{c.profile_id}" in names]
    assert not [c for c in planned if "in" in {fact.value for fact in c.after}]
    return {c.source: c.state for c in planned if c.action == "opt_out"}


def test_18_an_opt_out_of_monday_stands_against_the_stamp_that_a_resync_of_tuesday_sets(days: Days) -> None:
    """G9, G9b: opted out everywhere is proposed; the stamp is shown, and is no first-hand evidence."""
    outlet, victim, tuesday = days.group, days.resynced, days.tuesday
    assert set(about(days.monday, victim)) == {("consent_conflict", "outlet")}
    assert outs(days.monday, victim) == {"outlet": "held"}
    found = about(tuesday, victim)
    assert {key: f.severity for key, f in found.items()} == {
        ("consent_raised", "register"): "critical", ("consent_conflict", "outlet"): "high",
    }  # fmt: skip
    shown = evidence(found["consent_conflict", "outlet"])
    assert shown[f"since@{victim.at('outlet')}"].endswith("UTC SINGLE_OPT_IN")
    assert shown["reason"].startswith("no first-hand evidence of an opt-in: another system lost the same opt-out")
    assert outs(tuesday, victim) == {"outlet": "held", "register": "held"}
    with outlet.open() as workspace:
        path = outlet.decide("yes.json", tuesday.run_id, outlet.approve(tuesday, "approval"))
        assert not decide.take_file(path, workspace.state, workspace.clock, workspace.known).refused
    assert outlet.apply(tuesday.run_id).exit_code == 0
    accounts = outlet.world.accounts
    assert {accounts[s].read(victim.ids[s])["email_consent"] for s in ("outlet", "register")} == {"out"}
    assert about(outlet.night().report, victim) == {}


def test_18_an_opt_in_of_the_customer_s_own_in_the_storefront_is_shown_for_a_person_and_written_nowhere(
    days: Days,
) -> None:
    """G9a: with its own later time and its level; nothing is taken from the customer unasked either."""
    victim = days.returned
    (finding,) = about(days.tuesday, victim).values()
    assert evidence(finding)["reason"] == "the customer opted in again later"
    assert finding.proposal.startswith("a person decides: the newer opt-in stands")
    (out,) = [c for c in days.tuesday.corrections if finding.finding_id in c.finding_ids]
    assert (out.source, out.state, out.needs) == ("outlet", "held", ["approval", "choice"])
    assert days.group.world.accounts["register"].read(victim.ids["register"])["email_consent"] == "out"


def test_28_an_empty_marketing_field_of_ecwid_is_unknown_and_opts_nobody_in_anywhere(tmp_path: Path) -> None:
    """G9: whatever else is written to the two profiles, and whoever approves it."""
    with serving(tmp_path, 60, edit=an_unticked_box_is_no_choice, pairs=("lightspeed",)) as group:
        assert [f for f in group.night(after=0).report.findings if f.kind in CONSENTS] == []
        victim = somebody(group, "synced", lambda each: each.person.email_consent == "unknown")
        web, counter = group.faults("web"), group.faults("counter")
        assert web.books.customers[int(victim.ids["web"])]["acceptMarketing"] is None
        counter.edit(victim.ids["counter"], {"email": "moved@example.com"})
        report = group.night().report
        assert about(report, victim) == {}
        with group.open() as workspace:
            path = group.decide("yes.json", report.run_id, group.approve(report, "approval", "choice"))
            assert not decide.take_file(path, workspace.state, workspace.clock, workspace.known).refused
        group.apply(report.run_id)
        assert web.read(victim.ids["web"])["email"] == "moved@example.com", "something was written"
        assert web.books.customers[int(victim.ids["web"])]["acceptMarketing"] is None
        assert not [
            e
            for e in group.world.ledger.effects
            if e.change.get("acceptMarketing") or e.change.get("do_not_email") is False
        ]
