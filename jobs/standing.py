"""Where a correction stands that is not written: in its own line, and counted by reason for the last line of `apply`."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from jobs.approvals import SPELT, Approvals
from jobs.corrections import Correction
from reports.document import WAITING

MOST = 6
"""So many reasons are spelled out in one line; the report has them all."""
APPROVED = "approved by "
"""How the line of a correction begins to which somebody said yes."""
_PROFILE = re.compile(r"\b[a-z0-9][a-z0-9_-]*:\S+")
_CORRECTION = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether a planned correction goes. `off`: the sources whose writes are off."""

    approvals: Approvals
    off: Collection[str]

    def line(self, correction: Correction) -> str:
        """What the correction's own line says: what became of it, or who approved it and why it still waits."""
        word = self.approvals.word(correction)
        approving = word.approving
        if correction.state in WAITING and word.refusal:
            return word.refusal
        if correction.state not in WAITING or not approving:
            return correction.detail
        by = " and ".join(dict.fromkeys(row.by for row in approving))
        why = self._why(correction)
        plan = correction.plan_id
        return f"{APPROVED}{by}, and still not written: {why}" if why else f"{APPROVED}{by}: `rollcall apply {plan}`"

    def rejected(self, correction: Correction) -> bool:
        """Whether a person said no to what was not tried yet: it waits for nobody."""
        return correction.state in WAITING and bool(self.approvals.word(correction).refusal)

    def tally(self, corrections: Iterable[Correction]) -> str:
        """`12 not approved, 3 blocked: writes are off for till`; says so where there is nothing to write at all."""
        counted = Counter(self._reason(c) for c in corrections)
        said = [f"{number:,} {reason}" for reason, number in counted.most_common(MOST)]
        rest = counted.total() - sum(number for _, number in counted.most_common(MOST))
        if rest:
            said.append(f"{rest:,} for {'another reason' if rest == 1 else 'other reasons'}")
        return ", ".join(said) or "the plan holds no correction"

    def _reason(self, correction: Correction) -> str:
        if correction.state not in WAITING:
            return f"{correction.state.replace('_', ' ')} before"
        if self.rejected(correction):
            return "rejected"
        if correction.state == "blocked":
            return f"blocked: {_PROFILE.sub('another profile', self._why(correction))}"
        if correction.state == "ready":
            why = self._why(correction)
            return f"blocked: {why}" if why else "ready and not tried"
        word = self.approvals.word(correction)
        if correction.blocked_by:
            return f"held by {correction.blocked_by}"
        return f"approved, and {self._why(correction)}" if word.approving else "not approved"

    def _why(self, correction: Correction) -> str:
        """What stands in the way although a person said yes; empty when nothing does."""
        if correction.state == "held":
            return self._held(correction)
        if correction.source in self.off and (
            correction.state == "ready" or "cannot be written" in correction.blocked_by
        ):
            return f"writes are off for {correction.source}"
        if _CORRECTION.fullmatch(correction.blocked_by):
            return "it waits for another correction, which was not verified"
        return correction.blocked_by

    def _held(self, correction: Correction) -> str:
        lacking = self.approvals.lacking(correction)
        if "breaker" in lacking:
            names = correction.blocked_by.split(", ")
            words = f"`rollcall decide approve breaker {names[0]} --run {correction.plan_id} --why TEXT` lifts it"
            return f"the breaker {correction.blocked_by} holds it: {words}"
        return f"it still needs {', '.join(SPELT.get(need, need) for need in lacking)}" if lacking else ""


def written_since(before: Mapping[str, str], corrections: Iterable[Correction]) -> bool:
    """Whether a correction came to an end, or was begun, since `before` (state by id) was noted."""
    return any(c.state not in WAITING and before.get(c.correction_id) != c.state for c in corrections)
