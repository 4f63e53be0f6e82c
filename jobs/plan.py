"""All corrections of one run, before any of them happens: every file under `sql/plan/` proposes one kind of write."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import sql
from connectors.base import Action
from jobs.corrections import CREATED, Correction, CorrectionState, Reversible, fingerprint
from jobs.vault import Vault
from jobs.warehouse import Warehouse

_ACTIONS: Mapping[str, Action] = {action: action for action in get_args(Action)}
_NEEDS = ("approval", "choice", "identity_check", "by_name")
_STRICTEST: tuple[CorrectionState, ...] = ("blocked", "held", "ready")
_REVERSIBLE: Mapping[str, Reversible] = {word: word for word in get_args(Reversible)}

# what the policy says of each proposal, and the finding that it answers
_PROPOSE = """
select q.*, f.finding_id, a.apply, s.logins, s.kind as system,
  case when list_has_any(list_transform(list_concat(q.before, q.after),
      lambda v: case v.name when 'group' then 'group_name' else v.name end), y.fields)
    then concat(q.source, ' no longer sends it: nobody knows what stands there') else '' end as unsent
from ({query}) as q
join action_policies as a on a.pairing = q.pairing and a.action = $policy and a.apply <> 'off'
join sources as s on s.source = q.source
left join findings as f on f.kind = q.kind and f.anchor = q.anchor and f.field = q.field
left join (select source, list(field) as fields from lost_fields group by source) as y on y.source = q.source
order by q.make_key, q.anchor
"""


@dataclass(frozen=True, slots=True)
class _Proposal:
    key: str
    after_key: str
    pick: str
    correction: Correction
    also: tuple[str, ...] = ()
    """Keys of others that say the same."""


def plan(warehouse: Warehouse, vault: Vault) -> list[Correction]:
    """The corrections of tonight in the order in which they are applied; the same exports give the same bytes (G7)."""
    proposals = [p for script in sql.folder("plan") for p in _propose(warehouse, vault, script)]
    proposals = _one_voice(proposals)
    ids = {key: p.correction.correction_id for p in proposals for key in (p.key, *p.also)}
    corrections = [_tied(p, ids) for p in proposals if not p.after_key or p.after_key in ids]
    return _in_order(corrections)


def _propose(warehouse: Warehouse, vault: Vault, script: sql.Script) -> Iterable[_Proposal]:
    (query,) = script.statements
    for row in warehouse.rows(_PROPOSE.format(query=query), policy=script.header["policy"]):
        if row["after"]:  # two addresses may differ in nothing but what a blank cannot erase (G13)
            yield _proposal(row, script.header, vault)


def _proposal(row: Mapping[str, Any], header: Mapping[str, str], vault: Vault) -> _Proposal:
    before, after = _values(row["before"]), _values(row["after"])
    asked = _asked_for(row, header)
    needs = tuple(need for need in _NEEDS if need in {name for name, _ in asked})
    blocked_by = row["blocked_by"] or row["unsent"]
    state: CorrectionState = "blocked" if blocked_by else "held" if needs else "ready"
    action = header["action"]
    # who is to be erased may be in any status; all others are written to while they are active
    view = {**before, "status": row.get("status", "active")}
    correction = Correction(
        correction_id=named(vault, row["make_key"], after),
        source=row["source"],
        profile_id=row["profile_id"],
        action=_ACTIONS[action],
        before=dict.fromkeys(before) if action == "erase" else before,  # its own journal must not keep the person (G10)
        after=after,
        why=row["why"],
        rule_ids=tuple(re.findall(r"[A-Z]\d+a?b?", header["rules"])),
        finding_ids=(row["finding_id"],) if row["finding_id"] else (),
        fingerprint=fingerprint(vault, row["source"], row["profile_id"] or "", view, sorted(before)),
        reversible=_REVERSIBLE[header["reversible"]],
        needs=needs,
        state=state,
        after_correction=None,
        blocked_by=blocked_by,
        origin=row["origin"] or "",
        origin_view=_values(row["origin_view"]) if row["origin"] else {},
        pairing=row["pairing"],
        seq=0,
        new_id=None,
        detail="",
        asks=tuple(dict.fromkeys(why for _, why in asked)),
        lost=header.get("lost", ""),
    )
    return _Proposal(row["make_key"], row["after_key"], row["pick"], correction)


def named(vault: Vault, make_key: str, after: Mapping[str, str | None]) -> str:
    """The id of a correction: the same intent has the same id every night (G7)."""
    return vault.hash("correction", make_key, *_flat(after))[:16]


def _asked_for(row: Mapping[str, Any], header: Mapping[str, str]) -> list[tuple[str, str]]:
    """What a person has to say first, each need with its reason (G9a, G12, G13, G14, C4)."""
    action = header["action"]
    picked = "a newer choice of the customer's own (G9a)" if action == "opt_out" else "the value is only proposed (G13)"
    signs_in = row["logins"] != "none" or row["system"] == "blaze_ecom"
    contact = action == "update" and row["field"] in {"phone", "email"}
    reasons = (
        ("approval", "the policy asks a person", row["apply"] == "review"),
        ("approval", "who is made is never made unattended (G14)", action == "create"),
        ("approval", "it cannot be undone (G14)", header["reversible"] == "not"),
        ("approval", f"a person picks: {picked}", bool(row["pick"])),
        ("choice", f"a person picks: {picked}", bool(row["pick"])),
        ("identity_check", "the customer signs in with it (G12)", signs_in and contact),
        ("approval", "two profiles become one (G14)", action == "merge"),
        ("by_name", "it takes a value from a profile (C4)", header.get("by_name") == "yes"),
    )
    return list(dict.fromkeys((need, why) for need, why, holds in reasons if holds))


def _one_voice(proposals: Sequence[_Proposal]) -> list[_Proposal]:
    """Where two pairings would write one field of one profile: the same value once, different values by a person."""
    targets: dict[tuple[str, str | None, str], list[_Proposal]] = defaultdict(list)
    for proposal in proposals:
        c = proposal.correction
        target = proposal.key if c.profile_id is None or not c.before else "|".join(sorted(c.before))
        targets[c.source, c.profile_id, target].append(proposal)
    kept = []
    for group in targets.values():
        values = {tuple(_flat(p.correction.after)) for p in group}
        kept += [_joined(group)] if len(values) == 1 else [_asked(p) for p in group]
    return kept


def _joined(group: Sequence[_Proposal]) -> _Proposal:
    """One correction for what several findings ask for: it answers them all, and needs what any of them needs."""
    all_of = [p.correction for p in group]
    first = min(group, key=lambda p: _STRICTEST.index(p.correction.state))
    findings = tuple(dict.fromkeys(name for c in all_of for name in c.finding_ids))
    needs = tuple(need for need in _NEEDS if any(need in c.needs for c in all_of))
    asks = tuple(dict.fromkeys(why for c in all_of for why in c.asks))
    joined = replace(first.correction, finding_ids=findings, needs=needs, asks=asks)
    return replace(first, correction=joined, also=tuple(p.key for p in group))


def _asked(proposal: _Proposal) -> _Proposal:
    c = proposal.correction
    needs = tuple(dict.fromkeys((*c.needs, "approval", "choice")))
    state = "held" if c.state == "ready" else c.state
    asks = tuple(dict.fromkeys((*c.asks, "two systems want different values: a person picks (G13)")))
    why = f"{c.why}; another system says otherwise"
    return replace(proposal, correction=replace(c, needs=needs, state=state, why=why, asks=asks))


def _tied(proposal: _Proposal, ids: Mapping[str, str]) -> Correction:
    c = proposal.correction
    if not proposal.after_key:
        return c
    first = ids[proposal.after_key]
    if c.action == "update" and c.state != "blocked":  # C4: not tried unless the value was freed
        return replace(c, after_correction=first, state="blocked", blocked_by=first)
    after = {name: f"{CREATED}{first}" if value == "@created" else value for name, value in c.after.items()}
    return replace(c, after_correction=first, after=after)


def _in_order(corrections: Sequence[Correction]) -> list[Correction]:
    """Sorted by source, action and profile, each one after the correction that it must follow; numbered from 1."""
    known = {c.correction_id: c for c in corrections}

    def depth(c: Correction) -> int:
        before = known.get(c.after_correction or "")
        return 0 if before is None else 1 + depth(before)

    ordered = sorted(corrections, key=lambda c: (depth(c), c.source, c.action, c.profile_id or "", c.correction_id))
    return [replace(c, seq=number) for number, c in enumerate(ordered, start=1)]


def counts(corrections: Iterable[Correction]) -> Counter[str]:
    """How many corrections stand in each state."""
    return Counter(c.state for c in corrections)


def _values(facts: Sequence[Mapping[str, str | None]]) -> dict[str, str | None]:
    return {fact["name"] or "": fact["value"] for fact in facts}


def _flat(values: Mapping[str, str | None]) -> list[str]:
    return [part for name in sorted(values) for part in (name, "" if values[name] is None else f"={values[name]}")]
