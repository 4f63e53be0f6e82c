"""Simulated Treez over real HTTP: what its sheet says, with a signer of the test's own."""

import base64
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connectors.clock import SimulatedClock
from connectors.sandbox.base import Account as AnyAccount
from connectors.sandbox.base import Ledger
from connectors.sandbox.treez import Account
from connectors.sandbox.treez.access import private_pem
from connectors.sandbox.treez.api import Quirks

LONG_AGO = quote("1990-01-01T00:00:00.000+00:00")
DANA = {"first_name": "Dana", "last_name": "Example", "birth_date": "1990-02-03", "created_at": "2024-01-15T18:00:00Z"}
NEEDED = {"first_name": "Dana", "last_name": "Example", "birthday": "1990-02-03", "patient_type": "ADULT"}


class Store:
    """A Treez account and a caller who signs every request as section 2 asks."""

    def __init__(self, **quirks: Any) -> None:
        self.clock = SimulatedClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
        self.ledger = Ledger()
        self.account = Account("downtown", self.clock.time, self.ledger, **{"rate": 1000.0} | quirks)
        self.account.start()
        self.session = requests.Session()
        self.v3 = f"{self.account.url}/dispensary/v3/downtown"
        self.v2 = f"{self.account.url}/v2.0/dispensary/downtown"

    def token(self, url: str, *, life: int = 30_000, standard: bool = False, **claims: Any) -> str:
        issued = round(self.clock.time() * 1000)
        who = {"iss": self.account.access.certificate_id, "oid": self.account.access.organization_id}
        times = {"iat": issued, "exp": issued + life, "jti": str(uuid.uuid4())}
        part = _text({"aud": url} | who | times | claims)
        signature = _key(private_pem()).sign(part.encode(), padding.PKCS1v15(), hashes.SHA256())
        encode = base64.b64encode if standard else base64.urlsafe_b64encode
        return f"{part}.{encode(signature).decode().rstrip('=')}"

    def call(self, path: str, method: str = "GET", **options: Any) -> requests.Response:
        url = f"{self.v3}/{path}"
        return self.session.request(method, url, headers={"Authorization": self.token(url)}, timeout=10, **options)

    def page(self, number: int, size: int = 50, after: str = LONG_AGO) -> list[str]:
        answer = self.call(f"customer/lastUpdated/after/{after}/page/{number}/pagesize/{size}")
        assert answer.status_code == 200, answer.text
        return [row["customer_id"] for row in answer.json()["data"]]


