"""Many corrections of one source in one operation of its vendor, each as safe as if it were written alone.

Every row is read and compared just before, its intent is durable before anything is sent, the vendor's result counts for the
row that it names, and every row is read back. What the result does not name is in doubt until the profile itself tells.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from connectors.base import Capabilities, Change, Record, VendorError
from jobs.corrections import FAILED, Correction
from jobs.writer import NOT_SENT, PausedError, Writer, change_of, without_values

BATCHED = "in one operation with others"
"""How the detail of a row begins whose operation may still run at the vendor: reading settles nothing until it has ended."""
AT_ONCE = 100
"""So many profiles are asked for in one go."""


def is_batched(row: Correction) -> bool:
    return row.state in {"intended", "unknown"} and row.detail.startswith(BATCHED)


def batches(rows: Sequence[Correction], can: Capabilities) -> list[list[Correction]]:
    """What is worth writing together, in as few even parts as the vendor takes: one action, the same fields, each profile once."""
    if not can.together:
        return []
    touched = Counter(row.profile_id for row in rows)
    alike = defaultdict[tuple[str, ...], list[Correction]](list)
    for row in rows:
        if row.action in can.together and touched[row.profile_id] == 1 and not row.brought_by:
            alike[row.action, *sorted(row.after)].append(row)
    found = []
    for some in (some for some in alike.values() if len(some) >= can.together_from):
        size = -(-len(some) // -(-len(some) // can.together_at_most))
        found += [some[start : start + size] for start in range(0, len(some), size)]
    return found


def write(writer: Writer, rows: Sequence[Correction]) -> Iterator[list[Correction]]:
    """Write ready rows together, but those that have to go singly after all, which stay ready; gives what came to an end.

    Raises VendorError where nothing was begun, and PausedError.
    """
    for row in rows:
        writer.at("before_intent", row)
    records = _read(writer, rows)
    against = {row.correction_id: writer.not_as_judged(row, records.get(row.profile_id or "")) for row in rows}
    yield [writer.journal.move(row, "handed_back", why) for row in rows if (why := against[row.correction_id])]
    fit = {row.correction_id: row for row in rows if not against[row.correction_id]}
    changes = writer.connector.alike([change_of(row, records.get(row.profile_id or "")) for row in fit.values()])
    if changes:
        yield _written(writer, [fit[change.key] for change in changes], changes, records)


def _written(
    writer: Writer, rows: Sequence[Correction], changes: Sequence[Change], records: Mapping[str, Record | None]
) -> list[Correction]:
    if not writer.may_write():
        raise PausedError
    rows = [_step(writer, "after_intent", writer.journal.move(row, "intended", BATCHED)) for row in rows]
    try:
        told: Mapping[str, VendorError | None] = writer.connector.write_all(changes)
    except VendorError as error:
        if error.effect == "none":
            for row in rows:
                writer.journal.move(row, "ready", NOT_SENT)
            raise
        told = {row.correction_id: error for row in rows}
    for row in rows:
        writer.at("after_write", row)
    rows = [_outcome(writer, row, told) for row in rows]
    return _read_back(writer, rows, records)


def _outcome(writer: Writer, row: Correction, told: Mapping[str, VendorError | None]) -> Correction:
    error = told.get(row.correction_id, VendorError("the result does not name it", permanent=False, effect="unknown"))
    if error is None:
        return _step(writer, "after_outcome", writer.journal.move(row, "applied"))
    said = without_values(str(error), row)
    if error.effect == "none":
        return writer.journal.move(row, "refused", said)
    return writer.journal.move(row, "unknown", f"{BATCHED}: {said}")


def _read_back(writer: Writer, rows: Sequence[Correction], before: Mapping[str, Record | None]) -> list[Correction]:
    """Every row that may be written, by its own profile; of what is in doubt only what shows counts as written."""
    begun = [row for row in rows if row.state != "refused"]
    try:
        records = _read(writer, begun)
    except VendorError as error:
        said = f"not read back: {error}"
        return [writer.journal.move(row, "unknown", said) if row.state == "applied" else row for row in rows]
    done = []
    for row in rows:
        record, was = records.get(row.profile_id or ""), before.get(row.profile_id or "")
        if row.state == "applied":
            done.append(writer.read_back(row, record, None if was is None else writer.connector.view(was)))
        elif row.state in FAILED - {"refused"} and record is not None and not _missing(writer, row, record):
            done.append(writer.verified(row))
        else:
            done.append(row)
    return done


def _missing(writer: Writer, row: Correction, record: Record) -> list[str]:
    return writer.missing(row, writer.connector.view(record))


def _read(writer: Writer, rows: Sequence[Correction]) -> dict[str, Record | None]:
    ids = [row.profile_id for row in rows if row.profile_id is not None]
    records: dict[str, Record | None] = {}
    for start in range(0, len(ids), AT_ONCE):
        records |= writer.connector.fetch(ids[start : start + AT_ONCE])
    return records


def _step(writer: Writer, name: str, row: Correction) -> Correction:
    writer.at(name, row)
    return row
