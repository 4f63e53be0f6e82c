"""Given/expected for the set logic: a group in a few lines, the real steps of a night, and what came of them as values.

A profile is named as findings name it: `source:id`. What the configuration says comes from the real settings and
presets; what the sources can do is stated in `CAN`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Literal

import phonenumbers
import pyarrow as pa

from jobs import detect as detecting
from jobs import plan as planning
from jobs import suspects
from jobs.corrections import Correction
from jobs.detect import Finding
from jobs.match import match
from jobs.policy import ACTIONS, DRIFT_FIELDS, lookups
from jobs.settings import Match, Pairing
from jobs.vault import Vault
from jobs.warehouse import Warehouse

TODAY = date(2026, 11, 23)
BEFORE = date(2026, 11, 1)
"""When both sides of a link last agreed, where a test says so."""
KEY = "0123456789abcdef" * 4
VAULT = Vault(bytes(range(32)))
Found = tuple[str, str, frozenset[str]]
"""A finding as the truth states it: kind, field, set of members."""

_ADDRESS = ("street", "street_2", "city", "region", "postal_code", "country")
_FIELDS = ("first_name", "last_name", "birth_date", "phone", "email", *_ADDRESS)


@dataclass(frozen=True, slots=True)
class Can:
    """What a source can do, as its connector would say."""

    actions: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    consent: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    way: tuple[str, ...] = ()
    balances: tuple[str, ...] = ()

    def rows(self, source: str) -> Iterable[tuple[str, str, str]]:
        given = {
            "action": self.actions, "field": self.fields, "consent": self.consent,
            "unique": self.unique, "required": self.required, "way": self.way, "balance": self.balances,
        }  # fmt: skip
        return [(source, what, name) for what, names in given.items() for name in names]


CAN: Mapping[str, Can] = {
    "shopify": Can(
        ("update", "create", "relink", "add_note", "add_tag", "opt_out"),
        (*_FIELDS, "note", "tags"), ("email", "sms"), ("phone", "email"),
    ),
    "heartland": Can(
        ("update", "create", "add_tag", "opt_out"), (*_FIELDS, "tags"), ("email",), (),
        ("first_name", "last_name", "email", "street", "city", "postal_code", "country"),
    ),
    "blaze_ecom": Can(
        ("update", "add_note", "opt_out"), ("first_name", "last_name", "birth_date", "phone", "email", "note"),
        ("email", "sms"), ("phone", "email"),
    ),
    "treez": Can(
        ("update", "create", "add_note"),
        ("first_name", "last_name", "birth_date", "phone", "email", "street", "street_2", "city", "region", "postal_code", "note"),
        ("email",), ("phone", "email"), ("first_name", "last_name", "birth_date"),
    ),
    "table": Can(),
}  # fmt: skip

Role = Literal["ecom", "pos"]


class Night:
    """One night's warehouse: state what is given, then ask for `matched`, `found` or `planned`."""

    def __init__(self, *, today: date = TODAY, settings: Match | None = None, threads: int = 1) -> None:
        self.today = today
        self.settings = settings or Match()
        self.warehouse = Warehouse(threads=threads)
        self._people: list[dict[str, Any]] = []
        self._regions: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._rules([("", number, key) for number, key in enumerate(self.settings.keys, start=1)])
        self._matched = self._suspected = self._judged = self._looked = False
        self._checked: set[str] = set()

    def close(self) -> None:
        self.warehouse.close()

    # given -----------------------------------------------------------------------------------------------------------

    def source(
        self, name: str, kind: str = "table", role: Role = "pos", *, region: str = "CA", certified: bool = True,
        usable: bool = True, logins: str = "none", can: Can | None = None,
    ) -> "Night":  # fmt: skip
        """A source, with what its kind can do unless `can` says otherwise."""
        self._regions[name], self._kinds[name] = region, kind
        self.warehouse.insert(
            "sources",
            [(name, kind, role, None, region, logins, True, None, certified, usable, f"{name}.1", datetime(2026, 11, 23), 0.5)],
        )  # fmt: skip
        self.warehouse.insert("capabilities", (can or CAN[kind]).rows(name))
        return self

    def pairing(
        self, preset: str, ecom: str, *pos: str, why_not_correctable: str = "", link_keys: bool = True, **settings: Any
    ) -> "Night":
        """A pairing under its preset, as the night would state it; `settings` override as in config.yaml."""
        p = Pairing.model_validate({"preset": preset, "ecom": ecom, "pos": pos, **settings})
        put = self.warehouse.insert
        put("pairings", [self._pairing_row(p, name, why_not_correctable) for name in pos])
        self._rules([(p.id, number, key) for number, key in enumerate(p.match_keys, start=1)])
        put("field_policies", [(p.id, field, p.wins(field)) for field in DRIFT_FIELDS])
        put("action_policies", [(p.id, action, p.mode(action)) for action in ACTIONS])
        put("markers", [(p.id, "note", note) for note in [p.base.marker_note] if note])
        put("markers", [(p.id, "tag", tag) for tag in p.marker_tags])
        put("group_names", [(p.id, own, there) for own, there in p.groups.items()])
        if link_keys:
            put("link_keys", [(ecom, _link_key(name), name) for name in pos])
        ways = {name: lookups(preset, self._kinds[name], p.match_keys, link_keys) for name in pos}
        put("lookups", [(p.id, name, *way) for name in pos for way in ways[name]])
        return self

    def has(self, *who: str, **fields: Any) -> "Night":
        """Profiles `source:id` with these columns; the rest is empty. `links`: {POS source: id}, or a list of (key, id)."""
        links = fields.pop("links", {})
        stored = (
            [{"key": key, "id": i, "state": None} for key, i in links]
            if isinstance(links, list)
            else [{"key": _link_key(pos), "id": i, "state": None} for pos, i in links.items()]
        )
        for one in who:
            source, profile_id = one.split(":", 1)
            row = {"source": source, "id": profile_id, "status": "active", "links": stored, **fields}
            assert set(row) <= set(PROFILE.names), f"no such column: {set(row) - set(PROFILE.names)}"
            self._people.append(row)
        return self

    def based(self, ecom: str, pos: str, pairing: str | None = None, /, **keys: str) -> "Night":
        """The compared value of each field on which both sides agreed on `BEFORE` (G13)."""
        ecom_source, ecom_id = ecom.split(":", 1)
        (first,) = self.rows("select min(pairing) as name from pairings where ecom = $ecom", ecom=ecom_source)
        link = (pairing or first["name"], ecom_source, ecom_id, *pos.split(":", 1))
        self.warehouse.insert("bases", [(*link, field, base_hash(field, key), BEFORE) for field, key in keys.items()])
        return self

    def decided(self, one: str, other: str, verdict: Literal["same", "not_same"]) -> "Night":
        self.warehouse.insert("decisions", [("pair", f"{one} {other}", verdict, None, None)])
        return self

    def rolled(self, roll: Mapping[str, str]) -> "Night":
        """The entity of each profile on the last night."""
        self.warehouse.insert("roll", [(*who.split(":", 1), entity) for who, entity in roll.items()])
        return self

    def recalls(
        self, who: str, channel: str = "email", *, since: date = BEFORE, at: datetime | None = None,
        raised_on: date | None = None, entity: str | None = None, nth: int = 1, covers: Iterable[str] = (),
    ) -> "Night":  # fmt: skip
        """An opt-out that was seen on an earlier night (G9b); `entity`: whose it was then, `covers`: who else was theirs."""
        others = [dict(zip(("source", "id"), one.split(":", 1), strict=True)) for one in covers]
        self.warehouse.insert(
            "outs", [(*who.split(":", 1), channel, nth, since, at, raised_on, entity, others or None)]
        )
        return self

    def accepted(self, finding_id: str) -> "Night":
        self.warehouse.insert("decisions", [("finding", finding_id, "accept", None, None)])
        return self

    def stands_in(self, who: str, *, default: bool = False) -> "Night":
        self.warehouse.insert("standins", [(*who.split(":", 1), default)])
        return self

    def listed(self, kind: str, pattern: str) -> "Night":
        """A listed placeholder (G5)."""
        self.warehouse.insert("placeholder_list", [(kind, pattern)])
        return self

    def quarantined(self, who: str) -> "Night":
        self.warehouse.insert("quarantine", [(*who.split(":", 1), "birth_date: not readable as string")])
        return self

    def _rules(self, rows: list[tuple[str, int, str]]) -> None:
        self.warehouse.insert("match_rules", rows)

    def _pairing_row(self, p: Pairing, pos: str, why: str) -> tuple[object, ...]:
        return (
            p.id, p.preset, p.ecom, pos, p.synced_by_vendor, p.contact_way, p.no_base, p.owner,
            p.silence or self.settings.silence, p.base.link_after, not why, why,
        )  # fmt: skip

    # what came of it -------------------------------------------------------------------------------------------------

    def matched(self) -> "Night":
        """Run the real steps up to entities, once."""
        if not self._matched:
            self._matched = True
            self.load()
            match(self.warehouse, self.settings, today=self.today, key=KEY)
        return self

    def load(self) -> None:
        """Put the stated profiles and their phones into the warehouse."""
        table = pa.Table.from_pylist([{**_EMPTY, **row} for row in self._people], schema=PROFILE)
        self.warehouse.load("profiles", table.to_reader())
        spelled = {
            (row[name], self._regions[row["source"]])
            for row in self._people
            for name in ("phone", "phone_2")
            if row.get(name)
        }
        self.warehouse.insert("phones", [(raw, region, *parsed(raw, region)) for raw, region in sorted(spelled)])

    def suspected(self) -> "Night":
        """Run tier 2 as well, once and before anything is detected."""
        if not self._suspected:
            self._suspected = True
            suspects.find(self.matched().warehouse, suspects.weights())
        return self

    def judged(self) -> "Night":
        """Run all that a plan reads, once."""
        if not self._judged:
            self._judged = True
            detecting.judge(self.matched().warehouse, today=self.today, key=KEY)
        return self

    def detected(self, kind: str | None = None) -> "Night":
        """Run every check, or that of one kind: those that a test does not ask for would take most of its time."""
        if not self._looked:
            self._looked = True
            detecting.look(self.judged().warehouse, today=self.today)
        for name in sorted(({kind} if kind else set(detecting.checks())) - self._checked):
            self._checked.add(name)
            detecting.check(self.warehouse, name, key=KEY)
        return self

    def findings(self, kind: str | None = None) -> list[Finding]:
        every = detecting.findings(self.detected(kind).warehouse)
        return [f for f in every if kind in (None, f.check.kind)]

    def found(self, kind: str | None = None) -> set[Found]:
        """Kind, field and members of what was found; no two findings of one kind may say the same."""
        return {(f.check.kind, f.field, frozenset(f.members)) for f in self.findings(kind)}

    def finding(self, kind: str) -> Finding:
        """The one finding of a kind."""
        (only,) = self.findings(kind)
        return only

    def planned(self, action: str | None = None) -> list[Correction]:
        """The plan; its corrections name the findings that they answer where those were `detected` before."""
        every = planning.plan(self.judged().warehouse, VAULT)
        return [c for c in every if action in (None, c.action)]

    def correction(self, action: str) -> Correction:
        """The one correction of an action."""
        (only,) = self.planned(action)
        return only

    def rows(self, query: str, **parameters: object) -> list[dict[str, Any]]:
        return self.warehouse.rows(query, **parameters)

    def person(self, who: str) -> dict[str, Any]:
        """The comparable side of a profile."""
        source, profile_id = who.split(":", 1)
        (row,) = self.matched().rows("select * from people where source = $s and id = $i", s=source, i=profile_id)
        return row

    def keys(self, who: str) -> set[tuple[str, str]]:
        """What identifies a profile."""
        self.matched()
        rows = self.rows(
            "select k.key_kind, k.key from keys as k join people as w on w.n = k.n where concat(w.source, ':', w.id) = $w",
            w=who,
        )
        return {(row["key_kind"], row["key"]) for row in rows}

    def placeholders(self) -> set[tuple[str, str, str]]:
        """(source, key, why) of what stands for nobody."""
        rows = self.matched().rows("select source, key, why from placeholders")
        return {(row["source"], row["key"], row["why"]) for row in rows}

    def evidence(self, one: str, other: str) -> tuple[str, str, str] | None:
        """Name level, birth level and outcome of a pair; None where the two share no key."""
        self.matched()
        rows = self.rows(
            """select p.name_level, p.birth_level, p.outcome from pairs as p
            join people as a on a.n = p.left_n join people as b on b.n = p.right_n
            where concat(a.source, ':', a.id) in ($one, $other) and concat(b.source, ':', b.id) in ($one, $other)""",
            one=one, other=other,
        )  # fmt: skip
        assert len(rows) <= 1
        return (rows[0]["name_level"], rows[0]["birth_level"], rows[0]["outcome"]) if rows else None

    def links(self) -> set[tuple[str, str, str, str]]:
        """(ecom profile, POS profile, rule, state) of every link."""
        rows = self.matched().rows("select ecom_source, ecom_id, pos_source, pos_id, rule, state from links")
        return {
            (f"{r['ecom_source']}:{r['ecom_id']}", f"{r['pos_source']}:{r['pos_id']}", r["rule"], r["state"])
            for r in rows
        }

    def ids(self) -> dict[str, str]:
        """The entity of each profile."""
        return {f"{r['source']}:{r['id']}": r["entity_id"] for r in self.matched().rows("select * from entities")}

    def partition(self) -> set[frozenset[str]]:
        """Who is together, over all profiles."""
        members: dict[str, set[str]] = {}
        for who, entity in self.ids().items():
            members.setdefault(entity, set()).add(who)
        return {frozenset(group) for group in members.values()}

    def groups(self) -> set[frozenset[str]]:
        """The entities that hold more than one profile."""
        return {group for group in self.partition() if len(group) > 1}

    def drifts(self) -> dict[tuple[str, str, str], str]:
        """Side per (ecom profile, POS profile, field) on which linked profiles disagree."""
        rows = self.judged().rows("select * from drifts")
        return {
            (f"{r['ecom_source']}:{r['ecom_id']}", f"{r['pos_source']}:{r['pos_id']}", r["field"]): r["side"]
            for r in rows
        }

    def next_outs(self) -> dict[tuple[str, str], tuple[date, datetime | None, date | None]]:
        """(first seen, own time, last raised) per (profile, channel), as the next night gets them."""
        rows = self.judged().rows("select * from next_outs")
        found = {
            (f"{r['source']}:{r['id']}", r["channel"]): (r["first_seen"], r["said_at"], r["raised_on"]) for r in rows
        }
        assert len(found) == len(rows)
        return found

    def next_bases(self) -> dict[tuple[str, str, str], tuple[str, date]]:
        """(hash, agreed on) per (ecom id, POS profile, field), as the next night gets them."""
        rows = self.judged().rows("select * from next_bases")
        return {
            (r["ecom_id"], f"{r['pos_source']}:{r['pos_id']}", r["field"]): (r["hash"], r["agreed_on"]) for r in rows
        }


