"""Two nights of the soak, and the same nights again: a failing seed must play exactly as it did."""

from pathlib import Path

import pytest

from connectors.sandbox.world import PAIRS
from tests.simulation import soak

SEED = 11


def test_nights_hold_every_law_and_play_the_same_again(tmp_path: Path) -> None:
    first = soak.soak(2, SEED, tmp_path / "first")
    assert first.nights == 2
    assert first.armed.total() > 0
    again = soak.soak(1, SEED, tmp_path / "again")
    assert again.trace == first.trace[:1]


def test_two_seeds_in_a_row_meet_every_half() -> None:
    assert all(sorted(soak.halves_of(seed) + soak.halves_of(seed + 1)) == sorted(PAIRS) for seed in range(0, 40, 2))


def test_a_law_that_is_broken_ends_the_soak_and_names_its_seed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken_night(self: soak.Episode, number: int) -> None:
        raise soak.LawBroken(self.told(number, ["nobody_in: till:1 was written in"], {("till", "html_page"): None}))

    monkeypatch.setattr(soak.Episode, "_night", broken_night)
    assert soak.main(["--nights", "12", "--seed", str(SEED)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"night 0 of seed {SEED}, with html_page at till:",
        "nobody_in: till:1 was written in",
        f"again: python -m tests.simulation.soak --seed {SEED} --nights 1",
    ]
