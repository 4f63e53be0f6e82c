"""The certificate of completeness: what an export proves of itself (G1, G2, G2a). Pure: no file, network or clock."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import Evidence, SourceSettings
from jobs.settings import Limits
from reports.document import Proof
from reports.words import many, plural

AHEAD = timedelta(minutes=10)
"""How far a file's date may lie ahead of our clock."""
ASKS = "approve it"
"""In the detail of every proof that an operator's word can stand in for."""
NOT_JUDGED = "not judged: the export was not read to its end"
_Verdict = tuple[bool | None, str]
"""Passed, failed or not offered; and why, in a sentence without a personal value."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read. `listed`: different profiles, the quarantined included."""

    listed: int
    repeated: int = 0
    unreadable: int = 0
    created_meanwhile: int = 0
    absent_canaries: tuple[str, ...] = ()
    broke_off: bool = False
    contract_changed: bool = False
    vanished: int = 0
    """Of the last certified list, where nobody can be asked for by id: another store's file may be of the same length."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """An earlier export to compare with: how many it listed, and under which contract."""

    listed: int
    export_contract: int
    contract: Mapping[str, str]
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of asking for the missing by their ids (G2a). `alive`: ids that the list should have held."""

    missing: int = 0
    asked: int = 0
    alive: tuple[str, ...] = ()
    problem: str = ""
    """Why they could not be asked for."""
    blind: bool = False
    """The last certified list cannot be read, so that nobody knows who is missing."""


@dataclass(frozen=True, slots=True)
class Export:
    """Everything that a certificate is judged on.

    `accepted`: exports since the last certified one that were approved after they had been refused; this one may be like
    them.
    """

    required: Collection[str]
    evidence: Evidence
    export_contract: int
    read: Read
    previous: Baseline | None
    probe: Probe
    settings: SourceSettings
    limits: Limits
    now: datetime
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    accepted: tuple[Baseline, ...] = ()
    problem: str = ""
    """What ended the reading too early, in a sentence."""


def judge(export: Export) -> list[Proof]:
    """Every named proof, in a fixed order. Of an export that broke off, nothing is judged but that, and a bad date."""
    verdicts: dict[str, _Verdict] = {
        "end_mark": _end_mark(export),
        "count_before": _count(export, "before"),
        "count_after": _count(export, "after"),
        "pages_contiguous": _pages(export),
        "no_repeats": _repeats(export.read),
        "same_contract": _same_contract(export),
        "shrink": _shrink(export),
        "canaries": _canaries(export),
        "probe": _probe(export),
        "operator_count": _operator_count(export),
        "fresh": _fresh(export),
    }
    if export.read.broke_off:
        dated = verdicts["fresh"]
        verdicts = dict.fromkeys(verdicts, (None, NOT_JUDGED))
        verdicts["fresh"] = dated if dated[0] is False else verdicts["fresh"]
        verdicts["end_mark"] = (False, _ended_early(export))
    outcomes: Mapping[Any, Any] = {True: "passed", False: "failed", None: "not_offered"}
    return [
        Proof(name=name, outcome=outcomes[passed], required=_is_required(name, export), detail=why)
        for name, (passed, why) in verdicts.items()
    ]


def _is_required(name: str, export: Export) -> bool:
    """Canaries are asked for where the configuration names some, and the age of a file where its date was stated."""
    stated = {"canaries": bool(export.settings.canaries), "fresh": export.settings.exported_at is not None}
    return name in export.required and stated.get(name, True)


def is_certified(proofs: Iterable[Proof]) -> bool:
    """Every required proof passed, and none failed."""
    return all(proof.outcome == "passed" or (proof.outcome != "failed" and not proof.required) for proof in proofs)


def shortfall(proofs: Iterable[Proof]) -> str:
    """Why there is no certificate, in sentences; empty when there is one."""
    missing = [
        f"{proof.name}: {proof.detail}"
        for proof in proofs
        if proof.outcome == "failed" or (proof.required and proof.outcome == "not_offered")
    ]
    return "; ".join(missing)


