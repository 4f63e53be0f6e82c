"""Every vendor when it is written to: exactly what changes, never an opt-in, nothing that is not offered."""

from dataclasses import replace
from itertools import product
from typing import Any, get_args
from urllib.parse import urlsplit

from connectors.base import VIEW_FIELDS, Action, Change
from connectors.clock import SimulatedClock
from tests.contract.asked import refused, with_current


def test_a_rig_shows_every_action_that_is_offered(rig: Any, clock: SimulatedClock) -> None:
    offered = rig.connector(clock, writes=True).capabilities.actions
    assert {change.action for change, _ in rig.writes()} == offered


def test_a_write_sends_exactly_what_changes_and_reads_back(taking: Any, clock: SimulatedClock) -> None:
    for change, sent in taking.writes():
        taking.serve(3)
        connector = taking.connector(clock, writes=True)
        written = connector.write(with_current(connector, change))
        assert taking.sent() == sent
        assert written == (change.profile_id or written)
        if change.action == "erase":
            assert connector.erasure(written) != "there" or connector.capabilities.erases_later
            continue
        record = connector.fetch([written])[written]
        assert record is not None
        view = connector.view(record)
        assert {name: view.get(name) for name in change.after} == dict(change.after)


def test_a_write_touches_nothing_else(taking: Any, clock: SimulatedClock) -> None:
    for change, _ in taking.writes():
        taking.serve(3)
        connector = taking.connector(clock, writes=True)
        before = {i: connector.view(r) for i, r in connector.fetch(taking.ids()).items() if r}
        written = connector.write(with_current(connector, change))
        after = {i: connector.view(r) for i, r in connector.fetch(taking.ids()).items() if r}
        after.pop(written, None) if change.action in {"create", "erase"} else None
        for one, view in before.items():
            if change.action == "erase" and one == written:
                continue
            expected = view | dict(change.after) if one == written else view
            assert {k: v for k, v in after[one].items() if v} == {k: v for k, v in expected.items() if v}


def test_a_refused_write_had_no_effect_and_a_failed_one_is_not_repeated(taking: Any, clock: SimulatedClock) -> None:
    for change, _ in taking.writes():
        for status in (401, 403, 500):
            taking.serve(3)
            connector = taking.connector(clock, writes=True)
            ready = with_current(connector, change)
            taking.fail(status)
            error = refused(connector, ready)
            assert taking.sent() == []
            if status == 500:
                assert not error.permanent
            else:
                assert (error.permanent, error.effect) == (True, "none")


def test_what_is_not_offered_is_refused_before_the_wire(rig: Any, clock: SimulatedClock) -> None:
    for writes in (True, False):
        rig.serve(3)
        connector = rig.connector(clock, writes=writes)
        before = rig.requests()
        for action in get_args(Action):
            if action in connector.capabilities.actions:
                continue
            change = Change(action, rig.ids()[0], {}, {"first_name": "Grace"}, key="c-1")
            error = refused(connector, change)
            assert (error.permanent, error.effect) == (True, "none")
        assert rig.requests() == before


def test_a_field_that_is_not_offered_is_refused_before_the_wire(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    before = rig.requests()
    for name in set(VIEW_FIELDS) - connector.capabilities.fields - {"email_consent", "sms_consent"}:
        error = refused(connector, Change("update", rig.ids()[0], {}, {name: "x"}, key="c-1"))
        assert (error.permanent, error.effect) == (True, "none")
    assert rig.requests() == before


def test_writes_off_offers_no_action(rig: Any, clock: SimulatedClock) -> None:
    assert rig.connector(clock, writes=False).capabilities.actions == frozenset()


def test_g9a_an_opt_in_is_never_written(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    before = rig.requests()
    for action, channel, word in product(get_args(Action), ("email", "sms"), ("in", "pending", "unknown")):
        profile = None if action == "create" else rig.ids()[0]
        after = {f"{channel}_consent": word} | ({"email": "grace@example.com"} if action == "create" else {})
        error = refused(connector, Change(action, profile, {f"{channel}_consent": "out"}, after, key="c-1"))
        assert (error.permanent, error.effect) == (True, "none")
    assert rig.requests() == before


def test_g9_who_opted_out_elsewhere_is_not_opted_in_by_being_created(created: Any, clock: SimulatedClock) -> None:
    """Systems have defaults for who is new; the opt-out goes with the create, and reads back as no opt-in."""
    able = created.connector(clock, writes=True).capabilities
    for change, _ in created.writes():
        if change.action != "create":
            continue
        created.serve(3)
        connector = created.connector(clock, writes=True)
        outs = {f"{channel}_consent": "out" for channel in able.consent}
        made = connector.write(replace(change, after={**change.after, **outs}))
        view = connector.view(connector.fetch([made])[made] or {})
        silent = {f"{channel}_consent": "unknown" for channel in able.silent_outs}
        assert {name: view[name] for name in outs} == outs | {n: word for n, word in silent.items() if n in outs}


def test_the_page_of_a_profile_is_https_or_none(rig: Any, clock: SimulatedClock) -> None:
    page = rig.connector(clock, writes=False).admin_url(rig.ids()[0])
    assert page is None or (urlsplit(page).scheme == "https" and rig.ids()[0] in page)
