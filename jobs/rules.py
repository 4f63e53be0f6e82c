"""`rollcall rules`: every rule of the domain, where this code keeps it, and which tests hold it there.

Nothing is listed by hand. A place is where a rule's id is cited: the header of a check or a correction, a docstring or a
comment of the code that guards it. A test is one whose name or docstring cites it.
"""

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jobs.errors import ConfigError
from reports.rules import RULES

ROOT = Path(__file__).parent.parent
REFUSED: dict[str, str] = {
    "T5": "it is the vendor's own doing at sign-up: nothing is written for it, and where it did not happen the emails drift",
}
"""What is not done, and what happens instead."""

_ROOMS = ("sql", "jobs", "connectors", "reports")
_PARTS = {"findings": "check", "plan": "correction", "golive": "check"}
# an id alone, not the end of a range such as M1-M15
_ID = re.compile(r"(?<![-\w])[GTCXPMW]\d{1,2}[ab]?\b(?!-[GTCXPMW]\d)")
_IN_NAME = re.compile(r"(?<=_)[gtcxpmw]\d{1,2}[ab]?(?=_)")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `where`: `check|correction|guard PATH`, or `refused: why`; `tests`: `PATH::NAME`, in a checkout only."""

    id: str
    text: str
    where: tuple[str, ...]
    tests: tuple[str, ...]


@cache
def rules(root: Path = ROOT) -> list[Rule]:
    """Every rule, in the domain's order."""
    places = _gathered(_places(root))
    tests = _gathered(_tests(root))
    return [
        Rule(name, text, (*places.get(name, ()), *_refusal(name)), tuple(tests.get(name, ())))
        for name, text in RULES.items()
    ]


def chosen(ids: Collection[str], root: Path = ROOT) -> list[Rule]:
    """The rules of these ids, however they are cased, `G` standing for all of its family; all of them where none is given.
    Raises ConfigError for what is no rule."""
    wanted = {one.upper() for one in ids}
    known = {name.upper() for name in RULES}
    if strange := sorted(one for one in wanted if one not in known and one not in {name[0] for name in known}):
        raise ConfigError(f"there is no rule {', '.join(strange)}: `rollcall rules` lists all of them")
    return [rule for rule in rules(root) if not wanted or {rule.id.upper(), rule.id[0]} & wanted]


def table(found: list[Rule]) -> list[list[str]]:
    """For a person: the rule, what it says, how it is kept, how many tests hold it; heading first."""
    rows = [["rule", "what it says", "kept by", "tests"]]
    for rule in found:
        kept = [where if where.startswith("refused") else where.split(" ", 1)[1] for where in rule.where]
        shown = ", ".join(kept[:3]) + (f" and {len(kept) - 3} more" if len(kept) > 3 else "")
        rows.append([rule.id, rule.text, shown, str(len(rule.tests))])
    return rows


def _refusal(name: str) -> tuple[str, ...]:
    return (f"refused: {REFUSED[name]}",) if name in REFUSED else ()


def _gathered(pairs: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, place in pairs:
        found.setdefault(name, []).append(place)
    return found


def _places(root: Path) -> Iterator[tuple[str, str]]:
    """(rule, `check sql/findings/drift.sql`), checks and corrections first."""
    for room in _ROOMS:
        for path in sorted((root / room).rglob("*")):
            place = path.relative_to(root)
            if path.suffix in {".py", ".sql"} and "sandbox" not in place.parts and path.name != "rules.py":
                said = "\n".join(_said(path)) if path.suffix == ".py" else path.read_text(encoding="utf-8")
                kind = _PARTS.get(place.parts[1], "guard") if room == "sql" else "guard"
                yield from ((name, f"{kind} {place.as_posix()}") for name in sorted(set(_ID.findall(said))))


def _tests(root: Path) -> Iterator[tuple[str, str]]:
    """(rule, `tests/unit/test_pull.py::test_g1_…`)."""
    for path in sorted((root / "tests").rglob("test_*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                named = {name[0].upper() + name[1:] for name in _IN_NAME.findall(f"{node.name}_")}
                cited = named | set(_ID.findall(ast.get_docstring(node) or ""))
                yield from ((name, f"{path.relative_to(root).as_posix()}::{node.name}") for name in sorted(cited))


def _said(path: Path) -> Iterator[str]:
    """What a module says of itself: comments and every text in it; a text that becomes a message cites its rule too."""
    with path.open("rb") as file:
        for token in tokenize.tokenize(io.BytesIO(file.read()).readline):
            if token.type in {tokenize.COMMENT, tokenize.STRING}:
                yield token.string