def base_hash(field: str, key: str) -> str:
    """The keyed hash of a compared value."""
    return sha256(f"{KEY}|{field}|{key}".encode()).hexdigest()[:32]


def parsed(raw: str, region: str) -> tuple[str | None, str | None]:
    """E.164, or why not; independent of the job that fills `phones` on a night."""
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return None, "unreadable"
    if number.extension or not phonenumbers.is_possible_number(number) or any(c.isalpha() for c in raw):
        return None, "unreadable"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), None


def someone(number: int, **other: Any) -> dict[str, Any]:
    """Every field of an invented person that a profile needs anywhere; two numbers share nothing but the city."""
    return {
        "first_name": _NAMES[number % len(_NAMES)], "last_name": f"Number {number}", "birth_date": f"{1950 + number % 50}-03-04",
        "email": f"person{number}@example.com", "phone": f"613 555 {1000 + number}", "street": f"{number} Main St", "city": "Ottawa",
        "region": "ON", "postal_code": "K1A 0B1", "country": "CA", **other,
    }  # fmt: skip


_NAMES = (
    "Fatima", "Priya", "Kofi", "Ingrid", "Tariq", "Yuki", "Zofia", "Bogdan", "Umberto", "Quentin", "Svetlana", "Hiroshi",
)  # fmt: skip
NO_ADDRESS = dict.fromkeys(("street", "city", "postal_code", "country"))
NOTE = "Linked with ECOM. Do not delete!"


