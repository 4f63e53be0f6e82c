"""Writing to an R-Series account: whole contacts, three flags, archive and restore, groups by name."""

from typing import Any

import pytest

from connectors.base import Change, VendorError
from connectors.clock import SimulatedClock
from connectors.lightspeed_r import LightspeedR

FLAGS = ("noEmail", "noPhone", "noMail")


def update(after: dict[str, str | None], profile_id: str = "2") -> Change:
    return Change("update", profile_id, {}, after, key="c-1")


def moved(action: Any, status: str, profile_id: str = "2") -> Change:
    return Change(action, profile_id, {}, {"status": status}, key="c-1")


def create(**after: str | None) -> Change:
    return Change("create", None, {}, {"first_name": "Max", **after}, key="c-5")


def refused(connector: LightspeedR, change: Change) -> VendorError:
    with pytest.raises(VendorError) as caught:
        connector.write(change)
    return caught.value


def test_a_record_that_nobody_foresaw_ends_one_write_and_not_the_run(rig: Any, clock: SimulatedClock) -> None:
    """Read just before and after each write: what does not fit is one vendor's failure, told by its place alone."""
    connector = rig.connector(clock, writes=True)
    odd = {**connector.fetch(["2"])["2"], "phones": "613-555-0102", "emails": 7}
    with pytest.raises(VendorError, match="not understood") as caught:
        connector.view(odd)
    assert (caught.value.permanent, caught.value.effect, caught.value.__context__) == (False, "none", None)
    error = refused(connector, Change("update", "2", {}, {"phone": "+16135550140"}, key="c-1", current=odd))
    assert (error.effect, rig.sent()) == ("unknown", [])
    assert "555" not in f"{caught.value}{error}"


# the contact --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("merges", [True, False])
def test_every_slot_is_sent_so_that_merge_and_replace_come_to_the_same(
    rig: Any, clock: SimulatedClock, merges: bool
) -> None:
    """Trap: what happens to the slots that a nested Contact leaves out is not public."""
    rig.contacts_merge = merges
    rig.rows[2]["Phones"] = {"Home": "613-555-0102", "Mobile": "613-555-0177", "Fax": "613-555-0178"}
    rig.rows[2]["Emails"] = {"Primary": "ada2@example.com", "Secondary": "ada@example.com"}
    rig.connector(clock, writes=True).write(update({"phone": "+16135550140"}))
    assert rig.rows[2]["Phones"] == {"Home": "+16135550140", "Mobile": "613-555-0177", "Fax": "613-555-0178"}
    assert rig.rows[2]["Emails"] == {"Primary": "ada2@example.com", "Secondary": "ada@example.com"}


def test_g9_all_three_consent_flags_go_with_every_contact_as_they_are(rig: Any, clock: SimulatedClock) -> None:
    """Trap: a flag that is left out may fall back to a default."""
    rig.rows[2] |= {"noEmail": False, "noPhone": False, "noMail": True}
    rig.connector(clock, writes=True).write(update({"email": "grace@example.com"}))
    ((_, _, body),) = rig.sent()
    assert [body["Contact"][name] for name in FLAGS] == [False, False, True]


def test_g9_a_new_customer_gets_all_three_flags_as_no(rig: Any, clock: SimulatedClock) -> None:
    """Trap: without them the vendor's default decides. Unknown is no, never yes; even without any contact."""
    rig.connector(clock, writes=True).write(create())
    ((_, _, body),) = rig.sent()
    assert body == {"firstName": "Max", "Contact": dict.fromkeys(FLAGS, True)}


