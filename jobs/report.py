"""The run as a document: what was read, found, planned and done, masked before it is built."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Literal

from jobs.corrections import Correction
from jobs.detect import Finding
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
from reports.mask import mask

FINDING_STATES = ("new", "open", "accepted", "fixed", "back")

AdminUrl = Callable[[str, str], str | None]
"""(source, profile id) -> the vendor's own page of the profile, or None."""


@dataclass(frozen=True, slots=True)
class Run:
    """What the night knows of itself when it writes its report."""

    run_id: str
    business_date: str
    started_at: datetime
    finished_at: datetime
    status: Literal["complete", "incomplete", "stopped", "failed"]
    headline: str
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
    admin_url: AdminUrl,
) -> RunReport:
    """Build the report of one run. `story`: each finding's life so far, by id."""
    by_finding = _by_finding(corrections)
    lines = [_finding(f, story, settings, admin_url, by_finding.get(f.finding_id, [])) for f in findings]
    return RunReport(
        run_id=run.run_id,
        group=settings.group,
        business_date=run.business_date,
        time_zone=settings.time_zone,
        started_at=run.started_at,
        finished_at=run.finished_at,
        status=run.status,
        headline=run.headline,
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


def correction_lines(corrections: Iterable[Correction]) -> list[CorrectionLine]:
    """Corrections as they stand, masked."""
    return [_correction(c) for c in corrections]


def counts(before: Sequence[Counts], corrections: Sequence[CorrectionLine]) -> list[Counts]:
    """The tiles again after more corrections came to an end; findings keep their figures."""
    states = [c.state for c in corrections]
    found = [c for c in before if c.name in FINDING_STATES]
    return found + [Counts(name=name, value=states.count(name)) for name in sorted(set(states))]


def _finding(
    finding: Finding, story: Mapping[str, FindingRow], settings: Settings, admin_url: AdminUrl, corrections: list[str]
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
        members=[_member(member, admin_url) for member in finding.members],
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


def _member(member: str, admin_url: AdminUrl) -> Member:
    source, profile_id = member.split(":", 1)
    return Member(source=source, id=profile_id, admin_url=admin_url(source, profile_id))


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
