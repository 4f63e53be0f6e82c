"""The simulated R-Series account, over real HTTP: each quirk of the R-Series sheet shows as the sheet tells it."""

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.sandbox.base import Account as AnyAccount
from connectors.sandbox.base import Ledger
from connectors.sandbox.lightspeed_r import Account
from connectors.sandbox.lightspeed_r.quirks import Quirks

START = 1_795_000_000.0
RELATIONS = '["Contact","CustomerType","Note","Tags","CreditAccount","CustomFieldValues"]'
ADA = {
    "first_name": "Ada", "last_name": "Example", "email": "ada@example.com", "phone": "+16135550117",
    "birth_date": "1990-03-03", "email_consent": "in", "sms_consent": "unknown", "tags": "Shopify;vip",
    "street": "1 Sample St", "street_2": None, "city": "Ottawa", "region": "ON", "postal_code": "K1A 0B1",
    "country": "CA", "note": "likes tea", "group": "Wholesale", "has_purchased": True,
    "created_at": "2025-03-03T15:39:34Z",
}  # fmt: skip


class Till:
    """An account that serves, a partner that holds its tokens, and time that the test moves."""

    def __init__(self, folder: Path, **quirks: Any) -> None:
        self.at = START
        self.ledger = Ledger()
        self.account = Account("till-king", lambda: self.at, self.ledger, token_folder=folder, **quirks)
        self.account.start()
        self.settings = self.account.settings()
        self.place = f"{self.account.url}/Account/{self.settings['account_id']}"
        self.web = requests.Session()
        self.tokens = json.loads(Path(self.settings["tokens"]["file"]).read_text("utf-8"))

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        """One call, three seconds after the last, so that the bucket keeps up."""
        self.at += 3.0
        url = path if path.startswith("http") else f"{self.place}/{path}.json"
        held = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        return self.web.request(method, url, json=body, params=query, headers=held, timeout=10)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self.call("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def one(self, key: str) -> dict[str, Any]:
        return dict(self.get(f"Customer/{key}", load_relations=RELATIONS)["Customer"])

    def ids(self, **query: Any) -> list[str]:
        found = self.get("Customer", **query).get("Customer", [])
        return [row["customerID"] for row in (found if isinstance(found, list) else [found])]

    def token(self, **given: Any) -> requests.Response:
        who = {"client_id": self.settings["client_id"], "client_secret": next(iter(self.account.secrets().values()))}
        return self.web.post(self.settings["token_url"], json=who | given, timeout=10)

    def refresh(self, refresh_token: str) -> requests.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Till]]:
    tills: list[Till] = []

    def open_one(**quirks: Any) -> Till:
        tills.append(Till(tmp_path, **quirks))
        return tills[-1]

    yield open_one
    for till in tills:
        till.web.close()
        till.account.stop()


@pytest.fixture
def till(opened: Callable[..., Till]) -> Till:
    return opened()


# Access


