"""Vendors' export files, read in their own words."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors._file_formats import FORMATS
from connectors.base import Evidence, VendorError
from connectors.file_source import FileConnector, FileSettings, connect, settings_class
from connectors.files import CANONICAL, WRITABLE
from connectors.kinds import kinds
from connectors.treez import Treez
from jobs.errors import ConfigError
from jobs.settings import parse
from tests.unit.file_drivers.listed import CLOCK, list_of, one, source

# the table of formats ------------------------------------------------------------------------------------------------


def test_every_vendor_has_a_format_in_canonical_words() -> None:
    assert set(FORMATS) == set(kinds()) - {"table"}
    for form in FORMATS.values():
        assert set(form.columns) <= set(CANONICAL)
        assert "id" in form.columns
        assert form.by_hand <= WRITABLE
        assert set(form.words) <= {"email_consent", "sms_consent", "status"}
        assert form.steps


def test_c5_the_steps_of_mission_control_name_the_place_to_look() -> None:
    assert "action log of Mission Control" in FORMATS["blaze_ecom"].steps[-1]


def test_g9_no_format_makes_an_opt_in_of_an_empty_cell() -> None:
    for form in FORMATS.values():
        assert all(meaning != "in" for words in form.words.values() for cell, meaning in words.items() if not cell)


@pytest.mark.parametrize(
    ("kind", "cells", "shown"),
    [
        ("shopify", {"Accepts Email Marketing": "subscribed"}, {"email_consent": "in"}),
        ("shopify", {"Accepts Email Marketing": "unsubscribed"}, {"email_consent": "out"}),
        ("shopify", {"Accepts Marketing": "no"}, {"email_consent": "unknown"}),
        ("shopify", {"Phone": "'+16135550117", "Zip": "'01234"}, {"phone": "+16135550117", "postal_code": "01234"}),
        ("shopify", {"Last Name": "'t Hooft"}, {"last_name": "'t Hooft"}),
        ("shopify", {"Tags": "vip, b, vip"}, {"tags": "b;vip"}),
        ("shopify", {"Address1": "1 Old St", "Default Address Address1": "2 New St"}, {"street": "2 New St"}),
        ("heartland", {"First Name": "?", "Active": "No"}, {"first_name": None, "status": "archived"}),
        ("heartland", {"Email Opt In": "false"}, {"email_consent": "unknown"}),
        ("heartland", {"Address Phone": "1", "Mobile Phone": "2"}, {"phone": "2"}),
        ("lightspeed_x", {"do_not_email": "TRUE"}, {"email_consent": "out", "sms_consent": None}),
        ("lightspeed_x", {"do_not_email": "false", "enable_promotional_sms": "true"}, {"email_consent": "unknown"}),
        ("lightspeed_x", {"phone": "0", "customer_group": "All Customers"}, {"phone": None, "group": None}),
        ("lightspeed_x", {"physical_address1": "1 Long St"}, {"street": "1 Long St"}),
        ("lightspeed_r", {"No Email": "Yes", "No Phone": "No"}, {"email_consent": "unknown", "sms_consent": "in"}),
        ("lightspeed_r", {"Archived": "true", "Home": "5", "Mobile": "6"}, {"status": "archived", "phone": "5"}),
        ("ecwid", {"accept_marketing": ""}, {"email_consent": "unknown"}),
        ("ecwid", {"accept_marketing": "false", "customer_group": "General"}, {"email_consent": "out", "group": None}),
        ("treez", {"Opt Out": "true", "Status": "DEACTIVATED"}, {"email_consent": "unknown", "status": "archived"}),
        ("treez", {"Notes": "N/A", "Birthday": "2/28/1990"}, {"note": None, "birth_date": "1990-02-28"}),
        ("treez", {"Birthday": "2000-01-01", "Zip": "0"}, {"birth_date": None, "postal_code": None}),
        ("greenline", {"Email Opt In": ""}, {"email_consent": "unknown"}),
        ("blaze_ecom", {"SMS Opt In": "no", "Active": "false"}, {"sms_consent": "out", "status": "archived"}),
    ],
)
def test_the_vendors_words_and_polarity(
    tmp_path: Path, kind: str, cells: dict[str, str], shown: dict[str, str | None]
) -> None:
    view = one(kind, tmp_path, cells)
    assert {name: view[name] for name in shown} == shown


def test_purchases_are_told_by_their_number(tmp_path: Path) -> None:
    path = list_of(tmp_path / "l.csv", ["Customer ID", "Total Orders"], ["1", "0"], ["2", "12"], ["3", ""])
    rows = source("shopify", path).fetch(["1", "2", "3"])
    assert [row["has_purchased"] for row in rows.values() if row] == ["false", "true", ""]


def test_the_operators_words_beat_the_formats(tmp_path: Path) -> None:
    """G9: a store that has settled Treez's polarity says so once; YAML's own true is the file's `true`."""
    words = {"email_consent": {True: "out", "No": "in"}}
    assert one("treez", tmp_path, {"Opt Out": "TRUE"}, words=words)["email_consent"] == "out"
    assert one("treez", tmp_path, {"Opt Out": " no "}, words=words)["email_consent"] == "in"