def finding(kind: str, field: str, *members: str) -> Found:
    """A finding as `Night.found` gives it."""
    return kind, field, frozenset(members)


def _link_key(pos: str) -> str:
    return f"s-{pos}"


_TIME = pa.timestamp("us")
_LINKS = pa.list_(pa.struct([("key", pa.string()), ("id", pa.string()), ("state", pa.string())]))
PROFILE = pa.schema(
    [
        *((name, pa.string()) for name in ("source", "id", "status", "merged_into", "first_name", "last_name", "full_name")),
        *((name, pa.string()) for name in ("birth_date", "phone", "phone_2", "email", "email_2", *_ADDRESS)),
        ("email_consent", pa.string()), ("email_consent_at", _TIME), ("sms_consent", pa.string()), ("sms_consent_at", _TIME),
        *((name, pa.string()) for name in ("group_name", "tags", "note")),
        ("links", _LINKS), ("has_purchased", pa.bool_()), ("last_seen_at", _TIME), ("verified", pa.bool_()),
        ("created_at", _TIME), ("updated_at", _TIME), ("external_id", pa.string()),
        *((name, pa.string()) for name in ("email_consent_how", "sms_consent_how", "points", "credit")),
    ]
)  # fmt: skip
_EMPTY: Mapping[str, Any] = {**dict.fromkeys(PROFILE.names), "links": []}
