"""The profiles that corrections rest on: where their values come from, or who is linked; read again just before a write."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from connectors.base import Connector, Record
from jobs.corrections import Correction
from jobs.lane import Lane

AT_ONCE = 100
"""So many profiles are asked for in one go."""


def moved(rows: Sequence[Correction], lanes: Mapping[str, Lane]) -> dict[str, str]:
    """By correction, what became of the profile that it rests on; without those that rest on none or on one as it was.

    A file says nothing new. Raises VendorError: one cannot be read.
    """
    resting = defaultdict[str, list[Correction]](list)
    for row in (row for row in rows if row.origin):
        resting[row.origin.partition(":")[0]].append(row)
    said: dict[str, str] = {}
    for source, some in resting.items():
        lane = lanes.get(source)
        if lane is None:
            said |= {row.correction_id: f"{source} is no longer configured" for row in some}
        elif not lane.writer.connector.capabilities.hands_over:
            with lane.lock:
                records = _read(lane.writer.connector, sorted({_id(row) for row in some}))
            changed = {row.correction_id: _changed(row, records, lane.writer.connector) for row in some}
            said |= {name: why for name, why in changed.items() if why}
    return said


def _read(connector: Connector, ids: Sequence[str]) -> dict[str, Record | None]:
    records: dict[str, Record | None] = {}
    for start in range(0, len(ids), AT_ONCE):
        records |= connector.fetch(ids[start : start + AT_ONCE])
    return records


def _id(row: Correction) -> str:
    return row.origin.partition(":")[2]


def _changed(row: Correction, records: Mapping[str, Record | None], connector: Connector) -> str:
    record = records.get(_id(row))
    if record is None:
        return f"{row.origin} is gone"
    view = connector.view(record)
    changed = [name for name, value in row.origin_view.items() if (view.get(name) or "") != (value or "")]
    return f"{row.origin} changed since the plan: {', '.join(changed)}" if changed else ""
