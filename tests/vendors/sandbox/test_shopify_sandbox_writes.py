"""The simulated shop's mutations over real HTTP: what they do, what they refuse in which words, what the ledger holds."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
import requests

Front = Any
INPUT = ("$i: CustomerInput!", "input: $i", "customer { legacyResourceId }")
SET = (
    "$i: CustomerSetInput!, $k: CustomerSetIdentifiers",
    "input: $i, identifier: $k",
    "customer { legacyResourceId }",
)
TAGS = ("$i: ID!, $t: [String!]!", "id: $i, tags: $t", "node { id ... on Customer { tags } }")
ADDRESS = (
    "$c: ID!, $a: MailingAddressInput!, $d: Boolean", "customerId: $c, address: $a, setAsDefault: $d", "address { id }",
)  # fmt: skip
ADDRESS_UPDATE = (
    "$c: ID!, $i: ID!, $a: MailingAddressInput!", "customerId: $c, addressId: $i, address: $a", "address { id }",
)  # fmt: skip
EMAIL_CONSENT = ("$i: CustomerEmailMarketingConsentUpdateInput!", "input: $i", "customer { updatedAt }")
SMS_CONSENT = ("$i: CustomerSmsMarketingConsentUpdateInput!", "input: $i", "customer { updatedAt }")
METAFIELDS = ("$m: [MetafieldsSetInput!]!", "metafields: $m", "metafields { compareDigest }")
OUT = {"marketingState": "UNSUBSCRIBED", "marketingOptInLevel": "SINGLE_OPT_IN"}


def gid(profile_id: str) -> str:
    return f"gid://shopify/Customer/{profile_id}"


def said(payload: dict[str, Any]) -> list[tuple[list[str] | None, str]]:
    return [(error["field"], error["message"]) for error in payload["userErrors"]]


def test_a_create_stores_what_was_sent_and_enters_one_effect(front: Front) -> None:
    place = {
        "address1": "2 Sample St",
        "city": "Sampleton",
        "provinceCode": "ON",
        "countryCode": "CA",
        "zip": "K0K 0K0",
    }
    birth = {"namespace": "facts", "key": "birth_date", "type": "date", "value": "1991-01-02"}
    made = front.write(
        "customerCreate", *INPUT,
        i={
            "firstName": "Max", "lastName": " ", "email": "Max @example.com", "phone": "+1 (613) 555-0118",
            "tags": ["b", "A", "B"], "addresses": [place], "metafields": [birth],
            "emailMarketingConsent": {"marketingState": "SUBSCRIBED", "marketingOptInLevel": "SINGLE_OPT_IN"},
        },
    )  # fmt: skip
    key = made["customer"]["legacyResourceId"]
    read = front.shop.read(key)
    assert (read["email"], read["phone"], read["last_name"]) == ("Max@example.com", "+16135550118", None)
    assert (read["tags"], read["region"], read["birth_date"], read["email_consent"]) == (
        "A;b",
        "ON",
        "1991-01-02",
        "in",
    )
    (effect,) = front.ledger.effects
    assert (effect.account, effect.profile_id, effect.status, effect.before) == ("shop", key, 200, {})
    assert effect.path.endswith("/graphql.json#customerCreate")
    assert effect.change["email"] == "Max@example.com"


def test_an_update_changes_what_it_names_and_nothing_else(front: Front, ada: dict[str, Any]) -> None:
    key = front.shop.add(ada)
    before = front.shop.read(key)
    assert said(front.write("customerUpdate", *INPUT, i={"id": gid(key), "phone": "+16135550119", "note": ""})) == []
    assert front.shop.read(key) == before | {"phone": "+16135550119", "note": ""}
    (effect,) = front.ledger.effects
    assert effect.change == {"phone": "+16135550119", "note": ""}
    assert effect.before == {"phone": "+16135550117", "note": "likes tea"}
    front.write("customerUpdate", *INPUT, i={"id": gid(key), "phone": None, "tags": ["only"], "firstName": ""})
    after = front.shop.read(key)
    assert (after["phone"], after["tags"], after["first_name"]) == (None, "only", None)


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"email": "b O@EXAMPLE.com"}, ["email"], "Email has already been taken"),
        ({"phone": "(613) 555-0118"}, ["phone"], "Phone has already been taken"),
        ({"email": "nobody"}, ["email"], "Email is invalid"),
        ({"phone": "ask her"}, ["phone"], "Phone is invalid"),
        ({"firstName": "x" * 256}, ["firstName"], "First name is too long (maximum is 255 characters)"),
        ({"note": "x" * 5001}, ["note"], "Note is too long (maximum is 5000 characters)"),
        ({"tags": [f"t{n}" for n in range(251)]}, ["tags"], "Tags cannot be more than 250"),
        ({"locale": "?"}, ["locale"], "Locale is invalid"),
        (
            dict.fromkeys(("firstName", "lastName", "email", "phone")), None,
            "A name, phone number, or email address must be present",
        ),
        (
            {"emailMarketingConsent": OUT}, ["emailMarketingConsent"],
            "To update emailMarketingConsent, please use the customerEmailMarketingConsentUpdate Mutation instead",
        ),
        (
            {"addresses": [{"countryCode": "CA", "province": "Texas"}]}, ["addresses", "0", "province"],
            "Province is invalid",
        ),
    ],
)  # fmt: skip
def test_refusals_are_in_the_recorded_words_and_change_nothing(
    front: Front, ada: dict[str, Any], given: dict[str, Any], field: list[str] | None, message: str
) -> None:
    key = front.shop.add(ada)
    front.shop.add({"first_name": "Bo", "email": "bo@example.com", "phone": "+16135550118"})
    before = front.shop.read(key)
    refused = front.write("customerUpdate", *INPUT, i={"id": gid(key), **given})
    assert said(refused) == [(field, message)]
    assert refused["customer"] is None
    assert front.shop.read(key) == before
    assert front.ledger.effects == []


def test_the_unknown_the_deleted_and_the_merged_do_not_exist(front: Front) -> None:
    kept, lost = front.shop.add({"first_name": "A", "note": "a"}), front.shop.add({"first_name": "B", "note": "b"})
    front.shop.merge(lost, kept)
    assert front.shop.read(kept)["note"] == "a b"
    for gone in (lost, "7"):
        refused = front.write("customerUpdate", *INPUT, i={"id": gid(gone), "note": "x"})
        assert said(refused) == [(["id"], "Customer does not exist")]
    assert said(front.write("customerCreate", *INPUT, i={"id": gid(kept), "firstName": "x"})) == [
        (["id"], "Cannot specify ID on creation")
    ]


def test_m15_an_erasure_is_queued_and_nothing_is_gone_at_once(front: Front, ada: dict[str, Any]) -> None:
    erasure = ("$c: ID!", "customerId: $c", "customerId")
    hers = front.shop.add(ada)
    before = front.shop.read(hers)
    assert front.write("customerRequestDataErasure", *erasure, c=gid(hers))["userErrors"] == []
    assert front.shop.read(hers) == before
    nobody = front.write("customerRequestDataErasure", *erasure, c=gid("1"))
    assert said(nobody) == [(["customerId"], "Customer does not exist")]
    assert front.shop.erase_asked() == [hers]
    left = front.shop.read(hers)
    assert [left[name] for name in ("first_name", "last_name", "email", "phone", "street", "note")] == [None] * 6
    assert front.shop.erase_asked() == []


def test_customer_set_by_email_is_the_create_that_can_be_retried(front: Front) -> None:
    given = {"email": "max@example.com", "firstName": "Max"}
    first = front.write("customerSet", *SET, i=given, k={"email": "max@example.com"})
    again = front.write("customerSet", *SET, i=given | {"note": "n"}, k={"email": "max@example.com"})
    assert again["customer"] == first["customer"]
    assert len(list(front.shop.ids())) == 1
    wrong = front.write("customerSet", *SET, i={"email": "other@example.com"}, k={"email": "max@example.com"})
    assert said(wrong)[0][0] == ["input"]
    blank = front.write("customerSet", *SET, i={"note": "x"}, k=None)
    assert said(blank) == [(["input"], "A name, phone number, or email address must be present")]


def test_tags_are_added_and_removed_without_touching_the_others(front: Front, ada: dict[str, Any]) -> None:
    key = front.shop.add(ada)
    added = front.write("tagsAdd", *TAGS, i=gid(key), t=["VIP", "shopify"])
    assert added["node"]["tags"] == ["Regular", "shopify", "vip"]
    removed = front.write("tagsRemove", *TAGS, i=gid(key), t=["REGULAR"])
    assert removed["node"]["tags"] == ["shopify", "vip"]
    assert [effect.path.rsplit("#")[1] for effect in front.ledger.effects] == ["tagsAdd", "tagsRemove"]


def test_addresses_are_updated_in_place_and_a_second_equal_one_is_refused(front: Front, ada: dict[str, Any]) -> None:
    key = front.shop.add(ada)
    shown = "query($i: ID!) { customer(id: $i) { defaultAddress { id } addressesV2(first: 9) { nodes { id } } } }"
    number = front.ask(shown, i=gid(key))["customer"]["defaultAddress"]["id"]
    front.write("customerAddressUpdate", *ADDRESS_UPDATE, c=gid(key), i=number, a={"address1": "9 New St"})
    assert front.shop.read(key)["street"] == "9 New St"
    assert front.shop.read(key)["postal_code"] == "K0K 0K0"
    other = {
        "address1": "5 Else St",
        "city": "Sampleton",
        "country": "canada",
        "province": "quebec",
        "phone": "not one",
    }
    front.write("customerAddressCreate", *ADDRESS, c=gid(key), a=other, d=False)
    assert front.shop.read(key)["street"] == "9 New St"
    again = front.write("customerAddressCreate", *ADDRESS, c=gid(key), a=other, d=True)
    assert said(again) == [(["address"], "Address already exists")]
    nodes = front.ask(shown, i=gid(key))["customer"]["addressesV2"]["nodes"]
    switched = ("$c: ID!, $i: ID!", "customerId: $c, addressId: $i", "customer { id }")
    front.write("customerUpdateDefaultAddress", *switched, c=gid(key), i=nodes[1]["id"])
    assert front.shop.read(key)["region"] == "QC"
    assert len(front.ledger.effects) == 3


def test_an_address_id_without_its_suffix_is_invalid_at_the_top(front: Front, ada: dict[str, Any]) -> None:
    key = front.shop.add(ada)
    text = (
        f"mutation({ADDRESS_UPDATE[0]}) {{ customerAddressUpdate({ADDRESS_UPDATE[1]}) {{ userErrors {{ message }} }} }}"
    )
    bare = "gid://shopify/MailingAddress/8000000000001"
    body = front.answer(text, c=gid(key), i=bare, a={"city": "X"})
    assert body["errors"][0]["extensions"]["code"] == "RESOURCE_NOT_FOUND"
    unknown = "gid://shopify/MailingAddress/1?model_name=CustomerAddress"
    refused = front.write("customerAddressUpdate", *ADDRESS_UPDATE, c=gid(key), i=unknown, a={"city": "X"})
    assert said(refused) == [(["addressId"], "Address does not exist")]


def test_an_opt_out_is_stored_with_its_time_and_a_stale_one_is_without_effect(
    front: Front, ada: dict[str, Any]
) -> None:
    key = front.shop.add(ada)
    shown = (
        "query($i: ID!) { customer(id: $i) { updatedAt defaultEmailAddress { marketingState marketingUpdatedAt } } }"
    )
    before = front.ask(shown, i=gid(key))["customer"]["updatedAt"]
    stale = OUT | {"consentUpdatedAt": "2024-01-01T00:00:00Z"}
    wanted = {"customerId": gid(key), "emailMarketingConsent": stale}
    assert said(front.write("customerEmailMarketingConsentUpdate", *EMAIL_CONSENT, i=wanted)) == []
    assert front.shop.read(key)["email_consent"] == "in"
    fresh = OUT | {"consentUpdatedAt": "2026-11-01T10:00:00Z"}
    wanted = {"customerId": gid(key), "emailMarketingConsent": fresh}
    front.write("customerEmailMarketingConsentUpdate", *EMAIL_CONSENT, i=wanted)
    found = front.ask(shown, i=gid(key))["customer"]
    assert found["defaultEmailAddress"] == {
        "marketingState": "UNSUBSCRIBED",
        "marketingUpdatedAt": "2026-11-01T10:00:00Z",
    }
    assert found["updatedAt"] == before
    assert [effect.change for effect in front.ledger.effects] == [{}, {"email_consent": "out"}]


def test_email_consent_without_an_email_is_no_error_and_no_effect_and_sms_is_an_error(front: Front) -> None:
    key = front.shop.add({"first_name": "Bo"})
    email = {"customerId": gid(key), "emailMarketingConsent": OUT}
    assert said(front.write("customerEmailMarketingConsentUpdate", *EMAIL_CONSENT, i=email)) == []
    front.shop.edit(key, {"email": "bo@example.com"})
    assert front.shop.read(key)["email_consent"] == "unknown"
    sms = {"customerId": gid(key), "smsMarketingConsent": OUT}
    assert said(front.write("customerSmsMarketingConsentUpdate", *SMS_CONSENT, i=sms)) == [
        (["input", "smsMarketingConsent"], "A phone number is required to set the SMS consent state.")
    ]
    front.shop.edit(key, {"phone": "+16135550118"})
    front.write("customerSmsMarketingConsentUpdate", *SMS_CONSENT, i=sms)
    assert front.shop.read(key)["sms_consent"] == "out"


def test_states_that_nobody_can_set_and_times_in_the_future_are_refused(front: Front, ada: dict[str, Any]) -> None:
    key = front.shop.add(ada)
    text = (
        f"mutation({EMAIL_CONSENT[0]}) {{ customerEmailMarketingConsentUpdate(input: $i) {{ userErrors {{ code }} }} }}"
    )
    wanted = {"customerId": gid(key), "emailMarketingConsent": {"marketingState": "NOT_SUBSCRIBED"}}
    body = front.answer(text, i=wanted)
    assert body["errors"][0]["message"] == "Cannot specify NOT_SUBSCRIBED as a marketing state input"
    for consent, message in (
        (OUT | {"consentUpdatedAt": "2030-01-01T00:00:00Z"}, "Consent updated at must not be in the future"),
        ({"marketingState": "SUBSCRIBED"}, "Marketing opt in level must exist"),
        (
            {"marketingState": "PENDING", "marketingOptInLevel": "SINGLE_OPT_IN"},
            "Marketing opt in level must be confirmed opt-in for pending consent state",
        ),
    ):
        wanted = {"customerId": gid(key), "emailMarketingConsent": consent}
        refused = front.write("customerEmailMarketingConsentUpdate", *EMAIL_CONSENT, i=wanted)
        assert said(refused)[0][1] == message
    assert front.ledger.effects == []


def test_a_metafield_is_swapped_only_while_its_digest_holds(front: Front, ada: dict[str, Any]) -> None:
    """M12: relinking writes the link's metafield, compare and set."""
    key = front.shop.add(ada)
    held = hashlib.sha256(b"100001").hexdigest()
    link = {"ownerId": gid(key), "namespace": "rollcall", "key": "till", "type": "single_line_text_field"}
    front.shop.edit(key, {"links": {"till": "100002"}})
    stale = front.write("metafieldsSet", *METAFIELDS, m=[link | {"value": "100003", "compareDigest": held}])
    assert [path for path, _ in said(stale)] == [["metafields", "0", "compareDigest"]]
    assert front.shop.read(key)["links"] == {"till": "100002"}
    found = front.ask(
        """query($i: ID!) { customer(id: $i) { metafield(namespace: "rollcall", key: "till") { compareDigest } } }""",
        i=gid(key),
    )["customer"]["metafield"]["compareDigest"]
    assert said(front.write("metafieldsSet", *METAFIELDS, m=[link | {"value": "100003", "compareDigest": found}])) == []
    (effect,) = front.ledger.effects
    assert (effect.change, effect.before) == ({"links": {"till": "100003"}}, {"links": {"till": "100002"}})
    must_be_new = front.write("metafieldsSet", *METAFIELDS, m=[link | {"value": "9", "compareDigest": None}])
    assert len(said(must_be_new)) == 1


