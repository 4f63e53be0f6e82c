"""The simulated shop's bulk mutations over real HTTP: an upload, life in steps, and every way in which lines and operations end."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import requests

from connectors.sandbox.shopify.bulk import Outcome

Front = Any
STAGE = """mutation($i: [StagedUploadInput!]!) { stagedUploadsCreate(input: $i) {
  stagedTargets { url parameters { name value } } userErrors { message } } }"""
RUN = """mutation($m: String!, $p: String!) { bulkOperationRunMutation(mutation: $m, stagedUploadPath: $p) {
  bulkOperation { id status } userErrors { field message code } } }"""
LOOK = "query($id: ID!) { bulkOperation(id: $id) { status type objectCount url partialDataUrl errorCode } }"
UPDATE = "mutation($input: CustomerInput!) { customerUpdate(input: $input) { customer { id } userErrors { message } } }"
FILE = {"resource": "BULK_MUTATION_VARIABLES", "filename": "lines", "mimeType": "text/jsonl", "httpMethod": "POST"}


def gid(number: str) -> str:
    return f"gid://shopify/Customer/{number}"


def announced(front: Front) -> tuple[str, dict[str, str]]:
    (target,) = front.ask(STAGE, i=[FILE])["stagedUploadsCreate"]["stagedTargets"]
    return target["url"], {one["name"]: one["value"] for one in target["parameters"]}


def uploaded(front: Front, lines: Sequence[Mapping[str, Any]]) -> str:
    url, parameters = announced(front)
    content = "".join(json.dumps(line) + "\n" for line in lines)
    answer = requests.post(url, data=parameters, files={"file": ("lines", content, "text/jsonl")}, timeout=10)
    assert answer.status_code == 201
    return parameters["key"]


def run(front: Front, path: str, mutation: str = UPDATE) -> dict[str, Any]:
    return dict(front.ask(RUN, m=mutation, p=path)["bulkOperationRunMutation"])


def started(front: Front, lines: Sequence[Mapping[str, Any]]) -> str:
    payload = run(front, uploaded(front, lines))
    assert payload["userErrors"] == []
    assert payload["bulkOperation"]["status"] == "CREATED"
    return str(payload["bulkOperation"]["id"])


def look(front: Front, operation: str, *, later: float = 0.0) -> dict[str, Any]:
    front.at += later
    return dict(front.ask(LOOK, id=operation)["bulkOperation"])


def results(url: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in requests.get(url, timeout=10).content.splitlines()]


@pytest.fixture
def people(front: Front) -> list[str]:
    return [front.shop.add({"first_name": f"P{n}", "email": f"p{n}@example.com"}) for n in range(8)]


def notes(front: Front, people: Sequence[str]) -> list[str | None]:
    return [front.shop.read(one).get("note") for one in people]


def test_lines_are_done_on_the_way_and_results_come_in_any_order(front: Front, people: list[str]) -> None:
    lines = [{"input": {"id": gid(one), "note": f"n{n}"}} for n, one in enumerate(people)]
    operation = started(front, lines)
    assert notes(front, people) == [None] * 8
    assert look(front, operation)["status"] == "RUNNING"
    assert notes(front, people).count(None) == 4
    done = look(front, operation, later=60)
    assert (done["status"], done["type"], done["objectCount"]) == ("COMPLETED", "MUTATION", "8")
    assert notes(front, people) == [f"n{n}" for n in range(8)]
    found = results(done["url"])
    numbers = [row["__lineNumber"] for row in found]
    assert numbers != sorted(numbers)
    assert sorted(numbers) == list(range(8))
    assert all(row["data"]["customerUpdate"]["customer"]["id"] == gid(people[row["__lineNumber"]]) for row in found)
    assert [effect.path.rpartition("#")[2] for effect in front.ledger.effects] == ["customerUpdate"] * 8


def test_a_line_that_fails_does_not_fail_the_operation(front: Front, people: list[str]) -> None:
    lines = [
        {"input": {"id": gid(people[0]), "email": "p1@example.com"}},
        {"input": {"id": gid(people[2]), "nonsense": 1}},
        {"input": {"id": gid(people[3]), "note": "x"}},
    ]
    done = look(front, started(front, lines), later=60)
    by_line = {row["__lineNumber"]: row for row in results(done["url"])}
    assert done["status"] == "COMPLETED"
    assert by_line[0]["data"]["customerUpdate"]["userErrors"] == [{"message": "Email has already been taken"}]
    assert by_line[1]["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"
    assert by_line[2]["data"]["customerUpdate"]["userErrors"] == []


def test_one_that_fails_in_the_middle_has_done_more_than_it_tells(front: Front, people: list[str]) -> None:
    front.shop.shop.desk.planned += [Outcome("FAILED", "INTERNAL_SERVER_ERROR", partial=True), Outcome("CANCELED")]
    lines = [{"input": {"id": gid(one), "note": "x"}} for one in people]
    failed = look(front, started(front, lines), later=60)
    assert (failed["status"], failed["url"]) == ("FAILED", None)
    assert (notes(front, people).count("x"), len(results(failed["partialDataUrl"]))) == (4, 2)
    stopped = look(front, started(front, lines), later=60)
    assert (stopped["status"], stopped["url"], stopped["partialDataUrl"]) == ("CANCELED", None, None)


def test_there_is_room_for_so_many_and_exports_have_their_own(open_shop: Any) -> None:
    front = open_shop(bulk_mutations=1)
    one = front.shop.add({"first_name": "Ada"})
    first = started(front, [{"input": {"id": gid(one), "note": "x"}}])
    second = run(front, uploaded(front, [{"input": {"id": gid(one), "note": "y"}}]))
    assert second["userErrors"][0]["code"] == "OPERATION_IN_PROGRESS"
    assert first in second["userErrors"][0]["message"]
    listed = front.ask("{ bulkOperations(first: 5, sortKey: CREATED_AT, reverse: true) { nodes { id type status } } }")
    assert listed["bulkOperations"]["nodes"] == [{"id": first, "type": "MUTATION", "status": "CREATED"}]


def test_what_cannot_be_started(front: Front, people: list[str]) -> None:
    path = uploaded(front, [{"input": {"id": gid(people[0])}}])
    two = "mutation { a: tagsAdd(id: 1, tags: []) { node { id } } b: tagsAdd(id: 1, tags: []) { node { id } } }"
    codes = [
        run(front, given, mutation)["userErrors"][0]["code"]
        for given, mutation in (
            (path, two),
            (path, "{ shop { name } }"),
            ("tmp/none", UPDATE),
            (uploaded(front, []), UPDATE),
        )
    ]
    assert codes == ["INVALID_MUTATION", "INVALID_MUTATION", "NO_SUCH_FILE", "INVALID_STAGED_UPLOAD_FILE"]


def test_an_upload_needs_all_that_was_announced_the_file_last_and_no_token(front: Front) -> None:
    url, parameters = announced(front)
    file = {"file": ("lines", "{}", "text/jsonl")}
    fewer = {name: value for name, value in parameters.items() if name != "policy"}
    assert requests.post(url, data=fewer, files=file, timeout=10).status_code == 403
    with_token = {"X-Shopify-Access-Token": front.token}
    assert requests.post(url, data=parameters, files=file, headers=with_token, timeout=10).status_code == 403
    first = [*file.items(), *((name, (None, value)) for name, value in parameters.items())]
    assert requests.post(url, files=first, timeout=10).status_code == 403


def test_without_the_scope_it_fails_as_a_whole(open_shop: Any) -> None:
    front = open_shop(scopes=frozenset({"read_customers"}))
    one = front.shop.add({"first_name": "Ada"})
    denied = look(front, started(front, [{"input": {"id": gid(one), "note": "x"}}]), later=60)
    assert (denied["status"], denied["errorCode"]) == ("FAILED", "ACCESS_DENIED")
    assert front.shop.read(one).get("note") is None
