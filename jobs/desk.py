"""How the command line speaks: results on stdout, refusals as one sentence on stderr, never a value in a traceback."""

import errno
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click
import duckdb
import orjson
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import DatabaseError, OperationalError

from connectors.base import Connector, VendorError
from connectors.clock import SystemClock
from jobs import database
from jobs.errors import RollcallError
from jobs.settings import Settings, load
from jobs.workspace import Workspace, connected
from reports.payload import shown
from reports.words import config_flag, runnable

INTERRUPTED = "interrupted; what was begun is in the journal, `rollcall resume` goes on"
Command = Callable[..., None]
_ROOM = (
    "look at the free space, the rights and the limits of this account, then run again: "
    "what was begun is in the journal, and the last good night is as it was"
)


class Desk:
    """What every command is given: the configuration's path, and how to speak. Commands that it prints can be typed."""

    def __init__(self, config: Path, as_json: bool) -> None:
        self.config = config
        self.as_json = as_json
        self._flag = config_flag(str(config))

    def typed(self, text: str) -> str:
        """The text with its commands as they have to be typed under this configuration."""
        return runnable(text, self._flag)

    def settings(self) -> Settings:
        return load(self.config)

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        settings = self.settings()
        try:
            with Workspace.open(settings, SystemClock()) as workspace:
                yield workspace
        except DatabaseError as error:
            if not _refused_by_disk(error):
                raise
            raise RollcallError(_database(error, database.shown(settings.state))) from error

    def connectors(self) -> dict[str, Connector]:
        """The connectors alone: nothing is opened, and nothing made."""
        return connected(self.settings(), SystemClock())

    def say(self, text: str, data: Any) -> None:
        """The result: a sentence for people, or JSON for machines."""
        if self.as_json:
            data = self._typed_all(data)
            click.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS, default=str).decode())
        else:
            click.echo(printable(self.typed(text)))

    def _typed_all(self, data: Any) -> Any:
        if isinstance(data, dict):
            return {key: self._typed_all(value) for key, value in data.items()}
        if isinstance(data, list | tuple):
            return [self._typed_all(value) for value in data]
        return self.typed(data) if isinstance(data, str) else data

    def table(self, rows: list[list[str]], *said: str, grid: bool = False) -> None:
        """Rows, heading first; for people, what was done stands in the last lines.

        `grid`: long cells are wrapped and sources kept apart, where a terminal shows it.
        """
        if self.as_json:
            head, *body = rows
            self.say("", [dict(zip(head, row, strict=True)) for row in body])
            return
        rows = [[shown(self.typed(cell)) for cell in row] for row in rows]
        if grid and sys.stdout.isatty():
            Console().print(gridded(rows))
            rows = []
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) if rows else 0)]
        for row in rows:
            click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        for line in said:
            click.echo(printable(self.typed(line)))


def gridded(rows: list[list[str]]) -> Table:
    """Rows, heading first, as a table with a line wherever the first column changes; failures stand out."""
    head, *body = rows
    table = Table(*head, box=SIMPLE_HEAD, pad_edge=False)
    for number, row in enumerate(body):
        table.add_row(
            *(Text(cell) for cell in row),
            style="bold red" if "FAILS" in row else None,
            end_section=number + 1 < len(body) and body[number + 1][0] != row[0],
        )
    return table


def printable(text: str) -> str:
    """The text line by line, with what would move a terminal's cursor or turn its text around spelled out."""
    return "\n".join(shown(line) for line in text.split("\n"))


def guarded(function: Command) -> Command:
    """A command that is handed the desk, and whose refusals become one sentence on stderr and their exit code."""

    @wraps(function)
    def call(*args: Any, own_config: Path | None, own_json: bool, **kwargs: Any) -> None:
        group: Desk = click.get_current_context().obj
        desk = Desk(own_config or group.config, own_json or group.as_json)
        try:
            function(desk, *args, **kwargs)
        except RollcallError as error:
            _refuse(desk.typed(str(error)), error.exit_code)
        except VendorError as error:
            _refuse(desk.typed(str(error)), 1)
        except (KeyboardInterrupt, click.Abort):
            _refuse(desk.typed(INTERRUPTED), 130)
        except click.ClickException:
            raise
        except Exception as error:
            _refuse(desk.typed(_fault(error)), 1)

    return call


def _refuse(sentence: str, code: int) -> None:
    *above, last = sentence.split("\n")
    click.echo(printable("\n".join([*above, f"rollcall: {last}"])), err=True)
    sys.exit(code)


def _fault(error: Exception) -> str:
    """What stopped a command, in a sentence that comes last, without the text of an error that may quote a record."""
    if isinstance(error, DatabaseError) and _refused_by_disk(error):
        return _database(error, "(`state:`)")
    if isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException):
        return f"the night's working memory ran out, or its temporary files could not be written; {_ROOM}"
    if isinstance(error, OSError) and error.strerror:
        if error.errno == errno.EPIPE:
            raise error
        return f"the disk or the network refused: {error.strerror}: {error.filename or 'no file named'}; {_ROOM}"
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = [f"  {Path(frame.filename).name}, line {frame.lineno}, in {frame.name}" for frame in frames]
    said = f"stopped by a fault of rollcall itself ({type(error).__name__}): please report it with the lines above"
    return "\n".join(["where it stopped:", *places, said])


def _refused_by_disk(error: DatabaseError) -> bool:
    """Whether the database failed by itself. The rest are faults of ours, whose text may name the values of a row."""
    return type(error) in {OperationalError, DatabaseError}


def _database(error: DatabaseError, place: str) -> str:
    why = str(error.orig).strip().split("\n")[0]
    return f"the state database {place} could not be read or written: {why}; {_ROOM}"
