"""What is wrong tonight: every file under `sql/findings/` is one check, found by being there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any, get_args

import pyarrow as pa

import sql
from jobs.warehouse import Warehouse
from reports.document import Severity

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""Gravest first."""

FACE = ("first_name", "last_name", "birth_date", "phone", "email", "status")
SHOWN_WITH_FACES = 20_000
"""How many findings carry who their members are; beyond it a report would outgrow a browser."""

_TABLE = """
create table findings (
  finding_id varchar, kind varchar, pairing varchar, field varchar, anchor varchar, members varchar[], store_source varchar,
  evidence struct(name varchar, value varchar)[], proposal varchar, blocked_by varchar
)
"""
# the anchor may hold a personal value, so only its keyed hash goes on from here
_COLLECT = """
insert into findings
select
  substr(sha256(concat($key, '|finding|', $kind, '|', q.anchor, '|', q.field)), 1, 16) as finding_id, $kind as kind,
  q.pairing, q.field, q.anchor, q.members, q.store_source, q.evidence, q.proposal, q.blocked_by
from ({query}) as q
"""
_FOUND = """
select finding_id, kind, pairing, field, anchor, members, store_source, coalesce(evidence, []) as evidence,
  coalesce(proposal, '') as proposal, coalesce(blocked_by, '') as blocked_by
from findings
order by kind, finding_id
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One check, as the header of its file says it."""

    kind: str
    title: str
    rule_ids: tuple[str, ...]
    severity: Severity
    todo: tuple[str, ...]
    approve: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    who: str = "store"
    """Whose it is to do: `store` (the staff of the store that it names), `shop` or `operator`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `members` are `source:id`; `evidence` holds clear values: mask before showing."""

    finding_id: str
    check: Check
    pairing: str
    field: str
    anchor: str
    members: tuple[str, ...]
    source: str
    evidence: tuple[tuple[str, str], ...]
    proposal: str
    blocked_by: str


def checks() -> dict[str, Check]:
    """Every check there is, by kind."""
    return {script.name.split("/")[1]: _check(script) for script in sql.folder("findings")}


def detect(warehouse: Warehouse, *, today: date, key: str) -> None:
    """Judge links, drift, consent and lookups, then run every check into the table `findings`."""
    judge(warehouse, today=today, key=key)
    look(warehouse, today=today)
    for kind in checks():
        check(warehouse, kind, key=key)


def look(warehouse: Warehouse, *, today: date) -> None:
    """What only the checks read: look-ups, who is back, what moved, and who waits; after `judge`."""
    warehouse.run("lookups")
    warehouse.run("again")
    warehouse.run("returns", today=today)
    warehouse.run("moves", today=today)
    warehouse.run("pending")


def check(warehouse: Warehouse, kind: str, *, key: str) -> None:
    """Run the check of one kind into the table `findings`; after `look`."""
    (query,) = sql.script(f"findings/{kind}").statements
    warehouse.execute(_COLLECT.format(query=query), {"kind": kind, "key": key})


def judge(warehouse: Warehouse, *, today: date, key: str) -> None:
    """All that a plan reads: drift, consent, and what would be written where; `findings` is there, and empty."""
    warehouse.run("filled", key=key)
    warehouse.run("crossed")
    warehouse.run("drift", key=key, today=today)
    warehouse.run("consent/merges")
    warehouse.run("consent/voices", key=key, today=today)
    warehouse.run("consent/conflicts", today=today)
    warehouse.run("judge")
    warehouse.run("groups")
    warehouse.run("holders")
    warehouse.run("merging", key=key)
    warehouse.connection.execute(_TABLE)


def also_counted(warehouse: Warehouse, *, today: date) -> dict[str, int]:
    """Customers of whom nothing is wrong and something is to be known: who waits (X4), and whose entity changed (G7)."""
    waiting = warehouse.count("select count(distinct concat(source, ':', id)) from pending")
    what = {
        name: warehouse.count(
            "select count(distinct old_entity) from next_moves where moved_on = $day and what = $what",
            day=str(today), what=name,
        )
        for name in ("split", "merged")
    }  # fmt: skip
    return {"pending": waiting, "customers_split": what["split"], "customers_merged": what["merged"]}


def findings(warehouse: Warehouse) -> list[Finding]:
    """What was found, gravest first, then by kind and id."""
    known = checks()
    table = warehouse.reader(_FOUND).read_all()
    found = [Finding(name, known[kind], *rest) for name, kind, *rest in _rows(table)]
    return sorted(found, key=lambda f: (SEVERITIES.index(f.check.severity), f.check.kind, f.finding_id))


def with_faces(warehouse: Warehouse, found: Sequence[Finding]) -> list[Finding]:
    """The findings again, the first ones with who their members are, for a person to compare (G8). Clear values."""
    (query,) = sql.script("faces").statements
    seen: dict[str, list[tuple[str, str]]] = {}
    for row in warehouse.rows(query, most=SHOWN_WITH_FACES):
        facts = [(f"{name}@{row['member']}", row[name]) for name in FACE if row[name] is not None]
        seen.setdefault(row["finding_id"], []).extend(facts)
    return [replace(f, evidence=_joined(f.evidence, seen.get(f.finding_id, []))) for f in found]


def _joined(evidence: tuple[tuple[str, str], ...], more: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    known = {name for name, _ in evidence}
    return (*evidence, *(fact for fact in more if fact[0] not in known))


def _check(script: sql.Script) -> Check:
    header = script.header
    return Check(
        kind=script.name.split("/")[1],
        title=header["title"],
        rule_ids=_ids(header["rules"]),
        severity=next(word for word in SEVERITIES if word == header["severity"]),
        todo=script.todo,
        approve=script.approve,
        by_hand=script.by_hand,
        who=header.get("who", "store"),
    )


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    """The rows of `_FOUND`. Lists are cut out of flat columns: one at a time they would take five times as long."""
    columns = {name: table[name].to_pylist() for name in table.column_names if name not in {"members", "evidence"}}
    members, evidence = (table[name].combine_chunks() for name in ("members", "evidence"))
    names, values = (evidence.values.field(part).to_pylist() for part in ("name", "value"))
    facts = [(name or "", value or "") for name, value in zip(names, values, strict=True)]
    columns |= {"members": _cut(members.values.to_pylist(), members), "evidence": _cut(facts, evidence)}
    return zip(*(columns[name] for name in table.column_names), strict=True)


def _cut(flat: Sequence[Any], lists: pa.ListArray) -> list[tuple[Any, ...]]:
    return [tuple(flat[start:end]) for start, end in pairwise(lists.offsets.to_pylist())]


def _ids(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))
