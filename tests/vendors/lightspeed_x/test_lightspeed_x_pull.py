"""Reading an X-Series retailer: the walk by version, deleted customers, groups, consent and what search may not tell."""

import json
from typing import Any

import pytest

from connectors.base import Evidence, VendorError
from connectors.clock import SimulatedClock
from connectors.lightspeed_x import LightspeedX


def pulled(connector: LightspeedX) -> tuple[list[dict[str, Any]], Evidence]:
    evidence = Evidence()
    return [dict(record) for page in connector.pages(evidence) for record in page.records], evidence


def viewed(connector: LightspeedX, one: str) -> dict[str, str | None]:
    record = connector.fetch([one])[one]
    assert record is not None
    return connector.view(record)


def asked(rig: Any, path: str = "/customers") -> list[dict[str, list[str]]]:
    return [query for method, at, query, _ in rig.calls if (method, at) == ("GET", path)]


# the walk (G1) ------------------------------------------------------------------------------------------------------


def test_the_cursor_is_followed_until_an_empty_page_and_the_end_is_asked_for_twice(
    rig: Any, clock: SimulatedClock
) -> None:
    rig.serve(12)
    pulled(rig.connector(clock, writes=False))
    versions = sorted(row["version"] for row in rig.rows.values())
    after = [query.get("after", ["-"])[0] for query in asked(rig)]
    assert after == ["-", str(versions[4]), str(versions[9]), str(versions[11]), str(versions[11])]


