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
_NOBODY = {
    "na", "none", "null", "nil", "no", "noname", "guest", "customer", "test", "mr", "mrs", "mr mrs", "ms", "miss", "mx", "dr", "x", "xx", "xxx",
}  # fmt: skip
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
        self._doubt_twins()
        given = self._components(self._given())
        self._doubt_bridges(given)
        self._doubt_chains(given)

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
        suffixes = _suffix(a), _suffix(b)
        if False in (name, birth) or (all(suffixes) and suffixes[0] != suffixes[1]):
            return "household"
        hardly = name and _hardly(a, b, part=True, short=True) and _strangers(a.last, b.last)
        if birth is not True and (hardly or suffixes[0] != suffixes[1]):
            return "candidate"
        if True in (name, birth):
            return "link"
        own = [
            t.silence for t in self.pairings if {t.ecom, t.pos} == {a.source, b.source} and t.silence != self.silence
        ]
        return own[0] if own else self.silence

    def _doubt_twins(self) -> None:
        """Names that are only alike are no typo where each has a namesake of its own beside the other."""
        same: dict[str, set[str]] = {who: set() for who in self.people}
        for pair, outcome in self.pairs.items():
            one, other = pair
            if outcome == "link" and self._named_alike(one, other):
                same[one].add(other)
                same[other].add(one)

        def twins(one: str, other: str) -> bool:
            a, b = self.people[one], self.people[other]
            beside = any(self.people[x].source == b.source for x in same[one]) or any(
                self.people[x].source == a.source for x in same[other]
            )
            third = any(
                x != y and self.people[x].source == self.people[y].source for x in same[one] for y in same[other]
            )
            return (beside and a.source != b.source) or third

        unsure = [
            pair
            for pair, outcome in self.pairs.items()
            if outcome == "link" and pair not in self.decisions and _hardly(*(self.people[who] for who in pair), part=True) and twins(*pair)
        ]  # fmt: skip
        self.twins = set(unsure)

    def _doubt_bridges(self, groups: set[frozenset[str]]) -> None:
        """Who fits two people that contradict each other is neither, unless everything agrees with one of them."""
        strength = {(g, h): self._strength(g, h) for g in groups for h in groups if g != h}
        fits: dict[frozenset[str], list[frozenset[str]]] = {}
        for (g, h), how in strength.items():
            if how:
                fits.setdefault(g, []).append(h)
        cut = set()
        for g, others in fits.items():
            for h, k in ((h, k) for h in others for k in others if h != k):
                how, rival = strength[g, h], strength[g, k]
                named = how == rival == 3 and not self._met(h, k) and _torn_names(self._firsts(h), self._firsts(k))
                if how >= rival and (
                    self._apart(h, k) or (how > 1 and (named or self._contradict(h, k, strength[h, k])))
                ):
                    cut |= {frozenset((one, other)) for one in g for other in h}
        self._ask(cut | self.twins)

    def _doubt_chains(self, groups: set[frozenset[str]]) -> None:
        """What still ties two people who contradict each other is not crossed."""
        for chain in self._components(self._ties()):
            parts = [g for g in groups if g <= chain]
            pairs = [(g, h) for g, h in combinations(parts, 2)]
            apart = any(self._apart(g, h) for g, h in pairs)
            if apart or any(self._contradict(g, h, self._strength(g, h)) for g, h in pairs):
                inside = {frozenset(pair) for pair in combinations(chain, 2)}
                self._ask({pair for pair in inside if apart or not self._full(pair)})

    def _ask(self, pairs: Iterable[frozenset[str]]) -> None:
        for pair in pairs:
            if self.pairs.get(pair) == "link" and pair not in self.decisions:
                self.pairs[pair] = "candidate"

    def _met(self, g: frozenset[str], h: frozenset[str]) -> list[frozenset[str]]:
        return [pair for one in g for other in h if (pair := frozenset((one, other))) in self.pairs]

    def _apart(self, g: frozenset[str], h: frozenset[str]) -> bool:
        return any(self.pairs[pair] == "apart" for pair in self._met(g, h))

    def _contradict(self, g: frozenset[str], h: frozenset[str], strength: int) -> bool:
        known = [[_canonical(born) for who in x if (born := self.people[who].born)] for x in (g, h)]
        if all(known) and (max(known[0]) < min(known[1]) or max(known[1]) < min(known[0])):
            return True
        return not strength and any(self.pairs[pair] == "household" for pair in self._met(g, h))

    def _strength(self, g: frozenset[str], h: frozenset[str]) -> int:
        """1 everything agrees, 2 one equal and the other silent, 3 names only alike; 0 no link. As first judged."""
        levels = [
            1 if self._full(pair) else 3 if _hardly(*(self.people[who] for who in pair), part=True, short=True) else 2
            for pair in self._met(g, h)
            if self._outcome(*sorted(pair)) == "link"
        ]
        return min(levels, default=0)

    def _full(self, pair: frozenset[str]) -> bool:
        a, b = (self.people[who] for who in pair)
        return self._named_alike(a.who, b.who) and a.born == b.born is not None

    def _named_alike(self, one: str, other: str) -> bool:
        a, b = self.people[one], self.people[other]
        return a.first is not None and b.first is not None and _level(a, b) == "equal"

    def _firsts(self, g: frozenset[str]) -> set[str]:
        return {first for who in g if (first := self.people[who].first)}

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
        return self._components(self._ties())

    def _components(self, ties: Iterable[frozenset[str]]) -> set[frozenset[str]]:
        """Connected components by union-find."""
        root = {who: who for who in self.people}

        def find(who: str) -> str:
            while root[who] != who:
                root[who] = root[root[who]]
                who = root[who]
            return who

        for tie in ties:
            one, other = tuple(tie)
            if self.decisions.get(tie) != "not_same":
                root[find(one)] = find(other)
        groups: dict[str, set[str]] = {}
        for who in root:
            groups.setdefault(find(who), set()).add(who)
        return {frozenset(group) for group in groups.values()}

    def _ties(self) -> Iterable[frozenset[str]]:
        yield from (pair for pair, outcome in self.pairs.items() if outcome == "link")
        yield from self._given()

    def _given(self) -> Iterable[frozenset[str]]:
        """What systems link themselves, and what people said."""
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
        who, p.get("status", "active"), _somebody(fold(p.get("first_name"))), fold(p.get("last_name")), _born(p.get("birth_date"), today), keys,
        p.get("created_at"), dict(p.get("links", {})),
    )  # fmt: skip


