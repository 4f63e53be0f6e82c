"""What may go wrong while corrections are written, or before: one sentence a test, over a shop and its till.

That no write is made twice after a kill (22) is played in tests/crash and tests/night/test_night_crash.py, at every step.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from connectors.sandbox.world import Resident
from jobs import decide
from jobs.lock import holder, lock
from jobs.night import Result
from reports.document import CorrectionLine
from tests.night.stage import Group, rollcall, serving


def with_small_limits(raw: dict[str, Any]) -> None:
    raw["limits"] = {"updates": "2 %", "updates_at_least": 3}


@pytest.fixture(scope="module")
def module_group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    with serving(tmp_path_factory.mktemp("writing") / "group", 80, edit=with_small_limits, pairs=("mortar",)) as group:
        group.night(after=0)
        group.keep()
        yield group


@pytest.fixture
def group(module_group: Group) -> Iterator[Group]:
    """The workspace as night zero left it; every email as it was."""
    module_group.put_back()
    yield module_group
    module_group.heal()


@contextmanager
def new_emails(group: Group, people: int) -> Iterator[list[Resident]]:
    """Some people change their email in the shop; at the end both sides have the old one again."""
    victims = [r for r in group.world.residents if set(r.ids) == {"shop", "till"} and r.person.email][:people]
    assert len(victims) == people
    for number, victim in enumerate(victims):
        group.world.account("shop").edit(victim.ids["shop"], {"email": f"new-{number}@example.com"})
    try:
        yield victims
    finally:
        for victim in victims:
            for source in ("shop", "till"):
                group.world.account(source).edit(victim.ids[source], {"email": victim.person.email})


def approved(group: Group) -> Result:
    """A plan, and a manager's yes to all of it."""
    planned = group.night(write=False)
    with group.open() as workspace:
        file = group.decide("d.json", planned.run_id, group.approve(planned.report, "approval"))
        taken = decide.take_file(file, workspace.state, workspace.clock, workspace.known)
    assert taken.refused == ()
    return planned


def of(result: Result, victim: Resident) -> CorrectionLine:
    (line,) = [c for c in result.report.corrections if (c.source, c.profile_id) == ("till", victim.ids["till"])]
    return line


def test_17_a_list_whose_paging_ends_early_is_refused(group: Group) -> None:
    """G1: nothing is concluded from absence, and the last certified list stays in use."""
    group.faults("till").fault("stop_at_page", path_contains="/customers", after=7)
    result = group.night()
    (till,) = [line for line in result.report.sources if line.source == "till"]
    assert (result.exit_code, till.certified) == (3, False)
    assert not [f for f in result.report.findings if f.kind in {"link_deleted", "missing_in_store"}]
    assert not [c for c in result.report.corrections if c.state not in {"blocked"}]


def test_21_what_the_vendor_calls_done_and_reads_back_as_before_is_not_done(group: Group) -> None:
    with new_emails(group, 1) as (victim,):
        planned = approved(group)
        group.faults("till").fault("answer_without_effect", method="PUT")
        result = group.apply(planned.run_id)
        assert of(result, victim).state != "verified"
        assert result.exit_code == 6
        assert group.world.account("till").read(victim.ids["till"])["email"] == victim.person.email


def test_23_a_profile_edited_between_plan_and_apply_is_handed_back_and_the_others_go_through(group: Group) -> None:
    with new_emails(group, 3) as (edited, *others):
        planned = approved(group)
        group.world.account("till").edit(edited.ids["till"], {"email": "hers@example.com"})
        result = group.apply(planned.run_id)
        assert of(result, edited).state == "handed_back"
        assert {of(result, other).state for other in others} == {"verified"}
        assert group.world.account("till").read(edited.ids["till"])["email"] == "hers@example.com"
        assert result.exit_code == 0


def test_24_what_would_change_eight_percent_of_a_source_stops_at_a_breaker_before_the_first_write(group: Group) -> None:
    with new_emails(group, 6) as victims:
        written = len(group.writes())
        planned = approved(group)
        result = group.apply(planned.run_id)
        assert result.exit_code == 5
        assert [b.name for b in result.report.breakers if b.tripped] == ["updates"]
        assert {of(result, victim).state for victim in victims} == {"held"}
        assert len(group.writes()) == written


def test_25_a_second_start_is_told_who_is_at_work_and_ends_with_11(group: Group) -> None:
    with lock(group.data, group.clock, run="manual"):
        said = rollcall("run", "--config", group.config)
    assert said.code == 11
    assert f"pid {os.getpid()}" in said.err


def test_25_the_lock_of_a_dead_owner_is_taken_once_the_kernel_has_let_it_go(group: Group) -> None:
    """The proof is the kernel's: no process id is guessed at, no age is waited for."""
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        with lock(group.data, group.clock, run="doomed"):
            os.write(tell, b"!")
            signal.pause()
    os.read(ready, 1)
    try:
        assert rollcall("run", "--config", group.config).code == 11
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(ready)
        os.close(tell)
    assert holder(group.data) is None
    assert rollcall("run", "--config", group.config).code == 0


def test_26_the_top_of_the_report_counts_new_open_accepted_fixed_and_back(group: Group) -> None:
    with new_emails(group, 3) as (one, two, three):
        first = group.night(write=False)
        assert {f.state for f in first.report.findings} == {"new"}
        finding = next(f for f in first.report.findings if two.ids["till"] in {m.id for m in f.members})
        until = (group.clock.now() + timedelta(days=30)).date().isoformat()
        words = ("decide", "accept", "finding", finding.finding_id, "--why", "she asked for it", "--until", until)
        assert rollcall(*words, "--config", group.config).code == 0
        group.world.account("shop").edit(one.ids["shop"], {"email": one.person.email})
        second = group.night(write=False).report
        assert {c.name: c.value for c in second.counts}.items() >= {"open": 1, "accepted": 1, "fixed": 1}.items()
        group.world.account("shop").edit(one.ids["shop"], {"email": "again@example.com"})
        third = group.night(write=False).report
        assert {c.name: c.value for c in third.counts}.items() >= {"open": 1, "accepted": 1, "back": 1}.items()
        page = (group.data / "reports" / f"{third.run_id}.html").read_text(encoding="utf-8")
        top = page[: page.index("<table")]
        assert all(word in top for word in ("new", "open", "accepted", "fixed", "back"))
        assert three.person.email not in page
