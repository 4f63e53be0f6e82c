"""The small web server under every simulated vendor: loopback only, threads of its own, scripted faults, injected time.

A vendor subclasses `VendorServer` and answers `handle`, one request at a time. Nothing here sleeps but a slow drip, in
real milliseconds: rate limits are driven by the account's `now`.
"""

import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Any, ClassVar

from connectors.sandbox import bend
from connectors.sandbox.admin import HOME, Admin
from connectors.sandbox.base import Effect, Ledger, Now
from connectors.sandbox.loopback import Answer, Loopback, Request, Response
from connectors.sandbox.script import LASTING, REMEMBERING, Fault, FaultName

__all__ = ["Fault", "FaultName", "Request", "Response", "TokenBucket", "VendorServer", "difference"]

MAINTENANCE_PAGE = b"<!doctype html><html><title>Maintenance</title><body>We will be back shortly.</body></html>"
ABSURD_WAIT = 86_400 * 365
HUGE = 10_000_000


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What changed: (after, before), only the fields that differ."""
    changed = [name for name in after if before.get(name) != after[name]]
    return {name: after[name] for name in changed}, {name: before.get(name) for name in changed}


class TokenBucket:
    """A leaky allowance: holds `size` tokens, regains `rate` per second of the injected time."""

    def __init__(self, now: Now, rate: float, size: float) -> None:
        self._now = now
        self.rate = rate
        self.size = size
        self._level = size
        self._at = now()

    @property
    def level(self) -> float:
        """Tokens at hand."""
        at = self._now()
        self._level = min(self.size, self._level + max(0.0, at - self._at) * self.rate)
        self._at = at
        return self._level

    def take(self, tokens: float = 1.0) -> float:
        """Take the tokens and return 0.0, or take none and return the seconds until there are enough."""
        level = self.level
        if level + 1e-9 >= tokens:
            self._level = level - tokens
            return 0.0
        return (tokens - level) / self.rate

    def give_back(self, tokens: float) -> None:
        self._level = min(self.size, self.level + tokens)


class VendorServer(ABC):
    """Base of every simulated account: `start`, `stop`, faults, the ledger, and one lock around every request.

    Methods that the world calls from its own thread take `self.guard` as well (it is re-entrant).
    """

    base_path: ClassVar[str] = ""
    """What the vendor's documented base address ends with, such as `/api`; part of `url`, and of `request.path`."""
    count_names: ClassVar[frozenset[str]] = frozenset({"total", "total_count", "totalCount", "count"})
    """Names under which the vendor's answers tell how many profiles there are in all."""
    id_field: ClassVar[str] = "id"
    """What a record's id is called."""
    note_field: ClassVar[str] = "note"
    """The record's field that takes free text."""

    def __init__(self, name: str, now: Now, ledger: Ledger, seed: int = 0) -> None:
        self.name = name
        self.now = now
        self.ledger = ledger
        self.seed = seed
        self.random = random.Random(seed)
        self.guard = threading.RLock()
        self.url = ""
        self.faults: list[Fault] = []
        self.pretending = False
        """True while a write is to be answered as done without being done: store nothing, answer as ever."""
        self.crashes: list[BaseException] = []
        self.admin = Admin(self)
        self._http: Loopback | None = None

    @property
    def admin_url(self) -> str:
        """Where a person plays clerk in a browser; the account must be up."""
        assert self._http is not None, f"{self.name} is not serving"
        return self._http.origin + HOME

    @abstractmethod
    def handle(self, request: Request) -> Response:
        """The vendor's own answer; called under `guard`."""

    @abstractmethod
    def empty_list(self, request: Request) -> Response:
        """Fault `empty_list`: the same list as if the account held nobody."""

    @abstractmethod
    def ended_early(self, request: Request, response: Response) -> Response:
        """Fault `stop_at_page`: the true answer turned into one that looks like the normal end of the list."""

    def is_list(self, request: Request) -> bool:
        """Whether a request asks for a page of the list of all profiles."""
        return request.method == "GET" and request.path.rstrip("/").endswith("/customers")

    def is_write(self, request: Request) -> bool:
        """Whether a request changes profiles; getting a token does not."""
        return request.method not in ("GET", "HEAD") and "token" not in request.path

    def list_server(self, name: FaultName) -> "VendorServer":
        """Who serves what a fault of the list is to fall on; another host than the API's where the list is a file."""
        return self

    def rows_in(self, document: Any) -> list[dict[str, Any]]:
        """The records in one of the vendor's answers, to be bent in place."""
        return bend.records_of(document)

    def token_expired(self, request: Request) -> Response:
        """Fault `token_expired`: the answer that tells a client to get a new token; the next one may be right again.

        A vendor whose tokens can be refreshed ends them here, so that nothing but a refresh helps.
        """
        return Response(401, {"message": "Unauthorized"})

    def scope_lost(self, request: Request) -> Response:
        """Fault `scope_lost`: the answer to a token that may no longer do this."""
        return Response(403, {"message": "Forbidden"})

    def start(self) -> str:
        """Serve on 127.0.0.1 at a free port; returns the base URL."""
        assert self._http is None, f"{self.name} is serving already"
        self._http = Loopback(self.answer, self.now, self.crashes)
        self.url = self._http.origin + self.base_path
        return self.url

    def stop(self) -> None:
        """Stop serving and close every connection; records stay. Raises RuntimeError if the simulator itself failed."""
        if self._http is not None:
            self._http.close()
            self._http = None
        if self.crashes:
            crash = self.crashes[0]
            self.crashes.clear()
            raise RuntimeError(f"the simulated vendor {self.name} itself failed: {crash!r}") from crash

    def fault(
        self,
        name: FaultName,
        *,
        path_contains: str = "",
        body_contains: str = "",
        method: str | None = None,
        when: Callable[[Request], bool] = lambda request: True,
        after: int = 0,
        times: int | None = 1,
        **options: Any,
    ) -> Fault:
        """Script a fault on the requests that fit all of path, body, method and `when`.

        Options: rate_storm `retry_after` (None, seconds, `date`, `absurd`) and `header` (its name); server_error `status`;
        truncate `content_length` (bool, default True); slow_drip `milliseconds` (in all), `pieces` and `pause` (waits so
        many seconds; really, by default); lying_count `by`; new_field `field` and `value`, wrong_type the same; huge_note
        `size` in characters; the last four also `at`, the record's place on its page (None: all); before_it, after_it
        `act`, called with the request. `page_twice` and `cursor_loop` need `after`.
        """
        if name in REMEMBERING and after < 1:
            raise ValueError(f"{name} repeats what was answered before: let at least one request pass with after=1")

        def matches(request: Request) -> bool:
            fits = path_contains in request.path and method in (None, request.method)
            return fits and body_contains.encode() in request.body and when(request)

        with self.guard:
            self.faults.append(Fault(name, matches, after, None if name in LASTING else times, options))
            return self.faults[-1]

    def clear_faults(self) -> None:
        with self.guard:
            self.faults.clear()

    def record(
        self,
        request: Request,
        profile_id: str,
        change: Mapping[str, Any],
        before: Mapping[str, Any],
        status: int = 200,
        *,
        operation: str = "",
    ) -> None:
        """Enter an accepted write into the ledger; a write that is only pretended leaves no entry.

        `operation`: what was done, where the path does not say it; stands behind the path as `#operation`.
        """
        if not self.pretending:
            path = f"{request.path}#{operation}" if operation else request.path
            changes = (profile_id, dict(change), dict(before))
            self.ledger.effects.append(Effect(self.name, self.now(), request.method, path, *changes, status))

    def answer(self, request: Request) -> Answer:
        """The vendor's answer, bent by the first fault that is due."""
        if self.admin.means(request):
            return Answer(self.admin.answer(request))
        with self.guard:
            seen = [fault for fault in self.faults if fault.sees(request)]
            for fault in seen:
                if fault.due:
                    fault.hits += 1
                    return self._bent(fault, request)
            response = self.handle(request)
            for fault in seen:
                fault.remember(response)
            return Answer(response)

    def _bent(self, fault: Fault, request: Request) -> Answer:
        match fault.name:
            case "rate_storm":
                return Answer(Response(429, headers=self._retry_after(fault)))
            case "server_error":
                return Answer(Response(fault.options.get("status", 500), {"message": "Internal server error"}))
            case "forbidden":
                return Answer(Response(403, {"message": "Forbidden"}))
            case "html":
                return Answer(Response(200, body=MAINTENANCE_PAGE, headers={"Content-Type": "text/html"}))
            case "reset":
                return Answer(Response(), drop=True)
            case "empty_list":
                return Answer(self.empty_list(request))
            case "stop_at_page":
                return Answer(self.ended_early(request, self.handle(request)))
            case "truncate":
                length = fault.options.get("content_length", True)
                return Answer(self.handle(request), cut="with_length" if length else "without_length")
            case "effect_without_answer":
                return Answer(self.handle(request), drop=True)
            case "answer_without_effect":
                return Answer(self._pretended(request))
            case "slow_drip":
                pieces = int(fault.options.get("pieces", 10))
                pause = fault.options.get("milliseconds", 50) / 1000 / pieces
                wait: Callable[[float], None] = fault.options.get("pause", time.sleep)
                return Answer(self.handle(request), drip=(pieces, lambda: wait(pause)))
            case "page_twice" | "cursor_loop":
                return Answer(fault.repeated() if fault.passed else self.handle(request))
            case "token_expired":
                return Answer(self.token_expired(request))
            case "scope_lost":
                return Answer(self.scope_lost(request))
            case "before_it":
                fault.options["act"](request)
                return Answer(self.handle(request))
            case "after_it":
                answer = Answer(self.handle(request))
                fault.options["act"](request)
                return answer
            case "rows_twice" | "lying_count" | "new_field" | "wrong_type" | "huge_note" | "lone_surrogate":
                return Answer(self._rewritten(fault, request))

    def _rewritten(self, fault: Fault, request: Request) -> Response:
        """The true answer, bent; a refusal, or an answer without what is to be bent, is passed on and not counted."""
        response = self.handle(request)
        changed = bend.rewritten(response, self._bend(fault)) if response.status == 200 else None
        if changed is None:
            fault.hits -= 1
        return changed or response

    def _bend(self, fault: Fault) -> bend.Bend:
        said, at = fault.options, fault.options.get("at", 0)
        match fault.name:
            case "rows_twice":
                return bend.rows_twice
            case "lying_count":
                return bend.lying_count(self.count_names, said.get("by", 7))
            case "new_field":
                name, value = (
                    said.get("field", "loyalty_tier_v2"),
                    said.get("value", {"level": 3, "since": "2026-01-01"}),
                )
                return bend.set_field(self.rows_in, name, value, said.get("at"))
            case "wrong_type":
                return bend.wrong_type(self.rows_in, said.get("field"), said.get("value", {"unexpected": [1]}), at)
            case "huge_note":
                return bend.set_field(self.rows_in, self.note_field, "n" * int(said.get("size", HUGE)), at)
            case _:
                return bend.lone_surrogate(self.rows_in, said.get("field", self.note_field), at)

    def _pretended(self, request: Request) -> Response:
        self.pretending = True
        try:
            return self.handle(request)
        finally:
            self.pretending = False

    def _retry_after(self, fault: Fault) -> dict[str, str]:
        wish = fault.options.get("retry_after")
        if wish is None:
            return {}
        dated = formatdate(self.now() + 2, usegmt=True)
        return {
            fault.options.get("header", "Retry-After"): {"date": dated, "absurd": str(ABSURD_WAIT)}.get(
                str(wish), str(wish)
            )
        }
