"""Simulated BLAZE ECOM over real HTTP, with two simulated Treez stores behind it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from connectors.clock import SimulatedClock
from connectors.sandbox import treez
from connectors.sandbox.base import Account as AnyAccount
from connectors.sandbox.base import Ledger
from connectors.sandbox.blaze_ecom import Account
from connectors.sandbox.blaze_ecom.api import Quirks
from tests.vendors.sandbox.several import several

MARKER = "Linked with ECOM. Do not delete!"
DANA = {
    "first_name": "Dana", "last_name": "Example", "birth_date": "1990-02-03", "phone": "+14155550123",
    "email": "dana@example.com",
}  # fmt: skip
ROBIN = {"first_name": "Robin", "last_name": "Sample", "phone": "+14155550199", "email": "robin@example.com"}
NEW = "+14155550124"


class Group:
    """Mission Control over `s-1` (downtown) and `s-2` (uptown), and an admin who calls its API."""

    def __init__(self, **quirks: Any) -> None:
        self.clock = SimulatedClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
        self.ledger = Ledger()
        self.downtown = treez.Account("downtown", self.clock.time, self.ledger, 1)
        self.uptown = treez.Account("uptown", self.clock.time, self.ledger, 2)
        stores = {"s-1": self.downtown, "s-2": self.uptown}
        self.ecom = Account("ecom", self.clock.time, self.ledger, 3, stores=stores, **{"rate": 1000.0} | quirks)
        self.ecom.start()
        self.session = requests.Session()
        (token,) = self.ecom.secrets().values()
        self.headers = {"Authorization": f"Bearer {token}", "X-store": self.ecom.settings()["store_id"]}

    def close(self) -> None:
        self.session.close()
        self.ecom.stop()

    def call(
        self, path: str, method: str = "GET", headers: dict[str, str] | None = None, json: Any = None
    ) -> requests.Response:
        url = f"{self.ecom.url}/api/v1/{path}"
        return self.session.request(method, url, headers=headers or self.headers, json=json, timeout=10)

    def patch(self, customer_id: str, **attributes: Any) -> requests.Response:
        body = {"data": {"type": "customers", "id": customer_id, "attributes": attributes}}
        return self.call(f"customers/{customer_id}/", "PATCH", json=body)

    def link_states(self, customer_id: str) -> dict[str, str]:
        links = self.call(f"customers/{customer_id}/").json()["data"]["relationships"]["pos_links"]["data"]
        return {link["store"]: link["link_status"] for link in links}

    def phones(self, customer_id: str) -> list[str | None]:
        """What ECOM, downtown and uptown hold."""
        links = self.ecom.links(customer_id)
        pos = [self.downtown.read(links["s-1"])["phone"], self.uptown.read(links["s-2"])["phone"]]
        return [self.ecom.read(customer_id)["phone"], *pos]


def refusal(answer: requests.Response) -> tuple[int, str, str | None]:
    (error,) = answer.json()["errors"]
    assert error["status"] == str(answer.status_code)
    return answer.status_code, error["code"], error.get("source", {}).get("pointer")


@pytest.fixture
def opened() -> Iterator[Callable[..., Group]]:
    with several(Group) as one:
        yield one


@pytest.fixture
def group(opened: Callable[..., Group]) -> Group:
    return opened()


def test_t2_sign_up_makes_a_marked_profile_in_every_store(group: Group) -> None:
    customer_id = group.ecom.sign_up(DANA | {"email": "Dana@Example.com"})
    links = group.ecom.links(customer_id)
    for store_key, till in (("s-1", group.downtown), ("s-2", group.uptown)):
        made = till.read(links[store_key])
        assert (made["phone"], made["email"], made["note"]) == ("4155550123", "dana@example.com", MARKER)
        assert (made["first_name"], made["birth_date"], made["verified"]) == ("Dana", "1990-02-03", False)
    assert group.ledger.effects == [], "a sign-up is nobody's write over the wire"


def test_t4_t5_sign_up_takes_over_the_profile_with_the_phone_and_gives_it_the_email(group: Group) -> None:
    held = group.downtown.add(DANA | {"email": "old@example.com", "note": "likes jazz"})
    customer_id = group.ecom.sign_up(DANA)
    assert group.ecom.links(customer_id)["s-1"] == held
    assert group.downtown.read(held)["email"] == "dana@example.com"
    assert group.downtown.read(held)["note"] == f"likes jazz\n{MARKER}"
    assert len(list(group.downtown.ids())) == 1


@pytest.mark.parametrize(("match", "profiles"), [(("phone",), 2), (("phone", "email"), 1)])
def test_t4_matching_by_email_too_is_a_quirk(
    opened: Callable[..., Group], match: tuple[str, ...], profiles: int
) -> None:
    group = opened(match=match)
    group.downtown.add(DANA | {"phone": "+14155550100"})
    customer_id = group.ecom.sign_up(DANA)
    assert len(list(group.downtown.ids())) == profiles
    linked = group.downtown.read(group.ecom.links(customer_id)["s-1"])
    assert linked["email"] == (None if profiles == 2 else "dana@example.com"), "the email is unique in the store"


def test_two_pos_profiles_on_the_phone_leave_the_account_unconfirmed(group: Group) -> None:
    first, second = group.downtown.add(DANA), group.downtown.add(DANA | {"email": None})
    customer_id = group.ecom.sign_up(DANA)
    state = group.call(f"customers/{customer_id}/").json()["data"]
    assert state["attributes"]["status"] == "unconfirmed"
    assert group.link_states(customer_id) == {
        group.ecom.store_id("s-1"): "ambiguous",
        group.ecom.store_id("s-2"): "active",
    }
    assert group.ecom.links(customer_id)["s-1"] == first
    group.downtown.merge(second, first)
    assert group.link_states(customer_id)[group.ecom.store_id("s-1")] == "active"
    assert group.ecom.read(customer_id)["verified"] is True


def test_one_phone_and_one_email_per_account(group: Group) -> None:
    group.ecom.sign_up(DANA)
    for shared in ({"phone": DANA["phone"]}, {"email": "DANA@example.com"}):
        with pytest.raises(ValueError, match="duplicate"):
            group.ecom.sign_up(ROBIN | shared)
    assert len(list(group.ecom.ids())) == len(list(group.downtown.ids())) == 1


def test_t7_a_new_phone_and_email_make_a_second_account_and_second_profiles(group: Group) -> None:
    group.ecom.sign_up(DANA)
    group.ecom.sign_up(DANA | {"phone": NEW, "email": "dana.two@example.com"})
    assert [len(list(each.ids())) for each in (group.ecom, group.downtown, group.uptown)] == [2, 2, 2]


def test_list_pages_by_offset_and_says_how_many(group: Group) -> None:
    ids = [group.ecom.add({"first_name": str(n), "phone": f"+141555501{n:02d}"}) for n in range(5)]
    group.clock.sleep(60)
    group.ecom.edit(ids[0], {"note": "moved to the end"})
    pages = [group.call(f"customers/?offset={offset}&limit=2").json() for offset in (0, 2, 4, 6)]
    assert [page["meta"]["total_count"] for page in pages] == [5] * 4
    assert [len(page["data"]) for page in pages] == [2, 2, 1, 0]
    seen = [row["id"] for page in pages for row in page["data"]]
    assert seen == [*sorted(ids[1:]), ids[0]]
    late = group.call("customers/?updated_after=2026-11-23T12:00:30Z").json()
    assert [row["id"] for row in late["data"]] == [ids[0]]
    for wrong in ("limit=101", "limit=0", "offset=-1", "updated_after=yesterday"):
        assert refusal(group.call(f"customers/?{wrong}"))[:2] == (400, "invalid")
    assert group.call("customers").status_code == 404, "collections end in a slash"


def test_t1_every_store_of_the_group_lists_the_same_customers(group: Group) -> None:
    customer_id = group.ecom.sign_up(DANA)
    stores = group.call("stores/").json()["data"]
    assert [(each["attributes"]["pos_type"], each["attributes"]["pos_store_key"]) for each in stores] == [
        ("treez", "downtown"),
        ("treez", "uptown"),
    ]
    for store in stores:
        seen = group.call("customers/", headers=group.headers | {"X-store": store["id"]}).json()["data"]
        assert [row["id"] for row in seen] == [customer_id]
    (tie,) = group.call("groups/").json()["data"]
    assert [each["id"] for each in tie["relationships"]["stores"]["data"]] == [store["id"] for store in stores]
    assert group.ecom.settings()["link_keys"] == {stores[0]["id"]: "downtown", stores[1]["id"]: "uptown"}


def test_a_record_has_the_form_of_the_sheet_and_the_sentinel(opened: Callable[..., Group]) -> None:
    group = opened(sentinel="OF-NOBODY")
    past = {"created_at": "2024-01-15T18:00:00Z", "email_consent": "out", "sms_consent": "in", "has_purchased": True}
    customer_id = group.ecom.sign_up(DANA | past)
    (row,) = group.call("customers/?phone=%2B14155550123").json()["data"]
    attributes, links = row["attributes"], row["relationships"]["pos_links"]["data"]
    assert (row["type"], row["id"], attributes["status"]) == ("customers", customer_id, "customer")
    assert (attributes["email_opt_in"], attributes["sms_opt_in"]) == (False, True)
    assert attributes["created_at"] == attributes["updated_at"] == "2024-01-15T18:00:00Z"
    assert links[0] == {
        "store": group.ecom.store_id("s-1"), "pos_type": "treez",
        "external_id": group.ecom.links(customer_id)["s-1"], "link_status": "active",
    }  # fmt: skip
    assert "OF-NOBODY" in json.dumps(attributes)
    assert "OF-NOBODY" not in json.dumps(group.ecom.read(customer_id))
    assert group.call("customers/?email=DANA@example.com").json()["meta"]["total_count"] == 1
    assert group.call("customers/?email=nobody@example.com").json() == {"meta": {"total_count": 0}, "data": []}


def test_t3_link_status_is_what_the_store_says_at_this_moment(group: Group) -> None:
    customer_id = group.ecom.sign_up(DANA)
    one, two = group.ecom.store_id("s-1"), group.ecom.store_id("s-2")
    group.downtown.deactivate(group.ecom.links(customer_id)["s-1"])
    group.ecom.set_link(customer_id, "s-2", "77")
    assert group.link_states(customer_id) == {one: "archived", two: "missing"}
    group.downtown.renew(group.ecom.links(customer_id)["s-1"])
    group.ecom.drop_link(customer_id, "s-2")
    assert group.link_states(customer_id) == {one: "active"}


def test_c1_c2_a_new_phone_reaches_every_linked_profile(group: Group) -> None:
    customer_id = group.ecom.sign_up(DANA)
    answer = group.patch(customer_id, phone=NEW)
    assert answer.json()["data"]["attributes"]["phone"] == NEW
    assert group.phones(customer_id) == [NEW, "4155550124", "4155550124"]
    seen = [
        (effect.account, effect.method, dict(effect.change), dict(effect.before)) for effect in group.ledger.effects
    ]
    assert seen == [
        ("downtown", "PUSH", {"phone": "4155550124"}, {"phone": "4155550123"}),
        ("uptown", "PUSH", {"phone": "4155550124"}, {"phone": "4155550123"}),
        ("ecom", "PATCH", {"phone": NEW}, {"phone": "+14155550123"}),
    ]


def test_t6_a_phone_changed_in_the_store_stays_there(group: Group) -> None:
    customer_id = group.ecom.sign_up(DANA)
    group.downtown.edit(group.ecom.links(customer_id)["s-1"], {"phone": NEW})
    assert group.phones(customer_id) == ["+14155550123", "4155550124", "4155550123"]


def test_c1_a_missed_push_is_made_good_by_saving_again(group: Group) -> None:
    customer_id = group.ecom.sign_up(DANA)
    group.ecom.miss_push("s-2")
    assert group.patch(customer_id, phone=NEW).status_code == 200
    assert group.phones(customer_id) == [NEW, "4155550124", "4155550123"]
    assert group.patch(customer_id, phone=NEW).status_code == 200
    assert group.phones(customer_id) == [NEW, "4155550124", "4155550124"]


def test_contacts_are_changed_one_at_a_time_and_never_cleared(group: Group) -> None:
    customer_id = group.ecom.sign_up(DANA)
    both = group.patch(customer_id, phone=NEW, email="new@example.com")
    assert refusal(both) == (400, "invalid", "/data/attributes/phone")
    assert refusal(group.patch(customer_id, phone=None)) == (400, "invalid", "/data/attributes/phone")
    assert refusal(group.patch(customer_id, email="")) == (400, "invalid", "/data/attributes/email")
    assert refusal(group.patch(customer_id, phone="4155550124")) == (400, "invalid", "/data/attributes/phone")
    assert group.phones(customer_id)[0] == "+14155550123"
    assert group.ledger.effects == []


def test_c3_a_value_of_another_account_or_pos_profile_is_refused_and_nothing_moves(group: Group) -> None:
    dana, robin = group.ecom.sign_up(DANA), group.ecom.sign_up(ROBIN)
    assert refusal(group.patch(dana, phone=ROBIN["phone"])) == (409, "duplicate", "/data/attributes/phone")
    group.uptown.add({"first_name": "Kim", "phone": NEW})
    assert refusal(group.patch(dana, phone=NEW, first_name="Danielle")) == (
        409,
        "pos_duplicate",
        "/data/attributes/phone",
    )
    group.uptown.add({"first_name": "Kim", "email": "kim@example.com"})
    assert refusal(group.patch(robin, email="KIM@example.com"))[1] == "pos_duplicate"
    assert group.phones(dana) == ["+14155550123", "4155550123", "4155550123"]
    assert group.ecom.read(dana)["first_name"] == "Dana"
    assert group.ledger.effects == []


def test_c4_the_value_goes_through_once_it_is_freed(group: Group) -> None:
    customer_id = group.ecom.sign_up(DANA)
    holder = group.downtown.add({"first_name": "Dana", "phone": NEW})
    group.downtown.merge(holder, group.ecom.links(customer_id)["s-1"])
    assert group.patch(customer_id, phone=NEW).status_code == 200


def test_t3_a_broken_link_refuses_contact_changes(group: Group) -> None:
    customer_id = group.ecom.sign_up(DANA)
    group.uptown.deactivate(group.ecom.links(customer_id)["s-2"])
    assert refusal(group.patch(customer_id, phone=NEW)) == (409, "pos_link_broken", "/data/attributes/phone")
    assert group.phones(customer_id) == ["+14155550123", "4155550123", "4155550123"]
    assert group.patch(customer_id, notes="asked by mail").status_code == 200


@pytest.mark.parametrize("saved", [False, True])
def test_an_unavailable_pos_leaves_a_state_that_must_be_read_back(group: Group, saved: bool) -> None:
    customer_id = group.ecom.sign_up(DANA)
    group.ecom.pos_unavailable(reached=1, saved=saved)
    assert refusal(group.patch(customer_id, phone=NEW)) == (502, "pos_unavailable", "/data/attributes/phone")
    assert group.phones(customer_id) == [NEW if saved else "+14155550123", "4155550124", "4155550123"]
    assert [(e.account, e.status) for e in group.ledger.effects] == [
        ("downtown", 200),
        *([("ecom", 502)] if saved else []),
    ]
    assert group.patch(customer_id, phone=NEW).status_code == 200
    assert group.phones(customer_id) == [NEW, "4155550124", "4155550124"]


@pytest.mark.parametrize(
    ("attributes", "pointer"),
    [
        ({"status": "customer"}, "status"),
        ({"updated_at": "2026-01-01T00:00:00Z"}, "updated_at"),
        ({"loyalty": "gold"}, "loyalty"),
        ({"first_name": None}, "first_name"),
        ({"email_opt_in": "no"}, "email_opt_in"),
        ({"date_of_birth": "02/03/1990"}, "date_of_birth"),
    ],
)
def test_other_bad_attributes_are_refused(group: Group, attributes: dict[str, Any], pointer: str) -> None:
    customer_id = group.ecom.sign_up(DANA)
    assert refusal(group.patch(customer_id, **attributes)) == (400, "invalid", f"/data/attributes/{pointer}")
    assert group.ledger.effects == []


def test_absent_is_kept_null_clears_and_inactive_is_archived(group: Group) -> None:
    customer_id = group.ecom.sign_up(DANA | {"sms_consent": "in", "note": "old"})
    answer = group.patch(customer_id, notes=None, sms_opt_in=None, email_opt_in=False, is_active=False)
    assert answer.status_code == 200
    now = group.ecom.read(customer_id)
    assert (now["note"], now["sms_consent"], now["email_consent"]) == (None, "unknown", "out")
    assert (now["status"], now["phone"]) == ("archived", "+14155550123")
    assert [row["id"] for row in group.call("customers/").json()["data"]] == [customer_id]
    (effect,) = group.ledger.effects
    assert effect.before == {"notes": "old", "sms_opt_in": True, "email_opt_in": None, "is_active": True}


def test_bodies_for_another_customer_or_of_another_form_are_refused(group: Group) -> None:
    customer_id = group.ecom.sign_up(DANA)
    path = f"customers/{customer_id}/"
    stray = {"data": {"type": "customers", "id": "another", "attributes": {"notes": "x"}}}
    bodies: list[Any] = [stray, {"notes": "x"}, ["x"], {"data": None}]
    for body in bodies:
        assert refusal(group.call(path, "PATCH", json=body))[:2] == (400, "invalid")
    assert group.call(path, "DELETE").status_code == 404
    assert refusal(group.call("customers/nobody/"))[:2] == (404, "not_found")


def test_token_store_and_rate(opened: Callable[..., Group]) -> None:
    group = opened(rate=Quirks().rate)
    no_token = {"X-store": group.headers["X-store"]}
    assert refusal(group.call("customers/", headers=no_token))[:2] == (401, "not_authenticated")
    wrong_store = group.headers | {"X-store": "00000000-0000-4000-8000-000000000009"}
    assert refusal(group.call("customers/", headers=wrong_store))[:2] == (403, "permission_denied")
    answers = [group.call("customers/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert (answers[-1].headers["Retry-After"], refusal(answers[-1])[1]) == ("1", "throttled")
    group.clock.sleep(1)
    assert group.call("customers/").status_code == 200


def test_faults_of_the_vendors_own_kind(group: Group) -> None:
    customer_id = group.ecom.sign_up(DANA)
    group.ecom.sign_up(ROBIN)
    group.ecom.fault("empty_list", path_contains="customers")
    assert group.call("customers/").json() == {"meta": {"total_count": 0}, "data": []}
    group.ecom.fault("stop_at_page", path_contains="customers")
    assert group.call("customers/?offset=1&limit=1").json() == {"meta": {"total_count": 1}, "data": []}
    group.ecom.fault("answer_without_effect", method="PATCH")
    assert group.patch(customer_id, phone=NEW).json()["data"]["attributes"]["phone"] == NEW
    assert group.phones(customer_id) == ["+14155550123", "4155550123", "4155550123"]
    assert group.ledger.effects == []


def test_c1_a_clerk_in_mission_control_pushes_too_and_is_not_in_the_ledger_as_a_patch(group: Group) -> None:
    account: AnyAccount = group.ecom
    customer_id = group.ecom.sign_up(DANA)
    account.edit(customer_id, {"phone": NEW, "last_name": "Married", "email_consent": "in"})
    assert group.phones(customer_id) == [NEW, "4155550124", "4155550124"]
    seen = account.read(customer_id)
    assert (seen["last_name"], seen["email_consent"]) == ("Married", "in")
    group.uptown.add({"first_name": "Kim", "email": "kim@example.com"})
    with pytest.raises(ValueError, match="pos_duplicate"):
        account.edit(customer_id, {"email": "kim@example.com", "last_name": "Never"})
    assert account.read(customer_id)["last_name"] == "Married"
