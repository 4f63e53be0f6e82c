"""Applying merges: by name alone, after the vendor's preview, read and never repeated, the opt-out behind it (T10, G9, G14)."""

from dataclasses import replace
from typing import Any

import pytest

from jobs.corrections import fingerprint
from tests.crash.written import crash_at

LOSER, SURVIVOR = "2", "1"


def merge(bench: Any, **more: Any) -> Any:
    """Profile 2 belongs into profile 1; the plan judged all of 2 that a merge would lose, and what 1 holds."""
    kept = bench.stores["till"].records[SURVIVOR]
    words = {
        "action": "merge", "profile_id": LOSER, "reversible": "not", "needs": ("approval",), "state": "held",
        "origin": f"till:{SURVIVOR}", "origin_view": {name: kept[name] for name in ("status", "phone", "email")}, **more,
    }  # fmt: skip
    return bench.correction("m", {"merged_into": SURVIVOR}, **words)


def opt_out(bench: Any) -> Any:
    """What the merge brings along."""
    row = bench.correction("o", {"email_consent": "out"}, action="opt_out", after_correction="m", needs=("approval",))
    return replaced(bench, row, before={}, state="held")


def replaced(bench: Any, row: Any, **changes: Any) -> Any:
    record = bench.stores["till"].records[row.profile_id]
    judged = fingerprint(bench.journal.vault, "till", row.profile_id, record, changes.get("before", row.before))
    return replace(row, fingerprint=judged, **changes)


def into(bench: Any, name: str = LOSER) -> str | None:
    found: str | None = bench.stores["till"].records[name].get("merged_into")
    return found


@pytest.mark.parametrize(
    ("target", "name"), [("finding", "f-m"), ("field", "p/phone"), ("breaker", "till/irreversible")]
)
def test_g14_no_other_yes_lets_a_merge_go(bench: Any, target: str, name: str) -> None:
    bench.plan(merge(bench))
    bench.decide(target, name)
    assert bench.apply().counts == {"held": 1}
    assert bench.ledger() == []
    bench.decide("correction", "m")
    assert bench.apply().counts == {"verified": 1}
    assert (bench.ledger(), into(bench)) == ([("merge", LOSER, "m")], SURVIVOR)


def test_g14_a_no_on_the_finding_holds_a_merge_that_nobody_approved_by_name(bench: Any) -> None:
    bench.plan(merge(bench))
    bench.decide("finding", "f-m", "reject")
    assert bench.apply().counts == {"held": 1}
    assert bench.row("m").detail == "rejected by kim"


def test_g9_the_opt_out_goes_with_the_merge_under_the_same_word_and_is_read_back(bench: Any) -> None:
    bench.plan(merge(bench), opt_out(bench))
    bench.decide("correction", "m", fingerprint=merge(bench).fingerprint)
    assert bench.apply().counts == {"verified": 2}
    assert bench.ledger() == [("merge", LOSER, "m"), ("opt_out", SURVIVOR, "o")]
    assert bench.stores["till"].records[SURVIVOR]["email_consent"] == "out"


def test_g9_who_is_opted_out_by_the_merge_is_not_written_again(bench: Any) -> None:
    """A second opt-out would give it a new time."""
    bench.plan(merge(bench), opt_out(bench))
    bench.stores["till"].records[SURVIVOR]["email_consent"] = "out"
    bench.decide("correction", "m")
    assert bench.apply().counts == {"verified": 2}
    assert [action for action, _, _ in bench.ledger()] == ["merge"]
    assert bench.row("o").detail == "reads so already"


def test_g9_without_the_merge_what_it_brings_is_not_written(bench: Any) -> None:
    bench.plan(merge(bench), opt_out(bench))
    bench.stores["till"].trouble = {LOSER: "refuses"}
    bench.decide("correction", "m")
    assert bench.apply().counts == {"refused": 1, "blocked": 1}
    assert bench.ledger() == []


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ((SURVIVOR, "phone"), "till:1 changed since the plan: phone"),
        ((LOSER, "phone"), "changed since the plan: phone"),
    ],
)
def test_t10_a_profile_that_changed_since_is_not_merged(bench: Any, changed: tuple[str, str], why: str) -> None:
    row = bench.correction("m", {"merged_into": SURVIVOR}, action="merge", profile_id=LOSER)
    record = bench.stores["till"].records[LOSER]
    judged = replaced(bench, row, before={"phone": record["phone"], "points": None})
    more = merge(bench)
    bench.plan(replaced(bench, more, before=judged.before))
    bench.stores["till"].records[changed[0]][changed[1]] = "+16135550177"
    bench.decide("correction", "m")
    assert bench.apply().counts == {"handed_back": 1}
    assert bench.row("m").detail == why
    assert bench.ledger() == []


