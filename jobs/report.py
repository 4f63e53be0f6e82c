"""The run as a document: what was read, found, planned and done, masked before it is built."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Literal

from jobs.corrections import Correction
from jobs.detect import Finding
from jobs.pull import Pulled
from jobs.settings import Settings
from jobs.state import FindingRow
from reports.document import (
    Breaker,
    CorrectionLine,
    Counts,
    Fact,
    FindingLine,
    Member,
    RunReport,
    SourceLine,
    Step,
)
from reports.export import PLANNED
from reports.mask import mask

Status = Literal["complete", "incomplete", "stopped", "failed"]
FINDING_STATES = ("new", "open", "accepted", "fixed", "back")

AdminUrls = Mapping[str, Callable[[str], str | None]]
"""Per source: profile id -> the vendor's own page of the profile, or None."""


@dataclass(frozen=True, slots=True)
class Breaking:
    """The breakers over a plan, and whether they would hold what it could write unattended."""

    counted: tuple[Breaker, ...]
    tripped: bool


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
    return RunReport(
        run_id=run.run_id,
        group=settings.group,
        business_date=run.business_date,
        time_zone=settings.time_zone,
        started_at=run.started_at,
        finished_at=run.finished_at,
        status=run.status,
        headline=headline(run.run_id, corrections, lines, sources),
        warnings=list(run.warnings),
        rollcall_version=version("rollcall"),
        sources=list(sources),
        entities=run.entities,
        profiles=run.profiles,
        counts=_counts(lines, story, correction_lines(corrections)),
        findings=lines,
        corrections=correction_lines(corrections),
        breakers=list(run.breakers),
        steps=list(run.steps),
        policy=settings.policy(),
    )


def status(sources: Iterable[SourceLine], tripped: Collection[str] | bool = False) -> Status:
    """What the whole run came to; a source without a certificate outweighs a breaker (G1)."""
    if not all(line.certified for line in sources):
        return "incomplete"
    return "stopped" if tripped else "complete"


def headline(
    plan_id: str, corrections: Iterable[Correction], findings: Iterable[FindingLine], sources: Iterable[SourceLine]
) -> str:
    """The last line: the plan in the form of DESIGN, Command line; then, where there is any, what was written and what
    is missing."""
    states = Counter(c.state for c in corrections)
    actions = Counter[str](c.action for c in corrections if c.state not in {"held", "blocked"})
    updates = actions.total() - actions["create"] - actions["archive"]
    accepted = sum(finding.state == "accepted" for finding in findings)
    tried = [f"{n} {state.replace('_', ' ')}" for state, n in sorted(states.items()) if state not in PLANNED]
    missing = [line.source for line in sources if not line.certified]
    said = [
        f"plan {plan_id}: {updates} updates, {actions['create']} creates, {actions['archive']} archives; "
        f"{states['held'] + states['blocked']} held for review; {accepted} accepted.",
        *([f"Written: {', '.join(tried)}."] if tried else []),
        *([f"NO CERTIFICATE: {', '.join(missing)}."] if missing else []),
    ]
    return " ".join(said)


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
        todo="" if pulled.certified else f"`rollcall check` tells what {pulled.source} answers",
        certificate_id=pulled.snapshot.snapshot_id,
    )


def correction_lines(corrections: Iterable[Correction]) -> list[CorrectionLine]:
    """Corrections as they stand, masked."""
    return [_correction(c) for c in corrections]


def counts(before: Sequence[Counts], corrections: Sequence[CorrectionLine]) -> list[Counts]:
    """The tiles again after more corrections came to an end; findings keep their figures."""
    states = [c.state for c in corrections]
    found = [c for c in before if c.name in FINDING_STATES]
    return found + [Counts(name=name, value=states.count(name)) for name in sorted(set(states))]


def _finding(
    finding: Finding, story: Mapping[str, FindingRow], settings: Settings, admin_urls: AdminUrls, corrections: list[str]
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
        rule_ids=list(finding.check.rule_ids),
        members=[_member(member, admin_urls) for member in finding.members],
        evidence=_facts(finding.evidence),
        proposal=finding.proposal,
        todo=list(finding.check.todo),
        blocked_by=finding.blocked_by,
        first_seen=str(life.first_seen),
        nights_open=life.nights_open,
        correction_ids=corrections,
    )


def _correction(correction: Correction) -> CorrectionLine:
    return CorrectionLine(
        correction_id=correction.correction_id,
        source=correction.source,
        profile_id=correction.profile_id or correction.new_id or "",
        action=correction.action,
        before=_facts((name, value or "") for name, value in correction.before.items()),
        after=_facts((name, value or "") for name, value in correction.after.items()),
        why=correction.why,
        rule_ids=list(correction.rule_ids),
        finding_ids=list(correction.finding_ids),
        reversible=correction.reversible,
        needs=list(correction.needs),
        state=correction.state,
        blocked_by=correction.blocked_by,
        after_correction=correction.after_correction,
        detail=correction.detail,
        fingerprint=correction.fingerprint,
    )


def _facts(pairs: Iterable[tuple[str, str]]) -> list[Fact]:
    return [Fact(name=name, value=mask(name, value)) for name, value in pairs]


def _member(member: str, admin_urls: AdminUrls) -> Member:
    source, profile_id = member.split(":", 1)
    return Member(source=source, id=profile_id, admin_url=admin_urls[source](profile_id))


def _by_finding(corrections: Iterable[Correction]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for correction in corrections:
        for finding_id in correction.finding_ids:
            found.setdefault(finding_id, []).append(correction.correction_id)
    return found


def _counts(
    lines: Sequence[FindingLine], story: Mapping[str, FindingRow], corrections: Sequence[CorrectionLine]
) -> list[Counts]:
    states: list[str] = [line.state for line in lines]
    states += [row.state for row in story.values() if row.state == "fixed"]
    return counts([Counts(name=name, value=states.count(name)) for name in FINDING_STATES], corrections)