def exported_at(settings: SourceSettings, zone: ZoneInfo) -> datetime | None:
    """When a file was exported; a time without an offset is the group's. Raises ValueError when it cannot be read."""
    if settings.exported_at is None:
        return None
    said = datetime.fromisoformat(settings.exported_at)
    return (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(UTC)


def _ended_early(export: Export) -> str:
    """A list of which nothing came did not break off: it could not be read at all."""
    start = "the export broke off before its end" if export.read.listed else "nothing could be read"
    return f"{start}: {export.problem}" if export.problem else start


def _end_mark(export: Export) -> _Verdict:
    mark, notes = export.evidence.end_mark, export.evidence.notes
    if mark is None:
        return None, "this source gives no end mark"
    lost = f"the list is not whole: {'; '.join(notes)}" if notes else "the list ended without its end mark"
    return mark, "the end mark was reached" if mark else lost


def _count(export: Export, side: str) -> _Verdict:
    evidence, read = export.evidence, export.read
    said = evidence.count_before if side == "before" else evidence.count_after
    if said is None:
        return None, f"this source gives no count {side} the export"
    before, after = evidence.count_before, evidence.count_after
    moved = read.created_meanwhile + (abs(after - before) if before is not None and after is not None else 0)
    text = f"{read.listed:,} read, {said:,} counted {side} the export, {many(moved, 'change')} seen meanwhile"
    return abs(read.listed - said) <= moved, text


def _pages(export: Export) -> _Verdict:
    whole = export.evidence.pages_contiguous
    if whole is None:
        return None, "this source has no pages to follow"
    told = "every page followed on the one before" if whole else "pages were missing, or out of order"
    return whole, "; not proven: ".join([told, *export.evidence.unproven])


def _repeats(read: Read) -> _Verdict:
    if read.unreadable:
        return False, f"{many(read.unreadable, 'record')} came without an id that can be read"
    if read.repeated:
        twice = f"{many(read.repeated, 'profile')} {plural(read.repeated, 'was')} read more than once"
        return False, f"{twice}, so others may not have been read at all"
    return True, "every profile was read once"


def _same_contract(export: Export) -> _Verdict:
    if export.read.contract_changed:
        return False, "account, scopes or filters changed while the export was read"
    if export.previous is None:
        return True, "the first export of this source: nothing to compare with"
    changed = _changes(export, export.previous)
    if not changed:
        return True, "account, scopes, filters, region and what is read are those of the last certified export"
    if any(not _changes(export, known) for known in export.accepted):
        return True, f"changed since the last certified export, and approved: {', '.join(changed)}"
    return False, f"changed since the last certified export: {', '.join(changed)} (approve it if that was meant)"


def _changes(export: Export, other: Baseline) -> list[str]:
    now, then = export.evidence.contract, other.contract
    keys = sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))
    changed = [f"columns ({_columns(then, now)})" if name == "columns" else name for name in keys]
    return changed + (["the fields that rollcall reads"] if export.export_contract != other.export_contract else [])


def _columns(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Which columns of a file are read now and were not, and the other way round; headings, never a cell."""
    before, after = (set(filter(None, side.get("columns", "").split("; "))) for side in (then, now))
    new = [f"now {name}" for name in sorted(after - before)]
    return ", ".join([*new, *(f"no longer {name}" for name in sorted(before - after))])


def _shrink(export: Export) -> _Verdict:
    listed, previous = export.read.listed, export.previous
    counted = (export.evidence.count_before, export.evidence.count_after, export.settings.expected)
    if previous is None and not listed and 0 not in (*counted, *(known.listed for known in export.accepted)):
        return False, "the first export is empty: state `expected: 0`, or approve it, where there are no customers yet"
    if previous is None:
        return True, "the first export of this source: nothing to compare with"
    text = f"{many(listed, 'profile')}, {previous.listed:,} in the last certified export"
    text += f", {export.read.vanished:,} of them not in this one" if export.read.vanished else ""
    if not listed and previous.listed:
        return False, f"{text}: an empty export is never certified where there were profiles (G2)"
    if not _shrank(min(listed, previous.listed - export.read.vanished), previous.listed, export.limits):
        return True, text
    if any(not _shrank(listed, known.listed, export.limits) for known in export.accepted):
        return True, f"{text}: approved"
    return False, f"{text}: more are missing than the limit allows (approve it if that was meant, G2)"


def _shrank(listed: int, before: int, limits: Limits) -> bool:
    lost = before - listed
    return lost > limits.shrink * before and lost >= limits.shrink_profiles


def _canaries(export: Export) -> _Verdict:
    if not export.settings.canaries:
        return None, "no canaries are configured"
    if absent := export.read.absent_canaries:
        return False, f"not in the export: {', '.join(sorted(absent))}"
    number = len(export.settings.canaries)
    return True, "the canary is in the export" if number == 1 else f"all {number} canaries are in the export"


def _probe(export: Export) -> _Verdict:
    probe = export.probe
    if probe.problem:
        told = f"{many(probe.missing, 'profile')} {plural(probe.missing, 'is')} missing"
        return False, f"{told}, and could not be asked for: {probe.problem}"
    if probe.alive:
        named = ", ".join(sorted(probe.alive)[:5])
        alive = f"{len(probe.alive):,} {plural(len(probe.alive), 'is')}"
        return (
            False,
            f"{alive} alive by id (G2a) of {probe.asked:,} that {plural(probe.asked, 'is')} not listed, such as {named}",
        )
    if probe.blind and not export.accepted:
        return False, "the last certified list cannot be read, so nobody knows who is missing (approve it to go on)"
    if not probe.missing:
        return True, "nobody is missing"
    listed = f"{probe.missing:,} {plural(probe.missing, 'is')} not listed"
    return True, f"{listed}, {probe.asked:,} {plural(probe.asked, 'was')} asked for by id: none is alive"


def _operator_count(export: Export) -> _Verdict:
    expected = export.settings.expected
    if expected is None:
        return None, "no count was stated (`expected:`)"
    return export.read.listed == expected, f"{export.read.listed:,} read, {expected:,} stated by the operator"


def _fresh(export: Export) -> _Verdict:
    try:
        taken = exported_at(export.settings, export.zone)
    except ValueError:
        return False, "`exported_at:` is no date and time such as 2026-11-22T23:00"
    if taken is None:
        return None, "no date was stated (`exported_at:`)"
    hours = (export.now - taken) / timedelta(hours=1)
    if export.now - taken < -AHEAD:
        return False, f"exported {-hours:.1f} hours from now: `exported_at:` lies ahead"
    if export.previous and export.previous.taken_at and taken < export.previous.taken_at:
        return False, "older than the last certified export"
    return export.now - taken <= export.limits.file_age, f"exported {hours:.1f} hours ago"
