"""What only R-Series does, between its connector and the simulated account, over real HTTP (see `test_meeting.py`)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Evidence, VendorError
from connectors.sandbox.server import Request
from jobs.fitting import Fitter
from tests.vendors.sandbox.meeting import Stage, certified, pulled, stages, views
from tests.vendors.sandbox.met import configured, view, write

Open = Callable[..., Stage]


@pytest.fixture
def open_stage(tmp_path: Path) -> Iterator[Open]:
    yield from stages(tmp_path, "lightspeed_r")


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    return open_stage()


def seen_by(stage: Stage, wanted: Callable[[Request], bool]) -> list[Request]:
    """The requests that come from now on, of those wanted."""
    found: list[Request] = []

    def keep(request: Request) -> bool:
        if wanted(request):
            found.append(request)
        return False

    stage.account.fault("server_error", when=keep)
    return found


# settings -----------------------------------------------------------------------------------------------------------


def test_the_host_may_be_written_with_or_without_the_path_of_the_api(stage: Stage) -> None:
    stage.person()
    assert len(pulled(stage.connector())[0]) == len(pulled(configured(stage, base_url=stage.account.url))[0]) == 1


def test_the_account_and_the_zone_are_asked_for_where_they_are_not_written(open_stage: Open) -> None:
    stage = open_stage(account_id=77, account_time_zone="Australia/Sydney")
    one = stage.person(birth_date="1990-02-28")
    connector = configured(stage, account_id=None)
    records, evidence = pulled(connector)
    assert (evidence.contract["account"], evidence.contract["zone"]) == ("77", "Australia/Sydney")
    assert views(connector, records)[one]["birth_date"] == "1990-02-28"


# one form for many ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("people", [0, 1, 2])
@pytest.mark.parametrize(
    "quirks",
    [
        {}, {"single_as_object": False}, {"top_level_none": "empty"}, {"tags_shape": "Tag"}, {"header_case": "lower"},
        {"full_page_names_next": True}, {"all_relations_fail": True}, {"error_content_type": "application/json"},
        {"costs": "old"}, {"expires_in": 1800}, {"refresh_revokes_old": "at_once"}, {"consent_default_on_create": False},
    ],
    ids=lambda quirks: "-".join(quirks) or "as assumed",
)  # fmt: skip
def test_object_array_or_nothing_reads_the_same(open_stage: Open, quirks: dict[str, Any], people: int) -> None:
    """Trap: one element is an object, several are an array, none is an empty text or no key at all."""
    stage = open_stage(**quirks)
    bare = {"phone": None, "email": None, "street": None, "street_2": None, "city": None, "region": None,
            "postal_code": None, "country": None, "note": None}  # fmt: skip
    full = {"phone_2": "+16135550188", "email_2": "second@example.com", "tags": "b;a", "group": "Wholesale"}
    ids = [stage.person(place, **(bare if place else full)) for place in range(people)]
    connector = stage.connector()
    records, evidence = pulled(connector)
    assert certified(connector, records, evidence, people or 1) == bool(people), "an empty list is nobody's certificate"
    for one, seen in views(connector, records).items():
        held = stage.account.read(one)
        assert {name: seen[name] for name in (*bare, "tags", "group")} == {
            name: held[name] for name in (*bare, "tags", "group")
        }
    assert [record["customerID"] for record in records] == ids


@pytest.mark.parametrize("more", [0, 1])
def test_a_full_last_page_that_names_a_next_one_ends_all_the_same(open_stage: Open, more: int) -> None:
    stage = open_stage(full_page_names_next=True)
    ids = stage.people(100 + more)
    connector = stage.connector()
    records, evidence = pulled(connector)
    assert len(records) == len(ids)
    assert certified(connector, records, evidence, len(ids))


def test_every_page_asks_for_the_contacts_and_for_archived_ones_and_never_for_custom_fields(stage: Stage) -> None:
    """Traps: without `load_relations` there is no Contact; without `archived=true` half of M12 is unseen. G11: balances."""
    stage.people(101)
    asked = seen_by(stage, stage.meeting.is_list)
    pulled(stage.connector())
    assert len(asked) == 2
    for request in asked:
        relations = request.arg("load_relations")
        assert '"Contact"' in relations
        assert "CustomField" not in relations
        assert '"CreditAccount"' in relations
        assert request.arg("archived") == "true"


@pytest.mark.parametrize("read", [1, 2])
def test_an_interrupted_list_goes_on_where_it_was(stage: Stage, read: int) -> None:
    """The cursor of a page leads another process, with a new token, to the very next customer."""
    ids = stage.people(301)
    pages = stage.connector().pages(Evidence())
    begun = [next(pages) for _ in range(read)]
    stage.clock.sleep(7200)
    evidence = Evidence()
    rest = list(stage.connector().pages(evidence, begun[-1].cursor))
    assert [record["customerID"] for page in (*begun, *rest) for record in page.records] == ids
    assert (evidence.end_mark, evidence.pages_contiguous, len(rest)) == (True, True, 4 - read)


@pytest.mark.parametrize("zone", ["America/Toronto", "Australia/Sydney", "Europe/London", "Pacific/Auckland"])
@pytest.mark.parametrize("born", ["1990-01-01", "1969-07-20", "1991-04-07", "2000-02-29"])
def test_birth_dates_begin_at_the_shops_midnight(open_stage: Open, zone: str, born: str) -> None:
    """Trap: east of UTC the vendor's UTC date is the day before."""
    stage = open_stage(account_time_zone=zone)
    one, other = stage.person(1, birth_date=born), stage.person(2, birth_date=None)
    connector = stage.connector()
    assert view(connector, one)["birth_date"] == born
    write(connector, other, "update", birth_date=born)
    assert stage.account.read(other)["birth_date"] == born
    assert stage.account.books.customers[int(other)]["dob"] == stage.account.books.customers[int(one)]["dob"]


