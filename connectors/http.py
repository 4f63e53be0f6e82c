"""The HTTP room: every request of every connector goes through here.

It keeps to the vendor's rate, waits as the vendor asks, ends what would not end, tells a refusal from a failure and a
failure from an unknown outcome, and lets no secret into a text. It never follows a redirect: credentials stay with the
host that the configuration names.
"""

import email.utils
import hashlib
import logging
import re
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import orjson
import requests
import urllib3
from tenacity import RetryCallState, Retrying, retry_if_exception

from connectors import redact
from connectors.base import VendorError
from connectors.clock import Clock
from connectors.pace import Budget, Limit, Told
from connectors.wire import (
    UNREADABLE,
    UNSENDABLE,
    decoded,
    diagnosis,
    lines,
    loads,
    origin,
    require_private,
    sendable,
    session_for,
)

MIB = 1024 * 1024
Effect = Literal["none", "unknown"]
Headers = Mapping[str, str] | Callable[[str, str], Mapping[str, str]] | None
Meter = Callable[[Mapping[str, str]], Told]
"""Reads what a vendor's headers, whose names ignore case, say of its limit."""

T = TypeVar("T")

_CONNECT_S = 10.0
_READ_S = 60.0
_LONGEST_BACKOFF_S = 60.0
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_ADVICE = {
    401: "the credentials are not accepted: check the token or key of this source",
    402: "the account is frozen: its owner must settle it with the vendor",
    403: "the credentials lack a permission: grant it in the vendor's back office, then run `rollcall check`",
    404: "there is nothing at this address: check base_url",
    423: "the account is locked: its owner must settle it with the vendor",
}
log = logging.getLogger(__name__)


class _NoWireLog(logging.Filter):
    """urllib3 writes whole request lines, keys in the query included, at debug level."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING


logging.getLogger("urllib3.connectionpool").addFilter(_NoWireLog())


class _AttemptError(VendorError):
    """One attempt that failed. `retry_after`: seconds that the vendor asks for."""

    retry_after: float | None = None


@dataclass(slots=True)
class Stats:
    """What a source cost, for the report."""

    requests: int = 0
    retries: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    """How often each status was answered, whatever became of the request."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, read to its end. `headers` ignores case; `where` names the request without its query."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    where: str = ""

    def json(self) -> Any:
        """The body as JSON; of duplicate keys the last counts, NaN is refused, lone surrogates stay as they are.

        Raises VendorError when it is anything else, such as a maintenance page.
        """
        try:
            return loads(self.body)
        except ValueError:
            told = self._instead_of_json()
        raise VendorError(f"{self.where} {told}", permanent=False, status=self.status)

    def _instead_of_json(self) -> str:
        start = self.body[:200].lstrip().lower()
        if not start:
            return "answered nothing where JSON was due: try again later"
        if start.startswith(b"<") or "html" in self.headers.get("Content-Type", "").lower():
            return "answered HTML instead of JSON (a maintenance page?): try again later"
        return "answered something that is not JSON (cut short?): try again later"


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: str
    params: Any
    headers: Headers
    form: bytes | Mapping[str, str] | None
    json: Any
    ok: Collection[int]
    safe: bool
    """Sending it twice does no harm."""
    cost: float = 0.0

    @property
    def effect(self) -> Effect:
        return "none" if self.safe else "unknown"

    def prepare(self, session: requests.Session) -> requests.PreparedRequest:
        """Raises ValueError, TypeError or what the library does for what cannot be sent; nothing was sent then."""
        body = self.form if self.json is None else orjson.dumps(self.json)
        prepared = session.prepare_request(requests.Request(self.method, self.url, params=self.params, data=body))
        if self.json is not None:
            prepared.headers["Content-Type"] = "application/json"
        own = self.headers(self.method, prepared.url or self.url) if callable(self.headers) else self.headers
        prepared.headers.update(own or {})
        sendable(prepared.headers)
        return prepared


