"""What every vendor passes, whatever it speaks.

A vendor joins by offering `tests/vendors/<kind>/rig.py` with one function, `build(folder: Path) -> rig`. A rig is a
scripted account of that vendor, served over real HTTP on loopback (or, for a file, written into `folder`), with few
profiles of invented people. It is an object of any class with:

- `page_size`: how many profiles exactly fill one page of the list; None where a list has no pages
- `over_http`: False where nothing is spoken over the network (a file)
- `secrets`: every secret value that it uses; none may show in any text
- `serve(count)`: from now on the account holds `count` profiles (0, some, a full page, a full page and one more);
  forgets faults, requests and writes
- `ids()`: the ids of those profiles, in any order
- `odd_records()`: landed records of all sorts (everything empty, everything full, archived, odd consent …), as `pages`
  yields them: for each, `view` must say what `sql/shape` says
- `connector(clock, writes: bool)`: a connector to this account, its secrets in place
- `fail(status, headers={}, body=b"", times=None)`: answer the next `times` requests like this (None: all from now on)
- `requests()`: how many requests have come since `serve`
- `writes()`: for every action that the connector offers at least one pair `(change, sent)`: a `Change` on a profile
  that is there after `serve(3)` (or a create), and what `sent()` must then hold: exactly the writes on the wire, in a
  form of the rig's choosing (such as `("PATCH", path, body)`); `Change.current` is filled in by the suite
- `sent()`: the writes that have come since `serve`, in that form
- `close()`: stop the server

The account must take writes for real: after one, the profile reads back changed.
"""

import inspect
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa
import pyarrow.json as pa_json
import pytest

import sql
from connectors.base import (
    VIEW_FIELDS,
    Action,
    Change,
    Connector,
    Evidence,
    ProofName,
    SourceSettings,
    VendorError,
    connector_class,
    kinds,
)
from connectors.clock import SimulatedClock

VENDORS = Path(__file__).parent.parent / "vendors"
NEVER_LANDED = ("licen", "passw", "medical", "passport", "permit", "physician", "id_number", "caregiver", "patient")


def pulled(connector: Connector) -> tuple[list[dict[str, Any]], Evidence]:
    evidence = Evidence()
    records: list[dict[str, Any]] = []
    for page in connector.pages(evidence):
        records += page.records.to_pylist() if isinstance(page.records, pa.Table) else map(dict, page.records)
    return records, evidence


def landed(connector: Connector, records: list[dict[str, Any]]) -> pa.Table:
    """As the pull room lands them: strictly typed, unknown fields left out."""
    lines = "\n".join(json.dumps(record) for record in records).encode()
    options = pa_json.ParseOptions(explicit_schema=connector.FIELDS, unexpected_field_behavior="ignore")
    return pa_json.read_json(pa.BufferReader(lines), parse_options=options)


