"""Reading a Heartland account: the walk by key, inactive customers, addresses, and what an account maps."""

from typing import Any

import pytest

from connectors.base import Evidence, VendorError
from connectors.clock import SimulatedClock
from connectors.heartland import Heartland


def pulled(connector: Heartland, cursor: str | None = None) -> tuple[list[dict[str, Any]], Evidence]:
    evidence = Evidence()
    return [dict(r) for page in connector.pages(evidence, cursor) for r in page.records], evidence


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["id"] for record in records]


# the walk (G1) ------------------------------------------------------------------------------------------------------


def test_a_customer_who_vanishes_while_paging_pushes_nobody_over_an_edge(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(12)
    evidence = Evidence()
    read: list[str] = []
    for page in rig.connector(clock, writes=False).pages(evidence):
        read += [record["id"] for record in page.records]
        rig.rows.pop(2, None)
    assert read == [str(n) for n in range(1, 13)]
    assert (evidence.end_mark, evidence.pages_contiguous) == (True, True)
    assert (evidence.count_before, evidence.count_after) == (12, 11)


def test_an_interrupted_walk_goes_on_after_the_last_id_read(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(12)
    pages = rig.connector(clock, writes=False).pages(Evidence())
    first = next(pages)
    rest, evidence = pulled(rig.connector(clock, writes=False), first.cursor)
    assert ids([*map(dict, first.records), *rest]) == [str(n) for n in range(1, 13)]
    assert evidence.end_mark


def test_a_list_that_ignores_the_key_ends_as_an_error_and_not_as_a_loop(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(6)
    rig.keys = False
    with pytest.raises(VendorError, match="does not get past customer 5") as caught:
        pulled(rig.connector(clock, writes=False))
    assert caught.value.permanent


def test_a_walk_that_breaks_leaves_no_end_mark(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(12)
    evidence = Evidence()
    pages = rig.connector(clock, writes=False).pages(evidence)
    next(pages)
    rig.fail(403)
    with pytest.raises(VendorError, match="lack a permission"):
        list(pages)
    assert evidence.end_mark is False
    assert evidence.count_after is None


def test_a_customer_without_a_readable_id_is_handed_on_for_the_certificate_to_fail(
    rig: Any, clock: SimulatedClock
) -> None:
    rig.serve(3)
    list_as_it_is = rig._shown
    rig._shown = lambda row, query: {**list_as_it_is(row, query), **({"id": None} if row["id"] == 2 else {})}
    records, _ = pulled(rig.connector(clock, writes=False))
    assert ids(records) == ["1", None, "3"]


# inactive customers (M12) -------------------------------------------------------------------------------------------


def test_m12_inactive_customers_come_with_the_plain_list_under_either_key(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(2)
    rig.add(3, active=False)
    rig.add(4, **{"active": ..., "active?": False})
    connector = rig.connector(clock, writes=False)
    records, evidence = pulled(connector)
    assert [connector.view(r)["status"] for r in records] == ["active", "active", "archived", "archived"]
    assert (evidence.count_before, evidence.count_after, evidence.notes) == (4, 4, [])


def test_inactive_customers_whom_the_plain_list_leaves_out_are_asked_for(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(7)
    rig.lists_inactive = False
    rig.rows[2]["active"] = rig.rows[7]["active"] = False
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert ids(records) == ["1", "3", "4", "5", "6", "2", "7"]
    assert (evidence.end_mark, evidence.count_before, evidence.count_after) == (True, 7, 7)
    assert "asked for on their own" in evidence.notes[0]


def test_a_walk_broken_among_the_inactive_goes_on_there(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(7)
    rig.lists_inactive = False
    rig.rows[2]["active"] = rig.rows[7]["active"] = False
    records, evidence = pulled(rig.connector(clock, writes=False), "inactive:2")
    assert ids(records) == ["7"]
    assert evidence.end_mark


def test_an_account_that_ignores_the_active_filter_is_read_once_and_the_totals_say_so(
    rig: Any, clock: SimulatedClock
) -> None:
    rig.filters = False
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert ids(records) == ["1", "2", "3"]
    assert evidence.count_after == 3
    assert evidence.notes[0] == "3 customers, but 3 active and 3 inactive ones"


# addresses (M9) -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("embeds", "known"), [(True, True), (False, True), (True, False)])
def test_m9_the_main_address_has_the_lowest_id_however_addresses_come(
    rig: Any, clock: SimulatedClock, embeds: bool, known: bool
) -> None:
    rig.embeds, rig.include_known = embeds, known
    rig.addresses[2].insert(0, {"id": 950, "line_1": "Elsewhere", "country": "CA"})
    connector = rig.connector(clock, writes=False)
    records, _ = pulled(connector)
    assert [connector.view(r)["street"] for r in records] == ["1 Example St"] * 3
    fetched = connector.fetch(["2"])["2"]
    assert fetched is not None
    assert [address["id"] for address in fetched["addresses"]] == [102, 950]


def test_check_says_that_addresses_one_by_one_are_slow(rig: Any, clock: SimulatedClock) -> None:
    rig.embeds = False
    assert "so a pull is slow" in rig.connector(clock, writes=False).check()[0].detail


# what an account maps -----------------------------------------------------------------------------------------------


def test_g11_of_the_custom_fields_only_the_mapped_ones_leave_the_connector(rig: Any, clock: SimulatedClock) -> None:
    records, _ = pulled(rig.connector(clock, writes=False))
    assert "none" not in [value for record in records for value in record.values()]
    assert not {"custom", "mobile_phone", "active?"} & records[0].keys()


def test_a_field_that_is_new_at_the_vendor_is_handed_on_to_be_noted(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[1]["loyalty_tier"] = 3
    records, _ = pulled(rig.connector(clock, writes=False))
    assert records[0].keys() - Heartland.FIELDS.names == {"loyalty_tier"}


def test_phone_1_may_stand_on_the_address(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False, phone1="address.phone")
    assert connector.view(connector.fetch(["1"])["1"])["phone"] == "613-555-0117"


def test_what_is_not_mapped_is_not_known_and_not_written(rig: Any, clock: SimulatedClock) -> None:
    """A missing mapping means that the system does not know the field: no drift, no write (G9b)."""
    unmapped = {"phone1": None, "birth_date": None, "marketing_email": None, "tags": None}
    connector = rig.connector(clock, writes=True, **unmapped)
    view = connector.view(connector.fetch(["1"])["1"])
    assert {view[name] for name in ("phone", "birth_date", "email_consent", "tags")} == {None}
    can = connector.capabilities
    assert (can.consent, can.actions) == (frozenset(), {"update", "create", "archive", "restore"})
    assert not {"phone", "birth_date", "tags"} & can.fields


@pytest.mark.parametrize("said", ["unknown", "out"])
def test_g9_an_unticked_choice_means_what_is_declared_and_a_missing_one_is_unknown(
    rig: Any, clock: SimulatedClock, said: str
) -> None:
    rig.rows[1]["custom"]["email_opt_in"] = False
    rig.rows[2]["custom"].pop("email_opt_in")
    connector = rig.connector(clock, writes=True, email_opt_in_false=said)
    views = {i: connector.view(r) for i, r in connector.fetch(["1", "2", "3"]).items() if r}
    assert [views[i]["email_consent"] for i in "123"] == [said, "unknown", "in"]


def test_tags_are_split_at_the_accounts_own_separator(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[1]["custom"]["tags"] = "Shopify demo-shop  Shopify"
    connector = rig.connector(clock, writes=False, tag_separator=" ")
    assert connector.view(connector.fetch(["1"])["1"])["tags"] == "Shopify;demo-shop"


def test_another_mapping_is_another_contract(rig: Any, clock: SimulatedClock) -> None:
    """G1: what is read differs, so the export cannot be compared with the last one."""
    contracts = []
    for phone in ("mobile_phone", "address.phone"):
        evidence = pulled(rig.connector(clock, writes=False, phone1=phone))[1]
        contracts.append(evidence.contract)
    assert contracts[0] != contracts[1]
    assert contracts[0]["user"] == "77"


# by id and by key ---------------------------------------------------------------------------------------------------


def test_a_customer_merged_away_reads_none(rig: Any, clock: SimulatedClock) -> None:
    rig.rows.pop(2)
    assert rig.connector(clock, writes=False).fetch(["2"]) == {"2": None}


def test_another_customer_than_asked_for_is_an_error(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[2]["id"], rig.addresses[8] = 8, []
    with pytest.raises(VendorError, match="something else than this customer"):
        rig.connector(clock, writes=False).fetch(["2"])


def test_an_email_is_found_in_its_own_spelling_and_in_lower_case(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[1]["email"], rig.rows[2]["email"] = "Ida@Example.com", "ida@example.com"
    connector = rig.connector(clock, writes=False)
    assert ids(connector.find("email", "Ida@Example.com")) == ["1", "2"]


def test_our_own_reference_is_found_by_customer_number(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[3]["public_id"] = "RC-c-9"
    connector = rig.connector(clock, writes=False)
    assert ids(connector.find("key", "c-9")) == ["3"]
    assert connector.find("key", "c-8") == []


# settings and check -------------------------------------------------------------------------------------------------


def test_a_base_url_without_a_path_gets_the_vendors(rig: Any, clock: SimulatedClock) -> None:
    assert len(pulled(rig.connector(clock, writes=False, base_url=rig.url))[0]) == 3


@pytest.mark.parametrize(
    ("base_url", "subdomain", "page"),
    [
        ("https://harbor.retail.heartland.us/api", None, "https://harbor.retail.heartland.us/#customers/edit/7"),
        ("http://127.0.0.1:1/api", "demo", "https://demo.retail.heartland.us/#customers/edit/7"),
        ("http://127.0.0.1:1/api", None, None),
    ],
)
def test_the_page_of_a_customer_comes_from_the_subdomain(
    rig: Any, clock: SimulatedClock, base_url: str, subdomain: str | None, page: str | None
) -> None:
    connector = rig.connector(clock, writes=False, base_url=base_url, subdomain=subdomain)
    assert connector.admin_url("7") == page


def test_check_names_a_mapped_custom_field_that_the_account_lacks(rig: Any, clock: SimulatedClock) -> None:
    rig.custom_fields = [{"key": "birthday"}, {"key": "tags"}]
    (line,) = [line for line in rig.connector(clock, writes=False).check() if not line.ok]
    assert "the account has no custom@email_opt_in" in line.detail


def test_check_without_a_token_says_where_it_belongs(
    rig: Any, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RIG_HEARTLAND_TOKEN")
    lines = rig.connector(clock, writes=False).check()
    assert "RIG_HEARTLAND_TOKEN holds no secret" in lines[0].detail
    assert not lines[0].ok


def test_a_customer_of_the_wrong_types_is_handed_on_to_be_set_apart(rig: Any, clock: SimulatedClock) -> None:
    """G1: one misfit is quarantined with its id; it does not cost the night."""
    rig.rows[1]["custom"] = {"tags": ["vip", 7], "birthday": {"year": 1990}, "email_opt_in": [True]}
    rig.addresses[2] = ["1 Example St"]
    rig.addresses[3] = [{"id": "12", "line_1": "odd"}, {"id": 5, "line_1": "main"}]
    records, _ = pulled(rig.connector(clock, writes=False))
    assert (records[0]["tags"], records[0]["birth_date"]) == ("7;vip", {"year": 1990})
    assert records[1]["addresses"] == ["1 Example St"]
    assert [address["id"] for address in records[2]["addresses"]] == [5, "12"]


@pytest.mark.parametrize(
    ("date", "said", "ok"),
    [
        ("Mon, 23 Nov 2026 04:19:00 GMT", " s from the vendor's", True),
        ("Mon, 23 Nov 2026 05:15:00 GMT", " s from the vendor's: set it", False),
        ("yesterday", "does not say its time", True),
    ],
)
def test_check_compares_the_clocks(rig: Any, clock: SimulatedClock, date: str, said: str, ok: bool) -> None:
    rig.date = date
    (line,) = [line for line in rig.connector(clock, writes=False).check() if line.name == "clock"]
    assert said in line.detail
    assert line.ok == ok