class Http:
    """One source's way to its vendor. Safe to share between threads."""

    def __init__(  # noqa: PLR0913
        self,
        source: str,
        base_url: str,
        clock: Clock,
        *,
        limit: Limit,
        share: float = 1.0,
        meter: Meter | None = None,
        deadline_s: float = 60,
        total_wait_s: float = 900,
        max_bytes: int = 64 * MIB,
        attempts: int = 6,
        secrets: Sequence[str] = (),
    ) -> None:
        """Times in seconds. `total_wait_s`: waiting between the attempts of one request, all together.

        `limit`: what the vendor documents; `meter` reads what it says; no more than `share` of either is used.

        Raises VendorError when `base_url` is neither https nor on loopback.
        """
        self._source = source
        require_private(source, base_url)
        self._base = base_url.rstrip("/")
        self._clock = clock
        self._deadline_s, self._total_wait_s, self._max_bytes, self._attempts = (
            deadline_s, total_wait_s, max_bytes, attempts,
        )  # fmt: skip
        self._secrets: list[str] = []
        for secret in secrets:
            self.hide(secret)
        self._session = session_for(base_url)
        self._meter = meter
        self.budget = Budget(clock, limit, share)
        self._guard = threading.Lock()
        self.stats = Stats()

    def request(  # noqa: PLR0913
        self,
        method: str,
        path_or_url: str,
        *,
        params: Any = None,
        headers: Headers = None,
        json: Any = None,
        form: Mapping[str, str] | bytes | None = None,
        retry: bool | None = None,
        ok: Collection[int] = (200,),
        cost: float = 1.0,
    ) -> Reply:
        """Send, wait and send again as allowed, and return an answer whose status is in `ok`.

        `headers` as a function gets the method and the final URL, anew for each attempt. `retry`: None sends GET and
        HEAD again, and a write only where the answer proves that it had no effect; True is for reads that the vendor
        takes as POST; False sends once. `cost`: units of the limit, as far as they are known; 0 for a call that does not
        count, and whose headers speak of another limit.
        Raises VendorError; `effect` is `unknown` when a write was sent and no answer tells what became of it.
        """
        method = method.upper()
        safe = bool(retry) or method in _SAFE_METHODS
        call = _Call(method, self._url(path_or_url), params, headers, form, json, ok, safe, cost)
        return self._tried(1 if retry is False else self._attempts, lambda: self._exchange(call), call)

    def stream_lines(self, url: str, *, max_bytes: int = 20 * 1024 * MIB, quiet_s: float = 60) -> Iterator[bytes]:
        """The lines of a big file on any host, each with its line end, so that their lengths add up to the file's.

        No credentials are sent. Only opening is tried again; a break in the middle raises VendorError, not permanent.
        """
        require_private(self._source, url)
        session = session_for(url)
        call = _Call("GET", url, None, None, None, None, (200,), safe=True)
        try:
            response = self._tried(self._attempts, lambda: self._opened(session, call, quiet_s), call)
            try:
                yield from lines(self._body(response, call, max_bytes, quiet_s, None), self._max_bytes)
            finally:
                response.close()
        finally:
            session.close()

    def hide(self, secret: str) -> None:
        """Keep one more secret out of every text: a token that was got on the way."""
        known = {*self._secrets, *redact.spellings(secret)}
        self._secrets = sorted(known, key=lambda one: (-len(one), one))

    def redact(self, text: str) -> str:
        """The text without secrets, credential headers and query strings."""
        return redact.without(self._secrets, text)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _url(self, path_or_url: str) -> str:
        if "://" not in path_or_url:
            return f"{self._base}/{path_or_url.lstrip('/')}"
        if origin(path_or_url) != origin(self._base):
            raise VendorError(
                f"{self._source}: the vendor names {origin(path_or_url)[1] or 'none'} as its next address, which is not "
                f"the host of base_url: credentials are not sent there",
                permanent=True,
            )
        return path_or_url

    def _tried(self, attempts: int, once: Callable[[], T], call: _Call) -> T:
        def pause(state: RetryCallState) -> float:
            asked = _failure(state).retry_after
            return _backoff(f"{self._source} {call.url}", state.attempt_number) if asked is None else asked

        def spent(state: RetryCallState) -> bool:
            return state.attempt_number >= attempts or state.idle_for + state.upcoming_sleep > self._total_wait_s

        retrying = Retrying(
            retry=retry_if_exception(lambda e: isinstance(e, _AttemptError) and not e.permanent and e.effect == "none"),
            wait=pause, stop=spent, sleep=self._clock.sleep, before_sleep=self._noted, reraise=True,
        )  # fmt: skip
        try:
            return retrying(once)
        except _AttemptError as failure:
            last = failure
        raise self._given_up(last, retrying.statistics.get("attempt_number", 1))

    def _noted(self, state: RetryCallState) -> None:
        with self._guard:
            self.stats.retries += 1
        log.info("%s; attempt %d in %.0f s", _failure(state), state.attempt_number + 1, state.upcoming_sleep)

    def _given_up(self, last: _AttemptError, attempts: int) -> VendorError:
        text, permanent = str(last), last.permanent
        if last.retry_after is not None and last.retry_after > self._total_wait_s:
            text += f"; it asks to wait {last.retry_after:.0f} s, more than the {self._total_wait_s:.0f} s allowed"
            permanent = True
        elif attempts > 1:
            text += f"; tried {attempts} times"
        return VendorError(text, permanent=permanent, status=last.status, effect=last.effect)

    def _exchange(self, call: _Call) -> Reply:
        self.budget.pay(call.cost)
        started = self._clock.time()
        response = self._opened(self._session, call, self._deadline_s)
        try:
            body = b"".join(self._body(response, call, self._max_bytes, self._deadline_s, started))
        finally:
            response.close()
        return Reply(response.status_code, response.headers, body, self._where(call))

    def _opened(self, session: requests.Session, call: _Call, quiet_s: float) -> requests.Response:
        """The answer up to its body. Raises when its status is not one that the caller takes."""
        with self._guard:
            self.stats.requests += 1
        timeout, trouble = (_CONNECT_S, min(quiet_s, _READ_S)), UNSENDABLE
        try:
            prepared = call.prepare(session)
            surroundings = session.merge_environment_settings(prepared.url, {}, True, None, None)
            trouble = UNREADABLE
            response = session.send(prepared, timeout=timeout, allow_redirects=False, **surroundings)
        except requests.RequestException as error:
            trouble = diagnosis(error) or trouble
        except (ValueError, TypeError):
            pass
        else:
            with self._guard:
                self.stats.statuses[response.status_code] += 1
            if self._meter and call.cost:
                self.budget.learn(self._meter(response.headers), call.cost)
            if response.status_code in call.ok:
                return response
            response.close()
            raise self._refusal(response.status_code, response.headers, call)
        # Raised out here, so that the library's own exception, whose text holds the whole URL, is not chained to it.
        effect = call.effect if trouble.sent else "none"
        raise self._error(call, trouble.text, permanent=trouble.permanent, effect=effect)

    def _refusal(self, status: int, headers: Mapping[str, str], call: _Call) -> _AttemptError:
        if 300 <= status < 400:
            host = origin(headers.get("Location", ""))[1] or "another page of the same host"
            text = f"answered {status}, a redirect to {host}, which is not followed: check base_url"
            return self._error(call, text, permanent=True, status=status, effect=call.effect)
        if status < 300:
            text = f"answered {status}, which is no answer that this request has: what it did is not known"
            return self._error(call, text, permanent=True, status=status, effect=call.effect)
        if status == 429:
            failure = self._error(call, "answered 429 (too many requests)", permanent=False, status=status)
        elif status >= 500 or status == 408:
            text = f"answered {status} (the vendor fails)"
            failure = self._error(call, text, permanent=False, status=status, effect=call.effect)
        else:
            text = f"answered {status}: {_ADVICE.get(status, 'the vendor refuses this request')}"
            return self._error(call, text, permanent=True, status=status)
        failure.retry_after = self._retry_after(headers)
        self.budget.hold(min(failure.retry_after or 0.0, self._total_wait_s))
        return failure

    def _retry_after(self, headers: Mapping[str, str]) -> float | None:
        text = headers.get("Retry-After", "").strip()
        if re.fullmatch(r"\d{1,12}(\.\d+)?", text):
            return max(1.0, float(text))
        try:
            when = email.utils.parsedate_to_datetime(text)
        except ValueError:
            return None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return max(1.0, (when - self._clock.now()).total_seconds())

    def _body(
        self, response: requests.Response, call: _Call, limit: int, within_s: float, started: float | None
    ) -> Iterator[bytes]:
        """The decoded body in pieces. `within_s` counts from `started`, or from piece to piece where that is None."""
        size, failure, since = 0, "", self._clock.time() if started is None else started
        try:
            for piece in decoded(response):
                size += len(piece)
                if size > limit:
                    raise self._error(call, f"answered more than {limit} bytes", permanent=True, effect=call.effect)
                if self._clock.time() - since > within_s:
                    failure = f"was still sending after {within_s:.0f} s"
                    break
                yield piece
                since = self._clock.time() if started is None else started
        except (urllib3.exceptions.HTTPError, zlib.error, EOFError, OSError) as error:
            slow = isinstance(error, (urllib3.exceptions.TimeoutError, TimeoutError))
            failure = "stopped answering in the middle" if slow else "ended before its end (cut short)"
        if failure:
            raise self._error(call, failure, permanent=False, effect=call.effect)

    def _error(
        self, call: _Call, text: str, *, permanent: bool, status: int | None = None, effect: Effect = "none"
    ) -> _AttemptError:
        return _AttemptError(
            self.redact(f"{self._where(call)} {text}"), permanent=permanent, status=status, effect=effect
        )

    def _where(self, call: _Call) -> str:
        path = "/".join(redact.segment(part) for part in urlsplit(call.url).path.split("/"))
        return self.redact(f"{self._source}: {call.method} {path}")


def _failure(state: RetryCallState) -> _AttemptError:
    failure = state.outcome.exception() if state.outcome else None
    assert isinstance(failure, _AttemptError)
    return failure


def _backoff(what: str, attempt: int) -> float:
    """1, 2, 4 … s, up to a minute, each shortened by up to a half: the same every time for the same request."""
    spread = int.from_bytes(hashlib.blake2b(f"{what} {attempt}".encode(), digest_size=2).digest(), "big") / 65536
    return float(min(_LONGEST_BACKOFF_S, 2.0 ** (attempt - 1)) * (1 - spread / 2))
