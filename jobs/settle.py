"""A plan is proven to settle before it is applied (W2): it is tried out on a copy, night after night, until nothing moves.

The copy holds the profiles that the plan can have to do with, and no others; everything in it is set work in SQL.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import sql
from jobs import detect, match, plan
from jobs.corrections import CREATED, Correction, CorrectionState
from jobs.settings import Match
from jobs.vault import Vault
from jobs.warehouse import Warehouse
from jobs.writer import plain

NIGHTS = 6
"""So many nights are played; what still changes then never settles."""
UNSETTLED = "does_not_settle"
"""What a correction needs that would be undone: the word of a person who knows, on this very one."""

_TRIED = frozenset({"update", "create", "relink", "add_note", "add_tag", "opt_out", "set_group", "archive", "restore"})
_PLACES = """
select w.correction, g.label
from people as p
join (
  select correction, source, id from writes
  union
  select correction, origin_source as source, origin_id as id from writes
) as w on w.source = p.source and w.id = p.id
join near_groups as g on g.n = p.n
"""
_CUT = {
    "profiles": "select * from cut_profiles",
    "phones": """
select h.raw, h.region, h.e164, h.why
from phones as h
join (
  select p.phone as raw, s.region from cut_profiles as p join sources as s on s.source = p.source
  union
  select p.phone_2 as raw, s.region from cut_profiles as p join sources as s on s.source = p.source
) as c on c.raw = h.raw and c.region = h.region
""",
    "roll": "select r.source, r.id, r.entity_id from next_roll as r join cut as c on c.source = r.source and c.id = r.id",
    "bases": "select b.* from next_bases as b join cut as c on c.source = b.ecom_source and c.id = b.ecom_id",
    "outs": "select * from cut_outs",
    # a value that too many share is a placeholder in the copy too, where those many are not (G5)
    "placeholder_list": """
select key_kind, pattern from placeholder_list
union
select k.key_kind, k.key as pattern
from all_keys as k
join placeholders as h on h.key_kind = k.key_kind and h.key = k.key and h.why <> 'listed'
join people as w on w.n = k.n
join cut as c on c.source = w.source and c.id = w.id
""",
}
_SAME = {
    "sources": "select * from sources",
    "standins": "select * from standins",
    "pairings": "select * from pairings",
    "match_rules": "select * from match_rules",
    "field_policies": "select * from field_policies",
    "action_policies": "select * from action_policies",
    "capabilities": "select * from capabilities",
    "link_keys": "select * from link_keys",
    "markers": "select * from markers",
    "group_names": "select * from group_names",
    "decisions": "select * from decisions",
    "tombstones": "select * from tombstones",
    "filled": "select * from lost_fields",
    "quarantine": "select * from quarantine",
    "synced": """
select l.preset, t.ecom_source, t.ecom_id, t.pos_source, t.pos_id
from ties as t
join pairings as l on l.pairing = t.pairing and l.pos = t.pos_source and l.vendor_sync
""",
}
"""What the configuration and people say is the same in the copy, and so is whom the vendors keep alike."""

Target = tuple[str, str, str]
"""Source, profile and field that are written; a profile that is still to be made is called by its correction."""


@dataclass(frozen=True, slots=True)
class Means:
    """What trying out works with. The keys are those of the night itself: entities and bases have to be told again.

    `quoted`: a correction with the rules of its own pairing alone, for the words of a loop.
    """

    vault: Vault
    match: Match
    today: date
    entity_key: str
    finding_key: str
    quoted: Callable[[Correction], Correction] = lambda correction: correction


@dataclass(frozen=True, slots=True)
class _Wrote:
    """One field as a correction, or a vendor's sync after it, left it."""

    correction_id: str
    before: str | None
    after: str | None
    by: str


def settled(warehouse: Warehouse, corrections: Sequence[Correction], means: Means) -> list[Correction]:
    """The corrections again: one that would be undone, or planned anew once written, is held with the loop shown (W2).

    `warehouse` as planning left it. Tried out are those that can be written, the ones that wait for a person too.
    """
    going = _tried_out(corrections)
    if not going:
        return list(corrections)
    _cut(warehouse, going)
    loops: dict[str, str] = {}
    tried = going
    while found := _Trial(
        warehouse, means, tried, {c.correction_id for c in going} - {c.correction_id for c in tried}
    ).loops():
        loops |= found
        tried = [c for c in _beside(warehouse, going, found) if c.correction_id not in loops]
        if not tried:
            break
        warehouse.drop("near_seeds", "near_groups", "cut", "cut_profiles", "cut_outs")
        _cut(warehouse, tried)
    return [_held(c, loops[c.correction_id]) if c.correction_id in loops else c for c in corrections]