@cache
def _key(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _text(claims: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


def reason(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["resultCode"] == "FAIL"
    return answer.status_code, body["resultReason"]


@pytest.fixture
def opened() -> Iterator[Callable[..., Store]]:
    stores: list[Store] = []

    def opener(**quirks: Any) -> Store:
        stores.append(Store(**quirks))
        return stores[-1]

    yield opener
    for store in stores:
        store.session.close()
        store.account.stop()


@pytest.fixture
def store(opened: Callable[..., Store]) -> Store:
    return opened()


def test_pages_hold_everybody_once_in_the_order_of_change_and_end_empty(store: Store) -> None:
    ids = [store.account.add(DANA | {"phone": f"+141555501{n:02d}"}) for n in range(5)]
    store.clock.sleep(60)
    store.account.edit(ids[1], {"email": "dana@example.com"})
    assert store.page(1, 2) + store.page(2, 2) + store.page(3, 2) == [ids[0], ids[2], ids[3], ids[4], ids[1]]
    assert store.page(4, 2) == []
    assert store.page(0, 2) == store.page(1, 2)


def test_a_row_that_changes_in_mid_run_moves_to_the_end(store: Store) -> None:
    ids = [store.account.add(DANA) for _ in range(4)]
    store.account.before_page = lambda page: store.account.edit(ids[0], {"note": "call back"}) if page == 2 else None
    seen = store.page(1, 2) + store.page(2, 2)
    assert seen == [ids[0], ids[1], ids[3], ids[0]], "one came twice, and ids[2] slid away unseen"


def test_first_page_zero_and_a_refused_page_zero(opened: Callable[..., Store]) -> None:
    from_zero, strict = opened(first_page=0), opened(page_zero="refused")
    for each in (from_zero, strict):
        each.account.add(DANA)
    assert from_zero.page(0) == ["1001"]
    assert from_zero.page(1) == []
    path = f"customer/lastUpdated/after/{LONG_AGO}/page/0/pagesize/50"
    assert reason(strict.call(path)) == (400, "MODEL_VALIDATION_FAIL")


def test_page_size_and_dates_are_held_to_the_limits(store: Store) -> None:
    assert reason(store.call(f"customer/lastUpdated/after/{LONG_AGO}/page/1/pagesize/51")) == (
        400,
        "RESPONSE_LIMIT_EXCEEDS",
    )
    assert reason(store.call("customer/lastUpdated/after/1990-01-01/page/1/pagesize/50")) == (
        400,
        "INVALID_DATE_FORMAT",
    )
    assert reason(store.call("customer/signup/from/1990/to/2000-01-01/page/1/pagesize/5")) == (
        400,
        "INVALID_DATE_FORMAT",
    )


def test_signed_up_between_counts_whole_days_of_the_store(store: Store) -> None:
    store.account.add(DANA | {"created_at": "2024-01-16T07:59:00Z"})
    path = "customer/signup/from/2024-01-15/to/2024-01-15/page/1/pagesize/50"
    assert [row["customer_id"] for row in store.call(path).json()["data"]] == ["1001"]


def test_boundary_of_the_change_feed_is_a_quirk(opened: Callable[..., Store]) -> None:
    after = quote("2024-01-15T18:00:00.000Z")
    for inclusive, seen in ((False, []), (True, ["1001"])):
        shop = opened(inclusive=inclusive)
        shop.account.add(DANA)
        assert shop.page(1, after=after) == seen


def test_data_of_one_row_may_be_an_object_and_of_none_null(opened: Callable[..., Store]) -> None:
    shop = opened(data_shape="object", empty="null")
    path = f"customer/lastUpdated/after/{LONG_AGO}/page/1/pagesize/50"
    assert shop.call(path).json()["data"] is None
    shop.account.add(DANA)
    assert shop.call(path).json()["data"]["customer_id"] == "1001"
    shop.account.add(DANA)
    assert len(shop.call(path).json()["data"]) == 2


def test_empty_values_times_and_offsets_are_those_of_the_sheet(store: Store) -> None:
    summer = {"created_at": "2026-07-01T12:00:00Z", "last_visit_at": "2026-07-02T12:00:00Z", "street": "1 Main St"}
    winter, visited = store.account.add(DANA), store.account.add(DANA | summer)
    old, new = (store.call(f"customer/{each}").json()["data"] for each in (winter, visited))
    assert (old["notes"], old["phone"], old["last_visit_date"]) == ("N/A", None, "2000-01-01 00:00:00.000")
    assert old["signup_date"] == old["last_update"] == "2024-01-15T10:00:00.000-08:00"
    assert (new["signup_date"], new["last_visit_date"]) == ("2026-07-01T05:00:00.000-07:00", "2026-07-02 05:00:00.000")
    assert (new["addresses"][0]["type"], new["addresses"][0]["zipcode"]) == ("address_of_record", "0")


def test_every_record_carries_the_sentinel_that_must_reach_no_disk(opened: Callable[..., Store]) -> None:
    shop = opened(sentinel="OF-NOBODY")
    shop.account.add(DANA)
    record = shop.call("customer/1001").json()["data"]
    for field in ("drivers_license", "state_medical_id", "physician_license", "physician_address", "caregiver_name_1"):
        assert "OF-NOBODY" in record[field], field
    assert "imageList" not in record
    with_images = shop.call("customer/1001?include_image_list=true").json()["data"]
    assert "OF-NOBODY" in with_images["imageList"][0]["url"]
    assert "OF-NOBODY" not in json.dumps(shop.account.read("1001"))


@pytest.mark.parametrize("standard", [False, True])
def test_signature_is_taken_in_both_base64_alphabets(store: Store, standard: bool) -> None:
    store.account.add(DANA)
    url = f"{store.v3}/customer/1001"
    answer = store.session.get(url, headers={"Authorization": store.token(url, standard=standard)}, timeout=10)
    assert answer.status_code == 200


def test_a_token_is_good_for_one_exact_url(store: Store) -> None:
    store.account.add(DANA)
    url = f"{store.v3}/customer/1001"
    headers = {"Authorization": store.token(url)}
    assert store.session.get(url, headers=headers, timeout=10).status_code == 200
    assert store.session.get(f"{url}?include_image_list=true", headers=headers, timeout=10).status_code == 401


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"life": 30}, 400),
        ({"life": 60_000}, 400),
        ({"iss": "someone-else"}, 401),
        ({"oid": "another-group"}, 401),
        ({"iat": 1_000, "exp": 31_000}, 401),
    ],
)
def test_wrong_claims_are_refused(store: Store, claims: dict[str, Any], status: int) -> None:
    url = f"{store.v3}/customer/1001"
    answer = store.session.get(url, headers={"Authorization": store.token(url, **claims)}, timeout=10)
    assert reason(answer)[0] == status


