"""Filling the warehouse: what the configuration says as rows, tonight's snapshots as profiles, what earlier nights kept."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pyarrow as pa

from connectors.base import Connector
from jobs import snapshot
from jobs.errors import ConfigError, IncompleteExport
from jobs.policy import ACTIONS, DRIFT_FIELDS, PLACEHOLDERS, lookups
from jobs.pull import Landing, Pulled
from jobs.settings import Pairing, Settings
from jobs.state import DecisionRow
from jobs.vault import Vault
from jobs.warehouse import ROWS_AT_ONCE, Warehouse

Row = tuple[object, ...]


def readable(source: Pulled, workspace: Path, vault: Vault) -> Pulled:
    """The source as it is, or without the earlier snapshot that it would rest on where that is damaged or lost (G1)."""
    if source.used is None or source.certified:
        return source
    try:
        snapshot.opened(workspace / source.used.path, vault)
    except (IncompleteExport, OSError) as error:
        return replace(source, used=None, problem=f"{source.problem}; {error}")
    return source


def linked_ids(scratch: Warehouse, settings: Settings, landings: Mapping[str, Landing]) -> dict[str, set[str]]:
    """The POS ids that tonight's shop profiles name and that are not listed there, by POS source."""
    unlisted: dict[str, set[str]] = defaultdict(set)
    lists = {name: landing.roster.now for name, landing in landings.items() if _is_readable(landing)}
    query = "select u.key, u.id from (select unnest(links) as u from shaped) where u.id <> ''"
    for name, landing in landings.items():
        source = settings.sources[name]
        if landing.problem or not source.link_keys:
            continue
        rows = scratch.shaped(query, name, landing.connector.shape, source.region, landing.rows())
        while some := list(islice(rows, ROWS_AT_ONCE)):
            for key, pos in source.link_keys.items():
                if pos in lists:
                    unlisted[pos].update(lists[pos].missing(linked for named, linked in some if named == key))
    return unlisted


def _is_readable(landing: Landing) -> bool:
    """Whether its list can be read back; where not, sealing says why."""
    try:
        return not landing.problem and landing.roster.present >= 0
    except (OSError, ConfigError):
        return False


def count_active(scratch: Warehouse, connector: Connector, rows: pa.RecordBatchReader) -> int:
    """How many of a source's landed rows are active, by its shape."""
    query = "select count(*) from shaped where status = 'active'"
    ((count,),) = scratch.shaped(query, connector.name, connector.shape, connector.settings.region, rows)
    return int(count)


def configure(warehouse: Warehouse, settings: Settings, connectors: Mapping[str, Connector]) -> None:
    """What SQL joins on instead of branching: capabilities, policies, rules, markers, placeholders."""
    warehouse.insert("capabilities", _capabilities(connectors))
    warehouse.insert("standins", _standins(settings))
    warehouse.insert("match_rules", _match_rules(settings))
    warehouse.insert("field_policies", [(p.id, f, p.wins(f)) for p in settings.pairings for f in DRIFT_FIELDS])
    warehouse.insert("action_policies", [(p.id, a, p.mode(a)) for p in settings.pairings for a in ACTIONS])
    warehouse.insert("link_keys", [(n, k, pos) for n, s in settings.sources.items() for k, pos in s.link_keys.items()])
    warehouse.insert("lookups", _lookups(settings))
    warehouse.insert("markers", _markers(settings.pairings))
    warehouse.insert("group_names", [(p.id, own, there) for p in settings.pairings for own, there in p.groups.items()])
    listed = [*PLACEHOLDERS, *settings.match.placeholders.listed]
    patterns = [("email" if "@" in p else "phone", p.replace("*", "%").lower()) for p in dict.fromkeys(listed)]
    warehouse.insert("placeholder_list", patterns)


def load(
    warehouse: Warehouse,
    settings: Settings,
    pulled: Mapping[str, Pulled],
    connectors: Mapping[str, Connector],
    vault: Vault,
) -> None:
    """Tonight's profiles, or the last certified ones of a source without a certificate (G1)."""
    for name, source in pulled.items():
        if source.used is None:
            continue
        path = settings.workspace / source.used.path
        region = settings.sources[name].region
        warehouse.shape(name, connectors[name].shape, region, widened(snapshot.read(path, vault), connectors[name]))
        if connectors[name].shape == "table":
            warehouse.unread(name, snapshot.read(path, vault))
        misfits = snapshot.quarantine(path, vault)
        warehouse.load("quarantine", _with_source(name, misfits))
        warehouse.load("unknown_fields", _with_source(name, snapshot.unknown(path, vault)))


def judge_sources(
    warehouse: Warehouse, settings: Settings, pulled: Mapping[str, Pulled], nights: Mapping[str, int], now: datetime
) -> None:
    """Which sources may be used, and which pairings corrected (G1, G1a, G14)."""
    warehouse.insert("sources", [_source(settings, name, pulled[name], now) for name in settings.sources])
    warehouse.insert("pairings", [row for p in settings.pairings for row in _pairing(settings, p, pulled, nights)])


