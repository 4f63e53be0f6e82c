"""The report as a value: the only input of every page, table and export of a finished run.

`report.json` is this document. Personal values in it are masked before it is built; ids, counts and rule ids are not
personal.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

SCHEMA_VERSION = 1

Severity = Literal["critical", "high", "medium", "low", "info"]
FindingState = Literal["new", "open", "accepted", "fixed", "back"]
CorrectionState = Literal[
    "ready", "held", "blocked", "intended", "applied", "verified", "handed_back", "refused", "unknown", "undone"
]

WAITING = frozenset({"ready", "held", "blocked"})
"""States of a correction that nobody has tried yet."""
REJECTED = "rejected"
NOES = ("rejected by ", "accepted as it is by ")
"""How the detail of a correction begins to which a person said no."""


class Part(BaseModel):
    """Base of every part: closed and immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Proof(Part):
    """One named proof of a certificate (G1)."""

    name: str
    outcome: Literal["passed", "failed", "not_offered"]
    required: bool
    detail: str = ""


class SourceLine(Part):
    """One source tonight: what was read, and whether anything may rest on it."""

    source: str
    kind: str
    role: Literal["pos", "ecom"]
    store: str | None
    certified: bool
    used_snapshot: str | None
    taken_at: datetime | None
    age_hours: float | None
    profiles: int | None
    active: int | None
    quarantined: int = 0
    requests: int | None = None
    retries: int | None = None
    seconds: float | None = None
    proofs: list[Proof] = []
    problem: str = ""
    """Why there is no certificate tonight, in a sentence; empty when there is one."""
    todo: str = ""
    certificate_id: str | None = None


class Member(Part):
    """One profile that a finding concerns."""

    source: str
    id: str
    admin_url: str | None = None


class Fact(Part):
    """One piece of evidence. `value` is masked when it is personal."""

    name: str
    value: str


class CorrectionLine(Part):
    """One correction as planned and as it went."""

    correction_id: str
    source: str
    profile_id: str
    action: str
    before: list[Fact]
    after: list[Fact]
    why: str
    rule_ids: list[str]
    finding_ids: list[str]
    reversible: Literal["fully", "partly", "not"]
    lost: str = ""
    """What does not come back when it is undone; empty where everything does."""
    needs: list[str]
    asks: list[str] = []
    """Why a person has to say something first, in sentences."""
    state: CorrectionState
    blocked_by: str = ""
    after_correction: str | None = None
    detail: str = ""
    fingerprint: str = ""

    @property
    def standing(self) -> str:
        """What a person reads of where it stands: what somebody said no to waits for nobody, though it is held."""
        return REJECTED if self.state in WAITING and self.detail.startswith(NOES) else self.state


class FindingLine(Part):
    """One thing that is wrong, with its life story."""

    finding_id: str
    kind: str
    title: str
    field: str
    pairing: str
    store: str | None
    severity: Severity
    state: FindingState
    rule_ids: list[str]
    members: list[Member]
    evidence: list[Fact]
    proposal: str
    todo: list[str] = []
    """Steps for a person, in order."""
    by_whom: str = ""
    """Who is to take them."""
    blocked_by: str = ""
    first_seen: str
    nights_open: int
    correction_ids: list[str] = []


class Counts(Part):
    """How many of what; each with its value on the last night of which every source was certified, where there was one."""

    name: str
    value: int
    before: int | None = None
    since: str = ""
    """The date of that night; its run where it was the same date."""


class Step(Part):
    """One step of the night."""

    name: str
    seconds: float


class Breaker(Part):
    """One breaker and how close the plan came to it."""

    name: str
    source: str
    count: int
    limit: int
    tripped: bool


class RunReport(Part):
    """Everything that a viewer shows of one run."""

    schema_version: Literal[1] = 1
    run_id: str
    group: str
    business_date: str
    time_zone: str
    started_at: datetime
    finished_at: datetime
    status: Literal["complete", "incomplete", "stopped", "failed"]
    headline: str
    """What the last line of the command line says."""
    warnings: list[str] = []
    rollcall_version: str
    sources: list[SourceLine]
    entities: int | None
    profiles: int
    counts: list[Counts]
    findings: list[FindingLine]
    corrections: list[CorrectionLine]
    breakers: list[Breaker] = []
    steps: list[Step] = []
    config: str = ""
    """The configuration as it was named, which commands that speak of this run have to name too."""
    policy: list[list[str]] = []
    """The policy table that `rollcall check --show-policy` prints, heading first."""
