"""The laws of consent (G9), and that nothing opens a channel (G9a)."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Action
from jobs.approvals import barred
from jobs.consent import Choice, Word, joined, opened
from jobs.corrections import Correction
from jobs.settings import Settings

DAY = datetime(2026, 11, 1)
CHOICES = st.builds(
    Choice,
    word=st.sampled_from(Word),
    said_by=st.tuples(st.sampled_from(["shop", "till"]), st.sampled_from(["1", "2", "10"])),
    since=st.none() | st.integers(0, 3).map(lambda n: DAY + timedelta(days=n)),
)


@given(CHOICES, CHOICES, CHOICES)
def test_g9_joining_is_associative_commutative_and_idempotent(a: Choice, b: Choice, c: Choice) -> None:
    assert a.join(b).join(c) == a.join(b.join(c))
    assert a.join(b) == b.join(a)
    assert a.join(a) == a


@given(st.lists(CHOICES, min_size=1, max_size=6))
def test_g9_the_strongest_stands_and_in_only_where_all_say_in(choices: list[Choice]) -> None:
    found = joined(choices)
    assert found is not None
    assert found in choices
    assert found.word == max(choice.word for choice in choices)
    assert (found.word is Word.IN) == all(choice.word is Word.IN for choice in choices)
    earlier = [c.since for c in choices if c.word is found.word and c.since is not None]
    assert found.since == (min(earlier) if earlier else None)


def test_g9_order_and_repetition_do_not_matter() -> None:
    said = [
        Choice(Word.OUT, ("till", "1")),
        Choice(Word.OUT, ("shop", "1"), DAY),
        Choice(Word.IN, ("shop", "2"), DAY - timedelta(days=9)),
    ]
    assert {joined([*order, *order]) for order in permutations(said)} == {said[1]}
    assert joined([]) is None


def test_g9_empty_missing_and_unknown_stay_three_and_none_is_in() -> None:
    assert [Word.of(text) for text in (None, "", "unknown", "yes", "in", "out", "erased")] == [
        None, Word.UNKNOWN, Word.UNKNOWN, Word.UNKNOWN, Word.IN, Word.OUT, Word.ERASED,
    ]  # fmt: skip


@pytest.mark.parametrize("action", ["update", "opt_out", "create"])
def test_g9a_no_correction_of_any_kind_writes_an_opt_in(action: Action) -> None:
    """Whatever a stored plan holds, and whoever approved it."""
    write = Correction(
        correction_id="c", source="shop", profile_id="1", action=action, before={}, after={"email_consent": "in"}, why="",
        rule_ids=(), finding_ids=(), fingerprint="", reversible="fully", needs=(), state="ready",
    )  # fmt: skip
    assert opened(write.after) == ("email_consent",)
    assert "an opt-in is never written" in barred(Settings.model_construct(pairings=()), write)
    assert opened({"email_consent": "out", "sms_consent": None, "phone": "in"}) == ()