def remember(warehouse: Warehouse, recalled: Mapping[str, pa.Table | None], decisions: Sequence[DecisionRow]) -> None:
    """What earlier nights kept, by the name of its table (`kept.RECALLED`), and people's decisions."""
    for name, table in recalled.items():
        if table is not None:
            warehouse.load(name, table.to_reader())
    warehouse.insert("decisions", [(d.target, d.id, d.verdict, d.until, d.fingerprint) for d in decisions])


def correctable_pairings(settings: Settings, pulled: Mapping[str, Pulled]) -> list[Pairing]:
    """The pairings all of whose sources are certified tonight and close together."""
    return [p for p in settings.pairings if not any(_why_not(settings, p, pos, pulled) for pos in p.pos)]


def _source(settings: Settings, name: str, source: Pulled, now: datetime) -> Row:
    s, used = settings.sources[name], source.used
    age = (now - used.taken_at) / timedelta(hours=1) if used else None
    taken = used.taken_at.astimezone(UTC).replace(tzinfo=None) if used else None
    return (
        name, s.kind, s.role, s.store, s.region, s.logins, s.writes, s.default_customer, source.certified, used is not None,
        used.snapshot_id if used else None, taken, age,
    )  # fmt: skip


def _pairing(settings: Settings, p: Pairing, pulled: Mapping[str, Pulled], nights: Mapping[str, int]) -> Iterator[Row]:
    for pos in p.pos:
        why = _why_not(settings, p, pos, pulled)
        if not why and nights.get(p.id, 0) < p.observe_nights:
            why = f"this pairing only observes: night {nights.get(p.id, 0) + 1} of {p.observe_nights} (G14)"
        yield (
            p.id, p.preset, p.ecom, pos, p.synced_by_vendor, p.contact_way, p.no_base, p.owner,
            p.silence or settings.match.silence, p.base.link_after, not why, why,
        )  # fmt: skip


def _why_not(settings: Settings, p: Pairing, pos: str, pulled: Mapping[str, Pulled]) -> str:
    """Why nothing may be corrected between a shop and a POS tonight; empty when it may."""
    for name in (p.ecom, pos):
        if not pulled[name].certified:
            return f"{name} has no certificate tonight (G1)"
    ecom, other = pulled[p.ecom].used, pulled[pos].used
    assert ecom is not None
    assert other is not None
    if abs(ecom.taken_at - other.taken_at) > settings.limits.apart:
        return f"the exports of {p.ecom} and {pos} are too far apart in time (G1a)"
    return ""


def _capabilities(connectors: Mapping[str, Connector]) -> list[Row]:
    rows: list[Row] = []
    for name, connector in connectors.items():
        can = connector.capabilities
        rows += [(name, "action", action) for action in sorted(can.actions)]
        rows += [(name, "field", field) for field in sorted(can.fields) if can.actions]
        rows += [(name, "consent", channel) for channel in sorted(can.consent)]
        rows += [(name, "unique", field) for field in sorted(can.unique)]
        rows += [(name, "required", field) for field in can.required]
        rows += [(name, "balance", balance) for balance in sorted(can.balances)]
        rows += [(name, "way", "file")] if can.hands_over else []
    return rows


def _standins(settings: Settings) -> list[Row]:
    rows: list[Row] = []
    for name, source in settings.sources.items():
        if source.default_customer:
            rows.append((name, source.default_customer, True))
        rows += [(name, profile_id, False) for profile_id in source.ignore if profile_id != source.default_customer]
    return rows


def _match_rules(settings: Settings) -> list[Row]:
    rows: list[Row] = [("", number, key) for number, key in enumerate(settings.match.keys, start=1)]
    for pairing in settings.pairings:
        rows += [(pairing.id, number, key) for number, key in enumerate(pairing.match_keys, start=1)]
    return rows


def _lookups(settings: Settings) -> list[Row]:
    rows: list[Row] = []
    for p in settings.pairings:
        stored = set(settings.sources[p.ecom].link_keys.values())
        for pos in p.pos:
            ways = lookups(p.preset, settings.sources[pos].kind, p.match_keys, pos in stored)
            rows += [(p.id, pos, *way) for way in ways]
    return rows


def _markers(pairings: Sequence[Pairing]) -> list[Row]:
    notes: list[Row] = [(p.id, "note", p.base.marker_note) for p in pairings if p.base.marker_note]
    return notes + [(p.id, "tag", tag) for p in pairings for tag in p.marker_tags]


def widened(rows: pa.RecordBatchReader, connector: Connector) -> pa.RecordBatchReader:
    """The rows of a snapshot with the fields that were not read yet when it was taken, empty."""
    missing = [field for field in connector.FIELDS if field.name not in rows.schema.names]
    if not missing:
        return rows

    def wider() -> Iterator[pa.RecordBatch]:
        for batch in rows:
            blanks = [pa.nulls(batch.num_rows, field.type) for field in missing]
            yield pa.RecordBatch.from_arrays([*batch.columns, *blanks], schema=schema)

    schema = pa.schema([*rows.schema, *missing])
    return pa.RecordBatchReader.from_batches(schema, wider())


def _with_source(name: str, table: pa.Table) -> pa.RecordBatchReader:
    return table.add_column(0, "source", pa.array([name] * table.num_rows, pa.string())).to_reader()
