"""Progress on stderr: a bar per source on a terminal, one line per step elsewhere (never a spinner in a cron mail)."""

import threading
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class Progress:
    """Told of steps and rows from any thread; use as a context manager."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet)
        self._live = self._console.is_terminal and not quiet
        self._bars = Bars(
            TextColumn("{task.description:24}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._live,
        )
        self._tasks: dict[str, TaskID] = {}
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
        if not self._live:
            return
        with self._guard:
            if source not in self._tasks:
                self._tasks[source] = self._bars.add_task(source, total=expected)
            self._bars.update(self._tasks[source], completed=done, total=expected)

    def written(self, source: str, done: int, total: int) -> None:
        """How many corrections of a plan came to an end."""
        self.rows(f"apply {source}".strip(), done, total)