def test_g9_a_flag_that_nobody_knows_is_sent_as_no(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    current = {**(connector.fetch(["2"])["2"] or {}), "noMail": None}
    connector.write(Change("opt_out", "2", {}, {"sms_consent": "out"}, key="c-1", current=current))
    ((_, _, body),) = rig.sent()
    assert [body["Contact"][name] for name in FLAGS] == [False, True, True]


def test_a_change_of_the_name_alone_does_not_touch_the_contact(rig: Any, clock: SimulatedClock) -> None:
    """A flag that a clerk sets at that moment stays."""
    rig.connector(clock, writes=True).write(update({"first_name": "Grace"}))
    assert rig.sent() == [("PUT", "/Customer/2.json", {"firstName": "Grace"})]


def test_m9_other_addresses_stay_behind_the_main_one(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[2]["Addresses"] = [{"address1": "1 Sample St"}, {"address1": "2 Other St", "city": "Hull"}]
    rig.connector(clock, writes=True).write(update({"street": "9 New Rd", "country": "CA"}))
    main, other = rig.rows[2]["Addresses"]
    assert (main["address1"], main["countryCode"], main["country"]) == ("9 New Rd", "CA", "CA")
    assert (other["address1"], other["city"]) == ("2 Other St", "Hull")


def test_what_the_view_does_not_show_is_read_back_and_a_loss_is_told(rig: Any, clock: SimulatedClock) -> None:
    """Trap: the answer of PUT is no proof, and a lost mobile phone would show nowhere else."""
    put = rig._put
    rig._put = lambda row, sent: (put(row, sent), row["Phones"].pop("Mobile"))
    error = refused(rig.connector(clock, writes=True), update({"phone": "+16135550140"}))
    assert "Phones reads otherwise" in str(error)
    assert (error.permanent, error.effect) == (True, "unknown")


def test_birth_dates_go_as_local_midnight_and_come_back_as_the_same_day(rig: Any, clock: SimulatedClock) -> None:
    """Trap: a date sent as midnight in UTC is the day before in every American shop."""
    rig.shops = [{"shopID": "1", "timeZone": "Australia/Sydney"}]
    connector = rig.connector(clock, writes=True)
    connector.write(update({"birth_date": "1991-01-05"}))
    assert rig.sent()[0][2] == {"dob": "1991-01-05T00:00:00+11:00"}
    rig.rows[2]["dob"] = "1991-01-04T13:00:00+00:00"
    assert connector.view(connector.fetch(["2"])["2"])["birth_date"] == "1991-01-05"


# groups, tags, notes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("types", "told"), [({"1": "General"}, "make it in the back office"), ({"1": "VIP", "2": " VIP"}, "rename one")]
)
def test_x2_a_group_that_is_not_there_once_is_refused_before_the_write(
    rig: Any, clock: SimulatedClock, types: dict[str, str], told: str
) -> None:
    """A type may carry a discount: it is made by people, and never guessed."""
    rig.types = types
    error = refused(rig.connector(clock, writes=True), update({"group": "VIP", "first_name": "Grace"}))
    assert told in str(error)
    assert (error.permanent, error.effect, rig.sent()) == (True, "none", [])


def test_a_note_keeps_being_public_where_it_was(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[2] |= {"note": "likes tea", "public": True}
    connector = rig.connector(clock, writes=True)
    connector.write(Change("add_note", "2", {"note": "likes tea"}, {"note": "likes tea\nLinked"}, key="c-1"))
    assert (rig.rows[2]["note"], rig.rows[2]["public"]) == ("likes tea\nLinked", True)


# archive and restore (M12, M13) ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("balance", "archived"), [("0.00", True), ("-12.50", False), ("12.50", False), ("", False)])
def test_g11_a_customer_with_a_balance_is_archived_by_a_person(
    rig: Any, clock: SimulatedClock, balance: str, archived: bool
) -> None:
    """Archiving takes the credit account along; which sign means debt is told in two ways, so any balance counts."""
    rig.rows[2] |= {"creditAccountID": "5", "balance": balance}
    connector = rig.connector(clock, writes=True)
    if archived:
        connector.write(moved("archive", "archived"))
    else:
        assert "a person archives it" in str(refused(connector, moved("archive", "archived")))
    assert rig.rows[2]["archived"] is archived


def test_m15_the_note_goes_before_the_customer_is_anonymised_and_a_balance_is_for_a_person(
    rig: Any, clock: SimulatedClock
) -> None:
    """The vendor's own call leaves notes as they are, and cannot be taken back (G11)."""
    rig.rows[2].update(note="allergic", creditAccountID="5", balance="5.00")
    connector = rig.connector(clock, writes=True)
    assert "a person archives it" in str(refused(connector, moved("erase", "erased")))
    assert connector.erasure("2") == "there"
    rig.rows[2]["balance"] = "0.00"
    connector.write(moved("erase", "erased"))
    calls = [(method, path) for method, path, _ in rig.sent()]
    assert calls == [("PUT", "/Customer/2.json"), ("DELETE", "/Customer/2/Anonymize.json")]
    assert connector.erasure("2") == "gone"
    assert connector.erasure("404") == "gone"


def test_m13_an_archived_customer_comes_back(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    connector.write(moved("restore", "active", "3"))
    assert connector.view(connector.fetch(["3"])["3"])["status"] == "active"


@pytest.mark.parametrize("change", [moved("restore", "active", "3"), update({"first_name": "Grace"}, "3")])
def test_g10_an_anonymised_customer_is_never_written_to(rig: Any, clock: SimulatedClock, change: Change) -> None:
    rig.rows[3] |= {"firstName": "Customer", "lastName": "[3]"}
    assert "anonymised" in str(refused(rig.connector(clock, writes=True), change))
    assert rig.sent() == []


@pytest.mark.parametrize("after", [{"status": "active"}, {"status": "archived", "first_name": "Grace"}, {}])
def test_an_archive_that_changes_anything_else_is_refused(
    rig: Any, clock: SimulatedClock, after: dict[str, str | None]
) -> None:
    change = Change("archive", "2", {}, after, key="c-1")
    assert "the status alone" in str(refused(rig.connector(clock, writes=True), change))
    assert rig.requests() == 0


# refusals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (400, "email is not accepted as it is written (400)"),
        (422, "email is not accepted as it is written (422)"),
        (409, "at the same moment"),
        (404, "no longer there"),
    ],
)
def test_a_refusal_says_why_without_the_value(rig: Any, clock: SimulatedClock, status: int, told: str) -> None:
    body = b'{"httpCode":"400","message":"email grace@example.com is invalid."}'
    rig.refuse["PUT /Customer/2.json"] = (status, {"Content-Type": "text/html"}, body)
    error = refused(rig.connector(clock, writes=True), update({"email": "grace@example.com"}))
    assert told in str(error)
    assert "grace" not in str(error)
    assert (error.permanent, error.effect, error.status) == (True, "none", status)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"Phone 613-555-0142 is taken by Zora Quimby zora.q@example.com", "phone is on another customer already"),
        (b'{"message": "613-555-0142: Zora Quimby"}', "is refused: the vendor refused it (400)"),
    ],
)
def test_a_refusal_quotes_nobody(rig: Any, clock: SimulatedClock, body: bytes, told: str) -> None:
    """A vendor's text may name another customer, and spells numbers in its own way; reads and writes alike."""
    rig.refuse["PUT /Customer/2.json"] = rig.refuse["GET /Customer/3.json"] = (400, {}, body)
    connector = rig.connector(clock, writes=True)
    with pytest.raises(VendorError) as reading:
        connector.fetch(["3"])
    for error in (reading.value, refused(connector, update({"phone": "+16135550142"}))):
        assert told in str(error)
        assert not any(word in str(error) for word in ("0142", "Zora", "Quimby", "zora"))