def test_metafields_are_all_or_none_and_unique_where_a_definition_says_so(open_shop: Callable[..., Front]) -> None:
    front = open_shop(definitions={"rollcall.till": "id"})
    first, second = front.shop.add({"first_name": "A", "links": {"till": "1"}}), front.shop.add({"first_name": "B"})
    link = {"ownerId": gid(second), "namespace": "rollcall", "key": "till"}
    birth = {"ownerId": gid(second), "namespace": "facts", "key": "birth_date", "type": "date", "value": "1990-02-30"}
    both = front.write("metafieldsSet", *METAFIELDS, m=[link | {"value": "2"}, birth])
    assert said(both)[0][1].startswith("Value must be in")
    assert front.shop.read(second)["links"] == {}
    taken = front.write("metafieldsSet", *METAFIELDS, m=[link | {"value": "1"}])
    assert len(said(taken)) == 1
    found = front.ask("""{ customerByIdentifier(identifier: {customId: {namespace: "rollcall", key: "till", value: "1"}})
      { legacyResourceId } }""")
    assert found["customerByIdentifier"]["legacyResourceId"] == first
    identify = ("$m: [MetafieldIdentifierInput!]!", "metafields: $m", "deletedMetafields { key }")
    gone = {"ownerId": gid(first), "namespace": "rollcall", "key": "till"}
    deleted = front.write("metafieldsDelete", *identify, m=[gone, gone])
    assert deleted["deletedMetafields"] == [{"key": "till"}, None]


