"""Every request that the connector makes, against the vendor's own OpenAPI files (not part of this project)."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from connectors.base import Evidence
from connectors.clock import SimulatedClock

ROOT = Path(__file__).parents[3]
NAMES = (
    "lightspeed-x_2026-07_customers.openapi.yml",
    "lightspeed-x_2026-07_customer-groups.openapi.yml",
    "lightspeed-x_api-2.0_2026-01.openapi.json",  # search and retailer
)


def folder() -> Path:
    beside = ROOT.parent / "shared" / "contracts"
    return beside if beside.is_dir() else Path(os.environ.get("ROLLCALL_CONTRACTS", beside))


@pytest.fixture(scope="session")
def documents() -> list[dict[str, Any]]:
    if not all((folder() / name).is_file() for name in NAMES):
        pytest.skip("the vendor's schemas are not here (../shared/contracts, or where ROLLCALL_CONTRACTS points)")
    texts = [(folder() / name).read_text(encoding="utf-8") for name in NAMES]
    return [
        json.loads(text) if name.endswith("json") else yaml.safe_load(text)
        for name, text in zip(NAMES, texts, strict=True)
    ]


@pytest.fixture
def calls(rig: Any, clock: SimulatedClock) -> list[tuple[str, str, dict[str, list[str]], Any]]:
    """Everything that the connector says to a retailer of two pages: reads, look-ups, checks and every write."""
    rig.serve(7)
    made = []
    reader = rig.connector(clock, writes=True, create_groups=True)
    list(reader.pages(Evidence()))
    reader.fetch(rig.ids()[:1])
    for field, value in (("phone", "+16135550101"), ("email", "ada1@example.com"), ("key", "c-5")):
        reader.find(field, value)
    reader.check()
    made += rig.calls
    for change, _ in rig.writes():
        rig.serve(3)
        rig.groups.pop("g-home") if change.after.get("group") == "Wholesale" else None
        rig.connector(clock, writes=True, create_groups=True).write(change)
        made += rig.calls
    return made


def operations(
    documents: list[dict[str, Any]],
) -> Iterator[tuple[str, re.Pattern[str], dict[str, Any], dict[str, Any]]]:
    for document in documents:
        for path, methods in document["paths"].items():
            pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))
            for method, operation in methods.items():
                yield method.upper(), pattern, operation, document


def faults(call: tuple[str, str, dict[str, list[str]], Any], documents: list[dict[str, Any]]) -> list[str]:
    method, path, query, body = call
    for verb, pattern, operation, document in operations(documents):
        if verb == method and pattern.fullmatch(path):
            return [*_query_faults(query, operation), *_body_faults(body, operation, document)]
    return [f"there is no {method} {path}"]


def _query_faults(query: dict[str, list[str]], operation: dict[str, Any]) -> list[str]:
    known = {one["name"]: one["schema"] for one in operation.get("parameters", []) if one["in"] == "query"}
    needed = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query" and one.get("required")}
    found = [f"no parameter {name}" for name in query.keys() - known.keys()]
    found += [f"without parameter {name}" for name in needed - query.keys()]
    read = {"integer": int, "boolean": {"true": True, "false": False}.__getitem__, "string": str}
    for name in query.keys() & known.keys():
        (text,) = query[name]
        value = read[known[name]["type"]](text)
        found += [error.message for error in jsonschema.Draft202012Validator(known[name]).iter_errors(value)]
    return found


def _body_faults(body: Any, operation: dict[str, Any], document: dict[str, Any]) -> list[str]:
    if "requestBody" not in operation:
        return [] if body is None else ["a body where none is known"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    within = {"components": document["components"], "allOf": [schema]}
    found = [error.message for error in jsonschema.Draft202012Validator(within).iter_errors(body)]
    named = schema.get("$ref", "").rpartition("/")[2]
    known = (document["components"]["schemas"][named] if named else schema)["properties"]
    return found + [f"unknown {name}" for name in body.keys() - known.keys()]


def test_every_request_is_one_that_the_vendor_documents(calls: list[Any], documents: list[dict[str, Any]]) -> None:
    made = {(method, re.sub(r"[0-9a-f]{8}-[^/]+|g-[^/]+", "ID", path)) for method, path, _, _ in calls}
    assert made == {
        ("GET", "/customers"), ("GET", "/customers/ID"), ("GET", "/customer_groups"), ("GET", "/search"),
        ("GET", "/retailer"), ("PUT", "/customers/ID"), ("POST", "/customers"), ("POST", "/customer_groups"),
        ("POST", "/customer_groups/ID/customers"),
    }  # fmt: skip
    assert {f"{call[0]} {call[1]}": told for call in calls if (told := faults(call, documents))} == {}


@pytest.mark.parametrize(
    "call",
    [
        ("PATCH", "/customers/x", {}, {}),
        ("GET", "/customers", {"email": ["a@example.com"]}, None),
        ("GET", "/customers", {"deleted": ["true"], "page_size": ["5"]}, {"a": 1}),
        ("GET", "/search", {"email": ["a@example.com"]}, None),
        ("PUT", "/customers/x", {}, {"first_name": "Ada"}),
        ("PUT", "/customers/x", {}, {"first_name": "Ada", "last_name": None, "date_of_birth": None}),
        ("PUT", "/customers/x", {}, {"first_name": "Ada", "last_name": None, "balance": 0}),
        ("POST", "/customer_groups/x/customers", {}, {"customer_ids": "x"}),
    ],
)
def test_the_vendors_files_would_tell_a_wrong_request(call: Any, documents: list[dict[str, Any]]) -> None:
    assert faults(call, documents)
