"""What must hold after every night, whatever went wrong in it: each law reads the vendors' books and our own, and compares."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.sandbox.base import Effect
from connectors.sandbox.world import World
from jobs import snapshot
from jobs.corrections import Correction
from jobs.state import FindingRow
from jobs.workspace import Workspace
from reports.document import RunReport

CONSENTS = ("email_consent", "sms_consent")
ABSENCE = frozenset({"link_missing", "link_deleted", "missing_in_store", "vendor_cannot_create"})
"""Kinds of findings that say that somebody is not there."""


@dataclass(frozen=True, slots=True)
class Before:
    """The group just before the night: who there is, what they chose, and what life the findings led."""

    ids: dict[str, set[str]]
    active: dict[str, set[str]]
    consents: dict[str, tuple[str, ...]]
    effects: int
    entries: int
    findings: dict[str, str]

    @classmethod
    def of(cls, world: World, workspace: Workspace) -> "Before":
        profiles = dict(world.profiles())
        ids: dict[str, set[str]] = {source: set() for source in world.accounts}
        active: dict[str, set[str]] = {source: set() for source in world.accounts}
        for place, held in profiles.items():
            source, profile_id = place.split(":", 1)
            ids[source].add(profile_id)
            if held["status"] == "active":
                active[source].add(profile_id)
        return cls(
            ids, active, {place: _chosen(held) for place, held in profiles.items()}, len(world.ledger.effects),
            len(workspace.journal.history()), {row.finding_id: row.state for row in workspace.state.findings()},
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scene:
    """One night after it is over. `troubled`: the sources that a fault was scripted on. `ever`: every id that there was.

    `said_yes`: profile and channel wherever a customer's own yes was ever seen.
    """

    world: World
    workspace: Workspace
    report: RunReport
    before: Before
    troubled: set[str]
    ever: dict[str, set[str]]
    said_yes: set[tuple[str, str]]

    @property
    def certified(self) -> set[str]:
        return {line.source for line in self.report.sources if line.certified}

    @property
    def effects(self) -> list[Effect]:
        """What the vendors received tonight from us."""
        return [effect for effect in self.world.ledger.effects[self.before.effects :] if effect.method != "PUSH"]

    @property
    def begun(self) -> list[Correction]:
        """The corrections that were begun tonight, of whatever plan, as they stand."""
        began = {
            (entry.plan_id, entry.correction_id)
            for entry in self.workspace.journal.history()[self.before.entries :]
            if entry.state == "intended"
        }
        plans = {plan for plan, _ in began}
        rows = [row for plan in sorted(plans) for row in self.workspace.journal.load(plan)]
        return [row for row in rows if (row.plan_id, row.correction_id) in began]


def broken(scene: Scene) -> Iterator[str]:
    """Every law that does not hold, in a sentence."""
    for law in LAWS:
        yield from (f"{law.__name__}: {text}" for text in law(scene))


def staged_and_quarantined(scene: Scene) -> Iterator[str]:
    """Received = staged + quarantined, and a certificate is for everybody who is there."""
    for row in scene.workspace.state.snapshots_of(scene.report.run_id):
        if not row.certified:
            continue
        place = scene.workspace.folder / row.path
        seal, vault = snapshot.opened(place, scene.workspace.vault), scene.workspace.vault
        quarantined = snapshot.quarantine(place, vault).num_rows
        if not row.profiles == seal.rows + quarantined == row.stats["listed"] + row.stats["extras"]:
            yield f"{row.source}: {row.profiles} received, {seal.rows} staged, {quarantined} quarantined"
        ids = set(snapshot.ids(place, vault))
        if lost := scene.before.active[row.source] - ids:
            yield f"{row.source}: certified without {sorted(lost)[:5]}"
        if strange := ids - scene.ever[row.source]:
            yield f"{row.source}: certified with {sorted(strange)[:5]}, who are nobody there"


def untroubled_is_certified(scene: Scene) -> Iterator[str]:
    """Nobody is refused without a reason, and a source that nothing was wrong with has a certificate."""
    for line in scene.report.sources:
        if not line.certified and not line.problem:
            yield f"{line.source}: no certificate, and no reason"
        if not line.certified and line.source not in scene.troubled:
            yield f"{line.source}: nothing was wrong with it: {line.problem}"


def nothing_from_absence(scene: Scene) -> Iterator[str]:
    """G1: nothing is fixed, nobody is missing and nothing is written by a source without a certificate."""
    tills = {p.id: set(p.pos) for p in scene.workspace.settings.pairings}
    sources = {p.id: {p.ecom, *p.pos} for p in scene.workspace.settings.pairings}
    for row in scene.workspace.state.findings():
        was = scene.before.findings.get(row.finding_id, "")
        members = {source for source, _ in row.members}
        if row.state == "fixed" != was and not members <= scene.certified:
            yield f"{row.kind} {row.field} of {row.members} is fixed without {sorted(members - scene.certified)}"
        begins = row.kind in ABSENCE and was in ("", "fixed") and row.state != "fixed"
        searched = _searched(row, tills.get(row.pairing, members), scene.world.accounts)
        if begins and searched and searched.isdisjoint(scene.certified):
            yield f"{row.kind} {row.field} of {row.members} is {row.state} without {sorted(searched)}"
    for row in scene.begun:
        rests = {row.source, *([row.origin.split(":")[0]] if row.origin else [])} & sources[row.pairing]
        if row.plan_id == scene.report.run_id and not rests <= scene.certified:
            yield f"correction {row.correction_id} was written on {sorted(rests - scene.certified)} without certificate"


def nothing_twice(scene: Scene) -> Iterator[str]:
    """No vendor received the same change of the same profile twice, nor more new profiles than were intended."""
    seen = Counter((e.account, e.profile_id, _text(e.change)) for e in scene.effects if e.change)
    yield from (f"{account}:{one} received {change} {n} times" for (account, one, change), n in seen.items() if n > 1)
    for source, account in scene.world.accounts.items():
        made = set(account.ids()) - scene.before.ids[source]
        meant = [row for row in scene.begun if row.source == source and row.action == "create"]
        if len(made) > len(meant):
            yield f"{source}: {len(made)} new profiles, {len(meant)} were intended"


def ledger_is_journal(scene: Scene) -> Iterator[str]:
    """Whatever a vendor received was intended first; whatever is verified was received."""
    begun = scene.begun
    meant = {(row.source, name) for row in begun for name in (row.profile_id, row.new_id) if name}
    creating = {row.source for row in begun if row.action == "create" and row.state in {"unknown", "handed_back"}}
    for effect in scene.effects:
        known = (effect.account, effect.profile_id) in meant or effect.account in creating
        if effect.change and effect.profile_id and not known:
            yield f"{effect.account}:{effect.profile_id} received {sorted(effect.change)}, which nobody intended"
    received = {(effect.account, effect.profile_id) for effect in scene.world.ledger.effects}
    for row in begun:
        if row.state == "verified" and (row.source, row.new_id or row.profile_id) not in received:
            yield f"{row.source}:{row.profile_id} is verified ({row.action}), and received nothing"


def journal_is_settled(scene: Scene) -> Iterator[str]:
    """No write is left between its beginning and its outcome once a run is over."""
    for row in scene.begun:
        if row.state in {"intended", "applied"} and not row.is_handed_over:
            yield f"correction {row.correction_id} was left {row.state}"


def nobody_in(scene: Scene) -> Iterator[str]:
    """G9: no consent moved to in. A shop may remember a customer's own yes, and show it again with a new email or phone;
    what a new profile begins with is the vendor's own default."""
    for place, held in scene.world.profiles():
        was = scene.before.consents.get(place, _chosen(held))
        for name, now, then in zip(CONSENTS, _chosen(held), was, strict=True):
            if now == "in" != then and (place, name) not in scene.said_yes:
                yield f"{place}: {name} went from {then} to in"
    for effect in scene.effects:
        place = f"{effect.account}:{effect.profile_id}"
        for name in CONSENTS:
            if effect.change.get(name) == "in" and (place, name) not in scene.said_yes:
                yield f"{place} was written in by {effect.path}: {sorted(effect.change)}"