def test_a_short_page_is_not_the_end(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(9)
    rig.page_size = 2  # fewer than are asked for
    records, evidence = pulled(rig.connector(clock, writes=False, page_size=500))
    assert len(records) == 9
    assert evidence.end_mark


@pytest.mark.parametrize(
    "empty", [{"min": None, "max": None}, {"min": 0, "max": 0}, {"min": 42_700_000_000, "max": 42_700_000_000}, None]
)
def test_an_empty_page_is_told_by_its_data_and_not_by_its_numbers(rig: Any, clock: SimulatedClock, empty: Any) -> None:
    rig.empty_version = empty
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert (len(records), evidence.end_mark) == (3, True)


def test_a_page_without_its_highest_version_goes_on_from_its_customers(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(7)
    page = rig._page
    rig._page = lambda rows, query: without_version(page(rows, query))
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert (len(records), evidence.pages_contiguous) == (7, True)


def without_version(answer: Any) -> Any:
    status, headers, body = answer
    return status, headers, json.dumps({"data": json.loads(body)["data"]}).encode()


def test_m12_deleted_customers_are_listed_and_asked_for(rig: Any, clock: SimulatedClock) -> None:
    rig.add(4, deleted_at="2026-02-01T10:00:00+00:00")
    connector = rig.connector(clock, writes=False)
    records, _ = pulled(connector)
    assert [connector.view(r)["status"] for r in records] == ["active", "active", "active", "deleted"]
    assert all(query["deleted"] == ["true"] for query in asked(rig))


def test_a_customer_who_changes_while_the_list_is_read_comes_again_and_is_handed_on_once(
    rig: Any, clock: SimulatedClock
) -> None:
    rig.serve(12)
    evidence = Evidence()
    read: list[str] = []
    for page in rig.connector(clock, writes=False).pages(evidence):
        if not read:
            rig.touch(rig.rows[rig.ids()[0]])  # read already: comes again
            rig.touch(rig.rows[rig.ids()[11]])  # still to be read: comes later
        read += [record["id"] for record in page.records]
    assert sorted(read) == sorted(rig.ids())
    assert (evidence.end_mark, evidence.pages_contiguous) == (True, True)
    assert evidence.notes == ["1 changed while the list was read"]


def test_a_customer_deleted_while_the_list_is_read_does_not_vanish(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(12)
    read: dict[str, str | None] = {}
    connector = rig.connector(clock, writes=False)
    for page in connector.pages(Evidence()):
        if not read:
            last = rig.rows[rig.ids()[11]]
            last["deleted_at"] = "2026-11-23T04:15:00+00:00"
            rig.touch(last)
        read |= {record["id"]: connector.view(record)["status"] for record in page.records}
    assert read[rig.ids()[11]] == "deleted"
    assert len(read) == 12


@pytest.mark.parametrize("told", [10**15, 0, -1, "x", None])
def test_nobody_is_skipped_by_a_page_that_names_another_end_than_its_rows(
    rig: Any, clock: SimulatedClock, told: Any
) -> None:
    """G1: X-Series counts nobody, so a page that points beyond its rows would lose customers under a certificate."""
    rig.serve(12)
    page = rig._page

    def lying(rows: Any, query: Any) -> Any:
        status, headers, body = page(rows, query)
        answer = json.loads(body)
        answer["version"]["max"] = told if answer["data"] else None
        return status, headers, json.dumps(answer).encode()

    rig._page = lying
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert (len(records), evidence.pages_contiguous, evidence.end_mark) == (12, True, True)


def test_a_customer_who_appears_at_the_very_end_is_still_read(rig: Any, clock: SimulatedClock) -> None:
    """The one more call from the last cursor: it may hold who was created meanwhile."""
    ends = 0

    def late(method: str, path: str) -> None:
        nonlocal ends
        ends += path.endswith("/customers")
        if ends == 3:  # a page, its empty end, and the call that makes sure
            rig.before_answer = lambda method, path: None
            rig.add(99)

    rig.before_answer = late
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert len(records) == 4
    assert evidence.end_mark


def test_a_list_that_ignores_the_cursor_ends_as_an_error_and_not_as_a_loop(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(6)
    page = rig._page
    rig._page = lambda rows, query: page(rows, {**query, "after": ["0"]})
    with pytest.raises(VendorError, match="does not get past version") as caught:
        pulled(rig.connector(clock, writes=False))
    assert caught.value.permanent


def test_versions_out_of_order_leave_no_certificate(rig: Any, clock: SimulatedClock) -> None:
    page = rig._page
    rig._page = lambda rows, query: reversed_rows(page(rows, query))
    _, evidence = pulled(rig.connector(clock, writes=False))
    assert evidence.pages_contiguous is False


def reversed_rows(answer: Any) -> Any:
    status, headers, body = answer
    told = json.loads(body)
    return status, headers, json.dumps({**told, "data": told["data"][::-1]}).encode()


def test_a_walk_that_breaks_leaves_no_end_mark(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(12)
    evidence = Evidence()
    pages = rig.connector(clock, writes=False).pages(evidence)
    next(pages)
    rig.fail(403)
    with pytest.raises(VendorError, match="lack a permission"):
        list(pages)
    assert evidence.end_mark is False


def test_customers_of_the_wrong_types_are_handed_on_to_be_set_apart(rig: Any, clock: SimulatedClock) -> None:
    """G1: one misfit is quarantined with its id; it does not cost the night, unless nobody can read the id."""
    rows = list(rig.rows.values())
    rows[0]["email"], rows[1]["id"], rows[2]["phone"] = {"a": 1}, None, 6135550117
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert (records[0]["email"], records[1]["id"], records[2]["phone"]) == ({"a": 1}, None, "6135550117")
    assert evidence.pages_contiguous


def test_requests_are_what_the_page_size_forces_and_the_certificate_needs(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(500)
    rig.page_size = 50
    pulled(rig.connector(clock, writes=False, page_size=50))
    assert rig.requests() == 500 / 50 + 2 + 2  # the end twice; the groups and their end


# limits -------------------------------------------------------------------------------------------------------------


def test_retry_after_as_an_http_date_is_waited(rig: Any, clock: SimulatedClock) -> None:
    before = clock.time()
    rig.fail(429, headers={"Retry-After": "Mon, 23 Nov 2026 04:19:00 GMT"}, times=1)
    pulled(rig.connector(clock, writes=False))
    assert 240 <= clock.time() - before < 260


def test_a_429_that_does_not_say_how_long_is_waited_out_beyond_one_window(rig: Any, clock: SimulatedClock) -> None:
    before = clock.time()

    def limited(method: str, path: str) -> None:
        rig.fail(429, times=1 if clock.time() - before < 300 else 0)

    rig.before_answer = limited
    assert len(pulled(rig.connector(clock, writes=False))[0]) == 3


def test_our_share_of_the_limit_that_the_vendor_names_is_kept(rig: Any, clock: SimulatedClock) -> None:
    """350 in five minutes for one register; an answer that names another limit sets another pace."""
    took = []
    for limit in ({}, {"X-RateLimit-Limit": "6050"}):
        rig.serve(450)
        rig.headers = limit
        before = clock.time()
        pulled(rig.connector(clock, writes=False, rate_share=0.5))
        took.append(clock.time() - before)
    assert took[0] == pytest.approx((94 - 17.5) * 300 / 157.5, rel=0.02), (
        "a tenth of our share at once, the rest evenly"
    )
    assert took[1] < 1, "and of 3025 a tenth is more than this pull needs"


# what is read -------------------------------------------------------------------------------------------------------


def test_m14_walk_in_records_are_left_out_of_everything(rig: Any, clock: SimulatedClock) -> None:
    for n, code in enumerate(("WALKIN", "anonymous customer"), start=10):
        rig.add(n, customer_code=code, email="walkin@example.com")
    connector = rig.connector(clock, writes=False)
    records, evidence = pulled(connector)
    assert len(records) == 3
    assert evidence.notes == ["2 walk-in records were left out"]
    assert connector.find("email", "walkin@example.com") == []


def test_x2_a_group_is_read_by_its_name_and_the_group_of_everybody_is_none(rig: Any, clock: SimulatedClock) -> None:
    rig.add(4, customer_group_id="g-all")
    rig.add(5, customer_group_id=None)
    rig.add(6, customer_group_id="g-of-nobody")
    connector = rig.connector(clock, writes=False)
    groups = [connector.view(record)["group"] for record in pulled(connector)[0]]
    assert groups == ["Gold Members"] * 3 + [None] * 3


def test_a_group_that_is_made_while_the_list_is_read_is_known_all_the_same(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    pulled(connector)
    rig.groups["g-new"] = {"id": "g-new", "name": "Staff", "deleted_at": None, "version": rig.version + 1}
    rig.rows[rig.ids()[0]]["customer_group_id"] = "g-new"
    assert viewed(connector, rig.ids()[0])["group"] == "Staff"


def test_x3_customers_in_several_groups_are_told(rig: Any, clock: SimulatedClock) -> None:
    first, second, third = rig.rows.values()
    first["customer_group_ids"] = ["g-vip", "g-home"]
    second["customer_group_ids"] = ["g-home"]
    third["customer_group_ids"] = ["g-vip"]
    _, evidence = pulled(rig.connector(clock, writes=False))
    assert evidence.notes == ["2 customers are in several groups, or in another than they say (X3)"]


@pytest.mark.parametrize(
    ("flag", "meaning", "said"),
    [
        (True, "unknown", "out"),
        (False, "unknown", "unknown"),
        (False, "in", "in"),
        (None, "in", "unknown"),
        (..., "in", "unknown"),
    ],
)
def test_g9_do_not_email_says_no_and_its_creation_default_says_what_is_declared(
    rig: Any, clock: SimulatedClock, flag: Any, meaning: str, said: str
) -> None:
    one = rig.add(9, do_not_email=flag)
    assert viewed(rig.connector(clock, writes=False, do_not_email_false=meaning), one)["email_consent"] == said


@pytest.mark.parametrize(
    ("flag", "meaning", "said"),
    [
        (True, "unknown", "in"),
        (False, "unknown", "unknown"),
        (False, "out", "out"),
        (None, "out", "unknown"),
        (..., "out", "unknown"),
    ],
)
def test_g9_the_sms_flag_has_the_opposite_polarity(
    rig: Any, clock: SimulatedClock, flag: Any, meaning: str, said: str
) -> None:
    one = rig.add(9, enable_promotional_sms=flag)
    assert viewed(rig.connector(clock, writes=False, sms_false=meaning), one)["sms_consent"] == said


def test_m11_sms_is_read_but_not_known_here_unless_configured(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True, sms=False)
    records, _ = pulled(connector)
    assert connector.view(records[0])["sms_consent"] is None
    assert records[0]["enable_promotional_sms"] is True
    assert connector.capabilities.consent == {"email"}


def test_g11_balances_and_what_no_rule_needs_do_not_leave_the_connector(rig: Any, clock: SimulatedClock) -> None:
    records, _ = pulled(rig.connector(clock, writes=False))
    assert not {"balance", "loyalty_balance", "on_account_limit", "fax", "custom_field_1"} & records[0].keys()


def test_a_field_that_is_new_at_the_vendor_is_handed_on_to_be_noted(rig: Any, clock: SimulatedClock) -> None:
    rig.add(9, loyalty_tier=3)
    records, _ = pulled(rig.connector(clock, writes=False))
    assert records[3].keys() - LightspeedX.FIELDS.names == {"loyalty_tier"}


@pytest.mark.parametrize("more", [{"sms": False}, {"do_not_email_false": "in"}, {"walk_in_codes": ("X",)}])
def test_another_meaning_is_another_contract(rig: Any, clock: SimulatedClock, more: dict[str, Any]) -> None:
    """G1: what is read differs, so the export cannot be compared with the last one."""
    contracts = [pulled(rig.connector(clock, writes=False, **one))[1].contract for one in ({}, more)]
    assert contracts[0] != contracts[1]


# by id and by key ---------------------------------------------------------------------------------------------------


def test_search_hits_are_compared_here_because_nobody_knows_how_search_compares(
    rig: Any, clock: SimulatedClock
) -> None:
    rig.search_is_exact = False
    connector = rig.connector(clock, writes=False)
    assert [record["id"] for record in connector.find("email", "ADA2@example.com")] == [rig.ids()[1]]
    assert connector.find("key", "c-5") == []


@pytest.mark.parametrize("typed", ["+16135550188", "6135550188", "(613) 555-0188", "613-555-0188"])
@pytest.mark.parametrize("key", ["phone", "mobile"])
def test_g3_a_phone_is_found_in_each_of_its_usual_spellings(
    rig: Any, clock: SimulatedClock, typed: str, key: str
) -> None:
    one = rig.add(8, **{key: typed})
    assert [r["id"] for r in rig.connector(clock, writes=False).find("phone", "+16135550188")] == [one]


def test_m13_a_deleted_customer_holds_no_contact(rig: Any, clock: SimulatedClock) -> None:
    rig.search_is_exact = False
    rig.add(8, email="gone@example.com", deleted_at="2026-02-01T10:00:00+00:00")
    assert rig.connector(clock, writes=False).find("email", "gone@example.com") == []


def test_another_customer_than_asked_for_is_an_error(rig: Any, clock: SimulatedClock) -> None:
    one = rig.ids()[1]
    rig.rows[one] = {**rig.rows[one], "id": "somebody-else"}
    with pytest.raises(VendorError, match="something else than was asked for"):
        rig.connector(clock, writes=False).fetch([one])


# settings and check -------------------------------------------------------------------------------------------------


def test_check_tells_customers_that_lack_what_an_update_needs(rig: Any, clock: SimulatedClock) -> None:
    """An expired version is answered in silence by another one."""
    rig.add(9, do_not_email=...)
    (line,) = [line for line in rig.connector(clock, writes=False).check() if not line.ok]
    assert "come without do_not_email: is version 2026-07 still answered?" in line.detail


def test_check_names_the_retailer_the_groups_and_the_token(rig: Any, clock: SimulatedClock) -> None:
    told = {line.name: line.detail for line in rig.connector(clock, writes=True).check()}
    assert told["retailer"] == "Harbor Trading"
    assert told["groups"] == "All Customers, Gold Members, Wholesale"
    assert "refreshed when it ends" in told["token"]


def test_check_without_the_scope_to_see_the_retailer_is_no_failure(rig: Any, clock: SimulatedClock) -> None:
    rig.refuse["GET /retailer"] = (403, {"error": "permission denied"})
    assert all(line.ok for line in rig.connector(clock, writes=True).check())


@pytest.mark.parametrize(
    "missing",
    [{"base_url": ...}, {"client_id": ...}, {"tokens": ...},
     {"base_url": "https://harbor.retail.lightspeed.app/api/2.0"}, {"token": {"env": "RIG_X_PERSONAL"}}, {"api_version": "3.0"}],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(rig: Any, missing: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"X-Series needs|cannot be written|api_version|only the host"):
        rig._settings(**{"writes": False, **missing})


def test_the_page_of_a_customer_comes_from_the_configuration(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False, admin_page="https://harbor.example.com/customer/{id}")
    assert connector.admin_url("a/b") == "https://harbor.example.com/customer/a%2Fb"
    assert rig.connector(clock, writes=False).admin_url("a") is None
