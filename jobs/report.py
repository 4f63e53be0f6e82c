"""The run as a document: what was read, found, planned and done, masked before it is built."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

import orjson

from jobs.certificate import ASKS
from jobs.corrections import CREATED, Correction
from jobs.detect import Finding
from jobs.headline import Status, headline
from jobs.merges import steps_by_hand
from jobs.pull import APPROVABLE, Pulled
from jobs.settings import Settings
from jobs.standing import Standing
from jobs.state import FindingRow, RunRow, State
from reports.document import (
    Breaker,
    CorrectionLine,
    Counts,
    Fact,
    FindingLine,
    Member,
    Proof,
    RunReport,
    SourceLine,
    Step,
)
from reports.mask import base_name, masks
from reports.merging import KINDS
from reports.summary import ALWAYS_SHOWN, CORRECTION_STATES, SETTLED, SEVERITIES
from reports.words import many

_APPROVABLE = frozenset({"ready", "held"})
FINDING_STATES = ("new", "open", "accepted", "fixed", "back")

_MEANT = {
    "same_contract": "the account, columns or filter were changed on purpose",
    "shrink": "so many profiles are really gone",
    "probe": "the earlier list is lost, and this one was looked at",
}
"""The reason that is proposed, by what was refused; whoever approves says their own."""

AdminUrls = Mapping[str, Callable[[str], str | None]]
"""Per source: profile id -> the vendor's own page of the profile, or None."""


@dataclass(frozen=True, slots=True)
class Breaking:
    """The breakers over a plan, and whether they would hold what it could write unattended."""

    counted: tuple[Breaker, ...]
    tripped: bool


@dataclass(frozen=True, slots=True)
class Before:
    """The figures of the last night of which every source was certified, and how that night is called."""

    since: str = ""
    figures: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """What the night knows of itself when it writes its report."""

    run_id: str
    business_date: str
    started_at: datetime
    finished_at: datetime
    status: Status
    warnings: tuple[str, ...]
    entities: int | None
    profiles: int
    steps: tuple[Step, ...]
    breakers: tuple[Breaker, ...]
    standing: Standing
    before: Before = Before()
    also: Mapping[str, int] = field(default_factory=dict)
    """What else is counted, by its name."""


def document(
    settings: Settings,
    run: Run,
    sources: Sequence[SourceLine],
    findings: Sequence[Finding],
    story: Mapping[str, FindingRow],
    corrections: Sequence[Correction],
    admin_urls: AdminUrls,
) -> RunReport:
    """Build the report of one run. `story`: each finding's life so far, by id."""
    by_finding = _by_finding(corrections)
    lines = [_finding(f, story, settings, admin_urls, by_finding.get(f.finding_id, [])) for f in findings]
    planned = correction_lines(corrections, run.standing)
    return RunReport(
        run_id=run.run_id,
        group=settings.group,
        business_date=run.business_date,
        time_zone=settings.time_zone,
        started_at=run.started_at,
        finished_at=run.finished_at,
        status=run.status,
        headline=headline(run.run_id, corrections, lines, sources, run.standing),
        warnings=list(run.warnings),
        rollcall_version=version("rollcall"),
        sources=list(sources),
        entities=run.entities,
        profiles=run.profiles,
        counts=_counts(run, lines, story, planned),
        findings=lines,
        corrections=planned,
        breakers=list(run.breakers),
        steps=list(run.steps),
        config=str(settings.file),
        policy=settings.policy(),
    )


def before(folder: Path, runs: Sequence[RunRow], today: str) -> Before:
    """The figures to compare with: those of the last of the runs that wrote a report with every source certified."""
    for run in (run for run in reversed(runs) if run.trigger != "undo"):
        path = folder / f"{run.run_id}.json"
        if run.status in {"complete", "stopped"} and path.exists():
            figures = {count["name"]: count["value"] for count in orjson.loads(path.read_bytes())["counts"]}
            return Before(run.run_id if str(run.business_date) == today else str(run.business_date), figures)
    return Before()


def observing(settings: Settings, state: State, night: date) -> list[str]:
    """A sentence per pairing that only observes on this night, with how far it is (G14)."""
    said = []
    for pairing in settings.pairings:
        if state.pairing_nights(pairing.observed_as, before=night) < pairing.observe_nights:
            behind = state.pairing_nights(pairing.observed_as, today=night)
            done = f"{behind} of {many(pairing.observe_nights, 'certified night')} done"
            said.append(
                f"{pairing.id} only observes, nothing of it is written: {done}; a business date counts once (G14)"
            )
    return said


