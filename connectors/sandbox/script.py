"""Scripted faults: which requests one falls on, and what it remembers. What it then does is the server's business."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from connectors.sandbox.loopback import Request, Response

FaultName = Literal[
    "rate_storm", "server_error", "reset", "truncate", "html", "empty_list", "forbidden", "stop_at_page",
    "effect_without_answer", "answer_without_effect", "slow_drip", "page_twice", "cursor_loop", "lying_count",
    "token_expired", "scope_lost", "new_field", "wrong_type", "huge_note", "lone_surrogate", "rows_twice",
    "before_it", "after_it",
]  # fmt: skip
LASTING: frozenset[FaultName] = frozenset({"cursor_loop", "scope_lost"})
"""Faults that stay once they have begun, whatever `times` says."""
REMEMBERING: frozenset[FaultName] = frozenset({"cursor_loop", "page_twice"})
"""Faults that give an earlier answer again: at least one request must have passed."""
LOOP = 3


@dataclass(slots=True)
class Fault:
    """A scripted fault: lets `after` matching requests pass, then hits `times` of them (None: all that follow).

    `passed`: the latest answers that it let pass, where it is to repeat them.
    """

    name: FaultName
    matches: Callable[[Request], bool]
    after: int
    times: int | None
    options: Mapping[str, Any]
    seen: int = 0
    hits: int = 0
    passed: list[Response] = field(default_factory=list)

    def sees(self, request: Request) -> bool:
        """Whether the request is one of those meant; counts it."""
        fits = self.matches(request)
        self.seen += fits
        return fits

    @property
    def due(self) -> bool:
        """Whether the fault falls on the request that was seen last."""
        return self.seen > self.after and (self.times is None or self.hits < self.times)

    def remember(self, response: Response) -> None:
        if self.name in REMEMBERING and response.status == 200:
            typed = {"Content-Type": response.content_type()} | response.headers
            self.passed = [*self.passed, Response(headers=typed, body=response.payload())][-LOOP:]

    def repeated(self) -> Response:
        """Page twice: the last answer once more. Cursor loop: the last few, round and round."""
        return self.passed[-1 if self.name == "page_twice" else (self.hits - 1) % len(self.passed)]
