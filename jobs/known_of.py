"""What the last night left of one profile: its customer, its links, why it waits, and what its customer went through (G7, G8).

Read from what was kept; nothing is pulled and nothing is matched again. Ids, states and reasons alone: no values.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs import kept
from jobs.errors import ConfigError
from jobs.workspace import Workspace

Row = dict[str, Any]


def known_of(workspace: Workspace, name: str) -> tuple[str, dict[str, Any]]:
    """One profile `source:id` as the last night kept it, as text and as data. Raises ConfigError where it is not known."""
    source, _, profile_id = name.partition(":")
    if source not in workspace.settings.sources or not profile_id:
        raise ConfigError(f"{name}: a profile is SOURCE:ID; sources: {', '.join(workspace.settings.sources)}")
    listed = _rows(workspace, "entities", {"source": source, "profile_id": profile_id})
    if not listed:
        raise ConfigError(f"{name}: the last night saw no such profile; `rollcall export entities` lists all of them")
    (own,) = listed[:1]
    others = _rows(workspace, "entities", {"entity_id": own["entity_id"]}) if own["entity_id"] else []
    beside = sorted(f"{row['source']}:{row['profile_id']}" for row in others)
    links = [
        *_rows(workspace, "links", {"ecom_source": source, "ecom_id": profile_id}),
        *_rows(workspace, "links", {"pos_source": source, "pos_id": profile_id}),
    ]
    waits = _rows(workspace, "pending", {"source": source, "profile_id": profile_id})
    suspects = [
        row
        for side in ("left", "right")
        for row in _rows(workspace, "suspects", {f"{side}_source": source, f"{side}_id": profile_id})
    ]
    moved = moves(workspace, name)
    lines = [
        f"{name}: {own['status']}",
        f"customer {own['entity_id']}: {', '.join(beside)}" if beside else "it stands for nobody, or could not be read",
        *(_link(row) for row in links),
        *(f"pending, not wrong, in {row['pairing']} with {row['pos']}: {row['why']} (X4, M1)" for row in waits),
        *(_suspect(row) for row in suspects),
        *moved,
        _last(name, links, waits, beside),
    ]
    data = {
        "profile": own, "customer": beside, "links": links, "pending": waits, "suspects": suspects, "moved": moved,
    }  # fmt: skip
    return "\n".join(lines), data


def moves(workspace: Workspace, *names: str) -> list[str]:
    """A sentence for each night on which one of these profiles went from one entity to another (G7)."""
    said = []
    for name in names:
        source, _, profile_id = name.partition(":")
        for row in _rows(workspace, "moves", {"source": source, "id": profile_id}):
            how = "split off" if row["what"] == "split" else "merged"
            said.append(f"on {row['moved_on']} {name} was {how}: from {row['old_entity']} to {row['new_entity']} (G7)")
    return sorted(said)


def _link(row: Mapping[str, Any]) -> str:
    return f"link {row['ecom_source']}:{row['ecom_id']} to {row['pos_source']}:{row['pos_id']}, by {row['rule']}: {row['state']}"


def _suspect(row: Mapping[str, Any]) -> str:
    pair = f"{row['left_source']}:{row['left_id']} and {row['right_source']}:{row['right_id']}"
    return f"suspect: {pair}, probability {row['probability']}"


def _last(name: str, links: list[Row], waits: list[Row], beside: list[str]) -> str:
    if links:
        return f"{name} is linked; `rollcall why {name} OTHER` says why it is one customer with another, or is not"
    if waits:
        return f"{name} is not linked, and waits"
    alone = "alone" if len(beside) < 2 else f"one customer with {len(beside) - 1} other profiles"
    return f"{name} is not linked and waits for nothing: {alone}; `rollcall why {name} OTHER` says what would change it"


def _rows(workspace: Workspace, what: str, wanted: Mapping[str, str]) -> list[Row]:
    table = kept.read(workspace.folder, workspace.vault, workspace.state, what)
    if table is None:
        return []
    for column, value in wanted.items():
        table = table.filter(pc.equal(table[column], pa.scalar(value)))
    found: list[Row] = table.to_pylist()
    return found