def no_token_lost(scene: Scene) -> Iterator[str]:
    """The pair in the file still opens the account: no person has to authorise again."""
    for source, account in scene.world.accounts.items():
        access: Any = getattr(account, "access", None)
        if hasattr(access, "refreshable"):
            file = Path(account.settings()["tokens"]["file"])
            kept = json.loads(file.read_text(encoding="utf-8"))
            if not access.refreshable(kept["refresh_token"]):
                yield f"{source}: the refresh token in {file.name} is dead"


LAWS = (
    staged_and_quarantined, untroubled_is_certified, nothing_from_absence, nothing_twice, ledger_is_journal,
    journal_is_settled, nobody_in, no_token_lost,
)  # fmt: skip


def yes_of(world: World) -> set[tuple[str, str]]:
    """Profile and channel of every yes in the vendors' books."""
    return {(place, name) for place, held in world.profiles() for name in CONSENTS if held.get(name) == "in"}


def _searched(row: FindingRow, tills: Set[str], accounts: Mapping[str, Any]) -> Set[str]:
    """The sources in whose lists somebody was not found; none where a finding names who was."""
    named = {source for source, _ in row.members} & tills
    if row.field in accounts:
        return {row.field}
    return named if row.kind == "link_deleted" else tills if not named else frozenset()


def _chosen(held: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(held.get(name)) for name in CONSENTS)


def _text(change: Any) -> str:
    return json.dumps(change, sort_keys=True, default=str)
