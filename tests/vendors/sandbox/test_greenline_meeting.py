"""What only Greenline does, between its connector and the simulated company (see `test_meeting.py`)."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.base import Connector, VendorError
from connectors.file_source import connect, settings_class
from connectors.greenline import Greenline
from jobs.fitting import Fitter
from tests.vendors.sandbox.meeting import Stage, as_text, certified, failure, pulled, stages, views
from tests.vendors.sandbox.met import configured, write

UNNAMED = ("licenceNumber", "medicalDocument", "passwordHash")

Open = Callable[..., Stage]


@pytest.fixture
def open_stage(tmp_path: Path) -> Iterator[Open]:
    yield from stages(tmp_path, "greenline")


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    return open_stage()


def by_file(stage: Stage, **changes: Any) -> Connector:
    """A connector to the list as the dashboard exports it at this moment."""
    entry = {**stage.account.file_settings(stage.folder / "customers.csv"), "role": "pos", **changes}
    model, given = settings_class("greenline", entry)
    return connect("it", model.model_validate(given), stage.clock)


def landed(connector: Connector) -> str:
    """All that an export leaves: rows, rows that do not fit, names of what is not known."""
    records, _ = pulled(connector)
    fitter = Fitter(connector.FIELDS, connector.ID, connector.DROPPED)
    fitted = fitter.fit(records)
    return as_text(fitted.table.to_pylist()) + str(fitted) + str(fitter.unknown)


# the driver -----------------------------------------------------------------------------------------------------------


def test_the_file_is_the_default_and_an_api_is_not_written_to_before_it_is_switched_on(stage: Stage) -> None:
    """Sheet, section 6: every line of the API is assumed."""
    bare = Greenline.Settings.model_validate({"kind": "greenline", "role": "pos"})
    assert (bare.driver, bare.writes, bare.region) == ("files", False, "CA")
    with pytest.raises(ValidationError, match="company_id, token"):
        Greenline.Settings.model_validate({"kind": "greenline", "role": "pos", "driver": "api"})
    one = stage.person()
    connector = stage.connector(writes=False)
    assert connector.capabilities.actions == frozenset()
    with pytest.raises(VendorError, match="not offered"):
        write(connector, one, "update", email="new@example.com")
    assert stage.written() == []


def test_an_export_of_the_dashboard_reads_as_the_api_does(stage: Stage) -> None:
    """Of the headings only `Name` is known; the others are named in the configuration. Archived ones are left out."""
    ids = [stage.person(number, phone_raw=spelt) for number, spelt in enumerate(("(416) 555-0123", " 4165550124", "-"))]
    ids.append(stage.person(3, full_name="Sample, Robin", first_name=None, last_name=None))
    gone = stage.person(4)
    stage.account.archive(gone)
    connector = by_file(stage)
    records, evidence = pulled(connector)
    assert certified(connector, records, evidence, len(ids))
    seen, told = views(connector, records), views(stage.connector(), pulled(stage.connector())[0])
    assert sorted(seen) == sorted(ids)
    shared = ("status", "birth_date", "phone", "email", "note")
    for one in ids:
        assert {name: seen[one][name] for name in shared} == {
            name: (told[one][name] or "").strip() or None for name in shared
        }
    assert seen[ids[0]]["email_consent"] is None, "the file has no such column, so it says nothing (G9)"
    assert connector.capabilities.consent == frozenset()
    assert not {"Tax Exempt", "Loyalty Points", "Credit Balance"} & set(records[0])
    assert [line.name for line in connector.check() if not line.ok] == []


def test_a_file_without_ids_is_refused_with_its_headings(stage: Stage) -> None:
    """Sheet, section 6: an export without an id column cannot be corrected."""
    stage.person()
    connector, path = by_file(stage, columns={}), stage.folder / "customers.csv"
    path.write_text(path.read_text("utf-8").replace("Customer ID", "Reference", 1), encoding="utf-8")
    assert "has no column for the ids" in str(failure(connector))
    assert "Reference" in str(failure(connector))


def test_a_corrected_list_goes_back_by_import(stage: Stage) -> None:
    """The vendor's documented way of changing many: export, edit, import; other columns stay as they are."""
    one, other = stage.person(1, balance=12.5), stage.person(2)
    path = stage.folder / "customers.csv"
    by_file(stage)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0]["Email"] = "corrected@example.com"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    stage.account.import_csv(path.read_text("utf-8"))
    seen = views(by_file(stage), pulled(by_file(stage))[0])
    assert (seen[one]["email"], seen[other]["email"]) == ("corrected@example.com", "ada2@example.com")
    assert stage.account.records.rows[int(one)]["creditBalance"] == 1250


# G11 ------------------------------------------------------------------------------------------------------------------


def test_fields_that_nobody_may_read_leave_their_names_alone(open_stage: Open) -> None:
    """G11: whatever the real vendor sends beside the contract; it is told by name and type, and never by value."""
    stage = open_stage(unnamed_fields=UNNAMED, sentinel="NOBODYS-LICENCE")
    stage.people(3)
    for connector in (stage.connector(), by_file(stage)):
        left = landed(connector)
        assert "ada1@example.com" in left
        assert "NOBODYS-LICENCE" not in left
    connector = stage.connector()
    fitter = Fitter(connector.FIELDS, connector.ID, connector.DROPPED)
    fitter.fit(pulled(connector)[0])
    assert {name for name, _ in fitter.unknown} == set(UNNAMED)
    assert set(UNNAMED) <= set(by_file(stage).unknown_columns)


