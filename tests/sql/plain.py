"""The same rules in plain Python, written from the domain and not from the SQL: slow, one profile at a time, an oracle."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import Any

from tests.sql.plain_people import (
    One,
    as_it_compares,
    births_agree,
    canonical_day,
    hardly_one,
    level_of,
    names_agree,
    strangers,
    suffix_of,
    torn_names,
)


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
            who: as_it_compares(who, p, regions[who.split(":", 1)[0]], today) for who, p in given if who not in standins
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
        name, birth = names_agree(a, b), births_agree(a, b)
        suffixes = suffix_of(a), suffix_of(b)
        if False in (name, birth) or (all(suffixes) and suffixes[0] != suffixes[1]):
            return "household"
        hardly = name and hardly_one(a, b, part=True, short=True) and strangers(a.last, b.last)
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
            if outcome == "link" and pair not in self.decisions and hardly_one(*(self.people[who] for who in pair), part=True) and twins(*pair)
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
                named = how == rival == 3 and not self._met(h, k) and torn_names(self._firsts(h), self._firsts(k))
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
        known = [[canonical_day(born) for who in x if (born := self.people[who].born)] for x in (g, h)]
        if all(known) and (max(known[0]) < min(known[1]) or max(known[1]) < min(known[0])):
            return True
        return not strength and any(self.pairs[pair] == "household" for pair in self._met(g, h))

    def _strength(self, g: frozenset[str], h: frozenset[str]) -> int:
        """1 everything agrees, 2 one equal and the other silent, 3 names only alike; 0 no link. As first judged."""
        levels = [
            1
            if self._full(pair)
            else 3
            if hardly_one(*(self.people[who] for who in pair), part=True, short=True)
            else 2
            for pair in self._met(g, h)
            if self._outcome(*sorted(pair)) == "link"
        ]
        return min(levels, default=0)

    def _full(self, pair: frozenset[str]) -> bool:
        a, b = (self.people[who] for who in pair)
        return self._named_alike(a.who, b.who) and a.born == b.born is not None

    def _named_alike(self, one: str, other: str) -> bool:
        a, b = self.people[one], self.people[other]
        return a.first is not None and b.first is not None and level_of(a, b) == "equal"

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
