"""The same rules in plain Python, written from the domain and not from the SQL: slow, one profile at a time, an oracle."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import combinations
from typing import Any

from nicknames import NickNamer

from tests.sql.given import parsed

_SAYS_NOTHING = {"?", "N/A", "-", ".", "UNKNOWN", "(UNKNOWN)"}
_LETTERS = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i"}
_GROUPS = [{name, *short} for name, short in NickNamer().nickname_lookup.items()]
_KNOWN = {name for group in _GROUPS if len(group) > 1 for name in group}


@dataclass
class One:
    """A profile as it compares."""

    who: str
    status: str
    first: str | None
    last: str | None
    born: date | None
    keys: set[tuple[str, str]]
    created: datetime | None
    links: dict[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        return self.who.split(":", 1)[0]


@dataclass(frozen=True)
class Tie:
    """A pairing: shop, till, rules in order."""

    ecom: str
    pos: str
    rules: tuple[str, ...]
    silence: str


class Oracle:
    """Who is who among `given`. `decisions`: (one, other) -> verdict, the strictest of both ways round."""

    def __init__(
        self, given: Iterable[tuple[str, Mapping[str, Any]]], *, regions: Mapping[str, str], pairings: Iterable[Tie], keys: tuple[str, ...],
        silence: str, decisions: Mapping[frozenset[str], str], standins: set[str], listed: str, today: date, limit: int,
    ) -> None:  # fmt: skip
        self.people = {
            who: _one(who, p, regions[who.split(":", 1)[0]], today) for who, p in given if who not in standins
        }
        self.pairings, self.keys, self.silence, self.decisions = list(pairings), keys, silence, decisions
        self._drop_placeholders(listed, limit)
        self.pairs = {pair: self._outcome(*sorted(pair)) for pair in self._sharing()}

    def _drop_placeholders(self, listed: str, limit: int) -> None:
        for kind, value in {key for one in self.people.values() for key in one.keys}:
            for source in {one.source for one in self.people.values()}:
                holders = [one for one in self.people.values() if one.source == source and (kind, value) in one.keys]
                different = max(len({o.first for o in holders} - {None}), len({o.born for o in holders} - {None}))
                if different > limit or (kind == "email" and holders and re.fullmatch(listed, value)):
                    for one in self.people.values():
                        one.keys.discard((kind, value))

    def _sharing(self) -> set[frozenset[str]]:
        found = set()
        for a, b in combinations(self.people.values(), 2):
            kinds = {kind for kind, _ in a.keys & b.keys}
            if kinds & self._allowed(a.source, b.source):
                found.add(frozenset((a.who, b.who)))
        return found

    def _allowed(self, one: str, other: str) -> set[str]:
        own = {rule for t in self.pairings if {t.ecom, t.pos} == {one, other} for rule in t.rules}
        return {*self.keys, *own}

    def _outcome(self, one: str, other: str) -> str:
        if verdict := self.decisions.get(frozenset((one, other))):
            return {"same": "link", "not_same": "apart"}[verdict]
        a, b = self.people[one], self.people[other]
        name, birth = _names(a, b), _births(a, b)
        if False in (name, birth):
            return "household"
        if True in (name, birth):
            return "link"
        own = [
            t.silence for t in self.pairings if {t.ecom, t.pos} == {a.source, b.source} and t.silence != self.silence
        ]
        return own[0] if own else self.silence

    def links(self, tie: Tie) -> set[tuple[str, str, str]]:
        """(shop profile, till profile, state) as one pairing sees them."""
        found = set()
        for shop in self.people.values():
            if shop.source != tie.ecom or shop.status != "active":
                continue
            if tie.pos in shop.links:
                till = f"{tie.pos}:{shop.links[tie.pos]}"
                found.add((shop.who, till, self._state(till)))
            elif match := self._match(shop, tie):
                found.add((shop.who, match.who, match.status))
        return found

    def _state(self, who: str) -> str:
        return self.people[who].status if who in self.people else "deleted"

    def _match(self, shop: One, tie: Tie) -> One | None:
        for rule in tie.rules:
            hits = [
                one
                for one in self.people.values()
                if one.source == tie.pos and one.status in {"active", "archived"} and any(k == rule for k, _ in shop.keys & one.keys)
                and self.pairs[frozenset((shop.who, one.who))] != "apart"
            ]  # fmt: skip
            if hits:
                first = min(hits, key=lambda one: self._rank(shop, one))
                return first if self.pairs[frozenset((shop.who, first.who))] == "link" else None
        return None

    def _rank(self, shop: One, one: One) -> tuple[Any, ...]:
        outcome = self.pairs[frozenset((shop.who, one.who))]
        profile_id = one.who.split(":", 1)[1]
        return (
            ("link", "candidate", "household").index(outcome), one.status != "active", one.created is None, one.created or datetime.max,
            not profile_id.isdigit(), int(profile_id) if profile_id.isdigit() else 0, profile_id,
        )  # fmt: skip

    def entities(self) -> set[frozenset[str]]:
        """Connected components by union-find."""
        root = {who: who for who in self.people}

        def find(who: str) -> str:
            while root[who] != who:
                root[who] = root[root[who]]
                who = root[who]
            return who

        for tie in self._ties():
            one, other = tuple(tie)
            if self.decisions.get(tie) != "not_same":
                root[find(one)] = find(other)
        groups: dict[str, set[str]] = {}
        for who in root:
            groups.setdefault(find(who), set()).add(who)
        return {frozenset(group) for group in groups.values()}

    def _ties(self) -> Iterable[frozenset[str]]:
        yield from (pair for pair, outcome in self.pairs.items() if outcome == "link")
        for pairing in self.pairings:
            for shop in self.people.values():
                till = f"{pairing.pos}:{shop.links.get(pairing.pos)}"
                if (
                    shop.source == pairing.ecom
                    and shop.status == "active"
                    and till in self.people
                    and self.people[till].status in {"active", "archived"}
                ):
                    yield frozenset((shop.who, till))
        for pair, verdict in self.decisions.items():
            if verdict == "same" and len(pair) == 2 and pair <= set(self.people):
                yield pair


def _one(who: str, p: Mapping[str, Any], region: str, today: date) -> One:
    keys = set()
    if p.get("status", "active") in {"active", "archived"}:
        keys = {
            ("phone", e164) for name in ("phone", "phone_2") if p.get(name) and (e164 := parsed(p[name], region)[0])
        }
        keys |= {
            ("email", p[name].strip().lower())
            for name in ("email", "email_2")
            if p.get(name) and p[name].count("@") == 1
        }
    return One(
        who, p.get("status", "active"), fold(p.get("first_name")), fold(p.get("last_name")), _born(p.get("birth_date"), today), keys,
        p.get("created_at"), dict(p.get("links", {})),
    )  # fmt: skip


def fold(name: str | None) -> str | None:
    """A name for comparison."""
    if name is None or name.strip().upper() in _SAYS_NOTHING:
        return None
    text = "".join(_LETTERS.get(letter, letter) for letter in unicodedata.normalize("NFC", name).lower())
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c) and c not in "'’‘`´.")
    return " ".join("".join(c if c.isalnum() else " " for c in text).split()) or None


def _born(text: str | None, today: date) -> date | None:
    for pattern, order in (
        (r"(\d{4})-(\d+)-(\d+)", "ymd"),
        (r"(\d{4})(\d\d)(\d\d)", "ymd"),
        (r"(\d+)/(\d+)/(\d{4})", "mdy"),
    ):
        if found := re.fullmatch(pattern, text or ""):
            parts = dict(zip(order, map(int, found.groups()), strict=True))
            try:
                day = date(parts["y"], parts["m"], parts["d"])
            except ValueError:
                return None
            return day if date(1900, 1, 1) < day <= today else None
    return None


def _names(a: One, b: One) -> bool | None:
    """Whether first names agree; None where one is missing."""
    if a.first is None or b.first is None:
        return None
    if a.first == b.first or (a.first == b.last and a.last == b.first):
        return True
    one, other = a.first, b.first
    if any({one.split()[0], other.split()[0]} <= group and one.split()[0] != other.split()[0] for group in _GROUPS):
        return True
    if 1 in (len(one), len(other)) and one[0] == other[0]:
        return True
    short, long = sorted((one, other), key=len)
    if long.startswith(short + " ") or one.replace(" ", "") == other.replace(" ", ""):
        return True
    if one in _KNOWN and other in _KNOWN:
        return False
    return (len(short) >= 4 and distance(one, other) <= 1) or (len(short) >= 8 and distance(one, other) <= 2)


def _births(a: One, b: One) -> bool | None:
    """Whether birth dates agree; None where one is missing or day and month are swapped."""
    if a.born is None or b.born is None:
        return None
    if (a.born.year, a.born.month, a.born.day) == (b.born.year, b.born.day, b.born.month) and a.born != b.born:
        return None
    return a.born == b.born


def distance(one: str, other: str) -> int:
    """Edits with neighbours that change places (the full Damerau distance)."""
    last: dict[str, int] = {}
    far = len(one) + len(other)
    rows: list[list[int]] = [[far] * (len(other) + 2), [far, *range(len(other) + 1)]]
    for i, a in enumerate(one, start=1):
        row, seen = [far, i], 0
        rows.append(row)
        for j, b in enumerate(other, start=1):
            at, before = last.get(b, 0), seen
            if a == b:
                seen = j
            row.append(min(
                rows[i][j] + (a != b), row[j] + 1, rows[i][j + 1] + 1, rows[at][before] + (i - at - 1) + 1 + (j - before - 1),
            ))  # fmt: skip
        last[a] = i
    return rows[-1][-1]