@pytest.mark.parametrize(
    "words", [{"email_consent": {"yes": "yes"}}, {"phone": {"x": "in"}}, {"status": {"x": "in"}}, "in"]
)
def test_words_that_mean_nothing_here_are_refused(words: Any) -> None:
    with pytest.raises(ValidationError):
        FileSettings.model_validate({"kind": "treez", "role": "pos", "words": words})


def test_another_polarity_is_another_contract(tmp_path: Path) -> None:
    """G1: what a file says has changed when its words mean something else."""
    path, plain, told = list_of(tmp_path / "l.csv", ["Customer ID", "Opt Out"], ["1", "true"]), Evidence(), Evidence()
    list(source("treez", path).pages(plain))
    list(source("treez", path, words={"email_consent": {"true": "out"}}).pages(told))
    assert plain.contract != told.contract


@pytest.mark.parametrize(
    "heading", ["Drivers License", "Driving licence no.", "Passport", "State Medical ID", "Password"]
)
def test_g11_no_setting_can_have_an_identity_document_read(tmp_path: Path, heading: str) -> None:
    path = list_of(tmp_path / "l.csv", ["Customer ID", heading], ["1", "X0000001"])
    connector = source("treez", path, columns={"external_id": heading})
    assert not connector.check()[0].ok
    with pytest.raises(VendorError, match="never read"):
        list(connector.pages(Evidence()))


def test_of_an_unknown_column_the_name_and_a_count_are_kept(tmp_path: Path) -> None:
    path = list_of(tmp_path / "l.csv", ["Customer ID", "Shoe size", "Total Spent"], ["1", "42", "9"], ["2", "", "9"])
    connector = source("shopify", path)
    list(connector.pages(Evidence()))
    connector.fetch(["1"])
    assert (connector.unknown_columns, dict(connector.unknown_seen)) == (["Shoe size"], {"Shoe size": 1})


def test_g1_a_file_that_changes_while_it_is_read_is_no_export(tmp_path: Path) -> None:
    path, evidence = list_of(tmp_path / "l.csv", ["Customer ID"], ["1"]), Evidence()
    pages = source("shopify", path).pages(evidence)
    next(pages)
    with path.open("a") as file:
        file.write("2\n")
    list(pages)
    assert evidence.end_mark is False
    assert any("changed while it was read" in note for note in evidence.notes)


def test_m14_a_walk_in_record_is_no_customer(tmp_path: Path) -> None:
    path = list_of(
        tmp_path / "l.csv", ["id", "customer_code"], ["1", "Anonymous Customer"], ["2", "A-7"], ["3", " WALKIN "]
    )
    connector = source("lightspeed_x", path)
    assert [row["id"] for page in connector.pages(Evidence()) for row in page.records.to_pylist()] == ["2"]
    assert connector.fetch(["1"]) == {"1": None}


# which connector, which settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_every_kind_takes_a_file_and_keeps_the_keys_of_its_api_idle(tmp_path: Path, kind: str) -> None:
    entry = {"kind": kind, "role": "pos", "driver": "files", "path": "l.csv"}
    idle = {"rate_share": 0.3, "token": {"env": "NOT_SET"}} if kind not in {"treez", "lightspeed_r"} else {}
    settings = parse({"group": "g", "sources": {"till": {**entry, **idle}}}, tmp_path / "config.yaml")
    connector = connect("till", settings.sources["till"], CLOCK)
    assert isinstance(connector, FileConnector)
    assert (connector.kind, connector.shape, connector.settings.path) == (kind, "table", tmp_path / "l.csv")
    with pytest.raises(ConfigError, match="unknown key"):
        parse({"group": "g", "sources": {"till": {**entry, "pth": "l.csv"}}}, tmp_path / "config.yaml")


def test_a_setting_that_gives_a_meaning_is_not_passed_over(tmp_path: Path) -> None:
    """G9: whoever settled the polarity of an API must not believe that it holds for the file."""
    entry = {"kind": "treez", "role": "pos", "driver": "files", "path": "l.csv", "opt_out_means": "in"}
    with pytest.raises(ConfigError, match="opt_out_means: unknown key"):
        parse({"group": "g", "sources": {"till": entry}}, tmp_path / "config.yaml")


def test_a_file_has_the_defaults_of_its_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a vendor's settings take for granted, such as a country, holds by file as well."""

    class Northern(Treez.Settings):
        region: str = "CA"

    monkeypatch.setattr(Treez, "Settings", Northern)
    entry = {"kind": "treez", "role": "pos", "driver": "files", "path": "l.csv"}
    sources = {"till": entry, "other": {**entry, "path": "o.csv", "region": "GB"}}
    settings = parse({"group": "g", "sources": sources}, tmp_path / "config.yaml")
    assert [settings.sources[name].region for name in sources] == ["CA", "GB"]


def test_the_driver_that_a_kind_has_by_default_counts() -> None:
    assert settings_class("greenline", {"kind": "greenline"})[0] is FileSettings
    assert settings_class("shopify", {"kind": "shopify"})[0] is not FileSettings
