"""One profile folded into another: what the vendor foresees, asked just before, and what is read back after.

No merge can be undone, so nothing about it is guessed: its state at the vendor is read, never taken from an answer, and
it is not asked for again before that reading says that both profiles are as they were (G14).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.base import BALANCES, MERGED_INTO, Change, Connector, Fate, Foreseen, VendorError
from connectors.kinds import connector_class
from jobs.corrections import Correction, CorrectionState

View = Mapping[str, str | None]
RUNNING = "the vendor has not finished it yet: `rollcall resume` looks again"
SHOULD_STAY = ("first_name", "last_name", "birth_date", "phone", "email", *BALANCES)
"""What the profile that stays holds is not to change with it; where it holds nothing, the other's value may come in."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reading says of a merge: the state to which it comes (None: as it was, both profiles are there), and why."""

    state: CorrectionState | None
    why: str = ""


def steps_by_hand(kind: str) -> tuple[str, ...]:
    """How a person merges two profiles in a system of this kind."""
    return tuple(connector_class(kind).MERGE_STEPS)


def survivor_of(correction: Correction) -> str:
    return correction.after[MERGED_INTO] or ""


def foresee(connector: Connector, change: Change) -> Foreseen | None:
    """The vendor's preview; one that it refuses for good counts as a blocker. Raises VendorError: not for now."""
    try:
        return connector.foresee(change)
    except VendorError as error:
        if not error.permanent:
            raise
        return Foreseen(survivor=change.after[MERGED_INTO] or "", blockers=(str(error),))


def contradiction(correction: Correction, foreseen: Foreseen) -> str:
    """Why the vendor's preview stands against a merge; empty when it does not."""
    if foreseen.blockers:
        return f"the vendor would not merge them: {', '.join(foreseen.blockers)}"
    if foreseen.survivor != survivor_of(correction):
        return f"the vendor would keep {foreseen.survivor or 'nobody'} instead of {survivor_of(correction)}"
    return ""


def kept_words(foreseen: Foreseen) -> dict[str, str | None]:
    """A preview as it is sealed with its correction."""
    return {
        **foreseen.holds,
        "survivor": foreseen.survivor,
        "blockers": ", ".join(foreseen.blockers) or None,
    }


def read(connector: Connector, correction: Correction) -> Reading:
    """Where it stands at the vendor. Raises VendorError when nothing can be read for now."""
    survivor = survivor_of(correction)
    fate: Fate = connector.fate(correction.profile_id or "", survivor)
    if fate == "running":
        return Reading("unknown", RUNNING)
    if fate == "apart":
        return Reading(None)
    if fate == "elsewhere":
        return Reading("handed_back", f"the profile is gone, and not into {survivor}")
    record = connector.fetch([survivor]).get(survivor)
    view = {} if record is None else connector.view(record)
    if view.get("status") != "active":
        return Reading("unknown", f"merged, and {survivor} is not active after it")
    return Reading("verified", _moved(correction, view))


def _moved(correction: Correction, view: View) -> str:
    before = correction.origin_view
    moved = [name for name in SHOULD_STAY if before.get(name) and view.get(name) != before[name]]
    return f"who stays reads otherwise after it: {', '.join(moved)}" if moved else ""
