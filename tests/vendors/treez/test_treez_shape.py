"""`sql/shape/treez.sql` on whole rows; `view` is compared with it in the contract suite."""

from typing import Any

import duckdb
import pyarrow as pa

import sql
from connectors.clock import SimulatedClock
from connectors.treez import Treez


def shaped(records: list[Any]) -> list[dict[str, Any]]:
    (shape,) = sql.script("shape/treez").statements
    with duckdb.connect() as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        warehouse.register("raw", pa.Table.from_pylist(records, schema=Treez.FIELDS))
        found = warehouse.execute(shape, {"source": "downtown"})
        names = [column[0] for column in found.description or ()]
        rows = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    return [
        {n: str(value) if n.endswith("_at") else value for n, value in row.items() if value not in (None, [])}
        for row in rows
    ]


def test_a_customer_becomes_one_profile(rig: Any, clock: SimulatedClock) -> None:
    """The store's offset moves with the season; the last visit has none and stays as it is."""
    (row,) = shaped([rig.connector(clock, writes=False).fetch(["9002"])["9002"]])
    assert row == {
        "source": "downtown", "id": "9002", "status": "active", "first_name": "DANA", "last_name": "EXAMPLE",
        "birth_date": "1990-02-03", "phone": "6135559002", "email": "dana9002@example.com", "street": "1 Example St",
        "city": "Sampletown", "region": "CA", "postal_code": "90001", "email_consent": "unknown", "tags": "Staff;VIP",
        "verified": True, "points": "0", "last_seen_at": "2026-05-30 18:20:00", "created_at": "2024-01-15 18:00:00",
        "updated_at": "2026-06-01 16:30:02",
    }  # fmt: skip


def test_blanks_in_the_vendors_own_words_are_blank(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[9002].update(
        last_visit_date="2000-01-01 00:00:00.000", verification_status="VERIFICATION_PENDING", email="N/A", phone="",
        addresses=[{"street1": "N/A", "zipcode": "0", "primary": True}], customer_groups=[], status="DEACTIVATED",
        merged_into_customer_id="N/A",
    )  # fmt: skip
    (row,) = shaped([rig.connector(clock, writes=False).fetch(["9002"])["9002"]])
    assert {
        "last_seen_at",
        "email",
        "phone",
        "street",
        "postal_code",
        "tags",
        "note",
        "merged_into",
    } & row.keys() == set()
    assert (row["status"], row["verified"]) == ("archived", False)
