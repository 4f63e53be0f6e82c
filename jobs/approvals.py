"""Whether a person's word covers a correction, and what it still lacks (interfaces, decisions; G9a, G12, G14)."""

from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass

from jobs.consent import opened
from jobs.corrections import ONE_BY_ONE, Correction
from jobs.policy import DRIFT_FIELDS
from jobs.settings import Settings
from jobs.state import DecisionRow

Shown = tuple[str, str, str]
"""A correction as a run planned it: run, correction, fingerprint."""
ADDRESS = frozenset({"street", "street_2", "city", "region", "postal_code", "country"})
BY_NAME = frozenset({"opt_outs", "irreversible"})
"""Breakers that a person's word on the customer lifts; the others need a word on the breaker itself."""

SPELT = {
    "approval": "an approval",
    "choice": "a person's choice of the value (G13)",
    "identity_check": "an approval that says how the identity was verified (G12)",
    "breaker": "a word on the breaker",
    "by_name": "an approval of this very correction (C4)",
    "does_not_settle": "an approval of this very correction, which would be undone (W2)",
}
"""What a correction can need, in words."""


@dataclass(frozen=True, slots=True)
class Word:
    """What the decisions in force say on one correction: the most specific ones decide, and no beats yes.

    `approving` is empty when nobody spoke or somebody refused; `refusal` says who refused.
    """

    approving: tuple[DecisionRow, ...] = ()
    refusal: str = ""

    @property
    def named(self) -> bool:
        """Whether this very customer was approved, not a whole field."""
        return any(row.target in {"correction", "finding"} for row in self.approving)

    @property
    def identity_verified(self) -> bool:
        """Whether an approval by name tells how the identity was verified (G12)."""
        return any(row.target != "field" and row.reason.strip() for row in self.approving)


class Approvals:
    """The decisions in force, looked up by correction. `plan_id` is the run whose breakers may be lifted.

    A yes without a date is a yes to what the report showed: `shown` are the corrections (run, id, fingerprint) of the
    plans on which such words were given. What comes up later needs a word of its own, or one with a date.
    """

    def __init__(self, decisions: Iterable[DecisionRow], plan_id: str, shown: Container[Shown]) -> None:
        self._by_target: dict[tuple[str, str], list[DecisionRow]] = defaultdict(list)
        for row in decisions:
            self._by_target[row.target, row.id].append(row)
        self._plan_id = plan_id
        self._shown = shown

    def word(self, correction: Correction) -> Word:
        """The word on one correction; decisions whose fingerprint no longer holds do not count."""
        for level in (self._on_itself(correction), self._on_findings(correction), self._on_fields(correction)):
            rows = [row for row in level if self.holds(row, correction)]
            against = [row for row in rows if row.verdict != "approve"]
            if against:
                return Word(refusal=f"{_SAID.get(against[-1].verdict, against[-1].verdict)} by {against[-1].by}")
            if rows:
                return Word(approving=tuple(rows) if may_let_go(correction, rows[0]) else ())
        return Word()

    def holds(self, row: DecisionRow, correction: Correction) -> bool:
        """Whether what was decided on is what stands in the plan; of what a merge brings along, the merge was judged."""
        if row.id == correction.brought_by:
            return True
        if row.fingerprint not in {None, correction.fingerprint}:
            return False
        return not is_open(row) or (row.run_id, correction.correction_id, correction.fingerprint) in self._shown

    def covering(self, correction: Correction) -> list[DecisionRow]:
        """Every decision that speaks of this correction, whether its fingerprint holds or not."""
        return [*self._on_itself(correction), *self._on_findings(correction), *self._on_fields(correction)]

    def lifted(self, breaker: str) -> bool:
        """Whether a breaker `SOURCE/NAME` of this run was approved."""
        rows = [row for row in self._by_target["breaker", breaker] if row.run_id == self._plan_id]
        return bool(rows) and rows[-1].verdict == "approve"

    def lacking(self, correction: Correction) -> tuple[str, ...]:
        """Of what the correction needs, what nobody has given yet; one that is held needs an approval at least."""
        needs = set(correction.needs) | ({"approval"} if correction.state == "held" and not correction.needs else set())
        word = self.word(correction)
        given = {
            "approval": bool(word.approving),
            "choice": bool(word.approving),
            "identity_check": word.identity_verified,
            "breaker": self._breakers_lifted(correction, word),
            "by_name": word.named,
            "does_not_settle": word.named,
        }
        return tuple(sorted(need for need in needs if not given.get(need, False)))

    def _breakers_lifted(self, correction: Correction, word: Word) -> bool:
        ids = [part for part in correction.blocked_by.split(", ") if part.startswith(f"{correction.source}/")]
        return bool(ids) and all(self.lifted(i) or (i.split("/", 1)[1] in BY_NAME and word.named) for i in ids)

    def _on_itself(self, correction: Correction) -> list[DecisionRow]:
        names = dict.fromkeys(filter(None, (correction.correction_id, correction.brought_by)))
        return [row for name in names for row in self._by_target.get(("correction", name), [])]

    def _on_findings(self, correction: Correction) -> list[DecisionRow]:
        return [row for name in correction.finding_ids for row in self._by_target.get(("finding", name), [])]

    def _on_fields(self, correction: Correction) -> list[DecisionRow]:
        """Only drift can be approved in bulk, and only when every field that changes was."""
        if correction.action != "update":
            return []
        fields = _drift_fields(correction)
        if not fields <= set(DRIFT_FIELDS):
            return []
        rows = {name: self._by_target.get(("field", f"{correction.pairing}/{name}"), []) for name in sorted(fields)}
        spoken = [row for name in rows for row in rows[name]]
        refused = [row for row in spoken if row.verdict != "approve"]
        return refused or (spoken if all(rows.values()) else [])


def may_let_go(correction: Correction, row: DecisionRow) -> bool:
    """Whether a yes of this kind is enough for this kind of write."""
    return correction.action not in ONE_BY_ONE or row.target == "correction"


def is_open(row: DecisionRow) -> bool:
    """Whether it is a yes to corrections that says no date until which it stands."""
    return row.verdict == "approve" and row.until is None and row.target in {"correction", "finding", "field"}


def barred(settings: Settings, correction: Correction) -> str:
    """Why the policy of today does not allow what was planned; empty when it does. Plans may be older than it."""
    if channels := opened(correction.after):
        return f"an opt-in is never written: {', '.join(channels)} (G9a)"
    if correction.undoes or correction.action == "erase":
        return ""  # these rest on a person's word, and on no pairing
    pairing = next((p for p in settings.pairings if p.id == correction.pairing), None)
    if pairing is None:
        return f"the pairing {correction.pairing} is no longer configured"
    action = "drift" if correction.action == "update" else correction.action
    mode = pairing.mode(action)
    if mode == "off":
        return f"the policy no longer allows it: {action} is off"
    if mode == "review" and "approval" not in correction.needs:
        return f"by now the policy asks a person about {action}"
    ignored = [n for n in sorted(_drift_fields(correction)) if action == "drift" and pairing.wins(n) == "ignore"]
    return f"the policy ignores {', '.join(ignored)} by now" if ignored else ""


def _drift_fields(correction: Correction) -> set[str]:
    return {"address" if name in ADDRESS else name for name in correction.after}


_SAID = {"reject": "rejected", "accept": "accepted as it is"}
