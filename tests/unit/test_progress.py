"""Progress: rate and time left on a terminal and in a log, from several sources at once."""

import io

import pytest
from rich.console import Console

from jobs.progress import Progress, pace


class Time:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.mark.parametrize(
    ("done", "expected", "seconds", "said"),
    [
        (0, 100, 0.0, ""),
        (0, 100, 5.0, ""),
        (500, 50_000, 10.0, "50/s, 0:16:30 left"),
        (30, 60, 10.0, "3.0/s, 0:00:10 left"),
        (500, None, 10.0, "50/s"),
        (120, 100, 10.0, "12/s"),
        (100, 100, 10.0, "10/s, 0:00:00 left"),
    ],
)
def test_pace_says_rate_and_time_left(done: int, expected: int | None, seconds: float, said: str) -> None:
    assert pace(done, expected, seconds) == said


def test_what_was_there_before_is_no_pace_of_ours() -> None:
    """A pull that goes on where another was interrupted."""
    assert pace(40_000, 50_000, 10.0, before=40_000) == ""
    assert pace(40_100, 50_000, 10.0, before=40_000) == "10/s, 0:16:30 left"


def test_a_log_gets_a_line_after_a_minute_and_then_ever_more_rarely() -> None:
    now, out = Time(), io.StringIO()
    with Progress(now=now, console=Console(file=out, width=200)) as progress:
        for minute in range(61):
            now.at = minute * 60.0
            progress.rows("till", minute * 600, 72_000)
            progress.rows("shop", minute * 60, None)
    lines = out.getvalue().splitlines()
    told = [line for line in lines if line.startswith("till")]
    assert told[0] == "till: 600 of 72,000, 10/s, 1:59:00 left"
    assert [line.split(" ")[1] for line in told] == ["600", "1,200", "2,400", "4,800", "9,600", "19,200"]
    assert "shop: 60, 1.0/s" in lines


def test_a_terminal_shows_a_bar_per_source_with_rate_and_time_left() -> None:
    now, out = Time(), io.StringIO()
    console = Console(file=out, force_terminal=True, width=160)
    with Progress(now=now, console=console) as progress:
        progress.rows("till", 0, 1000)
        progress.rows("shop", 10, None)
        now.at = 10.0
        progress.rows("till", 250, 1000)
    shown = out.getvalue()
    assert "till" in shown
    assert "shop" in shown
    assert "25/s, 0:00:30 left" in shown


def test_a_quiet_progress_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    now = Time()
    with Progress(quiet=True, now=now) as progress:
        progress.rows("till", 1, 2)
        now.at = 600.0
        progress.rows("till", 2, 2)
    assert capsys.readouterr() == ("", "")