def test_points_credit_and_the_tax_switch_are_neither_kept_nor_written(stage: Stage) -> None:
    """G11; the tax switch turns off all taxes (sheet, section 4)."""
    one = stage.person(balance=4321.0)
    connector = stage.connector()
    assert not {"loyaltyPoints", "creditBalance", "taxExempt"} & set(connector.FIELDS.names)
    assert "432100" not in landed(connector)
    for name in ("loyaltyPoints", "creditBalance", "taxExempt"):
        with pytest.raises(VendorError, match="cannot be written"):
            write(connector, one, "update", **{name: "0"})
    assert stage.written() == []


# the assumed contract ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moves", [1, 2])
def test_who_is_edited_while_the_list_is_read_is_not_lost(stage: Stage, moves: int) -> None:
    """The order is by change, so an edit shifts every later page by one: the list is read again until it stands still."""
    ids = stage.people(250)
    left = iter(range(moves))

    def clerk(offset: int) -> None:
        if offset == 100 and (number := next(left, None)) is not None:
            stage.clock.sleep(1)
            stage.account.edit(ids[number], {"note": "seen today"})

    stage.account.before_page = clerk
    connector = stage.connector()
    records, evidence = pulled(connector)
    assert {str(record["id"]) for record in records} == set(ids)
    assert certified(connector, records, evidence, len(ids))
    assert any("moved" in note for note in evidence.notes)


def test_a_list_that_never_stands_still_is_no_certificate(stage: Stage) -> None:
    """G1: said, not guessed."""
    ids = stage.people(250)
    turns = iter(range(1000))

    def clerk(offset: int) -> None:
        if offset:
            stage.clock.sleep(1)
            stage.account.edit(ids[next(turns) % 50], {"note": f"seen {offset}"})

    stage.account.before_page = clerk
    connector = stage.connector()
    records, evidence = pulled(connector)
    assert not certified(connector, records, evidence, len(ids))
    assert any("never stood still" in note for note in evidence.notes)


def test_a_value_that_another_customer_holds_is_refused_by_naming_that_customer(stage: Stage) -> None:
    """C3, C4: the id is named, the value is not."""
    one, other = stage.person(1), stage.person(2)
    connector = stage.connector()
    for name, value in (("phone", "+1 613 555 0101"), ("email", "ADA1@example.com")):
        with pytest.raises(VendorError, match=f"the value is on customer {one}") as caught:
            write(connector, other, "update", **{name: value})
        assert (caught.value.effect, caught.value.status) == ("none", 409)
        assert value not in str(caught.value)
    stage.account.archive(one)
    write(connector, other, "update", phone="+16135550101")
    with pytest.raises(VendorError, match=f"the value is on customer {other}"):
        write(connector, one, "restore", status="active")


def test_an_opt_out_goes_with_a_customer_who_is_created_and_the_other_channel_stays_unknown(stage: Stage) -> None:
    """G9: null is unknown, and what nobody said is not written."""
    connector = stage.connector()
    made = write(connector, None, "create", first_name="Max", email="max@example.com", email_consent="out")
    row = stage.account.records.rows[int(made)]
    assert (row["marketingEmailOptIn"], row["marketingSmsOptIn"]) == (False, None)


def test_a_wrong_key_a_wrong_company_and_a_sign_in_page_are_told_apart(open_stage: Open) -> None:
    stage = open_stage()
    stage.account.key = "another"
    assert failure(stage.connector()).status == 401
    assert failure(configured(open_stage(), company_id="901")).status == 403
    page = open_stage(login_page=True)
    page.account.key = "another"
    assert "answered HTML instead of JSON" in str(failure(page.connector()))


def test_a_location_in_the_place_of_the_company_is_noticed(open_stage: Open) -> None:
    """Both are numbered in one series (sheet, section 1)."""
    stage = open_stage(locations={900: "Queen St"})
    (line,) = [line for line in stage.connector().check() if line.name == "locations"]
    assert not line.ok
    assert "900 is a location" in line.detail


@pytest.mark.parametrize(
    "quirks", [{"header": "api-key"}, {"header": "api-key", "second_header": "external-api-auth-token"}]
)
def test_each_host_has_its_own_headers(open_stage: Open, quirks: dict[str, str]) -> None:
    stage = open_stage(**quirks)
    stage.people(2)
    connector = stage.connector()
    assert len(pulled(connector)[0]) == 2
    secrets = [*stage.account.secrets().values()]
    stage.account.key = "another"
    assert not [secret for secret in secrets if secret in str(failure(stage.connector()))]


def test_it_keeps_to_half_of_the_assumed_limit(stage: Stage) -> None:
    """Sheet, section 6: the company answers 5 a second, the connector asks for 2 at its default share."""
    stage.people(1050)
    connector, started = configured(stage), stage.clock.time()
    assert len(pulled(connector)[0]) == 1050
    assert connector.http.stats.requests == 11
    assert connector.http.stats.retries == 0
    assert stage.clock.time() - started >= 5
