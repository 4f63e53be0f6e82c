"""Following privacy requests through the nights: read back, closed, and back again (G10, M15).

A task is closed by a certified list and by the vendor's own answer, never by a write that went well.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors._erasing import BY_API, by_hand
from connectors.base import VendorError
from jobs import erasures, kept, shred, snapshot
from jobs.erasures import Request, Task
from jobs.errors import ConfigError, IncompleteExport
from jobs.warehouse import Warehouse
from jobs.workspace import Workspace
from reports.words import many, plural

_LOST = "no longer configured: erase there, then `rollcall erase --done SOURCE:ID --reason TEXT`"


@dataclass(frozen=True, slots=True)
class Mark:
    """One of tonight's profiles that a tombstone names. `blank`: nothing personal is left on it."""

    source: str
    id: str
    request: int
    blank: bool


def follow(workspace: Workspace, warehouse: Warehouse, certified: Collection[str]) -> list[str]:
    """Move every task on by tonight's lists, forget here who is gone there, and put what is left into the warehouse.

    Nothing is concluded from a source without a certificate tonight (G1). Returns sentences for the report.
    """
    requests = {request.request: request for request in erasures.requests(workspace.state)}
    if not requests:
        return []
    marks = [
        Mark(**row) for row in warehouse.rows("select source, id, request, blank from held_out order by source, id")
    ]
    marks = [mark for mark in marks if mark.source in certified]
    # a source that nobody could look at before is closed after its profiles have tasks, else they would seem to be back
    said = [*_found(workspace, marks, requests), *_read_back(workspace, marks, certified)]
    finish(workspace)
    today = workspace.today()
    waiting = [
        task
        for task in erasures.tasks(workspace.state, {"open"})
        if task.profile_id and task.waits(today) and task.source in workspace.connectors
    ]
    asked = erasures.asked(workspace.state)
    rows = [_row(workspace, requests[task.request], task, today, asked) for task in waiting]
    warehouse.insert("erasure_tasks", rows)
    return [*said, *told(workspace)]


def is_begun(workspace: Workspace) -> bool:
    """Whether something is left to be forgotten here."""
    unpurged = any(not request.purged for request in erasures.requests(workspace.state))
    return unpurged or bool(erasures.tasks(workspace.state, {"gone"}))


def finish(workspace: Workspace) -> None:
    """Forget here whoever was read back as gone, and whatever a request that was killed had not forgotten yet."""
    state, whom = workspace.state, defaultdict[str, set[str]](set)
    gone = erasures.tasks(state, {"gone"})
    begun = [request.request for request in erasures.requests(state) if not request.purged]
    for task in erasures.tasks(state):
        if task.profile_id and (task.state == "gone" or task.request in begun):
            whom[task.source].add(task.profile_id)
    shred.forget(place(workspace), whom)
    erasures.close(state, gone, workspace.today(), workspace.clock.now())
    for number in begun:
        erasures.set_purged(state, number)


def told(workspace: Workspace) -> list[str]:
    """A sentence per request that is not through, with its clock; the most urgent first."""
    today, open_tasks = workspace.today(), defaultdict[int, list[Task]](list)
    for task in erasures.tasks(workspace.state, {"open"}):
        open_tasks[task.request].append(task)
    due = sorted(
        (r for r in erasures.requests(workspace.state) if open_tasks[r.request]), key=lambda r: (r.due, r.request)
    )
    known = workspace.settings.sources
    return [_clock(request, open_tasks[request.request], known, today) for request in due]


def whole(workspace: Workspace, who: str) -> list[tuple[str, str]]:
    """Every profile (source, id) of the customer to whom `SOURCE:ID` belongs, by the last night. Raises ConfigError."""
    source, _, profile_id = who.partition(":")
    if source not in workspace.settings.sources or not profile_id:
        known = ", ".join(workspace.settings.sources)
        raise ConfigError(f"{who}: a profile is SOURCE:ID (quoted where the id holds blanks); sources: {known}")
    table = kept.read(workspace.folder, workspace.vault, workspace.state, "entities")
    if table is None:
        raise ConfigError("nothing was read yet, so nobody knows whose profile that is: `rollcall run` first")
    here = table.filter(pc.and_(pc.equal(table["source"], source), pc.equal(table["profile_id"], profile_id)))
    if not here.num_rows:
        raise ConfigError(f"{who}: no such profile in the last night; `rollcall run` reads the sources anew")
    entity = here["entity_id"][0].as_py()
    if entity:
        here = table.filter(pc.equal(table["entity_id"], entity))
    return sorted(zip(here["source"].to_pylist(), here["profile_id"].to_pylist(), strict=True))


