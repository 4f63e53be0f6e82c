"""Reading an R-Series account: cursors, archived customers, the vendor's JSON, birth dates and the bucket."""

import json
from typing import Any

import pytest

from connectors._lightspeed_r_words import born, flag, many, zone
from connectors.base import Evidence, VendorError
from connectors.clock import SimulatedClock
from connectors.lightspeed_r import RELATIONS, LightspeedR


def pulled(connector: LightspeedR, cursor: str | None = None) -> tuple[list[dict[str, Any]], Evidence]:
    evidence = Evidence()
    return [dict(r) for page in connector.pages(evidence, cursor) for r in page.records], evidence


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["customerID"] for record in records]


def lists(rig: Any) -> list[Any]:
    return [query for _, path, query in rig.log if path.endswith("/Customer.json") and "count" not in query]


# the walk (G1) ------------------------------------------------------------------------------------------------------


def test_m12_archived_customers_are_listed_counted_and_read_as_archived(rig: Any, clock: SimulatedClock) -> None:
    """Trap: without `archived=true` the vendor leaves them out, from the list and from the count."""
    rig.serve(6)
    connector = rig.connector(clock, writes=False)
    records, evidence = pulled(connector)
    assert [connector.view(r)["status"] for r in records] == ["active", "active", "archived"] * 2
    assert (evidence.count_before, evidence.count_after) == (6, 6)


def test_load_relations_are_asked_for_and_a_list_that_loses_them_is_an_error(rig: Any, clock: SimulatedClock) -> None:
    """Trap: without `load_relations` there is no Contact, which would read as everybody having lost phone and email."""
    rig.serve(101)
    rig.relations_kept = False
    with pytest.raises(VendorError, match="without their contacts"):
        pulled(rig.connector(clock, writes=False))
    assert lists(rig)[0]["load_relations"] == [RELATIONS]
    assert "CustomFieldValues" not in RELATIONS


def test_cursors_are_followed_as_given_to_the_empty_one(rig: Any, clock: SimulatedClock) -> None:
    """Trap: cursors are opaque, and nothing is added to them."""
    rig.serve(250)
    rig.next_of = lambda address: f"{address}&opaque=1"
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert ids(records) == [str(n) for n in range(1, 251)]
    assert [("opaque" in query, query.get("after")) for query in lists(rig)] == [
        (False, None), (True, ["100"]), (True, ["200"]),
    ]  # fmt: skip
    assert evidence.end_mark is True


@pytest.mark.parametrize("count", [250, 0])
def test_a_list_that_goes_round_under_ever_new_cursors_ends_as_an_error(
    rig: Any, clock: SimulatedClock, count: int
) -> None:
    rig.serve(250)
    addresses = iter(range(10**9))
    rig.next_of = lambda address: address.replace("after=200", f"after={100 if count else 900}&n={next(addresses)}")
    honest = rig._list

    def listed(query: Any) -> Any:
        status, headers, body = honest(query)
        answer = json.loads(body)
        if "n" in query:
            answer["@attributes"]["next"] = f"{rig.url}/API/V3/Account/7/Customer.json?n={next(addresses)}&after=900"
        return status, headers, json.dumps(answer).encode()

    rig._list = honest if count else listed
    with pytest.raises(VendorError, match="does not get past customer"):
        pulled(rig.connector(clock, writes=False))