def _beside(warehouse: Warehouse, corrections: Iterable[Correction], found: Mapping[str, str]) -> list[Correction]:
    """Of the corrections those that have to do with one that was found to go round: without it they may fare otherwise."""
    places: defaultdict[str, set[int]] = defaultdict(set)
    for row in warehouse.rows(_PLACES):
        places[row["correction"]].add(row["label"])
    near = {label for name in found for label in places[name]}
    return [c for c in corrections if not near.isdisjoint(places[c.correction_id])]


def _tried_out(corrections: Iterable[Correction]) -> list[Correction]:
    """Those for which a person's word is all that they may wait for, or a correction before them that is tried out too."""
    corrections = list(corrections)
    others = {c.correction_id for c in corrections if c.action not in _TRIED}
    return [
        c
        for c in corrections
        if c.correction_id not in others
        and others.isdisjoint(c.follows)
        and (c.state != "blocked" or c.blocked_by in c.follows)
    ]


def _held(correction: Correction, loop: str) -> Correction:
    state: CorrectionState = "blocked" if correction.state == "blocked" else "held"
    needs = tuple(dict.fromkeys((*correction.needs, "approval", UNSETTLED)))
    return replace(correction, state=state, needs=needs, asks=(*correction.asks, f"it does not settle (W2): {loop}"))


@dataclass(slots=True)
class _Trial:
    """One course of nights from the plan on. `left`: corrections of tonight that are left as they are."""

    tonight: Warehouse
    means: Means
    plan: Sequence[Correction]
    left: Container[str]
    regions: dict[str, str] = field(default_factory=dict)
    alone: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    wrote: defaultdict[Target, list[_Wrote]] = field(default_factory=lambda: defaultdict(list))
    closed: set[Target] = field(default_factory=set)
    found: dict[str, str] = field(default_factory=dict)

    def loops(self) -> dict[str, str]:
        """Of the plan's corrections those that go round, with how."""
        rows = self.tonight.rows("select source, region from sources")
        self.regions = {row["source"]: row["region"] for row in rows}
        night, going = self.tonight, list(self.plan)
        try:
            for _ in range(NIGHTS):
                going = self._write(going)
                night = self._next_night(night, going)
                planned = plan.plan(night, self.means.vault)
                going = [c for c in _tried_out(planned) if self._goes_on(c)]
                if not going:
                    return self.found
            for correction in going:
                self._loop(correction, 0)
            return self.found
        finally:
            self._close(night)

    def _write(self, corrections: Iterable[Correction]) -> list[Correction]:
        """Those that are written on one night: of several that want one field the first. They are noted."""
        taken: set[Target] = set()
        written = []
        for correction in corrections:
            targets = set(_targets(correction))
            if targets & taken:
                continue
            taken |= targets
            written.append(correction)
            self.done.add(correction.correction_id)
            for target in targets:
                self.wrote[target].append(self._noted(correction, target[2]))
        return written

    def _noted(self, correction: Correction, name: str) -> _Wrote:
        said = self.means.quoted(correction)
        by = f"{said.pairing} ({', '.join(said.rule_ids)})" + (f" from {said.origin}" if said.origin else "")
        before, after = correction.before.get(name), _value(correction.after[name])
        return _Wrote(correction.correction_id, before, after, by)

    def _next_night(self, before: Warehouse, corrections: Sequence[Correction]) -> Warehouse:
        """The night after: what was written, what the vendors' own syncs make of it, matched and judged anew."""
        if before is not self.tonight:
            _cut(before, corrections)
        rows = before.rows("select source, id from cut where alone")
        self.alone = {f"{row['source']}:{row['id']}" for row in rows}
        copy = Warehouse()
        for table, query in {**_SAME, **_CUT}.items():
            copy.load(table, before.reader(query))
        self._close(before)
        copy.insert("writes", _writes(corrections))
        _apply(copy)
        self._push(copy)
        match.match(copy, self.means.match, today=self.means.today, key=self.means.entity_key)
        detect.judge(copy, today=self.means.today, key=self.means.finding_key)
        return copy

    def _push(self, copy: Warehouse) -> None:
        """What the vendors set by themselves (T5, C1, C2, X1, M1), once."""
        if not copy.count("select count(*) from pairings where vendor_sync"):
            return
        for script in sql.folder("syncs"):
            (query,) = script.statements
            copy.connection.execute(f"insert into pushed by name {query}")
        copy.run("settle/pushes")
        pushes = copy.rows("select * from pushes order by source, id, name")
        for row in pushes:
            by = f"the sync of {row['by_source']}:{row['by_id']} ({row['rules']})"
            noted = _Wrote(row["correction"], row["before"], row["value"], by)
            self.wrote[row["source"], row["id"], row["name"]].append(noted)
        copy.connection.execute("delete from writes")
        copy.insert(
            "writes",
            [
                (p["correction"], p["seq"], p["source"], p["id"], False, None, None, p["name"], p["value"])
                for p in pushes
            ],
        )
        _apply(copy)

    def _goes_on(self, correction: Correction) -> bool:
        """Whether it is a change that follows from what was written; one that goes round is noted, and is none."""
        targets = list(_targets(correction))
        if not targets or self._is_left(correction) or not self.closed.isdisjoint(targets):
            return False
        if "choice" in correction.needs and self.wrote.keys().isdisjoint(targets):
            return False  # a new question for a person is nothing that happens by itself
        back = [self._back(target, _value(correction.after[target[2]])) for target in targets]
        if None in back and correction.correction_id not in self.done:
            return True
        self._loop(correction, min((at for at in back if at is not None), default=0))
        return False

    def _is_left(self, correction: Correction) -> bool:
        who = {f"{correction.source}:{_profile(correction)}", correction.origin}
        return correction.correction_id in self.left or not self.alone.isdisjoint(who)

    def _back(self, target: Target, value: str | None) -> int | None:
        """Since which of its changes the field comes back to this value; None where it never had it."""
        name, region = target[2], self.regions[target[0]]
        for at, wrote in enumerate(self.wrote.get(target, ())):
            if plain(name, value, region) in {plain(name, wrote.before, region), plain(name, wrote.after, region)}:
                return at
        return None

    def _loop(self, correction: Correction, since: int) -> None:
        """Note whoever takes part: those that wrote one of its fields since, and those that would have."""
        targets = sorted(_targets(correction))
        self.closed |= set(targets)
        text = self._told(correction, max(targets, key=lambda target: len(self.wrote.get(target, ()))), since)
        steps = {step.correction_id for target in targets for step in self.wrote.get(target, ())[since:]}
        for c in self.plan:
            if c.correction_id in steps | {correction.correction_id} or not set(targets).isdisjoint(_targets(c)):
                self.found.setdefault(c.correction_id, text)

    def _told(self, correction: Correction, target: Target, since: int) -> str:
        """Who changes what back, by which rule."""
        steps = [f"set by {step.by}" for step in self.wrote.get(target, ())[since:]]
        again = correction.correction_id in self.done
        steps.append("planned again" if again else f"set by {self._noted(correction, target[2]).by}")
        source, profile, name = target
        what = f"{source}:{profile} {name.replace('_', ' ')}" if correction.profile_id else f"a profile in {source}"
        return f"{what}: {'; then '.join(steps)}; and so on, night after night"

    def _close(self, night: Warehouse) -> None:
        if night is not self.tonight:
            night.close()


