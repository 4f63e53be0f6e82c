"""An invented group of eight systems: its settings, and its customers as sealed snapshots, the same for the same seed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from connectors.clock import SimulatedClock
from jobs import snapshot
from jobs.parts import QUARANTINE, UNKNOWN
from jobs.pull import Pulled
from jobs.settings import Settings, parse
from jobs.state import SnapshotRow
from jobs.workspace import Workspace

FIRST_NIGHT = datetime(2026, 11, 23, 12, 15, tzinfo=UTC)
PROFILES_PER_PERSON = 2.05
"""How many profiles a person has in `world.sql`; a little below what it makes, so that there are always enough."""
FIRST_NAMES = (
    "Maria", "James", "Anna", "David", "Sofia", "Daniel", "Emma", "Michael", "Olivia", "Robert", "Elena", "Thomas", "Grace", "Peter",
    "Hannah", "Samuel", "Chloé", "William", "Julia", "Andrew", "Nora", "José", "Alice", "Richard", "Zoë", "Benjamin", "Ruth", "Katherine",
    "Oskar", "Priya", "Wei", "Fatima", "Liam", "Ingrid", "Mateo", "Yuki", "Aisha", "Bogdan", "Clara", "Dmitri", "Esther", "Felix", "Gloria",
    "Hugo", "Irene", "Joanne", "Karim", "Leila", "Marcus", "Nadia", "Omar", "Paula", "Quentin", "Rosa", "Stefan", "Tara", "Ursula", "Victor",
    "Wanda", "Xavier", "Yvonne", "Zachary", "Abigail", "Bernard", "Cecilia", "Dominic", "Eleanor", "Frederick", "Georgina", "Harold",
    "Isabelle", "Jasper", "Kendra", "Lawrence", "Miriam", "Nicholas", "Odette", "Patrick", "Rebecca", "Simone", "Theodore", "Valerie",
    "Winifred", "Anne-Marie", "Jean-Luc", "Mary Ann", "Søren", "Łucja", "Đorđe", "Björn", "Renée", "Iñigo", "Siobhán", "Márta", "Thu Hà",
)  # fmt: skip
_PART = re.compile(r"^-- ([a-z_]+)$", re.MULTILINE)
_MACROS = """
create macro dice(n, what) as hash(hash(n, what, {seed})); -- hashed twice: the first leaves draws of one n alike
create macro chance(n, what) as (dice(n, what) >> 11) / 9007199254740992.0;
create macro pick(n, what, size) as cast(dice(n, what) % size as bigint);
create macro uuid_of(p) as cast(cast(md5(concat(p, {seed})) as uuid) as varchar);
create macro area(line) as cast(200 + ((line * 1299709 + {seed}) % 4000000) // 5000 as varchar);
create macro ending(line) as lpad(cast((line * 1299709 + {seed}) % 5000 as varchar), 4, '0');
create macro phone_spelling(line, x) as case
  when x < 0.35 then concat('(', area(line), ') 555-', ending(line)) when x < 0.65 then concat(area(line), '555', ending(line))
  when x < 0.85 then concat(area(line), '-555-', ending(line)) when x < 0.93 then concat('+1', area(line), '555', ending(line))
  when x < 0.955 then concat(area(line), '.555.', ending(line)) when x < 0.967 then concat('cell ', area(line), ' 555 ', ending(line))
  when x < 0.975 then concat(area(line), '-555-', ending(line), ' x12') when x < 0.98 then concat(area(line), '555', left(ending(line), 3))
  else concat('+1', area(line), '555', ending(line)) end;
"""


def settings(folder: Path) -> Settings:
    """Three pairings with their presets: Mortar's, BLAZE ECOM's and one of plain files."""
    till = {
        "kind": "heartland",
        "role": "pos",
        "region": "CA",
        "base_url": "https://till.example.com",
        "token": {"env": "NO_TOKEN"},
    }
    store = {"kind": "treez", "role": "pos", "region": "CA", "base_url": "https://store.example.com", "dispensary": "store",
             "certificate_id": "c", "organization_id": "o", "private_key": {"env": "NO_TOKEN"}}  # fmt: skip
    shop = {
        "kind": "shopify",
        "role": "ecom",
        "region": "CA",
        "base_url": "https://shop.example.com",
        "token": {"env": "NO_TOKEN"},
    }
    menu = {"kind": "blaze_ecom", "role": "ecom", "driver": "api", "region": "CA", "base_url": "https://menu.example.com",
            "token": {"env": "NO_TOKEN"}, "store_id": "s"}  # fmt: skip
    raw: dict[str, Any] = {
        "group": "benchmark",
        "sources": {
            "shop": {**shop, "writes": True, "link_keys": {"rollcall.north": "north"}},
            "north": {**till, "writes": True},
            "south": {**till, "writes": True},
            "menu": {**menu, "link_keys": {"s-downtown": "downtown", "s-uptown": "uptown"}},
            "downtown": {**store, "writes": True},
            "uptown": {**store, "writes": True, "logins": "treez_ecommerce"},
            "web": {"kind": "table", "role": "ecom", "driver": "files", "region": "CA"},
            "counter": {"kind": "table", "role": "pos", "driver": "files", "region": "CA"},
        },
        "pairings": [
            {"preset": "mortar", "ecom": "shop", "pos": ["north"], "observe_nights": 0},
            {"preset": "blaze_ecom", "ecom": "menu", "pos": ["downtown", "uptown"], "observe_nights": 0},
            {"preset": "plain", "ecom": "web", "pos": ["counter", "south"], "observe_nights": 0},
        ],
    }
    return parse(raw, folder / "config.yaml")


@contextmanager
def workspace(folder: Path, night: int) -> Iterator[Workspace]:
    """The group's workspace below `folder`, on the first or second night."""
    clock = SimulatedClock(FIRST_NIGHT + timedelta(days=night - 1))
    with Workspace.open(settings(folder), clock) as opened:
        yield opened


def seal(folder: Path, profiles: int, seed: int, night: int) -> None:
    """Make tonight's records of every source and seal them, as a pull would have."""
    with workspace(folder, night) as site, duckdb.connect() as connection:
        begun = site.state.begin_run(
            FIRST_NIGHT.date() + timedelta(days=night - 1), trigger="manual", at=site.clock.now()
        )
        assert begun == _run_id(night)
        _people(connection, profiles, seed, night)
        for name, connector in site.connectors.items():
            records = connection.sql(_statements("records")[connector.shape], params={"source": name}).to_arrow_table()
            fields = connector.FIELDS.remove_metadata()
            table = records.rename_columns(fields.names).cast(fields)
            contents = snapshot.Contents(
                table.to_reader(), QUARANTINE.empty_table(), UNKNOWN.empty_table(), connector.ID
            )
            label = snapshot.Label(name, _run_id(night), connector.kind, connector.EXPORT_CONTRACT, site.clock.now())
            path = snapshot.write(site.folder, label, contents, site.vault)
            site.state.add_snapshot(_row(label, path.relative_to(site.folder), table.num_rows, night))


def pulled(site: Workspace, night: int) -> dict[str, Pulled]:
    """What that night's pull would hand on: every source certified."""
    rows = {row.source: row for row in site.state.snapshots_of(_run_id(night))}
    return {name: Pulled(name, rows[name], rows[name], True, [], "") for name in site.connectors}


def _people(connection: duckdb.DuckDBPyConnection, profiles: int, seed: int, night: int) -> None:
    connection.execute(_MACROS.format(seed=seed))
    given = {
        "people": int(profiles / PROFILES_PER_PERSON) + 100,
        "profiles": profiles,
        "night": night,
        "firsts": list(FIRST_NAMES),
    }
    text = (Path(__file__).parent / "world.sql").read_text(encoding="utf-8")
    for statement in filter(None, map(str.strip, re.sub(r"--[^\n]*", "", text).split(";\n"))):
        wanted = set(re.findall(r"\$([a-z]+)", statement))
        connection.execute(statement, {name: given[name] for name in wanted})
    made = connection.execute("select count(*) from cards").fetchall()[0][0]
    assert made == profiles, f"the people of {profiles} profiles have only {made}: lower PROFILES_PER_PERSON"


def _statements(name: str) -> dict[str, str]:
    """The statements of a file, by the name in the comment before each."""
    text = (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")
    _, *parts = _PART.split(text)
    return {kind: body.strip().rstrip(";") for kind, body in zip(parts[::2], parts[1::2], strict=True)}


def _run_id(night: int) -> str:
    return f"{FIRST_NIGHT.date() + timedelta(days=night - 1)}-a"


def _row(label: snapshot.Label, path: Path, rows: int, night: int) -> SnapshotRow:
    return SnapshotRow(
        snapshot_id=f"{label.source}-{label.snapshot_id}",
        source=label.source,
        run_id=_run_id(night),
        taken_at=label.taken_at,
        path=str(path),
        profiles=rows,
        active=rows,
        certified=True,
    )
