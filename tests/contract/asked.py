"""What the suite asks of a connector, and in which form it looks at the answers."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.json as pa_json
import pytest

import sql
from connectors.base import BALANCES, MERGED_INTO, VIEW_FIELDS, Change, Connector, Evidence, VendorError


def pulled(connector: Connector) -> tuple[list[dict[str, Any]], Evidence]:
    evidence = Evidence()
    records: list[dict[str, Any]] = []
    for page in connector.pages(evidence):
        records += page.records.to_pylist() if isinstance(page.records, pa.Table) else map(dict, page.records)
    return records, evidence


def landed(connector: Connector, records: list[dict[str, Any]]) -> pa.Table:
    """As the pull room lands them: strictly typed, unknown fields left out."""
    lines = "\n".join(json.dumps(record) for record in records).encode()
    options = pa_json.ParseOptions(explicit_schema=connector.FIELDS, unexpected_field_behavior="ignore")
    return pa_json.read_json(pa.BufferReader(lines), parse_options=options)


def shaped(connector: Connector, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of `profiles` that `sql/shape` makes of the records."""
    with duckdb.connect(config={"python_enable_replacements": "false"}) as warehouse:
        for statement in sql.script("schema").statements:
            warehouse.execute(statement)
        warehouse.register("raw", landed(connector, records))
        (shape,) = sql.script(f"shape/{connector.shape}").statements
        given = {"source": connector.name, "region": connector.settings.region}
        used = warehouse.extract_statements(shape)[0].named_parameters
        warehouse.execute(f"insert into profiles by name {shape}", {name: given[name] for name in used})
        rows = warehouse.execute("select * from profiles")
        names = [column[0] for column in rows.description or ()]
        return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def as_view(row: Mapping[str, Any], link_keys: Mapping[str, str]) -> dict[str, Any]:
    """A row of `profiles` in the words of `view`; what few systems tell is in it where this record tells it."""
    links = {f"link:{link_keys[li['key']]}": li["id"] for li in row["links"] or [] if li["key"] in link_keys}
    columns = {name: "group_name" if name == "group" else name for name in VIEW_FIELDS}
    told = links | {name: row[name] for name in (*BALANCES, MERGED_INTO)}
    return {name: row[column] for name, column in columns.items()} | {n: value for n, value in told.items() if value}


def failure(connector: Connector) -> VendorError:
    with pytest.raises(VendorError) as caught:
        pulled(connector)
    return caught.value


def refused(connector: Connector, change: Change) -> VendorError:
    with pytest.raises(VendorError) as caught:
        connector.write(change)
    return caught.value


def with_current(connector: Connector, change: Change) -> Change:
    if change.profile_id is None:
        return change
    return replace(change, current=connector.fetch([change.profile_id])[change.profile_id])
