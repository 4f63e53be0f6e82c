"""The simulated shop's bulk export over real HTTP: life in steps, lines, refusals, and every way in which it can end."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from connectors.sandbox.shopify.bulk import Outcome

Front = Any
RUN = """mutation($q: String!, $g: Boolean! = false) { bulkOperationRunQuery(query: $q, groupObjects: $g) {
  bulkOperation { id status } userErrors { field message code } } }"""
LOOK = """query($id: ID!) { bulkOperation(id: $id) { status errorCode objectCount rootObjectCount fileSize url
  partialDataUrl completedAt } }"""
PEOPLE = """{ customers { edges { node { __typename id firstName birth: metafield(namespace: "facts", key: "birth_date")
  { value } addressesV2 { edges { node { __typename id city } } }
  metafields { edges { node { __typename id namespace key value } } } } } } }"""


def start(front: Front, query: str = PEOPLE, *, grouped: bool = False) -> str:
    payload = front.ask(RUN, q=query, g=grouped)["bulkOperationRunQuery"]
    assert payload["userErrors"] == []
    assert payload["bulkOperation"]["status"] == "CREATED"
    return str(payload["bulkOperation"]["id"])


def look(front: Front, operation: str) -> dict[str, Any]:
    return dict(front.ask(LOOK, id=operation)["bulkOperation"])


def finished(front: Front, operation: str) -> dict[str, Any]:
    front.at += 60.0
    return look(front, operation)


def lines(url: str) -> list[dict[str, Any]]:
    answer = requests.get(url, timeout=10)
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.content.splitlines()]


def test_an_export_goes_through_its_steps_and_its_counts_fit_the_file(front: Front, ada: dict[str, Any]) -> None:
    for n in range(5):
        front.shop.add(ada | {"email": f"p{n}@example.com", "phone": None, "links": {"till": str(n)}})
    operation = start(front)
    steps = [look(front, operation) for _ in range(4)]
    assert [step["status"] for step in steps] == ["RUNNING", "RUNNING", "COMPLETED", "COMPLETED"]
    assert (steps[0]["objectCount"], steps[0]["url"]) == ("0", None)
    done = steps[-1]
    content = requests.get(done["url"], timeout=10).content
    assert b"gid:\\/\\/shopify\\/Customer\\/" in content
    assert int(done["fileSize"]) == len(content)
    rows = [json.loads(line) for line in content.splitlines()]
    roots = [row for row in rows if "__parentId" not in row]
    assert (done["objectCount"], done["rootObjectCount"]) == (str(len(rows)), str(len(roots))) == ("20", "5")
    assert roots[0] == {
        "__typename": "Customer", "id": "gid://shopify/Customer/7000000000001", "firstName": "Ada",
        "birth": {"value": "1990-02-28"},
    }  # fmt: skip
    kinds = {row["__typename"]: row["__parentId"] for row in rows if "__parentId" in row}
    assert set(kinds) == {"MailingAddress", "Metafield"}


def test_children_lie_anywhere_unless_they_are_grouped(front: Front, ada: dict[str, Any]) -> None:
    for n in range(30):
        front.shop.add(ada | {"email": f"p{n}@example.com", "phone": None, "links": {"till": str(n)}})

    def neighbours(operation: str) -> bool:
        parent, fit = "", True
        for row in lines(finished(front, operation)["url"]):
            parent = parent if "__parentId" in row else row["id"]
            fit = fit and row.get("__parentId", parent) == parent
        return fit

    assert not neighbours(start(front))
    assert neighbours(start(front, grouped=True))


def test_an_export_shows_the_shop_as_it_was_when_it_started(front: Front) -> None:
    key = front.shop.add({"first_name": "Before"})
    operation = start(front)
    front.shop.edit(key, {"first_name": "After"})
    front.shop.add({"first_name": "New"})
    assert [row["firstName"] for row in lines(finished(front, operation)["url"])] == ["Before"]


def test_the_file_is_on_another_host_needs_no_token_and_expires(front: Front) -> None:
    front.shop.add({"first_name": "Ada"})
    url = finished(front, start(front))["url"]
    assert url.startswith(front.shop.files.url)
    assert not url.startswith(front.shop.url)
    assert requests.get(url, headers={"X-Shopify-Access-Token": front.token}, timeout=10).status_code == 403
    assert requests.get(url.replace("Expires=1", "Expires=9"), timeout=10).status_code == 403
    assert len(lines(url)) == 1
    front.at += 7 * 86_400 + 1
    assert requests.get(url, timeout=10).status_code == 403


def test_nobody_there_is_a_null_address_and_not_an_empty_file(front: Front) -> None:
    empty = finished(front, start(front))
    assert (empty["status"], empty["url"], empty["objectCount"], empty["fileSize"]) == ("COMPLETED", None, "0", None)
    front.shop.add({"first_name": "Ada"})
    front.shop.fault("empty_list", body_contains="bulkOperationRunQuery")
    assert finished(front, start(front))["url"] is None
    assert finished(front, start(front))["rootObjectCount"] == "1"


def test_five_at_once_and_the_sixth_is_refused(front: Front) -> None:
    running = [start(front) for _ in range(5)]
    sixth = front.ask(RUN, q=PEOPLE)["bulkOperationRunQuery"]
    assert sixth["bulkOperation"] is None
    (error,) = sixth["userErrors"]
    assert (error["field"], error["code"]) == (None, "OPERATION_IN_PROGRESS")
    assert all(operation in error["message"] for operation in running)
    listed = front.ask('{ bulkOperations(first: 9, query: "status:created") { nodes { id } } }')["bulkOperations"]
    assert [node["id"] for node in listed["nodes"]] == running
    cancel = "mutation($i: ID!) { bulkOperationCancel(id: $i) { bulkOperation { status } userErrors { message } } }"
    assert front.ask(cancel, i=running[0])["bulkOperationCancel"]["bulkOperation"]["status"] == "CANCELING"
    assert look(front, running[0])["status"] == "CANCELED"
    start(front)
    unknown = front.ask(cancel, i="gid://shopify/BulkOperation/1")["bulkOperationCancel"]
    assert unknown["userErrors"][0]["message"] == "Bulk operation does not exist"


def test_a_failed_export_leaves_a_partial_file_that_is_no_full_one(front: Front) -> None:
    for n in range(4):
        front.shop.add({"first_name": f"P{n}"})
    front.shop.shop.desk.planned += [Outcome("FAILED", "INTERNAL_SERVER_ERROR", partial=True), Outcome("CANCELED")]
    failed = finished(front, start(front))
    assert (failed["status"], failed["errorCode"], failed["url"]) == ("FAILED", "INTERNAL_SERVER_ERROR", None)
    assert len(lines(failed["partialDataUrl"])) == 2
    stalled = finished(front, start(front))
    assert (stalled["status"], stalled["url"], stalled["partialDataUrl"]) == ("CANCELED", None, None)
    assert finished(front, start(front))["status"] == "COMPLETED"


def test_a_field_beyond_the_scopes_fails_the_export_as_a_whole(front: Front) -> None:
    front.shop.add({"first_name": "Ada"})
    denied = finished(front, start(front, "{ customers { edges { node { id mergeable { isMergeable } } } } }"))
    assert (denied["status"], denied["errorCode"], denied["url"]) == ("FAILED", "ACCESS_DENIED", None)


def test_protected_data_is_silently_null_in_a_file(open_shop: Callable[..., Front], ada: dict[str, Any]) -> None:
    """A file has nowhere to put errors: whoever wants to know must ask for one customer beside it."""
    front = open_shop(protected=frozenset({"name"}))
    front.shop.add(ada)
    rows = lines(finished(front, start(front, "{ customers { edges { node { id firstName } } } }"))["url"])
    assert rows[0]["firstName"] is None


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ customers { nodes { id } } }", "All connection fields in a bulk query must select their contents using"),
        ("{ shop { name } }", "Bulk queries must contain at least one connection."),
        ('{ node(id: "x") { id } }', "Bulk queries cannot contain a top level `node` field."),
        ("mutation { tagsAdd(id: 1, tags: []) { userErrors { message } } }", "Invalid operation type."),
        ("{ customers {", "Invalid bulk query: syntax error"),
        ("{ customers { edges { node { id nonsense } } } }", "Invalid bulk query: Field 'nonsense' doesn't exist"),
        (
            "{ customers { edges { node { key: id addressesV2 { edges { node { id } } } } } } }",
            "The parent 'node' field for a nested connection must select the 'id' field without an alias",
        ),
        (
            "{ customers { edges { node { id " + "".join(
                f"a{n}: addressesV2 {{ edges {{ node {{ id }} }} }} " for n in range(5)
            ) + "} } } }",
            "Bulk queries cannot contain more than 5 connections.",
        ),
    ],
)  # fmt: skip
def test_refusals_of_the_inner_query(front: Front, query: str, message: str) -> None:
    payload = front.ask(RUN, q=query)["bulkOperationRunQuery"]
    assert payload["bulkOperation"] is None
    (error,) = payload["userErrors"]
    assert (error["field"], error["code"]) == (["query"], "INVALID")
    assert error["message"].startswith(message)


def test_faults_of_the_file_host_and_an_export_that_ends_early_without_a_trace(front: Front) -> None:
    for n in range(6):
        front.shop.add({"first_name": f"P{n}"})
    done = finished(front, start(front))
    front.shop.files.fault("stop_at_page")
    assert len(lines(done["url"])) == 4
    front.shop.files.fault("truncate", content_length=False)
    cut = requests.get(done["url"], timeout=10)
    assert (cut.status_code, len(cut.content)) == (200, int(done["fileSize"]) // 2)
    front.shop.fault("stop_at_page", body_contains="bulkOperationRunQuery")
    short = finished(front, start(front))
    assert len(lines(short["url"])) == int(short["objectCount"]) == 3
    assert front.count() == 6


def test_five_thousand_customers_export_in_a_moment(front: Front, ada: dict[str, Any]) -> None:
    for n in range(5_000):
        front.shop.add(ada | {"email": f"p{n}@example.com", "phone": None, "links": {"till": str(n)}})
    began = time.perf_counter()
    rows = lines(finished(front, start(front))["url"])
    assert len(rows) == 20_000
    assert time.perf_counter() - began < 10.0