def test_the_survivor_of_a_merge_is_not_chosen_by_the_order_of_arguments(open_shop: Callable[..., Front]) -> None:
    front = open_shop(
        scopes=frozenset({"read_customers", "write_customers", "read_customer_merge", "write_customer_merge"})
    )
    bare = front.shop.add({"first_name": "A", "links": {"till": "1"}, "tags": "x", "orders": 2})
    full = front.shop.add({"first_name": "A", "email": "a@example.com", "links": {"till": "2"}, "tags": "y"})
    text = """mutation($a: ID!, $b: ID!) { customerMerge(customerOneId: $a, customerTwoId: $b) {
      resultingCustomerId job { id done } userErrors { field message code } } }"""
    merged = front.ask(text, a=gid(bare), b=gid(full))["customerMerge"]
    assert merged["resultingCustomerId"] == gid(full)
    kept = front.shop.read(full)
    assert (kept["links"], kept["tags"], kept["orders"]) == ({"till": "2"}, "x;y", 2)
    assert list(front.shop.ids()) == [full]
    status = "query($j: ID!) { customerMergeJobStatus(jobId: $j) { status } }"
    looks = [front.ask(status, j=merged["job"]["id"])["customerMergeJobStatus"]["status"] for _ in range(2)]
    assert looks == ["IN_PROGRESS", "COMPLETED"]
    again = front.ask(text, a=gid(bare), b=gid(full))["customerMerge"]["userErrors"]
    assert [error["code"] for error in again] == ["INVALID_CUSTOMER_ID"]
    assert {effect.profile_id: effect.change.get("status") for effect in front.ledger.effects} == {
        full: None,
        bare: "merged",
    }