def test_a_cursor_loop_is_an_error_and_leaves_no_end_mark(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(201)
    rig.next_of = lambda address: address.replace("after=200", "after=100")
    evidence = Evidence()
    with pytest.raises(VendorError, match="the same next page twice"):
        list(rig.connector(clock, writes=False).pages(evidence))
    assert (evidence.end_mark, evidence.count_after) == (False, None)


def test_a_page_that_comes_twice_under_two_names_breaks_the_order(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(150)
    rig.next_of = lambda address: address.replace("after=100", "after=0&again=1") if "again" not in address else address
    rig.before_answer = lambda method, path: setattr(rig, "next_of", lambda a: a) if len(lists(rig)) > 1 else None
    _, evidence = pulled(rig.connector(clock, writes=False))
    assert evidence.pages_contiguous is False
    assert "not in the order of ids" in evidence.notes[0]


def test_the_vendors_next_address_on_another_host_gets_no_token(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(101)
    rig.next_of = lambda address: "https://elsewhere.example.com/API/V3/Account/7/Customer.json?after=x"
    with pytest.raises(VendorError, match="credentials are not sent there"):
        pulled(rig.connector(clock, writes=False))


def test_an_interrupted_walk_goes_on_after_the_last_page_and_after_the_very_last(
    rig: Any, clock: SimulatedClock
) -> None:
    rig.serve(150)
    first, second = rig.connector(clock, writes=False).pages(Evidence())
    rest, evidence = pulled(rig.connector(clock, writes=False), first.cursor)
    assert ids(rest) == [str(n) for n in range(101, 151)]
    assert (evidence.end_mark, evidence.pages_contiguous, evidence.count_before) == (True, True, 150)
    nothing, evidence = pulled(rig.connector(clock, writes=False), second.cursor)
    assert (nothing, evidence.end_mark) == ([], True)


def test_a_customer_without_a_readable_id_is_handed_on_for_the_certificate_to_fail(
    rig: Any, clock: SimulatedClock
) -> None:
    as_it_is = rig._shown
    rig._shown = lambda row, query: as_it_is(row, query) | ({"customerID": None} if row["customerID"] == 2 else {})
    assert ids(pulled(rig.connector(clock, writes=False))[0]) == ["1", None, "3"]


def test_another_meaning_of_the_flags_or_another_zone_is_another_contract(rig: Any, clock: SimulatedClock) -> None:
    """G1: what is read differs, so the export cannot be compared with the last one."""
    told = [
        pulled(rig.connector(clock, writes=False, **more))[1].contract
        for more in ({}, {"no_contact_means": "unknown"}, {"time_zone": "Europe/Paris"})
    ]
    assert len({tuple(contract.items()) for contract in told}) == 3
    assert told[0]["account"] == "7"


def test_a_configured_account_is_not_asked_for(rig: Any, clock: SimulatedClock) -> None:
    pulled(rig.connector(clock, writes=False, account_id="7", time_zone="America/Toronto"))
    assert {path for _, path, _ in rig.log} == {"/API/V3/Account/7/Customer.json"}


def test_a_full_export_uses_no_more_requests_than_its_pages_and_its_proofs(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(300)
    pulled(rig.connector(clock, writes=False))
    assert len(lists(rig)) == 3
    assert rig.requests() == 3 + 2 + 2  # pages, counts, and once the account and its shops


# the vendor's JSON --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("container", "elements"),
    [
        ({"X": {"a": 1}}, [{"a": 1}]),
        ({"X": [1, 2]}, [1, 2]),
        ({"X": []}, []),
        ({"X": ""}, []),
        ({}, []),
        ("", []),
        (None, []),
    ],
)
def test_a_list_comes_as_object_array_or_empty_text(container: Any, elements: list[Any]) -> None:
    """Trap: one element stands alone, none is an empty text or no key at all."""
    assert many(container, "X") == elements


def test_one_customer_on_a_page_comes_as_an_object(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(101)
    assert ids(pulled(rig.connector(clock, writes=False))[0])[-1] == "101"


@pytest.mark.parametrize(
    ("said", "meant"),
    [("true", True), ("false", False), ("", None), (True, True), (None, None), ("perhaps", "perhaps")],
)
def test_the_text_false_is_false(said: Any, meant: Any) -> None:
    """Trap: `"false"` is a text, and true to a program."""
    assert flag(said) is meant or flag(said) == meant


def test_tags_are_read_in_either_of_the_assumed_forms(rig: Any, clock: SimulatedClock) -> None:
    for as_objects in (False, True):
        rig.tags_as_objects = as_objects
        connector = rig.connector(clock, writes=False)
        assert connector.view(connector.fetch(["2"])["2"])["tags"] == "demo;vip"


def test_g11_what_is_not_kept_does_not_leave_the_connector(rig: Any, clock: SimulatedClock) -> None:
    assert "never-on-a-disk" not in str(pulled(rig.connector(clock, writes=False))[0])


def test_a_contact_of_the_wrong_types_is_handed_on_to_be_set_apart(rig: Any, clock: SimulatedClock) -> None:
    """G1: one misfit is quarantined with its id; it does not cost the night."""
    as_it_is = rig._shown
    odd = {
        "Contact": {"Phones": {"ContactPhone": [7]}, "noEmail": "perhaps", "fax2": "x"},
        "Tags": 5,
        "dob": {"year": 1},
    }
    rig._shown = lambda row, query: as_it_is(row, query) | (odd if row["customerID"] == 2 else {})
    record = pulled(rig.connector(clock, writes=False))[0][1]
    assert (record["phones"], record["noEmail"], record["dob"]) == ([7], "perhaps", {"year": 1})
    assert record["Contact.fax2"] == "x"


# consent (G9), groups, birth dates -----------------------------------------------------------------------------------


@pytest.mark.parametrize("meaning", ["unknown", "out"])
def test_g9_a_no_flag_means_what_is_declared_because_it_is_the_creation_default(
    rig: Any, clock: SimulatedClock, meaning: str
) -> None:
    """Trap: true means do NOT contact, and is what every new customer gets."""
    connector = rig.connector(clock, writes=False, no_contact_means=meaning)
    view = connector.view(connector.fetch(["1"])["1"])
    assert (view["email_consent"], view["sms_consent"]) == ("in", meaning)


def test_x3_the_customer_type_is_the_group(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    views = [connector.view(record) for record in pulled(connector)[0]]
    assert [view["group"] for view in views] == ["VIP", None, "VIP"]


@pytest.mark.parametrize(
    ("told", "where", "day"),
    [
        ("1990-03-03T08:00:00+00:00", "America/Vancouver", "1990-03-03"),
        ("1990-07-03T04:00:00+00:00", "America/Toronto", "1990-07-03"),
        ("1990-07-03T05:00:00+00:00", "America/Toronto", "1990-07-03"),
        ("1990-03-02T13:00:00+00:00", "Australia/Sydney", "1990-03-03"),
        ("1990-03-02T14:00:00+00:00", "UTC", "1990-03-03"),
        ("1990-03-03T08:00:00+00:00", "UTC", "1990-03-03"),
        ("1990-03-03", "America/Toronto", "1990-03-03"),
        ("0000-00-00T00:00:00+00:00", "America/Toronto", "0000-00-00T00:00:00+00:00"),
        (None, "America/Toronto", None),
    ],
)
def test_a_birth_date_is_the_day_of_a_local_midnight(told: Any, where: str, day: Any) -> None:
    """Trap: east of Greenwich the date in UTC is the day before."""
    local = zone(where)
    assert local is not None
    assert born(told, local) == day


def test_the_zone_is_the_first_shops_that_has_one_and_utc_where_none_may_be_read(
    rig: Any, clock: SimulatedClock
) -> None:
    rig.shops = [{"shopID": "1", "timeZone": "Nowhere/At_All"}, {"shopID": "2", "timeZone": "Australia/Sydney"}]
    assert rig.connector(clock, writes=False).words.zone.key == "Australia/Sydney"
    rig.refuse["GET /Shop.json"] = (403, {}, b"")
    assert rig.connector(clock, writes=False).words.zone.key == "UTC"


def test_a_zone_that_does_not_exist_is_refused_in_the_configuration(rig: Any, clock: SimulatedClock) -> None:
    with pytest.raises(ValueError, match="is no time zone"):
        rig.connector(clock, writes=False, time_zone="Toronto")


# by id and by key ---------------------------------------------------------------------------------------------------


def test_another_customer_than_asked_for_is_an_error(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[2]["customerID"] = 8
    with pytest.raises(VendorError, match="something else than this customer"):
        rig.connector(clock, writes=False).fetch(["2"])


def test_a_phone_is_found_in_the_spellings_that_people_use_archived_customers_included(
    rig: Any, clock: SimulatedClock
) -> None:
    connector = rig.connector(clock, writes=False)
    assert ids(connector.find("phone", "+16135550103")) == ["3"]
    assert ids(connector.find("phone", "+16135550177")) == ["2"]
    rig.rows[1]["Phones"] = {"Work": "(613) 555-0177"}
    assert ids(connector.find("phone", "+16135550177")) == ["2", "1"]


def test_an_email_is_found_in_its_own_spelling_and_in_lower_case(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[1]["Emails"], rig.rows[3]["Emails"] = {"Primary": "Ida@Example.com"}, {"Primary": "ida@example.com"}
    assert ids(rig.connector(clock, writes=False).find("email", "Ida@Example.com")) == ["1", "3"]
    assert rig.connector(clock, writes=False).find("key", "c-1") == []


# limits and passing troubles ----------------------------------------------------------------------------------------


def test_the_bucket_is_read_from_the_headers_and_waited_for(rig: Any, clock: SimulatedClock) -> None:
    """Trap: levels and drip rates have decimals, a level may exceed the size, and names come in any case."""
    rig.headers = {"x-ls-api-bucket-level": "95.5/90", "X-LS-API-DRIP-RATE": "1.5", "X-LS-API-Request-Cost": "2.4"}
    before = clock.time()
    rig.connector(clock, writes=False, account_id="7").fetch(["1", "2"])
    waited = clock.time() - before
    assert 60 < waited < 70  # others have filled it: at most ten times our own pace of 2.5 / (1.5 * 0.5), for each


def test_not_more_than_its_share_of_the_bucket_is_used(rig: Any, clock: SimulatedClock) -> None:
    rig.headers = {"X-LS-API-Bucket-Level": "1/90", "X-LS-API-Drip-Rate": "1", "X-LS-API-Request-Cost": "2.4"}
    connector = rig.connector(clock, writes=False, rate_share=0.5, account_id="7", time_zone="UTC")
    before = clock.time()
    for _ in range(100):
        connector.fetch(["1"])
    least = (100 * 2.4 - 90 * 0.5) / 0.5
    assert least - 5 <= clock.time() - before <= least + 10


def test_a_429_is_waited_out_for_a_second_at_least(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False, account_id="7", time_zone="UTC")
    before = clock.time()
    rig.fail(429, {"Retry-After": "0", "X-LS-API-RateLimit-Type": "api-burst-limiter"}, times=2)
    connector.fetch(["1"])
    assert clock.time() - before >= 2


def test_a_400_that_asks_to_try_later_is_tried_later(rig: Any, clock: SimulatedClock) -> None:
    """Trap: a passing trouble in the clothes of a bad request."""
    text = b'{"httpCode":"400","message":"Something went wrong. Please try again later."}'
    connector = rig.connector(clock, writes=False)
    rig.fail(400, {"Content-Type": "text/html"}, text, times=3)
    assert len(pulled(connector)[0]) == 3
    rig.fail(400, body=text)
    with pytest.raises(VendorError, match="try again later") as caught:
        pulled(connector)
    assert not caught.value.permanent


def test_a_400_says_the_vendors_reason_whatever_its_content_type(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False, account_id="7", time_zone="UTC")
    body = b'{"httpCode":"400","httpMessage":"Bad Request","message":"limit is too big.","errorClass":"Exception"}'
    rig.fail(400, {"Content-Type": "text/html"}, body)
    with pytest.raises(VendorError, match=r"refused: limit is refused \(400\)") as caught:
        pulled(connector)
    assert caught.value.permanent


# settings and check -------------------------------------------------------------------------------------------------


def test_the_api_needs_its_credentials_named(rig: Any, clock: SimulatedClock) -> None:
    with pytest.raises(ValueError, match="needs client_secret, tokens"):
        rig.connector(clock, writes=False, client_secret=None, tokens=None)


def test_check_names_groups_scopes_and_zones(rig: Any, clock: SimulatedClock) -> None:
    lines = {line.name: line.detail for line in rig.connector(clock, writes=True).check()}
    assert lines["groups"] == "General, VIP"
    assert lines["scopes"] == "employee:customers"
    assert lines["time zone"] == "birth dates in America/Toronto; shops in America/Toronto"
    assert lines["customers"].startswith("3 can be read")


def test_check_says_where_the_tokens_belong(rig: Any, clock: SimulatedClock) -> None:
    rig.token_file.unlink()
    lines = rig.connector(clock, writes=False).check()
    assert "holds no pair of tokens" in lines[0].detail
    assert not lines[0].ok