# writing -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("semantics", ["merge", "replace"])
@pytest.mark.parametrize("empty", ["keep", "clear"])
@pytest.mark.parametrize("answer", ["stale", "fresh"])
def test_every_slot_survives_whether_the_vendor_merges_or_replaces(
    open_stage: Open, semantics: str, empty: str, answer: str
) -> None:
    """Sheet, Create and update: what becomes of the slots that a PUT leaves out is not public, so none is left out."""
    stage = open_stage(contact_list_semantics=semantics, empty_phones_write=empty, put_answer=answer)
    one = stage.person(phone_2="+16135550188", email_2="second@example.com", email_consent="in", sms_consent="in")
    connector = stage.connector()
    for after in ({"phone": "+16135550199"}, {"email": "new@example.com"}, {"city": "Hull"}, {"phone": None}):
        write(connector, one, "update", **after)
        held = stage.account.read(one)
        assert {name: held[name] for name in after} == after
        assert (held["phone_2"], held["email_2"]) == ("613-555-0188", "second@example.com")
        assert (held["email_consent"], held["sms_consent"]) == ("in", "in"), "no flag was touched (G9)"
    write(connector, one, "opt_out", sms_consent="out")
    assert [stage.account.read(one)[f"{channel}_consent"] for channel in ("email", "sms")] == ["in", "out"]
    wrote = [set(effect.change) for effect in stage.written()]
    assert wrote == [{"phone"}, {"email"}, {"city"}, {"phone"}, {"sms_consent", "noPhone"}]


def test_whatever_touches_the_contact_sends_all_three_flags(stage: Stage) -> None:
    """Trap: a new customer gets three times no; a change of phone must neither set nor clear one (G9)."""
    one = stage.person(email_consent="in")
    sent = seen_by(stage, lambda request: request.method in ("PUT", "POST"))
    connector = stage.connector()
    write(connector, one, "update", phone="+16135550199")
    write(connector, one, "opt_out", email_consent="out")
    write(connector, None, "create", first_name="Max", last_name="Muster", phone="+14165550119")
    flags = [{name: request.json()["Contact"][name] for name in ("noEmail", "noPhone", "noMail")} for request in sent]
    assert flags == [
        {"noEmail": False, "noPhone": True, "noMail": True},
        {"noEmail": True, "noPhone": True, "noMail": True},
        {"noEmail": True, "noPhone": True, "noMail": True},
    ]
    write(connector, one, "update", first_name="Grace")
    assert "Contact" not in sent[-1].json()


@pytest.mark.parametrize(
    "spelt", ["6135550142", "(613) 555-0142", "+1 613-555-0142", "1.613.555.0142 ", "613-555-0142"]
)
@pytest.mark.parametrize("slot", ["phone_raw", "phone_2"])
def test_a_phone_is_found_however_it_was_typed(stage: Stage, spelt: str, slot: str) -> None:
    """Phones are compared as stored: a create that comes twice must still find the customer (M12, G14)."""
    other = stage.person(1)
    one = stage.person(2, **{slot: spelt})
    connector = stage.connector()
    assert [record["customerID"] for record in connector.find("phone", "+16135550142")] == [one]
    stage.account.archive(one)
    assert [record["customerID"] for record in connector.find("phone", "+16135550142")] == [one]
    assert other not in [record["customerID"] for record in connector.find("phone", "+16135550199")]


def test_a_create_beside_the_same_active_customer_is_refused_and_beside_an_archived_one_is_not(stage: Stage) -> None:
    """The vendor takes duplicates in silence (sheet: section 9); M12 needs a new one beside an archived one."""
    connector = stage.connector()
    named = {"first_name": "Max", "last_name": "Muster", "email": "max@example.com"}
    one = write(connector, None, "create", **named)
    with pytest.raises(VendorError, match=f"customer {one} has this name and email already") as caught:
        write(connector, None, "create", **named)
    assert caught.value.effect == "none"
    assert write(connector, None, "create", **{**named, "first_name": "Moritz"}) != one
    stage.account.archive(one)
    assert write(connector, None, "create", **named) not in (one, None)