def source_line(settings: Settings, pulled: Pulled, now: datetime) -> SourceLine:
    """One source tonight, and how old what is used of it was at `now`."""
    source, used = settings.sources[pulled.source], pulled.used
    return SourceLine(
        source=pulled.source,
        kind=source.kind,
        role=source.role,
        store=source.store,
        certified=pulled.certified,
        used_snapshot=used.snapshot_id if used else None,
        taken_at=used.taken_at if used else None,
        age_hours=round(max(0.0, (now - used.taken_at).total_seconds()) / 3600, 1) if used else None,
        profiles=used.profiles if used else None,
        active=used.active if used else None,
        quarantined=int(pulled.stats.get("quarantined") or 0),
        requests=pulled.stats.get("requests"),
        retries=pulled.stats.get("retries"),
        seconds=pulled.stats.get("seconds"),
        proofs=pulled.proofs,
        problem=pulled.problem,
        todo="" if pulled.certified else _todo(pulled),
        certificate_id=pulled.snapshot.snapshot_id,
    )


def accepting(source: str, run_id: str, proofs: Iterable[Proof]) -> str:
    """How a person accepts an export that was refused; empty where no word can (G2)."""
    refused = [proof for proof in proofs if proof.outcome == "failed"]
    if not refused or any(proof.name not in APPROVABLE or ASKS not in proof.detail for proof in refused):
        return ""
    failed = {proof.name for proof in refused}
    why = _MEANT["same_contract" if "same_contract" in failed else "shrink" if "shrink" in failed else "probe"]
    return (
        f"if that was meant, `rollcall decide approve certificate {source}/{run_id} --run {run_id} --why '{why}'`, "
        "then `rollcall run`"
    )


def _todo(pulled: Pulled) -> str:
    accept = accepting(pulled.source, pulled.snapshot.run_id, pulled.proofs)
    return accept or f"`rollcall check` tells what {pulled.source} answers"


def correction_lines(corrections: Iterable[Correction], standing: Standing) -> list[CorrectionLine]:
    """Corrections as they stand, masked."""
    listed = list(corrections)
    made = {c.correction_id: c.new_id for c in listed}
    return [_correction(_named(c, made), standing) for c in listed]


def _named(correction: Correction, made: Mapping[str, str | None]) -> Correction:
    """What stands for a profile that is made first is called by its id, once it has one."""
    if not correction.creators:
        return correction
    new = {f"{CREATED}{name}": made.get(name) or f"the profile that {name} creates" for name in correction.creators}
    return replace(correction, after={name: new.get(value or "", value) for name, value in correction.after.items()})


def counts(before: Sequence[Counts], corrections: Sequence[CorrectionLine]) -> list[Counts]:
    """The tiles again after more corrections came to an end; findings and profiles keep their figures."""
    states = Counter[str](c.standing for c in corrections)
    known = {c.name: c for c in before if c.name in CORRECTION_STATES}
    since = next((c.since for c in before if c.since), "")
    compared = {
        name: known[name].before if name in known else 0 if since else None for name in known.keys() | states.keys()
    }
    tiles = [
        Counts(name=name, value=states[name], before=compared[name], since=since)
        for name in sorted(compared)
        if states[name] or compared[name] or name in ALWAYS_SHOWN
    ]
    return [c for c in before if c.name not in CORRECTION_STATES] + tiles


def _finding(
    finding: Finding,
    story: Mapping[str, FindingRow],
    settings: Settings,
    admin_urls: AdminUrls,
    corrections: Sequence[Correction],
) -> FindingLine:
    life = story[finding.finding_id]
    source = settings.sources.get(finding.source)
    return FindingLine(
        finding_id=finding.finding_id,
        kind=finding.check.kind,
        title=finding.check.title,
        field=finding.field,
        pairing=finding.pairing,
        store=source.store or finding.source if source else None,
        severity=finding.check.severity,
        state=life.state,
        rule_ids=list(settings.quoted(finding.check.rule_ids, finding.pairing, {finding.source})),
        members=[_member(member, admin_urls) for member in finding.members],
        evidence=_facts(finding.evidence),
        proposal=finding.proposal,
        todo=list(_steps(finding, corrections, source.kind if source else "")),
        by_whom=_by_whom(finding, source.store or finding.source if source else "", corrections),
        blocked_by=finding.blocked_by,
        first_seen=str(life.first_seen),
        nights_open=life.nights_open,
        correction_ids=[c.correction_id for c in corrections],
    )


