"""The certificate of completeness: what an export proves of itself (G1, G2, G2a). Pure: no file, no network, no clock."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import Evidence, SourceSettings
from jobs.settings import Limits
from reports.document import Proof

AHEAD = timedelta(minutes=10)
"""How far a file's date may lie ahead of our clock."""
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


@dataclass(frozen=True, slots=True)
class Baseline:
    """An earlier export to compare with: how many it listed, and under which contract."""

    listed: int
    export_contract: int
    contract: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of asking for the missing by their ids (G2a). `alive`: ids that the list should have held."""

    missing: int = 0
    asked: int = 0
    alive: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """Everything that a certificate is judged on.

    `accepted`: exports that an operator approved since the last certified one, this one among them where it is `waved`.
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
    waved: bool = False


def judge(export: Export) -> list[Proof]:
    """Every named proof, in a fixed order."""
    verdicts: dict[str, _Verdict] = {
        "end_mark": _end_mark(export),
        "count_before": _count(export, "before"),
        "count_after": _count(export, "after"),
        "pages_contiguous": _pages(export),
        "no_repeats": _repeats(export.read),
        "same_contract": _same_contract(export),
        "shrink": _shrink(export),
        "canaries": _canaries(export),
        "probe": _probe(export.probe, export.waved),
        "operator_count": _operator_count(export),
        "fresh": _fresh(export),
    }
    outcomes: Mapping[Any, Any] = {True: "passed", False: "failed", None: "not_offered"}
    return [
        Proof(name=name, outcome=outcomes[passed], required=name in export.required, detail=why)
        for name, (passed, why) in verdicts.items()
    ]


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
