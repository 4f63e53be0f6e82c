"""People's decisions: from a file, from the inbox of those without a shell, or from the command line.

A bad file is refused whole, a decision that no longer fits what it was made on is refused alone; each with a sentence.
"""

import os
import re
import stat
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from connectors.clock import Clock
from jobs.breakers import NAMES as BREAKERS
from jobs.errors import ConfigError
from jobs.known import Known
from jobs.policy import DRIFT_FIELDS
from jobs.state import DecisionRow, State
from jobs.tables import corrections, findings

Target = Literal["finding", "correction", "pair", "field", "certificate", "breaker"]
Verdict = Literal["approve", "reject", "accept", "same", "not_same"]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)]

VERDICTS: Mapping[Target, frozenset[Verdict]] = {
    "finding": frozenset({"approve", "reject", "accept"}),
    "correction": frozenset({"approve", "reject"}),
    "pair": frozenset({"same", "not_same"}),
    "field": frozenset({"approve", "reject"}),
    "certificate": frozenset({"approve", "reject"}),
    "breaker": frozenset({"approve", "reject"}),
}
_PROFILE = re.compile(r"[a-z0-9][a-z0-9_-]*:\S(?:[^\t]*\S)?")
BETWEEN = "\t"
"""Stands between the two profiles of a pair where an id holds blanks itself."""
LARGEST_FILE = 8 * 1024 * 1024
ZONES = timedelta(days=1)
"""A day in UTC may be over while it goes on at the group's place."""
SHORTEST = 8
"""So many characters of an id may stand for it on the command line, where they are its own."""
_NO_EXPORT = (
    "the id is SOURCE/RUN of an export that was refused, and none was; one that is still to come cannot be approved"
)
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", ".why.txt")


