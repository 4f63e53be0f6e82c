"""`sql/shape/blaze_ecom.sql` on whole rows; `view` is compared with it in the contract suite."""

from typing import Any

import duckdb
import pyarrow as pa
import pytest

import sql
from connectors.blaze_ecom import BlazeEcom
from connectors.clock import SimulatedClock


def shaped(records: list[Any]) -> list[dict[str, Any]]:
    (shape,) = sql.script("shape/blaze_ecom").statements
    with duckdb.connect() as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        warehouse.register("raw", pa.Table.from_pylist(records, schema=BlazeEcom.FIELDS))
        found = warehouse.execute(shape, {"source": "ecom"})
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, values, strict=True)) for values in found.fetchall()]


def test_a_customer_becomes_one_profile(rig: Any, clock: SimulatedClock) -> None:
    (row,) = shaped([rig.connector(clock, writes=False).fetch(["e-0002"])["e-0002"]])
    filled = {n: str(value) if n.endswith("_at") else value for n, value in row.items() if value is not None}
    assert filled == {
        "source": "ecom", "id": "e-0002", "status": "active", "first_name": "Dana", "last_name": "Example 2",
        "birth_date": "1990-02-03", "phone": "+16135550002", "email": "dana2@example.com", "email_consent": "in",
        "sms_consent": "in", "has_purchased": True, "verified": True,
        "links": [{"key": "s-1", "id": "9002", "state": "active"}, {"key": "s-2", "id": "402", "state": "archived"}],
        "created_at": "2024-01-15 18:00:00", "updated_at": "2026-06-01 16:00:02",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "purchased", "verified"),
    [("unconfirmed", False, False), ("confirmed", False, True), ("customer", True, True), (None, None, None)],
)
def test_the_status_in_mission_control_says_verified_and_has_bought(
    rig: Any, clock: SimulatedClock, status: str | None, purchased: bool | None, verified: bool | None
) -> None:
    rig.rows["e-0002"]["status"] = status
    (row,) = shaped([rig.connector(clock, writes=False).fetch(["e-0002"])["e-0002"]])
    assert (row["has_purchased"], row["verified"], row["status"]) == (purchased, verified, "active")