def _cut(warehouse: Warehouse, corrections: Iterable[Correction]) -> None:
    """Mark the part of the profiles that these corrections can have to do with: what else there is, is at rest."""
    warehouse.connection.execute("delete from writes")
    warehouse.insert("writes", _writes(corrections))
    warehouse.run("settle/near")
    match.components(warehouse, "near_edges", "near_groups")
    warehouse.drop("near_edges")
    warehouse.run("settle/cut")


def _apply(copy: Warehouse) -> None:
    """What is in `writes` happens to the profiles."""
    copy.run("settle/written")
    copy.drop("profiles")
    copy.connection.execute("alter table applied rename to profiles")


def _profile(correction: Correction) -> str:
    return correction.profile_id or f"new-{correction.correction_id}"


def _targets(correction: Correction) -> Iterator[Target]:
    return ((correction.source, _profile(correction), name) for name in correction.after)


def _value(value: str | None) -> str | None:
    """A value with the id of the profile that is made for it."""
    return f"new-{value.removeprefix(CREATED)}" if value is not None and value.startswith(CREATED) else value


def _writes(corrections: Iterable[Correction]) -> list[tuple[object, ...]]:
    """Rows of the table `writes`: one per field."""
    return [
        (
            c.correction_id, number, c.source, _profile(c), c.profile_id is None,
            *(c.origin.split(":", 1) if c.origin else (None, None)), name, _value(value),
        )
        for number, c in enumerate(corrections, start=1)
        for name, value in c.after.items()
    ]  # fmt: skip
