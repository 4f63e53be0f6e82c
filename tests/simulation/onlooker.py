"""Every finding of the first capability, by definition and in plain Python, from what the simulated accounts hold.

It knows no story and no detector: on night zero it must see nothing, after the plot exactly what the truth lists.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.sandbox.people_words import NICKNAMES
from connectors.sandbox.world import MARKER, World

ADDRESS = ("street", "street_2", "city", "region", "postal_code", "country")
TWINS = {"shop": "till", "outlet": "register", "web": "counter"}
"""Which till belongs to a shop that has one."""
UNIQUE = {"shop": ("phone", "email"), "outlet": ("phone", "email"), "web": ("email",)}
"""Contacts that a shop takes once."""
CONTRACT = {
    "id", "companyId", "name", "firstName", "lastName", "email", "phone", "birthday", "taxExempt", "loyaltyPoints",
    "creditBalance", "notes", "isArchived", "marketingEmailOptIn", "marketingSmsOptIn", "createdAt", "updatedAt",
}  # fmt: skip
"""Greenline's fields as its sheet has them (section 6)."""

Finding = tuple[str, str, frozenset[str]]
Sight = Iterator[tuple[str, str, tuple[str, ...]]]


class Onlooker:
    """What there is to be found in a world at this moment, by somebody who saw it `before`."""

    def __init__(self, world: World, before: Mapping[str, dict[str, Any]] | None = None) -> None:
        self.world = world
        self.before = before or {}
        self.all = records(world)
        standins = world.standins()
        self.in_play = {
            name: record for name, record in self.all.items() if record["status"] == "active" and name not in standins
        }
        self.keys = {name: comparable(record) for name, record in self.all.items()}
        self.stored = list(self._stored_links())
        self.pairs = [*self.stored, *self._found_links()]

    def findings(self) -> Counter[Finding]:
        sights = (
            self.drifts, self.broken_links, self.gaps, self.shared, self.phones, self.consents, self.raised, self.newcomers,
            self.unlinked, self.picks, self.stand_in, self.new_fields, self.groups, self.again,
        )  # fmt: skip
        return Counter((kind, field, frozenset(members)) for sight in sights for kind, field, members in sight())

    def drifts(self) -> Sight:
        for left, right in self._live_pairs():
            one, two = self.keys[left], self.keys[right]
            for field in self._kept_alike(left):
                if one[field] != two[field] and self._is_told(left, field) and self._is_told(right, field):
                    yield "drift", field, (left, right)
                    yield from self._taken(left, right, field)

    def _is_told(self, name: str, field: str) -> bool:
        """Whether a value can be compared, or there is none at all; what cannot be read is neither (G3)."""
        raw = self.all[name]["street" if field == "address" else field]
        return bool(self.keys[name][field]) or raw in (None, "", "?", "N/A")

    def _kept_alike(self, left: str) -> list[str]:
        """X1: on the web nothing but contacts; Mission Control knows no addresses."""
        if left.startswith("web:"):
            return ["phone", "email"]
        return [field for field in self.keys[left] if field != "address" or not left.startswith("ecom:")]

    def _taken(self, left: str, right: str, field: str) -> Sight:
        """C3: the side that is to change cannot, because somebody else holds the value there."""
        if left.startswith("ecom:"):
            return  # contacts of Mission Control's customers are changed there, by a person (C1)
        source = left.split(":", maxsplit=1)[0]
        if field in UNIQUE.get(source, ()):
            wanted = self.keys[right][field]
            holders = [n for n in self._of(source) if self.keys[n][field] == wanted]
            yield from (("contact_taken", field, (left, holder)) for holder in holders)

    def broken_links(self) -> Sight:
        for left, right in self.stored:
            status = self.all[right]["status"] if right in self.all else "deleted"
            if status != "active":
                yield f"link_{status}", "", (left, right)

    def gaps(self) -> Sight:
        for left, right in self._live_pairs():
            if left.startswith("shop:") and not complete(self.all[right]):
                yield "next_order_blocked", "", (left, right)
            treez = left.startswith("ecom:") and not right.startswith("midtown:")
            if treez and MARKER not in (self.all[right]["note"] or ""):
                yield "note_missing", "note", (left, right)

    def shared(self) -> Sight:
        for field in ("phone", "email"):
            holders: dict[str, list[str]] = defaultdict(list)
            for name in self.in_play:
                if value := self.keys[name][field]:
                    holders[value].append(name)
            for group in holders.values():
                yield from self._sharing(field, group)

    def _sharing(self, field: str, group: list[str]) -> Sight:
        people = {name: self._first_name(name) for name in group}
        inside = defaultdict(list)
        for name in group:
            inside[name.split(":")[0]].append(name)
        for members in inside.values():
            if len({people[name] for name in members}) > 10:
                yield "placeholder", field, tuple(members)
                return
            if len(members) > 1 and len({people[name] for name in members}) == 1:
                yield f"duplicate_{field}", field, tuple(members)
        if len(set(people.values()) - {""}) > 1:
            yield "household", field, tuple(group)

    def again(self) -> Sight:
        """T7: one name and birth date on two accounts of Mission Control, without a contact in common."""
        people: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for name in self._of("ecom"):
            key = self.keys[name]
            if name in self.in_play and all(key[field] for field in ("first_name", "last_name", "birth_date")):
                people[key["first_name"], key["last_name"], key["birth_date"]].append(name)
        for accounts in people.values():
            first, *later = sorted(accounts, key=lambda name: str(self.all[name]["created_at"]))
            for name in later:
                if not any(
                    self.keys[first][c] and self.keys[first][c] == self.keys[name][c] for c in ("phone", "email")
                ):
                    yield "signed_up_again", "", (first, name)

    def phones(self) -> Sight:
        for name, record in self.in_play.items():
            number = self.keys[name]["phone"]
            if record["phone"] and not number:
                yield "phone_not_comparable", "phone", (name,)
            if name.startswith("uptown:") and record["email"] and not number:
                yield "login_blocked", "phone", (name,)

    def consents(self) -> Sight:
        """G9: out on one side, in on the other. What no till says for sure is no choice."""
        for left, right in self._live_pairs():
            for channel in ("email", "sms"):
                said = (self._means(left, channel), self._means(right, channel))
                if said in (("out", "in"), ("in", "out")):
                    yield "consent_conflict", f"{channel}_consent", (left, right)

    def groups(self) -> Sight:
        """X2, X3: one title for one group, and a customer in one group."""
        titles = {name: self.all[name]["group"] for name in self.in_play if name.startswith(("web:", "counter:"))}
        for left, right in self._live_pairs():
            if left.startswith("web:") and bare(titles[left]) != bare(titles[right]):
                yield "group_conflict", "group", (left, right)
        used = {source: {titles[n] for n in self._of(source) if titles[n]} for source in ("web", "counter")}
        for title in used["web"]:
            yield from (("group_name", "group", ()) for n in used["counter"] if n != title and bare(n) == bare(title))

    def raised(self) -> Sight:
        """G9b: out before, in now. Nobody here has approved anything."""
        for name in self.in_play:
            yield from (("consent_raised", f"{c}_consent", (name,)) for c in ("email", "sms") if self._lost(name, c))

    def _lost(self, name: str, channel: str) -> bool:
        was_out = name in self.before and self._said(name, channel, self.before) == "out"
        return was_out and self._said(name, channel, self.all) == "in"

    def _means(self, name: str, channel: str) -> str:
        """What holds: an opt-out that was lost is one."""
        return "out" if self._lost(name, channel) else self._said(name, channel, self.all)

    def _said(self, name: str, channel: str, records: Mapping[str, dict[str, Any]]) -> str:
        word = str(records[name][f"{channel}_consent"])
        match name.split(":", maxsplit=1)[0]:
            case "register" | "till":
                return "unknown" if word == "out" else word  # the creation default says the same
            case "counter" if channel == "email":
                return "out" if word == "out" else "in"  # declared: an unticked box means yes
            case _:
                return word

    def picks(self) -> Sight:
        """W1: ECOM by its stored id, then by phone; Treez's partners by email, then by phone; of several the oldest."""
        for name in self._of("ecom"):
            linked = {right for left, right in self._live_pairs() if left == name}
            for store in self.world.blaze.treez:
                own = [n for n in self._of(store) if n in linked] or self._oldest(store, "phone", name)
                partners = self._oldest(store, "email", name) or self._oldest(store, "phone", name)
                if own and partners and own[0] != partners[0]:
                    yield "whose_customer", "", (name, own[0], partners[0])

    def _oldest(self, store: str, field: str, customer: str) -> list[str]:
        wanted = self.keys[customer][field]
        holders = [n for n in self._of(store) if wanted and self.keys[n][field] == wanted]
        return sorted(holders, key=lambda n: (self.all[n]["created_at"], int(n.split(":")[1])))

    def newcomers(self) -> Sight:
        """M1, T2: bought, and nobody at the till is stored as theirs."""
        linked = {name for pair in self.stored for name in pair}
        for source in ("shop", "outlet"):
            for name in self._of(source):
                if name not in linked and self.all[name]["has_purchased"]:
                    yield self._newcomer(name, TWINS[source])
        for name in self._of("ecom"):
            blaze = self.world.blaze
            kept = blaze.ecom.links(name.removeprefix("ecom:"))
            yield from (("missing_in_store", store, (name,)) for key, store in blaze.stores.items() if key not in kept)

    def _newcomer(self, name: str, till: str) -> tuple[str, str, tuple[str, ...]]:
        found = [n for n in self._of(till) if self.keys[n]["email"] == self.keys[name]["email"]]
        if found and not self._first_name(found[0]):
            return "link_ambiguous", "", (name, *found)
        creatable = till != "till" or complete(self.all[name])
        return "link_missing" if found or creatable else "vendor_cannot_create", "", (name, *found)

    def unlinked(self) -> Sight:
        """X4: bought on the web, and nobody at the counter. Every order of this world is older than a day."""
        found = {left for left, _ in self.pairs}
        for name in self._of("web"):
            if name not in found and self.all[name]["has_purchased"]:
                yield "link_missing", "", (name,)

    def stand_in(self) -> Sight:
        if "mortar" not in self.world.halves:
            return
        name = f"shop:{self.world.mortar.default_customer}"
        record = self.all[name]
        if not (complete(record) and record["phone"] and record["first_name"]):
            yield "default_customer", "", (name,)

    def new_fields(self) -> Sight:
        """G11."""
        rows = self.world.blaze.midtown.records.rows.values() if "blaze" in self.world.halves else ()
        yield from (("schema_drift", name, ()) for name in {name for row in rows for name in row} - CONTRACT)

    def _stored_links(self) -> Iterator[tuple[str, str]]:
        for name, record in self.all.items():
            source, profile_id = name.split(":")
            if source in ("shop", "outlet"):
                yield from ((name, f"{till}:{pos}") for till, pos in record["links"].items())
            if source == "ecom":
                blaze = self.world.blaze
                yield from ((name, f"{blaze.stores[key]}:{pos}") for key, pos in blaze.ecom.links(profile_id).items())

    def _found_links(self) -> Iterator[tuple[str, str]]:
        """X1: no id is stored on the web, so its customer at the counter is who has the email, else the phone."""
        counter: dict[tuple[str, str], list[str]] = defaultdict(list)
        for name in sorted(self._of("counter"), key=lambda name: self.all[name]["created_at"]):
            for field in ("email", "phone"):
                counter[field, self.keys[name][field] or ""].append(name)
        for name in self._of("web"):
            for field in ("email", "phone"):
                holders = counter[field, self.keys[name][field] or "nobody"]
                same = [n for n in holders if self._first_name(n) == self._first_name(name)]
                if same:
                    yield name, same[0]
                if holders:
                    break

    def _of(self, source: str) -> list[str]:
        return [name for name in self.in_play if name.startswith(f"{source}:")]

    def _live_pairs(self) -> Iterator[tuple[str, str]]:
        return ((left, right) for left, right in self.pairs if left in self.in_play and right in self.in_play)

    def _first_name(self, name: str) -> str:
        """The first word of a name, formal where it is a nickname; Ecwid keeps a name in one piece."""
        first = (fold(self.in_play[name]["first_name"]) or "").replace("?", "").split(" ")[0]
        formal = {fold(nickname): fold(given) for given, nickname in NICKNAMES.items()}
        return formal.get(first) or first


def records(world: World) -> dict[str, dict[str, Any]]:
    return dict(world.profiles())


def fold(text: str | None) -> str | None:
    """Without case, accents and stray blanks."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text or "") if not unicodedata.combining(c))
    return " ".join(bare.casefold().split()) or None


def comparable(record: dict[str, Any]) -> dict[str, Any]:
    """What drift compares; None where a side has nothing to compare (G3, G4)."""
    digits = "".join(c for c in record["phone"] or "" if c.isdigit()).removeprefix("1")
    spelled = not any(c.isalpha() for c in record["phone"] or "")
    names = {name: fold(record[name]) for name in ("first_name", "last_name", "birth_date", "email")}
    address = tuple(fold(record[part]) for part in ADDRESS) if record["street"] and record["country"] else None
    return names | {"phone": digits if spelled and len(digits) == 10 else None, "address": address}


def complete(record: dict[str, Any]) -> bool:
    return all(record[name] for name in ("email", "street", "city", "postal_code", "country"))


def bare(title: str | None) -> str:
    """A group's title without case, spaces and punctuation."""
    return "".join(c for c in (title or "").lower() if c.isalnum())
