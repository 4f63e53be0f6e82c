"""Progress on stderr: a bar per source on a terminal, lines elsewhere (never a spinner in a cron mail).

Both say how many profiles, how many per second, and how long the rest will take where the vendor says how many there are.
"""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

FIRST_LINE_S = 60.0
"""Where there is no terminal, a source has a line after a minute, then after two, four, eight …"""


class _Pace(ProgressColumn):
    """Profiles per second, and the time left."""

    def render(self, task: Task) -> Text:
        before = task.fields["before"]
        return Text(pace(task.completed, task.total, task.elapsed or 0.0, before), style="progress.remaining")


class Progress:
    """Told of steps and rows from any thread; use as a context manager."""

    def __init__(
        self, *, quiet: bool = False, now: Callable[[], float] = time.monotonic, console: Console | None = None
    ) -> None:
        self._console = console or Console(stderr=True, quiet=quiet)
        self._live = self._console.is_terminal and not quiet
        self._now = now
        self._bars = Bars(
            TextColumn("{task.description:24}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            _Pace(),
            console=self._console,
            transient=True,
            disable=not self._live,
            get_time=now,
        )
        self._tasks: dict[str, TaskID] = {}
        self._since: dict[str, tuple[float, float, int]] = {}
        """When a source began, after how many seconds its next line is due, and how many were there at the beginning."""
        self._guard = threading.Lock()

    def __enter__(self) -> "Progress":
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def step(self, name: str, detail: str = "") -> None:
        """A step of the night begins, or has something to say."""
        self._console.print(f"{name}: {detail}" if detail else name, highlight=False, markup=False)

    def rows(self, source: str, done: int, expected: int | None) -> None:
        """How many profiles of a source were read, of how many (None: the vendor does not say)."""
        with self._guard:
            if self._live:
                self._move_bar(source, done, expected)
            else:
                self._maybe_line(source, done, expected)

    def written(self, source: str, done: int, total: int) -> None:
        """How many corrections of a plan came to an end."""
        self.rows(f"apply {source}".strip(), done, total)

    def _move_bar(self, source: str, done: int, expected: int | None) -> None:
        if source not in self._tasks:
            self._tasks[source] = self._bars.add_task(source, total=expected, before=done)
        self._bars.update(self._tasks[source], completed=done, total=expected)

    def _maybe_line(self, source: str, done: int, expected: int | None) -> None:
        began, due, before = self._since.setdefault(source, (self._now(), FIRST_LINE_S, done))
        took = self._now() - began
        if took >= due:
            self._since[source] = began, max(2 * due, took), before
            of = f" of {expected:,}" if expected else ""
            self.step(source, ", ".join(filter(None, [f"{done:,}{of}", pace(done, expected, took, before)])))


def pace(done: float, expected: float | None, seconds: float, before: float = 0) -> str:
    """`41/s, 0:02:10 left`; nothing before there is a pace, and no time left where nobody knows how many there are.

    `before`: how many were there when the seconds began, such as those of a pull that was interrupted.
    """
    if done <= before or seconds <= 0:
        return ""
    rate = (done - before) / seconds
    told = f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"
    if expected is None or expected < done:
        return told
    return f"{told}, {timedelta(seconds=round((expected - done) / rate))} left"