class Decision(BaseModel):
    """One decision of a file. `until`: the last day on which it stands; none: until it is used, or for good."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: Target
    id: Word
    verdict: Verdict
    by: Word
    until: date | None = None
    reason: Sentence = ""
    fingerprint: Word | None = None


class DecisionsFile(BaseModel):
    """The decisions file (interfaces): what was decided on the report of one run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = Field(alias="schema")
    run: Word
    decisions: tuple[Decision, ...] = Field(min_length=1, max_length=100_000)


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one file: decisions recorded, and a sentence for each that was refused."""

    name: str
    accepted: int
    refused: tuple[str, ...]
    run: str = ""


def take_file(path: Path, state: State, clock: Clock, known: Known) -> Taken:
    """Record the decisions of a file; what cannot be used is said, never raised. The file stays where it is."""
    try:
        file = DecisionsFile.model_validate_json(_content(path))
    except OSError as error:
        return _refused(path, f"it cannot be read: {error.strerror}")
    except ValidationError as error:
        return _refused(path, _explain(error))
    except ValueError as error:
        return _refused(path, str(error))
    rows, said = _judged(state, known, clock.now(), file.run, file.decisions)
    before = {_same(row) for row in state.decisions(file.run)}
    state.record_decisions(row for row in rows if _same(row) not in before)
    return Taken(path.name, len(rows), tuple(f"{path.name}: {text}" for text in said), file.run)


def take_inbox(inbox: Path, state: State, clock: Clock, known: Known) -> list[Taken]:
    """Take every file of the inbox once, by name: it goes to `taken/`, or to `refused/`, with a `.why.txt` beside it
    where something was refused. Files that are still being copied (`.part`, `.tmp`, hidden ones) are left."""
    try:
        waiting = sorted(path for path in inbox.iterdir() if not path.is_dir() or path.is_symlink())
    except FileNotFoundError:
        return []
    except OSError as error:
        said = f"{inbox}: no decision was taken: the inbox cannot be read: {error.strerror}; make it a folder again"
        return [Taken(inbox.name, 0, (said,))]
    return [_take_once(path, state, clock, known) for path in waiting if not _unfinished(path)]


def record(state: State, clock: Clock, known: Known, run: str, **words: object) -> None:
    """Record one decision of the command line, in the words of `Decision`. Raises ConfigError that says why not."""
    try:
        decision = Decision.model_validate(words)
    except ValidationError as error:
        raise ConfigError(_explain(error)) from error
    rows, said = _judged(state, known, clock.now(), run, [decision])
    if said:
        raise ConfigError(said[0])
    state.record_decisions(rows)


def meant(ids: Sequence[str], target: str | None, verdict: str | None) -> list[str]:
    """What the words of the command line speak of; a pair is one thing. Raises ConfigError that says what is missing."""
    if not ids or target is None or verdict is None:
        raise ConfigError("say what is decided: `rollcall decide approve finding ID`, or --file FILE")
    if target != "pair":
        return list(ids)
    if len(ids) != 2:
        raise ConfigError("a pair is two profiles: `rollcall decide not_same pair SOURCE:ID SOURCE:ID`")
    return [_joined(*ids)]


def _joined(one: str, other: str) -> str:
    """A pair as it is kept: the two in one order, so that a later word on them finds it."""
    return (BETWEEN if " " in one + other else " ").join(sorted((one, other)))


def in_full(state: State, run: str, target: str | None, given: str) -> str:
    """The id of a finding, or of a correction of a run, that begins so; others as they are given.

    Raises ConfigError where several do, and names them. What nobody knows is refused where it is recorded.
    """
    if target not in {"finding", "correction"} or len(given) < SHORTEST:
        return given
    query = sa.select(corrections.c.correction_id).where(corrections.c.plan_id == run)
    query = sa.select(findings.c.finding_id) if target == "finding" else query
    with state.engine.begin() as connection:
        (column,) = query.selected_columns
        meant = sorted(connection.scalars(query.where(sa.func.substr(column, 1, len(given)) == given)))
    if len(meant) > 1 and given not in meant:
        named = ", ".join(meant[:5]) + (" …" if len(meant) > 5 else "")
        raise ConfigError(f"several {target}s begin with {given}: {named}; give more of the id")
    return meant[0] if len(meant) == 1 else given


def _take_once(path: Path, state: State, clock: Clock, known: Known) -> Taken:
    taken = take_file(path, state, clock, known)
    folder = path.parent / ("taken" if taken.accepted or not taken.refused else "refused")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        target = _free_name(folder, path.name, clock.now())
        if taken.refused:
            target.with_name(f"{target.name}.why.txt").write_text("\n".join(taken.refused) + "\n", encoding="utf-8")
        path.replace(target)
    except OSError as error:
        said = f"{path.name}: taken, but cannot be moved to {folder.name}/: {error.strerror}; remove it by hand"
        return Taken(taken.name, taken.accepted, (*taken.refused, said), taken.run)
    return taken


def _judged(
    state: State, known: Known, now: datetime, run: str, decisions: Sequence[Decision]
) -> tuple[list[DecisionRow], list[str]]:
    """The decisions that can be used, as rows, and a sentence for each that cannot."""
    if state.run(run) is None:
        return [], [f"there is no run {run}; `rollcall status` lists them"]
    judged = list(zip(decisions, _doubts(state, known, run, decisions, now), strict=True))
    said = [
        f"decision {number} ({decision.target} {decision.id}): {doubt}"
        for number, (decision, doubt) in enumerate(judged, start=1)
        if doubt
    ]
    return [_row(run, decision, now, known) for decision, doubt in judged if not doubt], said


def _doubts(state: State, known: Known, run: str, decisions: Sequence[Decision], now: datetime) -> list[str]:
    """Per decision, why it cannot be used; empty when it can."""
    planned = _planned(state, run)
    refused = state.refused_exports()
    found = _found(state, {decision.id for decision in decisions if decision.target == "finding"})
    checks: Mapping[Target, Callable[[Decision], str]] = {
        "correction": lambda d: _doubt_planned(d, planned["correction", d.id], run),
        "finding": lambda d: _doubt_finding(d, planned["finding", d.id], d.id in found, run),
        "field": lambda d: _doubt_field(d, known),
        "breaker": lambda d: _doubt_breaker(d, known),
        "pair": lambda d: _doubt_pair(d, known),
        "certificate": lambda d: "" if d.id in refused else _NO_EXPORT,
    }
    return [_doubt(decision, now) or checks[decision.target](decision) for decision in decisions]


def _doubt(decision: Decision, now: datetime) -> str:
    if decision.verdict not in VERDICTS[decision.target]:
        can = ", ".join(sorted(VERDICTS[decision.target]))
        return f"a {decision.target} cannot be decided with {decision.verdict!r}; choose of {can}"
    if decision.until is not None and decision.until < now.date() - ZONES:
        return f"it ended on {decision.until}"
    if decision.verdict == "approve" and decision.target in {"certificate", "breaker"} and not decision.reason:
        return f"a {decision.target} is approved with a reason: say it (`reason`, or --why TEXT)"
    return ""


def _doubt_planned(decision: Decision, fingerprints: Collection[str], run: str) -> str:
    if not fingerprints:
        return f"the plan of {run} holds no such correction"
    return _doubt_fingerprint(decision, fingerprints)


def _doubt_finding(decision: Decision, fingerprints: Collection[str], known: bool, run: str) -> str:
    if not known and not fingerprints:
        return f"there is no such finding; copy its id from the report, whole or its first {SHORTEST} characters"
    if decision.fingerprint is not None and not fingerprints:
        return f"the plan of {run} holds no correction of this finding"
    return _doubt_fingerprint(decision, fingerprints)


def _doubt_fingerprint(decision: Decision, fingerprints: Collection[str]) -> str:
    if decision.fingerprint is None or decision.fingerprint in fingerprints:
        return ""
    return "what it was made on has changed since (another fingerprint); look at it again and decide anew"


def _doubt_pair(decision: Decision, known: Known) -> str:
    readings = _readings(decision.id, known)
    if not readings:
        return "the id is two profiles, `SOURCE:ID SOURCE:ID`"
    if len(readings) > 1:
        return "the ids hold blanks, and it can be read in several ways: put a tab between the two profiles"
    ((one, other),) = readings
    if one == other:
        return "a profile is no pair with itself: name two"
    return _doubt_profile(one, known) or _doubt_profile(other, known)


def _readings(pair: str, known: Known) -> list[tuple[str, str]]:
    """The two profiles that a text can mean; of several ways to cut it those count of which both profiles are known."""
    if BETWEEN in pair:
        one, _, other = pair.partition(BETWEEN)
        return [(one, other)] if all(_PROFILE.fullmatch(name) for name in (one, other)) else []
    cuts = [(pair[:at], pair[at + 1 :]) for at, letter in enumerate(pair) if letter == " "]
    cuts = [cut for cut in cuts if all(_PROFILE.fullmatch(name) for name in cut)]
    there = [cut for cut in cuts if len(cuts) > 1 and not any(_doubt_profile(name, known) for name in cut)]
    return there or cuts


def _doubt_profile(name: str, known: Known) -> str:
    source, _, profile_id = name.partition(":")
    if source not in known.sources:
        return _no_such("source", source, known.sources)
    profiles = known.profiles(source)
    if profiles is None or profile_id in profiles:
        return ""
    return (
        f"{source} has no profile {profile_id}, neither in its last certified export nor on the roll of the last night"
    )


def _doubt_field(decision: Decision, known: Known) -> str:
    pairing, _, name = decision.id.rpartition("/")
    if not pairing or name not in DRIFT_FIELDS:
        return f"the id is PAIRING/FIELD, with a field of {', '.join(DRIFT_FIELDS)}"
    return "" if pairing in known.pairings else _no_such("pairing", pairing, known.pairings)


def _doubt_breaker(decision: Decision, known: Known) -> str:
    source, _, name = decision.id.partition("/")
    if not source or name not in BREAKERS:
        return f"the id is SOURCE/NAME, with a name of {', '.join(BREAKERS)}"
    return "" if source in known.sources else _no_such("source", source, known.sources)


def _no_such(what: str, name: str, among: Collection[str]) -> str:
    return f"there is no {what} {name}; the configuration has {', '.join(sorted(among)) or 'none'}"


class _Fingerprints(dict[tuple[str, str], set[str]]):
    """Fingerprints of planned corrections, by (correction or finding, id); none where there is no such."""

    def __missing__(self, _: tuple[str, str]) -> set[str]:
        return set()


def _planned(state: State, run: str) -> _Fingerprints:
    found = _Fingerprints()
    query = sa.select(corrections.c.correction_id, corrections.c.finding_ids, corrections.c.fingerprint)
    with state.engine.begin() as connection:
        for row in connection.execute(query.where(corrections.c.plan_id == run)):
            found.setdefault(("correction", row.correction_id), set()).add(row.fingerprint)
            for finding in row.finding_ids:
                found.setdefault(("finding", finding), set()).add(row.fingerprint)
    return found


def _found(state: State, ids: Collection[str]) -> set[str]:
    known: set[str] = set()
    listed = sorted(ids)
    with state.engine.begin() as connection:
        for start in range(0, len(listed), 5_000):
            some = listed[start : start + 5_000]
            known.update(connection.scalars(sa.select(findings.c.finding_id).where(findings.c.finding_id.in_(some))))
    return known


def _row(run: str, decision: Decision, now: datetime, known: Known) -> DecisionRow:
    return DecisionRow(
        run_id=run,
        target=decision.target,
        id=_joined(*_readings(decision.id, known)[0]) if decision.target == "pair" else decision.id,
        verdict=decision.verdict,
        reason=decision.reason,
        by=decision.by,
        made_at=now,
        until=decision.until,
        fingerprint=decision.fingerprint,
    )


def _same(row: DecisionRow) -> tuple[object, ...]:
    return (row.run_id, row.target, row.id, row.verdict, row.reason, row.by, row.until, row.fingerprint)


def _content(path: Path) -> bytes:
    """The bytes of an ordinary file of a bearable size; whoever may drop files here must not lead us elsewhere."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError("it is not an ordinary file")
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise ValueError(f"it is larger than {LARGEST_FILE // 1024 // 1024} MiB")
    return content


def _explain(error: ValidationError) -> str:
    """The first problems with their places, without the values that stand there."""
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    texts = [f"{'.'.join(str(part) for part in p['loc']) or 'the file'}: {_said(p)}" for p in problems[:5]]
    return "not a decision that can be used: " + "; ".join(texts)


def _said(problem: ErrorDetails) -> str:
    return "a date such as 2026-12-31" if problem["type"].startswith("date_") else problem["msg"]


def _refused(path: Path, why: str) -> Taken:
    return Taken(path.name, 0, (f"{path.name}: refused whole: {why}",))


def _unfinished(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower().endswith(_UNFINISHED)


def _free_name(folder: Path, name: str, now: datetime) -> Path:
    stamped = f"{now:%Y%m%dT%H%M%S}-{name}"
    names: Iterable[str] = (stamped, *(f"{n}-{stamped}" for n in range(2, 10_000)))
    return next(folder / n for n in names if not (folder / n).exists())