def _correction(correction: Correction, standing: Standing) -> CorrectionLine:
    changes = _changes(correction)
    return CorrectionLine(
        correction_id=correction.correction_id,
        source=correction.source,
        profile_id=correction.profile_id or correction.new_id or "",
        action=correction.action,
        # what stays as it is was read for the check before the write, and is no part of the change
        before=[
            Fact(name=name, value=changes[name][0])
            for name in correction.before
            if name in correction.after or not correction.after
        ],
        after=[Fact(name=name, value=changes[name][-1]) for name in correction.after],
        why=correction.why,
        rule_ids=list(correction.rule_ids),
        finding_ids=list(correction.finding_ids),
        reversible=correction.reversible,
        lost=correction.lost,
        needs=list(correction.needs),
        asks=[*correction.asks, *([f"the breaker {correction.blocked_by}"] if "breaker" in correction.needs else [])],
        state=correction.state,
        blocked_by=correction.blocked_by,
        after_correction=correction.after_correction,
        detail=standing.line(correction),
        fingerprint=correction.fingerprint,
    )


def _facts(pairs: Iterable[tuple[str, str]]) -> list[Fact]:
    """Masked; values of one field at different members are told apart where they differ."""
    listed = list(pairs)
    places = sorted(range(len(listed)), key=lambda at: base_name(listed[at][0]))
    shown: dict[int, str] = {}
    for name, group in groupby(places, key=lambda at: base_name(listed[at][0])):
        some = list(group)
        shown |= dict(zip(some, masks(name, [listed[at][1] for at in some]), strict=True))
    return [Fact(name=name, value=shown[at]) for at, (name, _) in enumerate(listed)]


def _changes(correction: Correction) -> dict[str, list[str]]:
    """Per field its masked value before and after, or the one of them that there is."""
    names = dict.fromkeys([*correction.before, *correction.after])
    sides = (correction.before, correction.after)
    shown = {name: masks(name, [side[name] for side in sides if name in side]) for name in names}
    return {name: _respelled(texts) if _differ(correction, name) else texts for name, texts in shown.items()}


def _differ(correction: Correction, name: str) -> bool:
    return name in correction.after and name in correction.before and correction.after[name] != correction.before[name]


def _respelled(texts: list[str]) -> list[str]:
    """One value in two spellings: the mask hides the spelling, so it is said."""
    return [texts[0], f"{texts[1]} (written differently)"] if texts[0] == texts[1] and texts[0] else texts


def _member(member: str, admin_urls: AdminUrls) -> Member:
    source, profile_id = member.split(":", 1)
    return Member(source=source, id=profile_id, admin_url=admin_urls[source](profile_id))


def _steps(finding: Finding, corrections: Sequence[Correction], kind: str) -> tuple[str, ...]:
    """What a person does about it: to approve is a step only where a correction is there that a yes would let go.

    How two profiles are merged in the system itself is told where nothing here will do it (M10).
    """
    check = finding.check
    if any(c.state in _APPROVABLE for c in corrections):
        return (*check.todo, *check.approve)
    merging = steps_by_hand(kind) if kind and check.kind in KINDS and finding.proposal.startswith("keep ") else ()
    return (*check.todo, *check.by_hand, *merging)


def _by_whom(finding: Finding, store: str, corrections: Sequence[Correction]) -> str:
    who = {"shop": "whoever runs the shop", "operator": "whoever runs rollcall"}.get(
        finding.check.who, f"staff of {store}"
    )
    return f"{who}; a manager approves" if any(c.state == "held" for c in corrections) else who


def _by_finding(corrections: Iterable[Correction]) -> dict[str, list[Correction]]:
    found: dict[str, list[Correction]] = {}
    for correction in corrections:
        for finding_id in correction.finding_ids:
            found.setdefault(finding_id, []).append(correction)
    return found


def _counts(
    run: Run, lines: Sequence[FindingLine], story: Mapping[str, FindingRow], corrections: Sequence[CorrectionLine]
) -> list[Counts]:
    states = Counter[str](line.state for line in lines)
    states["fixed"] += sum(row.state == "fixed" for row in story.values())
    live = Counter[str](line.severity for line in lines if line.state not in SETTLED)
    waiting = Counter[str](line.standing for line in corrections)
    customers = {"entities": run.entities or 0, "profiles": run.profiles}
    figures = {name: states[name] for name in FINDING_STATES} | {name: live[name] for name in SEVERITIES} | customers
    earlier = [name for name in run.before.figures if name in CORRECTION_STATES]
    figures |= {name: waiting[name] for name in sorted({*waiting, *earlier, *ALWAYS_SHOWN})} | dict(run.also)
    return [
        Counts(
            name=name,
            value=value,
            before=run.before.figures.get(name, 0) if run.before.since else None,
            since=run.before.since,
        )
        for name, value in figures.items()
    ]
