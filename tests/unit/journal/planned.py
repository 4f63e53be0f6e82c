"""Corrections of a plan, and people's words on them."""

from jobs.journal import Correction, Journal
from jobs.state import DecisionRow

PLAN = "2026-11-23-a"


def correction(name: str = "c1", **more: object) -> Correction:
    plain: dict[str, object] = {
        "correction_id": name,
        "source": "till",
        "profile_id": "7",
        "action": "update",
        "before": {"phone": "+16135550117", "email": None},
        "after": {"phone": "+16135550118"},
        "why": "changed in shop since both agreed",
        "rule_ids": ("G13", "M7"),
        "finding_ids": (f"finding-{name}",),
        "fingerprint": f"print-{name}",
        "reversible": "fully",
        "needs": (),
        "state": "ready",
        "pairing": "shop-mortar",
        "seq": int("".join(filter(str.isdigit, name)) or 0),
    }
    return Correction(**{**plain, **more})


def held(name: str = "c1", *needs: str, **more: object) -> Correction:
    return correction(name, state="held", needs=needs or ("approval",), **more)


def decide(journal: Journal, target: str, id_: str, verdict: str = "approve", **more: object) -> None:
    words = {"reason": "", "by": "kim", "made_at": journal.clock.now(), "run_id": PLAN, **more}
    journal.state.record_decisions([DecisionRow(target=target, id=id_, verdict=verdict, **words)])


def states(journal: Journal) -> dict[str, str]:
    return {row.correction_id: row.state for row in journal.load(PLAN)}
