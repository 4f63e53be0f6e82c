"""What is too large for the state database and must survive the night: the roll of entities, links, bases, opt-outs.

Encrypted Parquet under `workspace/kept/`; the state database says which file is in force, so that a run that dies
leaves the last one as it was.
"""

from collections.abc import Mapping
from hashlib import file_digest
from pathlib import Path

import pyarrow as pa

from connectors.clock import Clock
from jobs.errors import ConfigError
from jobs.state import ArtefactRow, State
from jobs.vault import Vault, private_folder

QUERIES: Mapping[str, str] = {
    # who keeps which entity id on the next night, those who could not be read tonight included (G7)
    "roll": """
select source, id, entity_id
from next_roll
order by source, id
""",
    # one row per record received, the quarantined and those who stand for nobody included
    "entities": """
select source, profile_id, entity_id, status from (
  select source, id as profile_id, entity_id, status from entities
  union all
  select q.source, q.id as profile_id, '' as entity_id, 'quarantined' as status
  from (select distinct source, id from quarantine) as q
  union all
  select source, id as profile_id, '' as entity_id, 'erased' as status
  from erased_profiles
  union all
  select p.source, p.id as profile_id, '' as entity_id, p.status
  from profiles as p
  join standins as i on i.source = p.source and i.id = p.id
)
order by source, profile_id
""",
    "links": """
select ecom_source, ecom_id, pos_source, pos_id, rule, state
from links
order by ecom_source, ecom_id, pos_source, pos_id
""",
    # of whom a person is asked whether they are one
    "suspects": """
select left_source, left_id, right_source, right_id, cast(probability as varchar) as probability, cast(weight as varchar) as weight
from suspects
order by left_source, left_id, right_source, right_id
""",
    "bases": """
select pairing, ecom_source, ecom_id, pos_source, pos_id, field, hash, agreed_on
from next_bases
order by pairing, ecom_source, ecom_id, pos_source, pos_id, field
""",
    # who opted out, whatever their system says later (G9b)
    "outs": """
select source, id, channel, nth, first_seen, said_at, raised_on, entity_id, covers
from next_outs
order by source, id, channel
""",
    # stored links that were seen broken, until their profile is back (M13)
    "lost_links": """
select pairing, ecom_source, ecom_id, pos_source, pos_id, state, since, restored_on
from next_lost
order by pairing, ecom_source, ecom_id, pos_source, pos_id
""",
    # splits and merges of customers, with the old ids (G7)
    "moves": """
select moved_on, source, id, what, old_entity, new_entity
from next_moves
order by moved_on, source, id, old_entity
""",
    # how many have each field, which tells when a vendor no longer sends it
    "filled": """
select source, field, seen
from next_filled
order by source, field
""",
    # who is in one system only, and not wrong (X4)
    "pending": """
select pairing, source, id as profile_id, pos, why
from pending
order by pairing, source, profile_id, pos
""",
}
"""What every night keeps of its warehouse, by name."""
RECALLED = ("roll", "bases", "outs", "lost_links", "moves", "filled")
"""Of these, what the next night gets as a table of that name."""
LOST: Mapping[str, str] = {
    "roll": "the next night gives every entity a new id, so findings begin anew, and words on findings and corrections end",
    "bases": "the next night knows no earlier agreement: drift is proposed as on a first night (`no_base`)",
    "outs": "an opt-out that a system has lost since it was seen is no longer known, and its `in` reads as a choice",
    "links": "`export links` has nothing until the next night makes them again",
    "suspects": "`export suspects` has nothing until the next night makes them again",
    "entities": "`export entities` has nothing until the next night makes them again",
    "lost_links": "a profile that was archived and comes back is not told as restored (M13)",
    "moves": "which customers were split or merged on earlier nights is no longer known (G7)",
    "filled": "a field that a vendor stopped sending since is not told (G13)",
    "pending": "`export pending` has nothing until the next night makes them again",
    "phones": "nothing but time: the next night parses every spelling of a phone again",
}
"""What is lost when a kept file is forgotten."""


def keep(
    folder: Path, vault: Vault, state: State, clock: Clock, *, run_id: str, name: str, rows: pa.RecordBatchReader
) -> None:
    """Write the rows as the artefact `name` of this run, and let the state database point at it."""
    path = private_folder(folder / "kept") / f"{name}-{run_id}.parquet"
    vault.write_parquet(path, rows, rows.schema)
    before = state.artefact(name)
    state.set_artefact(ArtefactRow(name, run_id, str(path.relative_to(folder)), _digest(path), clock.now()))
    if before is not None and before.path != str(path.relative_to(folder)):
        (folder / before.path).unlink(missing_ok=True)


def read(folder: Path, vault: Vault, state: State, name: str) -> pa.Table | None:
    """The artefact `name` in force; None before the first. Raises ConfigError when its file is not what was kept."""
    row = state.artefact(name)
    if row is None:
        return None
    path = folder / row.path
    if not path.is_file() or _digest(path) != row.digest:
        raise ConfigError(
            f"{path}: missing or changed since run {row.run_id} kept it; restore it from a backup of the workspace, "
            f"together with the state database. Without a backup: `rollcall purge --kept {name}` forgets it, and then "
            f"{LOST[name]}"
        )
    return vault.read_parquet(path).read_all()


def forget(folder: Path, state: State, name: str) -> str:
    """Forget the artefact `name` on purpose; returns what is lost by it. Raises ConfigError where there is none."""
    row = state.artefact(name)
    if row is None:
        raise ConfigError(f"no {name} is kept: there is nothing to forget")
    state.drop_artefact(name)
    path = folder / row.path
    if path.is_file():
        path.unlink()
    return LOST[name]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