def test_settings_and_the_token_file_are_what_a_configuration_needs(till: Till) -> None:
    assert list(till.account.secrets()) == [till.settings["client_secret"]["env"]]
    file = Path(till.settings["tokens"]["file"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(till.tokens) == {"access_token", "refresh_token", "expires_at"}
    assert till.tokens["expires_at"] == START + 3600
    assert len(till.tokens["access_token"]) > 1500, "kilobytes, as the vendor's"
    assert till.get("Shop")["Shop"]["timeZone"] == "America/Toronto"
    assert till.call("GET", f"{till.account.url}/Account.json").json()["Account"]["accountID"] == "1"


def test_without_a_token_folder_no_connector_could_speak_to_it() -> None:
    account = Account("bare", lambda: START, Ledger())
    with pytest.raises(ValueError, match="token_folder"):
        account.settings()
    with pytest.raises(ValueError, match="token_folder"):
        account.authorise()


def test_a_token_runs_out_by_the_injected_time_and_both_change_on_refresh(till: Till) -> None:
    till.at = START + 3600
    refused = till.call("GET", "Customer")
    assert (refused.status_code, refused.json()["error"]) == (401, "access_denied")
    assert refused.json()["hint"] == "Access token could not be verified"
    given = till.refresh(till.tokens["refresh_token"]).json()
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 3600)
    assert given["access_token"] != till.tokens["access_token"]
    assert given["refresh_token"] != till.tokens["refresh_token"]
    till.tokens = given
    assert till.ids() == []


def test_the_old_refresh_token_dies_when_the_new_access_token_is_first_used(till: Till) -> None:
    old = till.tokens["refresh_token"]
    lost = till.refresh(old).json()
    given = till.refresh(old).json()
    assert till.account.access.refreshable(old), "an answer that got lost costs nothing"
    till.tokens = given
    till.get("Customer")
    assert not till.account.access.refreshable(old)
    refused = till.refresh(old)
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_grant"})
    till.tokens = lost
    assert till.call("GET", "Customer").json()["hint"] == "Access token has been revoked"


def test_where_a_refresh_revokes_at_once_the_old_pair_is_dead(opened: Callable[..., Till]) -> None:
    till = opened(refresh_revokes_old="at_once")
    till.refresh(till.tokens["refresh_token"])
    assert till.call("GET", "Customer").status_code == 401
    assert till.refresh(till.tokens["refresh_token"]).status_code == 400


def test_five_refreshes_a_minute_and_thirty_days_of_rest(till: Till) -> None:
    answers = [till.refresh(till.tokens["refresh_token"]) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "60"
    till.at += 60
    assert till.refresh(till.tokens["refresh_token"]).status_code == 200
    till.at += 30 * 86_400
    assert till.refresh(till.tokens["refresh_token"]).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "x"}, 401, "invalid_client"),
        ({"client_id": ""}, 400, "invalid_client"),
        ({"scope": "employee:all"}, 400, "invalid_scope"),
        ({"grant_type": "password"}, 400, "invalid_request"),
        ({"refresh_token": "x"}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "x"}, 400, "invalid_grant"),
    ],
)
def test_the_token_endpoint_refuses(till: Till, change: dict[str, str], status: int, error: str) -> None:
    given = {"grant_type": "refresh_token", "refresh_token": till.tokens["refresh_token"]} | change
    answer = till.token(**given)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_a_code_lives_a_minute_and_works_once_as_form_or_json(till: Till) -> None:
    code, late = till.account.access.authorise(), till.account.access.authorise()
    who = {"client_id": till.settings["client_id"], "client_secret": next(iter(till.account.secrets().values()))}
    form = who | {"grant_type": "authorization_code", "code": code}
    assert till.web.post(till.settings["token_url"], data=form, timeout=10).status_code == 200
    assert till.web.post(till.settings["token_url"], data=form, timeout=10).status_code == 400
    till.at += 60
    assert till.token(grant_type="authorization_code", code=late).status_code == 400
    assert till.web.get(till.settings["token_url"], timeout=10).status_code == 405


def test_a_revoked_connection_needs_a_person_again(till: Till) -> None:
    till.account.access.revoke()
    assert till.call("GET", "Customer").json()["hint"] == "Access token has been revoked"
    assert till.refresh(till.tokens["refresh_token"]).status_code == 400
    till.account.authorise()
    till.tokens = json.loads(Path(till.settings["tokens"]["file"]).read_text("utf-8"))
    assert till.ids() == []


def test_scopes_and_rights_and_the_account_limit_what_may_be_done(till: Till) -> None:
    key = till.account.add(ADA)
    elsewhere = till.call("GET", f"{till.account.url}/Account/2/Customer.json")
    assert elsewhere.status_code == 403
    till.account.access.rights = frozenset({"Customers - Basic"})
    assert till.call("DELETE", f"Customer/{key}").status_code == 403
    till.account.access.scopes = frozenset({"employee:customers_read"})
    assert till.call("PUT", f"Customer/{key}", {"firstName": "X"}).status_code == 403
    assert till.call("GET", "Tag").status_code == 403
    assert till.ids() == [key]
    till.account.access.scopes = frozenset({"employee:tags"})
    assert till.call("GET", "Customer").status_code == 403
    assert till.ledger.effects == []


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


