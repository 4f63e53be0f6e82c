"""What the simulated Treez store shows, and whom it lets in: pages, records, signatures and tokens."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest

from tests.vendors.sandbox.treez.store import DANA, LONG_AGO, NEEDED, Store, reason


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
