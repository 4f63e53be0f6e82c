"""A correction: one intended write to one profile, and the states that it goes through."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from connectors.base import Action
from jobs.vault import Vault

CorrectionState = Literal[
    "ready", "held", "blocked", "intended", "applied", "verified", "handed_back", "refused", "unknown", "undone"
]
Reversible = Literal["fully", "partly", "not"]

CREATED = "@created:"
"""An `after` value of this form stands for the id of the profile that the correction named behind it creates."""

REPLACES = "replaces"
"""In `before` of a create: the archived or lost profile whose place the new one takes (M12)."""

ONE_BY_ONE = frozenset[Action]({"merge"})
"""What only a word on that very correction lets go: none on its finding, on a field or on a breaker (G14)."""

IN_DOUBT: tuple[CorrectionState, ...] = ("intended", "applied", "unknown")
"""A write was begun and not proven: read first, never blindly write again."""

FAILED: frozenset[CorrectionState] = frozenset({"refused", "unknown"})
"""A write that a vendor did not take, or that does not read back."""

HANDED_OVER = "handed over"
"""How the detail of an intended correction begins that a person has to bring in: nobody is in doubt about it."""

NEXT: Mapping[CorrectionState, frozenset[CorrectionState]] = {
    "ready": frozenset({"held", "blocked", "intended", "handed_back", "refused"}),
    "held": frozenset({"ready", "held"}),
    "blocked": frozenset({"ready", "held"}),
    "intended": frozenset({"ready", "intended", "applied", "verified", "handed_back", "refused", "unknown"}),
    "applied": frozenset({"verified", "unknown"}),
    "unknown": frozenset({"ready", "intended", "verified", "handed_back", "unknown"}),
    "verified": frozenset({"undone", "unknown"}),
    "handed_back": frozenset(),
    "refused": frozenset(),
    "undone": frozenset(),
}
"""Which state may follow which."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One intended write.

    `before` holds every field that was judged, `after` exactly those that change, both in the words of a connector's
    view. `needs`: words of approval, choice (the value is only proposed, G13), identity_check, breaker. `blocked_by`:
    what holds it, such as breakers (`SOURCE/NAME`, comma separated) or the correction that it waits for. `detail` never
    holds a value of a profile. `origin`: the profile (`source:id`) from which the values come, or that is linked to, and
    `origin_view` what was judged of it; empty where the correction rests on no other profile. `undoes`: the correction that
    this one takes back (`PLAN/CORRECTION`), which is `undone` once this one is verified. `asks`: why a person has to say
    something first, in sentences. `lost`: what does not come back when it is undone; empty where everything does.
    `foreseen`: what the vendor said a merge would come to, when it was asked just before; kept sealed as values are.
    """

    correction_id: str
    source: str
    profile_id: str | None
    action: Action
    before: Mapping[str, str | None]
    after: Mapping[str, str | None]
    why: str
    rule_ids: tuple[str, ...]
    finding_ids: tuple[str, ...]
    fingerprint: str
    reversible: Reversible
    needs: tuple[str, ...]
    state: CorrectionState
    after_correction: str | None = None
    blocked_by: str = ""
    pairing: str = ""
    seq: int = 0
    new_id: str | None = None
    detail: str = ""
    plan_id: str = ""
    origin: str = ""
    origin_view: Mapping[str, str | None] = field(default_factory=dict)
    undoes: str = ""
    asks: tuple[str, ...] = ()
    lost: str = ""
    foreseen: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def is_handed_over(self) -> bool:
        """Whether it waits for the next export of its source (`jobs.handover`)."""
        return self.state == "intended" and self.detail.startswith(HANDED_OVER)

    @property
    def brought_by(self) -> str:
        """The merge after which it sees to it that nothing is lost, whatever the profile then says; else empty (G9)."""
        follows = not self.before and self.action in {"opt_out", "relink"}
        return self.after_correction or "" if follows else ""

    @property
    def creators(self) -> tuple[str, ...]:
        """The corrections whose new profile's id this one writes."""
        values = (value for value in self.after.values() if value is not None)
        return tuple(value.removeprefix(CREATED) for value in values if value.startswith(CREATED))

    @property
    def follows(self) -> tuple[str, ...]:
        """The corrections that must be verified before this one is written."""
        return tuple(dict.fromkeys([*filter(None, [self.after_correction]), *self.creators]))


def fingerprint(
    vault: Vault, source: str, profile_id: str | None, view: Mapping[str, str | None], fields: Iterable[str]
) -> str:
    """A keyed hash of what was judged: the profile, its status and some canonical fields; empty and missing are one.

    The plan takes it from the shaped profile, applying from the connector's view of the present record.
    """
    parts = [source, profile_id or "", view.get("status") or ""]
    for name in sorted(set(fields)):
        parts += [name, view.get(name) or ""]
    return vault.hash("fingerprint", *parts)
