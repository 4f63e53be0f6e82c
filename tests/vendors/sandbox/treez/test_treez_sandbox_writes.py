"""What the simulated Treez store takes, and how it fails: each quirk as the sheet tells it."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from connectors.sandbox.base import Account as AnyAccount
from connectors.sandbox.treez.api import Quirks
from tests.vendors.sandbox.treez.store import DANA, NEEDED, Store, reason


def test_v2_post_update_removes_whatever_is_left_out(store: Store) -> None:
    store.account.add(DANA | {"phone": "+14155550123", "email": "dana@example.com", "note": "keep me"})
    form = {"client_id": store.account.access.client_id, "apikey": store.account.access.api_key}
    token = store.session.post(f"{store.v2}/config/api/gettokens", params=form, timeout=10).json()["access_token"]
    url, headers = f"{store.v2}/customer/update/1001", {"Authorization": token}
    answer = store.session.post(url, json=NEEDED | {"phone": "4155550123"}, headers=headers, timeout=10)
    assert answer.status_code == 200
    left = store.account.read("1001")
    assert (left["phone"], left["email"], left["note"]) == ("4155550123", None, None)
    assert store.call("customer/update/1001", "POST", json=NEEDED).status_code == 404, "v3 knows PATCH only"


def test_patch_keeps_what_is_omitted_or_null_and_clears_by_an_empty_text(store: Store) -> None:
    store.account.add(DANA | {"phone": "+14155550123", "email": "dana@example.com", "note": "old"})
    body = NEEDED | {"email": "", "notes": None, "status": "DEACTIVATED"}
    answer = store.call("customer/update/1001", "PATCH", json=body)
    assert answer.json()["data"]["email"] is None
    now = store.account.read("1001")
    assert (now["email"], now["note"], now["phone"], now["status"]) == (None, "old", "4155550123", "active")
    (effect,) = store.ledger.effects
    assert (effect.method, effect.profile_id) == ("PATCH", "1001")
    assert (effect.change, effect.before) == ({"email": None}, {"email": "dana@example.com"})


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"birthday": None}, "MODEL_VALIDATION_FAIL"),
        ({"patient_type": "MEDICAL_MMID"}, "MODEL_VALIDATION_FAIL"),
        ({"first_name": " "}, "CUSTOMER_FIRST_NAME_BLANK"),
        ({"last_name": "x" * 46}, "CUSTOMER_LAST_NAME_TOO_LONG"),
        ({"birthday": "03/02/1990"}, "INVALID_DATE_FORMAT"),
        ({"birthday": "1850-01-01"}, "CUSTOMER_AGE_TOO_HIGH"),
        ({"phone": "+14155550199"}, "MODEL_VALIDATION_FAIL"),
        ({"phone": "1155550199"}, "MODEL_VALIDATION_FAIL"),
        ({"phone": "4155550100"}, "DUPLICATED_CUSTOMER_PHONE"),
        ({"email": "TAKEN@example.com"}, "DUPLICATED_CUSTOMER_EMAIL"),
        ({"drivers_license": "sentinel-dl-1002"}, "DRIVER_LICENSE_DUPLICATION"),
        ({"addresses": [{"type": "ADDRESS_OF_RECORD", "city": "Oakland"}]}, "MODEL_VALIDATION_FAIL"),
        ({"customer_groups": ["VIP", "VIP"]}, "CUSTOMER_GROUP_DUPLICATED_INPUT"),
        ({"customer_groups": ["Unheard of"]}, "MODEL_VALIDATION_FAIL"),
    ],
)
def test_patch_refuses_and_changes_nothing(store: Store, change: dict[str, Any], refusal: str) -> None:
    store.account.add(DANA | {"phone": "+14155550123"})
    store.account.add(DANA | {"phone": "+14155550100", "email": "taken@example.com"})
    before = store.account.read("1001")
    assert reason(store.call("customer/update/1001", "PATCH", json=NEEDED | change)) == (400, refusal)
    assert store.account.read("1001") == before
    assert store.ledger.effects == []


def test_legacy_duplicates_may_stay_and_the_lower_id_is_found(store: Store) -> None:
    shared = DANA | {"phone": "+14155550123"}
    first, second = store.account.add(shared), store.account.add(shared | {"first_name": "Robin"})
    assert store.call("customer/phone/4155550123").json()["data"]["customer_id"] == first
    same = NEEDED | {"first_name": "Robin", "phone": "4155550123", "notes": "seen"}
    assert store.call(f"customer/update/{second}", "PATCH", json=same).status_code == 200
    store.account.deactivate(first)
    assert store.call("customer/phone/4155550123").json()["data"]["customer_id"] == second


def test_look_ups_that_find_nobody(store: Store) -> None:
    store.account.add(DANA | {"phone": "+14155550123"})
    assert reason(store.call("customer/77")) == (404, "CUSTOMER_DOESNT_EXIST")
    for path in ("customer/email/no@example.com", "customer/phone/4155550124", "customer/phone/%2B14155550123"):
        assert reason(store.call(path)) == (404, "NOT_FOUND")
    assert reason(store.call("customer/driverlicense/none")) == (404, "CUSTOMER_DOESNT_EXIST")
    assert reason(store.call("customer/firstname/No/lastname/Body")) == (404, "NOT_FOUND")
    assert store.call("customer/firstname/dana/lastname/example").json()["data"][0]["customer_id"] == "1001"


@pytest.mark.parametrize("finds", [False, True])
def test_t2_deactivated_is_unlisted_and_readable_by_id(opened: Callable[..., Store], finds: bool) -> None:
    shop = opened(finds_deactivated=finds)
    shop.account.add(DANA | {"email": "dana@example.com"})
    shop.account.deactivate("1001")
    assert shop.page(1) == []
    assert shop.call("customer/1001").json()["data"]["status"] == "DEACTIVATED"
    assert (shop.call("customer/email/DANA@example.com").status_code == 200) is finds
    refused = shop.call("customer/update/1001", "PATCH", json=NEEDED)
    assert reason(refused)[0] == 400
    shop.account.renew("1001")
    assert shop.page(1) == ["1001"]


def test_deactivation_by_patch_where_it_is_switched_on(opened: Callable[..., Store]) -> None:
    shop = opened(deactivate_by_patch=True)
    shop.account.add(DANA)
    shop.call("customer/update/1001", "PATCH", json=NEEDED | {"status": "DEACTIVATED"})
    assert shop.account.read("1001")["status"] == "archived"


def test_t10_merge_leaves_a_survivor_called_merged(store: Store) -> None:
    kept = store.account.add(DANA | {"phone": "+14155550123", "note": "old friend"})
    gone = store.account.add(DANA | {"phone": "+14155550124", "email": "dana@example.com"})
    body = {"sourceCustomerId": gone, "destinationCustomerId": kept}
    answer = store.call("customer/merge", "POST", json=body)
    assert (answer.status_code, answer.json()["id"], answer.json()["isMerged"]) == (200, int(kept), 1)
    survivor, loser = (store.call(f"customer/{each}").json()["data"] for each in (kept, gone))
    assert (survivor["status"], survivor["merged_customer_ids"]) == ("MERGED", [int(gone)])
    assert (survivor["phone"], survivor["email"]) == ("4155550123", "dana@example.com")
    assert survivor["notes"].startswith("old friend\n")
    assert (loser["status"], loser["merged_into_customer_id"]) == ("DEACTIVATED", int(kept))
    assert store.page(1) == [kept]
    refused = store.call(f"customer/update/{gone}", "PATCH", json=NEEDED)
    assert (reason(refused)[0], kept in refused.json()["resultDetail"]) == (400, True)
    assert store.account.read(gone)["merged_into"] == kept
    again = store.call("customer/merge", "POST", json=body)
    assert reason(again) == (400, "MODEL_VALIDATION_FAIL")


def test_merge_names_each_missing_side(store: Store) -> None:
    refused = store.call("customer/merge", "POST", json={})
    assert reason(refused) == (400, "MODEL_VALIDATION_FAIL")
    assert refused.json()["resultDetail"].count("\n") == 1


def test_create_needs_its_fields_and_gives_an_unverified_customer(store: Store) -> None:
    answer = store.call("customer/detailcustomer", "POST", json=NEEDED | {"phone": "4155550123"})
    made = answer.json()["data"]
    assert answer.status_code == 200
    assert not {"status", "last_visit_date", "merged_customer_ids"} & made.keys()
    full = store.call(f"customer/{made['customer_id']}").json()["data"]
    assert (full["verification_status"], full["opt_out"]) == ("VERIFICATION_PENDING", False)
    assert reason(store.call("customer/detailcustomer", "POST", json=NEEDED | {"phone": "4155550123"})) == (
        400,
        "DUPLICATED_CUSTOMER_PHONE",
    )
    assert reason(store.call("customer/detailcustomer", "POST", data="{")) == (400, "Bad Request")
    (effect,) = store.ledger.effects
    assert (effect.profile_id, effect.change["phone"], effect.before) == (made["customer_id"], "4155550123", {})


def test_history_tells_old_and_new(store: Store) -> None:
    store.account.add(DANA | {"phone": "+14155550123"})
    store.account.edit("1001", {"phone": "+14155550124"})
    history = store.call("customer/1001/history").json()["data"]
    assert history["total_elements"] == 1
    assert history["history"][0]["action"] == "phone: 4155550123 -> 4155550124"
    assert (history["history"][0]["date"], history["history"][0]["time"]) == ("11/23/2026", "4:00 AM PST")


@pytest.mark.parametrize("means", ["out", "in"])
def test_g9_opt_out_is_null_a_boolean_or_a_text_and_its_polarity_a_quirk(
    opened: Callable[..., Store], means: str
) -> None:
    shop = opened(opt_out_means=means)
    other = "in" if means == "out" else "out"
    words = [means] * 12 + [other, "unknown"]
    ids = [shop.account.add(DANA | {"email_consent": word}) for word in words]
    flags = [shop.call(f"customer/{each}").json()["data"]["opt_out"] for each in ids]
    assert {str(flag) for flag in flags[:12]} == {"True", "true"}
    assert flags[12:] == [False, None]
    assert [shop.account.read(each)["email_consent"] for each in ids] == words


def test_read_gives_back_what_was_entered(store: Store) -> None:
    address = {"street": "1 Main St", "street_2": "Unit 2", "city": "Oakland", "region": "CA", "postal_code": "94601"}
    entered = (
        DANA | address | {"email": "d@example.com", "tags": "VIP;local", "note": "line\nline", "has_purchased": True}
    )
    account: AnyAccount = store.account
    profile_id = account.add(entered | {"phone_raw": "(415) 555-0123"})
    seen = account.read(profile_id)
    assert {name: seen[name] for name in entered if name != "created_at"} == {
        name: value for name, value in entered.items() if name != "created_at"
    }
    assert seen["phone"] == "(415) 555-0123"
    assert store.account.find_by_phone("+14155550123") == [profile_id]
    account.edit(profile_id, {"city": "Berkeley", "phone": None})
    assert (account.read(profile_id)["street"], account.read(profile_id)["city"]) == ("1 Main St", "Berkeley")
    assert store.account.find_by_phone("+14155550123") == []


def test_ten_requests_a_second_and_an_empty_429(opened: Callable[..., Store]) -> None:
    shop = opened(rate=Quirks().rate)
    shop.account.add(DANA)
    answers = [shop.call("customer/1001") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[-1].content == b""
    shop.clock.sleep(0.11)
    assert shop.call("customer/1001").status_code == 200


def test_faults_of_the_vendors_own_kind(store: Store) -> None:
    for n in range(3):
        store.account.add(DANA | {"phone": f"+141555501{n:02d}"})
    store.account.fault("empty_list", path_contains="lastUpdated")
    assert store.page(1) == []
    store.account.fault("stop_at_page", path_contains="/page/2/")
    assert (len(store.page(1, 2)), store.page(2, 2)) == (2, [])
    store.account.fault("answer_without_effect", method="PATCH")
    answer = store.call("customer/update/1001", "PATCH", json=NEEDED | {"notes": "never kept"})
    assert answer.json()["data"]["notes"] == "never kept"
    assert store.account.read("1001")["note"] is None
    store.account.fault("effect_without_answer", method="PATCH")
    with pytest.raises(requests.ConnectionError):
        store.call("customer/update/1001", "PATCH", json=NEEDED | {"notes": "kept"})
    assert store.account.read("1001")["note"] == "kept"
    assert len(store.ledger.effects) == 1


def test_settings_and_secrets_fit_each_other(opened: Callable[..., Store]) -> None:
    for version, secret in (("v3", "private_key"), ("v2", "api_key")):
        account = opened(api=version).account
        settings = account.settings()
        assert (settings["kind"], settings["api"], settings["base_url"]) == ("treez", version, account.url)
        assert [settings[secret]["env"]] == list(account.secrets())
