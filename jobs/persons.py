"""Before anybody is erased, or shown what is kept: are these profiles one person, and which that are gone were theirs (G6, G10)?

A customer is what stored links, keys and words tie together; a wrong link ties two people. What a system has merged away or
deleted stands in no list any more, and still in older exports here.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs import match, phones, prepare, snapshot
from jobs.errors import ConfigError, IncompleteExport
from jobs.warehouse import Warehouse
from jobs.workspace import Workspace

Member = tuple[str, str]
"""A profile: source, id."""

# beside the pairs that share a key, all pairs of the customer's own profiles
_OWN_PAIRS = """
insert into candidate_pairs
select a.n as left_n, b.n as right_n
from people as a
join own as x on x.source = a.source and x.id = a.id
join people as b on b.n > a.n
join own as y on y.source = b.source and y.id = b.id
left join pair_keys as k on k.left_n = a.n and k.right_n = b.n
where k.left_n is null
"""
_JUDGED = """
select a.source, a.id, b.source as other_source, b.id as other_id, c.outcome
from compared as c
join people as a on a.n = c.left_n
join people as b on b.n = c.right_n
order by a.n, b.n
"""


def must_be_one(workspace: Workspace, members: Sequence[Member]) -> None:
    """Raises ConfigError where two of the profiles look like two people, as with a link that names the wrong one (G6, G8)."""
    for one, other, outcome in _judged(workspace, members, ()):
        if outcome in {"household", "apart"}:
            left, right = f"{one[0]}:{one[1]}", f"{other[0]}:{other[1]}"
            raise ConfigError(
                f"{left} and {right} are tied as one customer, and look like two people (G6): nobody is erased or shown "
                f"along with another. Where they are one, `rollcall decide same pair {left} {right} --why TEXT`; where not, "
                f"set the link right, or `rollcall decide not_same pair {left} {right} --why TEXT`, and let a night run"
            )


def former(workspace: Workspace, members: Sequence[Member]) -> list[Member]:
    """Profiles in older exports that no list has any more and that look like the same person: merged away, or deleted (G10)."""
    gone = [found for source in workspace.settings.sources for found in _gone(workspace, source)]
    theirs, own = set[Member](), set(members)
    for one, other, outcome in _judged(workspace, members, gone):
        if outcome == "link" and (one in own) is not (other in own):
            theirs.add(other if one in own else one)
    return sorted(theirs)


def _judged(
    workspace: Workspace, members: Sequence[Member], gone: Sequence[tuple[str, Path, Collection[str]]]
) -> list[tuple[Member, Member, str]]:
    """What each two of them say about each other, as matching compares them."""
    with _loaded(workspace, members, gone) as scratch:
        scratch.connection.execute("create table own (source varchar, id varchar)")
        scratch.insert("own", members)
        limits = {"shared_by": workspace.settings.match.placeholders.shared_by, "crowd": match.CROWD}
        scratch.insert("nicknames", match.nicknames())
        scratch.run("keys", today=workspace.today(), **limits)
        scratch.run("match/pairs")
        scratch.connection.execute(_OWN_PAIRS)
        scratch.run("similar")
        scratch.run("match/compare", silence=workspace.settings.match.silence)
        rows = scratch.rows(_JUDGED)
    return [((r["source"], r["id"]), (r["other_source"], r["other_id"]), r["outcome"]) for r in rows]


@contextmanager
def _loaded(
    workspace: Workspace, members: Sequence[Member], gone: Sequence[tuple[str, Path, Collection[str]]]
) -> Iterator[Warehouse]:
    """A warehouse that holds these profiles and no others."""
    settings, state = workspace.settings, workspace.state
    with Warehouse() as scratch:
        prepare.configure(scratch, settings, workspace.connectors)
        prepare.remember(scratch, {}, state.decisions_in_force(workspace.today()))
        for name, s in settings.sources.items():
            row = (name, s.kind, s.role, None, s.region, s.logins, False, None, True, True, None, None, None)
            scratch.insert("sources", [row])
            last = state.last_certified(name)
            ids = [one for source, one in members if source == name]
            if last is not None and ids:
                _shape(scratch, workspace, name, workspace.folder / last.path, ids)
        for name, folder, older in gone:
            _shape(scratch, workspace, name, folder, older)
        _spell(scratch)
        yield scratch


def _shape(scratch: Warehouse, workspace: Workspace, source: str, folder: Path, ids: Collection[str]) -> None:
    """Some profiles of one snapshot; one that cannot be read says nothing, and goes as a whole with a request."""
    try:
        id_field = snapshot.opened(folder, workspace.vault).id_field
        reader = snapshot.read(folder, workspace.vault)
    except (IncompleteExport, OSError):
        return
    wanted, place = pa.array(sorted(ids), pa.string()), reader.schema.get_field_index(id_field)
    batches = [b.filter(pc.is_in(b.column(place).cast(pa.string()), value_set=wanted)) for b in reader]
    connector = workspace.connectors[source]
    found = prepare.widened(pa.RecordBatchReader.from_batches(reader.schema, batches), connector)
    scratch.shape(source, connector.shape, workspace.settings.sources[source].region, found)


def _spell(scratch: Warehouse) -> None:
    raw: list[dict[str, Any]] = scratch.rows(
        """select distinct u.raw, s.region from (
          select source, phone as raw from profiles
          union
          select source, phone_2 as raw from profiles
        ) as u join sources as s on s.source = u.source where u.raw is not null"""
    )
    read = [(row["raw"], row["region"], phones.parse(row["raw"], row["region"])) for row in raw]
    scratch.insert("phones", [(text, region, phone.e164, phone.why) for text, region, phone in read])


def _gone(workspace: Workspace, source: str) -> Iterator[tuple[str, Path, set[str]]]:
    """The older snapshots of a source, newest first, each with the ids that no newer one has."""
    last = workspace.state.last_certified(source)
    if last is None:
        return
    newest = workspace.folder / last.path
    seen = _ids(workspace, newest)
    for folder in sorted(newest.parent.glob("*"), reverse=True):
        if seen and folder != newest and (found := _ids(workspace, folder) - seen):
            seen |= found
            yield source, folder, found


def _ids(workspace: Workspace, folder: Path) -> set[str]:
    try:
        return set(snapshot.ids(folder, workspace.vault))
    except (IncompleteExport, OSError):
        return set()