@pytest.mark.parametrize(
    ("preview", "why"),
    [
        (("3", ()), "the vendor would keep 3 instead of 1"),
        ((SURVIVOR, ("GIFT_CARDS", "SUBSCRIPTIONS")), "the vendor would not merge them: GIFT_CARDS, SUBSCRIPTIONS"),
    ],
)
def test_t10_the_preview_is_kept_sealed_and_refuses(bench: Any, preview: Any, why: str) -> None:
    bench.plan(merge(bench))
    bench.stores["till"].preview = preview
    bench.decide("correction", "m")
    assert bench.apply().counts == {"refused": 1}
    row = bench.row("m")
    assert row.detail == why
    assert row.foreseen == {
        "survivor": preview[0], "blockers": ", ".join(preview[1]) or None, "email": "kept@example.com",
    }  # fmt: skip
    assert bench.ledger() == []
    assert "kept@example.com" not in str(bench.journal.history())


def test_t10_a_preview_that_cannot_be_had_for_now_leaves_it_ready(bench: Any) -> None:
    bench.plan(merge(bench))
    bench.stores["till"].trouble = {LOSER: "unseen"}
    bench.decide("correction", "m")
    assert bench.apply().exit_code == 6
    assert bench.states() == {"m": "ready"}
    bench.stores["till"].trouble = {}
    assert bench.apply().counts == {"verified": 1}


def test_t10_a_merge_whose_answer_is_lost_is_read_and_not_repeated(bench: Any) -> None:
    bench.plan(merge(bench))
    bench.stores["till"].trouble = {LOSER: "lost"}
    bench.decide("correction", "m")
    assert bench.apply().counts == {"unknown": 1}
    assert bench.apply().counts == {"verified": 1}
    assert len(bench.ledger()) == 1


def test_t10_a_merge_that_the_vendor_has_not_finished_is_waited_for(bench: Any) -> None:
    bench.plan(merge(bench), opt_out(bench))
    bench.stores["till"].trouble = {LOSER: "slow"}
    bench.decide("correction", "m")
    assert bench.apply().counts == {"unknown": 1, "blocked": 1}
    assert bench.apply().counts == {"unknown": 1, "blocked": 1}
    assert len(bench.ledger()) == 1
    bench.stores["till"].records[LOSER].update(status="merged", merged_into=SURVIVOR)
    bench.stores["till"].trouble = {}
    assert bench.apply().counts == {"verified": 2}
    assert [action for action, _, _ in bench.ledger()] == ["merge", "opt_out"]


def test_t10_one_who_went_elsewhere_meanwhile_is_handed_back(bench: Any) -> None:
    bench.plan(merge(bench))
    bench.stores["till"].trouble = {LOSER: "dropped"}
    bench.decide("correction", "m")
    bench.apply()
    bench.stores["till"].trouble = {}
    bench.stores["till"].records[LOSER].update(status="merged", merged_into="3")
    assert bench.apply().counts == {"handed_back": 1}
    assert bench.row("m").detail == "after a write of unknown outcome: the profile is gone, and not into 1"
    assert bench.ledger() == []


def test_t10_a_vendor_that_says_done_and_did_nothing_is_not_believed(bench: Any) -> None:
    bench.plan(merge(bench))
    bench.stores["till"].trouble = {LOSER: "lies"}
    bench.decide("correction", "m")
    assert bench.apply().counts == {"unknown": 1}
    assert bench.row("m").detail == "reads back otherwise: both are still there"


def test_t10_what_the_survivor_lost_by_it_is_said(bench: Any) -> None:
    bench.plan(merge(bench))
    bench.decide("correction", "m")

    def steal(point: str) -> None:
        if point == "after_write m":
            bench.stores["till"].records[SURVIVOR]["phone"] = "+16135550177"

    assert bench.apply(probe=steal).counts == {"verified": 1}
    assert bench.row("m").detail == "who stays reads otherwise after it: phone"


def test_t10_cut_short_between_the_merge_and_its_opt_out_both_end_once(bench: Any) -> None:
    bench.plan(merge(bench), opt_out(bench))
    bench.decide("correction", "m")
    with pytest.raises(KeyboardInterrupt):
        bench.apply(probe=crash_at("after_write"))
    assert bench.states() == {"m": "intended", "o": "ready"}
    assert bench.apply().counts == {"verified": 2}
    assert [action for action, _, _ in bench.ledger()] == ["merge", "opt_out"]
