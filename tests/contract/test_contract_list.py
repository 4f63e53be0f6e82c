"""Every vendor's list, its records, and its file: whole, once each, the same by `view` and by shape."""

import inspect
from pathlib import Path
from typing import Any, get_args

import duckdb
import pyarrow as pa
import pytest

import sql
from connectors.base import BALANCES, MERGED_INTO, ProofName, SourceSettings
from connectors.clock import SimulatedClock
from connectors.kinds import connector_class, kinds
from tests.contract.asked import as_view, landed, pulled, shaped

VENDORS = Path(__file__).parent.parent / "vendors"
SAID_BY_FEW = {(name, "VARCHAR") for name in ("email_consent_how", "sms_consent_how", *BALANCES)}
"""Columns that a shape leaves out where its vendor says nothing of them."""
NEVER_LANDED = ("licen", "passw", "medical", "passport", "permit", "physician", "id_number", "caregiver", "patient")

# the vendor file ------------------------------------------------------------------------------------------------------


def test_every_vendor_has_joined_this_suite() -> None:
    assert [kind for kind in kinds() if not (VENDORS / kind / "rig.py").is_file()] == []


@pytest.mark.parametrize("kind", kinds())
def test_a_vendor_file_keeps_to_the_house(kind: str) -> None:
    """G11: what must never be landed is in no allow-list."""
    vendor = connector_class(kind)
    assert vendor.kind == kind
    assert vendor.FIELDS.field(vendor.ID).type == pa.string()
    assert len(set(vendor.FIELDS.names)) == len(vendor.FIELDS.names)
    assert not [n for n in vendor.FIELDS.names if any(word in n.lower() for word in NEVER_LANDED)]
    assert vendor.REQUIRED_PROOFS.issubset(get_args(ProofName))
    assert {"no_repeats", "same_contract", "shrink", "canaries"} <= vendor.REQUIRED_PROOFS
    assert issubclass(vendor.Settings, SourceSettings)
    assert bool(vendor.MERGE_STEPS) == (kind != "table"), "M10: how two profiles are merged there"
    folder = Path(inspect.getfile(vendor)).parent
    for file in [folder / f"{kind}.py", *folder.glob(f"_{kind}*.py")]:
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 400, file.name


# the list (G1) --------------------------------------------------------------------------------------------------------


def test_the_list_holds_every_profile_once_and_ends_also_on_a_full_last_page(rig: Any, clock: SimulatedClock) -> None:
    full = rig.page_size or 5
    for count in (0, 1, full - 1, full, full + 1, 2 * full):
        rig.serve(count)
        connector = rig.connector(clock, writes=False)
        records, evidence = pulled(connector)
        ids = [record[connector.ID] for record in records]
        assert sorted(ids) == sorted(rig.ids()), count
        assert len(ids) == count
        assert all(isinstance(one, str) and one for one in ids)
        assert len(set(ids)) == len(ids)
        assert landed(connector, records).num_rows == count if records else True
        assert False not in (evidence.end_mark, evidence.pages_contiguous)
        assert {evidence.count_before, evidence.count_after} <= {None, count}


def test_every_required_proof_is_offered(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    _, evidence = pulled(connector)
    given = {name for name in ("end_mark", "pages_contiguous") if getattr(evidence, name) is True}
    given |= {name for name in ("count_before", "count_after") if getattr(evidence, name) is not None}
    about_the_wire = {"end_mark", "pages_contiguous", "count_before", "count_after"}
    assert connector.REQUIRED_PROOFS & about_the_wire <= given
    assert evidence.contract


def test_an_empty_account_is_empty_and_no_error(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(0)
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert records == []
    assert evidence.end_mark is not False


def test_a_second_pull_is_identical(rig: Any, clock: SimulatedClock) -> None:
    rig.serve((rig.page_size or 5) + 1)
    first, second = (pulled(rig.connector(clock, writes=False)) for _ in range(2))
    assert first[0] == second[0]
    assert first[1].contract == second[1].contract


# shape and view -------------------------------------------------------------------------------------------------------


def test_view_says_what_the_shape_says(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    records = pulled(connector)[0] + [dict(record) for record in rig.odd_records()]
    rows = shaped(connector, records)
    assert len(rows) == len(records)
    for record, row in zip(records, rows, strict=True):
        assert row["id"] == record[connector.ID]
        view = {n: v for n, v in connector.view(record).items() if v or n not in (*BALANCES, MERGED_INTO)}
        assert view == as_view(row, connector.settings.link_keys)
        assert row["status"] in {"active", "archived", "deleted", "merged"}
        assert "" not in row.values()


def test_the_shape_gives_the_columns_of_profiles_in_their_order(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    (shape,) = sql.script(f"shape/{connector.shape}").statements
    with duckdb.connect() as warehouse:
        for statement in sql.script("schema").statements:
            warehouse.execute(statement)
        warehouse.register("raw", connector.FIELDS.empty_table())
        given = {"source": "x", "region": "CA"}
        used = warehouse.extract_statements(shape)[0].named_parameters
        found = warehouse.execute(shape, {name: given[name] for name in used}).description
        wanted = warehouse.execute("select * from profiles").description
    shaped_as, columns = ([(c[0], str(c[1])) for c in told or ()] for told in (found, wanted))
    assert set(columns) - set(shaped_as) <= SAID_BY_FEW
    assert shaped_as == [column for column in columns if column in shaped_as]


# by id, by key --------------------------------------------------------------------------------------------------------


def test_a_profile_reads_by_its_id_as_it_does_in_the_list(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    records, _ = pulled(connector)
    fetched = connector.fetch(rig.ids())
    for record in records:
        single = fetched[record[connector.ID]]
        assert single is not None
        assert connector.view(single) == connector.view(record)
        assert single[connector.ID] == record[connector.ID]


def test_an_id_that_nobody_has_reads_none(rig: Any, clock: SimulatedClock) -> None:
    assert rig.connector(clock, writes=False).fetch(["999999999"]) == {"999999999": None}
    assert rig.connector(clock, writes=False).fetch([]) == {}


def test_a_profile_is_found_by_its_email_and_nobody_by_a_strange_one(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    record = next(r for r in pulled(connector)[0] if connector.view(r)["email"])
    email = connector.view(record)["email"]
    assert email is not None
    assert record[connector.ID] in [found[connector.ID] for found in connector.find("email", email)]
    assert connector.find("email", "nobody.has.this@example.com") == []
    assert connector.find("phone", "+16135550199") == []
