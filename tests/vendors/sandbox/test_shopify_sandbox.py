"""The simulated shop over real HTTP: access, errors in three layers, cost, reading and search, by the Shopify sheet."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLObjectType

from connectors.sandbox.shopify.schema import schema

Front = Any
CONTRACT = Path(__file__).parents[4] / "shared" / "contracts" / "shopify_admin_2026-10.introspection.json.gz"
NAMES = (
    "{ customers(first: 250) { nodes { id firstName defaultEmailAddress { emailAddress } } pageInfo { hasNextPage } } }"
)


def gid(profile_id: str) -> str:
    return f"gid://shopify/Customer/{profile_id}"


def codes(body: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in body["errors"]]


def test_settings_and_secrets_are_what_a_configuration_needs(front: Front) -> None:
    settings = front.shop.settings()
    assert settings["base_url"] == front.shop.url != front.shop.files.url
    assert settings["link_keys"] == {"rollcall.till": "till"}
    assert settings["api_version"] == "2026-10"
    assert list(front.shop.secrets()) == [settings["token"]["env"]]


def test_canonical_fields_come_back_and_lie_where_the_sheet_has_them(front: Front, ada: dict[str, Any]) -> None:
    key = front.shop.add(ada)
    assert front.shop.read(key) == ada | {"tags": "Regular;vip", "has_purchased": True, "status": "active"}
    wanted = """id legacyResourceId displayName numberOfOrders amountSpent { amount } createdAt tags
      defaultEmailAddress { emailAddress marketingState marketingUpdatedAt }
      defaultPhoneNumber { phoneNumber smsMarketingConsent { state optInLevel updatedAt } marketingState }
      defaultAddress { id provinceCode countryCodeV2 country province }
      birth: metafield(namespace: "facts", key: "birth_date") { type value }
      metafields(first: 10, namespace: "rollcall") { nodes { key value } }"""
    found = front.ask(f"query($id: ID!) {{ customer(id: $id) {{ {wanted} }} }}", id=gid(key))["customer"]
    assert (found["legacyResourceId"], found["numberOfOrders"]) == (key, "3")
    assert found["createdAt"] == "2025-03-01T15:00:00Z"
    assert found["defaultEmailAddress"]["marketingState"] == "SUBSCRIBED"
    assert found["defaultPhoneNumber"]["smsMarketingConsent"] == {
        "state": "NEVER_SUBSCRIBED", "optInLevel": "SINGLE_OPT_IN", "updatedAt": None,
    }  # fmt: skip
    assert found["defaultPhoneNumber"]["marketingState"] == "NOT_SUBSCRIBED"
    assert found["defaultAddress"]["id"].endswith("?model_name=CustomerAddress")
    assert (found["defaultAddress"]["country"], found["defaultAddress"]["province"]) == ("Canada", "Ontario")
    assert found["birth"] == {"type": "date", "value": "1990-02-28"}
    assert found["metafields"]["nodes"] == [{"key": "till", "value": "100001"}]


def test_hands_in_the_shop_obey_its_uniqueness_and_its_limits(front: Front, ada: dict[str, Any]) -> None:
    """M10: Shopify wants email and phone to be unique; there is no archived state; orders keep a customer."""
    key = front.shop.add(ada)
    with pytest.raises(ValueError, match="emails are unique"):
        front.shop.add({"first_name": "Eve", "email": "ADA@example.com"})
    with pytest.raises(ValueError, match="phones are unique"):
        front.shop.add({"first_name": "Eve", "phone_raw": "(613) 555-0117"})
    with pytest.raises(ValueError, match="cannot archive"):
        front.shop.archive(key)
    with pytest.raises(ValueError, match="has orders"):
        front.shop.delete(key)
    front.shop.edit(key, dict.fromkeys(("street", "city", "region", "postal_code", "country")) | {"orders": 0})
    assert front.shop.read(key)["country"] is None
    front.shop.delete(key)
    assert front.ask("query($id: ID!) { customer(id: $id) { id } }", id=gid(key)) == {"customer": None}
    with pytest.raises(KeyError):
        front.shop.read(key)


def test_a_wrong_token_is_401_a_frozen_shop_402_and_a_locked_one_423(front: Front) -> None:
    front.shop.shop_state = 402
    assert front.post("{ shop { name } }").status_code == 402
    front.shop.shop_state = 423
    assert front.post("{ shop { name } }").status_code == 423
    front.shop.shop_state = 200
    front.web.headers["X-Shopify-Access-Token"] = "shpat_wrong"
    assert front.post("{ shop { name } }").status_code == 401


def test_a_client_credentials_token_lasts_a_day_of_the_injected_time(front: Front) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": front.shop.client_id,
        "client_secret": front.shop.client_secret,
    }
    place = front.shop.url + "/admin/oauth/access_token"
    granted = front.web.post(place, data=form).json()
    assert granted["expires_in"] == 86_399
    front.web.headers["X-Shopify-Access-Token"] = granted["access_token"]
    assert front.ask("{ shop { name } }") == {"shop": {"name": "shop"}}
    front.at += 86_400
    assert front.post("{ shop { name } }").status_code == 401
    assert front.web.post(place, json={**form, "client_secret": "wrong"}).status_code == 400


def test_a_retired_version_is_answered_by_the_oldest_supported_one(front: Front) -> None:
    old = front.post("{ shop { name } }", version="2024-01")
    assert (old.status_code, old.headers["X-Shopify-API-Version"]) == (200, "2026-01")
    assert front.post("{ shop { name } }").headers["X-Shopify-API-Version"] == "2026-10"
    assert front.post("{ shop { name } }", version="2199-01").status_code == 404
    versions = front.ask("{ publicApiVersions { handle supported } }")["publicApiVersions"]
    assert {"handle": "2026-10", "supported": True} in versions


def test_the_new_sms_consent_field_is_unknown_before_2026_10(front: Front) -> None:
    text = "{ customers(first: 1) { nodes { defaultPhoneNumber { smsMarketingConsent { state } } } } }"
    assert codes(front.post(text, version="2026-07").json()) == ["undefinedField"]
    assert "errors" not in front.post(text).json()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{ customers(first: 1) { nodes { archived } } }", "undefinedField"),
        ("{ nothing }", "undefinedField"),
        ("{ customer { id } }", "missingRequiredArguments"),
        ("mutation { customerUpdate(input: {}) { userErrors { code } } }", "undefinedField"),
        ("query($n: String!) { customers(first: $n) { nodes { id } } }", "variableMismatch"),
        ("{ customers { nodes { id } } }", "BAD_REQUEST"),
        ("{ customers(first: 251) { nodes { id } } }", "BAD_REQUEST"),
        ('{ customer(id: "7") { id } }', "RESOURCE_NOT_FOUND"),
    ],
)
def test_a_document_that_does_not_fit_is_a_200_with_errors_and_no_data(front: Front, text: str, code: str) -> None:
    body = front.answer(text)
    assert codes(body) == [code]
    assert body.get("data") is None


def test_a_variable_of_the_wrong_shape_is_named(front: Front) -> None:
    text = "mutation($i: CustomerInput!) { customerCreate(input: $i) { userErrors { message } } }"
    body = front.answer(text, i={"surname": "x"})
    assert codes(body) == ["INVALID_VARIABLE"]
    assert "surname" in body["errors"][0]["message"]


def test_the_cost_model_reproduces_the_recorded_numbers(front: Front) -> None:
    costs = {}
    for size in (1, 5, 10, 20, 50, 100, 250):
        body = front.answer(f"{{ customers(first: {size}) {{ nodes {{ id amountSpent {{ amount }} }} }} }}")
        costs[size] = body["extensions"]["cost"]["requestedQueryCost"]
    assert costs == {1: 3, 5: 5, 10: 6, 20: 7, 50: 9, 100: 11, 250: 13}
    heavy = """{ customers(first: 250) { nodes { defaultEmailAddress { emailAddress }
      defaultPhoneNumber { phoneNumber } addressesV2(first: 250) { nodes { id } } } } }"""
    assert front.answer(heavy)["extensions"]["cost"]["requestedQueryCost"] == 178
    both = "{ a: customersCount { count } b: customersCount { count } }"
    assert front.answer(both)["extensions"]["cost"]["requestedQueryCost"] == 20


def test_an_empty_bucket_is_a_200_that_says_throttled_and_refills_with_time(front: Front) -> None:
    heavy = "{ customers(first: 250) { nodes { id addressesV2(first: 250) { nodes { id } } } } }"
    front.shop.bucket.take(1_960)
    body = front.answer(heavy)
    assert codes(body) == ["THROTTLED"]
    assert "data" not in body
    cost = body["extensions"]["cost"]
    assert cost["actualQueryCost"] is None
    missing = cost["requestedQueryCost"] - cost["throttleStatus"]["currentlyAvailable"]
    assert missing > 0
    front.at += missing / cost["throttleStatus"]["restoreRate"] - 1.0
    assert "errors" not in front.answer(heavy)
    nested = "addressesV2(first: 250) { nodes { id } } more: addressesV2(first: 250) { nodes { id } }"
    too_much = ", ".join(f"c{n}: customers(first: 250) {{ nodes {{ id {nested} }} }}" for n in range(4))
    assert codes(front.answer(f"{{ {too_much} }}")) == ["MAX_COST_EXCEEDED"]


def test_what_was_not_returned_is_not_charged(front: Front) -> None:
    cost = front.answer("{ customers(first: 250) { nodes { id } } }")["extensions"]["cost"]
    assert cost["actualQueryCost"] < cost["requestedQueryCost"]
    assert cost["throttleStatus"]["currentlyAvailable"] == 2_000 - cost["actualQueryCost"]


def test_pages_follow_opaque_cursors_to_an_exactly_full_last_page(front: Front) -> None:
    keys = [front.shop.add({"first_name": f"P{n}"}) for n in range(6)]
    read: list[str] = []
    after, more = None, True
    text = """query($after: String) { customers(first: 3, after: $after) {
      edges { cursor node { legacyResourceId } } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
    while more:
        page = front.ask(text, after=after)["customers"]
        read += [edge["node"]["legacyResourceId"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert read == keys
    back = front.ask("{ customers(last: 2, reverse: true) { nodes { legacyResourceId } pageInfo { hasNextPage } } }")
    assert [node["legacyResourceId"] for node in back["customers"]["nodes"]] == [keys[1], keys[0]]
    front.shop.edit(keys[0], {"last_name": "Late"})
    late = front.ask("{ customers(first: 6, sortKey: UPDATED_AT) { nodes { legacyResourceId } } }")["customers"][
        "nodes"
    ]
    assert late[-1]["legacyResourceId"] == keys[0]


def test_search_lags_behind_writes_and_identifiers_do_not(open_shop: Callable[..., Front], ada: dict[str, Any]) -> None:
    front = open_shop(search_lag=30.0)
    key = front.shop.add(ada)
    search = """{ customers(first: 5, query: "email:\\"ada@example.com\\"") { nodes { legacyResourceId } } }"""
    by_email = """{ customerByIdentifier(identifier: {emailAddress: " ada@EXAMPLE.com"}) { legacyResourceId } }"""
    by_phone = """{ customerByIdentifier(identifier: {phoneNumber: "+16135550117"}) { legacyResourceId } }"""
    assert front.ask(search)["customers"]["nodes"] == []
    assert front.ask(by_email)["customerByIdentifier"] == {"legacyResourceId": key}
    assert front.ask(by_phone)["customerByIdentifier"] == {"legacyResourceId": key}
    front.at += 30
    assert front.ask(search)["customers"]["nodes"] == [{"legacyResourceId": key}]
    two = '{ customerByIdentifier(identifier: {emailAddress: "a", phoneNumber: "b"}) { id } }'
    assert codes(front.answer(two)) == ["INVALID"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("email:ada@example.com", ["Ada"]),
        ("email:example", ["Ada", "Bo"]),
        ("email:'ada@example.com'", ["Ada"]),
        ("-email:*", ["Cy"]),
        ("phone:+16135550117", ["Ada"]),
        ("tag:'VIP'", ["Ada"]),
        ("tag:vip,new", ["Ada", "Bo"]),
        ("tag_not:vip", ["Bo", "Cy"]),
        ("first_name:a*", ["Ada"]),
        ("orders_count:>=1", ["Ada"]),
        ("first_name:Ada OR first_name:Bo tag:new", ["Bo"]),
        ("NOT (first_name:Ada OR first_name:Bo)", ["Cy"]),
        ("customer_date:<'2026-01-01T00:00:00Z'", ["Ada"]),
        ("updated_at:>='2026-01-01'", ["Bo", "Cy"]),
        ("exam*", ["Ada", "Bo"]),
    ],
)
def test_the_search_grammar(front: Front, ada: dict[str, Any], query: str, found: list[str]) -> None:
    front.shop.add(ada)
    front.shop.add({"first_name": "Bo", "email": "bo@example.com", "tags": "new"})
    front.shop.add({"first_name": "Cy"})
    front.at += 10
    text = "query($q: String) { customers(first: 9, query: $q) { nodes { firstName } } }"
    body = front.answer(text, q=query)
    assert [node["firstName"] for node in body["data"]["customers"]["nodes"]] == found
    assert "search" not in body["extensions"]


def test_an_unknown_filter_returns_everybody_with_a_warning(front: Front, ada: dict[str, Any]) -> None:
    front.shop.add(ada)
    front.shop.add({"first_name": "Bo"})
    front.at += 10
    body = front.answer('{ customers(first: 9, query: "created_at:>2030-01-01") { nodes { id } } }')
    assert len(body["data"]["customers"]["nodes"]) == 2
    (said,) = body["extensions"]["search"]
    assert (said["path"], said["warnings"][0]["field"]) == (["customers"], "created_at")
    assert said["warnings"][0]["code"] == "invalid_field"
    counted = front.answer('{ customersCount(query: "email:x@example.com") { count } }')
    assert counted["data"]["customersCount"]["count"] == 2
    assert counted["extensions"]["search"][0]["warnings"][0]["field"] == "email"


def test_a_count_beyond_its_limit_is_only_at_least(front: Front) -> None:
    for n in range(4):
        front.shop.add({"first_name": f"P{n}"})
    text = "{ customersCount(limit: 3) { count precision } }"
    assert front.ask(text)["customersCount"] == {"count": 3, "precision": "AT_LEAST"}
    assert front.count() == 4


def test_nodes_answer_by_position_and_null_for_the_gone(front: Front) -> None:
    keys = [front.shop.add({"first_name": f"P{n}"}) for n in range(3)]
    front.shop.merge(keys[1], keys[0])
    text = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on Customer { firstName } } }"
    found = front.ask(text, ids=[gid(keys[2]), gid(keys[1]), gid("1"), gid(keys[0])])["nodes"]
    assert [node and node["firstName"] for node in found] == ["P2", None, None, "P0"]
    assert codes(front.answer(text, ids=[gid("1")] * 251)) == ["MAX_INPUT_SIZE_EXCEEDED"]


def test_unapproved_protected_data_reads_null_in_an_answer_that_looks_usable(
    open_shop: Callable[..., Front], ada: dict[str, Any]
) -> None:
    front = open_shop(protected=frozenset({"phone", "email"}))
    front.shop.add(ada)
    body = front.answer("{ customers(first: 1) { nodes { firstName defaultPhoneNumber { phoneNumber } email } } }")
    assert body["data"]["customers"]["nodes"] == [{"firstName": "Ada", "defaultPhoneNumber": None, "email": None}]
    assert [error["path"] for error in body["errors"]] == [
        ["customers", "nodes", 0, "defaultPhoneNumber"], ["customers", "nodes", 0, "email"],
    ]  # fmt: skip
    assert "not approved to access the Customer object" in body["errors"][0]["message"]


def test_a_missing_scope_denies_as_a_whole_and_the_installation_tells_which_there_are(front: Front) -> None:
    body = front.answer("{ customers(first: 1) { nodes { id mergeable { isMergeable } } } }")
    assert codes(body) == ["ACCESS_DENIED"]
    assert body["data"] is None
    assert "read_customer_merge" in body["errors"][0]["extensions"]["requiredAccess"]
    scopes = front.ask("{ currentAppInstallation { accessScopes { handle } } }")["currentAppInstallation"]
    assert [scope["handle"] for scope in scopes["accessScopes"]] == [
        "read_customer_data_erasure", "read_customers", "write_customer_data_erasure", "write_customers",
    ]  # fmt: skip
    front.shop.approve(scopes=frozenset({"read_customers"}))
    text = 'mutation { customerCreate(input: {firstName: "X"}) { userErrors { message } } }'
    assert codes(front.answer(text)) == ["ACCESS_DENIED"]
    assert front.count() == 0


def test_an_empty_list_and_an_early_end_look_normal(front: Front) -> None:
    for n in range(3):
        front.shop.add({"first_name": f"P{n}"})
    front.shop.fault("empty_list", body_contains="customersCount")
    assert [front.count(), front.count()] == [0, 3]
    front.shop.fault("stop_at_page", body_contains="first: 1")
    page = front.ask("{ customers(first: 1) { nodes { id } pageInfo { hasNextPage } } }")["customers"]
    assert page["pageInfo"] == {"hasNextPage": False}
    assert len(front.ask(NAMES)["customers"]["nodes"]) == 3


def test_the_simulated_schema_is_a_part_of_the_vendors_own() -> None:
    """Every field and argument exists at the vendor, with the same type but for enumerations that we keep as text."""
    if not CONTRACT.is_file():
        pytest.skip(f"skipped: the vendor's introspection is not at {CONTRACT}")
    types = json.loads(gzip.decompress(CONTRACT.read_bytes()))["data"]["__schema"]["types"]
    theirs = {entry["name"]: entry for entry in types}
    enums = {entry["name"] for entry in types if entry["kind"] == "ENUM"}

    def shown(type_: dict[str, Any]) -> str:
        inner: Any = type_.get("ofType")
        if type_["kind"] == "NON_NULL":
            return shown(inner) + "!"
        return f"[{shown(inner)}]" if type_["kind"] == "LIST" else str(type_["name"])

    def same(ours: object, other: str) -> bool:
        bare = other.strip("[]!")
        return str(ours) == other or (bare in enums and str(ours) == other.replace(bare, "String"))

    for name, ours in schema("2026-10").type_map.items():
        if name.startswith("__") or not isinstance(ours, GraphQLObjectType):
            continue
        fields = {entry["name"]: entry for entry in theirs[name]["fields"]}
        for field_name, field in ours.fields.items():
            assert same(field.type, shown(fields[field_name]["type"])), (name, field_name)
            arguments = {entry["name"]: shown(entry["type"]) for entry in fields[field_name]["args"]}
            for argument, value in field.args.items():
                assert str(value.type) == arguments[argument], (name, field_name, argument)