def profiles(workspace: Workspace, source: str, ids: Collection[str]) -> list[dict[str, Any]]:
    """Some profiles of a source as they were last certified, all columns; none where no export is kept.

    Raises ConfigError where it cannot be read.
    """
    row = workspace.state.last_certified(source)
    folder = workspace.folder / row.path if row and row.path else None
    if folder is None or not folder.exists():
        return []
    try:
        id_field = snapshot.opened(folder, workspace.vault).id_field
    except IncompleteExport as error:
        raise ConfigError(str(error)) from error
    reader = snapshot.read(folder, workspace.vault)
    wanted, column = pa.array(sorted(ids), pa.string()), reader.schema.get_field_index(id_field)
    batches = [b.filter(pc.is_in(b.column(column).cast(pa.string()), value_set=wanted)) for b in reader]
    with Warehouse() as scratch:
        found = pa.RecordBatchReader.from_batches(reader.schema, batches)
        scratch.shape(source, workspace.connectors[source].shape, workspace.settings.sources[source].region, found)
        return scratch.rows("select * from profiles order by id")


def place(workspace: Workspace) -> shred.Place:
    return shred.Place(workspace.folder, workspace.vault, workspace.state, workspace.journal, workspace.clock)


def _read_back(workspace: Workspace, marks: Sequence[Mark], certified: Collection[str]) -> Iterator[str]:
    """What was open and shows nobody any more, in the list and by id."""
    still = {(mark.source, mark.id) for mark in marks if not mark.blank}
    named = {(mark.request, mark.source) for mark in marks if not mark.blank}
    for task in erasures.tasks(workspace.state, {"open"}):
        if task.source not in certified or (task.source, task.profile_id) in still:
            continue
        if not task.profile_id:
            # nobody could look when the request came; whoever is there by now has a task of their own
            erasures.close(workspace.state, [task], workspace.today(), workspace.clock.now())
            if (task.request, task.source) not in named:
                yield f"privacy request {task.request}: nobody to erase in {task.source}"
            continue
        try:
            shown = workspace.connectors[task.source].erasure(task.profile_id)
        except (VendorError, KeyError) as error:
            yield f"privacy request {task.request}: {task.source}:{task.profile_id} could not be read back: {error}"
            continue
        if shown == "gone":
            erasures.set_gone(workspace.state, task)
            yield f"privacy request {task.request}: erased in {task.source}, read back {workspace.today()}"


def _found(workspace: Workspace, marks: Sequence[Mark], requests: Mapping[int, Request]) -> Iterator[str]:
    """A task for each profile of the person that has none: a copy that came up late, or one that is back (G10)."""
    known = erasures.tasks(workspace.state)
    has_one = {(task.request, task.source, task.profile_id) for task in known if task.state != "closed"}
    closed = {(task.request, task.source) for task in known if task.state == "closed"}
    still_open = {(task.request, task.source) for task in known if task.state == "open"}
    for mark in marks:
        where = (mark.request, mark.source)
        if mark.blank or (*where, mark.id) in has_one:
            continue
        back = where in closed and where not in still_open
        now = workspace.clock.now()
        erasures.add_tasks(workspace.state, [Task(mark.request, mark.source, mark.id, now, back=back)])
        stone = erasures.stone_of(workspace.vault, "id", mark.source, mark.id)
        erasures.add_stones(workspace.state, requests[mark.request], [stone])
        how = "is back" if back else "was found as well"
        yield f"privacy request {mark.request}: {mark.source}:{mark.id} {how}"


def _row(workspace: Workspace, request: Request, task: Task, today: date, asked: Collection[int]) -> tuple[object, ...]:
    days = (request.due - today).days
    return (
        task.request, task.source, task.profile_id, request.law, request.received, request.due, days, task.back,
        task.task in asked, way(workspace, task.source, asked=task.task in asked),
    )  # fmt: skip


def way(workspace: Workspace, source: str, *, asked: bool = False) -> str:
    """How a profile is erased in a source: what a correction does, or what a person does."""
    connector = workspace.connectors.get(source)
    if connector is None:
        return f"{source} is no longer configured: erase the customer there by hand"
    kind, can = connector.settings.kind, connector.capabilities
    if asked and can.erases_later:
        return "the vendor was asked and erases in its own time; it is closed once a list shows nobody"
    if "erase" in can.actions:
        return BY_API.get(kind, "the vendor's API erases it")
    off = f"writes are off for {source}, so a person does it: " if kind in BY_API and not can.hands_over else ""
    return f"{off}{by_hand(kind)}"


def _clock(request: Request, tasks: Sequence[Task], known: Collection[str], today: date) -> str:
    days = (request.due - today).days
    waiting = [task for task in tasks if task.waits(today)]
    kept = sorted({f"{task.source} (kept by law until {task.kept_until})" for task in tasks if not task.waits(today)})
    where = ", ".join(
        [*sorted({task.source if task.source in known else f"{task.source} ({_LOST})" for task in waiting}), *kept]
    )
    left = f"in {many(days, 'day')}" if days >= 0 else f"OVERDUE by {many(-days, 'day')}"
    if not waiting:
        left = "nothing to do before that"
    number = len({task.source for task in tasks})
    return (
        f"privacy request {request.request} ({request.law}): due {request.due}, {left}; "
        f"{many(number, 'source')} {plural(number, 'is')} not closed yet: {where}"
    )