@pytest.mark.parametrize("balance", [12.5, -3.0])
def test_who_has_a_balance_is_archived_by_a_person(stage: Stage, balance: float) -> None:
    """G11; the sign of a balance is told in two ways by the vendor, so either counts."""
    one, other = stage.person(1, balance=balance), stage.person(2, balance=0.0)
    connector = stage.connector()
    with pytest.raises(VendorError, match="balance"):
        write(connector, one, "archive", status="archived")
    assert stage.written() == []
    write(connector, other, "archive", status="archived")
    assert stage.account.read(other)["status"] == "archived"


def test_an_anonymised_customer_is_gone_and_is_never_restored(stage: Stage) -> None:
    """G10."""
    one = stage.person()
    stage.account.anonymise(one)
    connector = stage.connector()
    assert view(connector, one)["status"] == "deleted"
    with pytest.raises(VendorError, match="anonymised"):
        write(connector, one, "restore", status="active")
    assert stage.written() == []


def test_types_are_found_on_any_page_and_a_name_that_is_there_twice_or_never_is_refused(stage: Stage) -> None:
    """X2: types may carry prices, so people make them, and a doubtful one is nobody's choice."""
    for number in range(120):
        stage.account.books.add_type(f"Type {number}")
    stage.account.books.add_type("Twice")
    stage.account.books.add_type("Twice")
    one = stage.person()
    connector = stage.connector()
    write(connector, one, "update", group="Type 119")
    assert stage.account.read(one)["group"] == "Type 119"
    for name, told in (("Twice", "more than once"), ("Nobody", "is not there")):
        with pytest.raises(VendorError, match=told):
            write(connector, one, "update", group=name)
    assert [effect.change for effect in stage.written()] == [{"group": "Type 119"}]


def test_tags_of_the_other_shape_are_read_and_a_write_that_they_swallow_is_seen(open_stage: Open) -> None:
    """The filled shape of tags is not public: the default is assumed, and a wrong guess shows when it is read back."""
    stage = open_stage(tags_shape="Tag")
    one = stage.person(tags="b;a")
    connector = stage.connector()
    assert view(connector, one)["tags"] == "a;b"
    write(connector, one, "add_tag", tags="Shopify;a;b")
    assert view(connector, one)["tags"] == "a;b"


def test_rights_that_are_missing_are_told_and_nothing_is_done(stage: Stage) -> None:
    """403: the employee who authorised may do less than the scope says (sheet: Authentication)."""
    one = stage.person()
    stage.account.access.rights = frozenset({"Customers - Basic"})
    connector = stage.connector()
    with pytest.raises(VendorError) as caught:
        write(connector, one, "archive", status="archived")
    assert (caught.value.status, caught.value.effect, caught.value.permanent) == (403, "none", True)
    stage.account.access.scopes = frozenset({"employee:customers_read"})
    with pytest.raises(VendorError) as caught:
        write(connector, one, "update", first_name="Grace")
    assert (caught.value.status, caught.value.effect) == (403, "none")
    assert stage.written() == []


# G11 -----------------------------------------------------------------------------------------------------------------


def test_a_field_that_nobody_may_read_leaves_its_name_alone(open_stage: Open) -> None:
    """G11: a VAT number, a custom field, a gift card and whatever the vendor adds one day, on the customer or its contact."""
    stage = open_stage(sentinel="NOBODYS-LICENCE")
    stage.people(3)
    stage.person(4, balance=12.5)
    stage.fault("new_field", after=0, times=None, field="driverLicence", value="NOBODYS-LICENCE")
    connector = stage.connector()
    fitter = Fitter(connector.FIELDS, connector.ID, connector.DROPPED)
    records, _ = pulled(connector)
    fitted = fitter.fit(records)
    left = str(fitted.table.to_pylist()) + str(fitted) + str(fitter.unknown)
    assert "ada1@example.com" in left
    assert "NOBODYS-LICENCE" not in left
    assert {name for name, _ in fitter.unknown} == {"driverLicence"}


@pytest.mark.parametrize("shape", ["tag", "Tag"])
def test_tags_are_written_in_the_shape_that_the_account_takes(open_stage: Open, shape: str) -> None:
    """Assumed either way (sheet: Create and update): a setting says which."""
    stage = open_stage(tags_shape=shape)
    one = stage.person(tags="a")
    write(configured(stage, tags_shape=shape), one, "add_tag", tags="Shopify;a")
    assert stage.account.read(one)["tags"] == "Shopify;a"
