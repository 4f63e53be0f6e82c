"""The set logic, as text: a file holds one statement or several, each closed by a semicolon at a line's end.

A header of `-- name: text` lines says what the file is for: `title`, `rules`, `grain`, `severity`, `todo` …
"""

import re
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).parent
_STEPS = ("todo", "approve", "by_hand")
_HEADER = re.compile(r"^-- ([a-z_]+): (.+)$")


@dataclass(frozen=True, slots=True)
class Script:
    """One SQL file: `name` is its path below `sql/` without the ending, such as `findings/drift`."""

    name: str
    header: dict[str, str]
    text: str
    todo: tuple[str, ...] = ()
    """The `todo` lines of the header: what a person does about it, in order."""
    approve: tuple[str, ...] = ()
    """The `approve` lines: what to do where a correction waits for a word."""
    by_hand: tuple[str, ...] = ()
    """The `by_hand` lines: what to do where none can be written."""

    @property
    def statements(self) -> list[str]:
        """The file's statements in order, without comments (so no text in these files holds two dashes)."""
        code = re.sub(r"--[^\n]*", "", self.text)
        return [part.strip() for part in re.split(r";[ \t]*(?:\n|$)", code) if part.strip()]


@cache
def script(name: str) -> Script:
    """Load one file. Raises FileNotFoundError when there is none."""
    text = (ROOT / f"{name}.sql").read_text(encoding="utf-8")
    head = takewhile(lambda line: line.startswith("--"), text.splitlines())
    lines = [match for line in head if (match := _HEADER.match(line))]
    header = {match[1]: match[2].strip() for match in lines}
    steps = {word: tuple(match[2].strip() for match in lines if match[1] == word) for word in _STEPS}
    return Script(name, header, text, **steps)


@cache
def folder(name: str) -> tuple[Script, ...]:
    """Every file of a folder, by name: a new check is found by being there."""
    return tuple(script(f"{name}/{path.stem}") for path in sorted((ROOT / name).glob("*.sql")))
