"""What takes a verified correction back, judged on the profile as it is now; and what nothing takes back."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.base import MERGED_INTO, Action, Capabilities
from jobs.corrections import IN_DOUBT, Correction, fingerprint
from jobs.vault import Vault

View = Mapping[str, str | None]
Spot = tuple[str, str, str]
"""One field of one profile: source, profile, field."""


@dataclass(frozen=True, slots=True)
class Now:
    """What is known of a correction's profile at present.

    `view` is None where it is gone; `differing`: fields that no longer show what the correction wrote; `why_not`: what
    forbids it whatever the profile shows, such as a source that is no longer configured.
    """

    view: View | None
    differing: Sequence[str]
    can: Capabilities
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class _Way:
    """How one correction comes back; `why_not` says why it does not, and then nothing is written."""

    action: Action
    before: View
    after: View
    why_not: str = ""


def inverse(original: Correction, now: Now, vault: Vault) -> Correction:
    """The correction that takes `original` back, after what rests on it; blocked, with the reason, where none does.

    What is announced as not coming back has no `after`: no word of anybody can have it written.
    """
    way = _way(original, now)
    profile, needs = original.new_id or original.profile_id, _needs(original, way)
    view = now.view or {}
    if not way.why_not and way.action not in now.can.actions:
        way = replace(way, after={}, why_not=f"{original.source} takes no {way.action}: put it back by hand")
    return Correction(
        correction_id=vault.hash("undo", original.plan_id, original.correction_id)[:16],
        source=original.source,
        profile_id=profile,
        action=way.action,
        before=way.before,
        after={} if way.why_not else way.after,
        why=f"takes back the {original.action.replace('_', ' ')} of run {original.plan_id}",
        rule_ids=original.rule_ids,
        finding_ids=(),
        fingerprint=fingerprint(vault, original.source, profile, view, way.before),
        reversible="fully" if way.action != "archive" or "restore" in now.can.actions else "not",
        needs=() if way.why_not else needs,
        state="blocked" if way.why_not else "held" if needs else "ready",
        blocked_by=way.why_not,
        undoes=f"{original.plan_id}/{original.correction_id}",
    )


def in_order(pairs: Sequence[tuple[Correction, Correction]]) -> list[Correction]:
    """The inverses as a plan: what was written last is taken back first.

    What was written in order is taken back as a chain, each after the one before it, and ends where one cannot come back:
    no profile is archived to which a link still points. An opt-out, which stays, holds nothing up.
    """
    chains = _chains([original for original, _ in pairs])
    last: dict[str, str] = {}
    turned: list[Correction] = []
    for original, back in sorted(pairs, key=lambda pair: -pair[0].seq):
        chain = chains[original.correction_id]
        turned.append(replace(back, seq=len(turned) + 1, after_correction=last.get(chain)))
        if original.action != "opt_out":
            last[chain] = back.correction_id
    return turned


def _chains(rows: Sequence[Correction]) -> dict[str, str]:
    """Per correction, the name that it has in common with all that follow it or that it follows."""
    name_of = {row.correction_id: row.correction_id for row in rows}
    for row in sorted(rows, key=lambda row: row.seq):
        own, *others = [name_of[name] for name in row.follows if name in name_of] or [row.correction_id]
        name_of[row.correction_id] = own
        if apart := {*others} - {own}:
            name_of = {key: own if name in apart else name for key, name in name_of.items()}
    return name_of


def resting_on(chosen: Collection[str], rows: Iterable[Correction]) -> set[str]:
    """The chosen corrections and every one that follows them: what is written on top comes back first."""
    taken = set(chosen)
    for row in sorted(rows, key=lambda row: row.seq):
        if taken & {*row.follows}:
            taken.add(row.correction_id)
    return taken


def asked_again(corrections: Iterable[Correction], history: Iterable[tuple[Correction, bool]]) -> list[Correction]:
    """A night's corrections; what an undo has put back is written, or copied to another profile, by a person's word alone.

    history: every verified write to a profile that an undo has written to, in order, and whether it was the undo's.
    """
    taken_back: set[Spot] = set()
    for row, by_undo in history:
        (taken_back.update if by_undo else taken_back.difference_update)(_written(row))
    return [_asked(row) if _touched(row) & taken_back else row for row in corrections]


def _written(row: Correction) -> set[Spot]:
    return {(row.source, row.profile_id or "", name) for name in row.after}


def _touched(row: Correction) -> set[Spot]:
    """The fields that a correction writes, and those that it copies from."""
    source, _, profile = row.origin.partition(":")
    return _written(row) | {(source, profile, name) for name in row.after}


def _asked(row: Correction) -> Correction:
    needs = tuple(dict.fromkeys((*row.needs, "approval")))
    state = "held" if row.state == "ready" else row.state
    asks = (*row.asks, "it was undone before")
    return replace(row, needs=needs, asks=asks, state=state, why=f"{row.why}; it was undone before")


def _needs(original: Correction, way: _Way) -> tuple[str, ...]:
    """Archiving is always by name (G14); where the value is a login, identity is verified both ways (G12)."""
    approval = ("approval",) if way.action == "archive" else ()
    return ("approval", "identity_check") if "identity_check" in original.needs else approval


def _way(original: Correction, now: Now) -> _Way:
    find = _WAYS.get(original.action)
    kept = {name: (now.view or {}).get(name) for name in original.after}
    if why := now.why_not or _never(original, find is not None):
        return _Way(original.action, kept, {}, why)
    assert find is not None
    if now.view is None:
        return _Way(original.action, {}, {}, "the profile is gone")
    return find(original, now.view, now.differing)


def _never(original: Correction, has_a_way: bool) -> str:
    """Why a correction cannot come back whatever its profile shows."""
    if original.state in IN_DOUBT:
        return f"what became of it is not known: `rollcall resume {original.plan_id}` finds out first"
    if original.action == "opt_out":
        return "an opt-out stays: an opt-in is never written (G9, G9a)"
    if original.brought_by:
        return "it came with a merge, which cannot be taken back (M10)"
    if not original.after:
        return "its values were purged: nobody knows any more what was there"
    if original.action == "merge":
        return (
            f"a merge cannot be taken back: {original.source}:{original.after[MERGED_INTO]} keeps what it took in (M10)"
        )
    return "" if has_a_way else f"a {original.action} cannot be taken back"


def _changed(action: Action, before: View, differing: Sequence[str]) -> _Way:
    return _Way(action, before, {}, f"changed since it was written: {', '.join(differing)}")


def _fields_back(original: Correction, view: View, differing: Sequence[str]) -> _Way:
    """Every field as it was before."""
    now = {name: view.get(name) for name in original.after}
    if differing:
        return _changed(original.action, now, differing)
    return _Way(original.action, now, {name: original.before.get(name) for name in original.after})


def _tags_back(original: Correction, view: View, differing: Sequence[str]) -> _Way:
    """Only the tags that were added go; those that others have added since stay."""
    del differing
    added = _tags(original.after) - _tags(original.before)
    now = {"tags": view.get("tags")}
    if not added <= _tags(view):
        return _changed(original.action, now, ["tags"])
    return _Way(original.action, now, {"tags": ";".join(sorted(_tags(view) - added)) or None})


def _status_back(original: Correction, view: View, differing: Sequence[str]) -> _Way:
    now = {"status": view.get("status")}
    if differing:
        return _changed(original.action, now, differing)
    action: Action = "restore" if original.action == "archive" else "archive"
    return _Way(action, now, {"status": "active" if action == "restore" else "archived"})


def _created_back(original: Correction, view: View, differing: Sequence[str]) -> _Way:
    """A profile that is there cannot be unmade; it is archived as long as it is what was created."""
    now = {"status": view.get("status"), **{name: view.get(name) for name in original.after}}
    gone = ["status"] if view.get("status") != "active" else []
    if gone or differing:
        return _changed("archive", now, [*gone, *differing])
    return _Way("archive", now, {"status": "archived"})


def _tags(values: View) -> set[str]:
    return {part.strip() for part in (values.get("tags") or "").split(";")} - {""}


_WAYS: Mapping[str, Callable[[Correction, View, Sequence[str]], _Way]] = {
    "update": _fields_back,
    "relink": _fields_back,
    "set_group": _fields_back,
    "add_note": _fields_back,
    "add_tag": _tags_back,
    "archive": _status_back,
    "restore": _status_back,
    "create": _created_back,
}