def test_a_lost_answer_leaves_the_customer_and_an_empty_promise_leaves_none(front: Front) -> None:
    front.shop.fault("effect_without_answer", body_contains="customerCreate")
    with pytest.raises(requests.ConnectionError):
        front.write("customerCreate", *INPUT, i={"firstName": "Max", "email": "max@example.com"})
    assert len(front.ledger.effects) == len(list(front.shop.ids())) == 1
    front.shop.fault("answer_without_effect", body_contains="mutation", times=None)
    promised = front.write("customerCreate", *INPUT, i={"firstName": "Eve"})
    assert said(promised) == []
    (key,) = front.shop.ids()
    assert promised["customer"]["legacyResourceId"] != key
    front.write("customerUpdate", *INPUT, i={"id": gid(key), "firstName": "Other"})
    front.write("metafieldsSet", *METAFIELDS, m=[
        {"ownerId": gid(key), "namespace": "rollcall", "key": "till", "type": "single_line_text_field", "value": "1"},
    ])  # fmt: skip
    assert front.shop.read(key)["first_name"] == "Max"
    assert front.shop.read(key)["links"] == {}
    assert len(front.ledger.effects) == 1


def test_user_errors_that_the_vendor_has_a_code_for_carry_it(front: Front, ada: dict[str, Any]) -> None:
    front.shop.add(ada)
    text = """mutation { customerSet(input: {email: "ada@example.com"}) { userErrors { field code } }
      metafieldsSet(metafields: [{ownerId: "gid://shopify/Customer/1", key: "k", value: "v"}])
        { userErrors { code elementIndex } } }"""
    found = front.ask(text)
    assert found["customerSet"]["userErrors"] == [{"field": ["input", "email"], "code": "TAKEN"}]
    assert found["metafieldsSet"]["userErrors"] == [{"code": "INVALID", "elementIndex": 0}]
