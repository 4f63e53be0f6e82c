"""sql/shape/shopify.sql: what it says beyond `view` (which the contract suite compares)."""

from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import sql
from connectors._shopify_words import CONSENT, FIELDS, landed
from connectors.shopify import Shopify
from tests.vendors.shopify.graph import customer, metafield

SETTINGS = Shopify.Settings.model_validate(
    {"kind": "shopify", "role": "ecom", "base_url": "https://x.myshopify.com", "token": {"env": "X"},
     "link_keys": {"rollcall.till": "till", "rollcall.old": "old"}}
)  # fmt: skip


def shaped(node: dict[str, Any]) -> dict[str, Any]:
    (shape,) = sql.script("shape/shopify").statements
    raw = pa.Table.from_pylist([landed(node, node["metafields"] or [], SETTINGS)], schema=FIELDS)
    with duckdb.connect(config={"python_enable_replacements": "false"}) as warehouse:
        warehouse.execute("set TimeZone = 'America/Los_Angeles'")  # no setting of the session may show in a time
        warehouse.register("raw", raw)
        found = warehouse.execute(shape, {"source": "shop"})
        names = [column[0] for column in found.description or ()]
        (row,) = found.fetchall()
        return dict(zip(names, row, strict=True))


def test_times_purchases_and_links() -> None:
    node = customer(7001)
    node["metafields"].append(metafield("rollcall.old", " 42 "))
    node["metafields"].append(metafield("other.link", "9"))
    row = shaped(node)
    assert row["created_at"] == datetime.fromisoformat("2025-01-02T03:04:05")
    assert row["updated_at"] == datetime.fromisoformat("2026-11-01T04:05:06")
    assert row["email_consent_at"] == datetime.fromisoformat("2026-04-02T09:30:00")
    assert row["sms_consent_at"] is None
    assert (row["email_consent_how"], row["sms_consent_how"]) == ("SINGLE_OPT_IN", "SINGLE_OPT_IN")
    assert row["has_purchased"] is True
    assert row["links"] == [
        {"key": "rollcall.old", "id": "42", "state": None},
        {"key": "rollcall.till", "id": "H-7001", "state": None},
    ]


@pytest.mark.parametrize(("orders", "expected"), [("0", False), ("18", True), (None, None), ("x", None)])
def test_has_purchased(orders: str | None, expected: bool | None) -> None:
    assert shaped(customer(1, numberOfOrders=orders))["has_purchased"] is expected


def test_an_empty_customer() -> None:
    nothing = dict.fromkeys(customer(1))
    row = shaped(nothing | {"legacyResourceId": "1"})
    assert {name: value for name, value in row.items() if value is not None} == {
        "source": "shop", "id": "1", "status": "active", "email_consent": "unknown", "sms_consent": "unknown",
        "links": [],
    }  # fmt: skip


def test_g9_no_state_but_subscribed_is_in() -> None:
    assert [state for state, word in CONSENT.items() if word == "in"] == ["SUBSCRIBED"]
    assert set(CONSENT.values()) == {"in", "out", "pending", "erased", "unknown"}
