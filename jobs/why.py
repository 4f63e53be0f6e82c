"""Why two profiles are one customer, or why not, and what would change it (G8): from the last certified exports.

Nothing is pulled and nothing is kept. Values are masked unless asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jobs import erased, match, phones, prepare, suspects
from jobs.errors import ConfigError
from jobs.pull import Pulled
from jobs.warehouse import Warehouse
from jobs.workspace import Workspace
from reports.mask import masks

SHOWN = (
    "first_name", "last_name", "full_name", "birth_date", "phone", "phone_2", "email", "email_2",
    "street", "street_2", "city", "postal_code", "external_id", "status",
)  # fmt: skip
_AGAINST = {
    "not_same": "a person said that these two, or two profiles tied to them, are not the same",
    "household": "they, or profiles tied to them, share a contact, and a first name or birth date contradicts: a household (G6)",
    "family": "their first names contradict, and no birth date says otherwise: rather two of a family (G6)",
    "generations": "one is junior and the other senior (G6)",
}
_KEYS = "select key_kind from pair_keys where left_n = $l and right_n = $r order by key_kind"
_COMPARED = "select name_level, birth_level, outcome, doubt from pairs where left_n = $l and right_n = $r"
_PLACEHOLDERS = """
select distinct a.key_kind from all_keys as a
join all_keys as b on b.n = $r and b.key_kind = a.key_kind and b.key = a.key
join placeholders as h on h.key_kind = a.key_kind and h.key = a.key
where a.n = $l
order by a.key_kind
"""
_WEIGHED = "select probability, weight, apart from weighed where left_n = $l and right_n = $r"
_STEPS = """
select field, level, cast(bits as varchar) as bits from waterfall where left_n = $l and right_n = $r order by place
"""
_DOUBTS = {
    "silence": "neither name nor birth date says anything",
    "weak": "the names are only alike, and neither last name nor birth date backs them",
    "twins": "the name is only alike, and there is a namesake beside the other already",
    "torn": "one of them fits people who contradict each other",
}


@dataclass(frozen=True, slots=True)
class _Two:
    """The pair in the warehouse: `source:id` and number of each, left before right."""

    names: tuple[str, str]
    left: int
    right: int


def why(workspace: Workspace, one: str, other: str, *, unmask: bool = False) -> tuple[str, dict[str, Any]]:
    """What ties two profiles or keeps them apart, as text and as data. Raises ConfigError for a profile that is not known."""
    sources = workspace.settings.sources
    for name in (one, other):
        if name.partition(":")[0] not in sources or not name.partition(":")[2]:
            raise ConfigError(
                f"{name}: a profile is SOURCE:ID (quoted where the id holds blanks); sources: {', '.join(sources)}"
            )
    if one == other:
        raise ConfigError(f"{one}: that is one profile; give two")
    with Warehouse() as warehouse:
        _fill(workspace, warehouse)
        values = _values(warehouse, (one, other))
        two = _two(warehouse, one, other)
        verdict, lines, data = _told(warehouse, two, suspects.weights(workspace.folder))
        shown = {name: _side_by_side(name, given, unmask) for name, given in values.items()}
        table = [f"  {name}: {left or 'empty'} | {right or 'empty'}" for name, (left, right) in shown.items()]
    last = f"{one} and {other}: {verdict}"
    return "\n".join([f"{one} | {other}", *table, *lines, last]), {
        "values": shown,
        "verdict": verdict,
        "said": lines,
        **data,
    }


def _fill(workspace: Workspace, warehouse: Warehouse) -> None:
    """The last certified exports, matched as the night matches them."""
    settings, state = workspace.settings, workspace.state
    pulled = {}
    for name in settings.sources:
        row = state.last_certified(name)
        if row is None or not (workspace.folder / row.path).exists():
            raise ConfigError(f"{name} has no certified export that is still kept: `rollcall run` reads it")
        pulled[name] = Pulled(name, row, row, True, [], "")
    prepare.configure(warehouse, settings, workspace.connectors)
    prepare.load(warehouse, settings, pulled, workspace.connectors, workspace.vault)
    prepare.judge_sources(warehouse, settings, pulled, {}, workspace.clock.now())
    prepare.remember(warehouse, {}, state.decisions_in_force(workspace.today()))
    erased.recall(warehouse, state)
    phones.fill(warehouse.connection, workspace.vault, workspace.folder, state)
    match.match(warehouse, settings.match, today=workspace.today(), key=workspace.vault.sql_key("entity"))


def _values(warehouse: Warehouse, names: tuple[str, str]) -> dict[str, tuple[str | None, str | None]]:
    found = []
    for name in names:
        source, _, profile_id = name.partition(":")
        rows = warehouse.rows("select * from profiles where source = $s and id = $i", s=source, i=profile_id)
        if not rows:
            raise ConfigError(f"{name}: the last certified export of {source} has no such profile")
        found.append(rows[0])
    left, right = found
    return {name: (left[name], right[name]) for name in SHOWN if left[name] is not None or right[name] is not None}


def _side_by_side(name: str, given: tuple[str | None, str | None], unmask: bool) -> list[str]:
    return [value or "" for value in given] if unmask else masks(name, list(given))


def _two(warehouse: Warehouse, one: str, other: str) -> _Two:
    query = "select n from people where source = $s and id = $i"
    numbers = []
    for name in (one, other):
        source, _, profile_id = name.partition(":")
        rows = warehouse.rows(query, s=source, i=profile_id)
        if not rows:
            raise ConfigError(
                f"{name} stands for nobody (a default customer, or under `ignore`): it is matched with no one (M14)"
            )
        numbers.append(int(rows[0]["n"]))
    return _Two((one, other), min(numbers), max(numbers))


def _told(warehouse: Warehouse, two: _Two, weights: Sequence[suspects.Weight]) -> tuple[str, list[str], dict[str, Any]]:
    """The verdict, the sentences behind it, and the same as data."""
    pair = {"l": two.left, "r": two.right}
    labels = warehouse.rows("select distinct label from components where n in ($l, $r)", **pair)
    keys = [row["key_kind"] for row in warehouse.rows(_KEYS, **pair)]
    compared = warehouse.rows(_COMPARED, **pair)
    given = bool(warehouse.rows("select left_n from given_edges where left_n = $l and right_n = $r", **pair))
    said = [
        r["verdict"] for r in warehouse.rows("select verdict from decided where left_n = $l and right_n = $r", **pair)
    ]
    same = len(labels) == 1
    lines = [*_tier_0(given, said), *_tier_1(keys, compared), *_placeholders(warehouse, two)]
    data: dict[str, Any] = {"one_customer": same, "keys": keys, "evidence": compared[0] if compared else None}
    if same:
        tied = given or any(row["outcome"] == "link" for row in compared)
        return "one customer" if tied else "one customer, tied through other profiles of the entity", lines, data
    verdict, more, scored = _tier_2(warehouse, two, weights)
    return verdict, [*lines, *more, _change(keys, compared, said)], data | scored


def _tier_0(given: bool, said: list[str]) -> list[str]:
    if said:
        return [f"tier 0: a person said {said[0].replace('_', ' ')}"]
    return ["tier 0: a system stores the link"] if given else ["tier 0: no stored link, and no person's word"]


def _tier_1(keys: list[str], compared: list[dict[str, Any]]) -> list[str]:
    if not keys:
        return ["tier 1: they share no key that counts between these sources (M3)"]
    lines = [f"tier 1: they share {' and '.join(keys)}"]
    for row in compared:
        lines.append(f"  first name {row['name_level']}, birth date {row['birth_level']}: {row['outcome']}")
        if row["doubt"]:
            lines.append(f"  a person is asked: {_DOUBTS[row['doubt']]}")
    return lines


def _placeholders(warehouse: Warehouse, two: _Two) -> list[str]:
    rows = warehouse.rows(_PLACEHOLDERS, l=two.left, r=two.right)
    return [f"  their {row['key_kind']} in common is a placeholder, and no key of anybody (G5)" for row in rows]


def _tier_2(warehouse: Warehouse, two: _Two, given: Sequence[suspects.Weight]) -> tuple[str, list[str], dict[str, Any]]:
    suspects.weigh_pair(warehouse, given, two.left, two.right)
    rows = warehouse.rows(_WEIGHED, l=two.left, r=two.right)
    if not rows:
        return "not linked: one of them is not active, and is compared no further", [], {}
    row = rows[0]
    steps = warehouse.rows(_STEPS, l=two.left, r=two.right)
    lines = [f"tier 2: probability {row['probability']:.4f}, weight {row['weight']:+.2f} bits"]
    lines += [f"  {step['bits']:>6}  {step['field']}: {step['level']}" for step in steps]
    if row["apart"]:
        lines.append(f"kept apart: {_AGAINST[row['apart']]}")
    asked = not row["apart"] and row["probability"] >= suspects.LEAST
    data = {
        "probability": round(row["probability"], 4),
        "weight": round(row["weight"], 2),
        "apart": row["apart"],
        "waterfall": steps,
    }
    return "not linked; a suspect, for a person" if asked else "not linked", lines, data


def _change(keys: list[str], compared: list[dict[str, Any]], said: list[str]) -> str:
    """What would make one customer of them."""
    word = "`rollcall decide same pair SOURCE:ID SOURCE:ID --why …`"
    if "not_same" in said:
        return f"what would change it: another word of a person: {word}"
    if not keys:
        return f"what would change it: a phone or email in common in both systems, or {word}"
    if any(row["outcome"] == "household" for row in compared):
        return f"what would change it: the right first name and birth date in both systems, or {word}"
    return f"what would change it: a first name and birth date that agree in both systems, or {word}"
