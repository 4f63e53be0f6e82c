"""Bulk operations of the simulated shop (sheet: Bulk export): life in steps, five of each type at a time, files that expire.

What an operation exports is the shop as it was when the operation started: records are never changed in place. What it
writes it writes on the way: a half once it runs, the rest when it completes.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.shopify.books import iso

SLOTS = 5
LIVE = ("CREATED", "RUNNING", "CANCELING")
FILE_SECONDS = 604_800
"""How long a result can be fetched."""

MakeLines = Callable[[random.Random], tuple[list[bytes], int]]
"""All lines of a result, and how many of them are roots."""
Work = Callable[[float], list[bytes]]
"""Does a share of what a mutation is to do, in all; returns the result lines of what is done so far."""
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an operation is to end: FAILED with a code (and perhaps a partial file), or CANCELED by the vendor."""

    status: str = "COMPLETED"
    error_code: str | None = None
    partial: bool = False


@dataclass(slots=True)
class Operation:
    """One bulk operation; `lines` are made when it ends."""

    id: int
    query: str
    created_at: float
    make_lines: Callable[[], tuple[list[bytes], int]]
    outcome: Outcome
    work: Work | None = None
    status: str = "CREATED"
    polls: int = 0
    completed_at: float | None = None
    lines: list[bytes] = field(default_factory=list)
    roots: int = 0

    @property
    def type(self) -> str:
        return "QUERY" if self.work is None else "MUTATION"

    def entry(self) -> dict[str, Any]:
        """The operation as resolvers read it."""
        done = self.status == "COMPLETED"
        seen = len(self.lines) if done else (self.polls - 1) * 500 if self.status == "RUNNING" else 0
        return {
            "__typename": "BulkOperation", "id": self.id, "status": self.status, "type": self.type, "query": self.query,
            "errorCode": self.outcome.error_code if self.status == "FAILED" else None,
            "objectCount": max(0, seen), "rootObjectCount": self.roots if done else 0,
            "fileSize": sum(map(len, self.lines)) if done and self.lines else None,
            "createdAt": iso(self.created_at),
            "completedAt": None if self.completed_at is None else iso(self.completed_at),
        }  # fmt: skip

    def content(self, *, partial: bool) -> bytes:
        """The result file; a partial one stops in the middle."""
        return b"".join(self.lines[: len(self.lines) // 2] if partial else self.lines)


class BulkDesk:
    """Every operation of the shop. It ends after `polls` looks at it, or after `seconds`, whichever is first."""

    def __init__(self, now: Callable[[], float], seed: int, polls: int, seconds: float) -> None:
        self.operations: dict[int, Operation] = {}
        self.planned: list[Outcome] = []
        """Outcomes of the next operations, in order; COMPLETED when there is none."""
        self._now = now
        self._seed = seed
        self.polls = polls
        self.seconds = seconds

    def running(self, type_: str = "QUERY") -> list[Operation]:
        for operation in self.operations.values():
            self._advance(operation)
        return [one for one in self.operations.values() if one.status in LIVE and one.type == type_]

    def open(self, query: str, make: MakeLines, work: Work | None = None) -> Operation:
        """Start an operation, and forget the results that nobody can fetch any more."""
        number = 600_001 + len(self.operations)
        outcome = self.planned.pop(0) if self.planned else Outcome()
        rng = random.Random(f"{self._seed}-{number}")
        operation = Operation(number, query, self._now(), lambda: make(rng), outcome, work)
        self.operations[number] = operation
        for old in self.operations.values():
            if old.completed_at is not None and old.completed_at + FILE_SECONDS < self._now():
                old.lines = []
        return operation

    def open_denied(self, query: str) -> Operation:
        """Start an operation that will fail as a whole, for want of a scope."""
        self.planned.insert(0, Outcome("FAILED", "ACCESS_DENIED"))
        return self.open(query, lambda rng: ([], 0))

    def look(self, number: int | None, *, poll: bool = True) -> dict[str, Any] | None:
        """An operation as it stands; looking moves it on."""
        operation = self.operations.get(number or 0)
        if operation is None:
            return None
        operation.polls += poll
        self._advance(operation)
        return operation.entry()

    def cancel(self, number: int | None) -> dict[str, Any] | None:
        """Ask a live operation to stop; None where there is none of that id."""
        operation = self.operations.get(number or 0)
        if operation is None:
            return None
        if operation.status in LIVE:
            operation.status = "CANCELING"
            operation.outcome = Outcome("CANCELED")
        return operation.entry()

    def shorten(self, number: int) -> None:
        """Fault: the operation ends early and nothing about it looks wrong, counts and size included."""
        operation = self.operations[number]
        whole = operation.make_lines

        def fewer() -> tuple[list[bytes], int]:
            lines = whole()[0]
            kept = lines[: len(lines) // 2]
            return kept, sum(b'"__parentId":' not in line for line in kept)

        operation.make_lines = fewer

    def _advance(self, operation: Operation) -> None:
        if operation.status not in LIVE:
            return
        waited = self._now() - operation.created_at
        if operation.status == "CANCELING" or operation.polls >= self.polls or waited >= self.seconds:
            self._finish(operation)
        elif operation.polls:
            operation.status = "RUNNING"
            if operation.work:
                operation.work(HALF)

    def _finish(self, operation: Operation) -> None:
        operation.status = operation.outcome.status
        operation.completed_at = self._now()
        whole = operation.status == "COMPLETED"
        if operation.work:
            share = 1.0 if whole else HALF if operation.status == "FAILED" else 0.0
            done = operation.work(share)
            operation.make_lines = lambda: (done, len(done))
        if whole or operation.outcome.partial:
            operation.lines, operation.roots = operation.make_lines()
