"""The simulated Greenline company's faults, its export file, and what Mission Control pushes to it."""

import csv
import io

import pytest
import requests

from connectors.sandbox import blaze_ecom
from tests.vendors.sandbox.greenline.shop import ROBIN, Shop


def test_faults_of_the_vendors_own_kind(shop: Shop) -> None:
    keys = [shop.account.add({"first_name": f"N{n}"}) for n in range(3)]
    shop.account.fault("empty_list", path_contains="customers")
    nobody = shop.page()
    assert (nobody["data"], nobody["total"]) == ([], 0)
    shop.account.fault("stop_at_page", path_contains="customers")
    early = shop.page(limit=2)
    assert (len(early["data"]), early["total"]) == (2, 2)
    shop.account.fault("answer_without_effect", method="PATCH")
    answer = shop.call("PATCH", f"customers/{keys[0]}", {"notes": "never kept"})
    assert answer.json()["data"]["notes"] == "never kept"
    assert shop.account.read(keys[0])["note"] is None
    shop.account.fault("answer_without_effect", method="POST")
    assert shop.call("POST", "customers", {"name": "Never"}).json()["data"]["id"] == 7004
    assert list(shop.account.ids()) == keys
    shop.account.fault("effect_without_answer", method="PATCH")
    with pytest.raises(requests.ConnectionError):
        shop.call("PATCH", f"customers/{keys[0]}", {"notes": "kept"})
    assert shop.account.read(keys[0])["note"] == "kept"
    assert len(shop.ledger.effects) == 1


def test_keys_and_contents_fail_in_the_vendors_own_words(shop: Shop) -> None:
    key = shop.account.add(ROBIN)
    shop.account.fault("token_expired")
    assert shop.call("GET", "customers").json() == {"error": "UNAUTHORIZED"}
    assert shop.ids() == [key]
    shop.account.fault("new_field")
    assert "loyalty_tier_v2" in shop.page()["data"][0]
    shop.account.fault("huge_note", size=50_000)
    assert len(shop.page()["data"][0]["notes"]) == 50_000
    shop.account.fault("lying_count", by=3)
    assert shop.page()["total"] == 4
    shop.account.fault("lone_surrogate")
    assert b'"notes":"before \\ud800' in shop.call("GET", "customers").content
    shop.account.fault("scope_lost", after=1)
    assert [shop.call("GET", "customers").status_code for _ in range(3)] == [200, 403, 403]


def test_the_list_goes_out_as_a_file_and_comes_back_corrected(shop: Shop) -> None:
    first = shop.account.add(ROBIN | {"phone_raw": "4165550123"})
    gone = shop.account.add({"first_name": "Gone"})
    shop.account.archive(gone)
    text = shop.account.export_csv()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(row["Customer ID"], row["Name"], row["Phone"]) for row in rows] == [(first, "Robin Sample", "4165550123")]
    corrected = "Customer ID,Name,Email,Phone\r\n" + f"{first},Robin Sample,new@example.com,\r\n,Max Muster,,\r\n"
    shop.account.import_csv(corrected)
    read = shop.account.read(first)
    assert (read["email"], read["phone"], read["note"]) == ("new@example.com", "4165550123", "likes tea")
    assert shop.account.read("7003")["full_name"] == "Max Muster"
    assert shop.ledger.effects == []


@pytest.mark.parametrize(
    ("line", "complaint"), [("7001,,a@example.com", "row 2 has no Name"), ("7009,Eve,", "row 2 names customer 7009")]
)
def test_an_import_refuses_a_row_without_a_name_or_with_an_unknown_id(shop: Shop, line: str, complaint: str) -> None:
    shop.account.add(ROBIN)
    with pytest.raises(ValueError, match=complaint):
        shop.account.import_csv(f"Customer ID,Name,Email\n{line}\n")
    assert shop.account.read("7001")["email"] == "Robin@example.com"


def test_c1_c2_a_contact_change_flows_one_way_into_greenline(shop: Shop, ecom: blaze_ecom.Account) -> None:
    person = {name: ROBIN[name] for name in ("first_name", "last_name", "email", "phone", "birth_date")}
    customer = ecom.sign_up(person)
    key = ecom.links(customer)["s-green"]
    assert shop.account.read(key)["full_name"] == "Robin Sample"
    ecom.edit(customer, {"phone": "+14165550199"})
    assert shop.account.read(key)["phone"] == "+14165550199"
    (push,) = shop.ledger.effects
    assert (push.method, push.profile_id, push.change) == ("PUSH", key, {"phone": "+14165550199"})
    shop.account.edit(key, {"phone": "+14165550111"})
    assert ecom.read(customer)["phone"] == "+14165550199", "nothing goes back"


def test_t4_sign_up_finds_the_customer_by_phone_however_it_is_spelled(shop: Shop, ecom: blaze_ecom.Account) -> None:
    key = shop.account.add(ROBIN | {"phone_raw": "(416) 555-0123", "email": "old@example.com"})
    customer = ecom.sign_up({"first_name": "Robin", "phone": "+14165550123", "email": "new@example.com"})
    assert ecom.links(customer) == {"s-green": key}
    assert shop.account.read(key)["email"] == "new@example.com"
    assert len(list(shop.account.ids())) == 1


def test_c3_a_change_is_refused_while_another_greenline_customer_holds_the_value(
    shop: Shop, ecom: blaze_ecom.Account
) -> None:
    customer = ecom.sign_up({"first_name": "Robin", "phone": "+14165550123", "email": "robin@example.com"})
    other = shop.account.add({"first_name": "Max", "phone": "+14165550177"})
    with pytest.raises(ValueError, match="pos_duplicate"):
        ecom.edit(customer, {"phone": "+14165550177"})
    shop.account.edit(other, {"phone": None})
    ecom.edit(customer, {"phone": "+14165550177"})
    shop.account.archive(ecom.links(customer)["s-green"])
    with pytest.raises(ValueError, match="pos_link_broken"):
        ecom.edit(customer, {"phone": "+14165550178"})