def test_a_token_expires_by_the_injected_time(store: Store) -> None:
    store.account.add(DANA)
    url = f"{store.v3}/customer/1001"
    headers = {"Authorization": store.token(url)}
    store.clock.sleep(30)
    assert store.session.get(url, headers=headers, timeout=10).status_code == 200
    store.clock.sleep(0.1)
    assert store.session.get(url, headers=headers, timeout=10).status_code == 401


def test_a_bad_signature_is_401_and_the_gateway_says_403(store: Store) -> None:
    url = f"{store.v3}/customer/1001"
    claims, signature = store.token(url).split(".")
    forged = f"{claims}.{signature[:-8]}AAAAAAAA"
    for token in (forged, claims, "nonsense", f"{claims}.{signature}.third"):
        assert store.session.get(url, headers={"Authorization": token}, timeout=10).status_code == 401
    elsewhere = f"{store.account.url}/dispensary/v3/elsewhere/customer/1001"
    for place, headers in ((url, {}), (elsewhere, {"Authorization": store.token(elsewhere)})):
        answer = store.session.get(place, headers=headers, timeout=10)
        assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


def test_permissions_are_reported_and_enforced(store: Store) -> None:
    store.account.access.permissions = frozenset({"api_customer::read"})
    url = (
        f"{store.account.url}/service/jwt-validation?targetPath=/customer&dispensaryName=downtown&includeRateLimit=true"
    )
    report = store.session.post(url, headers={"Authorization": store.token(url)}, timeout=10).json()
    assert (report["valid"], report["permissions"]["entity"]) == (True, ["api_customer::read"])
    assert store.call("customer/detailcustomer", "POST", json=NEEDED).status_code == 403
    assert list(store.account.ids()) == []


def test_v2_exchanges_a_key_for_two_hours(opened: Callable[..., Store]) -> None:
    shop = opened(api="v2")
    shop.account.add(DANA)
    settings, (key,) = shop.account.settings(), shop.account.secrets().values()
    form = {"client_id": settings["client_id"], "apikey": key}
    got = shop.session.post(f"{shop.v2}/config/api/gettokens", data=form, timeout=10).json()
    assert got["resultCode"] == "SUCCESS"
    assert datetime.strptime(got["expires_at"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() == shop.clock.time() + 7200
    url = f"{shop.v2}/customer/1001"
    bare = {"Authorization": got["access_token"], "client_id": settings["client_id"]}
    assert shop.session.get(url, headers=bare, timeout=10).status_code == 200
    bearer = {"Authorization": f"Bearer {got['access_token']}"}
    assert shop.session.get(url, headers=bearer, timeout=10).status_code == 200
    assert shop.session.get(url, headers=bearer | {"client_id": "another"}, timeout=10).status_code == 401
    shop.clock.sleep(7200)
    assert shop.session.get(url, headers=bearer, timeout=10).status_code == 401
    wrong = shop.session.post(f"{shop.v2}/config/api/gettokens", data=form | {"apikey": "x"}, timeout=10)
    assert reason(wrong)[0] == 401


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
