"""What the simulated R-Series account shows: records, lists and filters as the sheet tells them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.sandbox.base import Account as AnyAccount
from tests.vendors.sandbox.lightspeed_r.till import ADA, Till

# Reading


def test_canonical_fields_come_back_and_lie_where_the_sheet_has_them(till: Till) -> None:
    account: AnyAccount = till.account
    key = account.add(ADA | {"phone_2": "+16135550118", "email_2": "second@example.com", "balance": 12.5})
    read = account.read(key)
    assert read == ADA | {
        "phone": "613-555-0117", "phone_2": "613-555-0118", "email_2": "second@example.com", "status": "active",
    }  # fmt: skip
    row = till.one(key)
    assert (row["dob"], row["archived"], row["customerTypeID"]) == ("1990-03-03T05:00:00+00:00", "false", "1")
    assert row["CustomerType"]["name"] == "Wholesale"
    assert (row["Contact"]["noEmail"], row["Contact"]["noPhone"], row["Contact"]["noMail"]) == ("false", "true", "true")
    assert row["Contact"]["Phones"]["ContactPhone"] == [
        {"number": "613-555-0117", "useType": "Home"},
        {"number": "613-555-0118", "useType": "Mobile"},
    ]
    assert row["Contact"]["Addresses"]["ContactAddress"]["stateCode"] == "ON"
    assert (row["Note"]["note"], row["Tags"]) == ("likes tea", {"tag": ["Shopify", "vip"]})
    assert row["CreditAccount"]["balance"] == "12.50"
    assert till.get("CreditAccount")["CreditAccount"]["creditAccountID"] == row["creditAccountID"] == "1"
    assert till.get("CreditAccount", giftCard="true").get("CreditAccount") is None


def test_a_birth_date_east_of_utc_is_a_day_early_in_utc(opened: Callable[..., Till]) -> None:
    till = opened(account_time_zone="Australia/Sydney")
    key = till.account.add(ADA)
    assert till.one(key)["dob"].startswith("1990-03-02T")
    assert till.account.read(key)["birth_date"] == "1990-03-03"
    till.call("PUT", f"Customer/{key}", {"dob": "1990-03-04T00:00:00+11:00"})
    assert till.account.read(key)["birth_date"] == "1990-03-04"


def test_one_is_an_object_many_an_array_and_none_an_empty_text(till: Till) -> None:
    key = till.account.add({"first_name": "Solo"})
    row = till.one(key)
    contact = row["Contact"]
    assert (contact["Phones"], contact["Emails"], contact["Websites"], row["Tags"]) == ("", "", "", "")
    assert set(contact["Addresses"]["ContactAddress"].values()) == {""}
    assert "dob" not in row
    assert (row["customerTypeID"], "CustomerType" in row) == ("0", False)
    assert isinstance(till.get("Customer")["Customer"], dict)
    till.account.add(ADA)
    assert isinstance(till.get("Customer")["Customer"], list)


def test_an_account_may_write_one_as_a_list_and_none_as_an_empty_one(opened: Callable[..., Till]) -> None:
    till = opened(single_as_object=False, top_level_none="empty", tags_shape="Tag")
    assert till.get("Customer")["Customer"] == []
    key = till.account.add(ADA | {"tags": "vip"})
    row = till.one(key)
    assert row["Contact"]["Emails"]["ContactEmail"] == [{"address": "ada@example.com", "useType": "Primary"}]
    assert row["Tags"] == {"Tag": [{"name": "vip"}]}


def test_every_value_is_a_text(till: Till) -> None:
    def leaves(value: Any) -> Iterator[Any]:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        yield from [value] if inner is None else [leaf for each in inner for leaf in leaves(each)]

    key = till.account.add(ADA | {"balance": 3})
    assert {type(leaf) for leaf in leaves(till.one(key))} == {str}


def test_without_relations_there_is_no_contact(till: Till) -> None:
    key = till.account.add(ADA)
    row = till.get(f"Customer/{key}")["Customer"]
    assert {"Contact", "Note", "Tags", "CustomFieldValues"} & row.keys() == set()
    everything = till.get(f"Customer/{key}", load_relations="all")["Customer"]
    assert "Contact" in everything
    assert "CustomFieldValues" not in everything
    assert till.call("GET", "Customer", load_relations='["Shoes"]').status_code == 400


def test_all_relations_may_end_in_500(opened: Callable[..., Till]) -> None:
    till = opened(all_relations_fail=True)
    assert till.call("GET", "Customer", load_relations="all").status_code == 500


def test_g11_sentinels_stand_in_licences_tax_numbers_and_card_codes(till: Till) -> None:
    key = till.account.add(ADA | {"balance": 1})
    assert "SENTINEL" in json.dumps(till.one(key)["CustomFieldValues"])
    assert "SENTINEL" in till.get(f"Customer/{key}")["Customer"]["vatNumber"]
    assert "SENTINEL" in json.dumps(till.get("CreditAccount"))


def test_the_walk_follows_next_and_ends_on_an_empty_one(till: Till) -> None:
    keys = [till.account.add(ADA | {"email": f"p{n}@example.com"}) for n in range(7)]
    till.account.archive(keys[3])
    answer = till.get("Customer", limit=3, sort="customerID", archived="true", load_relations='["Contact"]')
    read = [row["customerID"] for row in answer["Customer"]]
    assert "count" not in answer["@attributes"]
    assert answer["@attributes"]["previous"] == ""
    while answer["@attributes"]["next"]:
        answer = till.get(answer["@attributes"]["next"])
        rows = answer["Customer"] if isinstance(answer["Customer"], list) else [answer["Customer"]]
        assert all("Contact" in row for row in rows), "next carries every parameter along"
        read += [row["customerID"] for row in rows]
    assert read == keys
    back = till.get(answer["@attributes"]["previous"])
    assert [row["customerID"] for row in back["Customer"]] == keys[3:6]
    assert till.get(back["@attributes"]["next"])["Customer"]["customerID"] == keys[6]


@pytest.mark.parametrize("eager", [False, True])
def test_an_exactly_full_last_page_ends_here_or_on_an_empty_page(opened: Callable[..., Till], eager: bool) -> None:
    till = opened(full_page_names_next=eager)
    for _ in range(4):
        till.account.add(ADA)
    first = till.get("Customer", limit=2)
    last = till.get(first["@attributes"]["next"])
    assert (last["@attributes"]["next"] != "") is eager
    if eager:
        beyond = till.get(last["@attributes"]["next"])
        assert (beyond["@attributes"]["next"], "Customer" in beyond) == ("", False)


def test_archived_ones_are_listed_only_when_asked_for(till: Till) -> None:
    keys = [till.account.add(ADA) for _ in range(3)]
    till.account.archive(keys[1])
    assert till.ids() == [keys[0], keys[2]]
    assert till.ids(archived="true") == keys
    assert till.ids(archived="only") == [keys[1]]
    assert till.ids(archive="1") == [keys[0], keys[2]], "the other name is passed over in silence"
    assert till.call("GET", "Customer", archived="yes").status_code == 400
    assert till.one(keys[1])["archived"] == "true", "by id it is found all the same"


def test_the_count_honours_filters_costs_ten_and_stands_alone(till: Till) -> None:
    keys = [till.account.add(ADA) for _ in range(3)]
    till.account.archive(keys[0])
    answer = till.call("GET", "Customer", count=1, archived="true")
    assert answer.json() == {"@attributes": {"count": "3"}}
    assert answer.headers["X-LS-API-Request-Cost"] == "10"
    assert till.get("Customer", count=1)["@attributes"]["count"] == "2"
    assert till.call("GET", "Customer", count=1, limit=5).status_code == 400


def test_sorts_and_their_directions(till: Till) -> None:
    keys = [till.account.add({"first_name": name, "last_name": "Example"}) for name in ("Cy", "Ada", "Bo")]
    assert till.ids(sort="firstName") == [keys[1], keys[2], keys[0]]
    assert till.ids(sort="-customerID", limit=2) == [keys[2], keys[1]]
    first = till.get("Customer", sort="-firstName", limit=2)
    assert till.get(first["@attributes"]["next"])["Customer"]["customerID"] == keys[1]
    assert till.call("GET", "Customer", sort="email").status_code == 400
    other = first["@attributes"]["next"].replace("sort=-firstName", "sort=customerID")
    assert till.call("GET", other).status_code == 400, "a cursor of another list"


def test_filters_by_contact_need_the_relation_and_compare_the_stored_text(till: Till) -> None:
    first = till.account.add(ADA)
    second = till.account.add(ADA | {"email": "bo@example.com", "phone_raw": "(613) 555-0117", "phone": None})
    loaded = {"load_relations": '["Contact"]'}
    assert till.ids(**loaded, **{"Contact.email": "ada@example.com"}) == [first]
    assert till.ids(**loaded, **{"Contact.phoneHome": "613-555-0117"}) == [first]
    assert till.ids(**loaded, **{"Contact.phoneHome": "(613) 555-0117"}) == [second]
    assert till.call("GET", "Customer", **{"Contact.email": "ada@example.com"}).status_code == 400


def test_filters_know_the_operators_of_the_sheet_and_refuse_what_they_do_not_know(till: Till) -> None:
    keys = [till.account.add(ADA | {"first_name": name}) for name in ("Ada", "Bo", "Cy")]
    till.at += 60
    till.account.edit(keys[1], {"first_name": "Boo"})
    assert till.ids(timeStamp=">,2026-01-01T00:00:00+00:00") == [keys[1]]
    assert till.ids(customerID="IN,[1,3,99]") == [keys[0], keys[2]]
    assert till.ids(customerID="><,2,3") == keys[1:]
    assert till.ids(firstName="!=,Ada") == keys[1:]
    assert till.ids(firstName="~,bo%") == [keys[1]]
    assert till.ids(firstName="!~,b%") == [keys[0], keys[2]]
    many = "IN,[" + ",".join(map(str, range(101))) + "]"
    for wish in (
        {"shoe": "1"}, {"or": "a=1"}, {"offset": "5"}, {"customerID": many}, {"customerID": ">,x"},
        {"timeStamp": ">,2026-01-01T00:00:00"}, {"limit": "101"}, {"after": "not-one-of-ours"}, {"customerID": "><,1"},
    ):  # fmt: skip
        assert till.call("GET", "Customer", **wish).status_code == 400, wish


def test_xml_is_the_default_and_the_accept_header_beats_the_suffix(till: Till) -> None:
    till.account.add(ADA | {"first_name": "A<B"})
    held = {"Authorization": f"Bearer {till.tokens['access_token']}"}

    def kind(path: str, accept: str) -> str:
        till.at += 3
        answer = till.web.get(f"{till.place}/{path}", headers=held | {"Accept": accept}, timeout=10)
        return str(answer.headers["Content-Type"])

    assert kind("Customer", "*/*") == kind("Customer.json", "application/xml") == "application/xml"
    assert "json" in kind("Customer", "application/json")
    assert "json" in kind("Customer.json", "*/*")
    till.at += 3
    text = till.web.get(f"{till.place}/Customer", headers=held, timeout=10).text
    assert "<firstName>A&lt;B</firstName>" in text


def test_small_lists_have_the_same_paging(till: Till) -> None:
    for name in ("Retail", "Wholesale", "VIP"):
        till.account.add({"first_name": name, "group": name, "tags": name})
    page = till.get("CustomerType", limit=2, sort="customerTypeID")
    assert [row["name"] for row in page["CustomerType"]] == ["Retail", "Wholesale"]
    assert till.get(page["@attributes"]["next"])["CustomerType"]["name"] == "VIP"
    assert till.get("CustomerType", name="VIP")["CustomerType"]["customerTypeID"] == "3"
    assert till.get("CustomerType", count=1)["@attributes"]["count"] == "3"
    assert [row["name"] for row in till.get("Tag")["Tag"]] == ["Retail", "Wholesale", "VIP"]
    assert till.get("Customer/CustomField")["CustomField"]["name"] == "Driver licence"