def shaped(connector: Connector, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of `profiles` that `sql/shape` makes of the records."""
    with duckdb.connect(config={"python_enable_replacements": "false"}) as warehouse:
        for statement in sql.script("schema").statements:
            warehouse.execute(statement)
        warehouse.register("raw", landed(connector, records))
        (shape,) = sql.script(f"shape/{connector.shape}").statements
        given = {"source": connector.name, "region": connector.settings.region}
        used = warehouse.extract_statements(shape)[0].named_parameters
        warehouse.execute(f"insert into profiles {shape}", {name: given[name] for name in used})
        rows = warehouse.execute("select * from profiles")
        names = [column[0] for column in rows.description or ()]
        return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def as_view(row: Mapping[str, Any], link_keys: Mapping[str, str]) -> dict[str, Any]:
    """A row of `profiles` in the words of `view`."""
    links = {f"link:{link_keys[li['key']]}": li["id"] for li in row["links"] or [] if li["key"] in link_keys}
    columns = {name: "group_name" if name == "group" else name for name in VIEW_FIELDS}
    return {name: row[column] for name, column in columns.items()} | {
        name: value for name, value in links.items() if value
    }


def failure(connector: Connector) -> VendorError:
    with pytest.raises(VendorError) as caught:
        pulled(connector)
    return caught.value


def refused(connector: Connector, change: Change) -> VendorError:
    with pytest.raises(VendorError) as caught:
        connector.write(change)
    return caught.value


def with_current(connector: Connector, change: Change) -> Change:
    if change.profile_id is None:
        return change
    return replace(change, current=connector.fetch([change.profile_id])[change.profile_id])


# the vendor file ----------------------------------------------------------------------------------------------------


def test_every_vendor_has_joined_this_suite() -> None:
    assert [kind for kind in kinds() if not (VENDORS / kind / "rig.py").is_file()] == []


@pytest.mark.parametrize("kind", kinds())
def test_a_vendor_file_keeps_to_the_house(kind: str) -> None:
    """G11: what must never be landed is in no allow-list."""
    vendor = connector_class(kind)
    assert vendor.kind == kind
    assert vendor.FIELDS.field(vendor.ID).type == pa.string()
    assert len(set(vendor.FIELDS.names)) == len(vendor.FIELDS.names)
    assert not [n for n in vendor.FIELDS.names if any(word in n.lower() for word in NEVER_LANDED)]
    assert vendor.REQUIRED_PROOFS.issubset(get_args(ProofName))
    assert {"no_repeats", "same_contract", "shrink", "canaries"} <= vendor.REQUIRED_PROOFS
    assert issubclass(vendor.Settings, SourceSettings)
    folder = Path(inspect.getfile(vendor)).parent
    for file in [folder / f"{kind}.py", *folder.glob(f"_{kind}*.py")]:
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 400, file.name


# the list (G1) ------------------------------------------------------------------------------------------------------


def test_the_list_holds_every_profile_once_and_ends_also_on_a_full_last_page(rig: Any, clock: SimulatedClock) -> None:
    full = rig.page_size or 5
    for count in (0, 1, full - 1, full, full + 1, 2 * full):
        rig.serve(count)
        connector = rig.connector(clock, writes=False)
        records, evidence = pulled(connector)
        ids = [record[connector.ID] for record in records]
        assert sorted(ids) == sorted(rig.ids()), count
        assert len(ids) == count
        assert all(isinstance(one, str) and one for one in ids)
        assert len(set(ids)) == len(ids)
        assert landed(connector, records).num_rows == count if records else True
        assert False not in (evidence.end_mark, evidence.pages_contiguous)
        assert {evidence.count_before, evidence.count_after} <= {None, count}


def test_every_required_proof_is_offered(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    _, evidence = pulled(connector)
    given = {name for name in ("end_mark", "pages_contiguous") if getattr(evidence, name) is True}
    given |= {name for name in ("count_before", "count_after") if getattr(evidence, name) is not None}
    about_the_wire = {"end_mark", "pages_contiguous", "count_before", "count_after"}
    assert connector.REQUIRED_PROOFS & about_the_wire <= given
    assert evidence.contract


def test_an_empty_account_is_empty_and_no_error(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(0)
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert records == []
    assert evidence.end_mark is not False


def test_a_second_pull_is_identical(rig: Any, clock: SimulatedClock) -> None:
    rig.serve((rig.page_size or 5) + 1)
    first, second = (pulled(rig.connector(clock, writes=False)) for _ in range(2))
    assert first[0] == second[0]
    assert first[1].contract == second[1].contract


# shape and view -----------------------------------------------------------------------------------------------------


def test_view_says_what_the_shape_says(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    records = pulled(connector)[0] + [dict(record) for record in rig.odd_records()]
    rows = shaped(connector, records)
    assert len(rows) == len(records)
    for record, row in zip(records, rows, strict=True):
        assert row["id"] == record[connector.ID]
        assert connector.view(record) == as_view(row, connector.settings.link_keys)
        assert row["status"] in {"active", "archived", "deleted", "merged"}
        assert "" not in row.values()


def test_the_shape_gives_the_columns_of_profiles_in_their_order(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    (shape,) = sql.script(f"shape/{connector.shape}").statements
    with duckdb.connect() as warehouse:
        for statement in sql.script("schema").statements:
            warehouse.execute(statement)
        warehouse.register("raw", connector.FIELDS.empty_table())
        given = {"source": "x", "region": "CA"}
        used = warehouse.extract_statements(shape)[0].named_parameters
        found = warehouse.execute(shape, {name: given[name] for name in used}).description
        wanted = warehouse.execute("select * from profiles").description
    assert [(c[0], str(c[1])) for c in found or ()] == [(c[0], str(c[1])) for c in wanted or ()]


# by id, by key ------------------------------------------------------------------------------------------------------


def test_a_profile_reads_by_its_id_as_it_does_in_the_list(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    records, _ = pulled(connector)
    fetched = connector.fetch(rig.ids())
    for record in records:
        single = fetched[record[connector.ID]]
        assert single is not None
        assert connector.view(single) == connector.view(record)
        assert single[connector.ID] == record[connector.ID]


def test_an_id_that_nobody_has_reads_none(rig: Any, clock: SimulatedClock) -> None:
    assert rig.connector(clock, writes=False).fetch(["999999999"]) == {"999999999": None}
    assert rig.connector(clock, writes=False).fetch([]) == {}


def test_a_profile_is_found_by_its_email_and_nobody_by_a_strange_one(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    record = next(r for r in pulled(connector)[0] if connector.view(r)["email"])
    email = connector.view(record)["email"]
    assert email is not None
    assert record[connector.ID] in [found[connector.ID] for found in connector.find("email", email)]
    assert connector.find("email", "nobody.has.this@example.com") == []
    assert connector.find("phone", "+16135550199") == []


# failures -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_permanent_and_never_an_empty_list(rig: Any, clock: SimulatedClock, status: int) -> None:
    if not rig.over_http:
        return
    rig.fail(status)
    error = failure(rig.connector(clock, writes=False))
    assert error.permanent
    assert error.effect == "none"
    assert rig.requests() <= 4


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_burst_of_server_errors_is_waited_out(rig: Any, clock: SimulatedClock, status: int) -> None:
    if not rig.over_http:
        return
    before = clock.time()
    rig.fail(status, times=2)
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert len(records) == 3
    assert evidence.end_mark is not False
    assert clock.time() - before >= 1


def test_a_vendor_that_stays_down_is_no_empty_list_either(rig: Any, clock: SimulatedClock) -> None:
    if not rig.over_http:
        return
    rig.fail(503)
    assert not failure(rig.connector(clock, writes=False)).permanent


def test_retry_after_is_waited(rig: Any, clock: SimulatedClock) -> None:
    if not rig.over_http:
        return
    before = clock.time()
    rig.fail(429, headers={"Retry-After": "77"}, times=1)
    assert len(pulled(rig.connector(clock, writes=False))[0]) == 3
    assert clock.time() - before >= 77


@pytest.mark.parametrize("body", [b"<html><title>Back soon</title></html>", b"", b'{"error": "busy"}', b"[]", b"null"])
def test_a_200_that_says_something_else_is_no_empty_list(rig: Any, clock: SimulatedClock, body: bytes) -> None:
    if not rig.over_http:
        return
    rig.fail(200, body=body)
    failure(rig.connector(clock, writes=False))


@pytest.mark.parametrize("status", [200, 401, 403, 404, 429, 500])
def test_no_secret_shows_in_any_text(
    rig: Any, clock: SimulatedClock, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    if not rig.over_http:
        return
    caplog.set_level(logging.DEBUG)
    connector = rig.connector(clock, writes=True)
    rig.fail(status, body="echo: {}".format(" ".join(rig.secrets)).encode())
    told = str(failure(connector)) + " ".join(line.detail for line in connector.check()) + caplog.text
    assert rig.secrets
    assert [secret for secret in rig.secrets if secret in told] == []


def test_check_says_what_holds_and_never_raises(rig: Any, clock: SimulatedClock) -> None:
    lines = rig.connector(clock, writes=True).check()
    assert lines
    assert [line for line in lines if not line.ok or not line.detail] == []
    if rig.over_http:
        for status in (401, 403, 404, 500):
            rig.fail(status)
            assert [line for line in rig.connector(clock, writes=True).check() if not line.ok]
        assert rig.sent() == []


# writes -------------------------------------------------------------------------------------------------------------


def test_a_rig_shows_every_action_that_is_offered(rig: Any, clock: SimulatedClock) -> None:
    offered = rig.connector(clock, writes=True).capabilities.actions
    assert {change.action for change, _ in rig.writes()} == offered


def test_a_write_sends_exactly_what_changes_and_reads_back(rig: Any, clock: SimulatedClock) -> None:
    for change, sent in rig.writes():
        rig.serve(3)
        connector = rig.connector(clock, writes=True)
        written = connector.write(with_current(connector, change))
        assert rig.sent() == sent
        assert written == (change.profile_id or written)
        record = connector.fetch([written])[written]
        assert record is not None
        view = connector.view(record)
        assert {name: view.get(name) for name in change.after} == dict(change.after)


def test_a_write_touches_nothing_else(rig: Any, clock: SimulatedClock) -> None:
    for change, _ in rig.writes():
        rig.serve(3)
        connector = rig.connector(clock, writes=True)
        before = {i: connector.view(r) for i, r in connector.fetch(rig.ids()).items() if r}
        written = connector.write(with_current(connector, change))
        after = {i: connector.view(r) for i, r in connector.fetch(rig.ids()).items() if r}
        after.pop(written) if change.action == "create" else None
        for one, view in before.items():
            expected = view | dict(change.after) if one == written else view
            assert {k: v for k, v in after[one].items() if v} == {k: v for k, v in expected.items() if v}


def test_a_refused_write_had_no_effect_and_a_failed_one_is_not_repeated(rig: Any, clock: SimulatedClock) -> None:
    for change, _ in rig.writes():
        for status in (401, 403, 500):
            rig.serve(3)
            connector = rig.connector(clock, writes=True)
            ready = with_current(connector, change)
            rig.fail(status)
            error = refused(connector, ready)
            assert rig.sent() == []
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


def test_g9_who_opted_out_elsewhere_is_not_opted_in_by_being_created(rig: Any, clock: SimulatedClock) -> None:
    """Systems have defaults for who is new; the opt-out goes with the create, and reads back as no opt-in."""
    able = rig.connector(clock, writes=True).capabilities
    for change, _ in rig.writes():
        if change.action != "create" or "opt_out" not in able.actions:
            continue
        rig.serve(3)
        connector = rig.connector(clock, writes=True)
        outs = {f"{channel}_consent": "out" for channel in able.consent}
        made = connector.write(replace(change, after={**change.after, **outs}))
        view = connector.view(connector.fetch([made])[made] or {})
        silent = {f"{channel}_consent": "unknown" for channel in able.silent_outs}
        assert {name: view[name] for name in outs} == outs | {n: word for n, word in silent.items() if n in outs}


def test_the_page_of_a_profile_is_https_or_none(rig: Any, clock: SimulatedClock) -> None:
    page = rig.connector(clock, writes=False).admin_url(rig.ids()[0])
    assert page is None or (urlsplit(page).scheme == "https" and rig.ids()[0] in page)