# Limits and faults


def test_the_bucket_overflows_once_and_leaks_by_the_injected_time(till: Till) -> None:
    held = {"Authorization": f"Bearer {till.tokens['access_token']}"}
    codes: list[int] = []
    while 429 not in codes:
        till.at += 0.1
        answer = till.web.get(f"{till.place}/Customer.json?count=1", headers=held, timeout=10)
        codes.append(answer.status_code)
    assert codes == [200] * 10 + [429], "the call that crosses the edge passes"
    level, _, size = answer.headers["x-ls-api-bucket-level"].partition("/")
    assert (float(level) > float(size), size) == (True, "90"), "the level may exceed the size"
    assert answer.headers["X-LS-API-RateLimit-Type"] == "api-leaky-bucket"
    assert answer.headers["X-LS-API-Drip-Rate"] == "1"
    till.at += int(answer.headers["Retry-After"])
    assert till.web.get(f"{till.place}/Customer.json?count=1", headers=held, timeout=10).status_code == 200


def test_a_burst_is_limited_within_a_second(opened: Callable[..., Till]) -> None:
    till = opened(burst=3, registers=2, header_case="lower")
    held = {"Authorization": f"Bearer {till.tokens['access_token']}"}
    answers = [till.web.get(f"{till.place}/Shop.json", headers=held, timeout=10) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["x-ls-api-ratelimit-type"] == "api-burst-limiter"
    assert answers[-1].headers["Retry-After"] == "1"
    assert answers[0].headers["X-LS-API-Bucket-Level"] == "1/100"
    assert answers[0].headers["X-LS-API-Drip-Rate"] == "1.5"
    till.at += 1
    assert till.web.get(f"{till.place}/Shop.json", headers=held, timeout=10).status_code == 200


def test_costs_are_those_of_the_sheet_or_the_old_ones(opened: Callable[..., Till]) -> None:
    for costs, page, write in (("2026", "2.4", "1.5"), ("old", "1", "10")):
        till = opened(costs=costs)
        key = till.account.add(ADA)
        relations = '["Contact","CustomerType","Note","Tags","CustomFieldValues"]'
        answer = till.call("GET", "Customer", load_relations=relations)
        assert answer.headers["X-LS-API-Request-Cost"] == page
        answer = till.call("PUT", f"Customer/{key}", {"Contact": {"noEmail": False}})
        assert answer.headers["X-LS-API-Request-Cost"] == write


def test_a_400_may_mean_try_again_later(till: Till) -> None:
    till.account.try_later = 1
    answer = till.call("GET", "Customer")
    assert answer.status_code == 400
    assert "Please try again later." in answer.json()["message"]
    assert till.ids() == []


def test_rows_move_while_the_list_is_read(till: Till) -> None:
    keys = [till.account.add(ADA) for _ in range(4)]
    seen: list[str] = []

    def plot(cursor: str) -> None:
        seen.append(cursor)
        if cursor:
            till.account.archive(keys[3])

    till.account.before_page = plot
    first = till.get("Customer", limit=2)
    assert till.get(first["@attributes"]["next"])["Customer"]["customerID"] == keys[2]
    assert (seen[0], len(seen)) == ("", 2)


def test_faults_of_the_vendors_own_kind(till: Till) -> None:
    keys = [till.account.add(ADA) for _ in range(3)]
    till.account.fault("empty_list", path_contains="Customer")
    assert till.ids() == []
    till.account.fault("empty_list", path_contains="Customer")
    assert till.get("Customer", count=1)["@attributes"]["count"] == "0"
    till.account.fault("stop_at_page", path_contains="Customer")
    assert till.get("Customer", limit=2)["@attributes"]["next"] == ""
    till.account.fault("answer_without_effect", method="PUT")
    assert till.call("PUT", f"Customer/{keys[0]}", {"firstName": "Never", "archived": True}).status_code == 200
    assert till.account.read(keys[0])["first_name"] == "Ada"
    till.account.fault("answer_without_effect", method="POST")
    assert till.call("POST", "Customer", {"firstName": "Never"}).json()["Customer"]["customerID"] == "4"
    assert list(till.account.ids()) == keys
    till.account.fault("effect_without_answer", method="PUT")
    with pytest.raises(requests.ConnectionError):
        till.call("PUT", f"Customer/{keys[0]}", {"firstName": "Kept"})
    assert till.account.read(keys[0])["first_name"] == "Kept"
    assert [effect.change for effect in till.ledger.effects] == [{"first_name": "Kept"}]


def test_an_expired_token_wants_a_refresh_and_a_lost_scope_stays_lost(till: Till) -> None:
    till.account.fault("token_expired", path_contains="Customer")
    assert till.call("GET", "Customer").json()["hint"] == "Access token could not be verified"
    assert till.call("GET", "Customer").status_code == 401, "trying again does not help"
    till.tokens = till.refresh(till.tokens["refresh_token"]).json()
    assert till.ids() == []
    till.account.fault("scope_lost", path_contains="Customer", after=1)
    assert [till.call("GET", "Customer").status_code for _ in range(3)] == [200, 403, 403]


def test_contents_are_bent_in_the_vendors_own_places(till: Till) -> None:
    till.account.add(ADA | {"phone_2": "+16135550118"})
    till.account.fault("new_field", field="loyalty", value="gold")
    assert till.get("Customer", load_relations=RELATIONS)["Customer"]["loyalty"] == "gold"
    till.account.fault("huge_note", size=50_000)
    assert len(till.get("Customer", load_relations=RELATIONS)["Customer"]["Note"]["note"]) == 50_000
    till.account.fault("lone_surrogate")
    assert b'"note":"before \\ud800' in till.call("GET", "Customer", load_relations=RELATIONS).content
    till.account.fault("wrong_type", field="firstName", value=7)
    assert till.get("Customer")["Customer"]["firstName"] == 7
    till.account.fault("lying_count", by=3)
    assert till.get("Customer", count=1)["@attributes"]["count"] == "4"
    assert till.account.read("1")["note"] == "likes tea"


def test_a_cursor_loop_names_the_same_next_again(till: Till) -> None:
    for n in range(4):
        till.account.add({"first_name": f"N{n}"})
    till.account.fault("cursor_loop", path_contains="Customer", after=2)
    first = till.get("Customer", limit=1)
    second = till.get(first["@attributes"]["next"])
    third = till.get(second["@attributes"]["next"])
    assert third["@attributes"]["next"] == first["@attributes"]["next"]


def test_a_lost_answer_to_a_refresh_leaves_the_old_token_good(till: Till) -> None:
    till.account.fault("effect_without_answer", path_contains="oauth")
    with pytest.raises(requests.ConnectionError):
        till.refresh(till.tokens["refresh_token"])
    till.account.fault("answer_without_effect", path_contains="oauth")
    pretended = till.refresh(till.tokens["refresh_token"]).json()
    assert not till.account.access.refreshable(pretended["refresh_token"])
    assert till.refresh(till.tokens["refresh_token"]).status_code == 200


def test_quirks_are_named(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="no_such_quirk"):
        Account("x", lambda: START, Ledger(), token_folder=tmp_path, no_such_quirk=True)
    assert Quirks().put_answer == "stale"


def test_the_same_seed_gives_the_same_account(tmp_path: Path) -> None:
    one, two = (Account(name, lambda: START, Ledger(), 7, token_folder=tmp_path) for name in ("one", "two"))
    assert one.secrets().popitem()[1] == two.secrets().popitem()[1]


def test_a_full_export_takes_no_more_calls_than_its_pages(till: Till) -> None:
    for n in range(1_000):
        till.account.add({"first_name": f"N{n}", "phone": f"+1613555{n:04d}"})
    answer, pages = till.get("Customer", archived="true", load_relations=RELATIONS), 1
    while answer["@attributes"]["next"]:
        answer, pages = till.get(answer["@attributes"]["next"]), pages + 1
    assert pages == 10
