"""Once everything is written, every profile is read once more: a sync or a job of the vendor may have undone a write."""

from collections.abc import Iterable, Iterator, Sequence

from connectors.base import Record
from jobs.corrections import Correction
from jobs.writer import AGAIN, Writer

_ENDS = frozenset({"erase", "merge"})
"""After these the profile is gone, with all that was written to it before."""
AT_ONCE = 100
"""So many profiles are asked for in one go."""


def second_look(writer: Writer, rows: Sequence[Correction]) -> Iterator[Correction]:
    """Those of the verified corrections of one source that no longer show what they wrote; in doubt from now on.

    Of several that wrote one field of a profile, the last counts. Raises VendorError.
    """
    ends = [row for row in rows if row.action in _ENDS]
    for row in ends:
        if writer.still_there(row) and not (row.action == "erase" and writer.connector.capabilities.erases_later):
            yield writer.journal.move(row, "unknown", f"{AGAIN}status")
    gone = {_profile(row) for row in ends}
    rows = [row for row in rows if _profile(row) not in gone]
    last = _last_words(rows)
    records: dict[str, Record | None] = {}
    ids = sorted({_profile(row) for row in rows})
    for start in range(0, len(ids), AT_ONCE):
        records |= writer.connector.fetch(ids[start : start + AT_ONCE])
    for row in rows:
        record = records.get(_profile(row))
        lost = ["profile"] if record is None else writer.missing(row, writer.connector.view(record))
        if names := [name for name in lost if last.get((_profile(row), name), row.seq) == row.seq]:
            yield writer.journal.move(row, "unknown", f"{AGAIN}{', '.join(names)}")


def _last_words(rows: Iterable[Correction]) -> dict[tuple[str, str], int]:
    """Per profile and field, the place of the correction that wrote it last."""
    return {(_profile(row), name): row.seq for row in sorted(rows, key=lambda row: row.seq) for name in row.after}


def _profile(row: Correction) -> str:
    return row.new_id or row.profile_id or ""
