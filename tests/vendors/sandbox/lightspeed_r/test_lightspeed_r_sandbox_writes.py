"""What the simulated R-Series account takes: each quirk of a write as the sheet tells it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.vendors.sandbox.lightspeed_r.till import ADA, Till

# Writing


def test_g9_a_new_customer_has_all_three_flags_set_unless_told_otherwise(opened: Callable[..., Till]) -> None:
    for default in (True, False):
        till = opened(consent_default_on_create=default)
        answer = till.call("POST", "Customer", {"firstName": "Max", "Contact": {"noEmail": not default}})
        made = answer.json()["Customer"]
        assert (answer.status_code, made["Contact"]["noEmail"]) == (200, str(not default).lower())
        assert made["Contact"]["noPhone"] == made["Contact"]["noMail"] == str(default).lower()


def test_g9_a_flag_at_its_default_is_unknown_and_a_moved_one_a_choice(till: Till) -> None:
    key = till.account.add(ADA | {"email_consent": "unknown"})
    consent = till.account.read(key)
    assert (consent["email_consent"], consent["sms_consent"]) == ("unknown", "unknown")
    till.call("PUT", f"Customer/{key}", {"Contact": {"noEmail": True, "noPhone": False}})
    assert till.account.read(key)["email_consent"] == "unknown", "true over true says nothing"
    assert till.account.read(key)["sms_consent"] == "in"
    till.call("PUT", f"Customer/{key}", {"Contact": {"noPhone": "true"}})
    assert till.account.read(key)["sms_consent"] == "out"
    told = till.account.add(ADA | {"email_consent": "out"})
    assert till.account.read(told)["email_consent"] == "out"


def test_a_create_is_answered_whole_and_entered_into_the_ledger(till: Till) -> None:
    body = {
        "firstName": "Max", "lastName": "Muster", "dob": "1990-07-03T00:00:00-04:00", "misspelt": "x",
        "Contact": {
            "noEmail": True, "noPhone": True, "noMail": True,
            "Phones": {"ContactPhone": {"number": "613-555-0119", "useType": "Home"}},
            "Emails": {"ContactEmail": [{"address": "max@example.com", "useType": "Primary"}]},
            "Addresses": {"ContactAddress": {"address1": "2 Sample St", "city": "Ottawa", "stateCode": "ON"}},
        },
        "Note": {"note": "made by us", "isPublic": False}, "Tags": {"tag": ["Shopify"]},
    }  # fmt: skip
    answer = till.call("POST", "Customer", body)
    assert answer.headers["X-LS-API-Request-Cost"] == "5.5", "one, and nine nested objects"
    made = answer.json()["Customer"]
    key = made["customerID"]
    read = till.account.read(key)
    assert (read["birth_date"], read["phone"], read["tags"]) == ("1990-07-03", "613-555-0119", "Shopify")
    (effect,) = till.ledger.effects
    assert (effect.method, effect.profile_id, effect.before) == ("POST", key, {})
    assert effect.change["email"] == "max@example.com"
    assert effect.change["note"] == "made by us"
    again = till.call("POST", "Customer", body).json()["Customer"]["customerID"]
    assert again != key, "the till adds duplicates silently"


def test_put_keeps_what_is_left_out_and_clears_by_empty_or_null(till: Till) -> None:
    key = till.account.add(ADA | {"phone_2": "+16135550118"})
    till.call("PUT", f"Customer/{key}", {"lastName": "", "dob": None, "Note": {"note": ""}, "Tags": ""})
    read = till.account.read(key)
    assert (read["first_name"], read["last_name"], read["birth_date"]) == ("Ada", None, None)
    assert (read["note"], read["tags"], read["group"], read["email"]) == (None, None, "Wholesale", "ada@example.com")
    (effect,) = till.ledger.effects
    assert effect.change == {"last_name": None, "birth_date": None, "note": None, "tags": None}
    assert effect.before["last_name"] == "Example"


def test_the_answer_of_put_is_no_proof_unless_the_account_is_fresh(opened: Callable[..., Till]) -> None:
    for answers, shown in (("stale", None), ("fresh", "Eve")):
        till = opened(put_answer=answers)
        key = till.account.add(ADA)
        said = till.call("PUT", f"Customer/{key}", {"firstName": "Eve"}).json()["Customer"]
        assert said.get("firstName") == shown
        assert (said["timeStamp"] == "2025-03-03T15:39:34+00:00") is (answers == "stale")
        assert till.account.read(key)["first_name"] == "Eve"


@pytest.mark.parametrize(
    ("quirks", "body", "left"),
    [
        (
            {},
            {"ContactPhone": {"number": "613-555-0100", "useType": "Home"}},
            {"Home": "613-555-0100", "Mobile": "kept"},
        ),
        ({"contact_list_semantics": "replace"}, {"ContactPhone": [{"number": "1", "useType": "Home"}]}, {"Home": "1"}),
        ({}, {"ContactPhone": {"number": "", "useType": "Home"}}, {"Mobile": "kept"}),
        ({}, "", {"Home": "613-555-0117", "Mobile": "kept"}),
        ({"empty_phones_write": "clear"}, "", {}),
    ],
)
def test_phone_slots_merge_or_are_replaced(
    opened: Callable[..., Till], quirks: dict[str, Any], body: Any, left: dict[str, str]
) -> None:
    till = opened(**quirks)
    key = till.account.add(ADA | {"phone_2": "kept"})
    assert till.call("PUT", f"Customer/{key}", {"Contact": {"Phones": body}}).status_code == 200
    assert till.account.books.customers[int(key)]["Contact"]["Phones"] == left
    assert till.account.read(key)["email"] == "ada@example.com"


@pytest.mark.parametrize("semantics", ["merge", "replace"])
def test_an_address_in_part_keeps_the_rest_only_where_lists_merge(opened: Callable[..., Till], semantics: str) -> None:
    till = opened(contact_list_semantics=semantics)
    key = till.account.add(ADA)
    till.call("PUT", f"Customer/{key}", {"Contact": {"Addresses": {"ContactAddress": {"city": "Kanata"}}}})
    read = till.account.read(key)
    assert (read["city"], read["street"]) == ("Kanata", "1 Sample St" if semantics == "merge" else None)


@pytest.mark.parametrize("bumps", [False, True])
def test_a_change_of_contact_moves_its_own_time_stamp(opened: Callable[..., Till], bumps: bool) -> None:
    till = opened(contact_bumps_customer_timestamp=bumps)
    by_api, by_clerk = till.account.add(ADA), till.account.add(ADA)
    home = {"ContactPhone": {"number": "613-555-0100", "useType": "Home"}}
    till.call("PUT", f"Customer/{by_api}", {"Contact": {"Phones": home}})
    till.account.edit(by_clerk, {"phone": "+16135550100"})
    for key in (by_api, by_clerk):
        row = till.one(key)
        assert row["Contact"]["timeStamp"] > row["createTime"]
        assert (row["timeStamp"] > row["createTime"]) is bumps


def test_tags_are_replaced_added_or_in_the_wrong_shape_ignored(opened: Callable[..., Till]) -> None:
    for quirks, left in (
        ({}, "new"),
        ({"tags_write": "add"}, "Shopify;new;vip"),
        ({"tags_shape": "Tag"}, "Shopify;vip"),
    ):
        till = opened(**quirks)
        key = till.account.add(ADA)
        assert till.call("PUT", f"Customer/{key}", {"Tags": {"tag": ["new"]}}).status_code == 200
        assert till.account.read(key)["tags"] == left


@pytest.mark.parametrize(
    "body",
    [
        {"dob": "03/03/1990"},
        {"customerTypeID": "99"},
        {"archived": "maybe"},
        {"firstName": ["x"]},
        {"Contact": "x"},
        {"Contact": {"noEmail": "perhaps"}},
        {"Contact": {"Phones": {"ContactPhone": {"number": "1", "useType": "Holiday"}}}},
        {"Note": "text"},
        {"CustomFieldValues": {"CustomFieldValue": {"customFieldID": "77", "value": "x"}}},
        ["x"],
    ],
)
def test_a_bad_write_is_refused_in_json_called_html_and_changes_nothing(till: Till, body: Any) -> None:
    key = till.account.add(ADA)
    before = till.account.read(key)
    answer = till.call("PUT", f"Customer/{key}", body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/html")
    assert answer.json()["httpCode"] == "400"
    assert till.account.read(key) == before
    assert till.ledger.effects == []


def test_names_are_demanded_where_the_account_demands_them(opened: Callable[..., Till]) -> None:
    till = opened(required_on_create=("lastName",), error_content_type="application/json")
    answer = till.call("POST", "Customer", {"firstName": "Max"})
    assert (answer.status_code, answer.json()["message"]) == (400, "lastName cannot be blank.")
    assert answer.headers["Content-Type"] == "application/json"


def test_custom_fields_are_set_and_deleted_through_the_parent(till: Till) -> None:
    key = till.account.add(ADA)
    value = {"customFieldID": "1", "value": "x"}
    till.call("PUT", f"Customer/{key}", {"CustomFieldValues": {"CustomFieldValue": value}})
    assert till.one(key)["CustomFieldValues"]["CustomFieldValue"]["value"] == "x"
    gone = {"customFieldID": "1", "deleted": True}
    till.call("PUT", f"Customer/{key}", {"CustomFieldValues": {"CustomFieldValue": [gone]}})
    assert till.one(key)["CustomFieldValues"] == ""


def test_m12_m13_archive_and_restore_over_the_wire(opened: Callable[..., Till]) -> None:
    for restores in (False, True):
        till = opened(unarchive_restores_credit_account=restores)
        key = till.account.add(ADA | {"balance": 5})
        assert till.call("DELETE", f"Customer/{key}").json()["Customer"]["archived"] == "true"
        assert till.account.read(key) == till.account.read(key) | {"status": "archived", "email": "ada@example.com"}
        till.call("PUT", f"Customer/{key}", {"archived": False})
        assert till.account.read(key)["status"] == "active"
        assert till.get("CreditAccount")["CreditAccount"]["archived"] == str(not restores).lower()
        assert [effect.change for effect in till.ledger.effects] == [{"status": "archived"}, {"status": "active"}]


def test_g10_anonymise_wipes_the_person_and_leaves_notes_and_custom_fields(till: Till) -> None:
    for key, wipe in ((till.account.add(ADA), True), (till.account.add(ADA), False)):
        if wipe:
            assert till.call("DELETE", f"Customer/{key}/Anonymize").status_code == 200
        else:
            till.account.anonymise(key)
        row = till.one(key)
        assert (row["firstName"], row["lastName"], row["archived"]) == ("Customer", f"[{key}]", "true")
        assert (row["Contact"]["Phones"], row["Note"]["note"], "dob" in row) == ("", "likes tea", False)
        assert row["CustomFieldValues"] != ""


def test_groups_are_customer_types_made_renamed_and_deleted(till: Till) -> None:
    key = till.account.add(ADA)
    made = till.call("POST", "CustomerType", {"name": "VIP"}).json()["CustomerType"]["customerTypeID"]
    till.call("PUT", f"Customer/{key}", {"customerTypeID": made})
    assert till.account.read(key)["group"] == "VIP"
    till.call("PUT", f"CustomerType/{made}", {"name": "Gold"})
    assert till.account.read(key)["group"] == "Gold"
    till.call("DELETE", f"CustomerType/{made}")
    assert till.account.read(key)["group"] is None
    assert till.call("GET", f"CustomerType/{made}").status_code == 404
    assert till.call("POST", "CustomerType", {}).status_code == 400
    till.account.fault("answer_without_effect", method="POST")
    assert till.call("POST", "CustomerType", {"name": "Never"}).json()["CustomerType"]["customerTypeID"] == "3"
    assert till.get("CustomerType")["CustomerType"]["name"] == "Wholesale"


def test_a_tag_is_made_renamed_and_deleted_on_every_record(till: Till) -> None:
    key = till.account.add(ADA)
    assert till.call("POST", "Tag", {"name": "new"}).json()["Tag"] == {"tagID": "3", "name": "new"}
    till.call("PUT", "Tag/1", {"name": "Web"})
    assert till.account.read(key)["tags"] == "Web;vip"
    assert till.call("DELETE", "Tag/1").json()["Tag"]["name"] == "Web"
    assert till.account.read(key)["tags"] == "vip"
    assert till.call("DELETE", "Tag/1").status_code == 404
    assert till.call("PATCH", "Tag").status_code == till.call("PATCH", "Tag/2").status_code == 405


def test_merge_fills_the_survivor_and_archives_the_other(opened: Callable[..., Till]) -> None:
    for leaves in ("archived", "deleted"):
        till = opened(merge_leaves=leaves)
        kept = till.account.add({"first_name": "Ada", "phone": "+16135550118"})
        gone = till.account.add(ADA)
        till.account.merge(gone, kept)
        read = till.account.read(kept)
        assert (read["phone"], read["email"], read["city"]) == ("613-555-0118", "ada@example.com", "Ottawa")
        status = till.call("GET", f"Customer/{gone}").status_code
        assert status == (200 if leaves == "archived" else 404)
        assert list(till.account.ids()) == ([kept, gone] if leaves == "archived" else [kept])


def test_nobody_is_deleted_and_the_unknown_is_404(till: Till) -> None:
    key = till.account.add(ADA)
    with pytest.raises(ValueError, match="archive or anonymise"):
        till.account.delete(key)
    with pytest.raises(KeyError):
        till.account.read("99")
    for method, path in (("GET", "Customer/99"), ("PUT", "Customer/99"), ("GET", "Sale"), ("GET", "Customer/1/Shoes")):
        assert till.call(method, path, {}).status_code == 404, path
    assert till.call("PATCH", "Customer").status_code == 405
    assert till.call("GET", till.place.replace("/V3", "") + "/Customer.json").status_code == 404, "V2 has ended"