def fold(name: str | None) -> str | None:
    """A name for comparison."""
    if name is None or name.strip().upper() in _SAYS_NOTHING:
        return None
    text = "".join(_LETTERS.get(letter, letter) for letter in unicodedata.normalize("NFC", name).lower())
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c) and c not in "'’‘`´.")
    return " ".join("".join(c if c.isalnum() else " " for c in text).split()) or None


def _somebody(first: str | None) -> str | None:
    """A first name, unless it is what somebody typed because a form insisted."""
    return None if first is None or first in _NOBODY or re.fullmatch(r"[0-9 ]+", first) else first


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
    return _level(a, b) != "different"


def _level(a: One, b: One) -> str:
    """How two known first names agree."""
    one, other = a.first or "", b.first or ""
    if one == other:
        return "equal" if len(one) > 1 else "initial"
    if one == b.last and a.last == other:
        return "swapped"
    if any({one.split()[0], other.split()[0]} <= group and one.split()[0] != other.split()[0] for group in _GROUPS):
        return "nickname"
    if 1 in (len(one), len(other)) and one[0] == other[0]:
        return "initial"
    short, long = sorted((one, other), key=len)
    if long.startswith(short + " ") or one.replace(" ", "") == other.replace(" ", ""):
        return "part"
    if one in _KNOWN and other in _KNOWN:
        return "different"
    if one[0] != other[0]:
        return "different"
    typo = (len(short) >= 4 and distance(one, other) <= 1) or (len(short) >= 8 and distance(one, other) <= 2)
    return "typo" if typo else "different"


def _hardly(a: One, b: One, *, part: bool = False, short: bool = False) -> bool:
    """Whether names agree by little: an initial or a typo; `part` and `short` (nicknames) as asked."""
    known = a.first is not None and b.first is not None
    levels = {"initial", "typo", *(["part"] if part else []), *(["nickname"] if short else [])}
    return known and _level(a, b) in levels


def _suffix(one: One) -> str:
    """Junior, senior, the second ...: who carries two different ones are two people."""
    found = re.search(r" (jr|junior|sr|senior|ii|iii|iv)( |$)", " ".join(filter(None, (one.first, one.last))))
    return {"junior": "jr", "senior": "sr"}.get(found[1], found[1]) if found else ""


def _strangers(one: str | None, other: str | None) -> bool:
    """Two last names that have nothing in common."""
    if one is None or other is None or one == other:
        return False
    return not set(one.split(" ")) & set(other.split(" ")) and distance(one, other) > 1


def _torn_names(ones: set[str], others: set[str]) -> bool:
    return len(ones) == len(others) == 1 and ones != others


def _canonical(day: date) -> tuple[int, int, int]:
    return (day.year, min(day.month, day.day), max(day.month, day.day))


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
