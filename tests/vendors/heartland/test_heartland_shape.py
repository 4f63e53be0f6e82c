"""`sql/shape/heartland.sql` on whole rows; `view` is compared with it in the contract suite."""

from typing import Any

import duckdb
import pyarrow as pa

import sql
from connectors.clock import SimulatedClock
from connectors.heartland import Heartland


def test_a_customer_becomes_one_profile(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    record = connector.fetch(["2"])["2"]
    assert record is not None
    (shape,) = sql.script("shape/heartland").statements
    with duckdb.connect() as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        warehouse.register("raw", pa.Table.from_pylist([record], schema=Heartland.FIELDS))
        found = warehouse.execute(shape, {"source": "till"})
        names = [column[0] for column in found.description or ()]
        (row,) = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    filled = {
        name: str(value) if name.endswith("_at") else value for name, value in row.items() if value not in (None, [])
    }
    assert filled == {
        "source": "till", "id": "2", "status": "active", "first_name": "Ida", "last_name": "Sample 2",
        "birth_date": "1990-02-03", "phone": "613 555 0102", "email": "ida2@example.com", "street": "1 Example St",
        "city": "Sampletown", "region": "ON", "postal_code": "K0K 0K0", "country": "CA", "email_consent": "in",
        "tags": "demo;vip", "external_id": "002",
        "created_at": "2025-03-01 15:00:00", "updated_at": "2025-03-04 14:30:00",
    }  # fmt: skip