@pytest.mark.parametrize(("status", "body"), [(503, b""), (400, b'{"message":"Please try again later."}')])
def test_a_write_that_failed_on_the_vendors_side_may_have_happened(
    rig: Any, clock: SimulatedClock, status: int, body: bytes
) -> None:
    rig.refuse["PUT /Customer/2.json"] = (status, {}, body)
    error = refused(rig.connector(clock, writes=True), update({"first_name": "Grace"}))
    assert (error.permanent, error.effect) == (False, "unknown")


def test_a_create_whose_answer_names_nobody_is_unknown(rig: Any, clock: SimulatedClock) -> None:
    rig.refuse["POST /Customer.json"] = (200, {}, b'{"@attributes": {"count": "0"}}')
    error = refused(rig.connector(clock, writes=True), create(email="max@example.com"))
    assert "look for it by email and phone" in str(error)
    assert error.effect == "unknown"


def test_a_create_of_unknown_outcome_is_found_by_what_we_sent(rig: Any, clock: SimulatedClock) -> None:
    """There is no key of ours at the vendor: a second create is prevented by looking first."""
    connector = rig.connector(clock, writes=True)
    made = connector.write(create(phone="+16135550119", email="max@example.com"))
    for field, value in (("phone", "+16135550119"), ("email", "max@example.com")):
        assert [record["customerID"] for record in connector.find(field, value)] == [made]


def test_a_customer_that_vanished_meanwhile_is_told(rig: Any, clock: SimulatedClock) -> None:
    rig.rows.pop(2)
    error = refused(rig.connector(clock, writes=True), update({"first_name": "Grace"}))
    assert (error.permanent, error.effect, error.status) == (True, "none", 404)
