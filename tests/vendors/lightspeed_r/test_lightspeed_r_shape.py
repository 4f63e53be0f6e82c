"""`sql/shape/lightspeed_r.sql` on whole rows; `view` is compared with it in the contract suite."""

from typing import Any

import duckdb
import pyarrow as pa

import sql
from connectors.clock import SimulatedClock
from connectors.lightspeed_r import LightspeedR


def shaped(record: Any) -> dict[str, Any]:
    (shape,) = sql.script("shape/lightspeed_r").statements
    with duckdb.connect() as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        warehouse.register("raw", pa.Table.from_pylist([record], schema=LightspeedR.FIELDS))
        found = warehouse.execute(shape, {"source": "till"})
        names = [column[0] for column in found.description or ()]
        (row,) = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    return {n: str(v) if n.endswith("_at") else v for n, v in row.items() if v not in (None, [])}


def test_a_customer_becomes_one_profile(rig: Any, clock: SimulatedClock) -> None:
    """M6, M9, M11: home number, main address, consent for email and SMS; the later of the two clocks counts."""
    rig.rows[2]["Emails"]["Secondary"] = "ada.second@example.com"
    rig.rows[2]["note"] = "likes tea"
    record = rig.connector(clock, writes=False).fetch(["2"])["2"]
    assert shaped({**record, "contactTimeStamp": "2026-02-01T10:00:00-05:00", "group": "VIP"}) == {
        "source": "till", "id": "2", "status": "active", "first_name": "Ada", "last_name": "Example 2",
        "birth_date": "1990-02-03", "phone": "613-555-0102", "phone_2": "613-555-0177",
        "email": "ada2@example.com", "email_2": "ada.second@example.com", "street": "1 Sample St", "city": "Ottawa",
        "region": "ON", "postal_code": "K1A 0B1", "country": "CA", "email_consent": "in", "sms_consent": "out",
        "group_name": "VIP", "tags": "demo;vip", "note": "likes tea",
        "created_at": "2025-03-03 15:39:34", "updated_at": "2026-02-01 15:00:00",
    }  # fmt: skip


def test_g10_an_anonymised_customer_is_deleted_and_not_merely_archived(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[3] |= {"firstName": "Customer", "lastName": "[3]", "Phones": {}, "Emails": {}, "Addresses": []}
    record = rig.connector(clock, writes=False).fetch(["3"])["3"]
    assert shaped(record)["status"] == "deleted"
